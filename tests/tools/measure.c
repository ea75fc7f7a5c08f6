/*
 * Runs a command and prints its wall-clock milliseconds and its largest resident size in megabytes
 *to standard error's place: file descriptor 3 if it is open, else standard error. The command's
 * exit code is passed on.
 *
 *	measure COMMAND [ARGUMENT…]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec start, end;
	struct rusage usage;
	int status, out = fcntl(3, F_GETFD) >= 0 ? 3 : STDERR_FILENO;
	pid_t child;

	if (argc < 2) {
		(void)fputs("usage: measure COMMAND [ARGUMENT...]\n", stderr);
		return 64;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	child = fork();
	if (child == 0) {
		(void)execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
		(void)fprintf(stderr, "measure: %s\n", strerror(errno));
		return 1;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	(void)dprintf(out, "%.1f %.1f\n",
		      (double)(end.tv_sec - start.tv_sec) * 1e3 +
			      (double)(end.tv_nsec - start.tv_nsec) / 1e6,
		      (double)usage.ru_maxrss / 1024);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
