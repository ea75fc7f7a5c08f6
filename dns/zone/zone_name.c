#include "dns/zone/zone_name.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX       63u
#define ROOT_FOLDER     "=root"
#define FOLDER_NAME_MAX 255u /* octets that file systems take */

/* One octet of a label at `*at`, which moves behind it: a character, \C or \DDD. -1: none. */
static int octet(const char **at)
{
	const char *text = *at;
	int value = 0;

	if (*text != '\\') {
		(*at)++;
		return (unsigned char)*text;
	}
	if (!isdigit((unsigned char)text[1])) {
		*at += text[1] ? 2 : 1;
		return text[1] ? (unsigned char)text[1] : -1;
	}
	for (int i = 1; i <= 3; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	*at += 4;
	return value <= 255 ? value : -1;
}

/* The label at `*at`, up to its dot or the end; false if it is none. */
static bool label(const char **at, struct gw_zone_name *ret)
{
	size_t length_at = ret->len;

	/* An octet for the length here, and one for the root at the end. */
	if (length_at + 2 > GW_ZONE_NAME_WIRE)
		return false;
	ret->len++;
	while (**at && **at != '.') {
		int value = octet(at);

		if (value < 0 || ret->len - length_at > LABEL_MAX ||
		    ret->len + 2u > GW_ZONE_NAME_WIRE)
			return false;
		/* RFC 4034, 6.2: US-ASCII letters alone. */
		if (value >= 'A' && value <= 'Z')
			value += 'a' - 'A';
		ret->wire[ret->len++] = (uint8_t)value;
	}
	ret->wire[length_at] = (uint8_t)(ret->len - length_at - 1);
	return ret->wire[length_at] > 0;
}

static void print_text(struct gw_zone_name *name)
{
	char *out = name->text;

	for (size_t at = 0; name->wire[at]; at += name->wire[at] + 1u) {
		for (size_t i = at + 1; i <= at + name->wire[at]; i++) {
			uint8_t c = name->wire[i];

			if (strchr(".\\\"();@$", c) && c)
				out += sprintf(out, "\\%c", c);
			else if (c > ' ' && c < 0x7f)
				*out++ = (char)c;
			else
				out += sprintf(out, "\\%03u", c);
		}
		*out++ = '.';
	}
	if (out == name->text)
		*out++ = '.';
	*out = '\0';
}

/* "=XX" for all that a path, or a shell, takes for something else; a dot stands between labels only. */
static bool print_folder(struct gw_zone_name *name)
{
	char *out = name->folder;

	for (size_t at = 0; name->wire[at]; at += name->wire[at] + 1u) {
		if (at)
			*out++ = '.';
		for (size_t i = at + 1; i <= at + name->wire[at]; i++) {
			uint8_t c = name->wire[i];

			if (c < 0x80 && (isalnum(c) || c == '-' || c == '_'))
				*out++ = (char)c;
			else
				out += sprintf(out, "=%02x", c);
		}
	}
	if (out == name->folder)
		out += sprintf(out, ROOT_FOLDER);
	*out = '\0';
	return out - name->folder <= FOLDER_NAME_MAX;
}

int gw_zone_name_parse(const char *text, struct gw_zone_name *ret)
{
	struct gw_zone_name name = { .len = 0 };

	if (!*text)
		return -EINVAL;
	if (strcmp(text, ".") != 0) {
		while (*text) {
			if (!label(&text, &name))
				return -EINVAL;
			if (*text == '.')
				text++;
		}
	}
	name.len++; /* the root's zero */
	print_text(&name);
	if (!print_folder(&name))
		return -EINVAL;
	*ret = name;
	return 0;
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

int gw_zone_name_of_folder(const char *folder, struct gw_zone_name *ret)
{
	char text[4 * FOLDER_NAME_MAX + 1] = { 0 }, *out = text;

	if (strlen(folder) > FOLDER_NAME_MAX)
		return -EINVAL;
	for (const char *at = folder; *at && strcmp(folder, ROOT_FOLDER) != 0; at++) {
		if (*at != '=') {
			*out++ = *at;
			continue;
		}
		if (hex(at[1]) < 0 || hex(at[2]) < 0)
			return -EINVAL;
		out += sprintf(out, "\\%03d", hex(at[1]) * 16 + hex(at[2]));
		at += 2;
	}
	*out = '\0';
	if (gw_zone_name_parse(out == text ? "." : text, ret) < 0)
		return -EINVAL;
	/* There is one way to write it. */
	return strcmp(ret->folder, folder) == 0 ? 0 : -EINVAL;
}
