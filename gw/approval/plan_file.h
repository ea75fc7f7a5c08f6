/*
 * A plan as a file: what is to be applied, and the signatures of those who have approved it. What they sign
 * is a statement of a few lines, which names everything that matters; the config itself is in the
 * file as well, and the statement holds its digest.
 *
 *	gwctl-plan@v1
 *	site tokyo-01
 *	base 118                            the revision that the plan starts from; 0: none
 *	base-ruleset DIGEST                 of what that compiles to; "-" for base 0
 *	config DIGEST-OF-THE-FILES
 *	ruleset DIGEST-OF-THE-RULESET
 *	author op-17
 *	ticket CHG-2041                     "-": none
 *	created 1795440000
 *	expires 1795526400
 *
 * The file is JSON: {"schema": "gw.plan/2", "statement": …, "files": base 64 of an archive
 * (gw/agent/archive.h), "author_signature": …, "signatures": ["-----BEGIN SSH SIGNATURE-----…", …]}.
 * The author signs the same text in a namespace of his own, so that his name is not only his word
 * and his signature is no approval; null where he has not signed.
 */
#ifndef GW_APPROVAL_PLAN_FILE_H
#define GW_APPROVAL_PLAN_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "gw/core/arena.h"
#include "gw/core/text.h"

#define GW_PLAN_NAMESPACE        "gwctl-plan@v1"
#define GW_PLAN_AUTHOR_NAMESPACE "gwctl-author@v1"
#define GW_PLAN_FILE_MAX         (256u << 20)
#define GW_PLAN_SIGNATURES_MAX   32u
#define GW_PLAN_DIGEST_LEN       65u /* SHA-256 in hex, with its NUL */

struct gw_plan_statement {
	char site[64];
	uint32_t base;
	char base_digest[GW_PLAN_DIGEST_LEN]; /* "" for base 0 */
	char config_digest[GW_PLAN_DIGEST_LEN], ruleset_digest[GW_PLAN_DIGEST_LEN];
	char author[64], ticket[65]; /* "" for none */
	int64_t created, expires;
};

struct gw_plan_file {
	struct gw_plan_statement statement;
	const char *text; /* the statement as it is signed, in the arena */
	const uint8_t *files;
	size_t files_len;
	const char *author_signature; /* NULL: none */
	const char **signatures;
	size_t n_signatures;
};

/** The statement's text, as it is signed. */
void gw_plan_statement_print(const struct gw_plan_statement *statement, struct gw_text *out);
/** Reads it strictly: what it prints is what was read. False if it is none. */
bool gw_plan_statement_parse(const char *text, struct gw_plan_statement *ret);

/** The file as text. */
void gw_plan_file_print(const struct gw_plan_file *plan, struct gw_text *out);
/** Takes a file apart that anybody may have written. -EBADMSG with the reason, a constant. */
int gw_plan_file_parse(const char *bytes, size_t len, struct gw_arena *arena,
		       struct gw_plan_file *ret, const char **why);

/** Digest of the files as the statement holds it. */
void gw_plan_files_digest(const uint8_t *files, size_t len, char ret[GW_PLAN_DIGEST_LEN]);

#endif
