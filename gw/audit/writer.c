/*
 * The audit trail's writer: one thread takes what has gathered, writes and syncs it, and hands the
 * acknowledgements to the loop; a second one fills the segments to come with zeroes, so that the
 * first never waits for that.
 *
 * If writing fails, every log goes back to where it ended before and the same records are tried again,
 * once a second and in segments of their own. Records have no number until they are written, so that
 * those given up meanwhile leave no gap that would look like a removal.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "gw/audit/audit_internal.h"
#include "gw/audit/files.h"
#include "gw/core/mem.h"

#define SEGMENT_MIN   (256u << 10)
#define SEGMENT_MAX   (64u << 20)
#define QUEUE_MAX     (8u << 20)
#define RETRY_S       1
#define ROLL_S        86400
#define RESERVE       "reserve"
#define RESERVE_BYTES (512u << 10)

struct gw_audit_class_settings gw_audit_settings_of(struct gw_audit *audit,
						    enum gw_audit_class class_)
{
	struct gw_audit_class_settings settings;

	(void)pthread_mutex_lock(&audit->lock);
	settings = audit->classes[class_];
	(void)pthread_mutex_unlock(&audit->lock);
	return settings;
}

/* ---- acknowledgements ------------------------------------------------------------------------ */

/* With the lock. */
static void acknowledge(struct gw_audit *audit, const struct gw_queued *item, uint64_t seq,
			int error)
{
	struct gw_answer answer = { item->done, item->context, seq, error };

	if (!seq)
		audit->counts.lost++;
	if (item->done)
		gw_push(audit->answers, audit->n_answers, audit->answers_capacity, answer);
}

static void wake_loop(const struct gw_audit *audit)
{
	uint64_t one = 1;

	(void)!write(audit->event_fd, &one, sizeof(one)); /* full: it is awake already */
}

void gw_audit_dispatch(struct gw_audit *audit)
{
	struct gw_answer *answers;
	bool told, failing;
	char text[128];
	uint64_t ticks;
	size_t n;

	(void)!read(audit->event_fd, &ticks, sizeof(ticks)); /* whatever it says, look */
	(void)pthread_mutex_lock(&audit->lock);
	answers = audit->answers;
	n = audit->n_answers;
	audit->answers = NULL;
	audit->n_answers = audit->answers_capacity = 0;
	told = audit->told_failing;
	failing = audit->counts.failing;
	audit->told_failing = failing;
	(void)snprintf(text, sizeof(text), "%s",
		       failing ? strerror(-audit->error) : "records can be written again");
	(void)pthread_mutex_unlock(&audit->lock);
	if (told != failing && audit->alarm)
		audit->alarm(failing, text, audit->alarm_context);
	for (size_t i = 0; i < n; i++)
		answers[i].done(answers[i].seq, answers[i].error, answers[i].context);
	gw_free(answers);
}

/* ---- writing a batch ------------------------------------------------------------------------- */

static void fill_salt(struct gw_audit *audit, uint8_t salt[16])
{
	if (audit->salt_used + 16 > sizeof(audit->salts)) {
		/* Never less than asked for up to 256 octets at a time. */
		for (size_t at = 0; at < sizeof(audit->salts); at += 256)
			while (getrandom(audit->salts + at, 256, 0) < 0 && errno == EINTR)
				;
		audit->salt_used = 0;
	}
	memcpy(salt, audit->salts + audit->salt_used, 16);
	audit->salt_used += 16;
}

static int write_item(struct gw_audit *audit, const struct gw_queued *item)
{
	struct gw_audit_log *log = &audit->logs[item->class_];
	struct gw_record_envelope envelope = {
		.seq = audit->next_seq,
		.time_ns = item->time_ns,
		.mono_ns = item->mono_ns,
		.synchronised = item->synchronised,
		.site = &audit->batch_site,
		.previous = log->end.previous,
	};
	int err;

	fill_salt(audit, envelope.salt);
	audit->line.len = 0;
	gw_record_line(&envelope, item->body, item->body_len, &audit->line);
	err = gw_audit_log_add(log, audit->line.bytes, audit->line.len, audit->next_seq,
			       item->time_ns / 1000000000);
	if (!err)
		audit->next_seq++;
	return err;
}

/* What had to be given up is itself on record, before what comes after it. */
static int write_gap(struct gw_audit *audit, uint64_t lost)
{
	gw_auto_text struct gw_text body = { 0 };
	struct gw_queued *item;
	char detail[64];
	int err;

	(void)snprintf(detail, sizeof(detail), "{\"lost\":%" PRIu64 "}", lost);
	gw_record_body(&(struct gw_audit_record){ .class_ = GW_AUDIT_SYSTEM,
						  .module = "gwd",
						  .event = "audit.gap",
						  .failed = true,
						  .reason = "records could not be written",
						  .detail = detail },
		       &body);
	item = gw_zalloc(1, sizeof(*item) + body.len);
	item->class_ = GW_AUDIT_SYSTEM;
	item->time_ns = gw_audit_now_ns(CLOCK_REALTIME);
	item->mono_ns = gw_audit_now_ns(CLOCK_BOOTTIME);
	item->body_len = (uint32_t)body.len;
	memcpy(item->body, body.bytes, body.len);
	err = write_item(audit, item);
	gw_free(item);
	return err;
}

static int roll_old(struct gw_audit *audit, int64_t now)
{
	int err = 0;

	for (size_t c = 0; c < GW_AUDIT_CLASS_COUNT && !err; c++) {
		struct gw_audit_log *log = &audit->logs[c];

		if (log->fd >= 0 && log->end.index > log->end.first &&
		    (audit->roll[c] || (log->begun && now - log->begun > ROLL_S)))
			err = gw_audit_log_roll(log, audit->next_seq);
		if (!err)
			audit->roll[c] = false;
	}
	return err;
}

static const struct gw_queued *next_of_class(const struct gw_audit *audit,
					     enum gw_audit_class class_,
					     const struct gw_queued *item)
{
	if (!(audit->batch.classes & 1u << class_))
		return NULL;
	do {
		item = gw_queue_next(&audit->batch, item);
	} while (item && item->class_ != class_);
	return item;
}

/*
 * Records get their numbers class by class, and one class is on disk before the next is begun: a crash in
 * between leaves the first numbers of the batch, and none is missing among them.
 */
static int write_class(struct gw_audit *audit, enum gw_audit_class class_)
{
	const struct gw_queued *item = NULL;
	int err = 0;

	while (!err && (item = next_of_class(audit, class_, item)) != NULL)
		err = write_item(audit, item);
	return err ? err : gw_audit_log_sync(&audit->logs[class_]);
}

static int write_batch(struct gw_audit *audit, uint64_t lost)
{
	int err = roll_old(audit, gw_audit_now_ns(CLOCK_REALTIME) / 1000000000);

	if (!err && lost)
		err = write_gap(audit, lost);
	if (!err && lost)
		err = gw_audit_log_sync(&audit->logs[GW_AUDIT_SYSTEM]);
	for (int c = 0; c < GW_AUDIT_CLASS_COUNT && !err; c++)
		err = write_class(audit, (enum gw_audit_class)c);
	return err;
}

static void remember_ends(const struct gw_audit *audit, struct gw_audit_log_end ends[])
{
	for (size_t c = 0; c < GW_AUDIT_CLASS_COUNT; c++)
		ends[c] = audit->logs[c].end;
}

static void restore_ends(struct gw_audit *audit, const struct gw_audit_log_end ends[])
{
	/* What cannot be restored now fails again in the next attempt, and is restored then. */
	for (size_t c = 0; c < GW_AUDIT_CLASS_COUNT; c++)
		(void)gw_audit_log_restore(&audit->logs[c], &ends[c]);
}

/* With the lock: the batch is on disk. */
static void batch_written(struct gw_audit *audit, uint64_t first_seq, uint64_t lost)
{
	uint64_t seq = first_seq + (lost ? 1 : 0);

	for (int c = 0; c < GW_AUDIT_CLASS_COUNT; c++)
		for (const struct gw_queued *item = NULL;
		     (item = next_of_class(audit, (enum gw_audit_class)c, item)) != NULL;)
			acknowledge(audit, item, seq++, 0);
	audit->counts.written += audit->next_seq - first_seq;
	audit->finished += audit->batch.n;
	audit->unreported -= lost;
	audit->counts.failing = false;
	audit->error = 0;
	gw_queue_clear(&audit->batch);
	for (size_t c = 0; c < GW_AUDIT_CLASS_COUNT; c++) {
		audit->durable[c].size = audit->logs[c].end.index;
		gw_forest_root(&audit->logs[c].end.forest, audit->durable[c].root);
	}
}

/* ---- the threads ----------------------------------------------------------------------------- */

static void wait_for_work(struct gw_audit *audit)
{
	struct timespec until;

	if (!audit->error) {
		while (!audit->queue.n && !audit->stop && !audit->roll_wanted)
			(void)pthread_cond_wait(&audit->work, &audit->lock);
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
	until.tv_sec += RETRY_S;
	while (!audit->stop &&
	       pthread_cond_timedwait(&audit->work, &audit->lock, &until) != ETIMEDOUT)
		;
}

static void take_batch(struct gw_audit *audit)
{
	if (!audit->batch.n) {
		struct gw_queue empty = audit->batch;

		audit->batch = audit->queue;
		audit->queue = empty;
	}
	audit->batch_site.len = 0;
	gw_text_add(&audit->batch_site, audit->site.bytes, audit->site.len);
	if (audit->roll_wanted)
		memset(audit->roll, 1, sizeof(audit->roll));
	audit->roll_wanted = false;
}

static void wake_filler(struct gw_audit *audit)
{
	for (size_t c = 0; c < GW_AUDIT_CLASS_COUNT; c++)
		if (atomic_load(&audit->logs[c].next_wanted))
			(void)pthread_cond_signal(&audit->fill);
}

static void *write_records(void *context)
{
	struct gw_audit *audit = context;
	struct gw_audit_log_end ends[GW_AUDIT_CLASS_COUNT];
	bool last = false;

	(void)pthread_mutex_lock(&audit->lock);
	for (;;) {
		uint64_t first_seq = audit->next_seq, lost;
		int err;

		wait_for_work(audit);
		if (audit->stop &&
		    (last || (!audit->queue.n && !audit->batch.n && !audit->unreported)))
			break;
		last = audit->stop; /* one more attempt, also after failures */
		take_batch(audit);
		lost = audit->unreported;
		(void)pthread_mutex_unlock(&audit->lock);
		remember_ends(audit, ends);
		err = write_batch(audit, lost);
		if (err) {
			if (err == -ENOSPC)
				gw_audit_make_room(audit);
			restore_ends(audit, ends);
			audit->next_seq = first_seq;
		}
		(void)pthread_mutex_lock(&audit->lock);
		if (!err) {
			batch_written(audit, first_seq, lost);
		} else {
			audit->error = err;
			audit->counts.failing = true;
		}
		(void)pthread_cond_broadcast(&audit->settled);
		wake_filler(audit);
		wake_loop(audit);
	}
	(void)pthread_mutex_unlock(&audit->lock);
	return NULL;
}

static bool has_reserve(const struct gw_audit *audit)
{
	return faccessat(audit->dir, RESERVE, F_OK, 0) == 0;
}

/* Space that an emergency can fall back to; see take_next in log.c. */
static void make_reserve(const struct gw_audit *audit)
{
	int fd = openat(audit->dir, RESERVE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	if (fd < 0)
		return;
	if (posix_fallocate(fd, 0, RESERVE_BYTES) != 0)
		(void)unlinkat(audit->dir, RESERVE, 0);
	(void)close(fd); /* holds nothing */
}

static void *fill_segments(void *context)
{
	struct gw_audit *audit = context;

	(void)pthread_mutex_lock(&audit->lock);
	while (!audit->stop) {
		struct gw_audit_log *log = NULL;

		for (size_t c = 0; c < GW_AUDIT_CLASS_COUNT && !log; c++)
			if (atomic_load(&audit->logs[c].next_wanted) &&
			    !atomic_load(&audit->logs[c].next_ready))
				log = &audit->logs[c];
		if (!log) {
			(void)pthread_cond_wait(&audit->fill, &audit->lock);
			continue;
		}
		atomic_store(&log->next_wanted, false); /* a failure waits for the next wish */
		(void)pthread_mutex_unlock(&audit->lock);
		if (!has_reserve(audit))
			make_reserve(audit);
		(void)gw_audit_log_prepare_next(log); /* else the writer makes a small one itself */
		(void)pthread_mutex_lock(&audit->lock);
	}
	(void)pthread_mutex_unlock(&audit->lock);
	return NULL;
}

/* ---- appending and waiting ------------------------------------------------------------------- */

static void dropped(const struct gw_queued *item, void *context)
{
	struct gw_audit *audit = context;

	acknowledge(audit, item, 0, -ENOSPC);
	audit->finished++;
	audit->unreported++;
}

int gw_audit_append(struct gw_audit *audit, const struct gw_audit_record *record,
		    gw_audit_done *done, void *context)
{
	struct gw_queued item = {
		.class_ = record->class_,
		.time_ns = gw_audit_now_ns(CLOCK_REALTIME),
		.mono_ns = gw_audit_now_ns(CLOCK_BOOTTIME),
		.done = done,
		.context = context,
	};

	if (record->detail && strlen(record->detail) > GW_AUDIT_DETAIL_MAX)
		return -EMSGSIZE;
	(void)pthread_mutex_lock(&audit->lock);
	audit->body.len = 0;
	gw_record_body(record, &audit->body);
	item.body_len = (uint32_t)audit->body.len;
	item.synchronised = audit->synchronised;
	gw_queue_add(&audit->queue, &item, audit->body.bytes);
	audit->appended++;
	/* The newest are kept: what is happening now matters more than what led here. */
	if (audit->error && audit->queue.bytes.len > audit->queue_max)
		gw_queue_drop(&audit->queue, audit->queue_max / 2, dropped, audit);
	(void)pthread_cond_signal(&audit->work);
	(void)pthread_mutex_unlock(&audit->lock);
	return 0;
}

int gw_audit_flush(struct gw_audit *audit)
{
	uint64_t wanted;
	int err = 0;

	(void)pthread_mutex_lock(&audit->lock);
	wanted = audit->appended;
	while (audit->finished < wanted && !audit->error)
		(void)pthread_cond_wait(&audit->settled, &audit->lock);
	if (audit->finished < wanted)
		err = audit->error;
	(void)pthread_mutex_unlock(&audit->lock);
	return err;
}

bool gw_audit_refuses(struct gw_audit *audit, enum gw_audit_class class_)
{
	bool refuses;

	(void)pthread_mutex_lock(&audit->lock);
	refuses = audit->error && audit->classes[class_].on_failure == GW_AUDIT_FAIL_REFUSE_GRANTS;
	(void)pthread_mutex_unlock(&audit->lock);
	return refuses;
}

int gw_audit_fd(const struct gw_audit *audit)
{
	return audit->event_fd;
}

void gw_audit_set_clock(struct gw_audit *audit, bool synchronised)
{
	(void)pthread_mutex_lock(&audit->lock);
	audit->synchronised = synchronised;
	(void)pthread_mutex_unlock(&audit->lock);
}

void gw_audit_set_site(struct gw_audit *audit, const char *site)
{
	(void)pthread_mutex_lock(&audit->lock);
	audit->site.len = 0;
	gw_record_text(site, &audit->site);
	(void)pthread_mutex_unlock(&audit->lock);
}

void gw_audit_set_classes(struct gw_audit *audit, const struct gw_audit_class_settings *classes)
{
	(void)pthread_mutex_lock(&audit->lock);
	memcpy(audit->classes, classes, sizeof(audit->classes));
	(void)pthread_mutex_unlock(&audit->lock);
}

size_t gw_audit_heads(struct gw_audit *audit, struct gw_log_head ret[GW_AUDIT_CLASS_COUNT])
{
	(void)pthread_mutex_lock(&audit->lock);
	memcpy(ret, audit->durable, sizeof(audit->durable));
	(void)pthread_mutex_unlock(&audit->lock);
	return GW_AUDIT_CLASS_COUNT;
}

struct gw_audit_counts gw_audit_counts(struct gw_audit *audit)
{
	struct gw_audit_counts counts;

	(void)pthread_mutex_lock(&audit->lock);
	counts = audit->counts;
	counts.queued = audit->appended - audit->finished;
	(void)pthread_mutex_unlock(&audit->lock);
	return counts;
}

void gw_audit_roll_all(struct gw_audit *audit)
{
	(void)pthread_mutex_lock(&audit->lock);
	audit->roll_wanted = true;
	(void)pthread_cond_signal(&audit->work);
	(void)pthread_mutex_unlock(&audit->lock);
}

/* ---- opening --------------------------------------------------------------------------------- */

static int open_logs(struct gw_audit *audit)
{
	int err = 0;

	for (size_t c = 0; c < GW_AUDIT_CLASS_COUNT; c++)
		audit->logs[c] = (struct gw_audit_log){ .dir = -1, .fd = -1 };
	for (size_t c = 0; c < GW_AUDIT_CLASS_COUNT && !err; c++) {
		struct gw_audit_log *log = &audit->logs[c];
		uint64_t seq;

		err = gw_audit_log_open(log, audit->dir, gw_audit_class_names[c], &audit->sizes,
					&seq);
		if (seq >= audit->next_seq)
			audit->next_seq = seq + 1;
		(void)snprintf(audit->durable[c].name, sizeof(audit->durable[c].name), "%s",
			       gw_audit_class_names[c]);
		audit->durable[c].size = log->end.index;
		gw_forest_root(&log->end.forest, audit->durable[c].root);
	}
	return err;
}

static int start_threads(struct gw_audit *audit)
{
	pthread_condattr_t monotonic;

	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&audit->lock, NULL);
	(void)pthread_cond_init(&audit->work, &monotonic);
	(void)pthread_cond_init(&audit->fill, NULL);
	(void)pthread_cond_init(&audit->settled, NULL);
	(void)pthread_condattr_destroy(&monotonic);
	audit->threaded = pthread_create(&audit->writer, NULL, write_records, audit) == 0;
	if (audit->threaded && pthread_create(&audit->filler, NULL, fill_segments, audit) != 0) {
		gw_audit_stop_writer(audit);
		audit->threaded = false;
	}
	return audit->threaded ? 0 : -EAGAIN;
}

void gw_audit_stop_writer(struct gw_audit *audit)
{
	(void)pthread_mutex_lock(&audit->lock);
	audit->stop = true;
	(void)pthread_cond_broadcast(&audit->work);
	(void)pthread_cond_broadcast(&audit->fill);
	(void)pthread_mutex_unlock(&audit->lock);
	(void)pthread_join(audit->writer, NULL);
}

static int open_dir(struct gw_audit *audit, const char *dir)
{
	audit->dir = gw_audit_folder(AT_FDCWD, dir, 0750);
	if (audit->dir < 0)
		return audit->dir;
	/* Two writers would tear the chain apart. */
	return flock(audit->dir, LOCK_EX | LOCK_NB) < 0 ? -EBUSY : 0;
}

int gw_audit_open(const struct gw_audit_options *options, struct gw_audit **ret)
{
	struct gw_audit *audit = gw_zalloc(1, sizeof(*audit));
	int err;

	audit->alarm = options->alarm;
	audit->alarm_context = options->context;
	if (options->classes)
		memcpy(audit->classes, options->classes, sizeof(audit->classes));
	audit->dir = audit->event_fd = -1;
	audit->sizes.least = options->segment_min ? options->segment_min : SEGMENT_MIN;
	audit->sizes.most = options->segment_max ? options->segment_max : SEGMENT_MAX;
	audit->queue_max = options->queue_max ? options->queue_max : QUEUE_MAX;
	audit->next_seq = 1;
	audit->salt_used = sizeof(audit->salts);
	gw_record_text(options->site, &audit->site);
	audit->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = audit->event_fd < 0 ? -errno : open_dir(audit, options->dir);
	if (!err)
		err = open_logs(audit);
	if (!err)
		err = start_threads(audit);
	if (err)
		gw_audit_close(audit);
	else
		*ret = audit;
	return err;
}

void gw_audit_close(struct gw_audit *audit)
{
	if (!audit)
		return;
	if (audit->threaded) {
		gw_audit_stop_writer(audit);
		(void)pthread_join(audit->filler, NULL);
		gw_audit_dispatch(audit);
	}
	for (size_t c = 0; c < GW_AUDIT_CLASS_COUNT; c++)
		if (audit->logs[c].name)
			gw_audit_log_close(&audit->logs[c]);
	gw_queue_done(&audit->queue);
	gw_queue_done(&audit->batch);
	gw_text_done(&audit->line);
	gw_text_done(&audit->body);
	gw_text_done(&audit->site);
	gw_text_done(&audit->batch_site);
	gw_free(audit->answers);
	if (audit->dir >= 0)
		(void)close(audit->dir);
	if (audit->event_fd >= 0)
		(void)close(audit->event_fd);
	gw_free(audit);
}
