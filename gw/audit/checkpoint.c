#include "gw/audit/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gw/core/base64.h"

int gw_checkpoint_origin(const char *site, const char *class_name, char ret[GW_NOTE_NAME_MAX + 1])
{
	char origin[GW_NOTE_NAME_MAX + 1];
	int len = snprintf(origin, sizeof(origin), "gw/%s/audit/%s", site, class_name);

	if (len < 0 || (size_t)len >= sizeof(origin) || !gw_note_name_is_valid(origin, (size_t)len))
		return -EINVAL;
	memcpy(ret, origin, (size_t)len + 1);
	return 0;
}

int gw_checkpoint_write(const struct gw_checkpoint *checkpoint, const struct gw_note_signer *signer,
			struct gw_text *out)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_text_printf(&text, "%s\n%" PRIu64 "\n", checkpoint->origin, checkpoint->size);
	gw_base64_encode(&text, checkpoint->root, sizeof(checkpoint->root));
	gw_text_putc(&text, '\n');
	return gw_note_write(text.bytes, text.len, signer, checkpoint->origin, out);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The next line without its newline; NULL at the end. */
static const char *next_line(const char **at, const char *end, size_t *ret_len)
{
	const char *line = *at;
	const char *newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;

	if (!newline)
		return NULL;
	*ret_len = (size_t)(newline - line);
	*at = newline + 1;
	return line;
}

/* Decimal digits without leading zeroes. */
static int read_size(const char *text, size_t len, uint64_t *ret)
{
	uint64_t size = 0;

	if (!len || (text[0] == '0' && len > 1))
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(size, 10, &size) ||
		    __builtin_add_overflow(size, (uint64_t)(text[i] - '0'), &size))
			return -EBADMSG;
	}
	*ret = size;
	return 0;
}

int gw_checkpoint_parse(const char *text, size_t len, struct gw_checkpoint *ret)
{
	const char *at = text, *end = text + len, *line;
	struct gw_checkpoint checkpoint = { 0 };
	size_t n;

	line = next_line(&at, end, &n);
	if (!line || !gw_note_name_is_valid(line, n))
		return -EBADMSG;
	memcpy(checkpoint.origin, line, n);
	line = next_line(&at, end, &n);
	if (!line || read_size(line, n, &checkpoint.size) < 0)
		return -EBADMSG;
	line = next_line(&at, end, &n);
	if (!line || gw_base64_decode(line, n, checkpoint.root, sizeof(checkpoint.root)) !=
			     (ssize_t)sizeof(checkpoint.root))
		return -EBADMSG;
	while (at < end) {
		if (!next_line(&at, end, &n) || !n)
			return -EBADMSG;
	}
	*ret = checkpoint;
	return 0;
}

int gw_checkpoint_peek(const char *bytes, size_t len, struct gw_checkpoint *ret)
{
	const char *blank = memmem(bytes, len, "\n\n", 2);

	return blank ? gw_checkpoint_parse(bytes, (size_t)(blank - bytes) + 1, ret) : -EBADMSG;
}

int gw_checkpoint_open(const char *bytes, size_t len, const struct gw_note_key *keys, size_t n_keys,
		       struct gw_checkpoint *ret)
{
	struct gw_checkpoint checkpoint;
	struct gw_note note;
	int err = gw_note_open(bytes, len, keys, n_keys, &note);

	if (!err)
		err = gw_checkpoint_parse(note.text, note.text_len, &checkpoint);
	/* Any of the known keys may have signed; what counts is one of this log. */
	for (size_t i = 0; !err && i < n_keys; i++) {
		if (strcmp(keys[i].name, checkpoint.origin) != 0 ||
		    gw_note_open(bytes, len, &keys[i], 1, &note) < 0)
			continue;
		*ret = checkpoint;
		return 0;
	}
	return err ? err : -ENOKEY;
}
