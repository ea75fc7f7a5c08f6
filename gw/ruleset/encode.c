/*
 * The canonical bytes of a ruleset, for storing it and for its digest. Numbers are LEB128 (seven bits a byte, the lowest first), texts and
 * bytes carry their length, and whatever can be missing has a bit or a zero that says so:
 *
 *	"gwrs", version
 *	family, name
 *	origins: count, then (id, path, line, column, len) each; later "origin" is its number, 0: none
 *	chains: count, then (name, origin, base hook, rules) each
 *	sets: count, then (name, key types, data type, flags, size, origin, elements) each
 *
 * Left out is what belongs to the kernel and not to the revision: handles, counts, the generation,
 * and the elements of run-time sets. Origins are sorted by content, not by where they lie in
 * memory, so that the same ruleset gives the same bytes in every run.
 *
 * The digest is taken of the same bytes without what people read (origins, comments) and without
 * expiry: the kernel tells how long an element has left, in its own ticks, so that what it was given
 * comes back a few milliseconds off. Equality allows for that (equal.c); a digest cannot.
 */
#include "gw/ruleset/encode.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/ruleset/expr_numbers.h"
#include "gw/ruleset/ruleset.h"

struct place {
	const struct gw_origin *origin;
	size_t number; /* in the table of origins, from 1 */
};

struct writer {
	struct gw_text *out;
	bool enforced;        /* only what the kernel enforces: for the digest */
	struct place *places; /* sorted by pointer */
	size_t n_places, capacity;
};

static void put_number(struct writer *writer, uint64_t number)
{
	char bytes[10];
	size_t n = 0;

	for (; number >= 0x80; number >>= 7)
		bytes[n++] = (char)(number | 0x80);
	bytes[n++] = (char)number;
	gw_text_add(writer->out, bytes, n);
}

/* Zigzag: small negative numbers stay short. */
static void put_signed(struct writer *writer, int64_t number)
{
	put_number(writer, (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0));
}

static void put_bytes(struct writer *writer, const void *bytes, size_t len)
{
	gw_text_add(writer->out, bytes, len);
}

/* The length plus one, 0 for none. */
static void put_text(struct writer *writer, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	put_number(writer, text ? len + 1 : 0);
	put_bytes(writer, text, len);
}

/* ---- origins ------------------------------------------------------------------------------- */

static void collect(struct writer *writer, const struct gw_origin *origin)
{
	/* Neighbours mostly share theirs; this keeps a million elements from a million entries. */
	if (!origin || (writer->n_places && writer->places[writer->n_places - 1].origin == origin))
		return;
	gw_push(writer->places, writer->n_places, writer->capacity,
		((struct place){ .origin = origin }));
}

static void collect_all(struct writer *writer, const struct gw_ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->n_chains; i++) {
		const struct gw_chain *chain = &ruleset->chains[i];

		collect(writer, chain->origin);
		for (size_t k = 0; k < chain->n_rules; k++)
			collect(writer, chain->rules[k].origin);
	}
	for (size_t i = 0; i < ruleset->n_sets; i++) {
		const struct gw_set *set = &ruleset->sets[i];

		collect(writer, set->origin);
		for (size_t k = 0; k < set->n_elems && !set->run_time; k++)
			collect(writer, set->elems[k].origin);
	}
}

static int compare_pointers(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct place *)a)->origin;
	uintptr_t y = (uintptr_t)((const struct place *)b)->origin;

	return (x > y) - (x < y);
}

static const char *path_of(const struct gw_origin *origin)
{
	return origin->loc.source ? origin->loc.source->path : NULL;
}

static int compare_texts(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_content(const struct gw_origin *a, const struct gw_origin *b)
{
	int order = compare_texts(path_of(a), path_of(b));

	if (!order)
		order = compare_numbers(a->loc.line, b->loc.line);
	if (!order)
		order = compare_numbers(a->loc.column, b->loc.column);
	if (!order)
		order = compare_numbers(a->loc.len, b->loc.len);
	return order ? order : compare_texts(a->id, b->id);
}

static int compare_places(const void *a, const void *b)
{
	return compare_content((*(struct place *const *)a)->origin,
			       (*(struct place *const *)b)->origin);
}

static void put_origin_content(struct writer *writer, const struct gw_origin *origin)
{
	put_text(writer, origin->id);
	put_text(writer, path_of(origin));
	put_number(writer, origin->loc.line);
	put_number(writer, origin->loc.column);
	put_number(writer, origin->loc.len);
}

/* Each pointer once, sorted, so that a number is found by it. */
static void sort_places(struct writer *writer)
{
	size_t n = 0;

	if (!writer->n_places)
		return;
	qsort(writer->places, writer->n_places, sizeof(*writer->places), compare_pointers);
	for (size_t i = 0; i < writer->n_places; i++)
		if (!n || writer->places[n - 1].origin != writer->places[i].origin)
			writer->places[n++] = writer->places[i];
	writer->n_places = n;
}

/* Numbers the origins by content, equal ones alike, and writes each once. */
static void put_origins(struct writer *writer)
{
	struct place **sorted = gw_zalloc(writer->n_places, sizeof(struct place *));
	size_t n = 0;

	for (size_t i = 0; i < writer->n_places; i++)
		sorted[i] = &writer->places[i];
	if (writer->n_places)
		qsort(sorted, writer->n_places, sizeof(struct place *), compare_places);
	for (size_t i = 0; i < writer->n_places; i++) {
		if (!i || compare_content(sorted[i - 1]->origin, sorted[i]->origin) != 0)
			n++;
		sorted[i]->number = n;
	}
	put_number(writer, n);
	for (size_t i = 0; i < writer->n_places; i++)
		if (!i || sorted[i - 1]->number != sorted[i]->number)
			put_origin_content(writer, sorted[i]->origin);
	gw_free(sorted);
}

static void put_origin(struct writer *writer, const struct gw_origin *origin)
{
	const struct place wanted = { .origin = origin }, *place;

	if (!origin || writer->enforced) {
		put_number(writer, 0);
		return;
	}
	place = bsearch(&wanted, writer->places, writer->n_places, sizeof(wanted),
			compare_pointers);
	assert(place); /* all were collected */
	put_number(writer, place->number);
}

/* ---- chains and rules ------------------------------------------------------------------------ */

/* Most numbers of an expression are zero: a bit for each that is not, then those. */
static void put_numbers(struct writer *writer, const struct gw_expr *expr)
{
	uint64_t present = 0, bit = 1;

#define NOTE(member)                                                                               \
	present |= expr->member ? bit : 0;                                                         \
	bit <<= 1;
#define PUT(member)                                                                                \
	if (expr->member)                                                                          \
		put_number(writer, (uint64_t)expr->member);

	GW_EXPR_NUMBERS(NOTE)
	put_number(writer, present);
	GW_EXPR_NUMBERS(PUT)
#undef NOTE
#undef PUT
}

static void put_expr(struct writer *writer, const struct gw_expr *expr)
{
	put_number(writer, expr->kind);
	put_numbers(writer, expr);
	put_number(writer,
		   (expr->data ? GW_STORED_DATA : 0u) | (expr->data_end ? GW_STORED_DATA_END : 0u));
	if (expr->data)
		put_bytes(writer, expr->data, expr->data_len);
	if (expr->data_end)
		put_bytes(writer, expr->data_end, expr->data_len);
	put_text(writer, expr->chain);
	put_text(writer, expr->set_name);
	put_text(writer, expr->text);
}

static void put_rule(struct writer *writer, const struct gw_rule *rule)
{
	put_origin(writer, rule->origin);
	put_text(writer, writer->enforced ? NULL : rule->comment);
	put_number(writer, rule->n_exprs);
	for (size_t i = 0; i < rule->n_exprs; i++)
		put_expr(writer, &rule->exprs[i]);
}

static void put_chain(struct writer *writer, const struct gw_chain *chain)
{
	const struct gw_base_hook *base = chain->base;

	put_text(writer, chain->name);
	put_origin(writer, chain->origin);
	put_number(writer, base != NULL);
	if (base) {
		put_number(writer, base->hook);
		put_signed(writer, base->priority);
		put_text(writer, base->type);
		put_number(writer, base->policy_drop);
		put_number(writer, base->n_devices);
		for (size_t i = 0; i < base->n_devices; i++)
			put_text(writer, base->devices[i]);
	}
	put_number(writer, chain->n_rules);
	for (size_t i = 0; i < chain->n_rules; i++)
		put_rule(writer, &chain->rules[i]);
}

/* ---- sets and elements ----------------------------------------------------------------------- */

static void put_elem(struct writer *writer, const struct gw_set *set, const struct gw_elem *elem)
{
	uint32_t key_len = gw_set_key_len(set);
	bool range = elem->key_end && memcmp(elem->key, elem->key_end, key_len) != 0;
	bool expires = elem->expires_ms && !writer->enforced;

	put_number(writer, (range ? GW_STORED_KEY_END : 0u) | (expires ? GW_STORED_EXPIRES : 0u));
	put_bytes(writer, elem->key, key_len);
	if (range)
		put_bytes(writer, elem->key_end, key_len);
	if (expires)
		put_signed(writer, elem->expires_ms);
	if (set->map && set->data == GW_TYPE_VERDICT) {
		put_number(writer, elem->verdict);
		put_text(writer, elem->chain);
	} else if (set->map) {
		put_bytes(writer, elem->data, gw_set_data_len(set));
	}
	put_origin(writer, elem->origin);
}

static void put_set(struct writer *writer, const struct gw_set *set)
{
	/* The name of a constant set stands for its elements, which observing leaves out. */
	bool without = set->run_time || (set->constant && writer->enforced);
	size_t n = without ? 0 : set->n_elems;

	put_text(writer, set->name);
	put_number(writer, set->n_key);
	for (size_t i = 0; i < set->n_key; i++)
		put_number(writer, set->key[i]);
	put_number(writer, (set->map ? GW_STORED_MAP : 0u) |
				   (set->interval ? GW_STORED_INTERVAL : 0u) |
				   (set->timeout ? GW_STORED_TIMEOUT : 0u) |
				   (set->counter ? GW_STORED_COUNTER : 0u) |
				   (set->dynamic ? GW_STORED_DYNAMIC : 0u) |
				   (set->constant ? GW_STORED_CONSTANT : 0u));
	if (set->map)
		put_number(writer, set->data);
	put_number(writer, set->size);
	put_origin(writer, set->origin);
	put_number(writer, n);
	for (size_t i = 0; i < n; i++)
		put_elem(writer, set, &set->elems[i]);
}

static void put_table(struct writer *writer, const struct gw_ruleset *ruleset)
{
	if (!writer->enforced)
		collect_all(writer, ruleset);
	sort_places(writer);
	put_bytes(writer, GW_STORED_MAGIC, GW_STORED_MAGIC_LEN);
	put_number(writer, GW_STORED_VERSION);
	put_number(writer, ruleset->family);
	put_text(writer, ruleset->name);
	put_origins(writer);
	put_number(writer, ruleset->n_chains);
	for (size_t i = 0; i < ruleset->n_chains; i++)
		put_chain(writer, &ruleset->chains[i]);
	put_number(writer, ruleset->n_sets);
	for (size_t i = 0; i < ruleset->n_sets; i++)
		put_set(writer, &ruleset->sets[i]);
	gw_free(writer->places);
}

/* Each table stands for itself, with origins of its own. */
void gw_ruleset_encode(const struct gw_ruleset *ruleset, struct gw_text *out)
{
	for (; ruleset; ruleset = ruleset->next) {
		struct writer writer = { .out = out };

		put_table(&writer, ruleset);
	}
}

void gw_ruleset_encode_enforced(const struct gw_ruleset *ruleset, struct gw_text *out)
{
	for (; ruleset; ruleset = ruleset->next) {
		struct writer writer = { .out = out, .enforced = true };

		put_table(&writer, ruleset);
	}
}
