/*
 * When may a rule keep its number? Connections that carry it pass without being judged again, so
 * all that it let through before must still be let through, by this rule, at any time. The content
 * hash answers quickly that nothing changed at all; otherwise the old space of packets is compared
 * with the new one, exactly, pair by pair. Giving a new number is always safe: the connections are
 * judged again at their next packet, and those that are still permitted go on without a loss.
 */
#include "gw/compile/numbers.h"

#include <stdlib.h>
#include <string.h>

#include "gw/compile/overlap.h"
#include "gw/core/hash.h"
#include "gw/policy/region.h"

/* Beyond so many pairs or regions a comparison is given up and the rule gets a new number. */
#define PAIRS_MAX   64u
#define REGIONS_MAX 256u

const char *gw_builtin_name(enum gw_builtin builtin)
{
	switch (builtin) {
	case GW_BUILTIN_GATEWAY_OUT:
		return "gateway-out";
	case GW_BUILTIN_ICMPV6:
		return "icmpv6";
	case GW_BUILTIN_BETWEEN:
		return "between";
	case GW_BUILTIN_SPOOF:
		return "spoof";
	case GW_BUILTIN_MISROUTED:
		return "misrouted";
	case GW_BUILTIN_INVALID:
		return "invalid";
	case GW_BUILTIN_WITHDRAWN:
		return "withdrawn";
	case GW_BUILTIN_NO_ZONE:
		return "no-zone";
	case GW_BUILTIN_IPV6_OFF:
		return "ipv6-off";
	case GW_BUILTIN_GATEWAY_IN:
		return "gateway";
	case GW_BUILTIN_ISOLATED:
		return "isolated";
	case GW_BUILTIN_BANNED:
		return "banned";
	case GW_BUILTIN_QUARANTINED:
		return "quarantined";
	case GW_BUILTIN_SUSPENDED:
		return "suspended";
	case GW_BUILTIN_NOT_ADMITTED:
		return "not-admitted";
	case GW_BUILTIN_NONE:
	case GW_BUILTIN_COUNT:
		break;
	}
	return "none";
}

uint32_t gw_number_step(uint32_t mark_mask)
{
	return mark_mask & -mark_mask;
}

/* ---- content ------------------------------------------------------------------------------ */

struct contents {
	const struct gw_policy *policy;
	uint64_t zones[GW_ZONES_MAX];
	uint64_t *rules; /* by index: of each rule without what others take from it */
	struct gw_deny_index denies;
};

static uint64_t hash_addrset(uint64_t hash, struct gw_addrset set)
{
	hash = gw_hash_u64(hash, set.n);
	return gw_hash_bytes(hash, set.ranges, set.n * sizeof(*set.ranges));
}

static uint64_t hash_match(uint64_t hash, const struct gw_addr_match *match)
{
	hash = gw_hash_u64(hash, match->any);
	for (unsigned int f = 0; f < GW_FAMILY_COUNT; f++) {
		hash = hash_addrset(hash, match->addrs[f]);
		for (size_t i = 0; i < match->n_large; i++)
			hash = hash_addrset(hash, match->large[i]->addrs[f]);
	}
	return hash;
}

static uint64_t hash_zone(const struct gw_zone *zone)
{
	uint64_t hash = gw_hash_text(GW_HASH_START, zone->name);

	for (size_t i = 0; i < zone->n_interfaces; i++)
		hash = gw_hash_text(hash, zone->interfaces[i].name);
	for (unsigned int f = 0; f < GW_FAMILY_COUNT; f++)
		hash = hash_addrset(hash, zone->space[f]);
	return hash;
}

static uint64_t hash_zones(uint64_t hash, const struct contents *contents,
			   const struct gw_zone_set *set)
{
	for (unsigned int z = 0; z < contents->policy->n_zones; z++)
		if (gw_zone_set_has(set, z))
			hash = gw_hash_u64(hash, contents->zones[z]);
	return gw_hash_u64(hash, 0);
}

static uint64_t hash_rule(const struct contents *contents, const struct gw_rule_def *rule)
{
	uint64_t hash =
		gw_hash_u64(GW_HASH_START, (uint64_t)rule->kind << 8 | (uint64_t)rule->action << 4 |
						   (uint64_t)rule->locked);

	hash = hash_zones(hash, contents, &rule->from);
	hash = hash_zones(hash, contents, &rule->to);
	hash = hash_match(hash, &rule->source);
	hash = hash_match(hash, &rule->dest);
	hash = hash_addrset(hash, rule->services);
	for (size_t i = 0; rule->window && i < rule->window->n_parts; i++) {
		hash = gw_hash_u64(hash, rule->window->parts[i].weekday);
		hash = gw_hash_u64(hash, (uint64_t)rule->window->parts[i].from << 32 |
						 rule->window->parts[i].until);
	}
	return hash;
}

struct deny_hash {
	const struct contents *contents;
	uint64_t hash;
};

static bool add_deny(const struct gw_rule_def *deny, void *context)
{
	struct deny_hash *denies = context;

	denies->hash = gw_hash_u64(denies->hash,
				   denies->contents->rules[deny - denies->contents->policy->rules]);
	return true;
}

/* What the rule means, with all that can take something away from it. */
static uint64_t content_of(const struct contents *contents, const struct gw_rule_def *rule)
{
	struct deny_hash denies = { contents, contents->rules[rule - contents->policy->rules] };

	if (rule->action == GW_ACTION_ACCEPT)
		gw_deny_index_overlaps(&contents->denies, rule, add_deny, &denies);
	return denies.hash;
}

static void contents_init(struct contents *contents, struct gw_arena *arena,
			  const struct gw_policy *policy)
{
	contents->policy = policy;
	for (size_t z = 0; z < policy->n_zones; z++)
		contents->zones[z] = hash_zone(&policy->zones[z]);
	contents->rules = gw_arena_array(arena, policy->n_rules, uint64_t);
	for (size_t i = 0; i < policy->n_rules; i++)
		contents->rules[i] = hash_rule(contents, &policy->rules[i]);
	gw_deny_index_build(arena, policy, false, &contents->denies);
}

/* ---- is all that was permitted still permitted? ------------------------------------------- */

struct comparison {
	struct gw_arena *arena;
	const struct gw_policy *policy, *previous;
	const struct gw_deny_index *denies, *previous_denies;
};

static bool interfaces_kept(const struct gw_zone *before, const struct gw_zone *after)
{
	for (size_t i = 0; i < before->n_interfaces; i++) {
		bool found = false;

		for (size_t k = 0; k < after->n_interfaces && !found; k++)
			found = strcmp(before->interfaces[i].name, after->interfaces[k].name) == 0;
		if (!found)
			return false;
	}
	return true;
}

static bool windows_equal(const struct gw_window *a, const struct gw_window *b)
{
	if (!a || !b)
		return a == b;
	if (a->n_parts != b->n_parts)
		return false;
	for (size_t i = 0; i < a->n_parts; i++)
		if (a->parts[i].weekday != b->parts[i].weekday ||
		    a->parts[i].from != b->parts[i].from || a->parts[i].until != b->parts[i].until)
			return false;
	return true;
}

/* A pair of zones, to be subtracted from or compared in. */
struct pair {
	struct comparison *comparison;
	const struct gw_zone *from, *to;
	struct gw_space *space;
	bool meets;
};

/* Takes away what a deny of the old policy denied at all times: nothing was let through there. */
static bool subtract_deny(const struct gw_rule_def *deny, void *context)
{
	struct pair *pair = context;
	struct gw_space space = { 0 };

	if (deny->window || !gw_rule_covers(deny, pair->from, pair->to))
		return true;
	gw_rule_space(pair->comparison->arena, deny, pair->from, pair->to, &space);
	for (size_t i = 0; i < space.n && pair->space->n <= REGIONS_MAX; i++)
		gw_space_subtract(pair->comparison->arena, pair->space, &space.regions[i]);
	return pair->space->n <= REGIONS_MAX;
}

static bool meet_deny(const struct gw_rule_def *deny, void *context)
{
	struct pair *pair = context;
	struct gw_space space = { 0 };

	if (!gw_rule_covers(deny, pair->from, pair->to))
		return true;
	gw_rule_space(pair->comparison->arena, deny, pair->from, pair->to, &space);
	for (size_t i = 0; i < space.n && !pair->meets; i++)
		for (size_t k = 0; k < pair->space->n && !pair->meets; k++)
			pair->meets =
				gw_region_overlaps(&space.regions[i], &pair->space->regions[k]);
	return !pair->meets;
}

static bool pair_kept(struct comparison *comparison, const struct gw_rule_def *before,
		      const struct gw_rule_def *after, const struct gw_zone *from,
		      const struct gw_zone *to)
{
	const struct gw_zone *from_now = gw_policy_zone(comparison->policy, from->name);
	const struct gw_zone *to_now = to ? gw_policy_zone(comparison->policy, to->name) : NULL;
	struct gw_space old = { 0 }, now = { 0 };
	struct pair pair = { comparison, from, to, &old, false };

	if (!from_now || (to && !to_now) || !gw_rule_covers(after, from_now, to_now) ||
	    !interfaces_kept(from, from_now) || (to && !interfaces_kept(to, to_now)))
		return false;
	gw_rule_space(comparison->arena, before, from, to, &old);
	gw_deny_index_overlaps(comparison->previous_denies, before, subtract_deny, &pair);
	pair.from = from_now;
	pair.to = to_now;
	if (old.n <= REGIONS_MAX)
		gw_deny_index_overlaps(comparison->denies, after, meet_deny, &pair);
	if (pair.meets)
		return false;
	gw_rule_space(comparison->arena, after, from_now, to_now, &now);
	for (size_t i = 0; i < now.n && old.n && old.n <= REGIONS_MAX; i++)
		gw_space_subtract(comparison->arena, &old, &now.regions[i]);
	return old.n == 0;
}

static bool still_permits(struct comparison *comparison, const struct gw_rule_def *before,
			  const struct gw_rule_def *after)
{
	const struct gw_policy *previous = comparison->previous;
	size_t pairs = 0;

	if (before->kind != after->kind || before->action != after->action ||
	    (after->window && !windows_equal(before->window, after->window)))
		return false;
	for (size_t f = 0; f < previous->n_zones; f++) {
		const struct gw_zone *from = &previous->zones[f];

		for (size_t t = 0; t <= previous->n_zones; t++) {
			const struct gw_zone *to =
				t < previous->n_zones ? &previous->zones[t] : NULL;

			if (!gw_rule_covers(before, from, to))
				continue;
			if (++pairs > PAIRS_MAX || !pair_kept(comparison, before, after, from, to))
				return false;
		}
	}
	return true;
}

/* ---- giving numbers ----------------------------------------------------------------------- */

static const struct gw_number *find(const struct gw_numbers *numbers, const char *id)
{
	size_t lo = 0, hi = numbers ? numbers->n : 0;

	while (lo < hi) {
		size_t middle = (lo + hi) / 2;
		int order = strcmp(numbers->items[middle].id, id);

		if (order == 0)
			return &numbers->items[middle];
		if (order < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	return NULL;
}

static bool fits(uint32_t number, uint32_t mask)
{
	return (number & ~mask) == 0 && number >= GW_NUMBER_FIRST * gw_number_step(mask);
}

/* Connections carry the numbers of rules that accept only; others keep theirs for the counter. */
static bool keeps_number(struct comparison *comparison, const struct gw_rule_def *rule,
			 const struct gw_number *before, uint64_t content)
{
	const struct gw_rule_def *old;
	bool kept;

	if (!before || !fits(before->number, comparison->policy->mark_mask))
		return false;
	if (before->content == content)
		return true;
	old = comparison->previous ? gw_policy_rule(comparison->previous, rule->id) : NULL;
	if (!old)
		return false;
	if (rule->action != GW_ACTION_ACCEPT)
		return old->action != GW_ACTION_ACCEPT;
	comparison->arena = gw_arena_new();
	kept = still_permits(comparison, old, rule);
	gw_arena_free(comparison->arena);
	return kept;
}

static int compare_u32(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Numbers that may not be given now: in use before or after. Sorted. */
struct used {
	uint32_t *items;
	size_t n;
};

static struct used used_numbers(struct gw_arena *arena, const struct gw_numbers *previous)
{
	struct used used = { 0 };

	if (!previous)
		return used;
	used.items = gw_arena_array(arena, previous->n, uint32_t);
	for (size_t i = 0; i < previous->n; i++)
		used.items[used.n++] = previous->items[i].number;
	if (used.n)
		qsort(used.items, used.n, sizeof(*used.items), compare_u32);
	return used;
}

static bool is_used(const struct used *used, uint32_t number)
{
	return used->n && bsearch(&number, used->items, used->n, sizeof(number), compare_u32);
}

static uint32_t take_next(struct gw_numbers *numbers, const struct used *used, uint32_t mask)
{
	uint32_t step = gw_number_step(mask), number;

	do {
		if (!fits(numbers->next, mask) || numbers->next % step)
			numbers->next = GW_NUMBER_FIRST * step;
		number = numbers->next;
		/* Above the highest number: 0, or a bit outside the mask. Neither fits. */
		numbers->next = number + step;
	} while (is_used(used, number));
	return number;
}

/* All rules of this revision and of the one before, which may all need numbers at the same time. */
static bool mask_suffices(const struct gw_policy *policy, const struct gw_numbers *previous,
			  struct gw_diags *diags)
{
	uint64_t room = policy->mark_mask / gw_number_step(policy->mark_mask) + UINT64_C(1);
	uint64_t needed = policy->n_rules + (previous ? previous->n : 0) + GW_NUMBER_FIRST;

	if (needed <= room)
		return true;
	gw_diag(diags, GW_D_MARK_NUMBERS, policy->site_loc,
		"the mark mask 0x%x has room for %llu numbers, and %llu are needed",
		policy->mark_mask, (unsigned long long)room, (unsigned long long)needed);
	gw_diag_hint(diags, "use a wider mask, or leave `marks:` out to use the whole mark");
	return false;
}

struct gw_numbers *gw_numbers_assign(const struct gw_policy *policy,
				     const struct gw_numbers *previous,
				     const struct gw_policy *previous_policy,
				     struct gw_diags *diags)
{
	struct gw_arena *arena, *scratch;
	struct gw_numbers *numbers;
	struct contents *now, *before;
	struct comparison comparison = { .policy = policy, .previous = previous_policy };
	struct used used;

	if (!mask_suffices(policy, previous, diags))
		return NULL;
	arena = gw_arena_new();
	scratch = gw_arena_new();
	numbers = gw_arena_new_of(arena, struct gw_numbers);
	numbers->arena = arena;
	numbers->items = gw_arena_array(arena, policy->n_rules, struct gw_number);
	numbers->next = previous ? previous->next : 0;
	numbers->translates = policy->n_nats || (previous && previous->translates);
	now = gw_arena_new_of(scratch, struct contents);
	before = gw_arena_new_of(scratch, struct contents);
	contents_init(now, scratch, policy);
	if (previous_policy)
		contents_init(before, scratch, previous_policy);
	comparison.denies = &now->denies;
	comparison.previous_denies = &before->denies;
	used = used_numbers(scratch, previous);
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct gw_rule_def *rule = &policy->rules[i];
		const struct gw_number *old = find(previous, rule->id);
		struct gw_number *item = &numbers->items[numbers->n++];

		item->id = gw_arena_strdup(arena, rule->id);
		item->content = content_of(now, rule);
		item->number = keeps_number(&comparison, rule, old, item->content)
				       ? old->number
				       : take_next(numbers, &used, policy->mark_mask);
	}
	gw_arena_free(scratch);
	return numbers;
}

void gw_numbers_free(struct gw_numbers *numbers)
{
	if (numbers)
		gw_arena_free(numbers->arena);
}

uint32_t gw_numbers_of(const struct gw_numbers *numbers, const char *id)
{
	const struct gw_number *item = find(numbers, id);

	return item ? item->number : 0;
}

const char *gw_numbers_id(const struct gw_numbers *numbers, uint32_t number)
{
	for (size_t i = 0; i < numbers->n; i++)
		if (numbers->items[i].number == number)
			return numbers->items[i].id;
	return NULL;
}
