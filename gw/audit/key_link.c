/* One note of the chain of keys, as text. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gw/audit/keys.h"
#include "gw/core/base64.h"

#define TIME_FORMAT "%Y-%m-%dT%H:%M:%SZ"
#define TIME_LEN    20u

/* Empty for a time that cannot be written. */
static void format_time(int64_t time, char ret[32])
{
	time_t seconds = (time_t)time;
	struct tm parts;

	ret[0] = '\0';
	if (gmtime_r(&seconds, &parts))
		(void)strftime(ret, 32, TIME_FORMAT, &parts);
}

void gw_key_link_print(const struct gw_key_link *link, struct gw_text *out)
{
	char text[32];

	format_time(link->since, text);
	gw_text_printf(out, "%s\n%" PRIu32 "\n%s\n", link->key.name, link->generation, text);
	gw_note_key_print(&link->key, out);
	gw_text_putc(out, '\n');
	for (size_t i = 0; i < link->n_heads; i++) {
		const struct gw_log_head *head = &link->heads[i];

		gw_text_printf(out, "%s %" PRIu64 " ", head->name, head->size);
		gw_base64_encode(out, head->root, sizeof(head->root));
		gw_text_putc(out, '\n');
	}
}

/* ---- reading --------------------------------------------------------------------------------- */

struct cursor {
	const char *at, *end;
};

/* The next line, NUL-terminated in `out`; false where there is none or it does not fit. */
static bool read_line(struct cursor *cursor, char *out, size_t size)
{
	size_t left = (size_t)(cursor->end - cursor->at);
	const char *newline = left ? memchr(cursor->at, '\n', left) : NULL;
	size_t len = newline ? (size_t)(newline - cursor->at) : 0;

	if (!newline || len >= size)
		return false;
	memcpy(out, cursor->at, len);
	out[len] = '\0';
	cursor->at = newline + 1;
	return true;
}

static bool read_number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t number = 0;

	if (!*text || (*text == '0' && text[1]))
		return false;
	for (; *text; text++)
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number))
			return false;
	*ret = number;
	return number <= max;
}

static bool read_time(const char *text, int64_t *ret)
{
	struct tm parts = { 0 };
	const char *end = strlen(text) == TIME_LEN ? strptime(text, TIME_FORMAT, &parts) : NULL;

	char again[32];

	if (!end || *end)
		return false;
	*ret = (int64_t)timegm(&parts);
	/* One text for one time: no 31st of February. */
	format_time(*ret, again);
	return strcmp(text, again) == 0;
}

/* "change 120 CsUY…": a class's name has no character that would need care elsewhere. */
static bool read_head(char *line, struct gw_log_head *ret)
{
	char *size = strchr(line, ' '), *root = size ? strchr(size + 1, ' ') : NULL;

	if (!root || size == line || (size_t)(size - line) >= sizeof(ret->name))
		return false;
	*size++ = '\0';
	*root++ = '\0';
	if (strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(line))
		return false;
	memcpy(ret->name, line, strlen(line) + 1);
	return read_number(size, UINT64_MAX, &ret->size) &&
	       gw_base64_decode(root, strlen(root), ret->root, sizeof(ret->root)) ==
		       (ssize_t)sizeof(ret->root);
}

int gw_key_link_parse(const char *text, size_t len, struct gw_key_link *ret)
{
	struct cursor cursor = { text, text + len };
	struct gw_key_link link = { 0 };
	char name[GW_NOTE_NAME_MAX + 1], line[512];
	uint64_t generation;

	if (!read_line(&cursor, name, sizeof(name)) || !read_line(&cursor, line, sizeof(line)) ||
	    !read_number(line, UINT32_MAX, &generation) || !generation ||
	    !read_line(&cursor, line, sizeof(line)) || !read_time(line, &link.since) ||
	    !read_line(&cursor, line, sizeof(line)) ||
	    gw_note_key_parse(line, strlen(line), &link.key) < 0 ||
	    strcmp(link.key.name, name) != 0)
		return -EBADMSG;
	link.generation = (uint32_t)generation;
	while (cursor.at < cursor.end) {
		if (link.n_heads == GW_AUDIT_LOGS_MAX || !read_line(&cursor, line, sizeof(line)) ||
		    !read_head(line, &link.heads[link.n_heads++]))
			return -EBADMSG;
	}
	*ret = link;
	return 0;
}
