/*
 * Rollovers against the formulas of RFC 7583, and what plans say. That no chain breaks is shown by
 * roll_model_test.c; that nobody waits longer than he must is shown here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/zone/roll.h"
/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "tests/support/zone_keys.h"

#define KSK  1000
#define ZSK  2000
#define CSK  3000
#define NEXT 4000

#define BEGUN 1000000 /* all caches have settled by T0 */
#define T0    9000000

#define TTL_KEY        3600
#define TTL_SIG        7200
#define D_PRP          300
#define D_SGN          600
#define TTL_DS         86400
#define D_PRP_P        1800
#define D_REG          43200
#define PUBLISH_MARGIN 60
#define RETIRE_MARGIN  90

static struct gw_zone_timing timing(void)
{
	return (struct gw_zone_timing){
		.dnskey_ttl = TTL_KEY,
		.max_ttl = TTL_SIG,
		.propagation = D_PRP,
		.signing = D_SGN,
		.ds_ttl = TTL_DS,
		.parent_propagation = D_PRP_P,
		.registration = D_REG,
		.publish_margin = PUBLISH_MARGIN,
		.retire_margin = RETIRE_MARGIN,
	};
}

static void add(struct gw_zone_history *history, struct gw_zone_entry entry)
{
	const char *wrong = gw_zone_history_add(history, &entry);

	if (wrong)
		fail_msg("%s: %s", gw_zone_event_names[entry.event], wrong);
}

static void add_key(struct gw_zone_history *history, int64_t time, uint16_t tag,
		    enum gw_zone_role role, uint16_t instead_of)
{
	add(history, zone_generated(time, tag, role));
	add(history, zone_backed_up(time, tag));
	add(history, zone_introduced(time, tag, instead_of));
}

/* Does what is due; the parent acts at once. */
static void act(struct gw_zone_history *history, const struct gw_zone_timing *times, int64_t now)
{
	struct gw_zone_work work;

	gw_zone_roll_next(history, times, now, &work);
	if (work.ask) {
		add(history, (struct gw_zone_entry){
				     .event = GW_ZONE_ASKED, .time = now, .parent.ds = work.ds });
		add(history, (struct gw_zone_entry){ .event = GW_ZONE_SEEN,
						     .time = now,
						     .parent = { .ds = work.ds, .ttl = TTL_DS } });
	}
	if (work.publish) {
		add(history, (struct gw_zone_entry){
				     .event = GW_ZONE_PUBLISH, .time = now, .shown = work.shown });
		add(history, (struct gw_zone_entry){ .event = GW_ZONE_PUBLISHED, .time = now });
	}
}

/* A zone that has been signed with these keys for long. CSK 0: with KSK and ZSK. */
static void begin(struct gw_zone_history *history, uint16_t csk)
{
	struct gw_zone_timing times = timing();

	gw_zone_history_init(history);
	if (csk) {
		add_key(history, BEGUN, csk, GW_ZONE_CSK, 0);
	} else {
		add_key(history, BEGUN, KSK, GW_ZONE_KSK, 0);
		add_key(history, BEGUN, ZSK, GW_ZONE_ZSK, 0);
	}
	for (int64_t now = BEGUN; now < T0; now += 100000)
		act(history, &times, now);
	assert_int_equal(gw_zone_history_state(history, csk ? csk : KSK), GW_ZONE_KEY_ACTIVE);
}

static const struct gw_zone_step *step_of(const struct gw_zone_plan *plan,
					  enum gw_zone_step_kind kind)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->steps[i].kind == kind)
			return &plan->steps[i];
	fail_msg("the plan has no step of kind %d", kind);
	return NULL;
}

static void assert_ordered(const struct gw_zone_plan *plan)
{
	for (size_t i = 1; i < plan->n; i++)
		assert_true(plan->steps[i - 1].at <= plan->steps[i].at);
}

/* RFC 7583, 3.2.1: Ipub = Dprp + TTLkey; Iret = Dsgn + Dprp + TTLsig. */
static void a_zsk_rolls_in_the_time_of_rfc_7583(void **state)
{
	struct gw_zone_timing times = timing();
	struct gw_zone_history history;
	struct gw_zone_plan plan;
	int64_t active = T0 + D_PRP + TTL_KEY + PUBLISH_MARGIN;

	(void)state;
	begin(&history, 0);
	add_key(&history, T0, NEXT, GW_ZONE_ZSK, ZSK);
	gw_zone_roll_plan(&history, &times, T0, &plan);
	assert_ordered(&plan);
	assert_int_equal(plan.n, 3);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_PUBLISH)->at, T0);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_SIGN)->at, active);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_SIGN)->why, GW_ZONE_WHY_OLD_KEYS);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_REMOVE)->at,
			 active + D_SGN + D_PRP + TTL_SIG + RETIRE_MARGIN);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_REMOVE)->why, GW_ZONE_WHY_OLD_SIGNED);
	assert_false(step_of(&plan, GW_ZONE_STEP_REMOVE)->forecast);
	gw_zone_history_done(&history);
}

/* RFC 7583, 3.3.1 (double-KSK): IpubC = DprpC + TTLkey; Iret = DprpP + TTLds. */
static void a_ksk_rolls_in_the_time_of_rfc_7583(void **state)
{
	struct gw_zone_timing times = timing();
	struct gw_zone_history history;
	struct gw_zone_plan plan;
	int64_t ask = T0 + D_PRP + TTL_KEY + PUBLISH_MARGIN;

	(void)state;
	begin(&history, 0);
	add_key(&history, T0, NEXT, GW_ZONE_KSK, KSK);
	gw_zone_roll_plan(&history, &times, T0, &plan);
	assert_ordered(&plan);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_PUBLISH)->at, T0);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_ASK_PARENT)->at, ask);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_WAIT_PARENT)->at, ask + D_REG);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_REMOVE)->at,
			 ask + D_REG + D_PRP_P + TTL_DS + RETIRE_MARGIN);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_REMOVE)->why, GW_ZONE_WHY_OLD_DS);
	assert_true(step_of(&plan, GW_ZONE_STEP_REMOVE)->forecast);
	gw_zone_history_done(&history);
}

/* RFC 7583, 3.3.2 (double-DS): IpubP = DprpP + TTLds; Iret = DprpC + TTLkey. */
static void a_double_ds_roll_takes_the_time_of_rfc_7583(void **state)
{
	struct gw_zone_timing times = timing();
	struct gw_zone_history history;
	struct gw_zone_plan plan;
	int64_t swap = T0 + D_REG + D_PRP_P + TTL_DS + RETIRE_MARGIN;

	(void)state;
	times.style = GW_ZONE_DOUBLE_DS;
	begin(&history, 0);
	add_key(&history, T0, NEXT, GW_ZONE_KSK, KSK);
	gw_zone_roll_plan(&history, &times, T0, &plan);
	assert_ordered(&plan);
	assert_int_equal(plan.n, 5);
	assert_int_equal(plan.steps[0].kind, GW_ZONE_STEP_ASK_PARENT);
	assert_int_equal(plan.steps[0].at, T0);
	assert_int_equal(plan.steps[0].keys.n, 2);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_SWAP)->at, swap);
	assert_int_equal(plan.steps[3].kind, GW_ZONE_STEP_ASK_PARENT);
	assert_int_equal(plan.steps[3].at, swap + D_PRP + TTL_KEY + PUBLISH_MARGIN);
	assert_int_equal(plan.steps[3].keys.n, 1);
	gw_zone_history_done(&history);
}

static void a_compromised_key_goes_without_margins(void **state)
{
	struct gw_zone_timing times = timing();
	struct gw_zone_history history;
	struct gw_zone_plan plan;
	int64_t active = T0 + D_PRP + TTL_KEY;

	(void)state;
	begin(&history, 0);
	add(&history,
	    (struct gw_zone_entry){ .event = GW_ZONE_COMPROMISED, .time = T0, .tag = ZSK });
	gw_zone_roll_plan(&history, &times, T0, &plan);
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.steps[0].kind, GW_ZONE_STEP_GENERATE);
	assert_int_equal(plan.steps[0].why, GW_ZONE_WHY_WITHDRAWN);
	add_key(&history, T0, NEXT, GW_ZONE_ZSK, ZSK);
	gw_zone_roll_plan(&history, &times, T0, &plan);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_SIGN)->at, active);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_REMOVE)->at, active + D_SGN + D_PRP + TTL_SIG);
	gw_zone_history_done(&history);
}

static void the_first_keys_are_published_before_their_ds(void **state)
{
	struct gw_zone_timing times = timing();
	struct gw_zone_history history;
	struct gw_zone_plan plan;

	(void)state;
	gw_zone_history_init(&history);
	add(&history, zone_generated(T0, CSK, GW_ZONE_CSK));
	add(&history, zone_introduced(T0, CSK, 0));
	gw_zone_roll_plan(&history, &times, T0, &plan);
	assert_ordered(&plan);
	assert_int_equal(plan.steps[0].kind, GW_ZONE_STEP_BACK_UP);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_PUBLISH)->at, T0);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_SIGN)->at, T0);
	/* Until no cache has an RRset of the unsigned zone. */
	assert_true(step_of(&plan, GW_ZONE_STEP_ASK_PARENT)->at >= T0 + D_PRP + TTL_SIG);
	gw_zone_history_done(&history);
}

static void a_zone_becomes_insecure_after_its_ds_has_gone(void **state)
{
	struct gw_zone_timing times = timing();
	struct gw_zone_history history;
	struct gw_zone_plan plan;
	struct gw_zone_work work;

	(void)state;
	begin(&history, 0);
	times.unsign = true;
	gw_zone_roll_next(&history, &times, T0, &work);
	assert_true(work.ask && work.publish && work.shown.cds_delete);
	assert_int_equal(work.ds.n, 0);
	assert_int_equal(work.shown.keys.n, 2);
	gw_zone_roll_plan(&history, &times, T0, &plan);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_UNSIGN)->at,
			 T0 + D_REG + D_PRP_P + TTL_DS + RETIRE_MARGIN);
	gw_zone_history_done(&history);
}

/* An old TTL holds for what was given out with it. */
static void a_lowered_ttl_does_not_shorten_what_is_cached(void **state)
{
	struct gw_zone_timing times = timing();
	struct gw_zone_history history;
	struct gw_zone_plan plan;

	(void)state;
	begin(&history, 0);
	times.dnskey_ttl = 60;
	act(&history, &times, T0);
	add_key(&history, T0 + 10, NEXT, GW_ZONE_ZSK, ZSK);
	gw_zone_roll_plan(&history, &times, T0 + 10, &plan);
	assert_int_equal(step_of(&plan, GW_ZONE_STEP_SIGN)->at,
			 T0 + D_PRP + TTL_KEY + PUBLISH_MARGIN);
	gw_zone_history_done(&history);
}

static void keys_are_due_at_their_age(void **state)
{
	struct gw_zone_timing times = timing();
	struct gw_zone_history history;
	struct gw_zone_plan plan;
	struct gw_zone_work work;

	(void)state;
	begin(&history, 0);
	times.zsk_life = T0 - BEGUN + 500;
	gw_zone_roll_next(&history, &times, T0, &work);
	assert_int_equal(work.due.n, 0);
	gw_zone_roll_plan(&history, &times, T0, &plan);
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.steps[0].at, T0 + 500);
	assert_int_equal(plan.steps[0].why, GW_ZONE_WHY_AGE);
	gw_zone_roll_next(&history, &times, T0 + 500, &work);
	assert_int_equal(work.due.n, 1);
	assert_int_equal(work.due.tag[0], ZSK);
	gw_zone_history_done(&history);
}

/* The parent lost our DS for one that we do not know. */
static void a_broken_chain_is_said_to_be_one(void **state)
{
	struct gw_zone_timing times = timing();
	struct gw_zone_history history;
	struct gw_zone_plan plan;
	struct gw_zone_work work;
	gw_auto_text struct gw_text text = { 0 };
	int64_t until;

	(void)state;
	begin(&history, 0);
	assert_true(gw_zone_roll_holds(&history, &times, T0, &until));
	add(&history, (struct gw_zone_entry){ .event = GW_ZONE_SEEN,
					      .time = T0,
					      .parent = { .strangers = 1, .ttl = TTL_DS } });
	assert_false(gw_zone_roll_holds(&history, &times, T0, &until));
	assert_true(until == GW_ZONE_NEVER);
	gw_zone_roll_next(&history, &times, T0, &work);
	assert_true(work.ask);
	assert_int_equal(work.ds.tag[0], KSK);
	gw_zone_roll_plan(&history, &times, T0, &plan);
	gw_zone_plan_now(&plan, "example.go.jp", false, &text);
	assert_non_null(strstr(text.bytes, "put right at once"));
	/* When the right one is back, caches have the wrong one for a while. */
	add(&history, (struct gw_zone_entry){ .event = GW_ZONE_SEEN,
					      .time = T0 + 1000,
					      .parent = { .ds = zone_tags(1, KSK), .ttl = 60 } });
	assert_false(gw_zone_roll_holds(&history, &times, T0 + 1001, &until));
	assert_int_equal(until, T0 + 1000 + TTL_DS + D_PRP_P);
	gw_zone_history_done(&history);
}

/* The only ZSK is withdrawn: the zone stays signed until there is another. */
static void a_key_without_successor_stays(void **state)
{
	struct gw_zone_timing times = timing();
	struct gw_zone_history history;
	struct gw_zone_work work;

	(void)state;
	begin(&history, 0);
	add(&history, (struct gw_zone_entry){ .event = GW_ZONE_WITHDRAWN, .time = T0, .tag = ZSK });
	gw_zone_roll_next(&history, &times, T0, &work);
	assert_false(work.publish);
	assert_int_equal(work.due.n, 1);
	gw_zone_history_done(&history);
}

/* ---- words ------------------------------------------------------------------------------------------------ */

static void assert_now(const struct gw_zone_history *history, const struct gw_zone_timing *times,
		       int64_t now, const char *english, const char *japanese)
{
	struct gw_zone_plan plan;

	gw_zone_roll_plan(history, times, now, &plan);
	for (int language = 0; language < 2; language++) {
		gw_auto_text struct gw_text text = { 0 };
		const char *wanted = language ? japanese : english;

		gw_zone_plan_now(&plan, "example.go.jp", language, &text);
		if (strcmp(text.bytes, wanted) != 0)
			fail_msg("\"%s\" instead of \"%s\"", text.bytes, wanted);
	}
}

static void a_plan_says_in_one_sentence_what_to_do_now(void **state)
{
	struct gw_zone_timing times = timing();
	struct gw_zone_history history;

	(void)state;
	begin(&history, 0);
	assert_now(&history, &times, T0, "Nothing has to be done.", "今すべきことはありません。");
	add(&history, zone_generated(T0, NEXT, GW_ZONE_KSK));
	add(&history, zone_introduced(T0, NEXT, KSK));
	assert_now(&history, &times, T0,
		   "Now: back up key 4000 (`gwctl zone backup example.go.jp`).",
		   "今すべきこと：鍵4000をバックアップする（`gwctl zone backup example.go.jp`）。");
	add(&history, zone_backed_up(T0, NEXT));
	assert_now(&history, &times, T0,
		   "Now: publish key 4000 (`gwctl zone publish example.go.jp`).",
		   "今すべきこと：鍵4000を公開する（`gwctl zone publish example.go.jp`）。");
	act(&history, &times, T0);
	assert_now(&history, &times, T0,
		   "Nothing has to be done before 1970-04-15 05:06:00 +0000: then ask the parent "
		   "for the DS of key 4000 and no other.",
		   "1970-04-15 05:06:00 "
		   "+0000まで何もする必要はありません（その後：親ゾーンに鍵4000のDSのみの登録を依頼"
		   "する）"
		   "。");
	gw_zone_history_done(&history);
}

static void a_reason_says_since_when_and_how_long(void **state)
{
	struct gw_zone_timing times = timing();
	struct gw_zone_history history;
	struct gw_zone_plan plan;
	gw_auto_text struct gw_text text = { 0 };

	(void)state;
	begin(&history, 0);
	add_key(&history, T0, NEXT, GW_ZONE_ZSK, ZSK);
	gw_zone_roll_plan(&history, &times, T0, &plan);
	gw_zone_step_text(step_of(&plan, GW_ZONE_STEP_SIGN), false, &text);
	gw_text_puts(&text, ": ");
	gw_zone_step_reason(step_of(&plan, GW_ZONE_STEP_SIGN), false, &text);
	assert_string_equal(
		text.bytes,
		"sign the zone with key 4000 instead of key 2000: resolvers may hold "
		"the DNSKEY set of before: given out until 1970-04-15 04:00:00 +0000, TTL "
		"1h, until all servers follow 5m, margin 1m");
	gw_zone_history_done(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zsk_rolls_in_the_time_of_rfc_7583),
		cmocka_unit_test(a_ksk_rolls_in_the_time_of_rfc_7583),
		cmocka_unit_test(a_double_ds_roll_takes_the_time_of_rfc_7583),
		cmocka_unit_test(a_compromised_key_goes_without_margins),
		cmocka_unit_test(the_first_keys_are_published_before_their_ds),
		cmocka_unit_test(a_zone_becomes_insecure_after_its_ds_has_gone),
		cmocka_unit_test(a_lowered_ttl_does_not_shorten_what_is_cached),
		cmocka_unit_test(keys_are_due_at_their_age),
		cmocka_unit_test(a_broken_chain_is_said_to_be_one),
		cmocka_unit_test(a_key_without_successor_stays),
		cmocka_unit_test(a_plan_says_in_one_sentence_what_to_do_now),
		cmocka_unit_test(a_reason_says_since_when_and_how_long),
	};

	(void)setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
