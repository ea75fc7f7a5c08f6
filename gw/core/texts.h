/*
 * Texts that are kept once each, however often they come: keys of a config, names of those who took
 * measures. Not for texts that an adversary chooses without a limit: collisions are his to make.
 *
 *	struct gw_texts texts = { .arena = arena };
 *	node->key = gw_texts_keep(&texts, bytes, len);
 *	gw_texts_done(&texts);      the texts stay as long as the arena
 */
#ifndef GW_CORE_TEXTS_H
#define GW_CORE_TEXTS_H

#include <stddef.h>
#include <stdint.h>

#include "gw/core/arena.h"

struct gw_texts_slot {
	const char *text; /* NULL: free */
	uint64_t hash;
};

struct gw_texts {
	struct gw_arena *arena;      /* of the texts */
	struct gw_texts_slot *slots; /* open hash, heap */
	size_t n, capacity;
};

/** The kept text with these `len` bytes, none of which is NUL. */
const char *gw_texts_keep(struct gw_texts *texts, const char *text, size_t len);
/** Forgets which texts there are; those handed out stay. */
void gw_texts_done(struct gw_texts *texts);

#endif
