/*
 * Names, listened for on demand: when something was told of a device that has no name yet, DHCP requests and
 * multicast DNS over IPv4 are heard at its port for a while. At all other times nothing is heard, so that IPv4
 * costs nothing more. Needs packet sockets, opened before the sandbox; without CAP_NET_RAW there are the
 * names of leases and those in refused frames.
 */
#include <errno.h>
#include <event2/event.h>
#include <linux/filter.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/daemon/packet.h"
#include "gw/report/json.h"
#include "ipv6guard/guard.h"

#define LISTEN_S       900
#define FRAME_MAX      2048u
#define FRAMES_AT_ONCE 32

/* IPv4, UDP, no later fragment, to port 67 or 5353; offsets are those of a frame without tag. */
static const struct sock_filter names_only[] = {
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0800, 0, 9),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 0, 7),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 5, 0),
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
	BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 67, 1, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5353, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, FRAME_MAX),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

/* ---- sockets --------------------------------------------------------------------------------- */

static int open_filtered(void)
{
	struct sock_filter filter[GW_COUNT(names_only)];
	const struct sock_fprog program = { .len = GW_COUNT(filter), .filter = filter };
	int fd = gw_packet_open();

	memcpy(filter, names_only, sizeof(filter));
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

void ipv6guard_listen_open(struct ipv6guard_state *state)
{
	for (size_t i = 0; i < IPV6GUARD_LISTENERS; i++) {
		state->listeners[i].state = state;
		state->listeners[i].fd = open_filtered();
	}
}

static void stop(struct ipv6guard_listener *listener)
{
	if (listener->readable)
		event_free(listener->readable);
	listener->readable = NULL;
	listener->until = 0;
}

void ipv6guard_listen_close(struct ipv6guard_state *state)
{
	for (size_t i = 0; i < IPV6GUARD_LISTENERS; i++) {
		stop(&state->listeners[i]);
		if (state->listeners[i].fd >= 0)
			(void)close(state->listeners[i].fd);
		state->listeners[i].fd = -1;
	}
}

/* ---- what is heard --------------------------------------------------------------------------- */

/* What was told without a name is told once more with it. */
static void tell_name(struct ipv6guard_state *state, struct ipv6guard_device *device)
{
	char mac[GW_MAC_TEXT];

	device->nameless_since = 0;
	state->changed = true;
	gw_daemon_record(state->daemon, &(struct gw_daemon_record){
						.class_ = "device",
						.event = "device.ipv6_identified",
						.subject = gw_mac_format(device->mac, mac),
						.detail = ipv6guard_device_json(state, device),
					});
}

static void hear(struct ipv6guard_listener *listener, const uint8_t *frame, size_t len, int64_t now)
{
	struct ipv6guard_state *state = listener->state;
	struct ipv6guard_device *device;
	struct ipv6guard_name name;

	if (!ipv6guard_find_name(frame, len, &name))
		return;
	device = ipv6guard_devices_find(state->devices, listener->port, name.mac);
	if (!device)
		return;
	ipv6guard_device_name(device, name.text, name.source, now);
	if (memcmp(name.addr, (const uint8_t[4]){ 0 }, sizeof(name.addr)) != 0)
		ipv6guard_device_addr4(device, name.addr, IPV6GUARD_FROM_FRAME, now);
	if (device->nameless_since)
		tell_name(state, device);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct ipv6guard_listener *listener = context;
	uint8_t frame[FRAME_MAX];
	int64_t now = (int64_t)time(NULL);

	(void)what;
	for (int i = 0; i < FRAMES_AT_ONCE; i++) {
		int outgoing, len = gw_packet_read(fd, frame, sizeof(frame), &outgoing);

		if (len == -EAGAIN)
			return;
		if (len < 0) { /* the interface is down or has gone */
			stop(listener);
			return;
		}
		if (!outgoing)
			hear(listener, frame, (size_t)len, now);
	}
}

/* ---- on demand ------------------------------------------------------------------------------- */

static void start(struct ipv6guard_listener *listener, const char *port, int64_t now)
{
	struct ipv6guard_state *state = listener->state;
	unsigned int index = if_nametoindex(port);

	if (!index || gw_packet_bind(listener->fd, index) < 0)
		return;
	memcpy(listener->port, port, sizeof(listener->port));
	listener->until = now + LISTEN_S;
	listener->readable = event_new(state->daemon->base, listener->fd, EV_READ | EV_PERSIST,
				       on_readable, listener);
	if (!listener->readable)
		gw_out_of_memory();
	(void)event_add(listener->readable, NULL);
}

void ipv6guard_listen_for(struct ipv6guard_state *state, struct ipv6guard_device *device,
			  int64_t now)
{
	struct ipv6guard_listener *idle = NULL;

	if (device->name_source != IPV6GUARD_NAME_NONE || !gw_mac_is_device(device->mac))
		return;
	device->nameless_since = now;
	for (size_t i = 0; i < IPV6GUARD_LISTENERS; i++) {
		struct ipv6guard_listener *listener = &state->listeners[i];

		if (listener->until && strcmp(listener->port, device->port) == 0) {
			listener->until = now + LISTEN_S;
			return;
		}
		if (!listener->until && listener->fd >= 0)
			idle = listener;
	}
	if (idle)
		start(idle, device->port, now);
}

/* Leases come after the first frame, too. */
static void look_for_names(struct ipv6guard_state *state, int64_t now)
{
	for (size_t i = 0; i < ipv6guard_devices_places(state->devices); i++) {
		struct ipv6guard_device *device = ipv6guard_devices_at(state->devices, i);

		if (!device || !device->nameless_since)
			continue;
		ipv6guard_surroundings_look(&state->surroundings, ipv6guard_clock_ms());
		ipv6guard_surroundings_tell(&state->surroundings, state->devices, device, now);
		if (device->name_source != IPV6GUARD_NAME_NONE)
			tell_name(state, device);
		else if (now - device->nameless_since >= LISTEN_S || now < device->nameless_since)
			device->nameless_since = 0;
	}
}

void ipv6guard_listen_turn(struct ipv6guard_state *state, int64_t now)
{
	look_for_names(state, now);
	for (size_t i = 0; i < IPV6GUARD_LISTENERS; i++) {
		struct ipv6guard_listener *listener = &state->listeners[i];

		if (!listener->until ||
		    (now < listener->until && now >= listener->until - LISTEN_S))
			continue;
		stop(listener);
		(void)gw_packet_bind(listener->fd, 0); /* what comes in still is thrown away */
	}
}
