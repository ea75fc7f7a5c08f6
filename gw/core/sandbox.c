#include "gw/core/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights that came with later versions of Landlock; the kernel's version says which it knows. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (UINT64_C(1) << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (UINT64_C(1) << 14)
#endif

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE                                                                               \
	(ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |             \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |                            \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REFER |   \
	 LANDLOCK_ACCESS_FS_TRUNCATE)
#define ACCESS_FILE                                                                                \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)
/* Everything of the first version is refused where no path allows it; of later ones, what is above. */
#define ACCESS_HANDLED                                                                             \
	(((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1) | LANDLOCK_ACCESS_FS_REFER |                     \
	 LANDLOCK_ACCESS_FS_TRUNCATE)

/* ---- capabilities ---------------------------------------------------------------------------- */

static int keep_capabilities(uint64_t wanted)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (unsigned long bit = 0; bit <= CAP_LAST_CAP; bit++) {
		/* Without CAP_SETPCAP the bounding set stays; no_new_privs makes it idle. */
		if (!(wanted >> bit & 1) && prctl(PR_CAPBSET_DROP, bit, 0, 0, 0) < 0 &&
		    errno != EPERM && errno != EINVAL)
			return -errno;
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		uint32_t keep = (uint32_t)(wanted >> (32 * i)) & data[i].permitted;

		data[i] = (struct __user_cap_data_struct){ keep, keep, 0 };
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* ---- file system ----------------------------------------------------------------------------- */

static uint64_t handled_by(long version)
{
	uint64_t handled = ACCESS_HANDLED;

	if (version < 2)
		handled &= ~(uint64_t)LANDLOCK_ACCESS_FS_REFER;
	if (version < 3)
		handled &= ~(uint64_t)LANDLOCK_ACCESS_FS_TRUNCATE;
	return handled;
}

static int allow_path(int ruleset, uint64_t handled, const struct gw_sandbox_path *allowed)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = allowed->access == GW_SANDBOX_WRITE ? ACCESS_WRITE : ACCESS_READ,
	};
	struct stat stat;
	int err = 0;

	rule.parent_fd = open(allowed->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	rule.allowed_access &= handled;
	if (fstat(rule.parent_fd, &stat) == 0 && !S_ISDIR(stat.st_mode))
		rule.allowed_access &= ACCESS_FILE;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		err = -errno;
	(void)close(rule.parent_fd);
	return err;
}

static int keep_paths(const struct gw_sandbox_path *paths, struct gw_sandbox_missing *missing)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr = { .handled_access_fs = handled_by(version) };
	int ruleset, err = 0;

	if (version < 0) { /* not built in, or switched off at boot */
		missing->landlock = true;
		return 0;
	}
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return -errno;
	for (; paths->path && !err; paths++)
		err = allow_path(ruleset, attr.handled_access_fs, paths);
	if (!err && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		err = -errno;
	(void)close(ruleset);
	return err;
}

/* ---- system calls ---------------------------------------------------------------------------- */

/* What every C program does while it allocates, locks and ends. */
static const char *const base_calls[] = { "brk",
					  "exit",
					  "exit_group",
					  "futex",
					  "getpid",
					  "gettid",
					  "madvise",
					  "mmap",
					  "mprotect",
					  "mremap",
					  "munmap",
					  "restart_syscall",
					  "rt_sigprocmask",
					  "rt_sigreturn",
					  "tgkill",
					  NULL };

#ifdef __SANITIZE_ADDRESS__
/* The sanitizers' own: reports, and the look for leaks at the end. */
static const char *const sanitizer_calls[] = {
	"clone",    "close",      "getdents64",        "openat",      "open",
	"pread64",  "prctl",      "process_vm_readv",  "ptrace",      "read",
	"readlink", "readlinkat", "rt_sigaction",      "sched_yield", "sigaltstack",
	"wait4",    "write",      "sched_getaffinity", "getrusage",   "newfstatat",
	"fstat",    NULL
};
#else
static const char *const sanitizer_calls[] = { NULL };
#endif

static int allow_calls(scmp_filter_ctx filter, const char *const *calls)
{
	int err = 0;

	for (; !err && *calls; calls++) {
		int number = seccomp_syscall_resolve_name(*calls);

		/* Other architectures lack some of them. */
		if (number != __NR_SCMP_ERROR)
			err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	return err;
}

static int keep_calls(const char *const *calls)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err = filter ? 0 : -ENOMEM;

	if (!err)
		err = allow_calls(filter, base_calls);
	if (!err)
		err = allow_calls(filter, sanitizer_calls);
	if (!err)
		err = allow_calls(filter, calls);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

int gw_sandbox_enter(const struct gw_sandbox *sandbox, struct gw_sandbox_missing *ret_missing)
{
	int err;

	*ret_missing = (struct gw_sandbox_missing){ false };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	err = keep_capabilities(sandbox->capabilities);
	if (!err && sandbox->paths)
		err = keep_paths(sandbox->paths, ret_missing);
	if (!err && sandbox->calls)
		err = keep_calls(sandbox->calls);
	return err;
}
