#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/audit/proof.h"
#include "gw/core/mem.h"

#define LEAVES_MAX 70u

static uint8_t leaves[LEAVES_MAX][GW_HASH_LEN];

static int setup(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < LEAVES_MAX; i++) {
		char record[16];

		(void)snprintf(record, sizeof(record), "record %u", i);
		gw_hash_leaf(record, strlen(record), leaves[i]);
	}
	return 0;
}

/* MTH of RFC 6962, word for word. */
static void tree_hash(uint64_t start, uint64_t end, uint8_t ret[GW_HASH_LEN])
{
	uint8_t left[GW_HASH_LEN], right[GW_HASH_LEN];
	uint64_t k = 1;

	if (end - start == 1) {
		memcpy(ret, leaves[start], GW_HASH_LEN);
		return;
	}
	while (k * 2 < end - start)
		k *= 2;
	tree_hash(start, start + k, left);
	tree_hash(start + k, end, right);
	gw_hash_node(left, right, ret);
}

static void fill(struct gw_proof *proof, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		gw_proof_add(proof, i, 0, leaves[i]);
}

static void hex(const uint8_t hash[GW_HASH_LEN], char ret[65])
{
	for (size_t i = 0; i < GW_HASH_LEN; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", hash[i]);
}

/* ---------------------------------------------------------------------------------------------- */

/* The example tree that implementations of RFC 6962 test against. */
static void roots_are_those_that_others_compute(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} records[] = {
		{ "", 0 },
		{ "\x00", 1 },
		{ "\x10", 1 },
		{ "\x20\x21", 2 },
		{ "\x30\x31", 2 },
		{ "\x40\x41\x42\x43", 4 },
		{ "\x50\x51\x52\x53\x54\x55\x56\x57", 8 },
		{ "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16 },
	};
	struct gw_forest range = { 0 };
	uint8_t hash[GW_HASH_LEN];
	char text[65];

	(void)state;
	gw_forest_root(&range, hash);
	hex(hash, text);
	assert_string_equal(text,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < GW_COUNT(records); i++) {
		gw_hash_leaf(records[i].bytes, records[i].len, hash);
		gw_forest_add(&range, 0, hash);
		gw_forest_root(&range, hash);
		hex(hash, text);
		if (i == 0)
			assert_string_equal(text, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738"
						  "768511a30617afa01d");
	}
	assert_string_equal(text,
			    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

static void roots_follow_the_definition(void **state)
{
	struct gw_forest range = { 0 };

	(void)state;
	for (uint64_t size = 1; size <= LEAVES_MAX; size++) {
		uint8_t want[GW_HASH_LEN], got[GW_HASH_LEN];

		gw_forest_add(&range, 0, leaves[size - 1]);
		gw_forest_root(&range, got);
		tree_hash(0, size, want);
		assert_memory_equal(got, want, sizeof(got));
		assert_int_equal(range.leaves, size);
	}
}

static void every_leaf_of_every_tree_can_be_proved(void **state)
{
	(void)state;
	for (uint64_t size = 1; size <= LEAVES_MAX; size++) {
		uint8_t root[GW_HASH_LEN];

		tree_hash(0, size, root);
		for (uint64_t index = 0; index < size; index++) {
			struct gw_proof proof;

			gw_proof_inclusion(&proof, index, size);
			fill(&proof, size);
			assert_true(gw_proof_is_complete(&proof));
			assert_true(gw_proof_check_inclusion(leaves[index], index, size,
							     proof.hashes, proof.n, root));
			/* Not as another leaf, at another place, in another tree. */
			assert_false(gw_proof_check_inclusion(leaves[(index + 1) % LEAVES_MAX],
							      index, size, proof.hashes, proof.n,
							      root));
			if (size > 1)
				assert_false(gw_proof_check_inclusion(leaves[index], index ^ 1,
								      size, proof.hashes, proof.n,
								      root));
			assert_false(gw_proof_check_inclusion(leaves[index], index, size * 2,
							      proof.hashes, proof.n, root));
			if (proof.n)
				assert_false(gw_proof_check_inclusion(leaves[index], index, size,
								      proof.hashes, proof.n - 1,
								      root));
		}
		assert_false(gw_proof_check_inclusion(leaves[0], size, size, NULL, 0, root));
	}
}

static void every_tree_can_be_shown_to_continue_every_older_one(void **state)
{
	(void)state;
	for (uint64_t size = 1; size <= LEAVES_MAX; size++) {
		uint8_t root[GW_HASH_LEN], old_root[GW_HASH_LEN], other[GW_HASH_LEN];

		tree_hash(0, size, root);
		gw_hash_node(root, root, other);
		for (uint64_t old = 1; old <= size; old++) {
			struct gw_proof proof;

			tree_hash(0, old, old_root);
			gw_proof_consistency(&proof, old, size);
			fill(&proof, size);
			assert_true(gw_proof_is_complete(&proof));
			assert_true(gw_proof_check_consistency(old, old_root, size, root,
							       proof.hashes, proof.n));
			assert_false(gw_proof_check_consistency(old, other, size, root,
								proof.hashes, proof.n));
			assert_false(gw_proof_check_consistency(old, old_root, size, other,
								proof.hashes, proof.n));
			if (proof.n)
				assert_false(gw_proof_check_consistency(old, old_root, size, root,
									proof.hashes, proof.n - 1));
		}
	}
}

/* Records that retention deleted leave the subtrees behind that they made up. */
static void a_proof_can_begin_behind_what_was_deleted(void **state)
{
	const uint64_t size = LEAVES_MAX;
	uint8_t root[GW_HASH_LEN];

	(void)state;
	tree_hash(0, size, root);
	for (uint64_t first = 1; first < size; first++) {
		for (uint64_t index = 0; index < size; index++) {
			struct gw_proof proof;
			uint64_t start = 0;

			gw_proof_inclusion(&proof, index, size);
			for (unsigned int level = 7; level-- > 0;) {
				uint8_t hash[GW_HASH_LEN];

				if (!(first >> level & 1))
					continue;
				tree_hash(start, start + (UINT64_C(1) << level), hash);
				gw_proof_add(&proof, start, level, hash);
				start += UINT64_C(1) << level;
			}
			for (uint64_t i = first; i < size; i++)
				gw_proof_add(&proof, i, 0, leaves[i]);
			if (index >= first)
				assert_true(gw_proof_is_complete(&proof));
			if (gw_proof_is_complete(&proof))
				assert_true(gw_proof_check_inclusion(leaves[index], index, size,
								     proof.hashes, proof.n, root));
		}
	}
}

static void the_largest_trees_fit(void **state)
{
	struct gw_proof proof;

	(void)state;
	gw_proof_inclusion(&proof, UINT64_MAX - 1, UINT64_MAX);
	assert_in_range(proof.n, 1, GW_PROOF_MAX);
	gw_proof_consistency(&proof, 1, UINT64_MAX);
	assert_in_range(proof.n, 1, GW_PROOF_MAX);
	gw_proof_consistency(&proof, UINT64_MAX - 1, UINT64_MAX);
	assert_in_range(proof.n, 1, GW_PROOF_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_those_that_others_compute),
		cmocka_unit_test(roots_follow_the_definition),
		cmocka_unit_test(every_leaf_of_every_tree_can_be_proved),
		cmocka_unit_test(every_tree_can_be_shown_to_continue_every_older_one),
		cmocka_unit_test(a_proof_can_begin_behind_what_was_deleted),
		cmocka_unit_test(the_largest_trees_fit),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
