/* Heap helpers that end the process when memory runs out (see arena.h for why), growing arrays,
 * and the cleanup attributes for locals. */
#ifndef GW_CORE_MEM_H
#define GW_CORE_MEM_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "gw/core/attributes.h"

/** Says so on standard error and ends the process with exit code 1. */
_Noreturn void gw_out_of_memory(void);

/** Frees heap memory; accepts NULL. */
void gw_free(void *data);

/** `count` zeroed objects of `size` bytes from the heap, owned by the caller. */
void *gw_zalloc(size_t count, size_t size) __attribute__((GW_MALLOC(gw_free), returns_nonnull));

/** A heap copy of `text`. */
char *gw_strdup(const char *text) __attribute__((GW_MALLOC(gw_free), returns_nonnull));

/**
 * Makes room for one more object in the heap array `array` of `count` used and `*capacity`
 * allocated objects; returns the array's new place.
 */
void *gw_grow(void *array, size_t count, size_t *capacity, size_t size)
	__attribute__((returns_nonnull));

/** Appends `value` to the heap array. The array, its count and its capacity must be lvalues. */
#define gw_push(array, count, capacity, value)                                                     \
	do {                                                                                       \
		(array) = gw_grow((array), (count), &(capacity), sizeof(*(array)));                \
		(array)[(count)++] = (value);                                                      \
	} while (0)

static inline void gw_free_cleanup(void *slot)
{
	gw_free(*(void **)slot);
}

static inline void gw_close_cleanup(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing written through it is still pending */
}

#define gw_auto_free  __attribute__((cleanup(gw_free_cleanup)))
#define gw_auto_close __attribute__((cleanup(gw_close_cleanup)))

#define GW_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
