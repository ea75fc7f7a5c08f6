#include "gw/daemon/link.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/ipc/socket.h"

#define WAITING_MAX       1024u      /* requests */
#define WAITING_BYTES_MAX (1u << 20) /* of all of them */
#define IN_FLIGHT_MAX     8u         /* half of what gwd takes from one connection at once */
#define PAUSE_MIN_MS      50u
#define PAUSE_MAX_MS      10000u

struct request {
	struct request *next;
	json_int_t id;
	bool sent;
	enum gw_link_keep keep;
	gw_link_answer_fn *answered;
	void *context;
	int file; /* attached; -1: none */
	size_t len;
	char text[];
};

struct gw_link {
	struct event_base *base;
	struct gw_link_settings settings;
	int fd; /* -1: not connected */
	bool ending;
	struct event *readable, *writable, *retry;
	unsigned int pause_ms;
	struct request *first, **last; /* oldest first; those that were sent before the others */
	size_t n, n_sent, bytes;
	json_int_t next_id;
	struct gw_link_counts counts;
	char buffer[GW_IPC_MESSAGE_MAX];
};

static void pump(struct gw_link *link);

/* ---- the queue ------------------------------------------------------------------------------- */

static struct request *take(struct gw_link *link, struct request **place)
{
	struct request *request = *place;

	*place = request->next;
	if (link->last == &request->next)
		link->last = place;
	link->n--;
	link->n_sent -= request->sent;
	link->bytes -= request->len;
	return request;
}

static void answer(struct gw_link *link, struct request *request, const json_t *reply, int file)
{
	if (request->file >= 0)
		(void)close(request->file); /* was sent, or never will be */
	if (request->answered)
		request->answered(link, reply, file, request->context);
	else if (file >= 0)
		(void)close(file);
	gw_free(request);
}

/* Those to be asked again are not sent any more; the others get their NULL. */
static void give_back(struct gw_link *link, bool all)
{
	struct request *gone = NULL, **place = &link->first, **last = &gone;

	while (*place) {
		if (!all && (!(*place)->sent || (*place)->keep == GW_LINK_KEEP)) {
			link->n_sent -= (*place)->sent;
			(*place)->sent = false;
			place = &(*place)->next;
			continue;
		}
		*last = take(link, place);
		(*last)->next = NULL;
		last = &(*last)->next;
	}
	while (gone) { /* answers may ask anew */
		struct request *request = gone;

		gone = request->next;
		answer(link, request, NULL, -1);
	}
}

/* ---- the connection -------------------------------------------------------------------------- */

static void disconnect(struct gw_link *link)
{
	struct timeval pause = { link->pause_ms / 1000, (link->pause_ms % 1000) * 1000 };

	if (link->fd >= 0) {
		event_free(link->readable);
		event_free(link->writable);
		link->readable = link->writable = NULL;
		(void)close(link->fd);
		link->fd = -1;
		give_back(link, false);
	}
	link->pause_ms = link->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : link->pause_ms * 2;
	(void)event_add(link->retry, &pause);
}

static void take_answer(struct gw_link *link, const json_t *message, int file)
{
	const json_t *id = json_object_get(message, "id");
	struct request **place = &link->first;

	while (*place &&
	       !((*place)->sent && json_is_integer(id) && (*place)->id == json_integer_value(id)))
		place = &(*place)->next;
	if (!*place) { /* nobody asked */
		if (file >= 0)
			(void)close(file);
		return;
	}
	link->counts.answered++;
	link->counts.refused += !gw_link_is_ok(message);
	answer(link, take(link, place), message, file);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct gw_link *link = context;
	char wrong[128];
	int file = -1, err;
	const char *schema;
	json_t *message;
	size_t len = 0;

	(void)what;
	err = gw_ipc_receive(fd, link->buffer, &len, &file, MSG_DONTWAIT);
	if (err == -EAGAIN)
		return;
	message = err || !len ? NULL : gw_ipc_parse(link->buffer, len, wrong, sizeof(wrong));
	if (!message) {
		if (file >= 0)
			(void)close(file);
		disconnect(link);
		return;
	}
	link->pause_ms = PAUSE_MIN_MS; /* gwd is well */
	schema = json_string_value(json_object_get(message, "schema"));
	if (!schema || strcmp(schema, "gw.event/1") != 0) {
		take_answer(link, message, file);
	} else {
		if (file >= 0)
			(void)close(file);
		if (link->settings.event)
			link->settings.event(link, message, link->settings.context);
	}
	json_decref(message);
	pump(link);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	pump(context);
}

/* Sends what may be sent; the loop comes back when gwd reads again. */
static void pump(struct gw_link *link)
{
	for (struct request *request = link->first; request && link->fd >= 0;
	     request = request->next) {
		int err;

		if (request->sent)
			continue;
		if (link->n_sent >= IN_FLIGHT_MAX)
			return;
		err = gw_ipc_send(link->fd, request->text, request->len, request->file,
				  MSG_DONTWAIT);
		if (err == -EAGAIN) {
			(void)event_add(link->writable, NULL);
			return;
		}
		if (err) {
			disconnect(link);
			return;
		}
		request->sent = true;
		link->n_sent++;
	}
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int err = -errno;

		(void)close(fd);
		return err;
	}
	return fd;
}

static void on_retry(evutil_socket_t unused, short what, void *context)
{
	struct gw_link *link = context;
	int fd = connect_to(link->settings.path);

	(void)unused;
	(void)what;
	if (fd < 0) {
		disconnect(link);
		return;
	}
	link->fd = fd;
	link->readable = event_new(link->base, fd, EV_READ | EV_PERSIST, on_readable, link);
	link->writable = event_new(link->base, fd, EV_WRITE, on_writable, link);
	if (!link->readable || !link->writable)
		gw_out_of_memory();
	(void)event_add(link->readable, NULL);
	link->counts.connections++;
	if (link->settings.connected)
		link->settings.connected(link, link->settings.context);
	pump(link);
}

/* ---- public ---------------------------------------------------------------------------------- */

struct gw_link *gw_link_new(struct event_base *base, const struct gw_link_settings *settings)
{
	struct gw_link *link = gw_zalloc(1, sizeof(*link));

	link->base = base;
	link->settings = *settings;
	link->fd = -1;
	link->last = &link->first;
	link->pause_ms = PAUSE_MIN_MS;
	link->retry = evtimer_new(base, on_retry, link);
	if (!link->retry)
		gw_out_of_memory();
	return link;
}

void gw_link_free(struct gw_link *link)
{
	if (!link)
		return;
	if (link->fd >= 0) {
		event_free(link->readable);
		event_free(link->writable);
		(void)close(link->fd);
		link->fd = -1;
	}
	event_free(link->retry);
	link->ending = true;
	give_back(link, true);
	gw_free(link);
}

void gw_link_start(struct gw_link *link)
{
	event_active(link->retry, EV_TIMEOUT, 0);
}

/* The text of a request, in the queue's own form; NULL if it cannot be sent. */
static struct request *write_request(struct gw_link *link, const char *verb, json_t *fields)
{
	json_t *object = fields ? fields : json_object();
	struct request *request = NULL;
	char schema[64], *text;
	size_t len;

	(void)snprintf(schema, sizeof(schema), "gw.%s/1", verb);
	json_object_set_new(object, "schema", json_string(schema));
	json_object_set_new(object, "id", json_integer(++link->next_id));
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	len = text ? strlen(text) : 0;
	if (len && len <= GW_IPC_MESSAGE_MAX && !link->ending && link->n < WAITING_MAX &&
	    link->bytes + len <= WAITING_BYTES_MAX) {
		request = gw_zalloc(1, sizeof(*request) + len);
		request->id = link->next_id;
		request->len = len;
		memcpy(request->text, text, len);
	}
	free(text);
	return request;
}

#ifndef __clang__
#pragma GCC diagnostic push
/* gcc 12 does not see that a request is reachable through the list of its link. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
bool gw_link_ask_file(struct gw_link *link, const char *verb, json_t *fields, int file,
		      enum gw_link_keep keep, gw_link_answer_fn *answered, void *context)
{
	struct request *request = write_request(link, verb, fields);

	if (!request) {
		link->counts.given_up++;
		if (file >= 0)
			(void)close(file); /* nobody reads it */
		return false;
	}
	request->file = file;
	request->keep = keep;
	request->answered = answered;
	request->context = context;
	*link->last = request;
	link->last = &request->next;
	link->n++;
	link->bytes += request->len;
	link->counts.asked++;
	/* From the loop: whoever asks need not expect to be called back under his hands. */
	if (link->fd >= 0)
		event_active(link->writable, EV_WRITE, 0);
	return true;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

bool gw_link_ask(struct gw_link *link, const char *verb, json_t *fields, enum gw_link_keep keep,
		 gw_link_answer_fn *answered, void *context)
{
	return gw_link_ask_file(link, verb, fields, -1, keep, answered, context);
}

void gw_link_counts(const struct gw_link *link, struct gw_link_counts *ret)
{
	*ret = link->counts;
	ret->connected = link->fd >= 0;
	ret->waiting = link->n;
}

bool gw_link_is_ok(const json_t *reply)
{
	const json_t *status = json_object_get(reply, "status");

	return json_is_integer(status) && json_integer_value(status) == 0;
}

const char *gw_link_complaint(const json_t *reply)
{
	const json_t *first = json_array_get(json_object_get(reply, "diagnostics"), 0);
	const char *message = json_string_value(json_object_get(first, "message"));

	return message ? message : "";
}
