/*
 * Memory for one result: everything that a stage of the pipeline produces lives in one arena
 * and is freed at once, so no stage frees single objects and no half-built result can leak.
 *
 * An allocation that fails ends the process with a message. What the kernel holds is changed by
 * single transactions only and keeps enforcing without us, so a clean stop is safer than an
 * error path that no test ever takes. Sizes that a peer or a file controls are limited before
 * they get here.
 *
 *	struct gw_arena *arena = gw_arena_new();
 *	char *name = gw_arena_printf(arena, "zone-%u", 7);
 *	gw_arena_free(arena);
 */
#ifndef GW_CORE_ARENA_H
#define GW_CORE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/attributes.h"

struct gw_arena;

/** Frees the arena and all that was allocated from it. Accepts NULL. */
void gw_arena_free(struct gw_arena *arena);

/** A new, empty arena, owned by the caller. */
struct gw_arena *gw_arena_new(void) __attribute__((GW_MALLOC(gw_arena_free), returns_nonnull));

/** Moves all that `from` holds to `arena`, and frees `from`: what threads made apart becomes one result. */
void gw_arena_adopt(struct gw_arena *arena, struct gw_arena *from);

/** `count` zeroed objects of `size` bytes, aligned for any type. */
void *gw_arena_zalloc(struct gw_arena *arena, size_t count, size_t size)
	__attribute__((returns_nonnull));

/** A copy of `len` bytes. */
void *gw_arena_memdup(struct gw_arena *arena, const void *data, size_t len)
	__attribute__((returns_nonnull));

/** A NUL-terminated copy of `text`. */
char *gw_arena_strdup(struct gw_arena *arena, const char *text) __attribute__((returns_nonnull));

/** A NUL-terminated copy of the first `len` bytes of `text`. */
char *gw_arena_strndup(struct gw_arena *arena, const char *text, size_t len)
	__attribute__((returns_nonnull));

/** Formatted text. */
char *gw_arena_printf(struct gw_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull));
char *gw_arena_vprintf(struct gw_arena *arena, const char *format, va_list args)
	__attribute__((format(printf, 2, 0), returns_nonnull));

#define gw_arena_new_of(arena, type)       ((type *)gw_arena_zalloc((arena), 1, sizeof(type)))
#define gw_arena_array(arena, count, type) ((type *)gw_arena_zalloc((arena), (count), sizeof(type)))

#endif
