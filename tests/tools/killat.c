/*
 * Kills a running process at one exact step: just before its Nth system call that leaves a trace
 * outside of it (files made, written, synced, renamed, removed; messages sent), so that a test can let it
 * die at every step of what it does, one after the other.
 *
 *	killat PROCESS N        prints "ready", then at the end "killed before NAME" or "N steps" if it
 *	                        did fewer until SIGTERM
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Calls of a step, by number; those that the machine's architecture lacks are left out. */
static const struct {
	long number;
	const char *name;
} steps[] = {
	{ SYS_openat, "openat" },       { SYS_write, "write" },
	{ SYS_pwrite64, "pwrite" },     { SYS_fsync, "fsync" },
	{ SYS_fdatasync, "fdatasync" }, { SYS_ftruncate, "ftruncate" },
	{ SYS_renameat2, "renameat2" }, { SYS_unlinkat, "unlinkat" },
	{ SYS_mkdirat, "mkdirat" },     { SYS_sendto, "sendto" },
	{ SYS_sendmsg, "sendmsg" },
#ifdef SYS_renameat
	{ SYS_renameat, "renameat" },
#endif
#ifdef SYS_rename
	{ SYS_rename, "rename" },
#endif
#ifdef SYS_unlink
	{ SYS_unlink, "unlink" },
#endif
#ifdef SYS_mkdir
	{ SYS_mkdir, "mkdir" },
#endif
};

static volatile sig_atomic_t ended;

static void end(int number)
{
	(void)number;
	ended = 1;
}

/* The name of the step that the stopped thread is about to take; NULL if it is none. */
static const char *step_of(pid_t thread)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return NULL;
	if (info.entry.nr == SYS_openat && !(info.entry.args[2] & O_CREAT))
		return NULL;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if ((long)info.entry.nr == steps[i].number)
			return steps[i].name;
	return NULL;
}

/* A signal on its way to the process is passed on. */
static int signal_of(int status)
{
	int number = WSTOPSIG(status);

	return status >> 16 || number == (SIGTRAP | 0x80) ? 0 : number;
}

static int trace(pid_t process, unsigned long wanted)
{
	unsigned long n = 0;
	int status;

	for (;;) {
		pid_t thread = waitpid(-1, &status, __WALL);
		const char *name;

		if (thread < 0 && errno == EINTR && ended)
			break;
		if (thread < 0 && errno == EINTR)
			continue;
		if (thread < 0)
			return 1;
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (thread != process)
				continue;
			(void)printf("%lu steps, and then it ended\n", n);
			return 0;
		}
		name = WSTOPSIG(status) == (SIGTRAP | 0x80) ? step_of(thread) : NULL;
		if (name && ++n == wanted) {
			(void)kill(process, SIGKILL); /* it is there: we hold it */
			(void)printf("killed before %s\n", name);
			return 0;
		}
		/* Fails for a thread that has just ended. */
		(void)ptrace(PTRACE_SYSCALL, thread, 0, signal_of(status));
	}
	(void)printf("%lu steps\n", n);
	return 0; /* the process goes on when its tracer ends */
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = end };
	pid_t process;

	if (argc != 3) {
		(void)fputs("usage: killat PROCESS N\n", stderr);
		return 64;
	}
	process = (pid_t)strtol(argv[1], NULL, 10);
	(void)sigaction(SIGTERM, &action, NULL); /* cannot fail for this signal */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (ptrace(PTRACE_SEIZE, process, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE) < 0 ||
	    ptrace(PTRACE_INTERRUPT, process, 0, 0) < 0) {
		(void)fprintf(stderr, "killat: %s\n", strerror(errno));
		return 77;
	}
	(void)puts("ready");
	return trace(process, strtoul(argv[2], NULL, 10));
}
