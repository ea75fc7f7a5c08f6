/*
 * One thread per receiver. A pass sends what there is, oldest first over all classes, waits until the
 * receiver's kernel has it, and only then moves the cursor on, in memory and on disk. What
 * fails in between is sent again from the cursor on. If the connection breaks otherwise than
 * by closing, the cursor goes back to where it was a while ago: to what has surely been read.
 */
#include "gw/audit/forward.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "gw/audit/checkpoint.h"
#include "gw/audit/files.h"
#include "gw/audit/format.h"
#include "gw/core/arena.h"
#include "gw/core/mem.h"

/* What is on its way at a time: as much is sent again after a break. */
#define BATCH_RECORDS 1024u
#define BATCH_BYTES   (256u << 10)
/* Without anything to send, the connection is looked at so often. */
#define IDLE_MS    60000
#define CURSOR_MAX (64u << 10)
/* After so long, a receiver that lives has read what its kernel acknowledged… */
#define READ_WITHIN_MS 60000
/* …and has kept what it has read: rsyslog loses a message or two that it reads while it ends. */
#define KEPT_WITHIN_MS 2000

/* How far one log has been sent. */
struct place {
	uint64_t next;
	char checkpoint[65]; /* SHA-256 of the last one sent, in hex; "-" for none */
};

/* How far all have. */
struct places {
	struct place logs[GW_FORWARD_LOGS_MAX];
};

/* A place that is behind what was acknowledged by so much time at least. */
struct lag {
	struct places safe, next; /* `next` becomes `safe` */
	int64_t next_at;          /* when that was acknowledged */
};

/* A record that waits for its turn. */
struct waiting {
	bool ready;
	uint64_t index;
	struct gw_text line;
	struct gw_audit_view view;
};

struct gw_forward {
	struct gw_forward_options options;
	struct gw_arena *texts; /* of the options */
	struct gw_forward_source source;
	int dir; /* of the cursors */
	int wake, stop;
	pthread_t thread;
	pthread_mutex_t lock; /* of `status` */
	struct gw_forward_status status;
	int64_t acknowledged_at; /* of the same lock */

	/* the thread's own */
	struct gw_tls *tls;
	struct places sent, acknowledged; /* each behind the one before */
	struct lag kept, read;
	struct waiting waiting[GW_FORWARD_LOGS_MAX];
};

/* ---- the cursor ------------------------------------------------------------------------------ */

/* "change 120 DIGEST" */
static int read_place(struct gw_forward *forward, char *line)
{
	const char *name = strsep(&line, " "), *number = strsep(&line, " ");
	unsigned long long next;
	char *end;

	if (!number || !line || strlen(line) > 64 || *number < '0' || *number > '9')
		return -EBADMSG;
	errno = 0;
	next = strtoull(number, &end, 10);
	if (*end || errno)
		return -EBADMSG;
	for (size_t i = 0; i < forward->source.n_logs; i++) {
		struct place *place = &forward->acknowledged.logs[i];

		if (strcmp(forward->source.names[i], name) != 0)
			continue;
		place->next = next;
		(void)snprintf(place->checkpoint, sizeof(place->checkpoint), "%s", line);
	}
	return 0;
}

static int load_cursor(struct gw_forward *forward)
{
	gw_auto_text struct gw_text text = { 0 };
	int err = gw_audit_file_read(forward->dir, forward->options.name, CURSOR_MAX, &text);
	char *at = text.bytes, *line;

	for (size_t i = 0; i < forward->source.n_logs; i++)
		forward->acknowledged.logs[i] = (struct place){ .checkpoint = "-" };
	if (err)
		return err == -ENOENT ? 0 : err;
	while ((line = strsep(&at, "\n")) != NULL && *line)
		if (read_place(forward, line) < 0)
			return -EBADMSG;
	return 0;
}

static int save_cursor(const struct gw_forward *forward, const struct places *places)
{
	gw_auto_text struct gw_text text = { 0 };

	for (size_t i = 0; i < forward->source.n_logs; i++)
		gw_text_printf(&text, "%s %" PRIu64 " %s\n", forward->source.names[i],
			       places->logs[i].next, places->logs[i].checkpoint);
	return gw_audit_file_replace(forward->dir, forward->options.name, 0640, text.bytes,
				     text.len);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void forget(struct waiting *waiting)
{
	gw_audit_view_done(&waiting->view);
	waiting->line.len = 0;
	waiting->ready = false;
}

/* Reads the next record of each log that has none waiting. */
static int fill(struct gw_forward *forward)
{
	for (size_t i = 0; i < forward->source.n_logs; i++) {
		struct waiting *waiting = &forward->waiting[i];
		int err;

		if (waiting->ready)
			continue;
		waiting->index = forward->sent.logs[i].next;
		err = forward->source.next(forward->source.context, i, &waiting->index,
					   &waiting->line);
		if (err == -ENOENT)
			continue;
		if (err)
			return err;
		/* A line that is no record is forwarded all the same: it is in the tree. */
		(void)gw_audit_view_init(&waiting->view, waiting->line.bytes, waiting->line.len);
		waiting->ready = true;
	}
	return 0;
}

/* The oldest of those that wait; NULL: none. */
static struct waiting *choose(struct gw_forward *forward)
{
	struct waiting *oldest = NULL;

	for (size_t i = 0; i < forward->source.n_logs; i++) {
		struct waiting *waiting = &forward->waiting[i];

		if (waiting->ready && (!oldest || waiting->view.seq < oldest->view.seq))
			oldest = waiting;
	}
	return oldest;
}

/* Sends records until there are none or enough are on their way; counts them. */
static int send_records(struct gw_forward *forward, size_t *ret_sent)
{
	size_t bytes = 0, sent = 0;
	int err = 0;

	while (!err && sent < BATCH_RECORDS && bytes < BATCH_BYTES) {
		gw_auto_text struct gw_text message = { 0 };
		struct waiting *waiting;
		size_t log;

		err = fill(forward);
		waiting = err ? NULL : choose(forward);
		if (!waiting)
			break;
		log = (size_t)(waiting - forward->waiting);
		/* What is sent to a receiver that has just closed may be read or not. */
		err = gw_tls_check(forward->tls);
		if (err)
			break;
		gw_audit_syslog(&waiting->view, waiting->line.bytes, waiting->line.len,
				forward->source.names[log], waiting->index, &message);
		err = gw_tls_send(forward->tls, message.bytes, message.len);
		if (err)
			break;
		forward->sent.logs[log].next = waiting->index + 1;
		forget(waiting);
		bytes += message.len;
		sent++;
	}
	*ret_sent = sent;
	return err;
}

static void digest_of(const struct gw_text *text, char ret[65])
{
	uint8_t digest[32];

	if (EVP_Digest(text->bytes, text->len, digest, NULL, EVP_sha256(), NULL) != 1)
		gw_out_of_memory();
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

/* Sends a checkpoint that is new, once the records that it covers are sent. */
static int send_checkpoint(struct gw_forward *forward, size_t log, bool *ret_sent)
{
	gw_auto_text struct gw_text note = { 0 }, message = { 0 };
	struct gw_checkpoint checkpoint;
	char digest[65];
	int err = forward->source.checkpoint(forward->source.context, log, &note);

	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	digest_of(&note, digest);
	if (strcmp(digest, forward->sent.logs[log].checkpoint) == 0 ||
	    gw_checkpoint_peek(note.bytes, note.len, &checkpoint) < 0 ||
	    checkpoint.size > forward->sent.logs[log].next)
		return 0;
	gw_audit_syslog_checkpoint(forward->options.host, forward->source.names[log],
				   checkpoint.size, note.bytes, note.len, (int64_t)time(NULL),
				   &message);
	err = gw_tls_send(forward->tls, message.bytes, message.len);
	if (err)
		return err;
	memcpy(forward->sent.logs[log].checkpoint, digest, sizeof(digest));
	*ret_sent = true;
	return 0;
}

static int64_t clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Called with what was acknowledged so far, before more is. */
static void advance(struct lag *lag, const struct places *acknowledged, int64_t ms, int64_t now)
{
	if (now - lag->next_at < ms)
		return;
	lag->safe = lag->next;
	lag->next = *acknowledged;
	lag->next_at = now;
}

/* Under the lock, or before there is a thread. */
static void count_acknowledged(struct gw_forward *forward)
{
	forward->status.acknowledged = 0;
	for (size_t i = 0; i < forward->source.n_logs; i++)
		forward->status.acknowledged += forward->acknowledged.logs[i].next;
}

/* All that was sent has come to the other kernel. */
static void acknowledge(struct gw_forward *forward, size_t records)
{
	int64_t now = clock_ms();

	forward->acknowledged = forward->sent;
	advance(&forward->kept, &forward->acknowledged, KEPT_WITHIN_MS, now);
	advance(&forward->read, &forward->acknowledged, READ_WITHIN_MS, now);
	(void)pthread_mutex_lock(&forward->lock);
	forward->status.sent += records;
	count_acknowledged(forward);
	forward->acknowledged_at = now;
	(void)pthread_mutex_unlock(&forward->lock);
}

/* 0 if something was sent and has arrived, -EAGAIN if there is nothing to send. */
static int pass(struct gw_forward *forward)
{
	bool checkpoints = false;
	size_t records = 0;
	int err = send_records(forward, &records);

	for (size_t i = 0; !err && i < forward->source.n_logs; i++)
		err = send_checkpoint(forward, i, &checkpoints);
	if (err)
		return err;
	if (!records && !checkpoints)
		return -EAGAIN;
	err = gw_tls_settle(forward->tls);
	if (err)
		return err;
	acknowledge(forward, records);
	/* If the disk is full, what was sent is sent again after the next start. */
	(void)save_cursor(forward, &forward->acknowledged);
	return 0;
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void set_status(struct gw_forward *forward, bool connected, const char *error)
{
	(void)pthread_mutex_lock(&forward->lock);
	forward->status.connected = connected;
	count_acknowledged(forward); /* it may have gone back */
	if (error) {
		forward->status.failures++;
		(void)snprintf(forward->status.last_error, sizeof(forward->status.last_error), "%s",
			       error);
	} else if (connected) {
		forward->status.last_error[0] = '\0';
	}
	(void)pthread_mutex_unlock(&forward->lock);
}

static bool is_stopped(const struct gw_forward *forward)
{
	struct pollfd stop = { .fd = forward->stop, .events = POLLIN };

	return poll(&stop, 1, 0) > 0;
}

/* Until there may be something to send, the connection says something, or all ends. */
static void wait_for_news(struct gw_forward *forward)
{
	struct pollfd fds[] = { { .fd = forward->stop, .events = POLLIN },
				{ .fd = forward->wake, .events = POLLIN },
				{ .fd = gw_tls_descriptor(forward->tls), .events = POLLIN } };
	uint64_t count;

	(void)poll(fds, GW_COUNT(fds), IDLE_MS); /* whatever ends it, we look again */
	(void)!read(forward->wake, &count, sizeof(count));
}

static int open_connection(struct gw_forward *forward)
{
	gw_auto_text struct gw_text why = { 0 };
	struct gw_tls_options receiver = forward->options.receiver;
	int err;

	receiver.stop = forward->stop;
	err = gw_tls_connect(&receiver, &forward->tls, &why);
	if (err)
		set_status(forward, false, why.len ? why.bytes : strerror(-err));
	else
		set_status(forward, true, NULL);
	return err;
}

/* What was acknowledged so long ago that it is safe. */
static void go_back(struct gw_forward *forward, const struct lag *lag, int64_t ms)
{
	if (clock_ms() - forward->acknowledged_at < ms)
		forward->acknowledged = lag->safe;
}

/* Where the next connection begins, by how this one ended. */
static void close_connection(struct gw_forward *forward, int err)
{
	if (err == -ECANCELED)
		err = gw_tls_close(forward->tls);
	else
		gw_tls_free(forward->tls);
	forward->tls = NULL;
	if (err == -EPIPE)
		go_back(forward, &forward->kept, KEPT_WITHIN_MS);
	else if (err)
		go_back(forward, &forward->read, READ_WITHIN_MS);
	(void)save_cursor(forward, &forward->acknowledged);
	set_status(forward, false, err ? strerror(-err) : NULL);
	for (size_t i = 0; i < forward->source.n_logs; i++)
		forget(&forward->waiting[i]);
}

/* What was safe when the connection began is safe all along. */
static void begin(struct gw_forward *forward)
{
	const struct lag lag = { .safe = forward->acknowledged,
				 .next = forward->acknowledged,
				 .next_at = clock_ms() };

	forward->sent = forward->acknowledged;
	forward->kept = lag;
	forward->read = lag;
}

/* One connection, until it ends; -errno says why. */
static int use_connection(struct gw_forward *forward, int *backoff_ms)
{
	int err = 0;

	begin(forward);
	while (!err && !is_stopped(forward)) {
		err = pass(forward);
		if (!err)
			*backoff_ms = forward->options.backoff_first_ms;
		if (err == -EAGAIN) {
			wait_for_news(forward);
			err = gw_tls_check(forward->tls);
		}
	}
	return err ? err : -ECANCELED;
}

static void *run(void *context)
{
	struct gw_forward *forward = context;
	int backoff_ms = forward->options.backoff_first_ms;

	while (!is_stopped(forward)) {
		struct pollfd stop = { .fd = forward->stop, .events = POLLIN };

		if (open_connection(forward) == 0)
			close_connection(forward, use_connection(forward, &backoff_ms));
		(void)poll(&stop, 1, backoff_ms); /* ends early only to stop */
		backoff_ms *= 2;
		if (backoff_ms > forward->options.backoff_last_ms)
			backoff_ms = forward->options.backoff_last_ms;
	}
	return NULL;
}

/* ---- the owner's side ------------------------------------------------------------------------ */

static void release(struct gw_forward *forward)
{
	for (size_t i = 0; i < forward->source.n_logs; i++) {
		forget(&forward->waiting[i]);
		gw_text_done(&forward->waiting[i].line);
	}
	if (forward->dir >= 0)
		(void)close(forward->dir);
	if (forward->wake >= 0)
		(void)close(forward->wake);
	if (forward->stop >= 0)
		(void)close(forward->stop);
	(void)pthread_mutex_destroy(&forward->lock);
	gw_arena_free(forward->texts);
	gw_free(forward);
}

/* A config that named the receiver may be gone while the thread is still at work. */
static void keep_texts(struct gw_forward *forward)
{
	struct gw_forward_options *options = &forward->options;
	const char **const texts[] = { &options->receiver.host,
				       &options->receiver.port,
				       &options->receiver.name,
				       &options->receiver.ca_file,
				       &options->receiver.cert_file,
				       &options->receiver.key_file,
				       &options->name,
				       &options->host };

	forward->texts = gw_arena_new();
	for (size_t i = 0; i < GW_COUNT(texts); i++)
		if (*texts[i])
			*texts[i] = gw_arena_strdup(forward->texts, *texts[i]);
}

/* The thread takes no signals: they are the owner's, and SIGPIPE is seen as an error. */
static int start_thread(struct gw_forward *forward)
{
	sigset_t all, before;
	int err;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&forward->thread, NULL, run, forward);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

int gw_forward_start(const struct gw_forward_options *options,
		     const struct gw_forward_source *source, struct gw_forward **ret)
{
	struct gw_forward *forward;
	int err = 0;

	if (source->n_logs > GW_FORWARD_LOGS_MAX || strchr(options->name, '/') ||
	    options->name[0] == '.' || !*options->name)
		return -EINVAL;
	forward = gw_zalloc(1, sizeof(*forward));
	forward->options = *options;
	forward->source = *source;
	keep_texts(forward);
	(void)pthread_mutex_init(&forward->lock, NULL); /* cannot fail without attributes */
	forward->dir = gw_audit_folder(options->dir, "forward", 0750);
	forward->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	forward->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (forward->dir < 0)
		err = forward->dir;
	else if (forward->wake < 0 || forward->stop < 0)
		err = -errno;
	if (!err)
		err = load_cursor(forward);
	count_acknowledged(forward);
	if (!err)
		err = start_thread(forward);
	if (err)
		release(forward);
	else
		*ret = forward;
	return err;
}

static void count_up(int fd)
{
	static const uint64_t one = 1;

	(void)!write(fd, &one, sizeof(one)); /* full is readable too */
}

void gw_forward_wake(struct gw_forward *forward)
{
	count_up(forward->wake);
}

void gw_forward_status(struct gw_forward *forward, struct gw_forward_status *ret)
{
	(void)pthread_mutex_lock(&forward->lock);
	*ret = forward->status;
	ret->settled =
		forward->status.connected && clock_ms() - forward->acknowledged_at > KEPT_WITHIN_MS;
	(void)pthread_mutex_unlock(&forward->lock);
}

void gw_forward_stop(struct gw_forward *forward)
{
	if (!forward)
		return;
	count_up(forward->stop);
	(void)pthread_join(forward->thread, NULL); /* it is ours and joinable */
	release(forward);
}
