/* The text of records: from what a caller gives to the line on disk. Internal to the writer. */
#ifndef GW_AUDIT_RECORD_H
#define GW_AUDIT_RECORD_H

#include "gw/audit/audit.h"
#include "gw/audit/proof.h"
#include "gw/core/text.h"

/** `"class":…,"detail":{…}`: all that is the caller's, as JSON without braces. */
void gw_record_body(const struct gw_audit_record *record, struct gw_text *out);

/** What the writer adds. */
struct gw_record_envelope {
	uint64_t seq;
	int64_t time_ns;            /* Unix time */
	int64_t mono_ns;            /* CLOCK_BOOTTIME */
	bool synchronised;          /* the clock was */
	const struct gw_text *site; /* escaped already, see gw_record_text */
	uint8_t salt[16];
	const uint8_t *previous; /* GW_HASH_LEN octets */
};

/** Appends the line, with its newline. */
void gw_record_line(const struct gw_record_envelope *envelope, const char *body, size_t body_len,
		    struct gw_text *out);

/** Appends `text` as the inside of a JSON string, cut at GW_AUDIT_TEXT_MAX octets. */
void gw_record_text(const char *text, struct gw_text *out);

#endif
