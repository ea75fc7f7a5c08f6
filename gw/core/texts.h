/*
 * Texts of which the same few come again and again, keys of a config or names of those who took measures:
 * one that came not long ago is not copied again. Those that come once only cost what their copies do: to
 * find each of them again would take a table that no cache of the processor holds.
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
	const char *text;
	uint64_t hash;
};

struct gw_texts {
	struct gw_arena *arena;      /* of the texts */
	struct gw_texts_slot *slots; /* sets by hash, in each the latest first; heap */
	size_t n;                    /* copies that were made */
};

/** A kept text with these `len` bytes, none of which is NUL. */
const char *gw_texts_keep(struct gw_texts *texts, const char *text, size_t len);
/** Forgets which texts there are; those handed out stay. */
void gw_texts_done(struct gw_texts *texts);

#endif
