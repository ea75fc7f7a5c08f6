/*
 * Reads the stored form that encode.c describes. The bytes come from a file that may have been
 * damaged or changed: every read is checked against the end, every count against a limit and
 * against the bytes that are left, and what the rest of the program relies on (order of names and
 * elements, texts where an expression needs them, known types) is checked here, once.
 *
 * After the first fault the reader yields zeroes and reads nothing more, so that only loops have to
 * look whether it is still well.
 */
#include <string.h>

#include "gw/core/mem.h"
#include "gw/ruleset/encode.h"
#include "gw/ruleset/expr_numbers.h"
#include "gw/ruleset/ruleset.h"

/* Far above what a gateway has or the kernel takes. A thing takes a byte at least, so a count is
 * also limited by the bytes that are left. */
#define TABLES_MAX   3u /* inet, netdev, bridge */
#define CHAINS_MAX   65536u
#define SETS_MAX     65536u
#define RULES_MAX    1000000u
#define EXPRS_MAX    128u
#define ELEMS_MAX    16000000u
#define ORIGINS_MAX  4000000u
#define DEVICES_MAX  256u
#define NAME_LEN_MAX 255u
#define TEXT_MAX     4096u
#define DATA_MAX     64u /* kernel: NFT_DATA_VALUE_MAXLEN */

struct reader {
	const uint8_t *at, *end;
	bool bad;
	struct gw_ruleset *ruleset; /* being built */
	struct gw_origin *origins;  /* in its arena */
	size_t n_origins;
};

static size_t left(const struct reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

/* The next `len` bytes, which live as long as the ruleset, or NULL and nothing more. */
static const uint8_t *get_bytes(struct reader *reader, size_t len)
{
	const uint8_t *bytes = reader->at;

	if (reader->bad || len > left(reader)) {
		reader->bad = true;
		return NULL;
	}
	reader->at += len;
	return bytes;
}

/* One byte form for each number: a last byte of zero would be a second one. */
static uint64_t get_number(struct reader *reader, uint64_t max)
{
	uint64_t number = 0;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		const uint8_t *byte = get_bytes(reader, 1);
		uint64_t bits;

		if (!byte)
			return 0;
		bits = *byte & 0x7fu;
		if ((shift && !*byte) || (shift == 63 && bits > 1))
			break;
		number |= bits << shift;
		if (*byte & 0x80)
			continue;
		if (number > max)
			break;
		return number;
	}
	reader->bad = true;
	return 0;
}

static uint32_t get_u32(struct reader *reader)
{
	return (uint32_t)get_number(reader, UINT32_MAX);
}

static int64_t get_signed(struct reader *reader)
{
	uint64_t number = get_number(reader, UINT64_MAX);

	return (int64_t)(number >> 1 ^ (~(number & 1) + 1));
}

static size_t get_count(struct reader *reader, size_t max)
{
	size_t count = get_number(reader, max);

	if (count > left(reader)) {
		reader->bad = true;
		return 0;
	}
	return count;
}

/* NULL if there is none or it is no text. */
static const char *get_text(struct reader *reader, size_t max)
{
	size_t len = get_number(reader, max + 1);
	const uint8_t *bytes = len ? get_bytes(reader, len - 1) : NULL;

	if (!bytes)
		return NULL;
	if (memchr(bytes, '\0', len - 1)) {
		reader->bad = true;
		return NULL;
	}
	return gw_arena_strndup(reader->ruleset->arena, (const char *)bytes, len - 1);
}

/* A text that must be there and not be empty. */
static const char *get_name(struct reader *reader)
{
	const char *name = get_text(reader, NAME_LEN_MAX);

	if (name && name[0])
		return name;
	reader->bad = true;
	return "";
}

/* ---- origins ------------------------------------------------------------------------------- */

static void get_origins(struct reader *reader)
{
	struct gw_arena *arena = reader->ruleset->arena;
	const struct gw_source *source = NULL;

	reader->n_origins = get_count(reader, ORIGINS_MAX);
	reader->origins = gw_arena_array(arena, reader->n_origins, struct gw_origin);
	for (size_t i = 0; i < reader->n_origins && !reader->bad; i++) {
		struct gw_origin *origin = &reader->origins[i];
		const char *path;

		origin->id = get_text(reader, TEXT_MAX);
		path = get_text(reader, TEXT_MAX);
		/* They are sorted by path: one source serves all lines of a file. */
		if (path && (!source || strcmp(source->path, path) != 0)) {
			struct gw_source *added = gw_arena_new_of(arena, struct gw_source);

			added->path = path;
			source = added;
		}
		origin->loc.source = path ? source : NULL;
		origin->loc.line = get_u32(reader);
		origin->loc.column = get_u32(reader);
		origin->loc.len = get_u32(reader);
		if (!origin->id)
			reader->bad = true;
	}
}

static const struct gw_origin *get_origin(struct reader *reader)
{
	size_t number = get_number(reader, reader->n_origins);

	return number ? &reader->origins[number - 1] : NULL;
}

/* ---- chains and rules ------------------------------------------------------------------------ */

static void get_numbers(struct reader *reader, struct gw_expr *expr)
{
	uint64_t present = get_number(reader, UINT64_MAX), bit = 1;

	/* A zero, which the bit denies, and a value that the member cannot hold are both faults. */
#define GET(member)                                                                                \
	if (present & bit) {                                                                       \
		uint64_t number = get_number(reader, UINT64_MAX);                                  \
                                                                                                   \
		expr->member = (__typeof__(expr->member))number;                                   \
		reader->bad |= !number || (uint64_t)expr->member != number;                        \
	}                                                                                          \
	bit <<= 1;
	GW_EXPR_NUMBERS(GET)
#undef GET
	if (present >= bit)
		reader->bad = true;
}

/* What printers, comparison and netlink rely on without asking. */
static bool expr_sound(const struct gw_expr *expr)
{
	bool jumps = expr->verdict == GW_VERDICT_JUMP || expr->verdict == GW_VERDICT_GOTO;

	if ((unsigned int)expr->verdict > GW_VERDICT_RETURN || expr->data_len > DATA_MAX)
		return false;
	if (jumps && !expr->chain)
		return false;
	return (expr->kind != GW_EXPR_LOOKUP && expr->kind != GW_EXPR_DYNSET) || expr->set_name;
}

static struct gw_expr get_expr(struct reader *reader)
{
	struct gw_expr expr = { .kind = (enum gw_expr_kind)get_number(reader, GW_EXPR_KINDS) };
	uint64_t has;

	get_numbers(reader, &expr);
	has = get_number(reader, GW_STORED_DATA | GW_STORED_DATA_END);
	if (expr.data_len > DATA_MAX)
		reader->bad = true;
	if (has & GW_STORED_DATA)
		expr.data = get_bytes(reader, expr.data_len);
	if (has & GW_STORED_DATA_END)
		expr.data_end = get_bytes(reader, expr.data_len);
	expr.chain = get_text(reader, NAME_LEN_MAX);
	expr.set_name = get_text(reader, NAME_LEN_MAX);
	expr.text = get_text(reader, TEXT_MAX);
	reader->bad |= !expr_sound(&expr);
	return expr;
}

static void get_rule(struct reader *reader, struct gw_chain *chain)
{
	const struct gw_origin *origin = get_origin(reader);
	const char *comment = get_text(reader, TEXT_MAX);
	size_t n = get_count(reader, EXPRS_MAX);
	struct gw_expr exprs[EXPRS_MAX];

	for (size_t i = 0; i < n && !reader->bad; i++)
		exprs[i] = get_expr(reader);
	if (!reader->bad)
		(void)gw_ruleset_add_rule(reader->ruleset, chain, exprs, n, origin, comment);
}

static const struct gw_base_hook *get_base(struct reader *reader)
{
	struct gw_base_hook base = { .hook = get_u32(reader) };
	int64_t priority = get_signed(reader);
	const char **devices;

	base.priority = (int32_t)priority;
	base.type = get_name(reader);
	base.policy_drop = get_number(reader, 1);
	base.n_devices = get_count(reader, DEVICES_MAX);
	devices = gw_arena_array(reader->ruleset->arena, base.n_devices, const char *);
	for (size_t i = 0; i < base.n_devices; i++)
		devices[i] = get_name(reader);
	base.devices = base.n_devices ? devices : NULL;
	if (base.priority != priority)
		reader->bad = true;
	return gw_arena_memdup(reader->ruleset->arena, &base, sizeof(base));
}

static void get_chain(struct reader *reader)
{
	struct gw_ruleset *ruleset = reader->ruleset;
	const char *name = get_name(reader);
	const struct gw_origin *origin = get_origin(reader);
	const struct gw_base_hook *base = get_number(reader, 1) ? get_base(reader) : NULL;
	size_t n = get_count(reader, RULES_MAX);
	struct gw_chain *chain;

	/* Names are looked up by halving. */
	if (ruleset->n_chains && strcmp(ruleset->chains[ruleset->n_chains - 1].name, name) >= 0)
		reader->bad = true;
	chain = gw_ruleset_add_chain(ruleset, name, base, origin);
	for (size_t i = 0; i < n && !reader->bad; i++)
		get_rule(reader, chain);
}

/* ---- sets and elements ----------------------------------------------------------------------- */

static void get_verdict(struct reader *reader, struct gw_elem *elem)
{
	elem->verdict = (enum gw_verdict_code)get_number(reader, GW_VERDICT_RETURN);
	elem->chain = get_text(reader, NAME_LEN_MAX);
	if ((elem->verdict == GW_VERDICT_JUMP || elem->verdict == GW_VERDICT_GOTO) && !elem->chain)
		reader->bad = true;
}

static void get_elem(struct reader *reader, struct gw_set *set)
{
	uint64_t has = get_number(reader, GW_STORED_KEY_END | GW_STORED_EXPIRES);
	uint32_t key_len = gw_set_key_len(set);
	struct gw_elem elem = { .key = get_bytes(reader, key_len) };

	if (has & GW_STORED_KEY_END)
		elem.key_end = get_bytes(reader, key_len);
	if (has & GW_STORED_EXPIRES)
		elem.expires_ms = get_signed(reader);
	if (set->map && set->data == GW_TYPE_VERDICT)
		get_verdict(reader, &elem);
	else if (set->map)
		elem.data = get_bytes(reader, gw_set_data_len(set));
	elem.origin = get_origin(reader);
	if (reader->bad)
		return;
	/* Plans walk both sides in order. */
	if (set->n_elems && gw_elem_compare(set, &set->elems[set->n_elems - 1], &elem) > 0)
		reader->bad = true;
	gw_ruleset_add_elem(reader->ruleset, set, elem);
}

static void get_flags(struct reader *reader, struct gw_set *set)
{
	uint64_t is = get_number(reader, 2 * GW_STORED_CONSTANT - 1);

	set->map = is & GW_STORED_MAP;
	set->interval = is & GW_STORED_INTERVAL;
	set->timeout = is & GW_STORED_TIMEOUT;
	set->counter = is & GW_STORED_COUNTER;
	set->dynamic = is & GW_STORED_DYNAMIC;
	set->constant = is & GW_STORED_CONSTANT;
	if (set->map)
		set->data = (enum gw_type)get_number(reader, GW_TYPE_COUNT - 1);
}

static void get_set(struct reader *reader)
{
	struct gw_ruleset *ruleset = reader->ruleset;
	struct gw_set definition = { .name = get_name(reader) }, *set;
	size_t n;

	/* 0: a set that the kernel held and that was none of ours. */
	definition.n_key = get_count(reader, GW_KEY_FIELDS_MAX);
	for (size_t i = 0; i < definition.n_key; i++) {
		definition.key[i] = (enum gw_type)get_number(reader, GW_TYPE_COUNT - 1);
		reader->bad |= definition.key[i] == GW_TYPE_VERDICT;
	}
	get_flags(reader, &definition);
	definition.size = get_u32(reader);
	definition.origin = get_origin(reader);
	n = get_count(reader, ELEMS_MAX);
	if (ruleset->n_sets &&
	    strcmp(ruleset->sets[ruleset->n_sets - 1].name, definition.name) >= 0)
		reader->bad = true;
	set = gw_ruleset_add_set(ruleset, &definition);
	if (n && (set->run_time || !set->n_key))
		reader->bad = true;
	for (size_t i = 0; i < n && !reader->bad; i++)
		get_elem(reader, set);
}

static void get_head(struct reader *reader)
{
	const uint8_t *magic = get_bytes(reader, GW_STORED_MAGIC_LEN);

	if (!magic || memcmp(magic, GW_STORED_MAGIC, GW_STORED_MAGIC_LEN) != 0 ||
	    get_number(reader, UINT64_MAX) != GW_STORED_VERSION)
		reader->bad = true;
	reader->ruleset->family = (uint32_t)get_number(reader, UINT8_MAX);
	reader->ruleset->name = get_name(reader);
}

static void get_table(struct reader *reader)
{
	size_t n;

	reader->n_origins = 0;
	get_head(reader);
	get_origins(reader);
	n = get_count(reader, CHAINS_MAX);
	for (size_t i = 0; i < n && !reader->bad; i++)
		get_chain(reader);
	n = get_count(reader, SETS_MAX);
	for (size_t i = 0; i < n && !reader->bad; i++)
		get_set(reader);
}

struct gw_ruleset *gw_ruleset_decode(const void *bytes, size_t len)
{
	struct gw_ruleset *first = gw_ruleset_new(0, "");
	struct reader reader = { .ruleset = first };

	/* Keys and data stay where they are, in a copy of the whole: a million of them would
	 * otherwise be a million allocations. */
	reader.at = gw_arena_memdup(first->arena, bytes, len);
	reader.end = reader.at + len;
	get_table(&reader);
	for (size_t n = 1; !reader.bad && left(&reader); n++) {
		struct gw_ruleset *table = gw_ruleset_new(0, "");

		reader.ruleset->next = table;
		reader.ruleset = table;
		get_table(&reader);
		if (n == TABLES_MAX || gw_ruleset_table(first, table->family) != table)
			reader.bad = true;
	}
	if (reader.bad) {
		gw_ruleset_free(first);
		return NULL;
	}
	return first;
}
