/* The state directory as the files of the store see it. Internal to gw/agent. */
#ifndef GW_AGENT_STORE_INTERNAL_H
#define GW_AGENT_STORE_INTERNAL_H

#include "gw/agent/store.h"

struct gw_store {
	char *path;
	int dir;       /* the state directory */
	int revisions; /* its folder `revisions` */
	int lock;      /* -1: not held */
	uint32_t current;
};

#define GW_REVISION_NAME_SIZE 16u
/** "000118". */
const char *gw_revision_name(uint32_t number, char ret[GW_REVISION_NAME_SIZE]);
/** The highest revision that there is; 0 if none. */
uint32_t gw_store_highest(const struct gw_store *store);
/** Writes the file that gw_store_set_current only has to rename. */
int gw_store_stage_current(const struct gw_store *store, uint32_t number);

/** Adds a diagnostic: `what` could not be done in the state directory, and why. Returns `err`. */
int gw_store_write_error(const struct gw_store *store, const char *what, int err,
			 struct gw_diags *diags);

/** One file of a revision as meta.json has it. */
struct gw_revision_file {
	const char *path, *digest;
	size_t len;
};

struct gw_revision_meta {
	struct gw_revision revision;
	struct gw_revision_file *files;
	size_t n_files;
};

/** Reads meta.json. -ENOENT if there is no such revision, -EBADMSG if it is damaged. */
int gw_revision_read_meta(const struct gw_store *store, uint32_t number, struct gw_arena *arena,
			  struct gw_revision_meta *ret);
/** meta.json as text. */
void gw_revision_print_meta(const struct gw_revision_meta *meta, struct gw_text *out);
/** carried.json as text. */
void gw_revision_print_carried(const struct gw_carried *carried, size_t n, struct gw_text *out);

#endif
