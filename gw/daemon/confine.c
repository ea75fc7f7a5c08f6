/* What a module keeps of its powers: no capability, its own folders, and the calls of a loop. */
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>

#include "gw/core/mem.h"
#include "gw/daemon/daemon.h"

#define PATHS_MAX 24u
#define CALLS_MAX 160u

/* No exec, no thread, no mount, no ptrace, no clock, no new namespace. */
static const char *const calls[] = {
	/* files */
	"access", "chmod", "close", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fchmod",
	"fcntl", "fdatasync", "flock", "fstat", "fstatfs", "fsync", "ftruncate", "getcwd",
	"getdents64", "lseek", "lstat", "memfd_create", "mkdir", "mkdirat", "newfstatat", "open",
	"openat", "pread64", "pwrite64", "read", "readlink", "readlinkat", "readv", "rename",
	"renameat", "renameat2", "stat", "statx", "umask", "unlink", "unlinkat", "write", "writev",
	/* sockets: gwd's, its own, netlink for what is read, the name service's */
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "ioctl",
	"listen", "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt",
	"shutdown", "socket", "socketpair",
	/* the loop */
	"clock_getres", "clock_gettime", "clock_nanosleep", "epoll_create1", "epoll_ctl",
	"epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd2", "gettimeofday", "nanosleep",
	"pipe2", "poll", "ppoll", "prctl", "rseq", "rt_sigaction", "set_robust_list",
	"set_tid_address", "sigaltstack", "timerfd_create", "timerfd_gettime", "timerfd_settime",
	/* who asks, what the machine is */
	"getegid", "geteuid", "getgid", "getgroups", "getppid", "getrandom", "getresgid",
	"getresuid", "getrusage", "getsid", "getuid", "prlimit64", "sysinfo", "uname", NULL
};

static const struct gw_sandbox_path paths[] = {
	{ "/etc", GW_SANDBOX_READ },
	{ "/proc", GW_SANDBOX_READ }, /* who is at the other end of a socket */
	{ "/usr/lib", GW_SANDBOX_READ },
	{ "/lib", GW_SANDBOX_READ }, /* what the name service loads */
	{ "/run/systemd", GW_SANDBOX_READ },
	{ NULL, GW_SANDBOX_READ },
};

static int limit(int resource, rlim_t value)
{
	struct rlimit now, wanted = { value, value };

	/* The service manager may have set a lower one, which cannot be raised again. */
	if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
		return -1;
	if (now.rlim_max < value)
		return 0;
	return setrlimit((__rlimit_resource_t)resource, &wanted);
}

/* A leak or a flood ends the module, and not the machine. */
static void set_limits(const struct gw_daemon *daemon)
{
	const struct gw_daemon_module *module = daemon->module;
	int err = limit(RLIMIT_CORE, 0) |
		  limit(RLIMIT_NOFILE, module->files_max ? module->files_max : 128);

#ifndef __SANITIZE_ADDRESS__ /* whose shadow is memory as well */
	if (module->memory_max)
		err |= limit(RLIMIT_DATA, module->memory_max);
#endif
	if (err)
		gw_daemon_say(daemon, "not all resource limits could be set");
}

int gw_daemon_confine(struct gw_daemon *daemon)
{
	struct gw_sandbox_path all_paths[PATHS_MAX] = {
		{ daemon->folder, GW_SANDBOX_WRITE },
		{ daemon->state_dir, GW_SANDBOX_WRITE },
	};
	const char *all_calls[CALLS_MAX] = { NULL };
	const struct gw_sandbox_path *more = daemon->module->paths;
	const char *const *more_calls = daemon->module->calls;
	struct gw_sandbox_missing missing;
	size_t n_paths = 2, n_calls = 0;
	int err;

	for (const struct gw_sandbox_path *path = paths; path->path; path++)
		all_paths[n_paths++] = *path;
	if (daemon->read_dir)
		all_paths[n_paths++] =
			(struct gw_sandbox_path){ daemon->read_dir, GW_SANDBOX_READ };
	for (; more && more->path && n_paths < PATHS_MAX - 1; more++)
		all_paths[n_paths++] = *more;
	for (const char *const *call = calls; *call; call++)
		all_calls[n_calls++] = *call;
	for (; more_calls && *more_calls && n_calls < CALLS_MAX - 1; more_calls++)
		all_calls[n_calls++] = *more_calls;
	set_limits(daemon);
	/* Lets the name service load what it needs. */
	(void)getpwuid(0);
	(void)getgrgid(0);
	(void)getgrnam("gw");
	err = gw_sandbox_enter(&(struct gw_sandbox){ .paths = all_paths, .calls = all_calls },
			       &missing);
	if (err)
		gw_daemon_say(daemon, "cannot give up its powers, and does not run with them: %s",
			      strerror(-err));
	daemon->landlock = !err && !missing.landlock;
	if (!err && missing.landlock)
		gw_daemon_say(daemon, "this kernel has no Landlock: the file system stays open");
	return err;
}
