/*
 * gwctl: one table of commands drives dispatch, `--help`, usage errors and the manual page. A command
 * is a function that works on a struct gw_ctl: it reads options and arguments, adds diagnostics, and
 * fills `out` with text or `root` with JSON. It prints nothing itself, so that the caller decides where
 * everything goes; `drops -f` alone writes as it goes along.
 */
#ifndef GW_CTL_CTL_H
#define GW_CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "gw/agent/transaction.h"
#include "gw/core/text.h"
#include "gw/link/link.h"

/** An option of one command. Tables end with a NULL name. */
struct gw_option {
	const char *name;  /* without dashes */
	char letter;       /* 0: none */
	const char *value; /* what its value is called; NULL: it has none */
	const char *help;
};

struct gw_ctl;
struct gw_ipc_client;
struct gw_command {
	const char *name;
	const char *group;   /* heading of the overview; NULL: hidden */
	const char *args;    /* "FLOW|GWnnnn"; NULL: none */
	const char *summary; /* one line */
	const char *details; /* paragraphs, for --help and the manual; may be NULL */
	const char *examples;
	const struct gw_option *options; /* NULL: none of its own */
	int min_args, max_args;
	bool warnings; /* warnings are shown, not only errors */
	/* Commands of its own, NULL: none. Their names begin with its name and a space; the table ends
	 * with a NULL name. Such a command has no function. */
	const struct gw_command *subcommands;
	enum gw_exit (*run)(struct gw_ctl *ctl);
};

#define GW_CTL_OPTIONS_MAX 8u

/** The revision in force with its config. */
struct gw_in_force {
	struct gw_revision revision;
	const struct gw_config *config;
	struct gw_numbers *numbers;
	struct gw_ruleset *observed; /* by the kernel */
	struct gw_ruleset *desired;  /* NULL until compared */
	struct gw_plan *plan;        /* what would put it right; NULL until compared */
};
#define GW_CTL_OPTIONS_MAX 8u
#define GW_CTL_CONFIGS_MAX 2u

/** One run of a command. */
struct gw_ctl {
	const struct gw_command *command;
	const char *dir; /* -C */
	bool json, colour;
	int64_t now; /* Unix time */
	const char *const *args;
	int n_args;
	const char *values[GW_CTL_OPTIONS_MAX]; /* of options, by place; "" where it has none */
	struct gw_arena *arena;
	struct gw_diags diags;
	struct gw_text out; /* text for standard output */
	json_t *root;       /* JSON for standard output; "schema" is set. NULL without --json */
	FILE *stream;       /* standard output itself, for what never ends */
	const char *done;   /* what has been done, for when it cannot be printed; or NULL */
	/* What commands have opened. Diagnostics name places in it, so that it is freed when they
	 * have been printed, by gw_ctl_release. */
	struct gw_config *configs[GW_CTL_CONFIGS_MAX];
	struct gw_ipc_client *agent; /* see client.h */
	struct gw_target target;
	struct gw_transaction transaction;
	struct gw_in_force in_force;
};

extern const struct gw_command gw_commands[];
extern const size_t gw_commands_n;

/** Runs gwctl: everything but the process. `args` are those after the program's name. */
int gw_ctl_run(int n_args, const char *const *args, FILE *out, FILE *err, bool colour);

/** The value of an option of the command's table; NULL if it was not given. */
const char *gw_ctl_option(const struct gw_ctl *ctl, const char *name);
/** The command with this name, or NULL. */
const struct gw_command *gw_command_find(const char *name);
/** The subcommand that is called `name` behind its command's own name, or NULL. */
const struct gw_command *gw_subcommand_find(const struct gw_command *command, const char *name);
/** A usage error: says so in `out` for standard error. Returns GW_EXIT_USAGE. */
enum gw_exit gw_ctl_usage(struct gw_ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* help.c */
void gw_help_overview(struct gw_text *out);
void gw_help_command(const struct gw_command *command, struct gw_text *out);

/* gw/man/gwctl.c */
/** gwctl(8) as mdoc source. */
void gw_help_manual(struct gw_text *out);

/* common.c: what several commands need */

/** The config of -C DIR; NULL after adding diagnostics. */
const struct gw_config *gw_ctl_config(struct gw_ctl *ctl);
/** The config of a stored revision; NULL after adding diagnostics. */
const struct gw_config *gw_ctl_revision(struct gw_ctl *ctl, uint32_t number);
/** The files of a stored revision, in the arena; GW_EXIT_FAILED after adding a diagnostic. */
enum gw_exit gw_ctl_revision_files(struct gw_ctl *ctl, uint32_t number,
				   struct gw_config_origin *ret);
/** Opens ctl->target.store, and with `lock` takes the writer's lock. */
enum gw_exit gw_ctl_open_store(struct gw_ctl *ctl, bool lock);
/** Opens ctl->target.kernel. */
enum gw_exit gw_ctl_open_kernel(struct gw_ctl *ctl);
/** The gateway's interfaces and addresses, in the arena. */
enum gw_exit gw_ctl_links(struct gw_ctl *ctl, struct gw_links *ret);
/** Frees all that was opened. */
void gw_ctl_release(struct gw_ctl *ctl);
/** "file:line" of a place in the arena; "-" where there is none. */
const char *gw_ctl_place(struct gw_arena *arena, struct gw_loc loc);
/** The zone called `name`; NULL after a usage error with the nearest name. */
const struct gw_zone *gw_ctl_zone(struct gw_ctl *ctl, const struct gw_policy *policy,
				  const char *name);
/** Who runs this: SUDO_USER, else the user's name, else its number. In the arena. */
const char *gw_ctl_who(struct gw_arena *arena);

/**
 * Opens store and kernel and reads what the kernel holds and the revision in force, into
 * ctl->in_force. Without privileges, and where nothing was applied yet: GW_EXIT_FAILED.
 */
enum gw_exit gw_ctl_load_in_force(struct gw_ctl *ctl);
/** Compiles that revision and compares it with what the kernel holds: in_force.plan. */
enum gw_exit gw_ctl_compare_in_force(struct gw_ctl *ctl);
/** The number that a `REV` argument names; 0 after adding a usage error. */
uint32_t gw_ctl_revision_number(struct gw_ctl *ctl, const char *text);

/** `drops` without -f: counts by reason. */
enum gw_exit gw_ctl_drop_counters(struct gw_ctl *ctl);

/** Sets the host's settings as the policy declares; problems become warnings (cmd_host.c). */
void gw_ctl_host_enforce(struct gw_ctl *ctl, const struct gw_policy *policy);

/* one function per command */
enum gw_exit gw_cmd_help(struct gw_ctl *ctl);
enum gw_exit gw_cmd_check(struct gw_ctl *ctl);
enum gw_exit gw_cmd_fmt(struct gw_ctl *ctl);
enum gw_exit gw_cmd_test(struct gw_ctl *ctl);
enum gw_exit gw_cmd_render(struct gw_ctl *ctl);
enum gw_exit gw_cmd_schema(struct gw_ctl *ctl);
enum gw_exit gw_cmd_explain(struct gw_ctl *ctl);
enum gw_exit gw_cmd_reach(struct gw_ctl *ctl);
enum gw_exit gw_cmd_plan(struct gw_ctl *ctl);
enum gw_exit gw_cmd_approve(struct gw_ctl *ctl);
enum gw_exit gw_cmd_apply(struct gw_ctl *ctl);
enum gw_exit gw_cmd_confirm(struct gw_ctl *ctl);
enum gw_exit gw_cmd_abort(struct gw_ctl *ctl);
enum gw_exit gw_cmd_rollback(struct gw_ctl *ctl);
enum gw_exit gw_cmd_history(struct gw_ctl *ctl);
enum gw_exit gw_cmd_review(struct gw_ctl *ctl);
enum gw_exit gw_cmd_diff(struct gw_ctl *ctl);
enum gw_exit gw_cmd_status(struct gw_ctl *ctl);
enum gw_exit gw_cmd_counters(struct gw_ctl *ctl);
enum gw_exit gw_cmd_drops(struct gw_ctl *ctl);
enum gw_exit gw_cmd_drift(struct gw_ctl *ctl);
enum gw_exit gw_cmd_host(struct gw_ctl *ctl);
enum gw_exit gw_cmd_doctor(struct gw_ctl *ctl);
enum gw_exit gw_cmd_backup(struct gw_ctl *ctl);
enum gw_exit gw_cmd_restore(struct gw_ctl *ctl);
enum gw_exit gw_cmd_isolate(struct gw_ctl *ctl);
enum gw_exit gw_cmd_quarantine(struct gw_ctl *ctl);
enum gw_exit gw_cmd_release(struct gw_ctl *ctl);
enum gw_exit gw_cmd_ban(struct gw_ctl *ctl);
enum gw_exit gw_cmd_unban(struct gw_ctl *ctl);
enum gw_exit gw_cmd_bans(struct gw_ctl *ctl);
enum gw_exit gw_cmd_suspend(struct gw_ctl *ctl);
enum gw_exit gw_cmd_resume(struct gw_ctl *ctl);
enum gw_exit gw_cmd_measures(struct gw_ctl *ctl);
enum gw_exit gw_cmd_devices(struct gw_ctl *ctl);
enum gw_exit gw_cmd_admit(struct gw_ctl *ctl);
enum gw_exit gw_cmd_version(struct gw_ctl *ctl);
enum gw_exit gw_cmd_man(struct gw_ctl *ctl);

/* cmd_audit.c */
extern const struct gw_command gw_audit_commands[];

/* Commands of modules. */
extern const struct gw_command gw_ipv6_commands[];  /* ipv6guard/commands.c */
extern const struct gw_command gw_limit_commands[]; /* ratelimit/commands.c */

#endif
