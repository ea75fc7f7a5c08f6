#include "gw/agent/measure.h"

#include <stdio.h>
#include <string.h>

#include "gw/core/mac.h"
#include "gw/core/mem.h"

static const char *const kind_names[GW_MEASURE_KIND_COUNT] = {
	[GW_MEASURE_KIND_ISOLATE] = "isolate", [GW_MEASURE_KIND_QUARANTINE] = "quarantine",
	[GW_MEASURE_KIND_BAN] = "ban",         [GW_MEASURE_KIND_SUSPEND] = "suspend",
	[GW_MEASURE_KIND_ADMIT] = "admit",
};

const char *gw_measure_kind_name(enum gw_measure_kind kind)
{
	return kind_names[kind];
}

bool gw_measure_kind_parse(const char *name, enum gw_measure_kind *ret)
{
	for (int i = 0; i < GW_MEASURE_KIND_COUNT; i++) {
		if (strcmp(kind_names[i], name) == 0) {
			*ret = (enum gw_measure_kind)i;
			return true;
		}
	}
	return false;
}

bool gw_measure_is_over(const struct gw_measure *measure, int64_t now)
{
	return measure->until && measure->until <= now;
}

/* ---- the list ------------------------------------------------------------------------------- */

void gw_measures_init(struct gw_measures *measures)
{
	*measures = (struct gw_measures){ .texts.arena = gw_arena_new() };
}

void gw_measures_done(struct gw_measures *measures)
{
	gw_free(measures->items);
	gw_texts_done(&measures->texts);
	gw_arena_free(measures->texts.arena);
	*measures = (struct gw_measures){ 0 };
}

int gw_measure_compare(const struct gw_measure *a, const struct gw_measure *b)
{
	int order = a->set < b->set ? -1 : a->set > b->set;

	if (!order)
		order = memcmp(a->key, b->key, sizeof(a->key));
	if (!order)
		order = memcmp(a->key_end, b->key_end, sizeof(a->key_end));
	if (!order)
		order = a->kind < b->kind ? -1 : a->kind > b->kind;
	return order ? order : strcmp(a->subject, b->subject);
}

/* The first that is not before `like`. */
static size_t place_of(const struct gw_measures *measures, const struct gw_measure *like)
{
	size_t low = 0, high = measures->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (gw_measure_compare(&measures->items[middle], like) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct gw_measure *gw_measures_find(const struct gw_measures *measures,
				    const struct gw_measure *like)
{
	size_t at = place_of(measures, like);

	return at < measures->n && gw_measure_compare(&measures->items[at], like) == 0
		       ? &measures->items[at]
		       : NULL;
}

/* The same actor and reason stand in thousands of measures: each text is kept once. */
static const char *keep_text(struct gw_measures *measures, const char *text)
{
	return gw_texts_keep(&measures->texts, text ? text : "", text ? strlen(text) : 0);
}

void gw_measures_keep_texts(struct gw_measures *measures, struct gw_measure *measure)
{
	measure->subject = keep_text(measures, measure->subject);
	measure->actor = keep_text(measures, measure->actor);
	measure->reason = keep_text(measures, measure->reason);
}

/* Texts of measures that are over: dropped with all others once they are most of what is kept. */
static void drop_old_texts(struct gw_measures *measures)
{
	struct gw_arena *old = measures->texts.arena;

	if (measures->texts.n < 3 * measures->n + 4096)
		return;
	gw_texts_done(&measures->texts);
	measures->texts.arena = gw_arena_new();
	for (size_t i = 0; i < measures->n; i++)
		gw_measures_keep_texts(measures, &measures->items[i]);
	gw_arena_free(old);
}

void gw_measures_put(struct gw_measures *measures, const struct gw_measure *measure)
{
	struct gw_measure copy = *measure;
	size_t at;

	gw_measures_keep_texts(measures, &copy);
	/* A journal is read in order. */
	at = measures->n && gw_measure_compare(&measures->items[measures->n - 1], &copy) < 0
		     ? measures->n
		     : place_of(measures, &copy);
	if (at < measures->n && gw_measure_compare(&measures->items[at], &copy) == 0) {
		measures->items[at] = copy;
		drop_old_texts(measures);
		return;
	}
	gw_push(measures->items, measures->n, measures->capacity, copy);
	memmove(&measures->items[at + 1], &measures->items[at],
		(measures->n - 1 - at) * sizeof(*measures->items));
	measures->items[at] = copy;
	drop_old_texts(measures);
}

bool gw_measures_remove(struct gw_measures *measures, const struct gw_measure *like)
{
	struct gw_measure *found = gw_measures_find(measures, like);

	if (!found)
		return false;
	measures->n--;
	memmove(found, found + 1,
		(measures->n - (size_t)(found - measures->items)) * sizeof(*found));
	return true;
}

/* A hundred thousand that go one by one would each move all that stand behind them. */
void gw_measures_remove_all(struct gw_measures *measures, const struct gw_measure *like, size_t n)
{
	gw_auto_free bool *gone = gw_zalloc(measures->n + 1, sizeof(*gone));
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct gw_measure *found = gw_measures_find(measures, &like[i]);

		if (found)
			gone[found - measures->items] = true;
	}
	for (size_t i = 0; measures->items && i < measures->n; i++)
		if (!gone[i])
			measures->items[kept++] = measures->items[i];
	measures->n = kept;
}

size_t gw_measures_count(const struct gw_measures *measures, enum gw_measure_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < measures->n; i++)
		n += measures->items[i].kind == kind;
	return n;
}

void gw_measures_count_all(const struct gw_measures *measures, size_t ret[GW_MEASURE_KIND_COUNT])
{
	size_t at = 0;

	memset(ret, 0, GW_MEASURE_KIND_COUNT * sizeof(*ret));
	while (at < measures->n) {
		const struct gw_measure *first = &measures->items[at];
		struct gw_measure behind = { .set = (uint8_t)(first->set + 1), .subject = "" };
		size_t next = place_of(measures, &behind);

		/* A set holds facts of one kind, but for what stands nowhere. */
		if (first->set == GW_MEASURE_NOWHERE)
			for (size_t i = at; i < next; i++)
				ret[measures->items[i].kind]++;
		else
			ret[first->kind] += next - at;
		at = next;
	}
}

/* ---- facts ---------------------------------------------------------------------------------- */

static void set_fact(struct gw_measure *measure, unsigned int set)
{
	measure->set = (uint8_t)set;
	memset(measure->key, 0, sizeof(measure->key));
	memset(measure->key_end, 0, sizeof(measure->key_end));
}

void gw_measure_set_zone(struct gw_measure *measure, const char *zone, bool untrusted_only)
{
	uint32_t key[2] = { untrusted_only ? GW_ISOLATED_UNTRUSTED : GW_ISOLATED_ALL,
			    gw_zone_id(zone) };

	set_fact(measure, GW_MEASURE_ISOLATED);
	memcpy(measure->key, key, sizeof(key));
	measure->subject = zone;
}

bool gw_measure_set_range(struct gw_measure *measure, enum gw_family family, struct gw_range range)
{
	static const enum gw_measure_set singles[GW_MEASURE_KIND_COUNT] = {
		[GW_MEASURE_KIND_QUARANTINE] = GW_MEASURE_QUARANTINED4,
		[GW_MEASURE_KIND_BAN] = GW_MEASURE_BANNED4,
		[GW_MEASURE_KIND_SUSPEND] = GW_MEASURE_SUSPENDED4,
	};
	unsigned int set = singles[measure->kind];

	if (!set)
		return false;
	if (range.lo != range.hi) {
		if (measure->kind != GW_MEASURE_KIND_BAN)
			return false;
		set = GW_MEASURE_BANNED_NETS4;
	}
	/* The sets of IPv6 stand behind those of IPv4. */
	set_fact(measure, set + (family == GW_FAMILY_IPV6));
	gw_addr_to_bytes(family, range.lo, measure->key);
	gw_addr_to_bytes(family, range.hi, measure->key_end);
	return true;
}

void gw_measure_set_mac(struct gw_measure *measure, const uint8_t mac[6])
{
	set_fact(measure, measure->kind == GW_MEASURE_KIND_ADMIT
				  ? (unsigned int)GW_MEASURE_ADMITTED
				  : (unsigned int)GW_MEASURE_QUARANTINED_MACS);
	memcpy(measure->key, mac, 6);
}

bool gw_measure_is_mac(const struct gw_measure *measure)
{
	return measure->set == GW_MEASURE_QUARANTINED_MACS || measure->set == GW_MEASURE_ADMITTED;
}

bool gw_measure_range(const struct gw_measure *measure, enum gw_family *ret_family,
		      struct gw_range *ret_range)
{
	bool ipv6;

	switch (measure->set) {
	case GW_MEASURE_BANNED4:
	case GW_MEASURE_BANNED_NETS4:
	case GW_MEASURE_QUARANTINED4:
	case GW_MEASURE_SUSPENDED4:
		ipv6 = false;
		break;
	case GW_MEASURE_BANNED6:
	case GW_MEASURE_BANNED_NETS6:
	case GW_MEASURE_QUARANTINED6:
	case GW_MEASURE_SUSPENDED6:
		ipv6 = true;
		break;
	default:
		return false;
	}
	*ret_family = ipv6 ? GW_FAMILY_IPV6 : GW_FAMILY_IPV4;
	*ret_range = (struct gw_range){ gw_addr_from_bytes(*ret_family, measure->key),
					gw_addr_from_bytes(*ret_family, measure->key_end) };
	return true;
}

const char *gw_measure_text(const struct gw_measure *measure, char out[GW_MEASURE_TEXT])
{
	enum gw_family family;
	struct gw_range range;
	uint32_t how;

	if (gw_measure_range(measure, &family, &range))
		return gw_range_format(family, range, out);
	if (gw_measure_is_mac(measure))
		return gw_mac_format(measure->key, out);
	memcpy(&how, measure->key, sizeof(how));
	(void)snprintf(out, GW_MEASURE_TEXT, "%s%s", measure->subject,
		       measure->set == GW_MEASURE_ISOLATED && how == GW_ISOLATED_UNTRUSTED
			       ? " from untrusted zones"
			       : "");
	return out;
}
