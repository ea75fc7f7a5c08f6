#include "gw/core/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "gw/core/mem.h"

#define BLOCK_BYTES (64u * 1024u)

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char bytes[];
};

struct gw_arena {
	struct block *blocks; /* the first one is the one being filled */
};

struct gw_arena *gw_arena_new(void)
{
	return gw_zalloc(1, sizeof(struct gw_arena));
}

void gw_arena_free(struct gw_arena *arena)
{
	struct block *block, *next;

	if (!arena)
		return;
	for (block = arena->blocks; block; block = next) {
		next = block->next;
		gw_free(block);
	}
	gw_free(arena);
}

void gw_arena_adopt(struct gw_arena *arena, struct gw_arena *from)
{
	struct block **end = &arena->blocks;

	while (*end)
		end = &(*end)->next;
	*end = from->blocks;
	gw_free(from);
}

static struct block *block_new(size_t size)
{
	size_t total;
	struct block *block;

	if (__builtin_add_overflow(size, sizeof(*block), &total))
		gw_out_of_memory();
	block = gw_zalloc(1, total);
	block->size = size;
	return block;
}

#ifndef __clang__
#pragma GCC diagnostic push
/* gcc 12 does not see that a large block is reachable through the arena's list. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
void *gw_arena_zalloc(struct gw_arena *arena, size_t count, size_t size)
{
	struct block *block = arena->blocks;
	size_t bytes;
	void *result;

	if (__builtin_mul_overflow(count, size, &bytes) ||
	    __builtin_add_overflow(bytes, alignof(max_align_t) - 1, &bytes))
		gw_out_of_memory();
	bytes -= bytes % alignof(max_align_t);

	if (bytes > BLOCK_BYTES / 4) {
		/* A large object gets a block of its own, behind the one being filled. */
		struct block *large = block_new(bytes);

		struct block **place = block ? &block->next : &arena->blocks;

		large->used = bytes;
		large->next = *place;
		*place = large;
		return large->bytes;
	}
	if (!block || block->size - block->used < bytes) {
		block = block_new(BLOCK_BYTES);
		block->next = arena->blocks;
		arena->blocks = block;
	}
	result = block->bytes + block->used;
	block->used += bytes;
	return result;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

void *gw_arena_memdup(struct gw_arena *arena, const void *data, size_t len)
{
	void *copy = gw_arena_zalloc(arena, 1, len);

	if (len)
		memcpy(copy, data, len);
	return copy;
}

char *gw_arena_strndup(struct gw_arena *arena, const char *text, size_t len)
{
	char *copy = gw_arena_zalloc(arena, len + 1, 1);

	memcpy(copy, text, len);
	return copy;
}

char *gw_arena_strdup(struct gw_arena *arena, const char *text)
{
	return gw_arena_strndup(arena, text, strlen(text));
}

char *gw_arena_vprintf(struct gw_arena *arena, const char *format, va_list args)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	if (len < 0)
		len = 0;
	text = gw_arena_zalloc(arena, (size_t)len + 1, 1);
	(void)vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return text;
}

char *gw_arena_printf(struct gw_arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = gw_arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}
