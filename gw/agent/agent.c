/* The agent as a whole: its parts, its sockets, and what is in force. */
#include "gw/agent/agent.h"

#include <errno.h>
#include <event2/event.h>
#include <grp.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "gw/agent/pairs.h"
#include "gw/core/mem.h"
#include "gw/core/notify.h"
#include "gw/policy/settings.h"

#define OPERATOR_GROUP "gw"
#define IDLE_S         600

static const struct gw_loc nowhere;

const struct gw_verb *const gw_agent_control_verbs[] = {
	gw_verbs_change, gw_verbs_settle,  gw_verbs_observe,  gw_verbs_gauges,
	gw_verbs_drift,  gw_verbs_clock,   gw_verbs_measures, gw_verbs_devices,
	gw_verbs_admit,  gw_verbs_modules, gw_verbs_handover, gw_verbs_pairs,
	gw_verbs_feeds,  gw_verbs_zone,    gw_verbs_review,   NULL,
};

static const struct gw_agent_part *const parts[] = {
	&gw_part_trail, /* first: what the others find is to be recorded */
	&gw_part_clock,     &gw_part_expiry,   &gw_part_drift,
	&gw_part_emergency, &gw_part_pairs,    &gw_part_devices,
	&gw_part_host,      &gw_part_handover, NULL,
};

/* ---- who may connect ------------------------------------------------------------------------- */

static gid_t operator_group(void)
{
	const struct group *group = getgrnam(OPERATOR_GROUP);

	return group ? group->gr_gid : (gid_t)-1;
}

/* The mode of the socket's file says the same; asking again costs nothing. */
static unsigned int control_permissions(int fd, const struct gw_peer *peer, void *context)
{
	gid_t group = operator_group();

	(void)context;
	if (peer->uid == 0 || (group != (gid_t)-1 && gw_peer_in_group(fd, peer, group)))
		return GW_AGENT_OPERATE;
	return 0;
}

/* Where modules find their socket: open to all, whatever the umask. */
static int make_run_dir(const char *path)
{
	if (mkdir(path, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	return chmod(path, 0755) < 0 ? -errno : 0;
}

/* Anybody may knock at the modules' door; who may come in is judged by his uid. */
static enum gw_exit listen_on(struct gw_agent *agent, const char *name, mode_t mode,
			      unsigned int (*permissions)(int, const struct gw_peer *, void *),
			      struct gw_ipc_server **ret, struct gw_diags *diags)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_ipc_settings settings = {
		.path = gw_arena_printf(arena, "%s/%s", agent->run_dir, name),
		.listen_fd = gw_notify_listen_fd(name),
		.mode = mode,
		.group = operator_group(),
		.tables = gw_agent_control_verbs,
		.idle_s = IDLE_S,
		.permissions = permissions,
		.context = agent,
	};
	int err = make_run_dir(agent->run_dir);

	if (!err)
		err = gw_ipc_server_new(agent->base, &settings, ret);
	if (err) {
		gw_diag(diags, GW_D_AGENT_SOCKET, nowhere, "the socket %s: %s", settings.path,
			strerror(-err));
		if (err == -EADDRINUSE)
			gw_diag_hint(diags, "another gwd answers there");
	}
	gw_arena_free(arena);
	return err ? GW_EXIT_FAILED : GW_EXIT_OK;
}

/* ---- what is in force ------------------------------------------------------------------------ */

const struct gw_change_settings *gw_agent_change_settings(const struct gw_agent *agent)
{
	static const struct gw_change_settings defaults = { .confirm_s = 120,
							    .keep = 100,
							    .announce = true };

	return agent->config && agent->config->policy ? &agent->config->policy->change : &defaults;
}

/* A change takes far more memory than what stays of it, most of it until its transaction is freed. */
static void give_back(evutil_socket_t fd, short events, void *context)
{
	(void)fd;
	(void)events;
	(void)context;
	(void)malloc_trim(0);
}

void gw_agent_adopt(struct gw_agent *agent, struct gw_transaction *transaction, uint32_t revision)
{
	static const struct timeval at_once = { 0 };

	gw_config_free(agent->config);
	gw_numbers_free(agent->numbers);
	agent->config = transaction->config;
	agent->numbers = transaction->numbers;
	agent->revision = revision;
	/* What was compiled from it names places in it, but nobody looks at those any more. */
	transaction->config = NULL;
	transaction->numbers = NULL;
	if (agent->config && agent->config->policy)
		gw_conf_drop_tree(agent->config->conf);
	(void)event_base_once(agent->base, -1, EV_TIMEOUT, give_back, NULL, &at_once);
	for (size_t i = 0; parts[i]; i++)
		if (parts[i]->applied)
			parts[i]->applied(agent);
}

/* ---- start and stop -------------------------------------------------------------------------- */

static enum gw_exit open_target(struct gw_agent *agent, struct gw_diags *diags)
{
	int err = gw_store_open(agent->state_dir, &agent->target.store, diags);

	if (!err)
		err = gw_store_lock(agent->target.store, diags);
	if (err)
		return err == -EBUSY ? GW_EXIT_REFUSED : GW_EXIT_FAILED;
	err = gw_kernel_open(&agent->target.kernel);
	return err ? gw_kernel_failed(err, diags) : GW_EXIT_OK;
}

enum gw_exit gw_agent_open(struct gw_agent *agent, bool sockets, struct gw_diags *diags)
{
	enum gw_exit status = open_target(agent, diags);

	if (status == GW_EXIT_OK && sockets)
		status = listen_on(agent, "control", 0660, control_permissions, &agent->control,
				   diags);
	if (status == GW_EXIT_OK && sockets)
		status = listen_on(agent, "module", 0666, gw_agent_module_permissions,
				   &agent->module, diags);

	if (status != GW_EXIT_OK)
		return status;
	agent->started = time(NULL);
	agent->rollbacks = gw_store_rollbacks(agent->target.store);
	agent->undo = gw_undo_new(agent);
	if (!agent->undo) {
		gw_diag(diags, GW_D_AGENT_SOCKET, nowhere, "no timer can be made: %s",
			strerror(errno));
		return GW_EXIT_FAILED;
	}
	return GW_EXIT_OK;
}

enum gw_exit gw_agent_start(struct gw_agent *agent, struct gw_diags *diags)
{
	enum gw_exit status = GW_EXIT_OK;

	for (size_t i = 0; parts[i] && status == GW_EXIT_OK; i++)
		if (parts[i]->open && parts[i]->open(agent) < 0)
			status = GW_EXIT_FAILED;
	if (status == GW_EXIT_OK)
		status = gw_agent_boot(agent, diags);
	for (size_t i = 0; parts[i] && status == GW_EXIT_OK; i++)
		if (parts[i]->start && parts[i]->start(agent) < 0)
			status = GW_EXIT_FAILED;
	return status;
}

enum gw_exit gw_agent_listen(struct gw_agent *agent, struct gw_diags *diags)
{
	int err = gw_ipc_server_open(agent->control);

	if (!err)
		err = gw_ipc_server_open(agent->module);
	if (!err)
		return GW_EXIT_OK;
	gw_diag(diags, GW_D_AGENT_SOCKET, nowhere, "the sockets in %s: %s", agent->run_dir,
		strerror(-err));
	return GW_EXIT_FAILED;
}

void gw_agent_stop(struct gw_agent *agent)
{
	gw_ipc_server_free(agent->module);
	gw_ipc_server_free(agent->control);
	agent->control = NULL; /* parts record that they stop */
	/* What was started last stands on what was started before. */
	for (size_t i = GW_COUNT(parts); i-- > 0;)
		if (parts[i] && parts[i]->stop)
			parts[i]->stop(agent);
	gw_undo_free(agent->undo);
	gw_config_free(agent->config);
	gw_numbers_free(agent->numbers);
	if (agent->target.kernel)
		gw_kernel_free(agent->target.kernel);
	gw_store_close(agent->target.store);
}
