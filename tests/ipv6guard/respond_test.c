#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ipv6guard/respond.h"

#define START 1800000000

static const struct ipv6guard_rules rules = { .quarantine_s = 3600 };
static const struct ipv6guard_place alone = { .hostile = 1 };

static struct ipv6guard_device new_device(void)
{
	return (struct ipv6guard_device){ .mac = { 0x52, 0x54, 0, 0, 0, 1 }, .port = "p1" };
}

static const struct ipv6guard_offence background = { GW_V6_CLASS_CHATTER, GW_V6_BACKGROUND };
static const struct ipv6guard_offence active = { GW_V6_CLASS_IPV6, GW_V6_ACTIVE };
static const struct ipv6guard_offence hostile = { GW_V6_CLASS_CARRIER, GW_V6_HOSTILE };

static void where_nothing_is_stopped_nobody_is_put_into_quarantine(void **state)
{
	struct ipv6guard_place watched = { .hostile = 1, .is_watched = true };
	struct ipv6guard_device device = new_device();
	struct ipv6guard_answer answer =
		ipv6guard_respond(&device, &hostile, &watched, &rules, START);

	(void)state;
	assert_true(answer.tell);
	assert_int_equal(answer.spared, IPV6GUARD_SPARED_WATCHED);
}

static void background_is_told_once_a_day_and_never_stopped(void **state)
{
	struct ipv6guard_device device = new_device();
	unsigned int told = 0;

	(void)state;
	for (int64_t now = START; now < START + 3 * 86400; now += 60) {
		struct ipv6guard_answer answer =
			ipv6guard_respond(&device, &background, &alone, &rules, now);

		told += answer.tell;
		assert_int_equal(answer.spared, IPV6GUARD_SPARED_HARMLESS);
	}
	assert_int_equal(told, 3);
}

static void a_flood_is_told_once_an_hour_and_class_with_what_was_held_back(void **state)
{
	struct ipv6guard_device device = new_device();
	unsigned int told = 0;
	uint64_t held = 0;

	(void)state;
	for (int64_t i = 0; i < 7200; i++)
		for (int k = 0; k < 20; k++) {
			struct ipv6guard_answer answer = ipv6guard_respond(
				&device, k % 2 ? &active : &hostile, &alone, &rules, START + i);

			told += answer.tell;
			held += answer.held;
		}
	assert_int_equal(told, 4); /* two classes, two hours */
	assert_int_equal(held, 2 * (36000 - 1));
}

static void more_classes_than_are_remembered_are_held_back_not_repeated(void **state)
{
	struct ipv6guard_device device = new_device();
	unsigned int told = 0;

	(void)state;
	for (int round = 0; round < 10; round++)
		for (int c = 1; c <= 40; c++) {
			struct ipv6guard_offence offence = { (enum gw_v6_class)c, GW_V6_ACTIVE };

			told += ipv6guard_respond(&device, &offence, &alone, &rules, START + round)
					.tell;
		}
	assert_int_equal(told, IPV6GUARD_ALERTS_MAX);
}

static void a_clock_that_is_set_back_does_not_silence_a_device(void **state)
{
	struct ipv6guard_device device = new_device();

	(void)state;
	assert_true(ipv6guard_respond(&device, &active, &alone, &rules, START).tell);
	assert_true(ipv6guard_respond(&device, &background, &alone, &rules, START).tell);
	assert_true(ipv6guard_respond(&device, &active, &alone, &rules, START - 90000).tell);
	assert_true(ipv6guard_respond(&device, &background, &alone, &rules, START - 90000).tell);
}

static void a_hostile_act_leads_to_quarantine_at_once(void **state)
{
	struct ipv6guard_device device = new_device();
	struct ipv6guard_answer answer;

	(void)state;
	assert_int_equal(ipv6guard_respond(&device, &active, &alone, &rules, START).spared,
			 IPV6GUARD_SPARED_HARMLESS);
	answer = ipv6guard_respond(&device, &hostile, &alone, &rules, START);
	assert_true(answer.tell);
	assert_int_equal(answer.spared, IPV6GUARD_NOT_SPARED);
	assert_int_equal(device.quarantined_until, START + 3600);
	assert_int_equal(ipv6guard_respond(&device, &hostile, &alone, &rules, START + 1).spared,
			 IPV6GUARD_SPARED_ALREADY);
	assert_int_equal(ipv6guard_respond(&device, &hostile, &alone, &rules, START + 3600).spared,
			 IPV6GUARD_NOT_SPARED);
}

static void nobody_is_framed(void **state)
{
	static const struct {
		const char *what;
		bool known;
		struct ipv6guard_place place;
		struct ipv6guard_rules rules;
		enum ipv6guard_spared spared;
	} cases[] = {
		{ "alone at its port",
		  true,
		  { .hostile = 1 },
		  { 60, false },
		  IPV6GUARD_NOT_SPARED },
		{ "with others",
		  true,
		  { .others = 1, .hostile = 1 },
		  { 60, false },
		  IPV6GUARD_SPARED_SHARED },
		{ "with others, as the operator wants",
		  true,
		  { .others = 1, .hostile = 1 },
		  { 60, true },
		  IPV6GUARD_NOT_SPARED },
		{ "a MAC that nobody has here",
		  false,
		  { .others = 5, .hostile = 1 },
		  { 60, false },
		  IPV6GUARD_NOT_SPARED },
		{ "the MAC of another port",
		  true,
		  { .elsewhere = true, .others = 2, .hostile = 1 },
		  { 60, false },
		  IPV6GUARD_NOT_SPARED },
		{ "one of many that do the same",
		  true,
		  { .hostile = 5 },
		  { 60, true },
		  IPV6GUARD_SPARED_INVENTED },
		{ "protected",
		  true,
		  { .is_protected = true, .hostile = 1 },
		  { 60, true },
		  IPV6GUARD_SPARED_PROTECTED },
		{ "not wanted", true, { .hostile = 1 }, { 0, true }, IPV6GUARD_SPARED_OFF },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ipv6guard_device device = new_device();
		struct ipv6guard_answer answer;

		device.known = cases[i].known;
		answer = ipv6guard_respond(&device, &hostile, &cases[i].place, &cases[i].rules,
					   START);
		if (answer.spared != cases[i].spared)
			fail_msg("%s: %d", cases[i].what, answer.spared);
		assert_true((answer.spared == IPV6GUARD_NOT_SPARED) ==
			    (ipv6guard_spared_text(answer.spared) == NULL));
	}
}

static void an_allowance_silences_and_spares_until_it_ends(void **state)
{
	struct ipv6guard_device device = new_device();
	struct ipv6guard_answer answer;

	(void)state;
	device.allowed_until = START + 100;
	answer = ipv6guard_respond(&device, &hostile, &alone, &rules, START);
	assert_false(answer.tell);
	assert_int_equal(answer.spared, IPV6GUARD_SPARED_ALLOWED);
	answer = ipv6guard_respond(&device, &hostile, &alone, &rules, START + 100);
	assert_true(answer.tell);
	assert_int_equal(answer.spared, IPV6GUARD_NOT_SPARED);
}

static void the_many_of_a_port_are_told_but_not_stopped_as_one(void **state)
{
	struct ipv6guard_device device = { .port = "p1" };
	struct ipv6guard_answer answer =
		ipv6guard_respond(&device, &hostile, &alone, &rules, START);

	(void)state;
	assert_true(answer.tell);
	assert_int_equal(answer.spared, IPV6GUARD_SPARED_MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_nothing_is_stopped_nobody_is_put_into_quarantine),
		cmocka_unit_test(background_is_told_once_a_day_and_never_stopped),
		cmocka_unit_test(a_flood_is_told_once_an_hour_and_class_with_what_was_held_back),
		cmocka_unit_test(more_classes_than_are_remembered_are_held_back_not_repeated),
		cmocka_unit_test(a_clock_that_is_set_back_does_not_silence_a_device),
		cmocka_unit_test(a_hostile_act_leads_to_quarantine_at_once),
		cmocka_unit_test(nobody_is_framed),
		cmocka_unit_test(an_allowance_silences_and_spares_until_it_ends),
		cmocka_unit_test(the_many_of_a_port_are_told_but_not_stopped_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
