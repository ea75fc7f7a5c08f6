/* The config in force, as gwd hands it over: its files, from which the module builds its own model. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/agent/archive.h"
#include "gw/core/mem.h"
#include "gw/daemon/daemon.h"

#define CONFIG_BYTES_MAX (128u << 20)

/* NULL with what is wrong in `*ret_wrong`. */
static struct gw_config *load(const uint8_t *bytes, size_t len, const char **ret_wrong)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_config *config = NULL;
	struct gw_conf_file *files;
	struct gw_diags diags;
	size_t n;

	gw_diags_init(&diags);
	*ret_wrong = "it is no archive of files";
	if (gw_archive_read(bytes, len, arena, &files, &n) == 0)
		config = gw_config_load_files(files, n, (int64_t)time(NULL), &diags);
	if (config && !config->policy) {
		*ret_wrong = "this program does not understand it; is it as new as gwd?";
		gw_config_free(config);
		config = NULL;
	}
	gw_diags_done(&diags);
	gw_arena_free(arena);
	return config;
}

static void adopt(struct gw_daemon *daemon, struct gw_config *config, uint32_t revision)
{
	struct gw_config *before = daemon->config;

	daemon->config = config;
	daemon->revision = revision;
	daemon->configs++;
	if (daemon->module->configured)
		daemon->module->configured(daemon);
	gw_config_free(before);
}

static void take_file(struct gw_daemon *daemon, int file, uint32_t revision)
{
	const char *wrong = NULL;
	struct gw_config *config = NULL;
	gw_auto_free uint8_t *bytes = NULL;
	size_t len;
	int err = gw_memfd_read(file, CONFIG_BYTES_MAX, &bytes, &len);

	if (err)
		wrong = strerror(-err);
	else
		config = load(bytes, len, &wrong);
	if (config) {
		adopt(daemon, config, revision);
		return;
	}
	daemon->configs_unreadable++;
	gw_daemon_say(daemon, "revision %u cannot be used, the one before stays: %s", revision,
		      wrong);
}

static void configured(struct gw_link *link, const json_t *reply, int file, void *context)
{
	struct gw_daemon *daemon = context;
	json_int_t revision = json_integer_value(json_object_get(reply, "revision"));

	(void)link;
	if (reply && !gw_link_is_ok(reply))
		gw_daemon_say(daemon, "gwd does not tell the config: %s", gw_link_complaint(reply));
	if (file < 0)
		return;
	if (gw_link_is_ok(reply) && revision > 0 && revision <= UINT32_MAX)
		take_file(daemon, file, (uint32_t)revision);
	(void)close(file); /* was read from only */
}

void gw_daemon_ask_config(struct gw_daemon *daemon)
{
	/* What finds no room is asked again with the next connection or change. */
	(void)gw_link_ask(daemon->link, "config", NULL, GW_LINK_ONCE, configured, daemon);
}
