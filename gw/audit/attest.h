/*
 * Holding the audit trail against what was signed of it: the chain of keys from one that the reader
 * knows, the checkpoints beside the records, those that other parties hold, and time-stamps. The
 * records themselves are read and hashed, all of them, once.
 *
 * What is found is said in diagnostics, which name the first records that cannot be trusted:
 *
 *	err = gw_attest(trail, &options, &result, &diags);
 *	if (!err && !diags.errors)
 *		… all is as it was signed …
 *	gw_attest_done(&result);
 */
#ifndef GW_AUDIT_ATTEST_H
#define GW_AUDIT_ATTEST_H

#include "gw/audit/keys.h"
#include "gw/audit/trail.h"
#include "gw/core/diag.h"

/** A checkpoint that somebody else has kept. */
struct gw_attest_witness {
	const char *path; /* what to call it */
	const char *bytes;
	size_t len;
};

struct gw_attest_options {
	const struct gw_note_key *key; /* that the reader knows; NULL: he knows none */
	const struct gw_attest_witness *witnesses;
	size_t n_witnesses;
	const char
		*tsa_ca; /* file with the time-stamp authority's certificate; NULL: not looked at */
};

/** What is known of one log. */
struct gw_attest_log {
	const char *name;   /* borrowed from the trail */
	uint64_t deleted;   /* by retention, at the beginning */
	uint64_t records;   /* with the deleted ones */
	uint64_t signed_;   /* how many of them the newest checkpoint covers */
	uint64_t witnessed; /* how many a checkpoint of another party covers */
	uint64_t stamped;   /* how many a time-stamp covers */
	int64_t stamped_at; /* what that says; 0: none */
	bool good;          /* nothing was found */
};

struct gw_attest {
	struct gw_key_chain chain;
	struct gw_attest_log logs[GW_AUDIT_LOGS_MAX];
	size_t n_logs;
	uint64_t first_seq, last_seq; /* 0: no record */
};

/** Verifies. Findings are diagnostics, not errors: -errno says that files could not be read. */
int gw_attest(const struct gw_trail *trail, const struct gw_attest_options *options,
	      struct gw_attest *ret, struct gw_diags *diags);
void gw_attest_done(struct gw_attest *attest);

#endif
