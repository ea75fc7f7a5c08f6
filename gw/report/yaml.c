#include "gw/report/yaml.h"

#include <string.h>

#define INDENT        2u
#define COMMENT_START 56u /* column of comments, where lines are short enough */

struct printer {
	struct gw_text *out;
	size_t line; /* where the present line starts */
};

/* Plain scalars that no YAML parser takes for anything else; all others are quoted. */
static bool is_plain(const char *text)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "-_./+";

	return *text && strspn(text, safe) == strlen(text) && *text != '-';
}

static void put_scalar(struct printer *printer, const char *text)
{
	if (is_plain(text)) {
		gw_text_puts(printer->out, text);
		return;
	}
	gw_text_putc(printer->out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			gw_text_printf(printer->out, "\\%c", *text);
		else if (*text == '\n')
			gw_text_puts(printer->out, "\\n");
		else if (*text == '\t')
			gw_text_puts(printer->out, "\\t");
		else
			gw_text_putc(printer->out, *text);
	}
	gw_text_putc(printer->out, '"');
}

static void end_line(struct printer *printer, struct gw_loc loc)
{
	if (loc.source) {
		do
			gw_text_putc(printer->out, ' ');
		while (printer->out->len - printer->line < COMMENT_START);
		gw_text_printf(printer->out, "# %s:%u", loc.source->path, loc.line);
	}
	gw_text_putc(printer->out, '\n');
	printer->line = printer->out->len;
}

static void start_line(struct printer *printer, unsigned int depth)
{
	for (unsigned int i = 0; i < depth * INDENT; i++)
		gw_text_putc(printer->out, ' ');
}

static void put_node(struct printer *printer, const struct gw_node *node, unsigned int depth);

/* A value behind `key:` or `-`: on the same line if it is single or empty. */
static void put_value(struct printer *printer, const struct gw_node *node, unsigned int depth)
{
	if (node->kind == GW_NODE_SCALAR) {
		gw_text_putc(printer->out, ' ');
		put_scalar(printer, node->text);
		end_line(printer, node->loc);
	} else if (!node->n) {
		gw_text_puts(printer->out, node->kind == GW_NODE_LIST ? " []" : " {}");
		end_line(printer, node->loc);
	} else {
		end_line(printer, node->loc);
		put_node(printer, node, depth);
	}
}

static void put_node(struct printer *printer, const struct gw_node *node, unsigned int depth)
{
	for (size_t i = 0; i < node->n; i++) {
		start_line(printer, depth);
		if (node->kind == GW_NODE_LIST) {
			gw_text_putc(printer->out, '-');
			put_value(printer, node->items[i], depth + 1);
		} else {
			put_scalar(printer, node->entries[i].key);
			gw_text_putc(printer->out, ':');
			put_value(printer, node->entries[i].value, depth + 1);
		}
	}
}

void gw_report_yaml(const struct gw_node *root, struct gw_text *out)
{
	struct printer printer = { out, out->len };

	put_node(&printer, root, 0);
}
