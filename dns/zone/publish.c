#include "dns/zone/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dns/zone/judge.h"
#include "gw/agent/durable.h"
#include "gw/core/mem.h"

#define OUTPUT_MAX 1024u
#define POLL_MS    50

/* ---- the file --------------------------------------------------------------------------------- */

int gw_zone_publish_file(const struct gw_zone_publish *publish, const void *bytes, size_t len,
			 struct gw_diags *diags)
{
	const char *name = strrchr(publish->to, '/') + 1; /* the config was checked for it */
	gw_auto_text struct gw_text folder = { 0 };
	gw_auto_close int dir = -1;
	int err = 0;

	gw_text_add(&folder, publish->to, (size_t)(name - publish->to));
	dir = open(folder.bytes, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		err = -errno;
	if (!err)
		err = gw_durable_replace(dir, name, bytes, len);
	if (!err)
		return 0;
	gw_diag(diags, GW_D_ZONE_PUBLISH_TO, publish->loc, "%s cannot be written: %s", publish->to,
		strerror(-err));
	gw_diag_hint(diags, "the version before it is still in place, and served");
	return err;
}

/* ---- the server ------------------------------------------------------------------------------- */

#define ARGS_MAX 8u

/* Which program, with what; the names come from the config and are no words of a shell's. */
static void command_of(const struct gw_zone_publish *publish, const char *zone,
		       const char *args[ARGS_MAX])
{
	size_t n = 0;

	switch (publish->server) {
	case GW_ZONE_SERVER_NONE:
		break;
	case GW_ZONE_SERVER_NSD:
		args[n++] = "nsd-control";
		if (publish->control) {
			args[n++] = "-c";
			args[n++] = publish->control;
		}
		args[n++] = "reload";
		args[n++] = zone;
		break;
	case GW_ZONE_SERVER_KNOT:
		args[n++] = "knotc";
		if (publish->control) {
			args[n++] = "-s";
			args[n++] = publish->control;
		}
		args[n++] = "zone-reload";
		args[n++] = zone;
		break;
	case GW_ZONE_SERVER_BIND:
		args[n++] = "rndc";
		if (publish->control) {
			args[n++] = "-c";
			args[n++] = publish->control;
		}
		args[n++] = "reload";
		args[n++] = zone;
		break;
	}
	args[n] = NULL;
}

/* Its output goes to `out`; its environment is nobody's. */
static int spawn(const char *const *args, int out, pid_t *ret)
{
	static const char *const clean[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
					     NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *const *argv, *const *envp;
	int err;

	memcpy(&argv, &args, sizeof(argv)); /* neither is written through */
	memcpy(&envp, &(const void *){ clean }, sizeof(envp));
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	err = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	if (!err)
		err = posix_spawnp(ret, args[0], &actions, &attributes, argv, envp);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* Keeps the first octets that the program writes, and lets it write more. */
static void drain(int fd, char said[OUTPUT_MAX], size_t *len)
{
	char bytes[512];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		size_t room = OUTPUT_MAX - 1 - *len, take = (size_t)n < room ? (size_t)n : room;

		memcpy(said + *len, bytes, take);
		*len += take;
	}
	said[*len] = '\0';
}

/* Waits for the end, and kills it and its children at the deadline. */
static int wait_end(pid_t child, int out, int64_t until_ms, char said[OUTPUT_MAX])
{
	size_t len = 0;
	int status;

	for (;;) {
		struct pollfd waiting = { .fd = out, .events = POLLIN };
		pid_t ended;

		/* A closed pipe is always ready: the pause is for the child then. */
		if (poll(&waiting, 1, POLL_MS) > 0 && !(waiting.revents & POLLIN))
			(void)poll(NULL, 0, POLL_MS);
		drain(out, said, &len);
		ended = waitpid(child, &status, WNOHANG);
		if (ended == child)
			break;
		if (ended < 0 && errno != EINTR)
			return -errno;
		if (gw_dns_clock_ms() < until_ms)
			continue;
		(void)kill(-child, SIGKILL);
		(void)waitpid(child, &status, 0); /* it was killed */
		return -ETIMEDOUT;
	}
	drain(out, said, &len);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

int gw_zone_publish_reload(const struct gw_zone_publish *publish, const struct gw_zone_name *zone,
			   struct gw_diags *diags)
{
	const char *args[ARGS_MAX];
	char said[OUTPUT_MAX] = "";
	int ends[2], err;
	pid_t child;

	command_of(publish, zone->text, args);
	if (!args[0])
		return 0;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	err = spawn(args, ends[1], &child);
	(void)close(ends[1]); /* the child's */
	if (!err)
		err = wait_end(child, ends[0],
			       gw_dns_clock_ms() + (int64_t)publish->timeout_s * 1000, said);
	(void)close(ends[0]); /* read from only */
	if (!err)
		return 0;
	said[strcspn(said, "\n")] = '\0';
	gw_diag(diags, GW_D_ZONE_RELOAD, publish->loc, "%s: %s%s%s", args[0],
		err == -EIO         ? "it refuses"
		: err == -ETIMEDOUT ? "it does not come to an end"
				    : strerror(-err),
		*said ? ": " : "", said);
	return err;
}

/* ---- its answer ------------------------------------------------------------------------------- */

static bool shows(const struct gw_zone_address *address, const struct gw_zone_name *zone,
		  uint32_t serial, int64_t until_ms)
{
	const struct gw_dns_peer peer = { .family = address->family,
					  .addr = address->addr,
					  .port = address->port,
					  .deadline_ms = until_ms };
	gw_auto_free struct gw_dns_reply *reply = gw_zalloc(1, sizeof(*reply));
	gw_auto_free struct gw_zone_seen *seen = gw_zalloc(1, sizeof(*seen));

	return gw_dns_ask(&peer, zone->wire, zone->len, GW_DNS_SOA, reply) == GW_DNS_ANSWERED &&
	       gw_zone_observe_message(seen, zone, &reply->message, (int64_t)time(NULL)) &&
	       seen->has_soa && !gw_zone_serial_after(serial, seen->serial);
}

int gw_zone_publish_await(const struct gw_zone_config *zone, uint32_t serial,
			  struct gw_diags *diags)
{
	int64_t until = gw_dns_clock_ms() + (int64_t)zone->publish.timeout_s * 1000;

	for (size_t s = 0; s < zone->n_servers; s++) {
		const struct gw_zone_server *server = &zone->servers[s];

		for (size_t a = 0; server->primary && a < server->n_addresses; a++) {
			while (!shows(&server->addresses[a], zone->name, serial, until)) {
				if (gw_dns_clock_ms() < until) {
					(void)poll(NULL, 0, POLL_MS);
					continue;
				}
				gw_diag(diags, GW_D_ZONE_RELOAD, server->addresses[a].loc,
					"%s does not show serial %u of %s in time", server->name,
					serial, zone->name->text);
				return -ETIMEDOUT;
			}
		}
	}
	return 0;
}
