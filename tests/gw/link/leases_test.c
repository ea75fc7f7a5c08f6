#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/link/leases.h"

static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

struct row {
	const char *text;
	size_t n;
	const char *addr, *name; /* of the device above; NULL: no lease, no name */
};

static const struct row rows[] = {
	{ "", 0, NULL, NULL },
	{ "1732341600 52:54:00:12:34:56 10.20.1.10 notebook 01:52\n"
	  "1732341600 52:54:00:12:34:57 10.20.1.11 * *\n",
	  2, "10.20.1.10", "notebook" },
	{ "1732341600 52:54:00:12:34:56 10.20.1.10 * *\n", 1, "10.20.1.10", NULL },
	{ "duid 00:01:00:01\n1732341600 12345 2001:db8::1 x 00:01\n", 0, NULL, NULL },
	{ "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname\n"
	  "10.20.1.10,52:54:00:12:34:56,,4000,1,1,0,0,old\n"
	  "10.20.1.12,52:54:00:12:34:56,,4000,1,1,0,0,new\n"
	  "10.20.1.13,52:54:00:12:34\n,,,,,,,,\n",
	  2, "10.20.1.12", "new" },
	{ "# by dhcpd\nlease 10.20.1.10 {\n  starts 3;\n  hardware ethernet 52:54:00:12:34:56;\n"
	  "  client-hostname \"desk\";\n}\nlease 10.20.1.11 {\n}\n}\n",
	  1, "10.20.1.10", "desk" },
	{ "lease 10.20.1.10 {\n  hardware ethernet 52:54:00:12:34:56", 0, NULL, NULL },
	{ "x\n\n \n,,,\n{}\n", 0, NULL, NULL },
};

static void each_server_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gw_arena *arena = gw_arena_new();
		const struct gw_lease *lease;
		struct gw_leases leases;

		gw_leases_parse(arena, rows[i].text, &leases);
		lease = gw_leases_find(&leases, mac);
		if (leases.n != rows[i].n || !lease != !rows[i].addr)
			fail_msg("row %zu: %zu leases", i, leases.n);
		if (lease && strcmp(lease->addr, rows[i].addr) != 0)
			fail_msg("row %zu: address %s", i, lease->addr);
		if (lease && (!lease->name != !rows[i].name ||
			      (lease->name && strcmp(lease->name, rows[i].name) != 0)))
			fail_msg("row %zu: name", i);
		gw_arena_free(arena);
	}
}

static void makers_are_found_by_the_first_three_bytes(void **state)
{
	static const char list[] = "OUI/MA-L\n\n"
				   "52-54-00   (hex)\t\tSome Maker, Ltd.\r\n"
				   "525400     (base 16)\t\tSome Maker, Ltd.\r\n"
				   "AA-BB-CC   broken\n";
	static const uint8_t broken[6] = { 0xaa, 0xbb, 0xcc }, other[6] = { 1 };
	struct gw_arena *arena = gw_arena_new();

	(void)state;
	assert_string_equal(gw_vendor_find(arena, list, mac), "Some Maker, Ltd.");
	assert_null(gw_vendor_find(arena, list, broken));
	assert_null(gw_vendor_find(arena, list, other));
	gw_arena_free(arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_server_is_understood),
		cmocka_unit_test(makers_are_found_by_the_first_three_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
