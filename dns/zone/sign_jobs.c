/* Making signatures, on all processors, in batches. */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "dns/zone/parallel.h"
#include "dns/zone/sign_internal.h"
#include "gw/core/hash.h"
#include "gw/core/mem.h"

#define BATCH 16u /* signatures that a session makes at a time */
#define PIECE 64u /* jobs that a thread takes at a time */

size_t gw_zone_signature_len(const struct gw_zone_dnskey *key)
{
	size_t exponent;

	switch ((enum gw_zone_algorithm)key->algorithm) {
	case GW_ZONE_ECDSAP256SHA256:
	case GW_ZONE_ED25519:
		return 64;
	case GW_ZONE_ECDSAP384SHA384:
		return 96;
	case GW_ZONE_ED448:
		return 114;
	case GW_ZONE_RSASHA256:
		/* As long as the modulus, which stands behind the exponent (RFC 3110, 2). */
		exponent = key->len > 7 ? key->rdata[4] : 0;
		exponent = exponent ? exponent + 1 : gw_dns_u16(key->rdata + 5) + 3u;
		return key->len > 4 + exponent ? key->len - 4 - exponent : 0;
	}
	return 0;
}

uint32_t gw_zone_signature_ends(const struct gw_zone_signing *signing, const struct gw_zone_rr *set)
{
	const struct gw_zone_signatures *times = &signing->policy->signatures;
	uint64_t hash =
		gw_hash_u64(gw_hash_bytes(GW_HASH_START, set->name, set->name_len), set->type);

	return (uint32_t)(signing->now + times->validity -
			  (times->jitter ? (int64_t)(hash % times->jitter) : 0));
}

/* ---- what is signed ------------------------------------------------------------------------------ */

static uint8_t *put16(uint8_t *at, unsigned int value)
{
	*at++ = (uint8_t)(value >> 8);
	*at++ = (uint8_t)value;
	return at;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, value >> 16), value & 0xffff);
}

static uint8_t *put(uint8_t *at, const void *octets, size_t len)
{
	if (len)
		memcpy(at, octets, len);
	return at + len;
}

/* Labels but the root and a leading `*` (RFC 4034, 3.1.3). */
static unsigned int count_labels(const uint8_t *name)
{
	unsigned int n = 0;

	for (size_t at = 0; name[at]; at += name[at] + 1u)
		n++;
	return name[0] == 1 && name[1] == '*' ? n - 1 : n;
}

void gw_zone_sign_head(const struct gw_zone_store *zone, const struct gw_zone_signing *signing,
		       const struct gw_zone_sign_job *job)
{
	const struct gw_zone_dnskey *key = signing->keys[job->key].signer.key;
	uint8_t *at = put16(job->rdata, job->set->type);

	*at++ = key->algorithm;
	*at++ = (uint8_t)count_labels(job->set->name);
	at = put32(at, job->set->ttl);
	at = put32(at, gw_zone_signature_ends(signing, job->set));
	at = put32(at, (uint32_t)(signing->now - signing->policy->signatures.backdate));
	at = put16(at, key->tag);
	(void)put(at, zone->apex, zone->apex_len);
}

/* The RDATA without the signature, and the RRset (RFC 4034, 3.1.8.1). */
static size_t message_len(const struct gw_zone_store *zone, const struct gw_zone_sign_job *job)
{
	size_t len = gw_zone_rrsig_head(zone);

	for (size_t i = 0; i < job->n; i++)
		len += job->set[i].name_len + 10u + job->set[i].len;
	return len;
}

static uint8_t *put_message(const struct gw_zone_store *zone, const struct gw_zone_sign_job *job,
			    uint8_t *at)
{
	at = put(at, job->rdata, gw_zone_rrsig_head(zone));
	for (size_t i = 0; i < job->n; i++) {
		const struct gw_zone_rr *rr = &job->set[i];

		at = put(at, rr->name, rr->name_len);
		at = put16(at, rr->type);
		at = put16(at, 1 /* IN */);
		at = put32(at, rr->ttl);
		at = put16(at, rr->len);
		at = put(at, rr->rdata, rr->len);
	}
	return at;
}

/* ---- threads ------------------------------------------------------------------------------------- */

/* What a thread has: a session for each key, a place for messages. */
struct hand {
	struct gw_zone_session *sessions[GW_ZONE_SIGNING_KEYS_MAX];
	struct gw_zone_signature items[BATCH];
	uint8_t *messages; /* heap */
	size_t room;
};

struct work {
	const struct gw_zone_store *zone;
	const struct gw_zone_signing *signing;
	const struct gw_zone_sign_jobs *jobs;
	struct hand *hands; /* heap; one for each thread */
	atomic_int err;
};

#ifndef __clang__
#pragma GCC diagnostic push
/* gcc 12 does not see that the messages are reachable through their hand. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static void make_room(struct hand *hand, size_t len)
{
	if (hand->room >= len)
		return;
	gw_free(hand->messages);
	hand->messages = gw_zalloc(len, 2);
	hand->room = 2 * len;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

/* Up to BATCH jobs, all with one key. */
static int sign_batch(const struct work *work, struct hand *hand,
		      const struct gw_zone_sign_job *const *jobs, size_t n)
{
	const struct gw_zone_signer *signer = &work->signing->keys[jobs[0]->key].signer;
	struct gw_zone_session **session = &hand->sessions[jobs[0]->key];
	size_t head = gw_zone_rrsig_head(work->zone), len = 0;
	uint8_t *at;
	int err = *session ? 0 : signer->ops->begin(signer, session);

	for (size_t i = 0; i < n; i++)
		len += message_len(work->zone, jobs[i]);
	make_room(hand, len);
	at = hand->messages;
	for (size_t i = 0; i < n; i++) {
		uint8_t *end;
		end = put_message(work->zone, jobs[i], at);
		hand->items[i].data = at;
		hand->items[i].len = (size_t)(end - at);
		at = end;
	}
	err = err ? err : signer->ops->sign(*session, hand->items, n);
	for (size_t i = 0; i < n && !err; i++) {
		if (head + hand->items[i].n_octets != jobs[i]->len)
			err = -EIO;
		else
			memcpy(jobs[i]->rdata + head, hand->items[i].octets,
			       hand->items[i].n_octets);
	}
	return err;
}

static void sign_piece(void *context, unsigned int thread, size_t from, size_t to)
{
	struct work *work = context;
	const struct gw_zone_sign_job *batch[BATCH];
	int err = 0;

	for (size_t k = 0; k < work->signing->n_keys && !err; k++) {
		size_t n = 0;

		for (size_t i = from; i < to && !err; i++) {
			if (work->jobs->items[i].key != k)
				continue;
			batch[n++] = &work->jobs->items[i];
			if (n == BATCH) {
				err = sign_batch(work, &work->hands[thread], batch, n);
				n = 0;
			}
		}
		if (n && !err)
			err = sign_batch(work, &work->hands[thread], batch, n);
	}
	if (err)
		atomic_store(&work->err, err);
}

int gw_zone_sign_jobs(const struct gw_zone_store *zone, const struct gw_zone_signing *signing,
		      const struct gw_zone_sign_jobs *jobs)
{
	unsigned int threads = gw_zone_threads(signing->threads);
	struct work work = { zone, signing, jobs, gw_zalloc(threads, sizeof(*work.hands)), 0 };

	gw_zone_parallel(threads, jobs->n, PIECE, sign_piece, &work);
	for (unsigned int i = 0; i < threads; i++) {
		for (size_t k = 0; k < signing->n_keys; k++)
			signing->keys[k].signer.ops->end(work.hands[i].sessions[k]);
		gw_free(work.hands[i].messages);
	}
	gw_free(work.hands);
	return atomic_load(&work.err);
}
