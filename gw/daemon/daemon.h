/*
 * The frame of a module's daemon: one libevent loop, a link to gwd, a control socket, and a sandbox that
 * leaves it no capability. A module brings hooks and verbs and nothing else; its main is
 *
 *	int main(int argc, char **argv)
 *	{
 *		return gw_daemon_main(&module, argc, argv);
 *	}
 *
 * Order of a start: `open` with whatever privileges the service manager gave, then the sandbox, then
 * `start`, then the control socket can be found, then gwd is looked for. What gwd has in force comes
 * through `configured`; until then, and while gwd is away, the module works with what it has.
 *
 * The frame answers `status` and `metrics` on GW_RUN_DIR/<name>/control; the module adds to both, and
 * brings verbs of its own. Anybody may knock there: who may do what is judged by his user. Operators are
 * root, the group gw and the module's own user; gw-metrics may read, and gw-vpnauth tell who has logged in.
 */
#ifndef GW_DAEMON_DAEMON_H
#define GW_DAEMON_DAEMON_H

#include "gw/core/sandbox.h"
#include "gw/daemon/link.h"
#include "gw/daemon/metrics.h"
#include "gw/ipc/ipc.h"
#include "gw/policy/load.h"

struct event_base;
struct gw_daemon;

/* What a peer of the control socket may do: bits of gw_verb.permission. */
#define GW_DAEMON_READ    1u
#define GW_DAEMON_OPERATE 2u
#define GW_DAEMON_LOGIN   4u /* tell who has logged in: the vpnauth module */

/** A module. All but name, program and about may be NULL or 0. */
struct gw_daemon_module {
	const char *name;    /* "ipv6guard": of its folders */
	const char *program; /* "gw-ipv6guardd" */
	const char *about;   /* for --help: sentences, each line ended */
	const struct gw_verb *verbs;
	const struct gw_sandbox_path *paths; /* beyond run and state folders, /etc and /proc */
	const char *const *calls;            /* beyond those of any daemon */
	uint64_t memory_max;                 /* octets of heap; 0: no limit */
	uint64_t files_max;                  /* descriptors; 0: 128 */
	/* Before the sandbox: what needs privileges. -errno ends the program, after a message of its own. */
	int (*open)(struct gw_daemon *daemon);
	/* In the sandbox, before gwd is looked for. -errno likewise. */
	int (*start)(struct gw_daemon *daemon);
	/* gwd is there, for the first time or again. */
	void (*connected)(struct gw_daemon *daemon);
	/* daemon->config is what gwd has in force now; the one before is freed after this. */
	void (*configured)(struct gw_daemon *daemon);
	void (*reload)(struct gw_daemon *daemon); /* SIGHUP */
	void (*status)(struct gw_daemon *daemon, json_t *fields);
	void (*metrics)(struct gw_daemon *daemon, struct gw_metrics *metrics);
	void (*stop)(struct gw_daemon *daemon); /* the link to gwd has ended before */
};

struct gw_daemon {
	const struct gw_daemon_module *module;
	const char *run_dir;   /* of gwd: GW_RUN_DIR */
	const char *state_dir; /* of the module */
	char *folder;          /* run_dir/<name> */
	struct event_base *base;
	struct gw_link *link;
	struct gw_ipc_server *control;
	const struct gw_verb *tables[3]; /* of the control socket */
	/* In force at gwd; NULL before it was told. The policy in it is never NULL. */
	struct gw_config *config;
	uint32_t revision;
	int64_t started; /* Unix time */
	bool landlock;   /* the file system is confined */
	char *read_dir;  /* one more folder that may be read: `open` may set it; heap, or NULL */
	uint64_t configs, configs_unreadable;
	uint64_t recorded, records_refused, records_given_up;
	void *state; /* the module's own */
};

/** The whole program; its exit status. */
int gw_daemon_main(const struct gw_daemon_module *module, int argc, char **argv);

/** A line for the journal: "gw-ipv6guardd: …". */
void gw_daemon_say(const struct gw_daemon *daemon, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- record.c -------------------------------------------------------------------------------- */

/** Something for the audit trail. All borrowed but `detail`. */
struct gw_daemon_record {
	const char *class_; /* "device", "attack", "access", "measure", "exception" */
	const char *event;  /* "device.ipv6" */
	const char *actor, *subject, *reason; /* NULL: none */
	bool failed;
	json_t *detail; /* NULL: none; taken over */
};
/**
 * Hands it to gwd, which makes it durable; while gwd is away it waits. Where the queue is full it is
 * given up and counted.
 */
void gw_daemon_record(struct gw_daemon *daemon, const struct gw_daemon_record *record);

/* ---- config.c -------------------------------------------------------------------------------- */

/** Asks gwd what is in force, and to be told of changes. Of the frame alone. */
void gw_daemon_ask_config(struct gw_daemon *daemon);

/* ---- control.c ------------------------------------------------------------------------------- */

/** The control socket, which nobody finds yet. -errno. Of the frame alone. */
int gw_daemon_open_control(struct gw_daemon *daemon);
/** Answers with {key: list} where that fits into a message, else with the same attached. Takes `list`. */
void gw_daemon_reply_list(struct gw_ipc_call *call, const char *key, json_t *list);

/* ---- confine.c ------------------------------------------------------------------------------- */

/** Enters the sandbox. -errno. Of the frame alone. */
int gw_daemon_confine(struct gw_daemon *daemon);

#endif
