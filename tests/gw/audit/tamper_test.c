/*
 * Somebody who can write the files changes them: every one of many random tamperings is found by holding
 * the records against what was signed of them. GW_TAMPERINGS says how many, GW_SEED which.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/agent/durable.h"
#include "gw/audit/attest.h"
#include "gw/audit/audit_internal.h"
#include "gw/audit/files.h"
#include "gw/audit/seal.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define TAMPERINGS 2000u
#define NOW        1795374000
#define FILES_MAX  32u
#define LINES_MAX  64u

/* One segment as it was written, without the zeroes behind its records. */
struct file {
	char path[64]; /* below the trail */
	struct gw_text text;
	struct line {
		size_t start, len; /* with the newline */
	} lines[LINES_MAX];        /* its records */
	size_t n;
};

struct site {
	char dir[64];
	int fd;
	uint64_t random;
	struct file files[FILES_MAX];
	size_t n;
};

/* ---- a trail --------------------------------------------------------------------------------- */

static int no_record(uint32_t generation, const char *note, void *context)
{
	(void)generation, (void)note, (void)context;
	return 0;
}

static void append_some(struct gw_audit *audit)
{
	for (unsigned int i = 0; i < 24; i++) {
		const struct gw_audit_record record = {
			.class_ = (enum gw_audit_class)(i % 3),
			.module = "gwd",
			.event = "test.happened",
			.actor = "op-17",
			.subject = i % 2 ? "web" : "mail",
			.detail = "{\"packets\":120,\"from\":\"192.0.2.10\"}",
		};

		assert_int_equal(gw_audit_append(audit, &record, NULL, NULL), 0);
	}
	assert_int_equal(gw_audit_flush(audit), 0);
}

static void write_trail(struct site *site)
{
	const struct gw_seal_options sealing = { .dir = site->fd,
						 .site = "tokyo-01",
						 .type = GW_NOTE_ED25519,
						 .interval_s = 60,
						 .record = no_record };
	struct gw_log_head heads[GW_AUDIT_CLASS_COUNT];
	struct gw_audit *audit = NULL;
	struct gw_seal *seal = NULL;

	assert_int_equal(
		gw_audit_open(&(struct gw_audit_options){ .dir = site->dir, .site = "tokyo-01" },
			      &audit),
		0);
	assert_int_equal(gw_seal_open(&sealing, NOW, &seal), 0);
	for (unsigned int i = 0; i < 3; i++) {
		append_some(audit);
		assert_int_equal(gw_seal_all(seal, heads, gw_audit_heads(audit, heads), i), 0);
		gw_audit_roll_all(audit);
	}
	gw_seal_close(seal);
	gw_audit_close(audit);
}

static void restore(const struct site *site, const struct file *file)
{
	int fd = openat(site->fd, file->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, file->text.bytes, file->text.len), file->text.len);
	(void)close(fd); /* read back by the test itself */
}

static void take_file(struct site *site, const char *class_name, const char *name)
{
	struct file *file = &site->files[site->n++];
	const char *zero;

	assert_true(site->n <= FILES_MAX);
	(void)snprintf(file->path, sizeof(file->path), "%s/%s", class_name, name);
	assert_int_equal(gw_audit_file_read(site->fd, file->path, 1 << 20, &file->text), 0);
	zero = memchr(file->text.bytes, 0, file->text.len);
	if (zero)
		file->text.len = (size_t)(zero - file->text.bytes);
	restore(site, file);
	for (size_t at = 0; at < file->text.len;) {
		const char *start = file->text.bytes + at;
		size_t len =
			(size_t)((const char *)memchr(start, '\n', file->text.len - at) - start) +
			1;

		if (*start == '{') {
			assert_true(file->n < LINES_MAX);
			file->lines[file->n++] = (struct line){ at, len };
		}
		at += len;
	}
	if (!file->n)
		site->n--, gw_text_done(&file->text), *file = (struct file){ 0 };
}

static void read_files(struct site *site)
{
	for (int c = 0; c < 3; c++) {
		int fd = openat(site->fd, gw_audit_class_names[c], O_RDONLY | O_DIRECTORY);
		uint64_t *firsts = NULL;
		size_t n = 0;

		assert_int_equal(gw_audit_log_segments(fd, &firsts, &n), 0);
		assert_true(n >= 3);
		for (size_t i = 0; i < n; i++) {
			char name[32];

			gw_audit_log_segment_name(firsts[i], name);
			take_file(site, gw_audit_class_names[c], name);
		}
		gw_free(firsts);
		(void)close(fd); /* read from only */
	}
}

static int setup(void **state)
{
	struct site *site = gw_zalloc(1, sizeof(*site));
	const char *seed = getenv("GW_SEED"); /* one thread. NOLINT(concurrency-mt-unsafe) */

	site->random = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL) << 20 | 1;
	(void)printf("GW_SEED=%#llx\n", (unsigned long long)site->random);
	(void)strcpy(site->dir, "/tmp/gw-tamper-XXXXXX");
	assert_non_null(mkdtemp(site->dir));
	site->fd = open(site->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	write_trail(site);
	read_files(site);
	*state = site;
	return 0;
}

static int teardown(void **state)
{
	struct site *site = *state;

	for (size_t i = 0; i < site->n; i++)
		gw_text_done(&site->files[i].text);
	(void)close(site->fd);
	(void)gw_durable_remove_tree(AT_FDCWD, site->dir);
	gw_free(site);
	return 0;
}

/* The number of errors that verifying finds. */
static size_t verify(const struct site *site)
{
	const struct gw_attest_options options = { 0 };
	struct gw_attest result;
	struct gw_trail *trail = NULL;
	struct gw_diags diags;
	size_t errors;

	gw_diags_init(&diags);
	assert_int_equal(gw_trail_open(site->dir, &trail), 0);
	assert_int_equal(gw_attest(trail, &options, &result, &diags), 0);
	errors = diags.errors;
	gw_attest_done(&result);
	gw_trail_close(trail);
	gw_diags_done(&diags);
	return errors;
}

/* ---- tamperings ------------------------------------------------------------------------------ */

/* xorshift64: the same everywhere for a seed. */
static size_t pick(struct site *site, size_t below)
{
	site->random ^= site->random << 13;
	site->random ^= site->random >> 7;
	site->random ^= site->random << 17;
	return (size_t)(site->random % below);
}

static void put_line(struct gw_text *out, const struct file *file, size_t i)
{
	gw_text_add(out, file->text.bytes + file->lines[i].start, file->lines[i].len);
}

/* All from the start of the file to record `i`. */
static void put_before(struct gw_text *out, const struct file *file, size_t i)
{
	gw_text_add(out, file->text.bytes, file->lines[i].start);
}

static void put_from(struct gw_text *out, const struct file *file, size_t i)
{
	if (i < file->n)
		gw_text_add(out, file->text.bytes + file->lines[i].start,
			    file->text.len - file->lines[i].start);
}

static void change_octet(struct site *site, const struct file *file, struct gw_text *out)
{
	/* The number at the end of the first line may be any of those that other classes took since. */
	size_t end = strcspn(file->text.bytes, "\n"), at;

	do {
		at = pick(site, file->text.len);
	} while (at > (size_t)((const char *)memrchr(file->text.bytes, ' ', end) -
			       file->text.bytes) &&
		 at < end);
	gw_text_add(out, file->text.bytes, file->text.len);
	out->bytes[at] = (char)(out->bytes[at] ^ (int)(1 + pick(site, 255)));
}

static void remove_records(struct site *site, const struct file *file, struct gw_text *out)
{
	size_t i = pick(site, file->n), n = 1 + pick(site, file->n - i);

	put_before(out, file, i);
	put_from(out, file, i + n);
}

static void insert_record(struct site *site, const struct file *file, struct gw_text *out)
{
	size_t i = pick(site, file->n + 1), copied = pick(site, file->n);

	if (i < file->n)
		put_before(out, file, i);
	else
		gw_text_add(out, file->text.bytes, file->text.len);
	put_line(out, file, copied);
	if (pick(site, 2)) /* one that was never written, instead of the same again */
		memcpy(strstr(out->bytes + out->len - file->lines[copied].len, "op-17"), "op-18",
		       5);
	put_from(out, file, i);
}

static void reorder_records(struct site *site, const struct file *file, struct gw_text *out)
{
	size_t a = pick(site, file->n - 1), b = a + 1 + pick(site, file->n - a - 1);

	put_before(out, file, a);
	put_line(out, file, b);
	for (size_t i = a + 1; i < b; i++)
		put_line(out, file, i);
	put_line(out, file, a);
	put_from(out, file, b + 1);
}

static void cut_off(struct site *site, const struct file *file, struct gw_text *out)
{
	gw_text_add(out, file->text.bytes, pick(site, file->text.len));
}

static void make_zero(struct site *site, const struct file *file, struct gw_text *out)
{
	size_t at = pick(site, file->text.len), n = 1 + pick(site, file->text.len - at);

	if (at < file->lines[0].start)
		at = file->lines[0].start;
	gw_text_add(out, file->text.bytes, file->text.len);
	memset(out->bytes + at, 0, at + n > file->text.len ? file->text.len - at : n);
}

static void take_other_file(struct site *site, const struct file *file, struct gw_text *out)
{
	const struct file *other = file;

	while (other == file)
		other = &site->files[pick(site, site->n)];
	gw_text_add(out, other->text.bytes, other->text.len);
}

/* As somebody does who knows the format: all that follows in the file is chained anew. */
static void rewrite_history(struct site *site, const struct file *file, struct gw_text *out)
{
	size_t changed = pick(site, file->n);
	uint8_t leaf[GW_HASH_LEN] = { 0 };

	put_before(out, file, changed);
	for (size_t i = changed; i < file->n; i++) {
		size_t start = out->len;

		put_line(out, file, i);
		if (i == changed) {
			memcpy(strstr(out->bytes + start, "op-17"), "op-18", 5);
		} else {
			out->len -= strlen("\"}\n") + 44;
			gw_base64_encode(out, leaf, sizeof(leaf));
			gw_text_puts(out, "\"}\n");
		}
		gw_hash_leaf(out->bytes + start, out->len - start - 1, leaf);
	}
}

static void remove_file(struct site *site, const struct file *file, struct gw_text *out)
{
	(void)out;
	assert_int_equal(unlinkat(site->fd, file->path, 0), 0);
}

static const struct tampering {
	const char *name;
	void (*run)(struct site *site, const struct file *file, struct gw_text *out);
} tamperings[] = {
	{ "an octet changed", change_octet },
	{ "records removed", remove_records },
	{ "a record inserted", insert_record },
	{ "records reordered", reorder_records },
	{ "the end cut off", cut_off },
	{ "zeroes", make_zero },
	{ "another file's content", take_other_file },
	{ "history rewritten", rewrite_history },
	{ "a file removed", remove_file },
};

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_trail_that_nobody_touched_verifies(void **state)
{
	assert_int_equal(verify(*state), 0);
}

static void every_tampering_is_found(void **state)
{
	struct site *site = *state;
	const char *count = getenv("GW_TAMPERINGS"); /* as above. NOLINT(concurrency-mt-unsafe) */
	size_t n = count ? strtoul(count, NULL, 10) : TAMPERINGS;

	for (size_t i = 0; i < n; i++) {
		const struct tampering *tampering = &tamperings[pick(site, GW_COUNT(tamperings))];
		const struct file *file = &site->files[pick(site, site->n)];
		gw_auto_text struct gw_text out = { 0 };

		tampering->run(site, file, &out);
		if (tampering->run != remove_file) {
			struct file tampered = *file;

			tampered.text = out;
			restore(site, &tampered);
		}
		if (!verify(site))
			fail_msg("tampering %zu, %s in %s, was not found", i, tampering->name,
				 file->path);
		restore(site, file);
	}
	assert_int_equal(verify(site), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_trail_that_nobody_touched_verifies, setup,
						teardown),
		cmocka_unit_test_setup_teardown(every_tampering_is_found, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
