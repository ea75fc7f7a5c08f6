#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/agent/agent.h"
#include "gw/man/protocol.h"

static void assert_said(const struct gw_text *page, const char *what, const char *name)
{
	char line[128];

	(void)snprintf(line, sizeof(line), ".It Cm %s\n", name);
	if (!strstr(page->bytes, line))
		fail_msg("the page lacks %s `%s`", what, name);
}

static void every_verb_and_field_is_on_the_page_with_its_help(void **state)
{
	gw_auto_text struct gw_text page = { 0 };

	(void)state;
	gw_protocol_manual(gw_agent_control_verbs, &page);
	for (size_t t = 0; gw_agent_control_verbs[t]; t++) {
		for (const struct gw_verb *verb = gw_agent_control_verbs[t]; verb->name; verb++) {
			assert_true(verb->help && *verb->help);
			assert_said(&page, "verb", verb->name);
			for (const struct gw_ipc_field *f = verb->fields; f && f->name; f++) {
				if (!f->help || !*f->help)
					fail_msg("%s.%s has no help", verb->name, f->name);
				assert_said(&page, "field", f->name);
			}
		}
	}
}

static void no_two_verbs_have_one_name(void **state)
{
	(void)state;
	for (size_t t = 0; gw_agent_control_verbs[t]; t++)
		for (const struct gw_verb *verb = gw_agent_control_verbs[t]; verb->name; verb++)
			if (gw_verb_find(gw_agent_control_verbs, verb->name) != verb)
				fail_msg("two verbs are called %s", verb->name);
}

static void every_verb_needs_a_permission(void **state)
{
	(void)state;
	for (size_t t = 0; gw_agent_control_verbs[t]; t++)
		for (const struct gw_verb *verb = gw_agent_control_verbs[t]; verb->name; verb++)
			if (!verb->permission)
				fail_msg("anybody may %s", verb->name);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verb_and_field_is_on_the_page_with_its_help),
		cmocka_unit_test(no_two_verbs_have_one_name),
		cmocka_unit_test(every_verb_needs_a_permission),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
