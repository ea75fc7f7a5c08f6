/*
 * Config files: a strict YAML subset over libyaml's events (no anchors, aliases, tags, merge keys,
 * duplicate keys, tabs or second documents), as a tree of nodes in which every scalar is still
 * text and every value knows its file:line:col. Includes, variables and limits are handled
 * here; meaning is given by the section tables (schema.h) and gw/policy.
 *
 * Limits: 16 MiB a file, 64 MiB in all, 4096 files, depth 32, includes 32 deep. Object files (lists
 *of addresses) have their own: 256 MiB a file, 1 GiB in all.
 *
 *	struct gw_conf *conf = gw_conf_read("/etc/gw", &diags);
 *	if (conf->root)
 *		zones = gw_node_get(conf->root, "zones");
 *	gw_conf_free(conf);
 */
#ifndef GW_CONF_CONF_H
#define GW_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "gw/core/arena.h"
#include "gw/core/diag.h"

enum gw_node_kind {
	GW_NODE_SCALAR,
	GW_NODE_LIST,
	GW_NODE_MAP,
};

struct gw_node;
struct gw_conf_reader;

/** One key of a map. */
struct gw_entry {
	const char *key;
	struct gw_loc key_loc;
	struct gw_node *value;
};

struct gw_node {
	enum gw_node_kind kind;
	struct gw_loc loc;
	bool quoted;      /* scalar: written in quotes */
	const char *text; /* scalar: the text, after ${variables}; "" where nothing is written */
	size_t n;         /* list or map: how many */
	struct gw_node **items;   /* list */
	struct gw_entry *entries; /* map, in the order written */
};

/** A file of the repository: `path` is relative to its root. */
struct gw_conf_file {
	const char *path;
	const char *bytes;
	size_t len;
};

/** All files that were read and the one tree that they make together. */
struct gw_conf {
	struct gw_arena *arena; /* files and the texts of nodes */
	struct gw_arena *tree;  /* nodes; NULL after gw_conf_drop_tree */
	/* A map without `include`; NULL if any file was left out or cut short, because what is
	 * missing would only lead to wrong diagnostics about names that are not defined. */
	struct gw_node *root;
	const struct gw_conf_file *files; /* in the order read: gw.yaml first; for revisions */
	const struct gw_source *const *sources; /* parallel to files */
	size_t n_files;
	struct gw_conf_reader *reader; /* where files come from; of gw/conf alone */
};

/**
 * Reads `gw.yaml` below `dir` and its includes (globs, sorted, confined to `dir`: no absolute path,
 * no `..`, no link that leads out). Sections of included files merge: maps by key, lists by
 * appending; the same key twice is an error that names both places. Also object files (address
 * lists named by `hosts:`) are read through gw_conf_object. Never NULL.
 */
struct gw_conf *gw_conf_read(const char *dir, struct gw_diags *diags);
/** The same among files in memory, which are copied when read: borrowed for gw_conf_object. */
struct gw_conf *gw_conf_read_files(const struct gw_conf_file *files, size_t n,
				   struct gw_diags *diags);
/**
 * Files of the repository beside the config, such as its tests: the paths that match `pattern`, sorted, in the
 * arena, and one of them as nodes. False and NULL after a diagnostic.
 */
bool gw_conf_glob(struct gw_conf *conf, const char *pattern, const char *const **ret, size_t *ret_n,
		  struct gw_diags *diags);
struct gw_node *gw_conf_beside(struct gw_conf *conf, const char *path, struct gw_diags *diags);
void gw_conf_free(struct gw_conf *conf);
/**
 * Frees the nodes, which are most of what a config takes, once they have been read into something else.
 * Keys, texts and places stay as long as `conf`; the nodes themselves must not be used again.
 */
void gw_conf_drop_tree(struct gw_conf *conf);

/**
 * The bytes of an object file named from the config at `loc`, as a source with text; confined like
 * includes and kept in `conf->files`. NULL after adding a diagnostic.
 */
const struct gw_source *gw_conf_object(struct gw_conf *conf, const char *path, struct gw_loc loc,
				       struct gw_diags *diags);

/** The value of `key` in a map, or NULL. */
struct gw_node *gw_node_get(const struct gw_node *map, const char *key);

#endif
