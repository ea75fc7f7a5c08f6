#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ipv6guard/devices.h"

#define START 1800000000

static const uint8_t mac1[6] = { 0x52, 0x54, 0, 0, 0, 1 }, mac2[6] = { 0x52, 0x54, 0, 0, 0, 2 };

static void number_mac(uint8_t mac[6], uint32_t number)
{
	mac[0] = 2;
	mac[1] = 0;
	for (int i = 0; i < 4; i++)
		mac[2 + i] = (uint8_t)(number >> (24 - 8 * i));
}

static int setup(void **state)
{
	*state = ipv6guard_devices_new(128);
	return 0;
}

static int teardown(void **state)
{
	ipv6guard_devices_free(*state);
	return 0;
}

static void a_mac_at_two_ports_is_two_devices(void **state)
{
	struct ipv6guard_device *a = ipv6guard_devices_see(*state, "p1", mac1, START);
	struct ipv6guard_device *b = ipv6guard_devices_see(*state, "p2", mac1, START);

	assert_ptr_not_equal(a, b);
	assert_ptr_equal(ipv6guard_devices_see(*state, "p1", mac1, START + 5), a);
	assert_int_equal(a->first, START);
	assert_int_equal(a->last, START + 5);
	assert_int_equal(a->frames, 2);
	assert_null(ipv6guard_devices_find(*state, "p1", mac2));
}

static void changing_addresses_are_one_device(void **state)
{
	struct ipv6guard_device *device = ipv6guard_devices_see(*state, "p1", mac1, START);
	uint8_t address[16] = { 0x20, 1, 0xd, 0xb8 };

	for (unsigned int i = 0; i < 1000; i++) {
		address[14] = (uint8_t)(i >> 8);
		address[15] = (uint8_t)i;
		ipv6guard_device_address(device, address, START + i);
	}
	ipv6guard_device_address(device, address, START + 2000);
	assert_int_equal(ipv6guard_devices_count(*state), 1);
	assert_int_equal(device->n_addresses, IPV6GUARD_ADDRESSES_MAX);
	assert_int_equal(device->n_addresses_ever, 1000);
	/* The latest ones are kept. */
	for (size_t i = 0; i < device->n_addresses; i++)
		assert_true(device->addresses[i].first >=
			    START + 1000 - (int)IPV6GUARD_ADDRESSES_MAX);
}

static void invented_macs_of_a_port_become_one_device(void **state)
{
	static const uint8_t many[6];
	struct ipv6guard_devices *devices = *state;
	struct ipv6guard_device *device;
	uint8_t mac[6];

	(void)ipv6guard_devices_see(devices, "p2", mac1, START);
	for (uint32_t i = 0; i < 100000; i++) {
		number_mac(mac, i);
		(void)ipv6guard_devices_see(devices, "p1", mac, START + i / 1000);
	}
	assert_int_equal(ipv6guard_devices_count(devices), 1 + IPV6GUARD_NEW_MAX + 1);
	device = ipv6guard_devices_find(devices, "p1", many);
	assert_non_null(device);
	assert_int_equal(device->frames, 100000 - IPV6GUARD_NEW_MAX);
	/* Other ports are as they were, and this one may bring forth more when time has passed. */
	assert_non_null(ipv6guard_devices_find(devices, "p2", mac1));
	device = ipv6guard_devices_see(devices, "p1", mac2, START + 100 + IPV6GUARD_NEW_WINDOW);
	assert_memory_equal(device->mac, mac2, 6);
}

static void strangers_give_way_before_devices_that_the_kernel_knows(void **state)
{
	struct ipv6guard_devices *devices = *state;
	char port[IPV6GUARD_PORT_MAX] = "p0";
	uint8_t mac[6];

	ipv6guard_device_is_known(devices, ipv6guard_devices_see(devices, "hq", mac1, START),
				  IPV6GUARD_FROM_BRIDGE, START);
	for (uint32_t i = 0; i < 5000; i++) {
		number_mac(mac, i);
		port[1] = (char)('a' + i / 50 % 26);
		(void)ipv6guard_devices_see(devices, port, mac, START + 20 * i);
	}
	assert_int_equal(ipv6guard_devices_count(devices), 128);
	assert_true(ipv6guard_devices_displaced(devices) >= 5000 - 128);
	assert_non_null(ipv6guard_devices_find(devices, "hq", mac1));
	assert_non_null(ipv6guard_devices_find(devices, port, mac)); /* the latest */
	number_mac(mac, 0);
	assert_null(ipv6guard_devices_find(devices, "pa", mac)); /* the oldest */
}

static void a_table_full_of_known_devices_goes_on(void **state)
{
	struct ipv6guard_devices *devices = *state;
	uint8_t mac[6];

	for (uint32_t i = 0; i < 500; i++) {
		struct ipv6guard_device *device;

		number_mac(mac, i);
		device = ipv6guard_devices_see(devices, "p", mac, START + 1000 * (int64_t)i);
		ipv6guard_device_is_known(devices, device, IPV6GUARD_FROM_NEIGHBOURS, START);
	}
	assert_int_equal(ipv6guard_devices_count(devices), 128);
	assert_non_null(ipv6guard_devices_find(devices, "p", mac));
}

static void what_was_not_seen_for_long_is_forgotten(void **state)
{
	struct ipv6guard_devices *devices = *state;
	struct ipv6guard_device *kept;

	(void)ipv6guard_devices_see(devices, "p1", mac1, START);
	kept = ipv6guard_devices_see(devices, "p1", mac2, START);
	kept->allowed_until = INT64_MAX;
	ipv6guard_devices_forget(devices, START + 1, START + 1);
	assert_null(ipv6guard_devices_find(devices, "p1", mac1));
	assert_non_null(ipv6guard_devices_find(devices, "p1", mac2));
	/* Its place is used again. */
	(void)ipv6guard_devices_see(devices, "p1", mac1, START + 2);
	assert_int_equal(ipv6guard_devices_places(devices), 2);
}

static void the_better_source_names_a_device(void **state)
{
	struct ipv6guard_device *device = ipv6guard_devices_see(*state, "p1", mac1, START);

	ipv6guard_device_name(device, "anything", IPV6GUARD_NAME_MDNS, START);
	ipv6guard_device_name(device, "notebook", IPV6GUARD_NAME_LEASE, START + 1);
	ipv6guard_device_name(device, "other", IPV6GUARD_NAME_MDNS, START + 2);
	assert_string_equal(device->name, "notebook");
	ipv6guard_device_name(device, "renamed", IPV6GUARD_NAME_LEASE, START + 3);
	assert_string_equal(device->name, "renamed");
	ipv6guard_device_name(device, "later", IPV6GUARD_NAME_MDNS, START + 90000);
	assert_string_equal(device->name, "later");
	assert_int_equal(device->name_source, IPV6GUARD_NAME_MDNS);
}

static void what_a_device_says_does_not_replace_what_the_kernel_knows(void **state)
{
	struct ipv6guard_device *device = ipv6guard_devices_see(*state, "p1", mac1, START);
	uint8_t address[4] = { 10, 0, 0, 1 };

	ipv6guard_device_addr4(device, address, IPV6GUARD_FROM_NEIGHBOURS, START);
	ipv6guard_device_addr4(device, address, IPV6GUARD_FROM_FRAME, START + 9);
	assert_int_equal(device->addrs4[0].source, IPV6GUARD_FROM_NEIGHBOURS);
	assert_int_equal(device->addrs4[0].at, START + 9);
	for (uint8_t i = 2; i < 20; i++) {
		address[3] = i;
		ipv6guard_device_addr4(device, address, IPV6GUARD_FROM_LEASE, START + 10 + i);
	}
	assert_int_equal(device->n_addrs4, IPV6GUARD_ADDRS4_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_mac_at_two_ports_is_two_devices),
		TEST(changing_addresses_are_one_device),
		TEST(invented_macs_of_a_port_become_one_device),
		TEST(strangers_give_way_before_devices_that_the_kernel_knows),
		TEST(a_table_full_of_known_devices_goes_on),
		TEST(what_was_not_seen_for_long_is_forgotten),
		TEST(the_better_source_names_a_device),
		TEST(what_a_device_says_does_not_replace_what_the_kernel_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
