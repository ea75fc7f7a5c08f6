/*
 * Measures as elements of the kernel's sets. A set is brought to what it should be by comparing it, as
 * a plan does; that lists it, so changes of single facts in sets that may be large are sent blindly
 * first, and compared only if the kernel does not agree.
 */
#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>

#include "gw/agent/measure.h"
#include "gw/core/mem.h"

#define ATTEMPTS 5

static int64_t expires_ms(int64_t until)
{
	return until * 1000;
}

/* ---- elements ------------------------------------------------------------------------------- */

static void add_elem(struct gw_ruleset *ruleset, struct gw_set *set, const uint8_t *key,
		     int64_t until)
{
	gw_ruleset_add_elem(
		ruleset, set,
		(struct gw_elem){ .key = gw_arena_memdup(ruleset->arena, key, gw_set_key_len(set)),
				  .expires_ms = expires_ms(until) });
}

/* The fact at `*i` and its neighbours that are the same: how long it lasts; false if none does. */
static bool lasts(const struct gw_measures *measures, size_t *i, int64_t now, int64_t *ret_until)
{
	const struct gw_measure *first = &measures->items[*i];
	bool any = false, forever = false;
	int64_t until = 0;

	for (; *i < measures->n; ++*i) {
		const struct gw_measure *item = &measures->items[*i];

		if (item->set != first->set ||
		    memcmp(item->key, first->key, sizeof(item->key)) != 0 ||
		    memcmp(item->key_end, first->key_end, sizeof(item->key_end)) != 0 ||
		    (item->set == GW_MEASURE_ADMITTED &&
		     strcmp(item->subject, first->subject) != 0))
			break;
		if (gw_measure_is_over(item, now))
			continue;
		any = true;
		forever |= !item->until;
		until = item->until > until ? item->until : until;
	}
	*ret_until = forever ? 0 : until;
	return any;
}

static size_t first_of_set(const struct gw_measures *measures, uint8_t set)
{
	size_t low = 0, high = measures->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (measures->items[middle].set < set)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void add_single_facts(const struct gw_measures *measures, struct gw_ruleset *ruleset,
			     struct gw_set *set, uint8_t which, const char *zone, int64_t now)
{
	size_t i = first_of_set(measures, which);

	while (i < measures->n && measures->items[i].set == which) {
		const struct gw_measure *item = &measures->items[i];
		int64_t until;

		if (lasts(measures, &i, now, &until) && (!zone || strcmp(item->subject, zone) == 0))
			add_elem(ruleset, set, item->key, until);
	}
}

/* ---- networks ------------------------------------------------------------------------------- */

/*
 * Ranges of the kernel's set must not overlap, but bans may: a network for a day within one for an
 * hour. Those that last longest are taken first, and of the others what is not covered yet.
 */
struct segments {
	struct gw_arena *arena;
	struct gw_addrset covered;
	struct gw_ruleset *ruleset;
	struct gw_set *set;
	enum gw_family family;
};

static void add_segment(struct segments *segments, struct gw_range range, int64_t until)
{
	size_t len = gw_set_key_len(segments->set);
	size_t at = gw_type_slot(segments->set->key[0]); /* the protocol, of which all are meant */
	uint8_t *key = gw_arena_zalloc(segments->ruleset->arena, 2, len);
	struct gw_elem elem = { .key = key, .key_end = key + len, .expires_ms = expires_ms(until) };

	key[len] = 0xff;
	gw_addr_to_bytes(segments->family, range.lo, key + at);
	gw_addr_to_bytes(segments->family, range.hi, key + len + at);
	gw_ruleset_add_elem(segments->ruleset, segments->set, elem);
}

static void add_ranges(struct segments *segments, struct gw_range *ranges, size_t n, int64_t until)
{
	struct gw_addrset all = gw_addrset_from_ranges(segments->arena, ranges, n);
	struct gw_addrset fresh = gw_addrset_subtract(segments->arena, all, segments->covered);

	for (size_t i = 0; i < fresh.n; i++)
		add_segment(segments, fresh.ranges[i], until);
	segments->covered = gw_addrset_union(segments->arena, segments->covered, all);
}

static int compare_ends(const void *a, const void *b)
{
	const struct gw_measure *const *left = a, *const *right = b;
	uint64_t x = (uint64_t)(*left)->until - 1, y = (uint64_t)(*right)->until - 1; /* 0: last */

	return x > y ? -1 : x < y;
}

static void add_networks(const struct gw_measures *measures, struct gw_ruleset *ruleset,
			 struct gw_set *set, uint8_t which, int64_t now)
{
	struct segments segments = { .arena = gw_arena_new(),
				     .ruleset = ruleset,
				     .set = set,
				     .family = which == GW_MEASURE_BANNED_NETS6 ? GW_FAMILY_IPV6
										: GW_FAMILY_IPV4 };
	const struct gw_measure **items =
		gw_arena_array(segments.arena, measures->n, const struct gw_measure *);
	struct gw_range *ranges = gw_arena_array(segments.arena, measures->n, struct gw_range);
	enum gw_family family;
	size_t n = 0, used = 0;

	for (size_t i = first_of_set(measures, which);
	     i < measures->n && measures->items[i].set == which; i++)
		if (!gw_measure_is_over(&measures->items[i], now))
			items[n++] = &measures->items[i];
	if (n)
		qsort(items, n, sizeof(*items), compare_ends);
	for (size_t i = 0; i < n; i++) {
		(void)gw_measure_range(items[i], &family,
				       &ranges[used++]); /* of these sets all are */
		if (i + 1 == n || items[i + 1]->until != items[i]->until) {
			add_ranges(&segments, ranges, used, items[i]->until);
			used = 0;
		}
	}
	gw_arena_free(segments.arena);
}

/* ---- sets ----------------------------------------------------------------------------------- */

static void add_guard(const struct gw_measures *measures, struct gw_ruleset *ruleset,
		      struct gw_set *set, int64_t now)
{
	static const uint8_t numbers[GW_FAMILY_COUNT] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	bool families[GW_FAMILY_COUNT] = { false }, groups[GW_GUARD_END] = { false };
	uint8_t done = 0; /* the last set that was seen to hold something */

	for (size_t i = 0; i < measures->n && measures->items[i].set < GW_MEASURE_SET_COUNT; i++) {
		enum gw_measure_set of = (enum gw_measure_set)measures->items[i].set;

		if (of == done || gw_measure_is_over(&measures->items[i], now))
			continue;
		done = (uint8_t)of;
		groups[gw_measure_guard(of)] = true;
		for (int f = 0; f < GW_FAMILY_COUNT; f++)
			families[f] |= gw_measure_concerns(of, (enum gw_family)f);
	}
	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		if (families[f])
			add_elem(ruleset, set, (const uint8_t[4]){ numbers[f] }, 0);
	for (unsigned int g = GW_GUARD_BANNED; g < GW_GUARD_END; g++)
		if (groups[g])
			add_elem(ruleset, set, (const uint8_t[4]){ (uint8_t)g }, 0);
}

static void add_elems(const struct gw_measures *measures, struct gw_ruleset *ruleset,
		      struct gw_set *set, uint8_t which, const char *zone, int64_t now)
{
	if (which == GW_MEASURE_GUARD)
		add_guard(measures, ruleset, set, now);
	else if (which == GW_MEASURE_BANNED_NETS4 || which == GW_MEASURE_BANNED_NETS6)
		add_networks(measures, ruleset, set, which, now);
	else
		add_single_facts(measures, ruleset, set, which, zone, now);
}

void gw_measures_complete(const struct gw_measures *measures, struct gw_ruleset *ruleset,
			  int64_t now)
{
	static const char admitted[] = "rt_admitted_";

	for (size_t i = 0; i < ruleset->n_sets; i++) {
		struct gw_set *set = &ruleset->sets[i];

		for (unsigned int k = 0; k < GW_MEASURE_SET_COUNT; k++)
			if (strcmp(set->name, gw_measure_set((enum gw_measure_set)k)->name) == 0)
				add_elems(measures, ruleset, set, (uint8_t)k, NULL, now);
		if (strncmp(set->name, admitted, sizeof(admitted) - 1) == 0)
			add_elems(measures, ruleset, set, GW_MEASURE_ADMITTED,
				  set->name + sizeof(admitted) - 1, now);
	}
}

/* The definition of a set; the name of a zone's is in the arena. */
static struct gw_set definition_of(struct gw_arena *arena, uint8_t which, const char *zone)
{
	struct gw_set set = { .key = { GW_TYPE_ETHER }, .n_key = 1, .timeout = true };
	struct gw_zone named = { .name = zone };

	if (which < GW_MEASURE_SET_COUNT)
		return *gw_measure_set((enum gw_measure_set)which);
	set.name = gw_admitted_set_name(arena, &named);
	return set;
}

/* Both as they are and as they should be, in rulesets of nothing else, so that a plan compares them. */
static int add_set(const struct gw_measures *measures, struct gw_kernel *kernel, uint8_t which,
		   const char *zone, int64_t now, struct gw_ruleset *desired,
		   struct gw_ruleset *observed)
{
	struct gw_set definition = definition_of(desired->arena, which, zone);
	struct gw_set *wanted = gw_ruleset_add_set(desired, &definition);
	struct gw_set *was = gw_ruleset_add_set(observed, &definition);
	int err = kernel->ops->read_elements(kernel, NFPROTO_INET, observed->arena, was);

	/* For the plan: here elements are what counts. */
	wanted->run_time = was->run_time = false;
	if (!err)
		add_elems(measures, desired, wanted, which, zone, now);
	return err;
}

static int sync_once(const struct gw_measures *measures, struct gw_kernel *kernel, uint8_t which,
		     const char *zone, int64_t now)
{
	struct gw_ruleset *desired = gw_ruleset_new(NFPROTO_INET, "gw");
	struct gw_ruleset *observed = gw_ruleset_new(NFPROTO_INET, "gw");
	struct gw_kernel_error refusal;
	struct gw_plan *plan = NULL;
	int err = add_set(measures, kernel, GW_MEASURE_GUARD, NULL, now, desired, observed);

	if (!err && which != GW_MEASURE_GUARD)
		err = add_set(measures, kernel, which, zone, now, desired, observed);
	if (!err) {
		observed->exists = desired->exists = true;
		gw_ruleset_finish(desired);
		gw_ruleset_finish(observed);
		plan = gw_plan_diff(desired, observed);
		err = plan->n_ops ? kernel->ops->commit(kernel, plan, &refusal) : 0;
	}
	gw_plan_free(plan);
	gw_ruleset_free(observed);
	gw_ruleset_free(desired);
	return err;
}

/* What ends in the kernel between reading and changing makes the change fail; a second look helps. */
int gw_measures_sync(const struct gw_measures *measures, struct gw_kernel *kernel, uint8_t set,
		     const char *zone, int64_t now)
{
	int err = -ERESTART;

	for (int i = 0; i < ATTEMPTS && (err == -ERESTART || err == -EEXIST); i++)
		err = sync_once(measures, kernel, set, zone, now);
	return err;
}

/* ---- single changes ------------------------------------------------------------------------- */

static bool may_be_large(uint8_t set)
{
	return set == GW_MEASURE_BANNED4 || set == GW_MEASURE_BANNED6;
}

/* True if another element of the set keeps @rt_guard as it is. */
static bool guard_stands(const struct gw_measures *measures, const struct gw_measure *change,
			 int64_t now)
{
	for (size_t i = first_of_set(measures, change->set);
	     i < measures->n && measures->items[i].set == change->set; i++)
		if (!gw_measure_is_over(&measures->items[i], now) &&
		    memcmp(measures->items[i].key, change->key, sizeof(change->key)) != 0)
			return true;
	return false;
}

/* Adds or deletes the element of a banned address, as if the kernel had what it should. */
static int send_blindly(const struct gw_measures *measures, struct gw_kernel *kernel,
			const struct gw_measure *change, int64_t now)
{
	const struct gw_measure *wanted = gw_measures_find(measures, change);
	struct gw_set set = *gw_measure_set((enum gw_measure_set)change->set);
	struct gw_elem elem = { .key = change->key };
	struct gw_op op = { .kind = GW_OP_DEL_ELEMS,
			    .family = NFPROTO_INET,
			    .set = &set,
			    .elems = &elem,
			    .count = 1 };
	struct gw_plan plan = { .table = "gw", .ops = &op, .n_ops = 1 };
	struct gw_kernel_error refusal;

	if (!guard_stands(measures, change, now))
		return -EAGAIN;
	if (wanted && !gw_measure_is_over(wanted, now)) {
		op.kind = GW_OP_ADD_ELEMS;
		elem.expires_ms = expires_ms(wanted->until);
	}
	return kernel->ops->commit(kernel, &plan, &refusal);
}

int gw_measures_send(const struct gw_measures *measures, struct gw_kernel *kernel,
		     const struct gw_measure *changes, size_t n, int64_t now)
{
	uint32_t done = 0; /* sets compared */
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		uint8_t set = changes[i].set;

		if (set == GW_MEASURE_NOWHERE || (set < 32 && (done >> set & 1)))
			continue;
		if (may_be_large(set) && n == 1 &&
		    send_blindly(measures, kernel, changes, now) == 0)
			continue;
		err = gw_measures_sync(measures, kernel, set,
				       set == GW_MEASURE_ADMITTED ? changes[i].subject : NULL, now);
		if (set != GW_MEASURE_ADMITTED)
			done |= 1u << set;
	}
	return err;
}
