/*
 * What is wrong with the machine around the firewall: other programs on the kernel's hooks, a clock that
 * nobody keeps, a disk that is full, permissions that let others in. Every finding says what it is, what
 * it costs, and what to do; what could not be looked at says why. Nothing is changed.
 *
 *	struct gw_doctor doctor = { .arena = arena, .root = "" };
 *	gw_doctor_look(&doctor, &site);
 *	for (size_t i = 0; i < doctor.n; i++)
 *		…doctor.items[i]…
 *	gw_doctor_done(&doctor);
 *
 * Files are read below `root`, so that tests can look at a machine that they have made up.
 */
#ifndef GW_DOCTOR_DOCTOR_H
#define GW_DOCTOR_DOCTOR_H

#include "gw/agent/store.h"
#include "gw/core/arena.h"
#include "gw/link/link.h"
#include "gw/nft/foreign.h"
#include "gw/nft/nft.h"
#include "gw/policy/policy.h"

enum gw_check {
	GW_CHECK_NF_TABLES,
	GW_CHECK_MARK_MASK,
	GW_CHECK_DEVICE_HOOKS,
	GW_CHECK_LOG_MARKS,
	GW_CHECK_CONNTRACK,
	GW_CHECK_CONNTRACK_FULL,
	GW_CHECK_CONNTRACK_BUCKETS,
	GW_CHECK_CONNTRACK_LOSSES,
	GW_CHECK_FOREIGN_FILTER,
	GW_CHECK_FOREIGN_NAT,
	GW_CHECK_FOREIGN_FLOWTABLE,
	GW_CHECK_FOREIGN_MARK,
	GW_CHECK_IPTABLES_LEGACY,
	GW_CHECK_OTHER_FIREWALL,
	GW_CHECK_NFTABLES_SERVICE,
	GW_CHECK_FORWARDING,
	GW_CHECK_SETTINGS,
	GW_CHECK_INTERFACES,
	GW_CHECK_CLOCK,
	GW_CHECK_DISK,
	GW_CHECK_STATE,
	GW_CHECK_REVISION,
	GW_CHECK_CONFIG_FILES,
	GW_CHECK_AGENT,
	GW_CHECK_BOOT,
	GW_CHECK_FORWARD_UNIT,
	GW_CHECK_COUNT
};

/** What a check is about: constant texts. */
struct gw_check_kind {
	const char *name; /* "foreign-filter" */
	const char *cost_en, *cost_ja;
	const char *remedy_en, *remedy_ja;
};
const struct gw_check_kind *gw_check_kind(enum gw_check check);

enum gw_verdict {
	GW_VERDICT_SOUND,
	GW_VERDICT_FINDING,
	GW_VERDICT_UNKNOWN, /* it could not be looked at */
};

struct gw_check_result {
	enum gw_check check;
	enum gw_verdict verdict;
	const char *text; /* what was found, or why nothing could be */
};

struct gw_doctor {
	struct gw_arena *arena;
	const char *root;              /* "" or a folder */
	struct gw_check_result *items; /* heap; findings of one check may be several */
	size_t n, capacity;
};

/** What is known of the gateway. Members may be NULL: checks that need them say so. */
struct gw_doctor_site {
	const struct gw_policy *policy; /* in force */
	struct gw_store *store;
	struct gw_kernel *kernel;
	int kernel_error; /* -errno if there is no kernel */
	const struct gw_links *links;
	const char *problem; /* with the state directory, for which `store` or `policy` is NULL */
	const char *state_dir, *config_dir, *run_dir;
};

/** Makes all checks. */
void gw_doctor_look(struct gw_doctor *doctor, const struct gw_doctor_site *site);
void gw_doctor_done(struct gw_doctor *doctor);

/* The checks by what they look at; each adds one result or more. */
void gw_doctor_kernel(struct gw_doctor *doctor, const struct gw_doctor_site *site);
void gw_doctor_conntrack(struct gw_doctor *doctor);
void gw_doctor_foreign(struct gw_doctor *doctor, const struct gw_foreign *foreign,
		       uint32_t mark_mask);
void gw_doctor_programs(struct gw_doctor *doctor);
void gw_doctor_host(struct gw_doctor *doctor, const struct gw_doctor_site *site);
void gw_doctor_files(struct gw_doctor *doctor, const struct gw_doctor_site *site);
void gw_doctor_service(struct gw_doctor *doctor, const struct gw_doctor_site *site);

/* For the checks themselves. */
void gw_doctor_add(struct gw_doctor *doctor, enum gw_check check, enum gw_verdict verdict,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
/** `path` below the root. */
const char *gw_doctor_path(struct gw_doctor *doctor, const char *path);
/** The text of a small file below the root in the arena; NULL with errno. */
char *gw_doctor_read(struct gw_doctor *doctor, const char *path);
/** The first line of a file of any size that begins so; NULL if there is none. */
const char *gw_doctor_find_line(struct gw_doctor *doctor, const char *path, const char *start);
/** True if there is such a file below the root. */
bool gw_doctor_exists(struct gw_doctor *doctor, const char *path);

#endif
