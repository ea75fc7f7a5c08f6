/* The kernel's opinion of a ruleset, and what refusals mean for the operator. */
#include <errno.h>
#include <linux/netfilter.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "gw/nft/nft.h"
#include "tests/support/nft_sample.h"

static int64_t now_ms(void)
{
	return (int64_t)time(NULL) * 1000;
}

/* Runs the check; -errno. Skips where no namespace can be made. */
static int check(const struct gw_ruleset *ruleset, struct gw_diags *diags)
{
	int err = gw_kernel_check(ruleset, diags);

	if (err && diags->count && diags->items[0].id == GW_D_KERNEL_NO_NAMESPACE) {
		gw_diags_done(diags);
		skip();
	}
	return err;
}

static void a_good_ruleset_is_accepted(void **state)
{
	struct gw_ruleset *ruleset = nft_sample(now_ms());
	struct gw_diags diags;

	(void)state;
	gw_diags_init(&diags);
	assert_int_equal(check(ruleset, &diags), 0);
	assert_int_equal(diags.errors, 0);
	gw_diags_done(&diags);
	gw_ruleset_free(ruleset);
}

static void a_large_set_is_checked_in_pieces(void **state)
{
	const struct gw_set definition = {
		.name = "hosts4_huge", .key = { GW_TYPE_IPV4 }, .n_key = 1, .size = 700000
	};
	struct gw_ruleset *ruleset = nft_sample(now_ms());
	struct gw_set *set = gw_ruleset_add_set(ruleset, &definition);
	struct gw_diags diags;
	uint32_t i;

	(void)state;
	for (i = 0; i < 600000; i++) {
		const uint8_t key[] = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };

		gw_ruleset_add_elem(ruleset, set,
				    (struct gw_elem){ .key = gw_arena_memdup(ruleset->arena, key,
									     sizeof(key)) });
	}
	gw_ruleset_finish(ruleset);
	gw_diags_init(&diags);
	assert_int_equal(check(ruleset, &diags), 0);
	gw_diags_done(&diags);
	gw_ruleset_free(ruleset);
}

static void a_refusal_names_the_line_of_the_culprit(void **state)
{
	static const struct gw_source source = { .path = "site.yaml" };
	static const struct gw_origin origin = {
		.id = "web-in",
		.loc = { .source = &source, .line = 31, .column = 5, .len = 6 },
	};
	/* A register that nothing has written. */
	const struct gw_expr bad = { .kind = GW_EXPR_META, .key = 9999, .dreg = GW_REG(0) };
	struct gw_ruleset *ruleset = nft_sample(now_ms());
	struct gw_diags diags;

	(void)state;
	(void)gw_ruleset_add_rule(ruleset, gw_ruleset_chain(ruleset, "checks"), &bad, 1, &origin,
				  "web-in");
	gw_diags_init(&diags);
	assert_true(check(ruleset, &diags) < 0);
	assert_int_equal(diags.count, 1);
	assert_ptr_equal(diags.items[0].loc.source, &source);
	assert_int_equal(diags.items[0].loc.line, 31);
	assert_non_null(strstr(diags.items[0].message, "chain `checks`"));
	gw_diags_done(&diags);
	gw_ruleset_free(ruleset);
}

static void devices_of_netdev_chains_exist_in_the_namespace(void **state)
{
	static const char *const devices[] = { "gwtest0", "gwtest1" };
	const struct gw_base_hook base = {
		.hook = NF_NETDEV_INGRESS,
		.priority = -10,
		.type = "filter",
		.devices = devices,
		.n_devices = 2,
	};
	struct gw_ruleset *ruleset = gw_ruleset_new(NFPROTO_NETDEV, "gw");
	struct gw_diags diags;

	(void)state;
	(void)gw_ruleset_add_chain(ruleset, "ingress", &base, NULL);
	gw_ruleset_finish(ruleset);
	gw_diags_init(&diags);
	assert_int_equal(check(ruleset, &diags), 0);
	gw_diags_done(&diags);
	gw_ruleset_free(ruleset);
}

static void every_refusal_has_its_own_diagnostic(void **state)
{
	static const struct gw_set set = { .name = "nets4" };
	static const struct gw_chain chain = { .name = "forward" };
	static struct gw_expr fib = { .kind = GW_EXPR_FIB };
	static const struct gw_rule rule = { .exprs = &fib, .n_exprs = 1 };
	static const struct gw_op elems = { .kind = GW_OP_ADD_ELEMS, .set = &set };
	static const struct gw_op add = { .kind = GW_OP_ADD_RULE, .chain = &chain, .rule = &rule };
	static const struct gw_op gone = { .kind = GW_OP_DEL_SET, .set = &set };
	static const struct {
		int error;
		const struct gw_op *op;
		enum gw_diag_id id;
		const char *hint; /* part of it */
	} cases[] = {
		{ EPERM, NULL, GW_D_KERNEL_PERMISSION, "CAP_NET_ADMIN" },
		{ ERESTART, NULL, GW_D_KERNEL_CHANGED, "again" },
		{ EEXIST, &elems, GW_D_KERNEL_OVERLAP, NULL },
		{ ENFILE, &elems, GW_D_KERNEL_SET_FULL, NULL },
		{ ENOSPC, &elems, GW_D_KERNEL_SET_FULL, NULL },
		{ ENOENT, &add, GW_D_KERNEL_LACKS, "nft_fib_inet" },
		{ EOPNOTSUPP, &add, GW_D_KERNEL_LACKS, "nft_fib_inet" },
		{ ENOMEM, NULL, GW_D_KERNEL_MEMORY, NULL },
		{ EMSGSIZE, NULL, GW_D_KERNEL_TOO_LARGE, "wmem_max" },
		{ EMFILE, NULL, GW_D_KERNEL_FILES, "ulimit" },
		{ EMLINK, &add, GW_D_KERNEL_JUMPS, NULL },
		{ EBUSY, &gone, GW_D_KERNEL_IN_USE, "nft list" },
		{ EBUSY, NULL, GW_D_KERNEL_CHANGED, "nft monitor" },
		{ EIO, NULL, GW_D_KERNEL_UNPROVEN, "again" },
		{ EINVAL, &add, GW_D_KERNEL_REFUSED, NULL },
	};
	const struct gw_plan plan = { .table = "gw" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gw_kernel_error error = { .error = cases[i].error, .op = cases[i].op };
		struct gw_diags diags;

		gw_diags_init(&diags);
		(void)strcpy(error.text, "because");
		gw_kernel_diagnose(&plan, -cases[i].error, &error, &diags);
		assert_int_equal(diags.count, 1);
		assert_int_equal(diags.items[0].id, cases[i].id);
		assert_non_null(strstr(diags.items[0].message, "(kernel: because)"));
		if (cases[i].hint)
			assert_non_null(strstr(diags.items[0].hint, cases[i].hint));
		gw_diags_done(&diags);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_ruleset_is_accepted),
		cmocka_unit_test(a_large_set_is_checked_in_pieces),
		cmocka_unit_test(a_refusal_names_the_line_of_the_culprit),
		cmocka_unit_test(devices_of_netdev_chains_exist_in_the_namespace),
		cmocka_unit_test(every_refusal_has_its_own_diagnostic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
