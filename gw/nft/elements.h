/*
 * Elements of sets, straight with libmnl: a million of them must fit in little more than their own
 * bytes.
 *
 * Two forms of intervals. A concatenation has both ends in one element (KEY_END). A single field
 * has two elements: the first address, and the first one behind with the flag INTERVAL_END, which
 * is missing behind the last address there is. Only this file knows of the second form.
 */
#ifndef GW_NFT_ELEMENTS_H
#define GW_NFT_ELEMENTS_H

#include "gw/ruleset/ruleset.h"

struct gw_batch;
struct nlmsghdr;

/**
 * Adds messages to the batch that add (or, with `delete`, delete) elements [elems, elems + count).
 * Expiry is taken relative to now_ms; what has expired is left out. -EINVAL: cannot be sent.
 */
int gw_elems_put(struct gw_batch *batch, uint8_t family, const char *table,
		 const struct gw_set *set, const struct gw_elem *elems, size_t count,
		 int64_t now_ms, bool delete);

/** Collects the elements of a set from the messages of a dump. */
struct gw_elems_reader {
	struct gw_arena *arena; /* of keys and data */
	const struct gw_set *set;
	int64_t now_ms;
	struct gw_elem *elems; /* heap arrays */
	size_t n_elems, elems_capacity;
	const uint8_t **ends; /* keys of INTERVAL_END elements */
	size_t n_ends, ends_capacity;
	bool strange; /* an element that we would never write: the set is not ours as it is */
};

void gw_elems_reader_init(struct gw_elems_reader *reader, struct gw_arena *arena,
			  const struct gw_set *set, int64_t now_ms);
void gw_elems_reader_done(struct gw_elems_reader *reader);
/** One NFT_MSG_NEWSETELEM of hostile bytes; -EBADMSG. */
int gw_elems_read(struct gw_elems_reader *reader, const struct nlmsghdr *message);
/** Ends of intervals joined with their starts; the elements, sorted, replace those of `set`. */
void gw_elems_finish(struct gw_elems_reader *reader, struct gw_set *set);

#endif
