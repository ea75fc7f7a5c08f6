/* Stored rulesets: what is written is read again, and nothing else is taken for a ruleset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/plan/plan.h"
#include "gw/ruleset/encode.h"
#include "gw/ruleset/expr_numbers.h"
#include "gw/ruleset/ruleset.h"
#include "tests/support/nft_sample.h"
#include "tests/support/random_ruleset.h"

#define SEEDS 500

/* Same in force, same for people, same bytes. */
static void assert_same(const struct gw_ruleset *a, const struct gw_ruleset *b)
{
	gw_auto_text struct gw_text a_bytes = { 0 }, b_bytes = { 0 };
	gw_auto_text struct gw_text a_text = { 0 }, b_text = { 0 };
	char a_digest[65], b_digest[65];

	assert_non_null(b);
	gw_ruleset_digest(a, a_digest);
	gw_ruleset_digest(b, b_digest);
	assert_string_equal(b_digest, a_digest);
	gw_ruleset_print(a, &a_text);
	gw_ruleset_print(b, &b_text);
	assert_string_equal(b_text.bytes, a_text.bytes);
	gw_ruleset_encode(a, &a_bytes);
	gw_ruleset_encode(b, &b_bytes);
	assert_int_equal(b_bytes.len, a_bytes.len);
	assert_memory_equal(b_bytes.bytes, a_bytes.bytes, a_bytes.len);
}

static void assert_nothing_to_do(const struct gw_ruleset *a, struct gw_ruleset *b)
{
	struct gw_plan *plan;

	b->exists = true;
	plan = gw_plan_diff(a, b);
	assert_int_equal(plan->n_ops, 0);
	gw_plan_free(plan);
}

static struct gw_ruleset *decode(const struct gw_text *bytes)
{
	return gw_ruleset_decode(bytes->bytes, bytes->len);
}

/* Returns what came back. */
static struct gw_ruleset *assert_comes_back(const struct gw_ruleset *ruleset)
{
	gw_auto_text struct gw_text bytes = { 0 };
	struct gw_ruleset *read;

	gw_ruleset_encode(ruleset, &bytes);
	read = decode(&bytes);
	assert_same(ruleset, read);
	return read;
}

static void random_rulesets_come_back_as_they_were(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gw_ruleset *ruleset = random_ruleset(seed);
		struct gw_ruleset *read = assert_comes_back(ruleset);

		assert_nothing_to_do(ruleset, read);
		gw_ruleset_free(read);
		gw_ruleset_free(ruleset);
	}
}

static void every_kind_of_object_comes_back_as_it_was(void **state)
{
	struct gw_ruleset *ruleset = nft_sample(1000000), *read;
	struct gw_elem *counted = &gw_ruleset_set(ruleset, "live")->elems[0];

	(void)state;
	counted->packets = counted->bytes = 0; /* not stored */
	read = assert_comes_back(ruleset);
	assert_nothing_to_do(ruleset, read);
	gw_ruleset_free(read);
	gw_ruleset_free(ruleset);
}

static void an_empty_ruleset_comes_back(void **state)
{
	struct gw_ruleset *ruleset = gw_ruleset_new(1, "gw");

	(void)state;
	gw_ruleset_finish(ruleset);
	gw_ruleset_free(assert_comes_back(ruleset));
	gw_ruleset_free(ruleset);
}

static struct gw_ruleset *with_expr(const struct gw_expr *expr)
{
	struct gw_ruleset *ruleset = gw_ruleset_new(1, "gw");
	struct gw_chain *chain = gw_ruleset_add_chain(ruleset, "c", NULL, NULL);

	(void)gw_ruleset_add_rule(ruleset, chain, expr, 1, NULL, NULL);
	gw_ruleset_finish(ruleset);
	return ruleset;
}

/* An expression that differs from the empty one in one member. */
static void assert_member_counts(const struct gw_expr *changed, const char *member)
{
	const struct gw_expr empty = { 0 };
	struct gw_ruleset *a = with_expr(changed), *b = with_expr(&empty);
	char a_digest[65], b_digest[65];

	if (gw_expr_equal(changed, &empty))
		fail_msg("%s is not compared", member);
	gw_ruleset_digest(a, a_digest);
	gw_ruleset_digest(b, b_digest);
	if (strcmp(a_digest, b_digest) == 0)
		fail_msg("%s is not in the digest", member);
	gw_ruleset_free(assert_comes_back(a));
	gw_ruleset_free(a);
	gw_ruleset_free(b);
}

static void every_number_of_an_expression_is_compared_hashed_and_stored(void **state)
{
	(void)state;
#define CHECK(member)                                                                              \
	{                                                                                          \
		const struct gw_expr expr = { .member = 1 };                                       \
                                                                                                   \
		assert_member_counts(&expr, #member);                                              \
	}
	GW_EXPR_NUMBERS(CHECK)
#undef CHECK
}

static void the_largest_numbers_come_back(void **state)
{
	struct gw_expr expr = { .rate = UINT64_MAX,
				.timeout_ms = UINT64_MAX - 1,
				.key = UINT32_MAX,
				.flags = 1u << 31 };
	const struct gw_base_hook hook = { .hook = 2, .priority = INT32_MIN, .type = "filter" };
	struct gw_ruleset *ruleset = with_expr(&expr);

	(void)state;
	(void)gw_ruleset_add_chain(ruleset, "d", &hook, NULL);
	gw_ruleset_free(assert_comes_back(ruleset));
	gw_ruleset_free(ruleset);
}

static void a_chain_of_devices_comes_back(void **state)
{
	static const char *const devices[] = { "eth0", "eth1" };
	const struct gw_base_hook hook = {
		.hook = 0, .priority = -10, .type = "filter", .devices = devices, .n_devices = 2
	};
	struct gw_ruleset *ruleset = gw_ruleset_new(5, "gw");

	(void)state;
	(void)gw_ruleset_add_chain(ruleset, "c", &hook, NULL);
	gw_ruleset_finish(ruleset);
	gw_ruleset_free(assert_comes_back(ruleset));
	gw_ruleset_free(ruleset);
}

static void the_bytes_do_not_depend_on_where_things_lie_in_memory(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		gw_auto_text struct gw_text a_bytes = { 0 }, b_bytes = { 0 };
		struct gw_ruleset *a = random_ruleset(seed), *other = random_ruleset(seed + 99);
		struct gw_ruleset *b = random_ruleset(seed);

		gw_ruleset_encode(a, &a_bytes);
		gw_ruleset_encode(b, &b_bytes);
		assert_int_equal(a_bytes.len, b_bytes.len);
		assert_memory_equal(a_bytes.bytes, b_bytes.bytes, a_bytes.len);
		gw_ruleset_free(a);
		gw_ruleset_free(b);
		gw_ruleset_free(other);
	}
}

static void what_belongs_to_the_kernel_is_not_stored(void **state)
{
	gw_auto_text struct gw_text before = { 0 }, after = { 0 };
	struct gw_ruleset *ruleset = nft_sample(1000000);
	struct gw_set *run_time = gw_ruleset_set(ruleset, "rt_rate");
	uint32_t mark = 5;

	(void)state;
	gw_ruleset_encode(ruleset, &before);
	gw_ruleset_chain(ruleset, "forward")->handle = 7;
	gw_ruleset_chain(ruleset, "forward")->rules[0].handle = 8;
	gw_ruleset_set(ruleset, "live")->elems[0].packets += 3;
	gw_ruleset_set(ruleset, "live")->handle = 9;
	ruleset->generation = 10;
	gw_ruleset_add_elem(ruleset, run_time,
			    (struct gw_elem){ .key = gw_arena_memdup(ruleset->arena, &mark, 4) });
	gw_ruleset_encode(ruleset, &after);
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.bytes, before.bytes, before.len);
	gw_ruleset_free(ruleset);
}

/* ---- damage ---------------------------------------------------------------------------------- */

/* A copy of exactly this size, so that the sanitizer sees a read behind its end. */
static struct gw_ruleset *decode_exactly(const char *bytes, size_t len)
{
	gw_auto_free char *copy = gw_zalloc(1, len ? len : 1);

	memcpy(copy, bytes, len);
	return gw_ruleset_decode(copy, len);
}

static void a_ruleset_that_ends_early_is_none(void **state)
{
	gw_auto_text struct gw_text bytes = { 0 };
	struct gw_ruleset *ruleset = nft_sample(1000000);

	(void)state;
	gw_ruleset_encode(ruleset, &bytes);
	for (size_t len = 0; len < bytes.len; len++)
		if (decode_exactly(bytes.bytes, len))
			fail_msg("%zu of %zu bytes are taken for a ruleset", len, bytes.len);
	gw_text_putc(&bytes, '\0');
	assert_null(decode(&bytes));
	gw_ruleset_free(ruleset);
}

static void a_changed_byte_gives_a_sound_ruleset_or_none(void **state)
{
	gw_auto_text struct gw_text bytes = { 0 };
	struct gw_ruleset *ruleset = nft_sample(1000000);

	(void)state;
	gw_ruleset_encode(ruleset, &bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		const char was = bytes.bytes[i];
		struct gw_ruleset *read;

		bytes.bytes[i] = (char)(was ^ (char)(1u << i % 8));
		read = decode_exactly(bytes.bytes, bytes.len);
		if (read)
			gw_ruleset_free(assert_comes_back(read));
		gw_ruleset_free(read);
		bytes.bytes[i] = was;
	}
	gw_ruleset_free(ruleset);
}

static void another_format_or_version_is_refused(void **state)
{
	gw_auto_text struct gw_text bytes = { 0 };
	struct gw_ruleset *ruleset = gw_ruleset_new(1, "gw");

	(void)state;
	gw_ruleset_encode(ruleset, &bytes);
	bytes.bytes[GW_STORED_MAGIC_LEN]++;
	assert_null(decode(&bytes));
	bytes.bytes[GW_STORED_MAGIC_LEN]--;
	bytes.bytes[0]++;
	assert_null(decode(&bytes));
	assert_null(gw_ruleset_decode("", 0));
	gw_ruleset_free(ruleset);
}

static void names_and_elements_out_of_order_are_refused(void **state)
{
	const struct gw_set definition = { .name = "s", .key = { GW_TYPE_MARK }, .n_key = 1 };
	gw_auto_text struct gw_text chains = { 0 }, elems = { 0 };
	struct gw_ruleset *ruleset = gw_ruleset_new(1, "gw");
	struct gw_set *set;

	(void)state;
	(void)gw_ruleset_add_chain(ruleset, "b", NULL, NULL);
	(void)gw_ruleset_add_chain(ruleset, "a", NULL, NULL);
	gw_ruleset_encode(ruleset, &chains);
	assert_null(decode(&chains));
	gw_ruleset_finish(ruleset);
	gw_ruleset_free(assert_comes_back(ruleset));

	set = gw_ruleset_add_set(ruleset, &definition);
	gw_ruleset_add_elem(ruleset, set, (struct gw_elem){ .key = (const uint8_t *)"bbbb" });
	gw_ruleset_add_elem(ruleset, set, (struct gw_elem){ .key = (const uint8_t *)"aaaa" });
	gw_ruleset_encode(ruleset, &elems);
	assert_null(decode(&elems));
	gw_ruleset_finish(ruleset);
	gw_ruleset_free(assert_comes_back(ruleset));
	gw_ruleset_free(ruleset);
}

/* "gwrs", version 1, family 1, "gw": what comes before the counts. */
#define HEAD "gwrs\x01\x01\x03gw"

static void counts_that_the_bytes_cannot_hold_are_refused(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t len;
	} cases[] = {
#define CASE(what, bytes) { what, bytes, sizeof(bytes) - 1 }
		CASE("origins", HEAD "\xff\xff\xff\x01"),
		CASE("chains", HEAD "\x00\xff\xff\x03"),
		CASE("sets", HEAD "\x00\x00\xff\xff\x03"),
		CASE("rules", HEAD "\x00\x01\x02"
				   "c\x00\x00\xff\xff\x03"),
		CASE("text", "gwrs\x01\x01\xff\xff\xff\x0fgw"),
		CASE("number without an end", HEAD "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
		CASE("number in two bytes that needs one", HEAD "\x80\x00\x00\x00"),
		CASE("unknown origin", HEAD "\x00\x01\x02"
					    "c\x01\x00\x00\x00"),
		CASE("key of a field too many",
		     HEAD "\x00\x00\x01\x02"
			  "s\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		CASE("key of verdicts", HEAD "\x00\x00\x01\x02"
					     "s\x01\x07\x00\x00\x00\x00"),
		CASE("element of a run-time set",
		     HEAD "\x00\x00\x01\x05rt_s\x01\x00\x00\x00\x00\x01"
			  "\x00"
			  "abcd\x00"),
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++)
		if (decode_exactly(cases[i].bytes, cases[i].len))
			fail_msg("%s: taken for a ruleset", cases[i].what);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_rulesets_come_back_as_they_were),
		cmocka_unit_test(every_kind_of_object_comes_back_as_it_was),
		cmocka_unit_test(an_empty_ruleset_comes_back),
		cmocka_unit_test(every_number_of_an_expression_is_compared_hashed_and_stored),
		cmocka_unit_test(the_largest_numbers_come_back),
		cmocka_unit_test(a_chain_of_devices_comes_back),
		cmocka_unit_test(the_bytes_do_not_depend_on_where_things_lie_in_memory),
		cmocka_unit_test(what_belongs_to_the_kernel_is_not_stored),
		cmocka_unit_test(a_ruleset_that_ends_early_is_none),
		cmocka_unit_test(a_changed_byte_gives_a_sound_ruleset_or_none),
		cmocka_unit_test(another_format_or_version_is_refused),
		cmocka_unit_test(names_and_elements_out_of_order_are_refused),
		cmocka_unit_test(counts_that_the_bytes_cannot_hold_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
