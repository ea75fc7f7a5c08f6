/* The names of a zone by their hashes (RFC 5155, 5 and 7.1). */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "dns/zone/denial.h"
#include "dns/zone/parallel.h"
#include "gw/core/mem.h"

#define PIECE 4096u

static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

void gw_zone_hash_text(const uint8_t hash[GW_ZONE_HASH], uint8_t ret[GW_ZONE_HASH_TEXT])
{
	for (size_t i = 0; i < GW_ZONE_HASH; i += 5, ret += 8) {
		uint64_t bits = 0;

		for (size_t k = 0; k < 5; k++)
			bits = bits << 8 | hash[i + k];
		for (size_t k = 0; k < 8; k++)
			ret[k] = (uint8_t)digits[bits >> (35 - 5 * k) & 31];
	}
}

bool gw_zone_hash_parse(const uint8_t *text, size_t len, uint8_t ret[GW_ZONE_HASH])
{
	if (len != GW_ZONE_HASH_TEXT)
		return false;
	for (size_t i = 0; i < GW_ZONE_HASH; i += 5, text += 8) {
		uint64_t bits = 0;

		for (size_t k = 0; k < 8; k++) {
			const char *digit = text[k] ? strchr(digits, text[k]) : NULL;

			if (!digit)
				return false;
			bits = bits << 5 | (uint64_t)(digit - digits);
		}
		for (size_t k = 0; k < 5; k++)
			ret[i + k] = (uint8_t)(bits >> (32 - 8 * k));
	}
	return true;
}

/* ---- which names --------------------------------------------------------------------------------- */

struct names {
	struct gw_zone_hashed *items; /* heap */
	size_t n, capacity;
	const uint8_t *last; /* the name before */
	size_t last_len;
	size_t apex_len;
};

static void add(struct names *names, const uint8_t *name, size_t len,
		const struct gw_zone_owner *owner)
{
	const struct gw_zone_hashed found = { .name = name,
					      .name_len = (uint8_t)len,
					      .owner = owner };

	gw_push(names->items, names->n, names->capacity, found);
}

/* Names between this one and the apex have no records of their own unless the name before, in canonical
 * order, is below them or one of them. */
static void add_empty(struct names *names, const uint8_t *name, size_t len)
{
	for (size_t at = name[0] + 1u; len - at > names->apex_len; at += name[at] + 1u) {
		if (gw_zone_name_within(names->last, names->last_len, name + at, len - at))
			return;
		add(names, name + at, len - at, NULL);
	}
}

static bool is_in_chain(const struct gw_zone_store *zone, const struct gw_zone_owner *owner,
			bool opt_out)
{
	switch (owner->standing) {
	case GW_ZONE_OWN:
		return true;
	case GW_ZONE_DELEGATION:
		return !opt_out || gw_zone_owner_has(zone, owner, GW_DNS_DS);
	case GW_ZONE_OCCLUDED:
		break;
	}
	return false;
}

static void list_names(const struct gw_zone_store *zone, const struct gw_zone_owner *owners,
		       size_t n, bool opt_out, struct names *names)
{
	names->last = zone->apex;
	names->last_len = names->apex_len = zone->apex_len;
	for (size_t i = 0; i < n; i++) {
		const struct gw_zone_rr *first = &zone->rrs[owners[i].from];

		if (!is_in_chain(zone, &owners[i], opt_out))
			continue;
		if (first->name_len > zone->apex_len)
			add_empty(names, first->name, first->name_len);
		add(names, first->name, first->name_len, &owners[i]);
		names->last = first->name;
		names->last_len = first->name_len;
	}
}

/* ---- hashes -------------------------------------------------------------------------------------- */

struct hashing {
	struct names *names;
	const EVP_MD *digest;
};

static void hash_piece(void *context, unsigned int thread, size_t from, size_t to)
{
	const struct hashing *hashing = context;
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	(void)thread;
	/* OpenSSL fails here for want of memory only. */
	if (!md)
		gw_out_of_memory();
	for (size_t i = from; i < to; i++) {
		struct gw_zone_hashed *item = &hashing->names->items[i];

		if (EVP_DigestInit_ex2(md, hashing->digest, NULL) != 1 ||
		    EVP_DigestUpdate(md, item->name, item->name_len) != 1 ||
		    EVP_DigestFinal_ex(md, item->hash, NULL) != 1)
			gw_out_of_memory();
	}
	EVP_MD_CTX_free(md);
}

static int compare(const void *a, const void *b)
{
	const struct gw_zone_hashed *left = a, *right = b;

	return memcmp(left->hash, right->hash, GW_ZONE_HASH);
}

#define HEAPS 65536u

static size_t heap_of(const struct gw_zone_hashed *item)
{
	return (size_t)item->hash[0] << 8 | item->hash[1];
}

struct heaps {
	struct gw_zone_hashed *items;
	size_t ends[HEAPS];
};

static void sort_heaps(void *context, unsigned int thread, size_t from, size_t to)
{
	const struct heaps *heaps = context;

	(void)thread;
	for (size_t i = from; i < to; i++) {
		size_t begin = i ? heaps->ends[i - 1] : 0;

		if (heaps->ends[i] - begin > 1)
			qsort(heaps->items + begin, heaps->ends[i] - begin, sizeof(*heaps->items),
			      compare);
	}
}

/* Hashes are spread evenly: their first bits cut them into small heaps, which threads sort. */
static struct gw_zone_hashed *sort(struct gw_zone_hashed *items, size_t n, unsigned int threads)
{
	struct heaps *heaps = gw_zalloc(1, sizeof(*heaps));
	struct gw_zone_hashed *sorted = gw_zalloc(n, sizeof(*sorted));
	size_t at = 0;

	heaps->items = sorted;
	for (size_t i = 0; i < n; i++)
		heaps->ends[heap_of(&items[i])]++;
	for (size_t i = 0; i < HEAPS; i++) {
		size_t count = heaps->ends[i];

		heaps->ends[i] = at; /* where its next one goes; in the end, its end */
		at += count;
	}
	for (size_t i = 0; i < n; i++)
		sorted[heaps->ends[heap_of(&items[i])]++] = items[i];
	gw_zone_parallel(threads, HEAPS, PIECE, sort_heaps, heaps);
	gw_free(items);
	gw_free(heaps);
	return sorted;
}

size_t gw_zone_hash_names(const struct gw_zone_store *zone, const struct gw_zone_owner *owners,
			  size_t n, bool opt_out, unsigned int threads, struct gw_zone_hashed **ret)
{
	EVP_MD *digest = EVP_MD_fetch(NULL, "SHA1", NULL);
	struct names names = { 0 };
	struct hashing hashing = { &names, digest };

	if (!digest)
		gw_out_of_memory();
	list_names(zone, owners, n, opt_out, &names);
	gw_zone_parallel(threads, names.n, PIECE, hash_piece, &hashing);
	EVP_MD_free(digest);
	*ret = names.n > 1 ? sort(names.items, names.n, threads) : names.items;
	return names.n;
}
