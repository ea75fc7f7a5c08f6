/* Opening files without ever leaving a directory. Internal to gw/conf. */
#ifndef GW_CONF_BENEATH_H
#define GW_CONF_BENEATH_H

/**
 * Opens `path` below the directory `root` for reading. Symbolic links are followed as long as they
 * stay below. Never blocks and never becomes a controlling terminal, whatever the file is. Returns
 * the descriptor or a negative errno: -EXDEV where the path leads out.
 */
int gw_open_beneath(int root, const char *path, int flags);

/**
 * The same for kernels without openat2(2), where no link is followed at all: a link anywhere in the
 * path is -EXDEV. Public so that tests reach it on every kernel.
 */
int gw_open_beneath_by_steps(int root, const char *path, int flags);

#endif
