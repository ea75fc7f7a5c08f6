#include "gw/audit/chain.h"

#include <string.h>
#include <sys/types.h>

#include "gw/core/base64.h"

#define BEGINNING  "{\"seq\":"
#define PREV       ",\"prev\":\""
#define PREV_CHARS 44u /* base64 of 32 octets */
#define ENDING_LEN (sizeof(PREV) - 1 + PREV_CHARS + 2)

bool gw_chain_read(const char *line, size_t len, uint64_t *ret_seq, uint8_t ret_prev[GW_HASH_LEN])
{
	const char *at = line + sizeof(BEGINNING) - 1, *end = line + len, *ending;
	uint8_t prev[GW_HASH_LEN];
	uint64_t seq = 0;

	if (len < sizeof(BEGINNING) + ENDING_LEN ||
	    memcmp(line, BEGINNING, sizeof(BEGINNING) - 1) != 0)
		return false;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(seq, 10, &seq) ||
		    __builtin_add_overflow(seq, (uint64_t)(*at - '0'), &seq))
			return false;
	ending = end - ENDING_LEN;
	if (!seq || at >= ending || *at != ',' || memcmp(ending, PREV, sizeof(PREV) - 1) != 0 ||
	    end[-2] != '"' || end[-1] != '}' ||
	    gw_base64_decode(ending + sizeof(PREV) - 1, PREV_CHARS, prev, sizeof(prev)) !=
		    (ssize_t)sizeof(prev))
		return false;
	*ret_seq = seq;
	memcpy(ret_prev, prev, sizeof(prev));
	return true;
}

/*
 * A wrong link has two ends. If the record behind the second one knows that as it is, the second
 * is what it was, and the first was changed, or stands where another was; else it is the second.
 */
void gw_chain_add(struct gw_chain *chain, uint64_t index, const uint8_t prev[GW_HASH_LEN],
		  const uint8_t leaf[GW_HASH_LEN])
{
	bool follows = !chain->begun || memcmp(prev, chain->leaf, GW_HASH_LEN) == 0;

	if (chain->broken && !chain->judged) {
		chain->judged = true;
		chain->second = !follows;
	} else if (!follows && !chain->broken) {
		chain->broken = true;
		chain->suspect = index;
	}
	chain->begun = true;
	memcpy(chain->leaf, leaf, GW_HASH_LEN);
}

bool gw_chain_broken(const struct gw_chain *chain, uint64_t *ret)
{
	if (chain->broken)
		*ret = chain->second || !chain->suspect ? chain->suspect : chain->suspect - 1;
	return chain->broken;
}
