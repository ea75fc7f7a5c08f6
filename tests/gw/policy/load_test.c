/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "gw/policy/load.h"

#define NOW 1795392000 /* 2026-11-23T00:00:00Z, a Monday */

#define DUTIES ", owner: o, ticket: t, review: 2099-12-31"
#define ZONES                                                                                      \
	"gw: 1\n"                                                                                  \
	"zones:\n"                                                                                 \
	"  wan: {interfaces: [wan0], untrusted: true}\n"                                           \
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16, \"2001:db8:20::/48\"]}\n"                  \
	"  dmz: {interfaces: [dmz1, dmz0], nets: [203.0.113.0/28]}\n"                              \
	"  lab: {interfaces: [lab0], nets: [10.40.0.0/16], ipv6: off, anti_spoof: off}\n"

static const char example[] =
	"gw: 1\n"
	"include: [baseline/*.yaml]\n"
	"site: {name: tokyo-01, vars: {wan_if: wan0}}\n"
	"zones:\n"
	"  wan:   {interfaces: [\"${wan_if}\"], untrusted: true}\n"
	"  dmz:   {interfaces: [dmz0], nets: [203.0.113.0/28, \"2001:db8:10::/64\"]}\n"
	"  hq:    {interfaces: [hq0], nets: [10.20.0.0/16, \"2001:db8:20::/48\"], admission: "
	"{macs: "
	"objects/hq-macs.txt}}\n"
	"  guest: {interfaces: [guest0], nets: [10.30.0.0/24], ipv6: off}\n"
	"  mgmt:  {interfaces: [mgmt0], nets: [10.99.0.0/24]}\n"
	"hosts:     {mail: [203.0.113.5, \"2001:db8:10::5\"]}\n"
	"services:  {web: [tcp/80, tcp/443, udp/443], smtp: [tcp/25], ping: [icmp/echo-request, "
	"icmpv6/echo-request]}\n"
	"between:   {default: drop, log: drops}        # every pair not named is closed\n"
	"policies:\n"
	"  - {id: web-in, from: wan, to: dmz, dest: [mail], services: [web], action: accept, "
	"owner: "
	"web-team, ticket: CHG-2041, review: 2027-03-31}\n"
	"exceptions:                                    # temporary by construction\n"
	"  - {id: exc-vendor-ssh, from: wan, to: dmz, source: [198.51.100.7], dest: [mail], "
	"services: "
	"[tcp/22], expires: 2026-12-01T18:00+09:00,\n"
	"     reason: \"remote repair\", requested_by: op-17, approved_by: [op-03], ticket: "
	"EXC-88}\n"
	"nat:       [{id: hq-snat, from: hq, to: wan, masquerade: true}]\n"
	"gateway:   [{id: mgmt-ssh, from: mgmt, services: [tcp/22], action: accept, owner: "
	"net-team, "
	"ticket: CHG-1, review: 2027-03-31}]\n"
	"verify:    [{never: {from: guest, to: hq}}, {always: {from: mgmt, to: gateway, services: "
	"[tcp/22]}}]\n"
	"change: {approvals: {need: 2, signers: keys/approvers}, confirm: 120s}\n";

/* Who may sign: the private halves of these keys are gone. */
static const char approvers[] =
	"op-03 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJhNmHFyWmhTESveSuzhLw74S09TuE8vfdRzljH+ge5Y\n"
	"op-08 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMFu4M+rF4W6FjC1LygT77Za6KIfZ7c9JMEnNnBhGwsq\n";

/* A config that was loaded from one file and perhaps one object file. */
struct loaded {
	struct gw_diags diags;
	struct gw_config *config;
	const struct gw_policy *policy;
};

static struct loaded load_with(const char *yaml, const char *path, const char *bytes)
{
	const struct gw_conf_file files[] = {
		{ "gw.yaml", yaml, strlen(yaml) },
		{ "keys/approvers", approvers, strlen(approvers) },
		{ path, bytes, bytes ? strlen(bytes) : 0 },
	};
	struct loaded loaded;

	gw_diags_init(&loaded.diags);
	loaded.config = gw_config_load_files(files, bytes ? 3 : 2, NOW, &loaded.diags);
	loaded.policy = loaded.config->policy;
	if (!loaded.policy) {
		gw_diags_print(&loaded.diags, stderr, false);
		fail_msg("the config does not load");
	}
	return loaded;
}

static struct loaded load(const char *yaml)
{
	return load_with(yaml, NULL, NULL);
}

static void unload(struct loaded *loaded)
{
	gw_config_free(loaded->config);
	gw_diags_done(&loaded->diags);
}

static gw_u128 v4(const char *text)
{
	struct in_addr addr;

	assert_int_equal(inet_pton(AF_INET, text, &addr), 1);
	return ntohl(addr.s_addr);
}

/* ---- a canonical dump: two models are equal if their dumps are --------------------------------
 */

static void dump_set(struct gw_text *out, struct gw_addrset set)
{
	gw_text_putc(out, '[');
	for (size_t i = 0; i < set.n; i++)
		gw_text_printf(out, " %016llx%016llx-%016llx%016llx",
			       (unsigned long long)(set.ranges[i].lo >> 64),
			       (unsigned long long)set.ranges[i].lo,
			       (unsigned long long)(set.ranges[i].hi >> 64),
			       (unsigned long long)set.ranges[i].hi);
	gw_text_puts(out, " ]");
}

static void dump_match(struct gw_text *out, const struct gw_addr_match *match)
{
	gw_text_puts(out, match->any ? " any" : " some");
	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		dump_set(out, match->addrs[f]);
	for (size_t i = 0; i < match->n_large; i++)
		gw_text_printf(out, " large:%s", match->large[i]->name);
}

static void dump_zones_of(struct gw_text *out, const struct gw_policy *policy,
			  const struct gw_zone_set *set)
{
	gw_text_printf(out, " %s", gw_zone_set_text(policy->arena, policy, set));
}

static void dump_zone(struct gw_text *out, const struct gw_zone *zone)
{
	gw_text_printf(out, "zone %s %u untrusted=%d ipv6=%d clamp=%d spoof=%d nets=%d", zone->name,
		       zone->index, zone->untrusted, zone->ipv6, zone->clamp_mss,
		       (int)zone->anti_spoof, zone->has_nets);
	for (size_t i = 0; i < zone->n_interfaces; i++)
		gw_text_printf(out, " %s", zone->interfaces[i].name);
	for (int f = 0; f < GW_FAMILY_COUNT; f++) {
		dump_set(out, zone->nets[f]);
		dump_set(out, zone->space[f]);
	}
	gw_text_putc(out, '\n');
}

static void dump_rule(struct gw_text *out, const struct gw_policy *policy,
		      const struct gw_rule_def *rule)
{
	gw_text_printf(out, "%s %s", gw_rule_kind_name(rule->kind), rule->id);
	dump_zones_of(out, policy, &rule->from);
	dump_zones_of(out, policy, &rule->to);
	dump_match(out, &rule->source);
	dump_match(out, &rule->dest);
	dump_set(out, rule->services);
	gw_text_printf(out, " any=%d %s locked=%d log=%d window=%d", rule->any_service,
		       gw_action_name(rule->action), rule->locked, rule->log,
		       rule->window ? (int)rule->window->index : -1);
	gw_text_printf(out, " %s %s %s %lld %lld %s %s", rule->owner ? rule->owner : "-",
		       rule->ticket, rule->purpose ? rule->purpose : "-", (long long)rule->review,
		       (long long)rule->expires, rule->reason ? rule->reason : "-",
		       rule->requested_by ? rule->requested_by : "-");
	for (size_t i = 0; i < rule->n_approved_by; i++)
		gw_text_printf(out, " %s", rule->approved_by[i]);
	gw_text_putc(out, '\n');
}

static void dump_nat(struct gw_text *out, const struct gw_policy *policy, const struct gw_nat *nat)
{
	gw_text_printf(out, "nat %s kind=%d", nat->id, (int)nat->kind);
	dump_zones_of(out, policy, &nat->from);
	dump_zones_of(out, policy, &nat->to);
	dump_match(out, &nat->source);
	dump_match(out, &nat->dest);
	dump_set(out, nat->services);
	dump_set(out, (struct gw_addrset){ &nat->to_addr, 1 });
	gw_text_printf(out, " %d%d port=%u hairpin=%d", nat->families[0], nat->families[1],
		       nat->to_port, nat->hairpin);
	dump_zones_of(out, policy, &nat->hairpin_zones);
	gw_text_putc(out, '\n');
}

static void dump_assertion(struct gw_text *out, const struct gw_policy *policy,
			   const struct gw_assertion *assertion)
{
	gw_text_printf(out, "%s gateway=%d", assertion->always ? "always" : "never",
		       assertion->to_gateway);
	dump_zones_of(out, policy, &assertion->from);
	dump_zones_of(out, policy, &assertion->to);
	dump_match(out, &assertion->source);
	dump_match(out, &assertion->dest);
	dump_set(out, assertion->services);
	gw_text_putc(out, '\n');
}

static void dump_window(struct gw_text *out, const struct gw_window *window)
{
	gw_text_printf(out, "window %u", window->index);
	for (size_t i = 0; i < window->n_parts; i++)
		gw_text_printf(out, " %u:%u-%u", window->parts[i].weekday, window->parts[i].from,
			       window->parts[i].until);
	gw_text_putc(out, '\n');
}

static void dump(struct gw_text *out, const struct gw_policy *policy)
{
	gw_text_printf(out, "site %s between %s %d mask %08x group %u rate %u\n", policy->site_name,
		       gw_action_name(policy->between_default), policy->between_log,
		       policy->mark_mask, policy->log_group, policy->log_rate);
	for (size_t i = 0; i < policy->n_zones; i++)
		dump_zone(out, &policy->zones[i]);
	for (size_t i = 0; i < policy->n_hosts; i++) {
		gw_text_printf(out, "hosts %s large=%d", policy->hosts[i].name,
			       policy->hosts[i].large);
		dump_set(out, policy->hosts[i].addrs[0]);
		dump_set(out, policy->hosts[i].addrs[1]);
		gw_text_putc(out, '\n');
	}
	for (size_t i = 0; i < policy->n_services; i++) {
		gw_text_printf(out, "service %s", policy->services[i].name);
		dump_set(out, policy->services[i].keys);
		gw_text_putc(out, '\n');
	}
	for (size_t i = 0; i < policy->n_windows; i++)
		dump_window(out, &policy->windows[i]);
	for (size_t i = 0; i < policy->n_rules; i++)
		dump_rule(out, policy, &policy->rules[i]);
	for (size_t i = 0; i < policy->n_nats; i++)
		dump_nat(out, policy, &policy->nats[i]);
	for (size_t i = 0; i < policy->n_assertions; i++)
		dump_assertion(out, policy, &policy->assertions[i]);
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void the_example_of_the_design_loads(void **state)
{
	struct loaded loaded =
		load_with(example, "objects/hq-macs.txt",
			  "52-54-00-AB-cd-ef  printer\n# none\n\n02:00:00:00:00:01\n");
	const struct gw_policy *policy = loaded.policy;
	const struct gw_rule_def *rule = gw_policy_rule(policy, "web-in");
	const struct gw_admission *admission = gw_policy_zone(policy, "hq")->admission;
	const struct gw_zone *wan = gw_policy_zone(policy, "wan");

	(void)state;
	assert_int_equal(loaded.diags.count, 1); /* no file of baseline/ is there */
	assert_int_equal(policy->approvals.need, 2);
	assert_int_equal(policy->approvals.signers.n, 2);
	assert_null(gw_policy_zone(policy, "dmz")->admission);
	assert_int_equal(admission->n_devices, 2);
	assert_memory_equal(admission->devices[1].mac, "\x52\x54\x00\xab\xcd\xef", 6);
	assert_string_equal(admission->devices[1].note, "printer");
	assert_null(admission->devices[0].note);
	assert_int_equal(policy->n_zones, 5);
	assert_string_equal(wan->interfaces[0].name, "wan0");
	assert_true(wan->untrusted && wan->ipv6 && wan->clamp_mss && !wan->has_nets);
	assert_string_equal(policy->site_name, "tokyo-01");
	assert_int_equal(policy->n_rules, 3);
	assert_int_equal(rule->loc.line, 14);
	assert_int_equal(rule->loc.column, 10);
	assert_string_equal(rule->owner, "web-team");
	assert_int_equal(rule->review, 1806451200 + 86399); /* the end of 2027-03-31 */
	assert_int_equal(rule->services.n, 3);
	assert_true(gw_addrset_contains(rule->dest.addrs[GW_FAMILY_IPV4], v4("203.0.113.5")));
	rule = gw_policy_rule(policy, "exc-vendor-ssh");
	assert_int_equal(rule->kind, GW_RULE_EXCEPTION);
	assert_int_equal(rule->expires, 1796115600); /* 2026-12-01T09:00:00Z */
	assert_string_equal(rule->approved_by[0], "op-03");
	assert_null(gw_policy_rule(policy, "none"));
	assert_null(gw_policy_zone(policy, "none"));
	assert_int_equal(policy->nats[0].kind, GW_NAT_MASQUERADE);
	assert_true(policy->nats[0].families[0] && !policy->nats[0].families[1]);
	assert_int_equal(policy->n_assertions, 2);
	assert_false(policy->assertions[0].always);
	assert_true(policy->assertions[1].to_gateway);
	assert_int_equal(policy->mark_mask, 0xffffffff);
	assert_int_equal(policy->log_group, 100);
	assert_int_equal(policy->log_rate, 10);
	unload(&loaded);
}

static void a_zone_without_nets_has_what_no_other_zone_declares(void **state)
{
	struct loaded loaded = load(ZONES);
	const struct gw_addrset *space = gw_policy_zone(loaded.policy, "wan")->space;

	(void)state;
	assert_true(gw_addrset_contains(space[0], v4("198.51.100.1")));
	assert_true(gw_addrset_contains(space[0], v4("203.0.113.16")));
	assert_false(gw_addrset_contains(space[0], v4("203.0.113.15")));
	assert_false(gw_addrset_contains(space[0], v4("10.20.255.255")));
	assert_false(gw_addrset_contains(space[0], v4("127.0.0.1")));
	assert_false(gw_addrset_contains(space[0], v4("224.0.0.1")));
	assert_false(gw_addrset_contains(space[0], v4("0.0.0.0")));
	assert_false(gw_addrset_contains(space[0], v4("255.255.255.255")));
	assert_true(gw_addrset_contains(space[1], (gw_u128)0x20010db8 << 96));
	assert_false(gw_addrset_contains(space[1], (gw_u128)0x20010db80020 << 80));
	assert_false(gw_addrset_contains(space[1], 1));
	assert_false(gw_addrset_contains(space[1], (gw_u128)0xff02 << 112));
	unload(&loaded);
}

static void a_family_without_a_net_has_no_addresses(void **state)
{
	struct loaded loaded = load(ZONES);
	const struct gw_zone *dmz = gw_policy_zone(loaded.policy, "dmz");
	const struct gw_zone *lab = gw_policy_zone(loaded.policy, "lab");

	(void)state;
	assert_int_equal(dmz->space[GW_FAMILY_IPV6].n, 0);
	assert_int_equal(dmz->space[GW_FAMILY_IPV4].n, 1);
	assert_string_equal(dmz->interfaces[0].name, "dmz0"); /* sorted */
	/* Without anti-spoofing every source is possible, but not IPv6 where it is off. */
	assert_true(gw_addrset_contains(lab->space[GW_FAMILY_IPV4], v4("10.20.0.1")));
	assert_int_equal(lab->space[GW_FAMILY_IPV6].n, 0);
	unload(&loaded);
}

static void any_leaves_out_the_pair_of_a_zone_with_itself(void **state)
{
	struct loaded loaded =
		load(ZONES "policies:\n"
			   "  - {id: a, from: any, to: any, action: drop" DUTIES "}\n"
			   "  - {id: b, from: [hq, dmz], to: [hq, wan], action: drop" DUTIES "}\n"
			   "  - {id: c, from: any, to: hq, action: drop" DUTIES "}\n"
			   "gateway: [{id: g, from: hq, action: drop" DUTIES "}]\n");
	const struct gw_policy *policy = loaded.policy;
	const struct gw_zone *hq = gw_policy_zone(policy, "hq");
	const struct gw_zone *dmz = gw_policy_zone(policy, "dmz");
	const struct gw_rule_def *a = gw_policy_rule(policy, "a"), *b = gw_policy_rule(policy, "b");
	const struct gw_rule_def *c = gw_policy_rule(policy, "c"), *g = gw_policy_rule(policy, "g");

	(void)state;
	assert_true(gw_rule_covers(a, hq, dmz));
	assert_false(gw_rule_covers(a, hq, hq));
	assert_false(gw_rule_covers(a, hq, NULL));
	assert_true(gw_rule_covers(b, hq, hq));
	assert_true(gw_rule_covers(b, dmz, hq));
	assert_false(gw_rule_covers(b, hq, dmz));
	assert_false(gw_rule_covers(c, hq, hq));
	assert_true(gw_rule_covers(g, hq, NULL));
	assert_false(gw_rule_covers(g, dmz, NULL));
	assert_false(gw_rule_covers(g, hq, dmz));
	assert_string_equal(gw_zone_set_text(policy->arena, policy, &a->from), "any");
	assert_string_equal(gw_zone_set_text(policy->arena, policy, &b->from), "dmz,hq");
	unload(&loaded);
}

static void services_are_ranges_of_protocol_and_port(void **state)
{
	static const struct {
		const char *text;
		uint32_t lo, hi;
	} rows[] = {
		{ "tcp/80", 0x060050, 0x060050 },
		{ "udp/1000-2000", 0x1103e8, 0x1107d0 },
		{ "tcp", 0x060000, 0x06ffff },
		{ "sctp/0-65535", 0x840000, 0x84ffff },
		{ "icmp/echo-request", 0x010800, 0x0108ff },
		{ "icmp/8/0", 0x010800, 0x010800 },
		{ "icmpv6/128", 0x3a8000, 0x3a80ff },
		{ "gre", 0x2f0000, 0x2fffff },
		{ "proto/47", 0x2f0000, 0x2fffff },
		{ "proto/255", 0xff0000, 0xffffff },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		gw_auto_text struct gw_text yaml = { 0 };
		struct loaded loaded;
		struct gw_addrset keys;

		gw_text_printf(&yaml, ZONES "services: {s: %s, t: [s]}\n", rows[i].text);
		loaded = load(yaml.bytes);
		keys = loaded.policy->services[1].keys; /* t, by way of s */
		if (loaded.diags.count || keys.n != 1 || keys.ranges[0].lo != rows[i].lo ||
		    keys.ranges[0].hi != rows[i].hi)
			fail_msg("%s", rows[i].text);
		unload(&loaded);
	}
}

static void hosts_may_name_hosts_in_any_order(void **state)
{
	struct loaded loaded =
		load(ZONES "hosts: {a: [b, 10.20.0.3], b: [c], c: [10.20.0.1, 10.20.0.2]}\n"
			   "policies: [{id: p, from: hq, to: wan, source: [b, 10.20.0.3, "
			   "'2001:db8:20::1'], action: accept" DUTIES "}]\n");
	const struct gw_rule_def *rule = &loaded.policy->rules[0];

	(void)state;
	assert_int_equal(loaded.policy->hosts[0].addrs[0].n, 1);
	assert_true(gw_addrset_equal(loaded.policy->hosts[0].addrs[0], rule->source.addrs[0]));
	assert_int_equal(rule->source.addrs[1].n, 1);
	assert_false(rule->source.any);
	assert_true(rule->dest.any && rule->any_service);
	unload(&loaded);
}

static void object_files_are_merged_and_sorted(void **state)
{
	struct loaded loaded = load_with(
		ZONES "hosts: {h: {file: objects/h.txt}}\n", "objects/h.txt",
		"# a list\r\n192.0.2.9\r\n192.0.2.7 # seven\n\n 192.0.2.8\n192.0.2.7\n10.0.0.0/8\n"
		"10.1.2.3\n192.0.2.20-192.0.2.30\n2001:db8::/32\n255.255.255.255\n0.0.0.0/32");
	const struct gw_addrset *addrs = loaded.policy->hosts[0].addrs;

	(void)state;
	assert_int_equal(addrs[0].n, 5);
	assert_true(addrs[0].ranges[0].lo == 0 && addrs[0].ranges[0].hi == 0);
	assert_true(addrs[0].ranges[1].lo == v4("10.0.0.0"));
	assert_true(addrs[0].ranges[1].hi == v4("10.255.255.255"));
	assert_true(addrs[0].ranges[2].lo == v4("192.0.2.7"));
	assert_true(addrs[0].ranges[2].hi == v4("192.0.2.9"));
	assert_true(addrs[0].ranges[3].hi == v4("192.0.2.30"));
	assert_true(addrs[0].ranges[4].lo == 0xffffffff);
	assert_int_equal(addrs[1].n, 1);
	assert_false(loaded.policy->hosts[0].large);
	unload(&loaded);
}

static void lists_of_many_ranges_stay_lists_of_their_own(void **state)
{
	gw_auto_text struct gw_text list = { 0 };
	struct loaded loaded;
	const struct gw_rule_def *rule;

	(void)state;
	for (unsigned int i = 0; i <= GW_HOSTS_LARGE; i++)
		gw_text_printf(&list, "10.%u.%u.1\n", i / 200, i % 200);
	loaded = load_with(ZONES
			   "hosts: {h: {file: h.txt}, g: [h]}\n"
			   "policies: [{id: p, from: wan, to: hq, source: [h, g, h, 192.0.2.1], "
			   "action: drop" DUTIES "}]\n",
			   "h.txt", list.bytes);
	rule = &loaded.policy->rules[0];
	assert_true(loaded.policy->hosts[0].large && loaded.policy->hosts[1].large);
	assert_int_equal(rule->source.n_large, 2);
	assert_string_equal(rule->source.large[0]->name, "g");
	assert_int_equal(rule->source.addrs[0].n, 1);
	unload(&loaded);
}

static void check_window(const char *site, const char *hours, const char *expected)
{
	gw_auto_text struct gw_text yaml = { 0 }, text = { 0 };
	struct loaded loaded;

	gw_text_printf(&yaml,
		       ZONES
		       "site: {name: x%s}\npolicies: [{id: p, from: hq, to: wan, action: drop, "
		       "hours: %s" DUTIES "}]\n",
		       site, hours);
	loaded = load(yaml.bytes);
	dump_window(&text, loaded.policy->rules[0].window);
	assert_string_equal(text.bytes, expected);
	unload(&loaded);
}

static void windows_are_cut_at_midnight_utc(void **state)
{
	(void)state;
	check_window("", "{days: mon, from: '08:30', until: '17:15'}", "window 0 1:30600-62099\n");
	/* Saturday 22:00 until Sunday 06:00: over the end of the week. */
	check_window("", "{days: sat, from: '22:00', until: '06:00'}",
		     "window 0 0:0-21599 6:79200-86399\n");
	/* 08:00 in Tokyo is 23:00 of the day before. */
	check_window(", timezone: '+09:00'", "{days: sun, from: '08:00', until: '10:00'}",
		     "window 0 0:0-3599 6:82800-86399\n");
	check_window(", timezone: '-05:00'", "{days: sat, from: '20:00', until: '24:00'}",
		     "window 0 0:3600-17999\n");
	check_window("", "[{days: [fri-sun]}, {days: sun, from: '10:00'}]",
		     "window 0 0:0-86399 5:0-86399 6:0-86399\n");
}

static void equal_windows_are_one_object(void **state)
{
	struct loaded loaded = load(
		ZONES
		"policies:\n"
		"  - {id: a, from: hq, to: wan, action: drop, hours: {days: [mon, tue]}" DUTIES
		"}\n"
		"  - {id: b, from: hq, to: wan, action: drop, hours: {days: sun}" DUTIES "}\n"
		"  - {id: c, from: hq, to: wan, action: drop, hours: [{days: tue}, {days: mon, "
		"from: '00:00'}]" DUTIES "}\n");
	const struct gw_rule_def *rules = loaded.policy->rules;

	(void)state;
	assert_int_equal(loaded.policy->n_windows, 2);
	assert_ptr_equal(rules[0].window, rules[2].window);
	assert_ptr_not_equal(rules[0].window, rules[1].window);
	unload(&loaded);
}

static void reviews_end_with_the_day_of_the_site(void **state)
{
	struct loaded loaded =
		load(ZONES "site: {name: x, timezone: '+09:00'}\n"
			   "gateway: [{id: a, from: hq, action: drop, owner: o, ticket: t, "
			   "review: 2026-11-23}]\n");

	(void)state;
	assert_int_equal(loaded.diags.count, 0);
	assert_int_equal(loaded.policy->rules[0].review, NOW + 15 * 3600 - 1);
	unload(&loaded);
}

static void a_port_forward_knows_the_zone_of_its_server(void **state)
{
	struct loaded loaded =
		load(ZONES "nat: [{id: n, from: [wan, hq], dest: 198.51.100.1, services: "
			   "[tcp/8443, udp/443], dnat: 203.0.113.5, to_port: 443, hairpin: on}]\n");
	const struct gw_nat *nat = &loaded.policy->nats[0];

	(void)state;
	assert_int_equal(loaded.diags.count, 0);
	assert_int_equal(nat->kind, GW_NAT_DNAT);
	assert_int_equal(nat->to_port, 443);
	assert_true(nat->to_addr.lo == v4("203.0.113.5") && nat->to_addr.hi == nat->to_addr.lo);
	assert_string_equal(
		gw_zone_set_text(loaded.policy->arena, loaded.policy, &nat->hairpin_zones),
		"dmz,lab"); /* lab has no anti-spoofing */
	unload(&loaded);
}

static void expired_exceptions_stay_in_the_model(void **state)
{
	struct loaded loaded =
		load(ZONES "exceptions: [{id: e, from: hq, to: wan, expires: "
			   "2026-11-20T00:00:00Z, reason: r, requested_by: a, approved_by: [c, b], "
			   "ticket: t}]\n");

	(void)state;
	assert_int_equal(loaded.diags.warnings, 1);
	assert_string_equal(loaded.diags.items[0].message, "exception `e` expired 3 days ago");
	assert_int_equal(loaded.policy->n_rules, 1);
	assert_string_equal(loaded.policy->rules[0].approved_by[0], "b");
	unload(&loaded);
}

static void unknown_names_come_with_the_nearest_and_its_place(void **state)
{
	static const char yaml[] = ZONES "gateway: [{id: g, from: dmx, action: drop" DUTIES "}]\n";
	const struct gw_conf_file file = { "gw.yaml", yaml, sizeof(yaml) - 1 };
	struct gw_diags diags;
	struct gw_config *config;

	(void)state;
	gw_diags_init(&diags);
	config = gw_config_load_files(&file, 1, NOW, &diags);
	assert_int_equal(diags.count, 1);
	assert_string_equal(diags.items[0].message, "unknown zone `dmx`");
	assert_string_equal(diags.items[0].hint, "did you mean `dmz`?");
	assert_int_equal(diags.items[0].related.line, 5);
	gw_config_free(config);
	gw_diags_done(&diags);
}

static void prefixes_with_host_bits_are_corrected_in_the_hint(void **state)
{
	static const char yaml[] = ZONES "hosts: {h: [10.0.0.5/24, tcp/80]}\n";
	const struct gw_conf_file file = { "gw.yaml", yaml, sizeof(yaml) - 1 };
	struct gw_diags diags;
	struct gw_config *config;

	(void)state;
	gw_diags_init(&diags);
	config = gw_config_load_files(&file, 1, NOW, &diags);
	assert_null(config->policy);
	assert_int_equal(diags.count, 2); /* and goes on after it */
	assert_string_equal(diags.items[0].hint, "did you mean `10.0.0.0/24`?");
	gw_config_free(config);
	gw_diags_done(&diags);
}

/* ---- order ------------------------------------------------------------------------------------
 */

/* Sections with their items; both are shuffled. */
static const char *const sections[][8] = {
	{ "gw: 1\n" },
	{ "site: {name: s, timezone: \"+09:00\"}\n" },
	{ "zones:\n", "  wan: {interfaces: [wan1, wan0], untrusted: true}\n",
	  "  hq: {nets: [10.20.0.0/16], interfaces: [hq0]}\n",
	  "  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28, \"2001:db8::/64\"]}\n" },
	{ "hosts:\n", "  a: [b, 10.20.0.1]\n", "  b: [c]\n", "  c: [203.0.113.5]\n",
	  "  d: {file: d.txt}\n" },
	{ "services:\n", "  web: [tcp/80, alt]\n", "  alt: [tcp/8080]\n", "  all: [udp, web]\n" },
	{ "between: {default: reject, log: none}\n" },
	{ "policies:\n",
	  "  - {id: p3, from: hq, to: [dmz, wan], source: [a, d], services: web, action: "
	  "accept" DUTIES ", hours: {days: mon-fri, from: '08:00', until: '17:00'}}\n",
	  "  - {id: p1, from: any, to: dmz, dest: [b, 203.0.113.1], action: drop, locked: on" DUTIES
	  "}\n",
	  "  - {id: p2, from: wan, to: any, services: [all, gre], action: reject" DUTIES
	  ", hours: {days: sat}}\n" },
	{ "exceptions:\n",
	  "  - {id: e2, from: wan, to: hq, expires: 2026-12-01T00:00Z, reason: r, requested_by: x, "
	  "approved_by: [z, y], ticket: t}\n",
	  "  - {id: e1, from: wan, to: hq, services: web, expires: 2026-12-02T00:00Z, reason: r, "
	  "requested_by: x, approved_by: y, ticket: t}\n" },
	{ "nat:\n", "  - {id: n2, from: hq, to: wan, masquerade: true}\n",
	  "  - {id: n1, from: wan, dest: 198.51.100.1, dnat: 203.0.113.5}\n" },
	{ "gateway:\n", "  - {id: g1, from: hq, services: tcp/22, action: accept" DUTIES "}\n" },
	{ "verify:\n", "  - never: {from: wan, to: hq}\n",
	  "  - never: {from: hq, to: wan, dest: a}\n", "  - never: {from: hq, to: wan}\n",
	  "  - always: {from: hq, to: gateway, services: tcp/22}\n" },
};

static uint32_t random_state = 1;

static size_t random_below(size_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

static void shuffle(size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t j = random_below(i), swap = order[j];

		order[j] = order[i - 1];
		order[i - 1] = swap;
	}
}

static void shuffled_yaml(struct gw_text *out)
{
	size_t order[GW_COUNT(sections)];

	shuffle(order, GW_COUNT(order));
	for (size_t i = 0; i < GW_COUNT(order); i++) {
		const char *const *section = sections[order[i]];
		size_t items[8], n = 0;

		while (n + 1 < 8 && section[n + 1])
			n++;
		shuffle(items, n);
		gw_text_puts(out, section[0]);
		for (size_t j = 0; j < n; j++)
			gw_text_puts(out, section[1 + items[j]]);
	}
}

static void order_never_matters(void **state)
{
	gw_auto_text struct gw_text first = { 0 };

	(void)state;
	for (int round = 0; round < 50; round++) {
		gw_auto_text struct gw_text yaml = { 0 }, text = { 0 };
		struct loaded loaded;

		shuffled_yaml(&yaml);
		loaded = load_with(yaml.bytes, "d.txt", "10.20.9.9\n10.20.9.1\n");
		dump(round ? &text : &first, loaded.policy);
		if (round)
			assert_string_equal(text.bytes, first.bytes);
		unload(&loaded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_design_loads),
		cmocka_unit_test(a_zone_without_nets_has_what_no_other_zone_declares),
		cmocka_unit_test(a_family_without_a_net_has_no_addresses),
		cmocka_unit_test(any_leaves_out_the_pair_of_a_zone_with_itself),
		cmocka_unit_test(services_are_ranges_of_protocol_and_port),
		cmocka_unit_test(hosts_may_name_hosts_in_any_order),
		cmocka_unit_test(object_files_are_merged_and_sorted),
		cmocka_unit_test(lists_of_many_ranges_stay_lists_of_their_own),
		cmocka_unit_test(windows_are_cut_at_midnight_utc),
		cmocka_unit_test(equal_windows_are_one_object),
		cmocka_unit_test(reviews_end_with_the_day_of_the_site),
		cmocka_unit_test(a_port_forward_knows_the_zone_of_its_server),
		cmocka_unit_test(expired_exceptions_stay_in_the_model),
		cmocka_unit_test(unknown_names_come_with_the_nearest_and_its_place),
		cmocka_unit_test(prefixes_with_host_bits_are_corrected_in_the_hint),
		cmocka_unit_test(order_never_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
