/*
 * From a config repository to the validated model.
 *
 *	struct gw_diags diags;
 *	gw_diags_init(&diags);
 *	struct gw_config *config = gw_config_load("/etc/gw", now, &diags);
 *	if (diags.errors) … gw_diags_print …
 *	gw_config_free(config);
 */
#ifndef GW_POLICY_LOAD_H
#define GW_POLICY_LOAD_H

#include <stdint.h>

#include "gw/conf/conf.h"
#include "gw/policy/policy.h"

/** A config repository that was read: its files, its nodes and the model built from them. */
struct gw_config {
	struct gw_conf *conf;     /* files and nodes, owned */
	struct gw_policy *policy; /* owned (in its arena); NULL if there were errors */
};

/**
 * Reads `gw.yaml` in `dir` and all that it includes, and builds the model as of `now` (Unix time;
 * decides which exceptions have expired). Never NULL; `policy` is NULL if an error was added.
 */
struct gw_config *gw_config_load(const char *dir, int64_t now, struct gw_diags *diags);
/** The same from files already in memory (a stored revision, a test). Borrows nothing. */
struct gw_config *gw_config_load_files(const struct gw_conf_file *files, size_t n, int64_t now,
				       struct gw_diags *diags);
void gw_config_free(struct gw_config *config);

struct gw_table;
/** All that may stand in `gw.yaml`: for gw_schema_json and gw_schema_manual. */
extern const struct gw_table gw_config_table;

#endif
