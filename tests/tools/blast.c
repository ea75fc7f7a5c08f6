/*
 * Sends small UDP packets as fast as one core can for a while and prints how many per second it
 *sent, in thousands. Between namespaces over veth the receiving side's work is done on the sender's
 * time, so this is the rate of the whole path through a gateway namespace.
 *
 *	blast ADDRESS PORT SECONDS
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH        64
#define PAYLOAD      18 /* the smallest Ethernet frame */
#define BATCHES_EACH 20 /* between two looks at the clock */

static double now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static char payload[PAYLOAD];
	struct iovec iov = { payload, sizeof(payload) };
	struct mmsghdr messages[BATCH];
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(4000) };
	double start, elapsed, seconds;
	unsigned long sent = 0;
	int fd;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		(void)fputs("usage: blast ADDRESS PORT SECONDS\n", stderr);
		return 64;
	}
	to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	seconds = strtod(argv[3], NULL);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror("blast");
		return 1;
	}
	memset(messages, 0, sizeof(messages));
	/* Zeroes would be a special case for what looks into packets. */
	memset(payload, 0xa5, sizeof(payload));
	for (int i = 0; i < BATCH; i++) {
		messages[i].msg_hdr.msg_iov = &iov;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	start = now_s();
	do {
		for (int i = 0; i < BATCHES_EACH; i++) {
			int n = sendmmsg(fd, messages, BATCH, 0);

			if (n > 0)
				sent += (unsigned long)n;
		}
		elapsed = now_s() - start;
	} while (elapsed < seconds);
	(void)printf("%.1f\n", (double)sent / elapsed / 1e3);
	(void)close(fd);
	return 0;
}
