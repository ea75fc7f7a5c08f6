/* Frames that the kernel has refused, from the descriptor that gwd hands over. */
#include <errno.h>
#include <event2/event.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "ipv6guard/guard.h"

#define FRAMES_AT_ONCE 64 /* then others of the loop have their turn */
#define RETRY_S        5

int64_t ipv6guard_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail with this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the descriptor -------------------------------------------------------------------------- */

static void lose(struct ipv6guard_state *state, const char *why)
{
	static const struct timeval retry = { RETRY_S, 0 };

	if (state->readable)
		event_free(state->readable);
	if (state->reader)
		state->frames_lost_before += gw_frame_lost(state->reader);
	gw_frame_reader_free(state->reader);
	if (state->log_fd >= 0)
		(void)close(state->log_fd);
	state->readable = NULL;
	state->reader = NULL;
	state->log_fd = -1;
	if (!state->log_missing)
		gw_daemon_say(state->daemon,
			      "no events come from the kernel: %s; what it enforces stays as it is",
			      why);
	state->log_missing = why;
	(void)event_add(state->retry, &retry);
}

static void read_frames(evutil_socket_t fd, short what, void *context);

static void take(struct gw_link *link, const json_t *reply, int file, void *context)
{
	struct ipv6guard_state *state = context;

	(void)link;
	if (state->log_fd >= 0 ||
	    !reply) { /* asked twice, or gwd has gone: it will be asked again */
		if (file >= 0)
			(void)close(file);
		return;
	}
	if (!gw_link_is_ok(reply) || file < 0) {
		if (!state->log_missing)
			gw_daemon_say(state->daemon, "gwd hands over no descriptor: %s",
				      gw_link_complaint(reply));
		lose(state, "gwd hands over no descriptor");
		return;
	}
	state->log_fd = file;
	state->log_missing = NULL;
	state->reader = gw_frame_reader_new(file);
	state->readable =
		event_new(state->daemon->base, file, EV_READ | EV_PERSIST, read_frames, state);
	if (!state->readable)
		gw_out_of_memory();
	(void)event_add(state->readable, NULL);
}

void ipv6guard_frames_ask(struct ipv6guard_state *state)
{
	json_t *fields =
		json_pack("{s:s, s:i}", "kind", "nflog", "group", (int)IPV6GUARD_LOG_GROUP);

	if (state->log_fd < 0)
		(void)gw_link_ask(state->daemon->link, "descriptor", fields, GW_LINK_ONCE, take,
				  state); /* what finds no room is asked again */
	else
		json_decref(fields);
}

void ipv6guard_frames_stop(struct ipv6guard_state *state)
{
	if (state->readable)
		event_free(state->readable);
	state->readable = NULL;
	gw_frame_reader_free(state->reader);
	state->reader = NULL;
	if (state->log_fd >= 0)
		(void)close(state->log_fd);
	state->log_fd = -1;
}

/* ---- one frame ------------------------------------------------------------------------------- */

/* "gw6 SEGMENT REASON" */
static bool parse_prefix(const char *prefix, char segment[IPV6GUARD_SEGMENT_MAX], char reason[16])
{
	return sscanf(prefix, IPV6GUARD_LOG_PREFIX " %32s %15s", segment, reason) == 2;
}

static const struct ipv6guard_segment *segment_called(const struct ipv6guard_state *state,
						      const char *name)
{
	for (size_t i = 0; state->model && i < state->model->n_segments; i++)
		if (strcmp(state->model->segments[i].name, name) == 0)
			return &state->model->segments[i];
	return NULL;
}

static void count(struct ipv6guard_state *state, const char *segment, const char *reason,
		  enum gw_v6_class class_id)
{
	struct ipv6guard_count *counts = state->counts;
	size_t i = 0;

	while (i < state->n_counts &&
	       (counts[i].class_id != class_id || strcmp(counts[i].segment, segment) != 0 ||
		strcmp(counts[i].reason, reason) != 0))
		i++;
	if (i == IPV6GUARD_COUNTS_MAX)
		return; /* names of segments come from the kernel's rules: it takes many configs */
	if (i == state->n_counts) {
		(void)snprintf(counts[i].segment, sizeof(counts[i].segment), "%s", segment);
		(void)snprintf(counts[i].reason, sizeof(counts[i].reason), "%s", reason);
		counts[i].class_id = class_id;
		state->n_counts++;
	}
	counts[i].n++;
}

/* The name of the port; of one that has gone meanwhile its number. */
static unsigned int port_of(const struct gw_logged_frame *frame, char name[IF_NAMESIZE])
{
	unsigned int index = frame->port ? frame->port : frame->index;

	if (!index || !if_indextoname(index, name))
		(void)snprintf(name, IF_NAMESIZE, "#%u", index);
	return index;
}

static void bind_address(struct ipv6guard_state *state, const char *port,
			 const struct gw_v6_result *result)
{
	gw_u128 target = gw_addr_from_bytes(GW_FAMILY_IPV6, result->u.nd.target);
	char mac[GW_MAC_TEXT], address[GW_ADDR_TEXT];

	(void)gw_link_ask(state->daemon->link, "ipv6-bind",
			  json_pack("{s:s, s:s, s:s, s:i}", "port", port, "mac",
				    gw_mac_format(result->evidence.eth_src, mac), "address",
				    gw_addr_format(GW_FAMILY_IPV6, target, address), "for_s",
				    IPV6GUARD_BINDING_LIFE_S),
			  GW_LINK_ONCE, NULL, NULL); /* hosts ask again and again */
}

/* A neighbour solicitation that passes: the device asks whether an address is free, and has it. */
static void claim(struct ipv6guard_state *state, const char *port, unsigned int index,
		  const struct gw_v6_result *result)
{
	const struct gw_v6_evidence *evidence = &result->evidence;
	const struct gw_link *link, *master;
	enum ipv6guard_claim answer;

	if (result->detail != GW_V6_DETAIL_ND ||
	    result->u.nd.type != GW_V6_ICMP_NEIGHBOUR_SOLICIT ||
	    !gw_mac_is_device(evidence->eth_src))
		return;
	ipv6guard_surroundings_look(&state->surroundings, ipv6guard_clock_ms());
	link = ipv6guard_link_by_index(&state->surroundings, index);
	if (link && link->bridge)
		return; /* it has come in by a port, and was heard there */
	answer = ipv6guard_bindings_claim(state->bindings, index, evidence->eth_src,
					  result->u.nd.target, ipv6guard_clock_ms() / 1000);
	if (answer != IPV6GUARD_CLAIM_GRANTED && answer != IPV6GUARD_CLAIM_KEPT)
		return;
	bind_address(state, port, result);
	/* What goes to the gateway itself comes in by the bridge as well. */
	master = link ? ipv6guard_link_by_index(&state->surroundings, link->master) : NULL;
	if (master && master->bridge)
		bind_address(state, master->name, result);
}

static struct ipv6guard_device *device_of(struct ipv6guard_state *state, const char *port,
					  const char *segment, const struct gw_logged_frame *frame,
					  const struct gw_v6_evidence *evidence, int64_t now)
{
	static const uint8_t nobody[GW_MAC_LEN];
	/* A source that no single device can have is put down to the port. */
	const uint8_t *mac =
		frame->header && gw_mac_is_device(evidence->eth_src) ? evidence->eth_src : nobody;
	struct ipv6guard_device *device = ipv6guard_devices_see(state->devices, port, mac, now);
	struct ipv6guard_name name;

	(void)snprintf(device->segment, sizeof(device->segment), "%s", segment);
	device->vlan = evidence->vlan;
	if (evidence->has_ipv6 && !evidence->depth &&
	    memcmp(evidence->src, (const uint8_t[16]){ 0 }, 16) != 0)
		ipv6guard_device_address(device, evidence->src, now);
	if (frame->header && ipv6guard_find_name(frame->bytes, frame->len, &name))
		ipv6guard_device_name(device, name.text, name.source, now);
	return device;
}

/* What the classifier finds harmless the kernel has refused all the same: over a limit, mostly. */
static void complete(struct gw_v6_result *result, const char *reason)
{
	if (result->severity == GW_V6_NONE)
		result->severity = strcmp(reason, "flood") == 0 ? GW_V6_ACTIVE : GW_V6_BACKGROUND;
}

/* What the kernel lets pass and shows all the same. */
static bool has_passed(const char *reason)
{
	return strcmp(reason, "claim") == 0 || strcmp(reason, "answer") == 0;
}

static void see(struct ipv6guard_state *state, const struct gw_logged_frame *logged)
{
	char segment_name[IPV6GUARD_SEGMENT_MAX], reason[16], port[IF_NAMESIZE];
	const struct ipv6guard_segment *segment;
	int64_t now_ms = ipv6guard_clock_ms(), now = (int64_t)time(NULL);
	struct gw_v6_frame frame = { .bytes = logged->bytes,
				     .len = logged->len,
				     .wire_len = logged->len,
				     .time_ms = (uint64_t)now_ms };
	struct gw_v6_result result;

	state->frames++;
	if (!parse_prefix(logged->prefix, segment_name, reason)) {
		state->frames_unknown++;
		return;
	}
	segment = segment_called(state, segment_name);
	frame.port = port_of(logged, port);
	gw_v6_classify(ipv6guard_context_of(state, segment), state->flows, &frame, &result);
	count(state, segment_name, reason, result.class_id);
	if (strcmp(reason, "claim") == 0)
		claim(state, port, frame.port, &result);
	if (has_passed(reason) && result.severity == GW_V6_NONE)
		return;
	/* The gateway's own frames are the host's settings' matter. */
	if (strcmp(reason, "own") == 0)
		return;
	if (logged->header)
		ipv6guard_capture_add(&state->capture, logged->bytes, logged->len, logged->time_us);
	complete(&result, reason);
	ipv6guard_act(state,
		      &(struct ipv6guard_case){
			      .device = device_of(state, port, segment_name, logged,
						  &result.evidence, now),
			      .segment = segment,
			      .reason = reason,
			      .result = &result,
			      .frame = logged,
		      },
		      now, now_ms);
}

static void read_frames(evutil_socket_t fd, short what, void *context)
{
	struct ipv6guard_state *state = context;
	struct gw_logged_frame frame;
	int err = 0;

	(void)fd;
	(void)what;
	for (int i = 0; i < FRAMES_AT_ONCE && !err; i++) {
		err = gw_frame_read(state->reader, &frame);
		if (!err)
			see(state, &frame);
		if (err == -ENOBUFS) { /* how many were lost their numbers tell */
			state->overruns++;
			err = 0;
		}
	}
	if (err && err != -EAGAIN)
		lose(state, strerror(-err));
}
