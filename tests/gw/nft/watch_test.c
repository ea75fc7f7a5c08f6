/* Events, logged packets and connections of the real kernel, in a namespace of the test's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/nft/nft.h"
#include "tests/support/private_net.h"

#define GROUP 5
#define PORT  9999

static bool have_namespace;

static int enter(void **state)
{
	(void)state;
	have_namespace = private_net_enter();
	return 0;
}

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static void need_namespace(void)
{
	if (!have_namespace)
		skip();
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	assert_int_equal(close(fd), 0);
}

static void wait_for(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&poll_fd, 1, 10000), 1);
}

static void a_change_of_our_table_is_told_with_its_process(void **state)
{
	struct gw_kernel_watch *watch;
	struct gw_kernel_change change, next;

	(void)state;
	need_namespace();
	assert_int_equal(gw_kernel_watch_open(&watch), 0);
	assert_int_equal(gw_kernel_watch_read(watch, &change), -EAGAIN);
	run("nft add table inet theirs");
	assert_int_equal(gw_kernel_watch_read(watch, &change), 0);
	assert_false(change.ours);
	run("nft add table inet gw");
	wait_for(gw_kernel_watch_fd(watch));
	assert_int_equal(gw_kernel_watch_read(watch, &next), 0);
	assert_true(next.ours);
	assert_int_equal(next.generation, change.generation + 1);
	change = next;
	assert_string_equal(change.process, "nft");
	assert_true(change.pid > 0);
	assert_true(change.generation > 0);
	run("nft 'add chain inet gw a; add set inet gw s { type ipv4_addr; }'");
	assert_int_equal(gw_kernel_watch_read(watch, &next), 0);
	assert_true(next.generation > change.generation);
	assert_int_equal(gw_kernel_watch_read(watch, &next), -EAGAIN);
	run("nft 'delete table inet gw; delete table inet theirs'");
	assert_int_equal(gw_kernel_watch_read(watch, &next), 0);
	gw_kernel_watch_free(watch);
}

static void a_flood_of_changes_says_to_read_all_again(void **state)
{
	struct gw_kernel_watch *watch;
	struct gw_kernel_change change;
	int small = 1, large = 1 << 20, err;

	(void)state;
	need_namespace();
	assert_int_equal(gw_kernel_watch_open(&watch), 0);
	assert_int_equal(
		setsockopt(gw_kernel_watch_fd(watch), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)),
		0);
	run("nft add table inet gw && for i in $(seq 300); do echo add chain inet gw c$i; done | "
	    "nft -f - && nft delete table inet gw");
	while ((err = gw_kernel_watch_read(watch, &change)) == 0)
		;
	assert_int_equal(err, -ENOBUFS);
	/* It may say so again, for what was lost while we read. */
	while ((err = gw_kernel_watch_read(watch, &change)) == 0 || err == -ENOBUFS)
		;
	assert_int_equal(err, -EAGAIN);
	assert_int_equal(
		setsockopt(gw_kernel_watch_fd(watch), SOL_SOCKET, SO_RCVBUF, &large, sizeof(large)),
		0);
	run("nft add table inet gw && nft delete table inet gw");
	assert_int_equal(gw_kernel_watch_read(watch, &change), 0);
	gw_kernel_watch_free(watch);
}

static void send_packet(int family)
{
	const struct sockaddr_in v4 = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(PORT),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	const struct sockaddr *dest = family == AF_INET ? (const void *)&v4 : (const void *)&v6;
	socklen_t size = family == AF_INET ? sizeof(v4) : sizeof(v6);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char payload[400] = "hello";

	assert_true(fd >= 0);
	(void)sendto(fd, payload, sizeof(payload), 0, dest, size); /* a rule may drop it */
	assert_int_equal(close(fd), 0);
}

static void assert_logged(int fd, int family)
{
	struct gw_logged_packet packet;
	size_t port_at = family == AF_INET ? 22 : 42;

	wait_for(fd);
	assert_int_equal(gw_log_read(fd, &packet), 0);
	assert_int_equal(packet.mark, 77);
	if (packet.ct_mark) /* a kernel may be built without it */
		assert_int_equal(packet.ct_mark, 1234);
	else
		print_message("not tested: this kernel does not log connection marks\n");
	assert_string_equal(packet.prefix, "gw drop between");
	assert_string_equal(packet.out_interface, "lo");
	assert_string_equal(packet.in_interface, "");
	assert_int_equal(packet.family, family);
	assert_int_equal(packet.len, sizeof(packet.bytes));
	assert_int_equal(packet.bytes[port_at] << 8 | packet.bytes[port_at + 1], PORT);
	assert_true(packet.time_ms > INT64_C(1600000000000));
}

static void logged_packets_carry_their_numbers(void **state)
{
	struct gw_logged_packet packet;
	int fd;

	(void)state;
	need_namespace();
	loopback_up();
	run("nft 'table inet gw { chain o { type filter hook output priority 0; udp dport 9999 "
	    "meta mark set 77 ct mark set 1234 log group 5 prefix \"gw drop between\"; }; }'");
	assert_int_equal(gw_log_open(GROUP, &fd), 0);
	assert_int_equal(gw_log_read(fd, &packet), -EAGAIN);
	send_packet(AF_INET);
	assert_logged(fd, AF_INET);
	send_packet(AF_INET6);
	assert_logged(fd, AF_INET6);
	assert_int_equal(gw_log_read(fd, &packet), -EAGAIN);
	assert_int_equal(close(fd), 0);
	run("nft delete table inet gw");
}

struct seen {
	unsigned int v4, v6, others;
};

static void see(const struct gw_connection *connection, void *context)
{
	struct seen *seen = context;

	if (connection->service != gw_service_key(IPPROTO_UDP, PORT) || connection->mark != 4321) {
		seen->others++;
		return;
	}
	assert_true(connection->source == connection->dest);
	if (connection->family == GW_FAMILY_IPV4) {
		assert_true(connection->source == INADDR_LOOPBACK);
		seen->v4++;
	} else {
		assert_true(connection->source == 1);
		seen->v6++;
	}
}

static void connections_are_told_with_their_marks(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	need_namespace();
	loopback_up();
	run("nft 'table inet gw { chain o { type filter hook output priority 0; udp dport 9999 "
	    "ct mark set 4321; }; }'");
	send_packet(AF_INET);
	send_packet(AF_INET6);
	assert_int_equal(gw_connections_each(see, &seen), 0);
	assert_int_equal(seen.v4, 1);
	assert_int_equal(seen.v6, 1);
	run("nft delete table inet gw");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_of_our_table_is_told_with_its_process),
		cmocka_unit_test(a_flood_of_changes_says_to_read_all_again),
		cmocka_unit_test(logged_packets_carry_their_numbers),
		cmocka_unit_test(connections_are_told_with_their_marks),
	};

	return cmocka_run_group_tests(tests, enter, NULL);
}
