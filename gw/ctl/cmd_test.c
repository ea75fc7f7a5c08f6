/*
 * test: do the flows that the tests of the config repository name meet what their authors expect? Decided on the
 * model, as `explain` does, so that a config can be tested where there is no gateway.
 *
 *	gw-test: 1
 *	tests:
 *	  - {flow: wan 198.51.100.9 -> 203.0.113.9 tcp/443, expect: accept, by: web-in}
 *	  - {flow: guest 10.30.0.50 -> 10.20.1.10 tcp/445, expect: drop, at: 2027-01-31T08:30+09:00}
 */
#include <string.h>

#include "gw/conf/schema.h"
#include "gw/core/mem.h"
#include "gw/ctl/flow.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

#define PATTERN "tests/*.yaml"

static const struct gw_loc nowhere;

struct file_form {
	uint32_t version;
	struct gw_node *tests;
};
struct test_form {
	const char *flow, *by;
	int expect;
	int64_t at;
};

static const struct gw_choice actions[] = {
	{ "accept", GW_ACTION_ACCEPT },
	{ "drop", GW_ACTION_DROP },
	{ "reject", GW_ACTION_REJECT },
	{ NULL, 0 },
};
static const struct gw_field test_fields[] = {
	{ .key = "flow",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  .offset = offsetof(struct test_form, flow),
	  .en = "As for `gwctl explain`.",
	  .ja = "`gwctl explain`と同じ書式のフロー。" },
	{ .key = "expect",
	  .type = GW_FIELD_CHOICE,
	  .choices = actions,
	  .required = true,
	  .offset = offsetof(struct test_form, expect),
	  .en = "What is to become of it.",
	  .ja = "期待する判定。" },
	{ .key = "by",
	  .type = GW_FIELD_TEXT,
	  .offset = offsetof(struct test_form, by),
	  .en = "The id that is to decide it, as `explain` names it.",
	  .ja = "判定すべきID（`explain`の表示名）。" },
	{ .key = "at",
	  .type = GW_FIELD_TIME,
	  .offset = offsetof(struct test_form, at),
	  .en = "When; now if it is left out.",
	  .ja = "判定時刻。省略時は現在。" },
};
static const struct gw_table test_table = {
	.name = "tests",
	.en = "A flow and what is to become of it.",
	.ja = "フローとその期待値。",
	.size = sizeof(struct test_form),
	.fields = test_fields,
	.n_fields = GW_COUNT(test_fields),
};
static const struct gw_field file_fields[] = {
	{ .key = "gw-test",
	  .type = GW_FIELD_UINT,
	  .required = true,
	  .min = 1,
	  .max = 1,
	  .offset = offsetof(struct file_form, version),
	  .en = "Version of this format.",
	  .ja = "書式のバージョン。" },
	{ .key = "tests",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_LIST,
	  .table = &test_table,
	  .required = true,
	  .offset = offsetof(struct file_form, tests),
	  .en = "The tests.",
	  .ja = "テストの一覧。" },
};
static const struct gw_table file_table = {
	.name = "tests/*.yaml",
	.en = "Tests of the policy.",
	.ja = "ポリシーのテスト。",
	.size = sizeof(struct file_form),
	.fields = file_fields,
	.n_fields = GW_COUNT(file_fields),
};

struct run {
	struct gw_ctl *ctl;
	const struct gw_config *config;
	size_t n, failed;
	size_t invalid;  /* files and tests that make no sense */
	json_t *results; /* NULL without --json */
};

/* What a usage error says, without what is said before and behind it on a terminal. */
static const char *usage_text(struct gw_arena *arena, const struct gw_text *out)
{
	static const char before[] = "gwctl: ";
	const char *text = out->bytes ? out->bytes : "";

	if (strncmp(text, before, sizeof(before) - 1) == 0)
		text += sizeof(before) - 1;
	return gw_arena_strndup(arena, text, strcspn(text, "\n"));
}

/* A usage error of the flow becomes a diagnostic at its place. */
static bool read_flow(struct run *run, const char *text, struct gw_loc loc, struct gw_flow *ret)
{
	struct gw_links nobody = { 0 }; /* the gateway is who is called so */
	struct gw_ctl ctl = *run->ctl;
	enum gw_exit status;

	ctl.args = &text;
	ctl.n_args = 1;
	ctl.out = (struct gw_text){ 0 };
	status = gw_flow_parse(&ctl, run->config->policy, &nobody, ret);
	run->ctl->diags = ctl.diags;
	if (status != GW_EXIT_OK)
		gw_diag(&run->ctl->diags, GW_D_TEST_FLOW, loc, "`%s`: %s", text,
			usage_text(run->ctl->arena, &ctl.out));
	gw_text_done(&ctl.out);
	return status == GW_EXIT_OK;
}

static void add_result(struct run *run, const struct test_form *test, struct gw_loc loc, bool holds,
		       const char *action, const char *by)
{
	json_t *object;

	if (!run->results)
		return;
	object = json_object();
	gw_json_set(object, "flow", gw_json_text(test->flow));
	gw_json_set(object, "holds", json_boolean(holds));
	gw_json_set(object, "verdict", gw_json_text(action));
	gw_json_set(object, "decided_by", gw_json_text(by));
	gw_json_add_loc(object, loc);
	gw_json_add(run->results, object);
}

static void run_test(struct run *run, const struct gw_node *node)
{
	struct gw_ctl *ctl = run->ctl;
	struct gw_decision decision;
	struct test_form test;
	struct gw_flow flow;
	const char *by;
	bool holds;

	if (!gw_schema_read(&ctl->diags, &test_table, node, &test) ||
	    !read_flow(run, test.flow, gw_schema_loc(node, "flow"), &flow)) {
		run->invalid++;
		return;
	}
	run->n++;
	decision = gw_decide(run->config->policy, flow.from, flow.to, &flow.packet,
			     test.at ? test.at : ctl->now);
	by = gw_flow_decided_by(&flow, &decision);
	holds = (int)decision.action == test.expect && (!test.by || strcmp(test.by, by) == 0);
	add_result(run, &test, gw_schema_loc(node, "flow"), holds, gw_action_name(decision.action),
		   by);
	if (holds)
		return;
	run->failed++;
	gw_diag(&ctl->diags, GW_D_TEST_FAILED, gw_schema_loc(node, test.by ? "by" : "expect"),
		"%s: expected %s%s%s, but it is %s by %s", test.flow,
		gw_action_name((enum gw_action)test.expect), test.by ? " by " : "",
		test.by ? test.by : "", gw_action_name(decision.action), by);
	if (decision.loc.source)
		gw_diag_related(&ctl->diags, decision.loc, "what decides");
}

static void run_file(struct run *run, const char *path)
{
	struct gw_diags *diags = &run->ctl->diags;
	struct gw_node *top = gw_conf_beside(run->config->conf, path, diags);
	struct gw_node *const *items;
	struct file_form form;
	size_t n;

	if (!top || !gw_schema_read(diags, &file_table, top, &form)) {
		run->invalid++;
		return;
	}
	items = gw_schema_items(&form.tests, &n);
	for (size_t i = 0; i < n; i++)
		run_test(run, items[i]);
}

static enum gw_exit finish(struct run *run, size_t n_files)
{
	struct gw_ctl *ctl = run->ctl;

	if (!n_files) {
		gw_diag(&ctl->diags, GW_D_TEST_NONE, nowhere, "no file matches `" PATTERN "`");
		gw_diag_hint(&ctl->diags, "gw-test: 1, and a list `tests` of {flow: …, expect: …}");
		return GW_EXIT_INVALID;
	}
	if (ctl->root) {
		gw_json_set(ctl->root, "tests", gw_json_number(run->n));
		gw_json_set(ctl->root, "failed", gw_json_number(run->failed));
		gw_json_set(ctl->root, "results", json_incref(run->results));
	} else {
		gw_text_printf(&ctl->out, "%s in %s: %zu as expected, %zu not%s\n",
			       gw_report_count(ctl->arena, run->n, "test", "tests"),
			       gw_report_count(ctl->arena, n_files, "file", "files"),
			       run->n - run->failed, run->failed,
			       run->invalid ? "; what makes no sense is not counted" : "");
	}
	if (run->invalid)
		return GW_EXIT_INVALID;
	return run->failed ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
}

enum gw_exit gw_cmd_test(struct gw_ctl *ctl)
{
	struct run run = { .ctl = ctl, .config = gw_ctl_config(ctl) };
	const char *const *paths = ctl->args;
	size_t n = (size_t)ctl->n_args;
	enum gw_exit status;

	if (!run.config)
		return GW_EXIT_INVALID;
	if (!n && !gw_conf_glob(run.config->conf, PATTERN, &paths, &n, &ctl->diags))
		return GW_EXIT_INVALID;
	run.results = ctl->root ? json_array() : NULL;
	for (size_t i = 0; i < n; i++)
		run_file(&run, paths[i]);
	status = finish(&run, n);
	json_decref(run.results);
	return status;
}
