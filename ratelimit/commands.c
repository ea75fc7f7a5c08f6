/* `gwctl limit …`: what gw-ratelimitd knows, for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/core/utf8.h"
#include "gw/ctl/client.h"
#include "gw/ctl/module.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

#define MODULE "ratelimit"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : "-";
}

/* In the reader's language, where there are both. */
static const char *translated(const json_t *object, const char *key)
{
	char japanese[16];

	(void)snprintf(japanese, sizeof(japanese), "%s_ja", key);
	return text_of(object, gw_locale_is_japanese() ? japanese : key);
}

static long long number_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_real(value) ? (long long)json_real_value(value) : json_integer_value(value);
}

static bool is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* Asks for a list; with --json it goes to the output, and NULL comes back. */
static enum gw_exit ask_list(struct gw_ctl *ctl, const char *verb, const char *key, json_t **ret)
{
	json_t *reply;
	enum gw_exit status = gw_ctl_ask_module(ctl, MODULE, verb, NULL, &reply);

	*ret = NULL;
	if (status != GW_EXIT_OK)
		return status;
	if (ctl->root)
		gw_json_set(ctl->root, key, json_incref(json_object_get(reply, key)));
	else
		*ret = json_incref(json_object_get(reply, key));
	json_decref(reply);
	return GW_EXIT_OK;
}

/* Asks about the target on the command line, or about none. */
static enum gw_exit ask_about(struct gw_ctl *ctl, const char *verb, json_t **ret)
{
	json_t *fields = json_object();

	if (ctl->n_args)
		gw_json_set(fields, "target", gw_json_text(ctl->args[0]));
	return gw_ctl_ask_module(ctl, MODULE, verb, fields, ret);
}

/* With --json: these fields of the reply. */
static void copy(struct gw_ctl *ctl, const json_t *reply, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(reply, keys[i]);

		gw_json_set(ctl->root, keys[i], value ? json_incref(value) : json_null());
	}
}

/* ---- status ---------------------------------------------------------------------------------- */

static void print_line(struct gw_ctl *ctl, const json_t *reply)
{
	if (strcmp(text_of(reply, "line"), "-") == 0)
		return;
	gw_text_printf(&ctl->out, "line:        ");
	gw_text_puts_visible(&ctl->out, text_of(reply, "line"));
	gw_text_printf(&ctl->out, ", %lld of %lld Mbit/s come in\n", number_of(reply, "line_mbit"),
		       number_of(reply, "line_rate"));
	if (!is_true(reply, "line_full"))
		return;
	gw_text_puts(&ctl->out, "             It is full: nothing behind it can help. Call the "
				"carrier: ");
	gw_text_puts_visible(&ctl->out, text_of(reply, "carrier"));
	gw_text_puts(&ctl->out, "\n             Ask for: ");
	gw_text_puts_visible(&ctl->out, text_of(reply, "ask"));
	gw_text_putc(&ctl->out, '\n');
}

static void print_status(struct gw_ctl *ctl, const json_t *reply)
{
	char since[GW_REPORT_TIME];
	const char *missing = json_string_value(json_object_get(reply, "events_missing"));

	gw_text_printf(&ctl->out,
		       "gw-ratelimitd %s, since %s\n"
		       "gwd:         %s, revision %lld\n"
		       "events:      %s; %lld seen, lost %lld times\n"
		       "connections: %lld of %lld\n"
		       "mode:        %s\n"
		       "attacks:     %lld\n"
		       "inside:      %lld hosts, %lld first contacts, %lld of them unanswered\n"
		       "quarantine:  %lld so far, %lld failed; %lld findings\n"
		       "bans:        %lld, of which the kernel has %lld\n",
		       text_of(reply, "version"),
		       gw_report_time(number_of(reply, "started"), since),
		       is_true(reply, "agent") ? "connected" : "NOT connected",
		       number_of(reply, "revision"), missing ? missing : "from the kernel",
		       number_of(reply, "events"), number_of(reply, "overruns"),
		       number_of(reply, "connections"), number_of(reply, "connections_max"),
		       text_of(reply, "mode"), number_of(reply, "attacks"),
		       number_of(reply, "hosts"), number_of(reply, "contacts"),
		       number_of(reply, "contacts_failed"), number_of(reply, "quarantines"),
		       number_of(reply, "quarantines_failed"), number_of(reply, "stones"),
		       number_of(reply, "bans_intended"), number_of(reply, "bans_enforced"));
	print_line(ctl, reply);
}

static void print_targets(struct gw_ctl *ctl, const json_t *list)
{
	struct gw_report_table table = { 0 };
	const json_t *target;
	size_t i;

	gw_report_row(&table, "TARGET", "MODE", "NEWCOMERS/S", "PROVEN/S", "FOUND");
	json_array_foreach(list, i, target)
	{
		const json_t *first = json_array_get(json_object_get(target, "findings"), 0);

		gw_report_row(&table, text_of(target, "target"), text_of(target, "mode"),
			      gw_arena_printf(ctl->arena, "%lld", number_of(target, "newcomers")),
			      gw_arena_printf(ctl->arena, "%lld", number_of(target, "proven")),
			      text_of(first, "text"));
	}
	gw_text_putc(&ctl->out, '\n');
	gw_report_table_print(&table, "<<>>", &ctl->out);
	gw_report_table_done(&table);
}

static enum gw_exit run_status(struct gw_ctl *ctl)
{
	static const char *const keys[] = { "version",
					    "started",
					    "revision",
					    "agent",
					    "mode",
					    "events_from_kernel",
					    "events_missing",
					    "events",
					    "inbound",
					    "outbound",
					    "overruns",
					    "attacks",
					    "stones",
					    "quarantines",
					    "quarantines_failed",
					    "held_back",
					    "hosts",
					    "hosts_displaced",
					    "contacts",
					    "contacts_failed",
					    "contacts_unknown",
					    "line_down",
					    "connections",
					    "connections_max",
					    "line",
					    "line_mbit",
					    "line_rate",
					    "line_full",
					    "bans_intended",
					    "bans_enforced",
					    "carrier",
					    "ask",
					    "waiting",
					    "given_up",
					    "landlock" };
	json_t *reply, *targets;
	enum gw_exit status = gw_ctl_ask_module(ctl, MODULE, "status", NULL, &reply);

	if (status != GW_EXIT_OK)
		return status;
	if (ctl->root)
		copy(ctl, reply, keys, GW_COUNT(keys));
	else
		print_status(ctl, reply);
	json_decref(reply);
	status = ask_list(ctl, "targets", "targets", &targets);
	if (!targets)
		return status;
	print_targets(ctl, targets);
	json_decref(targets);
	return GW_EXIT_OK;
}

/* ---- attacks --------------------------------------------------------------------------------- */

/* What a vector is counted in. */
static const char *unit_of(const json_t *attack)
{
	const char *vector = text_of(attack, "vector");

	return strcmp(vector, "exhaustion") == 0 ? " %"
	       : strcmp(vector, "slow") == 0     ? " open"
						 : "/s";
}

static enum gw_exit run_attacks(struct gw_ctl *ctl)
{
	struct gw_report_table table = { 0 };
	const json_t *attack;
	json_t *list;
	size_t i;
	enum gw_exit status = ask_list(ctl, "attacks", "attacks", &list);

	if (!list)
		return status;
	gw_report_row(&table, "NUMBER", "TARGET", "VECTOR", "START", "END", "PEAK", "MODE");
	json_array_foreach(list, i, attack)
	{
		char start[GW_REPORT_TIME], end[GW_REPORT_TIME];
		bool over = !json_is_null(json_object_get(attack, "end"));

		gw_report_row(&table,
			      gw_arena_printf(ctl->arena, "%lld", number_of(attack, "number")),
			      text_of(attack, "target"), text_of(attack, "vector"),
			      gw_report_time(number_of(attack, "start"), start),
			      over ? gw_report_time(number_of(attack, "end"), end) : "goes on",
			      gw_arena_printf(ctl->arena, "%lld%s", number_of(attack, "peak"),
					      unit_of(attack)),
			      text_of(attack, "mode"));
	}
	if (json_array_size(list))
		gw_report_table_print(&table, ">", &ctl->out);
	else
		gw_text_puts(&ctl->out, "no attack was found yet; `gwctl audit search -e "
					"'attack.*'` shows those before gw-ratelimitd started\n");
	gw_report_table_done(&table);
	json_decref(list);
	return GW_EXIT_OK;
}

static void print_top(struct gw_ctl *ctl, const char *title, const json_t *list)
{
	const json_t *item;
	size_t i;

	gw_text_printf(&ctl->out, "%s\n", title);
	json_array_foreach(list, i, item)
	{
		long long count = number_of(item, "count"), error = number_of(item, "error");

		gw_text_printf(&ctl->out, "  %-40s ", text_of(item, "address"));
		if (error)
			gw_text_printf(&ctl->out, "%lld to %lld\n", count - error, count);
		else
			gw_text_printf(&ctl->out, "%lld\n", count);
	}
	if (!json_array_size(list))
		gw_text_puts(&ctl->out, "  none\n");
}

static void print_attack(struct gw_ctl *ctl, const json_t *attack)
{
	const json_t *done = json_object_get(attack, "done"), *item;
	char start[GW_REPORT_TIME], end[GW_REPORT_TIME], peak[GW_REPORT_TIME];
	bool over = !json_is_null(json_object_get(attack, "end"));
	size_t i;

	gw_text_printf(&ctl->out, "attack %lld on ", number_of(attack, "number"));
	gw_text_puts_visible(&ctl->out, text_of(attack, "target"));
	gw_text_printf(&ctl->out, ": %s\n", translated(attack, "text"));
	gw_text_printf(&ctl->out, "from %s, %s%s\n",
		       gw_report_time(number_of(attack, "start"), start), over ? "to " : "goes on",
		       over ? gw_report_time(number_of(attack, "end"), end) : "");
	gw_text_printf(&ctl->out, "peak %lld%s, %s; more than %lld is one; %.0f %% proven\n",
		       number_of(attack, "peak"), unit_of(attack),
		       gw_report_time(number_of(attack, "peak_time"), peak),
		       number_of(attack, "threshold"),
		       json_number_value(json_object_get(attack, "proven")) * 100);
	json_array_foreach(done, i, item)
	{
		gw_text_puts(&ctl->out, "done: ");
		gw_text_puts_visible(&ctl->out, json_string_value(item));
		gw_text_putc(&ctl->out, '\n');
	}
	print_top(ctl, "sources, of which the unproven may be forged:",
		  json_object_get(attack, "sources"));
	print_top(ctl, "destinations:", json_object_get(attack, "destinations"));
}

static enum gw_exit run_attack(struct gw_ctl *ctl)
{
	unsigned long number = strtoul(ctl->args[0], NULL, 10);
	enum gw_exit status;
	json_t *reply;

	if (!number || number > UINT32_MAX)
		return gw_ctl_usage(ctl, "`%s` is no number of an attack", ctl->args[0]);
	status = gw_ctl_ask_module(ctl, MODULE, "attack",
				   json_pack("{s:I}", "number", (json_int_t)number), &reply);
	if (status != GW_EXIT_OK)
		return status;
	if (ctl->root)
		gw_json_set(ctl->root, "attack", json_incref(json_object_get(reply, "attack")));
	else
		print_attack(ctl, json_object_get(reply, "attack"));
	json_decref(reply);
	return GW_EXIT_OK;
}

/* ---- top ------------------------------------------------------------------------------------- */

static enum gw_exit run_top(struct gw_ctl *ctl)
{
	static const char *const keys[] = { "about", "seen", "sources", "destinations" };
	const json_t *about;
	json_t *reply;
	enum gw_exit status = ask_about(ctl, "top", &reply);

	if (status != GW_EXIT_OK)
		return status;
	if (ctl->root) {
		copy(ctl, reply, keys, GW_COUNT(keys));
	} else {
		about = json_object_get(reply, "about");
		gw_text_puts_visible(&ctl->out, text_of(about, "target"));
		gw_text_printf(&ctl->out,
			       " (%s): %lld newcomers a second, %lld proven; %lld counted\n",
			       text_of(about, "mode"), number_of(about, "newcomers"),
			       number_of(about, "proven"), number_of(reply, "seen"));
		print_top(ctl, "sources:", json_object_get(reply, "sources"));
		print_top(ctl, "destinations:", json_object_get(reply, "destinations"));
	}
	json_decref(reply);
	return GW_EXIT_OK;
}

/* ---- hosts, why ------------------------------------------------------------------------------ */

static void print_stone(struct gw_ctl *ctl, const json_t *stone)
{
	const json_t *examples = json_object_get(stone, "examples"), *item;
	char time[GW_REPORT_TIME];
	size_t i;

	gw_text_printf(&ctl->out, "%s  %s: %s [%s]\n",
		       gw_report_time(number_of(stone, "time"), time), text_of(stone, "host"),
		       translated(stone, "text"), text_of(stone, "deed"));
	if (number_of(stone, "contacts"))
		gw_text_printf(&ctl->out,
			       "    %lld of %lld first contacts failed within %lld ms, the last "
			       "at port %lld\n",
			       number_of(stone, "failures"), number_of(stone, "contacts"),
			       number_of(stone, "took_ms"), number_of(stone, "port"));
	if (number_of(stone, "rate"))
		gw_text_printf(&ctl->out, "    %lld flows a second without an answer\n",
			       number_of(stone, "rate"));
	json_array_foreach(examples, i, item)
	{
		gw_text_printf(&ctl->out, "%s%s", i ? ", " : "    such as ",
			       json_string_value(item));
	}
	gw_text_puts(&ctl->out, json_array_size(examples) ? "\n" : "");
	if (is_true(stone, "effective"))
		gw_text_printf(&ctl->out, "    in quarantine until %s\n",
			       gw_report_time(number_of(stone, "until"), time));
	else
		gw_text_printf(&ctl->out, "    not in quarantine: %s%s\n", text_of(stone, "spared"),
			       json_is_null(json_object_get(stone, "failure")) ? ""
									       : " (gwd refused)");
}

static enum gw_exit run_hosts(struct gw_ctl *ctl)
{
	const json_t *stone;
	json_t *list;
	size_t i;
	enum gw_exit status = ask_list(ctl, "hosts", "hosts", &list);

	if (!list)
		return status;
	json_array_foreach(list, i, stone)
	{
		print_stone(ctl, stone);
	}
	if (!json_array_size(list))
		gw_text_puts(&ctl->out, "no inside host was found to do harm\n");
	json_decref(list);
	return GW_EXIT_OK;
}

static void print_reasons(struct gw_ctl *ctl, const json_t *reply)
{
	const json_t *about = json_object_get(reply, "about"), *item;
	char time[GW_REPORT_TIME];
	size_t i;

	gw_text_puts_visible(&ctl->out, text_of(about, "target"));
	gw_text_printf(&ctl->out, " is in mode %s\n", text_of(about, "mode"));
	json_array_foreach(json_object_get(about, "findings"), i, item)
	{
		gw_text_printf(&ctl->out, "now: %s, %s\n", text_of(item, "level"),
			       text_of(item, "text"));
	}
	json_array_foreach(json_object_get(reply, "reasons"), i, item)
	{
		gw_text_printf(&ctl->out, "%s  %s\n", gw_report_time(number_of(item, "time"), time),
			       text_of(item, "text"));
	}
	if (!json_array_size(json_object_get(reply, "reasons")))
		gw_text_puts(&ctl->out, "its mode has not changed since gw-ratelimitd started\n");
}

static enum gw_exit run_why(struct gw_ctl *ctl)
{
	static const char *const keys[] = { "about", "reasons", "host" };
	const json_t *stone;
	json_t *reply;
	size_t i;
	enum gw_exit status = ask_about(ctl, "why", &reply);

	if (status != GW_EXIT_OK)
		return status;
	if (ctl->root) {
		copy(ctl, reply, keys, GW_COUNT(keys));
	} else if (json_object_get(reply, "about")) {
		print_reasons(ctl, reply);
	} else {
		json_array_foreach(json_object_get(reply, "host"), i, stone)
		{
			print_stone(ctl, stone);
		}
		if (!json_array_size(json_object_get(reply, "host")))
			gw_text_puts(&ctl->out, "nothing was found of this host\n");
	}
	json_decref(reply);
	return GW_EXIT_OK;
}

/* ---- feeds ----------------------------------------------------------------------------------- */

static enum gw_exit run_feeds(struct gw_ctl *ctl)
{
	struct gw_report_table table = { 0 };
	const json_t *feed;
	json_t *list;
	size_t i;
	enum gw_exit status = ask_list(ctl, "feeds", "feeds", &list);

	if (!list)
		return status;
	gw_report_row(&table, "FEED", "ENTRIES", "LEFT OUT", "STATE", "READ", "COMPLAINT");
	json_array_foreach(list, i, feed)
	{
		char read[GW_REPORT_TIME];

		gw_report_row(&table, text_of(feed, "feed"),
			      gw_arena_printf(ctl->arena, "%lld", number_of(feed, "entries")),
			      gw_arena_printf(ctl->arena, "%lld", number_of(feed, "left_out")),
			      is_true(feed, "refused")    ? "refused"
			      : is_true(feed, "in_force") ? "in force"
							  : "not in force",
			      number_of(feed, "read")
				      ? gw_report_time(number_of(feed, "read"), read)
				      : "-",
			      text_of(feed, "complaint"));
	}
	if (json_array_size(list))
		gw_report_table_print(&table, "<>>", &ctl->out);
	else
		gw_text_puts(&ctl->out, "the config names no feeds\n");
	gw_report_table_done(&table);
	json_decref(list);
	return GW_EXIT_OK;
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct gw_option no_options[] = { { NULL, 0, NULL, NULL } };

const struct gw_command gw_limit_commands[] = {
	{ .name = "limit status",
	  .summary = "What strangers come to, in which mode it is, and whether anything is lost",
	  .options = no_options,
	  .run = run_status },
	{ .name = "limit attacks",
	  .summary = "Attacks that were found",
	  .options = no_options,
	  .run = run_attacks },
	{ .name = "limit attack",
	  .args = "NUMBER",
	  .summary = "An attack: what, since when, from where, and what was done",
	  .details = "Counts of sources and destinations are exact, or lie between two bounds.",
	  .options = no_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = run_attack },
	{ .name = "limit top",
	  .args = "[TARGET]",
	  .summary = "Who comes most, and where to",
	  .details = "TARGET is one of `limit status`; without it, the busiest.",
	  .options = no_options,
	  .max_args = 1,
	  .run = run_top },
	{ .name = "limit hosts",
	  .summary = "Inside hosts that scanned, flooded or sent mail",
	  .options = no_options,
	  .run = run_hosts },
	{ .name = "limit feeds",
	  .summary = "Block lists: what was read, left out and refused",
	  .options = no_options,
	  .run = run_feeds },
	{ .name = "limit why",
	  .args = "[TARGET|ADDRESS]",
	  .summary = "Why a target is in its mode, or an inside host in quarantine",
	  .examples = "  gwctl limit why web-in\n  gwctl limit why 10.20.1.10\n",
	  .options = no_options,
	  .max_args = 1,
	  .run = run_why },
	{ .name = NULL },
};
