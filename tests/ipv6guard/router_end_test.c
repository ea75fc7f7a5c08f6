#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ipv6guard/classify.h"
#include "ipv6guard/router_end.h"

static const uint8_t mac[6] = { 0x52, 0x54, 0, 0, 0, 1 };
static const uint8_t link_local[16] = { 0xfe, 0x80, [15] = 9 };

static struct gw_v6_nd rogue(unsigned int n)
{
	struct gw_v6_nd advert = { .type = GW_V6_ICMP_ROUTER_ADVERT,
				   .lifetime_s = 1800,
				   .n_prefixes = (uint16_t)n,
				   .n_routes = (uint16_t)n,
				   .n_servers = (uint16_t)n };

	advert.prefixes[0] = (struct gw_v6_nd_prefix){ .address = { 0x20, 1, 0xd, 0xb8 },
						       .length = 64,
						       .on_link = true,
						       .autonomous = true,
						       .valid_s = 86400,
						       .preferred_s = 14400 };
	advert.routes[0] = (struct gw_v6_nd_route){
		.address = { 0x20, 2 }, .length = 16, .preference = 1, .lifetime_s = 600
	};
	advert.servers[0][0] = 0xfe;
	return advert;
}

static void all_lifetimes_are_zero_and_the_rest_is_the_rogues(void **state)
{
	struct gw_v6_nd advert = rogue(1), read;
	uint8_t frame[IPV6GUARD_ROUTER_END_MAX];
	size_t len = ipv6guard_router_end(&advert, link_local, mac, frame);
	struct gw_v6_context context = { .mode = GW_V6_GUARDED };
	struct gw_v6_frame seen = { .bytes = frame, .len = len, .wire_len = len };
	struct gw_v6_result result;

	(void)state;
	assert_memory_equal(frame + 6, mac, 6);
	assert_memory_equal(frame + 14 + 8, link_local, 16);
	gw_v6_nd_read(frame + 54, len - 54, &read);
	assert_int_equal(read.faults, 0);
	assert_int_equal(read.lifetime_s, 0);
	assert_int_equal(read.n_prefixes, 1);
	assert_memory_equal(read.prefixes[0].address, advert.prefixes[0].address, 16);
	assert_int_equal(read.prefixes[0].length, 64);
	assert_true(read.prefixes[0].on_link && read.prefixes[0].autonomous);
	assert_int_equal(read.prefixes[0].valid_s, 0);
	assert_int_equal(read.prefixes[0].preferred_s, 0);
	assert_int_equal(read.n_routes, 1);
	assert_int_equal(read.routes[0].preference, 1);
	assert_int_equal(read.routes[0].lifetime_s, 0);
	assert_int_equal(read.n_servers, 1);
	assert_int_equal(read.dns_s, 0);
	/* Hosts accept it: the classifier finds a plain advertisement, checksum and hop limit included. */
	gw_v6_classify(&context, NULL, &seen, &result);
	assert_int_equal(result.tricks, 0);
	assert_int_equal(result.detail, GW_V6_DETAIL_ND);
}

static void counts_beyond_what_was_kept_write_nothing_beyond(void **state)
{
	struct gw_v6_nd advert = rogue(UINT16_MAX);
	uint8_t frame[IPV6GUARD_ROUTER_END_MAX];

	(void)state;
	assert_int_equal(ipv6guard_router_end(&advert, link_local, mac, frame), sizeof(frame));
	advert = rogue(0);
	assert_int_equal(ipv6guard_router_end(&advert, link_local, mac, frame), 14 + 40 + 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_lifetimes_are_zero_and_the_rest_is_the_rogues),
		cmocka_unit_test(counts_beyond_what_was_kept_write_nothing_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
