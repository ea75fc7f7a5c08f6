/* fmt: the canonical layout of config files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/agent/durable.h"
#include "gw/conf/fmt.h"
#include "gw/core/mem.h"
#include "gw/ctl/ctl.h"
#include "gw/report/json.h"

#define FILE_MAX ((size_t)16 << 20)

static const struct gw_loc nowhere;

/* One run over several files. */
struct formatting {
	struct gw_ctl *ctl;
	bool check;
	json_t *files; /* names of those that were or would be changed */
	enum gw_exit status;
};

static void fail(struct formatting *formatting, const char *path, int err)
{
	gw_diag(&formatting->ctl->diags, GW_D_FILE_ACCESS, nowhere, "%s: %s", path, strerror(-err));
	formatting->status = GW_EXIT_FAILED;
}

/* Replaces a file by rename, with the mode that it has: an editor that looks sees old or new. */
static int replace(const char *path, const char *bytes, size_t len)
{
	gw_auto_free char *temporary = gw_zalloc(strlen(path) + 16, 1);
	struct stat status;
	int err;

	(void)sprintf(temporary, "%s.gwctl-fmt", path);
	if (stat(path, &status) < 0)
		return -errno;
	(void)unlink(temporary); /* left by a run that was killed */
	err = gw_durable_write(AT_FDCWD, temporary, bytes, len);
	if (!err && chmod(temporary, status.st_mode & 07777) < 0)
		err = -errno;
	/* Root formats a file of somebody else's: it stays that one's. */
	if (!err && chown(temporary, status.st_uid, status.st_gid) < 0 && geteuid() == 0)
		err = -errno;
	if (!err && rename(temporary, path) < 0)
		err = -errno;
	if (err)
		(void)unlink(temporary); /* err says more */
	return err;
}

static void format_file(struct formatting *formatting, const char *path, const char *shown)
{
	struct gw_ctl *ctl = formatting->ctl;
	gw_auto_text struct gw_text text = { 0 };
	char *bytes;
	size_t len;
	int err = gw_durable_read(AT_FDCWD, path, FILE_MAX, ctl->arena, &bytes, &len);

	if (err) {
		fail(formatting, path, err);
		return;
	}
	if (gw_conf_format(ctl->arena, shown, bytes, len, &text, &ctl->diags) < 0) {
		formatting->status = GW_EXIT_INVALID;
		return;
	}
	if (text.len == len && (!len || memcmp(text.bytes, bytes, len) == 0))
		return;
	if (!formatting->check) {
		err = replace(path, text.bytes ? text.bytes : "", text.len);
		if (err) {
			fail(formatting, path, err);
			return;
		}
	} else if (formatting->status == GW_EXIT_OK) {
		formatting->status = GW_EXIT_DIFFERENT;
	}
	gw_json_add(formatting->files, gw_json_text(shown));
	gw_text_printf(&ctl->out, "%s %s\n", formatting->check ? "would format" : "formatted",
		       shown);
}

/* All YAML files that the config is read from; object files are lists, not YAML. */
static void format_repository(struct formatting *formatting)
{
	struct gw_ctl *ctl = formatting->ctl;
	struct gw_diags ignored;
	struct gw_conf *conf;

	/* What is wrong with single files, formatting them says; the rest is for `check`. */
	gw_diags_init(&ignored);
	conf = gw_conf_read(ctl->dir, &ignored);
	for (size_t i = 0; i < conf->n_files; i++)
		format_file(formatting,
			    gw_arena_printf(ctl->arena, "%s/%s", ctl->dir, conf->files[i].path),
			    gw_arena_strdup(ctl->arena, conf->files[i].path));
	gw_diags_done(&ignored);
	if (!conf->n_files) {
		gw_conf_free(conf);
		conf = gw_conf_read(ctl->dir, &ctl->diags); /* says why */
		formatting->status = GW_EXIT_INVALID;
	}
	gw_conf_free(conf);
}

enum gw_exit gw_cmd_fmt(struct gw_ctl *ctl)
{
	struct formatting formatting = { ctl, gw_ctl_option(ctl, "check") != NULL, json_array(),
					 GW_EXIT_OK };

	for (int i = 0; i < ctl->n_args; i++)
		format_file(&formatting, ctl->args[i], ctl->args[i]);
	if (!ctl->n_args)
		format_repository(&formatting);
	if (ctl->root)
		gw_json_set(ctl->root, "files", json_incref(formatting.files));
	json_decref(formatting.files);
	return formatting.status;
}
