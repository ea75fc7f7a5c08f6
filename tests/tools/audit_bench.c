/*
 * Measures the audit trail, and what hashing alone costs on the same machine.
 *
 *	audit_bench durable DIR SECONDS          durable records a second
 *	audit_bench latency DIR RATE SECONDS     from append to acknowledgement: "p50 p99 max" in ms
 *	audit_bench disk FILE SECONDS            a bare write and fdatasync of 64 KiB over zeroes, in a
 *	                                         row: "p50 p99 max" in ms
 *	audit_bench verify DIR                   records verified a second, those of a bare loop of leaf
 *	                                         and node hashes over the same lines, and the ratio
 */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "gw/audit/attest.h"
#include "gw/audit/audit.h"
#include "gw/audit/seal.h"
#include "gw/core/mem.h"

#define OUTSTANDING 65536u /* records that wait for their acknowledgement */
#define SITE        "tokyo-01"

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct run {
	struct gw_audit *audit;
	uint64_t appended, answered, failed;
	uint32_t *took_us; /* of each answered record; NULL: not wanted */
	int64_t *since;    /* when each record was appended, in order */
};

/* Records of one class are answered in the order in which they came. */
static void on_done(uint64_t seq, int error, void *context)
{
	struct run *run = context;

	(void)seq;
	run->failed += error != 0;
	if (run->took_us)
		run->took_us[run->answered] =
			(uint32_t)((now_ns() - run->since[run->answered]) / 1000);
	run->answered++;
}

/* A line of 300 octets, as many records of the gateway have. */
static int append(struct run *run)
{
	static const struct gw_audit_record record = {
		.class_ = GW_AUDIT_ACCESS,
		.module = "vpn",
		.event = "auth.ok",
		.actor = "op-17",
		.subject = "tun3",
		.detail = "{\"from\":\"192.0.2.10\"}",
	};

	if (run->since)
		run->since[run->appended] = now_ns();
	run->appended++;
	return gw_audit_append(run->audit, &record, on_done, run);
}

static void answer(struct run *run, int timeout_ms)
{
	struct pollfd ready = { .fd = gw_audit_fd(run->audit), .events = POLLIN };

	if (poll(&ready, 1, timeout_ms) > 0)
		gw_audit_dispatch(run->audit);
}

static int open_trail(const char *dir, struct run *run)
{
	const struct gw_audit_options options = { .dir = dir, .site = SITE };
	int err = gw_audit_open(&options, &run->audit);

	if (err)
		(void)fprintf(stderr, "audit_bench: %s: %s\n", dir, strerror(-err));
	return err;
}

/* ---- durable --------------------------------------------------------------------------------- */

static int no_record(uint32_t generation, const char *note, void *context)
{
	(void)generation, (void)note, (void)context;
	return 0;
}

static int seal_all(const char *dir, struct gw_audit *audit)
{
	struct gw_seal_options options = {
		.site = SITE, .type = GW_NOTE_ED25519, .interval_s = 60, .record = no_record
	};
	struct gw_log_head heads[GW_AUDIT_CLASS_COUNT];
	struct gw_seal *seal = NULL;
	int err;

	options.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* until the end */
	err = gw_seal_open(&options, time(NULL), &seal);
	if (!err)
		err = gw_seal_all(seal, heads, gw_audit_heads(audit, heads), 0);
	gw_seal_close(seal);
	return err;
}

static int durable(const char *dir, double seconds)
{
	struct run run = { 0 };
	int64_t start, end, stop;
	struct rusage usage;
	double took, cpu;
	int err = open_trail(dir, &run);

	if (err)
		return 1;
	start = now_ns();
	stop = start + (int64_t)(seconds * 1e9);
	while (now_ns() < stop) {
		for (unsigned int i = 0; i < 256 && run.appended < run.answered + OUTSTANDING; i++)
			err |= append(&run);
		answer(&run, run.appended < run.answered + OUTSTANDING ? 0 : 100);
	}
	err |= gw_audit_flush(run.audit);
	end = now_ns();
	(void)getrusage(RUSAGE_SELF, &usage);
	gw_audit_dispatch(run.audit);
	took = (double)(end - start) / 1e9;
	cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	      (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	(void)printf("%.0f %.2f\n", (double)run.answered / took, cpu / took);
	err |= seal_all(dir, run.audit);
	gw_audit_close(run.audit);
	return err || run.failed || run.answered != run.appended;
}

/* ---- latency --------------------------------------------------------------------------------- */

static int compare_u32(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void print_percentiles(uint32_t *took_us, size_t n)
{
	qsort(took_us, n, sizeof(took_us[0]), compare_u32);
	(void)printf("%.2f %.2f %.2f\n", took_us[n / 2] / 1e3, took_us[n * 99 / 100] / 1e3,
		     took_us[n - 1] / 1e3);
}

static int latency(const char *dir, double rate, double seconds)
{
	size_t n = (size_t)(rate * seconds);
	struct run run = { .took_us = gw_zalloc(n, sizeof(uint32_t)),
			   .since = gw_zalloc(n, sizeof(int64_t)) };
	int64_t start;
	int err = open_trail(dir, &run);

	if (err)
		return 1;
	start = now_ns();
	while (run.answered < n) {
		size_t due = (size_t)((double)(now_ns() - start) / 1e9 * rate) + 1;

		while (run.appended < due && run.appended < n)
			err |= append(&run);
		answer(&run, 1);
	}
	gw_audit_close(run.audit);
	print_percentiles(run.took_us, n);
	gw_free(run.took_us);
	gw_free(run.since);
	return err || run.failed;
}

#define DISK_FILE  (16 << 20)
#define DISK_WRITE (64 << 10)

static int disk(const char *path, double seconds)
{
	gw_auto_free char *bytes = gw_zalloc(DISK_WRITE, 1);
	gw_auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int64_t stop = now_ns() + (int64_t)(seconds * 1e9);
	size_t n = 0, capacity = 0;
	uint32_t *took_us = NULL;
	int err = fd < 0;

	for (off_t at = 0; !err && at < DISK_FILE; at += DISK_WRITE)
		err = pwrite(fd, bytes, DISK_WRITE, at) != DISK_WRITE;
	err = err || fdatasync(fd) < 0;
	memset(bytes, 'x', DISK_WRITE);
	while (!err && now_ns() < stop) {
		int64_t start = now_ns();

		err = pwrite(fd, bytes, DISK_WRITE, (off_t)(n * DISK_WRITE % DISK_FILE)) !=
			      DISK_WRITE ||
		      fdatasync(fd) < 0;
		gw_push(took_us, n, capacity, (uint32_t)((now_ns() - start) / 1000));
	}
	if (!err)
		print_percentiles(took_us, n);
	gw_free(took_us);
	return err;
}

/* ---- verifying ------------------------------------------------------------------------------- */

static int verify_all(const struct gw_trail *trail, uint64_t *ret_records)
{
	const struct gw_attest_options options = { 0 };
	struct gw_attest result;
	struct gw_diags diags;
	int err;

	gw_diags_init(&diags);
	err = gw_attest(trail, &options, &result, &diags);
	*ret_records = 0;
	for (size_t i = 0; !err && i < result.n_logs; i++)
		*ret_records += result.logs[i].records;
	if (err || diags.errors) {
		gw_diags_print(&diags, stderr, false);
		err = -1;
	} else {
		gw_attest_done(&result);
	}
	gw_diags_done(&diags);
	return err;
}

/* The lines of the first log that has any, one behind the other; at most 64 MiB of them. */
static size_t load(const struct gw_trail *trail, struct gw_text *text, uint32_t **ret_lens)
{
	size_t n = 0, capacity = 0;
	uint32_t *lens = NULL;

	for (size_t i = 0; i < gw_trail_count(trail) && !n; i++) {
		struct gw_trail_cursor *cursor;
		struct gw_trail_line line;

		if (gw_trail_read(trail, i, 0, &cursor) < 0)
			continue;
		while (text->len < (64u << 20) && gw_trail_next(cursor, &line) == 0) {
			gw_text_add(text, line.bytes, line.len);
			gw_push(lens, n, capacity, (uint32_t)line.len);
		}
		gw_trail_cursor_free(cursor);
	}
	*ret_lens = lens;
	return n;
}

/* What hashing alone takes, ns. */
static int64_t hash_all(const struct gw_text *text, const uint32_t *lens, size_t n)
{
	uint8_t hash[GW_HASH_LEN];
	int64_t start = now_ns();
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		gw_hash_leaf(text->bytes + at, lens[i], hash);
		gw_hash_node(hash, hash, hash);
		at += lens[i];
	}
	return now_ns() - start;
}

/* The machine's speed drifts: hashing is measured before and after. */
static int verify(const char *dir)
{
	gw_auto_text struct gw_text text = { 0 };
	struct gw_trail *trail;
	uint64_t records = 0;
	uint32_t *lens;
	int64_t start, bare, whole;
	size_t n;
	int err = gw_trail_open(dir, &trail);

	if (err || !(n = load(trail, &text, &lens)))
		return 1;
	bare = hash_all(&text, lens, n);
	start = now_ns();
	err = verify_all(trail, &records);
	whole = now_ns() - start;
	bare = (bare + hash_all(&text, lens, n)) / 2;
	if (!err)
		(void)printf("%.0f %.0f %.3f\n", (double)records * 1e9 / (double)whole,
			     (double)n * 1e9 / (double)bare,
			     (double)records / (double)whole / ((double)n / (double)bare));
	gw_free(lens);
	gw_trail_close(trail);
	return err != 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "durable") == 0)
		return durable(argv[2], strtod(argv[3], NULL));
	if (argc == 5 && strcmp(argv[1], "latency") == 0)
		return latency(argv[2], strtod(argv[3], NULL), strtod(argv[4], NULL));
	if (argc == 4 && strcmp(argv[1], "disk") == 0)
		return disk(argv[2], strtod(argv[3], NULL));
	if (argc == 3 && strcmp(argv[1], "verify") == 0)
		return verify(argv[2]);
	(void)fputs("usage: audit_bench durable DIR SECONDS | latency DIR RATE SECONDS |\n"
		    "       audit_bench disk FILE SECONDS | verify DIR\n",
		    stderr);
	return 64;
}
