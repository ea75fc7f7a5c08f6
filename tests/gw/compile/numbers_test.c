#include "gw/compile/numbers.h"

/* cmocka.h needs the headers before it. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "gw/core/mem.h"
#include "tests/support/compiled_site.h"

#define NOW INT64_C(1790000000)

#define ZONES(hq_interfaces, hq_nets)                                                              \
	"gw: 1\nsite: {name: t}\nzones:\n"                                                         \
	"  wan: {interfaces: [wan0], untrusted: true}\n"                                           \
	"  hq: {interfaces: [" hq_interfaces "], nets: [" hq_nets "]}\n"                           \
	"policies:\n"
#define SITE     ZONES("hq0", "10.2.0.0/16")
#define DUTY     ", owner: o, ticket: T-1, review: 2099-12-31}\n"
#define WEB(...) "  - {id: web, from: wan, to: hq, " __VA_ARGS__ DUTY
#define ACCEPTED WEB("dest: [10.2.0.0/24], services: [tcp/80-90], action: accept")

/* Does `web` keep its number from one text to the next? */
static bool keeps(const char *before_text, const char *after_text)
{
	struct compiled_site before, after;
	bool same;

	compiled_site_load(&before, before_text, NOW, NULL);
	compiled_site_load(&after, after_text, NOW, &before);
	same = gw_numbers_of(before.numbers, "web") == gw_numbers_of(after.numbers, "web");
	compiled_site_done(&after);
	compiled_site_done(&before);
	return same;
}

static void number_is_kept_while_all_that_was_permitted_still_is(void **state)
{
	static const struct {
		const char *name, *before, *after;
	} rows[] = {
		{ "no change", SITE ACCEPTED, SITE ACCEPTED },
		{ "another owner", SITE ACCEPTED,
		  SITE "  - {id: web, from: wan, to: hq, dest: [10.2.0.0/24], services: "
		       "[tcp/80-90], action: accept, log: true, owner: p, ticket: T-2, review: "
		       "2098-01-01}\n" },
		{ "more destinations", SITE ACCEPTED,
		  SITE WEB("dest: [10.2.0.0/23], services: [tcp/80-90], action: accept") },
		{ "a destination less that cannot be there",
		  SITE WEB("dest: [10.2.0.0/24, 10.9.0.1], services: [tcp/80-90], action: accept"),
		  SITE ACCEPTED },
		{ "any destination", SITE ACCEPTED,
		  SITE WEB("services: [tcp/80-90], action: accept") },
		{ "one interface more", SITE ACCEPTED, ZONES("hq0, hq1", "10.2.0.0/16") ACCEPTED },
		{ "one net more", SITE ACCEPTED,
		  ZONES("hq0", "10.2.0.0/16, \"2001:db8::/48\"")
			  WEB("dest: [10.2.0.0/24], source: [any], services: [tcp/80-90], "
			      "action: accept") },
		{ "a deny elsewhere", SITE ACCEPTED,
		  SITE ACCEPTED "  - {id: no, from: wan, to: hq, services: [udp/1], action: "
				"drop" DUTY },
		{ "a deny less",
		  SITE ACCEPTED "  - {id: no, from: wan, to: hq, services: [tcp/80], action: "
				"drop" DUTY,
		  SITE ACCEPTED },
		{ "a deny that denies less",
		  SITE ACCEPTED "  - {id: no, from: wan, to: hq, services: [tcp/80-85], action: "
				"drop" DUTY,
		  SITE ACCEPTED "  - {id: no, from: wan, to: hq, services: [tcp/80], action: "
				"drop" DUTY },
		{ "always instead of in a window",
		  SITE WEB("dest: [10.2.0.0/24], services: [tcp/80-90], action: accept, "
			   "hours: {days: [mon], from: \"08:00\", until: \"09:00\"}"),
		  SITE ACCEPTED },
		{ "a deny that changes itself", SITE WEB("services: [tcp/80-90], action: drop"),
		  SITE WEB("services: [tcp/80], action: reject") },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		if (!keeps(rows[i].before, rows[i].after))
			print_error("row: %s\n", rows[i].name);
		assert_true(keeps(rows[i].before, rows[i].after));
	}
}

static void number_changes_when_anything_is_withdrawn(void **state)
{
	static const struct {
		const char *name, *before, *after;
	} rows[] = {
		{ "fewer destinations", SITE ACCEPTED,
		  SITE WEB("dest: [10.2.0.0/25], services: [tcp/80-90], action: accept") },
		{ "fewer services", SITE ACCEPTED,
		  SITE WEB("dest: [10.2.0.0/24], services: [tcp/80-89], action: accept") },
		{ "one interface less", ZONES("hq0, hq1", "10.2.0.0/16") ACCEPTED, SITE ACCEPTED },
		{ "a smaller net", SITE ACCEPTED, ZONES("hq0", "10.2.0.0/25") ACCEPTED },
		{ "a deny that overlaps", SITE ACCEPTED,
		  SITE ACCEPTED "  - {id: no, from: wan, to: hq, services: [tcp/90], action: "
				"reject" DUTY },
		{ "a deny that overlaps at some hours", SITE ACCEPTED,
		  SITE ACCEPTED
		  "  - {id: no, from: wan, to: hq, services: [tcp/90], action: drop, hours: "
		  "{days: [mon], from: \"08:00\", until: \"09:00\"}" DUTY },
		{ "a window", SITE ACCEPTED,
		  SITE WEB("dest: [10.2.0.0/24], services: [tcp/80-90], action: accept, "
			   "hours: {days: [mon], from: \"08:00\", until: \"09:00\"}") },
		{ "it denies now", SITE ACCEPTED,
		  SITE WEB("dest: [10.2.0.0/24], services: [tcp/80-90], action: drop") },
		{ "another direction", SITE ACCEPTED,
		  SITE "  - {id: web, from: hq, to: wan, services: any, action: accept" DUTY },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		if (keeps(rows[i].before, rows[i].after))
			print_error("row: %s\n", rows[i].name);
		assert_false(keeps(rows[i].before, rows[i].after));
	}
}

static void numbers_of_rules_that_went_are_not_given_to_others(void **state)
{
	struct compiled_site before, after;

	(void)state;
	compiled_site_load(&before, SITE ACCEPTED, NOW, NULL);
	compiled_site_load(&after,
			   SITE "  - {id: other, from: wan, to: hq, services: [tcp/80], action: "
				"accept" DUTY,
			   NOW, &before);
	assert_int_equal(gw_numbers_of(before.numbers, "web"), GW_NUMBER_FIRST);
	assert_int_equal(gw_numbers_of(after.numbers, "web"), 0);
	assert_int_equal(gw_numbers_of(after.numbers, "other"), GW_NUMBER_FIRST + 1);
	assert_string_equal(gw_numbers_id(after.numbers, GW_NUMBER_FIRST + 1), "other");
	assert_null(gw_numbers_id(after.numbers, GW_NUMBER_FIRST));
	compiled_site_done(&after);
	compiled_site_done(&before);
}

/* A policy as the loader made it, with another mark mask. */
static struct gw_policy with_mask(const struct compiled_site *site, uint32_t mask)
{
	struct gw_policy policy = *site->config->policy;

	policy.mark_mask = mask;
	return policy;
}

static void numbers_go_round_within_the_mask_and_skip_those_in_use(void **state)
{
	struct compiled_site site;
	struct gw_numbers *numbers, *next;
	struct gw_policy policy;
	struct gw_diags diags;
	uint32_t last;

	(void)state;
	gw_diags_init(&diags);
	compiled_site_load(&site, SITE ACCEPTED, NOW, NULL);
	policy = with_mask(&site, 0x1f000);
	numbers = gw_numbers_assign(&policy, NULL, NULL, &diags);
	assert_non_null(numbers);
	last = gw_numbers_of(numbers, "web");
	assert_int_equal(last, 0x10000);
	for (int i = 0; i < 40; i++) {
		numbers->items[0].content++; /* as if its meaning had changed */
		next = gw_numbers_assign(&policy, numbers, NULL, &diags);
		assert_int_not_equal(gw_numbers_of(next, "web"), last);
		last = gw_numbers_of(next, "web");
		assert_int_equal(last & ~0x1f000u, 0);
		assert_true(last >= 0x10000);
		gw_numbers_free(numbers);
		numbers = next;
	}
	gw_numbers_free(numbers);
	compiled_site_done(&site);
	gw_diags_done(&diags);
}

static void narrow_mask_is_refused(void **state)
{
	struct compiled_site site;
	struct gw_policy policy;
	struct gw_diags diags;

	(void)state;
	gw_diags_init(&diags);
	compiled_site_load(&site, SITE ACCEPTED, NOW, NULL);
	policy = with_mask(&site, 0xf);
	assert_null(gw_numbers_assign(&policy, NULL, NULL, &diags));
	assert_int_equal(diags.items[0].id, GW_D_MARK_NUMBERS);
	compiled_site_done(&site);
	gw_diags_done(&diags);
}

static void partial_mask_needs_a_kernel_that_can_set_it(void **state)
{
	struct compiled_site site;
	struct gw_kernel_features features = { .bitwise_or = false };
	struct gw_policy policy;
	struct gw_diags diags;

	(void)state;
	gw_diags_init(&diags);
	compiled_site_load(&site, SITE ACCEPTED, NOW, NULL);
	policy = with_mask(&site, 0xffff);
	assert_null(gw_compile(&policy, site.numbers, &features, NOW, &diags));
	assert_int_equal(diags.items[0].id, GW_D_MARK_MASK_KERNEL);
	compiled_site_done(&site);
	gw_diags_done(&diags);
}

static void json_gives_the_same_numbers_back(void **state)
{
	struct compiled_site site;
	gw_auto_text struct gw_text text = { 0 }, again = { 0 };
	struct gw_numbers *numbers;

	(void)state;
	compiled_site_load(&site, SITE ACCEPTED, NOW, NULL);
	gw_numbers_print(site.numbers, &text);
	numbers = gw_numbers_parse(text.bytes, text.len);
	assert_non_null(numbers);
	assert_int_equal(numbers->n, site.numbers->n);
	assert_int_equal(numbers->next, site.numbers->next);
	assert_int_equal(numbers->items[0].content, site.numbers->items[0].content);
	gw_numbers_print(numbers, &again);
	assert_string_equal(text.bytes, again.bytes);
	gw_numbers_free(numbers);
	compiled_site_done(&site);
}

#define TRANSLATED SITE ACCEPTED "nat: [{id: hq-out, from: hq, to: wan, masquerade: true}]\n"

/* The chains cost every packet something, but what was translated must go on being translated. */
static void translation_has_its_chains_from_the_first_nat_on_and_for_good(void **state)
{
	struct compiled_site never, first, after;
	gw_auto_text struct gw_text text = { 0 };
	struct gw_numbers *stored;

	(void)state;
	compiled_site_load(&never, SITE ACCEPTED, NOW, NULL);
	assert_null(gw_ruleset_chain(never.ruleset, GW_NAT_CHAIN));
	compiled_site_load(&first, TRANSLATED, NOW, &never);
	assert_non_null(gw_ruleset_chain(first.ruleset, GW_NAT_CHAIN));
	compiled_site_load(&after, SITE ACCEPTED, NOW, &first);
	assert_non_null(gw_ruleset_chain(after.ruleset, GW_NAT_CHAIN));
	gw_numbers_print(after.numbers, &text);
	stored = gw_numbers_parse(text.bytes, text.len);
	assert_true(stored->translates);
	gw_numbers_free(stored);
	compiled_site_done(&after);
	compiled_site_done(&first);
	compiled_site_done(&never);
}

static void foreign_json_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[1, 2]",
		"{\"schema\": \"gw.numbers/2\", \"next\": 1, \"numbers\": []}",
		"{\"schema\": \"gw.numbers/1\", \"next\": -1, \"numbers\": []}",
		"{\"schema\": \"gw.numbers/1\", \"next\": 1, \"numbers\": [7]}",
		"{\"schema\": \"gw.numbers/1\", \"next\": 1, \"numbers\": [{\"id\": \"a\", "
		"\"number\": 3, \"content\": \"0000000000000000\"}]}",
		"{\"schema\": \"gw.numbers/1\", \"next\": 1, \"numbers\": [{\"id\": \"a\", "
		"\"number\": 20, \"content\": \"zz00000000000000\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(texts); i++)
		assert_null(gw_numbers_parse(texts[i], strlen(texts[i])));
}

static void every_builtin_has_a_name(void **state)
{
	(void)state;
	for (unsigned int i = GW_BUILTIN_NONE + 1; i < GW_BUILTIN_COUNT; i++)
		assert_string_not_equal(gw_builtin_name((enum gw_builtin)i), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_is_kept_while_all_that_was_permitted_still_is),
		cmocka_unit_test(number_changes_when_anything_is_withdrawn),
		cmocka_unit_test(numbers_of_rules_that_went_are_not_given_to_others),
		cmocka_unit_test(numbers_go_round_within_the_mask_and_skip_those_in_use),
		cmocka_unit_test(narrow_mask_is_refused),
		cmocka_unit_test(partial_mask_needs_a_kernel_that_can_set_it),
		cmocka_unit_test(json_gives_the_same_numbers_back),
		cmocka_unit_test(translation_has_its_chains_from_the_first_nat_on_and_for_good),
		cmocka_unit_test(foreign_json_is_refused),
		cmocka_unit_test(every_builtin_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
