/*
 * Frames as they are: sent from text, sent in floods, heard and written down.
 *
 *	ether send IFACE               frames of standard input, "NAME HEX" a line, # begins a remark
 *	ether flood IFACE SECONDS      the first of them as fast as it goes; prints how many
 *	ether repeat IFACE ROUNDS      all of them, so many times
 *	ether churn IFACE FRAMES       likewise so many, each from an IPv6 address of its own
 *	ether hear IFACE               what comes in, a line of hex each, until SIGTERM
 *
 * Hearing puts the tag back that the kernel takes off, so that a frame is the one that was sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 9000
#define BURST     64

static int die(const char *what)
{
	fprintf(stderr, "ether: %s: %s\n", what, strerror(errno));
	return 1;
}

static int open_socket(const char *interface, bool hears)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
				    .sll_protocol = hears ? htons(ETH_P_ALL) : 0,
				    .sll_ifindex = (int)if_nametoindex(interface) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || !addr.sll_ifindex || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -1;
	return fd;
}

static size_t read_hex(const char *text, uint8_t *frame)
{
	size_t n = 0;
	unsigned int octet;

	while (n < FRAME_MAX && sscanf(text, "%2x", &octet) == 1) {
		frame[n++] = (uint8_t)octet;
		text += 2;
	}
	return n;
}

/* The next frame of standard input; 0 at the end. */
static size_t next_frame(char *name, uint8_t *frame)
{
	static char line[2 * FRAME_MAX + 128];
	char hex[2 * FRAME_MAX + 1];

	while (fgets(line, sizeof(line), stdin))
		if (line[0] != '#' && sscanf(line, "%63s %18000s", name, hex) == 2)
			return read_hex(hex, frame);
	return 0;
}

/* What crosses a veth pair waits in a queue of the sender's CPU: on one, frames keep their order, those of
 * two runs as well. */
static void stay_on_one_cpu(void)
{
	cpu_set_t allowed, one;

	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return;
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		CPU_SET(cpu, &one);
		(void)sched_setaffinity(0, sizeof(one), &one); /* order is all that is lost */
		return;
	}
}

static int send_all(const char *interface)
{
	uint8_t frame[FRAME_MAX];
	char name[64];
	size_t len, n = 0;
	int fd = open_socket(interface, false);

	if (fd < 0)
		return die(interface);
	stay_on_one_cpu();
	while ((len = next_frame(name, frame))) {
		/* ENOBUFS: dropped on the way out, as a rule may want it. */
		if (send(fd, frame, len, 0) != (ssize_t)len && errno != ENOBUFS)
			return die(name);
		n++;
	}
	printf("%zu\n", n);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int flood(const char *interface, double seconds)
{
	int64_t end = now_ms() + (int64_t)(seconds * 1000);
	struct mmsghdr messages[BURST];
	uint8_t frame[FRAME_MAX];
	struct iovec part = { .iov_base = frame };
	char name[64];
	uint64_t n = 0;
	int fd = open_socket(interface, false);

	part.iov_len = next_frame(name, frame);
	if (fd < 0 || !part.iov_len)
		return die(interface);
	memset(messages, 0, sizeof(messages));
	for (size_t i = 0; i < BURST; i++) {
		messages[i].msg_hdr.msg_iov = &part;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while (now_ms() < end) {
		int sent = sendmmsg(fd, messages, BURST, 0);

		/* The device went down or its queue is full: it may come back. */
		if (sent > 0)
			n += (uint64_t)sent;
		else
			usleep(100);
	}
	printf("%llu\n", (unsigned long long)n);
	return 0;
}

static int repeat(const char *interface, uint64_t rounds)
{
	static uint8_t bytes[BURST][FRAME_MAX];
	struct mmsghdr messages[BURST] = { 0 };
	struct iovec parts[BURST];
	char name[64];
	unsigned int n = 0;
	uint64_t all = 0;
	int fd = open_socket(interface, false);

	while (n < BURST && (parts[n].iov_len = next_frame(name, bytes[n])) != 0) {
		parts[n].iov_base = bytes[n];
		messages[n].msg_hdr.msg_iov = &parts[n];
		messages[n].msg_hdr.msg_iovlen = 1;
		n++;
	}
	if (fd < 0 || !n)
		return die(interface);
	stay_on_one_cpu();
	for (uint64_t i = 0; i < rounds; i++) {
		unsigned int done = 0;

		while (done < n) {
			int sent = sendmmsg(fd, messages + done, n - done, 0);

			if (sent > 0)
				done += (unsigned int)sent;
			else if (errno != ENOBUFS)
				return die(interface);
		}
		all += n;
	}
	printf("%llu\n", (unsigned long long)all);
	return 0;
}

/* The last 8 octets of the source address of IPv6, behind Ethernet's header. */
#define SOURCE_AT 30u

static int churn(const char *interface, uint64_t frames)
{
	static uint8_t bytes[BURST][FRAME_MAX];
	struct mmsghdr messages[BURST] = { 0 };
	struct iovec parts[BURST];
	char name[64];
	/* Any odd number: as many addresses as there are frames. */
	uint64_t address = UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)getpid(), n = 0;
	size_t len = next_frame(name, bytes[0]);
	int fd = open_socket(interface, false);

	if (fd < 0 || len < SOURCE_AT + sizeof(address))
		return die(interface);
	for (size_t i = 0; i < BURST; i++) {
		memcpy(bytes[i], bytes[0], len);
		parts[i] = (struct iovec){ bytes[i], len };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while (n < frames) {
		unsigned int some = frames - n < BURST ? (unsigned int)(frames - n) : BURST;
		int sent;

		for (unsigned int i = 0; i < some; i++) {
			address += UINT64_C(0x9e3779b97f4a7c15);
			memcpy(bytes[i] + SOURCE_AT, &address, sizeof(address));
		}
		sent = sendmmsg(fd, messages, some, 0);
		if (sent > 0)
			n += (uint64_t)sent;
		else
			usleep(100);
	}
	printf("%llu\n", (unsigned long long)n);
	return 0;
}

/* The tag of `message` in front of the type, where it was. */
static size_t put_tag(struct msghdr *message, uint8_t *frame, size_t len)
{
	struct cmsghdr *control;
	struct tpacket_auxdata aux;

	for (control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
		uint16_t tag[2];

		if (control->cmsg_level != SOL_PACKET || control->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(control), sizeof(aux));
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID) || len < 12 || len + 4 > FRAME_MAX)
			return len;
		tag[0] = htons(aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid
									 : ETH_P_8021Q);
		tag[1] = htons(aux.tp_vlan_tci);
		memmove(frame + 16, frame + 12, len - 12);
		memcpy(frame + 12, tag, 4);
		return len + 4;
	}
	return len;
}

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static int hear(const char *interface)
{
	const struct sigaction action = { .sa_handler = stop };
	int fd = open_socket(interface, true), on = 1, room = 16 << 20;
	uint8_t frame[FRAME_MAX];

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0)
		return die(interface);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	sigaction(SIGTERM, &action, NULL);
	puts("ready");
	fflush(stdout);
	while (!stopped) {
		uint8_t control[256];
		struct iovec part = { .iov_base = frame, .iov_len = sizeof(frame) };
		struct msghdr message = { .msg_iov = &part,
					  .msg_iovlen = 1,
					  .msg_control = control,
					  .msg_controllen = sizeof(control) };
		ssize_t len = recvmsg(fd, &message, 0);

		if (len <= 0)
			continue;
		len = (ssize_t)put_tag(&message, frame, (size_t)len);
		for (ssize_t i = 0; i < len; i++)
			printf("%02x", frame[i]);
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "send") == 0)
		return send_all(argv[2]);
	if (argc == 4 && strcmp(argv[1], "flood") == 0)
		return flood(argv[2], strtod(argv[3], NULL));
	if (argc == 4 && strcmp(argv[1], "repeat") == 0)
		return repeat(argv[2], strtoull(argv[3], NULL, 10));
	if (argc == 4 && strcmp(argv[1], "churn") == 0)
		return churn(argv[2], strtoull(argv[3], NULL, 10));
	if (argc == 3 && strcmp(argv[1], "hear") == 0)
		return hear(argv[2]);
	fputs("usage: ether send IFACE | flood IFACE SECONDS | repeat IFACE ROUNDS | churn IFACE "
	      "FRAMES | "
	      "hear IFACE\n",
	      stderr);
	return 64;
}
