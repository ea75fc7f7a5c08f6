/* The commands that need a gateway, on the kernel of a network namespace of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "tests/support/gwctl.h"
#include "tests/support/private_net.h"

#define DUTIES ", owner: o, ticket: t, review: 2099-12-31}\n"
#define ZONES                                                                                      \
	"gw: 1\nsite: {name: t}\nzones:\n"                                                         \
	"  wan: {interfaces: [wan0], untrusted: true}\n"                                           \
	"  dmz: {interfaces: [lo0x], nets: [203.0.113.0/28]}\n"
#define WEB "  - {id: web, from: wan, to: dmz, services: [tcp/80], action: accept" DUTIES

static const char site_a[] = ZONES "policies:\n" WEB;
static const char site_b[] =
	ZONES "policies:\n" WEB
	      "  - {id: mail, from: wan, to: dmz, services: [tcp/25], action: accept" DUTIES;
static const char site_refused[] = ZONES "policies:\n" WEB "verify: [{never: {from: wan, to: "
					 "dmz}}]\n";

static int setup(void **ret)
{
	struct gwctl_site *site = gw_zalloc(1, sizeof(*site));

	gwctl_site_make(site);
	gwctl_site_write(site, "config/gw.yaml", site_a);
	*ret = site;
	return 0;
}

static int teardown(void **ret)
{
	gwctl_site_done(*ret);
	gw_free(*ret);
	return 0;
}

static void assert_run(const struct gwctl_site *site, int status, const char *says)
{
	if (site->status != status ||
	    (says && !strstr(site->out, says) && !strstr(site->err, says)))
		fail_msg("status %d, not %d, or not said: %s\n%s%s", site->status, status,
			 says ? says : "", site->out, site->err);
}

static json_int_t number(const struct gwctl_site *site, const char *key)
{
	const json_t *value = json_object_get(site->json, key);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static bool flag(const struct gwctl_site *site, const char *key)
{
	const json_t *value = json_object_get(site->json, key);

	assert_true(json_is_boolean(value));
	return json_is_true(value);
}

/* ---- the usual way ------------------------------------------------------------------------------ */

static void apply_says_in_json_whether_it_changed_anything(void **ret)
{
	struct gwctl_site *site = *ret;

	gwctl(site, "apply", "--json");
	assert_run(site, 0, NULL);
	assert_true(flag(site, "changed") && flag(site, "new_revision"));
	gwctl(site, "apply", "--json");
	assert_run(site, 0, NULL);
	assert_false(flag(site, "changed") || flag(site, "new_revision"));
	/* Other words, same meaning: a revision for the record, and nothing for the kernel. */
	gwctl_site_write(site, "config/gw.yaml", "# why\n" ZONES "policies:\n" WEB);
	gwctl(site, "apply", "--json");
	assert_run(site, 0, NULL);
	assert_true(!flag(site, "changed") && flag(site, "new_revision"));
}

static void plan_tells_policies_reachability_and_operations(void **ret)
{
	struct gwctl_site *site = *ret;
	const json_t *rule, *reach;

	gwctl(site, "apply");
	gwctl_site_write(site, "config/gw.yaml", site_b);
	gwctl(site, "plan", "--json");
	assert_run(site, 2, NULL);
	assert_int_equal(number(site, "base"), 1);
	rule = json_array_get(json_object_get(site->json, "rules"), 0);
	assert_string_equal(json_string_value(json_object_get(rule, "change")), "added");
	assert_string_equal(json_string_value(json_object_get(rule, "id")), "mail");
	assert_int_equal(json_integer_value(json_object_get(rule, "line")), 8);
	reach = json_array_get(json_object_get(site->json, "reachability"), 0);
	assert_string_equal(json_string_value(json_object_get(reach, "change")), "gained");
	assert_string_equal(json_string_value(json_object_get(reach, "from")), "wan");
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(reach, "services"), 0)), "tcp/25");
	assert_non_null(json_object_get(json_object_get(site->json, "connections"), "ending"));
	/* It only looked. */
	gwctl(site, "drift");
	assert_run(site, 0, "no drift");
}

static void history_tells_who_when_and_why(void **ret)
{
	struct gwctl_site *site = *ret;
	const json_t *newest;

	assert_int_equal(setenv("SUDO_USER", "op-17", 1), 0);
	gwctl(site, "apply", "-m", "first");
	assert_int_equal(unsetenv("SUDO_USER"), 0);
	gwctl_site_write(site, "config/gw.yaml", site_b);
	gwctl(site, "apply");
	gwctl(site, "rollback");
	assert_run(site, 0, "applied revision 3");
	gwctl(site, "history");
	assert_run(site, 0, "op-17");
	gwctl(site, "history", "--json");
	newest = json_array_get(json_object_get(site->json, "revisions"), 0);
	assert_int_equal(json_integer_value(json_object_get(newest, "revision")), 3);
	assert_true(json_is_true(json_object_get(newest, "current")));
	assert_string_equal(json_string_value(json_object_get(newest, "note")), "rollback to 1");
	gwctl(site, "diff", "1", "3");
	assert_run(site, 0, "no difference");
}

static void status_tells_missing_interfaces_from_those_in_no_zone(void **ret)
{
	struct gwctl_site *site = *ret;
	const json_t *zone, *interface;

	gwctl(site, "apply");
	assert_run(site, 0, "GW0907");
	gwctl(site, "status", "--json");
	assert_run(site, 0, NULL);
	assert_false(flag(site, "drift"));
	zone = json_array_get(json_object_get(site->json, "zones"), 0);
	assert_string_equal(json_string_value(json_object_get(zone, "name")), "dmz");
	interface = json_array_get(json_object_get(zone, "interfaces"), 0);
	assert_true(json_is_false(json_object_get(interface, "present")));
	assert_int_equal(json_array_size(json_object_get(site->json, "interfaces_in_no_zone")), 0);
	gwctl(site, "status");
	assert_run(site, 0, "lo0x (missing)");
}

/* ---- refusals ----------------------------------------------------------------------------------- */

static void what_is_refused_leaves_everything_as_it_was(void **ret)
{
	struct gwctl_site *site = *ret;

	gwctl(site, "apply");
	gwctl_site_write(site, "config/gw.yaml", site_refused);
	gwctl(site, "apply");
	assert_run(site, 4, "GW0701");
	gwctl_site_write(site, "config/gw.yaml", "gw: [\n");
	gwctl(site, "apply");
	assert_run(site, 3, "gw.yaml:");
	gwctl(site, "rollback", "7");
	assert_run(site, 1, "GW0905");
	gwctl(site, "rollback");
	assert_run(site, 1, "GW0905");
	gwctl(site, "drift");
	assert_run(site, 0, "revision 1");
}

static void before_the_first_apply_there_is_nothing_to_observe(void **ret)
{
	static const char *const commands[] = { "status", "counters", "drops", "drift" };
	struct gwctl_site *site = *ret;

	for (size_t i = 0; i < GW_COUNT(commands); i++) {
		gwctl(site, commands[i]);
		assert_run(site, 1, "GW0906");
	}
}

/* Damage anywhere in the state directory is named; no command crashes, and the kernel stays. */
static void damage_in_the_state_directory_is_named(void **ret)
{
	static const struct {
		const char *path, *bytes, *id;
	} damages[] = {
		{ "state/current", "", "GW0904" },
		{ "state/current", "-1\n", "GW0904" },
		{ "state/revisions/000001/meta.json", "", "GW0904" },
		{ "state/revisions/000001/meta.json", "[[[[[[[[", "GW0904" },
		{ "state/revisions/000001/meta.json", "{\"schema\": \"gw.revision/2\"}", "GW0904" },
		{ "state/revisions/000001/numbers.json", "{}", "GW0904" },
		{ "state/revisions/000001/config/gw.yaml", "gw: 1\n", "GW0904" },
	};
	static const char *const commands[] = { "status", "counters", "drift", "plan", "apply" };
	struct gwctl_site *site = *ret;

	gwctl(site, "apply");
	assert_run(site, 0, NULL);
	gwctl_site_write(site, "config/gw.yaml", site_b);
	for (size_t i = 0; i < GW_COUNT(damages); i++) {
		gw_auto_free char *before = gwctl_site_read(site, damages[i].path);

		gwctl_site_write(site, damages[i].path, damages[i].bytes);
		for (size_t k = 0; k < GW_COUNT(commands); k++) {
			gwctl(site, commands[k]);
			if (site->status != 1 || !strstr(site->err, damages[i].id))
				fail_msg("%s with %s damaged: status %d\n%s%s", commands[k],
					 damages[i].path, site->status, site->out, site->err);
		}
		gwctl_site_write(site, damages[i].path, before);
	}
	gwctl(site, "drift");
	assert_run(site, 0, "no drift");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(apply_says_in_json_whether_it_changed_anything),
		TEST(plan_tells_policies_reachability_and_operations),
		TEST(history_tells_who_when_and_why),
		TEST(status_tells_missing_interfaces_from_those_in_no_zone),
		TEST(what_is_refused_leaves_everything_as_it_was),
		TEST(before_the_first_apply_there_is_nothing_to_observe),
		TEST(damage_in_the_state_directory_is_named),
	};

	if (!private_net_enter())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
