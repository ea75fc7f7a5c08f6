/*
 * Bans by the list: a module hands over all that a feed says now, and what it does not say any more ends. And
 * whether the kernel has all bans that it should have, compared whenever somebody has changed its rules.
 *
 * A line of a list is `RANGE UNTIL REASON`: an address or a network, a Unix time, and the rest of the line.
 */
#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gw/agent/emergency.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"

#define LIST_MAX     (32u << 20)
#define ADDRS_MAX    400000u /* of all feeds; operators must find room, too */
#define NETWORKS_MAX 3500u
#define SUBJECT      64u

/* ---- the list -------------------------------------------------------------------------------- */

/* False: the line is none of ours. Texts stay in the line. */
static bool read_line(char *line, const struct gw_measure *like, struct gw_measure *ret)
{
	char *until = strchr(line, ' '), *reason = NULL, *end;
	struct gw_range range;
	enum gw_family family;

	if (!until)
		return false;
	*until++ = '\0';
	*ret = *like;
	ret->until = (int64_t)strtoll(until, &end, 10);
	if (end == until || (*end && *end != ' ') || ret->until <= ret->since)
		return false;
	reason = *end ? end + 1 : end;
	if (*reason)
		ret->reason = reason;
	return gw_addr_parse(line, &family, &range) == GW_ADDR_OK &&
	       gw_measure_set_range(ret, family, range);
}

static int compare(const void *a, const void *b)
{
	return gw_measure_compare(a, b);
}

/* Sorted, so that each finds its place behind the one before. False: a line is none of ours. */
static bool read_list(char *text, const struct gw_measure *like, struct gw_measure_list *ret)
{
	char *rest = text;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		struct gw_measure measure;

		if (!*line)
			continue;
		if (!read_line(line, like, &measure))
			return false;
		gw_measure_list_add(ret, &measure);
	}
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	return true;
}

/* ---- what changes ---------------------------------------------------------------------------- */

static bool is_of_feed(const struct gw_measure *item, const struct gw_measure *like)
{
	return item->kind == GW_MEASURE_KIND_BAN && strcmp(item->subject, like->subject) == 0;
}

static bool lists(const struct gw_measure_list *list, const struct gw_measure *item)
{
	return list->n && bsearch(item, list->items, list->n, sizeof(*list->items), compare);
}

/* Bans of the feed that it does not list any more. */
static void find_gone(const struct gw_measures *measures, const struct gw_measure *like,
		      const struct gw_measure_list *list, struct gw_measure_list *ret)
{
	for (size_t i = 0; i < measures->n; i++)
		if (is_of_feed(&measures->items[i], like) && !lists(list, &measures->items[i]))
			gw_measure_list_add(ret, &measures->items[i]);
}

/* Those that are new, or last for another time. */
static void find_fresh(const struct gw_measures *measures, const struct gw_measure_list *list,
		       struct gw_measure_list *ret)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct gw_measure *item = &list->items[i];
		const struct gw_measure *was = gw_measures_find(measures, item);

		if (!was || was->until != item->until)
			gw_measure_list_add(ret, item);
	}
}

static bool is_network(const struct gw_measure *item)
{
	return item->set == GW_MEASURE_BANNED_NETS4 || item->set == GW_MEASURE_BANNED_NETS6;
}

static bool has_room(const struct gw_measures *measures, struct gw_ipc_call *call,
		     const struct gw_measure_list *fresh)
{
	size_t networks = 0, addrs = 0;

	for (size_t i = 0; i < measures->n; i++) {
		networks += is_network(&measures->items[i]);
		addrs += measures->items[i].kind == GW_MEASURE_KIND_BAN;
	}
	for (size_t i = 0; i < fresh->n; i++) {
		bool there = gw_measures_find(measures, &fresh->items[i]);

		networks += !there && is_network(&fresh->items[i]);
		addrs += !there;
	}
	if (networks <= NETWORKS_MAX && addrs <= ADDRS_MAX)
		return true;
	gw_ipc_call_refuse(call, GW_EXIT_REFUSED,
			   "that would make %zu bans, %zu of them of networks; at most %u and %u "
			   "come from lists",
			   addrs, networks, ADDRS_MAX, NETWORKS_MAX);
	return false;
}

/* ---- verbs ----------------------------------------------------------------------------------- */

static void record(struct gw_agent *agent, struct gw_ipc_call *call, const char *subject,
		   size_t fresh, size_t gone, size_t all, int error)
{
	gw_agent_record(
		agent,
		&(struct gw_agent_event){
			.event = "measure.feed",
			.actor = gw_ipc_call_peer(call)->name,
			.subject = subject,
			.failed = error && error != -ENOENT,
			.reason = gw_ipc_call_text(call, "reason"),
			.detail = json_pack("{s:I, s:I, s:I}", "banned", (json_int_t)fresh, "ended",
					    (json_int_t)gone, "listed", (json_int_t)all),
		});
}

static void change(struct gw_agent *agent, struct gw_ipc_call *call, const struct gw_measure *like,
		   const struct gw_measure_list *list)
{
	const struct gw_measures *measures = &agent->emergency->measures;
	struct gw_measure_list fresh = { 0 }, gone = { 0 };
	int err = 0;

	find_gone(measures, like, list, &gone);
	find_fresh(measures, list, &fresh);
	if (fresh.n &&
	    (!has_room(measures, call, &fresh) || !gw_emergency_is_safe(agent, call, &fresh)))
		goto out;
	if (gone.n)
		err = gw_emergency_lift(agent, &gone);
	if (fresh.n && (!err || err == -ENOENT))
		err = gw_emergency_take(agent, &fresh);
	if (fresh.n || gone.n)
		record(agent, call, like->subject, fresh.n, gone.n, list->n, err);
	if (err && err != -ENOENT)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "not all of it was changed: %s",
				   strerror(-err));
	else
		gw_ipc_call_reply(call, GW_EXIT_OK,
				  json_pack("{s:I, s:I, s:b}", "banned", (json_int_t)fresh.n,
					    "ended", (json_int_t)gone.n, "effective", !err),
				  -1);
out:
	gw_measure_list_done(&fresh);
	gw_measure_list_done(&gone);
}

static void run_feed(struct gw_ipc_call *call, void *context)
{
	char subject[SUBJECT];
	struct gw_measure_list list = { 0 };
	gw_auto_free uint8_t *bytes = NULL;
	struct gw_measure like;
	size_t len = 0;
	int err = gw_ipc_call_file(call) < 0
			  ? -ENODATA
			  : gw_memfd_read(gw_ipc_call_file(call), LIST_MAX, &bytes, &len);

	if (err) {
		gw_ipc_call_refuse(call, GW_EXIT_USAGE, "the list cannot be read: %s",
				   strerror(-err));
		return;
	}
	gw_emergency_begin(call, GW_MEASURE_KIND_BAN, &like);
	(void)snprintf(subject, sizeof(subject), GW_MEASURE_FEED "%s",
		       gw_ipc_call_text(call, "feed"));
	like.subject = subject;
	if (read_list((char *)bytes, &like, &list))
		change(context, call, &like, &list);
	else
		gw_ipc_call_refuse(call, GW_EXIT_USAGE,
				   "a line of the list is no range with an end that is to come");
	gw_measure_list_done(&list);
}

/* How many elements the kernel has in the sets of bans. */
static int count_elements(struct gw_agent *agent, uint64_t *ret)
{
	struct gw_arena *arena = gw_arena_new();
	int err = 0;

	*ret = 0;
	for (unsigned int set = GW_MEASURE_BANNED4; set <= GW_MEASURE_BANNED_NETS6 && !err; set++) {
		struct gw_set copy = *gw_measure_set((enum gw_measure_set)set);

		err = agent->target.kernel->ops->read_elements(agent->target.kernel, NFPROTO_INET,
							       arena, &copy);
		*ret += err ? 0 : copy.n_elems;
	}
	gw_arena_free(arena);
	return err;
}

/* Compares all bans, and puts back what is missing. */
static int compare_bans(struct gw_agent *agent)
{
	struct gw_emergency *emergency = agent->emergency;
	int err = count_elements(agent, &emergency->bans_enforced);

	for (unsigned int set = GW_MEASURE_BANNED4; set <= GW_MEASURE_BANNED_NETS6 && !err; set++)
		err = gw_measures_sync(&emergency->measures, agent->target.kernel, (uint8_t)set,
				       NULL, time(NULL));
	if (!err)
		err = count_elements(agent, &emergency->bans_intended);
	if (!err && emergency->bans_intended > emergency->bans_enforced)
		gw_agent_record(
			agent, &(struct gw_agent_event){
				       .event = "measure.reasserted",
				       .subject = "bans",
				       .reason = "the kernel did not have all of them",
				       .detail = json_pack("{s:I, s:I}", "intended",
							   (json_int_t)emergency->bans_intended,
							   "enforced",
							   (json_int_t)emergency->bans_enforced) });
	return err;
}

static void run_enforced(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	struct gw_emergency *emergency = agent->emergency;
	struct gw_kernel *kernel = agent->target.kernel;
	struct gw_kernel_state now = { .generation = 0 };
	bool known = kernel->ops->state && kernel->ops->state(kernel, &now) == 0;
	int err = 0;

	if (!known || now.generation != emergency->compared.generation ||
	    now.netns != emergency->compared.netns) {
		err = compare_bans(agent);
		/* What is put back moves the generation on: the next turn finds nothing, or something. */
		emergency->compared = now;
	} else {
		emergency->bans_enforced = emergency->bans_intended;
	}
	if (err && err != -ENOENT) {
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "bans cannot be compared: %s",
				   strerror(-err));
		return;
	}
	gw_ipc_call_reply(call, GW_EXIT_OK,
			  json_pack("{s:I, s:I}", "intended", (json_int_t)emergency->bans_intended,
				    "enforced", (json_int_t)emergency->bans_enforced),
			  -1);
}

// clang-format off
static const struct gw_ipc_field feed_fields[] = {
	{ "feed", GW_IPC_TEXT, .required = true, .max = 32, .help = "Name of the list." },
	{ "reason", GW_IPC_TEXT, .max = 64, .help = "Why, of entries that do not say so themselves." },
	{ .name = NULL },
};
static const struct gw_ipc_field feed_reply[] = {
	{ "banned", GW_IPC_UINT, .help = "New ones, and those that last for another time." },
	{ "ended", GW_IPC_UINT, .help = "Those that the list does not have any more." },
	{ "effective", GW_IPC_BOOL, .help = "False: the kernel has no ruleset yet that knows measures." },
	{ .name = NULL },
};
static const struct gw_ipc_field enforced_reply[] = {
	{ "intended", GW_IPC_UINT, .help = "Elements that the kernel should have; networks that overlap are one." },
	{ "enforced", GW_IPC_UINT, .help = "Those that it had; what was missing is back." },
	{ .name = NULL },
};

const struct gw_verb gw_verbs_feeds[] = {
	{ "limit-feed", "Bans what a list says, and ends what it said before.", feed_fields, feed_reply,
	  "lines `RANGE UNTIL REASON`", NULL, GW_AGENT_RATELIMIT, run_feed },
	{ "limit-enforced", "Compares bans with what the kernel has.", NULL, enforced_reply, NULL, NULL,
	  GW_AGENT_RATELIMIT | GW_AGENT_OPERATE, run_enforced },
	{ .name = NULL },
};
// clang-format on
