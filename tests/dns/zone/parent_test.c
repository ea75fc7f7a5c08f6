/* The parent's DS counts once all its servers show the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dns/zone/parent.h"
#include "gw/core/mem.h"
#include "tests/support/zone_lab.h"

struct fixture {
	struct zone_lab *lab;
	struct gw_zone_history history;
	struct gw_zone_seen *seen; /* heap; of two servers */
};

static void learn(struct fixture *fixture, size_t key)
{
	struct gw_zone_entry entry = { .event = GW_ZONE_GENERATED,
				       .time = ZONE_LAB_NOW,
				       .tag = fixture->lab->published[key]->tag,
				       .role = key ? GW_ZONE_ZSK : GW_ZONE_KSK,
				       .dnskey = *fixture->lab->published[key] };

	assert_null(gw_zone_history_add(&fixture->history, &entry));
}

static struct fixture setup(void)
{
	struct fixture fixture = { .lab = zone_lab_new(GW_ZONE_ED25519) };

	gw_zone_history_init(&fixture.history);
	learn(&fixture, 0);
	learn(&fixture, 1);
	fixture.seen = gw_zalloc(2, sizeof(*fixture.seen));
	for (size_t i = 0; i < 2; i++) {
		fixture.seen[i].trouble = GW_DNS_ANSWERED;
		fixture.seen[i].ds_ttl = 300;
	}
	return fixture;
}

static void teardown(struct fixture *fixture)
{
	gw_free(fixture->seen);
	gw_zone_history_done(&fixture->history);
	zone_lab_free(fixture->lab);
}

static void show(struct fixture *fixture, size_t server, size_t key, enum gw_zone_digest digest)
{
	struct gw_zone_seen *seen = &fixture->seen[server];
	struct gw_zone_seen_ds *ds = &seen->ds[seen->n_ds++];

	ds->len = (uint16_t)gw_zone_ds(&fixture->lab->name, fixture->lab->published[key], digest,
				       ds->rdata);
}

static bool agrees(struct fixture *fixture, struct gw_zone_parent *ret)
{
	return gw_zone_parent_agrees(&fixture->lab->name, &fixture->history, fixture->seen, 2, ret);
}

static void all_servers_have_to_show_the_same(void **state)
{
	struct fixture fixture = setup();
	struct gw_zone_parent parent;

	(void)state;
	assert_true(agrees(&fixture, &parent));
	assert_int_equal(parent.ds.n, 0);
	assert_false(gw_zone_parent_is_news(&fixture.history, &parent));
	show(&fixture, 0, 0, GW_ZONE_DIGEST_SHA256);
	assert_false(agrees(&fixture, &parent));
	show(&fixture, 1, 0, GW_ZONE_DIGEST_SHA256);
	fixture.seen[1].ds_ttl = 900;
	assert_true(agrees(&fixture, &parent));
	assert_int_equal(parent.ds.n, 1);
	assert_int_equal(parent.ds.tag[0], fixture.lab->published[0]->tag);
	assert_int_equal(parent.ttl, 900);
	assert_true(gw_zone_parent_is_news(&fixture.history, &parent));
	fixture.seen[1].trouble = GW_DNS_SILENT;
	assert_false(agrees(&fixture, &parent));
	teardown(&fixture);
}

static void two_digests_are_one_key_and_strangers_are_counted(void **state)
{
	struct fixture fixture = setup();
	struct gw_zone_parent parent;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		/* In another order at the second. */
		show(&fixture, i, 0, i ? GW_ZONE_DIGEST_SHA384 : GW_ZONE_DIGEST_SHA256);
		show(&fixture, i, 0, i ? GW_ZONE_DIGEST_SHA256 : GW_ZONE_DIGEST_SHA384);
		show(&fixture, i, 1, GW_ZONE_DIGEST_SHA256);
		fixture.seen[i].ds[2].rdata[9] ^= 1; /* of no key that we know */
	}
	assert_true(agrees(&fixture, &parent));
	assert_int_equal(parent.ds.n, 1);
	assert_int_equal(parent.strangers, 1);
	teardown(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_servers_have_to_show_the_same),
		cmocka_unit_test(two_digests_are_one_key_and_strangers_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
