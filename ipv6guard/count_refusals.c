/* What the kernel's counters of refused frames say, for `gwctl drops`. */
#include <string.h>

#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "ipv6guard/ipv6guard.h"

static const struct ipv6guard_segment *segment_numbered(const struct ipv6guard *guard,
							uint32_t number)
{
	for (size_t i = 0; i < guard->n_segments; i++)
		if (ipv6guard_segment_number(guard->segments[i].name) == number)
			return &guard->segments[i];
	return NULL;
}

/* Where all IPv6 is refused, what it was is said beside the segment. */
static const char *place_of(struct gw_arena *arena, const struct ipv6guard_segment *segment,
			    enum ipv6guard_class class)
{
	if (segment->mode != IPV6GUARD_OFF || !ipv6guard_class_is_native(class))
		return segment->name;
	return gw_arena_printf(arena, "%s (%s)", segment->name, ipv6guard_class_name(class));
}

/* The same class of the same segment is counted by the tables of both families. */
static struct gw_refusal *entry_of(struct gw_refusal *list, size_t *n,
				   const struct gw_refusal *wanted)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(list[i].reason, wanted->reason) == 0 &&
		    strcmp(list[i].place, wanted->place) == 0)
			return &list[i];
	list[*n] = *wanted;
	return &list[(*n)++];
}

static void add_element(const struct ipv6guard *guard, const struct gw_elem *elem,
			struct gw_arena *arena, struct gw_refusal *list, size_t *n)
{
	const struct ipv6guard_segment *segment;
	struct gw_refusal refusal = { 0 }, *entry;
	uint32_t key[3];

	memcpy(key, elem->key, sizeof(key));
	segment = segment_numbered(guard, key[0]);
	/* Of a segment that is not in the config any more, nobody could look it up. */
	if (!segment || key[1] >= IPV6GUARD_CLASS_COUNT || key[2] != IPV6GUARD_VERDICT_DROP ||
	    !elem->packets)
		return;
	refusal.reason = ipv6guard_reason(segment->mode, (enum ipv6guard_class)key[1]);
	refusal.place = place_of(arena, segment, (enum ipv6guard_class)key[1]);
	refusal.loc = segment->loc;
	entry = entry_of(list, n, &refusal);
	entry->packets += elem->packets;
	entry->bytes += elem->bytes;
}

size_t ipv6guard_count_refusals(const void *model, const struct gw_ruleset *observed,
				struct gw_arena *arena, struct gw_refusal **ret)
{
	size_t n = 0, most = 0;

	for (const struct gw_ruleset *table = observed; table; table = table->next)
		for (size_t s = 0; s < table->n_sets; s++)
			most += table->sets[s].n_elems;
	*ret = gw_arena_array(arena, most, struct gw_refusal);
	for (const struct gw_ruleset *table = observed; table; table = table->next)
		for (size_t s = 0; s < table->n_sets; s++)
			for (size_t i = 0; strcmp(table->sets[s].name, IPV6GUARD_SET_FRAMES) == 0 &&
					   i < table->sets[s].n_elems;
			     i++)
				add_element(model, &table->sets[s].elems[i], arena, *ret, &n);
	return n;
}
