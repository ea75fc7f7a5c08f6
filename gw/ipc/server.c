/*
 * The listening end. Everything that a peer can make grow has a limit: connections in all and per uid,
 * calls in flight, messages waiting to be read. A peer that breaks the framing is cut off; one that
 * sends a wrong request gets an answer.
 */
#include "gw/ipc/server.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "gw/ipc/socket.h"

#define CONNECTIONS_MAX         256u
#define CONNECTIONS_PER_UID_MAX 64u
#define WAITING_MAX             256u /* messages; a reply that finds no room ends the connection */
#define EVENTS_WAITING_MAX      128u /* beyond, events are counted as lost */
#define BACKLOG                 64

struct gw_ipc_server {
	struct event_base *base;
	struct gw_ipc_settings settings;
	char *path;   /* to remove at the end; NULL: the service manager's */
	char *hidden; /* its name until it is opened; NULL: it is */
	int fd;
	struct event *acceptable, *reaper, *rested;
	struct gw_ipc_connection *connections;
	size_t n_connections;
	uint64_t next_number;
	char buffer[GW_IPC_MESSAGE_MAX];
};

const struct gw_ipc_settings *gw_ipc_connection_settings(const struct gw_ipc_connection *connection)
{
	return &connection->server->settings;
}

/* ---- connections ----------------------------------------------------------------------------- */

static void drop_waiting(struct gw_ipc_connection *connection)
{
	struct gw_ipc_waiting *waiting = connection->first;

	connection->first = waiting->next;
	if (!connection->first)
		connection->last = &connection->first;
	connection->n_waiting--;
	if (waiting->file >= 0)
		(void)close(waiting->file);
	gw_free(waiting);
}

static void connection_free(struct gw_ipc_connection *connection)
{
	while (connection->calls)
		gw_ipc_call_abandon(connection->calls);
	while (connection->first)
		drop_waiting(connection);
	if (connection->readable)
		event_free(connection->readable);
	if (connection->writable)
		event_free(connection->writable);
	(void)close(connection->fd);
	gw_free(connection);
}

/* Closed connections are freed from the loop, so that nobody loses one under his hands. */
static void reap(evutil_socket_t fd, short what, void *context)
{
	struct gw_ipc_server *server = context;
	struct gw_ipc_connection **place = &server->connections;

	(void)fd;
	(void)what;
	while (*place) {
		struct gw_ipc_connection *connection = *place;

		if (!connection->closing) {
			place = &connection->next;
			continue;
		}
		*place = connection->next;
		server->n_connections--;
		connection_free(connection);
	}
}

void gw_ipc_connection_close(struct gw_ipc_connection *connection)
{
	if (connection->closing)
		return;
	connection->closing = true;
	(void)event_del(connection->readable);
	(void)event_del(connection->writable);
	event_active(connection->server->reaper, EV_TIMEOUT, 0);
}

/* With the time after which a peer that asks nothing is let go. */
static void wait_for_request(struct gw_ipc_connection *connection)
{
	struct timeval idle = { connection->server->settings.idle_s, 0 };

	(void)event_add(connection->readable, idle.tv_sec ? &idle : NULL);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct gw_ipc_connection *connection = context;

	(void)what;
	while (connection->first) {
		const struct gw_ipc_waiting *waiting = connection->first;
		int err =
			gw_ipc_send(fd, waiting->bytes, waiting->len, waiting->file, MSG_DONTWAIT);

		if (err == -EAGAIN)
			return;
		if (err) {
			gw_ipc_connection_close(connection);
			return;
		}
		drop_waiting(connection);
	}
	(void)event_del(connection->writable);
	wait_for_request(connection);
}

#ifndef __clang__
#pragma GCC diagnostic push
/* gcc 12 does not see that a message is reachable through the connection's list. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
void gw_ipc_connection_send(struct gw_ipc_connection *connection, const char *text, int file)
{
	size_t len = strlen(text);
	struct gw_ipc_waiting *waiting;
	int err = -EAGAIN;

	if (!connection->closing && !connection->first)
		err = gw_ipc_send(connection->fd, text, len, file, MSG_DONTWAIT);
	if (err != -EAGAIN || connection->closing || connection->n_waiting >= WAITING_MAX) {
		if (file >= 0)
			(void)close(file);
		if (err)
			gw_ipc_connection_close(connection);
		return;
	}
	waiting = gw_zalloc(1, sizeof(*waiting) + len);
	waiting->file = file;
	waiting->len = len;
	memcpy(waiting->bytes, text, len);
	*connection->last = waiting;
	connection->last = &waiting->next;
	connection->n_waiting++;
	/* Who does not read his answers asks no more questions. */
	(void)event_del(connection->readable);
	(void)event_add(connection->writable, NULL);
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct gw_ipc_connection *connection = context;
	char *buffer = connection->server->buffer;
	size_t len = 0;
	int file = -1, err;

	if (what & EV_TIMEOUT) {
		/* Who has subscribed, or waits for an answer, is not idle. */
		if (!connection->subscribed && !connection->calls)
			gw_ipc_connection_close(connection);
		return;
	}
	err = gw_ipc_receive(fd, buffer, &len, &file, MSG_DONTWAIT);
	if (err == -EAGAIN)
		return;
	if (err || !len) {
		if (file >= 0)
			(void)close(file);
		gw_ipc_connection_close(connection);
		return;
	}
	gw_ipc_call_receive(connection, buffer, len, file);
}

/* ---- accepting ------------------------------------------------------------------------------- */

static bool has_room(const struct gw_ipc_server *server, uid_t uid)
{
	size_t same = 0;

	for (const struct gw_ipc_connection *c = server->connections; c; c = c->next)
		if (c->peer.uid == uid)
			same++;
	return server->n_connections < CONNECTIONS_MAX && same < CONNECTIONS_PER_UID_MAX;
}

static void turn_away(int fd, const char *why)
{
	json_t *reply = json_pack("{s:s, s:i, s:[{s:s, s:s}]}", "schema", "gw.refused/1", "status",
				  4, "diagnostics", "severity", "error", "message", why);
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;

	/* A courtesy: whoever does not read it learns from the closed connection. */
	if (text)
		(void)gw_ipc_send(fd, text, strlen(text), -1, MSG_DONTWAIT);
	free(text);
	json_decref(reply);
	(void)close(fd);
}

static void add_connection(struct gw_ipc_server *server, int fd, const struct gw_peer *peer,
			   unsigned int permissions)
{
	struct gw_ipc_connection *connection = gw_zalloc(1, sizeof(*connection));

	connection->server = server;
	connection->fd = fd;
	connection->peer = *peer;
	connection->permissions = permissions;
	connection->number = ++server->next_number;
	connection->last = &connection->first;
	connection->next = server->connections;
	server->connections = connection;
	server->n_connections++;
	connection->readable =
		event_new(server->base, fd, EV_READ | EV_PERSIST, on_readable, connection);
	connection->writable =
		event_new(server->base, fd, EV_WRITE | EV_PERSIST, on_writable, connection);
	if (!connection->readable || !connection->writable)
		gw_out_of_memory();
	wait_for_request(connection);
}

static void on_rested(evutil_socket_t fd, short what, void *context)
{
	struct gw_ipc_server *server = context;

	(void)fd;
	(void)what;
	(void)event_add(server->acceptable, NULL);
}

static void on_acceptable(evutil_socket_t listener, short what, void *context)
{
	struct gw_ipc_server *server = context;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct gw_peer peer;
	unsigned int permissions;

	static const struct timeval rest = { 0, 100000 };

	(void)what;
	if (fd < 0) {
		/* Gone again; or no descriptors are left: asking on and on would not make any. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
			(void)event_del(server->acceptable);
			(void)event_add(server->rested, &rest);
		}
		return;
	}
	if (gw_peer_read(fd, &peer) < 0) {
		(void)close(fd);
		return;
	}
	permissions = server->settings.permissions(fd, &peer, server->settings.context);
	if (!permissions)
		turn_away(fd, "this user may not use the socket");
	else if (!has_room(server, peer.uid))
		turn_away(fd, "too many connections are open; close some and try again");
	else
		add_connection(server, fd, &peer, permissions);
}

/* ---- the socket ------------------------------------------------------------------------------ */

/* Whatever is there counts as alive unless the kernel says that nobody listens: one that is stopped, or
 * too busy to answer, is not to be replaced. */
static bool answers(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes = fd >= 0;

	memcpy(address.sun_path, path, strlen(path) + 1);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		yes = errno != ENOENT && errno != ECONNREFUSED;
	if (fd >= 0)
		(void)close(fd);
	return yes;
}

/* Under a name of its own until it is opened: what clients find there is ready, and a leftover of one
 * that was killed is replaced in one step. */
static int listen_on(const struct gw_ipc_settings *settings, const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, err = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (answers(settings->path))
		return -EADDRINUSE;
	memcpy(address.sun_path, path, strlen(path) + 1);
	(void)unlink(path); /* left by one that was killed */
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Nobody gets in between bind and chmod. */
	mask = umask(0777);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err = -errno;
	(void)umask(mask);
	if (!err && settings->group != (gid_t)-1 && chown(path, (uid_t)-1, settings->group) < 0)
		err = -errno;
	if (!err && (chmod(path, settings->mode) < 0 || listen(fd, BACKLOG) < 0))
		err = -errno;
	if (!err) {
		*ret_fd = fd;
		return 0;
	}
	(void)unlink(path);
	(void)close(fd);
	return err;
}

int gw_ipc_server_new(struct event_base *base, const struct gw_ipc_settings *settings,
		      struct gw_ipc_server **ret)
{
	gw_auto_text struct gw_text hidden = { 0 };
	struct gw_ipc_server *server;
	int fd = settings->listen_fd, err = 0;

	gw_text_printf(&hidden, "%s.new", settings->path);
	if (fd <= 0)
		err = listen_on(settings, hidden.bytes, &fd);
	if (err)
		return err;
	server = gw_zalloc(1, sizeof(*server));
	server->base = base;
	server->settings = *settings;
	server->fd = fd;
	if (settings->listen_fd <= 0) {
		server->path = gw_strdup(settings->path);
		server->hidden = gw_strdup(hidden.bytes);
	}
	server->acceptable = event_new(base, fd, EV_READ | EV_PERSIST, on_acceptable, server);
	server->reaper = event_new(base, -1, 0, reap, server);
	server->rested = evtimer_new(base, on_rested, server);
	if (!server->acceptable || !server->reaper || !server->rested)
		gw_out_of_memory();
	*ret = server;
	return 0;
}

int gw_ipc_server_open(struct gw_ipc_server *server)
{
	if (server->hidden && rename(server->hidden, server->path) < 0)
		return -errno;
	gw_free(server->hidden);
	server->hidden = NULL;
	return event_add(server->acceptable, NULL) < 0 ? -ENOMEM : 0;
}

void gw_ipc_server_free(struct gw_ipc_server *server)
{
	if (!server)
		return;
	event_free(server->acceptable);
	event_free(server->reaper);
	event_free(server->rested);
	while (server->connections) {
		struct gw_ipc_connection *connection = server->connections;

		server->connections = connection->next;
		connection->closing = true;
		connection_free(connection);
	}
	(void)close(server->fd);
	if (server->path)
		(void)unlink(server->hidden ? server->hidden : server->path);
	gw_free(server->hidden);
	gw_free(server->path);
	gw_free(server);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void tell(struct gw_ipc_connection *connection, json_t *event, const char *text)
{
	char *own;

	if (connection->n_waiting >= EVENTS_WAITING_MAX) {
		connection->lost++;
		return;
	}
	if (!connection->lost) {
		gw_ipc_connection_send(connection, text, -1);
		return;
	}
	json_object_set_new(event, "lost", json_integer((json_int_t)connection->lost));
	own = json_dumps(event, JSON_COMPACT);
	json_object_del(event, "lost");
	if (own)
		gw_ipc_connection_send(connection, own, -1);
	connection->lost = 0;
	free(own);
}

void gw_ipc_server_event(struct gw_ipc_server *server, json_t *event)
{
	char *text;

	json_object_set_new(event, "schema", json_string("gw.event/1"));
	text = json_dumps(event, JSON_COMPACT);
	for (struct gw_ipc_connection *c = server->connections; text && c; c = c->next)
		if (c->subscribed && !c->closing)
			tell(c, event, text);
	free(text);
	json_decref(event);
}
