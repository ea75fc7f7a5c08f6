/* Files that are on disk when the call returns. */
#ifndef GW_AGENT_DURABLE_H
#define GW_AGENT_DURABLE_H

#include <stddef.h>
#include <sys/types.h>

#include "gw/core/arena.h"

/** Writes a new file (0600) below `dir` and syncs it. 0 or -errno. Folders of `path` must exist. */
int gw_durable_write(int dir, const char *path, const void *bytes, size_t len);
/** The same for a file that the group may read (0640): operators look at the state directly. */
int gw_durable_write_shared(int dir, const char *path, const void *bytes, size_t len);
/** Replaces a file that the group may read: temporary file, sync, rename, sync of the folder. */
int gw_durable_replace(int dir, const char *path, const void *bytes, size_t len);
/** Makes folder `path` below `dir` (0750) and those above it; those that exist are fine. */
int gw_durable_mkdirs(int dir, const char *path);
/**
 * Gives a new file or folder to the owner of the folder `dir`: what root does in gwd's state directory
 * must not lock gwd out of it. Nothing unless root runs it. 0 or -errno.
 */
int gw_durable_inherit(int dir, int fd);
/** Makes a folder of that owner; one that is there is fine. 0 or -errno. */
int gw_durable_mkdir(int dir, const char *path, mode_t mode);
/** Syncs a folder, so that new names in it are on disk. */
int gw_durable_sync_dir(int dir, const char *path);
/** Deletes a folder with all in it; what is not there is fine. */
int gw_durable_remove_tree(int dir, const char *path);
/** The bytes of a regular file of at most `limit` bytes, NUL-terminated, in the arena. */
int gw_durable_read(int dir, const char *path, size_t limit, struct gw_arena *arena, char **ret,
		    size_t *ret_len);

/** Syncs a folder and all folders in it. */
int gw_durable_sync_tree(int dir, const char *path);
/** SHA-256 in hex. */
void gw_durable_digest(const void *bytes, size_t len, char ret_hex[65]);

#endif
