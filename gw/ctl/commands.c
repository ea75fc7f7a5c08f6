/* The table of commands: dispatch, help and manual come from here. */
#include "dns/zone/commands.h"

#include "gw/ctl/ctl.h"

#define AUTHOR  "Author"
#define CHANGE  "Change"
#define OBSERVE "Observe"
#define URGENT  "Emergency"
#define REVIEW  "Review"
#define MODULES "Modules"
#define OTHER   "Other"

static const struct gw_option no_options[] = { { NULL, 0, NULL, NULL } };
static const struct gw_option check_options[] = {
	{ "kernel", 'k', NULL, "also load the ruleset into a throw-away network namespace" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option fmt_options[] = {
	{ "check", 'c', NULL, "change nothing; exit status 2 if a file would be changed" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option render_options[] = {
	{ "as", 'a', "yaml|nft", "the merged config (default), or the compiled ruleset" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option explain_options[] = {
	{ "at", 't', "TIME", "judge as of this time, such as 2027-01-31T08:30+09:00" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option reach_options[] = {
	{ "from", 'f', "ZONE", "where connections come from" },
	{ "to", 't', "ZONE", "where they go to: a zone, or `gateway`" },
	{ "any-time", 'a', NULL, "what can pass at some time of the week, not only now" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option plan_options[] = {
	{ "verbose", 'v', NULL, "all of each list, and every kernel operation" },
	{ "output", 'o', "FILE", "write it down, to be signed and applied" },
	{ "ticket", 't', "TICKET", "the change's ticket, with -o" },
	{ "key", 'k', "FILE", "the author's key, with -o; its public half is enough for an agent" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option approve_options[] = {
	{ "key", 'k', "FILE", "key to sign with; its public half is enough for an agent" },
	{ "yes", 'y', NULL, "sign without being asked, on a terminal too" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option apply_options[] = {
	{ "message", 'm', "NOTE", "why, for the history" },
	{ "ticket", 't', "TICKET", "the change's ticket, for the history" },
	{ "confirm", 'c', "TIME",
	  "undo it unless it is confirmed in time: 120s, 5m, or 0 for not" },
	{ "wait", 'w', NULL, "stay until it is confirmed, or undone (exit status 5)" },
	{ "emergency", 'e', NULL, "with fewer approvals, where the config permits it" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option drops_options[] = {
	{ "follow", 'f', NULL, "show logged packets as they come, until interrupted" },
	{ "count", 'n', "COUNT", "follow, and stop after so many packets" },
	{ NULL, 0, NULL, NULL },
};

static const struct gw_option review_options[] = {
	{ "message", 'm', "NOTE", "what came of it, for the record" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option backup_options[] = {
	{ "keys", 'k', NULL, "private keys as well: keep the file as safe as they are" },
	{ "no-audit", 0, NULL, "without the audit trail" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option restore_options[] = {
	{ "check", 'c', NULL, "only prove that the backup is sound; changes nothing" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option doctor_options[] = {
	{ "verbose", 'v', NULL, "also what is sound" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option host_options[] = {
	{ "restore", 'r', NULL, "put back the values from before gw changed them" },
	{ NULL, 0, NULL, NULL },
};

/* `release` and its kind take the first alone. */
#define MEASURE_OPTIONS                                                                            \
	{ "message", 'm', "REASON", "why, for the record" },                                       \
		{ "for", 'f', "TIME", "until it ends by itself: 30m, 8h, 7d" },                    \
		{ "force", 0, NULL, "even if it cuts off management or your own session" },        \
	{                                                                                          \
		NULL, 0, NULL, NULL                                                                \
	}
static const struct gw_option measure_options[] = { MEASURE_OPTIONS };
static const struct gw_option admit_options[] = {
	{ "message", 'm', "REASON", "what the device is, or why" },
	{ "for", 'f', "TIME", "until it ends by itself: 30m, 8h, 7d" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option isolate_options[] = {
	{ "untrusted", 'u', NULL, "cut it off from untrusted zones only" },
	MEASURE_OPTIONS,
};
static const struct gw_option lift_options[] = {
	{ "message", 'm', "REASON", "why, for the record" },
	{ NULL, 0, NULL, NULL },
};

const struct gw_command gw_commands[] = {
	{ .name = "check",
	  .group = AUTHOR,
	  .summary = "Is the configuration right?",
	  .details =
		  "Reads all files, names what is wrong with file, line and column, finds rules\n"
		  "that never decide anything, and proves the assertions under `verify:`. Needs\n"
		  "neither root nor the gateway.\n"
		  "Exit status: 3 if it is invalid, 4 if an assertion does not hold.",
	  .examples = "  gwctl -C . check\n  gwctl check --kernel\n",
	  .options = check_options,
	  .warnings = true,
	  .run = gw_cmd_check },
	{ .name = "test",
	  .group = AUTHOR,
	  .args = "[FILE…]",
	  .summary = "Do flows meet what the repository's tests expect?",
	  .details =
		  "Reads tests/*.yaml below the config repository, or the files named, and "
		  "decides\n"
		  "each flow as `explain` does: neither root nor a gateway is needed, so that it\n"
		  "can run where the repository is reviewed.\n"
		  "  gw-test: 1\n"
		  "  tests:\n"
		  "    - {flow: wan 198.51.100.9 -> 203.0.113.9 tcp/443, expect: accept, by: "
		  "web-in}\n"
		  "    - {flow: guest 10.30.0.50 -> 10.20.1.10 tcp/445, expect: drop}\n"
		  "`at: 2027-01-31T08:30+09:00` judges as of another time than now.\n"
		  "Exit status: 2 if a test does not hold, 3 if one makes no sense.",
	  .examples = "  gwctl -C . test\n  gwctl -C . test tests/guests.yaml --json\n",
	  .options = no_options,
	  .max_args = 4096,
	  .run = gw_cmd_test },
	{ .name = "fmt",
	  .group = AUTHOR,
	  .args = "[FILE…]",
	  .summary = "Lay out config files",
	  .details = "Formats the files named, or all YAML files of the repository, in place.\n"
		     "Comments, order and the style of lists stay.",
	  .examples = "  gwctl -C . fmt\n  gwctl fmt --check policies/web.yaml\n",
	  .options = fmt_options,
	  .max_args = 4096,
	  .run = gw_cmd_fmt },
	{ .name = "render",
	  .group = AUTHOR,
	  .summary = "Print the merged config or the ruleset, with origins",
	  .examples = "  gwctl render\n  gwctl render --as nft | less\n",
	  .options = render_options,
	  .run = gw_cmd_render },
	{ .name = "schema",
	  .group = AUTHOR,
	  .summary = "Print the JSON Schema of the config",
	  .examples = "  gwctl schema > gw.schema.json\n",
	  .options = no_options,
	  .run = gw_cmd_schema },
	{ .name = "explain",
	  .group = AUTHOR,
	  .args = "[FLOW|GWnnnn]",
	  .summary = "Why does a packet pass, or what does a diagnostic mean?",
	  .details =
		  "A flow is `[ZONE] SOURCE '->' DESTINATION SERVICE`. The zone may be left out\n"
		  "where the address tells it; the arrow may be written `to`; the destination may\n"
		  "be `gateway`. Port forwards are followed. Where the agent runs, emergency\n"
		  "measures are named as well. Without arguments: all ids.",
	  .examples = "  gwctl explain wan 198.51.100.9 '->' 203.0.113.9 tcp/22\n"
		      "  gwctl explain 10.99.0.14 to gateway tcp/22 --at 2027-01-31T23:00+09:00\n"
		      "  gwctl explain GW0212\n",
	  .options = explain_options,
	  .max_args = 8,
	  .run = gw_cmd_explain },
	{ .name = "reach",
	  .group = AUTHOR,
	  .summary = "List all that can pass between two zones",
	  .examples = "  gwctl reach --from guest --to hq\n  gwctl reach --from wan --to gateway\n",
	  .options = reach_options,
	  .run = gw_cmd_reach },

	{ .name = "plan",
	  .group = CHANGE,
	  .summary = "Show what an apply would change",
	  .details = "Policies that come, go or change; what becomes reachable and what no longer\n"
		     "is; how many live connections would end; what the kernel would be sent.\n"
		     "Exit status: 2 if there are differences, 0 if there are none.",
	  .examples = "  gwctl -C . plan\n  gwctl plan -v --json\n"
		      "  gwctl -C . plan -o change.plan -t CHG-2041\n",
	  .options = plan_options,
	  .warnings = true,
	  .run = gw_cmd_plan },
	{ .name = "approve",
	  .group = CHANGE,
	  .args = "PLAN",
	  .summary = "Sign a plan",
	  .details =
		  "Adds a signature to a plan of `gwctl plan -o`, made by ssh-keygen(1) with a\n"
		  "key of ~/.ssh or --key: from a file, an agent or a FIDO authenticator. The\n"
		  "author of a plan, and whoever applies it, do not count. A plan holds for a day\n"
		  "and for the revision from which it was made.",
	  .examples =
		  "  gwctl approve change.plan\n  gwctl approve -k ~/.ssh/work.pub change.plan\n",
	  .options = approve_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_approve },
	{ .name = "apply",
	  .group = CHANGE,
	  .args = "[PLAN]",
	  .max_args = 1,
	  .summary = "Put the configuration into the kernel",
	  .details =
		  "Sends exactly the difference, all or nothing. What is still permitted goes on\n"
		  "without a lost packet, what is not stops at once. PLAN is what others signed.\n"
		  "Through the agent, the change is undone after `change: {confirm: …}` unless\n"
		  "`gwctl confirm` keeps it: what cuts off its author does not last. That holds "
		  "when\n"
		  "gwctl or gwd is killed, and across a reboot.\n"
		  "Exit status: 3 if the configuration is invalid; 4 if an assertion does not "
		  "hold,\n"
		  "approvals are missing or another change waits; 5 with --wait if it was undone.",
	  .examples = "  gwctl apply -m \"CHG-2041: open the shop\"\n"
		      "  gwctl apply --confirm 5m --wait\n",
	  .options = apply_options,
	  .warnings = true,
	  .run = gw_cmd_apply },
	{ .name = "confirm",
	  .group = CHANGE,
	  .args = "[REV]",
	  .summary = "Keep a change that would be undone",
	  .details = "Confirm from a new session, opened after the change: it shows that you still "
		     "get\n"
		     "in. With a number, only that revision. Exit status: 1 if nothing waits, 4 if "
		     "it\n"
		     "is another revision that does.",
	  .examples = "  gwctl confirm\n",
	  .options = no_options,
	  .max_args = 1,
	  .warnings = true,
	  .run = gw_cmd_confirm },
	{ .name = "abort",
	  .group = CHANGE,
	  .args = "[REV]",
	  .summary = "Undo a change that waits to be confirmed, now",
	  .examples = "  gwctl abort\n",
	  .options = no_options,
	  .max_args = 1,
	  .warnings = true,
	  .run = gw_cmd_abort },
	{ .name = "rollback",
	  .group = CHANGE,
	  .args = "[REV]",
	  .summary = "Apply the config of an earlier revision",
	  .details =
		  "Without a number, the revision before the present one. It becomes a new\n"
		  "revision, to be confirmed like any other; the files of the repository are not\n"
		  "touched.",
	  .examples = "  gwctl rollback\n  gwctl rollback 117 --confirm 0\n",
	  .options = apply_options,
	  .max_args = 1,
	  .warnings = true,
	  .run = gw_cmd_rollback },
	{ .name = "history",
	  .group = CHANGE,
	  .summary = "List the revisions, newest first",
	  .options = no_options,
	  .run = gw_cmd_history },
	{ .name = "diff",
	  .group = CHANGE,
	  .args = "A [B]",
	  .summary = "Compare two revisions: policies and reachability",
	  .details = "A and B are numbers of revisions, or `.` for the files of the repository,\n"
		     "which is B where it is left out. Exit status: 2 if they differ.",
	  .examples = "  gwctl diff 117 118\n  gwctl -C . diff 118\n",
	  .options = no_options,
	  .min_args = 1,
	  .max_args = 2,
	  .run = gw_cmd_diff },

	{ .name = "status",
	  .group = OBSERVE,
	  .summary = "What is in force",
	  .options = no_options,
	  .run = gw_cmd_status },
	{ .name = "counters",
	  .group = OBSERVE,
	  .summary = "Packets and bytes of every policy and reason",
	  .details = "Counts never go back: those of a policy that changed are carried over.",
	  .options = no_options,
	  .run = gw_cmd_counters },
	{ .name = "drops",
	  .group = OBSERVE,
	  .summary = "What was dropped, and why",
	  .examples = "  gwctl drops\n  gwctl drops -f\n  gwctl drops -n 1 --json\n",
	  .options = drops_options,
	  .run = gw_cmd_drops },
	{ .name = "drift",
	  .group = OBSERVE,
	  .summary = "Has somebody changed the kernel's rules behind our back?",
	  .details = "Exit status: 2 if so, with the difference; `gwctl apply` puts it right.",
	  .options = no_options,
	  .run = gw_cmd_drift },

	{ .name = "doctor",
	  .group = OBSERVE,
	  .summary = "What is wrong with the machine around the firewall?",
	  .details = "Kernel, other programs with rules of their own, clock, disk, permissions, "
		     "agent.\n"
		     "Each finding says what it costs and what to do. Looks at what it may without "
		     "root\n"
		     "and names what it could not look at. Exit status: 2 if there are findings.",
	  .examples = "  gwctl doctor\n  gwctl doctor -v --json\n",
	  .options = doctor_options,
	  .run = gw_cmd_doctor },
	{ .name = "host",
	  .group = OBSERVE,
	  .summary = "Are the kernel's settings as the config declares them?",
	  .details = "Lists the settings of `host:` in the revision in force, with what they were\n"
		     "before. `--restore` puts all of them back, for when gw is removed from a "
		     "machine;\n"
		     "stop gwd first. Exit status: 2 if a setting is not as declared.",
	  .examples = "  gwctl host\n  gwctl host --restore\n",
	  .options = host_options,
	  .warnings = true,
	  .run = gw_cmd_host },

	{ .name = "isolate",
	  .group = URGENT,
	  .args = "ZONE",
	  .summary = "Cut a zone off from all others, now",
	  .details = "Holds from the next packet on, also for established connections, whatever\n"
		     "policies say, across apply, rollback and reboot, until `release` or its "
		     "time.\n"
		     "Management zones still reach it, as far as policies permit.",
	  .examples = "  gwctl isolate hq -m \"worm, INC-7\" --for 8h\n  gwctl isolate dmz -u\n",
	  .options = isolate_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_isolate },
	{ .name = "quarantine",
	  .group = URGENT,
	  .args = "HOST|MAC",
	  .summary = "Cut a host or a device off, now",
	  .details = "An address, a name under `hosts:`, or a MAC, which stands for the addresses\n"
		     "that it has as well. Only management zones reach it, as far as policies "
		     "permit.",
	  .examples = "  gwctl quarantine 10.20.1.10 -m \"beacons to 192.0.2.7\"\n"
		      "  gwctl quarantine 52:54:00:12:34:56 --for 8h\n",
	  .options = measure_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_quarantine },
	{ .name = "release",
	  .group = URGENT,
	  .args = "ZONE|HOST|MAC",
	  .summary = "End isolation, quarantine or an admission",
	  .examples = "  gwctl release hq\n",
	  .options = lift_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_release },
	{ .name = "ban",
	  .group = URGENT,
	  .args = "ADDRESS|NET",
	  .summary = "Drop all from and to an address or network, now",
	  .examples = "  gwctl ban 198.18.0.0/15 -m \"scans\" --for 7d\n",
	  .options = measure_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_ban },
	{ .name = "unban",
	  .group = URGENT,
	  .args = "ADDRESS|NET",
	  .summary = "End a ban",
	  .examples = "  gwctl unban 198.18.0.0/15\n",
	  .options = lift_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_unban },
	{ .name = "bans",
	  .group = URGENT,
	  .summary = "List what is banned",
	  .options = no_options,
	  .run = gw_cmd_bans },
	{ .name = "suspend",
	  .group = URGENT,
	  .args = "USER [ADDRESS…]",
	  .summary = "Cut off a user with the addresses he has",
	  .examples = "  gwctl suspend taro 10.8.0.17 -m \"stolen notebook\"\n",
	  .options = measure_options,
	  .min_args = 1,
	  .max_args = 64,
	  .run = gw_cmd_suspend },
	{ .name = "resume",
	  .group = URGENT,
	  .args = "USER",
	  .summary = "End the suspension of a user",
	  .examples = "  gwctl resume taro\n",
	  .options = lift_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_resume },
	{ .name = "measures",
	  .group = URGENT,
	  .summary = "List all measures in force",
	  .options = no_options,
	  .run = gw_cmd_measures },
	{ .name = "devices",
	  .group = OBSERVE,
	  .args = "[ZONE]",
	  .summary = "Devices of zones that admit registered ones only",
	  .details =
		  "Registered, admitted for a time, or refused; with their addresses and leases,\n"
		  "when they were first and last seen, and who made them (package ieee-data).",
	  .examples = "  gwctl devices\n  gwctl devices hq --json\n",
	  .options = no_options,
	  .max_args = 1,
	  .run = gw_cmd_devices },
	{ .name = "admit",
	  .group = URGENT,
	  .args = "MAC [ZONE]",
	  .summary = "Let a device into a zone that does not know it",
	  .details =
		  "The zone may be left out where only one can be meant. `gwctl release MAC` ends\n"
		  "it. Devices that stay belong into the register of the zone.",
	  .examples = "  gwctl admit 52:54:00:12:34:56 --for 8h -m \"the auditor's notebook\"\n",
	  .options = admit_options,
	  .min_args = 1,
	  .max_args = 2,
	  .run = gw_cmd_admit },

	{ .name = "review",
	  .group = REVIEW,
	  .args = "[REVISION]",
	  .summary = "What has to be looked at: emergency changes, policies by their day",
	  .details =
		  "Changes that were applied in an emergency, with fewer approvals than usual,\n"
		  "until somebody else has looked at them, and policies of the revision in force\n"
		  "whose `review:` day has come or comes within 30 days. With a REVISION: notes\n"
		  "what came of looking at an emergency change, on record; not by who applied it.\n"
		  "Exit status 2: something waits or is overdue.",
	  .examples = "  gwctl review\n  gwctl review 118 -m \"as agreed on the phone, CHG-9\"\n",
	  .options = review_options,
	  .max_args = 1,
	  .run = gw_cmd_review },
	{ .name = "audit",
	  .group = REVIEW,
	  .summary = "Read, verify and export the audit trail",
	  .details = "All that was changed, permitted, refused and noticed, in records that cannot "
		     "be\n"
		     "altered unseen by whoever holds a checkpoint of them.",
	  .options = no_options,
	  .subcommands = gw_audit_commands },

	{ .name = "ipv6",
	  .group = OBSERVE,
	  .summary = "The IPv6 guard: devices, events, what is covered",
	  .options = no_options,
	  .subcommands = gw_ipv6_commands },

	{ .name = "limit",
	  .group = MODULES,
	  .summary = "Attacks from outside, and inside hosts that attack others",
	  .options = no_options,
	  .subcommands = gw_limit_commands },

	{ .name = "zone",
	  .group = MODULES,
	  .summary = "Check and watch the zones of the DNS, and keep their keys",
	  .details =
		  "The zones under `dns: {zones: …}` of the config: their master files live in the "
		  "config\n"
		  "repository; what their servers give out is compared.",
	  .options = no_options,
	  .subcommands = gw_zone_commands },

	{ .name = "backup",
	  .group = OTHER,
	  .args = "FILE",
	  .summary = "Write the state directory to one file",
	  .details = "Revisions, measures, old values of settings and the audit trail, as a tar "
		     "archive\n"
		     "with the SHA-256 of every file. gwd may be at work meanwhile.",
	  .examples =
		  "  gwctl backup /var/backups/gw.tar\n  gwctl backup --keys --no-audit new.tar\n",
	  .options = backup_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_backup },
	{ .name = "restore",
	  .group = OTHER,
	  .args = "FILE",
	  .summary = "Make the state directory that of a backup",
	  .details = "Proves every digest first, and swaps the directories in one step; the old "
		     "one is\n"
		     "kept beside it. An audit trail that is there stays. Stop gwd first; the "
		     "kernel goes\n"
		     "on enforcing what it holds until the next apply or rollback.\n"
		     "Exit status: 4 if gwd or another gwctl is at work.",
	  .examples = "  gwctl restore --check gw.tar\n  gwctl restore gw.tar\n",
	  .options = restore_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_restore },
	{ .name = "help",
	  .group = OTHER,
	  .args = "[COMMAND]",
	  .summary = "This list, or a command's options and examples",
	  .options = no_options,
	  .max_args = 2,
	  .run = gw_cmd_help },
	{ .name = "version",
	  .group = OTHER,
	  .summary = "Print the version",
	  .options = no_options,
	  .run = gw_cmd_version },
	{ .name = "man",
	  .args = "gwctl|gw.yaml",
	  .summary = "Print a manual page as mdoc",
	  .options = no_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_man },
};
const size_t gw_commands_n = sizeof(gw_commands) / sizeof(gw_commands[0]);
