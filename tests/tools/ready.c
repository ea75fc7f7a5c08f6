/*
 * Starts a daemon and tells when it is ready, how large it then becomes, and kills it:
 *
 *	ready SECONDS PROGRAM [ARGUMENT...]
 *
 * Prints "READY-MS RESIDENT-KB PEAK-KB": milliseconds from its start to READY=1, and what the kernel says
 * of its memory so many seconds later.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A field of /proc/PID/status in kB; 0 if it is not there. */
static long memory_of(pid_t pid, const char *field)
{
	char path[64], line[256];
	long value = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, field, strlen(field)) == 0)
			value = strtol(line + strlen(field) + 1, NULL, 10);
	if (file)
		(void)fclose(file);
	return value;
}

static int listen_for_notices(struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* Bound to no name, the kernel gives an abstract one. */
	socklen_t size = sizeof(*address);
	struct sockaddr_un any = { .sun_family = AF_UNIX };

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any.sun_family)) < 0 ||
	    getsockname(fd, (struct sockaddr *)address, &size) < 0)
		return -1;
	address->sun_path[0] = '@';
	address->sun_path[size - sizeof(any.sun_family)] = '\0';
	return fd;
}

static bool wait_until_ready(int fd)
{
	char notice[4096];
	ssize_t n;

	while ((n = recv(fd, notice, sizeof(notice) - 1, 0)) > 0) {
		notice[n] = '\0';
		if (strstr(notice, "READY=1"))
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct timeval patience = { 60, 0 };
	struct sockaddr_un address;
	double start, ready;
	pid_t pid;
	int fd;

	if (argc < 3) {
		(void)fputs("usage: ready SECONDS PROGRAM [ARGUMENT...]\n", stderr);
		return 64;
	}
	fd = listen_for_notices(&address);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    setenv("NOTIFY_SOCKET", address.sun_path, 1) < 0)
		return 1;
	start = now_ms();
	pid = fork();
	if (pid == 0) {
		(void)execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || !wait_until_ready(fd)) {
		(void)fprintf(stderr, "ready: %s was not ready in time\n", argv[2]);
		if (pid > 0)
			(void)kill(pid, SIGKILL);
		return 1;
	}
	ready = now_ms();
	(void)sleep((unsigned int)strtoul(argv[1], NULL, 10));
	(void)printf("%.0f %ld %ld\n", ready - start, memory_of(pid, "VmRSS:"),
		     memory_of(pid, "VmHWM:"));
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return 0;
}
