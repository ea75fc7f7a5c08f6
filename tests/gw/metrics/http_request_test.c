/* The head of a request: what is taken, what is refused, and what it asks for. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/metrics/http_request.h"

#define HOST "Host: localhost\r\n"

static int parse(const char *text, struct gw_http_request *ret)
{
	return gw_http_parse(text, strlen(text), ret);
}

static void requests_are_judged(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "GET / HTTP/1.1\r\n" HOST "\r\n", 0 },
		{ "HEAD /metrics HTTP/1.0\r\n\r\n", 0 },
		{ "GET / HTTP/1.1\nHost: x\n\n", 0 },
		{ "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 0 },
		{ "", -EAGAIN },
		{ "GET / HTTP/1.1\r\n" HOST, -EAGAIN },
		{ "GET / HTT", -EAGAIN },
		{ "POST / HTTP/1.1\r\n\r\n", 405 },
		{ "get / HTTP/1.1\r\n\r\n", 405 },
		{ "GET / HTTP/2.0\r\n\r\n", 505 },
		{ "GET / FTP/1.1\r\n\r\n", 400 },
		{ "GET /\r\n\r\n", 400 },
		{ "GET  / HTTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1 \r\n\r\n", 400 },
		{ "GET http://x/ HTTP/1.1\r\n\r\n", 400 },
		{ "GET /\x01 HTTP/1.1\r\n\r\n", 400 },
		{ "\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nno colon\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n folded: x\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n: x\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400 },
		{ "GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
	};
	struct gw_http_request request;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++)
		if (parse(cases[i].text, &request) != cases[i].status)
			fail_msg("%s: %d instead of %d", cases[i].text,
				 parse(cases[i].text, &request), cases[i].status);
}

static void a_head_has_bounds(void **state)
{
	char text[GW_HTTP_HEAD_MAX + 1];
	struct gw_http_request request;
	size_t len;

	(void)state;
	(void)snprintf(text, sizeof(text), "GET /%08184d", 0);
	assert_int_equal(gw_http_parse(text, GW_HTTP_HEAD_MAX - 1, &request), -EAGAIN);
	assert_int_equal(gw_http_parse(text, GW_HTTP_HEAD_MAX, &request), 431);
	len = (size_t)sprintf(text, "GET / HTTP/1.1\r\n");
	for (unsigned int i = 0; i <= GW_HTTP_FIELDS_MAX; i++)
		len += (size_t)sprintf(text + len, "X: y\r\n");
	(void)sprintf(text + len, "\r\n");
	assert_int_equal(parse(text, &request), 431);
}

static void what_is_asked_for_is_found(void **state)
{
	struct gw_http_request request;

	(void)state;
	assert_int_equal(
		parse("HEAD /a?lang=ja&x HTTP/1.1\r\nhOST:  [::1]:9630 \r\n"
		      "Accept: text/plain;q=0.5, application/openmetrics-text; version=1\r\n"
		      "Accept-Language: ja\r\n\r\n",
		      &request),
		0);
	assert_true(request.head);
	assert_true(gw_http_is(request.path, "/a"));
	assert_true(gw_http_is(gw_http_parameter(request.query, "lang"), "ja"));
	assert_null(gw_http_parameter(request.query, "x").bytes);
	assert_null(gw_http_parameter(request.query, "ang").bytes);
	assert_true(gw_http_is(request.host, "[::1]:9630"));
	assert_true(gw_http_has_item(request.accept, "application/openmetrics-text"));
	assert_false(gw_http_has_item(request.accept, "application/openmetrics"));
	assert_true(gw_http_prefers_japanese(request.language));
}

static struct gw_http_part part(const char *text)
{
	return (struct gw_http_part){ text, strlen(text) };
}

static void languages_are_chosen_in_order(void **state)
{
	(void)state;
	assert_true(gw_http_prefers_japanese(part("ja-JP,en;q=0.8")));
	assert_true(gw_http_prefers_japanese(part("fr, ja;q=0.9, en;q=0.8")));
	assert_false(gw_http_prefers_japanese(part("en-GB,ja;q=0.8")));
	assert_false(gw_http_prefers_japanese(part("de")));
	assert_false(gw_http_prefers_japanese((struct gw_http_part){ 0 }));
}

static void only_hosts_that_are_known_are_answered(void **state)
{
	static const char *const names[] = { "gw.example" };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		static const char *const good[] = { "127.0.0.1", "10.0.0.1:9630", "[::1]:9630",
						    "LOCALHOST:1", "gw.example:80" };

		assert_true(gw_http_host_is_known(part(good[i]), names, 1));
	}
	for (size_t i = 0; i < 6; i++) {
		static const char *const bad[] = { "",     "evil.example", "gw.example.evil",
						   "[::1", "1.2.3.4.evil", "localhost." };

		assert_false(gw_http_host_is_known(part(bad[i]), names, 1));
	}
	assert_false(gw_http_host_is_known((struct gw_http_part){ 0 }, names, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_judged),
		cmocka_unit_test(a_head_has_bounds),
		cmocka_unit_test(what_is_asked_for_is_found),
		cmocka_unit_test(languages_are_chosen_in_order),
		cmocka_unit_test(only_hosts_that_are_known_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
