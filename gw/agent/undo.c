/*
 * The change that waits to be confirmed, and the way back from it. The order of steps makes every moment
 * safe to die in:
 *
 *	pending.json written → kernel changed → `current` noted → confirmed: pending.json removed
 *	                                                        → undone: old config in the kernel,
 *	                                                          `current` noted, pending.json removed
 *
 * Going back makes a revision of its own, so that numbers are never given out twice and the history
 * shows what happened. If it cannot be stored (a full disk), the kernel goes back all the same and
 * the noting is tried again every few seconds.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "gw/agent/agent.h"
#include "gw/core/mem.h"

#define RETRY_MS 2000

struct waiter {
	struct waiter *next;
	struct gw_undo *undo;
	struct gw_ipc_call *call;
};

struct gw_undo {
	struct gw_agent *agent;
	struct gw_pending pending;
	bool waits;
	uint64_t connection;
	int timer; /* of CLOCK_BOOTTIME, which runs on while the machine sleeps */
	struct event *due;
	struct waiter *waiters;
};

static void on_due(evutil_socket_t fd, short what, void *context)
{
	struct gw_undo *undo = context;
	struct gw_diags diags;
	uint64_t ticks;

	(void)what;
	if (read(fd, &ticks, sizeof(ticks)) < 0 || !undo->waits)
		return;
	gw_diags_init(&diags);
	(void)gw_undo_now(undo, NULL, "it was not confirmed in time", &diags); /* tries again */
	gw_diags_print(&diags, stderr, false);
	gw_diags_done(&diags);
}

struct gw_undo *gw_undo_new(struct gw_agent *agent)
{
	struct gw_undo *undo = gw_zalloc(1, sizeof(*undo));

	undo->agent = agent;
	undo->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (undo->timer >= 0)
		undo->due = event_new(agent->base, undo->timer, EV_READ | EV_PERSIST, on_due, undo);
	if (!undo->due || event_add(undo->due, NULL) < 0) {
		gw_undo_free(undo);
		return NULL;
	}
	return undo;
}

static void set_timer(const struct gw_undo *undo, int64_t boottime_ms)
{
	struct itimerspec at = { .it_value = { .tv_sec = boottime_ms / 1000,
					       .tv_nsec = boottime_ms % 1000 * 1000000 } };

	(void)timerfd_settime(undo->timer, TFD_TIMER_ABSTIME, &at, NULL); /* valid arguments */
}

/* ---- waiting clients ------------------------------------------------------------------------- */

static void remove_waiter(struct waiter *waiter)
{
	struct waiter **place = &waiter->undo->waiters;

	while (*place != waiter)
		place = &(*place)->next;
	*place = waiter->next;
	gw_free(waiter);
}

static void waiter_gone(struct gw_ipc_call *call, void *context)
{
	(void)call;
	remove_waiter(context);
}

void gw_undo_wait(struct gw_undo *undo, struct gw_ipc_call *call)
{
	struct waiter *waiter = gw_zalloc(1, sizeof(*waiter));

	waiter->undo = undo;
	waiter->call = call;
	waiter->next = undo->waiters;
	undo->waiters = waiter;
	gw_ipc_call_on_close(call, waiter_gone, waiter);
}

static void answer_waiters(struct gw_undo *undo, enum gw_exit status, const char *how)
{
	while (undo->waiters) {
		struct waiter *waiter = undo->waiters;
		struct gw_ipc_call *call = waiter->call;

		gw_ipc_call_on_close(call, NULL, NULL);
		remove_waiter(waiter);
		gw_ipc_call_reply(call, (int)status,
				  json_pack("{s:I, s:s}", "revision",
					    (json_int_t)undo->agent->revision, "outcome", how),
				  -1);
	}
}

void gw_undo_free(struct gw_undo *undo)
{
	if (!undo)
		return;
	while (undo->waiters)
		remove_waiter(undo->waiters);
	if (undo->due)
		event_free(undo->due);
	if (undo->timer >= 0)
		(void)close(undo->timer);
	gw_free(undo);
}

/* ---- before and after the change ------------------------------------------------------------- */

const struct gw_pending *gw_undo_pending(const struct gw_undo *undo)
{
	return undo->waits ? &undo->pending : NULL;
}

uint64_t gw_undo_connection(const struct gw_undo *undo)
{
	return undo->connection;
}

int gw_undo_prepare(struct gw_undo *undo, const struct gw_pending *pending)
{
	int err = gw_pending_write(undo->agent->target.store, pending);

	if (!err)
		undo->pending = *pending;
	return err;
}

void gw_undo_arm(struct gw_undo *undo, uint64_t connection)
{
	undo->waits = true;
	undo->connection = connection;
	set_timer(undo, undo->pending.deadline_ms > 0 ? undo->pending.deadline_ms : 1);
}

void gw_undo_forget(struct gw_undo *undo)
{
	undo->waits = false;
	set_timer(undo, 0);                                /* off */
	(void)gw_pending_clear(undo->agent->target.store); /* a start finds that it was not made */
}

int gw_undo_confirm(struct gw_undo *undo, const struct gw_peer *peer)
{
	char subject[32];
	int err = gw_pending_clear(undo->agent->target.store);

	if (err)
		return err;
	undo->waits = false;
	set_timer(undo, 0);
	(void)snprintf(subject, sizeof(subject), "revision %u", undo->pending.revision);
	gw_agent_record(undo->agent, &(struct gw_agent_event){ .event = "change.confirmed",
							       .actor = peer->name,
							       .subject = subject });
	answer_waiters(undo, GW_EXIT_OK, "confirmed");
	return 0;
}

/* ---- going back ------------------------------------------------------------------------------ */

/* The files to go back to: those of the fallback, or in lockdown those of the change itself. */
static int find_origin(const struct gw_undo *undo, struct gw_arena *arena,
		       struct gw_config_origin *ret)
{
	struct gw_store *store = undo->agent->target.store;
	uint32_t number = undo->pending.fallback;
	struct gw_revision revision = { 0 };
	struct gw_conf_file *files;
	int err = number ? gw_store_revision(store, number, arena, &revision) : -ENOENT;

	if (!err)
		err = gw_store_files(store, number, arena, &files, &ret->n_files);
	ret->lockdown = revision.lockdown;
	if (err) {
		ret->lockdown = true;
		err = gw_store_files(store, undo->pending.revision, arena, &files, &ret->n_files);
	}
	if (!err)
		ret->files = files;
	return err;
}

static enum gw_exit go_back(struct gw_undo *undo, const char *why, struct gw_diags *diags)
{
	struct gw_agent *agent = undo->agent;
	struct gw_transaction transaction = { 0 };
	struct gw_config_origin origin = { 0 };
	struct gw_arena *arena = gw_arena_new();
	struct gw_change change = {
		.who = "gwd",
		.note = gw_arena_printf(arena, "back to %u: %s", undo->pending.fallback, why),
		.undoing = true,
	};
	enum gw_exit status = GW_EXIT_FAILED;
	uint32_t revision = 0;
	int err = find_origin(undo, arena, &origin);

	if (err)
		gw_diag(diags, GW_D_STATE_CORRUPT, (struct gw_loc){ 0 },
			"neither revision %u nor revision %u can be read: %s",
			undo->pending.fallback, undo->pending.revision, strerror(-err));
	else
		status = gw_transaction_prepare(&transaction, &origin, &agent->target, time(NULL),
						diags);
	if (status == GW_EXIT_OK) {
		status = gw_transaction_commit(&transaction, &agent->target, &change, &revision,
					       diags);
		if (status == GW_EXIT_OK)
			gw_agent_adopt(agent, &transaction, revision);
		else if (!transaction.sent) /* safety first; noting it comes later */
			(void)gw_transaction_send(&transaction, &agent->target, diags);
	}
	if (transaction.arena)
		gw_transaction_done(&transaction);
	gw_arena_free(arena);
	return status;
}

static void tell(struct gw_undo *undo, const char *actor, const char *why)
{
	char text[256], subject[32];

	undo->agent->rollbacks++;
	/* A count for people: on a full disk it is behind until the next time. */
	(void)gw_store_set_rollbacks(undo->agent->target.store, undo->agent->rollbacks);
	(void)snprintf(subject, sizeof(subject), "revision %u", undo->pending.revision);
	gw_agent_record(undo->agent,
			&(struct gw_agent_event){
				.event = "change.rolled-back",
				.actor = actor,
				.subject = subject,
				.reason = why,
				.detail = json_pack("{s:I, s:I, s:s}", "fallback",
						    (json_int_t)undo->pending.fallback, "now",
						    (json_int_t)undo->agent->revision, "applied_by",
						    undo->pending.who) });
	(void)snprintf(text, sizeof(text),
		       "gw: revision %u by %s was rolled back to %s, because %s",
		       undo->pending.revision, undo->pending.who,
		       undo->pending.fallback ? "the one before" : "lockdown", why);
	if (gw_agent_change_settings(undo->agent)->announce)
		gw_announce(text);
}

enum gw_exit gw_undo_now(struct gw_undo *undo, const char *actor, const char *why,
			 struct gw_diags *diags)
{
	enum gw_exit status = go_back(undo, why, diags);

	if (status == GW_EXIT_OK && gw_pending_clear(undo->agent->target.store) < 0)
		status = GW_EXIT_FAILED;
	if (status != GW_EXIT_OK) {
		undo->waits = true;
		set_timer(undo, gw_boottime_ms() + RETRY_MS);
		return status;
	}
	undo->waits = false;
	set_timer(undo, 0);
	tell(undo, actor, why);
	answer_waiters(undo, GW_EXIT_ROLLED_BACK, "rolled back");
	return GW_EXIT_OK;
}
