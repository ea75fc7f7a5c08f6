#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ipv6guard/names.h"

/* ---- frames ---------------------------------------------------------------------------------- */

struct frame {
	uint8_t bytes[1600];
	size_t len;
};

static void put(struct frame *frame, const void *bytes, size_t len)
{
	assert_true(frame->len + len <= sizeof(frame->bytes));
	memcpy(frame->bytes + frame->len, bytes, len);
	frame->len += len;
}

#define PUT(frame, ...)                                                                            \
	put((frame), (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void start(struct frame *frame, bool tagged)
{
	frame->len = 0;
	PUT(frame, 1, 0, 0x5e, 0, 0, 0xfb, 0x52, 0x54, 0, 0, 0, 9);
	if (tagged)
		PUT(frame, 0x81, 0, 0, 7);
}

static void start_udp4(struct frame *frame, uint8_t source, uint8_t dest, bool high)
{
	PUT(frame, 0x08, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 1, 0, 5, 224, 0, 0, 251);
	PUT(frame, high ? 0x14 : 0, source, high ? 0x14 : 0, dest, 2, 0, 0, 0);
}

static void start_udp6(struct frame *frame, uint8_t high, uint8_t source, uint8_t dest)
{
	uint8_t header[40] = { 0x60, 0, 0, 0, 1, 0, 17, 255, 0xfe, 0x80 };

	PUT(frame, 0x86, 0xdd);
	put(frame, header, sizeof(header));
	PUT(frame, high, source, high, dest, 2, 0, 0, 0);
}

static void put_dhcp(struct frame *frame)
{
	uint8_t message[236] = { 1, 1, 6 };

	memcpy(message + 28, (const uint8_t[]){ 0x52, 0x54, 0, 0, 0, 9 }, 6);
	put(frame, message, sizeof(message));
	PUT(frame, 99, 130, 83, 99, 53, 1, 3, 50, 4, 10, 1, 0, 77);
}

static void expect(const struct frame *frame, const char *text, enum ipv6guard_name_source source)
{
	struct ipv6guard_name name;
	bool found = ipv6guard_find_name(frame->bytes, frame->len, &name);

	assert_true(found == (text != NULL));
	if (!found)
		return;
	assert_string_equal(name.text, text);
	assert_int_equal(name.source, source);
	assert_memory_equal(name.mac, "\x52\x54\0\0\0\x09", 6);
	/* Cut off anywhere it tells less or nothing, and reads nothing behind its end. */
	for (size_t len = 0; len < frame->len; len++) {
		uint8_t copy[1600];

		memcpy(copy, frame->bytes, len);
		(void)ipv6guard_find_name(copy, len, &name);
	}
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_dhcp_request_tells_name_and_address(void **state)
{
	struct frame frame;
	struct ipv6guard_name name;

	(void)state;
	start(&frame, true);
	start_udp4(&frame, 68, 67, false);
	put_dhcp(&frame);
	PUT(&frame, 12, 8, 'n', 'o', 't', 'e', 'b', 'o', 'o', 'k', 255);
	expect(&frame, "notebook", IPV6GUARD_NAME_DHCP);
	assert_true(ipv6guard_find_name(frame.bytes, frame.len, &name));
	assert_memory_equal(name.addr, "\x0a\x01\x00\x4d", 4);
	/* One that speaks for another MAC is not believed. */
	frame.bytes[frame.len - 12 - 13 - 236 + 33] ^= 1;
	frame.bytes[11] ^= 1;
	expect(&frame, NULL, 0);
}

static void the_full_name_of_dhcp_counts_where_there_is_no_other(void **state)
{
	struct frame frame;

	(void)state;
	start(&frame, false);
	start_udp4(&frame, 68, 67, false);
	put_dhcp(&frame);
	PUT(&frame, 81, 7, 0, 0, 0, 'p', 'c', '-', '1', 255);
	expect(&frame, "pc-1", IPV6GUARD_NAME_DHCP);
}

static void multicast_dns_tells_the_name_of_an_address(void **state)
{
	struct frame frame;

	(void)state;
	start(&frame, false);
	start_udp4(&frame, 0xe9, 0xe9, true);
	PUT(&frame, 0, 0, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 0);
	/* A service that points to a name, and then the address of the name. */
	PUT(&frame, 4, '_', 'i', 'p', 'p', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 12, 0, 1, 0, 0, 0, 120,
	    0, 2, 0xc0, 12);
	PUT(&frame, 7, 'p', 'r', 'i', 'n', 't', 'e', 'r', 0xc0, 17, 0, 1, 0x80, 1, 0, 0, 0, 120, 0,
	    4, 10, 1, 0, 5);
	expect(&frame, "printer", IPV6GUARD_NAME_MDNS);
}

static void multicast_dns_over_ipv6_counts_too(void **state)
{
	struct frame frame;

	(void)state;
	start(&frame, false);
	start_udp6(&frame, 0x14, 0xe9, 0xe9);
	PUT(&frame, 0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0);
	PUT(&frame, 3, 't', 'v', '1', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 28, 0, 1, 0, 0, 0, 120, 0,
	    16);
	PUT(&frame, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
	expect(&frame, "tv1", IPV6GUARD_NAME_MDNS);
}

static void a_client_of_dhcpv6_tells_its_name(void **state)
{
	struct frame frame;

	(void)state;
	start(&frame, false);
	start_udp6(&frame, 2, 0x22, 0x23);
	PUT(&frame, 1, 1, 2, 3, 0, 8, 0, 2, 0, 0, 0, 39, 0, 7, 0, 5, 'h', 'o', 's', 't', '6');
	expect(&frame, "host6", IPV6GUARD_NAME_DHCP6);
}

static void loops_and_lies_in_names_end(void **state)
{
	struct frame frame;

	(void)state;
	start(&frame, false);
	start_udp4(&frame, 0xe9, 0xe9, true);
	PUT(&frame, 0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 120, 0, 4,
	    1, 2, 3, 4);
	expect(&frame, NULL, 0);
	start(&frame, false);
	start_udp4(&frame, 0xe9, 0xe9, true);
	PUT(&frame, 0, 0, 0x84, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 1, 0, 1);
	expect(&frame, NULL, 0);
}

static void names_are_cleaned(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "pc-1.local", "pc-1" },
		{ "pc\033[31m-1\n", "pc31m-1" },
		{ "a b\tc", "abc" },
		{ "\xe4\xba\x8b\xe5\x8b\x99\xe7\x94\xa8", "\xe4\xba\x8b\xe5\x8b\x99\xe7\x94\xa8" },
		{ "x\xe2\x80\xae"
		  "y\xc2\x85z",
		  "xyz" }, /* turned direction, C1 control */
		{ "\xff\xfe<script>", "script" },
		{ "...", NULL },
		{ "", NULL },
		{ "012345678901234567890123456789012345678901234567890123456789ab\xe4\xba\x8b",
		  "012345678901234567890123456789012345678901234567890123456789ab" },
	};
	char out[IPV6GUARD_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool left = ipv6guard_clean_name((const uint8_t *)cases[i].in, strlen(cases[i].in),
						 out);

		assert_true(left == (cases[i].out != NULL));
		if (left)
			assert_string_equal(out, cases[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dhcp_request_tells_name_and_address),
		cmocka_unit_test(the_full_name_of_dhcp_counts_where_there_is_no_other),
		cmocka_unit_test(multicast_dns_tells_the_name_of_an_address),
		cmocka_unit_test(multicast_dns_over_ipv6_counts_too),
		cmocka_unit_test(a_client_of_dhcpv6_tells_its_name),
		cmocka_unit_test(loops_and_lies_in_names_end),
		cmocka_unit_test(names_are_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
