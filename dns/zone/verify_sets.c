/* Signatures of the RRsets of one name (RFC 4035, 5.3). */
#include <string.h>

#include "dns/zone/public_key.h"
#include "dns/zone/verify_internal.h"
#include "gw/core/mem.h"

#define FIXED 18u /* octets of RRSIG RDATA before the signer's name */

/* RRSIG RDATA, taken apart. */
struct rrsig {
	uint16_t covered, tag;
	uint8_t algorithm, labels;
	uint32_t ttl, ends, begins;
	size_t head; /* what comes before the signature */
};

struct set {
	struct gw_zone_checked *checked;
	struct gw_zone_hand *hand;
	const struct gw_zone_owner *owner;
	const struct gw_zone_rr *rrs;
	size_t at, n;
};

/* ---- one signature ------------------------------------------------------------------------------- */

static bool parse(const struct gw_zone_store *zone, const struct gw_zone_rr *rr, struct rrsig *ret)
{
	size_t name;

	if (rr->len <= FIXED)
		return false;
	name = gw_zone_wire_name(rr->rdata + FIXED, rr->len - FIXED);
	*ret = (struct rrsig){ .covered = gw_dns_u16(rr->rdata),
			       .algorithm = rr->rdata[2],
			       .labels = rr->rdata[3],
			       .ttl = gw_dns_u32(rr->rdata + 4),
			       .ends = gw_dns_u32(rr->rdata + 8),
			       .begins = gw_dns_u32(rr->rdata + 12),
			       .tag = gw_dns_u16(rr->rdata + 16),
			       .head = FIXED + name };
	return name == zone->apex_len && memcmp(rr->rdata + FIXED, zone->apex, name) == 0;
}

static unsigned int count_labels(const uint8_t *name)
{
	unsigned int n = 0;

	for (size_t at = 0; name[at]; at += name[at] + 1u)
		n++;
	return name[0] == 1 && name[1] == '*' ? n - 1 : n;
}

/* What the signature is over (RFC 4034, 3.1.8.1), with the TTL that it names. */
static void put_message(const struct set *set, const struct gw_zone_rr *sig, size_t head)
{
	struct gw_text *message = &set->hand->message;

	message->len = 0;
	gw_text_add(message, (const char *)sig->rdata, head);
	for (size_t i = 0; i < set->n; i++) {
		const struct gw_zone_rr *rr = &set->rrs[i];

		gw_text_add(message, (const char *)rr->name, rr->name_len);
		gw_dns_put_u16(message, rr->type);
		gw_dns_put_u16(message, 1 /* IN */);
		gw_text_add(message, (const char *)sig->rdata + 4, 4);
		gw_dns_put_u16(message, rr->len);
		gw_text_add(message, (const char *)rr->rdata, rr->len);
	}
}

static struct gw_zone_public *session_of(const struct set *set, size_t key)
{
	struct gw_zone_public **session = &set->hand->keys[key];

	if (!*session && gw_zone_public_begin(&set->checked->keys[key], session) < 0)
		return NULL;
	return *session;
}

/* True if a key of the zone made it; several may have its tag. */
static bool is_made_by_key(const struct set *set, const struct gw_zone_rr *sig,
			   const struct rrsig *rrsig, bool *ret_known)
{
	const struct gw_zone_checked *checked = set->checked;
	const struct gw_text *message = &set->hand->message;

	*ret_known = false;
	put_message(set, sig, rrsig->head);
	for (size_t i = 0; i < checked->n_keys; i++) {
		struct gw_zone_public *session;

		if (checked->keys[i].tag != rrsig->tag ||
		    checked->keys[i].algorithm != rrsig->algorithm)
			continue;
		*ret_known = true;
		session = session_of(set, i);
		if (!session ||
		    !gw_zone_public_verify(session, (const uint8_t *)message->bytes, message->len,
					   sig->rdata + rrsig->head, sig->len - rrsig->head))
			continue;
		if (rrsig->covered == GW_DNS_DNSKEY)
			set->checked->key_signers |= UINT32_C(1) << i; /* one name, so one thread */
		return true;
	}
	return false;
}

/* Serial number arithmetic (RFC 4034, 3.1.5): seconds from `now` until `time`. */
static int32_t until(int64_t now, uint32_t time)
{
	return (int32_t)(time - (uint32_t)now);
}

static void check_times(const struct set *set, size_t at, const struct rrsig *rrsig)
{
	const struct gw_zone_proof *proof = set->checked->proof;
	int32_t begins = until(proof->now, rrsig->begins), ends = until(proof->now, rrsig->ends);
	const char *what;

	if (begins <= 0 && ends >= 0 && (uint32_t)ends >= proof->left)
		return;
	what = gw_zone_rr_text(set->hand, set->rrs);
	if (begins > 0)
		gw_zone_find_error(set->hand, GW_D_VERIFY_TIME, at,
				   "%s: the signature by key %u begins in %d s", what, rrsig->tag,
				   begins);
	else if (ends < 0)
		gw_zone_find_error(set->hand, GW_D_VERIFY_TIME, at,
				   "%s: the signature by key %u ended %lld s ago", what, rrsig->tag,
				   -(long long)ends);
	else
		gw_zone_find_error(set->hand, GW_D_VERIFY_TIME, at,
				   "%s: the signature by key %u ends in %d s; %u s are needed",
				   what, rrsig->tag, ends, proof->left);
}

static void check_fields(const struct set *set, size_t at, const struct rrsig *rrsig)
{
	const struct gw_zone_rr *sig = &set->checked->zone->rrs[at];
	bool same = true;

	for (size_t i = 0; i < set->n; i++)
		same &= set->rrs[i].ttl == set->rrs[0].ttl;
	if (!same || sig->ttl != set->rrs->ttl || rrsig->ttl != set->rrs->ttl)
		gw_zone_find_error(set->hand, GW_D_VERIFY_TTL, at,
				   "%s: TTL %u, of its signature %u, at the time of signing %u",
				   gw_zone_rr_text(set->hand, set->rrs), set->rrs->ttl, sig->ttl,
				   rrsig->ttl);
	if (rrsig->labels != count_labels(set->rrs->name))
		gw_zone_find_error(set->hand, GW_D_VERIFY_SIGNATURE, at,
				   "%s: the signature by key %u is for a name of %u labels",
				   gw_zone_rr_text(set->hand, set->rrs), rrsig->tag, rrsig->labels);
}

static void check_signature(const struct set *set, size_t at, const struct rrsig *rrsig)
{
	const struct gw_zone_rr *sig = &set->checked->zone->rrs[at];
	bool known;

	/* No short cuts: a signature has to be right in each respect. */
	check_fields(set, at, rrsig);
	check_times(set, at, rrsig);
	if (is_made_by_key(set, sig, rrsig, &known))
		return;
	if (known)
		gw_zone_find_error(set->hand, GW_D_VERIFY_SIGNATURE, at,
				   "%s: the signature by key %u is wrong",
				   gw_zone_rr_text(set->hand, set->rrs), rrsig->tag);
	else
		gw_zone_find_error(
			set->hand, GW_D_VERIFY_EXTRA_SIGNATURE, at,
			"%s: a signature by key %u (algorithm %u), which the zone does not "
			"have",
			gw_zone_rr_text(set->hand, set->rrs), rrsig->tag, rrsig->algorithm);
}

/* ---- one RRset ----------------------------------------------------------------------------------- */

/* Bits of the zone's algorithms that there are signatures by. */
static uint32_t check_set(const struct set *set, bool is_signed)
{
	const struct gw_zone_checked *checked = set->checked;
	uint32_t algorithms = 0;

	for (size_t i = set->owner->from; i < set->owner->to; i++) {
		const struct gw_zone_rr *sig = &checked->zone->rrs[i];
		struct rrsig rrsig;

		if (sig->type != GW_DNS_RRSIG || sig->len < 2 ||
		    gw_dns_u16(sig->rdata) != set->rrs->type)
			continue;
		if (!is_signed)
			gw_zone_find_error(set->hand, GW_D_VERIFY_EXTRA_SIGNATURE, i,
					   "%s is signed, but the zone does not answer for it",
					   gw_zone_rr_text(set->hand, set->rrs));
		else if (!parse(checked->zone, sig, &rrsig))
			gw_zone_find_error(set->hand, GW_D_VERIFY_SIGNATURE, i,
					   "%s: a signature that is damaged or of another zone",
					   gw_zone_rr_text(set->hand, set->rrs));
		else
			check_signature(set, i, &rrsig);
		for (size_t k = 0; k < checked->n_algorithms && sig->len > 2; k++)
			if (checked->algorithms[k] == sig->rdata[2])
				algorithms |= UINT32_C(1) << k;
	}
	return algorithms;
}

static void check_complete(const struct set *set, uint32_t algorithms)
{
	const struct gw_zone_checked *checked = set->checked;

	for (size_t k = 0; k < checked->n_algorithms; k++)
		if (!(algorithms >> k & 1))
			gw_zone_find_error(set->hand, GW_D_VERIFY_MISSING_SIGNATURE, set->at,
					   "%s has no signature by %s",
					   gw_zone_rr_text(set->hand, set->rrs),
					   gw_zone_algorithm_name(checked->algorithms[k]));
}

/* Signatures of what is not there. */
static void check_covered(struct gw_zone_checked *checked, struct gw_zone_hand *hand,
			  const struct gw_zone_owner *owner)
{
	const struct gw_zone_store *zone = checked->zone;

	for (size_t i = owner->from; i < owner->to; i++) {
		const struct gw_zone_rr *sig = &zone->rrs[i];
		uint16_t covered;
		char type[16];

		if (sig->type != GW_DNS_RRSIG)
			continue;
		covered = sig->len < 2 ? 0 : gw_dns_u16(sig->rdata);
		if (covered == GW_DNS_RRSIG || !gw_zone_owner_has(zone, owner, covered))
			gw_zone_find_error(hand, GW_D_VERIFY_EXTRA_SIGNATURE, i,
					   "%s of %s, which is not there or cannot be signed",
					   gw_zone_rr_text(hand, sig),
					   gw_dns_type_text(covered, type));
	}
}

void gw_zone_check_signatures(struct gw_zone_checked *checked, struct gw_zone_hand *hand,
			      const struct gw_zone_owner *owner)
{
	const struct gw_zone_store *zone = checked->zone;

	for (size_t i = owner->from, end; i < owner->to; i = end) {
		struct set set = { checked, hand, owner, &zone->rrs[i], i, 0 };
		bool is_signed = gw_zone_is_signed(owner->standing, zone->rrs[i].type);
		uint32_t algorithms;

		end = gw_zone_set_end(zone, i, owner->to);
		set.n = end - i;
		if (zone->rrs[i].type == GW_DNS_RRSIG)
			continue;
		algorithms = check_set(&set, is_signed);
		if (is_signed)
			check_complete(&set, algorithms);
	}
	check_covered(checked, hand, owner);
}
