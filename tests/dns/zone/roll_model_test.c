/*
 * Rollovers against a world that is simulated: servers of the zone that lag, servers of the parent that do
 * not act at a time, and a validator whose DS, DNSKEY and signed RRsets were each fetched at any moment of
 * the past that their TTLs allow, from any server. Every combination of those is tried at every tick,
 * after every sequence of what may happen: the operator looks or does not, is killed before or after the
 * zone went out, thinks twice, the parent's servers act sooner or later. None may be bogus, and every roll
 * must end. RUNS=3 (2 by default) is how often in a sequence something goes wrong with the operator.
 *
 * That the test can fail is shown by taking away what the schedule knows, one thing at a time: each
 * TTL, each lag, the waiting for all servers of the parent, the record before the deed. Every one of these
 * schedules breaks the chain in some sequence.
 *
 * Nothing here uses the code under test to judge: what is visible is worked out from the simulated world.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dns/zone/roll.h"
#include "gw/core/mem.h"
#include "tests/support/zone_keys.h"

#define TICK         10  /* seconds */
#define START        100 /* tick at which the roll begins; all caches have settled */
#define TICKS        90  /* a roll that takes longer never ends */
#define LONG         8   /* no TTL or lag is more ticks than this */
#define PARENT_DELAY 2   /* ticks that each server of the parent may take */

/* ---- keys ------------------------------------------------------------------------------------------ */

/* Key i has tag 1000 * (i + 1), and bit i in a mask. */
enum { OLD_KSK, OLD_ZSK, OLD_CSK, NEW_KSK, NEW_ZSK, NEW_CSK, THIRD_ZSK, KEYS };

static const enum gw_zone_role roles[] = { GW_ZONE_KSK, GW_ZONE_ZSK, GW_ZONE_CSK, GW_ZONE_KSK,
					   GW_ZONE_ZSK, GW_ZONE_CSK, GW_ZONE_ZSK };

static uint16_t tag_of(int key)
{
	return (uint16_t)(1000 * (key + 1));
}

static unsigned int mask_of(const struct gw_zone_tags *set)
{
	unsigned int mask = 0;

	for (size_t i = 0; i < set->n; i++)
		mask |= 1u << (set->tag[i] / 1000 - 1);
	return mask;
}

/* ---- the world -------------------------------------------------------------------------------------- */

/* In ticks. */
struct times {
	int dnskey_ttl, max_ttl, propagation, signing, ds_ttl, parent_propagation;
};

/* What was given out from a tick on. */
struct zone_version {
	int from;
	unsigned int keys, key_signers, zone_signers;
	int dnskey_ttl, max_ttl;
};

struct ds_version {
	int from;
	unsigned int ds;
};

#define VERSIONS 32
struct world {
	struct times times;
	struct zone_version zone[VERSIONS];
	int n_zone;
	struct ds_version ds[2][VERSIONS]; /* two servers of the parent */
	int n_ds[2];
};

static unsigned int ds_at(const struct world *world, int server, int tick)
{
	unsigned int ds = 0;

	for (int i = 0; i < world->n_ds[server]; i++)
		if (world->ds[server][i].from <= tick)
			ds = world->ds[server][i].ds;
	return ds;
}

static const struct zone_version *zone_at(const struct world *world, int tick)
{
	const struct zone_version *version = &world->zone[0];

	for (int i = 0; i < world->n_zone; i++)
		if (world->zone[i].from <= tick)
			version = &world->zone[i];
	return version;
}

/* ---- the validator ----------------------------------------------------------------------------------- */

/* Different things that a cache may hold. */
struct held {
	struct {
		unsigned int a, b;
	} items[64];
	int n;
};

static void hold(struct held *held, unsigned int a, unsigned int b)
{
	for (int i = 0; i < held->n; i++)
		if (held->items[i].a == a && held->items[i].b == b)
			return;
	assert_true(held->n < (int)GW_COUNT(held->items));
	held->items[held->n].a = a;
	held->items[held->n++].b = b;
}

/* Fetched at `tick - age`, from a server that was `lag` behind. */
static void hold_ds(const struct world *world, int tick, struct held *held)
{
	for (int age = 0; age <= world->times.ds_ttl; age++)
		for (int lag = 0; lag <= world->times.parent_propagation; lag++)
			for (int server = 0; server < 2; server++)
				hold(held, ds_at(world, server, tick - age - lag), 0);
}

static void hold_keys(const struct world *world, int tick, struct held *held)
{
	for (int age = 0; age <= LONG; age++) {
		for (int lag = 0; lag <= world->times.propagation; lag++) {
			const struct zone_version *version = zone_at(world, tick - age - lag);

			if (age <= version->dnskey_ttl)
				hold(held, version->keys, version->key_signers);
		}
	}
}

/* While the zone is signed anew, an RRset has the signatures of now or those of before. */
static void hold_signed(const struct world *world, int tick, struct held *held)
{
	for (int age = 0; age <= LONG; age++) {
		for (int lag = 0; lag <= world->times.propagation; lag++) {
			const struct zone_version *version = zone_at(world, tick - age - lag);

			for (int old = 0; old <= world->times.signing; old++)
				if (age <= version->max_ttl)
					hold(held,
					     zone_at(world, tick - age - lag - old)->zone_signers,
					     0);
		}
	}
}

/* True if a validator with these finds the chain broken. */
static bool is_bogus(unsigned int ds, unsigned int keys, unsigned int key_signers,
		     unsigned int zone_signers)
{
	return ds && (!(ds & keys & key_signers) || !(zone_signers & keys));
}

static bool any_is_bogus(const struct world *world, int tick)
{
	struct held ds = { .n = 0 }, keys = { .n = 0 }, zone = { .n = 0 };

	hold_ds(world, tick, &ds);
	hold_keys(world, tick, &keys);
	hold_signed(world, tick, &zone);
	for (int d = 0; d < ds.n; d++)
		for (int k = 0; k < keys.n; k++)
			for (int z = 0; z < zone.n; z++)
				if (is_bogus(ds.items[d].a, keys.items[k].a, keys.items[k].b,
					     zone.items[z].a))
					return true;
	return false;
}

/* ---- what happens, in every sequence ------------------------------------------------------------------ */

/* Numbers that count through all sequences: the last one moves first. */
struct oracle {
	uint8_t chosen[64], options[64];
	int n, at;
};

static int choose(struct oracle *oracle, int options)
{
	if (oracle->at == oracle->n) {
		assert_true(oracle->n < (int)sizeof(oracle->chosen));
		oracle->chosen[oracle->n] = 0;
		oracle->options[oracle->n++] = (uint8_t)options;
	}
	return oracle->chosen[oracle->at++];
}

static bool next_sequence(struct oracle *oracle)
{
	while (oracle->n && ++oracle->chosen[oracle->n - 1] == oracle->options[oracle->n - 1])
		oracle->n--;
	oracle->at = 0;
	return oracle->n > 0;
}

/* What the schedule is not told, or does not do. */
enum flaw {
	SOUND,
	NO_DNSKEY_TTL,
	NO_MAX_TTL,
	NO_PROPAGATION,
	NO_SIGNING,
	NO_DS_TTL,
	NO_PARENT_PROPAGATION,
	ONE_PARENT_SERVER, /* seen at one is seen */
	NO_PARENT,         /* asked is seen */
	NO_INTENT,         /* a zone is on record once it is out, not before */
	OLD_TTL_FORGOTTEN, /* all that was given out had the TTLs of now */
	FLAWS
};

struct scenario {
	const char *name;
	struct times times;
	enum gw_zone_ksk_style style;
	bool unsign, lower_ttl, compromised;
	bool second_thoughts; /* the new ZSK is given up for a third one, some time on the way */
	unsigned int old, new_;
};

struct run {
	const struct scenario *scenario;
	enum flaw flaw;
	struct oracle *oracle;
	struct world world;
	struct gw_zone_history history;
	struct gw_zone_timing timing;
	int tick, deviations, max_deviations;
	int thinks_twice; /* at this tick; 0: never */
	int asked[2],
		waited[2]; /* tick at which each server of the parent was asked; ticks since */
	unsigned int asked_for;
};

static void record(struct run *run, struct gw_zone_entry entry)
{
	const char *wrong;

	entry.time = (int64_t)run->tick * TICK;
	wrong = gw_zone_history_add(&run->history, &entry);
	if (wrong)
		fail_msg("%s, tick %d: %s: %s", run->scenario->name, run->tick,
			 gw_zone_event_names[entry.event], wrong);
}

static void record_shown(struct run *run, const struct gw_zone_shown *shown)
{
	record(run, (struct gw_zone_entry){ .event = GW_ZONE_PUBLISH, .shown = *shown });
}

static void record_out(struct run *run)
{
	record(run, (struct gw_zone_entry){ .event = GW_ZONE_PUBLISHED });
	if (run->flaw == OLD_TTL_FORGOTTEN)
		for (size_t i = 0; i < run->history.n_versions; i++) {
			run->history.versions[i].shown.dnskey_ttl = run->timing.dnskey_ttl;
			run->history.versions[i].shown.max_ttl = run->timing.max_ttl;
		}
}

static void give_out(struct run *run, const struct gw_zone_shown *shown)
{
	struct world *world = &run->world;

	assert_true(world->n_zone < VERSIONS);
	world->zone[world->n_zone++] = (struct zone_version){
		.from = run->tick,
		.keys = mask_of(&shown->keys),
		.key_signers = mask_of(&shown->key_signers),
		.zone_signers = mask_of(&shown->zone_signers),
		.dnskey_ttl = world->times.dnskey_ttl,
		.max_ttl = world->times.max_ttl,
	};
}

static void change_ds(struct run *run, int server, unsigned int ds)
{
	struct world *world = &run->world;

	assert_true(world->n_ds[server] < VERSIONS);
	world->ds[server][world->n_ds[server]++] = (struct ds_version){ run->tick, ds };
}

/* The parent was asked: each of its servers acts within PARENT_DELAY ticks. */
static void move_parent(struct run *run)
{
	for (int server = 0; server < 2; server++) {
		if (!run->asked[server])
			continue;
		if (run->waited[server] < PARENT_DELAY && choose(run->oracle, 2)) {
			run->waited[server]++;
			continue;
		}
		run->asked[server] = run->waited[server] = 0;
		change_ds(run, server, run->asked_for);
	}
}

static struct gw_zone_tags tags_of(unsigned int mask)
{
	struct gw_zone_tags set = { .n = 0 };

	for (int i = 0; i < KEYS; i++)
		if (mask & 1u << i)
			(void)gw_zone_tags_add(&set, tag_of(i));
	return set;
}

static void see_parent(struct run *run)
{
	unsigned int first = ds_at(&run->world, 0, run->tick);
	unsigned int second = ds_at(&run->world, 1, run->tick);
	const struct gw_zone_ds_version *asked = gw_zone_history_asked(&run->history);
	uint32_t ttl = (uint32_t)(run->world.times.ds_ttl * TICK);

	if (run->flaw == NO_PARENT && asked)
		first = second = mask_of(&asked->parent.ds);
	if (first != second && run->flaw != ONE_PARENT_SERVER)
		return;
	if (first == mask_of(&gw_zone_history_seen(&run->history)->parent.ds) &&
	    !(asked && mask_of(&asked->parent.ds) == first))
		return;
	record(run,
	       (struct gw_zone_entry){ .event = GW_ZONE_SEEN,
				       .parent = { .ds = tags_of(first),
						   .ttl = run->flaw == NO_DS_TTL ? 1 : ttl } });
}

static void ask_parent(struct run *run, const struct gw_zone_tags *ds)
{
	run->asked_for = mask_of(ds);
	record(run, (struct gw_zone_entry){ .event = GW_ZONE_ASKED, .parent = { .ds = *ds } });
	for (int server = 0; server < 2; server++) {
		run->asked[server] = 1;
		run->waited[server] = 0;
	}
}

/* What becomes of the operator's work. */
enum deed {
	DONE,
	ASLEEP,
	KILLED_BEFORE, /* on record, but not out */
	KILLED_AFTER,  /* out, but not on record as such */
	DEEDS
};

static void publish(struct run *run, const struct gw_zone_work *work, enum deed deed)
{
	if (run->flaw != NO_INTENT)
		record_shown(run, &work->shown);
	if (deed == KILLED_BEFORE)
		return;
	give_out(run, &work->shown);
	if (deed == KILLED_AFTER)
		return;
	if (run->flaw == NO_INTENT)
		record_shown(run, &work->shown);
	record_out(run);
}

/* True if there was nothing to do. */
static bool operate(struct run *run)
{
	struct gw_zone_work work;
	enum deed deed = DONE;

	see_parent(run);
	gw_zone_roll_next(&run->history, &run->timing, (int64_t)run->tick * TICK, &work);
	if (!work.publish && !work.ask)
		return !work.wait;
	if (run->deviations < run->max_deviations)
		deed = (enum deed)choose(run->oracle, DEEDS);
	if (deed != DONE)
		run->deviations++;
	if (deed == ASLEEP)
		return false;
	if (work.ask)
		ask_parent(run, &work.ds);
	if (work.publish)
		publish(run, &work, deed);
	return false;
}

/* ---- a roll, from beginning to end -------------------------------------------------------------------- */

static void tell_times(struct run *run)
{
	const struct times *times = &run->world.times;
	enum flaw flaw = run->flaw;

	run->timing.dnskey_ttl = flaw == NO_DNSKEY_TTL ? 1 : (uint32_t)(times->dnskey_ttl * TICK);
	run->timing.max_ttl = flaw == NO_MAX_TTL ? 1 : (uint32_t)(times->max_ttl * TICK);
	run->timing.propagation =
		flaw == NO_PROPAGATION ? 0 : (uint32_t)(times->propagation * TICK);
	run->timing.signing = flaw == NO_SIGNING ? 0 : (uint32_t)(times->signing * TICK);
	run->timing.ds_ttl = flaw == NO_DS_TTL ? 1 : (uint32_t)(times->ds_ttl * TICK);
	run->timing.parent_propagation =
		flaw == NO_PARENT_PROPAGATION ? 0 : (uint32_t)(times->parent_propagation * TICK);
	run->timing.style = run->scenario->style;
}

static void add_key(struct run *run, int key, int instead_of)
{
	struct gw_zone_entry entry = zone_generated(0, tag_of(key), roles[key]);

	record(run, entry);
	record(run, zone_backed_up(0, tag_of(key)));
	record(run, zone_introduced(0, tag_of(key), instead_of < 0 ? 0 : tag_of(instead_of)));
}

/* The zone as it has long been: signed with the old keys, with their DS at the parent. */
static void settle(struct run *run)
{
	struct gw_zone_work work;

	run->tick = 1;
	for (int key = OLD_KSK; key <= OLD_CSK; key++)
		if (run->scenario->old & 1u << key)
			add_key(run, key, -1);
	if (!run->scenario->old) {
		give_out(run, &(struct gw_zone_shown){ .max_ttl = 0 });
		return;
	}
	for (; run->tick < START - 2 * LONG; run->tick++) {
		see_parent(run);
		gw_zone_roll_next(&run->history, &run->timing, (int64_t)run->tick * TICK, &work);
		if (work.ask) {
			ask_parent(run, &work.ds);
			run->asked[0] = run->asked[1] = 0;
			change_ds(run, 0, run->asked_for);
			change_ds(run, 1, run->asked_for);
		}
		if (work.publish)
			publish(run, &work, DONE);
	}
	assert_int_equal(ds_at(&run->world, 0, run->tick), run->scenario->old & ~(1u << OLD_ZSK));
}

/* The old key whose place a new one takes. */
static int predecessor(const struct run *run, int key)
{
	int old = key - NEW_KSK;

	return run->scenario->old & 1u << old ? old : -1;
}

static void begin(struct run *run)
{
	run->tick = START;
	for (int key = NEW_KSK; key <= NEW_CSK; key++) {
		if (!(run->scenario->new_ & 1u << key))
			continue;
		add_key(run, key, predecessor(run, key));
		if (run->scenario->compromised)
			record(run, (struct gw_zone_entry){ .event = GW_ZONE_COMPROMISED,
							    .tag = tag_of(key - NEW_KSK) });
	}
	/* From a CSK to two keys, or back: nobody's place is taken one by one. */
	for (int key = OLD_KSK; key <= OLD_CSK; key++)
		if (run->scenario->old & 1u << key && run->scenario->new_ &&
		    !(run->scenario->new_ & 1u << (key + NEW_KSK)) &&
		    run->scenario->new_ & (key == OLD_CSK ? 1u << NEW_KSK : 1u << NEW_CSK))
			record(run, (struct gw_zone_entry){ .event = GW_ZONE_WITHDRAWN,
							    .tag = tag_of(key) });
	run->timing.unsign = run->scenario->unsign;
	if (run->scenario->lower_ttl) {
		run->world.times.dnskey_ttl = run->world.times.max_ttl = 1;
		tell_times(run);
	}
}

/* True if the world is as the scenario wants it in the end. */
static bool is_complete(const struct run *run)
{
	const struct zone_version *zone = zone_at(&run->world, run->tick);
	unsigned int wanted = 0, wanted_ds = 0;

	for (int key = 0; key < KEYS && !run->scenario->unsign; key++) {
		const struct gw_zone_key_story *story =
			gw_zone_history_key(&run->history, tag_of(key));

		if (!story || story->withdrawn)
			continue;
		wanted |= 1u << key;
		wanted_ds |= roles[key] == GW_ZONE_ZSK ? 0 : 1u << key;
	}
	return zone->keys == wanted && ds_at(&run->world, 0, run->tick) == wanted_ds &&
	       run->tick > run->thinks_twice;
}

static void think_twice(struct run *run)
{
	add_key(run, THIRD_ZSK, NEW_ZSK);
}

enum outcome {
	FINE,
	BOGUS,
	ENDLESS,
};

static enum outcome play(struct run *run)
{
	bool idle = false;
	int settled = 0;

	tell_times(run);
	settle(run);
	begin(run);
	if (run->scenario->second_thoughts)
		run->thinks_twice = START + 1 + choose(run->oracle, 2 * LONG);
	for (; run->tick < START + TICKS && settled < 3 * LONG; run->tick++) {
		if (run->tick == run->thinks_twice)
			think_twice(run);
		idle = operate(run);
		move_parent(run);
		if (any_is_bogus(&run->world, run->tick))
			return BOGUS;
		settled = idle && is_complete(run) ? settled + 1 : 0;
	}
	return settled ? FINE : ENDLESS;
}

/* Two changes at the parent make many sequences. */
static int max_deviations(const struct scenario *scenario)
{
	const char *runs = getenv("RUNS");

	if (runs)
		return (int)strtol(runs, NULL, 10);
	return scenario->style == GW_ZONE_DOUBLE_DS ? 1 : 2;
}

/* Plays all sequences of a scenario, or until one fails. */
static enum outcome play_all(const struct scenario *scenario, enum flaw flaw, uint64_t *sequences)
{
	struct oracle oracle = { .n = 0 };
	enum outcome outcome = FINE;

	do {
		struct run *run = gw_zalloc(1, sizeof(*run));

		run->scenario = scenario;
		run->flaw = flaw;
		run->oracle = &oracle;
		run->max_deviations = max_deviations(scenario);
		run->world.times = scenario->times;
		gw_zone_history_init(&run->history);
		outcome = play(run);
		if (outcome != FINE && flaw == SOUND) {
			print_message("%s: tick %d, choices", scenario->name, run->tick - START);
			for (int i = 0; i < oracle.n; i++)
				print_message(" %u", oracle.chosen[i]);
			print_message("\n");
		}
		gw_zone_history_done(&run->history);
		gw_free(run);
		++*sequences;
	} while (outcome == FINE && next_sequence(&oracle));
	return outcome;
}

/* ---- scenarios ------------------------------------------------------------------------------------------ */

#define BIT(key) (1u << (key))
#define TWO      (BIT(OLD_KSK) | BIT(OLD_ZSK))

/* DNSKEY and RRset TTL, propagation, signing, DS TTL, propagation at the parent. */
#define EVEN                                                                                       \
	{                                                                                          \
		2, 3, 1, 0, 2, 0                                                                   \
	}
#define SLOW                                                                                       \
	{                                                                                          \
		3, 2, 2, 2, 1, 1                                                                   \
	}
#define LONG_DS                                                                                    \
	{                                                                                          \
		1, 1, 0, 0, 6, 2                                                                   \
	}

static const struct scenario scenarios[] = {
	{ .name = "ZSK", .times = EVEN, .old = TWO, .new_ = BIT(NEW_ZSK) },
	{ .name = "ZSK, slow", .times = SLOW, .old = TWO, .new_ = BIT(NEW_ZSK) },
	{ .name = "ZSK, TTLs lowered",
	  .times = { 6, 6, 1, 1, 2, 0 },
	  .lower_ttl = true,
	  .old = TWO,
	  .new_ = BIT(NEW_ZSK) },
	{ .name = "ZSK, compromised",
	  .times = SLOW,
	  .compromised = true,
	  .old = TWO,
	  .new_ = BIT(NEW_ZSK) },
	{ .name = "ZSK, second thoughts",
	  .times = EVEN,
	  .second_thoughts = true,
	  .old = TWO,
	  .new_ = BIT(NEW_ZSK) },
	{ .name = "KSK, double KSK", .times = EVEN, .old = TWO, .new_ = BIT(NEW_KSK) },
	{ .name = "KSK, double KSK, slow", .times = SLOW, .old = TWO, .new_ = BIT(NEW_KSK) },
	{ .name = "KSK, double KSK, long DS", .times = LONG_DS, .old = TWO, .new_ = BIT(NEW_KSK) },
	{ .name = "KSK, TTLs lowered",
	  .times = { 6, 6, 1, 1, 2, 0 },
	  .lower_ttl = true,
	  .old = TWO,
	  .new_ = BIT(NEW_KSK) },
	{ .name = "KSK, compromised",
	  .times = EVEN,
	  .compromised = true,
	  .old = TWO,
	  .new_ = BIT(NEW_KSK) },
	{ .name = "KSK, double DS",
	  .times = EVEN,
	  .style = GW_ZONE_DOUBLE_DS,
	  .old = TWO,
	  .new_ = BIT(NEW_KSK) },
	{ .name = "KSK, double DS, long DS",
	  .times = LONG_DS,
	  .style = GW_ZONE_DOUBLE_DS,
	  .old = TWO,
	  .new_ = BIT(NEW_KSK) },
	{ .name = "CSK", .times = EVEN, .old = BIT(OLD_CSK), .new_ = BIT(NEW_CSK) },
	{ .name = "CSK, slow", .times = SLOW, .old = BIT(OLD_CSK), .new_ = BIT(NEW_CSK) },
	{ .name = "CSK, double DS",
	  .times = EVEN,
	  .style = GW_ZONE_DOUBLE_DS,
	  .old = BIT(OLD_CSK),
	  .new_ = BIT(NEW_CSK) },
	{ .name = "CSK, compromised",
	  .times = EVEN,
	  .compromised = true,
	  .old = BIT(OLD_CSK),
	  .new_ = BIT(NEW_CSK) },
	{ .name = "KSK and ZSK", .times = EVEN, .old = TWO, .new_ = BIT(NEW_KSK) | BIT(NEW_ZSK) },
	{ .name = "KSK and ZSK, double DS, slow",
	  .times = SLOW,
	  .style = GW_ZONE_DOUBLE_DS,
	  .old = TWO,
	  .new_ = BIT(NEW_KSK) | BIT(NEW_ZSK) },
	{ .name = "KSK and ZSK to CSK", .times = EVEN, .old = TWO, .new_ = BIT(NEW_CSK) },
	{ .name = "CSK to KSK and ZSK",
	  .times = EVEN,
	  .old = BIT(OLD_CSK),
	  .new_ = BIT(NEW_KSK) | BIT(NEW_ZSK) },
	{ .name = "first keys", .times = EVEN, .new_ = BIT(NEW_KSK) | BIT(NEW_ZSK) },
	{ .name = "first keys, slow", .times = SLOW, .new_ = BIT(NEW_CSK) },
	{ .name = "to insecure", .times = EVEN, .unsign = true, .old = TWO },
	{ .name = "to insecure, long DS", .times = LONG_DS, .unsign = true, .old = BIT(OLD_CSK) },
};

static void no_validator_ever_sees_a_broken_chain(void **state)
{
	uint64_t total = 0;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(scenarios); i++) {
		uint64_t sequences = 0;
		enum outcome outcome = play_all(&scenarios[i], SOUND, &sequences);

		print_message("%-32s %6" PRIu64 " sequences\n", scenarios[i].name, sequences);
		if (outcome != FINE)
			fail_msg("%s: %s", scenarios[i].name,
				 outcome == BOGUS ? "bogus" : "it never ends");
		total += sequences;
	}
	print_message("%" PRIu64 " sequences in all\n", total);
}

static const char *const flaw_names[FLAWS] = {
	"sound",
	"without the TTL of DNSKEY",
	"without the longest TTL",
	"without propagation",
	"without the time that signing takes",
	"without the TTL of DS",
	"without propagation at the parent",
	"one server of the parent is enough",
	"the parent has always acted at once",
	"no record before the deed",
	"TTLs of before are forgotten",
};

static void a_schedule_that_ignores_any_of_the_times_is_caught(void **state)
{
	(void)state;
	for (enum flaw flaw = SOUND + 1; flaw < FLAWS; flaw++) {
		const char *caught = NULL;
		uint64_t sequences = 0;

		for (size_t i = 0; i < GW_COUNT(scenarios) && !caught; i++)
			if (play_all(&scenarios[i], flaw, &sequences) == BOGUS)
				caught = scenarios[i].name;
		if (!caught)
			fail_msg("%s: nothing broke", flaw_names[flaw]);
		print_message("%-36s caught by \"%s\" after %" PRIu64 " sequences\n",
			      flaw_names[flaw], caught, sequences);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_validator_ever_sees_a_broken_chain),
		cmocka_unit_test(a_schedule_that_ignores_any_of_the_times_is_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
