#include "dns/zone/sign.h"

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "dns/zone/canonical.h"
#include "gw/core/hash.h"
#include "gw/core/mem.h"

#define TYPE_RRSIG      46u
#define TYPE_NSEC       47u
#define TYPE_DNSKEY     48u
#define TYPE_NSEC3      50u
#define TYPE_NSEC3PARAM 51u
#define TYPE_CDS        59u
#define TYPE_CDNSKEY    60u
#define CLASS_IN        1u

#define BATCH       16u /* signatures that a session makes at a time */
#define THREADS_MAX 64u

/* An RRset with one of its signatures. */
struct job {
	size_t at, n; /* records */
	const struct gw_zone_signing_key *key;
	uint8_t *rdata; /* of the RRSIG; heap until it is taken over */
	size_t len;
};

struct signing {
	struct gw_zone_data *data;
	const struct gw_zone_signing *settings;
	struct job *jobs; /* heap */
	size_t n, capacity;
};

/* ---- records ----------------------------------------------------------------------------------- */

static void add(struct gw_zone_data *data, const struct gw_dns_name *name, uint16_t type,
		uint32_t ttl, const void *rdata, size_t len)
{
	const struct gw_zone_record record = {
		.name = name,
		.type = type,
		.ttl = ttl,
		.rdata = gw_arena_memdup(data->arena, rdata, len),
		.len = (uint16_t)len,
	};

	gw_push(data->records, data->n, data->capacity, record);
}

static bool is_of_signing(uint16_t type)
{
	return type == TYPE_RRSIG || type == TYPE_NSEC || type == TYPE_DNSKEY ||
	       type == TYPE_NSEC3 || type == TYPE_NSEC3PARAM;
}

static void drop_old(struct gw_zone_data *data)
{
	size_t n = 0;

	for (size_t i = 0; i < data->n; i++)
		if (!is_of_signing(data->records[i].type))
			data->records[n++] = data->records[i];
	data->n = n;
}

/* The end of the records of this name, or of this RRset. */
static size_t end_of_name(const struct gw_zone_data *data, size_t i)
{
	size_t end = i + 1;

	while (end < data->n && gw_dns_name_equal(data->records[end].name, data->records[i].name))
		end++;
	return end;
}

static size_t end_of_set(const struct gw_zone_data *data, size_t i, size_t end_name)
{
	size_t end = i + 1;

	while (end < end_name && data->records[end].type == data->records[i].type)
		end++;
	return end;
}

/* ---- authority ---------------------------------------------------------------------------------- */

/* One name that the zone answers for. */
struct authority {
	size_t from, to; /* records */
	bool delegation;
};
struct authorities {
	struct authority *items; /* heap */
	size_t n, capacity;
};

static bool has_type(const struct gw_zone_data *data, size_t from, size_t to, uint16_t type)
{
	for (size_t i = from; i < to; i++)
		if (data->records[i].type == type)
			return true;
	return false;
}

/* What is below a delegation or DNAME follows it in canonical order. */
static void find_authorities(const struct gw_zone_data *data, struct authorities *ret)
{
	const struct gw_dns_name *cut = NULL;

	for (size_t i = 0, end; i < data->n; i = end) {
		const struct gw_dns_name *name = data->records[i].name;
		bool apex = gw_dns_name_equal(name, &data->apex);
		struct authority found = { .from = i };

		end = end_of_name(data, i);
		found.to = end;
		if (cut && gw_dns_name_within(name, cut))
			continue;
		cut = NULL;
		found.delegation = !apex && has_type(data, i, end, GW_DNS_NS);
		if (found.delegation || has_type(data, i, end, GW_DNS_DNAME))
			cut = name;
		gw_push(ret->items, ret->n, ret->capacity, found);
	}
}

/* ---- NSEC ---------------------------------------------------------------------------------------- */

static bool is_served(const struct authority *name, uint16_t type)
{
	return !name->delegation || type == GW_DNS_NS || type == GW_DNS_DS;
}

/* The windows of RFC 4034, 4.1.2. Returns the octets used. */
static size_t put_bitmap(const struct gw_zone_data *data, const struct authority *name,
			 uint8_t ret[])
{
	uint8_t bits[32];
	size_t used = 0, last;

	for (unsigned int window = 0; window < 256; window++) {
		memset(bits, 0, sizeof(bits));
		for (size_t i = name->from; i < name->to; i++) {
			uint16_t type = data->records[i].type;

			if (type >> 8 == window && is_served(name, type))
				bits[(type & 255) / 8] |= (uint8_t)(0x80 >> type % 8);
		}
		if (!window) {
			bits[TYPE_RRSIG / 8] |= 0x80 >> TYPE_RRSIG % 8;
			bits[TYPE_NSEC / 8] |= 0x80 >> TYPE_NSEC % 8;
		}
		for (last = sizeof(bits); last && !bits[last - 1]; last--)
			;
		if (!last)
			continue;
		ret[used++] = (uint8_t)window;
		ret[used++] = (uint8_t)last;
		memcpy(ret + used, bits, last);
		used += last;
	}
	return used;
}

/* What names that do not exist are remembered for (RFC 9077): the lesser of SOA's minimum and its TTL. */
static bool find_negative_ttl(const struct gw_zone_data *data, uint32_t *ret)
{
	for (size_t i = 0; i < data->n; i++) {
		const struct gw_zone_record *soa = &data->records[i];
		uint32_t minimum;

		if (soa->type != GW_DNS_SOA || !gw_dns_name_equal(soa->name, &data->apex) ||
		    soa->len < 22)
			continue;
		memcpy(&minimum, soa->rdata + soa->len - 4, sizeof(minimum));
		minimum = be32toh(minimum);
		*ret = minimum < soa->ttl ? minimum : soa->ttl;
		return true;
	}
	return false;
}

static void add_chain(struct gw_zone_data *data, uint32_t ttl)
{
	struct authorities names = { 0 };
	uint8_t rdata[GW_DNS_NAME_MAX + 256 * 34];

	find_authorities(data, &names);
	for (size_t i = 0; i < names.n; i++) {
		const struct authority *next = &names.items[(i + 1) % names.n];
		const struct gw_dns_name *name = data->records[next->from].name;
		size_t len = name->len;

		memcpy(rdata, name->wire, len);
		len += put_bitmap(data, &names.items[i], rdata + len);
		add(data, data->records[names.items[i].from].name, TYPE_NSEC, ttl, rdata, len);
	}
	gw_free(names.items);
}

/* ---- signatures ---------------------------------------------------------------------------------- */

static bool signs(const struct gw_zone_signing_key *key, uint16_t type)
{
	return type == TYPE_DNSKEY || type == TYPE_CDS || type == TYPE_CDNSKEY ? key->keys
									       : key->zone;
}

static void list_jobs(struct signing *signing)
{
	const struct gw_zone_data *data = signing->data;
	struct authorities names = { 0 };

	find_authorities(data, &names);
	for (size_t i = 0; i < names.n; i++) {
		const struct authority *name = &names.items[i];

		for (size_t from = name->from, to; from < name->to; from = to) {
			uint16_t type = data->records[from].type;

			to = end_of_set(data, from, name->to);
			if (name->delegation && type != GW_DNS_DS && type != TYPE_NSEC)
				continue;
			for (size_t k = 0; k < signing->settings->n_keys; k++) {
				struct job job = { from, to - from, &signing->settings->keys[k],
						   NULL, 0 };

				if (signs(job.key, type))
					gw_push(signing->jobs, signing->n, signing->capacity, job);
			}
		}
	}
	gw_free(names.items);
}

static void put16(struct gw_text *out, unsigned int value)
{
	gw_text_putc(out, (char)(value >> 8));
	gw_text_putc(out, (char)value);
}

static void put32(struct gw_text *out, uint32_t value)
{
	put16(out, value >> 16);
	put16(out, value & 0xffff);
}

/* Labels but the root and a leading `*` (RFC 4034, 3.1.3). */
static unsigned int count_labels(const struct gw_dns_name *name)
{
	unsigned int n = 0;

	for (size_t at = 0; name->wire[at]; at += name->wire[at] + 1u)
		n++;
	return name->wire[0] == 1 && name->wire[1] == '*' ? n - 1 : n;
}

static int64_t ends(const struct gw_zone_signing *settings, const struct gw_zone_record *record)
{
	uint64_t hash = gw_hash_u64(
		gw_hash_bytes(GW_HASH_START, record->name->wire, record->name->len), record->type);

	return settings->expiration -
	       (settings->jitter_s ? (int64_t)(hash % settings->jitter_s) : 0);
}

/* What is signed: the RDATA without the signature, and the RRset (RFC 4034, 3.1.8.1). Returns the length of
 * the former. */
static size_t put_message(const struct signing *signing, const struct job *job, struct gw_text *out)
{
	const struct gw_zone_record *first = &signing->data->records[job->at];
	const struct gw_dns_name *apex = &signing->data->apex;
	const struct gw_zone_dnskey *key = job->key->signer.key;
	size_t start = out->len, len;

	put16(out, first->type);
	gw_text_putc(out, (char)key->algorithm);
	gw_text_putc(out, (char)count_labels(first->name));
	put32(out, first->ttl);
	put32(out, (uint32_t)ends(signing->settings, first));
	put32(out, (uint32_t)signing->settings->inception);
	put16(out, key->tag);
	gw_text_add(out, (const char *)apex->wire, apex->len);
	len = out->len - start;
	for (size_t i = 0; i < job->n; i++) {
		gw_text_add(out, (const char *)first->name->wire, first->name->len);
		put16(out, first->type);
		put16(out, CLASS_IN);
		put32(out, first->ttl);
		put16(out, first[i].len);
		gw_text_add(out, (const char *)first[i].rdata, first[i].len);
	}
	return len;
}

#ifndef __clang__
#pragma GCC diagnostic push
/* gcc 12 does not see that a signature is reachable through its job. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
/* Some of the jobs, all with one key. */
static int sign_batch(const struct signing *signing, struct gw_zone_session *session,
		      struct job *const *jobs, size_t n, struct gw_zone_signature *items)
{
	gw_auto_text struct gw_text messages = { 0 };
	size_t starts[BATCH + 1], heads[BATCH];
	int err;

	for (size_t i = 0; i < n; i++) {
		starts[i] = messages.len;
		heads[i] = put_message(signing, jobs[i], &messages);
	}
	starts[n] = messages.len;
	for (size_t i = 0; i < n; i++) {
		items[i].data = messages.bytes + starts[i];
		items[i].len = starts[i + 1] - starts[i];
	}
	err = jobs[0]->key->signer.ops->sign(session, items, n);
	for (size_t i = 0; i < n && !err; i++) {
		jobs[i]->len = heads[i] + items[i].n_octets;
		jobs[i]->rdata = gw_zalloc(jobs[i]->len, 1);
		memcpy(jobs[i]->rdata, messages.bytes + starts[i], heads[i]);
		memcpy(jobs[i]->rdata + heads[i], items[i].octets, items[i].n_octets);
	}
	return err;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

/* A share of the jobs: each `step`th from `from` on. */
struct worker {
	const struct signing *signing;
	size_t from, step;
	pthread_t thread;
	bool started;
	int err;
};

static int sign_with(struct worker *worker, const struct gw_zone_signing_key *key)
{
	const struct signing *signing = worker->signing;
	struct gw_zone_signature *items = gw_zalloc(BATCH, sizeof(*items));
	struct gw_zone_session *session = NULL;
	struct job *jobs[BATCH];
	int err = key->signer.ops->begin(&key->signer, &session);
	size_t n = 0;

	for (size_t i = worker->from; i < signing->n && !err; i += worker->step) {
		if (signing->jobs[i].key != key)
			continue;
		jobs[n++] = &signing->jobs[i];
		if (n == BATCH) {
			err = sign_batch(signing, session, jobs, n, items);
			n = 0;
		}
	}
	if (n && !err)
		err = sign_batch(signing, session, jobs, n, items);
	key->signer.ops->end(session);
	gw_free(items);
	return err;
}

static void *work(void *context)
{
	struct worker *worker = context;
	const struct gw_zone_signing *settings = worker->signing->settings;

	for (size_t k = 0; k < settings->n_keys && !worker->err; k++)
		worker->err = sign_with(worker, &settings->keys[k]);
	return NULL;
}

static int sign_all(const struct signing *signing)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = signing->settings->threads;
	struct worker workers[THREADS_MAX];
	int err = 0;

	if (!n)
		n = processors > 0 ? (size_t)processors : 1;
	n = n > THREADS_MAX ? THREADS_MAX : n;
	for (size_t i = 0; i < n; i++) {
		workers[i] = (struct worker){ .signing = signing, .from = i, .step = n };
		workers[i].started =
			i && pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
	}
	for (size_t i = 0; i < n; i++)
		if (!workers[i].started)
			(void)work(
				&workers[i]); /* the first, and what no thread could be had for */
	for (size_t i = 0; i < n; i++) {
		if (workers[i].started)
			(void)pthread_join(workers[i].thread, NULL);
		err = err ? err : workers[i].err;
	}
	return err;
}

static bool has_keys_for_both(const struct gw_zone_signing *signing)
{
	bool keys = false, zone = false;

	for (size_t i = 0; i < signing->n_keys; i++) {
		keys |= signing->keys[i].keys;
		zone |= signing->keys[i].zone;
	}
	return keys && zone && signing->n_published;
}

int gw_zone_sign(struct gw_zone_data *data, const struct gw_zone_signing *settings)
{
	struct signing signing = { .data = data, .settings = settings };
	struct gw_dns_name *apex;
	uint32_t ttl;
	int err;

	if (!has_keys_for_both(settings) || !find_negative_ttl(data, &ttl))
		return -EINVAL;
	drop_old(data);
	apex = gw_arena_memdup(data->arena, &data->apex, sizeof(data->apex));
	for (size_t i = 0; i < settings->n_published; i++)
		add(data, apex, TYPE_DNSKEY, settings->dnskey_ttl, settings->published[i]->rdata,
		    settings->published[i]->len);
	gw_zone_data_sort(data);
	add_chain(data, ttl);
	gw_zone_data_sort(data);
	list_jobs(&signing);
	err = sign_all(&signing);
	for (size_t i = 0; i < signing.n && !err; i++) {
		const struct job *job = &signing.jobs[i];
		const struct gw_zone_record first = data->records[job->at];

		add(data, first.name, TYPE_RRSIG, first.ttl, job->rdata, job->len);
	}
	for (size_t i = 0; i < signing.n; i++)
		gw_free(signing.jobs[i].rdata);
	gw_free(signing.jobs);
	if (!err)
		gw_zone_data_sort(data);
	return err;
}
