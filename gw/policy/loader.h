/*
 * What the section files of the loader share. Internal to gw/policy.
 *
 * gw_policy_load (load.c) reads the top-level table and calls the sections in the order in which
 * they refer to each other: site, zones, hosts, services, then everything that names those. Each
 * section declares its tables, adds diagnostics and goes on, so that one run shows all mistakes.
 * A model with errors is thrown away as a whole; sections need not undo anything.
 *
 * The model borrows strings and locations from the nodes: gw_config owns both.
 */
#ifndef GW_POLICY_LOADER_H
#define GW_POLICY_LOADER_H

#include "gw/conf/conf.h"
#include "gw/conf/schema.h"
#include "gw/policy/policy.h"

/** A growing heap array of ranges, reused from rule to rule. */
struct gw_range_buffer {
	struct gw_range *items;
	size_t n, capacity;
};

struct gw_loader {
	struct gw_conf *conf; /* for object files */
	struct gw_diags *diags;
	struct gw_arena *arena;      /* of the model */
	struct gw_policy *policy;    /* being filled; sections may read what earlier ones made */
	struct gw_hosts *hosts;      /* those of the policy, to mark which are used */
	struct gw_service *services; /* likewise */
	int64_t now;
	int32_t utc_offset; /* site: {timezone: …}, seconds east of UTC */
	struct gw_range_buffer scratch[GW_FAMILY_COUNT];
};

/* Sections. `node` is what stands under the key, NULL if nothing does. */
void gw_load_site(struct gw_loader *loader, const struct gw_node *root, struct gw_node *site);
void gw_load_between(struct gw_loader *loader, const struct gw_node *root, struct gw_node *between);
void gw_load_marks(struct gw_loader *loader, struct gw_node *marks);
void gw_load_log(struct gw_loader *loader, struct gw_node *log);
void gw_load_zones(struct gw_loader *loader, struct gw_node *zones);
void gw_load_hosts(struct gw_loader *loader, struct gw_node *hosts);
void gw_load_services(struct gw_loader *loader, struct gw_node *services);
void gw_load_rules(struct gw_loader *loader, struct gw_node *policies, struct gw_node *exceptions,
		   struct gw_node *gateway);
void gw_load_nats(struct gw_loader *loader, struct gw_node *nat);
void gw_load_assertions(struct gw_loader *loader, struct gw_node *verify);
void gw_load_approvals(struct gw_loader *loader, struct gw_node *node);
void gw_load_change(struct gw_loader *loader, struct gw_node *change);
void gw_load_audit(struct gw_loader *loader, struct gw_node *audit);
void gw_load_contacts(struct gw_loader *loader, struct gw_node *contacts);
void gw_load_host(struct gw_loader *loader, struct gw_node *host); /* after the zones */
void gw_load_crypto(struct gw_loader *loader, struct gw_node *crypto);

extern const struct gw_table gw_table_site, gw_table_between, gw_table_marks, gw_table_log;
extern const struct gw_table gw_table_zone, gw_table_admission, gw_table_hosts_file;
extern const struct gw_table gw_table_policy, gw_table_exception, gw_table_gateway, gw_table_hours;
extern const struct gw_table gw_table_approvals;
extern const struct gw_table gw_table_nat, gw_table_verify;
extern const struct gw_table gw_table_change, gw_table_audit, gw_table_contact, gw_table_host;
extern const struct gw_table gw_table_crypto;

/* Values that several sections read (match.c). */

/** What `to:` may hold besides zones. */
enum gw_gateway_use {
	GW_GATEWAY_REFUSED,
	GW_GATEWAY_ALLOWED,
};
/** A zone, a list of zones or `any`. NULL gives the empty set. True in `*ret_gateway`: `gateway`.
 */
void gw_read_zone_set(struct gw_loader *loader, struct gw_node *node, enum gw_gateway_use use,
		      struct gw_zone_set *ret, bool *ret_gateway);
/** Addresses and names of hosts; NULL or `any` gives any. */
void gw_read_addr_match(struct gw_loader *loader, struct gw_node *node, struct gw_addr_match *ret);
/** Services; NULL or `any` gives any. */
void gw_read_services(struct gw_loader *loader, struct gw_node *node, bool *ret_any,
		      struct gw_addrset *ret_keys);
/** One address, prefix or range; false after a diagnostic that says what is wrong with it. */
bool gw_read_address(struct gw_diags *diags, struct gw_loc loc, const char *text,
		     enum gw_family *ret_family, struct gw_range *ret_range);
/** True if the two can match one address of this family. */
bool gw_addr_match_overlaps(const struct gw_addr_match *a, const struct gw_addr_match *b,
			    enum gw_family family);
/** True if it can match an address of this family at all. */
bool gw_addr_match_has(const struct gw_addr_match *match, enum gw_family family);

void gw_range_buffer_add(struct gw_range_buffer *buffer, struct gw_range range);
void gw_range_buffer_add_set(struct gw_range_buffer *buffer, struct gw_addrset set);
/** The merged set of what was added, in the arena; empties the buffer. */
struct gw_addrset gw_range_buffer_take(struct gw_range_buffer *buffer, struct gw_arena *arena);

/** True if an item of an address list is a name rather than an address. */
bool gw_is_host_name(const char *text);
/** Hosts and services by name, NULL if there is none. */
const struct gw_hosts *gw_find_hosts(const struct gw_policy *policy, const char *name);
const struct gw_service *gw_find_service(const struct gw_policy *policy, const char *name);

/* unknown.c */

/** Adds the diagnostic for an unknown name, with the nearest one and where it is defined. */
void gw_report_unknown_zone(struct gw_loader *loader, struct gw_loc loc, const char *name);
void gw_report_unknown_host(struct gw_loader *loader, struct gw_loc loc, const char *name);
void gw_report_unknown_service(struct gw_loader *loader, struct gw_loc loc, const char *name);
/** The same for an id that two rules have. */
void gw_report_duplicate_id(struct gw_loader *loader, const char *id, struct gw_loc a,
			    struct gw_loc b);

/** Reads an object file: one address, prefix or range a line (object.c). */
bool gw_read_object(struct gw_loader *loader, const char *path, struct gw_loc loc,
		    struct gw_addrset ret[GW_FAMILY_COUNT]);

/** What stands under `admission` of a zone, in the arena (admission.c); NULL for NULL. */
struct gw_admission *gw_read_admission(struct gw_loader *loader, struct gw_node *node);
/** The name of an interface as a zone may list it; false after a diagnostic. */
bool gw_check_interface(struct gw_diags *diags, const struct gw_node *item);

/* Time windows (windows.c): collected while rules are read, made one object where equal. */

/** A window as ranges of seconds of the week, UTC, Sunday first; n = 0: never restricted. */
struct gw_week {
	struct gw_addrset seconds;
	struct gw_loc loc;
};
void gw_read_hours(struct gw_loader *loader, struct gw_node *hours, struct gw_week *ret);
/** Makes policy->windows and points the rules to them; weeks are parallel to rules. */
void gw_make_windows(struct gw_loader *loader, struct gw_rule_def *rules,
		     const struct gw_week *weeks, size_t n);

/** Finds dnat rules, and source translations, that would both apply to one packet (nat_overlap.c).
 */
void gw_check_nat_overlaps(struct gw_loader *loader, const struct gw_nat *nats, size_t n);

#endif
