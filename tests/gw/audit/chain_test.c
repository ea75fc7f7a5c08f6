/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/audit/chain.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

/* The line of record `seq` behind `prev`. */
static void make_line(struct gw_text *line, unsigned int seq, const uint8_t prev[GW_HASH_LEN])
{
	line->len = 0;
	gw_text_printf(line, "{\"seq\":%u,\"t\":\"x\",\"salt\":\"y\",\"prev\":\"", seq);
	gw_base64_encode(line, prev, GW_HASH_LEN);
	gw_text_puts(line, "\"}");
}

static void a_record_of_the_writer_is_read(void **ret)
{
	gw_auto_text struct gw_text line = { 0 };
	uint8_t prev[GW_HASH_LEN], read[GW_HASH_LEN];
	uint64_t seq;

	(void)ret;
	memset(prev, 0xa5, sizeof(prev));
	make_line(&line, 4711, prev);
	assert_true(gw_chain_read(line.bytes, line.len, &seq, read));
	assert_int_equal(seq, 4711);
	assert_memory_equal(read, prev, sizeof(prev));
	for (size_t len = 0; len < line.len; len++)
		assert_false(gw_chain_read(line.bytes, len, &seq, read));
}

static void other_lines_are_not_taken_for_records(void **ret)
{
	static const char prev[] = ",\"prev\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}";
	static const char *const beginnings[] = {
		"",
		"{",
		"{\"seq\":",
		"{\"seq\":,",
		"{\"seq\":0,",
		"{\"seq\":-1,\"a\":1",
		"{\"seq\":99999999999999999999,\"a\":1",
		"{\"seq\":1",
		"[\"seq\":1,\"a\":1",
	};
	uint8_t read[GW_HASH_LEN];
	uint64_t seq;

	(void)ret;
	for (size_t i = 0; i < GW_COUNT(beginnings); i++) {
		gw_auto_text struct gw_text line = { 0 };

		gw_text_puts(&line, beginnings[i]);
		gw_text_puts(&line, prev);
		if (gw_chain_read(line.bytes, line.len, &seq, read))
			fail_msg("taken for a record: %s", line.bytes);
	}
}

/* Five records, of which `changed` got other bytes and those in `removed` are gone. */
static bool is_broken(size_t changed, size_t removed, uint64_t *ret)
{
	gw_auto_text struct gw_text line = { 0 };
	struct gw_chain chain = { .begun = true };
	uint8_t leaf[GW_HASH_LEN] = { 0 }, prev[GW_HASH_LEN];
	uint64_t index = 0, seq;

	for (size_t i = 0; i < 5; i++) {
		uint8_t found[GW_HASH_LEN];

		make_line(&line, (unsigned int)i + 1, leaf);
		gw_hash_leaf(line.bytes, line.len, leaf);
		memcpy(found, leaf, sizeof(found));
		if (i == removed)
			continue;
		if (i == changed) {
			line.bytes[strlen("{\"seq\":1,\"t\":\"")] = 'X';
			gw_hash_leaf(line.bytes, line.len, found);
		}
		assert_true(gw_chain_read(line.bytes, line.len, &seq, prev));
		gw_chain_add(&chain, index++, prev, found);
	}
	return gw_chain_broken(&chain, ret);
}

static void the_record_that_was_changed_is_named(void **ret)
{
	uint64_t index;

	(void)ret;
	assert_false(is_broken(99, 99, &index));
	for (size_t i = 0; i < 4; i++) {
		assert_true(is_broken(i, 99, &index));
		assert_int_equal(index, i);
	}
	/* Nothing follows the last: that is what checkpoints are for. */
	assert_false(is_broken(4, 99, &index));
}

static void a_link_that_was_changed_names_its_own_record(void **ret)
{
	struct gw_chain chain = { .begun = true };
	uint8_t prev[GW_HASH_LEN] = { 0 }, leaf[GW_HASH_LEN];
	uint64_t index;

	(void)ret;
	for (uint8_t i = 0; i < 5; i++) {
		uint8_t stored[GW_HASH_LEN];

		memset(leaf, i + 1, sizeof(leaf));
		memcpy(stored, prev, sizeof(stored));
		memcpy(prev, leaf, sizeof(prev));
		if (i == 2) { /* its own hash is another one then, too */
			stored[0] ^= 1;
			leaf[0] ^= 1;
		}
		gw_chain_add(&chain, i, stored, leaf);
	}
	assert_true(gw_chain_broken(&chain, &index));
	assert_int_equal(index, 2);
}

static void a_record_that_was_taken_out_is_noticed(void **ret)
{
	uint64_t index;

	(void)ret;
	for (size_t i = 0; i < 4; i++) {
		assert_true(is_broken(99, i, &index));
		assert_int_equal(index, i ? i - 1 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_of_the_writer_is_read),
		cmocka_unit_test(other_lines_are_not_taken_for_records),
		cmocka_unit_test(the_record_that_was_changed_is_named),
		cmocka_unit_test(a_link_that_was_changed_names_its_own_record),
		cmocka_unit_test(a_record_that_was_taken_out_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
