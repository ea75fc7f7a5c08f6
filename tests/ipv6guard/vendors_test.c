#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipv6guard/vendors.h"

static char dir[64];

static void write_list(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/gw-vendors-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = { "oui.csv", "mam.csv", "oui36.csv", "iab.csv" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static void expect(const struct ipv6guard_vendors *vendors, const uint8_t mac[6],
		   const char *wanted)
{
	char name[IPV6GUARD_VENDOR_MAX];

	if (!wanted) {
		assert_false(ipv6guard_vendors_find(vendors, mac, name));
		return;
	}
	assert_true(ipv6guard_vendors_find(vendors, mac, name));
	assert_string_equal(name, wanted);
}

static void the_most_specific_assignment_names_the_maker(void **state)
{
	struct ipv6guard_vendors *vendors;

	(void)state;
	write_list("oui.csv", "Registry,Assignment,Organization Name,Organization Address\n"
			      "MA-L,002272,Plain Corp.,\"a, street\nand more\"\n"
			      "MA-L,741AE0,\"IEEE \"\"Registration\"\" Authority\",x\n"
			      "MA-L,00D0EF,\"Comma, Inc.\",y\n");
	write_list("mam.csv", "Registry,Assignment,Organization Name,Organization Address\n"
			      "MA-M,741AE09,Medium,z\n");
	write_list("oui36.csv", "Registry,Assignment,Organization Name,Organization Address\n"
				"MA-S,741AE09AB,Small,z");
	vendors = ipv6guard_vendors_new(dir);
	assert_int_equal(ipv6guard_vendors_count(vendors), 5);
	expect(vendors, (const uint8_t[]){ 0x00, 0x22, 0x72, 1, 2, 3 }, "Plain Corp.");
	expect(vendors, (const uint8_t[]){ 0x00, 0xd0, 0xef, 1, 2, 3 }, "Comma, Inc.");
	expect(vendors, (const uint8_t[]){ 0x74, 0x1a, 0xe0, 0x80, 0, 0 },
	       "IEEE \"Registration\" Authority");
	expect(vendors, (const uint8_t[]){ 0x74, 0x1a, 0xe0, 0x9f, 0, 0 }, "Medium");
	expect(vendors, (const uint8_t[]){ 0x74, 0x1a, 0xe0, 0x9a, 0xbf, 0 }, "Small");
	expect(vendors, (const uint8_t[]){ 0x00, 0x22, 0x73, 1, 2, 3 }, NULL);
	expect(vendors, (const uint8_t[]){ 0x02, 0x22, 0x72, 1, 2, 3 }, NULL); /* random */
	ipv6guard_vendors_free(vendors);
}

static void without_lists_or_with_junk_nobody_is_found(void **state)
{
	struct ipv6guard_vendors *vendors = ipv6guard_vendors_new(dir);

	(void)state;
	assert_int_equal(ipv6guard_vendors_count(vendors), 0);
	expect(vendors, (const uint8_t[]){ 0, 0x22, 0x72, 1, 2, 3 }, NULL);
	ipv6guard_vendors_free(vendors);
	write_list("oui.csv", "\",,,\n\"\"\"\n,,\nMA-L,00227,short,\nMA-L,00227G,no,\nMA-L,002272");
	vendors = ipv6guard_vendors_new(dir);
	expect(vendors, (const uint8_t[]){ 0, 0x22, 0x72, 1, 2, 3 }, NULL);
	ipv6guard_vendors_free(vendors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_most_specific_assignment_names_the_maker, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_lists_or_with_junk_nobody_is_found, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
