/*
 * Retention. Only whole segments go, and only from the front. A record says so first; then the subtrees
 * of what goes are written beside the log, so that what is left still leads to the signed roots;
 * then the files are deleted. Dying in between leaves files that the next run deletes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gw/audit/audit_internal.h"
#include "gw/audit/files.h"
#include "gw/audit/view.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define HEAD_BYTES (72u << 10) /* the first lines of a segment and its first record */

/* The state at the beginning of a segment, and when its first record was made (0: it has none). */
static int read_head(int dir, uint64_t first, struct gw_audit_log_end *ret, int64_t *ret_time)
{
	gw_auto_free char *bytes = gw_zalloc(HEAD_BYTES, 1);
	struct gw_audit_view view;
	const char *newline;
	uint64_t seq;
	char name[32];
	size_t header;
	ssize_t len;
	int fd, err;

	gw_audit_log_segment_name(first, name);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = pread(fd, bytes, HEAD_BYTES, 0);
	err = len < 0 ? -errno : 0;
	(void)close(fd); /* read from only */
	if (!err)
		err = gw_audit_log_read_header(bytes, (size_t)len, ret, &seq, &header);
	*ret_time = 0;
	if (err)
		return err;
	newline = memchr(bytes + header, '\n', (size_t)len - header);
	if (newline &&
	    gw_audit_view_init(&view, bytes + header, (size_t)(newline - bytes) - header) == 0) {
		*ret_time = gw_audit_view_seconds(&view);
		gw_audit_view_done(&view);
	}
	return 0;
}

/* How many of the segments in front hold nothing younger than `before`. */
static size_t count_expired(int dir, const uint64_t *firsts, size_t n, int64_t before)
{
	struct gw_audit_log_end end = { 0 };
	int64_t time = 0;
	size_t expired = 0;

	/* All records of a segment are older than the first one of the next. */
	while (expired + 1 < n && read_head(dir, firsts[expired + 1], &end, &time) == 0 && time &&
	       time < before)
		expired++;
	return expired;
}

static int record_deletion(struct gw_audit *audit, const char *class_name, uint64_t first,
			   const struct gw_audit_log_end *kept, uint32_t retention_s)
{
	gw_auto_text struct gw_text detail = { 0 };
	uint8_t root[GW_HASH_LEN];

	gw_forest_root(&kept->forest, root);
	gw_text_printf(&detail,
		       "{\"class\":\"%s\",\"first\":%" PRIu64 ",\"count\":%" PRIu64
		       ",\"retention_s\":%u,\"root\":\"",
		       class_name, first, kept->first - first, retention_s);
	gw_base64_encode(&detail, root, sizeof(root));
	gw_text_puts(&detail, "\"}");
	return gw_audit_append(audit,
			       &(struct gw_audit_record){ .class_ = GW_AUDIT_SYSTEM,
							  .module = "gwd",
							  .event = "audit.deleted",
							  .subject = class_name,
							  .reason = "retention",
							  .detail = detail.bytes },
			       NULL, NULL);
}

static int note_deleted(int dir, const struct gw_forest *forest)
{
	gw_auto_text struct gw_text text = { 0 };

	for (size_t i = 0; i < forest->n; i++) {
		gw_text_printf(&text, "%u ", forest->items[i].level);
		gw_base64_encode(&text, forest->items[i].hash, GW_HASH_LEN);
		gw_text_putc(&text, '\n');
	}
	return gw_audit_file_replace(dir, "deleted", 0640, text.bytes, text.len);
}

/* When a deletion is recorded: on a full disk there is no room for the record before. */
enum when {
	RECORD_FIRST,
	RECORD_LATER,
};

static int delete_segments(struct gw_audit *audit, const char *class_name, int dir,
			   const uint64_t *firsts, size_t n, uint32_t retention_s, enum when when)
{
	struct gw_audit_log_end kept = { 0 };
	int64_t time;
	char name[32];
	int err = read_head(dir, firsts[n], &kept, &time);

	if (!err)
		err = record_deletion(audit, class_name, firsts[0], &kept, retention_s);
	if (!err && when == RECORD_FIRST)
		err = gw_audit_flush(audit);
	if (!err)
		err = note_deleted(dir, &kept.forest);
	for (size_t i = 0; i < n && !err; i++) {
		gw_audit_log_segment_name(firsts[i], name);
		err = unlinkat(dir, name, 0) < 0 ? -errno : 0;
	}
	return err;
}

/* True if the segment being written began so long ago that it should end. */
static bool is_over(int dir, uint64_t first, int64_t before)
{
	struct gw_audit_log_end end;
	int64_t time;

	return read_head(dir, first, &end, &time) == 0 && time && time < before;
}

static int64_t expire_class(struct gw_audit *audit, enum gw_audit_class class_, int64_t now,
			    enum when when)
{
	const char *name = gw_audit_class_names[class_];
	uint32_t retention_s = gw_audit_settings_of(audit, class_).retention_s;
	int dir = audit->logs[class_].dir; /* the same for as long as the log is open */
	uint64_t *firsts = NULL;
	size_t n = 0, expired;
	int64_t deleted = 0;
	int err;

	if (!retention_s)
		return 0; /* kept for ever */
	err = gw_audit_log_segments(dir, &firsts, &n);
	expired = err ? 0 : count_expired(dir, firsts, n, now - retention_s);
	if (expired) {
		deleted = (int64_t)(firsts[expired] - firsts[0]);
		err = delete_segments(audit, name, dir, firsts, expired, retention_s, when);
	} else if (n && when == RECORD_FIRST && is_over(dir, firsts[n - 1], now - retention_s)) {
		gw_audit_roll_all(audit); /* the next run deletes it */
	}
	gw_free(firsts);
	return err ? err : deleted;
}

int64_t gw_audit_expire(struct gw_audit *audit, int64_t now)
{
	int64_t deleted = 0;

	for (int c = 0; c < GW_AUDIT_CLASS_COUNT; c++) {
		int64_t n = expire_class(audit, (enum gw_audit_class)c, now, RECORD_FIRST);

		if (n < 0)
			return n;
		deleted += n;
	}
	return deleted;
}

void gw_audit_make_room(struct gw_audit *audit)
{
	int64_t now = gw_audit_now_ns(CLOCK_REALTIME) / 1000000000;

	/* What cannot be deleted leaves the disk full, which is known already. */
	for (int c = 0; c < GW_AUDIT_CLASS_COUNT; c++)
		if (gw_audit_settings_of(audit, (enum gw_audit_class)c).on_failure ==
		    GW_AUDIT_FAIL_DROP_EXPIRED)
			(void)expire_class(audit, (enum gw_audit_class)c, now, RECORD_LATER);
}
