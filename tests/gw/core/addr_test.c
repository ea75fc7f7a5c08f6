#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/addr.h"
#include "gw/core/mem.h"

#define IPV4 GW_FAMILY_IPV4
#define IPV6 GW_FAMILY_IPV6

static void addresses_prefixes_and_ranges_are_read_and_written_in_the_shortest_form(void **state)
{
	static const struct {
		const char *text, *written; /* NULL: the same */
		enum gw_family family;
	} cases[] = {
		{ "192.0.2.1", NULL, IPV4 },
		{ "0.0.0.0", NULL, IPV4 },
		{ "255.255.255.255", NULL, IPV4 },
		{ "192.0.2.1/32", "192.0.2.1", IPV4 },
		{ "192.0.2.0/24", NULL, IPV4 },
		{ "0.0.0.0/0", NULL, IPV4 },
		{ "128.0.0.0/1", NULL, IPV4 },
		{ "192.0.2.1-192.0.2.9", NULL, IPV4 },
		{ "192.0.2.0-192.0.2.255", "192.0.2.0/24", IPV4 },
		{ "192.0.2.7-192.0.2.7", "192.0.2.7", IPV4 },
		{ "192.0.2.2-192.0.2.5", NULL, IPV4 },
		{ "2001:db8::1", NULL, IPV6 },
		{ "2001:0DB8:0:0:0:0:0:1", "2001:db8::1", IPV6 },
		{ "2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1", IPV6 },
		{ "2001:db8:0:1:1:1:1:1", NULL, IPV6 },
		{ "::", NULL, IPV6 },
		{ "::/0", NULL, IPV6 },
		{ "::1", NULL, IPV6 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, IPV6 },
		{ "2001:db8::/32", NULL, IPV6 },
		{ "8000::/1", NULL, IPV6 },
		{ "2001:db8::1-2001:db8::ff", NULL, IPV6 },
		{ "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0", IPV6 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		char written[2 * GW_ADDR_TEXT];
		enum gw_family family = IPV4;
		struct gw_range range = { 0, 0 };

		assert_int_equal(gw_addr_parse(cases[i].text, &family, &range), GW_ADDR_OK);
		assert_int_equal(family, cases[i].family);
		assert_string_equal(gw_range_format(family, range, written),
				    cases[i].written ? cases[i].written : cases[i].text);
	}
}

static void what_is_no_address_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *text;
		enum gw_addr_error error;
	} cases[] = {
		{ "", GW_ADDR_SYNTAX },
		{ "/24", GW_ADDR_SYNTAX },
		{ "-", GW_ADDR_SYNTAX },
		{ "10.0.0", GW_ADDR_SYNTAX },
		{ "10.0.0.256", GW_ADDR_SYNTAX },
		{ "10.0.0.01", GW_ADDR_SYNTAX },
		{ " 10.0.0.1", GW_ADDR_SYNTAX },
		{ "10.0.0.1 ", GW_ADDR_SYNTAX },
		{ "mail", GW_ADDR_SYNTAX },
		{ "fe80::1%eth0", GW_ADDR_SYNTAX },
		{ "::ffff:192.0.2.1", GW_ADDR_SYNTAX },
		{ "::ffff:0:0/96", GW_ADDR_SYNTAX },
		{ "2001:db8::1::2", GW_ADDR_SYNTAX },
		{ "10.0.0.1-", GW_ADDR_SYNTAX },
		{ "10.0.0.1-10.0.0.2-10.0.0.3", GW_ADDR_SYNTAX },
		{ "10.0.0.1-10.0.0.2/31", GW_ADDR_SYNTAX },
		{ "10.0.0.1111111111111111111111111111111111111111111111111111111111111111",
		  GW_ADDR_SYNTAX },
		{ "10.0.0.5/24", GW_ADDR_HOST_BITS },
		{ "2001:db8::5/64", GW_ADDR_HOST_BITS },
		{ "10.0.0.1/0", GW_ADDR_HOST_BITS },
		{ "10.0.0.0/33", GW_ADDR_PREFIX_LENGTH },
		{ "10.0.0.0/", GW_ADDR_PREFIX_LENGTH },
		{ "10.0.0.0/08", GW_ADDR_PREFIX_LENGTH },
		{ "10.0.0.0/255.0.0.0", GW_ADDR_PREFIX_LENGTH },
		{ "10.0.0.0/-1", GW_ADDR_PREFIX_LENGTH },
		{ "10.0.0.0/4294967304", GW_ADDR_PREFIX_LENGTH },
		{ "2001:db8::/129", GW_ADDR_PREFIX_LENGTH },
		{ "10.0.0.9-10.0.0.1", GW_ADDR_RANGE_ORDER },
		{ "2001:db8::9-2001:db8::1", GW_ADDR_RANGE_ORDER },
		{ "10.0.0.1-2001:db8::1", GW_ADDR_RANGE_FAMILY },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		enum gw_family family;
		struct gw_range range;
		enum gw_addr_error error = gw_addr_parse(cases[i].text, &family, &range);

		if (error != cases[i].error)
			fail_msg("`%s`: %d instead of %d", cases[i].text, (int)error,
				 (int)cases[i].error);
	}
}

static void a_prefix_with_host_bits_comes_with_the_prefix_that_was_meant(void **state)
{
	enum gw_family family = IPV6;
	char text[2 * GW_ADDR_TEXT];
	struct gw_range range;

	(void)state;
	assert_int_equal(gw_addr_parse("10.1.2.3/20", &family, &range), GW_ADDR_HOST_BITS);
	assert_string_equal(gw_range_format(family, range, text), "10.1.0.0/20");
	assert_int_equal(gw_addr_parse("2001:db8:1::7/33", &family, &range), GW_ADDR_HOST_BITS);
	assert_string_equal(gw_range_format(family, range, text), "2001:db8::/33");
}

static uint64_t next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 16;
}

/* Addresses with long runs of zeroes, as real ones have. */
static gw_u128 random_address(uint64_t *state, enum gw_family family)
{
	gw_u128 addr = 0;

	for (unsigned int i = 0; i < 8; i++)
		addr = addr << 16 | (next(state) % 3 ? 0 : (uint16_t)next(state));
	return addr & gw_family_max(family);
}

static bool is_mapped(enum gw_family family, struct gw_range range)
{
	return family == IPV6 && (range.lo >> 32 == 0xffff || range.hi >> 32 == 0xffff);
}

static void what_was_written_is_read_as_the_same(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		enum gw_family family = i % 2 ? IPV4 : IPV6, read_family = IPV4;
		gw_u128 a = random_address(&random, family), b = random_address(&random, family);
		struct gw_range range = { a < b ? a : b, a < b ? b : a }, read = { 0, 0 };
		char text[2 * GW_ADDR_TEXT];
		uint8_t bytes[16];

		if (next(&random) % 2) { /* a prefix */
			gw_u128 hosts = gw_family_max(family) >> (next(&random) % 32);

			range.lo = a & ~hosts;
			range.hi = range.lo | hosts;
		}
		if (is_mapped(family, range))
			continue;
		(void)gw_range_format(family, range, text);
		if (gw_addr_parse(text, &read_family, &read) != GW_ADDR_OK ||
		    read_family != family || read.lo != range.lo || read.hi != range.hi)
			fail_msg("`%s` is not read as what was written", text);
		gw_addr_to_bytes(family, a, bytes);
		assert_true(gw_addr_from_bytes(family, bytes) == a);
	}
}

static void bytes_are_in_network_order(void **state)
{
	uint8_t bytes[16];

	(void)state;
	gw_addr_to_bytes(IPV4, 0xc0000201, bytes);
	assert_memory_equal(bytes, "\xc0\x00\x02\x01", 4);
	gw_addr_to_bytes(IPV6, (gw_u128)0x20010db8 << 96 | 1, bytes);
	assert_memory_equal(bytes, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			addresses_prefixes_and_ranges_are_read_and_written_in_the_shortest_form),
		cmocka_unit_test(what_is_no_address_is_refused_with_its_reason),
		cmocka_unit_test(a_prefix_with_host_bits_comes_with_the_prefix_that_was_meant),
		cmocka_unit_test(what_was_written_is_read_as_the_same),
		cmocka_unit_test(bytes_are_in_network_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
