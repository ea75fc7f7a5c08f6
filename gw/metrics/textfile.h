/* The file for node_exporter's textfile collector. */
#ifndef GW_METRICS_TEXTFILE_H
#define GW_METRICS_TEXTFILE_H

#include <stddef.h>

#define GW_TEXTFILE_DIR "/var/lib/prometheus/node-exporter"

/** $GW_TEXTFILE_DIR, or where Debian's node_exporter looks. */
const char *gw_textfile_dir(void);
/** Replaces gw.prom in the folder, so that a reader sees the old one or the new one. 0 or -errno. */
int gw_textfile_write(const char *dir, const char *bytes, size_t len);

#endif
