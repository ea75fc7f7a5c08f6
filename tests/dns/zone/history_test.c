#include <string.h>

#include "dns/zone/history.h"
/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "tests/support/zone_keys.h"

#define KSK  1000
#define ZSK  2000
#define NEXT 3000

static void add(struct gw_zone_history *history, struct gw_zone_entry entry)
{
	const char *wrong = gw_zone_history_add(history, &entry);

	if (wrong)
		fail_msg("%s: %s", gw_zone_event_names[entry.event], wrong);
}

static void assert_refused(struct gw_zone_history *history, struct gw_zone_entry entry,
			   const char *why)
{
	uint64_t before = history->n_entries;
	const char *wrong = gw_zone_history_add(history, &entry);

	assert_non_null(wrong);
	if (!strstr(wrong, why))
		fail_msg("\"%s\" does not say \"%s\"", wrong, why);
	assert_int_equal(history->n_entries, before);
}

static struct gw_zone_entry publish(int64_t time, uint16_t ksk, uint16_t zsk)
{
	return (struct gw_zone_entry){ .event = GW_ZONE_PUBLISH,
				       .time = time,
				       .shown = { .keys = zone_tags(2, ksk, zsk),
						  .key_signers = zone_tags(1, ksk),
						  .zone_signers = zone_tags(1, zsk),
						  .dnskey_ttl = 3600,
						  .max_ttl = 3600 } };
}

static struct gw_zone_entry published(int64_t time)
{
	return (struct gw_zone_entry){ .event = GW_ZONE_PUBLISHED, .time = time };
}

static struct gw_zone_entry parent(enum gw_zone_event event, int64_t time, struct gw_zone_tags ds)
{
	return (struct gw_zone_entry){ .event = event,
				       .time = time,
				       .parent = { .ds = ds, .ttl = 86400 } };
}

/* A zone with a KSK and a ZSK that are backed up and introduced. */
static void begin(struct gw_zone_history *history)
{
	gw_zone_history_init(history);
	add(history, zone_generated(10, KSK, GW_ZONE_KSK));
	add(history, zone_generated(10, ZSK, GW_ZONE_ZSK));
	add(history, zone_backed_up(20, KSK));
	add(history, zone_backed_up(20, ZSK));
	add(history, zone_introduced(30, KSK, 0));
	add(history, zone_introduced(30, ZSK, 0));
}

static void a_key_goes_through_its_states(void **state)
{
	struct gw_zone_history history;

	(void)state;
	gw_zone_history_init(&history);
	add(&history, zone_generated(10, KSK, GW_ZONE_KSK));
	add(&history, zone_generated(10, ZSK, GW_ZONE_ZSK));
	assert_int_equal(gw_zone_history_state(&history, KSK), GW_ZONE_KEY_GENERATED);
	add(&history, zone_backed_up(20, KSK));
	assert_int_equal(gw_zone_history_state(&history, KSK), GW_ZONE_KEY_BACKED_UP);
	add(&history, zone_backed_up(20, ZSK));
	add(&history, zone_introduced(30, KSK, 0));
	add(&history, zone_introduced(30, ZSK, 0));
	add(&history, publish(40, KSK, ZSK));
	add(&history, published(41));
	assert_int_equal(gw_zone_history_state(&history, ZSK), GW_ZONE_KEY_ACTIVE);
	assert_int_equal(gw_zone_history_state(&history, KSK), GW_ZONE_KEY_PUBLISHED);
	add(&history, parent(GW_ZONE_ASKED, 50, zone_tags(1, KSK)));
	assert_int_equal(gw_zone_history_state(&history, KSK), GW_ZONE_KEY_PUBLISHED);
	assert_non_null(gw_zone_history_asked(&history));
	add(&history, parent(GW_ZONE_SEEN, 60, zone_tags(1, KSK)));
	assert_int_equal(gw_zone_history_state(&history, KSK), GW_ZONE_KEY_ACTIVE);
	assert_null(gw_zone_history_asked(&history));
	assert_int_equal(gw_zone_history_key(&history, KSK)->active, 60);

	add(&history, zone_generated(70, NEXT, GW_ZONE_KSK));
	add(&history, zone_backed_up(71, NEXT));
	add(&history, zone_introduced(72, NEXT, KSK));
	assert_int_equal(gw_zone_history_state(&history, KSK), GW_ZONE_KEY_ACTIVE);
	add(&history, parent(GW_ZONE_ASKED, 80, zone_tags(1, NEXT)));
	add(&history, parent(GW_ZONE_SEEN, 90, zone_tags(1, NEXT)));
	assert_int_equal(gw_zone_history_state(&history, KSK), GW_ZONE_KEY_RETIRED);
	add(&history, publish(100, NEXT, ZSK));
	assert_int_equal(gw_zone_history_state(&history, KSK), GW_ZONE_KEY_RETIRED);
	add(&history, published(101));
	assert_int_equal(gw_zone_history_state(&history, KSK), GW_ZONE_KEY_REMOVED);
	assert_int_equal(gw_zone_history_key(&history, KSK)->removed, 101);
	gw_zone_history_done(&history);
}

static void no_key_is_published_before_a_restore_has_proved_its_backup(void **state)
{
	struct gw_zone_history history;

	(void)state;
	gw_zone_history_init(&history);
	add(&history, zone_generated(10, KSK, GW_ZONE_KSK));
	add(&history, zone_generated(10, ZSK, GW_ZONE_ZSK));
	add(&history, zone_backed_up(20, KSK));
	add(&history, zone_introduced(30, KSK, 0));
	add(&history, zone_introduced(30, ZSK, 0));
	assert_refused(&history, publish(40, KSK, ZSK), "no restore has proved");
	gw_zone_history_done(&history);
	gw_zone_history_init(&history);
	add(&history, zone_generated(10, KSK, GW_ZONE_KSK));
	assert_refused(&history, parent(GW_ZONE_ASKED, 40, zone_tags(1, KSK)),
		       "no restore has proved");
	gw_zone_history_done(&history);
}

static void what_cannot_follow_is_refused(void **state)
{
	struct gw_zone_history history;
	struct gw_zone_entry entry;

	(void)state;
	begin(&history);
	assert_refused(&history, zone_generated(31, KSK, GW_ZONE_KSK), "has or had this tag");
	assert_refused(&history, zone_introduced(31, 77, 0), "no such key");
	assert_refused(&history, zone_introduced(31, KSK, 0), "introduced before");
	assert_refused(&history, zone_backed_up(29, KSK), "clock is behind");
	assert_refused(&history, published(31), "nothing was about to be published");
	assert_refused(&history, publish(31, ZSK, KSK), "another role");
	entry = publish(31, KSK, ZSK);
	entry.shown.keys = zone_tags(1, KSK);
	assert_refused(&history, entry, "not in the DNSKEY RRset");
	entry.shown.zone_signers.n = 0;
	assert_refused(&history, entry, "keys without signatures");
	assert_refused(&history, parent(GW_ZONE_ASKED, 31, zone_tags(1, ZSK)), "another role");
	entry = zone_generated(31, NEXT, GW_ZONE_KSK);
	entry.role = GW_ZONE_ZSK;
	assert_refused(&history, entry, "do not agree");
	add(&history, zone_generated(32, NEXT, GW_ZONE_KSK));
	assert_refused(&history, zone_introduced(32, NEXT, ZSK), "cannot take the other's place");
	assert_refused(&history, zone_introduced(32, NEXT, NEXT), "cannot take the other's place");
	gw_zone_history_done(&history);
}

/* A kill between `publish` and `published`: the version counts as visible until the next one is out. */
static void a_version_that_may_be_out_ends_with_the_next(void **state)
{
	struct gw_zone_history history;

	(void)state;
	begin(&history);
	add(&history, publish(40, KSK, ZSK));
	add(&history, publish(50, KSK, ZSK));
	assert_int_equal(history.versions[0].ended, 0);
	assert_int_equal(history.versions[1].ended, 0);
	add(&history, published(60));
	assert_int_equal(history.versions[0].ended, 60);
	assert_int_equal(history.versions[1].ended, 60);
	assert_int_equal(history.versions[1].out, 0);
	assert_int_equal(history.versions[2].out, 60);
	gw_zone_history_done(&history);
}

/* What the parent shows unasked does not end what it was asked for. */
static void the_parent_may_do_something_else_first(void **state)
{
	struct gw_zone_history history;
	struct gw_zone_entry strangers = parent(GW_ZONE_SEEN, 60, zone_tags(0));

	(void)state;
	begin(&history);
	add(&history, parent(GW_ZONE_ASKED, 50, zone_tags(1, KSK)));
	strangers.parent.strangers = 1;
	add(&history, strangers);
	assert_int_equal(gw_zone_history_seen(&history)->parent.strangers, 1);
	assert_non_null(gw_zone_history_asked(&history));
	assert_int_equal(history.parents[0].ended, 60);
	add(&history, parent(GW_ZONE_SEEN, 70, zone_tags(1, KSK)));
	assert_null(gw_zone_history_asked(&history));
	assert_int_equal(history.parents[1].seen, 70);
	assert_int_equal(history.parents[2].ended, 70);
	/* The same again, with a shorter TTL: the longer one is in somebody's cache. */
	strangers = parent(GW_ZONE_SEEN, 80, zone_tags(1, KSK));
	strangers.parent.ttl = 60;
	add(&history, strangers);
	assert_int_equal(gw_zone_history_seen(&history)->parent.ttl, 86400);
	assert_int_equal(history.n_parents, 3);
	gw_zone_history_done(&history);
}

static void sets_of_tags_are_sorted_and_have_an_end(void **state)
{
	struct gw_zone_tags set = zone_tags(3, 30, 10, 20);

	(void)state;
	assert_int_equal(set.tag[0], 10);
	assert_int_equal(set.tag[2], 30);
	assert_true(gw_zone_tags_add(&set, 20));
	assert_int_equal(set.n, 3);
	gw_zone_tags_remove(&set, 20);
	gw_zone_tags_remove(&set, 99);
	assert_int_equal(set.n, 2);
	assert_int_equal(set.tag[1], 30);
	for (uint16_t tag = 100; set.n < GW_ZONE_LIVE_MAX; tag++)
		assert_true(gw_zone_tags_add(&set, tag));
	assert_false(gw_zone_tags_add(&set, 50));
	assert_true(gw_zone_tags_add(&set, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_goes_through_its_states),
		cmocka_unit_test(no_key_is_published_before_a_restore_has_proved_its_backup),
		cmocka_unit_test(what_cannot_follow_is_refused),
		cmocka_unit_test(a_version_that_may_be_out_ends_with_the_next),
		cmocka_unit_test(the_parent_may_do_something_else_first),
		cmocka_unit_test(sets_of_tags_are_sorted_and_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
