/* The kernel as the agent sees it, for those who may not look themselves. Read-only. */
#include "gw/ctl/remote_kernel.h"

#include <errno.h>
#include <unistd.h>

#include "gw/agent/wire.h"
#include "gw/core/mem.h"
#include "gw/ctl/client.h"

struct remote {
	struct gw_kernel base;
	struct gw_ctl *ctl;
	/* The ruleset, asked for once: a transaction observes in a thread of its own, where neither
	 * the connection nor the diagnostics may be used. */
	uint8_t *bytes;
	size_t len;
	bool exists; /* the table */
};

static struct gw_ctl *ctl_of(struct gw_kernel *kernel)
{
	return ((struct remote *)kernel)->ctl;
}

static int ask(struct gw_ctl *ctl, const char *verb, uint8_t **ret, size_t *ret_len,
	       bool *ret_exists)
{
	json_t *reply;
	int file, err;

	if (gw_ctl_call(ctl, verb, NULL, -1, &reply, &file) != GW_EXIT_OK)
		err = -EREMOTEIO; /* said already */
	else
		err = file < 0 ? -EBADMSG
			       : gw_memfd_read(file, GW_IPC_ATTACHMENT_MAX, ret, ret_len);
	if (file >= 0)
		(void)close(file); /* read from only */
	*ret_exists = gw_ctl_reply_flag(reply, "exists");
	json_decref(reply);
	return err;
}

int gw_ctl_read_from_agent(struct gw_ctl *ctl, const char *verb, uint8_t **ret, size_t *ret_len)
{
	bool ignored;

	return ask(ctl, verb, ret, ret_len, &ignored);
}

static int observe(struct gw_kernel *kernel, struct gw_ruleset **ret)
{
	const struct remote *remote = (const struct remote *)kernel;

	*ret = gw_ruleset_decode(remote->bytes, remote->len);
	if (!*ret)
		return -EBADMSG;
	(*ret)->exists = remote->exists;
	/* The agent sends those that are there. */
	for (struct gw_ruleset *table = (*ret)->next; table; table = table->next)
		table->exists = true;
	return 0;
}

static int read_elements(struct gw_kernel *kernel, uint32_t family, struct gw_arena *arena,
			 struct gw_set *set)
{
	(void)kernel;
	(void)family;
	(void)arena;
	(void)set;
	return -EOPNOTSUPP; /* commands that show elements have verbs of their own */
}

static int commit(struct gw_kernel *kernel, const struct gw_plan *plan,
		  struct gw_kernel_error *ret_error)
{
	(void)kernel;
	(void)plan;
	(void)ret_error;
	return -EPERM; /* the agent alone writes */
}

static int features(struct gw_kernel *kernel, struct gw_kernel_features *ret)
{
	json_t *reply;
	enum gw_exit status = gw_ctl_call(ctl_of(kernel), "features", NULL, -1, &reply, NULL);

	if (status == GW_EXIT_OK)
		*ret = (struct gw_kernel_features){
			.bitwise_or = gw_ctl_reply_flag(reply, "bitwise_or"),
			.hooks_wait = gw_ctl_reply_flag(reply, "hooks_wait"),
			.hook_patterns = gw_ctl_reply_flag(reply, "hook_patterns"),
		};
	json_decref(reply);
	return status == GW_EXIT_OK ? 0 : -EREMOTEIO;
}

static int connections(struct gw_kernel *kernel, gw_connection_fn *fn, void *context)
{
	struct gw_connection connection;
	uint8_t *bytes;
	size_t len, at;
	int err = gw_ctl_read_from_agent(ctl_of(kernel), "connections", &bytes, &len);

	if (err)
		return err;
	for (at = 0; at + GW_WIRE_CONNECTION <= len && !err; at += GW_WIRE_CONNECTION) {
		if (gw_wire_get_connection(bytes + at, &connection))
			fn(&connection, context);
		else
			err = -EBADMSG;
	}
	gw_free(bytes);
	return err ? err : at == len ? 0 : -EBADMSG;
}

static void remote_free(struct gw_kernel *kernel)
{
	gw_free(((struct remote *)kernel)->bytes);
	gw_free(kernel);
}

enum gw_exit gw_ctl_remote_kernel(struct gw_ctl *ctl, struct gw_kernel **ret)
{
	static const struct gw_kernel_ops ops = {
		.observe = observe,
		.read_elements = read_elements,
		.commit = commit,
		.features = features,
		.connections = connections,
		.free = remote_free,
	};
	struct remote *remote = gw_zalloc(1, sizeof(*remote));
	int err = ask(ctl, "observe", &remote->bytes, &remote->len, &remote->exists);

	if (err) {
		gw_free(remote);
		return err == -EREMOTEIO ? GW_EXIT_FAILED : gw_kernel_failed(err, &ctl->diags);
	}
	remote->base.ops = &ops;
	remote->ctl = ctl;
	*ret = (struct gw_kernel *)remote; /* its first member */
	return GW_EXIT_OK;
}
