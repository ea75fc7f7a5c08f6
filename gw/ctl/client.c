#include "gw/ctl/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"

static const struct gw_loc nowhere;

/* ---- finding it ------------------------------------------------------------------------------ */

static const char *setting(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

const char *gw_ctl_agent_path(struct gw_arena *arena)
{
	const char *dir = setting("GW_RUN_DIR");

	return gw_arena_printf(arena, "%s/control", dir ? dir : "/run/gw");
}

/* True if the work is to be done in this process whether or not an agent runs. */
static bool stands_alone(void)
{
	const char *alone = setting("GW_STANDALONE");

	if (alone && strcmp(alone, "0") != 0)
		return true;
	/* The usual agent is that of the usual state directory. */
	return setting("GW_STATE_DIR") && !setting("GW_RUN_DIR");
}

static enum gw_exit unreachable(struct gw_ctl *ctl, const char *path, int err)
{
	gw_diag(&ctl->diags, GW_D_AGENT_UNREACHABLE, nowhere, "%s: %s", path, strerror(-err));
	if (err == -EACCES || err == -EPERM)
		gw_diag_hint(&ctl->diags, "be root, or in the group that the socket belongs to");
	else
		gw_diag_hint(&ctl->diags, "start gwd; it settles what it was doing when it ended");
	return GW_EXIT_FAILED;
}

enum gw_exit gw_ctl_find_agent(struct gw_ctl *ctl)
{
	const char *path = gw_ctl_agent_path(ctl->arena);
	int err;

	if (ctl->agent || stands_alone())
		return GW_EXIT_OK;
	err = gw_ipc_connect(path, &ctl->agent);
	/* A socket that nobody listens on is left by an agent that was killed: it will be back, and
	 * whatever it was doing is its to settle. */
	return err && err != -ENOENT ? unreachable(ctl, path, err) : GW_EXIT_OK;
}

void gw_ctl_try_agent(struct gw_ctl *ctl)
{
	if (!ctl->agent && !stands_alone() &&
	    gw_ipc_connect(gw_ctl_agent_path(ctl->arena), &ctl->agent) < 0)
		ctl->agent = NULL;
}

enum gw_exit gw_ctl_need_agent(struct gw_ctl *ctl)
{
	enum gw_exit status = gw_ctl_find_agent(ctl);

	if (status != GW_EXIT_OK || ctl->agent)
		return status;
	gw_diag(&ctl->diags, GW_D_AGENT_NEEDED, nowhere, "`%s` needs the agent, and none runs",
		ctl->command->name);
	return GW_EXIT_FAILED;
}

/* ---- what it says ---------------------------------------------------------------------------- */

uint64_t gw_ctl_reply_number(const json_t *reply, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(reply, key));

	return value > 0 ? (uint64_t)value : 0;
}

const char *gw_ctl_reply_text(const json_t *reply, const char *key)
{
	return json_string_value(json_object_get(reply, key));
}

bool gw_ctl_reply_flag(const json_t *reply, const char *key)
{
	return json_is_true(json_object_get(reply, key));
}

/* The file of the config that a diagnostic names, with its text if the config is at hand. */
static const struct gw_source *find_source(struct gw_ctl *ctl, const char *path)
{
	struct gw_source *unread;

	for (size_t c = 0; c < GW_CTL_CONFIGS_MAX; c++) {
		const struct gw_conf *conf = ctl->configs[c] ? ctl->configs[c]->conf : NULL;

		for (size_t i = 0; conf && i < conf->n_files; i++)
			if (strcmp(conf->sources[i]->path, path) == 0)
				return conf->sources[i];
	}
	unread = gw_arena_new_of(ctl->arena, struct gw_source);
	unread->path = gw_arena_strdup(ctl->arena, path);
	return unread;
}

static struct gw_loc place_of(struct gw_ctl *ctl, const json_t *item)
{
	const char *path = gw_ctl_reply_text(item, "file");

	if (!path)
		return nowhere;
	return (struct gw_loc){
		.source = find_source(ctl, path),
		.line = (uint32_t)gw_ctl_reply_number(item, "line"),
		.column = (uint32_t)gw_ctl_reply_number(item, "column"),
		.len = 1,
	};
}

static enum gw_diag_id id_of(const json_t *item)
{
	const char *number = gw_ctl_reply_text(item, "id");
	const char *severity = gw_ctl_reply_text(item, "severity");

	/* An agent of another version may know ids that this program does not. */
	for (int i = 0; number && i < (int)GW_D_COUNT; i++)
		if (strcmp(gw_diag_kind((enum gw_diag_id)i)->number, number) == 0)
			return (enum gw_diag_id)i;
	return severity && strcmp(severity, "warning") == 0 ? GW_D_AGENT_NOTE : GW_D_AGENT_ANSWER;
}

static void add_diagnostics(struct gw_ctl *ctl, const json_t *reply)
{
	const json_t *items = json_object_get(reply, "diagnostics");

	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		const json_t *related = json_object_get(item, "related");
		const char *message = gw_ctl_reply_text(item, "message");
		const char *hint = gw_ctl_reply_text(item, "hint");

		gw_diag(&ctl->diags, id_of(item), place_of(ctl, item), "%s",
			message ? message : "no reason was given");
		if (hint)
			gw_diag_hint(&ctl->diags, "%s", hint);
		message = gw_ctl_reply_text(related, "message");
		if (message)
			gw_diag_related(&ctl->diags, place_of(ctl, related), "%s", message);
	}
}

/* ---- asking it ------------------------------------------------------------------------------- */

static enum gw_exit call_failed(struct gw_ctl *ctl, const char *verb, int err)
{
	if (err == -EPIPE)
		gw_diag(&ctl->diags, GW_D_AGENT_LOST, nowhere,
			"gwd ended the connection before it answered `%s`", verb);
	else
		gw_diag(&ctl->diags, GW_D_AGENT_UNREACHABLE, nowhere, "gwd, asked for `%s`: %s",
			verb, strerror(-err));
	return GW_EXIT_FAILED;
}

enum gw_exit gw_ctl_call(struct gw_ctl *ctl, const char *verb, json_t *fields, int file,
			 json_t **ret_reply, int *ret_file)
{
	const json_t *status;
	json_int_t number;
	int err;

	*ret_reply = NULL;
	if (ret_file)
		*ret_file = -1;
	err = gw_ipc_request(ctl->agent, verb, fields, file, ret_reply, ret_file);
	if (err)
		return call_failed(ctl, verb, err);
	add_diagnostics(ctl, *ret_reply);
	status = json_object_get(*ret_reply, "status");
	number = json_integer_value(status);
	if (!json_is_integer(status) || number < 0 || number > GW_EXIT_USAGE)
		return GW_EXIT_FAILED;
	return (enum gw_exit)number;
}
