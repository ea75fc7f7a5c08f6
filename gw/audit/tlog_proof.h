/*
 * The proof that one record is in a log (C2SP tlog-proof), as text that can be handed on: the hashes
 * between the record and a signed checkpoint, and the record itself, so that whoever has the gateway's
 * key needs nothing else.
 */
#ifndef GW_AUDIT_TLOG_PROOF_H
#define GW_AUDIT_TLOG_PROOF_H

#include "gw/audit/checkpoint.h"
#include "gw/audit/proof.h"

/** Appends the proof of the record with this index; `note` is the checkpoint's note. */
void gw_tlog_proof_print(const struct gw_proof *proof, uint64_t index, const char *record,
			 size_t record_len, const char *note, size_t note_len, struct gw_text *out);

/** A proof that was read. */
struct gw_tlog_proof {
	uint64_t index;
	struct gw_text record;
	uint8_t hashes[GW_PROOF_MAX][GW_HASH_LEN];
	size_t n_hashes;
	const char *note; /* borrowed from what was read */
	size_t note_len;
};

/** Reads a proof with its record. -EBADMSG. */
int gw_tlog_proof_parse(const char *bytes, size_t len, struct gw_tlog_proof *ret);
/**
 * True if the record is in the tree of the checkpoint, which the caller has verified.
 */
bool gw_tlog_proof_holds(const struct gw_tlog_proof *proof, const struct gw_checkpoint *checkpoint);
void gw_tlog_proof_done(struct gw_tlog_proof *proof);

#endif
