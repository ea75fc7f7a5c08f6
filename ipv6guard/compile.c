/* The tables, their sets, hooks and drop chains. */
#include "ipv6guard/compile.h"

#include <string.h>

#include "gw/compile/context.h"
#include "gw/core/mem.h"

/* The headers of Debian 12's kernel have them, those of its C library have not. */
#define HOOK_NETDEV_INGRESS 0u
#define HOOK_NETDEV_EGRESS  1u
/* Before flowtables and every rule of others; after what lifts tags. */
#define PRIORITY (-500)
/* Of table bridge: from the name of a port to its segment's chain. */
#define PORTS_SET "segment_ports"

/* ---- chains and rules ----------------------------------------------------------------------- */

const char *ipv6guard_name(const struct ipv6guard_compiler *c, const char *kind)
{
	return gw_arena_printf(c->arena, "%s_%s", kind, c->segment->name);
}

struct gw_chain *ipv6guard_chain(struct ipv6guard_compiler *c, const char *kind)
{
	return gw_ruleset_add_chain(c->table, ipv6guard_name(c, kind), NULL, c->origin);
}

/* By name, because a pointer is good only until the next chain is added. */
static struct gw_chain *find_chain(struct gw_ruleset *table, const char *name)
{
	size_t i = table->n_chains;

	while (i-- > 0 && strcmp(table->chains[i].name, name) != 0)
		;
	return &table->chains[i];
}

const char *ipv6guard_drop(struct ipv6guard_compiler *c, enum ipv6guard_class class)
{
	c->drops[class] = true;
	return gw_arena_printf(c->arena, "drop_%s_%s", c->segment->name,
			       ipv6guard_class_name(class));
}

void ipv6guard_rule(struct ipv6guard_compiler *c, const char *chain, const struct gw_exprs *e,
		    const char *comment)
{
	gw_exprs_rule(e, c->table, find_chain(c->table, chain), c->origin, comment);
}

void ipv6guard_accept(struct ipv6guard_compiler *c, const char *chain, struct gw_exprs *e,
		      const char *comment)
{
	gw_expr_verdict(e, GW_VERDICT_ACCEPT, NULL);
	ipv6guard_rule(c, chain, e, comment);
}

void ipv6guard_goto(struct ipv6guard_compiler *c, const char *chain, struct gw_exprs *e,
		    const char *target, const char *comment)
{
	gw_expr_verdict(e, GW_VERDICT_GOTO, target);
	ipv6guard_rule(c, chain, e, comment);
}

/* ---- sets ----------------------------------------------------------------------------------- */

void ipv6guard_number_set(struct ipv6guard_compiler *c, const char *name, enum gw_type key,
			  const uint16_t *numbers, size_t n)
{
	struct gw_set definition = {
		.name = name, .key = { key }, .n_key = 1, .origin = c->origin
	};
	struct gw_set *set = gw_ruleset_add_set(c->table, &definition);

	for (size_t i = 0; i < n; i++) {
		uint8_t *bytes = gw_arena_zalloc(c->arena, 1, 2);

		bytes[0] = (uint8_t)(gw_type_len(key) == 2 ? numbers[i] >> 8 : numbers[i]);
		bytes[1] = (uint8_t)numbers[i];
		gw_ruleset_add_elem(c->table, set,
				    (struct gw_elem){ .key = bytes, .origin = c->origin });
	}
}

/* What chains of all segments ask. Small numbers: bitmaps in the kernel. */
static void add_number_sets(struct gw_ruleset *table, const struct gw_origin *origin)
{
	// clang-format off
	static const struct {
		const char *name;
		enum gw_type key;
		size_t n;
		uint16_t numbers[8];
	} sets[] = {
		{ "tags", GW_TYPE_ETHERTYPE, 4, { 0x8100, 0x88a8, 0x9100, 0x9200 } },
		/* control of PPP links, and of IPv4 on them */
		{ "ppp", GW_TYPE_ETHERTYPE, 5, { 0xc021, 0xc023, 0xc223, 0xc025, 0x8021 } },
		/* next headers of what hosts send through Teredo */
		{ "inside", GW_TYPE_PROTO, 7, { 0, 6, 17, 44, 58, 59, 60 } },
		/* MLD reports, RS, NS, NA: what every host says at link-up */
		{ "chatter", GW_TYPE_ICMPV6, 6, { 131, 132, 133, 135, 136, 143 } },
		{ "discovery", GW_TYPE_ICMPV6, 3, { 133, 135, 136 } },
		{ "listeners", GW_TYPE_ICMPV6, 4, { 130, 131, 132, 143 } },
		/* RFC 4890: errors, echo. Those of Mobile IPv6 and SEND are not for access ports */
		{ "messages", GW_TYPE_ICMPV6, 6, { 1, 2, 3, 4, 128, 129 } },
		/* RFC 6980: never in fragments */
		{ "whole", GW_TYPE_ICMPV6, 7, { 133, 134, 135, 136, 137, 148, 149 } },
		/* DS-Lite, MAP, IPv6 in IPv6, GRE, EtherIP, L2TPv3, MPLS */
		{ "inner", GW_TYPE_PROTO, 6, { 4, 41, 47, 97, 115, 137 } },
		/* between neighbours: name servers, DHCPv6, meshes that find each other (Yggdrasil) */
		/* DNS, NetBIOS, mDNS, LLMNR */
		{ "name_ports", GW_TYPE_PORT, 4, { 53, 137, 5353, 5355 } },
		{ "not_local", GW_TYPE_PORT, 4, { 53, 546, 547, 9001 } },
	};
	// clang-format on
	struct ipv6guard_compiler c = { .table = table, .arena = table->arena, .origin = origin };

	for (size_t i = 0; i < GW_COUNT(sets); i++)
		ipv6guard_number_set(&c, sets[i].name, sets[i].key, sets[i].numbers, sets[i].n);
}

static void add_sets(struct gw_ruleset *table, const struct gw_origin *origin)
{
	// clang-format off
	static const struct gw_set definitions[] = {
		{ .name = IPV6GUARD_SET_GUARD, .key = { GW_TYPE_PROTO }, .n_key = 1 },
		{ .name = IPV6GUARD_SET_QUARANTINE, .key = { GW_TYPE_IFNAME, GW_TYPE_ETHER },
		  .n_key = 2, .timeout = true, .size = IPV6GUARD_QUARANTINE_MAX },
		{ .name = IPV6GUARD_SET_BINDINGS,
		  .key = { GW_TYPE_IFNAME, GW_TYPE_ETHER, GW_TYPE_IPV6 }, .n_key = 3,
		  .timeout = true, .size = IPV6GUARD_BINDINGS_MAX },
		{ .name = IPV6GUARD_SET_FRAMES, .key = { GW_TYPE_MARK, GW_TYPE_MARK, GW_TYPE_MARK },
		  .n_key = 3, .counter = true },
		/* filled by the kernel */
		{ .name = "rt_log_rate", .key = { GW_TYPE_IFNAME, GW_TYPE_ETHER }, .n_key = 2,
		  .timeout = true, .dynamic = true, .size = IPV6GUARD_LOG_MACS_MAX },
		{ .name = "rt_log_ports", .key = { GW_TYPE_IFNAME }, .n_key = 1, .timeout = true,
		  .dynamic = true, .size = 4096 },
		{ .name = "rt_answer_rate", .key = { GW_TYPE_IFNAME, GW_TYPE_ETHER }, .n_key = 2,
		  .timeout = true, .dynamic = true, .size = IPV6GUARD_LOG_MACS_MAX },
		{ .name = "rt_nd_rate", .key = { GW_TYPE_IFNAME, GW_TYPE_ETHER }, .n_key = 2,
		  .timeout = true, .dynamic = true, .size = 65536 },
		{ .name = "rt_nd_ports", .key = { GW_TYPE_IFNAME }, .n_key = 1, .timeout = true,
		  .dynamic = true, .size = 4096 },
		{ .name = "rt_mld_rate", .key = { GW_TYPE_IFNAME, GW_TYPE_ETHER }, .n_key = 2,
		  .timeout = true, .dynamic = true, .size = 65536 },
	};
	// clang-format on

	for (size_t i = 0; i < GW_COUNT(definitions); i++) {
		struct gw_set definition = definitions[i];

		definition.origin = origin;
		(void)gw_ruleset_add_set(table, &definition);
	}
}

static struct gw_set *find_set(struct gw_ruleset *table, const char *name)
{
	size_t i = table->n_sets;

	while (i-- > 0 && strcmp(table->sets[i].name, name) != 0)
		;
	return &table->sets[i];
}

/* ---- drops ---------------------------------------------------------------------------------- */

/* Where the guard only watches, what it would drop goes on. */
static enum gw_verdict_code verdict_of(const struct ipv6guard_compiler *c)
{
	return c->segment->monitor ? GW_VERDICT_ACCEPT : GW_VERDICT_DROP;
}

static void count_rule(struct ipv6guard_compiler *c, const char *chain, enum ipv6guard_class class)
{
	const uint32_t key[3] = { ipv6guard_segment_number(c->segment->name), class,
				  c->segment->monitor ? IPV6GUARD_VERDICT_PASS
						      : IPV6GUARD_VERDICT_DROP };
	struct gw_exprs e;

	gw_ruleset_add_elem(c->table, find_set(c->table, IPV6GUARD_SET_FRAMES),
			    (struct gw_elem){ .key = gw_arena_memdup(c->arena, key, sizeof(key)),
					      .origin = c->origin });
	gw_exprs_start(&e, c->arena);
	gw_expr_imm(&e, GW_REG(0), key, sizeof(key));
	gw_expr_lookup(&e, IPV6GUARD_SET_FRAMES, GW_REG(0));
	ipv6guard_rule(c, chain, &e, "count");
}

static void log_rule(struct ipv6guard_compiler *c, const char *chain, enum ipv6guard_class class,
		     bool by_port)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	ipv6guard_load_sender(&e, false);
	if (class == IPV6GUARD_CLASS_OWN) /* comes from nowhere */
		e.items[0].key = NFT_META_OIFNAME;
	gw_expr_rate(&e, by_port ? "rt_log_ports" : "rt_log_rate", GW_REG(0),
		     by_port ? IPV6GUARD_LOG_PORT_RATE : IPV6GUARD_LOG_RATE);
	gw_expr_log(&e, IPV6GUARD_LOG_GROUP, 0,
		    gw_arena_printf(c->arena, IPV6GUARD_LOG_PREFIX " %s %s", c->segment->name,
				    ipv6guard_class_name(class)));
	gw_expr_verdict(&e, verdict_of(c), NULL);
	ipv6guard_rule(c, chain, &e, by_port ? "log, when MACs are too many" : "log");
}

/* Counted first: a rule ends where a set is full or a rate is reached. */
static void drop_chain(struct ipv6guard_compiler *c, enum ipv6guard_class class)
{
	const char *word = ipv6guard_class_name(class);
	const char *name =
		gw_ruleset_add_chain(c->table, ipv6guard_drop(c, class), NULL, c->origin)->name;
	struct gw_exprs e;

	count_rule(c, name, class);
	log_rule(c, name, class, false);
	log_rule(c, name, class, true);
	gw_exprs_start(&e, c->arena);
	gw_expr_verdict(&e, verdict_of(c), NULL);
	ipv6guard_rule(c, name, &e, word);
}

/* ---- hooks ---------------------------------------------------------------------------------- */

static const struct gw_base_hook *hook_new(struct ipv6guard_compiler *c, uint32_t hook,
					   const char *const *devices, size_t n)
{
	struct gw_base_hook *base = gw_arena_new_of(c->arena, struct gw_base_hook);

	/* The policy is asked for only while a chain has no rules yet: fail closed. */
	*base = (struct gw_base_hook){ .hook = hook,
				       .priority = PRIORITY,
				       .type = "filter",
				       .policy_drop = !c->segment->monitor,
				       .devices = devices,
				       .n_devices = n };
	return base;
}

static const char **device_names(struct ipv6guard_compiler *c, size_t *ret_n)
{
	const struct ipv6guard_segment *segment = c->segment;
	size_t n = segment->n_interfaces + segment->n_ports;
	const char **names = gw_arena_array(c->arena, n, const char *);

	for (size_t i = 0; i < segment->n_interfaces; i++)
		names[i] = segment->interfaces[i].name;
	for (size_t i = 0; i < segment->n_ports; i++)
		names[segment->n_interfaces + i] = segment->ports[i].name;
	*ret_n = n;
	return names;
}

static void compile_ipv6(struct ipv6guard_compiler *c)
{
	const char *chain = ipv6guard_chain(c, "ipv6")->name;

	switch (c->segment->mode) {
	case IPV6GUARD_OFF:
		ipv6guard_compile_off(c, chain);
		break;
	case IPV6GUARD_LOCAL:
		ipv6guard_compile_local(c, chain);
		break;
	case IPV6GUARD_GUARDED:
		ipv6guard_compile_guarded(c, chain);
		break;
	case IPV6GUARD_OPEN:
		break;
	}
}

static void compile_drops(struct ipv6guard_compiler *c)
{
	for (int class = 0; class < IPV6GUARD_CLASS_COUNT; class ++)
		if (c->drops[class])
			drop_chain(c, (enum ipv6guard_class) class);
}

static void compile_netdev(struct ipv6guard_compiler *c)
{
	const char *const *devices, *chain;
	size_t n;

	devices = device_names(c, &n);
	chain = gw_ruleset_add_chain(c->table, ipv6guard_name(c, "ingress"),
				     hook_new(c, HOOK_NETDEV_INGRESS, devices, n), c->origin)
			->name;
	ipv6guard_compile_frames(c, chain);
	compile_ipv6(c);
	/* What the gateway itself sends needs no watching. */
	if (!c->segment->monitor &&
	    (c->segment->mode == IPV6GUARD_OFF || c->segment->mode == IPV6GUARD_LOCAL)) {
		chain = gw_ruleset_add_chain(c->table, ipv6guard_name(c, "egress"),
					     hook_new(c, HOOK_NETDEV_EGRESS, devices, n), c->origin)
				->name;
		ipv6guard_compile_egress(c, chain);
	}
	compile_drops(c);
}

/* ---- the bridge's table --------------------------------------------------------------------- */

/* The port is in the map; one look-up, however many there are. */
static void port_elem(struct ipv6guard_compiler *c, const char *port, const char *chain)
{
	uint8_t *key = gw_arena_zalloc(c->arena, 1, gw_type_slot(GW_TYPE_IFNAME));

	memcpy(key, port, strnlen(port, 15));
	gw_ruleset_add_elem(c->table, find_set(c->table, PORTS_SET),
			    (struct gw_elem){ .key = key,
					      .verdict = GW_VERDICT_GOTO,
					      .chain = chain,
					      .origin = c->origin });
}

/* A rule for all ports whose names begin so, behind the map. */
static void pattern_rule(struct ipv6guard_compiler *c, const char *pattern, const char *chain)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_IIFNAME, GW_REG(0));
	gw_expr_cmp(&e, GW_REG(0), NFT_CMP_EQ, pattern, (uint32_t)strlen(pattern) - 1);
	ipv6guard_goto(c, "ports", &e, chain, c->segment->name);
}

static void compile_bridge(struct ipv6guard_compiler *c)
{
	const char *chain = ipv6guard_name(c, "ingress");

	if (!c->segment->n_ports)
		return;
	for (size_t i = 0; i < c->segment->n_ports; i++) {
		const char *port = c->segment->ports[i].name;

		if (strchr(port, '*'))
			pattern_rule(c, port, chain);
		else
			port_elem(c, port, chain);
	}
	ipv6guard_compile_frames(c, ipv6guard_chain(c, "ingress")->name);
	compile_ipv6(c);
	compile_drops(c);
}

/* ---- the section ---------------------------------------------------------------------------- */

static const struct gw_origin *origin_of(struct gw_arena *arena,
					 const struct ipv6guard_segment *segment)
{
	struct gw_origin *origin = gw_arena_new_of(arena, struct gw_origin);

	*origin = (struct gw_origin){ segment->name, segment->loc };
	return origin;
}

static struct ipv6guard_compiler compiler_of(struct gw_ruleset *table,
					     const struct ipv6guard_segment *segment)
{
	return (struct ipv6guard_compiler){ .table = table,
					    .arena = table->arena,
					    .segment = segment,
					    .origin = origin_of(table->arena, segment) };
}

static struct gw_ruleset *add_table(struct gw_ruleset *ruleset, uint32_t family)
{
	static const struct gw_origin ours = { .id = "gw" };
	struct gw_ruleset *table = gw_ruleset_add_table(ruleset, family);

	add_sets(table, &ours);
	add_number_sets(table, &ours);
	return table;
}

/* Bridges of others pass. */
static void ports_chain(struct gw_ruleset *table, const struct gw_origin *origin)
{
	struct gw_base_hook *base = gw_arena_new_of(table->arena, struct gw_base_hook);
	const struct gw_set map = { .name = PORTS_SET,
				    .key = { GW_TYPE_IFNAME },
				    .n_key = 1,
				    .map = true,
				    .data = GW_TYPE_VERDICT,
				    .size = 4096,
				    .origin = origin };
	struct gw_exprs e;

	*base = (struct gw_base_hook){ .hook = NF_INET_PRE_ROUTING,
				       .priority = PRIORITY,
				       .type = "filter" };
	(void)gw_ruleset_add_set(table, &map);
	gw_exprs_start(&e, table->arena);
	gw_expr_meta(&e, NFT_META_IIFNAME, GW_REG(0));
	gw_expr_vmap(&e, PORTS_SET, GW_REG(0));
	gw_exprs_rule(&e, table, gw_ruleset_add_chain(table, "ports", base, origin), origin,
		      "whose port is it?");
}

static void compile_bridges(struct gw_ruleset *ruleset, const struct ipv6guard *guard)
{
	static const struct gw_origin ours = { .id = "gw" };
	struct gw_ruleset *table = add_table(ruleset, NFPROTO_BRIDGE);

	ports_chain(table, &ours);
	for (size_t i = 0; i < guard->n_segments; i++) {
		struct ipv6guard_compiler c = compiler_of(table, &guard->segments[i]);

		if (c.segment->mode != IPV6GUARD_OPEN)
			compile_bridge(&c);
	}
}

void ipv6guard_compile_tables(struct gw_ruleset *ruleset, const struct ipv6guard *guard)
{
	struct gw_ruleset *table = NULL;
	bool ports = false;

	for (size_t i = 0; i < guard->n_segments; i++) {
		struct ipv6guard_compiler c;

		if (guard->segments[i].mode == IPV6GUARD_OPEN)
			continue;
		if (!table)
			table = add_table(ruleset, NFPROTO_NETDEV);
		c = compiler_of(table, &guard->segments[i]);
		compile_netdev(&c);
		ports |= guard->segments[i].n_ports > 0;
	}
	if (ports)
		compile_bridges(ruleset, guard);
}

void ipv6guard_compile(struct gw_compiler *compiler, const void *model)
{
	ipv6guard_compile_tables(compiler->ruleset, model);
}
