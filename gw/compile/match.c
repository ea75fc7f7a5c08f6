/*
 * The kernel rules of layers. A layer becomes at most four rules: per family where addresses
 * matter, and one for ICMP services beside the one for ports, because type and code are found
 * elsewhere in the connection's addresses than a port (compile.h). Services of ICMP have keys of
 * their own (icmp_id), so that an identifier in the place of a port can never be taken for a type.
 */
#include <string.h>

#include "gw/compile/context.h"

static bool source_in_family(const struct gw_layer *layer, enum gw_family family)
{
	const struct gw_term *term = &layer->terms[0];

	switch ((enum gw_match_kind)term->source) {
	case GW_MATCH_ANY:
		return true;
	case GW_MATCH_LIST:
		return layer->classes[GW_DIM_SOURCE4 + family].n > 0;
	case GW_MATCH_LARGE:
		return term->source_large->addrs[family].n > 0;
	}
	return false;
}

static bool dest_in_family(const struct gw_layer *layer, enum gw_family family)
{
	const struct gw_term *term = &layer->terms[0];

	switch ((enum gw_match_kind)term->dest) {
	case GW_MATCH_ANY:
		return true;
	case GW_MATCH_LIST:
		return layer->classes[GW_DIM_DEST4 + family].n > 0;
	case GW_MATCH_LARGE:
		return term->dest_large->addrs[family].n > 0;
	}
	return false;
}

struct service_use {
	bool any, icmp[GW_FAMILY_COUNT], other;
};

static struct service_use service_use(const struct gw_layer *layer)
{
	static const uint32_t icmp[GW_FAMILY_COUNT] = { IPPROTO_ICMP, IPPROTO_ICMPV6 };
	const struct gw_classes *classes = &layer->classes[GW_DIM_SERVICE];
	struct service_use use = { .any = layer->terms[0].service == GW_MATCH_ANY };

	for (size_t i = 0; i < classes->n; i++) {
		for (size_t k = 0; k < classes->items[i].n_ranges; k++) {
			uint32_t lo = (uint32_t)classes->items[i].ranges[k].lo >> 16;
			uint32_t hi = (uint32_t)classes->items[i].ranges[k].hi >> 16;

			for (unsigned int f = 0; f < GW_FAMILY_COUNT; f++)
				use.icmp[f] |= lo <= icmp[f] && icmp[f] <= hi;
			use.other |= lo != hi || (lo != IPPROTO_ICMP && lo != IPPROTO_ICMPV6);
		}
	}
	return use;
}

static size_t add_cases(struct gw_layer_case *ret, size_t n, struct gw_layer_case item,
			const struct service_use *use, bool icmp)
{
	item.icmp = false;
	if (use->any || use->other)
		ret[n++] = item;
	item.icmp = true;
	if (!use->any && icmp)
		ret[n++] = item;
	return n;
}

size_t gw_layer_cases(const struct gw_layer *layer, struct gw_layer_case ret[4])
{
	const struct gw_term *term = &layer->terms[0];
	struct service_use use = service_use(layer);
	struct gw_layer_case item = { .family_matters = term->source != GW_MATCH_ANY ||
							term->dest != GW_MATCH_ANY };
	size_t n = 0;

	if (!item.family_matters)
		return add_cases(ret, n, item, &use, use.icmp[0] || use.icmp[1]);
	for (unsigned int f = 0; f < GW_FAMILY_COUNT; f++) {
		item.family = (enum gw_family)f;
		if (source_in_family(layer, item.family) && dest_in_family(layer, item.family))
			n = add_cases(ret, n, item, &use, use.icmp[f]);
	}
	return n;
}

/* One address: by class (or in a large list) if the layer asks for it. */
static void match_address(struct gw_compiler *c, struct gw_exprs *e, const struct gw_layer *layer,
			  enum gw_match_kind kind, bool is_source, enum gw_family family,
			  const struct gw_hosts *large, uint32_t class_reg)
{
	static const char *const class_sets[2][GW_FAMILY_COUNT] = { { "dst4", "dst6" },
								    { "src4", "src6" } };
	uint32_t key = family == GW_FAMILY_IPV4 ? NFT_CT_SRC_IP : NFT_CT_SRC_IP6;

	if (kind == GW_MATCH_ANY)
		return;
	/* The source of replies is the real destination: after dnat. */
	gw_expr_ct(e, key, is_source ? IP_CT_DIR_ORIGINAL : IP_CT_DIR_REPLY, GW_REG(1));
	if (kind == GW_MATCH_LARGE) {
		gw_expr_lookup(e, gw_compile_hosts_set(c, large, family), GW_REG(1));
		return;
	}
	gw_expr_map(e, gw_compile_layer_set_name(e->arena, layer, class_sets[is_source][family]),
		    REG_KEY, class_reg);
}

void gw_compile_layer_match(struct gw_compiler *c, struct gw_exprs *e, const struct gw_layer *layer,
			    const struct gw_layer_case *condition)
{
	const struct gw_term *term = &layer->terms[0];

	if (condition->family_matters) {
		gw_expr_meta(e, NFT_META_NFPROTO, REG_KEY);
		gw_expr_cmp_u8(e, REG_KEY, NFT_CMP_EQ,
			       condition->family == GW_FAMILY_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	}
	if (term->source == GW_MATCH_LIST || term->dest == GW_MATCH_LIST)
		gw_expr_imm_u32(e, REG_KEY, layer->id);
	match_address(c, e, layer, (enum gw_match_kind)term->source, true, condition->family,
		      term->source_large, REG_SOURCE);
	match_address(c, e, layer, (enum gw_match_kind)term->dest, false, condition->family,
		      term->dest_large, REG_DEST);
	if (term->service != GW_MATCH_LIST)
		return;
	gw_expr_imm_u32(e, REG_KEY, condition->icmp ? layer->icmp_id : layer->id);
	gw_expr_ct(e, NFT_CT_PROTOCOL, GW_CT_NO_DIR, GW_REG(1));
	if (condition->icmp)
		gw_expr_ct(e, NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL, GW_REG(2));
	else
		gw_expr_ct(e, NFT_CT_PROTO_SRC, IP_CT_DIR_REPLY, GW_REG(2));
	gw_expr_map(e, gw_compile_layer_set_name(e->arena, layer, "services"), REG_KEY,
		    REG_SERVICE);
}

static const char *match_set(struct gw_compiler *c, const struct gw_layer *layer)
{
	if (layer->terms[0].tier == GW_TIER_EXCEPTION)
		return "match_timed";
	return gw_compile_layer_set_name(c->arena, layer, "match");
}

static const struct gw_origin *layer_origin(const struct gw_compiler *c,
					    const struct gw_layer *layer)
{
	return &c->rule_origins[layer->terms[0].rule_index];
}

/*
 * The key of @match: the layer and three classes of 0, which the look-ups then fill in. In one
 * piece, because nft (1.0.6) aborts when it lists a rule where the result of a map is a part of a
 * key: it knows no length of it. This way it shows the constant.
 */
static void start_key(struct gw_exprs *e, const struct gw_layer *layer)
{
	uint32_t key[4] = { layer->id, 0, 0, 0 };

	gw_expr_imm(e, REG_LAYER, key, sizeof(key));
}

/* Reads the mark again rather than REG_NUMBER, for the same reason as start_key. */
static void accept_live(struct gw_compiler *c, struct gw_exprs *e, const char *set)
{
	gw_compile_mark_get(c, e, REG_NUMBER);
	gw_compile_accept_live(e, set, REG_NUMBER);
}

static void layer_rules(struct gw_compiler *c, struct gw_chain *chain, const struct gw_layer *layer)
{
	static const char *const comments[] = {
		[GW_TIER_LOCKED] = "locked policies that deny",
		[GW_TIER_EXCEPTION] = "exceptions",
		[GW_TIER_DENY] = "policies that deny",
		[GW_TIER_ACCEPT] = "policies that accept",
	};
	const struct gw_term *term = &layer->terms[0];
	struct gw_layer_case cases[4];
	size_t n = gw_layer_cases(layer, cases);

	for (size_t i = 0; i < n; i++) {
		struct gw_exprs e;

		gw_exprs_start(&e, c->arena);
		start_key(&e, layer);
		gw_compile_layer_match(c, &e, layer, &cases[i]);
		gw_expr_map(&e, match_set(c, layer), REG_LAYER, REG_NUMBER);
		if (term->rule->action != GW_ACTION_ACCEPT) {
			gw_compile_deny(&e, term->rule->action, term->logged);
		} else {
			gw_compile_mark_set(c, &e, REG_NUMBER);
			if (term->logged)
				gw_expr_verdict(&e, GW_VERDICT_JUMP,
						gw_compile_log_chain(c, layer));
			else
				accept_live(c, &e, gw_compile_live_set(term));
		}
		gw_compile_rule(c, chain, &e, layer_origin(c, layer), comments[term->tier]);
	}
}

/* Rules of a layer that many pairs share are kept once, in a chain; those of a layer that denies in
 * a window too, because they are entered only while the window is open. */
static bool has_chain(const struct gw_compiler *c, const struct gw_layer *layer)
{
	const struct gw_term *term = &layer->terms[0];

	return gw_scope_pairs(&c->layers.scopes[term->scope], c->policy) > 3 ||
	       (term->rule->window && term->rule->action != GW_ACTION_ACCEPT);
}

static const char *layer_chain(struct gw_compiler *c, const struct gw_layer *layer)
{
	return gw_arena_printf(c->arena, "layer_%08x", layer->id);
}

static void layer_call(struct gw_compiler *c, struct gw_chain *chain, const struct gw_layer *layer)
{
	const struct gw_window *window = layer->terms[0].rule->window;
	const struct gw_origin *origin = layer_origin(c, layer);
	const char *target = layer_chain(c, layer);

	if (!window || layer->terms[0].rule->action == GW_ACTION_ACCEPT) {
		gw_compile_verdict(c, chain, GW_VERDICT_JUMP, target, origin, "shared rules");
		return;
	}
	for (size_t i = 0; i < window->n_parts; i++) {
		struct gw_exprs e;

		gw_exprs_start(&e, c->arena);
		gw_compile_window_part(&e, &window->parts[i]);
		gw_expr_verdict(&e, GW_VERDICT_JUMP, target);
		gw_compile_rule(c, chain, &e, origin, "rules of a window");
	}
}

/* Which layers a chain consists of, in order. */
struct pair {
	const struct gw_layer **layers;
	size_t n, capacity;
};

static void pair_add(struct gw_arena *arena, struct pair *pair, const struct gw_layer *layer)
{
	if (pair->n == pair->capacity) {
		size_t capacity = pair->capacity ? pair->capacity * 2 : 4;
		const struct gw_layer **layers =
			gw_arena_array(arena, capacity, const struct gw_layer *);

		if (pair->n)
			memcpy(layers, pair->layers, pair->n * sizeof(const struct gw_layer *));
		pair->layers = layers;
		pair->capacity = capacity;
	}
	pair->layers[pair->n++] = layer;
}

/* Pair (from, to) is at from * (zones + 1) + to; the last of each row is the gateway. */
static struct pair *pairs_of_layers(struct gw_compiler *c)
{
	const struct gw_policy *policy = c->policy;
	size_t width = policy->n_zones + 1;
	struct pair *pairs = gw_arena_array(c->scratch, policy->n_zones * width, struct pair);

	for (size_t i = 0; i < c->layers.n; i++) {
		const struct gw_layer *layer = &c->layers.items[i];
		const struct gw_scope *scope = &c->layers.scopes[layer->terms[0].scope];

		for (unsigned int from = 0; from < policy->n_zones; from++) {
			if (!gw_zone_set_has(&scope->from, from))
				continue;
			for (unsigned int to = 0; to < width; to++) {
				const struct gw_zone *zone =
					to < policy->n_zones ? &policy->zones[to] : NULL;

				if (gw_scope_covers(scope, &policy->zones[from], zone))
					pair_add(c->scratch, &pairs[from * width + to], layer);
			}
		}
	}
	return pairs;
}

static void pair_chain(struct gw_compiler *c, const struct pair *pair, const char *name,
		       const struct gw_zone *from)
{
	struct gw_chain *chain = gw_compile_chain(c, name, &c->zone_origins[from->index]);

	for (size_t i = 0; i < pair->n; i++) {
		if (has_chain(c, pair->layers[i]))
			layer_call(c, chain, pair->layers[i]);
		else
			layer_rules(c, chain, pair->layers[i]);
	}
}

void gw_compile_layers(struct gw_compiler *c)
{
	const struct gw_policy *policy = c->policy;
	size_t width = policy->n_zones + 1;
	struct pair *pairs = pairs_of_layers(c);

	for (size_t i = 0; i < c->layers.n; i++) {
		const struct gw_layer *layer = &c->layers.items[i];

		if (has_chain(c, layer))
			layer_rules(
				c,
				gw_compile_chain(c, layer_chain(c, layer), layer_origin(c, layer)),
				layer);
	}
	for (size_t from = 0; from < policy->n_zones; from++) {
		const struct gw_zone *zone = &policy->zones[from];

		for (size_t to = 0; to < width; to++) {
			const struct pair *pair = &pairs[from * width + to];
			const char *name;

			if (!pair->n)
				continue;
			if (to == policy->n_zones) {
				name = gw_arena_printf(c->arena, "to_gateway_%s", zone->name);
				gw_compile_zone_elems(c, "inputs", zone, name);
			} else {
				name = gw_arena_printf(c->arena, "pair_%s_%s", zone->name,
						       policy->zones[to].name);
				gw_compile_pair_elems(c, "pairs", zone, &policy->zones[to], name);
			}
			pair_chain(c, pair, name, zone);
		}
	}
}
