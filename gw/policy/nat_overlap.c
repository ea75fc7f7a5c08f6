/*
 * Translations that would both apply to one packet. Order has no meaning in the language, so such a
 * pair has none either and is refused.
 *
 * Each rule gives intervals of its distinguishing address (dnat: destination, others: source),
 * sorted by their start; only rules whose intervals overlap are compared in full.
 */
#include <stdlib.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"

struct interval {
	enum gw_family family;
	struct gw_range range;
	const struct gw_nat *nat;
};

struct intervals {
	struct interval *items; /* heap */
	size_t n, capacity;
};

static void add_set(struct intervals *intervals, enum gw_family family, struct gw_addrset set,
		    const struct gw_nat *nat)
{
	for (size_t i = 0; i < set.n; i++)
		gw_push(intervals->items, intervals->n, intervals->capacity,
			((struct interval){ family, set.ranges[i], nat }));
}

static void add_nat(struct intervals *intervals, const struct gw_nat *nat)
{
	const struct gw_addr_match *match = nat->kind == GW_NAT_DNAT ? &nat->dest : &nat->source;

	for (int f = 0; f < GW_FAMILY_COUNT; f++) {
		enum gw_family family = (enum gw_family)f;

		if (!nat->families[family])
			continue;
		if (match->any)
			add_set(intervals, family, gw_addrset_all(family), nat);
		add_set(intervals, family, match->addrs[family], nat);
		for (size_t i = 0; i < match->n_large; i++)
			add_set(intervals, family, match->large[i]->addrs[family], nat);
	}
}

static int compare_intervals(const void *a, const void *b)
{
	const struct interval *left = a, *right = b;

	if (left->family != right->family)
		return left->family < right->family ? -1 : 1;
	if (left->range.lo != right->range.lo)
		return left->range.lo < right->range.lo ? -1 : 1;
	/* The rules are sorted by id and stand in one array. */
	return left->nat < right->nat ? -1 : left->nat > right->nat;
}

/* The zones in both sets; how many, and the last of them. */
static unsigned int common_zones(const struct gw_zone_set *a, const struct gw_zone_set *b,
				 unsigned int *ret_last)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < GW_ZONES_MAX / 64; i++) {
		uint64_t bits = a->bits[i] & b->bits[i];

		n += (unsigned int)__builtin_popcountll(bits);
		if (bits)
			*ret_last = i * 64 + 63 - (unsigned int)__builtin_clzll(bits);
	}
	return n;
}

/* True if a pair of zones is one that both rules cover (see gw_zone_sets_cover). */
static bool zones_overlap(const struct gw_nat *a, const struct gw_nat *b)
{
	unsigned int last_from = 0, last_to = 0;
	unsigned int n_from = common_zones(&a->from, &b->from, &last_from);
	unsigned int n_to = common_zones(&a->to, &b->to, &last_to);

	if (!n_from || a->kind == GW_NAT_DNAT)
		return n_from;
	if (n_from > 1 || n_to > 1 || !n_to || last_from != last_to)
		return n_to;
	return !a->from.any && !a->to.any && !b->from.any && !b->to.any;
}

static bool nats_overlap(const struct gw_nat *a, const struct gw_nat *b, enum gw_family family)
{
	return zones_overlap(a, b) && gw_addrset_overlaps(a->services, b->services) &&
	       gw_addr_match_overlaps(&a->source, &b->source, family) &&
	       gw_addr_match_overlaps(&a->dest, &b->dest, family);
}

static void report(struct gw_loader *loader, const struct gw_nat *a, const struct gw_nat *b)
{
	enum gw_diag_id id = a->kind == GW_NAT_DNAT ? GW_D_DNAT_OVERLAP : GW_D_SNAT_OVERLAP;

	gw_diag(loader->diags, id, b->loc, "`%s` and `%s` apply to the same packets", b->id, a->id);
	gw_diag_related(loader->diags, a->loc, "the other one");
}

/* Sweeps over the intervals; `active` holds those that reach the one looked at. One report for
 * each rule is enough, and keeps a wide rule from being reported with every other one. */
static void sweep(struct gw_loader *loader, const struct intervals *intervals,
		  const struct gw_nat *nats, bool *reported)
{
	gw_auto_free const struct interval **active = gw_zalloc(intervals->n + 1, sizeof(*active));
	size_t n_active = 0;

	for (size_t i = 0; i < intervals->n; i++) {
		const struct interval *now = &intervals->items[i];
		size_t kept = 0;

		for (size_t j = 0; j < n_active; j++) {
			const struct interval *earlier = active[j];
			const struct gw_nat *first = earlier->nat, *second = now->nat;

			if (earlier->family != now->family || earlier->range.hi < now->range.lo)
				continue;
			active[kept++] = earlier;
			if (first == second || !nats_overlap(first, second, now->family))
				continue;
			if (!reported[second - nats] && !reported[first - nats]) {
				bool in_order = first < second;

				report(loader, in_order ? first : second,
				       in_order ? second : first);
			}
			reported[second - nats] = true;
		}
		n_active = kept;
		active[n_active++] = now;
	}
}

static void check_kind(struct gw_loader *loader, const struct gw_nat *nats, size_t n, bool dnat)
{
	struct intervals intervals = { 0 };
	gw_auto_free bool *reported = gw_zalloc(n + 1, sizeof(*reported));

	for (size_t i = 0; i < n; i++)
		if ((nats[i].kind == GW_NAT_DNAT) == dnat)
			add_nat(&intervals, &nats[i]);
	if (intervals.n)
		qsort(intervals.items, intervals.n, sizeof(*intervals.items), compare_intervals);
	sweep(loader, &intervals, nats, reported);
	gw_free(intervals.items);
}

void gw_check_nat_overlaps(struct gw_loader *loader, const struct gw_nat *nats, size_t n)
{
	check_kind(loader, nats, n, true);
	check_kind(loader, nats, n, false);
}
