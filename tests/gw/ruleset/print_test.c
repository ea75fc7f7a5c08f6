/* A whole ruleset as text, with its origins. (Rules: print_rule_test.c.) */
#include <linux/netfilter.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/ruleset/ruleset.h"

#define KEY(text) ((const uint8_t *)(text))

static const struct gw_source source = { .path = "policies.yaml" };
static const struct gw_origin builtin = { .id = "gw" };
static const struct gw_origin web = { .id = "web-in", .loc = { &source, 14, 10, 6 } };

static void add(struct gw_ruleset *ruleset, const struct gw_set *definition, struct gw_elem a,
		struct gw_elem b)
{
	struct gw_set *set = gw_ruleset_add_set(ruleset, definition);

	if (a.key)
		gw_ruleset_add_elem(ruleset, set, a);
	if (b.key)
		gw_ruleset_add_elem(ruleset, set, b);
}

static void add_sets(struct gw_ruleset *ruleset)
{
	static const struct gw_set live = { .name = "live",
					    .key = { GW_TYPE_MARK },
					    .n_key = 1,
					    .map = true,
					    .data = GW_TYPE_VERDICT,
					    .timeout = true,
					    .counter = true,
					    .size = 64,
					    .origin = &builtin };
	static const struct gw_set services = { .name = "services",
						.key = { GW_TYPE_PROTO, GW_TYPE_PORT },
						.n_key = 2,
						.map = true,
						.data = GW_TYPE_MARK,
						.interval = true };
	static const struct gw_set hosts = {
		.name = "hosts", .key = { GW_TYPE_IPV6 }, .n_key = 1, .constant = true
	};
	static const struct gw_set macs = { .name = "macs",
					    .key = { GW_TYPE_ETHER, GW_TYPE_IFNAME },
					    .n_key = 2 };
	static const struct gw_set bans = { .name = "rt_bans",
					    .key = { GW_TYPE_IPV4 },
					    .n_key = 1,
					    .timeout = true,
					    .dynamic = true };
	const struct gw_elem none = { 0 };

	add(ruleset, &live,
	    (struct gw_elem){
		    .key = KEY("\1\0\0\0"), .verdict = GW_VERDICT_ACCEPT, .origin = &web },
	    (struct gw_elem){ .key = KEY("\2\0\0\0"),
			      .verdict = GW_VERDICT_JUMP,
			      .chain = "window",
			      .expires_ms = 1798761600000,
			      .packets = 3,
			      .bytes = 180 });
	add(ruleset, &services,
	    (struct gw_elem){ .key = KEY("\6\0\0\0\0\x50\0\0"), .data = KEY("\7\0\0\0") },
	    (struct gw_elem){ .key = KEY("\x84\0\0\0\4\0\0\0"),
			      .key_end = KEY("\x84\0\0\0\7\xff\0\0"),
			      .data = KEY("\7\0\0\0") });
	add(ruleset, &hosts,
	    (struct gw_elem){ .key = KEY("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\5") }, none);
	add(ruleset, &macs,
	    (struct gw_elem){ .key = KEY("\2\0\0\0\0\1\0\0hq0\0\0\0\0\0\0\0\0\0\0\0\0") }, none);
	add(ruleset, &bans, (struct gw_elem){ .key = KEY("abcd") }, none);
}

static void a_ruleset_reads_as_nft_would_list_it_with_its_origins(void **state)
{
	static const char wanted[] =
		"table inet gw {\n"
		"\tset hosts {\n"
		"\t\ttype ipv6_addr\n"
		"\t\tflags constant\n"
		"\t\telements = {\n"
		"\t\t\t2001:db8::5,\n"
		"\t\t}\n"
		"\t}\n\n"
		"\tmap live { # gw\n"
		"\t\ttype mark : verdict\n"
		"\t\tsize 64\n"
		"\t\tflags timeout\n"
		"\t\tcounter\n"
		"\t\telements = {\n"
		"\t\t\t0x00000001 : accept, # web-in policies.yaml:14:10\n"
		"\t\t\t0x00000002 until 2027-01-01T00:00:00Z counter packets 3 bytes 180 : "
		"jump window,\n"
		"\t\t}\n"
		"\t}\n\n"
		"\tset macs {\n"
		"\t\ttype ether_addr . ifname\n"
		"\t\telements = {\n"
		"\t\t\t02:00:00:00:00:01 . \"hq0\",\n"
		"\t\t}\n"
		"\t}\n\n"
		"\tset rt_bans {\n"
		"\t\ttype ipv4_addr\n"
		"\t\tflags timeout,dynamic\n"
		"\t\t# elements belong to a run-time writer\n"
		"\t}\n\n"
		"\tmap services {\n"
		"\t\ttype inet_proto . inet_service : mark\n"
		"\t\tflags interval\n"
		"\t\telements = {\n"
		"\t\t\ttcp . 80 : 0x00000007,\n"
		"\t\t\tsctp . 1024-2047 : 0x00000007,\n"
		"\t\t}\n"
		"\t}\n\n"
		"\tchain forward { # gw\n"
		"\t\ttype filter hook forward priority -5; policy drop;\n"
		"\t\tjump window # web-in policies.yaml:14:10\n"
		"\t}\n\n"
		"\tchain window {\n"
		"\t}\n"
		"}\n";
	const struct gw_base_hook hook = {
		.hook = NF_INET_FORWARD, .priority = -5, .type = "filter", .policy_drop = true
	};
	const struct gw_expr jump = { .kind = GW_EXPR_IMMEDIATE,
				      .verdict = GW_VERDICT_JUMP,
				      .chain = "window" };
	struct gw_ruleset *ruleset = gw_ruleset_new(NFPROTO_INET, "gw");
	gw_auto_text struct gw_text text = { 0 };
	struct gw_chain *chain;

	(void)state;
	(void)gw_ruleset_add_chain(ruleset, "window", NULL, NULL);
	chain = gw_ruleset_add_chain(ruleset, "forward", &hook, &builtin);
	(void)gw_ruleset_add_rule(ruleset, chain, &jump, 1, &web, "web-in");
	add_sets(ruleset);
	gw_ruleset_finish(ruleset);
	gw_ruleset_print(ruleset, &text);
	assert_string_equal(text.bytes, wanted);
	gw_ruleset_free(ruleset);
}

static void a_chain_of_devices_names_its_family_hook_and_devices(void **state)
{
	static const char *const devices[] = { "eth0", "eth1" };
	const struct gw_base_hook hook = { .hook = NF_NETDEV_INGRESS,
					   .priority = -500,
					   .type = "filter",
					   .devices = devices,
					   .n_devices = 2 };
	struct gw_ruleset *ruleset = gw_ruleset_new(NFPROTO_NETDEV, "gw");
	gw_auto_text struct gw_text text = { 0 };

	(void)state;
	(void)gw_ruleset_add_chain(ruleset, "in", &hook, NULL);
	gw_ruleset_finish(ruleset);
	gw_ruleset_print(ruleset, &text);
	assert_string_equal(text.bytes,
			    "table netdev gw {\n"
			    "\tchain in {\n"
			    "\t\ttype filter hook ingress devices = { \"eth0\", \"eth1\" } "
			    "priority -500; policy accept;\n"
			    "\t}\n"
			    "}\n");
	gw_ruleset_free(ruleset);
}

static void an_empty_table_is_two_lines(void **state)
{
	struct gw_ruleset *ruleset = gw_ruleset_new(NFPROTO_INET, "gw");
	gw_auto_text struct gw_text text = { 0 };

	(void)state;
	gw_ruleset_finish(ruleset);
	gw_ruleset_print(ruleset, &text);
	assert_string_equal(text.bytes, "table inet gw {\n}\n");
	gw_ruleset_free(ruleset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ruleset_reads_as_nft_would_list_it_with_its_origins),
		cmocka_unit_test(a_chain_of_devices_names_its_family_hook_and_devices),
		cmocka_unit_test(an_empty_table_is_two_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
