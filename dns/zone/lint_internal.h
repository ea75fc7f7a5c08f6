/* What the files of lint share. Internal. */
#ifndef DNS_ZONE_LINT_INTERNAL_H
#define DNS_ZONE_LINT_INTERNAL_H

#include "dns/zone/lint.h"

struct lint {
	const struct gw_zone_config *zone;
	const struct gw_policy *policy;
	const struct gw_zone_data *data; /* sorted by name, type, RDATA */
	int64_t now;
	struct gw_diags *diags;
	struct gw_arena *arena; /* of texts; the data's */
};

/** The records of a name, or of one type of it. */
struct span {
	const struct gw_zone_record *first;
	size_t n;
};

/** Adds a finding, as the zone judges the rule. */
void lint_say(struct lint *lint, enum gw_diag_id rule, const struct gw_zone_record *record,
	      const char *format, ...) __attribute__((format(printf, 4, 5)));
const char *lint_name(struct lint *lint, const struct gw_dns_name *name);

struct span lint_find(const struct lint *lint, const struct gw_dns_name *name);
struct span lint_find_type(const struct lint *lint, const struct gw_dns_name *name, uint16_t type);
/** Which of two stands further down: what was there before is not blamed. `a` may be NULL. */
const struct gw_zone_record *lint_later(const struct gw_zone_record *a,
					const struct gw_zone_record *b);
/** The name without its first label. */
void lint_parent(const struct gw_dns_name *name, struct gw_dns_name *ret);
/** The name that a record leads to; false for types that lead to none. The root for "no service". */
bool lint_target(const struct gw_zone_record *record, struct gw_dns_name *ret);
/**
 * The highest name strictly above `name` (or, with `self`, at it) and below the apex that is delegated or, with
 * DNAME, redirected. False: none.
 */
bool lint_cut(const struct lint *lint, const struct gw_dns_name *name, bool self,
	      struct gw_dns_name *ret, uint16_t *ret_type);

void lint_apex(struct lint *lint);                                        /* lint_apex.c */
void lint_names(struct lint *lint, const struct span *name);              /* lint_names.c */
void lint_policy(struct lint *lint, const struct gw_zone_record *record); /* lint_policy.c */
void lint_mail(struct lint *lint, const struct span *name);               /* lint_mail.c */
void lint_caa(struct lint *lint, const struct gw_zone_record *record);    /* lint_mail.c */

#endif
