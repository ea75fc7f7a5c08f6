/*
 * A record as its readers see it: the fields of one stored line, with nothing taken for granted, since a
 * line may have been written by anybody who could write the file. What exports and reports show goes
 * through here.
 *
 *	struct gw_audit_view view;
 *	if (gw_audit_view_init(&view, line, len) == 0)
 *		puts(view.event);
 *	gw_audit_view_done(&view);
 */
#ifndef GW_AUDIT_VIEW_H
#define GW_AUDIT_VIEW_H

#include <jansson.h>
#include <stdint.h>

#include "gw/core/text.h"

/** Texts are "" where the record has none; all are borrowed from `root`. */
struct gw_audit_view {
	json_t *root;
	uint64_t seq;
	const char *time; /* "2026-11-23T01:57:01.000000001Z" */
	const char *gateway, *class_name, *module, *event, *actor, *subject, *result, *reason;
	json_t *detail; /* NULL: none */
};

/** Reads a line without its newline. -EBADMSG if it is no JSON object: then all texts are empty. */
int gw_audit_view_init(struct gw_audit_view *ret, const char *line, size_t len);
void gw_audit_view_done(struct gw_audit_view *view);

/** Unix time of the record; 0 where its time cannot be read. */
int64_t gw_audit_view_seconds(const struct gw_audit_view *view);
/** The detail as compact JSON in `out`; nothing where there is none. */
void gw_audit_view_detail(const struct gw_audit_view *view, struct gw_text *out);

#endif
