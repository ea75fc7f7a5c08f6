#include "ipv6guard/flows.h"

#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"

#define WAYS          4u
#define SLOTS_MAX     ((size_t)1 << 20)
#define PIECES_MAX    16u
#define REASSEMBLY_MS 60000u /* RFC 8200, 4.5 */

/* Fingerprints stand for keys: two flows that share one share a slot, which costs a wrong answer
 * once in 2^64. */
struct flow {
	uint64_t key; /* 0: free */
	uint64_t first_ms, last_ms;
	uint32_t hits;
};

struct piece {
	uint32_t from, to; /* bytes of the datagram; to is behind the last */
	uint64_t content;
};

struct datagram {
	uint64_t key;
	uint64_t last_ms, first_ms;
	unsigned int n;
	bool overlapped;
	struct piece pieces[PIECES_MAX];
};

struct gw_v6_flows {
	size_t mask; /* buckets - 1 */
	uint64_t seed;
	struct flow *flows;
	struct datagram *datagrams;
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash ^= word;
	hash *= UINT64_C(0x9fb21c651e98df25);
	return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, const uint8_t *bytes, size_t len)
{
	uint64_t word;

	for (; len >= sizeof(word); bytes += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = mix(hash, word);
	}
	for (word = len; len; len--)
		word = word << 8 | bytes[len - 1];
	return mix(hash, word);
}

struct gw_v6_flows *gw_v6_flows_new(size_t slots)
{
	struct gw_v6_flows *flows = gw_zalloc(1, sizeof(*flows));
	size_t buckets = 1;

	while (buckets * WAYS < slots && buckets * WAYS < SLOTS_MAX)
		buckets *= 2;
	flows->mask = buckets - 1;
	/* Where the tables are is not for others to know, nor which keys share a bucket. */
	flows->seed = mix(UINT64_C(0x243f6a8885a308d3), (uint64_t)(uintptr_t)flows);
	flows->flows = gw_zalloc(buckets * WAYS, sizeof(*flows->flows));
	flows->datagrams = gw_zalloc(buckets * WAYS, sizeof(*flows->datagrams));
	return flows;
}

void gw_v6_flows_free(struct gw_v6_flows *flows)
{
	if (!flows)
		return;
	free(flows->flows);
	free(flows->datagrams);
	free(flows);
}

/* ---- flows ------------------------------------------------------------------------------------- */

bool gw_v6_flows_hit(struct gw_v6_flows *flows, uint64_t now_ms, const uint8_t *src,
		     const uint8_t *dst, size_t address_len, uint16_t src_port, uint16_t dst_port)
{
	uint64_t key = mix(flows->seed, (uint64_t)src_port << 16 | dst_port);
	struct flow *bucket, *flow;

	key = mix_bytes(mix_bytes(key, src, address_len), dst, address_len) | 1;
	bucket = flow = flows->flows + (key >> 32 & flows->mask) * WAYS;
	for (unsigned int i = 0; i < WAYS && flow->key != key; i++)
		if (bucket[i].key == key || bucket[i].last_ms < flow->last_ms)
			flow = &bucket[i];
	if (flow->key != key || now_ms - flow->first_ms > GW_V6_FLOW_WINDOW_MS)
		*flow = (struct flow){ .key = key, .first_ms = now_ms };
	flow->last_ms = now_ms;
	flow->hits++;
	return flow->hits >= GW_V6_FLOW_HITS;
}

/* ---- fragments --------------------------------------------------------------------------------- */

static struct datagram *find_datagram(struct gw_v6_flows *flows, uint64_t key, uint64_t now_ms)
{
	struct datagram *bucket = flows->datagrams + (key >> 32 & flows->mask) * WAYS;
	struct datagram *datagram = bucket;

	for (unsigned int i = 0; i < WAYS && datagram->key != key; i++)
		if (bucket[i].key == key || bucket[i].last_ms < datagram->last_ms)
			datagram = &bucket[i];
	if (datagram->key != key || now_ms - datagram->first_ms > REASSEMBLY_MS) {
		datagram->key = key;
		datagram->first_ms = now_ms;
		datagram->n = 0;
		datagram->overlapped = false;
	}
	datagram->last_ms = now_ms;
	return datagram;
}

static bool is_copy(const struct piece *a, const struct piece *b)
{
	return a->from == b->from && a->to == b->to && a->content == b->content;
}

static bool joins(const struct piece *a, const struct piece *b)
{
	return a->to == b->from || b->to == a->from;
}

/* When there are many they grow together, and their content is not known any more: then even a copy overlaps. */
static bool add_piece(struct datagram *datagram, const struct piece *piece)
{
	struct piece *neighbour = NULL;

	for (unsigned int i = 0; i < datagram->n; i++) {
		struct piece *old = &datagram->pieces[i];

		if (piece->from < old->to && old->from < piece->to)
			return is_copy(old, piece);
		if (joins(old, piece))
			neighbour = old;
	}
	if (datagram->n < PIECES_MAX) {
		datagram->pieces[datagram->n++] = *piece;
		return true;
	}
	if (!neighbour)
		return false;
	neighbour->from = piece->from < neighbour->from ? piece->from : neighbour->from;
	neighbour->to = piece->to > neighbour->to ? piece->to : neighbour->to;
	neighbour->content = 0;
	return true;
}

bool gw_v6_flows_fragment(struct gw_v6_flows *flows, uint64_t now_ms, const uint8_t *src,
			  const uint8_t *dst, uint32_t id, uint16_t offset, struct gw_v6_bytes data)
{
	uint64_t key = mix_bytes(mix_bytes(mix(flows->seed, id), src, 16), dst, 16) | 1;
	struct datagram *datagram = find_datagram(flows, key, now_ms);
	struct piece piece = { .from = offset,
			       .to = offset + (uint32_t)data.len,
			       .content = mix_bytes(flows->seed, data.at, data.len) };

	if (!add_piece(datagram, &piece))
		datagram->overlapped = true; /* and so are all that follow */
	return datagram->overlapped;
}
