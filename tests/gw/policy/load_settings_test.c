/* The sections beside the policy: change, audit, contacts, host, crypto. */
/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "gw/policy/load.h"

#define NOW 1795392000 /* 2026-11-23T00:00:00Z */
#define BASE                                                                                       \
	"gw: 1\n"                                                                                  \
	"zones:\n"                                                                                 \
	"  wan: {interfaces: [wan0], untrusted: true}\n"                                           \
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16]}\n"

struct loaded {
	struct gw_diags diags;
	struct gw_config *config;
};

static const struct gw_policy *load(struct loaded *loaded, const char *yaml)
{
	const struct gw_conf_file file = { "gw.yaml", yaml, strlen(yaml) };

	gw_diags_init(&loaded->diags);
	loaded->config = gw_config_load_files(&file, 1, NOW, &loaded->diags);
	if (loaded->diags.count)
		gw_diags_print(&loaded->diags, stderr, false);
	assert_non_null(loaded->config->policy);
	return loaded->config->policy;
}

static void loaded_done(struct loaded *loaded)
{
	gw_config_free(loaded->config);
	gw_diags_done(&loaded->diags);
}

static void a_config_that_says_nothing_has_the_usual_settings(void **state)
{
	struct loaded loaded;
	const struct gw_policy *policy = load(&loaded, BASE);

	(void)state;
	assert_int_equal(policy->change.confirm_s, 120);
	assert_int_equal(policy->change.keep, 100);
	assert_int_equal(policy->change.drift, GW_DRIFT_REPAIR);
	assert_int_equal(policy->change.drift_interval_s, 60);
	assert_int_equal(policy->change.n_warn_before, 2);
	assert_int_equal(policy->change.warn_before_s[0], 86400);
	assert_true(policy->change.announce);
	assert_int_equal(policy->audit.n_classes, 7);
	for (size_t i = 0; i < policy->audit.n_classes; i++) {
		assert_string_equal(policy->audit.classes[i].name, gw_audit_class_names[i]);
		assert_int_equal(policy->audit.classes[i].retention_s, 31536000);
		assert_int_equal(policy->audit.classes[i].on_failure, GW_AUDIT_FAIL_MEMORY_RING);
	}
	assert_int_equal(policy->audit.checkpoint_s, 60);
	assert_null(policy->audit.forward.host);
	assert_null(policy->audit.timestamp);
	assert_int_equal(policy->n_contacts, 0);
	assert_false(policy->host.managed);
	assert_false(policy->host.accept_ra[0]);
	assert_int_equal(policy->host.n_sysctls, 0);
	assert_int_equal(policy->crypto, GW_CRYPTO_MODERN);
	loaded_done(&loaded);
}

static void changes_are_made_as_the_section_says(void **state)
{
	struct loaded loaded;
	const struct gw_policy *policy =
		load(&loaded, BASE "change: {confirm: 0s, keep: 7, drift: report, "
				   "drift_interval: 5m, warn_before: [1h, 7d, 1d], announce: off}\n"
				   "crypto: {profile: p256}\n");

	(void)state;
	assert_int_equal(policy->change.confirm_s, 0);
	assert_int_equal(policy->change.keep, 7);
	assert_int_equal(policy->change.drift, GW_DRIFT_REPORT);
	assert_int_equal(policy->change.drift_interval_s, 300);
	assert_int_equal(policy->change.n_warn_before, 3);
	assert_int_equal(policy->change.warn_before_s[0], 604800);
	assert_int_equal(policy->change.warn_before_s[1], 86400);
	assert_int_equal(policy->change.warn_before_s[2], 3600);
	assert_false(policy->change.announce);
	assert_int_equal(policy->crypto, GW_CRYPTO_P256);
	loaded_done(&loaded);
}

static void no_warnings_can_be_asked_for(void **state)
{
	struct loaded loaded;
	const struct gw_policy *policy = load(&loaded, BASE "change: {warn_before: []}\n");

	(void)state;
	assert_int_equal(policy->change.n_warn_before, 0);
	loaded_done(&loaded);
}

static const struct gw_audit_class_settings *class(const struct gw_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->audit.n_classes; i++)
		if (strcmp(policy->audit.classes[i].name, name) == 0)
			return &policy->audit.classes[i];
	fail_msg("no class %s", name);
	return policy->audit.classes; /* never */
}

static void classes_of_records_differ_in_what_they_name(void **state)
{
	struct loaded loaded;
	const struct gw_policy *policy = load(
		&loaded, BASE "audit:\n"
			      "  retention: 2y\n"
			      "  on_failure: drop-oldest-expired\n"
			      "  classes: {change: {retention: 7y}, access: {on_failure: "
			      "refuse-grants}}\n"
			      "  checkpoint: 10s\n"
			      "  forward: {host: log.example.jp, ca: /etc/ssl/log.pem, name: log}\n"
			      "  timestamp: http://tsa.example.jp/tsr\n");

	(void)state;
	assert_int_equal(class(policy, "change")->retention_s, 7 * 31536000);
	assert_int_equal(class(policy, "change")->on_failure, GW_AUDIT_FAIL_DROP_EXPIRED);
	assert_int_equal(class(policy, "access")->retention_s, 2 * 31536000);
	assert_int_equal(class(policy, "access")->on_failure, GW_AUDIT_FAIL_REFUSE_GRANTS);
	assert_int_equal(policy->audit.checkpoint_s, 10);
	assert_string_equal(policy->audit.forward.host, "log.example.jp");
	assert_int_equal(policy->audit.forward.port, 6514);
	assert_string_equal(policy->audit.forward.ca, "/etc/ssl/log.pem");
	assert_string_equal(policy->audit.forward.name, "log");
	assert_string_equal(policy->audit.timestamp, "http://tsa.example.jp/tsr");
	loaded_done(&loaded);
}

static void a_collector_may_be_an_address(void **state)
{
	struct loaded loaded;
	const struct gw_policy *policy =
		load(&loaded, BASE "audit: {forward: {host: \"2001:db8::5\"}}\n");

	(void)state;
	assert_string_equal(policy->audit.forward.host, "2001:db8::5");
	assert_null(policy->audit.forward.name);
	loaded_done(&loaded);
}

static void contacts_are_sorted_by_name(void **state)
{
	struct loaded loaded;
	const struct gw_policy *policy =
		load(&loaded, BASE "contacts:\n"
				   "  - {name: 運用当番, phone: 03-0000-0001, when: 24時間}\n"
				   "  - {name: CSIRT, role: incidents, mail: csirt@example.jp}\n");

	(void)state;
	assert_int_equal(policy->n_contacts, 2);
	assert_string_equal(policy->contacts[0].name, "CSIRT");
	assert_string_equal(policy->contacts[0].role, "incidents");
	assert_null(policy->contacts[0].phone);
	assert_string_equal(policy->contacts[1].phone, "03-0000-0001");
	assert_string_equal(policy->contacts[1].when, "24時間");
	loaded_done(&loaded);
}

static void a_bare_host_section_has_the_usual_values(void **state)
{
	struct loaded loaded;
	const struct gw_policy *policy = load(&loaded, BASE "host: {}\n");
	const struct gw_host_settings *host = &policy->host;

	(void)state;
	assert_true(host->managed);
	assert_int_equal(host->forwarding, GW_SWITCH_ON);
	assert_int_equal(host->rp_filter, GW_RP_FILTER_ZONES);
	assert_int_equal(host->redirects, GW_SWITCH_OFF);
	assert_int_equal(host->source_routes, GW_SWITCH_OFF);
	assert_int_equal(host->log_martians, GW_SWITCH_KEEP);
	assert_int_equal(host->syncookies, GW_SWITCH_ON);
	assert_int_equal(host->n_sysctls, 0);
	loaded_done(&loaded);
}

static void kernel_names_become_files_sorted_by_path(void **state)
{
	static const struct {
		const char *path, *value;
	} expected[] = {
		{ "net/core/rmem_max", "4194304" },
		{ "net/ipv4/neigh/eth0.100/gc_stale_time", "60" },
		{ "net/ipv4/tcp_rmem", "4096 131072 6291456" },
		{ "net/netfilter/nf_conntrack_icmp_timeout", "10" },
		{ "net/netfilter/nf_conntrack_icmpv6_timeout", "10" },
		{ "net/netfilter/nf_conntrack_max", "262144" },
		{ "net/netfilter/nf_conntrack_tcp_loose", "0" },
		{ "net/netfilter/nf_conntrack_tcp_timeout_established", "7200" },
	};
	struct loaded loaded;
	const struct gw_policy *policy = load(
		&loaded, BASE "host:\n"
			      "  accept_ra: wan\n"
			      "  conntrack: {max: 262144, established: 2h, icmp: 10s, loose: off}\n"
			      "  sysctl:\n"
			      "    net.ipv4.tcp_rmem: 4096 131072 6291456\n"
			      "    net.ipv4.neigh.eth0/100.gc_stale_time: 60\n"
			      "    net.core.rmem_max: 4194304\n");

	(void)state;
	assert_int_equal(policy->host.n_sysctls, GW_COUNT(expected));
	for (size_t i = 0; i < GW_COUNT(expected); i++) {
		assert_string_equal(policy->host.sysctls[i].path, expected[i].path);
		assert_string_equal(policy->host.sysctls[i].value, expected[i].value);
	}
	assert_true(policy->host.accept_ra[gw_policy_zone(policy, "wan")->index]);
	assert_false(policy->host.accept_ra[gw_policy_zone(policy, "hq")->index]);
	loaded_done(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_config_that_says_nothing_has_the_usual_settings),
		cmocka_unit_test(changes_are_made_as_the_section_says),
		cmocka_unit_test(no_warnings_can_be_asked_for),
		cmocka_unit_test(classes_of_records_differ_in_what_they_name),
		cmocka_unit_test(a_collector_may_be_an_address),
		cmocka_unit_test(contacts_are_sorted_by_name),
		cmocka_unit_test(a_bare_host_section_has_the_usual_values),
		cmocka_unit_test(kernel_names_become_files_sorted_by_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
