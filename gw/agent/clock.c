#include "gw/agent/clock.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "gw/agent/expiry.h"
#include "gw/audit/audit.h"
#include "gw/core/mem.h"

/* Between looks at whether the clock is synchronised. */
#define INTERVAL_S 60

struct gw_clock {
	struct gw_agent *agent;
	int timer; /* never due; cancelled whenever somebody sets the clock */
	struct event *on_set, *on_interval;
	struct gw_clock_state state;
};

/* ---- pure ------------------------------------------------------------------------------------ */

unsigned int gw_clock_note(struct gw_clock_state *state, const struct gw_clock_sample *sample)
{
	const struct gw_clock_sample *last = &state->last;
	unsigned int news = 0;
	int64_t by;

	if (!state->sampled) {
		news = sample->synchronised ? 0 : GW_CLOCK_UNSYNCHRONISED;
	} else {
		by = (sample->real_ms - last->real_ms) - (sample->boot_ms - last->boot_ms);
		if (by >= GW_CLOCK_JUMP_MS || by <= -GW_CLOCK_JUMP_MS) {
			news |= GW_CLOCK_JUMPED;
			state->jumps++;
			state->jumped_ms = by;
			state->jumped_at = sample->real_ms / 1000;
		}
		if (sample->synchronised != last->synchronised)
			news |= sample->synchronised ? GW_CLOCK_SYNCHRONISED
						     : GW_CLOCK_UNSYNCHRONISED;
	}
	state->last = *sample;
	state->sampled = true;
	return news;
}

/* ---- this machine ---------------------------------------------------------------------------- */

static int64_t in_ms(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now); /* cannot fail for these clocks */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void gw_clock_sample(struct gw_clock_sample *ret)
{
	struct timex timex = { 0 };
	int status = adjtimex(&timex);

	ret->real_ms = in_ms(CLOCK_REALTIME);
	ret->boot_ms = in_ms(CLOCK_BOOTTIME);
	ret->synchronised = status >= 0 && status != TIME_ERROR && !(timex.status & STA_UNSYNC);
	ret->max_error_ms = timex.maxerror / 1000;
}

static void record(struct gw_clock *clock, const char *event, bool failed, const char *reason)
{
	const struct gw_clock_state *state = &clock->state;

	gw_agent_record(clock->agent,
			&(struct gw_agent_event){
				.event = event,
				.subject = "the clock",
				.failed = failed,
				.reason = reason,
				.detail = json_pack("{s:b, s:I, s:I, s:I}", "synchronised",
						    state->last.synchronised, "max_error_ms",
						    (json_int_t)state->last.max_error_ms,
						    "jumped_ms", (json_int_t)state->jumped_ms,
						    "jumped_at", (json_int_t)state->jumped_at) });
}

static void look(struct gw_clock *clock)
{
	struct gw_audit *audit = gw_agent_audit(clock->agent);
	struct gw_clock_sample sample;
	unsigned int news;
	char reason[80];

	gw_clock_sample(&sample);
	news = gw_clock_note(&clock->state, &sample);
	if (audit)
		gw_audit_set_clock(audit, sample.synchronised);
	if (news & GW_CLOCK_UNSYNCHRONISED)
		record(clock, "clock.unsynchronised", true,
		       "nothing keeps the clock right; times on record and expiries may be off");
	if (news & GW_CLOCK_SYNCHRONISED)
		record(clock, "clock.synchronised", false, NULL);
	if (!(news & GW_CLOCK_JUMPED))
		return;
	(void)snprintf(reason, sizeof(reason), "it was set by %+" PRId64 " ms",
		       clock->state.jumped_ms);
	record(clock, "clock.jumped", false, reason);
	gw_expiry_clock_jumped(clock->agent);
}

static void arm(const struct gw_clock *clock)
{
	/* In 68 years; each cancellation sets it anew. */
	struct itimerspec never = { .it_value = { .tv_sec = time(NULL) + (time_t)INT32_MAX } };

	(void)timerfd_settime(clock->timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never,
			      NULL); /* valid arguments */
}

static void on_set(evutil_socket_t fd, short what, void *context)
{
	struct gw_clock *clock = context;
	uint64_t ticks;

	(void)what;
	if (read(fd, &ticks, sizeof(ticks)) < 0 && errno == EAGAIN)
		return;
	arm(clock);
	look(clock);
}

static void on_interval(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	look(context);
}

/* ---- the part -------------------------------------------------------------------------------- */

const struct gw_clock_state *gw_clock_state(const struct gw_agent *agent)
{
	return &agent->clock->state;
}

static void clock_stop(struct gw_agent *agent)
{
	struct gw_clock *clock = agent->clock;

	if (!clock)
		return;
	if (clock->on_set)
		event_free(clock->on_set);
	if (clock->on_interval)
		event_free(clock->on_interval);
	if (clock->timer >= 0)
		(void)close(clock->timer);
	gw_free(clock);
	agent->clock = NULL;
}

static int clock_start(struct gw_agent *agent)
{
	struct gw_clock *clock = gw_zalloc(1, sizeof(*clock));
	struct timeval interval = { INTERVAL_S, 0 };

	agent->clock = clock;
	clock->agent = agent;
	clock->timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (clock->timer < 0)
		return -errno;
	clock->on_set = event_new(agent->base, clock->timer, EV_READ | EV_PERSIST, on_set, clock);
	clock->on_interval = event_new(agent->base, -1, EV_PERSIST, on_interval, clock);
	if (!clock->on_set || !clock->on_interval || event_add(clock->on_set, NULL) < 0 ||
	    event_add(clock->on_interval, &interval) < 0)
		return -EIO;
	arm(clock);
	look(clock);
	return 0;
}

const struct gw_agent_part gw_part_clock = {
	.name = "clock",
	.start = clock_start,
	.stop = clock_stop,
};

/* ---- the verb -------------------------------------------------------------------------------- */

static void run_clock(struct gw_ipc_call *call, void *context)
{
	const struct gw_clock_state *state = gw_clock_state(context);

	gw_ipc_call_reply(
		call, GW_EXIT_OK,
		json_pack("{s:b, s:I, s:I, s:I, s:I}", "synchronised", state->last.synchronised,
			  "max_error_ms", (json_int_t)state->last.max_error_ms, "jumps",
			  (json_int_t)state->jumps, "jumped_ms", (json_int_t)state->jumped_ms,
			  "jumped_at", (json_int_t)state->jumped_at),
		-1);
}

static const struct gw_ipc_field clock_reply[] = {
	{ "synchronised", GW_IPC_BOOL, .help = "Something keeps the clock right." },
	{ "max_error_ms", GW_IPC_UINT, .help = "That the kernel believes in." },
	{ "jumps", GW_IPC_UINT, .help = "Since the start." },
	{ "jumped_ms", GW_IPC_UINT, .help = "By how much the last time; negative: back." },
	{ "jumped_at", GW_IPC_UINT, .help = "Unix time after the last jump; 0: there was none." },
	{ .name = NULL },
};

const struct gw_verb gw_verbs_clock[] = {
	{ .name = "clock",
	  .help = "Whether the clock can be trusted, and when it was last set.",
	  .reply = clock_reply,
	  .permission = GW_AGENT_OPERATE,
	  .run = run_clock },
	{ .name = NULL },
};
