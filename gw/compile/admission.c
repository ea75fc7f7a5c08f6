/*
 * Admission registers: only known devices may send into the zone. Asked first of all, before anything
 * else is asked of the packet:
 *
 *   source_<zone>     ether saddr @macs_<zone> goto admitted_<zone>
 *                     ether saddr @rt_admitted_<zone> goto admitted_<zone>
 *                     remember ether saddr . saddr in @rt_seen…; drop not-admitted
 *   admitted_<zone>   what source_<zone> is without a register
 *   ports_<zone>      the same questions for frames that come in at the ports of a bridge, those
 *                     that it would pass on to another port included (ingress hook)
 *
 * A packet without an Ethernet header (tunnels, point-to-point links) has no device and is refused.
 * ARP is not IP and passes: a device that is not admitted can be found by it, not harmed.
 */
#include "gw/compile/context.h"
#include "gw/compile/measures.h"

#define SEEN_MAX 4096u /* of a zone and family: whoever fills it is only not listed any more */

static const char *macs_set_name(struct gw_arena *arena, const struct gw_zone *zone)
{
	return gw_arena_printf(arena, "macs_%s", zone->name);
}

const char *gw_admitted_set_name(struct gw_arena *arena, const struct gw_zone *zone)
{
	return gw_arena_printf(arena, "rt_admitted_%s", zone->name);
}

const char *gw_seen_set_name(struct gw_arena *arena, const struct gw_zone *zone,
			     enum gw_family family)
{
	return family == GW_FAMILY_IPV4 ? gw_arena_printf(arena, "rt_seen4_%s", zone->name)
					: gw_arena_printf(arena, "rt_seen6_%s", zone->name);
}

/* ---- sets ----------------------------------------------------------------------------------- */

static void register_set(struct gw_compiler *c, const struct gw_zone *zone,
			 const struct gw_origin *origin)
{
	const struct gw_admission *admission = zone->admission;
	struct gw_set definition = { .name = macs_set_name(c->arena, zone),
				     .key = { GW_TYPE_ETHER },
				     .n_key = 1,
				     .origin = origin };
	struct gw_set *set = gw_ruleset_add_set(c->ruleset, &definition);

	for (size_t i = 0; i < admission->n_devices; i++) {
		struct gw_origin *line = gw_arena_new_of(c->arena, struct gw_origin);

		*line = (struct gw_origin){ zone->name, admission->devices[i].loc };
		gw_ruleset_add_elem(c->ruleset, set,
				    (struct gw_elem){ .key = gw_arena_memdup(
							      c->arena, admission->devices[i].mac,
							      sizeof(admission->devices[i].mac)),
						      .origin = line });
	}
}

static void sets(struct gw_compiler *c, const struct gw_zone *zone, const struct gw_origin *origin)
{
	struct gw_set admitted = { .name = gw_admitted_set_name(c->arena, zone),
				   .key = { GW_TYPE_ETHER },
				   .n_key = 1,
				   .timeout = true,
				   .origin = origin };

	register_set(c, zone, origin);
	(void)gw_ruleset_add_set(c->ruleset, &admitted);
	for (int f = 0; f < GW_FAMILY_COUNT; f++) {
		enum gw_family family = (enum gw_family)f;
		struct gw_set seen = { .name = gw_seen_set_name(c->arena, zone, family),
				       .key = { GW_TYPE_ETHER, family == GW_FAMILY_IPV4
								       ? GW_TYPE_IPV4
								       : GW_TYPE_IPV6 },
				       .n_key = 2,
				       .timeout = true,
				       .dynamic = true,
				       .size = SEEN_MAX,
				       .origin = origin };

		(void)gw_ruleset_add_set(c->ruleset, &seen);
	}
}

/* ---- rules ---------------------------------------------------------------------------------- */

static void known_rule(struct gw_compiler *c, struct gw_chain *chain, const char *set,
		       const char *target, const struct gw_origin *origin, const char *comment)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_compile_ether_source(&e);
	gw_expr_lookup(&e, set, REG_KEY);
	gw_expr_verdict(&e, target ? GW_VERDICT_GOTO : GW_VERDICT_ACCEPT, target);
	gw_compile_rule(c, chain, &e, origin, comment);
}

/* A rule of its own, because it ends where the set is full. */
static void seen_rule(struct gw_compiler *c, struct gw_chain *chain, const struct gw_zone *zone,
		      enum gw_family family, const struct gw_origin *origin)
{
	bool ipv4 = family == GW_FAMILY_IPV4;
	struct gw_exprs e;
	struct gw_expr *expr;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_NFPROTO, REG_KEY);
	gw_expr_cmp_u8(&e, REG_KEY, NFT_CMP_EQ, ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	gw_compile_ether_source(&e); /* six bytes, in two registers */
	gw_expr_payload(&e, NFT_PAYLOAD_NETWORK_HEADER, ipv4 ? 12 : 8, ipv4 ? 4 : 16, GW_REG(2));
	expr = gw_expr_add(&e, GW_EXPR_DYNSET);
	expr->set_name = gw_seen_set_name(c->arena, zone, family);
	expr->sreg = REG_KEY;
	expr->key = NFT_DYNSET_OP_UPDATE;
	expr->timeout_ms = GW_SEEN_TIMEOUT_MS;
	gw_compile_rule(c, chain, &e, origin, "refused devices are listed");
}

static void questions(struct gw_compiler *c, struct gw_chain *chain, const struct gw_zone *zone,
		      const char *admitted, const struct gw_origin *origin)
{
	known_rule(c, chain, macs_set_name(c->arena, zone), admitted, origin, "registered device");
	known_rule(c, chain, gw_admitted_set_name(c->arena, zone), admitted, origin,
		   "admitted for a time");
	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		seen_rule(c, chain, zone, (enum gw_family)f, origin);
	gw_compile_verdict(c, chain, GW_VERDICT_GOTO,
			   gw_compile_drop_chain(GW_BUILTIN_NOT_ADMITTED), origin,
			   "not in the register");
}

static void ports_chain(struct gw_compiler *c, const struct gw_zone *zone,
			const struct gw_origin *origin)
{
	const struct gw_admission *admission = zone->admission;
	struct gw_base_hook *base;
	const char **devices;
	struct gw_chain *chain;

	if (!admission->n_ports)
		return;
	base = gw_arena_new_of(c->arena, struct gw_base_hook);
	devices = gw_arena_array(c->arena, admission->n_ports, const char *);
	for (size_t i = 0; i < admission->n_ports; i++)
		devices[i] = admission->ports[i].name;
	*base = (struct gw_base_hook){ .hook = NF_INET_INGRESS,
				       .type = "filter",
				       .devices = devices,
				       .n_devices = admission->n_ports };
	chain = gw_ruleset_add_chain(c->ruleset, gw_arena_printf(c->arena, "ports_%s", zone->name),
				     base, origin);
	questions(c, chain, zone, NULL, origin);
}

struct gw_chain *gw_compile_admission(struct gw_compiler *c, const struct gw_zone *zone,
				      struct gw_chain *chain)
{
	struct gw_origin *origin;
	const char *admitted;

	if (!zone->admission)
		return chain;
	origin = gw_arena_new_of(c->arena, struct gw_origin);
	*origin = (struct gw_origin){ zone->name, zone->admission->loc };
	admitted = gw_arena_printf(c->arena, "admitted_%s", zone->name);
	sets(c, zone, origin);
	questions(c, chain, zone, admitted, origin);
	ports_chain(c, zone, origin);
	return gw_compile_chain(c, admitted, &c->zone_origins[zone->index]);
}
