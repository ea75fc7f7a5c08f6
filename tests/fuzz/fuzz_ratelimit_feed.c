/* Any bytes as a block list: what comes out is sorted, none twice, and never what must not be banned. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ratelimit/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct gw_range own = { 0x0a000000, 0x0affffff };
	const struct ratelimit_feed_rules rules = { .never = { { &own, 1 } },
						    .max = 100,
						    .now = 1800000000 };
	struct ratelimit_feed feed;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	if (!ratelimit_feed_parse(text, size, &rules, &feed) && (feed.n || !feed.n_notes))
		abort();
	for (size_t i = 0; i < feed.n; i++) {
		const struct ratelimit_feed_entry *entry = &feed.entries[i];

		if (entry->family == GW_FAMILY_IPV4 && entry->range.lo <= own.hi &&
		    entry->range.hi >= own.lo)
			abort();
		if (entry->range.hi > gw_family_max(entry->family) ||
		    memchr(entry->reason, '\0', sizeof(entry->reason)) == NULL)
			abort();
	}
	ratelimit_feed_done(&feed);
	free(text);
	return 0;
}
