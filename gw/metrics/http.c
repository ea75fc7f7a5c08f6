#include "gw/metrics/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw/core/mem.h"

#define LISTENERS_MAX 18u
/* Taken at one turn of the loop, so that a flood leaves time for the rest. */
#define ACCEPTS_MAX 16
/* How long a client may take to close what it was answered on. */
#define LEFT_MS 1000

struct gw_http_body {
	char *bytes;
	size_t len;
	unsigned int refs;
};

enum stage {
	STAGE_ASKS,
	STAGE_IS_ANSWERED,
	STAGE_IS_LEFT, /* all was sent: its end is waited for, so that it is not reset before */
};

struct connection {
	struct connection *next, **back; /* the oldest first */
	struct gw_http *http;
	struct bufferevent *stream;
	struct event *deadline;
	enum stage stage;
};

struct gw_http {
	struct event_base *base;
	struct gw_http_limits limits;
	gw_http_answer_fn *answer;
	void *context;
	struct event *listeners[LISTENERS_MAX];
	size_t n_listeners;
	struct connection *first, **last;
	struct gw_http_counts counts;
};

/* ---- bodies ---------------------------------------------------------------------------------- */

struct gw_http_body *gw_http_body_new(struct gw_text *text)
{
	struct gw_http_body *body = gw_zalloc(1, sizeof(*body));

	*body = (struct gw_http_body){ .bytes = text->bytes, .len = text->len, .refs = 1 };
	*text = (struct gw_text){ 0 };
	return body;
}

struct gw_http_body *gw_http_body_ref(struct gw_http_body *body)
{
	body->refs++;
	return body;
}

void gw_http_body_unref(struct gw_http_body *body)
{
	struct gw_text text;

	if (!body || --body->refs)
		return;
	text = (struct gw_text){ .bytes = body->bytes };
	gw_text_done(&text);
	gw_free(body);
}

size_t gw_http_body_len(const struct gw_http_body *body)
{
	return body->len;
}

const char *gw_http_body_bytes(const struct gw_http_body *body)
{
	return body->bytes ? body->bytes : "";
}

static void body_was_sent(const void *bytes, size_t len, void *context)
{
	(void)bytes;
	(void)len;
	gw_http_body_unref(context);
}

/* ---- connections ----------------------------------------------------------------------------- */

static void connection_free(struct connection *connection)
{
	struct gw_http *http = connection->http;

	*connection->back = connection->next;
	if (connection->next)
		connection->next->back = connection->back;
	else
		http->last = connection->back;
	http->counts.connections--;
	bufferevent_free(connection->stream);
	event_free(connection->deadline);
	gw_free(connection);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
	struct connection *connection = context;

	(void)fd;
	(void)what;
	if (connection->stage != STAGE_IS_LEFT)
		connection->http->counts.timeouts++;
	connection_free(connection);
}

static void set_deadline(struct connection *connection, unsigned int ms)
{
	struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

	(void)event_add(connection->deadline, &wait);
}

/* ---- answers --------------------------------------------------------------------------------- */

static const char *phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 421, "Misdirected Request" },
		{ 431, "Request Header Fields Too Large" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < GW_COUNT(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Error";
}

static void count(struct gw_http *http, int status)
{
	if (status < 400)
		http->counts.ok++;
	else if (status < 500)
		http->counts.client_errors++;
	else
		http->counts.server_errors++;
}

static void send_answer(struct connection *connection, const struct gw_http_answer *answer,
			bool head)
{
	struct evbuffer *out = bufferevent_get_output(connection->stream);
	size_t len = answer->body ? answer->body->len : strlen(phrase(answer->status)) + 1;

	count(connection->http, answer->status);
	(void)evbuffer_add_printf(out,
				  "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
				  "Connection: close\r\nCache-Control: no-store\r\n"
				  "X-Content-Type-Options: nosniff\r\n%s%s\r\n",
				  answer->status, phrase(answer->status),
				  answer->body ? answer->type : "text/plain; charset=utf-8", len,
				  answer->status == 405 ? "Allow: GET, HEAD\r\n" : "",
				  answer->fields ? answer->fields : "");
	if (!head && !answer->body) {
		(void)evbuffer_add_printf(out, "%s\n", phrase(answer->status));
	} else if (!head && len) {
		if (evbuffer_add_reference(out, answer->body->bytes, len, body_was_sent,
					   answer->body) == 0)
			return;
	}
	gw_http_body_unref(answer->body);
}

/* One request a connection: it is answered, and nothing that follows is looked at. */
static void on_readable(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;
	struct evbuffer *in = bufferevent_get_input(stream);
	size_t len = evbuffer_get_length(in);
	struct gw_http_answer answer = { .status = 500 };
	struct gw_http_request request = { 0 };
	int status;

	if (connection->stage != STAGE_ASKS) {
		(void)evbuffer_drain(in, len);
		return;
	}
	status = gw_http_parse((const char *)evbuffer_pullup(in, -1), len, &request);
	if (status == -EAGAIN)
		return;
	connection->stage = STAGE_IS_ANSWERED;
	set_deadline(connection, connection->http->limits.answer_ms);
	if (status)
		answer.status = status;
	else
		connection->http->answer(&request, &answer, connection->http->context);
	send_answer(connection, &answer, request.head);
	(void)evbuffer_drain(in, len);
}

static void on_written(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;

	if (connection->stage != STAGE_IS_ANSWERED ||
	    evbuffer_get_length(bufferevent_get_output(stream)))
		return;
	connection->stage = STAGE_IS_LEFT;
	(void)shutdown(bufferevent_getfd(stream), SHUT_WR); /* the end is waited for */
	set_deadline(connection, LEFT_MS);
}

static void on_end(struct bufferevent *stream, short what, void *context)
{
	struct connection *connection = context;

	(void)stream;
	/* Who has asked may close his half and read on. */
	if ((what & BEV_EVENT_EOF) && !(what & BEV_EVENT_ERROR) &&
	    connection->stage == STAGE_IS_ANSWERED)
		return;
	connection_free(connection);
}

/* ---- listening ------------------------------------------------------------------------------- */

/* Room for one more: the oldest that still asks goes. False if all are being answered. */
static bool make_room(struct gw_http *http)
{
	struct connection *connection = http->first;

	if (http->counts.connections < http->limits.connections)
		return true;
	while (connection && connection->stage == STAGE_IS_ANSWERED)
		connection = connection->next;
	if (!connection)
		return false;
	http->counts.displaced++;
	connection_free(connection);
	return true;
}

#ifndef __clang__
#pragma GCC diagnostic push
/* gcc 12 does not see that a connection is reachable through the list of its server. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static void connection_new(struct gw_http *http, int fd)
{
	struct connection *connection = gw_zalloc(1, sizeof(*connection));

	connection->http = http;
	connection->stream = bufferevent_socket_new(http->base, fd, BEV_OPT_CLOSE_ON_FREE);
	connection->deadline = evtimer_new(http->base, on_deadline, connection);
	if (!connection->stream || !connection->deadline)
		gw_out_of_memory();
	connection->back = http->last;
	*http->last = connection;
	http->last = &connection->next;
	http->counts.connections++;
	bufferevent_setcb(connection->stream, on_readable, on_written, on_end, connection);
	/* No more than a head is ever read ahead. */
	bufferevent_setwatermark(connection->stream, EV_READ, 0, GW_HTTP_HEAD_MAX);
	(void)bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
	set_deadline(connection, http->limits.request_ms);
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

static void on_connection(evutil_socket_t listener, short what, void *context)
{
	struct gw_http *http = context;

	(void)what;
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return; /* none waits, or it has gone; the next one is told of again */
		if (make_room(http)) {
			connection_new(http, fd);
		} else {
			http->counts.refused++;
			(void)close(fd);
		}
	}
}

struct gw_http *gw_http_new(struct event_base *base, struct gw_http_limits limits,
			    gw_http_answer_fn *answer, void *context)
{
	struct gw_http *http = gw_zalloc(1, sizeof(*http));

	*http = (struct gw_http){
		.base = base, .limits = limits, .answer = answer, .context = context
	};
	http->last = &http->first;
	return http;
}

int gw_http_listen(struct gw_http *http, int fd)
{
	struct event *listener;

	if (http->n_listeners == LISTENERS_MAX)
		return -ENOSPC;
	listener = event_new(http->base, fd, EV_READ | EV_PERSIST, on_connection, http);
	if (!listener)
		gw_out_of_memory();
	(void)event_add(listener, NULL);
	http->listeners[http->n_listeners++] = listener;
	return 0;
}

void gw_http_stop_listening(struct gw_http *http)
{
	while (http->n_listeners) {
		struct event *listener = http->listeners[--http->n_listeners];

		(void)close(event_get_fd(listener));
		event_free(listener);
	}
}

void gw_http_free(struct gw_http *http)
{
	if (!http)
		return;
	gw_http_stop_listening(http);
	while (http->first)
		connection_free(http->first);
	gw_free(http);
}

const struct gw_http_counts *gw_http_counts(const struct gw_http *http)
{
	return &http->counts;
}
