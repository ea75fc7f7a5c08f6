/*
 * What the config says besides the policy proper: how changes are made, what is recorded and for
 * how long, whom to call, which settings of the kernel the gateway needs. Read by gwd and gwctl;
 * nothing here changes what the ruleset lets through. Part of struct gw_policy, whose arena owns
 * it; built from the sections `change`, `audit`, `contacts`, `host` and `crypto`.
 */
#ifndef GW_POLICY_SETTINGS_H
#define GW_POLICY_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/diag.h"

/* ---- change: -------------------------------------------------------------------------------- */

enum gw_drift_response {
	GW_DRIFT_REPAIR, /* put back what others changed: default */
	GW_DRIFT_REPORT, /* record it only */
};

struct gw_change_settings {
	uint32_t
		confirm_s; /* until an unconfirmed change is undone; 0: changes need no confirming */
	uint32_t keep;     /* revisions kept; older ones are pruned */
	enum gw_drift_response drift;
	uint32_t drift_interval_s;     /* between full comparisons with the kernel */
	const uint32_t *warn_before_s; /* before the end of an exception; longest first */
	size_t n_warn_before;
	bool announce; /* tell everybody who is logged in of rollbacks */
};

/* ---- audit: --------------------------------------------------------------------------------- */

/** What happens when a record cannot be written. */
enum gw_audit_failure {
	GW_AUDIT_FAIL_MEMORY_RING,   /* keep the newest in memory, and go on: default */
	GW_AUDIT_FAIL_REFUSE_GRANTS, /* nothing new is permitted until records can be written */
	GW_AUDIT_FAIL_DROP_EXPIRED,  /* delete the oldest segments that are past their retention */
};

struct gw_audit_class_settings {
	const char *name; /* as in the records */
	uint32_t retention_s;
	enum gw_audit_failure on_failure;
};

/** A collector of records: RFC 5424 over TLS (RFC 5425). */
struct gw_audit_forward {
	const char *host; /* NULL: records are not forwarded */
	uint16_t port;
	const char *ca;   /* file with the certificates to trust; NULL: the system's */
	const char *name; /* that the certificate must have; NULL: `host` */
	struct gw_loc loc;
};

struct gw_audit_settings {
	/* Every class that there is (gw_audit_class_names), in that order. */
	const struct gw_audit_class_settings *classes;
	size_t n_classes;
	uint32_t checkpoint_s; /* between signed checkpoints, also while nothing happens */
	struct gw_audit_forward forward;
	const char *timestamp; /* URL of an RFC 3161 authority; NULL: none */
};

/** The classes of records, ends with NULL. The audit trail uses the same words. */
extern const char *const gw_audit_class_names[];

/* ---- contacts: ------------------------------------------------------------------------------ */

/** Somebody to call in an emergency. Texts may be NULL, but not both phone and mail. */
struct gw_contact {
	const char *name, *role, *phone, *mail, *when;
};

/* ---- host: ---------------------------------------------------------------------------------- */

enum gw_host_rp_filter {
	GW_RP_FILTER_OFF, /* the kernel's values */
	GW_RP_FILTER_STRICT,
	GW_RP_FILTER_LOOSE,
	GW_RP_FILTER_ZONES, /* as each zone's anti_spoof says: default */
	GW_RP_FILTER_KEEP,  /* as it is */
};

/** A setting that is switched on, switched off, or none of our business. */
enum gw_switch {
	GW_SWITCH_OFF,
	GW_SWITCH_ON,
	GW_SWITCH_KEEP,
};

/** A kernel setting by its file below /proc/sys, such as "net/ipv4/tcp_sack". */
struct gw_sysctl_setting {
	const char *path;
	const char *value;
	struct gw_loc loc;
};

struct gw_host_settings {
	bool managed; /* the section `host` is there; otherwise no setting is touched */
	struct gw_loc loc;
	enum gw_switch forwarding, redirects, source_routes, log_martians, syncookies;
	enum gw_host_rp_filter rp_filter;
	const bool *accept_ra; /* by gw_zone.index: takes router advertisements */
	/* Everything else by its kernel name, sorted by path: conntrack's sizes and timeouts, and
	 * what stands under `sysctl`. */
	const struct gw_sysctl_setting *sysctls;
	size_t n_sysctls;
};

/* ---- crypto: -------------------------------------------------------------------------------- */

enum gw_crypto_profile {
	GW_CRYPTO_MODERN, /* Ed25519: default */
	GW_CRYPTO_P256,   /* ECDSA over P-256 */
};

#endif
