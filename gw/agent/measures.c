/* The verbs of emergency measures: isolate, quarantine, ban, suspend, and what takes them back. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gw/agent/emergency.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"

/* More would be an accident, or an attack on the gateway's memory. */
#define BANS_MAX     500000u
#define NETWORKS_MAX 4096u
#define OTHERS_MAX   16384u

/* ---- taking --------------------------------------------------------------------------------- */

static size_t count_networks(const struct gw_measures *measures)
{
	size_t n = 0;

	for (size_t i = 0; i < measures->n; i++)
		n += measures->items[i].set == GW_MEASURE_BANNED_NETS4 ||
		     measures->items[i].set == GW_MEASURE_BANNED_NETS6;
	return n;
}

static bool has_room(struct gw_agent *agent, struct gw_ipc_call *call,
		     const struct gw_measure_list *list)
{
	const struct gw_measures *measures = &agent->emergency->measures;
	enum gw_measure_kind kind = (enum gw_measure_kind)list->items[0].kind;
	bool network = list->items[0].set == GW_MEASURE_BANNED_NETS4 ||
		       list->items[0].set == GW_MEASURE_BANNED_NETS6;
	size_t max = network ? NETWORKS_MAX : kind == GW_MEASURE_KIND_BAN ? BANS_MAX : OTHERS_MAX;
	size_t have = network ? count_networks(measures)
		      /* of all kinds: never fewer than of this one, and known at once */
		      : kind == GW_MEASURE_KIND_BAN ? measures->n
						    : gw_measures_count(measures, kind);

	if (have + list->n <= max)
		return true;
	gw_ipc_call_refuse(call, GW_EXIT_REFUSED,
			   "there are %zu of them already, at most %zu can be", have, max);
	return false;
}

/* The first thing that was named, for the record: facts follow in the detail. */
static void record(struct gw_agent *agent, struct gw_ipc_call *call, const char *event,
		   const char *subject, const struct gw_measure_list *list, int error)
{
	const char *reason = gw_ipc_call_text(call, "reason");
	json_t *facts = json_array();
	char text[GW_MEASURE_TEXT];

	for (size_t i = 0; i < list->n && i < 256; i++)
		gw_json_add(facts, json_string(gw_measure_text(&list->items[i], text)));
	gw_agent_record(
		agent,
		&(struct gw_agent_event){
			.event = event,
			.actor = gw_ipc_call_peer(call)->name,
			.subject = subject,
			.failed = error && error != -ENOENT,
			.reason = reason,
			.detail = json_pack("{s:i, s:o, s:I, s:b}", "uid",
					    (int)gw_ipc_call_peer(call)->uid, "facts", facts,
					    "until", list->n ? (json_int_t)list->items[0].until : 0,
					    "forced", gw_ipc_call_flag(call, "force")),
		});
}

static void take(struct gw_agent *agent, struct gw_ipc_call *call, struct gw_measure_list *list,
		 const char *event, const char *subject)
{
	int err;

	if (gw_ipc_call_flag(call, "force") && !gw_ipc_call_may(call, GW_AGENT_OPERATE)) {
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED, "`force` is for operators");
	} else if (list->n && has_room(agent, call, list) &&
		   gw_emergency_is_safe(agent, call, list)) {
		err = gw_emergency_take(agent, list);
		record(agent, call, event, subject, list, err);
		gw_emergency_reply(agent, call, list, err);
	}
	gw_measure_list_done(list);
}

static void run_isolate(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	const char *name = gw_ipc_call_text(call, "zone");
	const struct gw_zone *zone = gw_emergency_zone(agent, call, name);
	struct gw_measure_list list = { 0 };
	struct gw_measure measure;

	if (!zone)
		return;
	gw_emergency_begin(call, GW_MEASURE_KIND_ISOLATE, &measure);
	gw_measure_set_zone(&measure, zone->name, gw_ipc_call_flag(call, "untrusted_only"));
	gw_measure_list_add(&list, &measure);
	take(agent, call, &list, "measure.isolated", name);
}

static void take_target(struct gw_ipc_call *call, struct gw_agent *agent, enum gw_measure_kind kind,
			const char *event)
{
	const char *target = gw_ipc_call_text(call, "target");
	struct gw_measure_list list = { 0 };
	struct gw_measure measure;

	gw_emergency_begin(call, kind, &measure);
	if (gw_emergency_target(agent, call, target, &measure, &list))
		take(agent, call, &list, event, target);
	else
		gw_measure_list_done(&list);
}

static void run_quarantine(struct gw_ipc_call *call, void *context)
{
	take_target(call, context, GW_MEASURE_KIND_QUARANTINE, "measure.quarantined");
}

static void run_ban(struct gw_ipc_call *call, void *context)
{
	take_target(call, context, GW_MEASURE_KIND_BAN, "measure.banned");
}

/* The user, and the addresses that he is known to have. */
static void run_suspend(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	const char *user = gw_ipc_call_text(call, "user");
	const json_t *addresses = json_object_get(gw_ipc_call_request(call), "addresses");
	struct gw_measure_list list = { 0 };
	struct gw_measure measure;
	size_t i;
	const json_t *item;

	gw_emergency_begin(call, GW_MEASURE_KIND_SUSPEND, &measure);
	measure.subject = user;
	gw_measure_list_add(&list, &measure);
	json_array_foreach(addresses, i, item)
	{
		size_t before = list.n;

		if (!gw_emergency_target(agent, call, json_string_value(item), &measure, &list)) {
			gw_measure_list_done(&list);
			return;
		}
		for (size_t k = before; k < list.n; k++)
			list.items[k].subject = user;
	}
	take(agent, call, &list, "measure.suspended", user);
}

/* ---- lifting -------------------------------------------------------------------------------- */

/* Addresses are known by their shortest form. */
static const char *canonical(const char *wanted, char out[2 * GW_ADDR_TEXT])
{
	enum gw_family family;
	struct gw_range range;

	if (gw_addr_parse(wanted, &family, &range) == GW_ADDR_OK)
		return gw_range_format(family, range, out);
	return wanted;
}

static void lift(struct gw_ipc_call *call, struct gw_agent *agent, enum gw_measure_kind kind,
		 const char *wanted, const char *event)
{
	struct gw_measure_list list = { 0 };
	char text[2 * GW_ADDR_TEXT];
	int err;

	gw_emergency_find(agent->emergency, kind, canonical(wanted, text), &list);
	if (!list.n && kind == GW_MEASURE_KIND_COUNT)
		gw_emergency_find(agent->emergency, GW_MEASURE_KIND_ADMIT, wanted, &list);
	if (!list.n) {
		gw_ipc_call_refuse(call, GW_EXIT_FAILED,
				   "no measure in force is about `%s`; `gwctl measures` lists them",
				   wanted);
		return;
	}
	for (size_t i = 0; i < list.n; i++) {
		if (gw_ipc_call_may(call, GW_AGENT_OPERATE) ||
		    strcmp(list.items[i].actor, gw_ipc_call_peer(call)->name) == 0)
			continue;
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED,
				   "that measure is %s's: a module ends its own alone",
				   list.items[i].actor);
		gw_measure_list_done(&list);
		return;
	}
	err = gw_emergency_lift(agent, &list);
	record(agent, call, event, wanted, &list, err);
	gw_emergency_reply(agent, call, &list, err);
	gw_measure_list_done(&list);
}

static void run_release(struct gw_ipc_call *call, void *context)
{
	lift(call, context, GW_MEASURE_KIND_COUNT, gw_ipc_call_text(call, "target"),
	     "measure.released");
}

static void run_unban(struct gw_ipc_call *call, void *context)
{
	lift(call, context, GW_MEASURE_KIND_BAN, gw_ipc_call_text(call, "target"),
	     "measure.unbanned");
}

static void run_resume(struct gw_ipc_call *call, void *context)
{
	lift(call, context, GW_MEASURE_KIND_SUSPEND, gw_ipc_call_text(call, "user"),
	     "measure.resumed");
}

/* ---- listing -------------------------------------------------------------------------------- */

/* One by one, because all as JSON objects take a kilobyte each. */
static void list_one(const struct gw_measure *measure, struct gw_text *out)
{
	json_t *object = gw_measure_json(measure);
	char *text = json_dumps(object, JSON_COMPACT);

	if (!text)
		gw_out_of_memory();
	gw_text_printf(out, "%s%s", out->len ? ",\n" : "{\"measures\": [", text);
	free(text);
	json_decref(object);
}

/* All that is in force, as a file: bans may be many. */
static void run_measures(struct gw_ipc_call *call, void *context)
{
	const struct gw_agent *agent = context;
	const struct gw_measures *measures = &agent->emergency->measures;
	const char *only = gw_ipc_call_text(call, "kind");
	enum gw_measure_kind kind = GW_MEASURE_KIND_COUNT;
	gw_auto_text struct gw_text text = { 0 };
	int64_t now = time(NULL);
	int file;

	if (only && !gw_measure_kind_parse(only, &kind)) {
		gw_ipc_call_refuse(call, GW_EXIT_USAGE, "there are no measures called `%s`", only);
		return;
	}
	for (size_t i = 0; i < measures->n; i++)
		if (!gw_measure_is_over(&measures->items[i], now) &&
		    (!only || measures->items[i].kind == kind))
			list_one(&measures->items[i], &text);
	gw_text_puts(&text, text.len ? "]}\n" : "{\"measures\": []}\n");
	file = gw_memfd_write(text.bytes, text.len);
	if (file < 0)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "the list cannot be written: %s",
				   strerror(-file));
	else
		gw_ipc_call_reply(call, GW_EXIT_OK, NULL, file);
	gw_text_done(&text);
	(void)malloc_trim(0); /* a long list leaves much behind */
}

/* ---- judging -------------------------------------------------------------------------------- */

static void run_judge(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	const char *to = gw_ipc_call_text(call, "to");
	struct gw_measure_question question = { 0 };
	const struct gw_measure *stopping;
	struct gw_range source, dest;
	enum gw_family family;

	question.from = gw_emergency_zone(agent, call, gw_ipc_call_text(call, "from"));
	if (!question.from)
		return;
	question.to = to ? gw_emergency_zone(agent, call, to) : NULL;
	if (to && !question.to)
		return;
	if (gw_addr_parse(gw_ipc_call_text(call, "source"), &question.family, &source) !=
		    GW_ADDR_OK ||
	    gw_addr_parse(gw_ipc_call_text(call, "dest"), &family, &dest) != GW_ADDR_OK ||
	    family != question.family) {
		gw_ipc_call_refuse(call, GW_EXIT_USAGE, "these are not two addresses of a family");
		return;
	}
	question.source = source.lo;
	question.dest = dest.lo;
	question.reach = agent->config->policy->quarantine_reach[family];
	stopping = gw_measures_stopping(&agent->emergency->measures, &question, time(NULL));
	gw_ipc_call_reply(
		call, GW_EXIT_OK,
		json_pack("{s:o}", "measure", stopping ? gw_measure_json(stopping) : json_null()),
		-1);
}

/* ---- table ---------------------------------------------------------------------------------- */

#define FOR_S                                                                                      \
	{                                                                                          \
		"for_s", GW_IPC_UINT,                                                              \
			.max = UINT32_MAX,                                                         \
			.help = "Seconds until it ends by itself; 0: when it is lifted."           \
	}
#define REASON                                                                                     \
	{                                                                                          \
		"reason", GW_IPC_TEXT, .max = 256, .help = "Why, for the record."                  \
	}
#define FORCE                                                                                      \
	{                                                                                          \
		"force", GW_IPC_BOOL, .help = "Even if it cuts off management or the own session." \
	}
#define SESSION                                                                                    \
	{                                                                                          \
		"session", GW_IPC_TEXT, .max = 64,                                                 \
					.help = "Address that the operator is connected from."     \
	}
#define END                                                                                        \
	{                                                                                          \
		.name = NULL                                                                       \
	}

// clang-format off
static const struct gw_ipc_field isolate_fields[] = {
	{ "zone", GW_IPC_TEXT, .required = true, .max = 32, .help = "Zone of the config in force." },
	{ "untrusted_only", GW_IPC_BOOL, .help = "Cut it from untrusted zones only." },
	FOR_S, REASON, FORCE, SESSION, END
};
static const struct gw_ipc_field target_fields[] = {
	{ "target", GW_IPC_TEXT, .required = true, .max = 128,
	  .help = "Address, network (bans), MAC (quarantine) or name of hosts." },
	FOR_S, REASON, FORCE, SESSION, END
};
static const struct gw_ipc_field suspend_fields[] = {
	{ "user", GW_IPC_TEXT, .required = true, .max = 128, .help = "Name of the user." },
	{ "addresses", GW_IPC_TEXTS, .max = 64, .help = "Addresses that the user is known to have." },
	FOR_S, REASON, FORCE, SESSION, END
};
static const struct gw_ipc_field lift_fields[] = {
	{ "target", GW_IPC_TEXT, .required = true, .max = 128,
	  .help = "Zone, address, network, MAC or name, as `measures` lists it." },
	REASON, END
};
static const struct gw_ipc_field resume_fields[] = {
	{ "user", GW_IPC_TEXT, .required = true, .max = 128, .help = "Name of the user." },
	REASON, END
};
static const struct gw_ipc_field measures_fields[] = {
	{ "kind", GW_IPC_TEXT, .max = 16, .help = "isolate, quarantine, ban, suspend or admit alone." },
	END
};
static const struct gw_ipc_field judge_fields[] = {
	{ "from", GW_IPC_TEXT, .required = true, .max = 32, .help = "Zone that the packet comes from." },
	{ "to", GW_IPC_TEXT, .max = 32, .help = "Zone that it goes to; left out: the gateway." },
	{ "source", GW_IPC_TEXT, .required = true, .max = 64, .help = "Its source." },
	{ "dest", GW_IPC_TEXT, .required = true, .max = 64,
	  .help = "Its destination, port forwards applied." },
	END
};
static const struct gw_ipc_field judge_reply[] = {
	{ "measure", GW_IPC_OBJECT, .help = "The measure that stops it, or null." },
	END
};
static const struct gw_ipc_field reply_fields[] = {
	{ "measures", GW_IPC_LIST, .help = "What was taken or lifted, at most 256." },
	{ "n", GW_IPC_UINT, .max = UINT32_MAX, .help = "How many facts." },
	{ "effective", GW_IPC_BOOL, .help = "False: the kernel has no ruleset yet that knows measures." },
	{ "contacts", GW_IPC_LIST, .help = "Whom to call, from the config in force." },
	END
};

const struct gw_verb gw_verbs_measures[] = {
	{ "isolate", "Cuts a zone from all others but management zones.", isolate_fields, reply_fields,
	  .permission = GW_AGENT_OPERATE, .run = run_isolate },
	{ "quarantine", "Cuts a host or a device from all but management zones.", target_fields,
	  reply_fields,
	  .permission = GW_AGENT_OPERATE | GW_AGENT_RATELIMIT | GW_AGENT_IPV6GUARD | GW_AGENT_VPNAUTH,
	  .run = run_quarantine },
	{ "ban", "Drops everything from and to an address or a network.", target_fields, reply_fields,
	  .permission = GW_AGENT_OPERATE | GW_AGENT_RATELIMIT | GW_AGENT_VPNAUTH, .run = run_ban },
	{ "suspend", "Drops everything from and to the addresses of a user.", suspend_fields,
	  reply_fields, .permission = GW_AGENT_OPERATE | GW_AGENT_VPNAUTH, .run = run_suspend },
	{ "release", "Ends isolation, quarantine, or an admission.", lift_fields, reply_fields,
	  .permission = GW_AGENT_OPERATE, .run = run_release },
	{ "unban", "Ends a ban.", lift_fields, reply_fields,
	  .permission = GW_AGENT_OPERATE | GW_AGENT_RATELIMIT | GW_AGENT_VPNAUTH, .run = run_unban },
	{ "resume", "Ends the suspension of a user.", resume_fields, reply_fields,
	  .permission = GW_AGENT_OPERATE | GW_AGENT_VPNAUTH, .run = run_resume },
	{ "measures", "Lists the measures in force.", measures_fields, NULL, NULL,
	  "JSON: {\"measures\": […]}", .permission = GW_AGENT_OPERATE, .run = run_measures },
	{ "judge", "Says whether a measure stops a packet.", judge_fields, judge_reply,
	  .permission = GW_AGENT_OPERATE, .run = run_judge },
	{ .name = NULL },
};
// clang-format on
