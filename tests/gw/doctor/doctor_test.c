/* On machines that were made up; tests/netns/79-doctor.sh asks a real kernel. */
/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <errno.h>
#include <fcntl.h>
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
#include "gw/core/mem.h"
#include "gw/doctor/doctor.h"

struct state {
	struct gw_doctor doctor;
	char dir[32];
};

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	strcpy(state->dir, "/tmp/gw-doctor-XXXXXX");
	assert_non_null(mkdtemp(state->dir));
	state->doctor = (struct gw_doctor){ .arena = gw_arena_new(), .root = state->dir };
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;
	struct gw_arena *arena = state->doctor.arena;

	gw_doctor_done(&state->doctor);
	gw_arena_free(arena);
	assert_int_equal(gw_durable_remove_tree(-1, state->dir), 0);
	gw_free(state);
	return 0;
}

/* A file of the machine, with the folders above it. */
static void put(struct state *state, const char *path, const char *text)
{
	const char *full = gw_arena_printf(state->doctor.arena, "%s%s", state->dir, path);
	char *folder = gw_arena_strdup(state->doctor.arena, path + 1);
	int root = open(state->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	FILE *file;

	*strrchr(folder, '/') = '\0';
	assert_int_equal(gw_durable_mkdirs(root, folder), 0);
	assert_int_equal(close(root), 0);
	file = fopen(full, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* The first result of a check. */
static const struct gw_check_result *result(const struct state *state, enum gw_check check)
{
	for (size_t i = 0; i < state->doctor.n; i++)
		if (state->doctor.items[i].check == check)
			return &state->doctor.items[i];
	fail_msg("%s was not looked at", gw_check_kind(check)->name);
	return state->doctor.items; /* never */
}

static void assert_verdict(const struct state *state, enum gw_check check, enum gw_verdict verdict,
			   const char *text)
{
	const struct gw_check_result *found = result(state, check);

	if (found->verdict != verdict || !strstr(found->text, text))
		fail_msg("%s: %d, %s", gw_check_kind(check)->name, (int)found->verdict,
			 found->text);
}

static void every_check_says_what_it_costs_and_what_to_do(void **ret)
{
	(void)ret;
	for (int i = 0; i < GW_CHECK_COUNT; i++) {
		const struct gw_check_kind *kind = gw_check_kind((enum gw_check)i);

		assert_non_null(kind->name);
		assert_true(strlen(kind->cost_en) > 20 && strlen(kind->cost_ja) > 20);
		assert_true(strlen(kind->remedy_en) > 10 && strlen(kind->remedy_ja) > 10);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(kind->name, gw_check_kind((enum gw_check)k)->name);
	}
}

static void a_machine_without_others_is_sound(void **ret)
{
	struct state *state = *ret;
	const struct gw_foreign none = { 0 };

	put(state, "/proc/sys/net/netfilter/nf_conntrack_max", "1000\n");
	put(state, "/proc/sys/net/netfilter/nf_conntrack_count", "799\n");
	put(state, "/proc/sys/net/netfilter/nf_conntrack_buckets", "250\n");
	put(state, "/proc/net/stat/nf_conntrack",
	    "entries clashres found drop early_drop icmp_error\n"
	    "0000 0001 0002 00000000 00000000 0003\n0000 0001 0002 00000000 00000000 0003\n");
	gw_doctor_conntrack(&state->doctor);
	gw_doctor_foreign(&state->doctor, &none, UINT32_MAX);
	gw_doctor_programs(&state->doctor);
	for (size_t i = 0; i < state->doctor.n; i++)
		assert_int_equal(state->doctor.items[i].verdict, GW_VERDICT_SOUND);
	assert_int_equal(state->doctor.n, 9);
}

static void a_full_table_of_connections_is_found(void **ret)
{
	struct state *state = *ret;

	put(state, "/proc/sys/net/netfilter/nf_conntrack_max", "1000\n");
	put(state, "/proc/sys/net/netfilter/nf_conntrack_count", "800\n");
	put(state, "/proc/sys/net/netfilter/nf_conntrack_buckets", "199\n");
	put(state, "/proc/net/stat/nf_conntrack",
	    "entries clashres drop early_drop\n0000 0001 0000000a 00000001\n0000 0001 00000006 "
	    "00000000\n");
	gw_doctor_conntrack(&state->doctor);
	assert_verdict(state, GW_CHECK_CONNTRACK_FULL, GW_VERDICT_FINDING, "800 of 1000");
	assert_verdict(state, GW_CHECK_CONNTRACK_BUCKETS, GW_VERDICT_FINDING, "199 hash buckets");
	assert_verdict(state, GW_CHECK_CONNTRACK_LOSSES, GW_VERDICT_FINDING,
		       "16 connections were refused and 1 thrown out");
}

static void a_kernel_without_conntrack_is_found(void **ret)
{
	struct state *state = *ret;

	gw_doctor_conntrack(&state->doctor);
	assert_verdict(state, GW_CHECK_CONNTRACK, GW_VERDICT_FINDING, "no connection tracking");
	assert_verdict(state, GW_CHECK_CONNTRACK_LOSSES, GW_VERDICT_UNKNOWN, "No such file");
}

static void chains_of_others_are_found_by_table(void **ret)
{
	struct gw_foreign_chain chains[] = {
		{ "inet", "filter", "fwd", "filter", "forward", 0, true, 0 },
		{ "inet", "filter", "in", "filter", "input", -10, false, 1 },
		{ "inet", "filter", "out", "filter", "output", 0, false, 0 }, /* does nothing */
		{ "ip", "nat", "pre", "nat", "prerouting", -100, false, 2 },
		{ "ip6", "quiet", "pre", "filter", "prerouting", 0, false, 0 },
	};
	struct gw_foreign_flowtable flowtables[] = { { "inet", "fast", "f" } };
	struct gw_foreign_mark marks[] = { { "ip", "mangle" } };
	const struct gw_foreign foreign = { chains, GW_COUNT(chains), flowtables, 1, marks, 1 };
	struct state *state = *ret;

	gw_doctor_foreign(&state->doctor, &foreign, 0x00ff0000);
	assert_int_equal(state->doctor.n, 4);
	assert_verdict(state, GW_CHECK_FOREIGN_FILTER, GW_VERDICT_FINDING,
		       "table inet filter: forward (priority 0, policy drop, 0 rules), input "
		       "(priority -10, 1 rule)");
	assert_null(strstr(result(state, GW_CHECK_FOREIGN_FILTER)->text, "output"));
	assert_verdict(state, GW_CHECK_FOREIGN_NAT, GW_VERDICT_FINDING,
		       "table ip nat: prerouting (priority -100, 2 rules)");
	assert_verdict(state, GW_CHECK_FOREIGN_FLOWTABLE, GW_VERDICT_FINDING,
		       "flowtable f in table inet fast");
	assert_verdict(state, GW_CHECK_FOREIGN_MARK, GW_VERDICT_FINDING,
		       "table ip mangle writes the connection mark; gw uses the bits 0x00ff0000");
}

static void programs_that_manage_rules_are_found(void **ret)
{
	struct state *state = *ret;

	put(state, "/proc/net/ip_tables_names", "filter\nnat\n");
	put(state, "/proc/net/ip6_tables_names", "");
	put(state, "/etc/ufw/ufw.conf", "# comment\nENABLED=yes\n");
	put(state, "/etc/systemd/system/sysinit.target.wants/nftables.service", "");
	put(state, "/etc/nftables.conf", "#!/usr/sbin/nft -f\n\nflush ruleset\n");
	gw_doctor_programs(&state->doctor);
	assert_verdict(state, GW_CHECK_IPTABLES_LEGACY, GW_VERDICT_FINDING, "filter, nat");
	assert_verdict(state, GW_CHECK_OTHER_FIREWALL, GW_VERDICT_FINDING, "ufw is at work");
	assert_verdict(state, GW_CHECK_NFTABLES_SERVICE, GW_VERDICT_FINDING, "flushes all");
}

static void programs_that_are_installed_only_are_none(void **ret)
{
	struct state *state = *ret;

	put(state, "/etc/ufw/ufw.conf", "ENABLED=no\n");
	put(state, "/etc/nftables.conf", "flush ruleset\n");
	gw_doctor_programs(&state->doctor);
	assert_verdict(state, GW_CHECK_OTHER_FIREWALL, GW_VERDICT_SOUND, "");
	assert_verdict(state, GW_CHECK_NFTABLES_SERVICE, GW_VERDICT_SOUND, "");
}

static void directories_that_others_can_enter_are_found(void **ret)
{
	struct state *state = *ret;
	const struct gw_doctor_site site = { .state_dir = "/var/lib/gw",
					     .config_dir = "/etc/gw",
					     .problem = "current does not name a revision" };
	const char *config;

	put(state, "/var/lib/gw/current", "1\n");
	put(state, "/etc/gw/gw.yaml", "gw: 1\n");
	config = gw_doctor_path(&state->doctor, "/etc/gw/gw.yaml");
	assert_int_equal(chmod(gw_doctor_path(&state->doctor, "/var/lib/gw"), 0755), 0);
	assert_int_equal(chmod(config, 0666), 0);
	gw_doctor_files(&state->doctor, &site);
	assert_verdict(state, GW_CHECK_STATE, GW_VERDICT_FINDING, "0755");
	assert_verdict(state, GW_CHECK_CONFIG_FILES, GW_VERDICT_FINDING, "everybody can write");
	assert_verdict(state, GW_CHECK_REVISION, GW_VERDICT_FINDING, "does not name");
	(void)result(state, GW_CHECK_DISK);

	state->doctor.n = 0;
	assert_int_equal(chmod(gw_doctor_path(&state->doctor, "/var/lib/gw"), 0750), 0);
	assert_int_equal(chmod(config, 0644), 0);
	gw_doctor_files(&state->doctor, &site);
	assert_verdict(state, GW_CHECK_STATE, GW_VERDICT_SOUND, "0750");
	assert_verdict(state, GW_CHECK_CONFIG_FILES, GW_VERDICT_SOUND, "");
}

static void a_missing_agent_is_found(void **ret)
{
	struct state *state = *ret;
	const struct gw_doctor_site site = { .run_dir = "/run/gw" };

	put(state, "/run/systemd/system/x", "");
	gw_doctor_service(&state->doctor, &site);
	assert_verdict(state, GW_CHECK_AGENT, GW_VERDICT_FINDING, "gwd does not answer");
	assert_verdict(state, GW_CHECK_BOOT, GW_VERDICT_FINDING, "not enabled");
	state->doctor.n = 0;
	put(state, "/etc/systemd/system/sysinit.target.wants/gw-early.service", "");
	gw_doctor_service(&state->doctor, &site);
	assert_verdict(state, GW_CHECK_BOOT, GW_VERDICT_SOUND, "is enabled");
}

static void what_cannot_be_asked_is_said(void **ret)
{
	struct state *state = *ret;
	const struct gw_doctor_site site = { .kernel_error = -EPERM };

	gw_doctor_kernel(&state->doctor, &site);
	assert_verdict(state, GW_CHECK_NF_TABLES, GW_VERDICT_UNKNOWN, "run it as root");
	assert_verdict(state, GW_CHECK_LOG_MARKS, GW_VERDICT_UNKNOWN, "is not there");
	gw_doctor_host(&state->doctor, &site);
	assert_verdict(state, GW_CHECK_INTERFACES, GW_VERDICT_UNKNOWN, "no revision");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_check_says_what_it_costs_and_what_to_do),
		TEST(a_machine_without_others_is_sound),
		TEST(a_full_table_of_connections_is_found),
		TEST(a_kernel_without_conntrack_is_found),
		TEST(chains_of_others_are_found_by_table),
		TEST(programs_that_manage_rules_are_found),
		TEST(programs_that_are_installed_only_are_none),
		TEST(directories_that_others_can_enter_are_found),
		TEST(a_missing_agent_is_found),
		TEST(what_cannot_be_asked_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
