#include "tests/support/zone_damage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dns/zone/authority.h"
#include "gw/core/hash.h"
#include "gw/core/mem.h"

#define HEAD (18u + 15u) /* of RRSIG, with the name of the lab's zone */

/* ---- damage ----------------------------------------------------------------------------------------- */

size_t zone_pick(uint64_t *random, size_t n)
{
	*random = gw_hash_u64(*random, 1);
	return (size_t)(*random >> 16) % n;
}

static size_t pick(const struct zone_patient *patient, size_t n)
{
	return zone_pick(patient->random, n);
}

static uint8_t *own(struct zone_patient *patient, const uint8_t *octets, size_t len)
{
	return gw_arena_memdup(patient->zone.arena, octets, len ? len : 1);
}

static enum gw_zone_standing standing_of(const struct zone_patient *patient, size_t at)
{
	gw_auto_free struct gw_zone_owner *owners = NULL;
	size_t n = gw_zone_owners(&patient->zone, &owners);

	for (size_t i = 0; i < n; i++)
		if (at >= owners[i].from && at < owners[i].to)
			return owners[i].standing;
	fail_msg("a record without an owner");
	return GW_ZONE_OWN;
}

static bool is_signed(const struct zone_patient *patient, size_t at)
{
	uint16_t type = patient->zone.rrs[at].type;

	return type == GW_DNS_RRSIG || gw_zone_is_signed(standing_of(patient, at), type);
}

/* What opt-out is for: a delegation without DS can come and go, and only ZONEMD knows. */
static bool may_go(const struct zone_patient *patient, const struct gw_zone_rr *rr)
{
	return patient->opt_out && !patient->zonemd && rr->type == GW_DNS_NS &&
	       !gw_zone_is_apex(&patient->zone, rr);
}

/* A record whose change must be seen: one that is signed, or any if ZONEMD covers all. */
static struct gw_zone_rr *victim(struct zone_patient *patient)
{
	size_t at;

	do
		at = pick(patient, patient->zone.n);
	while (!patient->zonemd && !is_signed(patient, at));
	return &patient->zone.rrs[at];
}

static struct gw_zone_rr *victim_of_type(struct zone_patient *patient, uint16_t type)
{
	size_t n = 0, k;

	for (size_t i = 0; i < patient->zone.n; i++)
		n += patient->zone.rrs[i].type == type;
	if (!n)
		return NULL;
	k = pick(patient, n);
	for (size_t i = 0; i < patient->zone.n; i++)
		if (patient->zone.rrs[i].type == type && !k--)
			return &patient->zone.rrs[i];
	return NULL;
}

static void drop(struct zone_patient *patient, const struct gw_zone_rr *rr)
{
	size_t at = (size_t)(rr - patient->zone.rrs);

	patient->zone.n--;
	memmove(patient->zone.rrs + at, patient->zone.rrs + at + 1,
		(patient->zone.n - at) * sizeof(*rr));
}

/* ---- without a key ---------------------------------------------------------------------------------- */

static bool flip_rdata(struct zone_patient *patient)
{
	struct gw_zone_rr *rr = victim(patient);
	uint8_t *rdata = own(patient, rr->rdata, rr->len);

	if (!rr->len)
		return false;
	rdata[pick(patient, rr->len)] ^= (uint8_t)(1u << pick(patient, 8));
	rr->rdata = rdata;
	return true;
}

static bool rename_owner(struct zone_patient *patient)
{
	struct gw_zone_rr *rr = &patient->zone.rrs[pick(patient, patient->zone.n)];
	uint8_t *name = own(patient, rr->name, rr->name_len);

	if (rr->name_len == patient->zone.apex_len || may_go(patient, rr))
		return false;
	name[1 + pick(patient, name[0])] ^= 1;
	rr->name = name;
	return true;
}

static bool change_ttl(struct zone_patient *patient)
{
	victim(patient)->ttl ^= 1u << pick(patient, 12);
	return true;
}

static bool remove_record(struct zone_patient *patient)
{
	const struct gw_zone_rr *rr = &patient->zone.rrs[pick(patient, patient->zone.n)];

	if (may_go(patient, rr))
		return false;
	drop(patient, rr);
	return true;
}

static bool remove_signature(struct zone_patient *patient)
{
	drop(patient, victim_of_type(patient, GW_DNS_RRSIG));
	return true;
}

static bool remove_name(struct zone_patient *patient)
{
	size_t from = pick(patient, patient->zone.n), to;
	const struct gw_zone_rr *name = &patient->zone.rrs[from];

	if (gw_zone_is_apex(&patient->zone, name) || may_go(patient, name) ||
	    standing_of(patient, from) == GW_ZONE_OCCLUDED)
		return false;
	from = gw_zone_find(&patient->zone, name->name);
	to = gw_zone_name_end(&patient->zone, from);
	memmove(patient->zone.rrs + from, patient->zone.rrs + to,
		(patient->zone.n - to) * sizeof(*name));
	patient->zone.n -= to - from;
	return true;
}

/* A record at another name that the zone answers for. */
static bool copy_elsewhere(struct zone_patient *patient)
{
	size_t from = pick(patient, patient->zone.n), to = pick(patient, patient->zone.n);
	struct gw_zone_rr copy = patient->zone.rrs[from];

	if (standing_of(patient, to) != GW_ZONE_OWN ||
	    gw_zone_same_name(&copy, &patient->zone.rrs[to]))
		return false;
	copy.name = patient->zone.rrs[to].name;
	copy.name_len = patient->zone.rrs[to].name_len;
	for (size_t i = 0; i < patient->zone.n; i++)
		if (gw_zone_rr_cmp(&patient->zone.rrs[i], &copy) == 0)
			return false;
	gw_zone_add(&patient->zone, &copy);
	return true;
}

static bool change_type(struct zone_patient *patient)
{
	victim(patient)->type ^= (uint16_t)(1u << pick(patient, 8));
	return true;
}

static bool swap_signatures(struct zone_patient *patient)
{
	struct gw_zone_rr *a = victim_of_type(patient, GW_DNS_RRSIG);
	struct gw_zone_rr *b = victim_of_type(patient, GW_DNS_RRSIG);
	const struct gw_zone_rr copy = *a;

	if (gw_zone_same_name(a, b))
		return false;
	a->rdata = b->rdata;
	a->len = b->len;
	b->rdata = copy.rdata;
	b->len = copy.len;
	return true;
}

static bool add_glue(struct zone_patient *patient)
{
	static const uint8_t label[] = { 1, 'q' }, address[] = { 192, 0, 2, 77 };
	struct gw_zone_rr *above = victim_of_type(patient, GW_DNS_NS), glue;
	uint8_t name[GW_DNS_NAME_MAX];

	if (gw_zone_is_apex(&patient->zone, above))
		return false;
	memcpy(name, label, sizeof(label));
	memcpy(name + sizeof(label), above->name, above->name_len);
	glue = *above;
	glue.name_len = (uint8_t)(above->name_len + sizeof(label));
	glue.name = own(patient, name, glue.name_len);
	glue.type = GW_DNS_A;
	glue.rdata = own(patient, address, sizeof(address));
	glue.len = sizeof(address);
	gw_zone_add(&patient->zone, &glue);
	return true;
}

/* ---- with the zone's key: the signatures are right, and the zone is not ------------------------------- */

/* Makes the signature of this RRset anew, after its head was changed. */
static void sign_again(struct zone_patient *patient, const struct gw_zone_rr *set,
		       struct gw_zone_rr *sig)
{
	const struct zone_lab *zone_lab = patient->lab;
	const struct gw_zone_signer *signer = NULL;
	gw_auto_text struct gw_text message = { 0 };
	struct gw_zone_session *session;
	struct gw_zone_signature item = { 0 };
	uint8_t rdata[HEAD + GW_ZONE_SIGNATURE_MAX];

	for (size_t i = 0; i < zone_lab->signing.n_keys; i++)
		if (zone_lab->published[i]->tag == gw_dns_u16(sig->rdata + 16))
			signer = &zone_lab->signers[i].signer;
	assert_non_null(signer);
	gw_text_add(&message, (const char *)sig->rdata, HEAD);
	for (size_t i = (size_t)(set - patient->zone.rrs);
	     i < patient->zone.n && patient->zone.rrs[i].type == set->type &&
	     gw_zone_same_name(&patient->zone.rrs[i], set);
	     i++) {
		const struct gw_zone_rr *rr = &patient->zone.rrs[i];

		gw_text_add(&message, (const char *)rr->name, rr->name_len);
		gw_dns_put_u16(&message, rr->type);
		gw_dns_put_u16(&message, 1);
		gw_text_add(&message, (const char *)sig->rdata + 4, 4);
		gw_dns_put_u16(&message, rr->len);
		gw_text_add(&message, (const char *)rr->rdata, rr->len);
	}
	item.data = message.bytes;
	item.len = message.len;
	assert_int_equal(signer->ops->begin(signer, &session), 0);
	assert_int_equal(signer->ops->sign(session, &item, 1), 0);
	signer->ops->end(session);
	memcpy(rdata, sig->rdata, HEAD);
	memcpy(rdata + HEAD, item.octets, item.n_octets);
	sig->len = (uint16_t)(HEAD + item.n_octets);
	sig->rdata = own(patient, rdata, sig->len);
}

static struct gw_zone_rr *signature_of(struct zone_patient *patient, const struct gw_zone_rr *set)
{
	for (size_t i = 0; i < patient->zone.n; i++) {
		struct gw_zone_rr *rr = &patient->zone.rrs[i];

		if (rr->type == GW_DNS_RRSIG && gw_dns_u16(rr->rdata) == set->type &&
		    gw_zone_same_name(rr, set))
			return rr;
	}
	fail_msg("an RRset without a signature");
	return NULL;
}

static const struct gw_zone_rr *first_of_set(const struct zone_patient *patient,
					     const struct gw_zone_rr *sig)
{
	return gw_zone_get(&patient->zone, sig->name, gw_dns_u16(sig->rdata), NULL);
}

/* Puts another 32-bit number into the head of a signature. */
static bool sign_with(struct zone_patient *patient, size_t field, uint32_t value)
{
	struct gw_zone_rr *sig = victim_of_type(patient, GW_DNS_RRSIG);
	uint8_t *rdata = own(patient, sig->rdata, sig->len);

	for (size_t i = 0; i < 4; i++)
		rdata[field + i] = (uint8_t)(value >> (24 - 8 * i));
	sig->rdata = rdata;
	sign_again(patient, first_of_set(patient, sig), sig);
	return true;
}

static bool has_ended(struct zone_patient *patient)
{
	return sign_with(
		patient, 8,
		(uint32_t)(patient->lab->signing.now - 1 - (int64_t)pick(patient, 900000)));
}

static bool ends_early(struct zone_patient *patient)
{
	return sign_with(patient, 8,
			 (uint32_t)(patient->lab->signing.now + (int64_t)pick(patient, 86400)));
}

static bool begins_later(struct zone_patient *patient)
{
	return sign_with(
		patient, 12,
		(uint32_t)(patient->lab->signing.now + 1 + (int64_t)pick(patient, 900000)));
}

static bool has_another_original_ttl(struct zone_patient *patient)
{
	return sign_with(patient, 4, 3601 + (uint32_t)pick(patient, 900000));
}

static bool has_fewer_labels(struct zone_patient *patient)
{
	struct gw_zone_rr *sig = victim_of_type(patient, GW_DNS_RRSIG);
	uint8_t *rdata = own(patient, sig->rdata, sig->len);

	if (!rdata[3])
		return false;
	rdata[3]--;
	sig->rdata = rdata;
	sign_again(patient, first_of_set(patient, sig), sig);
	return true;
}

/* A flipped bit in what is signed, and signed so: found only where the content itself must be right. */
static bool lie(struct zone_patient *patient, uint16_t type, size_t from, size_t to)
{
	struct gw_zone_rr *rr = victim_of_type(patient, type);
	uint8_t *rdata;

	if (!rr || rr->len <= from)
		return false;
	to = to < rr->len ? to : rr->len;
	rdata = own(patient, rr->rdata, rr->len);
	rdata[from + pick(patient, to - from)] ^= (uint8_t)(1u << pick(patient, 8));
	rr->rdata = rdata;
	sign_again(patient, gw_zone_get(&patient->zone, rr->name, type, NULL),
		   signature_of(patient, rr));
	return true;
}

static bool nsec_lies(struct zone_patient *patient)
{
	return lie(patient, GW_DNS_NSEC, 0, SIZE_MAX);
}

static bool nsec3_lies_about_the_next(struct zone_patient *patient)
{
	return lie(patient, GW_DNS_NSEC3, 5, 26);
}

static bool nsec3_lies_about_types(struct zone_patient *patient)
{
	return lie(patient, GW_DNS_NSEC3, 26, SIZE_MAX);
}

static bool nsec3_has_other_parameters(struct zone_patient *patient)
{
	return lie(patient, GW_DNS_NSEC3, 2, 5);
}

static bool zonemd_lies(struct zone_patient *patient)
{
	return lie(patient, GW_DNS_ZONEMD, 6, SIZE_MAX);
}

static bool serial_is_not_that_of_zonemd(struct zone_patient *patient)
{
	struct gw_zone_rr *soa = victim_of_type(patient, GW_DNS_SOA);

	return patient->zonemd && lie(patient, GW_DNS_SOA, soa->len - 20u, soa->len - 16u);
}

static bool a_key_is_gone(struct zone_patient *patient)
{
	struct gw_zone_rr *key = victim_of_type(patient, GW_DNS_DNSKEY);
	const struct gw_zone_rr *set;

	drop(patient, key);
	set = gw_zone_get(&patient->zone, patient->zone.apex, GW_DNS_DNSKEY, NULL);
	sign_again(patient, set, signature_of(patient, set));
	return true;
}

/* An RRset that NSEC does not know of, with a good signature. */
static bool a_type_is_not_denied(struct zone_patient *patient)
{
	struct gw_zone_rr *sig = victim_of_type(patient, GW_DNS_RRSIG), set, copy = *sig;
	uint8_t *rdata = own(patient, sig->rdata, sig->len);

	set = *first_of_set(patient, sig);
	if (set.type == GW_DNS_NSEC3)
		return false;
	set.type = 65281;
	rdata[0] = 65281 >> 8;
	rdata[1] = 65281 & 255;
	rdata[2] = sig->rdata[2];
	copy.rdata = rdata;
	gw_zone_add(&patient->zone, &set);
	sign_again(patient, &patient->zone.rrs[patient->zone.n - 1], &copy);
	gw_zone_add(&patient->zone, &copy);
	return true;
}

/* ---- all of them -------------------------------------------------------------------------------------- */

const struct zone_damage zone_damages[ZONE_DAMAGES] = {
	{ "a flipped bit", flip_rdata },
	{ "another name", rename_owner },
	{ "another TTL", change_ttl },
	{ "a record removed", remove_record },
	{ "a signature removed", remove_signature },
	{ "a name removed", remove_name },
	{ "a record at another name", copy_elsewhere },
	{ "another type", change_type },
	{ "signatures swapped", swap_signatures },
	{ "extra glue", add_glue },
	{ "a signature that has ended", has_ended },
	{ "a signature that ends early", ends_early },
	{ "a signature that begins later", begins_later },
	{ "another original TTL", has_another_original_ttl },
	{ "fewer labels", has_fewer_labels },
	{ "a wrong NSEC", nsec_lies },
	{ "a wrong next NSEC3", nsec3_lies_about_the_next },
	{ "wrong types in NSEC3", nsec3_lies_about_types },
	{ "other parameters of NSEC3", nsec3_has_other_parameters },
	{ "a wrong ZONEMD", zonemd_lies },
	{ "another serial than ZONEMD", serial_is_not_that_of_zonemd },
	{ "a key removed", a_key_is_gone },
	{ "a type that is not denied", a_type_is_not_denied },
};
