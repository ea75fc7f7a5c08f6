/*
 * Archives in the POSIX ustar format, with a pax header where a path does not fit: what GNU tar and
 * every other tar reads. Files and folders only; no links, no devices, which a backup has no use for
 * and which are the way out of the folder that an archive is unpacked to.
 *
 *	struct gw_tar_writer writer = { .fd = fd };
 *	err = gw_tar_put(&writer, &(struct gw_tar_member){ .path = "current", .size = 4, … });
 *	err = gw_tar_write(&writer, "118\n", 4);
 *	err = gw_tar_finish(&writer);
 *
 *	struct gw_tar_reader reader = { .fd = fd };
 *	while ((more = gw_tar_next(&reader, arena, &member)) > 0)
 *		while ((len = gw_tar_read(&reader, buf, sizeof(buf))) > 0)
 *			…
 */
#ifndef GW_CORE_TAR_H
#define GW_CORE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "gw/core/arena.h"

#define GW_TAR_BLOCK    512u
#define GW_TAR_PATH_MAX 4095u

struct gw_tar_member {
	const char *
		path; /* relative, without `.`, `..` or empty parts; a folder's has no `/` behind */
	bool folder;
	uint32_t mode; /* permission bits */
	uint32_t uid, gid;
	const char *user, *group; /* names, may be "" */
	int64_t mtime;
	uint64_t size; /* of a file */
};

/** The descriptor is the caller's. */
struct gw_tar_writer {
	int fd;
	uint64_t left; /* of the present member's bytes */
	uint64_t pad;  /* behind them */
};

/** Begins a member. The one before must be complete. 0, -EINVAL for what ustar cannot hold, -errno. */
int gw_tar_put(struct gw_tar_writer *writer, const struct gw_tar_member *member);
/** Writes some of the present member's bytes. */
int gw_tar_write(struct gw_tar_writer *writer, const void *bytes, size_t len);
/** Writes the end of the archive. */
int gw_tar_finish(struct gw_tar_writer *writer);

struct gw_tar_reader {
	int fd;
	uint64_t left, pad;
};

/**
 * The next member, its texts in the arena. 1; 0 at the archive's end; -EBADMSG if it is damaged, cut
 * short, or holds what we do not write (links, devices, paths that lead out); -errno.
 */
int gw_tar_next(struct gw_tar_reader *reader, struct gw_arena *arena, struct gw_tar_member *ret);
/** Some of the present member's bytes: how many, 0 at their end, -EBADMSG, -errno. */
ssize_t gw_tar_read(struct gw_tar_reader *reader, void *buf, size_t len);

/** True for a path that stays below the folder where it is unpacked. */
bool gw_tar_path_ok(const char *path);

#endif
