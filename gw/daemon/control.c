/* The control socket of a module: who may use it, and the verbs that every module has. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/core/notify.h"
#include "gw/core/text.h"
#include "gw/daemon/daemon.h"
#include "gw/report/json.h"

#define OPERATOR_GROUP "gw"
/* What else a reply holds. */
#define REPLY_ROOM 512u

/* Other modules, and what they may do. */
static const struct user {
	const char *name;
	unsigned int permissions;
} users[] = { { "gw-metrics", GW_DAEMON_READ }, { "gw-vpnauth", GW_DAEMON_LOGIN } };

static unsigned int permissions(int fd, const struct gw_peer *peer, void *context)
{
	const struct group *group = getgrnam(OPERATOR_GROUP);

	(void)context;
	if (peer->uid == 0 || peer->uid == getuid() ||
	    (group && gw_peer_in_group(fd, peer, group->gr_gid)))
		return GW_DAEMON_READ | GW_DAEMON_OPERATE;
	for (size_t i = 0; i < GW_COUNT(users); i++) {
		const struct passwd *user = getpwnam(users[i].name);

		if (user && user->pw_uid == peer->uid)
			return users[i].permissions;
	}
	return 0;
}

void gw_daemon_reply_list(struct gw_ipc_call *call, const char *key, json_t *list)
{
	json_t *fields = json_object();
	gw_auto_text struct gw_text text = { 0 };
	int file;

	gw_json_set(fields, key, list);
	gw_json_print(fields, &text);
	/* As it is sent it is shorter than it is printed. */
	if (text.len + REPLY_ROOM <= GW_IPC_MESSAGE_MAX) {
		gw_ipc_call_reply(call, 0, fields, -1);
		return;
	}
	json_decref(fields);
	file = gw_memfd_write(text.bytes, text.len);
	if (file < 0)
		gw_ipc_call_refuse(call, 1, "the answer cannot be written: %s", strerror(-file));
	else
		gw_ipc_call_reply(call, 0, NULL, file);
}

/* ---- status ---------------------------------------------------------------------------------- */

static void run_status(struct gw_ipc_call *call, void *context)
{
	struct gw_daemon *daemon = context;
	struct gw_link_counts link;
	json_t *fields = json_object();

	gw_link_counts(daemon->link, &link);
	gw_json_set(fields, "version", json_string(GW_VERSION));
	gw_json_set(fields, "started", json_integer(daemon->started));
	gw_json_set(fields, "revision", gw_json_number(daemon->revision));
	gw_json_set(fields, "agent", json_boolean(link.connected));
	gw_json_set(fields, "waiting", gw_json_number(link.waiting));
	gw_json_set(fields, "given_up", gw_json_number(link.given_up));
	gw_json_set(fields, "landlock", json_boolean(daemon->landlock));
	if (daemon->module->status)
		daemon->module->status(daemon, fields);
	gw_ipc_call_reply(call, 0, fields, -1);
}

/* ---- metrics --------------------------------------------------------------------------------- */

/* The same families of every module: the module's name tells them apart. */
static void add_frame(struct gw_daemon *daemon, struct gw_metrics *metrics)
{
	const char *const module[] = { "module", daemon->module->name, NULL };
	struct gw_link_counts link;

	gw_link_counts(daemon->link, &link);
	gw_metrics_add(gw_metrics_family(metrics, "gw_module_agent_connected", "gauge",
					 "1 while the module is connected to gwd."),
		       link.connected, module);
	gw_metrics_add(gw_metrics_family(metrics, "gw_module_config_revision", "gauge",
					 "Revision that the module works by, 0: none."),
		       daemon->revision, module);
	gw_metrics_add(
		gw_metrics_family(metrics, "gw_module_requests", "counter", "Requests to gwd."),
		link.asked, module);
	gw_metrics_add(gw_metrics_family(metrics, "gw_module_requests_given_up", "counter",
					 "Requests to gwd that found no room in the queue."),
		       link.given_up, module);
	gw_metrics_add(gw_metrics_family(metrics, "gw_module_records", "counter",
					 "Records that gwd has made durable for the module."),
		       daemon->recorded, module);
	gw_metrics_add(gw_metrics_family(metrics, "gw_module_records_given_up", "counter",
					 "Records that were never made."),
		       daemon->records_given_up + daemon->records_refused, module);
}

static void run_metrics(struct gw_ipc_call *call, void *context)
{
	struct gw_daemon *daemon = context;
	struct gw_metrics metrics;

	gw_metrics_init(&metrics);
	add_frame(daemon, &metrics);
	if (daemon->module->metrics)
		daemon->module->metrics(daemon, &metrics);
	gw_daemon_reply_list(call, "families", json_incref(metrics.families));
	gw_metrics_done(&metrics);
}

// clang-format off
static const struct gw_ipc_field status_reply[] = {
	{ "version", GW_IPC_TEXT, .help = "Of the module." },
	{ "started", GW_IPC_UINT, .help = "Unix time." },
	{ "revision", GW_IPC_UINT, .help = "The config it works by; 0: none yet." },
	{ "agent", GW_IPC_BOOL, .help = "gwd is connected." },
	{ "waiting", GW_IPC_UINT, .help = "Requests that gwd has not answered." },
	{ "given_up", GW_IPC_UINT, .help = "Requests that found no room." },
	{ "landlock", GW_IPC_BOOL, .help = "The file system is confined." },
	{ .name = NULL },
};
static const struct gw_ipc_field metrics_reply[] = {
	{ "families", GW_IPC_LIST, .help = "Families of OpenMetrics; attached as a file where a message is too small." },
	{ .name = NULL },
};
static const struct gw_verb frame_verbs[] = {
	{ "status", "How the module fares.", NULL, status_reply, NULL, NULL, GW_DAEMON_READ, run_status },
	{ "metrics", "What the module counts.", NULL, metrics_reply, NULL,
	  "JSON: {\"families\": […]}, if the reply has no field of this name", GW_DAEMON_READ, run_metrics },
	{ .name = NULL },
};
// clang-format on

/* ---- the socket ------------------------------------------------------------------------------ */

/* Made by the service manager (RuntimeDirectory=), or here where that is permitted. */
static int make_folder(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;
	return access(path, W_OK) < 0 ? -errno : 0;
}

int gw_daemon_open_control(struct gw_daemon *daemon)
{
	static const struct gw_verb no_verbs[] = { { .name = NULL } };
	gw_auto_text struct gw_text path = { 0 };
	int err = make_folder(daemon->folder);

	daemon->tables[0] = frame_verbs;
	daemon->tables[1] = daemon->module->verbs ? daemon->module->verbs : no_verbs;
	gw_text_printf(&path, "%s/control", daemon->folder);
	if (!err)
		err = gw_ipc_server_new(
			daemon->base,
			&(struct gw_ipc_settings){
				.path = path.bytes,
				.listen_fd = gw_notify_listen_fd("control"),
				.mode = 0666, /* who may come in is judged by his uid */
				.group = (gid_t)-1,
				.tables = daemon->tables,
				.permissions = permissions,
				.context = daemon,
			},
			&daemon->control);
	if (err)
		gw_daemon_say(daemon, "the socket %s: %s", path.bytes, strerror(-err));
	return err;
}
