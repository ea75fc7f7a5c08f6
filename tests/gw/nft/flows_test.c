/* Real events of conntrack, from a network namespace of the test's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/nft/flows.h"
#include "gw/nft/nft.h"
#include "tests/support/private_net.h"

#define OPEN   9998
#define CLOSED 9997

static int events = -1;

static int enter(void **state)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd;

	(void)state;
	if (!private_net_enter())
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	assert_int_equal(close(fd), 0);
	/* Connections are tracked when a rule asks for them. */
	assert_int_equal(
		system("nft 'add table inet t; add chain inet t c { type filter hook input "
		       "priority 0; }; add rule inet t c ct state new counter'"),
		0);
	assert_int_equal(
		gw_conntrack_open(GW_CONNTRACK_NEW | GW_CONNTRACK_UPDATE | GW_CONNTRACK_DESTROY,
				  &events),
		0);
	return 0;
}

static struct sockaddr_in address_of(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

/* Until one is told of this port that is as wanted. */
static void wait_for(uint16_t port, enum gw_flow_what what, bool answered, bool assured,
		     struct gw_flow_event *ret)
{
	struct pollfd poll_fd = { .fd = events, .events = POLLIN };

	for (int i = 0; i < 50; i++) {
		int err = gw_flow_event_read(events, ret);

		if (err == -EAGAIN) {
			assert_int_equal(poll(&poll_fd, 1, 10000), 1);
			continue;
		}
		assert_int_equal(err, 0);
		if (ret->original.dest_port == port && ret->what == what &&
		    ret->answered == answered && ret->assured == assured)
			return;
	}
	fail_msg("no such event");
}

static void a_handshake_is_told_step_by_step(void **state)
{
	struct sockaddr_in address = address_of(OPEN);
	int server, client;
	struct gw_flow_event event;

	(void)state;
	if (events < 0)
		skip();
	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server, 1), 0);
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	wait_for(OPEN, GW_FLOW_BEGUN, false, false, &event);
	assert_int_equal(event.family, GW_FAMILY_IPV4);
	assert_int_equal(event.original.protocol, IPPROTO_TCP);
	assert_true(event.original.source == INADDR_LOOPBACK);
	assert_true(event.reply.source == INADDR_LOOPBACK);
	assert_int_equal(event.reply.source_port, OPEN);
	wait_for(OPEN, GW_FLOW_CHANGED, true, false, &event);
	assert_int_equal(event.tcp_state, TCP_CONNTRACK_SYN_RECV);
	wait_for(OPEN, GW_FLOW_CHANGED, true, true, &event);
	assert_int_equal(event.tcp_state, TCP_CONNTRACK_ESTABLISHED);
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
}

static void a_refused_connection_is_gone_at_once(void **state)
{
	struct sockaddr_in address = address_of(CLOSED);
	struct gw_flow_event event;
	int client;

	(void)state;
	if (events < 0)
		skip();
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	wait_for(CLOSED, GW_FLOW_BEGUN, false, false, &event);
	wait_for(CLOSED, GW_FLOW_GONE, false, false, &event);
	assert_true(event.reply.dest == INADDR_LOOPBACK);
	assert_int_equal(close(client), 0);
}

static void what_is_no_event_is_none(void **state)
{
	struct gw_flow_event event;
	uint32_t words[8] = { sizeof(words), 0, 0, 0 };

	(void)state;
	assert_false(gw_flow_event_parse(words, sizeof(words), &event));
	assert_false(gw_flow_event_parse(words, 3, &event));
	words[1] = 1 << 8; /* of conntrack, and nothing in it */
	assert_false(gw_flow_event_parse(words, sizeof(words), &event));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handshake_is_told_step_by_step),
		cmocka_unit_test(a_refused_connection_is_gone_at_once),
		cmocka_unit_test(what_is_no_event_is_none),
	};

	return cmocka_run_group_tests(tests, enter, NULL);
}
