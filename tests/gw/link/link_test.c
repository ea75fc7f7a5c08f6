#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gw/link/link.h"
#include "tests/support/private_net.h"

static void interfaces_are_told_by_name_with_their_addresses(void **state)
{
	struct gw_arena *arena = gw_arena_new();
	const struct gw_link *link;
	struct gw_links links;

	(void)state;
	if (!private_net_enter()) {
		gw_arena_free(arena);
		skip();
	}
	if (system("ip link set lo up && ip link add gwb type veth peer name gwa && "
		   "ip addr add 10.20.0.1/16 dev gwa && "
		   "ip addr add 2001:db8:20::1/48 dev gwa nodad && ip link set gwa up && "
		   "ip addr add 192.0.2.1 peer 192.0.2.9/32 dev gwb") != 0)
		fail_msg("ip failed");
	assert_int_equal(gw_links_read(arena, &links), 0);
	assert_int_equal(links.n, 3);
	assert_string_equal(links.items[0].name, "gwa");
	assert_string_equal(links.items[2].name, "lo");

	link = gw_links_find(&links, "gwa");
	assert_non_null(link);
	assert_true(link->up);
	assert_true(link->index > 0);
	assert_true(link->n_addrs >= 2); /* and a link-local one, in time */
	assert_int_equal(link->addrs[0].family, GW_FAMILY_IPV4);
	assert_true(link->addrs[0].addr == 0x0a140001);
	assert_int_equal(link->addrs[0].prefix_len, 16);

	link = gw_links_find(&links, "gwb");
	assert_non_null(link);
	assert_false(link->up);
	assert_true(link->addrs[0].addr == 0xc0000201); /* ours, not the peer's */
	assert_null(gw_links_find(&links, "gwc"));
	gw_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_are_told_by_name_with_their_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
