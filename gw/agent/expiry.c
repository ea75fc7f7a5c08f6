#include "gw/agent/expiry.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/agent/durable.h"
#include "gw/agent/put_right.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"

#define FILE_NAME "exceptions.json"
#define FILE_MAX  (64u << 20)

#define TICK_MS 5000 /* between readings */
/* The last reading is taken so long before the end, the end is looked at so long after it. */
#define BEFORE_MS 50
#define AFTER_MS  20
#define STORE_S   60 /* readings alone are stored this often */

struct gw_expiry {
	struct gw_agent *agent;
	struct gw_exceptions list;
	struct event *timer;
	int dir; /* the state directory */
	int64_t stored;
	bool said; /* something went on record since it was stored */
};

/* ---- records --------------------------------------------------------------------------------- */

static const struct gw_rule_def *rule_of(const struct gw_agent *agent, const char *id)
{
	const struct gw_policy *policy = agent->config ? agent->config->policy : NULL;

	for (size_t i = 0; policy && i < policy->n_rules; i++)
		if (policy->rules[i].kind == GW_RULE_EXCEPTION &&
		    strcmp(policy->rules[i].id, id) == 0)
			return &policy->rules[i];
	return NULL;
}

static json_t *detail_of(const struct gw_agent *agent, const struct gw_exception *item)
{
	const struct gw_rule_def *rule = rule_of(agent, item->id);
	json_t *detail =
		json_pack("{s:o, s:o, s:o, s:I, s:I}", "expires", gw_json_time(item->expires),
			  "started", gw_json_time(item->started), "first_use",
			  item->first_use ? gw_json_time(item->first_use) : json_null(), "packets",
			  (json_int_t)item->packets, "bytes", (json_int_t)item->bytes);
	json_t *approved = json_array();

	for (size_t i = 0; rule && i < rule->n_approved_by; i++)
		gw_json_add(approved, gw_json_text(rule->approved_by[i]));
	gw_json_set(detail, "approved_by", approved);
	if (!rule)
		return detail;
	gw_json_set(detail, "requested_by", gw_json_text(rule->requested_by));
	gw_json_set(detail, "ticket", gw_json_text(rule->ticket));
	gw_json_set(detail, "why", gw_json_text(rule->reason));
	gw_json_add_loc(detail, rule->loc);
	return detail;
}

static void tell(const struct gw_exception *item, enum gw_exception_event event, void *context)
{
	static const struct {
		const char *event, *reason;
	} texts[] = {
		[GW_EXCEPTION_STARTED] = { "exception.started", NULL },
		[GW_EXCEPTION_CHANGED] = { "exception.changed", "it ends at another time" },
		[GW_EXCEPTION_USED] = { "exception.used", "its first packet" },
		[GW_EXCEPTION_ENDING] = { "exception.ending", NULL },
		[GW_EXCEPTION_ENDED] = { "exception.ended", NULL },
		[GW_EXCEPTION_WITHDRAWN] = { "exception.ended", "withdrawn before its time" },
	};
	struct gw_expiry *expiry = context;

	expiry->said = true;
	gw_agent_record(expiry->agent,
			&(struct gw_agent_event){ .event = texts[event].event,
						  .subject = item->id,
						  .reason = texts[event].reason,
						  .detail = detail_of(expiry->agent, item) });
}

/* ---- the file -------------------------------------------------------------------------------- */

static int store(struct gw_expiry *expiry)
{
	gw_auto_text struct gw_text text = { 0 };
	int err;

	gw_exceptions_print(&expiry->list, &text);
	err = gw_durable_replace(expiry->dir, FILE_NAME, text.bytes, text.len);
	if (err)
		return err;
	expiry->list.changed = expiry->said = false;
	expiry->stored = time(NULL);
	return 0;
}

static void store_if_due(struct gw_expiry *expiry)
{
	/* What cannot be stored now is stored at the next tick. */
	if (expiry->list.changed && (expiry->said || time(NULL) - expiry->stored >= STORE_S))
		(void)store(expiry);
}

static void load(struct gw_expiry *expiry)
{
	struct gw_arena *arena = gw_arena_new();
	char *bytes;
	size_t len;
	int err = gw_durable_read(expiry->dir, FILE_NAME, FILE_MAX, arena, &bytes, &len);

	if (!err)
		err = gw_exceptions_parse(&expiry->list, bytes, len);
	if (err && err != -ENOENT)
		gw_agent_record(
			expiry->agent,
			&(struct gw_agent_event){ .event = "exception.forgotten",
						  .subject = FILE_NAME,
						  .failed = true,
						  .reason = "it cannot be read; all exceptions "
							    "in force count as new" });
	gw_arena_free(arena);
}

/* ---- counts of what has ended ---------------------------------------------------------------- */

/* The carried counts with this one's at least what they are at the end. Sorted by id. */
static size_t raise(struct gw_arena *arena, const struct gw_exception *item,
		    struct gw_carried **carried, size_t n)
{
	struct gw_carried *list = gw_arena_array(arena, n + 1, struct gw_carried);
	size_t at = 0;

	while (at < n && strcmp((*carried)[at].id, item->id) < 0)
		at++;
	memcpy(list, *carried, at * sizeof(*list));
	list[at] = (struct gw_carried){ item->id, item->final_packets, item->final_bytes };
	if (at < n && strcmp((*carried)[at].id, item->id) == 0) {
		if ((*carried)[at].packets > item->final_packets)
			list[at] = (*carried)[at];
		n--;
		memcpy(&list[at + 1], &(*carried)[at + 1], (n - at) * sizeof(*list));
	} else {
		memcpy(&list[at + 1], &(*carried)[at], (n - at) * sizeof(*list));
	}
	*carried = list;
	return n + 1;
}

static void sum_up(struct gw_exception *item, const struct gw_carried *carried, size_t n)
{
	if (item->final_packets)
		return; /* done by an agent that did not get further */
	item->final_packets = item->packets;
	item->final_bytes = item->bytes;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(carried[i].id, item->id) != 0)
			continue;
		item->final_packets += carried[i].packets;
		item->final_bytes += carried[i].bytes;
	}
}

/*
 * The element is gone, and its counts with it: what was read last is carried with the revision from now
 * on. The sums are noted before, so that they can be carried again if we die in between.
 */
static void carry_counts(struct gw_expiry *expiry, uint32_t revision)
{
	struct gw_store *state = expiry->agent->target.store;
	struct gw_exceptions *list = &expiry->list;
	struct gw_arena *arena = gw_arena_new();
	struct gw_carried *carried;
	size_t n;
	int err = gw_store_carried(state, revision, arena, &carried, &n);

	for (size_t i = 0; i < list->n && !err; i++)
		if (list->items[i].carry)
			sum_up(&list->items[i], carried, n);
	if (!err)
		err = store(expiry);
	for (size_t i = 0; i < list->n && !err; i++)
		if (list->items[i].carry && list->items[i].final_packets)
			n = raise(arena, &list->items[i], &carried, n);
	if (!err)
		err = gw_store_set_carried(state, revision, carried, n);
	/* On a full disk it is tried again with the next end, and by the next agent. */
	if (!err)
		gw_exceptions_forget(list);
	gw_arena_free(arena);
}

/* ---- ticks ----------------------------------------------------------------------------------- */

/* The exceptions' numbers in force with their counts; none if the kernel has no such set. */
static struct gw_set read_live(struct gw_agent *agent, struct gw_arena *arena)
{
	struct gw_kernel *kernel = agent->target.kernel;
	struct gw_set live = { .name = "live_timed",
			       .key = { GW_TYPE_MARK },
			       .n_key = 1,
			       .timeout = true,
			       .counter = true };

	if (kernel->ops->read_elements(kernel, NFPROTO_INET, arena, &live) < 0)
		live.n_elems = 0;
	return live;
}

/* What is over no longer belongs into the kernel's other sets, either. */
static void put_right(struct gw_agent *agent)
{
	struct gw_transaction transaction;
	struct gw_diags diags;

	if (gw_agent_compare(agent, &transaction) < 0)
		return; /* the next comparison does it */
	gw_diags_init(&diags);
	if (transaction.plan->n_ops)
		(void)gw_agent_put_right(agent, &transaction, &diags); /* likewise */
	gw_diags_done(&diags);
	gw_agent_compare_done(&transaction);
}

static void set_timer(struct gw_expiry *expiry)
{
	int64_t next = gw_exceptions_next(&expiry->list), wait_ms = TICK_MS;
	struct timespec now;
	struct timeval wait;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	if (next != INT64_MAX && next - now.tv_sec <= TICK_MS / 1000) {
		int64_t left_ms = (next - now.tv_sec) * 1000 - now.tv_nsec / 1000000;

		left_ms = left_ms > BEFORE_MS + AFTER_MS ? left_ms - BEFORE_MS : left_ms + AFTER_MS;
		if (left_ms < wait_ms)
			wait_ms = left_ms < AFTER_MS ? AFTER_MS : left_ms;
	}
	wait = (struct timeval){ wait_ms / 1000, wait_ms % 1000 * 1000 };
	if (expiry->timer && (expiry->list.n || expiry->list.changed))
		(void)event_add(expiry->timer, &wait);
}

static void tick(struct gw_expiry *expiry)
{
	struct gw_agent *agent = expiry->agent;
	struct gw_arena *arena = gw_arena_new();
	struct gw_set live = read_live(agent, arena);
	int64_t now = time(NULL);
	bool ended;

	gw_exceptions_read(&expiry->list, &live, now, tell, expiry);
	gw_exceptions_warn(&expiry->list, gw_agent_change_settings(agent), now, tell, expiry);
	ended = gw_exceptions_end(&expiry->list, &live, now, tell, expiry);
	if (ended) {
		carry_counts(expiry, agent->revision);
		put_right(agent);
	}
	store_if_due(expiry);
	set_timer(expiry);
	gw_free(live.elems);
	gw_arena_free(arena);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	tick(context);
}

void gw_expiry_settle(struct gw_agent *agent)
{
	if (agent->expiry && gw_exceptions_next(&agent->expiry->list) <= time(NULL))
		tick(agent->expiry);
}

void gw_expiry_clock_jumped(struct gw_agent *agent)
{
	if (!agent->expiry)
		return;
	put_right(agent);
	gw_exceptions_follow(&agent->expiry->list, agent->config ? agent->config->policy : NULL,
			     agent->numbers, time(NULL), tell, agent->expiry);
	tick(agent->expiry);
}

const struct gw_exceptions *gw_expiry_exceptions(const struct gw_agent *agent)
{
	return &agent->expiry->list;
}

/* ---- the part -------------------------------------------------------------------------------- */

/* What has ended since the agent before this one: before the kernel is touched, for the readings hold
 * only for the revision that they were made under. */
static void end_absent(struct gw_expiry *expiry)
{
	struct gw_agent *agent = expiry->agent;
	uint32_t revision = gw_store_current(agent->target.store);
	struct gw_arena *arena = gw_arena_new();
	struct gw_set live = read_live(agent, arena);

	for (size_t i = 0; expiry->list.revision != revision && i < expiry->list.n; i++)
		expiry->list.items[i].packets = expiry->list.items[i].bytes = 0;
	gw_exceptions_read(&expiry->list, &live, time(NULL), tell, expiry);
	(void)gw_exceptions_end(&expiry->list, &live, time(NULL), tell, expiry);
	if (revision)
		carry_counts(expiry, revision); /* also what a killed agent has left */
	gw_free(live.elems);
	gw_arena_free(arena);
}

static int expiry_open(struct gw_agent *agent)
{
	struct gw_expiry *expiry = gw_zalloc(1, sizeof(*expiry));

	agent->expiry = expiry;
	expiry->agent = agent;
	expiry->dir = open(agent->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expiry->timer = event_new(agent->base, -1, 0, on_timer, expiry);
	if (expiry->dir < 0 || !expiry->timer)
		return expiry->dir < 0 ? -errno : -ENOMEM;
	load(expiry);
	if (expiry->list.n)
		end_absent(expiry);
	return 0;
}

static void expiry_applied(struct gw_agent *agent)
{
	struct gw_expiry *expiry = agent->expiry;

	if (!expiry)
		return;
	if (expiry->list.n && expiry->list.revision != agent->revision)
		expiry->list.changed = true;
	expiry->list.revision = agent->revision;
	gw_exceptions_follow(&expiry->list, agent->config ? agent->config->policy : NULL,
			     agent->numbers, time(NULL), tell, expiry);
	store_if_due(expiry);
	set_timer(expiry);
}

static int expiry_start(struct gw_agent *agent)
{
	expiry_applied(agent);
	return 0;
}

static void expiry_stop(struct gw_agent *agent)
{
	struct gw_expiry *expiry = agent->expiry;

	if (!expiry)
		return;
	/* The last readings, for whoever comes next. */
	if (expiry->list.changed && expiry->dir >= 0)
		(void)store(expiry);
	if (expiry->timer)
		event_free(expiry->timer);
	if (expiry->dir >= 0)
		(void)close(expiry->dir);
	gw_exceptions_done(&expiry->list);
	gw_free(expiry);
	agent->expiry = NULL;
}

const struct gw_agent_part gw_part_expiry = {
	.name = "expiry",
	.open = expiry_open,
	.start = expiry_start,
	.stop = expiry_stop,
	.applied = expiry_applied,
};
