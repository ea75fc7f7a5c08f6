#include "gw/audit/tlog_proof.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define MAGIC      "c2sp.org/tlog-proof@v1"
#define RECORD_MAX 65535u

void gw_tlog_proof_print(const struct gw_proof *proof, uint64_t index, const char *record,
			 size_t record_len, const char *note, size_t note_len, struct gw_text *out)
{
	gw_text_puts(out, MAGIC "\nextra ");
	gw_base64_encode(out, record, record_len);
	gw_text_printf(out, "\nindex %" PRIu64 "\n", index);
	for (size_t i = 0; i < proof->n; i++) {
		gw_base64_encode(out, proof->hashes[i], GW_HASH_LEN);
		gw_text_putc(out, '\n');
	}
	gw_text_putc(out, '\n');
	gw_text_add(out, note, note_len);
}

/* The next line, which must begin with `start`; what follows that, without the newline. */
static const char *read_line(const char **at, const char *end, const char *start, size_t *ret_len)
{
	const char *line = *at;
	const char *newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
	size_t len = strlen(start);

	if (!newline || (size_t)(newline - line) < len || memcmp(line, start, len) != 0)
		return NULL;
	*at = newline + 1;
	*ret_len = (size_t)(newline - line) - len;
	return line + len;
}

static int read_index(const char *text, size_t len, uint64_t *ret)
{
	uint64_t index = 0;

	if (!len || (text[0] == '0' && len > 1))
		return -EBADMSG;
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(index, 10, &index) ||
		    __builtin_add_overflow(index, (uint64_t)(text[i] - '0'), &index))
			return -EBADMSG;
	*ret = index;
	return 0;
}

static int read_record(const char *text, size_t len, struct gw_text *ret)
{
	gw_auto_free char *bytes = gw_zalloc(1, RECORD_MAX);
	ssize_t n = gw_base64_decode(text, len, bytes, RECORD_MAX);

	if (n < 0)
		return -EBADMSG;
	gw_text_add(ret, bytes, (size_t)n);
	return 0;
}

int gw_tlog_proof_parse(const char *bytes, size_t len, struct gw_tlog_proof *ret)
{
	const char *at = bytes, *end = bytes + len, *line;
	size_t n;
	int err = -EBADMSG;

	memset(ret, 0, sizeof(*ret));
	if (!read_line(&at, end, MAGIC, &n) || n)
		return -EBADMSG;
	line = read_line(&at, end, "extra ", &n);
	if (line)
		err = read_record(line, n, &ret->record);
	line = err ? NULL : read_line(&at, end, "index ", &n);
	err = line ? read_index(line, n, &ret->index) : -EBADMSG;
	while (!err) {
		line = read_line(&at, end, "", &n);
		if (!line || !n)
			break;
		if (ret->n_hashes == GW_PROOF_MAX ||
		    gw_base64_decode(line, n, ret->hashes[ret->n_hashes++], GW_HASH_LEN) !=
			    (ssize_t)GW_HASH_LEN)
			err = -EBADMSG;
	}
	if (!err && !line)
		err = -EBADMSG;
	ret->note = at;
	ret->note_len = (size_t)(end - at);
	if (err)
		gw_tlog_proof_done(ret);
	return err;
}

bool gw_tlog_proof_holds(const struct gw_tlog_proof *proof, const struct gw_checkpoint *checkpoint)
{
	uint8_t leaf[GW_HASH_LEN];

	gw_hash_leaf(proof->record.bytes ? proof->record.bytes : "", proof->record.len, leaf);
	return gw_proof_check_inclusion(leaf, proof->index, checkpoint->size, proof->hashes,
					proof->n_hashes, checkpoint->root);
}

void gw_tlog_proof_done(struct gw_tlog_proof *proof)
{
	gw_text_done(&proof->record);
}
