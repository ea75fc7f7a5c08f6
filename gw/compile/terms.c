/* From rules to terms and scopes; see layers.h. */
#include <string.h>

#include "gw/compile/layers.h"
#include "gw/compile/layers_internal.h"
#include "gw/core/hash.h"
#include "gw/core/mem.h"

/* One side of a rule: any, its own list, or one of its large lists. */
struct part {
	enum gw_match_kind kind;
	const struct gw_hosts *large;
};

struct large_zones {
	const struct gw_hosts *hosts;
	struct gw_zone_set zones; /* whose space it meets */
};

struct builder {
	struct gw_arena *arena;
	const struct gw_layer_input *input;
	struct gw_layers *layers;
	uint64_t *zone_hashes;
	uint64_t *scope_hashes; /* heap, like the next two */
	uint32_t *scope_slots;  /* hash table: index + 1 */
	size_t scopes_capacity, hashes_capacity, n_scope_slots, n_hashes;
	struct large_zones *large;
	size_t n_large, large_capacity;
	struct gw_term *terms; /* heap */
	size_t n_terms, terms_capacity;
};

static bool meets_space(const struct gw_addrset *addrs, const struct gw_zone *zone)
{
	return gw_addrset_overlaps(addrs[GW_FAMILY_IPV4], zone->space[GW_FAMILY_IPV4]) ||
	       gw_addrset_overlaps(addrs[GW_FAMILY_IPV6], zone->space[GW_FAMILY_IPV6]);
}

static struct gw_zone_set zones_met(const struct gw_policy *policy, const struct gw_addrset *addrs)
{
	struct gw_zone_set zones = { 0 };

	for (unsigned int z = 0; z < policy->n_zones; z++)
		if (meets_space(addrs, &policy->zones[z]))
			gw_zone_set_add(&zones, z);
	return zones;
}

/* Large lists are compared with all zones once, not once per rule that names them. */
static const struct gw_zone_set *large_zones(struct builder *b, const struct gw_hosts *hosts)
{
	struct large_zones item = { .hosts = hosts };

	for (size_t i = 0; i < b->n_large; i++)
		if (b->large[i].hosts == hosts)
			return &b->large[i].zones;
	item.zones = zones_met(b->input->policy, hosts->addrs);
	gw_push(b->large, b->n_large, b->large_capacity, item);
	return &b->large[b->n_large - 1].zones;
}

/* The zones of `zones` where this part of a rule can match. Returns false if there is none. */
static bool narrow(struct builder *b, const struct gw_addr_match *match, const struct part *part,
		   const struct gw_zone_set *zones, struct gw_zone_set *ret)
{
	const struct gw_policy *policy = b->input->policy;
	uint64_t any = 0;

	memset(ret, 0, sizeof(*ret));
	switch (part->kind) {
	case GW_MATCH_ANY:
		*ret = *zones;
		break;
	case GW_MATCH_LARGE: {
		const struct gw_zone_set *met = large_zones(b, part->large);

		for (size_t i = 0; i < GW_COUNT(ret->bits); i++)
			ret->bits[i] = zones->bits[i] & met->bits[i];
		break;
	}
	case GW_MATCH_LIST:
		for (unsigned int z = 0; z < policy->n_zones; z++)
			if (gw_zone_set_has(zones, z) &&
			    meets_space(match->addrs, &policy->zones[z]))
				gw_zone_set_add(ret, z);
		break;
	}
	for (size_t i = 0; i < GW_COUNT(ret->bits); i++)
		any |= ret->bits[i];
	return any != 0;
}

static uint64_t scope_hash(const struct builder *b, const struct gw_scope *scope)
{
	uint64_t hash = gw_hash_u64(GW_HASH_START, scope->gateway);

	for (unsigned int z = 0; z < b->input->policy->n_zones; z++) {
		unsigned int bits = (unsigned int)gw_zone_set_has(&scope->from, z) |
				    (unsigned int)gw_zone_set_has(&scope->to, z) << 1 |
				    (unsigned int)gw_zone_set_has(&scope->same, z) << 2;

		if (bits)
			hash = gw_hash_u64(gw_hash_u64(hash, b->zone_hashes[z]), bits);
	}
	return hash;
}

static void scope_slots_grow(struct builder *b)
{
	size_t n = b->n_scope_slots ? b->n_scope_slots * 2 : 1024;

	gw_free(b->scope_slots);
	b->scope_slots = gw_zalloc(n, sizeof(*b->scope_slots));
	b->n_scope_slots = n;
	for (size_t i = 0; i < b->layers->n_scopes; i++) {
		size_t slot = b->scope_hashes[i] & (n - 1);

		while (b->scope_slots[slot])
			slot = (slot + 1) & (n - 1);
		b->scope_slots[slot] = (uint32_t)i + 1;
	}
}

static bool zone_set_equal(const struct gw_zone_set *a, const struct gw_zone_set *b)
{
	return a->any == b->any && memcmp(a->bits, b->bits, sizeof(a->bits)) == 0;
}

static bool scope_equal(const struct gw_scope *a, const struct gw_scope *b)
{
	return a->gateway == b->gateway && zone_set_equal(&a->from, &b->from) &&
	       zone_set_equal(&a->to, &b->to) && zone_set_equal(&a->same, &b->same);
}

static uint32_t scope_intern(struct builder *b, const struct gw_scope *scope)
{
	uint64_t hash = scope_hash(b, scope);
	size_t slot;

	if (b->layers->n_scopes * 2 >= b->n_scope_slots)
		scope_slots_grow(b);
	for (slot = hash & (b->n_scope_slots - 1); b->scope_slots[slot];
	     slot = (slot + 1) & (b->n_scope_slots - 1)) {
		uint32_t index = b->scope_slots[slot] - 1;

		if (scope_equal(&b->layers->scopes[index], scope))
			return index;
	}
	gw_push(b->scope_hashes, b->n_hashes, b->hashes_capacity, hash);
	gw_push(b->layers->scopes, b->layers->n_scopes, b->scopes_capacity, *scope);
	b->scope_slots[slot] = (uint32_t)b->layers->n_scopes;
	return (uint32_t)b->layers->n_scopes - 1;
}

/* False if this combination of parts can match nowhere. */
static bool scope_of(struct builder *b, const struct gw_rule_def *rule, const struct part *source,
		     const struct part *dest, struct gw_scope *ret)
{
	const struct gw_policy *policy = b->input->policy;

	memset(ret, 0, sizeof(*ret)); /* padding too: scopes are compared as bytes */
	ret->gateway = rule->kind == GW_RULE_GATEWAY;
	if (!narrow(b, &rule->source, source, &rule->from, &ret->from))
		return false;
	if (ret->gateway)
		return true; /* any address may be one of the gateway's */
	if (!narrow(b, &rule->dest, dest, &rule->to, &ret->to))
		return false;
	for (unsigned int z = 0; z < policy->n_zones; z++)
		if (gw_zone_set_has(&ret->from, z) && gw_zone_set_has(&ret->to, z) &&
		    gw_rule_covers(rule, &policy->zones[z], &policy->zones[z]))
			gw_zone_set_add(&ret->same, z);
	return true;
}

static uint64_t window_hash(const struct gw_window *window)
{
	uint64_t hash = GW_HASH_START;

	for (size_t i = 0; window && i < window->n_parts; i++) {
		hash = gw_hash_u64(hash, window->parts[i].weekday);
		hash = gw_hash_u64(hash,
				   (uint64_t)window->parts[i].from << 32 | window->parts[i].until);
	}
	return hash;
}

static uint64_t group_hash(const struct builder *b, const struct gw_term *term)
{
	uint64_t hash = b->scope_hashes[term->scope];

	hash = gw_hash_u64(hash, window_hash(term->rule->window));
	hash = gw_hash_u64(hash,
			   (uint64_t)term->tier | (uint64_t)term->source << 8 |
				   (uint64_t)term->dest << 16 | (uint64_t)term->service << 24 |
				   (uint64_t)term->logged << 32 | (uint64_t)term->guarded << 40 |
				   (uint64_t)term->rule->action << 48);
	if (term->source_large)
		hash = gw_hash_text(hash, term->source_large->name);
	if (term->dest_large)
		hash = gw_hash_text(gw_hash_u64(hash, 1), term->dest_large->name);
	return hash;
}

static size_t parts_of(const struct gw_addr_match *match, struct part *parts)
{
	size_t n = 0;

	if (match->any) {
		parts[n++] = (struct part){ GW_MATCH_ANY, NULL };
		return n;
	}
	if (match->addrs[GW_FAMILY_IPV4].n || match->addrs[GW_FAMILY_IPV6].n)
		parts[n++] = (struct part){ GW_MATCH_LIST, NULL };
	for (size_t i = 0; i < match->n_large; i++)
		parts[n++] = (struct part){ GW_MATCH_LARGE, match->large[i] };
	return n;
}

static void term_add(struct builder *b, size_t index, const struct part *source,
		     const struct part *dest)
{
	const struct gw_rule_def *rule = &b->input->policy->rules[index];
	bool accepts = rule->action == GW_ACTION_ACCEPT;
	struct gw_term term = {
		.rule = rule,
		.rule_index = index,
		.number = b->input->numbers[index],
		.source_large = source->large,
		.dest_large = dest->large,
		.tier = (uint8_t)gw_rule_tier(rule),
		.source = (uint8_t)source->kind,
		.dest = (uint8_t)dest->kind,
		.service = rule->any_service ? GW_MATCH_ANY : GW_MATCH_LIST,
		.logged = rule->log,
		.guarded = accepts && b->input->guarded[index],
	};
	struct gw_scope scope;

	if (!scope_of(b, rule, source, dest, &scope))
		return;
	term.scope = scope_intern(b, &scope);
	term.group_hash = group_hash(b, &term);
	gw_push(b->terms, b->n_terms, b->terms_capacity, term);
}

static void rule_add(struct builder *b, size_t index)
{
	const struct gw_rule_def *rule = &b->input->policy->rules[index];
	gw_auto_free void *sources_memory =
		gw_zalloc(rule->source.n_large + 1, sizeof(struct part));
	gw_auto_free void *dests_memory = gw_zalloc(rule->dest.n_large + 1, sizeof(struct part));
	struct part *sources = sources_memory, *dests = dests_memory;
	size_t n_sources = parts_of(&rule->source, sources), n_dests = parts_of(&rule->dest, dests);

	for (size_t s = 0; s < n_sources; s++)
		for (size_t d = 0; d < n_dests; d++)
			term_add(b, index, &sources[s], &dests[d]);
}

void gw_terms_build(struct gw_arena *arena, const struct gw_layer_input *input,
		    struct gw_layers *layers, struct gw_term **ret, size_t *ret_n)
{
	struct builder b = { .arena = arena, .input = input, .layers = layers };
	struct gw_scope *scopes;

	b.zone_hashes = gw_arena_array(arena, input->policy->n_zones, uint64_t);
	for (size_t z = 0; z < input->policy->n_zones; z++)
		b.zone_hashes[z] = gw_hash_text(GW_HASH_START, input->policy->zones[z].name);
	for (size_t i = 0; i < input->policy->n_rules; i++)
		if (input->numbers[i])
			rule_add(&b, i);
	*ret = gw_arena_memdup(arena, b.terms, b.n_terms * sizeof(*b.terms));
	*ret_n = b.n_terms;
	scopes = gw_arena_memdup(arena, layers->scopes, layers->n_scopes * sizeof(*scopes));
	gw_free(layers->scopes);
	layers->scopes = scopes;
	gw_free(b.scope_hashes);
	gw_free(b.scope_slots);
	gw_free(b.large);
	gw_free(b.terms);
}

bool gw_scope_covers(const struct gw_scope *scope, const struct gw_zone *from,
		     const struct gw_zone *to)
{
	if (!gw_zone_set_has(&scope->from, from->index) || scope->gateway != !to)
		return false;
	if (!to)
		return true;
	if (from == to)
		return gw_zone_set_has(&scope->same, from->index);
	return gw_zone_set_has(&scope->to, to->index);
}

size_t gw_scope_pairs(const struct gw_scope *scope, const struct gw_policy *policy)
{
	size_t n_from = 0, n_to = 0, n_both = 0, n_same = 0;

	for (unsigned int z = 0; z < policy->n_zones; z++) {
		n_from += gw_zone_set_has(&scope->from, z);
		n_to += gw_zone_set_has(&scope->to, z);
		n_both += gw_zone_set_has(&scope->from, z) && gw_zone_set_has(&scope->to, z);
		n_same += gw_zone_set_has(&scope->same, z);
	}
	return scope->gateway ? n_from : n_from * n_to - n_both + n_same;
}
