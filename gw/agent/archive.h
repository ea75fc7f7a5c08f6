/*
 * Config files as one run of bytes, for a memfd between gwctl and gwd or for a plan that several
 * people sign. The same files in the same order always give the same bytes.
 *
 *	"gwfiles1"  then for each file:  length of the path, of the bytes (32 bits each, big
 *	endian), the path, the bytes
 *
 *	gw_archive_write(files, n, &text);
 *	err = gw_archive_read(bytes, len, arena, &files, &n);      what others wrote
 */
#ifndef GW_AGENT_ARCHIVE_H
#define GW_AGENT_ARCHIVE_H

#include "gw/conf/conf.h"
#include "gw/core/text.h"

/** The files as an archive, added to `out`. */
void gw_archive_write(const struct gw_conf_file *files, size_t n, struct gw_text *out);

/**
 * Takes an archive apart that anybody may have written. Paths are relative, without `.` and `..`,
 * and no two files have the same; the first is gw.yaml. Within the limits of conf.h. The files borrow
 * from `bytes`, but for paths and the list, which are in the arena. 0, or -EBADMSG: it is no such
 * archive.
 */
int gw_archive_read(const void *bytes, size_t len, struct gw_arena *arena,
		    struct gw_conf_file **ret, size_t *ret_n);

/** True for a path that stays below the folder of the config: relative, without `.` and `..`. */
bool gw_archive_path_ok(const char *path);

#endif
