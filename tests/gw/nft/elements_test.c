#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/nft/batch.h"
#include "gw/nft/elements.h"
#include "gw/nft/netlink.h"

#define KEY(...)                                                                                   \
	(const uint8_t[])                                                                          \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static const struct gw_set nets = {
	.name = "nets", .key = { GW_TYPE_IPV4 }, .n_key = 1, .interval = true
};
static const struct gw_set bans = {
	.name = "bans", .key = { GW_TYPE_IPV4 }, .n_key = 1, .timeout = true
};

static void put(struct gw_batch *batch, const struct gw_set *set, const struct gw_elem *elems,
		size_t n, int64_t now_ms)
{
	const struct gw_netlink netlink = { .sequence = 100 };

	gw_batch_init(batch, &netlink);
	assert_int_equal(gw_elems_put(batch, 1, "gw", set, elems, n, now_ms, false), 0);
}

/* Reads all messages of the batch back, as if the kernel had dumped them. */
static void read_back(struct gw_arena *arena, const struct gw_batch *batch, struct gw_set *set,
		      int64_t now_ms)
{
	struct gw_elems_reader reader;

	gw_elems_reader_init(&reader, arena, set, now_ms);
	for (const struct gw_batch_page *page = batch->first; page; page = page->next) {
		const struct nlmsghdr *message = (const void *)page->bytes;
		int left = (int)page->used;

		for (; gw_netlink_ok(message, left); message = mnl_nlmsg_next(message, &left))
			assert_int_equal(gw_elems_read(&reader, message), 0);
	}
	gw_elems_finish(&reader, set);
	gw_elems_reader_done(&reader);
}

static void an_interval_is_a_start_and_an_end_behind_it(void **state)
{
	/* The list of elements: 10.0.0.0 with its end 10.0.1.0; 255.0.0.0 without one. */
	static const char golden[] = "3c000380"
				     "10000180"
				     "0c000180"
				     "08000100"
				     "0a000000"
				     "18000180"
				     "0c000180"
				     "08000100"
				     "0a000100"
				     "08000300"
				     "00000001"
				     "10000180"
				     "0c000180"
				     "08000100"
				     "ff000000";
	const struct gw_elem elems[] = {
		{ .key = KEY(10, 0, 0, 0), .key_end = KEY(10, 0, 0, 255) },
		{ .key = KEY(255, 0, 0, 0), .key_end = KEY(255, 255, 255, 255) },
	};
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1];
	const struct nlattr *list;
	struct gw_batch batch;
	char hex[256] = "";

	(void)state;
	put(&batch, &nets, elems, 2, 0);
	assert_int_equal(batch.n_messages, 1);
	assert_true(gw_netlink_message((const void *)batch.first->bytes, sizeof(struct nfgenmsg),
				       tb, NFTA_SET_ELEM_LIST_MAX));
	list = tb[NFTA_SET_ELEM_LIST_ELEMENTS];
	assert_non_null(list);
	assert_true((size_t)list->nla_len * 2 < sizeof(hex));
	for (size_t i = 0; i < list->nla_len; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", ((const uint8_t *)list)[i]);
	assert_string_equal(hex, golden);
	gw_batch_done(&batch);
}

static void intervals_come_back_whatever_their_neighbours(void **state)
{
	const struct gw_elem elems[] = {
		{ .key = KEY(0, 0, 0, 0) },
		{ .key = KEY(0, 0, 0, 1), .key_end = KEY(9, 255, 255, 255) }, /* adjacent */
		{ .key = KEY(10, 0, 0, 0), .key_end = KEY(10, 0, 0, 255) },
		{ .key = KEY(192, 0, 2, 1) },
		{ .key = KEY(255, 255, 255, 255) },
	};
	struct gw_arena *arena = gw_arena_new();
	struct gw_set seen = nets;
	struct gw_batch batch;

	(void)state;
	put(&batch, &nets, elems, GW_COUNT(elems), 0);
	read_back(arena, &batch, &seen, 0);
	assert_int_equal(seen.n_elems, GW_COUNT(elems));
	for (size_t i = 0; i < GW_COUNT(elems); i++)
		assert_true(gw_elem_equal(&nets, &elems[i], &seen.elems[i]));
	gw_free(seen.elems);
	gw_batch_done(&batch);
	gw_arena_free(arena);
}

static void long_lists_are_cut_below_the_length_of_an_attribute(void **state)
{
	const size_t n = 50000;
	struct gw_arena *arena = gw_arena_new();
	struct gw_elem *elems = gw_arena_array(arena, n, struct gw_elem);
	struct gw_set seen = nets;
	struct gw_batch batch;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const uint8_t key[] = { 10, (uint8_t)(i >> 8), (uint8_t)i, 1 };

		elems[i].key = gw_arena_memdup(arena, key, sizeof(key));
	}
	put(&batch, &nets, elems, n, 0);
	/* A start has 16 bytes, an end 24. */
	assert_int_equal(batch.n_messages, n * 40 / GW_BATCH_LIST_MAX + 1);
	assert_true(batch.n_pages > 1);
	read_back(arena, &batch, &seen, 0);
	assert_int_equal(seen.n_elems, n);
	gw_free(seen.elems);
	gw_batch_done(&batch);
	gw_arena_free(arena);
}

static void what_has_expired_is_left_out(void **state)
{
	const struct gw_elem elems[] = {
		{ .key = KEY(10, 0, 0, 1), .expires_ms = 5000 },
		{ .key = KEY(10, 0, 0, 2), .expires_ms = 5001 },
		{ .key = KEY(10, 0, 0, 3) },
	};
	struct gw_arena *arena = gw_arena_new();
	struct gw_set seen = bans;
	struct gw_batch batch;

	(void)state;
	put(&batch, &bans, elems, 3, 5000);
	read_back(arena, &batch, &seen, 5000);
	assert_int_equal(seen.n_elems, 2);
	assert_int_equal(seen.elems[0].key[3], 2);
	gw_free(seen.elems);
	gw_batch_done(&batch);
	put(&batch, &bans, elems, 1, 5000);
	assert_int_equal(batch.n_messages, 0);
	gw_batch_done(&batch);
	gw_arena_free(arena);
}

static void elements_that_do_not_fit_their_set_are_refused(void **state)
{
	const struct gw_set map = { .name = "m",
				    .key = { GW_TYPE_MARK },
				    .n_key = 1,
				    .map = true,
				    .data = GW_TYPE_VERDICT };
	const struct gw_elem jump = { .key = KEY(1, 0, 0, 0), .verdict = GW_VERDICT_JUMP };
	const struct gw_elem none = { .key = KEY(1, 0, 0, 0) };
	const struct gw_elem range = { .key = KEY(1, 0, 0, 0), .key_end = KEY(2, 0, 0, 0) };
	const struct gw_netlink netlink = { 0 };
	struct gw_batch batch;

	(void)state;
	gw_batch_init(&batch, &netlink);
	assert_int_equal(gw_elems_put(&batch, 1, "gw", &map, &jump, 1, 0, false), -EINVAL);
	assert_int_equal(gw_elems_put(&batch, 1, "gw", &map, &none, 1, 0, false), -EINVAL);
	assert_int_equal(gw_elems_put(&batch, 1, "gw", &bans, &range, 1, 0, false), -EINVAL);
	assert_int_equal(batch.n_messages, 0);
	gw_batch_done(&batch);
}

static void an_element_of_another_form_makes_the_set_strange(void **state)
{
	const struct gw_elem elem = { .key = KEY(10, 0, 0, 1) };
	struct gw_arena *arena = gw_arena_new();
	struct gw_set seen = { .name = "v6", .key = { GW_TYPE_IPV6 }, .n_key = 1 };
	struct gw_batch batch;

	(void)state;
	put(&batch, &bans, &elem, 1, 0);
	read_back(arena, &batch, &seen, 0);
	assert_int_equal(seen.n_key, 0);
	assert_int_equal(seen.n_elems, 0);
	gw_free(seen.elems);
	gw_batch_done(&batch);
	gw_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interval_is_a_start_and_an_end_behind_it),
		cmocka_unit_test(intervals_come_back_whatever_their_neighbours),
		cmocka_unit_test(long_lists_are_cut_below_the_length_of_an_attribute),
		cmocka_unit_test(what_has_expired_is_left_out),
		cmocka_unit_test(elements_that_do_not_fit_their_set_are_refused),
		cmocka_unit_test(an_element_of_another_form_makes_the_set_strange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
