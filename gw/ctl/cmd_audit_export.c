/* audit export: records for other tools, and whole logs for public verifiers. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/audit/files.h"
#include "gw/audit/format.h"
#include "gw/audit/tiles.h"
#include "gw/core/mem.h"
#include "gw/ctl/audit.h"
#include "gw/report/json.h"

static const struct gw_loc nowhere;

static enum gw_exit cannot_write(struct gw_ctl *ctl, const char *path, int err)
{
	gw_diag(&ctl->diags, GW_D_AUDIT_EXPORT, nowhere, "%s: %s", path, strerror(-err));
	return GW_EXIT_FAILED;
}

/* ---- records --------------------------------------------------------------------------------- */

enum form { FORM_JSON, FORM_CSV, FORM_CEF };
static const char *const forms[] = { "json", "csv", "cef" };

static void put_record(enum form form, const struct gw_merge_record *record, struct gw_text *out)
{
	switch (form) {
	case FORM_JSON:
		gw_audit_ctl_json(record, out);
		break;
	case FORM_CSV:
		gw_audit_csv(record->view, out);
		break;
	case FORM_CEF:
		gw_audit_cef(record->view, out);
		break;
	}
}

/* Record by record, as there may be more than memory. */
static enum gw_exit write_records(struct gw_ctl *ctl, struct gw_merge *merge,
				  const struct gw_audit_filter *filter, enum form form,
				  FILE *stream, uint64_t *ret_count)
{
	gw_auto_text struct gw_text text = { 0 };
	struct gw_merge_record record;
	int err;

	if (form == FORM_CSV)
		gw_audit_csv_header(&text);
	while ((err = gw_merge_next(merge, &record)) == 0) {
		if (!gw_audit_ctl_matches(filter, &record))
			continue;
		put_record(form, &record, &text);
		++*ret_count;
		if (text.len < 65536)
			continue;
		if (fwrite(text.bytes, 1, text.len, stream) != text.len)
			return GW_EXIT_FAILED;
		text.len = 0;
	}
	if (text.len && fwrite(text.bytes, 1, text.len, stream) != text.len)
		return GW_EXIT_FAILED;
	return gw_audit_ctl_ended(ctl, merge, err);
}

static enum gw_exit export_records(struct gw_ctl *ctl, const struct gw_trail *trail,
				   const struct gw_audit_filter *filter, enum form form)
{
	const char *path = gw_ctl_option(ctl, "output");
	FILE *stream = path ? fopen(path, "wxe") : ctl->stream;
	struct gw_merge *merge = NULL;
	uint64_t count = 0;
	enum gw_exit status;
	int err;

	if (!stream)
		return cannot_write(ctl, path, -errno);
	err = gw_merge_new(trail, filter->class_name, &merge);
	status = err ? gw_audit_ctl_ended(ctl, merge, err)
		     : write_records(ctl, merge, filter, form, stream, &count);
	gw_merge_free(merge);
	if (path && fclose(stream) == EOF && status == GW_EXIT_OK)
		status = cannot_write(ctl, path, -errno);
	else if (status == GW_EXIT_FAILED && !ctl->diags.errors)
		status = cannot_write(ctl, path ? path : "standard output", -errno);
	if (!path && ctl->root) {
		/* The records were the output. */
		json_decref(ctl->root);
		ctl->root = NULL;
	} else if (ctl->root) {
		gw_json_set(ctl->root, "records", gw_json_number(count));
	}
	return status;
}

/* ---- static logs ----------------------------------------------------------------------------- */

/* Adds the records that the checkpoint covers. */
static int add_records(const struct gw_trail *trail, size_t log, uint64_t size,
		       struct gw_tiles *tiles)
{
	struct gw_trail_cursor *cursor;
	struct gw_trail_line line;
	int err = gw_trail_read(trail, log, 0, &cursor);

	if (err)
		return err;
	while (!err && tiles->size < size) {
		err = gw_trail_next(cursor, &line);
		if (!err)
			err = gw_tiles_add(tiles, line.bytes, line.len);
	}
	gw_trail_cursor_free(cursor);
	return err ? err : gw_tiles_finish(tiles);
}

/* An export that does not have the root that was signed would only mislead. */
static int write_tiles(const struct gw_trail *trail, size_t log,
		       const struct gw_checkpoint *checkpoint, int dir)
{
	struct gw_tiles *tiles = gw_tiles_new(dir);
	uint8_t root[GW_HASH_LEN];
	int err = add_records(trail, log, checkpoint->size, tiles);

	if (!err) {
		gw_forest_root(&tiles->range, root);
		if (memcmp(root, checkpoint->root, sizeof(root)) != 0)
			err = -EBADMSG;
	}
	gw_tiles_free(tiles);
	return err;
}

static int export_log(const struct gw_trail *trail, size_t log, int top)
{
	gw_auto_text struct gw_text path = { 0 }, note = { 0 };
	const char *name = gw_trail_names(trail)[log];
	struct gw_checkpoint checkpoint;
	struct gw_forest deleted;
	gw_auto_close int dir = -1;
	int err;

	gw_text_printf(&path, "%s/checkpoint", name);
	err = gw_audit_file_read(gw_trail_dir(trail), path.bytes, GW_NOTE_MAX, &note);
	if (!err)
		err = gw_checkpoint_peek(note.bytes ? note.bytes : "", note.len, &checkpoint);
	if (!err)
		err = gw_trail_deleted(trail, log, &deleted);
	if (!err && deleted.leaves)
		err = -ENODATA;
	if (err)
		return err;
	if (mkdirat(top, name, 0755) < 0)
		return -errno;
	dir = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	err = write_tiles(trail, log, &checkpoint, dir);
	/* Last, so that a log without it is not taken for a whole one. */
	return err ? err : gw_audit_file_replace(dir, "checkpoint", 0644, note.bytes, note.len);
}

static void say_why(struct gw_ctl *ctl, const char *name, int err)
{
	static const char *const damaged = "its records are not those that were signed";

	if (err == -ENODATA)
		gw_diag(&ctl->diags, GW_D_AUDIT_EXPORT, nowhere,
			"class %s: retention has deleted its first records", name);
	else
		gw_diag(&ctl->diags, GW_D_AUDIT_EXPORT, nowhere, "class %s: %s", name,
			err == -EBADMSG || err == -ENOENT ? damaged : strerror(-err));
	if (err == -EBADMSG || err == -ENOENT)
		gw_diag_hint(&ctl->diags, "`gwctl audit verify` says which");
}

static enum gw_exit export_logs(struct gw_ctl *ctl, const struct gw_trail *trail,
				const struct gw_audit_filter *filter, const char *path)
{
	gw_auto_close int top = -1;
	size_t n = 0;

	if (filter->since || filter->until || gw_ctl_option(ctl, "as"))
		return gw_ctl_usage(ctl, "--tlog writes whole logs; it goes with --class alone");
	top = gw_audit_folder(AT_FDCWD, path, 0755);
	if (top < 0)
		return cannot_write(ctl, path, top);
	for (size_t i = 0; i < gw_trail_count(trail); i++) {
		const char *name = gw_trail_names(trail)[i];
		struct stat stat;
		int err;

		if (filter->class_name && strcmp(filter->class_name, name) != 0)
			continue;
		/* A class that nothing was signed of has nothing that could be verified. */
		if (fstatat(gw_trail_dir(trail), gw_arena_printf(ctl->arena, "%s/checkpoint", name),
			    &stat, 0) < 0)
			continue;
		err = export_log(trail, i, top);
		if (err)
			say_why(ctl, name, err);
		n += err ? 0 : 1;
	}
	if (ctl->root)
		gw_json_set(ctl->root, "classes", gw_json_number(n));
	return ctl->diags.errors ? GW_EXIT_FAILED : GW_EXIT_OK;
}

enum gw_exit gw_cmd_audit_export(struct gw_ctl *ctl)
{
	const char *as = gw_ctl_option(ctl, "as"), *tlog = gw_ctl_option(ctl, "tlog");
	struct gw_audit_filter filter;
	struct gw_trail *trail = NULL;
	enum gw_exit status;
	size_t form = 0;

	while (as && form < GW_COUNT(forms) && strcmp(forms[form], as) != 0)
		form++;
	if (form == GW_COUNT(forms))
		return gw_ctl_usage(ctl, "--as %s: json, csv or cef", as);
	status = gw_audit_ctl_open(ctl, &trail);
	if (status == GW_EXIT_OK)
		status = gw_audit_ctl_filter(ctl, trail, &filter);
	if (status == GW_EXIT_OK)
		status = tlog ? export_logs(ctl, trail, &filter, tlog)
			      : export_records(ctl, trail, &filter, (enum form)form);
	gw_trail_close(trail);
	return status;
}
