/*
 * The small files beside the audit trail's records: keys, checkpoints, cursors. What is written is on
 * disk when the call returns. Paths are below `dir`, a descriptor of a folder; 0 or -errno.
 */
#ifndef GW_AUDIT_FILES_H
#define GW_AUDIT_FILES_H

#include <stddef.h>
#include <sys/types.h>

#include "gw/core/text.h"

/** Opens a folder below `dir`, and makes it with `mode` where it is missing. A descriptor. */
int gw_audit_folder(int dir, const char *path, mode_t mode);

/** Replaces a file as a whole: whoever opens it sees the old or the new bytes. */
int gw_audit_file_replace(int dir, const char *path, mode_t mode, const void *bytes, size_t len);

/** Appends; what is left of a failed attempt is cut off again. Makes the file where it is missing. */
int gw_audit_file_append(int dir, const char *path, mode_t mode, const void *bytes, size_t len);

/** Appends a regular file of at most `limit` bytes to `out`; -EFBIG for a larger one. */
int gw_audit_file_read(int dir, const char *path, size_t limit, struct gw_text *out);

/** Frees a text that held a secret, wiped. */
void gw_audit_text_wipe(struct gw_text *text);
#define gw_auto_secret __attribute__((cleanup(gw_audit_text_wipe)))

#endif
