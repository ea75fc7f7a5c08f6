#include "gw/core/tar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gw/core/mem.h"

/* POSIX.1-2017, pax: "ustar Interchange Format". */
struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char unused[12];
};
_Static_assert(sizeof(struct header) == GW_TAR_BLOCK, "a header is one block");

#define TYPE_FILE      '0'
#define TYPE_FOLDER    '5'
#define TYPE_PAX       'x'
#define PAX_MAX        (GW_TAR_PATH_MAX + 64u) /* one record: the path */
#define SIZE_MAX_OCTAL ((UINT64_C(1) << 33) - 1)

bool gw_tar_path_ok(const char *path)
{
	if (strlen(path) > GW_TAR_PATH_MAX)
		return false;
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

static uint32_t checksum(const struct header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	const size_t at = offsetof(struct header, checksum);
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(*header); i++)
		sum += i >= at && i < at + sizeof(header->checksum) ? ' ' : bytes[i];
	return sum;
}

/* ---- writing --------------------------------------------------------------------------------- */

static int write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static void put_octal(char *field, size_t size, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%0*llo", (int)size - 1, (unsigned long long)value);
	memcpy(field, text, size); /* with its NUL; callers check the range */
}

/* A text that fills its field has no NUL. */
static void put_text(char *field, size_t size, const char *text)
{
	memcpy(field, text, strnlen(text, size));
}

/* "a/b/c" as prefix "a/b" and name "c", wherever it fits. */
static bool put_path(struct header *header, const char *path)
{
	size_t len = strlen(path);

	if (len <= sizeof(header->name)) {
		memcpy(header->name, path, len);
		return true;
	}
	for (size_t i = 1; i < len && i <= sizeof(header->prefix); i++) {
		if (path[i] != '/' || len - i - 1 > sizeof(header->name))
			continue;
		memcpy(header->prefix, path, i);
		memcpy(header->name, path + i + 1, len - i - 1);
		return true;
	}
	return false;
}

static int put_header(struct gw_tar_writer *writer, struct header *header, char type, uint64_t size)
{
	header->type = type;
	memcpy(header->magic, "ustar", 6);
	memcpy(header->version, "00", 2);
	put_octal(header->size, sizeof(header->size), size);
	put_octal(header->major, sizeof(header->major), 0);
	put_octal(header->minor, sizeof(header->minor), 0);
	put_octal(header->checksum, sizeof(header->checksum) - 1, checksum(header));
	header->checksum[7] = ' ';
	writer->left = size;
	writer->pad = -size % GW_TAR_BLOCK;
	return write_all(writer->fd, header, sizeof(*header));
}

/* "30 path=…\n": the number counts itself. */
static int put_pax_path(struct gw_tar_writer *writer, const char *path)
{
	struct header header = { .name = "pax-header" };
	char record[PAX_MAX];
	int base = (int)strlen(path) + 7, len = 0, err;

	while (len != base + snprintf(NULL, 0, "%d", len))
		len = base + snprintf(NULL, 0, "%d", len);
	(void)snprintf(record, sizeof(record), "%d path=%s\n", len, path);
	put_octal(header.mode, sizeof(header.mode), 0600);
	put_octal(header.uid, sizeof(header.uid), 0);
	put_octal(header.gid, sizeof(header.gid), 0);
	put_octal(header.mtime, sizeof(header.mtime), 0);
	err = put_header(writer, &header, TYPE_PAX, (uint64_t)len);
	return err ? err : gw_tar_write(writer, record, (size_t)len);
}

int gw_tar_put(struct gw_tar_writer *writer, const struct gw_tar_member *member)
{
	struct header header = { 0 };
	int err = 0;

	if (!gw_tar_path_ok(member->path) || member->size > SIZE_MAX_OCTAL || member->mtime < 0 ||
	    (uint64_t)member->mtime > SIZE_MAX_OCTAL || writer->left)
		return -EINVAL;
	if (!put_path(&header, member->path)) {
		err = put_pax_path(writer, member->path);
		/* For readers that know no pax. */
		put_text(header.name, sizeof(header.name), member->path);
	}
	if (err)
		return err;
	put_octal(header.mode, sizeof(header.mode), member->mode & 07777);
	/* Ids of more than 21 bits do not fit; the names count. */
	put_octal(header.uid, sizeof(header.uid), member->uid & 07777777);
	put_octal(header.gid, sizeof(header.gid), member->gid & 07777777);
	put_octal(header.mtime, sizeof(header.mtime), (uint64_t)member->mtime);
	put_text(header.user, sizeof(header.user) - 1, member->user);
	put_text(header.group, sizeof(header.group) - 1, member->group);
	return put_header(writer, &header, member->folder ? TYPE_FOLDER : TYPE_FILE,
			  member->folder ? 0 : member->size);
}

int gw_tar_write(struct gw_tar_writer *writer, const void *bytes, size_t len)
{
	static const char zeroes[GW_TAR_BLOCK];
	int err;

	if (len > writer->left)
		return -EINVAL;
	err = write_all(writer->fd, bytes, len);
	writer->left -= len;
	if (!err && !writer->left) {
		err = write_all(writer->fd, zeroes, (size_t)writer->pad);
		writer->pad = 0;
	}
	return err;
}

int gw_tar_finish(struct gw_tar_writer *writer)
{
	static const char zeroes[2 * GW_TAR_BLOCK];

	return writer->left ? -EINVAL : write_all(writer->fd, zeroes, sizeof(zeroes));
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Exactly `len` bytes; what ends before is damaged. */
static int read_all(int fd, void *buf, size_t len)
{
	char *at = buf;

	while (len) {
		ssize_t n = read(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static bool get_octal(const char *field, size_t size, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;

	while (i < size && field[i] >= '0' && field[i] <= '7')
		value = value << 3 | (uint64_t)(field[i++] - '0');
	if (i == 0 || (i < size && field[i] != '\0' && field[i] != ' '))
		return false;
	*ret = value;
	return true;
}

static bool get_u32(const char *field, size_t size, uint32_t *ret)
{
	uint64_t value;

	if (!get_octal(field, size, &value) || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool is_zero(const struct header *header)
{
	static const struct header zero;

	return memcmp(header, &zero, sizeof(zero)) == 0;
}

/* 1 with a header whose checksum holds; 0 at the end: two blocks of zeroes, and nothing but such. */
static int read_header(struct gw_tar_reader *reader, struct header *header, uint64_t *ret_size)
{
	uint64_t sum;
	int err = read_all(reader->fd, header, sizeof(*header));

	if (err)
		return err;
	if (is_zero(header)) {
		err = read_all(reader->fd, header, sizeof(*header));
		if (err)
			return err;
		return is_zero(header) ? 0 : -EBADMSG;
	}
	if (!get_octal(header->checksum, sizeof(header->checksum), &sum) ||
	    sum != checksum(header) || memcmp(header->magic, "ustar", 6) != 0 ||
	    !get_octal(header->size, sizeof(header->size), ret_size) || *ret_size > SIZE_MAX_OCTAL)
		return -EBADMSG;
	reader->left = *ret_size;
	reader->pad = -*ret_size % GW_TAR_BLOCK;
	return 1;
}

static int skip_rest(struct gw_tar_reader *reader)
{
	char buf[4096];
	ssize_t n;

	while ((n = gw_tar_read(reader, buf, sizeof(buf))) > 0)
		;
	return (int)n;
}

/* The path of a pax header with just that one record: what we write. */
static int read_pax(struct gw_tar_reader *reader, uint64_t size, struct gw_arena *arena,
		    const char **ret)
{
	char record[PAX_MAX + 1];
	const char *at = record;
	size_t done = 0, number = 0;
	ssize_t n;

	if (size > PAX_MAX)
		return -EBADMSG;
	while ((n = gw_tar_read(reader, record + done, (size_t)size - done)) > 0)
		done += (size_t)n;
	if (n < 0)
		return (int)n;
	record[done] = '\0';
	while (*at >= '0' && *at <= '9' && number < PAX_MAX)
		number = number * 10 + (size_t)(*at++ - '0');
	if (number != done || strlen(record) != done || strncmp(at, " path=", 6) != 0 ||
	    record[done - 1] != '\n')
		return -EBADMSG;
	at += 6;
	*ret = gw_arena_strndup(arena, at, (size_t)(record + done - 1 - at));
	return 0;
}

static const char *header_path(const struct header *header, struct gw_arena *arena)
{
	const char *name =
		gw_arena_strndup(arena, header->name, strnlen(header->name, sizeof(header->name)));

	if (!header->prefix[0])
		return name;
	return gw_arena_printf(arena, "%.*s/%s",
			       (int)strnlen(header->prefix, sizeof(header->prefix)), header->prefix,
			       name);
}

static int parse(const struct header *header, const char *pax_path, uint64_t size,
		 struct gw_arena *arena, struct gw_tar_member *ret)
{
	struct gw_tar_member member = { .folder = header->type == TYPE_FOLDER, .size = size };
	uint64_t mtime;

	if ((header->type != TYPE_FILE && !member.folder) || (member.folder && size) ||
	    !get_u32(header->mode, sizeof(header->mode), &member.mode) ||
	    !get_u32(header->uid, sizeof(header->uid), &member.uid) ||
	    !get_u32(header->gid, sizeof(header->gid), &member.gid) ||
	    !get_octal(header->mtime, sizeof(header->mtime), &mtime))
		return -EBADMSG;
	member.mode &= 0777;
	member.mtime = (int64_t)mtime;
	member.path = pax_path ? pax_path : header_path(header, arena);
	if (!gw_tar_path_ok(member.path))
		return -EBADMSG;
	member.user =
		gw_arena_strndup(arena, header->user, strnlen(header->user, sizeof(header->user)));
	member.group = gw_arena_strndup(arena, header->group,
					strnlen(header->group, sizeof(header->group)));
	*ret = member;
	return 1;
}

int gw_tar_next(struct gw_tar_reader *reader, struct gw_arena *arena, struct gw_tar_member *ret)
{
	const char *pax_path = NULL;
	struct header header;
	uint64_t size = 0;
	int err = skip_rest(reader);

	if (err)
		return err;
	err = read_header(reader, &header, &size);
	if (err == 1 && header.type == TYPE_PAX) {
		err = read_pax(reader, size, arena, &pax_path);
		if (!err)
			err = skip_rest(reader);
		if (!err)
			err = read_header(reader, &header, &size);
		if (err == 0)
			return -EBADMSG; /* for nothing */
	}
	return err == 1 ? parse(&header, pax_path, size, arena, ret) : err;
}

ssize_t gw_tar_read(struct gw_tar_reader *reader, void *buf, size_t len)
{
	char padding[GW_TAR_BLOCK];
	int err;

	if (len > reader->left)
		len = (size_t)reader->left;
	err = read_all(reader->fd, buf, len);
	if (err)
		return err;
	reader->left -= len;
	if (!reader->left && reader->pad) {
		err = read_all(reader->fd, padding, (size_t)reader->pad);
		reader->pad = 0;
		if (err)
			return err;
	}
	return (ssize_t)len;
}
