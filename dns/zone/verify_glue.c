/* Delegations: DS that can be used, addresses of name servers that could not be found otherwise, and nothing more. */
#include <stdlib.h>
#include <string.h>

#include "dns/zone/verify_internal.h"
#include "gw/core/mem.h"

/* A name server of a delegation, or of the zone. */
struct target {
	const uint8_t *name;
	size_t len;
};
struct targets {
	struct target *items; /* heap; sorted */
	size_t n, capacity;
};

static const struct gw_zone_rr *first_of(const struct gw_zone_checked *checked,
					 const struct gw_zone_owner *owner)
{
	return &checked->zone->rrs[owner->from];
}

/* ---- DS ------------------------------------------------------------------------------------------ */

static size_t digest_len(uint8_t type)
{
	static const uint8_t lens[] = { 0, 20, 32, 32, 48 };

	return type < GW_COUNT(lens) ? lens[type] : 0;
}

static void check_ds(const struct gw_zone_checked *checked, struct gw_zone_hand *hand,
		     const struct gw_zone_owner *owner)
{
	for (size_t i = owner->from; i < owner->to; i++) {
		const struct gw_zone_rr *rr = &checked->zone->rrs[i];
		size_t len;

		if (rr->type != GW_DNS_DS)
			continue;
		len = rr->len > 4 ? digest_len(rr->rdata[3]) : 0;
		if (owner->standing != GW_ZONE_DELEGATION)
			gw_zone_find_error(hand, GW_D_VERIFY_DELEGATION, i,
					   "%s is at a name that is not delegated",
					   gw_zone_rr_text(hand, rr));
		else if (rr->len < 5 || (len && rr->len != 4 + len))
			gw_zone_find_error(hand, GW_D_VERIFY_DELEGATION, i,
					   "%s: its digest has not the length of its type",
					   gw_zone_rr_text(hand, rr));
	}
}

/* ---- name servers -------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct target *left = a, *right = b;

	return gw_zone_name_cmp(left->name, right->name);
}

static bool is_target(const struct targets *targets, const struct gw_zone_rr *rr)
{
	const struct target key = { rr->name, rr->name_len };

	return targets->n && bsearch(&key, targets->items, targets->n, sizeof(key), compare);
}

static bool has_address(const struct gw_zone_checked *checked, const uint8_t *name)
{
	return gw_zone_get(checked->zone, name, GW_DNS_A, NULL) ||
	       gw_zone_get(checked->zone, name, GW_DNS_AAAA, NULL);
}

/* A name server below the delegation itself cannot be found without its address (RFC 9471). */
static void check_target(const struct gw_zone_checked *checked, struct gw_zone_hand *hand,
			 const struct gw_zone_owner *owner, size_t at, const struct target *target)
{
	const struct gw_zone_rr *above = first_of(checked, owner);

	if (owner->standing == GW_ZONE_DELEGATION &&
	    gw_zone_name_within(target->name, target->len, above->name, above->name_len) &&
	    !has_address(checked, target->name))
		gw_zone_find_error(hand, GW_D_VERIFY_GLUE, at, "%s: %s has no address here",
				   gw_zone_rr_text(hand, &checked->zone->rrs[at]),
				   gw_zone_wire_text(hand, target->name, target->len));
}

static void list_targets(const struct gw_zone_checked *checked, struct gw_zone_hand *hand,
			 const struct gw_zone_owner *owner, struct targets *ret)
{
	for (size_t i = owner->from; i < owner->to; i++) {
		const struct gw_zone_rr *rr = &checked->zone->rrs[i];
		struct target target = { rr->rdata, rr->len };

		if (rr->type != GW_DNS_NS)
			continue;
		if (!rr->len || gw_zone_wire_name(rr->rdata, rr->len) != rr->len) {
			gw_zone_find_error(hand, GW_D_VERIFY_DELEGATION, i, "%s is malformed",
					   gw_zone_rr_text(hand, rr));
			continue;
		}
		check_target(checked, hand, owner, i, &target);
		gw_push(ret->items, ret->n, ret->capacity, target);
	}
}

/* ---- what the child answers for ------------------------------------------------------------------- */

static void check_hidden(const struct gw_zone_checked *checked, struct gw_zone_hand *hand,
			 const struct gw_zone_owner *owner, const struct targets *targets)
{
	bool cut = owner->standing == GW_ZONE_DELEGATION, known = true;
	const struct gw_zone_owner above = {
		.from = owner->cut, .to = (uint32_t)gw_zone_name_end(checked->zone, owner->cut)
	};

	if (!cut && !gw_zone_owner_has(checked->zone, &above, GW_DNS_NS))
		known = false; /* DNAME: nothing belongs there */
	for (size_t i = owner->from; i < owner->to; i++) {
		const struct gw_zone_rr *rr = &checked->zone->rrs[i];
		bool address = rr->type == GW_DNS_A || rr->type == GW_DNS_AAAA;

		if (cut && (rr->type == GW_DNS_NS || rr->type == GW_DNS_DS ||
			    rr->type == GW_DNS_NSEC || rr->type == GW_DNS_RRSIG))
			continue;
		if (!known || !address || !is_target(targets, rr))
			gw_zone_find_warning(
				hand, GW_D_VERIFY_GLUE, i,
				"%s is hidden by a delegation or DNAME, and nobody needs it",
				gw_zone_rr_text(hand, rr));
	}
}

void gw_zone_check_delegations(const struct gw_zone_checked *checked, struct gw_zone_hand *hand)
{
	struct targets targets = { 0 };

	for (size_t i = 0; i < checked->n_owners; i++) {
		const struct gw_zone_owner *owner = &checked->owners[i];

		if (owner->standing == GW_ZONE_OCCLUDED)
			continue;
		if (i)
			check_ds(checked, hand, owner);
		list_targets(checked, hand, owner, &targets);
	}
	if (targets.n)
		qsort(targets.items, targets.n, sizeof(*targets.items), compare);
	for (size_t i = 0; i < checked->n_owners; i++)
		if (checked->owners[i].standing != GW_ZONE_OWN)
			check_hidden(checked, hand, &checked->owners[i], &targets);
	gw_free(targets.items);
}
