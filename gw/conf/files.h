/*
 * Where the files of a config come from: a directory that nothing is read outside of, or files in
 * memory. Internal to gw/conf.
 */
#ifndef GW_CONF_FILES_H
#define GW_CONF_FILES_H

#include "gw/conf/conf.h"

enum gw_file_use {
	GW_FILE_CONFIG, /* YAML */
	GW_FILE_OBJECT, /* address lists */
	GW_FILE_USE_COUNT
};

/** Prepares `conf->reader` for a directory; false after adding a diagnostic. */
bool gw_reader_open(struct gw_conf *conf, const char *dir, struct gw_diags *diags);
/** Prepares `conf->reader` for files in memory, borrowed. */
void gw_reader_open_memory(struct gw_conf *conf, const struct gw_conf_file *files, size_t n);
void gw_reader_free(struct gw_conf_reader *reader);

/**
 * The path without `.` and doubled slashes, in the arena; NULL with a diagnostic if it is absolute
 * or leads upwards.
 */
const char *gw_path_clean(struct gw_arena *arena, const char *path, struct gw_loc loc,
			  struct gw_diags *diags);

/** Reads the file at a clean path and adds it to conf->files. NULL after adding a diagnostic. */
const struct gw_source *gw_reader_read(struct gw_conf *conf, const char *path, enum gw_file_use use,
				       struct gw_loc loc, struct gw_diags *diags);

/** The source with this clean path if it was read before, or NULL. */
const struct gw_source *gw_reader_find(const struct gw_conf *conf, const char *path);

/**
 * The paths that a clean pattern (`*` and `?` in its last component) matches, sorted, in the arena.
 * False after adding a diagnostic.
 */
bool gw_reader_glob(struct gw_conf *conf, const char *pattern, struct gw_loc loc,
		    const char *const **ret, size_t *ret_n, struct gw_diags *diags);

#endif
