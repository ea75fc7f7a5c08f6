#include "gw/ctl/module.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/ipc/ipc.h"

#define REPLY_MAX (64u << 20)

static const struct gw_loc nowhere;

static const char *path_of(struct gw_ctl *ctl, const char *module)
{
	const char *dir = getenv("GW_RUN_DIR");

	return gw_arena_printf(ctl->arena, "%s/%s/control", dir && *dir ? dir : "/run/gw", module);
}

/* What was too large for a message joins the reply. */
static void join_file(json_t *reply, int file)
{
	json_t *more = NULL;
	uint8_t *bytes;
	size_t len;

	if (gw_memfd_read(file, REPLY_MAX, &bytes, &len) == 0) {
		more = json_loadb((const char *)bytes, len, 0, NULL);
		gw_free(bytes);
	}
	if (more)
		(void)json_object_update_missing(reply, more); /* fails for lack of memory only */
	json_decref(more);
}

static enum gw_exit unreachable(struct gw_ctl *ctl, const char *module, const char *path, int err)
{
	gw_diag(&ctl->diags, GW_D_MODULE_UNREACHABLE, nowhere, "%s: %s", path,
		err == -ENOENT || err == -ECONNREFUSED ? "nobody listens there" : strerror(-err));
	gw_diag_hint(&ctl->diags, "systemctl status gw-%sd", module);
	return GW_EXIT_FAILED;
}

static enum gw_exit judge(struct gw_ctl *ctl, const json_t *reply)
{
	json_int_t status = json_integer_value(json_object_get(reply, "status"));
	const json_t *items = json_object_get(reply, "diagnostics"), *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		const char *message = json_string_value(json_object_get(item, "message"));

		gw_diag(&ctl->diags, GW_D_MODULE_ANSWER, nowhere, "%s", message ? message : "");
	}
	return status == GW_EXIT_OK        ? GW_EXIT_OK
	       : status == GW_EXIT_USAGE   ? GW_EXIT_USAGE
	       : status == GW_EXIT_REFUSED ? GW_EXIT_REFUSED
					   : GW_EXIT_FAILED;
}

enum gw_exit gw_ctl_ask_module(struct gw_ctl *ctl, const char *module, const char *verb,
			       json_t *fields, json_t **ret)
{
	const char *path = path_of(ctl, module);
	struct gw_ipc_client *client;
	json_t *reply = NULL;
	enum gw_exit status;
	int file = -1, err = gw_ipc_connect(path, &client);

	*ret = NULL;
	if (err) {
		json_decref(fields);
		return unreachable(ctl, module, path, err);
	}
	err = gw_ipc_request(client, verb, fields, -1, &reply, &file);
	gw_ipc_close(client);
	if (err)
		return unreachable(ctl, module, path, err);
	if (file >= 0) {
		join_file(reply, file);
		(void)close(file); /* read from only */
	}
	status = judge(ctl, reply);
	if (status == GW_EXIT_OK)
		*ret = reply;
	else
		json_decref(reply);
	return status;
}
