/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/agent/durable.h"
#include "gw/audit/files.h"
#include "gw/audit/timestamp.h"
#include "gw/core/mem.h"
#include "tests/support/time_authority.h"

#define NOTE                                                                                       \
	"gw/tokyo-01/audit/change\n120\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"          \
	"\xe2\x80\x94 gw/tokyo-01/audit/change AAAAAAAA\n"

struct state {
	char path[64];
	int dir;
	struct gw_text ca, request, reply;
};

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	(void)snprintf(state->path, sizeof(state->path), "/tmp/gw-stamp-XXXXXX");
	assert_non_null(mkdtemp(state->path));
	state->dir = open(state->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gw_text_printf(&state->ca, "%s/tsa.pem", state->path);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	gw_text_done(&state->ca);
	gw_text_done(&state->request);
	gw_text_done(&state->reply);
	(void)close(state->dir);
	(void)gw_durable_remove_tree(AT_FDCWD, state->path);
	gw_free(state);
	return 0;
}

/* Gets a reply for NOTE from an authority of this manner. */
static int ask(struct state *state, enum time_authority_manner manner)
{
	struct time_authority *authority = time_authority_new(state->path, manner);
	int err;

	gw_text_done(&state->request);
	gw_text_done(&state->reply);
	assert_int_equal(gw_timestamp_request(NOTE, strlen(NOTE), &state->request), 0);
	err = gw_timestamp_fetch(time_authority_url(authority), &state->request, 10, &state->reply);
	time_authority_free(authority);
	return err;
}

static int verify(struct state *state, const struct gw_text *request, const char *bytes,
		  const char *ca)
{
	int64_t at;

	return gw_timestamp_verify(state->reply.bytes, state->reply.len, request, bytes,
				   strlen(bytes), ca, &at);
}

static void a_stamp_says_when_and_of_what(void **ret)
{
	struct state *state = *ret;
	int64_t at = 0, now = (int64_t)time(NULL);

	assert_int_equal(ask(state, AUTHORITY_HONEST), 0);
	assert_int_equal(gw_timestamp_verify(state->reply.bytes, state->reply.len, &state->request,
					     NOTE, strlen(NOTE), state->ca.bytes, &at),
			 0);
	assert_in_range(at, now - 5, now + 60);
	/* Later, without the request. */
	assert_int_equal(verify(state, NULL, NOTE, state->ca.bytes), 0);
	assert_int_equal(verify(state, NULL, "something else", state->ca.bytes), -EBADMSG);
}

static void a_stamp_of_another_authority_does_not_count(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(ask(state, AUTHORITY_HONEST), 0);
	/* Replaces the certificate. */
	time_authority_free(time_authority_new(state->path, AUTHORITY_HONEST));
	assert_int_equal(verify(state, NULL, NOTE, state->ca.bytes), -EKEYREJECTED);
}

static void a_reply_to_another_request_does_not_count(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text other = { 0 };

	assert_int_equal(ask(state, AUTHORITY_HONEST), 0);
	assert_int_equal(gw_timestamp_request(NOTE, strlen(NOTE), &other), 0);
	assert_int_equal(verify(state, &other, NOTE, NULL), -EBADMSG);
}

static void what_is_no_stamp_is_refused(void **ret)
{
	static const enum time_authority_manner manners[] = { AUTHORITY_STAMPS_SOMETHING_ELSE,
							      AUTHORITY_SENDS_GARBAGE,
							      AUTHORITY_REFUSES };
	struct state *state = *ret;

	for (size_t i = 0; i < GW_COUNT(manners); i++) {
		int err = ask(state, manners[i]);

		if (!err)
			err = verify(state, &state->request, NOTE, NULL);
		if (err >= 0)
			fail_msg("manner %zu", i);
	}
}

static void no_cut_reply_is_read(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(ask(state, AUTHORITY_HONEST), 0);
	for (size_t len = 0; len < state->reply.len; len++) {
		char *cut = gw_zalloc(1, len + (len == 0));
		int64_t at;

		memcpy(cut, state->reply.bytes, len);
		assert_int_not_equal(
			gw_timestamp_verify(cut, len, NULL, NOTE, strlen(NOTE), NULL, &at), 0);
		gw_free(cut);
	}
}

static void an_authority_that_is_not_there_is_an_error(void **ret)
{
	struct state *state = *ret;

	assert_int_equal(gw_timestamp_request(NOTE, strlen(NOTE), &state->request), 0);
	assert_int_equal(
		gw_timestamp_fetch("http://127.0.0.1:1/", &state->request, 2, &state->reply),
		-EHOSTUNREACH);
	assert_int_equal(gw_timestamp_fetch("nonsense:", &state->request, 2, &state->reply),
			 -EINVAL);
}

static void the_newest_checkpoint_is_stamped_once(void **ret)
{
	static const char *const names[] = { "change", "access" };
	struct state *state = *ret;
	struct time_authority *authority = time_authority_new(state->path, AUTHORITY_HONEST);
	const struct gw_stamper_options options = { .dir = state->dir,
						    .names = names,
						    .n_names = 2,
						    .url = time_authority_url(authority),
						    .interval_s = 1 };
	struct gw_stamper_status status = { 0 };
	struct gw_stamper *stamper;

	assert_int_equal(mkdirat(state->dir, "change", 0750), 0);
	assert_int_equal(
		gw_audit_file_replace(state->dir, "change/checkpoint", 0640, NOTE, strlen(NOTE)),
		0);
	for (unsigned int start = 0; start < 2; start++) {
		assert_int_equal(gw_stamper_start(&options, &stamper), 0);
		for (unsigned int tries = 0; tries < 1000 && !start && !status.stamps; tries++) {
			const struct timespec pause = { .tv_nsec = 10000000 };

			(void)nanosleep(&pause, NULL);
			gw_stamper_status(stamper, &status);
		}
		gw_stamper_status(stamper, &status);
		assert_int_equal(status.stamps, start ? 0 : 1);
		assert_int_equal(status.failures, 0);
		gw_stamper_stop(stamper);
	}
	assert_int_equal(
		gw_audit_file_read(state->dir, "change/stamps/120.tsr", 65536, &state->reply), 0);
	assert_int_equal(verify(state, NULL, NOTE, state->ca.bytes), 0);
	time_authority_free(authority);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_stamp_says_when_and_of_what),
		CASE(a_stamp_of_another_authority_does_not_count),
		CASE(a_reply_to_another_request_does_not_count),
		CASE(what_is_no_stamp_is_refused),
		CASE(no_cut_reply_is_read),
		CASE(an_authority_that_is_not_there_is_an_error),
		CASE(the_newest_checkpoint_is_stamped_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
