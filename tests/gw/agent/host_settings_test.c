/* Against a directory that looks like /proc/sys; tests/netns/75-host-settings.sh has the kernel's. */
/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/agent/durable.h"
#include "gw/agent/host_settings.h"
#include "gw/core/mem.h"
#include "gw/policy/load.h"

#define NOW  1795392000 /* 2026-11-23T00:00:00Z */
#define SITE "gw: 1\nzones: {wan: {interfaces: [wan0], untrusted: true}}\n"
/* The fewest settings: one of the machine, one of the interface, one by its name. */
#define HOST(forwarding, more)                                                                     \
	SITE "host: {forwarding: " forwarding                                                      \
	     ", rp_filter: keep, redirects: keep, source_routes: keep, syncookies: keep" more      \
	     "}\n"

struct state {
	struct gw_arena *arena;
	struct gw_diags diags;
	struct gw_store *store;
	struct gw_config *config;
	char dir[32];
	int root;
	struct gw_host_report report;
};

static const char *path_of(const struct state *state, const char *path)
{
	return gw_arena_printf(state->arena, "%s/%s", state->dir, path);
}

static void put(const struct state *state, const char *path, const char *value)
{
	FILE *file = fopen(path_of(state, path), "we");

	assert_non_null(file);
	assert_true(fprintf(file, "%s\n", value) > 0);
	assert_int_equal(fclose(file), 0);
}

static const char *get(const struct state *state, const char *setting)
{
	char *value;

	if (gw_sysctl_read(state->root, setting, state->arena, &value) < 0)
		return "-";
	return value;
}

static int setup(void **ret)
{
	static const char *const folders[] = { "sys",
					       "sys/net",
					       "sys/net/ipv4",
					       "sys/net/core",
					       "sys/net/ipv6",
					       "sys/net/ipv6/conf",
					       "sys/net/ipv6/conf/all",
					       "sys/net/ipv6/conf/wan0",
					       "sys/kernel",
					       "sys/kernel/random",
					       "state" };
	struct state *state = gw_zalloc(1, sizeof(*state));

	state->arena = gw_arena_new();
	gw_diags_init(&state->diags);
	strcpy(state->dir, "/tmp/gw-host-XXXXXX");
	assert_non_null(mkdtemp(state->dir));
	for (size_t i = 0; i < GW_COUNT(folders); i++)
		assert_int_equal(mkdir(path_of(state, folders[i]), 0700), 0);
	put(state, "sys/net/ipv4/ip_forward", "0");
	put(state, "sys/net/ipv6/conf/all/forwarding", "0");
	put(state, "sys/net/ipv6/conf/wan0/accept_ra", "1");
	put(state, "sys/net/core/rmem", "1\t2  3");
	put(state, "sys/kernel/random/boot_id", "first");
	assert_int_equal(gw_store_open(path_of(state, "state"), &state->store, &state->diags), 0);
	state->root = gw_sysctl_open(path_of(state, "sys"));
	assert_true(state->root >= 0);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	gw_config_free(state->config);
	gw_store_close(state->store);
	assert_int_equal(close(state->root), 0);
	assert_int_equal(gw_durable_remove_tree(-1, state->dir), 0);
	gw_diags_done(&state->diags);
	gw_arena_free(state->arena);
	gw_free(state);
	return 0;
}

static const struct gw_policy *load(struct state *state, const char *yaml)
{
	const struct gw_conf_file file = { "gw.yaml", yaml, strlen(yaml) };

	gw_config_free(state->config);
	state->config = NULL;
	if (!yaml[0])
		return NULL;
	state->config = gw_config_load_files(&file, 1, NOW, &state->diags);
	assert_non_null(state->config->policy);
	return state->config->policy;
}

/* Makes it so; "" for no policy at all. */
static void enforce(struct state *state, const char *yaml, enum gw_host_drift drift)
{
	assert_int_equal(gw_host_enforce(state->store, state->root, load(state, yaml), drift,
					 state->arena, &state->report),
			 0);
}

static void compare(struct state *state, const char *yaml)
{
	assert_int_equal(gw_host_compare(state->store, state->root, load(state, yaml), state->arena,
					 &state->report),
			 0);
}

static const struct gw_host_item *item(const struct state *state, const char *path)
{
	for (size_t i = 0; i < state->report.n; i++)
		if (strcmp(state->report.items[i].path, path) == 0)
			return &state->report.items[i];
	fail_msg("%s is not reported", path);
	return state->report.items; /* never */
}

static void assert_state(const struct state *state, const char *path, enum gw_host_state wanted)
{
	assert_string_equal(gw_host_state_name(item(state, path)->state),
			    gw_host_state_name(wanted));
}

#define FORWARD "net/ipv4/ip_forward"
#define RA      "net/ipv6/conf/wan0/accept_ra"

static void settings_are_written_and_put_back(void **ret)
{
	struct state *state = *ret;

	enforce(state, HOST("on", ", sysctl: {net.core.rmem: 4 5 6}"), GW_HOST_REPAIR);
	assert_int_equal(state->report.changed, 4);
	assert_int_equal(state->report.differing, 0);
	assert_state(state, FORWARD, GW_HOST_SET);
	assert_string_equal(get(state, FORWARD), "1");
	assert_string_equal(get(state, RA), "0");
	assert_string_equal(get(state, "net/core/rmem"), "4 5 6");

	enforce(state, HOST("on", ""), GW_HOST_REPAIR);
	assert_int_equal(state->report.changed, 1);
	assert_state(state, "net/core/rmem", GW_HOST_RESTORED);
	assert_string_equal(get(state, "net/core/rmem"), "1 2 3");
	assert_string_equal(get(state, FORWARD), "1");

	enforce(state, "", GW_HOST_REPAIR);
	assert_string_equal(get(state, FORWARD), "0");
	assert_string_equal(get(state, RA), "1");
	enforce(state, "", GW_HOST_REPAIR);
	assert_int_equal(state->report.n, 0);
}

static void the_first_value_is_the_one_that_comes_back(void **ret)
{
	struct state *state = *ret;

	enforce(state, HOST("keep", ", sysctl: {net.core.rmem: 10}"), GW_HOST_REPAIR);
	enforce(state, HOST("keep", ", sysctl: {net.core.rmem: 20}"), GW_HOST_REPAIR);
	enforce(state, HOST("keep", ", sysctl: {net.core.rmem: 30}"), GW_HOST_REPAIR);
	assert_string_equal(get(state, "net/core/rmem"), "30");
	assert_string_equal(item(state, "net/core/rmem")->previous, "1 2 3");
	enforce(state, SITE, GW_HOST_REPAIR);
	assert_string_equal(get(state, "net/core/rmem"), "1 2 3");
}

static void a_value_that_was_right_comes_back_too(void **ret)
{
	struct state *state = *ret;

	put(state, "sys/net/core/rmem", "7");
	enforce(state, HOST("keep", ", sysctl: {net.core.rmem: 7}"), GW_HOST_REPAIR);
	assert_state(state, "net/core/rmem", GW_HOST_KEPT);
	enforce(state, HOST("keep", ", sysctl: {net.core.rmem: 8}"), GW_HOST_REPAIR);
	enforce(state, SITE, GW_HOST_REPAIR);
	assert_string_equal(get(state, "net/core/rmem"), "7");
}

static void changes_by_others_are_drift(void **ret)
{
	struct state *state = *ret;
	const char *yaml = HOST("on", "");

	compare(state, yaml);
	assert_state(state, FORWARD, GW_HOST_TO_SET);
	assert_int_equal(access(path_of(state, "state/host.json"), F_OK), -1);
	enforce(state, yaml, GW_HOST_REPAIR);
	compare(state, yaml);
	assert_int_equal(state->report.differing, 0);

	put(state, "sys/" FORWARD, "0");
	compare(state, yaml);
	assert_state(state, FORWARD, GW_HOST_DRIFTED);
	assert_string_equal(item(state, FORWARD)->actual, "0");
	enforce(state, yaml, GW_HOST_REPORT);
	assert_state(state, FORWARD, GW_HOST_DRIFTED);
	assert_string_equal(get(state, FORWARD), "0");
	enforce(state, yaml, GW_HOST_REPAIR);
	assert_state(state, FORWARD, GW_HOST_REPAIRED);
	assert_string_equal(get(state, FORWARD), "1");
}

static void what_others_have_decided_meanwhile_is_left_alone(void **ret)
{
	struct state *state = *ret;

	enforce(state, HOST("keep", ", sysctl: {net.core.rmem: 10}"), GW_HOST_REPAIR);
	put(state, "sys/net/core/rmem", "99");
	enforce(state, SITE, GW_HOST_REPAIR);
	assert_state(state, "net/core/rmem", GW_HOST_LEFT);
	assert_string_equal(get(state, "net/core/rmem"), "99");
	enforce(state, SITE, GW_HOST_REPAIR);
	assert_int_equal(state->report.n, 0); /* and is forgotten */
}

static void an_interface_that_comes_later_gets_its_settings(void **ret)
{
	struct state *state = *ret;
	const char *yaml = HOST("keep", "");

	assert_int_equal(unlink(path_of(state, "sys/" RA)), 0);
	enforce(state, yaml, GW_HOST_REPAIR);
	assert_state(state, RA, GW_HOST_WAITS);
	assert_int_equal(state->report.differing, 0);
	put(state, "sys/" RA, "1");
	enforce(state, yaml, GW_HOST_REPAIR);
	assert_state(state, RA, GW_HOST_SET);
	assert_string_equal(get(state, RA), "0");
	/* It goes and comes again with another value: that is no drift. */
	assert_int_equal(unlink(path_of(state, "sys/" RA)), 0);
	enforce(state, yaml, GW_HOST_REPAIR);
	put(state, "sys/" RA, "2");
	enforce(state, yaml, GW_HOST_REPAIR);
	assert_state(state, RA, GW_HOST_SET);
	enforce(state, SITE, GW_HOST_REPAIR);
	assert_string_equal(get(state, RA), "2");
}

static void an_interface_that_is_another_has_no_drift(void **ret)
{
	struct state *state = *ret;
	const char *yaml = HOST("on", "");

	enforce(state, yaml, GW_HOST_REPAIR);
	assert_int_equal(gw_host_forget(state->store, state->root, "wan", state->arena), 0);
	put(state, "sys/" RA, "2");
	compare(state, yaml);
	assert_state(state, RA, GW_HOST_DRIFTED); /* `wan` is another name */
	assert_int_equal(gw_host_forget(state->store, state->root, "wan0", state->arena), 0);
	enforce(state, yaml, GW_HOST_REPAIR);
	assert_state(state, RA, GW_HOST_SET);
	enforce(state, "", GW_HOST_REPAIR);
	assert_string_equal(get(state, RA), "2");
	assert_string_equal(get(state, FORWARD), "0");
}

static void a_setting_that_the_kernel_lacks_is_reported(void **ret)
{
	struct state *state = *ret;

	enforce(state, HOST("on", ", sysctl: {net.ipv4.no_such_thing: 1}"), GW_HOST_REPAIR);
	assert_state(state, "net/ipv4/no_such_thing", GW_HOST_UNKNOWN);
	assert_int_equal(state->report.differing, 1);
	assert_string_equal(get(state, FORWARD), "1"); /* the others are there */
}

static void a_new_boot_begins_anew(void **ret)
{
	struct state *state = *ret;
	const char *yaml = HOST("keep", ", sysctl: {net.core.rmem: 10}");

	enforce(state, yaml, GW_HOST_REPAIR);
	put(state, "sys/kernel/random/boot_id", "second");
	put(state, "sys/net/core/rmem", "55");
	enforce(state, yaml, GW_HOST_REPAIR);
	assert_state(state, "net/core/rmem", GW_HOST_SET); /* no drift */
	enforce(state, SITE, GW_HOST_REPAIR);
	assert_string_equal(get(state, "net/core/rmem"), "55");
}

static void damage_changes_nothing(void **ret)
{
	static const char *const damaged[] = {
		"",
		"{}",
		"{\"schema\": \"gw.host/1\", \"boot\": \"first\", \"settings\": 1}",
		"{\"schema\": \"gw.host/1\", \"boot\": \"first\", \"settings\": [{}]}",
		"{\"schema\": \"gw.host/1\", \"boot\": \"first\", \"settings\": [{\"path\": "
		"\"net/../kernel/random/boot_id\", \"previous\": \"x\", \"written\": \"first\"}]}",
		"{\"schema\": \"gw.host/1\", \"boot\": \"first\", \"settings\": [{\"path\": "
		"\"kernel/random/boot_id\", \"previous\": \"x\", \"written\": \"first\"}]}",
	};
	struct state *state = *ret;

	for (size_t i = 0; i < GW_COUNT(damaged); i++) {
		put(state, "state/host.json", damaged[i]);
		assert_int_equal(gw_host_enforce(state->store, state->root,
						 load(state, HOST("on", "")), GW_HOST_REPAIR,
						 state->arena, &state->report),
				 -EBADMSG);
		assert_string_equal(get(state, FORWARD), "0");
		assert_string_equal(get(state, "kernel/random/boot_id"), "first");
	}
}

static void nothing_is_changed_that_cannot_be_remembered(void **ret)
{
	struct state *state = *ret;

	/* A folder in the place of the file that would be renamed. */
	assert_int_equal(mkdir(path_of(state, "state/host.json.new"), 0700), 0);
	assert_true(gw_host_enforce(state->store, state->root, load(state, HOST("on", "")),
				    GW_HOST_REPAIR, state->arena, &state->report) < 0);
	assert_string_equal(get(state, FORWARD), "0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(settings_are_written_and_put_back),
		TEST(the_first_value_is_the_one_that_comes_back),
		TEST(a_value_that_was_right_comes_back_too),
		TEST(changes_by_others_are_drift),
		TEST(what_others_have_decided_meanwhile_is_left_alone),
		TEST(an_interface_that_comes_later_gets_its_settings),
		TEST(an_interface_that_is_another_has_no_drift),
		TEST(a_setting_that_the_kernel_lacks_is_reported),
		TEST(a_new_boot_begins_anew),
		TEST(damage_changes_nothing),
		TEST(nothing_is_changed_that_cannot_be_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
