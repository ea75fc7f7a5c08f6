#include "gw/audit/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define SEGMENT_MODE 0640
#define NEXT         "next"
#define NOW          "now"        /* made because `next` was not ready */
#define RESERVE      "../reserve" /* space for an emergency, see writer.c */
#define ZEROES       65536u
#define FILL_SYNC    (512 << 10) /* what others may have to wait for on the disk */
#define NOW_MAX      ((off_t)4 << 20)
#define FAST_FILL_S  60 /* a segment that was full sooner gets a larger one behind it */

void gw_audit_log_segment_name(uint64_t first, char ret[32])
{
	(void)snprintf(ret, 32, "%016" PRIu64 ".log", first);
}

/* ---- space ----------------------------------------------------------------------------------- */

static int write_at(int fd, const char *bytes, size_t len, off_t offset)
{
	while (len) {
		ssize_t n = pwrite(fd, bytes, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		offset += n;
		len -= (size_t)n;
	}
	return 0;
}

/* In small pieces: the records of the segment before are written and synced meanwhile. */
static int fill(int fd, off_t size)
{
	static const char zeroes[ZEROES];
	int err = 0;

	for (off_t at = 0; at < size && !err;) {
		err = write_at(fd, zeroes, sizeof(zeroes), at);
		at += (off_t)sizeof(zeroes);
		if (!err && (at % FILL_SYNC == 0 || at >= size) && fdatasync(fd) < 0)
			err = -errno;
	}
	return err;
}

static int prepare(const struct gw_audit_log *log, const char *name, off_t size)
{
	int fd, err;

	(void)unlinkat(log->dir, name, 0); /* half of one, from a run that was killed */
	fd = openat(log->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    SEGMENT_MODE);
	if (fd < 0)
		return -errno;
	err = fill(fd, size);
	(void)close(fd); /* synced */
	if (err)
		(void)unlinkat(log->dir, name, 0);
	return err;
}

int gw_audit_log_prepare_next(struct gw_audit_log *log)
{
	off_t size = (off_t)atomic_load(&log->next_wish);
	int err = prepare(log, NEXT, size);

	if (err)
		return err;
	log->next_size = size;
	atomic_store(&log->next_ready, true);
	return 0;
}

/* A segment that is ready, or a small one made now, if need be in place of the reserve. */
static int take_next(struct gw_audit_log *log, const char *name)
{
	bool ready = atomic_load(&log->next_ready);
	off_t size = ready ? log->next_size : (off_t)atomic_load(&log->next_wish);
	int err = 0;

	if (!ready) {
		/* Large enough that the next one is ready in time, small enough not to wait for. */
		size = size > NOW_MAX ? NOW_MAX : size;
		err = prepare(log, NOW, size);
		if (err == -ENOSPC) {
			size = log->sizes->least;
			err = prepare(log, NOW, size);
		}
		if (err == -ENOSPC && unlinkat(log->dir, RESERVE, 0) == 0)
			err = prepare(log, NOW, size);
	}
	if (err)
		return err;
	log->size = size;
	if (renameat(log->dir, ready ? NEXT : NOW, log->dir, name) < 0)
		return -errno;
	if (ready)
		atomic_store(&log->next_ready, false);
	return fsync(log->dir) < 0 ? -errno : 0;
}

static off_t wish(const struct gw_audit_log *log)
{
	off_t size = log->size > log->sizes->least ? log->size : log->sizes->least;

	if (log->begun && time(NULL) - log->begun < FAST_FILL_S)
		size *= 4;
	return size > log->sizes->most ? log->sizes->most : size;
}

/* ---- writing --------------------------------------------------------------------------------- */

static int write_out(struct gw_audit_log *log)
{
	int err = 0;

	if (log->out.len)
		err = write_at(log->fd, log->out.bytes, log->out.len,
			       log->end.offset - (off_t)log->out.len);
	if (!err)
		log->out.len = 0;
	return err;
}

int gw_audit_log_sync(struct gw_audit_log *log)
{
	int err = log->dirty ? write_out(log) : 0;

	if (!err && log->dirty && fdatasync(log->fd) < 0)
		err = -errno;
	if (!err)
		log->dirty = false;
	return err;
}

static void put_header(struct gw_audit_log *log, uint64_t seq)
{
	const struct gw_forest *forest = &log->end.forest;
	size_t before = log->out.len;

	gw_text_printf(&log->out, "# gw.audit/1 %s %" PRIu64 " %" PRIu64 "\n", log->name,
		       log->end.index, seq);
	for (size_t i = 0; i < forest->n; i++) {
		gw_text_printf(&log->out, "# subtree %u ", forest->items[i].level);
		gw_base64_encode(&log->out, forest->items[i].hash, GW_HASH_LEN);
		gw_text_putc(&log->out, '\n');
	}
	gw_text_puts(&log->out, "# previous ");
	gw_base64_encode(&log->out, log->end.previous, GW_HASH_LEN);
	gw_text_putc(&log->out, '\n');
	log->end.offset += (off_t)(log->out.len - before);
}

/* Nothing is acknowledged while segments are there that would follow it. */
static int settle(struct gw_audit_log *log)
{
	const struct gw_audit_log_end end = log->end;

	return log->unsettled ? gw_audit_log_restore(log, &end) : 0;
}

int gw_audit_log_roll(struct gw_audit_log *log, uint64_t seq)
{
	char name[32];
	int fd, err = settle(log);

	if (!err)
		err = gw_audit_log_sync(log);
	if (err)
		return err;
	atomic_store(&log->next_wish, wish(log));
	gw_audit_log_segment_name(log->end.index, name);
	err = take_next(log, name);
	if (err)
		return err;
	fd = openat(log->dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (log->fd >= 0)
		(void)close(log->fd); /* synced */
	log->fd = fd;
	log->end.first = log->end.index;
	log->end.offset = 0;
	log->begun = 0;
	log->dirty = true;
	put_header(log, seq);
	atomic_store(&log->next_wanted, true);
	return 0;
}

int gw_audit_log_add(struct gw_audit_log *log, const char *line, size_t len, uint64_t seq,
		     int64_t now)
{
	uint8_t leaf[GW_HASH_LEN];
	int err = 0;

	if (log->unsettled || log->fd < 0 || log->end.offset + (off_t)len > log->size)
		err = gw_audit_log_roll(log, seq);
	if (err)
		return err;
	gw_text_add(&log->out, line, len);
	log->end.offset += (off_t)len;
	gw_hash_leaf(line, len - 1, leaf); /* without the newline */
	gw_forest_add(&log->end.forest, 0, leaf);
	memcpy(log->end.previous, leaf, sizeof(leaf));
	log->end.index++;
	log->dirty = true;
	if (!log->begun)
		log->begun = now;
	return 0;
}

/* Segments begun since, the newest first; what was in them is written again. */
static int take_away(const struct gw_audit_log *log, uint64_t kept)
{
	uint64_t *firsts = NULL;
	char name[32];
	size_t n = 0;
	int err = gw_audit_log_segments(log->dir, &firsts, &n);

	for (size_t i = n; !err && i-- > 0 && firsts[i] > kept;) {
		gw_audit_log_segment_name(firsts[i], name);
		if (unlinkat(log->dir, name, 0) < 0)
			err = -errno;
	}
	gw_free(firsts);
	/* Before the records that they follow are cut off: a power cut must not bring them back alone. */
	if (!err && fsync(log->dir) < 0)
		err = -errno;
	return err;
}

int gw_audit_log_restore(struct gw_audit_log *log, const struct gw_audit_log_end *end)
{
	char name[32];
	int fd, err;

	log->out.len = 0;
	log->dirty = false;
	/* What a failed sync has left is not known: its descriptor is not used again. */
	if (log->fd >= 0)
		(void)close(log->fd);
	log->fd = -1;
	log->end = *end;
	err = take_away(log, end->first);
	log->unsettled = err != 0;
	if (err || !end->offset)
		return err;
	gw_audit_log_segment_name(end->first, name);
	fd = openat(log->dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* The next record begins a segment of its own: gw_audit_log_add finds no room in this one. */
	if (ftruncate(fd, end->offset) < 0 || fdatasync(fd) < 0)
		err = -errno;
	log->fd = fd;
	log->size = end->offset;
	return err;
}

void gw_audit_log_close(struct gw_audit_log *log)
{
	if (log->fd >= 0)
		(void)close(log->fd); /* synced, or never acknowledged */
	if (log->dir >= 0)
		(void)close(log->dir);
	gw_text_done(&log->out);
}
