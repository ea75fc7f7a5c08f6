/* Measures in memory, in the journal and as elements: the list against what was put in, the journal with
 * every way of ending early, and bans that overlap against each address by itself. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/agent/measure.h"
#include "gw/core/mem.h"
#include "tests/support/compiled_site.h"

#define NOW INT64_C(1790000000)

struct state {
	char path[64];
	int dir;
	struct gw_measures measures;
};

static int set_up(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	(void)strcpy(state->path, "/tmp/gw-measures-XXXXXX");
	if (!mkdtemp(state->path))
		return -1;
	state->dir = open(state->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gw_measures_init(&state->measures);
	*ret = state;
	return state->dir < 0;
}

static int tear_down(void **ret)
{
	struct state *state = *ret;

	gw_measures_done(&state->measures);
	(void)unlinkat(state->dir, "measures.jsonl", 0);
	(void)close(state->dir);
	(void)rmdir(state->path);
	gw_free(state);
	return 0;
}

static struct gw_measure ban(const char *net, int64_t until)
{
	struct gw_measure measure = { .kind = GW_MEASURE_KIND_BAN,
				      .subject = "",
				      .actor = "op",
				      .reason = "scans",
				      .since = NOW,
				      .until = until };
	enum gw_family family;
	struct gw_range range;

	assert_int_equal(gw_addr_parse(net, &family, &range), GW_ADDR_OK);
	assert_true(gw_measure_set_range(&measure, family, range));
	return measure;
}

static void reload(struct state *state)
{
	gw_measures_done(&state->measures);
	gw_measures_init(&state->measures);
	assert_int_equal(gw_measures_load(&state->measures, state->dir), 0);
}

static void note(struct state *state, const struct gw_measure *measure, bool come)
{
	assert_int_equal(gw_measures_note(&state->measures, state->dir, measure, 1, come), 0);
	if (come)
		gw_measures_put(&state->measures, measure);
	else
		(void)gw_measures_remove(&state->measures, measure);
}

static void the_list_keeps_each_fact_once(void **ret)
{
	struct state *state = *ret;
	struct gw_measure first = ban("192.0.2.1", 0), again = ban("192.0.2.1", NOW + 60);
	struct gw_measure host = first;

	host.kind = GW_MEASURE_KIND_QUARANTINE;
	host.subject = "mail";
	assert_true(gw_measure_set_range(&host, GW_FAMILY_IPV4, (struct gw_range){ 1, 1 }));
	gw_measures_put(&state->measures, &first);
	gw_measures_put(&state->measures, &host);
	gw_measures_put(&state->measures, &again);
	assert_int_equal(state->measures.n, 2);
	assert_int_equal(gw_measures_find(&state->measures, &first)->until, NOW + 60);
	assert_int_equal(gw_measures_count(&state->measures, GW_MEASURE_KIND_BAN), 1);
	assert_true(gw_measures_remove(&state->measures, &first));
	assert_false(gw_measures_remove(&state->measures, &first));
	assert_int_equal(state->measures.n, 1);
}

static void all_kinds_are_counted_as_each_is(void **ret)
{
	struct state *state = *ret;
	struct gw_measure zone = { .kind = GW_MEASURE_KIND_ISOLATE, .subject = "" };
	struct gw_measure user = { .kind = GW_MEASURE_KIND_SUSPEND,
				   .set = GW_MEASURE_NOWHERE,
				   .subject = "op-17" };
	size_t counts[GW_MEASURE_KIND_COUNT];
	char net[32];

	for (unsigned int i = 0; i < 250; i++) {
		struct gw_measure measure;

		(void)snprintf(net, sizeof(net), i % 3 ? "10.0.%u.%u" : "10.%u.%u.0/24", i % 7, i);
		measure = ban(net, 0);
		if (i % 3 && i % 2) {
			measure.kind = GW_MEASURE_KIND_QUARANTINE;
			measure.subject = "host";
			assert_true(gw_measure_set_range(&measure, GW_FAMILY_IPV4,
							 (struct gw_range){ i, i }));
		}
		gw_measures_put(&state->measures, &measure);
	}
	gw_measure_set_zone(&zone, "hq", false);
	gw_measures_put(&state->measures, &zone);
	gw_measures_put(&state->measures, &user);
	gw_measures_count_all(&state->measures, counts);
	for (int k = 0; k < GW_MEASURE_KIND_COUNT; k++)
		assert_int_equal(counts[k],
				 gw_measures_count(&state->measures, (enum gw_measure_kind)k));
	assert_int_equal(counts[GW_MEASURE_KIND_BAN] + counts[GW_MEASURE_KIND_QUARANTINE], 250);
}

static void many_are_removed_in_one_go(void **ret)
{
	struct state *state = *ret;
	struct gw_measure list[100];
	char text[32];

	for (int i = 0; i < 100; i++) {
		(void)snprintf(text, sizeof(text), "192.0.2.%d", i);
		list[i] = ban(text, 0);
		if (i < 90)
			gw_measures_put(&state->measures, &list[i]);
	}
	gw_measures_remove_all(&state->measures, &list[10], 90); /* ten of them are not there */
	assert_int_equal(state->measures.n, 10);
	for (int i = 0; i < 100; i++)
		assert_int_equal(gw_measures_find(&state->measures, &list[i]) != NULL, i < 10);
	gw_measures_remove_all(&state->measures, list, 0);
	assert_int_equal(state->measures.n, 10);
}

static void quarantine_is_for_single_hosts(void **ret)
{
	struct gw_measure measure = { .kind = GW_MEASURE_KIND_QUARANTINE };

	(void)ret;
	assert_false(gw_measure_set_range(&measure, GW_FAMILY_IPV4, (struct gw_range){ 0, 255 }));
	measure.kind = GW_MEASURE_KIND_ISOLATE;
	assert_false(gw_measure_set_range(&measure, GW_FAMILY_IPV4, (struct gw_range){ 1, 1 }));
}

/* ---- the journal ---------------------------------------------------------------------------- */

static void every_kind_survives_the_journal(void **ret)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	struct state *state = *ret;
	struct gw_measure items[6] = { ban("192.0.2.1", 0), ban("2001:db8::/32", NOW + 5) };
	char text[GW_MEASURE_TEXT];

	for (size_t i = 2; i < 6; i++)
		items[i] = (struct gw_measure){ .actor = "o", .reason = "\"r\\\n", .since = NOW };
	items[2].kind = GW_MEASURE_KIND_ISOLATE;
	gw_measure_set_zone(&items[2], "hq", true);
	items[3].kind = GW_MEASURE_KIND_QUARANTINE;
	items[3].subject = "52:54:00:12:34:56";
	gw_measure_set_mac(&items[3], mac);
	items[4].kind = GW_MEASURE_KIND_ADMIT;
	items[4].subject = "hq";
	gw_measure_set_mac(&items[4], mac);
	items[5].kind = GW_MEASURE_KIND_SUSPEND;
	items[5].set = GW_MEASURE_NOWHERE;
	items[5].subject = "taro";
	for (size_t i = 0; i < 6; i++)
		note(state, &items[i], true);
	reload(state);
	assert_int_equal(state->measures.n, 6);
	for (size_t i = 0; i < 6; i++) {
		const struct gw_measure *found = gw_measures_find(&state->measures, &items[i]);

		assert_non_null(found);
		assert_int_equal(found->until, items[i].until);
		assert_string_equal(found->actor, items[i].actor);
	}
	assert_string_equal(gw_measure_text(&items[1], text), "2001:db8::/32");
	assert_string_equal(gw_measure_text(&items[2], text), "hq from untrusted zones");
	note(state, &items[3], false);
	reload(state);
	assert_int_equal(state->measures.n, 5);
}

static off_t journal_size(const struct state *state)
{
	struct stat status;

	assert_int_equal(fstatat(state->dir, "measures.jsonl", &status, 0), 0);
	return status.st_size;
}

static void a_journal_cut_anywhere_has_all_whole_lines(void **ret)
{
	struct state *state = *ret;
	struct gw_measure first = ban("192.0.2.1", 0), second = ban("192.0.2.2", 0);
	struct gw_measure third = ban("192.0.2.3", 0);
	char path[96];
	off_t whole, all;

	(void)snprintf(path, sizeof(path), "%s/measures.jsonl", state->path);
	note(state, &first, true);
	whole = journal_size(state);
	note(state, &second, true);
	all = journal_size(state);
	for (off_t cut = all - 1; cut >= whole; cut -= 7) {
		assert_int_equal(truncate(path, cut), 0);
		reload(state);
		assert_int_equal(state->measures.n, 1);
		/* And what is noted next does not run into what was left of the last one. */
		note(state, &third, true);
		reload(state);
		assert_int_equal(state->measures.n, 2);
		note(state, &third, false);
		note(state, &second, true);
	}
}

static void damaged_lines_do_not_take_others_with_them(void **ret)
{
	static const char damage[] =
		"{}\nnull\n{\"op\":\"add\"}\n\xff\xfe\n"
		"{\"op\":\"add\",\"kind\":\"ban\",\"subject\":\"\",\"actor\":\"a\",\"reason\":"
		"\"r\","
		"\"address\":\"10.0.0.5/24\"}\n"
		"{\"op\":\"add\",\"kind\":\"isolate\",\"subject\":\"hq\",\"actor\":\"a\","
		"\"reason\":\"r\",\"mac\":\"52:54:00:00:00:01\"}\n";
	struct state *state = *ret;
	struct gw_measure first = ban("192.0.2.1", 0), second = ban("192.0.2.2", 0);
	int fd;

	note(state, &first, true);
	fd = openat(state->dir, "measures.jsonl", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, damage, sizeof(damage) - 1), sizeof(damage) - 1);
	(void)close(fd);
	note(state, &second, true);
	gw_measures_done(&state->measures);
	gw_measures_init(&state->measures);
	assert_int_equal(gw_measures_load(&state->measures, state->dir), -EBADMSG);
	assert_int_equal(state->measures.n, 2);
}

static void a_journal_of_old_lines_is_written_anew(void **ret)
{
	struct state *state = *ret;
	struct gw_measure keep = ban("192.0.2.1", 0), flap = ban("192.0.2.2", 0);
	off_t before;

	note(state, &keep, true);
	for (int i = 0; i < 600; i++) {
		gw_measures_put(&state->measures, &flap);
		assert_int_equal(
			gw_measures_note(&state->measures, state->dir, &flap, 1, i % 2 == 0), 0);
	}
	(void)gw_measures_remove(&state->measures, &flap);
	state->measures.lines = 2000; /* as after many more */
	before = journal_size(state);
	gw_measures_compact(&state->measures, state->dir);
	assert_true(journal_size(state) < before / 100);
	reload(state);
	assert_int_equal(state->measures.n, 1);
}

/* ---- elements ------------------------------------------------------------------------------- */

static const char site[] = "gw: 1\nzones:\n"
			   "  wan: {interfaces: [wan0], untrusted: true}\n"
			   "  hq: {interfaces: [hq0], nets: [10.20.0.0/16], admission: {}}\n";

static const struct gw_set *set_of(const struct compiled_site *compiled, const char *name)
{
	return gw_ruleset_set(compiled->ruleset, name);
}

/* How long the address is banned by the elements: 0 not at all, INT64_MAX for good. */
static int64_t banned_by(const struct gw_set *set, uint32_t addr)
{
	uint8_t key[8] = { 0 };
	int64_t until = 0;

	gw_addr_to_bytes(GW_FAMILY_IPV4, addr, key + 4);
	for (size_t i = 0; i < set->n_elems; i++) {
		const struct gw_elem *elem = &set->elems[i];

		if (memcmp(key + 4, elem->key + 4, 4) < 0 ||
		    memcmp(key + 4, elem->key_end + 4, 4) > 0)
			continue;
		assert_int_equal(until, 0); /* elements never overlap */
		until = elem->expires_ms ? elem->expires_ms : INT64_MAX;
	}
	return until;
}

static int64_t banned_until(const struct gw_measure *bans, size_t n, uint32_t addr)
{
	int64_t until = 0;

	for (size_t i = 0; i < n; i++) {
		enum gw_family family;
		struct gw_range range;
		int64_t end = bans[i].until ? bans[i].until * 1000 : INT64_MAX;

		assert_true(gw_measure_range(&bans[i], &family, &range));
		if (addr >= range.lo && addr <= range.hi && bans[i].until != NOW && end > until)
			until = end;
	}
	return until;
}

static bool same_range(const struct gw_measure *a, const struct gw_measure *b)
{
	return memcmp(a->key, b->key, sizeof(a->key)) == 0 &&
	       memcmp(a->key_end, b->key_end, sizeof(a->key_end)) == 0;
}

static void networks_that_overlap_end_each_for_itself(void **ret)
{
	struct random random = { 7 };

	(void)ret;
	for (int round = 0; round < 50; round++) {
		struct gw_measure bans[12];
		struct gw_measures measures;
		struct compiled_site compiled;

		gw_measures_init(&measures);
		for (size_t i = 0; i < 12; i++) {
			unsigned int bits = 1 + random_below(&random, 5);
			uint32_t net = 0x0a000000u + (random_below(&random, 64) >> bits << bits);
			/* One in three is over already, or for good. */
			int64_t until =
				random_chance(&random, 30) ? 0 : NOW + random_below(&random, 4);

			bans[i] = ban("10.0.0.0/31", until);
			assert_true(gw_measure_set_range(
				&bans[i], GW_FAMILY_IPV4,
				(struct gw_range){ net, net + (1u << bits) - 1 }));
			for (size_t k = 0; k < i; k++) /* the same again takes its place */
				if (same_range(&bans[k], &bans[i]))
					bans[k].until = until;
			gw_measures_put(&measures, &bans[i]);
		}
		compiled_site_load(&compiled, site, NOW, NULL);
		gw_measures_complete(&measures, compiled.ruleset, NOW);
		for (uint32_t addr = 0x0a000000u; addr < 0x0a000040u; addr++)
			assert_int_equal(banned_by(set_of(&compiled, "rt_banned_nets4"), addr),
					 banned_until(bans, 12, addr));
		compiled_site_done(&compiled);
		gw_measures_done(&measures);
	}
}

static void the_guard_names_the_groups_in_use(void **ret)
{
	struct state *state = *ret;
	struct gw_measure over = ban("192.0.2.1", NOW), address = ban("2001:db8::1", 0);
	struct gw_measure admit = { .kind = GW_MEASURE_KIND_ADMIT, .subject = "hq" };
	struct compiled_site compiled;
	const struct gw_set *guard;

	gw_measure_set_mac(&admit, (const uint8_t[6]){ 2 });
	gw_measures_put(&state->measures, &admit);
	gw_measures_put(&state->measures, &over);
	compiled_site_load(&compiled, site, NOW, NULL);
	gw_measures_complete(&state->measures, compiled.ruleset, NOW);
	assert_int_equal(set_of(&compiled, "rt_guard")->n_elems, 0);
	assert_int_equal(set_of(&compiled, "rt_banned4")->n_elems, 0);
	assert_int_equal(set_of(&compiled, "rt_admitted_hq")->n_elems, 1);
	compiled_site_done(&compiled);
	gw_measures_put(&state->measures, &address);
	compiled_site_load(&compiled, site, NOW, NULL);
	gw_measures_complete(&state->measures, compiled.ruleset, NOW);
	guard = set_of(&compiled, "rt_guard");
	assert_int_equal(guard->n_elems, 2);
	assert_int_equal(guard->elems[0].key[0], 10); /* IPv6 alone */
	assert_int_equal(guard->elems[1].key[0], GW_GUARD_BANNED);
	compiled_site_done(&compiled);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(the_list_keeps_each_fact_once),
		TEST(all_kinds_are_counted_as_each_is),
		TEST(many_are_removed_in_one_go),
		TEST(quarantine_is_for_single_hosts),
		TEST(every_kind_survives_the_journal),
		TEST(a_journal_cut_anywhere_has_all_whole_lines),
		TEST(damaged_lines_do_not_take_others_with_them),
		TEST(a_journal_of_old_lines_is_written_anew),
		TEST(networks_that_overlap_end_each_for_itself),
		TEST(the_guard_names_the_groups_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
