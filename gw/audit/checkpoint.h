/*
 * Checkpoints (C2SP tlog-checkpoint): how many records a log has and the root of the Merkle tree over
 * them, as the text of a signed note. Whoever holds one can tell later whether anything before
 * it was changed, taken out or cut off.
 *
 * Every class of the audit trail is a log of its own; its origin, `gw/SITE/audit/CLASS`, is also the
 * name of the key in its signature, so that no checkpoint of one class or site passes for another's.
 *
 *	struct gw_checkpoint checkpoint = { .size = 120 };
 *	gw_checkpoint_origin("tokyo-01", "change", checkpoint.origin);
 *	err = gw_checkpoint_write(&checkpoint, signer, &out);
 *	err = gw_checkpoint_open(out.bytes, out.len, &key, 1, &checkpoint);
 */
#ifndef GW_AUDIT_CHECKPOINT_H
#define GW_AUDIT_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "gw/audit/note.h"

#define GW_CHECKPOINT_HASH 32u

struct gw_checkpoint {
	char origin[GW_NOTE_NAME_MAX + 1];
	uint64_t size;
	uint8_t root[GW_CHECKPOINT_HASH];
};

/** Writes `gw/SITE/audit/CLASS`. -EINVAL where that cannot be a name. */
int gw_checkpoint_origin(const char *site, const char *class_name, char ret[GW_NOTE_NAME_MAX + 1]);

/** Appends the note, signed under the name of its origin. -EINVAL, -EIO as gw_note_write. */
int gw_checkpoint_write(const struct gw_checkpoint *checkpoint, const struct gw_note_signer *signer,
			struct gw_text *out);

/** Reads the text of a note. -EBADMSG for what is none; extension lines are let pass. */
int gw_checkpoint_parse(const char *text, size_t len, struct gw_checkpoint *ret);

/** Reads a note without verifying it, for those who only pass it on. -EBADMSG. */
int gw_checkpoint_peek(const char *bytes, size_t len, struct gw_checkpoint *ret);

/**
 * Verifies and reads a checkpoint. The key that signed must have the origin's name: one that is
 * known for another log does not count. Errors as gw_note_open.
 */
int gw_checkpoint_open(const char *bytes, size_t len, const struct gw_note_key *keys, size_t n_keys,
		       struct gw_checkpoint *ret);

#endif
