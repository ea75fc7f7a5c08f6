/*
 * A flow of numbered UDP packets, to count exactly what a change of rules does to it.
 *
 *	sequence send ADDRESS PORT PACKETS_PER_SECOND SECONDS [SOURCE_PORT]   prints "sent N"
 *	sequence receive ADDRESS PORT      until SIGTERM; prints "received N lost M"
 *	sequence push ADDRESS PORT PACKETS_PER_SECOND SECONDS
 *		waits for one packet on ADDRESS:PORT, then sends numbered packets back to its
 *		sender: a server that talks while its client is silent; prints "sent N"
 *	sequence pull ADDRESS PORT SECONDS      the client of push: sends one packet, then only
 *listens
 *
 * `lost` counts the numbers below the highest one seen that never came.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static double now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int socket_open(const char *address, const char *port, int listening, const char *own_port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM,
				  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *info = NULL;
	int fd = -1;

	if (getaddrinfo(address, port, &hints, &info) != 0)
		return -1;
	fd = socket(info->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && own_port) {
		struct sockaddr_storage own = { .ss_family = (sa_family_t)info->ai_family };

		/* The port is in the same place for both families. */
		((struct sockaddr_in *)&own)->sin_port =
			htons((uint16_t)strtoul(own_port, NULL, 10));
		if (bind(fd, (struct sockaddr *)&own, info->ai_addrlen) < 0)
			perror("bind");
	}
	if (fd >= 0 && (listening ? bind : connect)(fd, info->ai_addr, info->ai_addrlen) < 0) {
		perror(listening ? "bind" : "connect");
		(void)close(fd);
		fd = -1;
	}
	freeaddrinfo(info);
	return fd;
}

static int send_numbers(int fd, double rate, double seconds)
{
	double start = now_s(), due = start;
	uint64_t number = 0;

	while (!stopped && now_s() - start < seconds) {
		struct timespec pause;
		double wait;

		number++;
		if (send(fd, &number, sizeof(number), 0) < 0 && errno != ECONNREFUSED &&
		    errno != EPERM)
			perror("send");
		due += 1 / rate;
		wait = due - now_s();
		if (wait <= 0)
			continue;
		pause.tv_sec = (time_t)wait;
		pause.tv_nsec = (long)((wait - (double)pause.tv_sec) * 1e9);
		(void)nanosleep(&pause, NULL);
	}
	(void)printf("sent %lu\n", (unsigned long)number);
	return 0;
}

static int receive_numbers(int fd, double seconds)
{
	struct timeval timeout = { .tv_usec = 100000 };
	int buffer = 64 << 20;
	double start = now_s();
	uint64_t received = 0, highest = 0, number;

	/* Large enough that a pause of this process does not look like a loss on the way. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	while (!stopped && (seconds <= 0 || now_s() - start < seconds)) {
		if (recv(fd, &number, sizeof(number), 0) != (ssize_t)sizeof(number))
			continue;
		received++;
		if (number > highest)
			highest = number;
	}
	(void)printf("received %lu lost %lu\n", (unsigned long)received,
		     (unsigned long)(highest - received));
	return 0;
}

static int push_numbers(int fd, double rate, double seconds)
{
	struct sockaddr_storage client;
	socklen_t len = sizeof(client);
	uint64_t hello;

	if (recvfrom(fd, &hello, sizeof(hello), 0, (struct sockaddr *)&client, &len) < 0 ||
	    connect(fd, (struct sockaddr *)&client, len) < 0) {
		perror("push");
		return 1;
	}
	return send_numbers(fd, rate, seconds);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	const char *mode = argc > 3 ? argv[1] : "";
	int fd, listening = strcmp(mode, "receive") == 0 || strcmp(mode, "push") == 0;

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	if (!*mode) {
		(void)fputs("usage: sequence send|receive|push|pull ADDRESS PORT ...\n", stderr);
		return 64;
	}
	fd = socket_open(argv[2], argv[3], listening,
			 strcmp(mode, "send") == 0 && argc > 6 ? argv[6] : NULL);
	if (fd < 0)
		return 1;
	if (strcmp(mode, "send") == 0 && argc > 5)
		return send_numbers(fd, strtod(argv[4], NULL), strtod(argv[5], NULL));
	if (strcmp(mode, "receive") == 0)
		return receive_numbers(fd, 0);
	if (strcmp(mode, "push") == 0 && argc > 5)
		return push_numbers(fd, strtod(argv[4], NULL), strtod(argv[5], NULL));
	if (strcmp(mode, "pull") == 0 && argc > 4) {
		uint64_t hello = 0;

		if (send(fd, &hello, sizeof(hello), 0) < 0)
			perror("pull");
		return receive_numbers(fd, strtod(argv[4], NULL));
	}
	(void)fputs("sequence: arguments missing\n", stderr);
	return 64;
}
