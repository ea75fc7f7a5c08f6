/*
 * Where a log ends, read from its last segment. Records end at the first zero: nothing behind it was
 * ever acknowledged, because a sync covers all before it. Half a line, and whatever a power cut has
 * left behind a gap, is kept in a file of its own and cut off. Whole lines stay, whatever is in them:
 * judging them is the business of those who verify.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/audit/files.h"
#include "gw/audit/log.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define CLASS_MODE  0750
#define SEGMENT_MAX ((off_t)1 << 30)
#define TORN_MAX    ((size_t)1 << 20)
#define TAIL_BYTES  ((off_t)128 << 10) /* more than the longest record */
#define HEADER_MAX  ((size_t)16 << 10) /* a line for each level of a tree */

/* ---- lists of segments ----------------------------------------------------------------------- */

static bool parse_name(const char *name, uint64_t *ret)
{
	char again[32];

	*ret = strtoull(name, NULL, 10);
	gw_audit_log_segment_name(*ret, again);
	return strcmp(name, again) == 0;
}

static int compare_u64(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

int gw_audit_log_segments(int dir, uint64_t **ret, size_t *ret_n)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	size_t n = 0, capacity = 0;
	uint64_t *items = NULL, first;

	if (!stream) {
		int err = -errno;

		if (fd >= 0)
			(void)close(fd);
		return err;
	}
	/* The stream is this call's own. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((entry = readdir(stream)) != NULL)
		if (parse_name(entry->d_name, &first))
			gw_push(items, n, capacity, first);
	(void)closedir(stream);
	if (n)
		qsort(items, n, sizeof(*items), compare_u64);
	*ret = items;
	*ret_n = n;
	return 0;
}

/* ---- the beginning of a segment -------------------------------------------------------------- */

static bool take_word(const char **at, const char *end, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(end - *at) < len || memcmp(*at, word, len) != 0)
		return false;
	*at += len;
	return true;
}

static bool take_number(const char **at, const char *end, char stop, uint64_t *ret)
{
	const char *start = *at;

	for (*ret = 0; *at < end && **at >= '0' && **at <= '9'; (*at)++)
		*ret = *ret * 10 + (uint64_t)(**at - '0');
	return *at > start && *at < end && *(*at)++ == stop;
}

static bool take_hash(const char **at, const char *end, uint8_t ret[GW_HASH_LEN])
{
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	const char *start = *at;

	if (!newline)
		return false;
	*at = newline + 1;
	return gw_base64_decode(start, (size_t)(newline - start), ret, GW_HASH_LEN) ==
	       (ssize_t)GW_HASH_LEN;
}

int gw_audit_log_read_header(const char *bytes, size_t len, struct gw_audit_log_end *ret,
			     uint64_t *ret_seq, size_t *ret_header_len)
{
	const char *at = bytes, *end = bytes + len;
	struct gw_audit_log_end found = { 0 };
	uint8_t hash[GW_HASH_LEN];
	uint64_t level;

	if (!take_word(&at, end, "# gw.audit/1 "))
		return -EBADMSG;
	while (at < end && *at != ' ' && *at != '\n')
		at++; /* the name of the class, which is that of the folder */
	if (!take_word(&at, end, " ") || !take_number(&at, end, ' ', &found.first) ||
	    !take_number(&at, end, '\n', ret_seq))
		return -EBADMSG;
	while (take_word(&at, end, "# subtree ")) {
		if (!take_number(&at, end, ' ', &level) || level >= GW_LEVELS_MAX - 1 ||
		    !take_hash(&at, end, hash) ||
		    (found.forest.n && found.forest.items[found.forest.n - 1].level <= level))
			return -EBADMSG;
		gw_forest_add(&found.forest, (unsigned int)level, hash);
	}
	if (!take_word(&at, end, "# previous ") || !take_hash(&at, end, found.previous) ||
	    found.forest.leaves != found.first)
		return -EBADMSG;
	found.index = found.first;
	found.offset = at - bytes;
	*ret = found;
	*ret_header_len = (size_t)(at - bytes);
	return 0;
}

/* ---- its records ----------------------------------------------------------------------------- */

uint64_t gw_audit_log_seq_of(const char *line, size_t len)
{
	const char *at = line, *end = line + len;
	uint64_t seq;

	return take_word(&at, end, "{\"seq\":") && take_number(&at, end, ',', &seq) ? seq : 0;
}

/* Follows the records up to the one with the index `limit`, or to the last. */
static void walk(const char *bytes, size_t len, uint64_t limit, struct gw_audit_log_end *end,
		 uint64_t *seq)
{
	const char *zero = memchr(bytes + end->offset, 0, len - (size_t)end->offset);
	const char *stop = zero ? zero : bytes + len, *at = bytes + end->offset, *newline;

	while (at < stop && end->index < limit &&
	       (newline = memchr(at, '\n', (size_t)(stop - at))) != NULL) {
		size_t line_len = (size_t)(newline - at);
		uint64_t line_seq = gw_audit_log_seq_of(at, line_len);

		if (*at == '{') {
			gw_hash_leaf(at, line_len, end->previous);
			gw_forest_add(&end->forest, 0, end->previous);
			end->index++;
		}
		if (line_seq > *seq)
			*seq = line_seq;
		at = newline + 1;
	}
	end->offset = at - bytes;
}

/* What stands behind the end is put aside and cut off. 1: there was something; -errno. */
static int cut_torn(int dir, int fd, const struct gw_audit_log_end *end, const char *bytes,
		    size_t len)
{
	size_t start = (size_t)end->offset, last = len;
	char name[64];

	while (last > start && !bytes[last - 1])
		last--;
	if (last == start)
		return 0;
	(void)snprintf(name, sizeof(name), "torn-%016llu", (unsigned long long)end->index);
	/* Evidence is welcome, room for it is not assured. */
	(void)gw_audit_file_replace(dir, name, 0640, bytes + start,
				    last - start < TORN_MAX ? last - start : TORN_MAX);
	return ftruncate(fd, end->offset) < 0 || fdatasync(fd) < 0 ? -errno : 1;
}

static int read_all(int fd, char **ret, size_t *ret_len)
{
	struct stat stat;
	size_t done = 0;
	char *bytes;

	if (fstat(fd, &stat) < 0)
		return -errno;
	if (stat.st_size > SEGMENT_MAX)
		return -EFBIG;
	bytes = gw_zalloc((size_t)stat.st_size + 1, 1);
	while (done < (size_t)stat.st_size) {
		ssize_t n = pread(fd, bytes + done, (size_t)stat.st_size - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			gw_free(bytes);
			return n < 0 ? -errno : -EIO;
		}
		done += (size_t)n;
	}
	*ret = bytes;
	*ret_len = done;
	return 0;
}

/* A segment that was cut off gets its zeroes back. */
static int make_room(struct gw_audit_log *log, off_t size)
{
	if (posix_fallocate(log->fd, log->end.offset, size - log->end.offset) != 0)
		log->size = log->end.offset; /* no room: the next record begins a new one */
	return fdatasync(log->fd) < 0 ? -errno : 0;
}

/* Takes the end of the log from one segment. -ENODATA: nothing was ever written to it; -EBADMSG: its
 * first lines are not those of a segment. */
static int read_segment(struct gw_audit_log *log, uint64_t first, uint64_t *seq)
{
	uint64_t next_seq = 0;
	size_t len = 0, header;
	char *bytes = NULL, name[32];
	int err;

	gw_audit_log_segment_name(first, name);
	log->fd = openat(log->dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (log->fd < 0)
		return -errno;
	err = read_all(log->fd, &bytes, &len);
	if (!err && (!len || !*bytes))
		err = -ENODATA;
	if (!err)
		err = gw_audit_log_read_header(bytes, len, &log->end, &next_seq, &header);
	if (!err && log->end.first != first)
		err = -EBADMSG;
	if (!err) {
		*seq = next_seq ? next_seq - 1 : 0;
		log->size = (off_t)len;
		walk(bytes, len, UINT64_MAX, &log->end, seq);
		err = cut_torn(log->dir, log->fd, &log->end, bytes, len);
		gw_free(bytes);
		if (err > 0)
			err = make_room(log, (off_t)len);
		return err;
	}
	gw_free(bytes);
	(void)close(log->fd); /* read from only */
	log->fd = -1;
	return err;
}

static int set_aside(const struct gw_audit_log *log, const char *name)
{
	char aside[64];

	(void)snprintf(aside, sizeof(aside), "damaged-%s", name);
	return renameat(log->dir, name, log->dir, aside) < 0 ? -errno : 0;
}

static int find_end(struct gw_audit_log *log, uint64_t *ret_seq)
{
	uint64_t *firsts = NULL;
	size_t n = 0;
	int err = gw_audit_log_segments(log->dir, &firsts, &n);
	char name[32];

	while (!err && n) {
		err = read_segment(log, firsts[n - 1], ret_seq);
		if (err != -ENODATA && err != -EBADMSG)
			break;
		log->end = (struct gw_audit_log_end){ 0 }; /* not what a damaged one says */
		gw_audit_log_segment_name(firsts[--n], name);
		/* One that was just made has lost nothing. One that somebody has damaged is kept, and
		 * what is signed of the log tells that records are missing. */
		if (err == -ENODATA)
			err = unlinkat(log->dir, name, 0) < 0 ? -errno : 0;
		else
			err = set_aside(log, name);
	}
	gw_free(firsts);
	return err;
}

/* ---- segments that overlap ------------------------------------------------------------------- */

/*
 * When a sync fails, the batch is cut off and written anew in a segment of its own. If the disk fails
 * there as well and the power goes, what was cut off may be back, beside what replaced it and was
 * acknowledged. The later segment decides: its first lines say what the log was before it. Where the
 * earlier one has exactly that, what follows was never acknowledged; anything else is for those
 * who verify.
 */
static bool same_state(const struct gw_audit_log_end *a, const struct gw_audit_log_end *b)
{
	uint8_t root_a[GW_HASH_LEN], root_b[GW_HASH_LEN];

	gw_forest_root(&a->forest, root_a);
	gw_forest_root(&b->forest, root_b);
	return a->index == b->index && memcmp(root_a, root_b, GW_HASH_LEN) == 0 &&
	       memcmp(a->previous, b->previous, GW_HASH_LEN) == 0;
}

/* The state before the first record of a segment. */
static int read_begin(const struct gw_audit_log *log, uint64_t first, struct gw_audit_log_end *ret)
{
	gw_auto_free char *bytes = gw_zalloc(HEADER_MAX, 1);
	gw_auto_close int fd = -1;
	size_t header;
	uint64_t seq;
	char name[32];
	ssize_t len;

	gw_audit_log_segment_name(first, name);
	fd = openat(log->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = pread(fd, bytes, HEADER_MAX, 0);
	return len < 0 ? -errno : gw_audit_log_read_header(bytes, (size_t)len, ret, &seq, &header);
}

/* The hash of a segment's last line, read from its end; false if nothing ends there. */
static bool last_leaf(int fd, uint8_t ret[GW_HASH_LEN])
{
	gw_auto_free char *bytes = gw_zalloc(TAIL_BYTES, 1);
	struct stat stat;
	const char *before;
	off_t stop = fstat(fd, &stat) < 0 ? 0 : stat.st_size, start;
	ssize_t len;

	for (;;) {
		start = stop > TAIL_BYTES ? stop - TAIL_BYTES : 0;
		len = pread(fd, bytes, (size_t)(stop - start), start);
		if (len <= 0 || len != stop - start)
			return false;
		while (len && !bytes[len - 1])
			len--;
		if (start + len == stop || (len && !start))
			break;
		stop = start + len; /* zeroes end here; with all of the line before them */
	}
	before = memrchr(bytes, '\n', (size_t)len - 1);
	if (bytes[len - 1] != '\n' || !before)
		return false;
	gw_hash_leaf(before + 1, (size_t)(bytes + len - 1 - (before + 1)), ret);
	return true;
}

static int cut_overlap(const struct gw_audit_log *log, uint64_t first, uint64_t next)
{
	struct gw_audit_log_end end = { 0 }, after = { 0 };
	gw_auto_free char *bytes = NULL;
	gw_auto_close int fd = -1;
	uint8_t leaf[GW_HASH_LEN];
	uint64_t seq = 0;
	size_t len = 0, header;
	char name[32];
	int err;

	gw_audit_log_segment_name(first, name);
	fd = openat(log->dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (read_begin(log, next, &after) < 0)
		return 0;
	/* As nearly always: no need to read all of it. */
	if (last_leaf(fd, leaf) && memcmp(leaf, after.previous, sizeof(leaf)) == 0)
		return 0;
	err = read_all(fd, &bytes, &len);
	if (err)
		return err;
	if (gw_audit_log_read_header(bytes, len, &end, &seq, &header) < 0)
		return 0;
	walk(bytes, len, next, &end, &seq);
	err = same_state(&end, &after) ? cut_torn(log->dir, fd, &end, bytes, len) : 0;
	return err < 0 ? err : 0;
}

/* Of the last two segments: none is begun before all of the one before it is synced. */
static void settle_overlap(const struct gw_audit_log *log)
{
	uint64_t *firsts = NULL;
	size_t n = 0;
	int err = gw_audit_log_segments(log->dir, &firsts, &n);

	/* What cannot be read or cut is found by those who verify; it is no reason to record nothing. */
	if (!err && n > 1)
		(void)cut_overlap(log, firsts[n - 2], firsts[n - 1]);
	gw_free(firsts);
}

int gw_audit_log_open(struct gw_audit_log *log, int dir, const char *name,
		      const struct gw_audit_log_sizes *sizes, uint64_t *ret_seq)
{
	int err;

	*log = (struct gw_audit_log){ .name = name, .sizes = sizes, .fd = -1 };
	atomic_store(&log->next_wish, sizes->least);
	*ret_seq = 0;
	log->dir = gw_audit_folder(dir, name, CLASS_MODE);
	if (log->dir < 0)
		return log->dir;
	atomic_store(&log->next_wanted, true);
	err = find_end(log, ret_seq);
	if (!err)
		settle_overlap(log);
	return err;
}
