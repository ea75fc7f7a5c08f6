#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mac.h"

static void both_ways_of_writing_are_read(void **state)
{
	uint8_t mac[GW_MAC_LEN];
	char text[GW_MAC_TEXT];

	(void)state;
	assert_true(gw_mac_parse("52:54:00:AB:cd:0f", 17, mac));
	assert_string_equal(gw_mac_format(mac, text), "52:54:00:ab:cd:0f");
	assert_true(gw_mac_parse("52-54-00-ab-cd-0f behind", 17, mac));
	assert_string_equal(gw_mac_format(mac, text), "52:54:00:ab:cd:0f");
}

static void anything_else_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"52:54:00:ab:cd",
		"52:54:00:ab:cd:0f:1",
		"52:54:00:ab:cd-0f",
		"52.54.00.ab.cd.0f",
		"g2:54:00:ab:cd:0f",
		"5254:00:ab:cd:0f:",
		"52:54:00:ab:cd: f",
		"52:54:00:ab:cd:f",
	};
	uint8_t mac[GW_MAC_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (gw_mac_parse(texts[i], strlen(texts[i]), mac))
			fail_msg("`%s` was read", texts[i]);
}

static void groups_and_nothing_are_no_devices(void **state)
{
	static const uint8_t none[6], group[6] = { 1 }, all[6] = { 255, 255, 255, 255, 255, 255 };
	static const uint8_t local[6] = { 2 };

	(void)state;
	assert_false(gw_mac_is_device(none));
	assert_false(gw_mac_is_device(group));
	assert_false(gw_mac_is_device(all));
	assert_true(gw_mac_is_device(local));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_of_writing_are_read),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(groups_and_nothing_are_no_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
