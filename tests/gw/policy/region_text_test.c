#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/policy/analyze.h"
#include "tests/support/site_policy.h"

/* gw_service_key, as a constant */
#define KEY(protocol, low) ((uint32_t)(protocol) << 16 | (low))
#define TCP(port)          KEY(6, port)
#define UDP(port)          KEY(17, port)
#define ICMP(t, c)         KEY(1, (t) << 8 | (c))
#define GRE                KEY(47, 0)

static void services_are_told_in_the_words_of_the_language(void **state)
{
	static const struct {
		uint32_t lo, hi;
		const char *text;
	} cases[] = {
		{ 0, GW_SERVICE_MAX, "any" },
		{ TCP(80), TCP(80), "tcp/80" },
		{ UDP(1000), UDP(2000), "udp/1000-2000" },
		{ TCP(0), TCP(65535), "tcp" },
		{ GRE, GRE + 0xffff, "gre" },
		{ KEY(99, 0), KEY(99, 65535), "proto/99" },
		{ ICMP(8, 0), ICMP(8, 255), "icmp/echo-request" },
		{ ICMP(3, 4), ICMP(3, 4), "icmp/destination-unreachable/4" },
		{ ICMP(200, 0), ICMP(200, 255), "icmp/200" },
		{ ICMP(13, 0), ICMP(17, 255), "icmp/13-17" },
		{ KEY(58, 128 << 8), KEY(58, 128 << 8 | 255), "icmpv6/echo-request" },
		/* what subtractions leave */
		{ 0, TCP(79), "proto/0-5,tcp/0-79" },
		{ TCP(81), UDP(52), "tcp/81-65535,proto/7-16,udp/0-52" },
		{ TCP(81), KEY(7, 65535), "tcp/81-65535,proto/7" },
		{ TCP(1), KEY(7, 5), "tcp/1-65535,proto/7" },
		{ KEY(48, 0), GW_SERVICE_MAX, "proto/48-255" },
	};
	struct gw_arena *arena = gw_arena_new();

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++)
		assert_string_equal(
			gw_service_text(arena, (struct gw_range){ cases[i].lo, cases[i].hi }),
			cases[i].text);
	gw_arena_free(arena);
}

static void packets_are_told_with_their_service(void **state)
{
	static const struct {
		const char *packet, *text;
	} cases[] = {
		{ "198.51.100.1 10.20.0.1 tcp/80", "198.51.100.1 -> 10.20.0.1 tcp/80" },
		{ "2001:db8::1 2001:db8::2 udp/53", "2001:db8::1 -> 2001:db8::2 udp/53" },
		{ "10.0.0.1 10.0.0.2 icmp/echo-request", "10.0.0.1 -> 10.0.0.2 icmp/echo-request" },
		{ "10.0.0.1 10.0.0.2 proto/47", "10.0.0.1 -> 10.0.0.2 gre" },
		{ "10.0.0.1 10.0.0.2 proto/99", "10.0.0.1 -> 10.0.0.2 proto/99" },
	};
	struct gw_arena *arena = gw_arena_new();

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_packet packet = site_packet(cases[i].packet);

		assert_string_equal(gw_packet_text(arena, &packet), cases[i].text);
	}
	gw_arena_free(arena);
}

static void long_lists_are_shortened(void **state)
{
	static const struct gw_range hosts[] = { { 1, 1 }, { 3, 3 }, { 5, 5 },
						 { 7, 7 }, { 9, 9 }, { 11, 11 } };
	static const struct gw_range web[] = { { TCP(80), TCP(80) }, { TCP(443), TCP(443) } };
	struct gw_arena *arena = gw_arena_new();
	struct gw_region region = {
		.family = GW_FAMILY_IPV4,
		.source = gw_addrset_all(GW_FAMILY_IPV4),
		.dest = { hosts, 6 },
		.service = { web, 2 },
	};

	(void)state;
	assert_string_equal(gw_region_text(arena, &region),
			    "any -> 0.0.0.1,0.0.0.3,0.0.0.5,0.0.0.7,… (2 more) tcp/80,tcp/443");
	gw_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_are_told_in_the_words_of_the_language),
		cmocka_unit_test(packets_are_told_with_their_service),
		cmocka_unit_test(long_lists_are_shortened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
