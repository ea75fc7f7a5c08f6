/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/conf/schema.h"
#include "gw/core/mem.h"

struct inner_form {
	const char *text;
};

static const struct gw_field inner_fields[] = {
	{ .key = "text",
	  .type = GW_FIELD_TEXT,
	  .max = 5,
	  .offset = offsetof(struct inner_form, text),
	  .en = "A text.",
	  .ja = "テキスト。" },
};

static const struct gw_table inner_table = {
	.name = "inner",
	.en = "An inner table.",
	.ja = "内側。",
	.size = sizeof(struct inner_form),
	.fields = inner_fields,
	.n_fields = GW_COUNT(inner_fields),
};

enum colour { COLOUR_RED = 3, COLOUR_BLUE = 7 };

struct form {
	const char *name, *text;
	struct gw_node *list, *map, *tables, *zone;
	int64_t date, time;
	uint32_t number, clock, wait;
	int32_t offset;
	int colour;
	bool flag;
};

static const struct gw_choice colours[] = {
	{ "red", COLOUR_RED },
	{ "blue", COLOUR_BLUE },
	{ NULL, 0 },
};

#define AT(member)                                                                                 \
	.offset = offsetof(struct form, member), .en = "About " #member ".", .ja = "説明。"

static const struct gw_field fields[] = {
	{ .key = "name", .type = GW_FIELD_NAME, .required = true, AT(name) },
	{ .key = "text", .type = GW_FIELD_TEXT, AT(text) },
	{ .key = "list", .type = GW_FIELD_NAME, .shape = GW_SHAPE_ONE_OR_LIST, AT(list) },
	{ .key = "map", .type = GW_FIELD_TEXT, .shape = GW_SHAPE_MAP, .key_max = 4, AT(map) },
	{ .key = "tables",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_LIST,
	  .table = &inner_table,
	  AT(tables) },
	{ .key = "zone", .type = GW_FIELD_ZONE, AT(zone) },
	{ .key = "date", .type = GW_FIELD_DATE, AT(date) },
	{ .key = "time", .type = GW_FIELD_TIME, AT(time) },
	{ .key = "number",
	  .type = GW_FIELD_UINT,
	  .min = 5,
	  .max = 4294967295,
	  .fallback = "42",
	  AT(number) },
	{ .key = "clock", .type = GW_FIELD_CLOCK, AT(clock) },
	{ .key = "offset", .type = GW_FIELD_OFFSET, .fallback = "-01:30", AT(offset) },
	{ .key = "colour",
	  .type = GW_FIELD_CHOICE,
	  .choices = colours,
	  .fallback = "blue",
	  AT(colour) },
	{ .key = "flag", .type = GW_FIELD_BOOL, .fallback = "on", AT(flag) },
	{ .key = "wait",
	  .type = GW_FIELD_DURATION,
	  .fallback = "90s",
	  .min = 10,
	  .max = 7200,
	  AT(wait) },
	{ .key = "later", .type = GW_FIELD_RESERVED, .en = "Later.", .ja = "将来。" },
};

static const struct gw_table table = {
	.name = "test",
	.en = "A table.",
	.ja = "表。",
	.size = sizeof(struct form),
	.fields = fields,
	.n_fields = GW_COUNT(fields),
};

struct reading {
	struct gw_diags diags;
	struct gw_conf *conf;
	struct form form;
	bool ok;
};

static struct reading read_yaml(const char *yaml)
{
	const struct gw_conf_file file = { "gw.yaml", yaml, strlen(yaml) };
	struct reading reading;

	gw_diags_init(&reading.diags);
	reading.conf = gw_conf_read_files(&file, 1, &reading.diags);
	assert_non_null(reading.conf->root);
	reading.ok = gw_schema_read(&reading.diags, &table, reading.conf->root, &reading.form);
	return reading;
}

static void reading_done(struct reading *reading)
{
	gw_conf_free(reading->conf);
	gw_diags_done(&reading->diags);
}

static void values_are_stored_as_their_types(void **state)
{
	struct reading reading =
		read_yaml("name: a-1\ntext: some text\nlist: [a, b]\nmap: {x: y}\n"
			  "tables: [{text: t}]\nzone: wan\ndate: 2028-02-29\n"
			  "time: 2026-12-01T18:00:30.5+09:00\nnumber: 0xff\nclock: '24:00'\n"
			  "offset: '+05:45'\ncolour: red\nflag: no\nwait: 5m\n");
	const struct form *form = &reading.form;
	struct gw_node *const *items;
	size_t n;

	(void)state;
	assert_true(reading.ok);
	assert_int_equal(reading.diags.count, 0);
	assert_string_equal(form->name, "a-1");
	assert_string_equal(form->text, "some text");
	assert_string_equal(form->zone->text, "wan");
	assert_int_equal(form->date, 1835395200);
	assert_int_equal(form->time, 1796115630);
	assert_int_equal(form->number, 255);
	assert_int_equal(form->clock, 86400);
	assert_int_equal(form->offset, 20700);
	assert_int_equal(form->colour, COLOUR_RED);
	assert_false(form->flag);
	assert_int_equal(form->wait, 300);
	items = gw_schema_items(&form->list, &n);
	assert_int_equal(n, 2);
	assert_string_equal(items[1]->text, "b");
	items = gw_schema_items(&form->zone, &n);
	assert_int_equal(n, 1);
	assert_string_equal(items[0]->text, "wan");
	assert_int_equal(form->tables->n, 1);
	reading_done(&reading);
}

static void absent_keys_have_their_defaults(void **state)
{
	struct reading reading = read_yaml("name: x\n");

	(void)state;
	assert_true(reading.ok);
	assert_int_equal(reading.form.number, 42);
	assert_int_equal(reading.form.offset, -5400);
	assert_int_equal(reading.form.wait, 90);
	assert_int_equal(reading.form.colour, COLOUR_BLUE);
	assert_true(reading.form.flag);
	assert_null(reading.form.list);
	assert_null(reading.form.text);
	reading_done(&reading);
}

static void an_absent_table_is_all_defaults(void **state)
{
	struct form form;

	(void)state;
	assert_true(gw_schema_read(NULL, &table, NULL, &form));
	assert_int_equal(form.number, 42);
	assert_null(form.name);
}

static void durations_need_their_unit_and_have_bounds(void **state)
{
	static const struct {
		const char *yaml;
		enum gw_diag_id id;
		const char *message, *hint;
	} rows[] = {
		{ "name: x\nwait: 120\n", GW_D_BAD_DURATION,
		  "`wait` is a duration such as 120s, 8h or 7d, not `120`",
		  "with its unit: `120s`, `120m`, `120h`, `120d`?" },
		{ "name: x\nwait: 5 s\n", GW_D_BAD_DURATION,
		  "`wait` is a duration such as 120s, 8h or 7d, not `5 s`", NULL },
		{ "name: x\nwait: 9s\n", GW_D_OUT_OF_BOUNDS, "`wait` is from 10s to 2h, not 9s",
		  NULL },
		{ "name: x\nwait: 3h\n", GW_D_OUT_OF_BOUNDS, "`wait` is from 10s to 2h, not 3h",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct reading reading = read_yaml(rows[i].yaml);

		assert_int_equal(reading.diags.count, 1);
		assert_int_equal(reading.diags.items[0].id, rows[i].id);
		assert_string_equal(reading.diags.items[0].message, rows[i].message);
		if (rows[i].hint)
			assert_string_equal(reading.diags.items[0].hint, rows[i].hint);
		assert_int_equal(reading.form.wait, 90);
		reading_done(&reading);
	}
}

static void every_fault_of_a_table_is_reported(void **state)
{
	struct reading reading =
		read_yaml("nam: x\nnumber: 4\nflag: perhaps\ncolour: rad\nlater: [x]\n");
	static const struct {
		enum gw_diag_id id;
		uint32_t line;
		const char *hint;
	} expected[] = {
		{ GW_D_UNKNOWN_KEY, 1, "did you mean `name`?" },
		{ GW_D_OUT_OF_BOUNDS, 2, NULL },
		{ GW_D_BAD_BOOL, 3, NULL },
		{ GW_D_BAD_CHOICE, 4, "did you mean `red`?" },
		{ GW_D_SECTION_UNSUPPORTED, 5, NULL },
		{ GW_D_MISSING_KEY, 1, "name: About name." },
	};

	(void)state;
	assert_false(reading.ok);
	assert_int_equal(reading.diags.count, GW_COUNT(expected));
	for (size_t i = 0; i < GW_COUNT(expected); i++) {
		assert_int_equal(reading.diags.items[i].id, expected[i].id);
		assert_int_equal(reading.diags.items[i].loc.line, expected[i].line);
		if (expected[i].hint)
			assert_string_equal(reading.diags.items[i].hint, expected[i].hint);
	}
	assert_int_equal(reading.form.number, 42); /* faulty values leave the default */
	assert_string_equal(reading.diags.items[1].message,
			    "`number` is from 5 to 4294967295, not 4");
	reading_done(&reading);
}

static void wrong_kinds_are_named(void **state)
{
	static const struct {
		const char *yaml, *message;
	} rows[] = {
		{ "name: [x]\n", "`name` is a single value, not a list" },
		{ "name: x\nmap: [x]\n", "`map` is a map, not a list" },
		{ "name: x\ntables: x\n", "`tables` is a list, not a single value" },
		{ "name: x\nlist: [[x]]\n", "`list` is a single value, not a list" },
		{ "name: x\nlist: []\n", "`list` is empty" },
		{ "name: x\nmap:\n", "`map` has no value" },
		{ "name: x\nmap: {abcde: y}\n", "`abcde` has 5 characters; at most 4 are allowed" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct reading reading = read_yaml(rows[i].yaml);

		assert_false(reading.ok);
		assert_int_equal(reading.diags.count, 1);
		assert_string_equal(reading.diags.items[0].message, rows[i].message);
		reading_done(&reading);
	}
}

static void a_slip_in_one_name_leaves_the_others_usable(void **state)
{
	struct reading reading = read_yaml("name: x\nmap: {A_b: y, ok: z}\nlist: [A, b]\n");

	(void)state;
	assert_false(reading.ok);
	assert_int_equal(reading.diags.count, 2);
	assert_int_equal(reading.diags.items[0].id, GW_D_BAD_NAME);
	assert_string_equal(reading.diags.items[0].hint, "write `a-b`");
	assert_non_null(reading.form.map);
	assert_non_null(reading.form.list);
	reading_done(&reading);
}

static void points_in_time_are_exact(void **state)
{
	static const struct {
		const char *text;
		int64_t value; /* -1: refused */
	} rows[] = {
		{ "1970-01-01T00:00Z", 0 },
		{ "2000-02-29T12:34:56Z", 951827696 },
		{ "2100-03-01T00:00:00z", 4107542400 },
		{ "9999-12-31T23:59:59Z", 253402300799 },
		{ "2026-12-01T18:00+09:00", 1796115600 },
		{ "2026-12-01T18:00-00:30", 1796149800 },
		{ "2016-12-31T23:59:60Z", 1483228799 },
		{ "2100-02-29T00:00Z", -1 },
		{ "2026-12-01T24:00Z", -1 },
		{ "2026-12-01T18:60Z", -1 },
		{ "2026-12-01T18:00:61Z", -1 },
		{ "2026-12-01T18:00+15:00", -1 },
		{ "2026-12-01T18:00Zx", -1 },
		{ "2026-12-01", -1 },
		{ "2026-00-01T00:00Z", -1 },
		{ "2026-12-00T00:00Z", -1 },
		{ "1969-12-31T00:00Z", -1 },
		{ "2026-12-01T18:00:00.Z", -1 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		char yaml[64];
		struct reading reading;

		(void)snprintf(yaml, sizeof(yaml), "name: x\ntime: %s\n", rows[i].text);
		reading = read_yaml(yaml);
		if (reading.ok != (rows[i].value >= 0) ||
		    (reading.ok && reading.form.time != rows[i].value))
			fail_msg("%s: %lld", rows[i].text, (long long)reading.form.time);
		reading_done(&reading);
	}
}

static json_t *schema_of(const struct gw_table *root)
{
	gw_auto_text struct gw_text text = { 0 };
	json_error_t error;
	json_t *schema;

	gw_schema_json(root, &text);
	schema = json_loadb(text.bytes, text.len, 0, &error);
	assert_non_null(schema);
	return schema;
}

static const char *string_at(const json_t *schema, const char *first, const char *second,
			     const char *key)
{
	const json_t *value =
		json_object_get(json_object_get(json_object_get(schema, first), second), key);

	return json_string_value(value);
}

static void the_json_schema_is_strict(void **state)
{
	json_t *schema = schema_of(&table);
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *number;

	(void)state;
	assert_string_equal(json_string_value(json_object_get(schema, "$schema")),
			    "https://json-schema.org/draft/2020-12/schema");
	assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
	assert_int_equal(json_object_size(properties), GW_COUNT(fields));
	assert_int_equal(json_array_size(json_object_get(schema, "required")), 1);
	number = json_array_get(json_object_get(json_object_get(properties, "number"), "anyOf"), 0);
	assert_int_equal(json_integer_value(json_object_get(number, "minimum")), 5);
	assert_int_equal(json_integer_value(json_object_get(number, "maximum")), 4294967295);
	assert_string_equal(string_at(schema, "properties", "number", "default"), "42");
	assert_string_equal(string_at(schema, "properties", "text", "description"),
			    "About text.\n説明。");
	assert_true(json_is_false(
		json_object_get(json_object_get(json_object_get(schema, "$defs"), "inner"),
				"additionalProperties")));
	json_decref(schema);
}

static void the_manual_has_every_key_of_every_table(void **state)
{
	gw_auto_text struct gw_text english = { 0 }, japanese = { 0 };

	(void)state;
	gw_schema_manual(&table, false, &english);
	gw_schema_manual(&table, true, &japanese);
	for (size_t i = 0; i < GW_COUNT(fields); i++) {
		char item[64];

		(void)snprintf(item, sizeof(item), ".It Cm %s Ns :", fields[i].key);
		assert_non_null(strstr(english.bytes, item));
		assert_non_null(strstr(japanese.bytes, item));
	}
	assert_non_null(strstr(english.bytes, ".Sh INNER\n"));
	assert_non_null(strstr(english.bytes, "From 5 to 4294967295.\n"));
	assert_non_null(strstr(english.bytes, "Default:\n.Cm 42\n"));
	assert_non_null(strstr(english.bytes, "From 10s to 2h.\n"));
	assert_non_null(strstr(english.bytes, "About text.\n"));
	assert_null(strstr(english.bytes, "説明"));
	assert_non_null(strstr(japanese.bytes, "説明。\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_stored_as_their_types),
		cmocka_unit_test(absent_keys_have_their_defaults),
		cmocka_unit_test(an_absent_table_is_all_defaults),
		cmocka_unit_test(durations_need_their_unit_and_have_bounds),
		cmocka_unit_test(every_fault_of_a_table_is_reported),
		cmocka_unit_test(wrong_kinds_are_named),
		cmocka_unit_test(a_slip_in_one_name_leaves_the_others_usable),
		cmocka_unit_test(points_in_time_are_exact),
		cmocka_unit_test(the_json_schema_is_strict),
		cmocka_unit_test(the_manual_has_every_key_of_every_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
