/*
 * The differential test: random policies x random packets, the verdict of gw_decide (what `gwctl
 * explain` prints) against the real kernel.
 *
 * One process, one throw-away network namespace. Every zone is a TUN device: a packet written to
 * its descriptor arrives at the gateway on that interface, what the gateway forwards can be read
 * from the descriptor of the zone where it leaves. Policies are made as YAML text, so the whole
 * way is tested: parser, model, numbers, compiler, plan, netlink, kernel. Each round applies its
 * policy over the one before (so incremental changes are tested too), then judges
 *   - new packets, some with spoofed sources, to other zones and to the gateway,
 *   - connections accepted in earlier rounds, in both directions: they must go on exactly if the
 *     new policy would accept them.
 *
 *	differential [ROUNDS [PACKETS_PER_ROUND [SEED]]]
 *
 * Prints one line for each mismatch with the policy's YAML left in a file, and exits 1; 77 if
 * namespaces or TUN devices are not to be had.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gw/compile/compile.h"
#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "gw/nft/nft.h"
#include "gw/plan/plan.h"
#include "gw/policy/decide.h"
#include "gw/policy/load.h"

#define SKIPPED 77

/* ---- random numbers: splitmix64, so that a seed repeats a run exactly -------------------- */

static uint64_t random_state;

static uint64_t random_u64(void)
{
	uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static unsigned int random_below(unsigned int n)
{
	return (unsigned int)(random_u64() % n);
}

static bool random_chance(unsigned int percent)
{
	return random_below(100) < percent;
}

/* ---- the gateway's interfaces ------------------------------------------------------------ */

struct port {
	const char *interface, *zone, *addr4, *addr6, *route4, *route6;
	int fd;
};

/* Zone b has two interfaces, so that interface pairs and the way back are tested too. */
static struct port ports[] = {
	{ "ta0", "a", "10.1.255.1/32", "2001:db8:1:ffff::1/128", "10.1.0.0/16", "2001:db8:1::/48",
	  -1 },
	{ "tb0", "b", "10.2.255.1/32", "2001:db8:2:ffff::1/128", "10.2.0.0/23", "2001:db8:2::/63",
	  -1 },
	{ "tb1", "b", "10.2.255.2/32", "2001:db8:2:ffff::2/128", "10.2.2.0/23", "2001:db8:2:2::/63",
	  -1 },
	{ "tc0", "c", "10.3.255.1/32", "2001:db8:3:ffff::1/128", "10.3.0.0/16", "2001:db8:3::/48",
	  -1 },
	{ "td0", "d", "10.4.255.1/32", NULL, "10.4.0.0/16", NULL, -1 },
	{ "tw0", "wan", "198.51.100.254/32", "2001:db8:ffff:ffff::1/128", "default", "default",
	  -1 },
};
#define N_PORTS (sizeof(ports) / sizeof(ports[0]))

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command) != 0) { /* a test's own set-up, with constant text */
		(void)fprintf(stderr, "differential: failed: %s\n", command);
		exit(1);
	}
}

static void sysctl_write(const char *path, const char *value)
{
	gw_auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	/* Some do not exist in every kernel; what matters shows in the verdicts. */
	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		(void)fprintf(stderr, "differential: %s: %s\n", path, strerror(errno));
}

static int port_open(struct port *port)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", port->interface);
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		int error = errno;

		(void)close(fd);
		return -error;
	}
	port->fd = fd;
	return 0;
}

static int gateway_set_up(void)
{
	int flags = CLONE_NEWNET | (geteuid() == 0 ? 0 : CLONE_NEWUSER);

	if (unshare(flags) < 0)
		return -errno;
	run("ip link set lo up");
	sysctl_write("/proc/sys/net/ipv4/ip_forward", "1");
	sysctl_write("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	sysctl_write("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	sysctl_write("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
	sysctl_write("/proc/sys/net/ipv4/conf/default/rp_filter", "0");
	sysctl_write("/proc/sys/net/ipv4/icmp_ratelimit", "0");
	sysctl_write("/proc/sys/net/ipv4/icmp_msgs_per_sec", "1000000");
	sysctl_write("/proc/sys/net/ipv4/icmp_msgs_burst", "1000000");
	sysctl_write("/proc/sys/net/ipv6/icmp/ratelimit", "0");
	for (size_t i = 0; i < N_PORTS; i++) {
		struct port *port = &ports[i];
		int error = port_open(port);

		if (error)
			return error;
		run("ip link set %s up", port->interface);
		run("ip addr add %s dev %s", port->addr4, port->interface);
		run("ip route add %s dev %s", port->route4, port->interface);
		if (port->addr6) {
			run("ip -6 addr add %s dev %s nodad", port->addr6, port->interface);
			run("ip -6 route add %s dev %s", port->route6, port->interface);
		}
	}
	return 0;
}

static const struct port *port_of_address(enum gw_family family, gw_u128 addr)
{
	/* The same facts as the routes above, on numbers. */
	if (family == GW_FAMILY_IPV4) {
		switch ((uint32_t)(addr >> 16)) {
		case 0x0a01:
			return &ports[0];
		case 0x0a02:
			return (uint32_t)addr >> 9 & 1 ? &ports[2] : &ports[1];
		case 0x0a03:
			return &ports[3];
		case 0x0a04:
			return &ports[4];
		default:
			return &ports[5];
		}
	}
	switch ((uint64_t)(addr >> 80)) {
	case UINT64_C(0x20010db80001):
		return &ports[0];
	case UINT64_C(0x20010db80002):
		return (uint64_t)(addr >> 65) & 1 ? &ports[2] : &ports[1];
	case UINT64_C(0x20010db80003):
		return &ports[3];
	default:
		return &ports[5];
	}
}

/* ---- random addresses, services, policies ------------------------------------------------ */

#define N_NETS 5u /* zones a to d and wan */

/* A host of network `net` (0..3: a..d, 4: wan). Few of them, so that rules overlap. */
static gw_u128 random_host(enum gw_family family, unsigned int net)
{
	unsigned int subnet = random_below(4), host = 1 + random_below(6);

	if (family == GW_FAMILY_IPV4) {
		if (net == 4)
			return 0xc6336400u + host; /* 198.51.100.0/24 */
		return 0x0a000000u + ((net + 1) << 16) + (subnet << 8) + host;
	}
	if (net == 3)
		net = 4; /* zone d has no IPv6 */
	return ((gw_u128)0x20010db8 << 96) + ((gw_u128)(net == 4 ? 0xffff : net + 1) << 80) +
	       ((gw_u128)subnet << 64) + host;
}

static void add_random_address(struct gw_text *out, unsigned int net)
{
	enum gw_family family = random_chance(60) ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
	gw_u128 lo = random_host(family, net), hi = lo;
	char text[2 * GW_ADDR_TEXT];
	unsigned int shape = random_below(10);

	if (shape < 2) { /* the subnet */
		unsigned int bits = family == GW_FAMILY_IPV4 ? 8 : 64;

		lo = lo >> bits << bits;
		hi = lo + (((gw_u128)1 << bits) - 1);
	} else if (shape == 2) { /* half of the zone's net */
		unsigned int bits = family == GW_FAMILY_IPV4 ? 9 : 65;

		lo = lo >> bits << bits;
		hi = lo + (((gw_u128)1 << bits) - 1);
	} else if (shape < 5) { /* a range */
		hi = lo + random_below(4);
	}
	(void)gw_range_format(family, (struct gw_range){ lo, hi }, text);
	gw_text_printf(out, "\"%s\"", text);
}

static const char *const service_names[] = {
	"tcp/80",
	"tcp/443",
	"tcp/1000-1020",
	"tcp/1010-1030",
	"udp/53",
	"udp/1000-1020",
	"tcp",
	"udp",
	"sctp/80",
	"icmp/echo-request",
	"icmpv6/echo-request",
	"gre",
	"proto/99",
	"web",
};

static void add_random_services(struct gw_text *out)
{
	unsigned int n = 1 + random_below(3);

	if (random_chance(30)) {
		gw_text_puts(out, ", services: any");
		return;
	}
	gw_text_puts(out, ", services: [");
	for (unsigned int i = 0; i < n; i++)
		gw_text_printf(out, "%s%s", i ? ", " : "",
			       service_names[random_below(GW_COUNT(service_names))]);
	gw_text_puts(out, "]");
}

static const char *const zone_names[N_NETS] = { "a", "b", "c", "d", "wan" };

static unsigned int add_random_zone(struct gw_text *out, const char *key)
{
	unsigned int zone = random_below(N_NETS);

	if (random_chance(10))
		gw_text_printf(out, ", %s: any", key);
	else if (random_chance(10))
		gw_text_printf(out, ", %s: [%s, %s]", key, zone_names[zone],
			       zone_names[(zone + 1) % N_NETS]);
	else
		gw_text_printf(out, ", %s: %s", key, zone_names[zone]);
	return zone;
}

static void add_random_list(struct gw_text *out, const char *key, unsigned int net)
{
	unsigned int n = 1 + random_below(3);

	if (random_chance(35))
		return;
	if (random_chance(10))
		net = random_below(N_NETS); /* often excluded by anti-spoofing */
	gw_text_printf(out, ", %s: [", key);
	for (unsigned int i = 0; i < n; i++) {
		if (i)
			gw_text_puts(out, ", ");
		if (random_chance(15))
			gw_text_printf(out, "group-%u", random_below(3));
		else if (random_chance(5))
			gw_text_puts(out, "many");
		else
			add_random_address(out, net);
	}
	gw_text_puts(out, "]");
}

/* Windows are either open all week or on one weekday three days from now: never near an edge. */
static void add_random_window(struct gw_text *out, int64_t now)
{
	static const char *const days[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

	if (random_chance(90))
		return;
	if (random_chance(50))
		gw_text_puts(out, ", hours: {days: [mon-sun], from: \"00:00\", until: \"24:00\"}");
	else
		gw_text_printf(out, ", hours: {days: [%s], from: \"08:00\", until: \"17:00\"}",
			       days[(now / 86400 + 4 + 3) % 7]);
}

static void add_random_rule(struct gw_text *out, unsigned int number, bool gateway, int64_t now)
{
	static const char *const actions[] = { "accept", "accept", "accept", "drop", "reject" };
	const char *action = actions[random_below(GW_COUNT(actions))];
	unsigned int from, to = 4;

	gw_text_printf(out, "  - {id: %s-%u", gateway ? "g" : "p", number);
	from = add_random_zone(out, "from");
	if (!gateway)
		to = add_random_zone(out, "to");
	add_random_list(out, "source", from);
	if (!gateway)
		add_random_list(out, "dest", to);
	add_random_services(out);
	gw_text_printf(out, ", action: %s", action);
	if (*action != 'a' && random_chance(20))
		gw_text_puts(out, ", locked: true");
	if (random_chance(20))
		gw_text_puts(out, ", log: true");
	add_random_window(out, now);
	gw_text_puts(out, ", owner: net, ticket: T-1, review: 2099-12-31}\n");
}

static void add_random_exception(struct gw_text *out, unsigned int number, int64_t now)
{
	time_t expires = (time_t)(now + 86400);
	struct tm tm;
	char text[32];
	unsigned int from, to;

	(void)gmtime_r(&expires, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	gw_text_printf(out, "  - {id: e-%u", number);
	from = add_random_zone(out, "from");
	to = add_random_zone(out, "to");
	add_random_list(out, "source", from);
	add_random_list(out, "dest", to);
	add_random_services(out);
	gw_text_printf(out,
		       ", expires: \"%s\", reason: test, requested_by: op-1, approved_by: [op-2], "
		       "ticket: E-1}\n",
		       text);
}

/* A rule's text depends on `rule_seed` only, so that most rules stay the same between rounds. */
static void policy_text(struct gw_text *out, const uint64_t *rule_seeds, size_t n_rules,
			uint64_t seed, int64_t now)
{
	random_state = seed;
	gw_text_puts(out,
		     "gw: 1\nsite: {name: random}\nzones:\n"
		     "  wan: {interfaces: [tw0], untrusted: true}\n"
		     "  a: {interfaces: [ta0], nets: [10.1.0.0/16, \"2001:db8:1::/48\"]}\n"
		     "  b: {interfaces: [tb0, tb1], nets: [10.2.0.0/16, \"2001:db8:2::/48\"]}\n"
		     "  c: {interfaces: [tc0], nets: [10.3.0.0/16, \"2001:db8:3::/48\"]}\n"
		     "  d: {interfaces: [td0], nets: [10.4.0.0/16], ipv6: off}\n");
	gw_text_puts(out, "hosts:\n");
	for (unsigned int i = 0; i < 3; i++) {
		gw_text_printf(out, "  group-%u: [", i);
		add_random_address(out, i);
		gw_text_puts(out, ", ");
		add_random_address(out, 4);
		gw_text_puts(out, "]\n");
	}
	/* More than GW_HOSTS_LARGE ranges: every second address of some subnets. */
	gw_text_puts(out, "  many: [");
	for (unsigned int i = 0; i < 300; i++)
		gw_text_printf(out, "%s10.%u.%u.%u", i ? ", " : "", 1 + i / 100, i / 50 % 2,
			       1 + i % 50 * 2);
	gw_text_puts(out, ", \"2001:db8:1::1\", \"2001:db8:1::3\"]\n");
	gw_text_puts(out, "services: {web: [tcp/80, tcp/443]}\n");
	gw_text_printf(out, "between: {default: %s, log: drops}\n",
		       random_chance(50) ? "drop" : "reject");
	gw_text_puts(out, "policies:\n");
	for (size_t i = 0; i < n_rules; i++) {
		random_state = rule_seeds[i];
		if (i % 10 < 7)
			add_random_rule(out, (unsigned int)i, false, now);
	}
	gw_text_puts(out, "gateway:\n");
	for (size_t i = 0; i < n_rules; i++) {
		random_state = rule_seeds[i];
		if (i % 10 == 7 || i % 10 == 8)
			add_random_rule(out, (unsigned int)i, true, now);
	}
	gw_text_puts(out, "exceptions:\n");
	for (size_t i = 0; i < n_rules; i++) {
		random_state = rule_seeds[i];
		if (i % 10 == 9)
			add_random_exception(out, (unsigned int)i, now);
	}
}

/* ---- packets ------------------------------------------------------------------------------ */

struct flow {
	enum gw_family family;
	gw_u128 source, dest;
	uint8_t protocol;
	uint16_t source_port, dest_port; /* ICMP: identifier, type << 8 | code */
	const struct port *in, *out;     /* out NULL: to the gateway */
};

static uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

static uint16_t checksum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void put_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* Transport header and a little payload; returns its length. `reply` swaps the ports. */
static size_t transport_build(const struct flow *flow, bool reply, uint8_t *out)
{
	uint16_t source_port = reply ? flow->dest_port : flow->source_port;
	uint16_t dest_port = reply ? flow->source_port : flow->dest_port;

	memset(out, 0, 64);
	switch (flow->protocol) {
	case IPPROTO_TCP:
		put_u16(out, source_port);
		put_u16(out + 2, dest_port);
		out[7] = 1;
		out[12] = 5 << 4;
		out[13] = 0x02; /* SYN */
		put_u16(out + 14, 1000);
		return 20;
	case IPPROTO_UDP:
		put_u16(out, source_port);
		put_u16(out + 2, dest_port);
		put_u16(out + 4, 12);
		return 12;
	case IPPROTO_SCTP:
		put_u16(out, source_port);
		put_u16(out + 2, dest_port);
		out[12] = 1; /* INIT */
		put_u16(out + 14, 20);
		out[19] = 1; /* initiate tag */
		out[23] = 255;
		put_u16(out + 24, 1);
		put_u16(out + 26, 1);
		return 32;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		out[0] = (uint8_t)(flow->dest_port >> 8);
		if (reply)
			out[0] = flow->protocol == IPPROTO_ICMP ? 0 : 129;
		put_u16(out + 4, flow->source_port);
		return 12;
	case IPPROTO_GRE:
		put_u16(out + 2, 0x0800);
		return 12;
	default:
		return 12;
	}
}

static void transport_checksum(uint8_t protocol, enum gw_family family, const uint8_t *addresses,
			       uint8_t *transport, size_t len)
{
	size_t at;
	uint32_t sum = 0;
	uint16_t folded;

	if (protocol == IPPROTO_TCP)
		at = 16;
	else if (protocol == IPPROTO_UDP)
		at = 6;
	else if (protocol == IPPROTO_SCTP || protocol == IPPROTO_GRE)
		return; /* SCTP's CRC is not checked: nf_conntrack_checksum is off */
	else
		at = 2; /* 99: reject answers only what adds up, whatever the protocol */
	if (family == GW_FAMILY_IPV6 || protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) {
		sum = checksum_add(sum, addresses, family == GW_FAMILY_IPV4 ? 8 : 32);
		sum += (uint32_t)len + protocol;
	}
	folded = checksum_fold(checksum_add(sum, transport, len));
	memcpy(transport + at, &folded, 2);
}

static size_t packet_build(const struct flow *flow, bool reply, uint8_t *out)
{
	gw_u128 source = reply ? flow->dest : flow->source;
	gw_u128 dest = reply ? flow->source : flow->dest;
	size_t header = flow->family == GW_FAMILY_IPV4 ? 20 : 40;
	size_t len = transport_build(flow, reply, out + header);
	uint8_t *addresses = out + (flow->family == GW_FAMILY_IPV4 ? 12 : 8);
	size_t addr_len = flow->family == GW_FAMILY_IPV4 ? 4 : 16;

	memset(out, 0, header);
	gw_addr_to_bytes(flow->family, source, addresses);
	gw_addr_to_bytes(flow->family, dest, addresses + addr_len);
	if (flow->family == GW_FAMILY_IPV4) {
		uint16_t sum;

		out[0] = 0x45;
		put_u16(out + 2, (uint16_t)(header + len));
		out[8] = 64;
		out[9] = flow->protocol;
		sum = checksum_fold(checksum_add(0, out, header));
		memcpy(out + 10, &sum, 2);
	} else {
		out[0] = 0x60;
		put_u16(out + 4, (uint16_t)len);
		out[6] = flow->protocol;
		out[7] = 64;
	}
	transport_checksum(flow->protocol, flow->family, addresses, out + header, len);
	return header + len;
}

/* What became of a packet. */
enum seen {
	SEEN_NOTHING,
	SEEN_FORWARDED,
	SEEN_REFUSED,   /* a reset or an ICMP error came back */
	SEEN_ELSEWHERE, /* left by the wrong interface */
};

static bool is_same_packet(const uint8_t *sent, size_t sent_len, const uint8_t *got, size_t got_len)
{
	size_t header = sent[0] >> 4 == 4 ? 20 : 40;
	size_t addresses = header == 20 ? 12 : 8, addr_len = header == 20 ? 8 : 32;

	/* Hop limit and header checksum change on the way. */
	return got_len == sent_len && got[0] >> 4 == sent[0] >> 4 &&
	       memcmp(sent + addresses, got + addresses, addr_len) == 0 &&
	       memcmp(sent + header, got + header, sent_len - header) == 0;
}

static bool is_refusal(const uint8_t *got, size_t len)
{
	size_t header = got[0] >> 4 == 4 ? 20 : 40;
	uint8_t protocol = header == 20 ? got[9] : got[6];

	if (len < header + 8)
		return false;
	if (protocol == IPPROTO_ICMP)
		return got[header] == ICMP_DEST_UNREACH;
	if (protocol == IPPROTO_ICMPV6)
		return got[header] == ICMP6_DST_UNREACH;
	return protocol == IPPROTO_TCP && len >= header + 20 && (got[header + 13] & 0x04);
}

static enum seen packet_send(const struct flow *flow, bool reply)
{
	const struct port *in = reply ? flow->out : flow->in;
	const struct port *out = reply ? flow->in : flow->out;
	uint8_t sent[128], got[2048];
	size_t len = packet_build(flow, reply, sent);
	enum seen seen = SEEN_NOTHING;

	if (write(in->fd, sent, len) != (ssize_t)len) {
		(void)fprintf(stderr, "differential: write to %s: %s\n", in->interface,
			      strerror(errno));
		exit(1);
	}
	for (size_t i = 0; i < N_PORTS; i++) {
		ssize_t n;

		while ((n = read(ports[i].fd, got, sizeof(got))) > 0) {
			if (is_same_packet(sent, len, got, (size_t)n))
				seen = &ports[i] == out ? SEEN_FORWARDED : SEEN_ELSEWHERE;
			else if (&ports[i] == in && is_refusal(got, (size_t)n))
				seen = SEEN_REFUSED;
			/* anything else: router solicitations, MLD reports of the gateway */
		}
	}
	return seen;
}

static void random_transport(struct flow *flow)
{
	static const uint16_t dest_ports[] = { 80,   443,  53,   999,  1000, 1005,
					       1010, 1020, 1021, 1030, 1031, 22 };

	flow->source_port = (uint16_t)(1024 + random_below(60000));
	flow->dest_port = dest_ports[random_below(GW_COUNT(dest_ports))];
	switch (random_below(8)) {
	case 0:
		flow->protocol = flow->family == GW_FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
		flow->dest_port = flow->family == GW_FAMILY_IPV4 ? 8 << 8 : 128 << 8;
		break;
	case 1:
		flow->protocol = IPPROTO_GRE;
		flow->dest_port = 0;
		break;
	case 2:
		flow->protocol = 99;
		flow->dest_port = 0;
		break;
	case 3:
		flow->protocol = IPPROTO_SCTP;
		break;
	case 4:
	case 5:
		flow->protocol = IPPROTO_UDP;
		break;
	default:
		flow->protocol = IPPROTO_TCP;
		break;
	}
}

/*
 * Protocols without ports have one connection for each pair of addresses, in whichever direction it
 * was opened: a second packet of the pair is not a new connection. So every pair is used once.
 */
#define PAIRS_MAX 65536u

static bool pair_is_fresh(const struct flow *flow)
{
	static uint64_t used[PAIRS_MAX]; /* open addressing; 0 is free */
	gw_u128 sum = flow->source + flow->dest, product = flow->source ^ flow->dest;
	uint64_t hash = (uint64_t)sum * UINT64_C(0x9e3779b97f4a7c15) ^
			(uint64_t)(sum >> 64) * UINT64_C(0xc2b2ae3d27d4eb4f) ^
			(uint64_t)product * UINT64_C(0x165667b19e3779f9) ^
			(uint64_t)(product >> 64) ^ flow->protocol;

	for (size_t i = 0; i < PAIRS_MAX; i++) {
		uint64_t *slot = &used[(hash + i) % PAIRS_MAX];

		if (*slot == hash)
			return false;
		if (*slot == 0) {
			*slot = hash;
			return true;
		}
	}
	return false;
}

static struct flow random_flow(void)
{
	struct flow flow = { .family = random_chance(60) ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6 };
	unsigned int from = random_below(N_NETS);

	flow.source = random_host(flow.family, from);
	flow.in = port_of_address(flow.family, flow.source);
	if (random_chance(8))
		flow.in = &ports[random_below(N_PORTS)]; /* mostly spoofed */
	do
		flow.dest = random_host(flow.family, random_below(N_NETS));
	while (flow.dest == flow.source);
	flow.out = port_of_address(flow.family, flow.dest);
	if (random_chance(10)) {
		const struct port *own = &ports[random_below(N_PORTS)];
		char text[64];
		struct gw_range range;
		enum gw_family family;

		(void)snprintf(text, sizeof(text), "%s",
			       flow.family == GW_FAMILY_IPV4 || !own->addr6 ? own->addr4
									    : own->addr6);
		*strchr(text, '/') = '\0';
		if (gw_addr_parse(text, &family, &range) == GW_ADDR_OK && family == flow.family) {
			flow.dest = range.lo;
			flow.out = NULL;
		}
	}
	do
		random_transport(&flow);
	while ((flow.protocol == IPPROTO_GRE || flow.protocol == 99) && !pair_is_fresh(&flow));
	return flow;
}

/* ---- judging ------------------------------------------------------------------------------ */

struct round {
	const struct gw_policy *policy;
	int64_t now;
	const char *yaml;
	size_t judged, mismatches, accepted;
};

/* The strict way-back check, which gw_decide does not know: routes are the kernel's. */
static bool is_way_back(const struct flow *flow)
{
	return port_of_address(flow->family, flow->source) == flow->in;
}

static struct gw_decision flow_decide(const struct round *round, const struct flow *flow)
{
	const struct gw_zone *from = gw_policy_zone(round->policy, flow->in->zone);
	const struct gw_zone *to =
		flow->out ? gw_policy_zone(round->policy, flow->out->zone) : NULL;
	struct gw_packet packet = { flow->family, flow->source, flow->dest,
				    gw_service_key(flow->protocol, flow->dest_port) };

	return gw_decide(round->policy, from, to, &packet, round->now);
}

static void mismatch(struct round *round, const struct flow *flow, const char *what,
		     const struct gw_decision *decision, enum seen seen)
{
	static const char *const seen_names[] = { "nothing", "forwarded", "refused",
						  "left elsewhere" };
	char source[GW_ADDR_TEXT], dest[GW_ADDR_TEXT];

	round->mismatches++;
	if (round->mismatches > 10)
		return;
	(void)printf("MISMATCH %s: %s %s -> %s %s protocol %u port %u:%u: decided %s by %s, "
		     "seen: %s\n",
		     what, flow->in->interface, gw_addr_format(flow->family, flow->source, source),
		     flow->out ? flow->out->interface : "gateway",
		     gw_addr_format(flow->family, flow->dest, dest), flow->protocol,
		     flow->source_port, flow->dest_port, gw_action_name(decision->action),
		     decision->rule ? decision->rule->id : "no rule", seen_names[seen]);
}

static enum gw_action expected_action(const struct flow *flow, const struct gw_decision *decision)
{
	if (!is_way_back(flow))
		return GW_ACTION_DROP;
	return decision->action;
}

static bool agrees(const struct flow *flow, enum gw_action action, enum seen seen)
{
	switch (action) {
	case GW_ACTION_ACCEPT:
		if (flow->out)
			return seen == SEEN_FORWARDED;
		/* Nothing listens on the gateway: its own stack refuses, echo is answered. */
		if (flow->protocol == IPPROTO_TCP || flow->protocol == IPPROTO_UDP)
			return seen == SEEN_REFUSED;
		return seen != SEEN_FORWARDED && seen != SEEN_ELSEWHERE;
	case GW_ACTION_REJECT:
		return seen == SEEN_REFUSED;
	case GW_ACTION_DROP:
		return seen == SEEN_NOTHING;
	}
	return false;
}

static void judge_new(struct round *round, const struct flow *flow)
{
	struct gw_decision decision = flow_decide(round, flow);
	enum seen seen = packet_send(flow, false);
	enum gw_action action = expected_action(flow, &decision);

	round->judged++;
	if (action == GW_ACTION_ACCEPT)
		round->accepted++;
	if (!agrees(flow, action, seen))
		mismatch(round, flow, "new", &decision, seen);
}

/* A connection of an earlier round: passes in both directions if the new policy accepts it. */
static void judge_old(struct round *round, const struct flow *flow)
{
	struct gw_decision decision = flow_decide(round, flow);
	bool accept = decision.action == GW_ACTION_ACCEPT;
	enum seen seen;

	/* The reply first: nothing but the connection's own addresses can tell its rule. */
	seen = packet_send(flow, true);
	round->judged++;
	if ((seen == SEEN_FORWARDED) != accept)
		mismatch(round, flow, "reply of an old connection", &decision, seen);
	seen = packet_send(flow, false);
	round->judged++;
	if ((seen == SEEN_FORWARDED) != accept)
		mismatch(round, flow, "old connection", &decision, seen);
}

/* ---- rounds ------------------------------------------------------------------------------- */

#define RULES_MAX 60u
#define OLD_MAX   64u

struct state {
	uint64_t rule_seeds[RULES_MAX];
	struct gw_kernel *kernel;
	struct gw_config *config;
	struct gw_numbers *numbers;
	struct gw_kernel_features features;
	struct flow old[OLD_MAX];
	size_t n_old;
};

static void fail(const char *what, const struct gw_diags *diags, const char *yaml)
{
	(void)printf("differential: %s\n%s\n", what, yaml);
	gw_diags_print(diags, stdout, false);
	exit(1);
}

static void apply(struct state *state, const struct gw_text *yaml, int64_t now)
{
	struct gw_conf_file file = { "gw.yaml", yaml->bytes, yaml->len };
	struct gw_kernel_error refusal = { 0 };
	struct gw_ruleset *desired, *observed = NULL, *after = NULL;
	struct gw_config *config;
	struct gw_numbers *numbers;
	struct gw_diags diags;
	struct gw_plan *plan;
	int error;

	gw_diags_init(&diags);
	config = gw_config_load_files(&file, 1, now, &diags);
	if (!config->policy)
		fail("the random policy does not load", &diags, yaml->bytes);
	numbers = gw_numbers_assign(config->policy, state->numbers,
				    state->config ? state->config->policy : NULL, &diags);
	desired =
		numbers ? gw_compile(config->policy, numbers, &state->features, now, &diags) : NULL;
	if (!desired)
		fail("the random policy does not compile", &diags, yaml->bytes);
	error = state->kernel->ops->observe(state->kernel, &observed);
	if (error)
		fail("cannot observe", &diags, strerror(-error));
	plan = gw_plan_diff(desired, observed);
	error = plan->n_ops ? state->kernel->ops->commit(state->kernel, plan, &refusal) : 0;
	if (error) {
		gw_kernel_diagnose(plan, error, &refusal, &diags);
		fail("the kernel refused the plan", &diags, yaml->bytes);
	}
	gw_plan_free(plan);
	if (state->kernel->ops->observe(state->kernel, &after))
		fail("cannot observe", &diags, "");
	plan = gw_plan_diff(desired, after);
	if (plan->n_ops) {
		gw_auto_text struct gw_text text = { 0 };

		gw_plan_print(plan, &text);
		fail("a second plan is not empty", &diags, text.bytes);
	}
	gw_plan_free(plan);
	gw_ruleset_free(after);
	gw_ruleset_free(observed);
	gw_ruleset_free(desired);
	gw_config_free(state->config);
	gw_numbers_free(state->numbers);
	state->config = config;
	state->numbers = numbers;
	gw_diags_done(&diags);
}

static void remember(struct state *state, const struct flow *flow)
{
	/* UDP only: a TCP connection that is half open would need a whole handshake. */
	if (flow->protocol != IPPROTO_UDP || !flow->out)
		return;
	if (state->n_old < OLD_MAX)
		state->old[state->n_old++] = *flow;
	else
		state->old[random_below(OLD_MAX)] = *flow;
}

static size_t round_run(struct state *state, unsigned int packets, uint64_t seed, int64_t now,
			size_t *judged, size_t *accepted)
{
	gw_auto_text struct gw_text yaml = { 0 };
	struct round round = { .now = now };
	size_t n_rules = 10 + random_below(RULES_MAX - 9); /* some of every section */

	/* A few rules change from round to round, sometimes all of them. */
	for (size_t i = 0; i < RULES_MAX; i++)
		if (!state->rule_seeds[i] || random_chance(seed % 5 == 0 ? 100 : 15))
			state->rule_seeds[i] = random_u64();
	policy_text(&yaml, state->rule_seeds, n_rules, seed, now);
	apply(state, &yaml, now);
	round.policy = state->config->policy;
	round.yaml = yaml.bytes;
	random_state = seed ^ UINT64_C(0x5deece66d);
	for (size_t i = 0; i < state->n_old; i++)
		judge_old(&round, &state->old[i]);
	state->n_old = 0;
	for (unsigned int i = 0; i < packets; i++) {
		struct flow flow = random_flow();
		size_t before = round.accepted;

		judge_new(&round, &flow);
		if (round.accepted > before)
			remember(state, &flow);
	}
	if (round.mismatches)
		(void)printf("%zu mismatches in the round of seed %" PRIu64 "; its policy:\n%s\n",
			     round.mismatches, seed, yaml.bytes);
	*judged += round.judged;
	*accepted += round.accepted;
	return round.mismatches;
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 40;
	unsigned int packets = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 600;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	struct state state = { 0 };
	size_t judged = 0, accepted = 0, mismatches = 0;
	int64_t now = (int64_t)time(NULL);
	int error = gateway_set_up();

	if (!error)
		error = gw_kernel_open(&state.kernel);
	if (!error)
		error = state.kernel->ops->features(state.kernel, &state.features);
	if (error) {
		(void)printf("skipped: no namespace, TUN device or nf_tables: %s\n",
			     strerror(-error));
		return SKIPPED;
	}
	sysctl_write("/proc/sys/net/netfilter/nf_conntrack_checksum", "0");
	for (unsigned int i = 0; i < rounds && !mismatches; i++) {
		random_state = seed + i;
		mismatches += round_run(&state, packets, seed + i, now, &judged, &accepted);
	}
	(void)printf("%zu packets judged in %u rounds, %zu of the new ones accepted, "
		     "%zu mismatches (seed %" PRIu64 ")\n",
		     judged, rounds, accepted, mismatches, seed);
	gw_config_free(state.config);
	gw_numbers_free(state.numbers);
	gw_kernel_free(state.kernel);
	return mismatches || !accepted ? 1 : 0;
}
