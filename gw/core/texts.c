#include "gw/core/texts.h"

#include <stdbool.h>
#include <string.h>

#include "gw/core/hash.h"
#include "gw/core/mem.h"

#define CAPACITY_MIN 64u

static bool is(const struct gw_texts_slot *slot, uint64_t hash, const char *text, size_t len)
{
	return slot->hash == hash && strncmp(slot->text, text, len) == 0 && !slot->text[len];
}

static void grow(struct gw_texts *texts)
{
	size_t capacity = texts->capacity ? texts->capacity * 2 : CAPACITY_MIN;
	struct gw_texts_slot *slots = gw_zalloc(capacity, sizeof(*slots));

	for (size_t i = 0; i < texts->capacity; i++) {
		size_t at = (size_t)texts->slots[i].hash & (capacity - 1);

		if (!texts->slots[i].text)
			continue;
		while (slots[at].text)
			at = (at + 1) & (capacity - 1);
		slots[at] = texts->slots[i];
	}
	gw_free(texts->slots);
	texts->slots = slots;
	texts->capacity = capacity;
}

const char *gw_texts_keep(struct gw_texts *texts, const char *text, size_t len)
{
	uint64_t hash = gw_hash_bytes(GW_HASH_START, text, len);
	struct gw_texts_slot *slot;

	if (texts->n * 2 >= texts->capacity)
		grow(texts);
	for (size_t at = (size_t)hash & (texts->capacity - 1);;
	     at = (at + 1) & (texts->capacity - 1)) {
		slot = &texts->slots[at];
		if (!slot->text || is(slot, hash, text, len))
			break;
	}
	if (!slot->text) {
		*slot = (struct gw_texts_slot){ gw_arena_strndup(texts->arena, text, len), hash };
		texts->n++;
	}
	return slot->text;
}

void gw_texts_done(struct gw_texts *texts)
{
	gw_free(texts->slots);
	texts->slots = NULL;
	texts->n = texts->capacity = 0;
}
