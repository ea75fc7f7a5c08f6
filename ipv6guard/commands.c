/* `gwctl ipv6 …`: what gw-ipv6guardd knows, for people. */
#include <stdlib.h>
#include <string.h>

#include "gw/core/duration.h"
#include "gw/core/utf8.h"
#include "gw/ctl/client.h"
#include "gw/ctl/module.h"
#include "gw/report/json.h"
#include "gw/report/table.h"
#include "ipv6guard/inspect_command.h"

#define MODULE "ipv6guard"

/* ---- what replies hold ----------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : "-";
}

/* The text of a fact with source and age; "-" if there is none. */
static const char *fact_of(const json_t *object, const char *key)
{
	return text_of(json_object_get(object, key), "text");
}

/* In the reader's language, where there are both. */
static const char *translated(const json_t *object, const char *key)
{
	char japanese[16];

	(void)snprintf(japanese, sizeof(japanese), "%s_ja", key);
	return text_of(object, gw_locale_is_japanese() ? japanese : key);
}

static int64_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Asks; with --json the list is all there is to be printed. */
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

/* ---- status ---------------------------------------------------------------------------------- */

static void print_status(struct gw_ctl *ctl, const json_t *reply)
{
	char since[GW_REPORT_TIME];
	const char *missing = json_string_value(json_object_get(reply, "events_missing"));

	gw_text_printf(
		&ctl->out,
		"gw-ipv6guardd %s, since %s\n"
		"gwd:         %s, revision %lld, %lld segments\n"
		"events:      %s\n"
		"frames:      %lld seen, %lld lost on the way\n"
		"devices:     %lld\n"
		"told:        %lld background, %lld active, %lld hostile; %lld held back\n"
		"quarantine:  %lld so far, %lld failed\n",
		text_of(reply, "version"), gw_report_time(number_of(reply, "started"), since),
		json_is_true(json_object_get(reply, "agent")) ? "connected" : "NOT connected",
		(long long)number_of(reply, "revision"), (long long)number_of(reply, "segments"),
		missing ? missing : "from the kernel", (long long)number_of(reply, "frames"),
		(long long)number_of(reply, "frames_lost"), (long long)number_of(reply, "devices"),
		(long long)number_of(reply, "background"), (long long)number_of(reply, "active"),
		(long long)number_of(reply, "hostile"), (long long)number_of(reply, "held_back"),
		(long long)number_of(reply, "quarantines"),
		(long long)number_of(reply, "quarantines_failed"));
	if (!number_of(reply, "vendors"))
		gw_text_puts(&ctl->out, "makers:      unknown; the package ieee-data is not "
					"installed\n");
}

static enum gw_exit run_status(struct gw_ctl *ctl)
{
	static const char *const keys[] = { "version",         "started",
					    "revision",        "agent",
					    "segments",        "events_from_kernel",
					    "events_missing",  "frames",
					    "frames_lost",     "devices",
					    "background",      "active",
					    "hostile",         "held_back",
					    "quarantines",     "quarantines_failed",
					    "waiting",         "given_up",
					    "landlock",        "response_us",
					    "response_us_max", "told_us",
					    "told_us_max",     "captured",
					    "vendors" };
	json_t *reply;
	enum gw_exit status = gw_ctl_ask_module(ctl, MODULE, "status", NULL, &reply);

	if (status != GW_EXIT_OK)
		return status;
	if (ctl->root) {
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			json_t *value = json_object_get(reply, keys[i]);

			gw_json_set(ctl->root, keys[i], value ? json_incref(value) : json_null());
		}
	} else {
		print_status(ctl, reply);
	}
	json_decref(reply);
	return GW_EXIT_OK;
}

/* ---- devices --------------------------------------------------------------------------------- */

static const char *state_of(struct gw_ctl *ctl, const json_t *device)
{
	int64_t until = number_of(device, "quarantined_until");
	char end[GW_REPORT_TIME];

	if (until > ctl->now)
		return gw_arena_printf(ctl->arena, "quarantined, ends %s",
				       gw_report_span(ctl->now, until, end));
	if (!json_is_true(json_object_get(device, "allowed")))
		return "-";
	until = number_of(device, "allowed_until");
	return until ? gw_arena_printf(ctl->arena, "allowed, ends %s",
				       gw_report_span(ctl->now, until, end))
		     : "allowed";
}

static void add_device(struct gw_ctl *ctl, struct gw_report_table *table, const json_t *device)
{
	const json_t *addr4 = json_array_get(json_object_get(device, "ipv4"), 0);
	bool many = json_is_null(json_object_get(device, "mac"));
	bool random = json_is_true(json_object_get(device, "random"));
	char first[GW_REPORT_TIME], last[GW_REPORT_TIME];

	gw_report_row(
		table, many ? "(many)" : text_of(device, "mac"), text_of(device, "port"),
		text_of(device, "segment"), text_of(addr4, "address"), fact_of(device, "name"),
		random && !many ? "random" : text_of(device, "vendor"),
		gw_arena_printf(ctl->arena, "%lld", (long long)number_of(device, "ipv6_ever")),
		fact_of(device, "login"),
		gw_report_span(ctl->now, number_of(device, "first"), first),
		gw_report_span(ctl->now, number_of(device, "last"), last), state_of(ctl, device));
}

static enum gw_exit run_devices(struct gw_ctl *ctl)
{
	struct gw_report_table table = { 0 };
	const json_t *device;
	json_t *list;
	size_t i;
	enum gw_exit status = ask_list(ctl, "devices", "devices", &list);

	if (!list)
		return status;
	gw_report_row(&table, "DEVICE", "PORT", "SEGMENT", "IPV4", "NAME", "MAKER", "IPV6", "LOGIN",
		      "FIRST SEEN", "LAST SEEN", "STATE");
	json_array_foreach(list, i, device)
	{
		add_device(ctl, &table, device);
	}
	if (json_array_size(list))
		gw_report_table_print(&table, "<<<<<<>", &ctl->out);
	else
		gw_text_puts(&ctl->out, "no device was seen yet\n");
	gw_report_table_done(&table);
	json_decref(list);
	return GW_EXIT_OK;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void print_event(struct gw_ctl *ctl, const json_t *event)
{
	const json_t *detail = json_object_get(event, "detail");
	const json_t *device = json_object_get(detail, "device");
	int64_t held = number_of(detail, "held_back");
	char time[GW_REPORT_TIME];

	gw_text_printf(&ctl->out, "%s  %s  ", gw_report_time(number_of(event, "time"), time),
		       text_of(detail, "severity"));
	gw_text_puts_visible(&ctl->out, text_of(device, "segment"));
	gw_text_puts(&ctl->out, ": ");
	gw_text_puts_visible(&ctl->out, translated(detail, "text"));
	gw_text_printf(&ctl->out, " [%s]\n    %s at ", text_of(detail, "class"),
		       text_of(device, "mac"));
	gw_text_puts_visible(&ctl->out, text_of(device, "port"));
	gw_text_puts(&ctl->out, ", ");
	gw_text_puts_visible(&ctl->out, fact_of(device, "name"));
	gw_text_printf(&ctl->out, ", %s, ",
		       text_of(json_array_get(json_object_get(device, "ipv4"), 0), "address"));
	gw_text_puts_visible(&ctl->out, text_of(device, "vendor"));
	gw_text_putc(&ctl->out, '\n');
	if (json_is_true(json_object_get(detail, "quarantine")))
		gw_text_puts(&ctl->out, "    put into quarantine\n");
	else if (strcmp(text_of(detail, "severity"), "hostile") == 0)
		gw_text_printf(&ctl->out, "    not put into quarantine: %s\n",
			       text_of(detail, "spared"));
	if (held)
		gw_text_printf(&ctl->out, "    %lld more of its kind were not told before\n",
			       (long long)held);
}

static enum gw_exit run_events(struct gw_ctl *ctl)
{
	const char *option = gw_ctl_option(ctl, "count");
	size_t wanted = option ? strtoul(option, NULL, 10) : 20, n;
	json_t *list;
	enum gw_exit status;

	if (option && !wanted)
		return gw_ctl_usage(ctl, "`%s` is no number of events", option);
	status = ask_list(ctl, "events", "events", &list);
	if (!list)
		return status;
	n = json_array_size(list);
	for (size_t i = n > wanted ? n - wanted : 0; i < n; i++)
		print_event(ctl, json_array_get(list, i));
	if (!n)
		gw_text_puts(&ctl->out, "nothing was told yet; `gwctl audit search -e "
					"'*.ipv6*'` shows what was before gw-ipv6guardd started\n");
	json_decref(list);
	return GW_EXIT_OK;
}

/* ---- coverage -------------------------------------------------------------------------------- */

static void print_segment(struct gw_ctl *ctl, const json_t *segment)
{
	const json_t *gaps = json_object_get(segment, "gaps"), *gap;
	size_t i;

	gw_text_puts_visible(&ctl->out, text_of(segment, "segment"));
	gw_text_printf(&ctl->out, " (%s)%s\n", text_of(segment, "mode"),
		       json_array_size(gaps) ? "" : ": every frame gets here, and is judged");
	json_array_foreach(gaps, i, gap)
	{
		bool whole = json_is_null(json_object_get(gap, "port"));

		gw_text_puts(&ctl->out, "  ");
		if (!whole) {
			gw_text_puts_visible(&ctl->out, text_of(gap, "port"));
			gw_text_puts(&ctl->out, ": ");
		}
		gw_text_printf(&ctl->out, "%s\n      %s %s\n", translated(gap, "text"),
			       gw_locale_is_japanese() ? "対策:" : "to change that:",
			       translated(gap, "change"));
	}
}

static enum gw_exit run_coverage(struct gw_ctl *ctl)
{
	const json_t *segment;
	json_t *list;
	size_t i;
	enum gw_exit status = ask_list(ctl, "coverage", "segments", &list);

	if (!list)
		return status;
	json_array_foreach(list, i, segment)
	{
		print_segment(ctl, segment);
	}
	if (!json_array_size(list))
		gw_text_puts(&ctl->out, "no segment is guarded\n");
	json_decref(list);
	return GW_EXIT_OK;
}

/* ---- allow ----------------------------------------------------------------------------------- */

static enum gw_exit run_allow(struct gw_ctl *ctl)
{
	const char *duration = gw_ctl_option(ctl, "for"), *port = gw_ctl_option(ctl, "port");
	const char *reason = gw_ctl_option(ctl, "message");
	bool end = gw_ctl_option(ctl, "end") != NULL;
	json_t *fields, *reply;
	uint32_t seconds = 0;
	enum gw_exit status;

	if (duration && (!gw_duration_parse(duration, &seconds) || !seconds))
		return gw_ctl_usage(ctl, "`%s` is no time: 30m, 8h, 7d", duration);
	fields = json_pack("{s:s, s:I, s:b}", "mac", ctl->args[0], "for_s", (json_int_t)seconds,
			   "end", end);
	if (port)
		gw_json_set(fields, "port", gw_json_text(port));
	if (reason)
		gw_json_set(fields, "reason", gw_json_text(reason));
	status = gw_ctl_ask_module(ctl, MODULE, "allow", fields, &reply);
	if (status != GW_EXIT_OK)
		return status;
	if (ctl->root) {
		gw_json_set(ctl->root, "devices", json_integer(number_of(reply, "n")));
	} else {
		gw_text_puts_visible(&ctl->out, ctl->args[0]);
		gw_text_puts(&ctl->out,
			     end ? " is judged as any other again\n"
				 : " is not told of any more, and stays out of quarantine; what "
				   "the segment's mode refuses is refused all the same\n");
	}
	json_decref(reply);
	return GW_EXIT_OK;
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct gw_option no_options[] = { { NULL, 0, NULL, NULL } };
static const struct gw_option events_options[] = {
	{ "count", 'n', "COUNT", "the last so many; default 20" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option allow_options[] = {
	{ "message", 'm', "REASON", "why, for the record" },
	{ "for", 'f', "TIME", "until it ends by itself: 30m, 8h, 7d" },
	{ "port", 'p', "PORT", "at this port alone" },
	{ "end", 'e', NULL, "end the allowance" },
	{ NULL, 0, NULL, NULL },
};

const struct gw_command gw_ipv6_commands[] = {
	{ .name = "ipv6 status",
	  .summary = "How the IPv6 guard fares",
	  .options = no_options,
	  .run = run_status },
	{ .name = "ipv6 devices",
	  .summary = "Devices that sent IPv6 where none is meant",
	  .details =
		  "With port, IPv4 address, name, maker, how many IPv6 addresses each has used,\n"
		  "when it was seen, and whether it is in quarantine. With --json each fact\n"
		  "has its source and age.",
	  .options = no_options,
	  .run = run_devices },
	{ .name = "ipv6 events",
	  .summary = "What was told lately",
	  .options = events_options,
	  .run = run_events },
	{ .name = "ipv6 coverage",
	  .summary = "What cannot be enforced from here, and what would change that",
	  .options = no_options,
	  .run = run_coverage },
	{ .name = "ipv6 inspect",
	  .args = "FILE",
	  .summary = "Judge the frames of a capture, off line",
	  .details =
		  "pcap or pcapng of Ethernet, - for standard input. Needs neither a daemon nor\n"
		  "privileges. Each frame is judged as the guard's daemon would; who owns which\n"
		  "address is not known from a capture. Exit status 2: something was found.",
	  .examples = "  gwctl ipv6 inspect incident.pcap\n"
		      "  tcpdump -i lan0 -w - -c 10000 | gwctl ipv6 inspect - --segment lan\n",
	  .options = gw_ipv6_inspect_options,
	  .min_args = 1,
	  .max_args = 1,
	  .warnings = true,
	  .run = gw_cmd_ipv6_inspect },
	{ .name = "ipv6 allow",
	  .args = "MAC",
	  .summary = "Tell no more of a device, and keep it out of quarantine",
	  .examples = "  gwctl ipv6 allow 52:54:00:12:34:56 --for 7d -m \"Thread router, CHG-7\"\n"
		      "  gwctl ipv6 allow 52:54:00:12:34:56 --end\n",
	  .options = allow_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = run_allow },
	{ .name = NULL },
};
