/*
 * Formatting works on libyaml's tokens: what stands in a token is copied, what stands between two
 * tokens (blanks, line ends, comments: the gap) is laid out anew. So comments and quotes cannot get
 * lost, and lines break where the author broke them. Whether the meaning is the same is not left to
 * this code: the result is parsed again and compared.
 *
 * Every open block collection has a column in the old text and one in the new. One that begins a
 * line gets the column of the one around it plus two; one that begins behind `- ` gets the column
 * where it comes to stand. A line within brackets is aligned to what follows the bracket, or
 * indented by two if the bracket ends its line.
 */
#include "gw/conf/fmt.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "gw/conf/yaml.h"
#include "gw/core/mem.h"
#include "gw/core/utf8.h"

#define INDENT 2u

/* An open collection. */
struct level {
	size_t old_column, new_column; /* of its items; brackets: of lines inside */
	size_t close_column;           /* brackets: of the closing one if it begins a line */
	bool brackets;
};

struct format {
	const char *at, *end; /* behind the token written last; of the text */
	size_t index;         /* `at` in characters, as libyaml counts */
	struct gw_text out;
	struct level *levels; /* heap */
	size_t n, capacity;
	yaml_token_type_t previous; /* the token written last */
	size_t line_indent;         /* of the line being written */
	/* What libyaml said between two tokens that have text. */
	size_t closed; /* block collections that ended */
	bool opened;   /* one began, at this old column */
	size_t opened_column;
	bool is_key; /* the next scalar or bracket is a key */
};

static const struct level *top(const struct format *format)
{
	static const struct level file = { 0 };

	return format->n ? &format->levels[format->n - 1] : &file;
}

static bool at_line_start(const struct format *format)
{
	return !format->out.len || format->out.bytes[format->out.len - 1] == '\n';
}

static size_t column(const struct format *format)
{
	size_t start = format->out.len;

	while (start && format->out.bytes[start - 1] != '\n')
		start--;
	return start == format->out.len
		       ? 0
		       : gw_utf8_count(format->out.bytes + start, format->out.len - start);
}

static void add_blanks(struct format *format, size_t n)
{
	for (size_t i = 0; i < n; i++)
		gw_text_putc(&format->out, ' ');
}

/* The end of [start, end) without trailing blanks. */
static const char *trim_end(const char *start, const char *end)
{
	while (end > start && strchr(" \t\r", end[-1]))
		end--;
	return end;
}

static const char *skip_blanks(const char *start, const char *end)
{
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	return start;
}

static const char *line_end(const char *start, const char *end)
{
	const char *newline = memchr(start, '\n', (size_t)(end - start));

	return newline ? newline : end;
}

/* ---- gaps ---- */

static size_t block_indent(const struct format *format)
{
	return format->n ? top(format)->new_column + INDENT : 0;
}

/* A comment belongs to the innermost collection that begins no further right than it does. */
static size_t comment_column(const struct format *format, size_t old_column)
{
	if (top(format)->brackets)
		return top(format)->new_column;
	if (format->opened && format->opened_column <= old_column)
		return block_indent(format);
	for (size_t i = format->n; i; i--)
		if (format->levels[i - 1].old_column <= old_column)
			return format->levels[i - 1].new_column;
	return 0;
}

static size_t token_column(const struct format *format, yaml_token_type_t type)
{
	size_t depth = format->n - format->closed;
	const struct level *level = depth ? &format->levels[depth - 1] : NULL;

	if (!level || type == YAML_DOCUMENT_START_TOKEN || type == YAML_DOCUMENT_END_TOKEN)
		return 0;
	if (level->brackets)
		return type == YAML_FLOW_SEQUENCE_END_TOKEN || type == YAML_FLOW_MAPPING_END_TOKEN
			       ? level->close_column
			       : level->new_column;
	if (format->opened)
		return level->new_column + INDENT;
	/* A value in a line of its own. */
	if (!format->is_key &&
	    (type == YAML_SCALAR_TOKEN || type == YAML_FLOW_SEQUENCE_START_TOKEN ||
	     type == YAML_FLOW_MAPPING_START_TOKEN))
		return level->new_column + INDENT;
	return level->new_column;
}

static bool is_opening(yaml_token_type_t type)
{
	return type == YAML_FLOW_SEQUENCE_START_TOKEN || type == YAML_FLOW_MAPPING_START_TOKEN;
}

static bool is_closing(yaml_token_type_t type)
{
	return type == YAML_FLOW_SEQUENCE_END_TOKEN || type == YAML_FLOW_MAPPING_END_TOKEN;
}

/* Whether a blank stands between two tokens of one line. */
static bool needs_blank(yaml_token_type_t left, yaml_token_type_t right)
{
	if (left == YAML_NO_TOKEN || is_opening(left))
		return false;
	/* `{a: }`: without the blank, the colon would be part of the text. */
	if (left == YAML_VALUE_TOKEN)
		return true;
	return !is_closing(right) && right != YAML_FLOW_ENTRY_TOKEN && right != YAML_VALUE_TOKEN;
}

/* The comment behind a token keeps its distance: authors align such comments. */
static const char *write_line_rest(struct format *format, const char *gap, const char *gap_end)
{
	const char *newline = line_end(gap, gap_end);
	const char *comment = skip_blanks(gap, newline);

	if (comment < newline && *comment == '#') {
		const char *comment_end = trim_end(comment, newline);

		add_blanks(format, comment > gap ? (size_t)(comment - gap) : 1);
		gw_text_add(&format->out, comment, (size_t)(comment_end - comment));
	}
	gw_text_putc(&format->out, '\n');
	return newline < gap_end ? newline + 1 : gap_end;
}

/* Whole lines of a gap: comments, and one empty line for any number of them. True if the gap ends
 * with an empty line. */
static bool write_gap_lines(struct format *format, const char *at, const char *gap_end)
{
	bool empty = false;

	while (at < gap_end) {
		const char *newline = line_end(at, gap_end), *comment = skip_blanks(at, newline);
		const char *comment_end = trim_end(comment, newline);

		if (newline == gap_end && comment == comment_end)
			break; /* what indents the next token */
		if (comment == comment_end) {
			empty = true;
		} else {
			if (empty && format->out.len)
				gw_text_putc(&format->out, '\n');
			add_blanks(format, comment_column(format, (size_t)(comment - at)));
			gw_text_add(&format->out, comment, (size_t)(comment_end - comment));
			gw_text_putc(&format->out, '\n');
			empty = false;
		}
		at = newline < gap_end ? newline + 1 : gap_end;
	}
	return empty;
}

static void write_gap(struct format *format, const char *gap_end, yaml_token_type_t type)
{
	const char *at = format->at;
	bool empty;

	if (!at_line_start(format)) {
		if (!memchr(at, '\n', (size_t)(gap_end - at)) &&
		    skip_blanks(at, gap_end) == gap_end && type != YAML_STREAM_END_TOKEN) {
			if (needs_blank(format->previous, type))
				gw_text_putc(&format->out, ' ');
			return;
		}
		at = write_line_rest(format, at, gap_end);
	}
	empty = write_gap_lines(format, at, gap_end);
	if (type == YAML_STREAM_END_TOKEN)
		return;
	if (empty && format->out.len)
		gw_text_putc(&format->out, '\n');
	format->line_indent = token_column(format, type);
	add_blanks(format, format->line_indent);
}

/* ---- scalars of several lines ---- */

/* Plain and quoted ones: blanks around the line ends mean nothing, empty lines do. */
static void write_flow_scalar(struct format *format, const char *at, const char *end)
{
	size_t indent = top(format)->brackets ? format->line_indent + INDENT : block_indent(format);

	for (;;) {
		const char *newline = line_end(at, end);
		const char *line_stop = newline < end ? trim_end(at, newline) : end;

		/* A blank that a backslash protects is text. */
		if (line_stop > at && line_stop < newline && line_stop[-1] == '\\' &&
		    *line_stop != '\r')
			line_stop++;
		gw_text_add(&format->out, at, (size_t)(line_stop - at));
		if (newline == end)
			return;
		gw_text_putc(&format->out, '\n');
		at = skip_blanks(newline + 1, end);
		if (at < end && *at != '\n' && *at != '\r')
			add_blanks(format, indent);
	}
}

/* How far the lines of a block scalar are indented: before, and after. */
static void block_scalar_indents(const struct format *format, const char *header, const char *lines,
				 const char *end, size_t *ret_old, size_t *ret_new)
{
	const char *digit = header + strcspn(header, "123456789#\n");

	if (*digit >= '1' && *digit <= '9') {
		*ret_old = top(format)->old_column + (size_t)(*digit - '0');
		*ret_new = top(format)->new_column + (size_t)(*digit - '0');
		return;
	}
	*ret_old = 0;
	*ret_new = block_indent(format);
	while (lines < end) {
		const char *newline = line_end(lines, end), *text = skip_blanks(lines, newline);

		if (trim_end(text, newline) > text) {
			*ret_old = (size_t)(text - lines);
			return;
		}
		lines = newline < end ? newline + 1 : end;
	}
}

/* Behind the last line that holds anything. */
static const char *drop_empty_lines(const char *start, const char *end)
{
	const char *stop = end;

	while (stop > start && strchr(" \t\r\n", stop[-1]))
		stop--;
	if (stop == start)
		return start;
	stop = line_end(stop, end);
	return stop < end ? stop + 1 : end;
}

/*
 * Block scalars, whose lines all move by the same number of columns. Empty lines at the end belong
 * to the text if the header says so with `+`; else they are part of the gap behind it. Returns
 * where that gap begins.
 */
static const char *write_block_scalar(struct format *format, const char *at, const char *end)
{
	const char *header_end = line_end(at, end), *header_stop = trim_end(at, header_end);
	const char *lines = header_end < end ? header_end + 1 : end;
	size_t old_indent, new_indent;

	block_scalar_indents(format, at, lines, end, &old_indent, &new_indent);
	if (at[strcspn(at, "+#\n")] != '+')
		end = drop_empty_lines(lines, end);
	gw_text_add(&format->out, at, (size_t)(header_stop - at));
	gw_text_putc(&format->out, '\n');
	for (at = lines; at < end;) {
		const char *newline = line_end(at, end), *stop = newline;

		if (stop > at && stop[-1] == '\r')
			stop--;
		if ((size_t)(stop - at) > old_indent) {
			add_blanks(format, new_indent);
			gw_text_add(&format->out, at + old_indent,
				    (size_t)(stop - at) - old_indent);
		}
		gw_text_putc(&format->out, '\n');
		at = newline < end ? newline + 1 : end;
	}
	return end;
}

/* ---- tokens ---- */

static void push(struct format *format, struct level level)
{
	gw_push(format->levels, format->n, format->capacity, level);
}

/* Brings the levels to where the token about to be written stands. */
static void enter_token(struct format *format)
{
	format->n -= format->closed;
	format->closed = 0;
	if (format->opened)
		push(format, (struct level){ .old_column = format->opened_column,
					     .new_column = column(format) });
	format->opened = false;
	format->is_key = false;
}

static void open_bracket(struct format *format)
{
	size_t base = top(format)->brackets ? format->line_indent : top(format)->new_column;

	push(format, (struct level){
			     .new_column = base + INDENT,
			     .close_column = base,
			     .brackets = true,
		     });
}

/* Something follows an opening bracket in its line: the lines below are aligned to it. */
static void align_bracket(struct format *format)
{
	struct level *level = &format->levels[format->n - 1];

	level->new_column = column(format);
	level->close_column = level->new_column - 1;
}

static void write_token(struct format *format, const yaml_token_t *token)
{
	size_t start_index = token->start_mark.index, end_index = token->end_mark.index;
	const char *start = format->at, *end;
	bool same_line;

	for (; format->index < start_index && start < format->end; format->index++)
		(void)gw_utf8_next(&start, format->end); /* checked before */
	same_line = !memchr(format->at, '\n', (size_t)(start - format->at));
	write_gap(format, start, token->type);
	if (is_opening(format->previous) && same_line && !is_closing(token->type) &&
	    token->type != YAML_STREAM_END_TOKEN)
		align_bracket(format);
	enter_token(format);
	for (end = start; format->index < end_index && end < format->end; format->index++)
		(void)gw_utf8_next(&end, format->end); /* checked before */
	format->at = end;
	if (is_closing(token->type))
		format->n--;
	if (token->type == YAML_SCALAR_TOKEN &&
	    (token->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
	     token->data.scalar.style == YAML_FOLDED_SCALAR_STYLE)) {
		format->at = write_block_scalar(format, start, end);
		format->index -= gw_utf8_count(format->at, (size_t)(end - format->at));
	} else {
		write_flow_scalar(format, start, end);
	}
	if (is_opening(token->type))
		open_bracket(format);
	format->previous = token->type;
}

static void take_token(struct format *format, const yaml_token_t *token)
{
	switch ((int)token->type) {
	case YAML_STREAM_START_TOKEN:
		return;
	case YAML_BLOCK_END_TOKEN:
		format->closed++;
		return;
	case YAML_BLOCK_SEQUENCE_START_TOKEN:
	case YAML_BLOCK_MAPPING_START_TOKEN:
		format->opened = true;
		format->opened_column = token->start_mark.column;
		return;
	case YAML_KEY_TOKEN:
		/* Only an explicit key, `? key`, has a text of its own. */
		if (token->start_mark.index == token->end_mark.index) {
			format->is_key = true;
			return;
		}
		break;
	default:
		break;
	}
	write_token(format, token);
}

static void format_source(struct format *format, const struct gw_source *source)
{
	yaml_parser_t parser;
	yaml_token_t token;
	bool end = false;

	format->at = source->text;
	format->end = source->text + source->len;
	if (!yaml_parser_initialize(&parser))
		gw_out_of_memory();
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)source->text, source->len);
	while (!end) {
		int ok = yaml_parser_scan(&parser, &token);

		assert(ok); /* it was parsed before */
		(void)ok;
		end = token.type == YAML_STREAM_END_TOKEN;
		take_token(format, &token);
		yaml_token_delete(&token);
	}
	yaml_parser_delete(&parser);
}

/* ---- the same meaning ---- */

static bool same_tree(const struct gw_node *a, const struct gw_node *b)
{
	if (a->kind != b->kind || a->quoted != b->quoted || a->n != b->n ||
	    strcmp(a->text, b->text) != 0)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->kind == GW_NODE_LIST && !same_tree(a->items[i], b->items[i]))
			return false;
		if (a->kind == GW_NODE_MAP &&
		    (strcmp(a->entries[i].key, b->entries[i].key) != 0 ||
		     !same_tree(a->entries[i].value, b->entries[i].value)))
			return false;
	}
	return true;
}

static bool means_the_same(struct gw_arena *arena, const struct gw_node *before,
			   const struct gw_text *text)
{
	struct gw_texts texts = { .arena = arena };
	struct gw_source source = { .path = "", .text = text->bytes, .len = text->len };
	const struct gw_node *after;
	struct gw_diags diags;
	bool complete, same;

	gw_diags_init(&diags); /* of no interest to the author */
	after = gw_yaml_parse(arena, &texts, &source, &diags, &complete);
	gw_texts_done(&texts);
	same = complete && !diags.errors && after && same_tree(before, after);
	gw_diags_done(&diags);
	return same;
}

int gw_conf_format(struct gw_arena *arena, const char *path, const char *bytes, size_t len,
		   struct gw_text *out, struct gw_diags *diags)
{
	struct gw_source *source = gw_arena_new_of(arena, struct gw_source);
	struct gw_texts texts = { .arena = arena };
	struct format format = { 0 };
	size_t errors = diags->errors;
	const struct gw_node *before;
	int err = 0;
	bool complete;

	*source = (struct gw_source){ gw_arena_strdup(arena, path),
				      gw_arena_strndup(arena, bytes, len), len };
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		source->text += 3;
		source->len -= 3;
	}
	before = gw_yaml_parse(arena, &texts, source, diags, &complete);
	gw_texts_done(&texts);
	if (!before || !complete || diags->errors != errors)
		return -EINVAL;
	format_source(&format, source);
	if (means_the_same(arena, before, &format.out)) {
		gw_text_add(out, format.out.bytes, format.out.len);
	} else {
		gw_diag(diags, GW_D_FORMAT_UNSAFE, (struct gw_loc){ source, 1, 1, 1 },
			"this file would mean something else after it was laid out anew");
		err = -EINVAL;
	}
	gw_text_done(&format.out);
	gw_free(format.levels);
	return err;
}
