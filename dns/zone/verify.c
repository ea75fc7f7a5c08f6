#include "dns/zone/verify.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "dns/zone/parallel.h"
#include "dns/zone/public_key.h"
#include "dns/zone/verify_internal.h"
#include "gw/core/mem.h"

#define PIECE 32u /* names that a thread takes at a time */

/* ---- findings ------------------------------------------------------------------------------------ */

static void find(struct gw_zone_hand *hand, enum gw_diag_id id, size_t at, bool warning,
		 const char *format, va_list args) __attribute__((format(printf, 5, 0)));

static void find(struct gw_zone_hand *hand, enum gw_diag_id id, size_t at, bool warning,
		 const char *format, va_list args)
{
	struct gw_zone_fault finding = { .at = at, .id = id, .warning = warning };

	if (hand->n == GW_ZONE_FINDINGS_MAX)
		return;
	finding.message = gw_arena_vprintf(hand->arena, format, args);
	gw_push(hand->findings, hand->n, hand->capacity, finding);
}

void gw_zone_find_error(struct gw_zone_hand *hand, enum gw_diag_id id, size_t at,
			const char *format, ...)
{
	va_list args;

	va_start(args, format);
	find(hand, id, at, false, format, args);
	va_end(args);
}

void gw_zone_find_warning(struct gw_zone_hand *hand, enum gw_diag_id id, size_t at,
			  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	find(hand, id, at, true, format, args);
	va_end(args);
}

const char *gw_zone_wire_text(struct gw_zone_hand *hand, const uint8_t *name, size_t len)
{
	gw_auto_text struct gw_text text = { 0 };
	struct gw_dns_name copy = { .len = (uint8_t)len };

	memcpy(copy.wire, name, copy.len);
	gw_dns_name_text(&copy, &text);
	return gw_arena_strdup(hand->arena, text.bytes);
}

const char *gw_zone_rr_text(struct gw_zone_hand *hand, const struct gw_zone_rr *rr)
{
	char type[16];

	return gw_arena_printf(hand->arena, "%s %s",
			       gw_zone_wire_text(hand, rr->name, rr->name_len),
			       gw_dns_type_text(rr->type, type));
}

static int compare(const void *a, const void *b)
{
	const struct gw_zone_fault *left = a, *right = b;

	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	return left->id < right->id ? -1 : left->id > right->id;
}

/* All threads' findings, in the order of the zone, so that each run tells the same. */
static bool tell(const struct gw_zone_checked *checked, struct gw_diags *diags)
{
	gw_auto_free struct gw_zone_fault *all = NULL;
	size_t n = 0, capacity = 0;
	bool right = true;

	for (unsigned int i = 0; i < checked->n_hands; i++)
		for (size_t k = 0; k < checked->hands[i].n; k++)
			gw_push(all, n, capacity, checked->hands[i].findings[k]);
	if (n)
		qsort(all, n, sizeof(*all), compare);
	for (size_t i = 0; i < n; i++) {
		gw_diag(diags, all[i].id, (struct gw_loc){ 0 }, "%s", all[i].message);
		if (all[i].warning)
			gw_diag_weigh(diags, GW_SEVERITY_WARNING);
		right &= all[i].warning;
	}
	return right;
}

/* ---- names --------------------------------------------------------------------------------------- */

size_t gw_zone_wire_name(const uint8_t *octets, size_t len)
{
	size_t at = 0;

	while (at < len && octets[at] && octets[at] < 64)
		at += octets[at] + 1u;
	return at < len && !octets[at] && at < GW_DNS_NAME_MAX ? at + 1 : 0;
}

bool gw_zone_is_hash_owner(const struct gw_zone_checked *checked, const struct gw_zone_owner *owner)
{
	bool nsec3 = false;

	for (size_t i = owner->from; i < owner->to; i++) {
		uint16_t type = checked->zone->rrs[i].type;

		if (type != GW_DNS_NSEC3 && type != GW_DNS_RRSIG)
			return false;
		nsec3 |= type == GW_DNS_NSEC3;
	}
	return nsec3;
}

/* An alias stands alone (RFC 2181, 10.1), and nothing is outside of the zone. */
static void check_name(const struct gw_zone_checked *checked, struct gw_zone_hand *hand,
		       const struct gw_zone_owner *owner)
{
	const struct gw_zone_store *zone = checked->zone;
	const struct gw_zone_rr *first = &zone->rrs[owner->from];
	size_t aliases = 0, others = 0;

	for (size_t i = owner->from; i < owner->to; i++) {
		uint16_t type = zone->rrs[i].type;

		aliases += type == GW_DNS_CNAME;
		others += type != GW_DNS_CNAME && type != GW_DNS_RRSIG && type != GW_DNS_NSEC;
	}
	if (aliases && aliases + others > 1)
		gw_zone_find_error(hand, GW_D_VERIFY_STRUCTURE, owner->from,
				   "%s is an alias and has other records",
				   gw_zone_wire_text(hand, first->name, first->name_len));
	if (!gw_zone_name_within(first->name, first->name_len, zone->apex, zone->apex_len))
		gw_zone_find_error(hand, GW_D_VERIFY_STRUCTURE, owner->from,
				   "%s is outside of the zone",
				   gw_zone_wire_text(hand, first->name, first->name_len));
}

static void check_names(void *context, unsigned int thread, size_t from, size_t to)
{
	struct gw_zone_checked *checked = context;
	struct gw_zone_hand *hand = &checked->hands[thread];

	for (size_t i = from; i < to; i++) {
		check_name(checked, hand, &checked->owners[i]);
		gw_zone_check_signatures(checked, hand, &checked->owners[i]);
		gw_zone_check_nsec(checked, hand, i);
	}
}

/* ---- all of it ----------------------------------------------------------------------------------- */

static void release(struct gw_zone_checked *checked)
{
	for (unsigned int i = 0; i < checked->n_hands; i++) {
		struct gw_zone_hand *hand = &checked->hands[i];

		for (size_t k = 0; k < GW_ZONE_VERIFY_KEYS_MAX; k++)
			gw_zone_public_end(hand->keys[k]);
		gw_arena_free(hand->arena);
		gw_free(hand->findings);
		gw_text_done(&hand->message);
	}
	gw_free(checked->hands);
	gw_free(checked->owners);
	gw_free(checked);
}

#ifndef __clang__
#pragma GCC diagnostic push
/* gcc 12 does not see that an arena is reachable through its hand. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
bool gw_zone_verify(const struct gw_zone_store *zone, const struct gw_zone_proof *proof,
		    struct gw_diags *diags)
{
	struct gw_zone_checked *checked = gw_zalloc(1, sizeof(*checked));
	struct gw_zone_hand *first;
	bool right;

	checked->zone = zone;
	checked->proof = proof;
	checked->n_hands = gw_zone_threads(proof->threads);
	checked->hands = gw_zalloc(checked->n_hands, sizeof(*checked->hands));
	for (unsigned int i = 0; i < checked->n_hands; i++)
		checked->hands[i].arena = gw_arena_new();
	checked->n_owners = gw_zone_owners(zone, &checked->owners);
	first = &checked->hands[0];
	if (gw_zone_check_apex(checked, first)) {
		gw_zone_parallel(checked->n_hands, checked->n_owners, PIECE, check_names, checked);
		gw_zone_check_nsec3(checked, first);
		gw_zone_check_trust(checked, first);
		gw_zone_check_delegations(checked, first);
		gw_zone_check_zonemd(checked, first);
	}
	right = tell(checked, diags);
	release(checked);
	return right;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif
