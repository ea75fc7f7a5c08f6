/* What the guard refuses of packets by their addresses, protocol and port: modes, directions, lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/policy/region.h"
#include "ipv6guard/ipv6guard.h"

#define SERVICE(protocol, port) ((uint32_t)(protocol) << 16 | (port))

static struct gw_packet packet_of(const char *source, const char *dest, uint32_t service)
{
	struct gw_packet packet = { .service = service };
	struct gw_range range;

	assert_int_equal(gw_addr_parse(source, &packet.family, &range), GW_ADDR_OK);
	packet.source = range.lo;
	assert_int_equal(gw_addr_parse(dest, &packet.family, &range), GW_ADDR_OK);
	packet.dest = range.lo;
	return packet;
}

/* A zone with interfaces if0 and if1, each in a segment of its own. */
struct fixture {
	struct gw_interface interfaces[2];
	struct gw_zone zone;
	struct ipv6guard_segment segments[2];
	struct ipv6guard guard;
};

static void start(struct fixture *f, enum ipv6guard_mode mode, size_t n)
{
	static const char *const names[2] = { "if0", "if1" };

	memset(f, 0, sizeof(*f));
	for (size_t i = 0; i < n; i++) {
		f->interfaces[i].name = names[i];
		f->segments[i] = (struct ipv6guard_segment){ .name = names[i],
							     .mode = mode,
							     .interfaces = &f->interfaces[i],
							     .n_interfaces = 1 };
	}
	f->zone.interfaces = f->interfaces;
	f->zone.n_interfaces = n;
	f->guard = (struct ipv6guard){ .segments = f->segments, .n_segments = n };
}

/* The reason, or "" if the packet is not refused. */
static const char *reason(const struct fixture *f, bool inward, struct gw_packet packet)
{
	struct gw_refusal refusal;

	if (!ipv6guard_judge(&f->guard, &f->zone, inward, &packet, &refusal))
		return "";
	assert_string_equal(refusal.place, f->zone.n_interfaces == 1 ? "if0" : "if1");
	return refusal.reason;
}

static void tunnels_are_refused_in_every_mode_but_open(void **state)
{
	static const uint32_t refused[] = { SERVICE(41, 0), SERVICE(58, 0x8600), SERVICE(17, 3544),
					    SERVICE(17, 3653), SERVICE(17, 5072) };
	static const uint32_t others[] = { SERVICE(47, 0), SERVICE(4, 0), SERVICE(6, 3544),
					   SERVICE(17, 3545), SERVICE(1, 0x800) };
	struct fixture f;

	(void)state;
	for (int mode = IPV6GUARD_OPEN; mode <= IPV6GUARD_GUARDED; mode++) {
		start(&f, (enum ipv6guard_mode)mode, 1);
		for (size_t i = 0; i < GW_COUNT(refused); i++)
			assert_string_equal(
				reason(&f, true, packet_of("10.0.0.1", "192.0.2.1", refused[i])),
				mode == IPV6GUARD_OPEN ? "" : "ipv6-tunnel");
		for (size_t i = 0; i < GW_COUNT(others); i++)
			assert_string_equal(
				reason(&f, true, packet_of("10.0.0.1", "192.0.2.1", others[i])),
				"");
	}
}

static void ports_of_a_bridge_refuse_what_carries_anything(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, IPV6GUARD_OFF, 1);
	f.segments[0].n_ports = 1;
	f.segments[0].ports = f.interfaces;
	assert_string_equal(reason(&f, true, packet_of("10.0.0.1", "192.0.2.1", SERVICE(47, 0))),
			    "ipv6-tunnel");
	f.segments[0].tunnels[IPV6GUARD_GRE] = true;
	assert_string_equal(reason(&f, true, packet_of("10.0.0.1", "192.0.2.1", SERVICE(47, 0))),
			    "");
}

static void servers_of_dhcpv4_are_listed_at_ports(void **state)
{
	const struct ipv6guard_server server = { .port = NULL };
	struct gw_packet packet = packet_of("10.0.0.1", "255.255.255.255", SERVICE(17, 68));
	struct fixture f;

	(void)state;
	start(&f, IPV6GUARD_GUARDED, 1);
	assert_string_equal(reason(&f, true, packet), "");
	f.segments[0].ports = f.interfaces;
	f.segments[0].n_ports = 1;
	assert_string_equal(reason(&f, true, packet), "ipv6-dhcpv4");
	f.segments[0].ipv4_servers = &server;
	f.segments[0].n_ipv4_servers = 1;
	assert_string_equal(reason(&f, true, packet), "");
}

static void on_the_way_out_ports_are_not_asked(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, IPV6GUARD_OFF, 1);
	assert_string_equal(reason(&f, false, packet_of("192.0.2.1", "10.0.0.1", SERVICE(41, 0))),
			    "ipv6-own");
	assert_string_equal(
		reason(&f, false, packet_of("192.0.2.1", "10.0.0.1", SERVICE(17, 3544))), "");
	assert_string_equal(
		reason(&f, false, packet_of("2001:db8::1", "2001:db8::2", SERVICE(6, 80))),
		"ipv6-off");
	start(&f, IPV6GUARD_GUARDED, 1);
	assert_string_equal(reason(&f, false, packet_of("192.0.2.1", "10.0.0.1", SERVICE(41, 0))),
			    "");
}

static void local_is_for_neighbours(void **state)
{
	static const struct {
		const char *source, *dest, *reason;
		uint32_t service;
	} cases[] = {
		{ "fe80::1", "fe80::2", "", SERVICE(6, 22) },
		{ "fe80::1", "ff02::fb", "", SERVICE(17, 5353) },
		{ "fe80::1", "ff02::1", "ipv6-router", SERVICE(58, 0x8600) },
		{ "fe80::1", "fe80::2", "ipv6-redirect", SERVICE(58, 0x8900) },
		{ "fe80::1", "fe80::2", "ipv6-dhcpv6", SERVICE(17, 546) },
		{ "fe80::1", "ff02::1:2", "ipv6-chatter", SERVICE(17, 547) },
		{ "fe80::1", "fe80::2", "ipv6-header", SERVICE(50, 0) },
		{ "fec0::1", "fe80::2", "ipv6-beyond-link", SERVICE(6, 22) },
		{ "fe80::1", "2001:db8::1", "ipv6-beyond-link", SERVICE(6, 22) },
		{ "fe80::1", "ff05::1", "ipv6-beyond-link", SERVICE(17, 5353) },
	};
	struct fixture f;

	(void)state;
	start(&f, IPV6GUARD_LOCAL, 1);
	for (size_t i = 0; i < GW_COUNT(cases); i++)
		assert_string_equal(
			reason(&f, true,
			       packet_of(cases[i].source, cases[i].dest, cases[i].service)),
			cases[i].reason);
}

static void guarded_permits_what_hosts_may_send(void **state)
{
	static const struct {
		const char *source, *dest, *reason;
		uint32_t service;
	} cases[] = {
		{ "2001:db8::1", "2001:db8::2", "", SERVICE(6, 80) },
		{ "2001:db8::1", "2001:db8::2", "", SERVICE(50, 0) },
		{ "2001:db8::1", "2001:db8::2", "ipv6-tunnel", SERVICE(41, 0) },
		{ "2001:db8::1", "2001:db8::2", "ipv6-header", SERVICE(253, 0) },
		{ "2001:db8::1", "2001:db8::2", "ipv6-header", SERVICE(58, 0x8a00) },
		{ "fe80::1", "ff02::1", "ipv6-router", SERVICE(58, 0x8600) },
		{ "fe80::1", "fe80::2", "ipv6-dhcpv6", SERVICE(17, 546) },
		{ "ff02::1", "2001:db8::2", "ipv6-source", SERVICE(6, 80) },
		{ "::5", "2001:db8::2", "ipv6-source", SERVICE(6, 80) },
		{ "2001:db8::1", "::1", "ipv6-source", SERVICE(6, 80) },
	};
	struct fixture f;

	(void)state;
	start(&f, IPV6GUARD_GUARDED, 1);
	for (size_t i = 0; i < GW_COUNT(cases); i++)
		assert_string_equal(
			reason(&f, true,
			       packet_of(cases[i].source, cases[i].dest, cases[i].service)),
			cases[i].reason);
	f.segments[0].n_routers = f.segments[0].n_servers = 1;
	assert_string_equal(reason(&f, true, packet_of("fe80::1", "ff02::1", SERVICE(58, 0x8600))),
			    "");
	assert_string_equal(reason(&f, true, packet_of("fe80::1", "fe80::2", SERVICE(17, 546))),
			    "");
}

static void all_interfaces_of_a_zone_must_refuse(void **state)
{
	struct fixture f;
	struct gw_packet packet = packet_of("10.0.0.1", "192.0.2.1", SERVICE(41, 0));

	(void)state;
	start(&f, IPV6GUARD_OFF, 2);
	assert_string_equal(reason(&f, true, packet), "ipv6-tunnel");
	f.segments[0].mode = IPV6GUARD_OPEN;
	assert_string_equal(reason(&f, true, packet), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tunnels_are_refused_in_every_mode_but_open),
		cmocka_unit_test(ports_of_a_bridge_refuse_what_carries_anything),
		cmocka_unit_test(servers_of_dhcpv4_are_listed_at_ports),
		cmocka_unit_test(on_the_way_out_ports_are_not_asked),
		cmocka_unit_test(local_is_for_neighbours),
		cmocka_unit_test(guarded_permits_what_hosts_may_send),
		cmocka_unit_test(all_interfaces_of_a_zone_must_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
