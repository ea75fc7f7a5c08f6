/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/core/mem.h"
#include "gw/report/packet.h"

static const uint8_t tcp4[] = { 0x45, 0,  0,   40, 0,   0, 0,   0, 64,   6,    0, 0,
				198,  51, 100, 9,  203, 0, 113, 9, 0x12, 0x67, 0, 22 };
static const uint8_t ping4[] = { 0x45, 0,  0,   28, 0,   0, 0,   0, 64, 1, 0, 0,
				 198,  51, 100, 9,  203, 0, 113, 9, 8,  0, 0, 0 };
static const uint8_t fragment4[] = { 0x45, 0,  0,   40, 0,   0, 0,   9, 64,   17,   0, 0,
				     198,  51, 100, 9,  203, 0, 113, 9, 0x12, 0x67, 0, 53 };
static const uint8_t gre4[] = { 0x45, 0,  0,   24, 0,   0, 0,   0, 64, 47, 0, 0,
				198,  51, 100, 9,  203, 0, 113, 9, 0,  0,  8, 0 };

/* IPv6 with a destination options header before UDP. */
static const uint8_t udp6[] = {
	0x60, 0, 0,  0, 0, 16,   60, 64,   0x20, 1, 0x0d, 0xb8, 0, 0,  0, 0, 0, 0, 0,
	0,    0, 0,  0, 1, 0x20, 1,  0x0d, 0xb8, 0, 0,    0,    0, 0,  0, 0, 0, 0, 0,
	0,    2, 17, 0, 0, 0,    0,  0,    0,    0, 0x12, 0x67, 0, 53, 0, 8, 0, 0,
};

struct packet_case {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	uint8_t family;
	const char *text;
};

static void packets_are_shown_in_one_line(void **state)
{
	static const struct packet_case cases[] = {
		{ "tcp", tcp4, sizeof(tcp4), AF_INET, "198.51.100.9 4711 -> 203.0.113.9 tcp/22" },
		{ "ping", ping4, sizeof(ping4), AF_INET,
		  "198.51.100.9 -> 203.0.113.9 icmp/echo-request" },
		{ "fragment", fragment4, sizeof(fragment4), AF_INET,
		  "198.51.100.9 -> 203.0.113.9 udp" },
		{ "gre", gre4, sizeof(gre4), AF_INET, "198.51.100.9 -> 203.0.113.9 gre" },
		{ "udp6", udp6, sizeof(udp6), AF_INET6, "2001:db8::1 4711 -> 2001:db8::2 udp/53" },
		{ "cut off", tcp4, 12, AF_INET, "a packet without a whole IP header" },
		{ "empty", tcp4, 0, AF_INET6, "a packet without a whole IP header" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_arena *arena = gw_arena_new();
		struct gw_logged_packet packet = { .len = cases[i].len, .family = cases[i].family };

		memcpy(packet.bytes, cases[i].bytes, cases[i].len);
		if (strcmp(gw_report_packet(arena, &packet), cases[i].text) != 0)
			fail_msg("%s: %s", cases[i].name, gw_report_packet(arena, &packet));
		gw_arena_free(arena);
	}
}

static void packets_cut_off_anywhere_are_shown(void **state)
{
	(void)state;
	for (size_t len = 0; len <= sizeof(udp6); len++) {
		struct gw_arena *arena = gw_arena_new();
		struct gw_logged_packet packet = { .len = len, .family = AF_INET6 };

		memcpy(packet.bytes, udp6, len);
		assert_non_null(gw_report_packet(arena, &packet));
		packet.family = AF_INET;
		assert_non_null(gw_report_packet(arena, &packet));
		gw_arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_shown_in_one_line),
		cmocka_unit_test(packets_cut_off_anywhere_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
