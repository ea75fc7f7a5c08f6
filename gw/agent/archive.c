#include "gw/agent/archive.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC        "gwfiles1"
#define MAGIC_LEN    8u
#define FILES_MAX    4096u
#define NAME_LEN_MAX 4096u
#define HEAD_LEN     8u /* two lengths */

bool gw_archive_path_ok(const char *path)
{
	for (const char *part = path;; part++) {
		size_t len = strcspn(part, "/");

		if (len == 0 || (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += len;
		if (!*part)
			return true;
	}
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_length(struct gw_text *out, size_t len)
{
	/* The reader of configs takes no file of 4 GiB. */
	uint32_t number = htobe32((uint32_t)len);

	gw_text_add(out, (const char *)&number, sizeof(number));
}

void gw_archive_write(const struct gw_conf_file *files, size_t n, struct gw_text *out)
{
	gw_text_add(out, MAGIC, MAGIC_LEN);
	for (size_t i = 0; i < n; i++) {
		size_t path_len = strlen(files[i].path);

		put_length(out, path_len);
		put_length(out, files[i].len);
		gw_text_add(out, files[i].path, path_len);
		gw_text_add(out, files[i].bytes, files[i].len);
	}
}

/* ---- reading --------------------------------------------------------------------------------- */

struct reader {
	const uint8_t *at, *end;
};

/* The next `len` bytes, or NULL. */
static const uint8_t *take(struct reader *reader, size_t len)
{
	const uint8_t *bytes = reader->at;

	if (len > (size_t)(reader->end - reader->at))
		return NULL;
	reader->at += len;
	return bytes;
}

static size_t length_at(const uint8_t *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return be32toh(number);
}

static bool read_file(struct reader *reader, struct gw_arena *arena, struct gw_conf_file *ret)
{
	const uint8_t *head = take(reader, HEAD_LEN), *path, *bytes;
	size_t path_len;

	if (!head)
		return false;
	path_len = length_at(head);
	if (path_len > NAME_LEN_MAX)
		return false;
	path = take(reader, path_len);
	bytes = path ? take(reader, length_at(head + 4)) : NULL;
	/* A NUL would make the path that is checked another than the one that is meant. */
	if (!bytes || memchr(path, '\0', path_len))
		return false;
	ret->path = gw_arena_strndup(arena, (const char *)path, path_len);
	ret->bytes = (const char *)bytes;
	ret->len = length_at(head + 4);
	return gw_archive_path_ok(ret->path);
}

static int compare_paths(const void *left, const void *right)
{
	const struct gw_conf_file *a = left, *b = right;

	return strcmp(a->path, b->path);
}

/* Of two files with one path it would not be clear which is meant. */
static bool has_twins(const struct gw_conf_file *files, size_t n, struct gw_arena *arena)
{
	struct gw_conf_file *sorted = gw_arena_memdup(arena, files, n * sizeof(*files));

	qsort(sorted, n, sizeof(*sorted), compare_paths);
	for (size_t i = 1; i < n; i++)
		if (compare_paths(&sorted[i - 1], &sorted[i]) == 0)
			return true;
	return false;
}

int gw_archive_read(const void *bytes, size_t len, struct gw_arena *arena,
		    struct gw_conf_file **ret, size_t *ret_n)
{
	struct reader reader = { .at = bytes, .end = (const uint8_t *)bytes + len };
	const uint8_t *magic = take(&reader, MAGIC_LEN);
	struct gw_conf_file *files;
	size_t n = 0;

	if (!magic || memcmp(magic, MAGIC, MAGIC_LEN) != 0)
		return -EBADMSG;
	files = gw_arena_array(arena, FILES_MAX, struct gw_conf_file);
	while (reader.at < reader.end) {
		if (n == FILES_MAX || !read_file(&reader, arena, &files[n]))
			return -EBADMSG;
		n++;
	}
	if (!n || strcmp(files[0].path, "gw.yaml") != 0 || has_twins(files, n, arena))
		return -EBADMSG;
	*ret = files;
	*ret_n = n;
	return 0;
}
