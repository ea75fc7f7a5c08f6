/* What rules and layers put into the sets. */
#include <assert.h>
#include <string.h>

#include "gw/compile/context.h"
#include "gw/core/hash.h"
#include "gw/core/mem.h"

#define IFNAME_LEN 16u

static void put_u32(uint8_t *out, uint32_t value)
{
	memcpy(out, &value, sizeof(value)); /* marks are in host order */
}

void gw_compile_number_elem(struct gw_compiler *c, const char *set, uint32_t number,
			    enum gw_verdict_code verdict, const char *chain, int64_t expires_ms,
			    const struct gw_origin *origin)
{
	uint8_t *key = gw_arena_zalloc(c->arena, 1, 4);
	struct gw_elem elem = { .key = key,
				.verdict = verdict,
				.chain = chain,
				.expires_ms = expires_ms,
				.origin = origin };

	put_u32(key, number);
	gw_ruleset_add_elem(c->ruleset, gw_compile_set(c, set), elem);
}

static void put_interface(uint8_t *out, const char *name)
{
	memcpy(out, name, strnlen(name, IFNAME_LEN - 1));
}

void gw_compile_interface_elem(struct gw_compiler *c, const char *set, const char *interface,
			       const char *second, const char *chain,
			       const struct gw_origin *origin)
{
	struct gw_set *to = gw_compile_set(c, set);
	uint8_t *key = gw_arena_zalloc(c->arena, 2, IFNAME_LEN);
	struct gw_elem elem = { .key = key, .chain = chain, .origin = origin };

	put_interface(key, interface);
	if (second)
		put_interface(key + IFNAME_LEN, second);
	if (to->map)
		elem.verdict = chain ? GW_VERDICT_JUMP : GW_VERDICT_ACCEPT;
	gw_ruleset_add_elem(c->ruleset, to, elem);
}

void gw_compile_zone_elems(struct gw_compiler *c, const char *set, const struct gw_zone *zone,
			   const char *chain)
{
	for (size_t i = 0; i < zone->n_interfaces; i++)
		gw_compile_interface_elem(c, set, zone->interfaces[i].name, NULL, chain,
					  &c->zone_origins[zone->index]);
}

void gw_compile_pair_elems(struct gw_compiler *c, const char *set, const struct gw_zone *from,
			   const struct gw_zone *to, const char *chain)
{
	for (size_t i = 0; i < from->n_interfaces; i++)
		for (size_t k = 0; k < to->n_interfaces; k++)
			gw_compile_interface_elem(c, set, from->interfaces[i].name,
						  to->interfaces[k].name, chain,
						  &c->zone_origins[from->index]);
}

/* ---- classes ------------------------------------------------------------------------------ */

static void class_elem(struct gw_compiler *c, struct gw_set *set, const uint8_t *key,
		       const uint8_t *key_end, size_t len, uint32_t class_id,
		       const struct gw_origin *origin)
{
	uint8_t *bytes = gw_arena_zalloc(c->arena, 1, len * 2 + 4);
	struct gw_elem elem = { .key = bytes, .origin = origin };

	memcpy(bytes, key, len);
	if (memcmp(key, key_end, len) != 0) {
		memcpy(bytes + len, key_end, len);
		elem.key_end = bytes + len;
	}
	put_u32(bytes + 2 * len, class_id);
	elem.data = bytes + 2 * len;
	gw_ruleset_add_elem(c->ruleset, set, elem);
}

static void address_elem(struct gw_compiler *c, struct gw_set *set, enum gw_family family,
			 const struct gw_layer *layer, struct gw_range range, uint32_t class_id,
			 const struct gw_origin *origin)
{
	uint8_t key[20] = { 0 }, key_end[20] = { 0 };

	put_u32(key, layer->id);
	put_u32(key_end, layer->id);
	gw_addr_to_bytes(family, range.lo, key + 4);
	gw_addr_to_bytes(family, range.hi, key_end + 4);
	class_elem(c, set, key, key_end, family == GW_FAMILY_IPV4 ? 8 : 20, class_id, origin);
}

/* A box of protocols and ports. */
struct box {
	uint32_t proto_lo, proto_hi, port_lo, port_hi;
};

static void box_elem(struct gw_compiler *c, struct gw_set *set, uint32_t layer_id,
		     const struct box *box, uint32_t class_id, const struct gw_origin *origin)
{
	uint8_t key[12] = { 0 }, key_end[12] = { 0 };

	put_u32(key, layer_id);
	put_u32(key_end, layer_id);
	key[4] = (uint8_t)box->proto_lo;
	key_end[4] = (uint8_t)box->proto_hi;
	key[8] = (uint8_t)(box->port_lo >> 8);
	key[9] = (uint8_t)box->port_lo;
	key_end[8] = (uint8_t)(box->port_hi >> 8);
	key_end[9] = (uint8_t)box->port_hi;
	class_elem(c, set, key, key_end, sizeof(key), class_id, origin);
}

static bool is_icmp(uint32_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

/* The longest box that a range of service keys starts with: a part of one protocol, or several
 * whole ones, with ICMP and ICMPv6 apart. */
static struct box first_box(struct gw_range range)
{
	uint32_t lo = (uint32_t)range.lo, hi = (uint32_t)range.hi;
	struct box box = { lo >> 16, lo >> 16, lo & 0xffff, 0xffff };

	if (lo >> 16 == hi >> 16)
		box.port_hi = hi & 0xffff;
	else if (box.port_lo == 0 && !is_icmp(box.proto_lo))
		while (!is_icmp(box.proto_hi + 1) && ((box.proto_hi + 2) << 16) - 1 <= hi)
			box.proto_hi++;
	return box;
}

static void service_elems(struct gw_compiler *c, struct gw_set *set, const struct gw_layer *layer,
			  struct gw_range range, uint32_t class_id, const struct gw_origin *origin)
{
	while (range.lo <= range.hi) {
		struct box box = first_box(range);

		box_elem(c, set, is_icmp(box.proto_lo) ? layer->icmp_id : layer->id, &box, class_id,
			 origin);
		range.lo = ((gw_u128)box.proto_hi << 16 | box.port_hi) + 1;
	}
}

/* The first term that has each list of a dimension: the origin of the list's elements. */
static uint32_t *terms_of_lists(struct gw_arena *arena, const struct gw_layer *layer,
				enum gw_dimension dimension)
{
	uint32_t *terms = gw_arena_array(arena, layer->n_terms, uint32_t);

	for (size_t i = layer->n_terms; i-- > 0;)
		terms[layer->list_of_term[dimension][i]] = (uint32_t)i;
	return terms;
}

void gw_compile_layer_classes(struct gw_compiler *c, const struct gw_layer *layer,
			      const struct gw_origin *origin)
{
	static const char *const sets[GW_DIM_COUNT] = { "src4", "src6", "dst4", "dst6",
							"services" };

	for (unsigned int d = 0; d < GW_DIM_COUNT; d++) {
		const struct gw_classes *classes = &layer->classes[d];
		struct gw_set *set;
		uint32_t *terms;

		if (!classes->n)
			continue;
		set = gw_compile_layer_set(c, layer, sets[d]);
		terms = terms_of_lists(c->scratch, layer, (enum gw_dimension)d);
		for (size_t i = 0; i < classes->n; i++) {
			const struct gw_class *item = &classes->items[i];
			const struct gw_term *term = &layer->terms[terms[item->lists[0]]];
			const struct gw_origin *from =
				origin ? origin : &c->rule_origins[term->rule_index];
			uint32_t id = layer->class_ids[d][i];

			for (size_t k = 0; k < item->n_ranges; k++) {
				if (d == GW_DIM_SERVICE)
					service_elems(c, set, layer, item->ranges[k], id, from);
				else
					address_elem(c, set, (enum gw_family)(d % 2), layer,
						     item->ranges[k], id, from);
			}
		}
	}
}

/* ---- cells -------------------------------------------------------------------------------- */

/* The cells of one layer that already have a rule. */
struct cells {
	struct gw_compiler *c;
	struct gw_set *set;
	const struct gw_layer *layer;
	uint32_t (*keys)[3]; /* hash table; a class of the service of all ones: free */
	bool *taken;
	size_t n, n_slots;
};

static void cells_grow(struct cells *cells)
{
	struct cells old = *cells;

	cells->n_slots = old.n_slots ? old.n_slots * 2 : 16;
	cells->keys = gw_zalloc(cells->n_slots, sizeof(*cells->keys));
	cells->taken = gw_zalloc(cells->n_slots, sizeof(*cells->taken));
	for (size_t i = 0; i < old.n_slots; i++) {
		size_t slot;

		if (!old.taken[i])
			continue;
		slot = gw_hash_bytes(GW_HASH_START, old.keys[i], sizeof(old.keys[i])) &
		       (cells->n_slots - 1);
		while (cells->taken[slot])
			slot = (slot + 1) & (cells->n_slots - 1);
		memcpy(cells->keys[slot], old.keys[i], sizeof(old.keys[i]));
		cells->taken[slot] = true;
	}
	gw_free(old.keys);
	gw_free(old.taken);
}

/* True if the cell was free: it is the caller's now. */
static bool cells_take(struct cells *cells, const uint32_t key[3])
{
	size_t slot;

	if (cells->layer->n_terms == 1)
		return true; /* a rule alone meets no cell twice */
	if (cells->n * 2 >= cells->n_slots)
		cells_grow(cells);
	slot = gw_hash_bytes(GW_HASH_START, key, 3 * sizeof(*key)) & (cells->n_slots - 1);
	for (; cells->taken[slot]; slot = (slot + 1) & (cells->n_slots - 1))
		if (memcmp(cells->keys[slot], key, 3 * sizeof(*key)) == 0)
			return false;
	memcpy(cells->keys[slot], key, 3 * sizeof(*key));
	cells->taken[slot] = true;
	cells->n++;
	return true;
}

static void cell_add(struct cells *cells, const struct gw_term *term, const uint32_t key[3])
{
	struct gw_compiler *c = cells->c;
	uint8_t *bytes;
	struct gw_elem elem = { .origin = &c->rule_origins[term->rule_index] };

	if (!cells_take(cells, key))
		return;
	bytes = gw_arena_zalloc(c->arena, 1, 20);
	put_u32(bytes, cells->layer->id);
	for (unsigned int i = 0; i < 3; i++)
		put_u32(bytes + 4 + 4 * i, key[i]);
	put_u32(bytes + 16, term->number);
	elem.key = bytes;
	elem.data = bytes + 16;
	if (term->tier == GW_TIER_EXCEPTION)
		elem.expires_ms = term->rule->expires * 1000;
	gw_ruleset_add_elem(c->ruleset, cells->set, elem);
}

/* The classes that a term has in a dimension. */
struct choice {
	const uint32_t *classes, *ids;
	size_t n;
};

static struct choice choice_of(const struct gw_layer *layer, size_t term, enum gw_dimension d)
{
	static const uint32_t first, any;
	uint32_t list;

	if (!layer->list_of_term[d])
		return (struct choice){ &first, &any, 1 };
	list = layer->list_of_term[d][term];
	return (struct choice){ layer->classes[d].of_list[list], layer->class_ids[d],
				layer->classes[d].n_of_list[list] };
}

static void term_cells(struct cells *cells, size_t index, enum gw_family family)
{
	const struct gw_layer *layer = cells->layer;
	struct choice source = choice_of(layer, index, GW_DIM_SOURCE4 + family);
	struct choice dest = choice_of(layer, index, GW_DIM_DEST4 + family);
	struct choice service = choice_of(layer, index, GW_DIM_SERVICE);

	for (size_t s = 0; s < source.n; s++) {
		for (size_t d = 0; d < dest.n; d++) {
			for (size_t v = 0; v < service.n; v++) {
				uint32_t key[3] = { source.ids[source.classes[s]],
						    dest.ids[dest.classes[d]],
						    service.ids[service.classes[v]] };

				cell_add(cells, &layer->terms[index], key);
			}
		}
	}
}

static void layer_cells(struct gw_compiler *c, const struct gw_layer *layer)
{
	bool timed = layer->terms[0].tier == GW_TIER_EXCEPTION;
	bool families = layer->list_of_term[GW_DIM_SOURCE4] || layer->list_of_term[GW_DIM_DEST4];
	struct cells cells = { .c = c,
			       .set = timed ? gw_compile_set(c, "match_timed")
					    : gw_compile_layer_set(c, layer, "match"),
			       .layer = layer };

	for (size_t i = 0; i < layer->n_terms; i++) {
		term_cells(&cells, i, GW_FAMILY_IPV4);
		if (families)
			term_cells(&cells, i, GW_FAMILY_IPV6);
	}
	gw_free(cells.keys);
	gw_free(cells.taken);
}

/* ---- numbers ------------------------------------------------------------------------------ */

static void rule_elem(struct gw_compiler *c, size_t index)
{
	const struct gw_rule_def *rule = &c->policy->rules[index];
	const struct gw_origin *origin = &c->rule_origins[index];
	bool timed = rule->kind == GW_RULE_EXCEPTION;
	const char *set = timed ? "live_timed" : "live";

	if (rule->action != GW_ACTION_ACCEPT)
		set = "deny";
	else if (c->guarded[index])
		set = "live_guarded";
	if (rule->action == GW_ACTION_ACCEPT && rule->window)
		gw_compile_number_elem(c, "live_windowed", c->numbers[index], GW_VERDICT_JUMP,
				       gw_compile_window_chain(c, rule->window), 0, origin);
	else
		gw_compile_number_elem(c, set, c->numbers[index], GW_VERDICT_NONE, NULL,
				       timed ? rule->expires * 1000 : 0, origin);
}

void gw_compile_elements(struct gw_compiler *c)
{
	for (size_t i = 0; i < c->policy->n_rules; i++)
		if (c->numbers[i])
			rule_elem(c, i);
	gw_compile_number_elem(c, "live",
			       GW_BUILTIN_GATEWAY_OUT * gw_number_step(c->policy->mark_mask),
			       GW_VERDICT_NONE, NULL, 0, c->gw);
	gw_compile_number_elem(c, "live", GW_BUILTIN_ICMPV6, GW_VERDICT_NONE, NULL, 0, c->gw);
	for (size_t i = 0; i < c->layers.n; i++) {
		gw_compile_layer_classes(c, &c->layers.items[i], NULL);
		layer_cells(c, &c->layers.items[i]);
	}
	for (size_t i = 0; i < c->policy->n_zones; i++) {
		const struct gw_zone *zone = &c->policy->zones[i];

		gw_compile_zone_elems(c, "zoned", zone, NULL);
		if (zone->clamp_mss)
			gw_compile_zone_elems(c, "clamped", zone, NULL);
	}
}
