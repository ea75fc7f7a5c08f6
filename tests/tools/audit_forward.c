/*
 * Forwards an audit trail to a syslog receiver until standard input ends, and says how it goes:
 *
 *	audit_forward TRAIL HOST PORT CA NAME
 *
 * A line for each change: "connected", "down REASON", "sent COUNT", "settled COUNT".
 */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gw/audit/trail_source.h"

static void say(const struct gw_forward_status *before, const struct gw_forward_status *now)
{
	if (now->connected && !before->connected)
		(void)printf("connected\n");
	if (!now->connected && now->failures != before->failures)
		(void)printf("down %s\n", now->last_error);
	if (now->sent != before->sent)
		(void)printf("sent %" PRIu64 "\n", now->sent);
	if (now->settled && !before->settled)
		(void)printf("settled %" PRIu64 "\n", now->sent);
	(void)fflush(stdout);
}

/* Until there is no more standard input. */
static void watch(struct gw_forward *forward)
{
	struct gw_forward_status before = { 0 }, now;
	char bytes[64];

	for (;;) {
		struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

		if (poll(&input, 1, 50) > 0 && read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0)
			return;
		gw_forward_wake(forward);
		gw_forward_status(forward, &now);
		say(&before, &now);
		before = now;
	}
}

int main(int argc, char **argv)
{
	struct gw_forward_options options = {
		.name = "test", .host = "test", .backoff_first_ms = 50, .backoff_last_ms = 200
	};
	struct gw_trail_source source;
	struct gw_forward *forward;
	int err;

	if (argc != 6) {
		(void)fputs("usage: audit_forward TRAIL HOST PORT CA NAME\n", stderr);
		return 64;
	}
	options.receiver = (struct gw_tls_options){ .host = argv[2],
						    .port = argv[3],
						    .ca_file = argv[4],
						    .name = argv[5],
						    .timeout_ms = 5000 };
	options.dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = gw_trail_source_init(&source, argv[1]);
	if (!err)
		err = gw_forward_start(&options, &source.forward, &forward);
	if (err) {
		(void)fprintf(stderr, "%s: %s\n", argv[1], strerror(-err));
		return 1;
	}
	watch(forward);
	gw_forward_stop(forward);
	gw_trail_source_done(&source);
	(void)close(options.dir);
	return 0;
}
