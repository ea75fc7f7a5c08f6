/*
 * The host's kernel settings, kept as the config declares them. The value that a setting had before
 * is on disk (host.json in the state directory) before the setting is changed for the first time,
 * and is put back when the config no longer declares it. A machine that was booted anew begins
 * anew: what its boot has set is then what was there before.
 *
 *	gw_host_enforce(store, root, policy, GW_HOST_REPAIR, arena, &report);   after every change
 *	gw_host_compare(store, root, policy, arena, &report);                   only looks
 *	gw_host_enforce(store, root, NULL, GW_HOST_REPAIR, arena, &report);     puts everything back
 *
 * `root` is /proc/sys as gw_sysctl_open gives it: the settings of the caller's network namespace.
 */
#ifndef GW_AGENT_HOST_SETTINGS_H
#define GW_AGENT_HOST_SETTINGS_H

#include "gw/agent/store.h"
#include "gw/host/host.h"

enum gw_host_state {
	GW_HOST_KEPT,     /* as declared, and was before */
	GW_HOST_SET,      /* declared since, or its value changed: written now */
	GW_HOST_TO_SET,   /* the same, not written yet (compare) */
	GW_HOST_DRIFTED,  /* others have changed it; `actual` is what they wrote */
	GW_HOST_REPAIRED, /* the same, and put right */
	GW_HOST_WAITS,    /* its interface is not there */
	GW_HOST_UNKNOWN,  /* the kernel has no such setting */
	GW_HOST_REFUSED,  /* the kernel takes no such value, or not from here: `error` */
	GW_HOST_RESTORED, /* no longer declared: has its old value again */
	GW_HOST_LEFT,     /* no longer declared, but others have changed it meanwhile: left alone */
};

struct gw_host_item {
	const char *path;
	const char *wanted;   /* as declared; the old value for RESTORED; NULL for LEFT */
	const char *actual;   /* that was found; NULL where there is none */
	const char *previous; /* before gw changed it for the first time; NULL: not known */
	enum gw_host_state state;
	int error; /* REFUSED, UNKNOWN: -errno */
	struct gw_loc loc;
};

struct gw_host_report {
	struct gw_host_item *items; /* in the order of the paths' writing; in the arena */
	size_t n;
	size_t changed;   /* SET, REPAIRED, RESTORED */
	size_t differing; /* TO_SET, DRIFTED, UNKNOWN, REFUSED */
};

/** What happens to settings that others have changed. */
enum gw_host_drift {
	GW_HOST_REPAIR,
	GW_HOST_REPORT,
};

/** "drifted" and so on: a constant. */
const char *gw_host_state_name(enum gw_host_state state);

/** Looks how the settings are; changes nothing. 0 or -errno: host.json cannot be read. */
int gw_host_compare(struct gw_store *store, int root, const struct gw_policy *policy,
		    struct gw_arena *arena, struct gw_host_report *ret);

/**
 * Makes the settings those that the policy declares; NULL declares none. What could not be done stands
 * in the report. 0, or -errno: the old values could not be noted or read, and nothing was changed.
 */
int gw_host_enforce(struct gw_store *store, int root, const struct gw_policy *policy,
		    enum gw_host_drift drift, struct gw_arena *arena, struct gw_host_report *ret);

/**
 * Forgets the old values of an interface that has gone: one that comes back under its name is another,
 * and its values are no drift. 0 or -errno.
 */
int gw_host_forget(struct gw_store *store, int root, const char *interface, struct gw_arena *arena);

/** Adds a warning for each setting that is not as declared, at the place where it is declared. */
void gw_host_diagnose(const struct gw_host_report *report, struct gw_diags *diags);
/** The same where enforcing or comparing has failed as a whole. */
void gw_host_diagnose_error(int error, struct gw_diags *diags);

#endif
