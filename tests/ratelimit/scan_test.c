/* Days of inside hosts, and what is made of them. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gw/core/hash.h"
#include "ratelimit/scan.h"

#define START 1000000

static const struct ratelimit_scan_settings usual = {
	.timeout_ms = 500, .fanout = 50, .flood = 200, .mail = true, .hosts = 64, .seed = 42
};

static struct ratelimit_addr v4(uint32_t addr)
{
	return (struct ratelimit_addr){ GW_FAMILY_IPV4, addr };
}

static struct ratelimit_contact contact_of(uint32_t host, uint32_t dest, uint16_t port)
{
	return (struct ratelimit_contact){ .host = v4(host),
					   .dest = v4(dest),
					   .protocol = IPPROTO_TCP,
					   .port = port,
					   .source_port = (uint16_t)(dest ^ dest >> 16) };
}

/* A flow that is answered 20 ms later. */
static void talk(struct ratelimit_scan *scan, struct ratelimit_contact contact, int64_t now)
{
	ratelimit_scan_begin(scan, &contact, now);
	ratelimit_scan_outcome(scan, &contact, true, now + 20);
}

static bool found(struct ratelimit_scan *scan, enum ratelimit_deed deed,
		  struct ratelimit_deed_finding *ret)
{
	while (ratelimit_scan_next(scan, ret))
		if (ret->deed == deed)
			return true;
	return false;
}

static void assert_nothing_found(struct ratelimit_scan *scan, const char *what)
{
	struct ratelimit_deed_finding finding;

	if (ratelimit_scan_next(scan, &finding))
		fail_msg("%s: %s", what, ratelimit_deed_name(finding.deed));
}

/* From one contact a second to a thousand: decided within ten contacts where those have had time. */
static void a_scanner_is_found_within_ten_contacts_and_a_second(void **state)
{
	static const int64_t intervals[] = { 1, 10, 50, 100, 1000, 10000 };

	(void)state;
	for (size_t k = 0; k < sizeof(intervals) / sizeof(intervals[0]); k++) {
		struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
		struct ratelimit_deed_finding finding;
		int64_t now = START;
		uint32_t n = 0;

		while (!found(scan, RATELIMIT_DEED_SCAN, &finding)) {
			struct ratelimit_contact contact = contact_of(1, 1000 + n, 8080);

			assert_true(n < 1000);
			ratelimit_scan_begin(scan, &contact, now);
			n++;
			for (int64_t end = now + intervals[k]; now < end; now += 1)
				ratelimit_scan_turn(scan, now);
		}
		assert_true(finding.failures <= 10);
		assert_int_equal(finding.n_examples, 4);
		assert_true(finding.took_ms <= 503 + 4 * intervals[k]);
		if (intervals[k] >= 100)
			assert_true(n <= 10);
		ratelimit_scan_free(scan);
	}
}

static void refused_connections_are_failures_at_once(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	struct ratelimit_deed_finding finding;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct ratelimit_contact contact = contact_of(1, 1000 + i, 8080);

		assert_false(found(scan, RATELIMIT_DEED_SCAN, &finding));
		ratelimit_scan_begin(scan, &contact, START + i);
		ratelimit_scan_outcome(scan, &contact, false, START + i);
	}
	assert_true(found(scan, RATELIMIT_DEED_SCAN, &finding));
	assert_int_equal(finding.contacts, 4);
	assert_int_equal(finding.failures, 4);
	assert_int_equal(finding.port, 8080);
	ratelimit_scan_free(scan);
}

/* A thousand contacts a second at port 445: not one waits for the half second. */
static void a_worm_is_found_after_a_tenth_of_a_second(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	struct ratelimit_deed_finding finding;
	int64_t now = START;

	(void)state;
	for (uint32_t i = 0; !found(scan, RATELIMIT_DEED_SCAN, &finding); i++, now++) {
		struct ratelimit_contact contact = contact_of(1, 1000 + i, 445);

		ratelimit_scan_begin(scan, &contact, now);
		ratelimit_scan_turn(scan, now);
		assert_true(now < START + 120);
	}
	ratelimit_scan_free(scan);
}

/* One in five of their first contacts is dead: advertisements, old bookmarks, printers that are off. */
static void people_who_browse_are_no_scanners(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	uint64_t random = 3;
	int64_t now = START;
	unsigned int scans = 0;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		struct ratelimit_contact contact = contact_of(1 + i % 40, 5000 + i, 443);
		struct ratelimit_deed_finding finding;

		random = gw_hash_u64(random, i);
		now += 25; /* each of forty people once a second */
		ratelimit_scan_turn(scan, now);
		ratelimit_scan_begin(scan, &contact, now);
		if (random % 100 >= 20)
			ratelimit_scan_outcome(scan, &contact, true, now + 30);
		while (ratelimit_scan_next(scan, &finding))
			scans += finding.deed == RATELIMIT_DEED_SCAN;
	}
	/* 1 % of the walks may end wrongly; a walk takes about seven contacts. */
	assert_in_range(scans, 0, 20000 / 7 / 100);
	ratelimit_scan_free(scan);
}

static void one_dead_server_is_one_failure(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	struct ratelimit_contact contact = contact_of(1, 1000, 443);

	(void)state;
	for (int64_t now = START; now < START + 600000; now += 1000) {
		contact.source_port++;
		ratelimit_scan_begin(scan, &contact, now);
		ratelimit_scan_turn(scan, now + 900);
	}
	assert_nothing_found(scan, "a dead server");
	ratelimit_scan_free(scan);
}

static void late_answers_are_taken_back(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	struct ratelimit_scan_counts counts;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) { /* a link by satellite, one by one */
		struct ratelimit_contact contact = contact_of(1, 1000 + i, 443);
		int64_t now = START + (int64_t)i * 1000;

		ratelimit_scan_begin(scan, &contact, now);
		ratelimit_scan_turn(scan, now + 600);
		ratelimit_scan_outcome(scan, &contact, true, now + 700);
	}
	assert_nothing_found(scan, "a slow link");
	ratelimit_scan_counts(scan, &counts);
	assert_int_equal(counts.taken_back, 100);
	ratelimit_scan_free(scan);
}

static void when_the_line_is_down_nobody_is_a_scanner(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	struct ratelimit_scan_counts counts;

	(void)state;
	for (uint32_t i = 0; i < 400; i++) {
		struct ratelimit_contact contact = contact_of(1 + i % 20, 1000 + i, 443);
		int64_t now = START + (int64_t)i * 50;

		ratelimit_scan_turn(scan, now);
		ratelimit_scan_begin(scan, &contact, now);
	}
	assert_nothing_found(scan, "the line");
	ratelimit_scan_counts(scan, &counts);
	assert_true(counts.line_down > 10);
	ratelimit_scan_free(scan);
}

/* At night, when nobody else is there. */
static void scanners_are_no_excuse_for_each_other(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	struct ratelimit_deed_finding finding;
	unsigned int found_of[8] = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 700; i++) { /* three at a time, then another four one by one */
		uint32_t host = i < 300 ? 1 + i % 3 : 1 + i / 100;
		struct ratelimit_contact contact = contact_of(host, 1000 + i, 8080);
		int64_t now = START + (int64_t)i * 20;

		ratelimit_scan_turn(scan, now);
		ratelimit_scan_begin(scan, &contact, now);
		while (ratelimit_scan_next(scan, &finding))
			found_of[finding.host.addr & 7] += finding.deed == RATELIMIT_DEED_SCAN;
	}
	for (int i = 1; i <= 7; i++)
		assert_int_equal(found_of[i], 1);
	ratelimit_scan_free(scan);
}

static void honest_hosts_are_left_alone(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	int64_t now = START;

	(void)state;
	for (uint32_t page = 0; page < 50; page++, now += 2000) /* 24 connections at once */
		for (uint32_t i = 0; i < 24; i++)
			talk(scan, contact_of(1, 9000 + page * 24 + i, 443), now);
	assert_nothing_found(scan, "a browser");
	for (uint32_t i = 0; i < 3000; i++, now += 2) { /* a resolver's queries */
		struct ratelimit_contact contact = contact_of(2, 50000 + i % 400, 53);

		contact.protocol = IPPROTO_UDP;
		contact.source_port = (uint16_t)i;
		talk(scan, contact, now);
	}
	assert_nothing_found(scan, "a resolver");
	for (uint32_t i = 0; i < 600;
	     i++, now += 10) /* monitoring asks each machine, all are there */
		talk(scan, contact_of(3, 70000 + i, 22), now);
	assert_nothing_found(scan, "monitoring");
	for (uint32_t i = 0; i < 32; i++) /* a speed test */
		talk(scan, contact_of(4, 80000 + i % 2, 8080), now);
	assert_nothing_found(scan, "a speed test");
	for (uint32_t i = 0; i < 500; i++, now += 100) /* a backup to one server */
		talk(scan, contact_of(5, 90000, 873), now);
	assert_nothing_found(scan, "a backup");
	ratelimit_scan_free(scan);
}

static void silent_datagrams_to_many_are_a_fanout(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	struct ratelimit_deed_finding finding;

	(void)state;
	for (uint32_t i = 0; i < 80; i++) {
		struct ratelimit_contact contact = contact_of(1, 1000 + i, 5060);

		contact.protocol = IPPROTO_UDP;
		ratelimit_scan_begin(scan, &contact, START + i * 20);
	}
	assert_true(found(scan, RATELIMIT_DEED_FANOUT, &finding));
	assert_int_equal(finding.port, 5060);
	assert_in_range(finding.destinations, 50, 60);
	assert_false(found(scan, RATELIMIT_DEED_FANOUT, &finding)); /* once a minute */
	ratelimit_scan_free(scan);
}

static void a_flood_to_one_address_is_found_within_a_second(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	struct ratelimit_deed_finding finding;
	int64_t now = START;

	(void)state;
	for (uint32_t i = 0; !found(scan, RATELIMIT_DEED_FLOOD, &finding); i++, now++) {
		struct ratelimit_contact contact = contact_of(1, 1000, 80);

		contact.source_port = (uint16_t)i;
		ratelimit_scan_begin(scan, &contact, now);
		assert_true(now < START + 1000);
	}
	assert_true(finding.rate >= usual.flood);
	ratelimit_scan_free(scan);
}

static void mail_is_for_those_who_are_named(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	struct ratelimit_contact contact = contact_of(1, 1000, 25);
	struct ratelimit_deed_finding finding;

	(void)state;
	contact.may_mail = true;
	talk(scan, contact, START);
	assert_nothing_found(scan, "the mail server");
	contact.host = v4(2);
	contact.may_mail = false;
	talk(scan, contact, START);
	assert_true(found(scan, RATELIMIT_DEED_MAIL, &finding));
	assert_true(ratelimit_addr_equal(finding.host, v4(2)));
	ratelimit_scan_free(scan);
}

static void memory_does_not_grow_and_what_gave_way_is_counted(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	struct ratelimit_scan_counts counts;
	struct ratelimit_deed_finding finding;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		struct ratelimit_contact contact = contact_of(i % 3000, i, 443);

		ratelimit_scan_begin(scan, &contact, START + i / 1000);
	}
	ratelimit_scan_turn(scan, START + 10000);
	while (ratelimit_scan_next(scan, &finding))
		assert_in_range(finding.deed, 0, RATELIMIT_DEED_COUNT - 1);
	ratelimit_scan_counts(scan, &counts);
	assert_int_equal(counts.hosts, 64);
	assert_true(counts.displaced > 1000);
	assert_true(counts.overrun > 1000);
	ratelimit_scan_free(scan);
}

static void who_is_forgiven_is_found_again(void **state)
{
	struct ratelimit_scan *scan = ratelimit_scan_new(&usual);
	struct ratelimit_deed_finding finding;
	uint32_t dest = 1000;

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 4; i++) {
			struct ratelimit_contact contact = contact_of(1, dest++, 8080);

			ratelimit_scan_begin(scan, &contact, START);
			ratelimit_scan_outcome(scan, &contact, false, START);
		}
		assert_true(found(scan, RATELIMIT_DEED_SCAN, &finding));
		ratelimit_scan_forgive(scan, v4(1));
	}
	ratelimit_scan_free(scan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scanner_is_found_within_ten_contacts_and_a_second),
		cmocka_unit_test(refused_connections_are_failures_at_once),
		cmocka_unit_test(a_worm_is_found_after_a_tenth_of_a_second),
		cmocka_unit_test(people_who_browse_are_no_scanners),
		cmocka_unit_test(one_dead_server_is_one_failure),
		cmocka_unit_test(late_answers_are_taken_back),
		cmocka_unit_test(when_the_line_is_down_nobody_is_a_scanner),
		cmocka_unit_test(scanners_are_no_excuse_for_each_other),
		cmocka_unit_test(honest_hosts_are_left_alone),
		cmocka_unit_test(silent_datagrams_to_many_are_a_fanout),
		cmocka_unit_test(a_flood_to_one_address_is_found_within_a_second),
		cmocka_unit_test(mail_is_for_those_who_are_named),
		cmocka_unit_test(memory_does_not_grow_and_what_gave_way_is_counted),
		cmocka_unit_test(who_is_forgiven_is_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
