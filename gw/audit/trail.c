#include "gw/audit/trail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/audit/files.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define SEGMENT_DIGITS 16u
#define SEGMENT_SUFFIX ".log"
#define CHUNK          (64u << 10)
/* No record is longer: an entry of a tile has two bytes for its length. */
#define LINE_MAX_LEN 65535u
#define HEADER_MAX   (16u << 10) /* a line for each level of a tree */
#define BUFFER_SIZE  (CHUNK + LINE_MAX_LEN)
#define DELETED_MAX  (16u << 10)

struct gw_trail {
	int dir;
	char **names; /* heap, in order */
	size_t n, capacity;
};

/* ---- the trail ------------------------------------------------------------------------------- */

void gw_trail_close(struct gw_trail *trail)
{
	if (!trail)
		return;
	for (size_t i = 0; i < trail->n; i++)
		gw_free(trail->names[i]);
	gw_free(trail->names);
	if (trail->dir >= 0)
		(void)close(trail->dir);
	gw_free(trail);
}

size_t gw_trail_count(const struct gw_trail *trail)
{
	return trail->n;
}

const char *const *gw_trail_names(const struct gw_trail *trail)
{
	return (const char *const *)trail->names;
}

int gw_trail_dir(const struct gw_trail *trail)
{
	return trail->dir;
}

/* Names of folders beside those of classes: `keys`, and the cursors of forwarders. */
static bool is_class(const char *name)
{
	size_t len = strlen(name);

	return len && len < 32 && strcmp(name, "keys") != 0 && strcmp(name, "forward") != 0 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static void add_name(struct gw_trail *trail, const char *name)
{
	size_t at = trail->n;

	gw_push(trail->names, trail->n, trail->capacity, gw_strdup(name));
	for (; at && strcmp(trail->names[at - 1], trail->names[at]) > 0; at--) {
		char *other = trail->names[at];

		trail->names[at] = trail->names[at - 1];
		trail->names[at - 1] = other;
	}
}

/* The entries of a folder; `take` is called with each name. 0 or -errno. */
static int for_each_entry(int dir, const char *path,
			  void (*take)(const char *name, int dir, void *context), void *context)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int err;

	if (!stream) {
		err = -errno;
		if (fd >= 0)
			(void)close(fd);
		return err;
	}
	errno = 0;
	/* The stream is this call's own. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((entry = readdir(stream)) != NULL) {
		take(entry->d_name, dirfd(stream), context);
		errno = 0;
	}
	err = -errno;
	(void)closedir(stream);
	return err;
}

static void take_class(const char *name, int dir, void *context)
{
	struct stat stat;

	if (is_class(name) && fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(stat.st_mode))
		add_name(context, name);
}

int gw_trail_open(const char *path, struct gw_trail **ret)
{
	struct gw_trail *trail = gw_zalloc(1, sizeof(*trail));
	int err = 0;

	trail->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (trail->dir < 0)
		err = -errno;
	if (!err)
		err = for_each_entry(trail->dir, ".", take_class, trail);
	if (err)
		gw_trail_close(trail);
	else
		*ret = trail;
	return err;
}

/* ---- what was deleted ------------------------------------------------------------------------ */

/* "LEVEL BASE64", largest first. */
static int read_subtree(const char *line, size_t len, struct gw_forest *forest)
{
	uint8_t hash[GW_HASH_LEN];
	unsigned int level = 0;
	size_t digits = 0;

	while (digits < len && digits < 2 && line[digits] >= '0' && line[digits] <= '9')
		level = level * 10 + (unsigned int)(line[digits++] - '0');
	if (!digits || digits == len || line[digits] != ' ' || level >= GW_LEVELS_MAX - 1 ||
	    gw_base64_decode(line + digits + 1, len - digits - 1, hash, sizeof(hash)) !=
		    (ssize_t)sizeof(hash))
		return -EBADMSG;
	if (forest->n && forest->items[forest->n - 1].level <= level)
		return -EBADMSG;
	gw_forest_add(forest, level, hash);
	return 0;
}

int gw_trail_deleted(const struct gw_trail *trail, size_t log, struct gw_forest *ret)
{
	gw_auto_text struct gw_text path = { 0 }, text = { 0 };
	struct gw_forest forest = { 0 };
	const char *at, *end;
	int err;

	gw_text_printf(&path, "%s/deleted", trail->names[log]);
	err = gw_audit_file_read(trail->dir, path.bytes, DELETED_MAX, &text);
	if (err && err != -ENOENT)
		return err;
	at = text.bytes ? text.bytes : "";
	for (end = at + text.len; !err && at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (!newline)
			return -EBADMSG;
		err = read_subtree(at, (size_t)(newline - at), &forest);
		at = newline + 1;
	}
	if (err == -EBADMSG)
		return err;
	*ret = forest;
	return 0;
}

/* ---- segments -------------------------------------------------------------------------------- */

struct gw_trail_cursor {
	const struct gw_trail *trail;
	size_t log;
	int fd; /* of the segment; -1: none yet */
	bool begun;
	uint64_t first; /* index of its first record: its name */
	uint64_t index; /* of the next record */
	uint64_t wanted;
	off_t offset;          /* of what follows `buffer` */
	char *buffer;          /* BUFFER_SIZE octets */
	struct gw_text header; /* of the segment, as far as it was read */
	bool header_taken;
	size_t len, at;
	char where[128];
};

/* "0000000000000120.log" → 120. */
static bool segment_of(const char *name, uint64_t *ret)
{
	uint64_t number = 0;

	if (strlen(name) != SEGMENT_DIGITS + strlen(SEGMENT_SUFFIX) ||
	    strcmp(name + SEGMENT_DIGITS, SEGMENT_SUFFIX) != 0)
		return false;
	for (size_t i = 0; i < SEGMENT_DIGITS; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(name[i] - '0');
	}
	*ret = number;
	return true;
}

/* The search for the segment to read next. */
struct search {
	bool after; /* `than` itself does not count */
	uint64_t than;
	uint64_t wanted; /* the last that begins at or before it, if there is one */
	uint64_t best;
	bool found;
};

/* The first behind `than`, or a later one that does not begin behind what is wanted. */
static void take_segment(const char *name, int dir, void *context)
{
	struct search *search = context;
	uint64_t first;
	bool better;

	(void)dir;
	if (!segment_of(name, &first) || (search->after && first <= search->than))
		return;
	if (!search->found)
		better = true;
	else if (first <= search->wanted)
		better = search->best > search->wanted || first > search->best;
	else
		better = search->best > search->wanted && first < search->best;
	if (better)
		search->best = first;
	search->found = true;
}

static int next_segment(const struct gw_trail_cursor *cursor, uint64_t *ret)
{
	struct search search = { .after = cursor->begun,
				 .than = cursor->first,
				 .wanted = cursor->wanted > cursor->index ? cursor->wanted
									  : cursor->index };
	int err = for_each_entry(cursor->trail->dir, cursor->trail->names[cursor->log],
				 take_segment, &search);

	if (err)
		return err;
	if (!search.found)
		return -ENOENT;
	*ret = search.best;
	return 0;
}

static int open_segment(struct gw_trail_cursor *cursor, uint64_t first)
{
	char path[96];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%0*" PRIu64 SEGMENT_SUFFIX,
		       cursor->trail->names[cursor->log], (int)SEGMENT_DIGITS, first);
	fd = openat(cursor->trail->dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (cursor->fd >= 0)
		(void)close(cursor->fd);
	cursor->fd = fd;
	cursor->first = first;
	/* Behind what was deleted, or where a segment is missing: that shows in the hashes. */
	cursor->index = first;
	cursor->begun = true;
	cursor->offset = 0;
	cursor->len = 0;
	cursor->header.len = 0;
	cursor->header_taken = false;
	cursor->at = 0;
	return 0;
}

int gw_trail_read(const struct gw_trail *trail, size_t log, uint64_t index,
		  struct gw_trail_cursor **ret)
{
	struct gw_trail_cursor *cursor = gw_zalloc(1, sizeof(*cursor));

	cursor->trail = trail;
	cursor->log = log;
	cursor->fd = -1;
	cursor->buffer = gw_zalloc(BUFFER_SIZE, 1);
	cursor->wanted = index;
	*ret = cursor;
	return 0;
}

void gw_trail_cursor_free(struct gw_trail_cursor *cursor)
{
	if (!cursor)
		return;
	if (cursor->fd >= 0)
		(void)close(cursor->fd);
	gw_free(cursor->buffer);
	gw_text_done(&cursor->header);
	gw_free(cursor);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/*
 * Reads more behind what is left in the buffer, at most LINE_MAX_LEN octets. How many, 0 at the end of
 * what is written, or -errno.
 */
static ssize_t read_more(struct gw_trail_cursor *cursor)
{
	size_t left = cursor->len - cursor->at;
	const char *zero;
	ssize_t n;

	if (cursor->at)
		memmove(cursor->buffer, cursor->buffer + cursor->at, left);
	cursor->len = left;
	cursor->at = 0;
	do {
		n = pread(cursor->fd, cursor->buffer + left, CHUNK, cursor->offset);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* What is not written yet is zero, up to the end; it is looked at again. */
	if (n && !cursor->buffer[left + (size_t)n - 1]) {
		zero = memchr(cursor->buffer + left, 0, (size_t)n);
		n = zero - (cursor->buffer + left);
	}
	cursor->len += (size_t)n;
	cursor->offset += n;
	return n;
}

/* A whole line of the segment; -ENOENT: none is there. */
static int next_line(struct gw_trail_cursor *cursor, const char **ret, size_t *ret_len)
{
	size_t scanned = 0;

	for (;;) {
		const char *start = cursor->buffer + cursor->at;
		size_t left = cursor->len - cursor->at;
		const char *newline =
			left > scanned ? memchr(start + scanned, '\n', left - scanned) : NULL;
		ssize_t more;

		if (newline) {
			*ret = start;
			*ret_len = (size_t)(newline - start);
			cursor->at += *ret_len + 1;
			return *ret_len > LINE_MAX_LEN ? -EBADMSG : 0;
		}
		if (left > LINE_MAX_LEN)
			return -EBADMSG;
		scanned = left;
		more = read_more(cursor);
		if (more <= 0)
			return more < 0 ? (int)more : -ENOENT;
	}
}

/* The segment has ended; 0: there is another one, -ENOENT: not yet. */
static int go_on(struct gw_trail_cursor *cursor)
{
	const char *line;
	uint64_t first;
	size_t len;
	int err = next_segment(cursor, &first);

	if (err)
		return err;
	/* It may have grown before the other one was made. */
	if (cursor->begun) {
		err = next_line(cursor, &line, &len);
		if (!err) {
			cursor->at = (size_t)(line - cursor->buffer);
			return 0;
		}
		if (err == -ENOENT && cursor->len > cursor->at)
			err = -EBADMSG; /* half a line, and nobody will end it */
		if (err != -ENOENT)
			return err;
	}
	return open_segment(cursor, first);
}

/* The next line that is a record. */
static int next_record(struct gw_trail_cursor *cursor, const char **ret, size_t *ret_len)
{
	for (;;) {
		int err = cursor->begun ? next_line(cursor, ret, ret_len) : -ENOENT;

		if (!err && **ret == '{')
			return 0;
		if (!err && (**ret != '#' || cursor->header.len > HEADER_MAX))
			return -EBADMSG;
		if (!err) {
			gw_text_add(&cursor->header, *ret, *ret_len);
			gw_text_putc(&cursor->header, '\n');
		}
		if (err == -ENOENT)
			err = go_on(cursor);
		if (err)
			return err;
	}
}

int gw_trail_next(struct gw_trail_cursor *cursor, struct gw_trail_line *ret)
{
	const char *line = "";
	size_t len = 0;
	int err;

	do {
		err = next_record(cursor, &line, &len);
	} while (!err && cursor->index++ < cursor->wanted);
	if (!err)
		*ret = (struct gw_trail_line){ .index = cursor->index - 1,
					       .bytes = line,
					       .len = len };
	return err;
}

const char *gw_trail_take_header(struct gw_trail_cursor *cursor, size_t *ret_len)
{
	if (cursor->header_taken || !cursor->header.len)
		return NULL;
	cursor->header_taken = true;
	*ret_len = cursor->header.len;
	return cursor->header.bytes;
}

const char *gw_trail_where(struct gw_trail_cursor *cursor)
{
	(void)snprintf(cursor->where, sizeof(cursor->where),
		       "%s/%0*" PRIu64 SEGMENT_SUFFIX ", record %" PRIu64,
		       cursor->trail->names[cursor->log], (int)SEGMENT_DIGITS, cursor->first,
		       cursor->index);
	return cursor->where;
}
