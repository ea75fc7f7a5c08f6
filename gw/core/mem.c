#include "gw/core/mem.h"

#include <stdio.h>
#include <string.h>

_Noreturn void gw_out_of_memory(void)
{
	(void)fputs("gw: out of memory\n", stderr);
	exit(1); /* the one exit outside main: see arena.h */
}

void gw_free(void *data)
{
	free(data);
}

void *gw_zalloc(size_t count, size_t size)
{
	void *data = calloc(count ? count : 1, size ? size : 1);

	if (!data)
		gw_out_of_memory();
	return data;
}

char *gw_strdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		gw_out_of_memory();
	return copy;
}

void *gw_grow(void *array, size_t count, size_t *capacity, size_t size)
{
	size_t wanted;

	if (count < *capacity)
		return array;
	if (__builtin_mul_overflow(*capacity, 2, &wanted))
		gw_out_of_memory();
	if (wanted < 8)
		wanted = 8;
	array = reallocarray(array, wanted, size);
	if (!array)
		gw_out_of_memory();
	*capacity = wanted;
	return array;
}
