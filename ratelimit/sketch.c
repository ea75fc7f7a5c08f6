#include "ratelimit/sketch.h"

#include <string.h>

#include "gw/core/hash.h"
#include "gw/core/mem.h"

#define NOWHERE UINT32_MAX

struct counter {
	struct ratelimit_heavy heavy;
	uint32_t place; /* in the heap */
	uint32_t next;  /* of the same chain */
};

/* Counters never move; the heap orders their numbers with the smallest count at its root. */
struct ratelimit_sketch {
	uint64_t seed, total;
	uint32_t capacity, used, chains; /* a power of two */
	struct counter *counters;
	uint32_t *heap, *heads;
};

struct ratelimit_sketch *ratelimit_sketch_new(uint32_t capacity, uint64_t seed)
{
	struct ratelimit_sketch *sketch = gw_zalloc(1, sizeof(*sketch));

	sketch->seed = seed;
	sketch->capacity = capacity;
	sketch->chains = 1;
	while (sketch->chains < capacity)
		sketch->chains *= 2;
	sketch->counters = gw_zalloc(capacity, sizeof(*sketch->counters));
	sketch->heap = gw_zalloc(capacity, sizeof(*sketch->heap));
	sketch->heads = gw_zalloc(sketch->chains, sizeof(*sketch->heads));
	ratelimit_sketch_clear(sketch);
	return sketch;
}

void ratelimit_sketch_free(struct ratelimit_sketch *sketch)
{
	if (!sketch)
		return;
	gw_free(sketch->counters);
	gw_free(sketch->heap);
	gw_free(sketch->heads);
	gw_free(sketch);
}

void ratelimit_sketch_clear(struct ratelimit_sketch *sketch)
{
	sketch->used = 0;
	sketch->total = 0;
	memset(sketch->heads, 0xff, sketch->chains * sizeof(*sketch->heads));
}

/* ---- the heap -------------------------------------------------------------------------------- */

static uint64_t count_at(const struct ratelimit_sketch *sketch, uint32_t place)
{
	return sketch->counters[sketch->heap[place]].heavy.count;
}

static void put(struct ratelimit_sketch *sketch, uint32_t place, uint32_t counter)
{
	sketch->heap[place] = counter;
	sketch->counters[counter].place = place;
}

static void sift_up(struct ratelimit_sketch *sketch, uint32_t place)
{
	uint32_t counter = sketch->heap[place];

	while (place && count_at(sketch, (place - 1) / 2) > sketch->counters[counter].heavy.count) {
		put(sketch, place, sketch->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	put(sketch, place, counter);
}

static void sift_down(struct ratelimit_sketch *sketch, uint32_t place)
{
	uint32_t counter = sketch->heap[place];
	uint64_t count = sketch->counters[counter].heavy.count;

	for (;;) {
		uint32_t child = 2 * place + 1;

		if (child >= sketch->used)
			break;
		if (child + 1 < sketch->used &&
		    count_at(sketch, child + 1) < count_at(sketch, child))
			child++;
		if (count_at(sketch, child) >= count)
			break;
		put(sketch, place, sketch->heap[child]);
		place = child;
	}
	put(sketch, place, counter);
}

/* ---- chains ---------------------------------------------------------------------------------- */

static uint32_t *head_of(const struct ratelimit_sketch *sketch, struct ratelimit_addr addr)
{
	uint64_t hash = gw_hash_u64(sketch->seed, (uint64_t)addr.addr);

	hash = gw_hash_u64(hash, (uint64_t)(addr.addr >> 64) ^ addr.family);
	return &sketch->heads[hash & (sketch->chains - 1)];
}

static uint32_t find(const struct ratelimit_sketch *sketch, struct ratelimit_addr addr)
{
	uint32_t i = *head_of(sketch, addr);

	while (i != NOWHERE && !ratelimit_addr_equal(sketch->counters[i].heavy.addr, addr))
		i = sketch->counters[i].next;
	return i;
}

static void enchain(struct ratelimit_sketch *sketch, uint32_t counter)
{
	uint32_t *head = head_of(sketch, sketch->counters[counter].heavy.addr);

	sketch->counters[counter].next = *head;
	*head = counter;
}

static void unchain(struct ratelimit_sketch *sketch, uint32_t counter)
{
	uint32_t *slot = head_of(sketch, sketch->counters[counter].heavy.addr);

	while (*slot != counter)
		slot = &sketch->counters[*slot].next;
	*slot = sketch->counters[counter].next;
}

/* ---- counting -------------------------------------------------------------------------------- */

static void add_new(struct ratelimit_sketch *sketch, struct ratelimit_addr addr, uint64_t weight)
{
	uint32_t counter = sketch->used++;

	sketch->counters[counter].heavy = (struct ratelimit_heavy){ .addr = addr, .count = weight };
	enchain(sketch, counter);
	put(sketch, counter, counter);
	sift_up(sketch, counter);
}

static void take_over(struct ratelimit_sketch *sketch, struct ratelimit_addr addr, uint64_t weight)
{
	uint32_t counter = sketch->heap[0];
	struct ratelimit_heavy *heavy = &sketch->counters[counter].heavy;

	unchain(sketch, counter);
	heavy->addr = addr;
	heavy->error = heavy->count;
	heavy->count += weight;
	enchain(sketch, counter);
	sift_down(sketch, 0);
}

void ratelimit_sketch_add(struct ratelimit_sketch *sketch, struct ratelimit_addr addr,
			  uint64_t weight)
{
	uint32_t counter = find(sketch, addr);

	sketch->total += weight;
	if (counter != NOWHERE) {
		sketch->counters[counter].heavy.count += weight;
		sift_down(sketch, sketch->counters[counter].place);
	} else if (sketch->used < sketch->capacity) {
		add_new(sketch, addr, weight);
	} else {
		take_over(sketch, addr, weight);
	}
}

uint64_t ratelimit_sketch_total(const struct ratelimit_sketch *sketch)
{
	return sketch->total;
}

/* ---- the top --------------------------------------------------------------------------------- */

/* By what is certain: an entry that owes its count to another's is not heavy. */
static bool is_heavier(const struct ratelimit_heavy *a, const struct ratelimit_heavy *b)
{
	uint64_t sure_a = a->count - a->error, sure_b = b->count - b->error;

	return sure_a != sure_b ? sure_a > sure_b : a->count > b->count;
}

size_t ratelimit_sketch_top(const struct ratelimit_sketch *sketch, struct ratelimit_heavy *ret,
			    size_t max)
{
	size_t n = 0;

	for (uint32_t i = 0; i < sketch->used; i++) {
		const struct ratelimit_heavy *heavy = &sketch->counters[i].heavy;
		size_t at = n;

		while (at && is_heavier(heavy, &ret[at - 1]))
			at--;
		if (at == max)
			continue;
		n += n < max;
		memmove(&ret[at + 1], &ret[at], (n - 1 - at) * sizeof(*ret));
		ret[at] = *heavy;
	}
	return n;
}
