/* gwctl's commands that need neither root nor a kernel, from arguments to output. */
/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/agent/durable.h"
#include "gw/core/mem.h"
#include "gw/ctl/ctl.h"

#define ARGS_MAX 16

#define DUTIES ", owner: o, ticket: t, review: 2099-12-31"
static const char site[] =
	"gw: 1\n"
	"site: {name: t, vars: {port: tcp/8080}}\n"
	"zones:\n"
	"  wan: {interfaces: [wan-none0], untrusted: true}\n"
	"  dmz: {interfaces: [dmz-none0], nets: [203.0.113.0/28, \"2001:db8:10::/64\"]}\n"
	"  hq: {interfaces: [hq-none0], nets: [10.20.0.0/16]}\n"
	"services: {web: [tcp/80, tcp/443], ping: [icmp/echo-request, icmpv6/echo-request]}\n"
	"policies:\n"
	"  - {id: web-in, from: wan, to: dmz, services: [web], action: accept" DUTIES "}\n"
	"  - {id: app-in, from: wan, to: dmz, dest: [203.0.113.6], services: [\"${port}\"], "
	"action: "
	"accept, hours: {from: \"08:00\", until: \"10:00\"}" DUTIES "}\n"
	"  - {id: bad, from: wan, to: dmz, source: [192.0.2.66], action: reject, services: "
	"any" DUTIES "}\n"
	"nat:\n"
	"  - {id: forward, from: wan, dest: [198.51.100.1], services: [tcp/8443], dnat: "
	"203.0.113.5, "
	"to_port: 443}\n"
	"  - {id: out, from: dmz, to: wan, masquerade: true, family: ipv4}\n"
	"gateway:\n"
	"  - {id: gw-ssh, from: hq, services: [tcp/22], action: accept" DUTIES "}\n";

struct state {
	char dir[64];
	char *out, *err;
	size_t out_len, err_len;
	int status;
};

static void write_file(const struct state *state, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", state->dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	(void)snprintf(state->dir, sizeof(state->dir), "/tmp/gw-ctl-XXXXXX");
	assert_non_null(mkdtemp(state->dir));
	write_file(state, "gw.yaml", site);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(gw_durable_remove_tree(AT_FDCWD, state->dir), 0);
	free(state->out);
	free(state->err);
	gw_free(state);
	return 0;
}

static int run(struct state *state, const char *const *args, int n)
{
	const char *all[ARGS_MAX] = { "-C", state->dir };
	FILE *out, *err;

	/* An argument that is NULL ends them. */
	for (int i = 0; i < n && args[i]; i++)
		all[2 + i] = args[i];
	for (n = 2; all[n]; n++)
		;
	free(state->out);
	free(state->err);
	out = open_memstream(&state->out, &state->out_len);
	err = open_memstream(&state->err, &state->err_len);
	assert_non_null(out);
	assert_non_null(err);
	state->status = gw_ctl_run(n, all, out, err, false);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(fclose(err), 0);
	return state->status;
}

/* gwctl -C DIR followed by the arguments. */
#define gwctl(state, ...)                                                                          \
	run((state), (const char *const[]){ __VA_ARGS__ },                                         \
	    (int)(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *)))

#define assert_out(state, text) assert_non_null(strstr((state)->out, text))
#define assert_err(state, text) assert_non_null(strstr((state)->err, text))

/* ---- usage -------------------------------------------------------------------------------------- */

static void without_a_command_one_screen_is_shown(void **ret)
{
	struct state *state = *ret;
	size_t lines = 0;

	assert_int_equal(gwctl(state, NULL), GW_EXIT_OK);
	for (const char *at = state->out; (at = strchr(at, '\n')); at++)
		lines++;
	assert_in_range(lines, 8, 24);
	for (const char *at = state->out; at[0] && at[1]; at = strchr(at, '\n') + 1)
		assert_in_range(strcspn(at, "\n"), 0, 82); /* one sign of two more bytes */
	assert_out(state, "apply");
	assert_null(strstr(state->out, "  man "));
}

static void help_names_every_command_and_what_it_does(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(gwctl(state, "help"), GW_EXIT_OK);
	for (size_t i = 0; i < gw_commands_n; i++)
		if (gw_commands[i].group)
			assert_out(state, gw_commands[i].summary);
}

static void assert_help(struct state *state, const struct gw_command *command)
{
	size_t lines = 0;

	assert_out(state, command->summary);
	for (const char *at = state->out; (at = strchr(at, '\n')); at++)
		lines++;
	if (lines < 5 || lines > 24)
		fail_msg("help of %s has %zu lines", command->name, lines);
}

static void help_of_every_command_fits_a_screen(void **ret)
{
	struct state *state = *ret;

	for (size_t i = 0; i < gw_commands_n; i++) {
		const struct gw_command *command = &gw_commands[i], *sub = command->subcommands;

		assert_int_equal(gwctl(state, "help", command->name), GW_EXIT_OK);
		assert_help(state, command);
		assert_int_equal(gwctl(state, command->name, "--help"), GW_EXIT_OK);
		assert_out(state, command->summary);
		for (; sub && sub->name; sub++) {
			const char *name = sub->name + strlen(command->name) + 1;

			assert_int_equal(gwctl(state, "help", command->name, name), GW_EXIT_OK);
			assert_help(state, sub);
			assert_int_equal(gwctl(state, command->name, name, "--help"), GW_EXIT_OK);
			assert_out(state, sub->summary);
		}
	}
}

static void usage_errors_say_what_was_probably_meant(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(gwctl(state, "aply"), GW_EXIT_USAGE);
	assert_err(state, "did you mean `apply`?");
	assert_int_equal(gwctl(state, "check", "--kernl"), GW_EXIT_USAGE);
	assert_err(state, "did you mean `--kernel`?");
	assert_int_equal(gwctl(state, "reach", "--from", "wan", "--to", "dmx"), GW_EXIT_USAGE);
	assert_err(state, "did you mean `dmz`?");
	assert_int_equal(gwctl(state, "check", "extra"), GW_EXIT_USAGE);
	assert_int_equal(gwctl(state, "reach", "--from"), GW_EXIT_USAGE);
	assert_err(state, "needs a value");
	assert_int_equal(gwctl(state, "check", "--json=yes"), GW_EXIT_USAGE);
	assert_int_equal(gwctl(state, "rollback", "x"), GW_EXIT_USAGE);
	assert_int_equal(gwctl(state, "drops", "-n", "0"), GW_EXIT_USAGE);
	assert_int_equal(gwctl(state, "explain", "GW9999"), GW_EXIT_USAGE);
	assert_int_equal(gwctl(state, "render", "--as", "xml"), GW_EXIT_USAGE);
	assert_int_equal(gwctl(state, "audit"), GW_EXIT_USAGE);
	assert_int_equal(gwctl(state, "audit", "verfy"), GW_EXIT_USAGE);
	assert_err(state, "did you mean `verify`?");
	assert_int_equal(gwctl(state, "help", "audit", "x"), GW_EXIT_USAGE);
	assert_string_equal(state->out, "");
}

/* ---- check ------------------------------------------------------------------------------------- */

static void check_tells_right_from_wrong(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(gwctl(state, "check"), GW_EXIT_OK);
	assert_out(state, "4 policies in 1 file are right");
	write_file(state, "gw.yaml", "gw: 1\nsite: {name: t}\nzones: {wan: {interfaces: 7x/}}\n");
	assert_int_equal(gwctl(state, "check"), GW_EXIT_INVALID);
	assert_err(state, "gw.yaml:3:");
	assert_int_equal(gwctl(state, "explain", "hq", "10.20.0.1", "to", "gateway", "tcp/22"),
			 GW_EXIT_INVALID);
}

static void a_broken_assertion_is_an_exit_code_of_its_own(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text text = { 0 };

	gw_text_puts(&text, site);
	gw_text_puts(&text, "verify: [{never: {from: wan, to: dmz}}]\n");
	write_file(state, "gw.yaml", text.bytes);
	assert_int_equal(gwctl(state, "check"), GW_EXIT_REFUSED);
	assert_err(state, "GW0701");
}

static void json_carries_the_diagnostics(void **ret)
{
	struct state *state = *ret;
	const json_t *first;
	json_t *root;

	write_file(state, "gw.yaml", "gw: 1\nzonez: {}\n");
	assert_int_equal(gwctl(state, "check", "--json"), GW_EXIT_INVALID);
	root = json_loads(state->out, 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "gw.check/1");
	first = json_array_get(json_object_get(root, "diagnostics"), 0);
	assert_non_null(json_object_get(first, "id"));
	assert_non_null(json_object_get(first, "severity"));
	assert_non_null(json_object_get(first, "message"));
	json_decref(root);
	assert_string_equal(state->err, "");
}

static void every_offline_command_speaks_json(void **ret)
{
	struct state *state = *ret;
	static const char *const commands[][5] = {
		{ "check" },
		{ "render" },
		{ "schema" },
		{ "version" },
		{ "render", "-a", "nft" },
		{ "explain", "GW0212" },
		{ "explain" },
		{ "reach", "-f", "wan", "-tdmz" },
		{ "fmt", "--check" },
		{ "help" },
		{ "explain", "10.20.0.9 to gateway tcp/22" },
	};

	for (size_t i = 0; i < GW_COUNT(commands); i++) {
		const char *const *c = commands[i];
		char schema[32];
		json_t *root;

		(void)gwctl(state, "--json", c[0], c[1], c[2], c[3]);
		root = json_loads(state->out, 0, NULL);
		if (!root)
			fail_msg("%s: no JSON: %s", c[0], state->out);
		(void)snprintf(schema, sizeof(schema), "gw.%s/1", c[0]);
		assert_string_equal(json_string_value(json_object_get(root, "schema")), schema);
		json_decref(root);
	}
}

/* ---- explain ------------------------------------------------------------------------------------- */

static void flows_are_explained(void **ret)
{
	struct state *state = *ret;
	static const struct {
		const char *flow, *first_line, *step;
	} cases[] = {
		{ "wan 192.0.2.1 -> 203.0.113.5 tcp/443", "ACCEPT by web-in, gw.yaml:9\n",
		  "policy web-in matches: accept" },
		{ "192.0.2.1 to 203.0.113.5 web", "ACCEPT by web-in, gw.yaml:9\n", "is in dmz" },
		{ "wan 192.0.2.66 -> dmz 203.0.113.5 tcp/443", "REJECT by bad, gw.yaml:11\n",
		  "policy bad matches: reject" },
		{ "wan 192.0.2.1 -> 203.0.113.5 tcp/22",
		  "DROP by between.default, gw.yaml:1; nearest: ", "between.default decides" },
		{ "wan 10.20.0.9 -> 203.0.113.5 tcp/80", "DROP by spoof, gw.yaml:4\n", "spoofed" },
		{ "wan 192.0.2.1 -> 198.51.100.1 tcp/8443", "ACCEPT by web-in, gw.yaml:9\n",
		  "port forward forward (gw.yaml:13): judged as 192.0.2.1 -> 203.0.113.5 tcp/443" },
		{ "10.20.0.9 -> gateway tcp/22", "ACCEPT by gw-ssh, gw.yaml:16\n",
		  "the gateway itself" },
		{ "10.20.0.9 -> gateway tcp/23", "DROP by gateway.default, ",
		  "nothing else reaches the gateway" },
		{ "wan 2001:db8:f::1 -> 2001:db8:10::5 ping", "DROP by between.default, ",
		  "icmpv6/echo-request" },
	};

	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		assert_int_equal(gwctl(state, "explain", cases[i].flow), GW_EXIT_OK);
		if (strncmp(state->out, cases[i].first_line, strlen(cases[i].first_line)) != 0 ||
		    !strstr(state->out, cases[i].step))
			fail_msg("%s:\n%s", cases[i].flow, state->out);
	}
}

static void hours_are_judged_as_of_the_time_given(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(gwctl(state, "explain", "--at", "2026-11-23T09:00Z", "wan", "192.0.2.1",
			       "->", "203.0.113.6", "tcp/8080"),
			 GW_EXIT_OK);
	assert_out(state, "ACCEPT by app-in");
	assert_int_equal(gwctl(state, "explain", "--at", "2026-11-23T11:00Z", "wan", "192.0.2.1",
			       "->", "203.0.113.6", "tcp/8080"),
			 GW_EXIT_OK);
	assert_out(state, "nearest: app-in, gw.yaml:10 (differs in: hours)");
	assert_int_equal(gwctl(state, "explain", "--at", "noon", "10.20.0.9 to gateway tcp/22"),
			 GW_EXIT_USAGE);
	assert_err(state, "GW0306");
}

static void flows_that_make_no_sense_are_usage_errors(void **ret)
{
	struct state *state = *ret;
	static const struct {
		const char *flow, *error;
	} cases[] = {
		{ "wan 192.0.2.1 203.0.113.5 tcp/80", "a flow is" },
		{ "wan 192.0.2.1 -", "quote the arrow" },
		{ "-> 203.0.113.5 tcp/80", "a flow is" },
		{ "wan 192.0.2.1 -> 203.0.113.5", "a flow is" },
		{ "wan 192.0.2.0/24 -> 203.0.113.5 tcp/80", "not the address of a machine" },
		{ "wan 192.0.2.1 -> 2001:db8:10::5 tcp/80", "different families" },
		{ "wam 192.0.2.1 -> 203.0.113.5 tcp/80", "did you mean `wan`?" },
		{ "wan 192.0.2.1 -> 203.0.113.5 wbe", "unknown service `wbe`" },
		{ "wan 192.0.2.1 -> 203.0.113.5 tcp/99999", "GW0316" },
		{ "wan 192.0.2.1 -> 203.0.113.5 icmpv6/echo-request", "does not exist in IPv4" },
		{ "wan 192.0.2.1 -> 224.0.0.1 udp/5353", "does not tell its zone" },
		{ "a b c d e f g h i", "a flow is" },
	};

	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		if (gwctl(state, "explain", cases[i].flow) != GW_EXIT_USAGE ||
		    !strstr(state->err, cases[i].error))
			fail_msg("%s: %d\n%s", cases[i].flow, state->status, state->err);
	}
}

/* ---- the rest ----------------------------------------------------------------------------------- */

static void reach_lists_what_passes(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(gwctl(state, "reach", "--from", "wan", "--to", "dmz", "--any-time"),
			 GW_EXIT_OK);
	assert_out(state, "wan (IPv4) except 192.0.2.66 -> dmz (IPv4) tcp/80,tcp/443");
	assert_out(state, "app-in");
	assert_int_equal(gwctl(state, "reach", "--from", "wan", "--to", "gateway"), GW_EXIT_OK);
	assert_out(state, "nothing can pass");
}

static void the_rendered_config_means_the_same(void **ret)
{
	struct state *state = *ret;
	gw_auto_free char *yaml = NULL, *nft = NULL;

	assert_int_equal(gwctl(state, "render", "--as", "nft"), GW_EXIT_OK);
	assert_out(state, "# web-in gw.yaml:9:");
	nft = gw_strdup(state->out);
	assert_int_equal(gwctl(state, "render"), GW_EXIT_OK);
	assert_out(state, "# gw.yaml:9");
	yaml = gw_strdup(state->out);
	write_file(state, "gw.yaml", yaml);
	assert_int_equal(gwctl(state, "render", "--as", "nft"), GW_EXIT_OK);
	/* The same but for the places. */
	for (const char *a = nft, *b = state->out; *a || *b;) {
		size_t a_len = strcspn(a, "#\n"), b_len = strcspn(b, "#\n");

		assert_int_equal(a_len, b_len);
		assert_memory_equal(a, b, a_len);
		a += strcspn(a, "\n");
		b += strcspn(b, "\n");
		a += *a == '\n';
		b += *b == '\n';
	}
	assert_int_equal(gwctl(state, "render"), GW_EXIT_OK);
	for (const char *a = yaml, *b = state->out; *a || *b;) {
		size_t len = strcspn(a, "#\n");

		assert_memory_equal(a, b, len);
		a += strcspn(a, "\n");
		b += strcspn(b, "\n");
		a += *a == '\n';
		b += *b == '\n';
	}
}

static void fmt_changes_what_is_untidy_once(void **ret)
{
	struct state *state = *ret;
	struct stat status;
	char path[128];

	write_file(state, "gw.yaml", "gw:   1\nsite: {name: t}   \n\n\n\nzones: {}\n");
	(void)snprintf(path, sizeof(path), "%s/gw.yaml", state->dir);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(gwctl(state, "fmt", "--check"), GW_EXIT_DIFFERENT);
	assert_out(state, "would format gw.yaml");
	assert_int_equal(gwctl(state, "fmt"), GW_EXIT_OK);
	assert_out(state, "formatted gw.yaml");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(gwctl(state, "fmt", path), GW_EXIT_OK);
	assert_string_equal(state->out, "");
	assert_int_equal(gwctl(state, "fmt", "/nonexistent.yaml"), GW_EXIT_FAILED);
	assert_err(state, "GW0910");
	write_file(state, "gw.yaml", "gw: [\n");
	assert_int_equal(gwctl(state, "fmt", path), GW_EXIT_INVALID);
}

static void manual_pages_name_every_command(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(gwctl(state, "man", "gwctl"), GW_EXIT_OK);
	for (size_t i = 0; i < gw_commands_n; i++) {
		const struct gw_command *sub = gw_commands[i].subcommands;
		char line[64];

		(void)snprintf(line, sizeof(line), ".Nm Cm %s\n", gw_commands[i].name);
		if (gw_commands[i].group && !sub)
			assert_out(state, line);
		for (; sub && sub->name; sub++) {
			(void)snprintf(line, sizeof(line), ".Nm Cm %s\n", sub->name);
			assert_out(state, line);
		}
	}
	assert_int_equal(gwctl(state, "man", "gw.yaml"), GW_EXIT_OK);
	assert_out(state, "zones");
	assert_int_equal(gwctl(state, "man", "passwd"), GW_EXIT_USAGE);
}

static void every_diagnostic_is_explained(void **ret)
{
	struct state *state = *ret;

	for (int id = 0; id < GW_D_COUNT; id++) {
		const struct gw_diag_kind *kind = gw_diag_kind((enum gw_diag_id)id);

		assert_int_equal(gwctl(state, "explain", kind->number), GW_EXIT_OK);
		assert_out(state, kind->number);
	}
	assert_int_equal(gwctl(state, "explain"), GW_EXIT_OK);
	assert_out(state, "GW0212");
}

static void a_full_output_is_a_failure(void **ret)
{
	struct state *state = *ret;
	const char *args[] = { "-C", state->dir, "render" };
	FILE *full = fopen("/dev/full", "we"), *err;

	if (!full)
		skip();
	free(state->err);
	err = open_memstream(&state->err, &state->err_len);
	assert_int_equal(gw_ctl_run(3, args, full, err, false), GW_EXIT_FAILED);
	(void)fclose(full); /* it fails again */
	assert_int_equal(fclose(err), 0);
	assert_err(state, "standard output");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(without_a_command_one_screen_is_shown),
		TEST(help_names_every_command_and_what_it_does),
		TEST(help_of_every_command_fits_a_screen),
		TEST(usage_errors_say_what_was_probably_meant),
		TEST(check_tells_right_from_wrong),
		TEST(a_broken_assertion_is_an_exit_code_of_its_own),
		TEST(json_carries_the_diagnostics),
		TEST(every_offline_command_speaks_json),
		TEST(flows_are_explained),
		TEST(hours_are_judged_as_of_the_time_given),
		TEST(flows_that_make_no_sense_are_usage_errors),
		TEST(reach_lists_what_passes),
		TEST(the_rendered_config_means_the_same),
		TEST(fmt_changes_what_is_untidy_once),
		TEST(manual_pages_name_every_command),
		TEST(every_diagnostic_is_explained),
		TEST(a_full_output_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
