/*
 * From overlapping lists of addresses (or services) to disjoint classes: all values that the same
 * lists contain form one class. What the kernel looks up is then a partition, so that no entry
 * overlaps another and no look-up depends on the order in which entries were inserted.
 *
 *	lists       A ----------------      B         --------------
 *	classes       1 1 1 1 1   2 2 2 2 2 2   3 3 3 3 3 3
 *	            A = {1, 2}  B = {2, 3}
 */
#ifndef GW_COMPILE_CLASSES_H
#define GW_COMPILE_CLASSES_H

#include "gw/core/addr.h"
#include "gw/core/arena.h"

struct gw_class {
	const uint32_t *lists; /* indices of the lists that contain it, ascending */
	size_t n_lists;
	struct gw_range *ranges; /* ascending */
	size_t n_ranges, capacity;
};

struct gw_classes {
	struct gw_class *items; /* by lowest value */
	size_t n;
	uint32_t **of_list; /* per list: indices of its classes, ascending */
	size_t *n_of_list;
};

/**
 * Cuts `lists` into classes, all memory from `arena`. False, with `ret` unusable, if lists and
 * classes belong together in more than `limit` ways: the caller then takes fewer lists at a time.
 */
bool gw_classes_build(struct gw_arena *arena, const struct gw_addrset *lists, size_t n,
		      size_t limit, struct gw_classes *ret);

#endif
