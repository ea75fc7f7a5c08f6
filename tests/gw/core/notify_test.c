#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/core/notify.h"

static void without_a_service_manager_nothing_is_sent(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_int_equal(gw_notify("READY=1"), 0);
}

static void the_service_manager_gets_the_state(void **state)
{
	static const char name[] = "\0gw-notify-test";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char got[64] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	memcpy(address.sun_path, name, sizeof(name) - 1);
	assert_int_equal(
		bind(fd, (struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(name) - 1)),
		0);
	assert_int_equal(setenv("NOTIFY_SOCKET", "@gw-notify-test", 1), 0);
	assert_int_equal(gw_notify("READY=1\nSTATUS=up"), 0);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 17);
	assert_string_equal(got, "READY=1\nSTATUS=up");
	(void)close(fd);
	assert_true(gw_notify("READY=1") < 0); /* nobody there any more */
}

static void the_watchdog_is_due_twice_as_often_as_it_must(void **state)
{
	char pid[16];

	(void)state;
	(void)snprintf(pid, sizeof(pid), "%d", getpid());
	assert_int_equal(setenv("WATCHDOG_USEC", "10000000", 1), 0);
	assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
	assert_int_equal(gw_notify_watchdog_us(), 5000000);
	assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
	assert_int_equal(gw_notify_watchdog_us(), 0); /* meant for another process */
	assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
	assert_int_equal(gw_notify_watchdog_us(), 0);
}

static void sockets_handed_over_are_found_by_name(void **state)
{
	char pid[16];

	(void)state;
	(void)snprintf(pid, sizeof(pid), "%d", getpid());
	assert_int_equal(setenv("LISTEN_PID", pid, 1), 0);
	assert_int_equal(setenv("LISTEN_FDS", "2", 1), 0);
	assert_int_equal(setenv("LISTEN_FDNAMES", "control:module:more", 1), 0);
	assert_int_equal(gw_notify_listen_fd("control"), 3);
	assert_int_equal(gw_notify_listen_fd("module"), 4);
	assert_int_equal(gw_notify_listen_fd("more"), -1); /* beyond what was passed */
	assert_int_equal(gw_notify_listen_fd("cont"), -1);
	assert_int_equal(setenv("LISTEN_PID", "1", 1), 0);
	assert_int_equal(gw_notify_listen_fd("control"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_service_manager_nothing_is_sent),
		cmocka_unit_test(the_service_manager_gets_the_state),
		cmocka_unit_test(the_watchdog_is_due_twice_as_often_as_it_must),
		cmocka_unit_test(sockets_handed_over_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
