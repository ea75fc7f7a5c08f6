/* What /proc says, from files of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "ratelimit/watch.h"

static char proc[] = "/tmp/gw-machine-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *out;

	(void)snprintf(path, sizeof(path), "%s/%s", proc, name);
	out = fopen(path, "we");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static int make_folders(void **state)
{
	static const char *const names[] = { "net", "sys", "sys/net", "sys/net/netfilter" };
	char path[128];

	(void)state;
	if (!mkdtemp(proc))
		return -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", proc, names[i]);
		if (mkdir(path, 0700) < 0)
			return -1;
	}
	return 0;
}

static int remove_folders(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", proc);
	return system(command);
}

static void a_line_that_is_full_is_seen_after_a_second(void **state)
{
	const struct ratelimit_watch watch = { .interface = "wan0", .mbit = 10 };
	struct ratelimit_machine machine = { .readable = false };

	(void)state;
	write_file("net/dev", "Inter-|   Receive\n face |bytes    packets\n"
			      "  xwan0: 99999999 1 0\n   wan0: 1000000 10 0 0\n");
	(void)ratelimit_machine_read(&machine, &watch, proc, 10000);
	assert_false(machine.line_full);
	write_file("net/dev", "a\nb\n wan0: 2250000 10 0 0\n");
	(void)ratelimit_machine_read(&machine, &watch, proc, 10100); /* too soon to tell */
	assert_false(machine.line_full);
	(void)ratelimit_machine_read(&machine, &watch, proc, 11000);
	assert_int_equal((int)machine.line_mbit, 10);
	assert_true(machine.line_full);
	write_file("net/dev", "a\nb\n wan0: 2350000 10 0 0\n");
	(void)ratelimit_machine_read(&machine, &watch, proc, 12000);
	assert_false(machine.line_full);
	write_file("net/dev", "a\nb\n wan0: 5 10 0 0\n"); /* the device was made anew */
	(void)ratelimit_machine_read(&machine, &watch, proc, 13000);
	assert_false(machine.line_full);
	write_file("net/dev", "a\nb\n wan1: 5 10 0 0\n");
	(void)ratelimit_machine_read(&machine, &watch, proc, 14000);
	assert_false(machine.line_full);
}

static void fragments_are_those_since_the_last_time(void **state)
{
	const struct ratelimit_watch watch = { .mbit = 0 };
	struct ratelimit_machine machine = { .readable = false };

	(void)state;
	write_file("net/snmp", "Ip: Forwarding DefaultTTL ReasmTimeout ReasmReqds ReasmOKs\n"
			       "Ip: 1 64 7 1000 900\nIcmp: InMsgs\nIcmp: 3\n");
	write_file("net/snmp6", "Ip6InReceives                   10\n"
				"Ip6ReasmReqds                   50\n");
	assert_int_equal(ratelimit_machine_read(&machine, &watch, proc, 1000), 0);
	write_file("net/snmp6", "Ip6InReceives                   10\n"
				"Ip6ReasmReqds                   75\n");
	assert_int_equal(ratelimit_machine_read(&machine, &watch, proc, 1100), 25);
	assert_int_equal(ratelimit_machine_read(&machine, &watch, proc, 1200), 0);
	write_file("net/snmp", "Ip: Forwarding\n"); /* damaged: nothing is made of it */
	assert_int_equal(ratelimit_machine_read(&machine, &watch, proc, 1300), 0);
}

static void the_connection_table_is_read(void **state)
{
	const struct ratelimit_watch watch = { .mbit = 0 };
	struct ratelimit_machine machine = { .readable = true };

	(void)state;
	(void)ratelimit_machine_read(&machine, &watch, proc, 1000);
	assert_false(machine.readable);
	write_file("sys/net/netfilter/nf_conntrack_count", "1234\n");
	write_file("sys/net/netfilter/nf_conntrack_max", "262144\n");
	(void)ratelimit_machine_read(&machine, &watch, proc, 1000);
	assert_true(machine.readable);
	assert_int_equal(machine.connections, 1234);
	assert_int_equal(machine.connections_max, 262144);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_is_full_is_seen_after_a_second),
		cmocka_unit_test(fragments_are_those_since_the_last_time),
		cmocka_unit_test(the_connection_table_is_read),
	};

	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
