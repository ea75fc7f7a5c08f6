#include "gw/man/roff.h"

#include <stdbool.h>
#include <string.h>

/* Text for roff: its escape character and those that start a request or turn into others. */
void gw_roff_put(struct gw_text *out, const char *text)
{
	bool start = true;

	while (*text) {
		if (start && (*text == '.' || *text == '\''))
			gw_text_puts(out, "\\&");
		start = *text == '\n';
		if (strncmp(text, "…", strlen("…")) == 0) {
			gw_text_puts(out, "...");
			text += strlen("…");
			continue;
		}
		if (*text == '\\')
			gw_text_puts(out, "\\e");
		else if (*text == '-')
			gw_text_puts(out, "\\-");
		else
			gw_text_putc(out, *text);
		text++;
	}
}

/* Whole lines. */
void gw_roff_lines(struct gw_text *out, const char *text)
{
	gw_roff_put(out, text);
	if (out->bytes[out->len - 1] != '\n')
		gw_text_putc(out, '\n');
}
