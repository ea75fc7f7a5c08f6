/*
 * Writes an audit trail and says which records were acknowledged, so that a test that kills it, or takes
 * its disk away, can look for them afterwards.
 *
 *	audit_writer write DIR ACKS [COUNT]   appends records, of all classes in turn, until COUNT of
 *	                                      them are answered or SIGTERM comes; seals now and then
 *	audit_writer check DIR ACKS           exits 1 unless every acknowledged record is there, once
 *	                                      and unchanged, and the trail verifies
 *
 * ACKS is appended to: "ack SEQ NUMBER" and "lost NUMBER" for record NUMBER, "failing" and "writing" when
 * the trail says so. Lines are written at once, before anything else is done.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/audit/attest.h"
#include "gw/audit/audit.h"
#include "gw/audit/merge.h"
#include "gw/audit/seal.h"
#include "gw/core/mem.h"

#define SITE        "tokyo-01"
#define OUTSTANDING 64u
#define MANY        2000u
#define SEAL_EVERY  500u

static volatile sig_atomic_t stopped;

static void on_term(int number)
{
	(void)number;
	stopped = 1;
}

struct run {
	struct gw_audit *audit;
	struct gw_seal *seal;
	int acks;
	uint64_t appended, answered, last_seal;
	bool failing;
};

static int complain(const char *what, int err)
{
	(void)fprintf(stderr, "audit_writer: %s: %s\n", what, strerror(-err));
	return 1;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void on_alarm(bool failing, const char *text, void *context)
{
	struct run *run = context;

	(void)text;
	run->failing = failing;
	(void)dprintf(run->acks, failing ? "failing\n" : "writing\n");
}

struct pending {
	struct run *run;
	uint64_t number;
};

static void on_done(uint64_t seq, int error, void *context)
{
	struct pending *pending = context;

	if (error)
		(void)dprintf(pending->run->acks, "lost %" PRIu64 "\n", pending->number);
	else
		(void)dprintf(pending->run->acks, "ack %" PRIu64 " %" PRIu64 "\n", seq,
			      pending->number);
	pending->run->answered++;
	gw_free(pending);
}

static int append_one(struct run *run)
{
	struct pending *pending = gw_zalloc(1, sizeof(*pending));
	char detail[256];
	int err;

	*pending = (struct pending){ run, run->appended };
	(void)snprintf(detail, sizeof(detail), "{\"number\":%" PRIu64 ",\"filler\":\"%0*d\"}",
		       run->appended, (int)(run->appended * 37 % 120) + 1, 0);
	err = gw_audit_append(
		run->audit,
		&(struct gw_audit_record){
			.class_ = (enum gw_audit_class)(run->appended % GW_AUDIT_CLASS_COUNT),
			.module = "test",
			.event = "test.written",
			.actor = "uid:0(root)",
			.subject = "a \"quoted\" name",
			.detail = detail },
		on_done, pending);
	if (err)
		gw_free(pending);
	else
		run->appended++;
	return err;
}

static int record_key(uint32_t generation, const char *note, void *context)
{
	struct run *run = context;

	(void)generation, (void)note;
	return gw_audit_append(run->audit,
			       &(struct gw_audit_record){ .class_ = GW_AUDIT_SYSTEM,
							  .module = "test",
							  .event = "audit.key" },
			       NULL, NULL) < 0
		       ? -EIO
		       : gw_audit_flush(run->audit);
}

/* What is signed must be durable: the heads are. On a full disk the seal waits. */
static void seal(struct run *run)
{
	struct gw_log_head heads[GW_AUDIT_CLASS_COUNT];
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (run->seal)
		(void)gw_seal_all(run->seal, heads, gw_audit_heads(run->audit, heads), now.tv_sec);
	run->last_seal = run->answered;
}

static int open_trail(struct run *run, const char *dir)
{
	const struct gw_audit_options options = { .dir = dir,
						  .site = SITE,
						  .segment_min = 64 << 10,
						  .segment_max = 256 << 10,
						  .queue_max = 128 << 10,
						  .alarm = on_alarm,
						  .context = run };
	struct gw_seal_options sealing = { .site = SITE,
					   .type = GW_NOTE_ED25519,
					   .interval_s = 3600,
					   .record = record_key,
					   .context = run };
	int err = gw_audit_open(&options, &run->audit);

	if (err)
		return err;
	sealing.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* until the end */
	err = gw_seal_open(&sealing, time(NULL), &run->seal);
	if (!err)
		seal(run); /* before anything is acknowledged: records without a seal prove nothing */
	return err;
}

static int write_records(const char *dir, const char *acks, uint64_t count)
{
	struct run run = { .acks = open(acks, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) };
	int err = run.acks < 0 ? -errno : open_trail(&run, dir);

	while (!err && !stopped && (!count || run.answered < count)) {
		struct pollfd ready = { .fd = gw_audit_fd(run.audit), .events = POLLIN };
		/* On a full disk nothing is answered; enough comes that some must be given up. */
		uint64_t end = run.answered + (run.failing ? MANY : OUTSTANDING);

		for (unsigned int i = 0; !err && i < OUTSTANDING && run.appended < end; i++)
			err = append_one(&run);
		if (poll(&ready, 1, run.failing ? 1 : 100) > 0)
			gw_audit_dispatch(run.audit);
		if (run.answered >= run.last_seal + SEAL_EVERY)
			seal(&run);
	}
	gw_audit_close(run.audit);
	gw_seal_close(run.seal);
	return err ? complain(dir, err) : 0;
}

/* ---- checking -------------------------------------------------------------------------------- */

struct acknowledged {
	uint64_t seq, number;
	bool found;
};

struct acks {
	struct acknowledged *items; /* heap, in order of seq */
	size_t n, capacity;
	uint64_t lost;
};

static int compare_acks(const void *left, const void *right)
{
	const struct acknowledged *a = left, *b = right;

	return (a->seq > b->seq) - (a->seq < b->seq);
}

static int read_acks(const char *path, struct acks *acks)
{
	FILE *file = fopen(path, "re");
	struct acknowledged item = { 0 };
	char line[128];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		char *end;

		if (strncmp(line, "lost ", 5) == 0)
			acks->lost++;
		if (strncmp(line, "ack ", 4) != 0 || !strchr(line, '\n'))
			continue;
		item.seq = strtoull(line + 4, &end, 10);
		item.number = strtoull(end, NULL, 10);
		gw_push(acks->items, acks->n, acks->capacity, item);
	}
	(void)fclose(file);
	if (acks->n)
		qsort(acks->items, acks->n, sizeof(acks->items[0]), compare_acks);
	return 0;
}

static void look_up(struct acks *acks, const struct gw_merge_record *record, size_t *errors)
{
	struct acknowledged key = { .seq = record->view->seq };
	struct acknowledged *found = NULL;
	const json_t *number = json_object_get(record->view->detail, "number");

	if (acks->n)
		found = bsearch(&key, acks->items, acks->n, sizeof(key), compare_acks);
	if (!found)
		return;
	if (found->found || !number || (uint64_t)json_integer_value(number) != found->number) {
		(void)fprintf(stderr, "seq %" PRIu64 ": not the record that was acknowledged\n",
			      key.seq);
		(*errors)++;
	}
	found->found = true;
}

static int compare_trail(const struct gw_trail *trail, struct acks *acks)
{
	uint64_t records = 0, gaps = 0;
	struct gw_merge_record record;
	struct gw_merge *merge;
	size_t errors = 0;
	int err = gw_merge_new(trail, NULL, &merge);

	if (err)
		return complain("merge", err);
	while ((err = gw_merge_next(merge, &record)) == 0) {
		records++;
		if (strcmp(record.view->event, "audit.gap") == 0)
			gaps += (uint64_t)json_integer_value(
				json_object_get(record.view->detail, "lost"));
		look_up(acks, &record, &errors);
	}
	if (err != -ENOENT) {
		(void)complain(gw_merge_where(merge), err);
		errors++;
	}
	gw_merge_free(merge);
	for (size_t i = 0; i < acks->n; i++) {
		if (acks->items[i].found)
			continue;
		(void)fprintf(stderr, "seq %" PRIu64 ": acknowledged, and not there\n",
			      acks->items[i].seq);
		errors++;
	}
	(void)printf("%" PRIu64 " records, %zu acknowledged, %" PRIu64 " lost, %" PRIu64
		     " of them on record\n",
		     records, acks->n, acks->lost, gaps);
	return errors != 0;
}

static int check(const char *dir, const char *path)
{
	const struct gw_attest_options options = { 0 };
	struct acks acks = { 0 };
	struct gw_trail *trail;
	struct gw_attest result;
	struct gw_diags diags;
	int failed, err = gw_trail_open(dir, &trail);

	if (err)
		return complain(dir, err);
	err = read_acks(path, &acks);
	failed = err ? complain(path, err) : compare_trail(trail, &acks);
	gw_diags_init(&diags);
	err = gw_attest(trail, &options, &result, &diags);
	if (err)
		failed = complain("verify", err);
	else
		gw_attest_done(&result);
	if (diags.errors) {
		gw_diags_print(&diags, stderr, false);
		failed = 1;
	}
	gw_diags_done(&diags);
	gw_trail_close(trail);
	gw_free(acks.items);
	return failed;
}

int main(int argc, char **argv)
{
	(void)signal(SIGTERM, on_term);
	if (argc >= 4 && strcmp(argv[1], "write") == 0)
		return write_records(argv[2], argv[3], argc > 4 ? strtoull(argv[4], NULL, 10) : 0);
	if (argc == 4 && strcmp(argv[1], "check") == 0)
		return check(argv[2], argv[3]);
	(void)fputs("usage: audit_writer write DIR ACKS [COUNT] | check DIR ACKS\n", stderr);
	return 64;
}
