/*
 * libyaml's complaints in our words. It names the token that it did not expect; what a person has
 * to change is often something else: a colon, a bracket or a quote some lines above.
 */
#include <string.h>

#include "gw/conf/yaml.h"
#include "gw/core/mem.h"

enum place {
	PLACE_PROBLEM, /* where libyaml stopped */
	PLACE_CONTEXT, /* where the construct began */
};

/* The first row whose parts are found in libyaml's problem and context decides. */
static const struct complaint {
	const char *problem, *context; /* NULL: any */
	enum gw_diag_id id;
	enum place place;
	const char *message, *hint;
} complaints[] = {
	{ "unexpected end of stream", "quoted scalar", GW_D_QUOTE_OPEN, PLACE_CONTEXT,
	  "this quote is never closed", "close it with the same quote: \"…\" or '…'" },
	{ "unexpected document indicator", "quoted scalar", GW_D_QUOTE_OPEN, PLACE_CONTEXT,
	  "this quote is never closed", "close it with the same quote: \"…\" or '…'" },
	{ "escape character", "quoted scalar", GW_D_BAD_ESCAPE, PLACE_PROBLEM,
	  "there is no such escape in quoted text", "write `\\\\` for a backslash, or use '…'" },
	{ "hexdecimal number", "quoted scalar", GW_D_BAD_ESCAPE, PLACE_PROBLEM,
	  "this escape needs hexadecimal digits", "`\\x41`, `\\u0041`, or use '…'" },
	{ "invalid Unicode character", "quoted scalar", GW_D_BAD_ESCAPE, PLACE_PROBLEM,
	  "there is no character with this number", NULL },
	{ "expected ',' or ']'", NULL, GW_D_BRACKET_OPEN, PLACE_CONTEXT,
	  "this `[` is never closed, or a comma is missing behind it",
	  "lists are written [a, b, c]" },
	{ "expected ',' or '}'", NULL, GW_D_BRACKET_OPEN, PLACE_CONTEXT,
	  "this `{` is never closed, or a comma is missing behind it",
	  "maps are written {a: 1, b: 2}" },
	{ "mapping values are not allowed", NULL, GW_D_COLON_IN_VALUE, PLACE_PROBLEM,
	  "a `:` where no key can stand",
	  "a text that holds `: ` needs quotes: \"…\"; or the line above lacks the blank behind "
	  "its "
	  "colon" },
	{ "expected ':'", NULL, GW_D_COLON_MISSING, PLACE_CONTEXT, "a key without `:` behind it",
	  "keys are written `key: value`, with a blank behind the colon" },
	{ "unexpected ':'", NULL, GW_D_COLON_IN_VALUE, PLACE_PROBLEM,
	  "a `:` where no key can stand", "a text that holds `:` here needs quotes: \"…\"" },
	{ "expected key", NULL, GW_D_BAD_INDENTATION, PLACE_PROBLEM,
	  "this line does not fit the lines above it",
	  "keys of one map begin in the same column; a text that goes on behind its closing quote "
	  "does not parse either" },
	{ "expected '-' indicator", NULL, GW_D_BAD_INDENTATION, PLACE_PROBLEM,
	  "this line does not fit the list above it",
	  "items of one list begin in the same column" },
	{ "block sequence entries are not allowed", NULL, GW_D_BAD_INDENTATION, PLACE_PROBLEM,
	  "a list item cannot stand here", "begin the list in a line of its own" },
	{ "mapping keys are not allowed", NULL, GW_D_BAD_INDENTATION, PLACE_PROBLEM,
	  "a key cannot stand here", NULL },
	{ "invalid leading", NULL, GW_D_BAD_INDENTATION, PLACE_PROBLEM,
	  "this text is indented in two ways", "indent all lines of the text alike" },
	{ "alphabetic or numeric character", "anchor", GW_D_ANCHOR, PLACE_CONTEXT,
	  "`&` begins an anchor, and anchors are not allowed",
	  "a text that begins with `&` needs "
	  "quotes" },
	{ "alphabetic or numeric character", "alias", GW_D_ALIAS, PLACE_CONTEXT,
	  "`*` begins an alias, and aliases are not allowed", "write \"*.yaml\" in quotes" },
	{ NULL, "tag", GW_D_TAG, PLACE_CONTEXT, "`!` begins a tag, and tags are not allowed",
	  "a text that begins with `!` needs quotes" },
	{ "undefined tag handle", NULL, GW_D_TAG, PLACE_PROBLEM, "tags are not allowed",
	  "a text that begins with `!` needs quotes" },
	{ NULL, "directive", GW_D_DIRECTIVE, PLACE_CONTEXT, "`%` begins a directive",
	  "a text that begins with `%` needs quotes" },
	{ "directive", NULL, GW_D_DIRECTIVE, PLACE_PROBLEM, "directives are not allowed", NULL },
	{ "cannot start any token", NULL, GW_D_BAD_START, PLACE_PROBLEM,
	  "a value cannot begin with this character", "put it in quotes: \"…\"" },
	{ "expected <document start>", NULL, GW_D_BAD_INDENTATION, PLACE_PROBLEM,
	  "this line does not belong to what stands above it",
	  "keys at the top of the file begin in the first column" },
	{ "expected node content", NULL, GW_D_YAML_SYNTAX, PLACE_PROBLEM, "a value is missing here",
	  NULL },
};

static bool holds(const char *text, const char *part)
{
	return !part || (text && strstr(text, part));
}

static struct gw_loc at_mark(const struct gw_source *source, yaml_mark_t mark)
{
	return (struct gw_loc){
		.source = source,
		.line = (uint32_t)mark.line + 1,
		.column = (uint32_t)mark.column + 1,
		.len = 1,
	};
}

/* What git leaves in a file where two people changed the same lines. */
static bool is_merge_conflict(const struct gw_source *source, size_t line)
{
	static const char *const marks[] = { "<<<<<<<", "=======", ">>>>>>>" };
	const char *at = source->text, *end = source->text + source->len;

	for (; line && at; line--) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	for (size_t i = 0; at && i < GW_COUNT(marks); i++)
		if (end - at >= 7 && memcmp(at, marks[i], 7) == 0)
			return true;
	return false;
}

void gw_yaml_report(const yaml_parser_t *parser, const struct gw_source *source,
		    struct gw_diags *diags)
{
	const char *problem = parser->problem ? parser->problem : "not YAML";

	if (parser->error == YAML_MEMORY_ERROR)
		gw_out_of_memory();
	for (int i = 0; i < 2; i++) {
		yaml_mark_t mark = i ? parser->problem_mark : parser->context_mark;

		if (!is_merge_conflict(source, mark.line))
			continue;
		gw_diag(diags, GW_D_YAML_SYNTAX, at_mark(source, mark),
			"a merge conflict is left in the file");
		gw_diag_hint(diags, "keep one of the versions between `<<<<<<<` and `>>>>>>>`, and "
				    "delete these lines");
		return;
	}
	for (size_t i = 0; i < GW_COUNT(complaints); i++) {
		const struct complaint *row = &complaints[i];
		bool at_context = row->place == PLACE_CONTEXT && parser->context;

		if (!holds(problem, row->problem) || !holds(parser->context, row->context))
			continue;
		gw_diag(diags, row->id,
			at_mark(source, at_context ? parser->context_mark : parser->problem_mark),
			"%s", row->message);
		if (row->hint)
			gw_diag_hint(diags, "%s", row->hint);
		return;
	}
	gw_diag(diags, GW_D_YAML_SYNTAX, at_mark(source, parser->problem_mark), "not YAML: %s",
		problem);
}
