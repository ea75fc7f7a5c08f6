/* The thread that asks the authority for stamps of the newest checkpoints. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gw/audit/checkpoint.h"
#include "gw/audit/files.h"
#include "gw/audit/timestamp.h"
#include "gw/core/mem.h"

/* How long an authority may take; so long a stop may take, too. */
#define FETCH_TIMEOUT_S 5
#define STAMP_MODE      0640

struct gw_stamper {
	struct gw_stamper_options options;
	char *url; /* heap: that of the options */
	int stop;
	pthread_t thread;
	pthread_mutex_t lock; /* of `status` */
	struct gw_stamper_status status;
};

/* True if the checkpoint of this size has its stamp. */
static bool is_stamped(int dir, const char *path)
{
	return faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int fetch(const struct gw_stamper *stamper, const struct gw_text *note, struct gw_text *out)
{
	gw_auto_text struct gw_text request = { 0 };
	int64_t time;
	int err = gw_timestamp_request(note->bytes, note->len, &request);

	if (!err)
		err = gw_timestamp_fetch(stamper->options.url, &request, FETCH_TIMEOUT_S, out);
	/* Whose it is, is for whoever verifies the trail; that it is of this, is for us. */
	if (!err)
		err = gw_timestamp_verify(out->bytes, out->len, &request, note->bytes, note->len,
					  NULL, &time);
	return err;
}

/* 0: stamped, -EALREADY: it was, -ENOENT: nothing to stamp. */
static int stamp(const struct gw_stamper *stamper, const char *name)
{
	gw_auto_text struct gw_text path = { 0 }, note = { 0 }, reply = { 0 };
	struct gw_checkpoint checkpoint;
	int dir = stamper->options.dir, folder, err;

	gw_text_printf(&path, "%s/checkpoint", name);
	err = gw_audit_file_read(dir, path.bytes, GW_NOTE_MAX, &note);
	if (!err)
		err = gw_checkpoint_peek(note.bytes ? note.bytes : "", note.len, &checkpoint);
	if (err)
		return err;
	gw_text_done(&path);
	gw_text_printf(&path, "%s/stamps", name);
	folder = gw_audit_folder(dir, path.bytes, 0750);
	if (folder < 0)
		return folder;
	(void)close(folder);
	gw_text_printf(&path, "/%" PRIu64 ".tsr", checkpoint.size);
	if (is_stamped(dir, path.bytes))
		return -EALREADY;
	err = fetch(stamper, &note, &reply);
	return err ? err
		   : gw_audit_file_replace(dir, path.bytes, STAMP_MODE, reply.bytes, reply.len);
}

static bool wait_for_stop(const struct gw_stamper *stamper, int timeout_ms)
{
	struct pollfd stop = { .fd = stamper->stop, .events = POLLIN };

	return poll(&stop, 1, timeout_ms) > 0;
}

static void count(struct gw_stamper *stamper, int err)
{
	if (err == -EALREADY || err == -ENOENT)
		return;
	(void)pthread_mutex_lock(&stamper->lock);
	stamper->status.stamps += !err;
	stamper->status.failures += err != 0;
	stamper->status.last_error = err;
	(void)pthread_mutex_unlock(&stamper->lock);
}

static void *run(void *context)
{
	struct gw_stamper *stamper = context;

	do {
		for (size_t i = 0; i < stamper->options.n_names; i++) {
			if (wait_for_stop(stamper, 0))
				return NULL;
			count(stamper, stamp(stamper, stamper->options.names[i]));
		}
	} while (!wait_for_stop(stamper, (int)stamper->options.interval_s * 1000));
	return NULL;
}

int gw_stamper_start(const struct gw_stamper_options *options, struct gw_stamper **ret)
{
	struct gw_stamper *stamper;
	sigset_t all, before;
	int err;

	if (!options->interval_s || options->interval_s > 86400)
		return -EINVAL;
	stamper = gw_zalloc(1, sizeof(*stamper));
	stamper->options = *options;
	stamper->url = gw_strdup(options->url);
	stamper->options.url = stamper->url;
	(void)pthread_mutex_init(&stamper->lock, NULL); /* cannot fail without attributes */
	stamper->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = stamper->stop < 0 ? errno : 0;
	/* Signals are the owner's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	if (!err)
		err = pthread_create(&stamper->thread, NULL, run, stamper);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err) {
		*ret = stamper;
		return 0;
	}
	if (stamper->stop >= 0)
		(void)close(stamper->stop);
	(void)pthread_mutex_destroy(&stamper->lock);
	gw_free(stamper->url);
	gw_free(stamper);
	return -err;
}

void gw_stamper_status(struct gw_stamper *stamper, struct gw_stamper_status *ret)
{
	(void)pthread_mutex_lock(&stamper->lock);
	*ret = stamper->status;
	(void)pthread_mutex_unlock(&stamper->lock);
}

void gw_stamper_stop(struct gw_stamper *stamper)
{
	if (!stamper)
		return;
	(void)eventfd_write(stamper->stop, 1);     /* full is readable too */
	(void)pthread_join(stamper->thread, NULL); /* it is ours and joinable */
	(void)close(stamper->stop);
	(void)pthread_mutex_destroy(&stamper->lock);
	gw_free(stamper->url);
	gw_free(stamper);
}
