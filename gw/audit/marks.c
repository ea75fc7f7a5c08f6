#include "gw/audit/marks.h"

#include <stdlib.h>

#include "gw/core/mem.h"

void gw_marks_add(struct gw_marks *marks, const struct gw_mark *mark)
{
	gw_push(marks->items, marks->n, marks->capacity, *mark);
}

/* Of the same size, those that are verified first. */
static int compare(const void *a, const void *b)
{
	const struct gw_mark *left = a, *right = b;

	if (left->size != right->size)
		return left->size < right->size ? -1 : 1;
	return (left->note != NULL) - (right->note != NULL);
}

void gw_marks_sort(struct gw_marks *marks)
{
	if (marks->n)
		qsort(marks->items, marks->n, sizeof(marks->items[0]), compare);
}

void gw_marks_done(struct gw_marks *marks)
{
	gw_free(marks->items);
	gw_arena_free(marks->arena);
	*marks = (struct gw_marks){ 0 };
}
