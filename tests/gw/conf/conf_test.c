/* The strict subset, includes, merging and variables, on files in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gw/conf/conf.h"
#include "gw/core/mem.h"

struct fixture {
	struct gw_diags diags;
	struct gw_conf *conf;
};

static int setup(void **state)
{
	struct fixture *fixture = gw_zalloc(1, sizeof(*fixture));

	gw_diags_init(&fixture->diags);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	gw_conf_free(fixture->conf);
	gw_diags_done(&fixture->diags);
	gw_free(fixture);
	return 0;
}

#define FILE_OF(path, text)                                                                        \
	{                                                                                          \
		(path), (text), strlen(text)                                                       \
	}

static void read_files(struct fixture *fixture, const struct gw_conf_file *files, size_t n)
{
	fixture->conf = gw_conf_read_files(files, n, &fixture->diags);
}

static void read_text(struct fixture *fixture, const char *text)
{
	const struct gw_conf_file file = FILE_OF("gw.yaml", text);

	read_files(fixture, &file, 1);
}

/* The node below the root at the path of keys. */
static const struct gw_node *at(const struct fixture *fixture, const char *section, const char *key)
{
	const struct gw_node *node;

	assert_non_null(fixture->conf->root);
	node = gw_node_get(fixture->conf->root, section);
	assert_non_null(node);
	if (key)
		node = gw_node_get(node, key);
	assert_non_null(node);
	return node;
}

/* ---- what is refused ---- */

struct refused {
	const char *name, *text;
	enum gw_diag_id id;
	uint32_t line, column, len;
};

static const struct refused refused[] = {
	{ "anchor", "a:\n  - &x b\n", GW_D_ANCHOR, 2, 5, 4 },
	{ "anchor of a map", "a: &x {b: 1}\n", GW_D_ANCHOR, 1, 4, 1 },
	{ "alias", "a: *x\n", GW_D_ALIAS, 1, 4, 1 },
	{ "unquoted glob", "include: [*.yaml]\n", GW_D_ALIAS, 1, 11, 1 },
	{ "tag", "a: !!int 5\n", GW_D_TAG, 1, 4, 7 },
	{ "own tag", "a: !x [1]\n", GW_D_TAG, 1, 4, 1 },
	{ "merge key", "a:\n  <<: {b: 1}\n", GW_D_MERGE_KEY, 2, 3, 2 },
	{ "duplicate key", "a: 1\nb: 2\na: 3\n", GW_D_DUPLICATE_KEY, 3, 1, 1 },
	{ "duplicate in flow", "a: {bb: 1, bb: 2}\n", GW_D_DUPLICATE_KEY, 1, 12, 2 },
	{ "tab", "a:\n\tb: 1\n", GW_D_TAB, 2, 1, 1 },
	{ "tab behind blanks", "a:\n  \tb: 1\n", GW_D_TAB, 2, 3, 1 },
	{ "two documents", "a: 1\n---\nb: 2\n", GW_D_SEVERAL_DOCUMENTS, 2, 1, 1 },
	{ "list at the top", "- a\n- b\n", GW_D_TOP_NOT_MAP, 1, 1, 1 },
	{ "text at the top", "hello\n", GW_D_TOP_NOT_MAP, 1, 1, 5 },
	{ "empty", "", GW_D_EMPTY_FILE, 1, 1, 1 },
	{ "comments only", "# nothing\n\n", GW_D_EMPTY_FILE, 1, 1, 1 },
	{ "document without content", "---\n", GW_D_EMPTY_FILE, 2, 1, 1 },
	{ "list as key", "? [a, b]\n: 1\n", GW_D_KEY_FORM, 1, 3, 1 },
	{ "map as key", "{a: 1}: b\n", GW_D_KEY_FORM, 1, 1, 1 },
	{ "no key", "a:\n  ?\n  : 1\n", GW_D_KEY_FORM, 2, 4, 1 },
	{ "escape sequence", "a: x\x1b[31m\n", GW_D_CONTROL_CHARACTER, 1, 5, 1 },
	{ "delete", "a: \x7f\n", GW_D_CONTROL_CHARACTER, 1, 4, 1 },
	{ "lone carriage return", "a: 1\rb: 2\n", GW_D_CONTROL_CHARACTER, 1, 5, 1 },
	{ "next line", "a: 1\xc2\x85", GW_D_CONTROL_CHARACTER, 1, 5, 1 },
	{ "line separator", "a: 1\xe2\x80\xa8", GW_D_CONTROL_CHARACTER, 1, 5, 1 },
	{ "escaped zero", "a: \"x\\0\"\n", GW_D_CONTROL_CHARACTER, 1, 4, 5 },
	{ "shift_jis", "a: \x93\x8c\n", GW_D_BAD_ENCODING, 1, 4, 1 },
	{ "utf-16",
	  "\xff\xfe"
	  "a",
	  GW_D_BAD_ENCODING, 1, 1, 1 },
	{ "right-to-left", "a: x\xe2\x80\xaey\n", GW_D_HIDDEN_CHARACTER, 1, 5, 1 },
	{ "zero width", "# \xe6\x9d\xb1\xe2\x80\x8b\n", GW_D_HIDDEN_CHARACTER, 1, 4, 1 },
	{ "directive", "%YAML 1.1\n---\na: 1\n", GW_D_DIRECTIVE, 1, 1, 1 },
	{ "bad directive", "%FOO\n---\na: 1\n", GW_D_DIRECTIVE, 1, 1, 1 },
	{ "no colon", "a: 1\nb\nc: 2\n", GW_D_COLON_MISSING, 2, 1, 1 },
	{ "no blank behind the colon", "a:1\nb: 2\n", GW_D_COLON_IN_VALUE, 2, 2, 1 },
	{ "indentation of a map", "zones:\n  wan: 1\n   dmz: 2\n", GW_D_COLON_IN_VALUE, 3, 7, 1 },
	{ "dedented key", "zones:\n   wan: {}\n  dmz: {}\n", GW_D_BAD_INDENTATION, 3, 3, 1 },
	{ "indentation of a list", "a:\n  - b\n  c: 1\n", GW_D_BAD_INDENTATION, 3, 3, 1 },
	{ "list behind a key", "a: - b\n", GW_D_BAD_INDENTATION, 1, 4, 1 },
	{ "double quote", "a: \"open\nb: 1\n", GW_D_QUOTE_OPEN, 1, 4, 1 },
	{ "single quote", "a: 'open\nb: 1\n", GW_D_QUOTE_OPEN, 1, 4, 1 },
	{ "square bracket", "a: [1, 2\nb: 3\n", GW_D_BRACKET_OPEN, 1, 4, 1 },
	{ "curly bracket", "a: {b: 1, c: 2\nd: 3\n", GW_D_BRACKET_OPEN, 1, 4, 1 },
	{ "bracket at the end", "a: [1", GW_D_BRACKET_OPEN, 1, 4, 1 },
	{ "wrong bracket", "a: [1}\n", GW_D_BRACKET_OPEN, 1, 4, 1 },
	{ "colon in a text", "a: b: c\n", GW_D_COLON_IN_VALUE, 1, 5, 1 },
	{ "escape", "a: \"C:\\data\"\n", GW_D_BAD_ESCAPE, 1, 7, 1 },
	{ "hexadecimal", "a: \"\\xzz\"\n", GW_D_BAD_ESCAPE, 1, 7, 1 },
	{ "at sign", "owner: @team\n", GW_D_BAD_START, 1, 8, 1 },
	{ "back quote", "owner: `x`\n", GW_D_BAD_START, 1, 8, 1 },
	{ "doubled comma", "a: [1, , 2]\n", GW_D_YAML_SYNTAX, 1, 8, 1 },
	{ "unknown variable", "a: ${b}\n", GW_D_VARIABLE_UNKNOWN, 1, 4, 4 },
	{ "variable in a text", "site: {vars: {b: 1}}\na: x${b}\n", GW_D_VARIABLE_IN_TEXT, 2, 4,
	  5 },
	{ "two variables", "site: {vars: {b: 1}}\na: ${b}${b}\n", GW_D_VARIABLE_IN_TEXT, 2, 4, 8 },
	{ "open variable", "a: ${b\n", GW_D_VARIABLE_IN_TEXT, 1, 4, 3 },
	{ "variable as key", "site: {vars: {b: 1}}\na:\n  ${b}: 1\n", GW_D_VARIABLE_IN_TEXT, 3, 3,
	  4 },
	{ "list in a variable", "site: {vars: {b: [1]}}\na: ${b}\n", GW_D_VARIABLE_FORM, 1, 18, 1 },
	{ "variable in a variable", "site: {vars: {b: 1, c: \"${b}\"}}\n", GW_D_VARIABLE_NESTED, 1,
	  24, 6 },
	{ "name of a variable", "site: {vars: {WanIf: 1}}\n", GW_D_VARIABLE_NAME, 1, 15, 5 },
	{ "include of a map", "include: {a: b}\n", GW_D_INCLUDE_FORM, 1, 10, 1 },
	{ "include of a list of lists", "include: [[a]]\n", GW_D_INCLUDE_FORM, 1, 11, 1 },
	{ "variable in a path", "include: [\"${a}\"]\n", GW_D_INCLUDE_FORM, 1, 11, 6 },
	{ "absolute path", "include: [/etc/passwd]\n", GW_D_PATH_ESCAPES, 1, 11, 11 },
	{ "path upwards", "include: [a/../../b.yaml]\n", GW_D_PATH_ESCAPES, 1, 11, 14 },
	{ "empty path", "include: [\"\"]\n", GW_D_INCLUDE_FORM, 1, 11, 2 },
	{ "a merge conflict", "a: 1\n<<<<<<< HEAD\nb: 2\n", GW_D_YAML_SYNTAX, 2, 1, 1 },
	{ "missing file", "include: [b.yaml]\n", GW_D_FILE_MISSING, 1, 11, 6 },
	{ "itself", "include: gw.yaml\n", GW_D_INCLUDE_CYCLE, 1, 10, 7 },
	{ "itself by a pattern", "include: [\"*.yaml\"]\n", GW_D_INCLUDE_CYCLE, 1, 11, 8 },
	{ "no match", "gw: 1\ninclude: [x/*.yaml]\n", GW_D_GLOB_EMPTY, 2, 11, 8 },
	{ "pattern of directories", "include: [x*/a.yaml]\n", GW_D_GLOB_UNSUPPORTED, 1, 11, 9 },
	{ "pattern of sets", "include: [\"x/[ab].yaml\"]\n", GW_D_GLOB_UNSUPPORTED, 1, 11, 13 },
	{ "pattern of trees", "include: [\"**\"]\n", GW_D_GLOB_UNSUPPORTED, 1, 11, 4 },
};

/* Empty if reading the row's text gives just what the row says. */
static void compare_row(const struct refused *row, char *ret_wrong, size_t size)
{
	struct fixture fixture = { 0 };
	const struct gw_diagnostic *found;

	gw_diags_init(&fixture.diags);
	read_text(&fixture, row->text);
	found = fixture.diags.items;
	*ret_wrong = '\0';
	if (fixture.diags.count != 1 || found->id != row->id || found->loc.line != row->line ||
	    found->loc.column != row->column || found->loc.len != row->len)
		(void)snprintf(ret_wrong, size, "%zu diagnostics, %s %u:%u+%u, %s",
			       fixture.diags.count, found ? gw_diag_kind(found->id)->number : "",
			       found ? found->loc.line : 0, found ? found->loc.column : 0,
			       found ? found->loc.len : 0, found ? found->message : "");
	gw_conf_free(fixture.conf);
	gw_diags_done(&fixture.diags);
}

static void what_is_not_allowed_is_named_with_its_place(void **state)
{
	size_t failures = 0;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(refused); i++) {
		char wrong[256];

		compare_row(&refused[i], wrong, sizeof(wrong));
		if (*wrong) {
			print_error("%s: %s\n", refused[i].name, wrong);
			failures++;
		}
	}
	assert_int_equal(failures, 0);
}

static void one_run_shows_all_mistakes(void **state)
{
	struct fixture *fixture = *state;

	read_text(fixture, "a: &x 1\nb: !!int 2\n<<: {c: 1}\na: 3\nd: ${e}\n");
	assert_int_equal(fixture->diags.errors, 5);
	assert_non_null(fixture->conf->root);
}

static void a_file_that_is_cut_short_gives_no_tree(void **state)
{
	struct fixture *fixture = *state;

	read_text(fixture, "zones: {wan: {}}\npolicies: [{id: a\n");
	assert_int_equal(fixture->diags.errors, 1);
	assert_null(fixture->conf->root);
	assert_int_equal(fixture->conf->n_files, 1);
}

static void nesting_is_limited(void **state)
{
	struct fixture *fixture = *state;
	char text[100] = "a: ";

	memset(text + 3, '[', 31);
	memset(text + 34, ']', 31);
	read_text(fixture, text);
	assert_int_equal(fixture->diags.errors, 0);
	gw_conf_free(fixture->conf);

	memset(text + 3, '[', 32);
	memset(text + 35, ']', 32);
	read_text(fixture, text);
	assert_int_equal(fixture->diags.errors, 1);
	assert_int_equal(fixture->diags.items[0].id, GW_D_TOO_DEEP);
	assert_int_equal(fixture->diags.items[0].loc.column, 35);
}

static void a_million_brackets_are_refused(void **state)
{
	struct fixture *fixture = *state;
	size_t len = 1000000;
	gw_auto_free char *text = gw_zalloc(len + 1, 1);

	memset(text, '[', len);
	read_text(fixture, text);
	assert_int_equal(fixture->diags.errors, 1);
	assert_null(fixture->conf->root);
}

static void many_keys_with_duplicates_are_found(void **state)
{
	struct fixture *fixture = *state;
	gw_auto_free char *text = gw_zalloc(20000, 1);
	size_t len = 0;

	for (int i = 0; i < 1000; i++)
		len += (size_t)snprintf(text + len, 20000 - len, "key-%d: 1\n", i % 990);
	read_text(fixture, text);
	assert_int_equal(fixture->diags.errors, 10);
	assert_string_equal(fixture->diags.items[0].message, "the key `key-0` is there twice");
	assert_int_equal(fixture->diags.items[0].loc.line, 991);
	assert_int_equal(fixture->diags.items[0].related.line, 1);
	assert_int_equal(fixture->conf->root->n, 990);
	/* Those that are left keep their order. */
	assert_string_equal(fixture->conf->root->entries[989].key, "key-989");
}

/* ---- what is read ---- */

static void values_keep_text_place_and_quotes(void **state)
{
	struct fixture *fixture = *state;
	const struct gw_node *node;

	read_text(fixture, "site:\n  a: NO\n  b: \"022\"\n  \xe6\x9d\xb1: x y # c\n  d:\n"
			   "  e: [1, {f: g}]\n");
	assert_int_equal(fixture->diags.errors, 0);
	node = at(fixture, "site", "a");
	assert_string_equal(node->text, "NO");
	assert_false(node->quoted);
	node = at(fixture, "site", "b");
	assert_string_equal(node->text, "022");
	assert_true(node->quoted);
	assert_int_equal(node->loc.len, 5);
	node = at(fixture, "site", "\xe6\x9d\xb1");
	assert_string_equal(node->text, "x y");
	assert_int_equal(node->loc.line, 4);
	assert_int_equal(node->loc.column, 6);
	assert_int_equal(node->loc.len, 3);
	assert_string_equal(at(fixture, "site", "d")->text, "");
	node = at(fixture, "site", "e");
	assert_int_equal(node->kind, GW_NODE_LIST);
	assert_int_equal(node->n, 2);
	assert_string_equal(node->items[0]->text, "1");
	assert_int_equal(node->items[1]->kind, GW_NODE_MAP);
	assert_string_equal(gw_node_get(node->items[1], "f")->text, "g");
	assert_int_equal(node->items[1]->entries[0].key_loc.column, 11);
	assert_null(gw_node_get(node, "f"));
}

static void windows_line_ends_and_byte_order_marks_are_read(void **state)
{
	struct fixture *fixture = *state;

	read_text(fixture, "\xef\xbb\xbf"
			   "a: 1\r\nb: {c: d}\r\n");
	assert_int_equal(fixture->diags.errors, 0);
	assert_string_equal(at(fixture, "a", NULL)->text, "1");
	assert_int_equal(at(fixture, "a", NULL)->loc.column, 4);
	/* What is kept for the revision is the file as it is. */
	assert_int_equal(fixture->conf->files[0].len, 20);
}

static void json_is_read(void **state)
{
	struct fixture *fixture = *state;

	read_text(fixture, "{\"gw\": 1,\n \"zones\": {\"wan\": {\"interfaces\": [\"wan0\"]}}}\n");
	assert_int_equal(fixture->diags.errors, 0);
	assert_string_equal(gw_node_get(at(fixture, "zones", "wan"), "interfaces")->items[0]->text,
			    "wan0");
}

static void variables_are_replaced_and_keep_the_place_of_their_use(void **state)
{
	struct fixture *fixture = *state;
	const struct gw_node *node;

	read_text(fixture, "site: {vars: {wan_if: wan0}}\nzones:\n  wan: [\"${wan_if}\", lan0]\n");
	assert_int_equal(fixture->diags.errors, 0);
	node = at(fixture, "zones", "wan");
	assert_string_equal(node->items[0]->text, "wan0");
	assert_int_equal(node->items[0]->loc.line, 3);
	assert_int_equal(node->items[0]->loc.column, 9);
}

static void a_misspelt_variable_gets_a_suggestion(void **state)
{
	struct fixture *fixture = *state;

	read_text(fixture, "site: {vars: {wan_if: wan0}}\na: ${wan_of}\n");
	assert_int_equal(fixture->diags.errors, 1);
	assert_string_equal(fixture->diags.items[0].hint, "did you mean `${wan_if}`?");
}

/* ---- several files ---- */

static void included_files_merge_maps_by_key_and_append_lists(void **state)
{
	static const struct gw_conf_file files[] = {
		FILE_OF("baseline/b.yaml", "gw: 1\nzones: {hq: {}}\npolicies: [{id: b}]\n"),
		FILE_OF("gw.yaml", "gw: 1\ninclude: [./baseline//*.yaml]\nzones: {wan: {}}\n"
				   "policies: [{id: main}]\n"),
		FILE_OF("baseline/a.yaml", "site: {vars: {x: y}}\npolicies: [{id: \"${x}\"}]\n"),
		FILE_OF("baseline/deeper/c.yaml", "zones: {no: {}}\n"),
		FILE_OF("baseline/.hidden.yaml", "zones: {no: {}}\n"),
	};
	struct fixture *fixture = *state;
	const struct gw_node *policies;

	read_files(fixture, files, GW_COUNT(files));
	assert_int_equal(fixture->diags.errors + fixture->diags.warnings, 0);
	assert_int_equal(fixture->conf->n_files, 3);
	assert_string_equal(fixture->conf->files[0].path, "gw.yaml");
	assert_string_equal(fixture->conf->files[1].path, "baseline/a.yaml");
	assert_string_equal(fixture->conf->files[2].path, "baseline/b.yaml");
	assert_null(gw_node_get(fixture->conf->root, "include"));
	assert_int_equal(at(fixture, "zones", NULL)->n, 2);
	policies = at(fixture, "policies", NULL);
	assert_int_equal(policies->n, 3);
	assert_string_equal(gw_node_get(policies->items[0], "id")->text, "main");
	assert_string_equal(gw_node_get(policies->items[1], "id")->text, "y");
	assert_string_equal(gw_node_get(policies->items[2], "id")->text, "b");
	assert_string_equal(policies->items[2]->loc.source->path, "baseline/b.yaml");
}

static void what_two_files_define_is_refused(void **state)
{
	static const struct gw_conf_file files[] = {
		FILE_OF("gw.yaml", "gw: 1\ninclude: b.yaml\nzones: {wan: {}, dmz: {}}\nnat: []\n"),
		FILE_OF("b.yaml", "gw: 2\nzones:\n  dmz: {}\nnat: {}\n"),
	};
	struct fixture *fixture = *state;
	const struct gw_diagnostic *found;

	read_files(fixture, files, GW_COUNT(files));
	assert_int_equal(fixture->diags.errors, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(fixture->diags.items[i].id, GW_D_DEFINED_TWICE);
	found = &fixture->diags.items[2];
	assert_string_equal(found->message, "`zones.dmz` is defined twice");
	assert_string_equal(found->loc.source->path, "b.yaml");
	assert_int_equal(found->loc.line, 3);
	assert_string_equal(found->related.source->path, "gw.yaml");
	assert_int_equal(found->related.column, 18);
}

static void a_cycle_is_named_as_a_chain(void **state)
{
	static const struct gw_conf_file files[] = {
		FILE_OF("gw.yaml", "include: a.yaml\n"),
		FILE_OF("a.yaml", "include: [b.yaml]\n"),
		FILE_OF("b.yaml", "include: [c/*]\n"),
		FILE_OF("c/c.yaml", "include: [a.yaml]\n"),
	};
	struct fixture *fixture = *state;

	read_files(fixture, files, GW_COUNT(files));
	assert_int_equal(fixture->diags.errors, 1);
	assert_string_equal(fixture->diags.items[0].message,
			    "files include each other: a.yaml -> b.yaml -> c/c.yaml -> a.yaml");
	assert_string_equal(fixture->diags.items[0].loc.source->path, "c/c.yaml");
	assert_null(fixture->conf->root);
}

static void a_file_included_from_two_places_is_read_once(void **state)
{
	static const struct gw_conf_file files[] = {
		FILE_OF("gw.yaml", "include: [a.yaml, b.yaml]\n"),
		FILE_OF("a.yaml", "include: [c.yaml]\n"),
		FILE_OF("b.yaml", "include: [./c.yaml]\n"),
		FILE_OF("c.yaml", "zones: {wan: {}}\n"),
	};
	struct fixture *fixture = *state;

	read_files(fixture, files, GW_COUNT(files));
	assert_int_equal(fixture->diags.errors, 0);
	assert_int_equal(fixture->conf->n_files, 4);
}

static void a_chain_of_includes_is_limited(void **state)
{
	struct gw_conf_file files[41];
	char paths[41][16], texts[41][32];
	struct fixture *fixture = *state;

	for (int i = 0; i < 41; i++) {
		(void)snprintf(paths[i], sizeof(paths[i]), i ? "f%d" : "gw.yaml", i);
		(void)snprintf(texts[i], sizeof(texts[i]), "include: f%d\n", i + 1);
		files[i] = (struct gw_conf_file)FILE_OF(paths[i], texts[i]);
	}
	read_files(fixture, files, 41);
	assert_int_equal(fixture->diags.errors, 1);
	assert_int_equal(fixture->diags.items[0].id, GW_D_INCLUDE_DEPTH);
	assert_int_equal(fixture->conf->n_files, 33);
}

static void the_number_of_files_is_limited(void **state)
{
	size_t n = 4097;
	gw_auto_free struct gw_conf_file *files = gw_zalloc(n, sizeof(*files));
	gw_auto_free char *paths = gw_zalloc(n, 16);
	struct fixture *fixture = *state;

	files[0] = (struct gw_conf_file)FILE_OF("gw.yaml", "include: [d/*]\n");
	for (size_t i = 1; i < n; i++) {
		(void)snprintf(paths + 16 * i, 16, "d/%zu", i);
		files[i] = (struct gw_conf_file)FILE_OF(paths + 16 * i, "policies: []\n");
	}
	read_files(fixture, files, n);
	assert_int_equal(fixture->diags.errors, 1);
	assert_int_equal(fixture->diags.items[0].id, GW_D_TOO_MANY_FILES);
	assert_int_equal(fixture->conf->n_files, 4096);
}

static void objects_are_found_kept_and_read_once(void **state)
{
	static const struct gw_conf_file files[] = {
		FILE_OF("gw.yaml", "a: 1\n"),
		FILE_OF("objects/x.txt", "192.0.2.1\n"),
	};
	struct fixture *fixture = *state;
	const struct gw_source *object;
	struct gw_loc loc;

	read_files(fixture, files, GW_COUNT(files));
	loc = at(fixture, "a", NULL)->loc;
	object = gw_conf_object(fixture->conf, "objects/x.txt", loc, &fixture->diags);
	assert_non_null(object);
	assert_string_equal(object->text, "192.0.2.1\n");
	assert_int_equal(fixture->conf->n_files, 2);
	assert_string_equal(fixture->conf->files[1].path, "objects/x.txt");
	assert_ptr_equal(gw_conf_object(fixture->conf, "./objects/x.txt", loc, &fixture->diags),
			 object);
	assert_int_equal(fixture->conf->n_files, 2);
	assert_null(gw_conf_object(fixture->conf, "../x", loc, &fixture->diags));
	assert_null(gw_conf_object(fixture->conf, "objects/y.txt", loc, &fixture->diags));
	assert_int_equal(fixture->diags.errors, 2);
	assert_int_equal(fixture->diags.items[0].id, GW_D_PATH_ESCAPES);
	assert_int_equal(fixture->diags.items[1].id, GW_D_FILE_MISSING);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_allowed_is_named_with_its_place),
		TEST(one_run_shows_all_mistakes),
		TEST(a_file_that_is_cut_short_gives_no_tree),
		TEST(nesting_is_limited),
		TEST(a_million_brackets_are_refused),
		TEST(many_keys_with_duplicates_are_found),
		TEST(values_keep_text_place_and_quotes),
		TEST(windows_line_ends_and_byte_order_marks_are_read),
		TEST(json_is_read),
		TEST(variables_are_replaced_and_keep_the_place_of_their_use),
		TEST(a_misspelt_variable_gets_a_suggestion),
		TEST(included_files_merge_maps_by_key_and_append_lists),
		TEST(what_two_files_define_is_refused),
		TEST(a_cycle_is_named_as_a_chain),
		TEST(a_file_included_from_two_places_is_read_once),
		TEST(a_chain_of_includes_is_limited),
		TEST(the_number_of_files_is_limited),
		TEST(objects_are_found_kept_and_read_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
