#include "gw/core/texts.h"

#include <stdbool.h>
#include <string.h>

#include "gw/core/hash.h"
#include "gw/core/mem.h"

/* Together 64 KiB, which stay in the processor's cache while a large file is read. */
#define SETS 1024u
#define WAYS 4u

static bool is(const struct gw_texts_slot *slot, uint64_t hash, const char *text, size_t len)
{
	return slot->hash == hash && slot->text && strncmp(slot->text, text, len) == 0 &&
	       !slot->text[len];
}

const char *gw_texts_keep(struct gw_texts *texts, const char *text, size_t len)
{
	uint64_t hash = gw_hash_bytes(GW_HASH_START, text, len);
	struct gw_texts_slot *set, slot;
	size_t way = 0;

	if (!texts->slots)
		texts->slots = gw_zalloc((size_t)SETS * WAYS, sizeof(*texts->slots));
	set = &texts->slots[(hash & (SETS - 1)) * WAYS];
	while (way < WAYS && !is(&set[way], hash, text, len))
		way++;
	if (way < WAYS) {
		slot = set[way];
	} else {
		way = WAYS - 1; /* what was not asked for the longest gives way */
		slot = (struct gw_texts_slot){ gw_arena_strndup(texts->arena, text, len), hash };
		texts->n++;
	}
	memmove(&set[1], &set[0], way * sizeof(*set));
	set[0] = slot;
	return slot.text;
}

void gw_texts_done(struct gw_texts *texts)
{
	gw_free(texts->slots);
	texts->slots = NULL;
	texts->n = 0;
}
