#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/diag.h"
#include "gw/core/mem.h"

static void the_nearest_name_is_found(void **state)
{
	static const char *const names[] = { "wan",  "dmz",         "guest",
					     "mgmt", "destination", "services" };
	static const struct {
		const char *name, *expected; /* NULL: none is near */
	} cases[] = {
		{ "dmx", "dmz" },
		{ "dzm", "dmz" },
		{ "gest", "guest" },
		{ "mgtm", "mgmt" },
		{ "service", "services" },
		{ "destinatoin", "destination" },
		{ "internet", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ "dmz", NULL }, /* the name itself is no suggestion */
		{ "a-name-that-is-far-longer-than-any-name-that-could-be-meant-here-x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		const char *found = gw_nearest_name(cases[i].name, names, GW_COUNT(names));

		if (!found != !cases[i].expected ||
		    (found && strcmp(found, cases[i].expected) != 0))
			fail_msg("%s: %s", cases[i].name, found ? found : "none");
	}
	assert_null(gw_nearest_name("wan", NULL, 0));
}

static void the_first_of_equally_near_names_wins(void **state)
{
	static const char *const names[] = { "web1", "web2" };

	(void)state;
	assert_string_equal(gw_nearest_name("web3", names, 2), "web1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_name_is_found),
		cmocka_unit_test(the_first_of_equally_near_names_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
