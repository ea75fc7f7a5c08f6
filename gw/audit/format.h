/*
 * One record in the forms that other tools read: CSV (RFC 4180), CEF, and syslog (RFC 5424). Names in
 * records come from the network and may be made to fool whoever reads them: characters
 * that control a terminal, turn the direction of text or cannot be seen are shown as escapes, and a
 * spreadsheet finds no formula.
 */
#ifndef GW_AUDIT_FORMAT_H
#define GW_AUDIT_FORMAT_H

#include <stdint.h>

#include "gw/audit/view.h"

/** Appends the header line of the CSV form. */
void gw_audit_csv_header(struct gw_text *out);
/** Appends a record as a line of CSV. */
void gw_audit_csv(const struct gw_audit_view *view, struct gw_text *out);
/** Appends a record as a line of ArcSight's Common Event Format, version 0. */
void gw_audit_cef(const struct gw_audit_view *view, struct gw_text *out);

/**
 * Appends a record as a syslog message without framing: its line verbatim as the message, so that
 * its leaf hash can be computed by the receiver; in structured data the place in the class's log.
 * `view` may be empty for a line that is no record.
 */
void gw_audit_syslog(const struct gw_audit_view *view, const char *line, size_t len,
		     const char *class_name, uint64_t index, struct gw_text *out);
/** Appends a checkpoint, a note, as a syslog message; `time` in seconds, `host` is the gateway. */
void gw_audit_syslog_checkpoint(const char *host, const char *class_name, uint64_t size,
				const char *note, size_t len, int64_t time, struct gw_text *out);

#endif
