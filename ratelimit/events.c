/* Connections from the descriptor that gwd hands over. */
#include <errno.h>
#include <event2/event.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/nft/nft.h"
#include "gw/policy/decide.h"
#include "ratelimit/watch.h"

#define EVENTS_AT_ONCE 512 /* then others of the loop have their turn */
#define RETRY_S        5

int64_t ratelimit_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail with this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- one event ------------------------------------------------------------------------------- */

static enum ratelimit_metric metric_of(const struct gw_flow_event *event)
{
	/* Ports that answer a short question at length; nobody asks from them. */
	static const uint16_t amplifiers[] = { 17,  19,   53,   69,   111,  123,  137,  161,  389,
					       520, 1434, 1900, 3283, 3702, 5351, 5353, 11211 };

	if (event->original.protocol == IPPROTO_TCP)
		return RATELIMIT_METRIC_TCP;
	if (event->original.icmp)
		return RATELIMIT_METRIC_ICMP;
	for (size_t i = 0; event->original.protocol == IPPROTO_UDP && i < GW_COUNT(amplifiers); i++)
		if (event->original.source_port == amplifiers[i] &&
		    event->original.dest_port != amplifiers[i])
			return RATELIMIT_METRIC_REFLECTED;
	return RATELIMIT_METRIC_UDP;
}

static void note_destination(struct ratelimit_target *prefix, gw_u128 dest)
{
	unsigned int bit = (unsigned int)(dest ^ dest >> 8) & 255;

	prefix->destinations[0][bit / 64] |= UINT64_C(1) << bit % 64;
}

/* A newcomer from outside, or proof that one is where he says. */
static void count_inbound(struct ratelimit_state *state, struct ratelimit_target *target,
			  const struct gw_flow_event *event, int64_t now_ms)
{
	struct ratelimit_target *prefix = ratelimit_prefix_of(state, event, now_ms);
	enum ratelimit_metric metric = metric_of(event);
	struct ratelimit_target *const both[] = { target, prefix };

	state->events_inbound++;
	for (size_t i = 0; i < 2 && both[i]; i++) {
		struct ratelimit_counts *counts = ratelimit_window_now(&both[i]->window);

		if (event->what == GW_FLOW_BEGUN) {
			counts->offered[metric]++;
			ratelimit_sketch_add(
				both[i]->sources,
				(struct ratelimit_addr){ event->family, event->original.source },
				1);
			ratelimit_sketch_add(
				both[i]->dests,
				(struct ratelimit_addr){ event->family, event->reply.source }, 1);
		} else {
			counts->proven[metric]++;
			both[i]->completed[both[i]->second] += metric == RATELIMIT_METRIC_TCP;
		}
		both[i]->last_ms = now_ms;
	}
	if (prefix && event->what == GW_FLOW_BEGUN)
		note_destination(prefix, event->reply.source);
}

/* TCP: the handshake is complete. Else: an answer is on its way, which is told once. */
static bool is_proof(const struct gw_flow_event *event)
{
	if (event->what != GW_FLOW_CHANGED || !event->answered)
		return false;
	if (event->original.protocol == IPPROTO_TCP)
		return event->assured && event->tcp_state == TCP_CONNTRACK_ESTABLISHED;
	return !event->assured;
}

static void see_outbound(struct ratelimit_state *state, const struct gw_flow_event *event,
			 int64_t now_ms)
{
	struct ratelimit_contact contact = {
		.host = { event->family, event->original.source },
		.dest = { event->family, event->original.dest },
		.protocol = event->original.protocol,
		.port = event->original.dest_port,
		.source_port = event->original.source_port,
		.may_mail = gw_addrset_contains(state->watch->mail_hosts[event->family],
						event->original.source),
	};

	state->events_outbound++;
	if (event->what == GW_FLOW_BEGUN)
		ratelimit_scan_begin(state->scan, &contact, now_ms);
	else if (event->what == GW_FLOW_GONE)
		/* Refused ones are gone at once; what ends later has had its outcome. */
		ratelimit_scan_outcome(state->scan, &contact, event->answered, now_ms);
	else if (event->answered && !event->assured)
		ratelimit_scan_outcome(state->scan, &contact, true, now_ms);
}

void ratelimit_see(struct ratelimit_state *state, const struct gw_flow_event *event, int64_t now_ms)
{
	const struct gw_policy *policy = state->daemon->config->policy;
	const struct gw_zone *from =
		gw_zone_of_address(policy, event->family, event->original.source);
	const struct gw_zone *to = gw_zone_of_address(policy, event->family, event->reply.source);
	struct ratelimit_target *target;

	state->events++;
	if (from && from != to && gw_zone_set_has(&state->watch->inside, from->index))
		see_outbound(state, event, now_ms);
	target = ratelimit_target_of(state, event, now_ms);
	if (!target)
		return;
	if (event->what == GW_FLOW_BEGUN || is_proof(event))
		count_inbound(state, target, event, now_ms);
	else if (event->what == GW_FLOW_GONE && event->assured &&
		 event->original.protocol == IPPROTO_TCP)
		target->gone++;
}

/* ---- the descriptor -------------------------------------------------------------------------- */

static void lose(struct ratelimit_state *state, const char *why)
{
	static const struct timeval retry = { RETRY_S, 0 };

	ratelimit_events_stop(state);
	if (!state->events_missing)
		gw_daemon_say(state->daemon,
			      "no events come from the kernel: %s; what it enforces stays as it is",
			      why);
	state->events_missing = why;
	(void)event_add(state->retry, &retry);
}

/* Lost events are a sign of their own: the newcomers that were lost have proved nothing. */
static void note_overrun(struct ratelimit_state *state)
{
	state->overruns++;
	if (state->overruns == 1)
		ratelimit_tell(state, &(struct gw_daemon_record){
					      .class_ = "attack",
					      .event = "attack.events_lost",
					      .failed = true,
					      .reason = "the kernel told of more connections than "
							"could be read; counts are too low" });
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct ratelimit_state *state = context;
	int64_t now_ms = ratelimit_clock_ms();
	struct gw_flow_event event;
	int err = 0;

	(void)what;
	for (int i = 0; i < EVENTS_AT_ONCE && !err; i++) {
		err = gw_flow_event_read(fd, &event);
		if (!err && state->watch)
			ratelimit_see(state, &event, now_ms);
		if (err == -ENOBUFS) {
			note_overrun(state);
			err = 0;
		}
	}
	if (state->watch) /* not at the next tick: every contact less is one */
		ratelimit_stones_turn(state, now_ms, (int64_t)time(NULL));
	if (err && err != -EAGAIN)
		lose(state, strerror(-err));
}

static void take(struct gw_link *link, const json_t *reply, int file, void *context)
{
	struct ratelimit_state *state = context;

	(void)link;
	if (state->events_fd >= 0 || !reply) { /* asked twice, or gwd has gone */
		if (file >= 0)
			(void)close(file);
		return;
	}
	if (!gw_link_is_ok(reply) || file < 0) {
		lose(state, "gwd hands over no descriptor");
		return;
	}
	state->events_fd = file;
	state->events_missing = NULL;
	state->readable =
		event_new(state->daemon->base, file, EV_READ | EV_PERSIST, on_readable, state);
	if (!state->readable)
		gw_out_of_memory();
	(void)event_add(state->readable, NULL);
}

void ratelimit_events_ask(struct ratelimit_state *state)
{
	json_t *fields =
		json_pack("{s:s, s:i}", "kind", "conntrack", "events",
			  (int)(GW_CONNTRACK_NEW | GW_CONNTRACK_UPDATE | GW_CONNTRACK_DESTROY));

	if (state->events_fd < 0)
		(void)gw_link_ask(state->daemon->link, "descriptor", fields, GW_LINK_ONCE, take,
				  state); /* what finds no room is asked again */
	else
		json_decref(fields);
}

void ratelimit_events_stop(struct ratelimit_state *state)
{
	if (state->readable)
		event_free(state->readable);
	state->readable = NULL;
	if (state->events_fd >= 0)
		(void)close(state->events_fd);
	state->events_fd = -1;
}
