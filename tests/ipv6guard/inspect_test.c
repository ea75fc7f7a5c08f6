/* Captures written from the generator's frames, whole, cut anywhere, and of other kinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipv6guard/inspect.h"
#include "tests/support/v6_frames.h"

#define ETHERNET 1u
#define RAW_IP   101u

struct capture {
	int fd;
	char path[32];
};

static void capture_open(struct capture *capture, uint32_t link)
{
	const uint32_t header[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, link };

	capture->fd = memfd_create("capture", MFD_CLOEXEC);
	assert_true(capture->fd >= 0);
	assert_int_equal(write(capture->fd, header, sizeof(header)), sizeof(header));
	(void)snprintf(capture->path, sizeof(capture->path), "/proc/self/fd/%d", capture->fd);
}

static void capture_add(struct capture *capture, const struct v6_sample *sample, uint32_t kept)
{
	const uint32_t header[4] = { 1000 + sample->id / 1000, sample->id % 1000 * 1000, kept,
				     (uint32_t)sample->len };

	assert_int_equal(write(capture->fd, header, sizeof(header)), sizeof(header));
	assert_int_equal(write(capture->fd, sample->bytes, kept), kept);
}

static enum ipv6guard_inspected inspect(const struct capture *capture, enum gw_v6_mode mode,
					size_t findings, struct ipv6guard_inspection *ret)
{
	char error[IPV6GUARD_ERROR];
	struct gw_v6_context context;

	v6_samples_context(mode, &context);
	return ipv6guard_inspect(capture->path, &context, findings, ret, error);
}

static uint64_t frames_of(const struct ipv6guard_inspection *inspection, enum gw_v6_class class_id)
{
	for (size_t i = 0; i < inspection->n_classes; i++)
		if (inspection->classes[i].class_id == class_id)
			return inspection->classes[i].frames;
	return 0;
}

/* Parts of a whole that are known beside each other are left out: one memory serves all of a capture. */
static bool stands_alone(const struct v6_sample *sample)
{
	return sample->parts == 1 && !sample->needs_flow &&
	       strncmp(sample->variant, "V12", 3) != 0 && strncmp(sample->name, "teredo", 6) != 0;
}

static void each_class_has_the_frames_of_its_label(void **state)
{
	static uint64_t expected[GW_V6_CLASS_COUNT];
	struct ipv6guard_inspection inspection;
	struct v6_samples samples;
	struct capture capture;
	uint64_t n = 0;

	(void)state;
	v6_samples_build(&samples);
	capture_open(&capture, ETHERNET);
	/* One of each case and variant that needs no memory; fragments of different cases look alike. */
	for (size_t i = 0; i < samples.n; i++) {
		const struct v6_sample *sample = &samples.items[i];

		if (!stands_alone(sample) || strstr(sample->variant, "fragment"))
			continue;
		capture_add(&capture, sample, (uint32_t)sample->len);
		expected[sample->expected[GW_V6_OFF]]++;
		n++;
	}
	assert_int_equal(inspect(&capture, GW_V6_OFF, 7, &inspection), IPV6GUARD_INSPECTED);
	assert_int_equal(inspection.frames, n);
	assert_int_equal(frames_of(&inspection, GW_V6_CLASS_ROUTER_ADVERT),
			 expected[GW_V6_CLASS_ROUTER_ADVERT]);
	assert_int_equal(frames_of(&inspection, GW_V6_CLASS_REDIRECT),
			 expected[GW_V6_CLASS_REDIRECT]);
	assert_int_equal(frames_of(&inspection, GW_V6_CLASS_CHATTER),
			 expected[GW_V6_CLASS_CHATTER]);
	assert_true(expected[GW_V6_CLASS_ROUTER_ADVERT] > 100);
	assert_int_equal(inspection.n_findings, 7);
	for (size_t i = 1; i < inspection.n_classes; i++)
		assert_true(inspection.classes[i - 1].severity >= inspection.classes[i].severity);
	ipv6guard_inspection_done(&inspection);
	v6_samples_free(&samples);
	(void)close(capture.fd);
}

static void what_stands_before_the_damage_is_judged(void **state)
{
	struct ipv6guard_inspection inspection;
	struct v6_samples samples;
	struct capture capture;
	off_t size;

	(void)state;
	v6_samples_build(&samples);
	capture_open(&capture, ETHERNET);
	for (size_t i = 0; i < 20; i++)
		capture_add(&capture, &samples.items[i], (uint32_t)samples.items[i].len);
	size = lseek(capture.fd, 0, SEEK_END);
	for (off_t at = size - 1; at >= 0; at--) {
		off_t end = 24;
		uint64_t whole = 0;
		enum ipv6guard_inspected how;

		while (whole < 20 && end + 16 + (off_t)samples.items[whole].len <= at)
			end += 16 + (off_t)samples.items[whole++].len;
		assert_int_equal(ftruncate(capture.fd, at), 0);
		how = inspect(&capture, GW_V6_OFF, 100, &inspection);
		assert_int_equal(inspection.frames, whole);
		if (at < 24)
			assert_int_equal(how, IPV6GUARD_CAPTURE_UNREADABLE);
		else
			assert_int_equal(how, at == end ? IPV6GUARD_INSPECTED
							: IPV6GUARD_CAPTURE_DAMAGED);
		ipv6guard_inspection_done(&inspection);
	}
	v6_samples_free(&samples);
	(void)close(capture.fd);
}

static void frames_that_were_cut_are_counted(void **state)
{
	struct ipv6guard_inspection inspection;
	struct v6_samples samples;
	struct capture capture;

	(void)state;
	v6_samples_build(&samples);
	capture_open(&capture, ETHERNET);
	for (size_t i = 0; i < 100; i++)
		capture_add(&capture, &samples.items[i], 20);
	assert_int_equal(inspect(&capture, GW_V6_OFF, 0, &inspection), IPV6GUARD_INSPECTED);
	assert_int_equal(inspection.frames, 100);
	assert_int_equal(inspection.cut, 100);
	assert_int_equal(inspection.n_findings, 0);
	ipv6guard_inspection_done(&inspection);
	v6_samples_free(&samples);
	(void)close(capture.fd);
}

static void other_kinds_are_refused(void **state)
{
	struct ipv6guard_inspection inspection;
	struct capture capture;

	(void)state;
	capture_open(&capture, RAW_IP);
	assert_int_equal(inspect(&capture, GW_V6_OFF, 1, &inspection), IPV6GUARD_CAPTURE_KIND);
	ipv6guard_inspection_done(&inspection);
	(void)close(capture.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_class_has_the_frames_of_its_label),
		cmocka_unit_test(what_stands_before_the_damage_is_judged),
		cmocka_unit_test(frames_that_were_cut_are_counted),
		cmocka_unit_test(other_kinds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
