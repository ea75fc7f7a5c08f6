/*
 * Makes an audit trail with its keys and checkpoints, for tests that look at it from outside:
 *
 *	audit_trail DIR RECORDS [P256]
 *
 * Half of the records are written before the first checkpoint, which goes to DIR.note as what another
 * party would hold.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/audit/files.h"
#include "gw/audit/proof.h"
#include "gw/audit/seal.h"
#include "gw/core/mem.h"

static int ignore_key(uint32_t generation, const char *note, void *context)
{
	(void)generation, (void)note, (void)context;
	return 0;
}

static int write_records(int dir, unsigned long first, unsigned long end, struct gw_forest *forest)
{
	gw_auto_text struct gw_text text = { 0 };

	for (unsigned long i = first; i < end; i++) {
		gw_auto_text struct gw_text line = { 0 };
		uint8_t leaf[GW_HASH_LEN];

		gw_text_printf(&line,
			       "{\"seq\":%lu,\"t\":\"2026-11-23T03:00:00.000000001Z\","
			       "\"gw\":\"tokyo-01\",\"class\":\"change\",\"module\":\"gwd\","
			       "\"event\":\"change.applied\",\"actor\":\"op-%lu\","
			       "\"result\":\"ok\"}",
			       i + 1, i % 7);
		gw_hash_leaf(line.bytes, line.len, leaf);
		gw_forest_add(forest, 0, leaf);
		gw_text_printf(&text, "%s\n", line.bytes);
	}
	if (!text.len)
		return 0;
	return gw_audit_file_append(dir, "change/0000000000000000.log", 0640, text.bytes, text.len);
}

static int seal_log(struct gw_seal *seal, const struct gw_forest *forest)
{
	struct gw_log_head head = { .name = "change", .size = forest->leaves };

	gw_forest_root(forest, head.root);
	return gw_seal_all(seal, &head, 1, 0);
}

static int save_checkpoint(int dir, const char *path)
{
	gw_auto_text struct gw_text note = { 0 }, copy = { 0 };
	int err = gw_audit_file_read(dir, "change/checkpoint", GW_NOTE_MAX, &note);

	gw_text_printf(&copy, "%s.note", path);
	return err ? err : gw_audit_file_replace(AT_FDCWD, copy.bytes, 0640, note.bytes, note.len);
}

static int make(int dir, const char *path, unsigned long records, enum gw_note_type type)
{
	const struct gw_seal_options options = {
		.dir = dir, .site = "tokyo-01", .type = type, .interval_s = 60, .record = ignore_key
	};
	struct gw_forest forest = { 0 };
	struct gw_seal *seal;
	int err = gw_seal_open(&options, 1795374000, &seal);

	if (err)
		return err;
	if (mkdirat(dir, "change", 0750) < 0)
		err = -1;
	if (!err)
		err = write_records(dir, 0, records / 2, &forest);
	if (!err)
		err = seal_log(seal, &forest);
	if (!err)
		err = save_checkpoint(dir, path);
	if (!err)
		err = write_records(dir, records / 2, records, &forest);
	if (!err)
		err = seal_log(seal, &forest);
	gw_seal_close(seal);
	return err;
}

int main(int argc, char **argv)
{
	int dir, err;

	if (argc < 3) {
		(void)fputs("usage: audit_trail DIR RECORDS [P256]\n", stderr);
		return 64;
	}
	dir = gw_audit_folder(AT_FDCWD, argv[1], 0750);
	err = dir < 0 ? dir
		      : make(dir, argv[1], strtoul(argv[2], NULL, 10),
			     argc > 3 ? GW_NOTE_ECDSA : GW_NOTE_ED25519);
	if (err)
		(void)fprintf(stderr, "%s: %s\n", argv[1], strerror(-err));
	if (dir >= 0)
		(void)close(dir);
	return err ? 1 : 0;
}
