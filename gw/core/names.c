/*
 * "Did you mean": the nearest of a list of names by edit distance, where swapping two neighbouring
 * letters counts as one edit because it is the most frequent slip.
 */
#include <stdint.h>
#include <string.h>

#include "gw/core/diag.h"

#define NAME_BYTES_MAX 64u /* longer names are not worth a guess */

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int least = a < b ? a : b;

	return least < c ? least : c;
}

/* Gives up, with a result above `limit`, as soon as no way can stay below it. */
static unsigned int distance(const char *a, size_t a_len, const char *b, size_t b_len,
			     unsigned int limit)
{
	unsigned int rows[3][NAME_BYTES_MAX + 1];

	for (unsigned int j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (unsigned int i = 1; i <= a_len; i++) {
		unsigned int *row = rows[i % 3], *above = rows[(i + 2) % 3];
		const unsigned int *above2 = rows[(i + 1) % 3];
		unsigned int least = i;

		row[0] = i;
		for (unsigned int j = 1; j <= b_len; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				      above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    above2[j - 2] + 1 < row[j])
				row[j] = above2[j - 2] + 1;
			if (row[j] < least)
				least = row[j];
		}
		if (least > limit)
			return limit + 1;
	}
	return rows[a_len % 3][b_len];
}

const char *gw_nearest_name(const char *name, const char *const *names, size_t count)
{
	size_t len = strlen(name);
	const char *nearest = NULL;
	unsigned int limit;

	if (!len || len > NAME_BYTES_MAX)
		return NULL;
	/* One edit in a short name, up to three in a long one; never all of its letters. */
	limit = len < 3 ? 1 : len < 6 ? 2 : 3;
	if (limit >= len)
		limit = (unsigned int)len - 1;
	for (size_t i = 0; i < count && limit; i++) {
		size_t other = strlen(names[i]);
		size_t gap = other > len ? other - len : len - other;
		unsigned int edits;

		if (other > NAME_BYTES_MAX || gap > limit)
			continue;
		edits = distance(name, len, names[i], other, limit);
		if (!edits || edits > limit)
			continue;
		/* From here on only nearer ones count, so the first of equals wins. */
		nearest = names[i];
		limit = edits - 1;
	}
	return nearest;
}
