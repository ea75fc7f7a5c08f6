/*
 * The bytes of a YAML file before libyaml sees them. Control characters would reach terminals and
 * logs; characters that turn the direction of text make a reviewer read something else than what
 * is enforced; and tabs look like any number of blanks. Refusing them here also makes our count of
 * lines and columns the same as libyaml's, which knows more line ends than other programs.
 */
#include <string.h>

#include "gw/conf/yaml.h"
#include "gw/core/mem.h"
#include "gw/core/utf8.h"

struct scan {
	const struct gw_source *source;
	const char *at, *end, *line_start;
	uint32_t line;
	bool indenting; /* nothing but blanks so far in this line */
};

static struct gw_loc here(const struct scan *scan, const char *at)
{
	return (struct gw_loc){
		.source = scan->source,
		.line = scan->line,
		.column = 1 + (uint32_t)gw_utf8_count(scan->line_start,
						      (size_t)(at - scan->line_start)),
		.len = 1,
	};
}

/* ASCII other than printable characters. */
static bool check_control(struct scan *scan, const char *at, struct gw_diags *diags)
{
	unsigned char c = (unsigned char)*at;

	if (c == '\t' && scan->indenting) {
		gw_diag(diags, GW_D_TAB, here(scan, at), "this line is indented with a tab");
		gw_diag_hint(diags, "indent with blanks: two for each level");
		return false;
	}
	if (c == '\t' || (c == '\r' && at + 1 < scan->end && at[1] == '\n'))
		return true;
	gw_diag(diags, GW_D_CONTROL_CHARACTER, here(scan, at),
		"the file holds the control character 0x%02x", c);
	gw_diag_hint(diags, "is this a text file?");
	return false;
}

static bool check_wide(const struct scan *scan, const char *at, uint32_t c, struct gw_diags *diags)
{
	if (c == GW_UTF8_INVALID) {
		gw_diag(diags, GW_D_BAD_ENCODING, here(scan, at),
			"the byte 0x%02x is not UTF-8 text", (unsigned char)*at);
		gw_diag_hint(diags, "save the file as UTF-8; is it a text file at all?");
		return false;
	}
	if (c < 0xa0 || c == 0x2028 || c == 0x2029 || c == 0xfffe || c == 0xffff) {
		gw_diag(diags, GW_D_CONTROL_CHARACTER, here(scan, at),
			"the file holds the control character U+%04X", c);
		return false;
	}
	if (gw_char_is_hidden(c)) {
		gw_diag(diags, GW_D_HIDDEN_CHARACTER, here(scan, at),
			"the file holds the invisible character U+%04X", c);
		gw_diag_hint(diags, "delete it: what a reviewer sees must be what is enforced");
		return false;
	}
	return true;
}

static bool check_one(struct scan *scan, struct gw_diags *diags)
{
	const char *at = scan->at;
	unsigned char c = (unsigned char)*at;

	if (c == '\n') {
		scan->line++;
		scan->at++;
		scan->line_start = scan->at;
		scan->indenting = true;
		return true;
	}
	if (c >= 0x80) {
		uint32_t wide = gw_utf8_next(&scan->at, scan->end);

		scan->indenting = false;
		return check_wide(scan, at, wide, diags);
	}
	scan->at++;
	if (c < 0x20 || c == 0x7f)
		return check_control(scan, at, diags);
	scan->indenting &= c == ' ';
	return true;
}

/* Most of a file: printable ASCII behind the indentation. */
static const char *skip_plain(const char *at, const char *end)
{
	while (at < end && *at >= 0x20 && *at < 0x7f)
		at++;
	return at;
}

bool gw_yaml_check_bytes(const struct gw_source *source, struct gw_diags *diags)
{
	struct scan scan = {
		.source = source,
		.at = source->text,
		.end = source->text + source->len,
		.line_start = source->text,
		.line = 1,
		.indenting = true,
	};

	while (scan.at < scan.end) {
		if (!check_one(&scan, diags))
			return false;
		if (!scan.indenting)
			scan.at = skip_plain(scan.at, scan.end);
	}
	return true;
}
