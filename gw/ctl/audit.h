/* What the commands of `gwctl audit` share. */
#ifndef GW_CTL_AUDIT_H
#define GW_CTL_AUDIT_H

#include "gw/audit/attest.h"
#include "gw/audit/merge.h"
#include "gw/ctl/ctl.h"

/** Which records; NULL and 0: all. Patterns are those of file names. */
struct gw_audit_filter {
	const char *class_name, *event, *actor, *subject, *result, *text;
	int64_t since, until; /* Unix time; `until` is not within */
};

/** Opens the trail of the state directory; GW_EXIT_FAILED after adding a diagnostic. */
enum gw_exit gw_audit_ctl_open(struct gw_ctl *ctl, struct gw_trail **ret);
/** Reads the options of that name that the command has; GW_EXIT_USAGE for a wrong one. */
enum gw_exit gw_audit_ctl_filter(struct gw_ctl *ctl, const struct gw_trail *trail,
				 struct gw_audit_filter *ret);
bool gw_audit_ctl_matches(const struct gw_audit_filter *filter,
			  const struct gw_merge_record *record);
/** Says why reading ended: GW_EXIT_OK for the end, else GW_EXIT_FAILED after adding a diagnostic. */
enum gw_exit gw_audit_ctl_ended(struct gw_ctl *ctl, const struct gw_merge *merge, int err);
/** A record as one line of text. */
void gw_audit_ctl_line(const struct gw_merge_record *record, struct gw_text *out);
/** A record as one line of JSON that shows no character that a terminal would act on. */
void gw_audit_ctl_json(const struct gw_merge_record *record, struct gw_text *out);
/** "--key": a key, or a file that has one in its first line. */
enum gw_exit gw_audit_ctl_key(struct gw_ctl *ctl, const char *option, struct gw_note_key *ret);
/** Reads a file named on the command line; GW_EXIT_FAILED after adding a diagnostic. */
enum gw_exit gw_audit_ctl_file(struct gw_ctl *ctl, const char *path, size_t limit,
			       struct gw_text *out);
/** Writes a new file or, for "-" and NULL, to standard output. */
enum gw_exit gw_audit_ctl_write(struct gw_ctl *ctl, const char *path, const struct gw_text *text);

/* One function per command. */
enum gw_exit gw_cmd_audit_tail(struct gw_ctl *ctl);
enum gw_exit gw_cmd_audit_search(struct gw_ctl *ctl);
enum gw_exit gw_cmd_audit_verify(struct gw_ctl *ctl);
enum gw_exit gw_cmd_audit_report(struct gw_ctl *ctl);
enum gw_exit gw_cmd_audit_export(struct gw_ctl *ctl);
enum gw_exit gw_cmd_audit_prove(struct gw_ctl *ctl);
enum gw_exit gw_cmd_audit_key(struct gw_ctl *ctl);

#endif
