/* Plans that must not be applied: a table of what people might try, none of it accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/approval/approval.h"
#include "gw/core/mem.h"

#define NOW    1800000000
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER  "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const uint8_t files[] = "gwfiles1";

struct site {
	char dir[32];
	struct gw_arena *arena;
	struct gw_diags diags;
	struct gw_approvals approvals;
	struct gw_plan_file plan; /* a good one, with two signatures */
};

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	assert_int_equal(system(command), 0);
}

static char *read_file(struct gw_arena *arena, const char *path)
{
	char *text = gw_arena_zalloc(arena, 20000, 1);
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_true(fread(text, 1, 19999, file) > 0);
	(void)fclose(file);
	return text;
}

static const char *sign_in(struct site *site, const char *name_space, const char *who,
			   const char *text)
{
	char path[64];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/text", site->dir);
	file = fopen(path, "we");
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	run("rm -f %s.sig; ssh-keygen -q -Y sign -f %s/%s -n %s %s 2>/dev/null", path, site->dir,
	    who, name_space, path);
	(void)snprintf(path, sizeof(path), "%s/text.sig", site->dir);
	return read_file(site->arena, path);
}

static const char *sign(struct site *site, const char *who, const char *text)
{
	return sign_in(site, GW_PLAN_NAMESPACE, who, text);
}

static const char *sign_as_author(struct site *site, const char *who, const char *text)
{
	return sign_in(site, GW_PLAN_AUTHOR_NAMESPACE, who, text);
}

static const char *print(struct site *site, const struct gw_plan_statement *statement)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_plan_statement_print(statement, &text);
	return gw_arena_strdup(site->arena, text.bytes);
}

static bool read_signers(struct site *site, const char *text)
{
	struct gw_source *source = gw_arena_new_of(site->arena, struct gw_source);

	*source = (struct gw_source){ "keys/approvers", gw_arena_strdup(site->arena, text),
				      strlen(text) };
	return gw_signers_read(source, GW_PLAN_NAMESPACE, site->arena, &site->diags,
			       &site->approvals.signers) &&
	       gw_signers_read(source, GW_PLAN_AUTHOR_NAMESPACE, site->arena, &site->diags,
			       &site->approvals.authors);
}

static char *key_of(struct site *site, const char *who)
{
	char path[64];
	char *text;

	(void)snprintf(path, sizeof(path), "%s/%s.pub", site->dir, who);
	text = read_file(site->arena, path);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static int setup(void **state)
{
	static const char *const people[] = { "op-03", "op-08", "op-17", "second", "stranger" };
	struct site *site = gw_zalloc(1, sizeof(*site));
	struct gw_plan_statement *statement = &site->plan.statement;
	gw_auto_text struct gw_text signers = { 0 };

	(void)strcpy(site->dir, "/tmp/gw-approval-XXXXXX");
	assert_non_null(mkdtemp(site->dir));
	site->arena = gw_arena_new();
	gw_diags_init(&site->diags);
	for (size_t i = 0; i < GW_COUNT(people); i++)
		run("ssh-keygen -q -t ed25519 -N '' -C '' -f %s/%s", site->dir, people[i]);
	gw_text_printf(&signers, "# approvers\nop-03 %s\nop-08 %s\nop-17 %s\nop-03 %s\n",
		       key_of(site, "op-03"), key_of(site, "op-08"), key_of(site, "op-17"),
		       key_of(site, "second"));
	assert_true(read_signers(site, signers.bytes));
	site->approvals.need = 2;
	site->approvals.plan_max = 86400;
	*statement = (struct gw_plan_statement){ .site = "tokyo-01",
						 .base = 118,
						 .base_digest = DIGEST,
						 .ruleset_digest = DIGEST,
						 .author = "op-17",
						 .ticket = "CHG-1",
						 .created = NOW - 60,
						 .expires = NOW + 60 };
	gw_plan_files_digest(files, sizeof(files), statement->config_digest);
	site->plan.text = print(site, statement);
	site->plan.files = files;
	site->plan.files_len = sizeof(files);
	site->plan.signatures = gw_arena_array(site->arena, 8, const char *);
	site->plan.signatures[0] = sign(site, "op-03", site->plan.text);
	site->plan.signatures[1] = sign(site, "op-08", site->plan.text);
	site->plan.n_signatures = 2;
	site->plan.author_signature = sign_as_author(site, "op-17", site->plan.text);
	*state = site;
	return 0;
}

static int teardown(void **state)
{
	struct site *site = *state;

	run("rm -rf %s", site->dir);
	gw_diags_done(&site->diags);
	gw_arena_free(site->arena);
	gw_free(site);
	return 0;
}

static const struct gw_approval_situation here = { .site = "tokyo-01",
						   .base = 118,
						   .base_digest = DIGEST,
						   .ruleset_digest = DIGEST,
						   .applicant = "op-21",
						   .now = NOW };

static bool accepted(struct site *site, const struct gw_plan_file *plan,
		     const struct gw_approval_situation *situation)
{
	struct gw_approval_result result;

	return gw_approval_check(&site->approvals, plan, situation, site->arena, &result,
				 &site->diags);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_plan_signed_by_two_others_is_accepted(void **state)
{
	struct site *site = *state;
	struct gw_approval_result result;

	assert_true(gw_approval_check(&site->approvals, &site->plan, &here, site->arena, &result,
				      &site->diags));
	assert_int_equal(result.n, 2);
	assert_string_equal(result.names[0], "op-03");
	assert_string_equal(result.names[1], "op-08");
	assert_false(result.emergency);
	assert_int_equal(site->diags.count, 0);
}

static void a_plan_for_another_situation_is_refused(void **state)
{
	struct site *site = *state;
	struct gw_approval_situation other[] = { here, here, here, here, here, here,
						 here, here, here, here, here, here };

	other[0].site = "osaka-01";
	other[1].site = "tokyo-011";
	other[2].site = "";
	other[3].base = 119;
	other[4].base = 0;
	other[5].base_digest = OTHER;
	other[6].base_digest = "";
	other[7].now = NOW + 60;       /* over */
	other[8].now = NOW - 60 - 301; /* in the future */
	other[9].applicant = "OP-03";  /* one of the two, in other letters */
	other[10].ruleset_digest = OTHER;
	other[11].applicant = "op-03@example.net"; /* one of the two, with a domain */
	for (size_t i = 0; i < GW_COUNT(other); i++)
		if (accepted(site, &site->plan, &other[i]))
			fail_msg("situation %zu was accepted", i);
}

static void signatures_that_do_not_count_are_not_counted(void **state)
{
	struct site *site = *state;
	struct gw_plan_file plan = site->plan;
	const char *good = site->plan.signatures[0];
	char *cut = gw_arena_strdup(site->arena, good);
	struct gw_plan_statement other = plan.statement;
	const char *seconds[10], *both[2] = { good, NULL };

	cut[strlen(cut) / 2] = '\0';
	other.ticket[4] = '2';
	seconds[0] = good;                                     /* twice the same */
	seconds[1] = sign(site, "op-03", plan.text);           /* twice the same person */
	seconds[2] = sign(site, "second", plan.text);          /* with another key */
	seconds[3] = sign(site, "op-17", plan.text);           /* the author */
	seconds[4] = sign(site, "stranger", plan.text);        /* no signer */
	seconds[5] = sign(site, "op-08", print(site, &other)); /* another plan */
	seconds[6] = cut;
	seconds[7] = "";
	seconds[8] = "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n";
	seconds[9] = sign(site, "op-08", "gwctl-plan@v1\n");
	for (size_t i = 0; i < GW_COUNT(seconds); i++) {
		both[1] = seconds[i];
		plan.signatures = both;
		if (accepted(site, &plan, &here))
			fail_msg("second signature %zu was counted", i);
	}
	plan.n_signatures = 1;
	assert_false(accepted(site, &plan, &here));
	plan.n_signatures = 0;
	assert_false(accepted(site, &plan, &here));
}

static void a_changed_statement_is_refused(void **state)
{
	struct site *site = *state;
	struct gw_plan_file plan;
	size_t refused = 0, len = strlen(site->plan.text);

	/* Every character of it, one at a time; what still is a statement fails by its signatures. */
	for (size_t i = 0; i < len; i++) {
		char *text = gw_arena_strdup(site->arena, site->plan.text);

		plan = site->plan;
		text[i] = text[i] == '1' ? '2' : '1';
		plan.text = text;
		if (!gw_plan_statement_parse(text, &plan.statement) ||
		    !accepted(site, &plan, &here))
			refused++;
	}
	assert_int_equal(refused, len);
	assert_true(len > 300);
}

static void other_files_than_the_signed_ones_are_refused(void **state)
{
	struct site *site = *state;
	struct gw_plan_file plan = site->plan;
	uint8_t changed[sizeof(files)];

	for (size_t i = 0; i < sizeof(files); i++) {
		memcpy(changed, files, sizeof(files));
		changed[i] ^= 1;
		plan.files = changed;
		assert_false(accepted(site, &plan, &here));
	}
	plan.files = files;
	plan.files_len--;
	assert_false(accepted(site, &plan, &here));
}

static void keys_hold_from_and_until_and_not_once_revoked(void **state)
{
	struct site *site = *state;
	struct gw_signer *signer = &site->approvals.signers.items[1]; /* op-08 */

	signer->valid_after = NOW + 1;
	assert_false(accepted(site, &site->plan, &here));
	signer->valid_after = NOW;
	assert_true(accepted(site, &site->plan, &here));
	signer->valid_before = NOW;
	assert_false(accepted(site, &site->plan, &here));
	signer->valid_before = NOW + 1;
	assert_true(accepted(site, &site->plan, &here));
	signer->revoked = true;
	assert_false(accepted(site, &site->plan, &here));
	signer->revoked = false;
	signer->valid_before = INT64_MAX;
}

/* What an author may try who would like to approve his own plan, and others with him. */
static void the_author_is_who_has_signed_as_such(void **state)
{
	struct site *site = *state;
	const char *text = site->plan.text;
	struct gw_plan_file plan = site->plan;
	struct gw_plan_statement other = plan.statement;
	struct gw_signer *author = &site->approvals.authors.items[2]; /* op-17 */
	const char *others[9];

	others[0] = NULL;
	others[1] = "";
	others[2] = sign(site, "op-17", text);                  /* as one who approves */
	others[3] = sign_as_author(site, "op-03", text);        /* one of those who approve */
	others[4] = sign_as_author(site, "op-08", text);        /* the other */
	others[5] = sign_as_author(site, "stranger", text);     /* nobody */
	others[6] = sign_as_author(site, "op-17", "no plan\n"); /* something else */
	others[7] = plan.signatures[0];
	others[8] = sign_in(site, "file", "op-17", text);
	for (size_t i = 0; i < GW_COUNT(others); i++) {
		plan.author_signature = others[i];
		if (accepted(site, &plan, &here))
			fail_msg("author's signature %zu was accepted", i);
	}
	/* He names somebody else as the author, and approves the plan himself. */
	(void)strcpy(other.author, "op-08");
	plan.statement = other;
	plan.text = print(site, &other);
	plan.signatures =
		(const char *[]){ sign(site, "op-17", plan.text), sign(site, "op-03", plan.text) };
	plan.author_signature = sign_as_author(site, "op-17", plan.text);
	assert_false(accepted(site, &plan, &here));
	plan.author_signature = sign_as_author(site, "op-08", plan.text); /* with his consent */
	assert_true(accepted(site, &plan, &here));

	author->revoked = true;
	assert_false(accepted(site, &site->plan, &here));
	author->revoked = false;
	author->valid_before = NOW;
	assert_false(accepted(site, &site->plan, &here));
	author->valid_before = INT64_MAX;
	assert_true(accepted(site, &site->plan, &here));
}

static void no_signature_of_an_author_approves(void **state)
{
	struct site *site = *state;
	struct gw_plan_file plan = site->plan;

	plan.signatures =
		(const char *[]){ plan.signatures[0], sign_as_author(site, "op-08", plan.text) };
	assert_false(accepted(site, &plan, &here));
}

static void a_plan_holds_no_longer_than_the_gateway_permits(void **state)
{
	struct site *site = *state;

	site->approvals.plan_max = 119; /* it says 120 s */
	assert_false(accepted(site, &site->plan, &here));
	site->approvals.plan_max = 120;
	assert_true(accepted(site, &site->plan, &here));
}

static void in_an_emergency_fewer_are_enough_if_the_config_says_so(void **state)
{
	struct site *site = *state;
	struct gw_plan_file plan = site->plan;
	struct gw_approval_situation urgent = here;
	struct gw_approval_result result;

	plan.n_signatures = 1;
	urgent.emergency = true;
	assert_false(accepted(site, &plan, &urgent));
	site->approvals.emergency = 1;
	assert_false(accepted(site, &plan, &here));
	assert_true(gw_approval_check(&site->approvals, &plan, &urgent, site->arena, &result,
				      &site->diags));
	assert_true(result.emergency);
	plan.n_signatures = 0;
	assert_false(accepted(site, &plan, &urgent));
	site->approvals.emergency = 0;
}

static void rules_are_equal_only_with_the_same_signers(void **state)
{
	struct site *site = *state;
	struct gw_approvals other = site->approvals;
	struct gw_signer *items = gw_arena_array(site->arena, other.signers.n, struct gw_signer);

	memcpy(items, other.signers.items, other.signers.n * sizeof(*items));
	other.signers.items = items;
	assert_true(gw_approvals_equal(&site->approvals, &other));
	items[1].revoked = true;
	assert_false(gw_approvals_equal(&site->approvals, &other));
	items[1].revoked = false;
	items[1].valid_before = NOW;
	assert_false(gw_approvals_equal(&site->approvals, &other));
	items[1].valid_before = INT64_MAX;
	items[1].principal = "op-09";
	assert_false(gw_approvals_equal(&site->approvals, &other));
	items[1].principal = site->approvals.signers.items[1].principal;
	other.signers.n--;
	assert_false(gw_approvals_equal(&site->approvals, &other));
	other.signers.n++;
	other.need = 0;
	assert_false(gw_approvals_equal(&site->approvals, &other));
	other.need = site->approvals.need;
	assert_true(gw_approvals_equal(&site->approvals, &other));
	other.plan_max++;
	assert_false(gw_approvals_equal(&site->approvals, &other));
	other.plan_max--;
	other.authors.n--;
	assert_false(gw_approvals_equal(&site->approvals, &other));
}

static void lines_that_would_count_for_several_people_are_refused(void **state)
{
	struct site *site = *state;
	const char *key = key_of(site, "op-03");
	const char *const lines[] = {
		gw_arena_printf(site->arena, "* %s\n", key),
		gw_arena_printf(site->arena, "op-1,op-2 %s\n", key),
		gw_arena_printf(site->arena, "op-? %s\n", key),
		gw_arena_printf(site->arena, "op-1 cert-authority %s\n", key),
		gw_arena_printf(site->arena, "op-1 %s\nop-2 %s\n", key, key),
		gw_arena_printf(site->arena, "Op-1 %s\n", key),
		gw_arena_printf(site->arena, "\xd0\xbe\x70-1 %s\n", key), /* a Cyrillic o */
		gw_arena_printf(site->arena, "op-1 valid-before=\"soon\" %s\n", key),
		gw_arena_printf(site->arena, "op-1 valid-before=\"20271301\" %s\n", key),
		gw_arena_printf(site->arena, "op-1 %.40s\n", key),
		gw_arena_printf(site->arena, "op-1 ssh-rsa %s\n", key + strlen("ssh-ed25519 ")),
		"op-1\n",
		"op-1 ssh-ed25519\n",
		"op-1 ssh-dss AAAAB3NzaC1kc3MAAACBAP\n",
	};

	char *nul = gw_arena_strdup(site->arena, lines[5]); /* "Op-1 …" */
	struct gw_source source = { "keys/approvers", nul, strlen(nul) };

	for (size_t i = 0; i < GW_COUNT(lines); i++)
		if (read_signers(site, lines[i]))
			fail_msg("accepted: %s", lines[i]);
	nul[0] = 'o';
	nul[2] = '\0';
	assert_false(gw_signers_read(&source, GW_PLAN_NAMESPACE, site->arena, &site->diags,
				     &site->approvals.signers));
	assert_true(read_signers(
		site, gw_arena_printf(site->arena, "op-1 namespaces=\"file\" %s\n", key)));
	assert_int_equal(site->approvals.signers.n, 0); /* for another purpose */
}

static void a_plan_file_is_read_as_it_was_written(void **state)
{
	struct site *site = *state;
	gw_auto_text struct gw_text text = { 0 };
	struct gw_plan_file again;
	const char *why;

	gw_plan_file_print(&site->plan, &text);
	assert_int_equal(gw_plan_file_parse(text.bytes, text.len, site->arena, &again, &why), 0);
	assert_string_equal(again.text, site->plan.text);
	assert_int_equal(again.files_len, sizeof(files));
	assert_memory_equal(again.files, files, sizeof(files));
	assert_true(accepted(site, &again, &here) || site->approvals.signers.n == 0);
	for (size_t cut = 0; cut + 2 < text.len; cut += 7)
		assert_true(gw_plan_file_parse(text.bytes, cut, site->arena, &again, &why) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(a_plan_signed_by_two_others_is_accepted),
		TEST(a_plan_for_another_situation_is_refused),
		TEST(signatures_that_do_not_count_are_not_counted),
		TEST(a_changed_statement_is_refused),
		TEST(other_files_than_the_signed_ones_are_refused),
		TEST(keys_hold_from_and_until_and_not_once_revoked),
		TEST(the_author_is_who_has_signed_as_such),
		TEST(no_signature_of_an_author_approves),
		TEST(a_plan_holds_no_longer_than_the_gateway_permits),
		TEST(in_an_emergency_fewer_are_enough_if_the_config_says_so),
		TEST(rules_are_equal_only_with_the_same_signers),
		TEST(lines_that_would_count_for_several_people_are_refused),
		TEST(a_plan_file_is_read_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
