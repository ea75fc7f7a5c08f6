/* Every frame of the generator is called what its label says, in each mode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "tests/support/v6_frames.h"

static int build(void **state)
{
	static struct v6_samples samples;

	v6_samples_build(&samples);
	*state = &samples;
	return 0;
}

static int discard(void **state)
{
	v6_samples_free(*state);
	return 0;
}

static void classify(const struct v6_sample *sample, enum gw_v6_mode mode,
		     struct gw_v6_flows *flows, struct gw_v6_result *ret)
{
	/* A block of exactly this length, so that reading behind it is noticed. */
	gw_auto_free uint8_t *exact = gw_zalloc(sample->len, 1);
	struct gw_v6_frame frame = { .bytes = exact,
				     .len = sample->len,
				     .wire_len = sample->len,
				     .port = 1,
				     .time_ms = sample->id };
	struct gw_v6_context context;

	memcpy(exact, sample->bytes, sample->len);
	v6_samples_context(mode, &context);
	gw_v6_classify(&context, flows, &frame, ret);
}

static void there_are_more_than_2000_distinct_frames(void **state)
{
	const struct v6_samples *samples = *state;
	size_t distinct = 0;

	for (size_t i = 0; i < samples->n; i++) {
		size_t k = 0;

		while (k < i && (samples->items[k].len != samples->items[i].len ||
				 memcmp(samples->items[k].bytes, samples->items[i].bytes,
					samples->items[i].len) != 0))
			k++;
		distinct += k == i;
	}
	print_message("%zu frames, %zu distinct\n", samples->n, distinct);
	assert_true(distinct >= 2000);
}

static void every_frame_is_called_what_its_label_says(void **state)
{
	const struct v6_samples *samples = *state;
	size_t wrong = 0;

	for (unsigned int mode = 0; mode < V6_LABELS; mode++) {
		struct gw_v6_flows *flows = gw_v6_flows_new(64);
		const struct v6_sample *before = NULL;

		for (size_t i = 0; i < samples->n; i++) {
			const struct v6_sample *sample = &samples->items[i];
			struct gw_v6_result result;

			/* Cases share addresses; each begins with an empty memory. */
			if (before && sample->part == 1) {
				gw_v6_flows_free(flows);
				flows = gw_v6_flows_new(64);
			}
			before = sample;
			classify(sample, mode, flows, &result);
			if (result.class_id == sample->expected[mode])
				continue;
			if (wrong++ < 60)
				print_message("%s: frame %u, %s %s, %s %u/%u: %s, not %s\n",
					      gw_v6_mode_name(mode), sample->id, sample->case_id,
					      sample->name, sample->variant, sample->part,
					      sample->parts,
					      gw_v6_class_info(result.class_id)->name,
					      gw_v6_class_info(sample->expected[mode])->name);
		}
		gw_v6_flows_free(flows);
	}
	assert_int_equal(wrong, 0);
}

static bool is_stopped(enum gw_v6_class class_id, enum gw_v6_mode mode)
{
	return gw_v6_class_info(class_id)->stops >> mode & 1;
}

/* The verdict of a case as it is must not get better by bending it; frames alone, without memory. */
static void bending_never_turns_stopped_into_passed(void **state)
{
	const struct v6_samples *samples = *state;

	for (unsigned int mode = GW_V6_OFF; mode <= GW_V6_LOCAL; mode++) {
		bool stopped = false;

		for (size_t i = 0; i < samples->n; i++) {
			const struct v6_sample *sample = &samples->items[i];
			struct gw_v6_result result;

			classify(sample, mode, NULL, &result);
			if (i == 0 || strcmp(sample->name, samples->items[i - 1].name) != 0)
				stopped = result.verdict == GW_V6_DROP; /* plain comes first */
			/* What tells its protocol only in the first fragment is harmless without it. */
			if (strcmp(sample->variant, "V32-later-fragment") == 0)
				continue;
			if (stopped && result.verdict != GW_V6_DROP)
				fail_msg("%s: frame %u, %s %s passes by %s", gw_v6_mode_name(mode),
					 sample->id, sample->case_id, sample->name,
					 sample->variant);
		}
	}
}

static void all_ipv6_is_stopped_in_off_and_all_rogue_in_guarded(void **state)
{
	const struct v6_samples *samples = *state;

	for (size_t i = 0; i < samples->n; i++) {
		const struct v6_sample *sample = &samples->items[i];
		const struct gw_v6_class_info *info;
		struct gw_v6_result result;

		classify(sample, GW_V6_OFF, NULL, &result);
		if (result.evidence.has_ipv6 && result.evidence.outer_version == 6)
			assert_int_equal(result.verdict, GW_V6_DROP);
		classify(sample, GW_V6_GUARDED, NULL, &result);
		info = gw_v6_class_info(sample->expected[GW_V6_GUARDED]);
		if (info->severity == GW_V6_HOSTILE && !sample->needs_flow)
			assert_int_equal(result.verdict, GW_V6_DROP);
	}
}

static void benign_frames_pass_where_they_are_meant_to(void **state)
{
	const struct v6_samples *samples = *state;
	size_t n = 0;

	for (size_t i = 0; i < samples->n; i++) {
		const struct v6_sample *sample = &samples->items[i];
		struct gw_v6_result result;

		if (!sample->benign)
			continue;
		classify(sample, GW_V6_GUARDED, NULL, &result);
		if (result.verdict != GW_V6_PASS &&
		    !is_stopped(sample->expected[GW_V6_GUARDED], GW_V6_GUARDED))
			fail_msg("frame %u, %s is lost", sample->id, sample->name);
		n++;
	}
	assert_true(n >= 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_more_than_2000_distinct_frames),
		cmocka_unit_test(every_frame_is_called_what_its_label_says),
		cmocka_unit_test(bending_never_turns_stopped_into_passed),
		cmocka_unit_test(all_ipv6_is_stopped_in_off_and_all_rogue_in_guarded),
		cmocka_unit_test(benign_frames_pass_where_they_are_meant_to),
	};

	return cmocka_run_group_tests(tests, build, discard);
}
