/*
 * Merkle trees of RFC 6962 as far as proofs need them: roots of ranges of records, inclusion and
 * consistency proofs, and checking them. Nothing here holds a tree: what a proof consists of is known
 * from the two numbers alone, as ranges of leaves, and one pass over the leaves fills them in.
 *
 *	struct gw_proof proof;
 *	gw_proof_inclusion(&proof, index, size);
 *	for (i = 0; i < size; i++)
 *		gw_proof_add(&proof, i, 0, leaf_hash[i]);
 *	if (gw_proof_is_complete(&proof))
 *		… proof.hashes …
 */
#ifndef GW_AUDIT_PROOF_H
#define GW_AUDIT_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GW_HASH_LEN   32u
#define GW_PROOF_MAX  65u /* hashes in a consistency proof of 2^64 leaves */
#define GW_LEVELS_MAX 64u

/** SHA-256 of 0x00 and the record. */
void gw_hash_leaf(const void *record, size_t len, uint8_t ret[GW_HASH_LEN]);
/** SHA-256 of 0x01 and both children. */
void gw_hash_node(const uint8_t left[GW_HASH_LEN], const uint8_t right[GW_HASH_LEN],
		  uint8_t ret[GW_HASH_LEN]);

/** The whole subtrees that a growing range of leaves consists of, largest first. Starts zeroed. */
struct gw_forest {
	uint64_t leaves;
	size_t n;
	struct gw_subtree {
		unsigned int level;
		uint8_t hash[GW_HASH_LEN];
	} items[GW_LEVELS_MAX + 1];
};

/** Adds the next subtree of 2^level leaves; a leaf is one of level 0. */
void gw_forest_add(struct gw_forest *range, unsigned int level, const uint8_t hash[GW_HASH_LEN]);
/** The hash of all; of nothing it is SHA-256 of no bytes. */
void gw_forest_root(const struct gw_forest *range, uint8_t ret[GW_HASH_LEN]);

/** A proof that is being filled in. */
struct gw_proof {
	size_t n;
	uint8_t hashes[GW_PROOF_MAX][GW_HASH_LEN]; /* in the order of RFC 6962 */
	/* Which leaves each is the root of, and where those in order of leaves stand. */
	struct gw_proof_part {
		uint64_t start, end;
	} parts[GW_PROOF_MAX];
	size_t order[GW_PROOF_MAX];
	size_t done; /* of `order` */
	struct gw_forest range;
};

/** Begins the proof that leaf `index` is in the tree of `size`; `index` < `size`. */
void gw_proof_inclusion(struct gw_proof *proof, uint64_t index, uint64_t size);
/** Begins the proof that the tree of `size` continues that of `old`; 0 < `old` <= `size`. */
void gw_proof_consistency(struct gw_proof *proof, uint64_t old, uint64_t size);
/** Adds 2^level leaves from `start` on; everything is added in order. */
void gw_proof_add(struct gw_proof *proof, uint64_t start, unsigned int level,
		  const uint8_t hash[GW_HASH_LEN]);
/** True when all leaves that matter were added. */
bool gw_proof_is_complete(const struct gw_proof *proof);

/** True if the proof leads from the leaf to the root. */
bool gw_proof_check_inclusion(const uint8_t leaf[GW_HASH_LEN], uint64_t index, uint64_t size,
			      const uint8_t hashes[][GW_HASH_LEN], size_t n,
			      const uint8_t root[GW_HASH_LEN]);
/** True if the proof leads from both roots to each other. */
bool gw_proof_check_consistency(uint64_t old, const uint8_t old_root[GW_HASH_LEN], uint64_t size,
				const uint8_t root[GW_HASH_LEN],
				const uint8_t hashes[][GW_HASH_LEN], size_t n);

#endif
