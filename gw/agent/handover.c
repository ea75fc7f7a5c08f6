/*
 * What modules are handed on their socket: the config in force, and sockets that need CAP_NET_ADMIN to
 * open, so that a module parses hostile bytes without any capability.
 *
 * Packet sockets are not among them: they need CAP_NET_RAW, which gwd does not have and does not want. A
 * module that has use for some opens them, bound to nothing, before it gives up its powers, and binds
 * them to interfaces later, which needs none (gw/daemon/packet.h).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gw/agent/agent.h"
#include "gw/agent/archive.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"

/* ---- config ---------------------------------------------------------------------------------- */

static void run_config(struct gw_ipc_call *call, void *context)
{
	const struct gw_agent *agent = context;
	const struct gw_conf *conf = agent->config ? agent->config->conf : NULL;
	gw_auto_text struct gw_text bytes = { 0 };
	int file = -1;

	if (conf && agent->revision) {
		gw_archive_write(conf->files, conf->n_files, &bytes);
		file = gw_memfd_write(bytes.bytes, bytes.len);
		if (file < 0) {
			gw_ipc_call_refuse(call, GW_EXIT_FAILED, "the config cannot be written: %s",
					   strerror(-file));
			return;
		}
	}
	gw_ipc_call_reply(call, GW_EXIT_OK,
			  json_pack("{s:I}", "revision",
				    file < 0 ? (json_int_t)0 : (json_int_t)agent->revision),
			  file);
}

static void applied(struct gw_agent *agent)
{
	if (agent->module)
		gw_ipc_server_event(agent->module,
				    json_pack("{s:s, s:I}", "event", "config.changed", "revision",
					      (json_int_t)agent->revision));
}

const struct gw_agent_part gw_part_handover = {
	.name = "handover",
	.applied = applied,
};

/* ---- descriptors ----------------------------------------------------------------------------- */

/* 0 and a descriptor; -errno; or a refusal, which has been sent: 1. */
static int open_nflog(const struct gw_agent *agent, struct gw_ipc_call *call, int *ret_fd)
{
	uint64_t group = gw_ipc_call_uint(call, "group", 0);

	if (!group) {
		gw_ipc_call_refuse(call, GW_EXIT_USAGE, "field `group` is missing");
		return 1;
	}
	if (agent->config && agent->config->policy && agent->config->policy->log_group == group) {
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED, "group %u is where `gwctl drops` reads",
				   (unsigned int)group);
		return 1;
	}
	return gw_log_open_whole((uint16_t)group, ret_fd);
}

static int open_conntrack(const struct gw_agent *agent, struct gw_ipc_call *call, int *ret_fd)
{
	uint64_t events = gw_ipc_call_uint(call, "events", GW_CONNTRACK_NEW | GW_CONNTRACK_DESTROY);

	(void)agent;
	return gw_conntrack_open((unsigned int)events, ret_fd);
}

static const struct kind {
	const char *name;
	unsigned int permission;
	int (*open)(const struct gw_agent *agent, struct gw_ipc_call *call, int *ret_fd);
} kinds[] = {
	{ "nflog", GW_AGENT_IPV6GUARD | GW_AGENT_RATELIMIT, open_nflog },
	{ "conntrack", GW_AGENT_IPV6GUARD | GW_AGENT_RATELIMIT | GW_AGENT_VPNAUTH, open_conntrack },
};

static void run_descriptor(struct gw_ipc_call *call, void *context)
{
	const char *name = gw_ipc_call_text(call, "kind");
	const struct kind *kind = NULL;
	int fd = -1, err;

	for (size_t i = 0; i < GW_COUNT(kinds) && !kind; i++)
		if (strcmp(kinds[i].name, name) == 0)
			kind = &kinds[i];
	if (!kind) {
		gw_ipc_call_refuse(call, GW_EXIT_USAGE,
				   "there is no kind `%s`: nflog and conntrack can be had", name);
		return;
	}
	if (!gw_ipc_call_may(call, kind->permission)) {
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED, "a descriptor of kind `%s` is not for %s",
				   name, gw_ipc_call_peer(call)->name);
		return;
	}
	err = kind->open(context, call, &fd);
	if (err > 0)
		return;
	if (err)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "the descriptor cannot be opened: %s",
				   err == -EBUSY ? "another process has it" : strerror(-err));
	else
		gw_ipc_call_reply(call, GW_EXIT_OK, NULL, fd);
}

// clang-format off
static const struct gw_ipc_field config_reply[] = {
	{ "revision", GW_IPC_UINT, .help = "In force; 0: none, and no file is attached." },
	{ .name = NULL },
};
static const struct gw_ipc_field descriptor_fields[] = {
	{ "kind", GW_IPC_TEXT, .required = true, .max = 16, .help = "nflog or conntrack." },
	{ "group", GW_IPC_UINT, .max = UINT16_MAX, .help = "Of nflog: the group, not that of `gwctl drops`." },
	{ "events", GW_IPC_UINT, .max = 7, .help = "Of conntrack, as bits: 1 new, 2 changed, 4 gone; default 5." },
	{ .name = NULL },
};

const struct gw_verb gw_verbs_handover[] = {
	{ "config", "The config in force.", NULL, config_reply, NULL,
	  "the files, as for `apply`", GW_AGENT_MODULES, run_config },
	{ "descriptor", "Opens a socket that needs privileges and hands it over.", descriptor_fields, NULL, NULL,
	  "the socket", GW_AGENT_IPV6GUARD | GW_AGENT_RATELIMIT | GW_AGENT_VPNAUTH, run_descriptor },
	{ .name = NULL },
};
// clang-format on
