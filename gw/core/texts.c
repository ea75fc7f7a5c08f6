#include "gw/core/texts.h"

#include <stdbool.h>
#include <string.h>

#include "gw/core/hash.h"
#include "gw/core/mem.h"

#define CAPACITY_MIN 64u

static bool is(const char *kept, const char *text, size_t len)
{
	return strncmp(kept, text, len) == 0 && !kept[len];
}

/* Where the text is, or would be. */
static const char **slot_of(const char **slots, size_t capacity, const char *text, size_t len)
{
	size_t at = (size_t)gw_hash_bytes(GW_HASH_START, text, len) & (capacity - 1);

	while (slots[at] && !is(slots[at], text, len))
		at = (at + 1) & (capacity - 1);
	return &slots[at];
}

static void grow(struct gw_texts *texts)
{
	size_t capacity = texts->capacity ? texts->capacity * 2 : CAPACITY_MIN;
	const char **slots = gw_zalloc(capacity, sizeof(*slots));

	for (size_t i = 0; i < texts->capacity; i++)
		if (texts->slots[i])
			*slot_of(slots, capacity, texts->slots[i], strlen(texts->slots[i])) =
				texts->slots[i];
	gw_free(texts->slots);
	texts->slots = slots;
	texts->capacity = capacity;
}

const char *gw_texts_keep(struct gw_texts *texts, const char *text, size_t len)
{
	const char **slot;

	if (texts->n * 2 >= texts->capacity)
		grow(texts);
	slot = slot_of(texts->slots, texts->capacity, text, len);
	if (!*slot) {
		*slot = gw_arena_strndup(texts->arena, text, len);
		texts->n++;
	}
	return *slot;
}

void gw_texts_done(struct gw_texts *texts)
{
	gw_free(texts->slots);
	texts->slots = NULL;
	texts->n = texts->capacity = 0;
}
