#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ipv6guard/bindings.h"

#define START 1000

static const uint8_t mac1[6] = { 0x52, 0x54, 0, 0, 0, 1 }, mac2[6] = { 0x52, 0x54, 0, 0, 0, 2 };

static void address_of(uint32_t number, uint8_t out[16])
{
	memset(out, 0, 16);
	out[0] = 0xfe;
	out[1] = 0x80;
	memcpy(out + 12, &number, sizeof(number));
}

static int setup(void **state)
{
	*state = ipv6guard_bindings_new(1024);
	return 0;
}

static int teardown(void **state)
{
	ipv6guard_bindings_free(*state);
	return 0;
}

static void the_first_to_ask_has_the_address_until_it_is_silent(void **state)
{
	uint8_t address[16];

	address_of(1, address);
	assert_int_equal(ipv6guard_bindings_owner(*state, 1, mac1, address, START),
			 GW_V6_OWNER_UNKNOWN);
	assert_int_equal(ipv6guard_bindings_claim(*state, 1, mac1, address, START),
			 IPV6GUARD_CLAIM_GRANTED);
	assert_int_equal(ipv6guard_bindings_claim(*state, 1, mac1, address, START + 9),
			 IPV6GUARD_CLAIM_KEPT);
	assert_int_equal(ipv6guard_bindings_claim(*state, 1, mac2, address, START + 10),
			 IPV6GUARD_CLAIM_REFUSED);
	/* The same MAC at another port is another device. */
	assert_int_equal(ipv6guard_bindings_claim(*state, 2, mac1, address, START + 10),
			 IPV6GUARD_CLAIM_REFUSED);
	assert_int_equal(ipv6guard_bindings_owner(*state, 1, mac1, address, START + 10),
			 GW_V6_OWNER_SELF);
	assert_int_equal(ipv6guard_bindings_owner(*state, 1, mac2, address, START + 10),
			 GW_V6_OWNER_OTHER);
	assert_int_equal(ipv6guard_bindings_claim(*state, 1, mac2, address,
						  START + 9 + IPV6GUARD_BINDING_LIFE_S),
			 IPV6GUARD_CLAIM_GRANTED);
	assert_int_equal(ipv6guard_bindings_count(*state), 1);
}

static void a_device_that_hoards_loses_its_own_oldest(void **state)
{
	uint8_t address[16];

	address_of(0, address);
	assert_int_equal(ipv6guard_bindings_claim(*state, 1, mac2, address, START),
			 IPV6GUARD_CLAIM_GRANTED);
	for (uint32_t i = 1; i <= 500; i++) {
		address_of(i, address);
		assert_int_equal(ipv6guard_bindings_claim(*state, 1, mac1, address, START + i),
				 IPV6GUARD_CLAIM_GRANTED);
	}
	assert_int_equal(ipv6guard_bindings_count(*state), 1 + IPV6GUARD_BINDING_DEVICE_MAX);
	assert_int_equal(ipv6guard_bindings_owner(*state, 1, mac1, address, START + 500),
			 GW_V6_OWNER_SELF);
	address_of(1, address);
	assert_int_equal(ipv6guard_bindings_owner(*state, 1, mac1, address, START + 500),
			 GW_V6_OWNER_UNKNOWN);
	address_of(0, address); /* the other's is untouched */
	assert_int_equal(ipv6guard_bindings_owner(*state, 1, mac2, address, START + 500),
			 GW_V6_OWNER_SELF);
}

static void a_full_table_refuses_and_stays_within_its_bound(void **state)
{
	unsigned int full = 0;

	for (uint32_t i = 0; i < 20000; i++) {
		uint8_t address[16], mac[6] = { 2 };

		memcpy(mac + 2, &i, sizeof(i));
		address_of(i, address);
		full += ipv6guard_bindings_claim(*state, 1, mac, address, START) ==
			IPV6GUARD_CLAIM_FULL;
	}
	assert_true(full >= 20000 - 1024);
	assert_true(ipv6guard_bindings_count(*state) <= 1024);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_to_ask_has_the_address_until_it_is_silent),
		TEST(a_device_that_hoards_loses_its_own_oldest),
		TEST(a_full_table_refuses_and_stays_within_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
