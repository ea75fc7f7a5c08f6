/*
 * The chain of one class's records: each holds the leaf hash of the one before as `prev`, so that a
 * change shows at the very record, where checkpoints tell only the interval. Lines are read by their
 * fixed beginning and end, as the writer makes them; verifying keeps up with hashing.
 *
 *	struct gw_chain chain = { 0 };
 *	for each line: gw_chain_read(line, len, &seq, prev); gw_chain_add(&chain, index, prev, leaf);
 *	if (gw_chain_broken(&chain, &index)) … record `index` is not what it was …
 */
#ifndef GW_AUDIT_CHAIN_H
#define GW_AUDIT_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "gw/audit/proof.h"

/** Starts zeroed. */
struct gw_chain {
	bool begun;
	uint8_t leaf[GW_HASH_LEN]; /* of the record before */
	/* The link between two records is wrong: `suspect` is the second of them. */
	bool broken, judged, second;
	uint64_t suspect;
};

/**
 * Reads what ties a line to others. False if it does not begin and end as the writer's records do:
 * then both are untouched.
 */
bool gw_chain_read(const char *line, size_t len, uint64_t *ret_seq, uint8_t ret_prev[GW_HASH_LEN]);

/** Adds the next record; `leaf` is its hash. */
void gw_chain_add(struct gw_chain *chain, uint64_t index, const uint8_t prev[GW_HASH_LEN],
		  const uint8_t leaf[GW_HASH_LEN]);

/** True if a link is wrong; `ret` is the first record that is not the one its neighbours knew. */
bool gw_chain_broken(const struct gw_chain *chain, uint64_t *ret);

#endif
