/* Which measure stops a packet: as the rules of the kernel do it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gw/agent/measure.h"

#define NOW    INT64_C(1790000000)
#define HOST   0x0a140105
#define OTHER  0x0a140106
#define NOTICE 0xcb007107
#define SERVER 0xcb007106

static const struct gw_zone wan = { .name = "wan" }, mgmt = { .name = "mgmt", .management = true };
static const struct gw_range notice = { NOTICE, NOTICE };

static void take(struct gw_measures *measures, enum gw_measure_kind kind, int64_t until)
{
	struct gw_measure measure = {
		.kind = (uint8_t)kind, .subject = "", .actor = "op", .reason = "r", .until = until
	};

	assert_true(
		gw_measure_set_range(&measure, GW_FAMILY_IPV4, (struct gw_range){ HOST, HOST }));
	gw_measures_put(measures, &measure);
}

static bool stopped(const struct gw_measures *measures, uint32_t source, uint32_t dest,
		    const struct gw_zone *to)
{
	const struct gw_measure_question question = {
		.from = &wan,
		.to = to,
		.family = GW_FAMILY_IPV4,
		.source = source,
		.dest = dest,
		.reach = { &notice, 1 },
	};

	return gw_measures_stopping(measures, &question, NOW);
}

static void from_quarantine_a_host_reaches_what_the_config_names(void **state)
{
	struct gw_measures measures;

	(void)state;
	gw_measures_init(&measures);
	take(&measures, GW_MEASURE_KIND_QUARANTINE, NOW + 60);
	assert_true(stopped(&measures, HOST, SERVER, &wan));
	assert_true(stopped(&measures, SERVER, HOST, &wan));
	assert_false(stopped(&measures, HOST, NOTICE, &wan));
	assert_false(stopped(&measures, NOTICE, HOST, &wan));
	assert_false(stopped(&measures, HOST, SERVER, &mgmt));
	assert_false(stopped(&measures, OTHER, SERVER, &wan));
	gw_measures_done(&measures);
}

static void a_ban_spares_nothing_and_ends_in_time(void **state)
{
	struct gw_measures measures;

	(void)state;
	gw_measures_init(&measures);
	take(&measures, GW_MEASURE_KIND_BAN, NOW + 60);
	assert_true(stopped(&measures, HOST, NOTICE, &wan));
	assert_true(stopped(&measures, HOST, SERVER, &mgmt));
	gw_measures_done(&measures);
	gw_measures_init(&measures);
	take(&measures, GW_MEASURE_KIND_BAN, NOW - 1);
	assert_false(stopped(&measures, HOST, SERVER, &wan));
	gw_measures_done(&measures);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_quarantine_a_host_reaches_what_the_config_names),
		cmocka_unit_test(a_ban_spares_nothing_and_ends_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
