#include "gw/agent/confinement.h"

#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>

#include "gw/core/sandbox.h"

static const struct gw_loc nowhere;

/* By what they are for. No exec, no mount, no ptrace, no module, no clock, no new namespace. */
static const char *const calls[] = {
	/* files of the state directory, /proc, terminals */
	"access", "chmod", "close", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fallocate",
	"fchmod", "fchmodat", "fchown", "fcntl", "fdatasync", "flock", "fstat", "fstatfs", "fsync",
	"ftruncate", "getcwd", "getdents64", "ioctl", "linkat", "lseek", "lstat", "memfd_create",
	"mkdir", "mkdirat", "newfstatat", "open", "openat", "openat2", "pread64", "preadv",
	"pwrite64", "pwritev", "read", "readlink", "readlinkat", "readv", "rename", "renameat",
	"renameat2", "stat", "statfs", "statx", "sync_file_range", "umask", "unlink", "unlinkat",
	"utimensat", "write", "writev",
	/* sockets: netlink, our own, the service manager's, the name service's */
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt",
	"listen", "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt",
	"shutdown", "socket", "socketpair",
	/* the loop, timers, threads */
	"clock_getres", "clock_gettime", "clock_nanosleep", "clone", "clone3", "epoll_create1",
	"epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd2", "gettimeofday",
	"nanosleep", "pipe2", "poll", "ppoll", "prctl", "rseq", "rt_sigaction", "sched_getaffinity",
	"sched_yield", "set_robust_list", "set_tid_address", "signalfd4", "sigaltstack",
	"timerfd_create", "timerfd_gettime", "timerfd_settime", "wait4",
	/* who asks, what the machine is, is the clock right */
	"adjtimex", "capget", "clock_adjtime", "getegid", "geteuid", "getgid", "getgroups",
	"getpgrp", "getppid", "getrandom", "getresgid", "getresuid", "getrusage", "getsid",
	"getuid", "prlimit64", "sysinfo", "uname", NULL
};

enum gw_exit gw_agent_confine(const struct gw_agent *agent, struct gw_diags *diags)
{
	const struct gw_sandbox_path paths[] = {
		{ agent->state_dir, GW_SANDBOX_WRITE },
		{ agent->run_dir, GW_SANDBOX_WRITE },
		{ "/proc", GW_SANDBOX_READ },
		{ "/proc/sys/net", GW_SANDBOX_WRITE },
		{ "/sys", GW_SANDBOX_READ },
		{ "/etc", GW_SANDBOX_READ },
		{ "/usr", GW_SANDBOX_READ },
		{ "/lib", GW_SANDBOX_READ },
		{ "/run", GW_SANDBOX_READ },
		{ "/var/lib", GW_SANDBOX_READ },  /* leases of DHCP servers */
		{ "/dev/pts", GW_SANDBOX_WRITE }, /* terminals, for announcements */
		{ "/dev/tty1", GW_SANDBOX_WRITE },
		{ "/dev/ttyS0", GW_SANDBOX_WRITE },
		{ NULL, GW_SANDBOX_READ },
	};
	const struct gw_sandbox sandbox = {
		.capabilities = UINT64_C(1) << CAP_NET_ADMIN,
		.paths = paths,
		.calls = calls,
	};
	struct gw_sandbox_missing missing;
	int err;

	/* What is in its memory is nobody's business. */
	if (setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 }) < 0) {
		gw_diag(diags, GW_D_AGENT_CONFINEMENT, nowhere,
			"core dumps cannot be switched off: %s", strerror(errno));
		return GW_EXIT_FAILED;
	}
	(void)getpwuid(0); /* lets the name service load what it needs */
	err = gw_sandbox_enter(&sandbox, &missing);
	if (err) {
		gw_diag(diags, GW_D_AGENT_CONFINEMENT, nowhere, "the agent cannot be confined: %s",
			strerror(-err));
		return GW_EXIT_FAILED;
	}
	if (missing.landlock)
		gw_diag(diags, GW_D_AGENT_NO_LANDLOCK, nowhere,
			"this kernel has no Landlock: the file system stays open to the agent");
	return GW_EXIT_OK;
}
