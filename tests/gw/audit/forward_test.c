/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/agent/durable.h"
#include "gw/audit/checkpoint.h"
#include "gw/audit/forward.h"
#include "gw/core/mem.h"
#include "tests/support/syslog_server.h"

#define RECORDS 40u

struct state {
	char path[64];
	int dir;
	struct syslog_server *server;
	struct gw_forward *forward;
	struct gw_tls_options receiver;
	struct gw_text ca;
	unsigned int available[2]; /* records of each log; the forwarder's thread reads it */
	unsigned int checkpoints;
};

static const char *const names[] = { "change", "auth" };

/* Records 1, 3, 5 … are of the first class, the others of the second. */
/* The type is that of a source. NOLINTNEXTLINE(readability-non-const-parameter) */
static int next(void *context, size_t log, uint64_t *index, struct gw_text *ret)
{
	struct state *state = context;

	if (*index >= __atomic_load_n(&state->available[log], __ATOMIC_SEQ_CST))
		return -ENOENT;
	gw_text_printf(ret,
		       "{\"seq\":%" PRIu64 ",\"t\":\"2026-11-23T03:00:00.123456789Z\","
		       "\"gw\":\"tokyo-01\",\"class\":\"%s\",\"module\":\"gwd\","
		       "\"event\":\"change.applied\",\"result\":\"ok\"}",
		       *index * 2 + log + 1, names[log]);
	return 0;
}

static int checkpoint(void *context, size_t log, struct gw_text *ret)
{
	const struct state *state = context;
	unsigned int size = __atomic_load_n(&state->checkpoints, __ATOMIC_SEQ_CST);

	if (log || !size)
		return -ENOENT;
	gw_text_printf(ret,
		       "gw/tokyo-01/audit/change\n%u\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
		       "\n\n\xe2\x80\x94 x AAAAAAAA\n",
		       size);
	return 0;
}

static void start(struct state *state)
{
	const struct gw_forward_source source = { .context = state,
						  .n_logs = 2,
						  .names = names,
						  .next = next,
						  .checkpoint = checkpoint };
	const struct gw_forward_options options = { .receiver = state->receiver,
						    .name = "collector",
						    .host = "tokyo-01",
						    .dir = state->dir,
						    .backoff_first_ms = 10,
						    .backoff_last_ms = 50 };

	assert_int_equal(gw_forward_start(&options, &source, &state->forward), 0);
}

static void stop(struct state *state)
{
	gw_forward_stop(state->forward);
	state->forward = NULL;
}

static void add_records(struct state *state, unsigned int count)
{
	(void)__atomic_add_fetch(&state->available[0], count / 2, __ATOMIC_SEQ_CST);
	(void)__atomic_add_fetch(&state->available[1], count / 2, __ATOMIC_SEQ_CST);
	if (state->forward)
		gw_forward_wake(state->forward);
}

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	(void)snprintf(state->path, sizeof(state->path), "/tmp/gw-forward-XXXXXX");
	assert_non_null(mkdtemp(state->path));
	state->dir = open(state->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	state->server = syslog_server_new(state->path, "logs.example");
	gw_text_printf(&state->ca, "%s/ca.pem", state->path);
	state->receiver = (struct gw_tls_options){ .host = "127.0.0.1",
						   .port = syslog_server_port(state->server),
						   .name = "logs.example",
						   .ca_file = state->ca.bytes,
						   .timeout_ms = 5000 };
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	stop(state);
	syslog_server_free(state->server);
	gw_text_done(&state->ca);
	(void)close(state->dir);
	(void)gw_durable_remove_tree(AT_FDCWD, state->path);
	gw_free(state);
	return 0;
}

/* Every record from 1 on, each once and in order. */
static void assert_all_in_order(struct state *state, unsigned int count)
{
	assert_true(syslog_server_wait(state->server, count));
	assert_int_equal(syslog_server_count(state->server), count);
	for (unsigned int i = 0; i < count; i++) {
		gw_auto_text struct gw_text seq = { 0 };

		gw_text_printf(&seq, "seq=\"%u\"", i + 1);
		assert_non_null(strstr(syslog_server_message(state->server, i), seq.bytes));
	}
}

/* The forwarder has noted that they were read. */
static void wait_sent(struct state *state, uint64_t count)
{
	struct gw_forward_status status;

	for (unsigned int tries = 0; tries < 1000; tries++) {
		const struct timespec pause = { .tv_nsec = 10000000 };

		gw_forward_status(state->forward, &status);
		if (status.sent >= count)
			return;
		(void)nanosleep(&pause, NULL);
	}
	fail_msg("%" PRIu64 " sent, not %" PRIu64 ": %s", status.sent, count, status.last_error);
}

/* A receiver that closes now would get nothing twice. */
static void wait_settled(struct state *state)
{
	struct gw_forward_status status;

	for (unsigned int tries = 0; tries < 1000; tries++) {
		const struct timespec pause = { .tv_nsec = 10000000 };

		gw_forward_status(state->forward, &status);
		if (status.settled)
			return;
		(void)nanosleep(&pause, NULL);
	}
	fail_msg("it never settled");
}

static void wait_failures(struct state *state, uint64_t count, struct gw_forward_status *ret)
{
	for (unsigned int tries = 0; tries < 1000; tries++) {
		const struct timespec pause = { .tv_nsec = 10000000 };

		gw_forward_status(state->forward, ret);
		if (ret->failures >= count)
			return;
		(void)nanosleep(&pause, NULL);
	}
	fail_msg("it never failed");
}

/* ---- right ----------------------------------------------------------------------------------- */

static void records_arrive_as_syslog_messages_in_order(void **ret)
{
	struct state *state = *ret;

	add_records(state, RECORDS);
	syslog_server_start(state->server);
	start(state);
	assert_all_in_order(state, RECORDS);
	assert_string_equal(syslog_server_message(state->server, 0),
			    "<110>1 2026-11-23T03:00:00.123456Z tokyo-01 gwd - change.applied "
			    "[gwAudit@32473 seq=\"1\" class=\"change\" index=\"0\"] "
			    "{\"seq\":1,\"t\":\"2026-11-23T03:00:00.123456789Z\","
			    "\"gw\":\"tokyo-01\",\"class\":\"change\",\"module\":\"gwd\","
			    "\"event\":\"change.applied\",\"result\":\"ok\"}");
	add_records(state, 10);
	assert_all_in_order(state, RECORDS + 10);
}

static void a_receiver_that_is_down_gets_everything_later_and_once(void **ret)
{
	struct state *state = *ret;
	struct gw_forward_status status;

	start(state);
	add_records(state, RECORDS);
	wait_failures(state, 2, &status);
	assert_false(status.connected);
	assert_true(strlen(status.last_error) > 0);
	for (unsigned int round = 1; round <= 2; round++) {
		syslog_server_start(state->server);
		assert_all_in_order(state, round * RECORDS);
		wait_sent(state, (uint64_t)round * RECORDS);
		wait_settled(state);
		syslog_server_stop(state->server);
		add_records(state, RECORDS);
	}
}

static void a_new_start_goes_on_where_the_last_one_ended(void **ret)
{
	struct state *state = *ret;

	syslog_server_start(state->server);
	for (unsigned int round = 1; round <= 3; round++) {
		add_records(state, RECORDS);
		start(state);
		assert_all_in_order(state, round * RECORDS);
		wait_sent(state, RECORDS);
		stop(state);
	}
}

/* Whatever was on its way may come twice, but nothing may be missing. */
static void a_connection_that_breaks_loses_nothing(void **ret)
{
	struct state *state = *ret;
	bool seen[4 * RECORDS + 1] = { false };
	unsigned int missing = 4 * RECORDS;

	add_records(state, 4 * RECORDS);
	syslog_server_break_after(state->server, RECORDS);
	syslog_server_start(state->server);
	start(state);
	wait_sent(state, 4 * RECORDS);
	for (size_t i = 0; i < syslog_server_count(state->server); i++) {
		const char *seq = strstr(syslog_server_message(state->server, i), "seq=\"");
		unsigned long number;

		assert_non_null(seq);
		number = strtoul(seq + 5, NULL, 10);
		assert_in_range(number, 1, 4 * RECORDS);
		missing -= seen[number] ? 0 : 1;
		seen[number] = true;
	}
	assert_int_equal(missing, 0);
}

static void a_receiver_without_key_updates_will_do(void **ret)
{
	struct state *state = *ret;

	add_records(state, RECORDS);
	syslog_server_use_tls_1_2(state->server);
	syslog_server_start(state->server);
	start(state);
	assert_all_in_order(state, RECORDS);
	wait_sent(state, RECORDS);
}

static void checkpoints_follow_the_records_that_they_cover(void **ret)
{
	struct state *state = *ret;
	const char *message;

	__atomic_store_n(&state->checkpoints, RECORDS / 2 + 1, __ATOMIC_SEQ_CST);
	add_records(state, RECORDS);
	syslog_server_start(state->server);
	start(state);
	wait_sent(state, RECORDS);
	assert_int_equal(syslog_server_count(state->server), RECORDS);
	add_records(state, 2);
	assert_true(syslog_server_wait(state->server, RECORDS + 3));
	message = syslog_server_message(state->server, RECORDS + 2);
	assert_non_null(strstr(message, " tokyo-01 gwd - audit.checkpoint [gwAudit@32473 "
					"class=\"change\" size=\"21\"] {"));
	assert_non_null(strstr(message, "\"note\":\"gw/tokyo-01/audit/change\\n21\\n"));
	/* Once, also over another start. */
	wait_sent(state, RECORDS + 2);
	stop(state);
	start(state);
	add_records(state, 2);
	wait_sent(state, 2);
	assert_int_equal(syslog_server_count(state->server), RECORDS + 5);
}

/* ---- wrong ----------------------------------------------------------------------------------- */

static void a_receiver_with_another_name_gets_nothing(void **ret)
{
	struct state *state = *ret;
	struct gw_forward_status status;

	add_records(state, RECORDS);
	syslog_server_start(state->server);
	state->receiver.name = NULL; /* as `host`: an address, which the certificate lacks */
	start(state);
	wait_failures(state, 2, &status);
	assert_non_null(strstr(status.last_error, "certificate: "));
	stop(state);
	state->receiver.name = "other.example";
	start(state);
	wait_failures(state, 2, &status);
	assert_non_null(strstr(status.last_error, "certificate: "));
	assert_int_equal(syslog_server_count(state->server), 0);
}

static void a_receiver_of_an_unknown_authority_gets_nothing(void **ret)
{
	struct state *state = *ret;
	struct gw_forward_status status;
	/* Makes an authority of the same name, whose certificate replaces the file. */
	struct syslog_server *other = syslog_server_new(state->path, "logs.example");

	syslog_server_free(other);
	add_records(state, RECORDS);
	syslog_server_start(state->server);
	start(state);
	wait_failures(state, 2, &status);
	assert_non_null(strstr(status.last_error, "certificate: "));
	assert_int_equal(syslog_server_count(state->server), 0);
}

static void a_damaged_cursor_is_an_error(void **ret)
{
	struct state *state = *ret;
	const struct gw_forward_source source = { .context = state, .n_logs = 2, .names = names };
	struct gw_forward_options options = { .receiver = state->receiver,
					      .name = "collector",
					      .dir = state->dir };
	struct gw_forward *forward;

	assert_int_equal(gw_durable_mkdirs(state->dir, "forward"), 0);
	assert_int_equal(gw_durable_write(state->dir, "forward/collector", "change x -\n", 11), 0);
	assert_int_equal(gw_forward_start(&options, &source, &forward), -EBADMSG);
	options.name = "../collector";
	assert_int_equal(gw_forward_start(&options, &source, &forward), -EINVAL);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(records_arrive_as_syslog_messages_in_order),
		CASE(a_receiver_that_is_down_gets_everything_later_and_once),
		CASE(a_new_start_goes_on_where_the_last_one_ended),
		CASE(a_connection_that_breaks_loses_nothing),
		CASE(a_receiver_without_key_updates_will_do),
		CASE(checkpoints_follow_the_records_that_they_cover),
		CASE(a_receiver_with_another_name_gets_nothing),
		CASE(a_receiver_of_an_unknown_authority_gets_nothing),
		CASE(a_damaged_cursor_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
