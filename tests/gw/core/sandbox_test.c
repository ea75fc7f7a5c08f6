/* Each case in a child process of its own: what it gives up does not come back. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/core/sandbox.h"

/* How a child that runs `fn` ends: its exit status, or minus the signal. */
static int ending_of(int (*fn)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(fn());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int enter(const struct gw_sandbox *sandbox)
{
	struct gw_sandbox_missing missing;

	return gw_sandbox_enter(sandbox, &missing);
}

static const char *const few_calls[] = { "getppid", "no_such_call", NULL };

static int calls_a_named_one(void)
{
	if (enter(&(struct gw_sandbox){ .calls = few_calls }) < 0)
		return 1;
	return syscall(SYS_getppid) > 0 ? 0 : 2;
}

static int calls_another_one(void)
{
	if (enter(&(struct gw_sandbox){ .calls = few_calls }) < 0)
		return 1;
	(void)syscall(SYS_getuid);
	return 2;
}

static void another_system_call_ends_the_process(void **state)
{
	(void)state;
	assert_int_equal(ending_of(calls_a_named_one), 0);
	assert_int_equal(ending_of(calls_another_one), -SIGSYS);
}

static char dir[] = "/tmp/gw-sandbox-XXXXXX";

static int uses_files(void)
{
	char inside[64], reading[64];
	struct gw_sandbox_path paths[] = {
		{ inside, GW_SANDBOX_WRITE },
		{ reading, GW_SANDBOX_READ },
		{ "/tmp/gw-sandbox-that-is-not-there", GW_SANDBOX_READ },
		{ NULL, GW_SANDBOX_READ },
	};
	struct gw_sandbox_missing missing;
	int err;

	(void)stpcpy(stpcpy(inside, dir), "/inside");
	(void)stpcpy(stpcpy(reading, dir), "/reading");
	err = gw_sandbox_enter(&(struct gw_sandbox){ .paths = paths }, &missing);
	if (err)
		return 1;
	if (missing.landlock)
		return 77;
	if (chdir(dir) < 0)
		return 2;
	if (open("inside/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 ||
	    rename("inside/new", "inside/renamed") < 0 || unlink("inside/renamed") < 0)
		return 3;
	if (open("reading/file", O_RDONLY | O_CLOEXEC) < 0)
		return 4;
	if (open("reading/file", O_WRONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 5;
	if (open("outside", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 6;
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? 7 : 0;
}

static void only_the_named_folders_stay(void **state)
{
	int ending;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(mkdir("inside", 0700), 0);
	assert_int_equal(mkdir("reading", 0700), 0);
	assert_int_equal(close(open("reading/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	assert_int_equal(close(open("outside", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	ending = ending_of(uses_files);
	(void)unlink("reading/file");
	(void)unlink("outside");
	(void)rmdir("reading");
	(void)rmdir("inside");
	assert_int_equal(chdir("/"), 0);
	(void)rmdir(dir);
	if (ending == 77)
		skip(); /* no Landlock in this kernel */
	assert_int_equal(ending, 0);
}

static int keeps_one_capability(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (enter(&(struct gw_sandbox){ .capabilities = UINT64_C(1) << CAP_NET_ADMIN }) < 0)
		return 1;
	if (syscall(SYS_capget, &header, data) < 0)
		return 2;
	/* Without privileges there was nothing to keep. */
	if (data[0].effective & ~(1u << CAP_NET_ADMIN) || data[0].permitted != data[0].effective ||
	    data[0].inheritable || data[1].permitted)
		return 3;
	/* Of what only CAP_DAC_OVERRIDE and the like allow, nothing is left. */
	return getuid() == 0 && socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0 ? 4 : 0;
}

static void other_capabilities_are_gone(void **state)
{
	(void)state;
	assert_int_equal(ending_of(keeps_one_capability), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_system_call_ends_the_process),
		cmocka_unit_test(only_the_named_folders_stay),
		cmocka_unit_test(other_capabilities_are_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
