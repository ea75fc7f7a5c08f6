/* The server, with clients that mean no good. */
#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/metrics/http.h"
#include "gw/metrics/listen.h"

#define BODY_LEN (4u << 20)

struct lab {
	struct event_base *base;
	struct gw_http *http;
	struct gw_http_body *body;
	char dir[32], path[64];
};

static void answer(const struct gw_http_request *request, struct gw_http_answer *ret, void *context)
{
	struct lab *lab = context;

	if (!gw_http_is(request->path, "/large")) {
		ret->status = 404;
		return;
	}
	ret->status = 200;
	ret->type = "text/plain";
	ret->body = gw_http_body_ref(lab->body);
}

static int set_up(void **state)
{
	struct lab *lab = gw_zalloc(1, sizeof(*lab));
	struct gw_http_limits limits = { .connections = 4, .request_ms = 200, .answer_ms = 400 };
	struct gw_text text = { 0 };
	int fd;

	for (unsigned int i = 0; i < BODY_LEN; i++)
		gw_text_putc(&text, (char)('a' + i % 26));
	lab->body = gw_http_body_new(&text);
	(void)snprintf(lab->dir, sizeof(lab->dir), "/tmp/gw-http.XXXXXX");
	assert_non_null(mkdtemp(lab->dir));
	(void)snprintf(lab->path, sizeof(lab->path), "%s/http", lab->dir);
	lab->base = event_base_new();
	lab->http = gw_http_new(lab->base, limits, answer, lab);
	fd = gw_listen_unix(lab->path);
	assert_true(fd >= 0);
	assert_int_equal(gw_http_listen(lab->http, fd), 0);
	*state = lab;
	return 0;
}

static int tear_down(void **state)
{
	struct lab *lab = *state;

	gw_http_free(lab->http);
	gw_http_body_unref(lab->body);
	event_base_free(lab->base);
	(void)unlink(lab->path);
	(void)rmdir(lab->dir);
	gw_free(lab);
	return 0;
}

static int connect_to(const struct lab *lab)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	(void)snprintf(name.sun_path, sizeof(name.sun_path), "%s", lab->path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Turns the loop until the other end is closed; what came, NUL-terminated, in `text`. */
static size_t read_to_end(const struct lab *lab, int fd, char *text, size_t size)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = recv(fd, text + len, size - 1 - len, 0);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0)
			len += (size_t)n;
		else
			(void)event_base_loop(lab->base, EVLOOP_ONCE);
	}
	text[len] = '\0';
	return len;
}

static void a_request_is_answered_with_what_was_asked_for(void **state)
{
	struct lab *lab = *state;
	size_t size = BODY_LEN + 4096, len;
	char *text = gw_zalloc(1, size);
	int fd = connect_to(lab);
	const char *body;

	say(fd, "GET /large HTTP/1.1\r\nHost: x\r\n\r\nGET /again HTTP/1.1\r\n\r\n");
	len = read_to_end(lab, fd, text, size);
	assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
	body = strstr(text, "\r\n\r\n");
	assert_non_null(body);
	assert_int_equal(len - (size_t)(body + 4 - text), BODY_LEN);
	assert_memory_equal(body + 4, gw_http_body_bytes(lab->body), BODY_LEN);
	assert_int_equal(gw_http_counts(lab->http)->ok, 1);
	(void)close(fd);
	fd = connect_to(lab);
	say(fd, "HEAD /large HTTP/1.1\r\n\r\n");
	len = read_to_end(lab, fd, text, size);
	assert_string_equal(text + len - 4, "\r\n\r\n");
	assert_non_null(strstr(text, "Content-Length: 4194304\r\n"));
	(void)close(fd);
	gw_free(text);
}

static void what_is_no_request_is_refused(void **state)
{
	struct lab *lab = *state;
	char text[1024];
	int fd = connect_to(lab);

	say(fd, "\x16\x03\x01 hello\r\n\r\n");
	(void)read_to_end(lab, fd, text, sizeof(text));
	assert_memory_equal(text, "HTTP/1.1 400 ", 13);
	assert_int_equal(gw_http_counts(lab->http)->client_errors, 1);
	(void)close(fd);
}

/* An octet at a time does not extend the time that a request has. */
static void a_client_that_dribbles_is_ended(void **state)
{
	struct lab *lab = *state;
	int fd = connect_to(lab);
	struct timeval pause = { 0, 20000 };
	char text[64];

	while (!gw_http_counts(lab->http)->timeouts) {
		(void)send(fd, "G", 1, MSG_NOSIGNAL);
		(void)event_base_loopexit(lab->base, &pause);
		(void)event_base_dispatch(lab->base);
	}
	assert_int_equal(read_to_end(lab, fd, text, sizeof(text)), 0);
	assert_int_equal(gw_http_counts(lab->http)->connections, 0);
	(void)close(fd);
}

static void a_client_that_does_not_read_is_ended(void **state)
{
	struct lab *lab = *state;
	int fd = connect_to(lab);

	say(fd, "GET /large HTTP/1.1\r\n\r\n");
	while (!gw_http_counts(lab->http)->timeouts)
		(void)event_base_loop(lab->base, EVLOOP_ONCE);
	assert_int_equal(gw_http_counts(lab->http)->connections, 0);
	(void)close(fd);
}

static void whoever_asks_for_longest_makes_room(void **state)
{
	struct lab *lab = *state;
	int idle[6], fd;
	char text[1024];

	for (size_t i = 0; i < GW_COUNT(idle); i++) {
		idle[i] = connect_to(lab);
		while (gw_http_counts(lab->http)->connections +
			       gw_http_counts(lab->http)->displaced <=
		       i)
			(void)event_base_loop(lab->base, EVLOOP_ONCE);
	}
	fd = connect_to(lab);
	say(fd, "GET /nothing HTTP/1.1\r\n\r\n");
	(void)read_to_end(lab, fd, text, sizeof(text));
	assert_memory_equal(text, "HTTP/1.1 404 ", 13);
	assert_true(gw_http_counts(lab->http)->displaced >= 3);
	assert_true(gw_http_counts(lab->http)->connections <= 4);
	(void)close(fd);
	for (size_t i = 0; i < GW_COUNT(idle); i++)
		(void)close(idle[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_request_is_answered_with_what_was_asked_for,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_request_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_client_that_dribbles_is_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_client_that_does_not_read_is_ended, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(whoever_asks_for_longest_makes_room, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
