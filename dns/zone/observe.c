#include "dns/zone/observe.h"

#include <openssl/evp.h>
#include <string.h>

#include "gw/core/mem.h"

#define RRSIG_FIXED 18u
#define ZONEMD_MIN  (6u + 12u)

/* ---- digests ---------------------------------------------------------------------------------- */

/*
 * The sum of the records' hashes, modulo 2^256: a transfer of any size is reduced as it comes, and the order in
 * which a server sends it does not matter. It tells two servers of ours apart; it is no proof against
 * somebody who may choose the records, which ZONEMD and the verifier are for.
 */
void gw_zone_digest_add(struct gw_zone_digest_sum *sum, const struct gw_dns_name *owner,
			uint16_t type, uint32_t ttl, const void *rdata, size_t len)
{
	gw_auto_text struct gw_text record = { 0 };
	uint8_t hash[32];
	unsigned int carry = 0;

	gw_text_add(&record, (const char *)owner->wire, owner->len);
	gw_dns_put_u16(&record, type);
	gw_dns_put_u16(&record, ttl >> 16);
	gw_dns_put_u16(&record, ttl & 0xffff);
	gw_text_add(&record, rdata, len);
	if (!EVP_Digest(record.bytes, record.len, hash, NULL, EVP_sha256(), NULL))
		gw_out_of_memory();
	for (size_t i = 0; i < 4; i++) {
		unsigned __int128 word;
		uint64_t part;

		memcpy(&part, hash + 8 * i, sizeof(part));
		word = (unsigned __int128)sum->word[i] + part + carry;
		sum->word[i] = (uint64_t)word;
		carry = (unsigned int)(word >> 64);
	}
	sum->records++;
}

/* ---- records ---------------------------------------------------------------------------------- */

struct reader {
	struct gw_zone_seen *seen;
	const struct gw_zone_name *zone;
	struct gw_dns_name apex;
	int64_t now;
};

/* Times of signatures are 32 bits that wrap: the one nearest to now is meant (RFC 4034, 3.1.5). */
static int64_t near(uint32_t time, int64_t now)
{
	return now + (int32_t)(time - (uint32_t)now);
}

static void see_signature(struct reader *reader, const struct gw_dns_record *record,
			  const uint8_t *rdata, size_t len)
{
	struct gw_zone_seen *seen = reader->seen;
	int64_t expiry, inception;

	if (len <= RRSIG_FIXED)
		return;
	expiry = near(gw_dns_u32(rdata + 8), reader->now);
	inception = near(gw_dns_u32(rdata + 12), reader->now);
	if (!seen->has_signatures || expiry < seen->first_expiry) {
		seen->first_expiry = expiry;
		seen->first_owner = record->owner;
		seen->first_type = gw_dns_u16(rdata);
	}
	if (!seen->has_signatures || inception > seen->last_inception)
		seen->last_inception = inception;
	seen->has_signatures = true;
	if (gw_dns_u16(rdata) == GW_DNS_DNSKEY &&
	    gw_dns_name_equal(&record->owner, &reader->apex) &&
	    !gw_zone_tags_add(&seen->key_signers, gw_dns_u16(rdata + 16)))
		seen->broken = true;
}

static bool see_name(struct gw_zone_seen *seen, const uint8_t *rdata, size_t len)
{
	struct gw_dns_name name = { .len = (uint8_t)len };

	if (!len || len > sizeof(name.wire))
		return false;
	memcpy(name.wire, rdata, len);
	for (size_t i = 0; i < seen->n_ns; i++)
		if (gw_dns_name_equal(&seen->ns[i], &name))
			return true;
	if (seen->n_ns == GW_ZONE_SEEN_NAMES)
		return false;
	seen->ns[seen->n_ns++] = name;
	return true;
}

static bool see_address(struct gw_zone_seen *seen, const struct gw_dns_record *record,
			const uint8_t *rdata, size_t len)
{
	enum gw_family family = record->type == GW_DNS_A ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
	struct gw_zone_seen_address address = { .name = record->owner, .family = family };

	if (len != gw_family_bits(family) / 8)
		return false;
	address.addr = gw_addr_from_bytes(family, rdata);
	for (size_t i = 0; i < seen->n_addresses; i++)
		if (seen->addresses[i].family == family &&
		    seen->addresses[i].addr == address.addr &&
		    gw_dns_name_equal(&seen->addresses[i].name, &address.name))
			return true;
	if (seen->n_addresses == GW_ZONE_SEEN_NAMES)
		return false;
	seen->addresses[seen->n_addresses++] = address;
	return true;
}

static bool see_key(struct gw_zone_seen *seen, const uint8_t *rdata, size_t len)
{
	struct gw_zone_dnskey key;

	/* Keys of algorithms that are none of ours are shown by none of our servers. */
	if (gw_zone_dnskey_parse(rdata, len, &key) < 0)
		return true;
	for (size_t i = 0; i < seen->n_keys; i++)
		if (seen->keys[i].len == key.len &&
		    memcmp(seen->keys[i].rdata, key.rdata, key.len) == 0)
			return true;
	if (seen->n_keys == GW_ZONE_SEEN_KEYS)
		return false;
	seen->keys[seen->n_keys++] = key;
	return true;
}

static bool see_ds(struct gw_zone_seen *seen, const struct gw_dns_record *record,
		   const uint8_t *rdata, size_t len)
{
	struct gw_zone_seen_ds *ds = &seen->ds[seen->n_ds];

	if (len < 5 || len > sizeof(ds->rdata) || seen->n_ds == GW_ZONE_SEEN_DS)
		return false;
	memcpy(ds->rdata, rdata, len);
	ds->len = (uint16_t)len;
	seen->ds_ttl = record->ttl;
	seen->n_ds++;
	return true;
}

static bool see_soa(struct gw_zone_seen *seen, const uint8_t *rdata, size_t len)
{
	const uint8_t *numbers;

	if (len < 22)
		return false;
	numbers = rdata + len - 20;
	seen->has_soa = true;
	seen->serial = gw_dns_u32(numbers);
	seen->refresh = gw_dns_u32(numbers + 4);
	seen->expire = gw_dns_u32(numbers + 12);
	return true;
}

static bool see_zonemd(struct gw_zone_seen *seen, const uint8_t *rdata, size_t len)
{
	if (len < ZONEMD_MIN || len - 6 > sizeof(seen->zonemd))
		return false;
	seen->zonemd_len = len - 6;
	memcpy(seen->zonemd, rdata + 6, len - 6);
	return true;
}

/* Referrals and DS at the parent are about the zone's apex as answers of the zone's own servers are. */
static bool see(struct reader *reader, const struct gw_dns_record *record, const uint8_t *rdata,
		size_t len)
{
	struct gw_zone_seen *seen = reader->seen;
	bool apex = gw_dns_name_equal(&record->owner, &reader->apex);

	if (record->class_ != 1)
		return true;
	switch (record->type) {
	case GW_DNS_RRSIG:
		see_signature(reader, record, rdata, len);
		return true;
	case GW_DNS_SOA:
		/* The parent's own, in an answer that says that there is nothing, is not the zone's. */
		return !apex || seen->parent || see_soa(seen, rdata, len);
	case GW_DNS_NS:
		return !apex || see_name(seen, rdata, len);
	case GW_DNS_DNSKEY:
		return !apex || see_key(seen, rdata, len);
	case GW_DNS_DS:
		return !apex || !seen->parent || see_ds(seen, record, rdata, len);
	case GW_DNS_ZONEMD:
		return !apex || see_zonemd(seen, rdata, len);
	case GW_DNS_A:
	case GW_DNS_AAAA:
		return !gw_dns_name_within(&record->owner, &reader->apex) ||
		       see_address(seen, record, rdata, len);
	default:
		return true;
	}
}

static void reader_init(struct reader *reader, struct gw_zone_seen *seen,
			const struct gw_zone_name *zone, int64_t now)
{
	*reader = (struct reader){ .seen = seen, .zone = zone, .now = now };
	memcpy(reader->apex.wire, zone->wire, zone->len);
	reader->apex.len = zone->len;
}

bool gw_zone_observe_message(struct gw_zone_seen *seen, const struct gw_zone_name *zone,
			     const struct gw_dns_message *message, int64_t now)
{
	struct gw_dns_message cursor = *message;
	struct gw_dns_record record;
	struct reader reader;
	int more;

	reader_init(&reader, seen, zone, now);
	while ((more = gw_dns_next(&cursor, &record)) > 0) {
		gw_auto_text struct gw_text rdata = { 0 };

		if (gw_dns_rdata(&cursor, &record, &rdata) < 0 ||
		    !see(&reader, &record, (const uint8_t *)rdata.bytes, rdata.len))
			return false;
	}
	return more == 0;
}

/* ---- the whole zone --------------------------------------------------------------------------- */

struct transfer {
	struct reader reader;
	struct gw_zone_digest_sum sum;
	unsigned int soas;
};

static bool add_record(struct transfer *transfer, const struct gw_dns_message *message,
		       const struct gw_dns_record *record)
{
	gw_auto_text struct gw_text rdata = { 0 };

	if (!gw_dns_name_within(&record->owner, &transfer->reader.apex) ||
	    gw_dns_rdata(message, record, &rdata) < 0)
		return false;
	if (record->type == GW_DNS_SOA && transfer->soas++ == 1)
		return true; /* the end, which is the beginning once more */
	if (record->type == GW_DNS_RRSIG)
		see_signature(&transfer->reader, record, (const uint8_t *)rdata.bytes, rdata.len);
	gw_zone_digest_add(&transfer->sum, &record->owner, record->type, record->ttl, rdata.bytes,
			   rdata.len);
	return true;
}

static bool take_message(const struct gw_dns_message *message, bool *ret_last, void *context)
{
	struct transfer *transfer = context;
	struct gw_dns_message cursor = *message;
	struct gw_dns_record record;
	int more;

	while ((more = gw_dns_next(&cursor, &record)) > 0 && record.section == GW_DNS_ANSWER) {
		if ((!transfer->soas && record.type != GW_DNS_SOA) || transfer->soas == 2 ||
		    !add_record(transfer, &cursor, &record))
			return false;
	}
	*ret_last = transfer->soas == 2;
	return more >= 0 && transfer->soas > 0;
}

static void transfer_zone(struct gw_zone_seen *seen, const struct gw_dns_peer *peer,
			  const struct gw_zone_name *zone, int64_t now, struct gw_dns_reply *reply)
{
	struct transfer transfer = { 0 };

	reader_init(&transfer.reader, seen, zone, now);
	reply->message.flags = 0;
	seen->transfer_trouble =
		gw_dns_transfer(peer, zone->wire, zone->len, take_message, &transfer, reply);
	seen->transfer_rcode = gw_dns_rcode(&reply->message);
	if (seen->transfer_trouble != GW_DNS_ANSWERED) {
		seen->transfer = GW_ZONE_TRANSFER_FAILED;
		/* Many servers refuse by closing the connection. */
		if (seen->transfer_trouble == GW_DNS_CUT && !transfer.sum.records)
			seen->transfer = GW_ZONE_TRANSFER_REFUSED;
		return;
	}
	if (seen->transfer_rcode != GW_DNS_NOERROR || transfer.soas != 2) {
		seen->transfer = GW_ZONE_TRANSFER_REFUSED;
		return;
	}
	seen->transfer = GW_ZONE_TRANSFER_DONE;
	seen->records = transfer.sum.records;
	memcpy(seen->digest, transfer.sum.word, sizeof(seen->digest));
}

/* ---- one server ------------------------------------------------------------------------------- */

static void note(struct gw_zone_seen *seen, const struct gw_zone_name *zone, int64_t now,
		 enum gw_dns_trouble trouble, const struct gw_dns_reply *reply)
{
	if (trouble == GW_DNS_BROKEN ||
	    (trouble == GW_DNS_ANSWERED &&
	     !gw_zone_observe_message(seen, zone, &reply->message, now)))
		seen->broken = true;
	if (trouble == GW_DNS_BAD_TSIG)
		seen->tsig = false;
}

static bool ask_first(struct gw_zone_seen *seen, const struct gw_dns_peer *peer,
		      const struct gw_zone_name *zone, int64_t now, struct gw_dns_reply *reply)
{
	uint16_t type = seen->parent ? GW_DNS_NS : GW_DNS_SOA;
	enum gw_dns_trouble trouble = gw_dns_ask(peer, zone->wire, zone->len, type, reply);

	seen->trouble = trouble;
	seen->took_ms = reply->took_ms;
	seen->tsig = reply->tsig;
	seen->skew = reply->skew;
	seen->tsig_error = reply->tsig_error;
	if (trouble != GW_DNS_ANSWERED)
		return false;
	seen->rcode = gw_dns_rcode(&reply->message);
	seen->authoritative = reply->message.flags & GW_DNS_AA;
	seen->recursion = reply->message.flags & GW_DNS_RA;
	note(seen, zone, now, trouble, reply);
	return seen->rcode == GW_DNS_NOERROR;
}

/* Addresses of name servers inside the zone, as the zone's own servers know them. */
static void ask_addresses(struct gw_zone_seen *seen, const struct gw_dns_peer *peer,
			  const struct gw_zone_name *zone, int64_t now, struct gw_dns_reply *reply)
{
	static const uint16_t types[] = { GW_DNS_A, GW_DNS_AAAA };
	struct reader reader;

	reader_init(&reader, seen, zone, now);
	for (size_t i = 0; i < seen->n_ns; i++) {
		if (!gw_dns_name_within(&seen->ns[i], &reader.apex))
			continue;
		for (size_t t = 0; t < GW_COUNT(types); t++)
			note(seen, zone, now,
			     gw_dns_ask(peer, seen->ns[i].wire, seen->ns[i].len, types[t], reply),
			     reply);
	}
}

void gw_zone_observe(struct gw_zone_seen *seen, const struct gw_zone_name *zone, int64_t now,
		     int64_t deadline_ms)
{
	static const uint16_t own[] = { GW_DNS_NS, GW_DNS_DNSKEY, GW_DNS_ZONEMD };
	const struct gw_dns_peer peer = { .family = seen->address->family,
					  .addr = seen->address->addr,
					  .port = seen->address->port,
					  .key = seen->key,
					  .deadline_ms = deadline_ms };
	gw_auto_free struct gw_dns_reply *reply = gw_zalloc(1, sizeof(*reply));

	if (!ask_first(seen, &peer, zone, now, reply))
		return;
	if (seen->parent) {
		note(seen, zone, now, gw_dns_ask(&peer, zone->wire, zone->len, GW_DNS_DS, reply),
		     reply);
	} else {
		for (size_t i = 0; i < GW_COUNT(own); i++)
			note(seen, zone, now,
			     gw_dns_ask(&peer, zone->wire, zone->len, own[i], reply), reply);
		ask_addresses(seen, &peer, zone, now, reply);
	}
	seen->tcp_trouble = gw_dns_ask_tcp(&peer, zone->wire, zone->len, GW_DNS_SOA, reply);
	seen->tcp = seen->tcp_trouble == GW_DNS_ANSWERED;
	if (!seen->parent && seen->server->transfers && seen->tcp)
		transfer_zone(seen, &peer, zone, now, reply);
}
