/* The common subsequence of two chains, against a plain search for the longest one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/plan/rules_diff.h"

#define RULES_MAX 600u

/* A chain whose rules are told apart by one letter each. */
struct letters {
	struct gw_expr exprs[RULES_MAX];
	struct gw_rule rules[RULES_MAX];
	struct gw_chain chain;
};

static void letters_init(struct letters *letters, const char *text)
{
	memset(letters, 0, sizeof(*letters));
	letters->chain.rules = letters->rules;
	letters->chain.n_rules = strlen(text);
	for (size_t i = 0; i < letters->chain.n_rules; i++) {
		letters->exprs[i].key = (uint32_t)text[i];
		letters->rules[i].exprs = &letters->exprs[i];
		letters->rules[i].n_exprs = 1;
	}
}

static bool any(const struct gw_rule *rule, const void *context)
{
	(void)rule;
	(void)context;
	return true;
}

static bool all_but(const struct gw_rule *rule, const void *letter)
{
	return rule->exprs[0].key != (uint32_t) * (const char *)letter;
}

static size_t longest(const char *a, const char *b)
{
	size_t table[64][64] = { 0 }, n = strlen(a), m = strlen(b);

	for (size_t i = n; i-- > 0;)
		for (size_t k = m; k-- > 0;) {
			size_t skip = table[i + 1][k] > table[i][k + 1] ? table[i + 1][k]
									: table[i][k + 1];

			table[i][k] = a[i] == b[k] ? table[i + 1][k + 1] + 1 : skip;
		}
	return table[0][0];
}

/* What stays is the same rules in the same order on both sides; how many there are. */
static size_t assert_sound(const struct gw_chain *was, const struct gw_chain *wanted,
			   const bool *stays, const size_t *partner)
{
	size_t n = 0, next = 0;

	for (size_t k = 0; k < wanted->n_rules; k++) {
		if (partner[k] == GW_NO_PARTNER)
			continue;
		assert_true(partner[k] >= next && partner[k] < was->n_rules);
		assert_true(stays[partner[k]]);
		assert_true(gw_rule_equal(&was->rules[partner[k]], &wanted->rules[k]));
		next = partner[k] + 1;
		n++;
	}
	for (size_t i = 0; i < was->n_rules; i++)
		n -= stays[i];
	assert_int_equal(n, 0);
	for (size_t i = 0; i < was->n_rules; i++)
		n += stays[i];
	return n;
}

static size_t common(const char *was, const char *wanted,
		     bool (*may_stay)(const struct gw_rule *, const void *), const void *context)
{
	struct letters *a = gw_zalloc(1, sizeof(*a)), *b = gw_zalloc(1, sizeof(*b));
	size_t *partner, n;
	bool *stays;

	letters_init(a, was);
	letters_init(b, wanted);
	stays = gw_rules_common(&a->chain, &b->chain, may_stay, context, &partner);
	n = assert_sound(&a->chain, &b->chain, stays, partner);
	gw_free(stays);
	gw_free(partner);
	gw_free(a);
	gw_free(b);
	return n;
}

static void as_many_rules_stay_as_can(void **state)
{
	static const struct {
		const char *was, *wanted;
		size_t n;
	} cases[] = {
		{ "", "", 0 },           { "abc", "", 0 },     { "", "abc", 0 },
		{ "abc", "abc", 3 },     { "abc", "abxc", 3 }, { "abc", "ac", 2 },
		{ "abcd", "badc", 2 },   { "aaaa", "aa", 2 },  { "abab", "baba", 3 },
		{ "xabcy", "xcbay", 3 }, { "abcdef", "f", 1 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++)
		if (common(cases[i].was, cases[i].wanted, any, NULL) != cases[i].n)
			fail_msg("%s and %s", cases[i].was, cases[i].wanted);
}

static void random_chains_share_the_longest_subsequence(void **state)
{
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char text[2][32] = { "", "" };

		for (int side = 0; side < 2; side++) {
			int len = rand_r(&seed) % 30;

			for (int i = 0; i < len; i++)
				text[side][i] = (char)('a' + rand_r(&seed) % 4);
		}
		/* Start and end that are the same lose nothing. */
		if (common(text[0], text[1], any, NULL) != longest(text[0], text[1]))
			fail_msg("%s and %s", text[0], text[1]);
	}
}

static void rules_that_may_not_stay_do_not(void **state)
{
	(void)state;
	assert_int_equal(common("abcab", "abcab", all_but, "b"), 3);
	assert_int_equal(common("bbb", "bbb", all_but, "b"), 0);
}

static void of_long_middle_parts_nothing_stays(void **state)
{
	char was[RULES_MAX + 1] = "", wanted[RULES_MAX + 1] = "";

	(void)state;
	memset(was, 'a', 500);
	memset(wanted, 'a', 500);
	was[0] = wanted[0] = 's';
	was[499] = wanted[499] = 'e';
	for (size_t i = 1; i < 499; i += 2)
		wanted[i] = 'b';
	wanted[498] = 'b';
	assert_int_equal(common(was, wanted, any, NULL), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_rules_stay_as_can),
		cmocka_unit_test(random_chains_share_the_longest_subsequence),
		cmocka_unit_test(rules_that_may_not_stay_do_not),
		cmocka_unit_test(of_long_middle_parts_nothing_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
