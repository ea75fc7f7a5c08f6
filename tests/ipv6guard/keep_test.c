/* The devices on disk: what is read again, and what a damaged file does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "ipv6guard/guard.h"

#define START 1800000000

static const uint8_t mac1[6] = { 0x52, 0x54, 0, 0, 0, 1 }, mac2[6] = { 0x52, 0x54, 0, 0, 0, 2 };

struct lab {
	char dir[64], file[96];
	struct ipv6guard_devices *before, *after;
};

static int setup(void **state)
{
	struct lab *lab = gw_zalloc(1, sizeof(*lab));

	(void)snprintf(lab->dir, sizeof(lab->dir), "/tmp/gw-keep-XXXXXX");
	if (!mkdtemp(lab->dir))
		return -1;
	(void)snprintf(lab->file, sizeof(lab->file), "%s/devices.jsonl", lab->dir);
	lab->before = ipv6guard_devices_new(64);
	lab->after = ipv6guard_devices_new(64);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	ipv6guard_devices_free(lab->before);
	ipv6guard_devices_free(lab->after);
	(void)unlink(lab->file);
	(void)rmdir(lab->dir);
	gw_free(lab);
	return 0;
}

static void all_facts_come_back(void **state)
{
	static const uint8_t address[16] = { 0xfe, 0x80, [15] = 7 }, addr4[4] = { 10, 1, 0, 5 };
	struct lab *lab = *state;
	struct ipv6guard_device *device = ipv6guard_devices_see(lab->before, "lan1", mac1, START);

	ipv6guard_device_is_known(lab->before, device, IPV6GUARD_FROM_BRIDGE, START);
	ipv6guard_device_address(device, address, START + 1);
	device->addresses[0].last = START + 9;
	device->n_addresses_ever = 17;
	ipv6guard_device_addr4(device, addr4, IPV6GUARD_FROM_LEASE, START + 2);
	ipv6guard_device_name(device, "notebook", IPV6GUARD_NAME_DHCP, START + 3);
	ipv6guard_device_login(device, "taro@example.jp", START + 4);
	(void)snprintf(device->segment, sizeof(device->segment), "guest");
	device->told[device->n_told++] = (struct ipv6guard_told){
		.class_id = (uint8_t)gw_v6_class_by_name("6in4"), .last = START + 5, .held = 8
	};
	device->background_told = START + 6;
	device->quarantined_until = START + 600;
	device->allowed_until = INT64_MAX;
	assert_int_equal(ipv6guard_keep_save(lab->before, lab->dir), 0);
	assert_int_equal(ipv6guard_keep_load(lab->after, lab->dir, START + 100), 0);
	device = ipv6guard_devices_find(lab->after, "lan1", mac1);
	assert_non_null(device);
	assert_true(device->known);
	assert_int_equal(device->known_by, IPV6GUARD_FROM_BRIDGE);
	assert_int_equal(device->first, START);
	assert_int_equal(device->last, START);
	assert_memory_equal(device->addresses[0].bytes, address, 16);
	assert_int_equal(device->addresses[0].first, START + 1);
	assert_int_equal(device->addresses[0].last, START + 9);
	assert_int_equal(device->n_addresses_ever, 17);
	assert_int_equal(device->addrs4[0].source, IPV6GUARD_FROM_LEASE);
	assert_string_equal(device->name, "notebook");
	assert_string_equal(device->login, "taro@example.jp");
	assert_string_equal(device->segment, "guest");
	assert_int_equal(device->n_told, 1);
	assert_int_equal(device->told[0].held, 8);
	assert_int_equal(device->told[0].last, START + 5);
	assert_int_equal(device->quarantined_until, START + 600);
	assert_true(device->allowed_until == INT64_MAX);
}

static void strangers_of_a_flood_are_not_kept(void **state)
{
	struct lab *lab = *state;

	(void)ipv6guard_devices_see(lab->before, "lan1", mac1, START);
	ipv6guard_devices_see(lab->before, "lan1", mac2, START)->background_told = START;
	assert_int_equal(ipv6guard_keep_save(lab->before, lab->dir), 0);
	assert_int_equal(ipv6guard_keep_load(lab->after, lab->dir, START), 0);
	assert_null(ipv6guard_devices_find(lab->after, "lan1", mac1));
	assert_non_null(ipv6guard_devices_find(lab->after, "lan1", mac2));
}

static void lines_that_cannot_be_read_are_left_out(void **state)
{
	struct lab *lab = *state;
	FILE *out = fopen(lab->file, "w");

	assert_non_null(out);
	(void)fputs(
		"{\"port\": \"lan1\", \"mac\": \"52:54:00:00:00:01\", \"ipv4\": [[\"x\", 99, 1]],"
		" \"ipv6\": [7], \"told\": [[\"no such class\", 1, 1]], \"known_by\": 99,"
		" \"name_source\": -3, \"last\": 99999999999999}\n"
		"not json\n{\"port\": 7}\n"
		"{\"port\": \"0123456789012345678901234567890\", \"mac\": \"52:54:00:00:00:02\"}\n",
		out);
	for (int i = 0; i < 9000; i++)
		(void)fputc('{', out);
	(void)fputs("\n{\"port\": \"lan2\", \"mac\": \"52:54:00:00:00:02\"", out); /* cut off */
	(void)fclose(out);
	assert_int_equal(ipv6guard_keep_load(lab->after, lab->dir, START), -EBADMSG);
	assert_non_null(ipv6guard_devices_find(lab->after, "lan1", mac1));
	assert_int_equal(ipv6guard_devices_find(lab->after, "lan1", mac1)->last, START);
	assert_int_equal(ipv6guard_devices_find(lab->after, "lan1", mac1)->n_told, 0);
	assert_null(ipv6guard_devices_find(lab->after, "lan2", mac2));
}

static void no_file_is_none_to_read(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(ipv6guard_keep_load(lab->after, lab->dir, START), 0);
	assert_int_equal(ipv6guard_devices_count(lab->after), 0);
	assert_int_equal(ipv6guard_keep_load(lab->after, "/nonexistent", START), 0);
	assert_true(ipv6guard_keep_save(lab->before, "/nonexistent") < 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_facts_come_back),
		TEST(strangers_of_a_flood_are_not_kept),
		TEST(lines_that_cannot_be_read_are_left_out),
		TEST(no_file_is_none_to_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
