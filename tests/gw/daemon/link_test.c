/* A module's connection to gwd, against a server of gw/ipc on the same loop. */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/daemon/link.h"
#include "gw/ipc/ipc.h"

struct lab {
	char dir[64], path[80];
	struct event_base *base;
	struct gw_ipc_server *server;
	struct gw_link *link;
	unsigned int connected, events, held;
	struct gw_ipc_call *holding; /* a call that was not answered */
	unsigned int answered, lost, refused, files;
};

/* ---- the server's side ----------------------------------------------------------------------- */

static unsigned int let_in(int fd, const struct gw_peer *peer, void *context)
{
	(void)fd;
	(void)peer;
	(void)context;
	return 1;
}

static void run_echo(struct gw_ipc_call *call, void *context)
{
	(void)context;
	gw_ipc_call_reply(call, 0, NULL, -1);
}

static void run_refuse(struct gw_ipc_call *call, void *context)
{
	(void)context;
	gw_ipc_call_refuse(call, 4, "not for you");
}

static void run_hold(struct gw_ipc_call *call, void *context)
{
	struct lab *lab = context;

	lab->held++;
	lab->holding = call;
}

static void run_file(struct gw_ipc_call *call, void *context)
{
	(void)context;
	gw_ipc_call_reply(call, 0, NULL, gw_memfd_write("abc", 3));
}

static void run_subscribe(struct gw_ipc_call *call, void *context)
{
	(void)context;
	gw_ipc_call_subscribe(call);
	gw_ipc_call_reply(call, 0, NULL, -1);
}

static const struct gw_verb verbs[] = {
	{ .name = "echo", .run = run_echo },           { .name = "refuse", .run = run_refuse },
	{ .name = "hold", .run = run_hold },           { .name = "file", .run = run_file },
	{ .name = "subscribe", .run = run_subscribe }, { .name = NULL },
};
static const struct gw_verb *const tables[] = { verbs, NULL };

static void start_server(struct lab *lab)
{
	assert_int_equal(gw_ipc_server_new(lab->base,
					   &(struct gw_ipc_settings){ .path = lab->path,
								      .mode = 0600,
								      .group = (gid_t)-1,
								      .tables = tables,
								      .permissions = let_in,
								      .context = lab },
					   &lab->server),
			 0);
	assert_int_equal(gw_ipc_server_open(lab->server), 0);
}

static void stop_server(struct lab *lab)
{
	gw_ipc_server_free(lab->server);
	lab->server = NULL;
	lab->holding = NULL;
}

/* ---- the module's side ----------------------------------------------------------------------- */

static void on_connected(struct gw_link *link, void *context)
{
	struct lab *lab = context;

	(void)link;
	lab->connected++;
}

static void on_event(struct gw_link *link, const json_t *event, void *context)
{
	struct lab *lab = context;

	(void)link;
	assert_string_equal(json_string_value(json_object_get(event, "event")), "config.changed");
	lab->events++;
}

static void on_answer(struct gw_link *link, const json_t *reply, int file, void *context)
{
	struct lab *lab = context;

	(void)link;
	lab->answered++;
	lab->lost += !reply;
	if (reply && !gw_link_is_ok(reply)) {
		assert_string_equal(gw_link_complaint(reply), "not for you");
		lab->refused++;
	}
	if (file >= 0) {
		lab->files++;
		(void)close(file);
	}
}

/* Runs the loop until `*value` is `wanted`; fails the test after 10 s. */
static void run_until(struct lab *lab, const unsigned int *value, unsigned int wanted)
{
	static const struct timeval step = { 0, 10000 };

	for (int i = 0; i < 1000 && *value != wanted; i++) {
		(void)event_base_loopexit(lab->base, &step);
		(void)event_base_dispatch(lab->base);
	}
	assert_int_equal(*value, wanted);
}

static int setup(void **state)
{
	struct lab *lab = gw_zalloc(1, sizeof(*lab));

	(void)snprintf(lab->dir, sizeof(lab->dir), "/tmp/gw-link-XXXXXX");
	if (!mkdtemp(lab->dir))
		return -1;
	(void)snprintf(lab->path, sizeof(lab->path), "%s/module", lab->dir);
	lab->base = event_base_new();
	lab->link = gw_link_new(lab->base, &(struct gw_link_settings){ .path = lab->path,
								       .connected = on_connected,
								       .event = on_event,
								       .context = lab });
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	gw_link_free(lab->link);
	stop_server(lab);
	event_base_free(lab->base);
	(void)rmdir(lab->dir);
	gw_free(lab);
	return 0;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void what_was_asked_before_gwd_was_there_is_answered_when_it_is(void **state)
{
	struct lab *lab = *state;

	gw_link_start(lab->link);
	assert_true(gw_link_ask(lab->link, "echo", NULL, GW_LINK_KEEP, on_answer, lab));
	assert_true(gw_link_ask(lab->link, "refuse", NULL, GW_LINK_ONCE, on_answer, lab));
	assert_true(gw_link_ask(lab->link, "file", NULL, GW_LINK_ONCE, on_answer, lab));
	assert_true(gw_link_ask(lab->link, "file", NULL, GW_LINK_ONCE, NULL, NULL));
	start_server(lab);
	run_until(lab, &lab->answered, 3);
	assert_int_equal(lab->connected, 1);
	assert_int_equal(lab->refused, 1);
	assert_int_equal(lab->files, 1);
	assert_int_equal(lab->lost, 0);
}

static void events_reach_those_who_have_subscribed(void **state)
{
	struct lab *lab = *state;

	start_server(lab);
	gw_link_start(lab->link);
	assert_true(gw_link_ask(lab->link, "subscribe", NULL, GW_LINK_ONCE, on_answer, lab));
	run_until(lab, &lab->answered, 1);
	gw_ipc_server_event(lab->server, json_pack("{s:s}", "event", "config.changed"));
	run_until(lab, &lab->events, 1);
}

static void a_lost_connection_repeats_what_is_kept_and_answers_the_rest(void **state)
{
	struct lab *lab = *state;

	start_server(lab);
	gw_link_start(lab->link);
	assert_true(gw_link_ask(lab->link, "hold", NULL, GW_LINK_KEEP, on_answer, lab));
	assert_true(gw_link_ask(lab->link, "hold", NULL, GW_LINK_ONCE, on_answer, lab));
	run_until(lab, &lab->held, 2);
	stop_server(lab);
	run_until(lab, &lab->answered, 1);
	assert_int_equal(lab->lost, 1);
	start_server(lab);
	run_until(lab, &lab->held, 3); /* the one that was kept has come again */
	assert_int_equal(lab->connected, 2);
	gw_ipc_call_reply(lab->holding, 0, NULL, -1);
	run_until(lab, &lab->answered, 2);
	assert_int_equal(lab->lost, 1);
}

static void a_full_queue_gives_up_and_counts(void **state)
{
	struct lab *lab = *state;
	struct gw_link_counts counts;
	unsigned int taken = 0;

	for (int i = 0; i < 3000; i++)
		taken += gw_link_ask(lab->link, "echo", NULL, GW_LINK_KEEP, on_answer, lab);
	gw_link_counts(lab->link, &counts);
	assert_int_equal(taken, counts.waiting);
	assert_int_equal(counts.given_up, 3000 - taken);
	assert_true(taken >= 1000 && taken < 3000);
	start_server(lab);
	gw_link_start(lab->link);
	run_until(lab, &lab->answered, taken);
	assert_int_equal(lab->lost, 0);
}

static void few_but_large_requests_are_bounded_too(void **state)
{
	struct lab *lab = *state;
	gw_auto_free char *large = gw_zalloc(70001, 1);
	unsigned int taken = 0;

	memset(large, 'x', 70000);
	assert_false(gw_link_ask(lab->link, "echo", json_pack("{s:s}", "pad", large), GW_LINK_KEEP,
				 NULL, NULL)); /* no message is that large */
	large[60000] = '\0';
	for (int i = 0; i < 100; i++)
		taken += gw_link_ask(lab->link, "echo", json_pack("{s:s}", "pad", large),
				     GW_LINK_KEEP, NULL, NULL);
	assert_true(taken > 0 && taken < 20);
}

static void what_still_waits_at_the_end_is_answered(void **state)
{
	struct lab *lab = *state;

	assert_true(gw_link_ask(lab->link, "echo", NULL, GW_LINK_KEEP, on_answer, lab));
	gw_link_free(lab->link);
	lab->link = NULL;
	assert_int_equal(lab->answered, 1);
	assert_int_equal(lab->lost, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_was_asked_before_gwd_was_there_is_answered_when_it_is, setup,
			teardown),
		cmocka_unit_test_setup_teardown(events_reach_those_who_have_subscribed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_lost_connection_repeats_what_is_kept_and_answers_the_rest, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_full_queue_gives_up_and_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(few_but_large_requests_are_bounded_too, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_still_waits_at_the_end_is_answered, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
