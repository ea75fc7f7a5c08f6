/* What the digest and equality depend on, and what they do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/ruleset/ruleset.h"
#include "tests/support/nft_sample.h"
#include "tests/support/random_ruleset.h"

typedef void change_fn(struct gw_ruleset *ruleset);

struct change {
	const char *what;
	change_fn *make;
};

/* The digest of the sample, with a change made to it or not. */
static void digest_with(change_fn *make, char ret_hex[65])
{
	struct gw_ruleset *ruleset = nft_sample(1000000);

	if (make)
		make(ruleset);
	gw_ruleset_finish(ruleset);
	gw_ruleset_digest(ruleset, ret_hex);
	gw_ruleset_free(ruleset);
}

static struct gw_elem *elem_of(struct gw_ruleset *ruleset, const char *set)
{
	return &gw_ruleset_set(ruleset, set)->elems[0];
}

static struct gw_chain *forward_of(struct gw_ruleset *ruleset)
{
	return gw_ruleset_chain(ruleset, "forward");
}

static void set_origins(struct gw_ruleset *ruleset)
{
	static const struct gw_source source = { .path = "a.yaml" };
	static const struct gw_origin origin = { .id = "web-in", .loc = { &source, 1, 2, 3 } };

	forward_of(ruleset)->origin = &origin;
	forward_of(ruleset)->rules[0].origin = &origin;
	gw_ruleset_set(ruleset, "live")->origin = &origin;
	elem_of(ruleset, "live")->origin = &origin;
}

static void set_handles(struct gw_ruleset *ruleset)
{
	forward_of(ruleset)->handle = 1;
	forward_of(ruleset)->rules[0].handle = 2;
	gw_ruleset_set(ruleset, "live")->handle = 3;
	ruleset->generation = 4;
	ruleset->exists = true;
}

static void set_comment(struct gw_ruleset *ruleset)
{
	forward_of(ruleset)->rules[0].comment = "another one";
}

static void set_counts(struct gw_ruleset *ruleset)
{
	elem_of(ruleset, "live")->packets += 5;
	elem_of(ruleset, "live")->bytes += 500;
}

static void set_expiry(struct gw_ruleset *ruleset)
{
	elem_of(ruleset, "live_timed")->expires_ms += 60000;
}

static void add_run_time(struct gw_ruleset *ruleset)
{
	gw_ruleset_add_elem(ruleset, gw_ruleset_set(ruleset, "rt_rate"),
			    (struct gw_elem){ .key = (const uint8_t *)"mark" });
}

static void make_constant(struct gw_ruleset *ruleset)
{
	struct gw_set *set = gw_ruleset_set(ruleset, "hosts4_many");

	set->constant = true;
}

static void empty_constant(struct gw_ruleset *ruleset)
{
	make_constant(ruleset);
	gw_ruleset_set(ruleset, "hosts4_many")->n_elems = 0;
}

static void spell_single_key_as_range(struct gw_ruleset *ruleset)
{
	struct gw_elem *elem = &gw_ruleset_set(ruleset, "src4")->elems[0];

	while (elem->key_end)
		elem++;
	elem->key_end = elem->key;
}

static void it_does_not_depend_on_what_people_or_the_kernel_add(void **state)
{
	static const struct change changes[] = {
		{ "origins", set_origins },
		{ "handles", set_handles },
		{ "comments", set_comment },
		{ "counts", set_counts },
		{ "expiry", set_expiry },
		{ "elements of run-time sets", add_run_time },
		{ "a key and the range of it alone", spell_single_key_as_range },
	};
	char wanted[65], seen[65];

	(void)state;
	digest_with(NULL, wanted);
	for (size_t i = 0; i < GW_COUNT(changes); i++) {
		digest_with(changes[i].make, seen);
		if (strcmp(seen, wanted) != 0)
			fail_msg("the digest depends on %s", changes[i].what);
	}
}

static void the_name_of_a_constant_set_stands_for_its_elements(void **state)
{
	char whole[65], observed[65], ordinary[65];

	(void)state;
	digest_with(NULL, ordinary);
	digest_with(make_constant, whole);
	digest_with(empty_constant, observed);
	assert_string_equal(observed, whole);
	assert_string_not_equal(ordinary, whole);
}

static void drop_rule(struct gw_ruleset *ruleset)
{
	forward_of(ruleset)->n_rules--;
}

static void swap_rules(struct gw_ruleset *ruleset)
{
	struct gw_rule *rules = forward_of(ruleset)->rules, first = rules[0];

	rules[0] = rules[1];
	rules[1] = first;
}

static void change_policy(struct gw_ruleset *ruleset)
{
	struct gw_base_hook *hook = gw_arena_memdup(ruleset->arena, forward_of(ruleset)->base,
						    sizeof(*forward_of(ruleset)->base));

	hook->policy_drop = !hook->policy_drop;
	forward_of(ruleset)->base = hook;
}

static void change_priority(struct gw_ruleset *ruleset)
{
	struct gw_base_hook *hook = gw_arena_memdup(ruleset->arena, forward_of(ruleset)->base,
						    sizeof(*forward_of(ruleset)->base));

	hook->priority--;
	forward_of(ruleset)->base = hook;
}

static void rename_chain(struct gw_ruleset *ruleset)
{
	forward_of(ruleset)->name = "forwarding";
}

static void change_key(struct gw_ruleset *ruleset)
{
	elem_of(ruleset, "live")->key = (const uint8_t *)"\x63\0\0\0";
}

static void change_verdict(struct gw_ruleset *ruleset)
{
	elem_of(ruleset, "live")->verdict = GW_VERDICT_DROP;
}

static void change_data(struct gw_ruleset *ruleset)
{
	elem_of(ruleset, "match")->data = (const uint8_t *)"\x63\0\0\0";
}

static void drop_elem(struct gw_ruleset *ruleset)
{
	gw_ruleset_set(ruleset, "nets4")->n_elems--;
}

static void change_size(struct gw_ruleset *ruleset)
{
	gw_ruleset_set(ruleset, "live")->size = 7;
}

static void change_flag(struct gw_ruleset *ruleset)
{
	gw_ruleset_set(ruleset, "live")->timeout = true;
}

static void change_type(struct gw_ruleset *ruleset)
{
	gw_ruleset_set(ruleset, "live")->key[0] = GW_TYPE_IPV4;
}

static void rename_table(struct gw_ruleset *ruleset)
{
	ruleset->name = "other";
}

static void it_depends_on_all_that_is_enforced(void **state)
{
	static const struct change changes[] = {
		{ "the number of rules", drop_rule },    { "the order of rules", swap_rules },
		{ "a chain's policy", change_policy },   { "a chain's priority", change_priority },
		{ "a chain's name", rename_chain },      { "a key", change_key },
		{ "a verdict", change_verdict },         { "the data of a map", change_data },
		{ "the number of elements", drop_elem }, { "a set's size", change_size },
		{ "a set's flags", change_flag },        { "a set's key type", change_type },
		{ "the table's name", rename_table },
	};
	char wanted[65], seen[65];

	(void)state;
	digest_with(NULL, wanted);
	for (size_t i = 0; i < GW_COUNT(changes); i++) {
		digest_with(changes[i].make, seen);
		if (strcmp(seen, wanted) == 0)
			fail_msg("the digest does not depend on %s", changes[i].what);
	}
}

/* Digests are kept with revisions: another version of the program must come to the same. If this
 * fails, the canonical form has changed; see encode.c. */
static void it_is_the_same_in_every_version_of_the_program(void **state)
{
	struct gw_ruleset *ruleset = gw_ruleset_new(1, "gw");
	const struct gw_base_hook hook = { .hook = 2, .priority = -1, .type = "filter" };
	const struct gw_set definition = {
		.name = "s", .key = { GW_TYPE_IPV4 }, .n_key = 1, .interval = true
	};
	const struct gw_expr exprs[] = {
		{ .kind = GW_EXPR_LOOKUP, .sreg = GW_REG(0), .set_name = "s" },
		{ .kind = GW_EXPR_IMMEDIATE, .verdict = GW_VERDICT_DROP },
	};
	char digest[65];

	(void)state;
	(void)gw_ruleset_add_rule(ruleset, gw_ruleset_add_chain(ruleset, "c", &hook, NULL), exprs,
				  GW_COUNT(exprs), NULL, NULL);
	gw_ruleset_add_elem(ruleset, gw_ruleset_add_set(ruleset, &definition),
			    (struct gw_elem){ .key = (const uint8_t *)"\x0a\0\0\0",
					      .key_end = (const uint8_t *)"\x0a\xff\xff\xff" });
	gw_ruleset_finish(ruleset);
	gw_ruleset_digest(ruleset, digest);
	assert_string_equal(digest,
			    "86798ed29dfd271ca9d6773c91a8f0920a94ccf5ec3dcae46e4891049efe8d1e");
	gw_ruleset_free(ruleset);
}

static void rulesets_that_differ_have_different_digests(void **state)
{
	enum { N = 200 };
	char digests[N][65];

	(void)state;
	for (unsigned int i = 0; i < N; i++) {
		struct gw_ruleset *ruleset = random_ruleset(i + 1);

		gw_ruleset_digest(ruleset, digests[i]);
		gw_ruleset_free(ruleset);
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(digests[i], digests[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_does_not_depend_on_what_people_or_the_kernel_add),
		cmocka_unit_test(the_name_of_a_constant_set_stands_for_its_elements),
		cmocka_unit_test(it_depends_on_all_that_is_enforced),
		cmocka_unit_test(it_is_the_same_in_every_version_of_the_program),
		cmocka_unit_test(rulesets_that_differ_have_different_digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
