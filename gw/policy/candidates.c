#include "gw/policy/candidates.h"

#include <stdlib.h>

#include "gw/core/mem.h"

#define STRIPS     64u
#define DIMENSIONS 3u
#define LISTED_MAX 64u /* ranges of a term that are looked at one by one */

struct gw_candidates {
	size_t n_terms, n_words;
	uint64_t *touched[DIMENSIONS]; /* by term: a bit for each strip */
	uint64_t *terms[DIMENSIONS];   /* by strip: a bitmap of terms, n_words each */
	uint64_t all[DIMENSIONS];      /* strips that any term touches */
};

static struct gw_addrset dimension_of(const struct gw_region *region, unsigned int dimension)
{
	if (dimension == 0)
		return region->service;
	return dimension == 1 ? region->dest : region->source;
}

static int compare_numbers(const void *a, const void *b)
{
	const gw_u128 *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Strip i holds what is at or above first[i] and below first[i + 1]; the first strip also holds
 * what is below it. */
static size_t strip_of(const gw_u128 first[STRIPS], gw_u128 value)
{
	size_t low = 0, high = STRIPS;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (first[middle] <= value)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static uint64_t strips_between(size_t from, size_t until)
{
	uint64_t up_to = until == 63 ? UINT64_MAX : (UINT64_C(1) << (until + 1)) - 1;

	return up_to & ~((UINT64_C(1) << from) - 1);
}

static uint64_t strips_touched(const gw_u128 first[STRIPS], struct gw_addrset set)
{
	uint64_t strips = 0;

	if (set.n > LISTED_MAX)
		return strips_between(strip_of(first, set.ranges[0].lo),
				      strip_of(first, set.ranges[set.n - 1].hi));
	for (size_t i = 0; i < set.n; i++)
		strips |= strips_between(strip_of(first, set.ranges[i].lo),
					 strip_of(first, set.ranges[i].hi));
	return strips;
}

static void build_dimension(struct gw_arena *arena, const struct gw_pair *pair,
			    unsigned int dimension, struct gw_candidates *index)
{
	gw_auto_free gw_u128 *lows = gw_zalloc(pair->n, sizeof(*lows));
	gw_u128 first[STRIPS];

	for (size_t i = 0; i < pair->n; i++)
		lows[i] = dimension_of(&pair->terms[i].region, dimension).ranges[0].lo;
	qsort(lows, pair->n, sizeof(*lows), compare_numbers);
	for (size_t i = 0; i < STRIPS; i++)
		first[i] = lows[i * pair->n / STRIPS];

	index->touched[dimension] = gw_arena_array(arena, pair->n, uint64_t);
	index->terms[dimension] = gw_arena_array(arena, STRIPS * index->n_words, uint64_t);
	for (size_t i = 0; i < pair->n; i++) {
		uint64_t strips =
			strips_touched(first, dimension_of(&pair->terms[i].region, dimension));

		index->touched[dimension][i] = strips;
		index->all[dimension] |= strips;
		for (; strips; strips &= strips - 1) {
			size_t strip = (size_t)__builtin_ctzll(strips);

			index->terms[dimension][strip * index->n_words + i / 64] |= UINT64_C(1)
										    << (i % 64);
		}
	}
}

const struct gw_candidates *gw_candidates_get(struct gw_arena *arena, struct gw_pair *pair)
{
	struct gw_candidates *index = pair->candidates;

	if (index)
		return index;
	index = gw_arena_new_of(arena, struct gw_candidates);
	index->n_terms = pair->n;
	index->n_words = (pair->n + 63) / 64;
	/* Up to one word, looking at all terms is cheaper than finding out at which. */
	for (unsigned int d = 0; index->n_words > 1 && d < DIMENSIONS; d++)
		build_dimension(arena, pair, d, index);
	pair->candidates = index;
	return index;
}

/* The word of the bitmap of terms that share a strip with walk->term in every dimension. */
static uint64_t word_of(const struct gw_candidate_walk *walk)
{
	const struct gw_candidates *index = walk->candidates;
	size_t rest = index->n_terms - walk->word * 64;
	uint64_t word = rest >= 64 ? UINT64_MAX : (UINT64_C(1) << rest) - 1;

	for (unsigned int d = 0; index->n_words > 1 && word && d < DIMENSIONS; d++) {
		uint64_t strips = index->touched[d][walk->term], shared = 0;

		if (strips == index->all[d])
			continue; /* no term is ruled out */
		for (; strips; strips &= strips - 1)
			shared |= index->terms[d][(size_t)__builtin_ctzll(strips) * index->n_words +
						  walk->word];
		word &= shared;
	}
	if (walk->term / 64 == walk->word)
		word &= ~(UINT64_C(1) << (walk->term % 64));
	return word;
}

void gw_candidates_begin(const struct gw_candidates *candidates, size_t term,
			 struct gw_candidate_walk *walk)
{
	*walk = (struct gw_candidate_walk){ .candidates = candidates, .term = term };
	if (candidates->n_words)
		walk->bits = word_of(walk);
}

bool gw_candidates_next(struct gw_candidate_walk *walk, size_t *ret)
{
	while (!walk->bits) {
		if (walk->word + 1 >= walk->candidates->n_words)
			return false;
		walk->word++;
		walk->bits = word_of(walk);
	}
	*ret = walk->word * 64 + (size_t)__builtin_ctzll(walk->bits);
	walk->bits &= walk->bits - 1;
	return true;
}
