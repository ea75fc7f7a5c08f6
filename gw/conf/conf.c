/*
 * Reading a config: gw.yaml, the files that it includes, the files that these include. Each file
 * is read once, however often it is named. Its entries go to one list, in the order read, which
 * is merged into one tree when all are there.
 */
#include "gw/conf/conf.h"

#include <string.h>

#include "gw/conf/files.h"
#include "gw/conf/tree.h"
#include "gw/conf/yaml.h"
#include "gw/core/mem.h"
#include "gw/core/text.h"

#define MAIN_FILE         "gw.yaml"
#define INCLUDE_DEPTH_MAX 32u

struct load {
	struct gw_conf *conf;
	struct gw_diags *diags;
	struct gw_entry *entries; /* heap */
	size_t n, capacity;
	struct gw_texts texts;
	bool complete;
};

/* A file being read, and the one that includes it. */
struct frame {
	const struct frame *parent;
	const char *path;
	unsigned int depth;
};

static void load_file(struct load *load, const struct frame *parent, const char *path,
		      struct gw_loc loc);

/* From the file `from`, which is one of the frames, down to this one. */
static void print_chain(const struct frame *frame, const char *from, struct gw_text *out)
{
	if (frame->parent && strcmp(frame->path, from) != 0)
		print_chain(frame->parent, from, out);
	gw_text_printf(out, "%s -> ", frame->path);
}

/* True after a diagnostic if `path` is being read already, here or further up. */
static bool check_cycle(struct load *load, const struct frame *frame, const char *path,
			struct gw_loc loc)
{
	gw_auto_text struct gw_text chain = { 0 };
	const struct frame *at = frame;

	while (at && strcmp(at->path, path) != 0)
		at = at->parent;
	if (!at)
		return false;
	print_chain(frame, path, &chain);
	gw_diag(load->diags, GW_D_INCLUDE_CYCLE, loc, "files include each other: %s%s", chain.bytes,
		path);
	load->complete = false;
	return true;
}

static void include_one(struct load *load, const struct frame *frame, const char *path,
			struct gw_loc loc)
{
	if (check_cycle(load, frame, path, loc) || gw_reader_find(load->conf, path))
		return;
	if (frame->depth == INCLUDE_DEPTH_MAX) {
		gw_diag(load->diags, GW_D_INCLUDE_DEPTH, loc,
			"more than %u files include each other in a row", INCLUDE_DEPTH_MAX);
		load->complete = false;
		return;
	}
	load_file(load, frame, path, loc);
}

static void include_item(struct load *load, const struct frame *frame, const struct gw_node *item)
{
	const char *const *paths;
	const char *path;
	size_t n;

	if (item->kind != GW_NODE_SCALAR || strstr(item->text, "${")) {
		gw_diag(load->diags, GW_D_INCLUDE_FORM, item->loc,
			"`include` holds paths, and paths hold no variables");
		load->complete = false;
		return;
	}
	if (!*item->text) {
		gw_diag(load->diags, GW_D_INCLUDE_FORM, item->loc, "`include` names no file");
		gw_diag_hint(load->diags, "include: [baseline/*.yaml], or leave the line out");
		load->complete = false;
		return;
	}
	path = gw_path_clean(load->conf->arena, item->text, item->loc, load->diags);
	if (path && !strpbrk(path, "*?[{")) {
		include_one(load, frame, path, item->loc);
		return;
	}
	if (!path || !gw_reader_glob(load->conf, path, item->loc, &paths, &n, load->diags)) {
		load->complete = false;
		return;
	}
	if (!n)
		gw_diag(load->diags, GW_D_GLOB_EMPTY, item->loc, "no file matches `%s`", path);
	for (size_t i = 0; i < n; i++)
		include_one(load, frame, paths[i], item->loc);
}

static void include_all(struct load *load, const struct frame *frame, const struct gw_node *list)
{
	if (list->kind == GW_NODE_SCALAR) {
		include_item(load, frame, list);
		return;
	}
	if (list->kind == GW_NODE_MAP) {
		gw_diag(load->diags, GW_D_INCLUDE_FORM, list->loc,
			"`include` is a list of paths, not a map");
		gw_diag_hint(load->diags, "include: [baseline/*.yaml]");
		load->complete = false;
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		include_item(load, frame, list->items[i]);
}

static void load_file(struct load *load, const struct frame *parent, const char *path,
		      struct gw_loc loc)
{
	struct frame frame = {
		.parent = parent,
		.path = path,
		.depth = parent ? parent->depth + 1 : 0,
	};
	const struct gw_source *source =
		gw_reader_read(load->conf, path, GW_FILE_CONFIG, loc, load->diags);
	const struct gw_node *top, *include;
	bool complete = false;

	top = source ? gw_yaml_parse(load->conf->tree, &load->texts, source, load->diags, &complete)
		     : NULL;
	if (!complete)
		load->complete = false;
	if (!top)
		return;
	for (size_t i = 0; i < top->n; i++)
		if (strcmp(top->entries[i].key, "include") != 0)
			gw_push(load->entries, load->n, load->capacity, top->entries[i]);
	include = gw_node_get(top, "include");
	if (include)
		include_all(load, &frame, include);
}

static void load_tree(struct gw_conf *conf, struct gw_diags *diags)
{
	struct load load = {
		.conf = conf, .diags = diags, .texts = { .arena = conf->arena }, .complete = true
	};
	struct gw_node *root;

	load_file(&load, NULL, MAIN_FILE, (struct gw_loc){ 0 });
	if (conf->n_files) {
		root = gw_arena_new_of(conf->tree, struct gw_node);
		root->kind = GW_NODE_MAP;
		root->loc = (struct gw_loc){ conf->sources[0], 1, 1, 1 };
		root->text = "";
		root->n = gw_conf_merge(conf->tree, load.entries, load.n, diags);
		root->entries = gw_arena_memdup(conf->tree, load.entries,
						root->n * sizeof(struct gw_entry));
		if (load.complete) {
			gw_conf_substitute(conf->tree, root, diags);
			conf->root = root;
		}
	}
	gw_free(load.entries);
	gw_texts_done(&load.texts);
}

bool gw_conf_glob(struct gw_conf *conf, const char *pattern, const char *const **ret, size_t *ret_n,
		  struct gw_diags *diags)
{
	return gw_reader_glob(conf, pattern, (struct gw_loc){ 0 }, ret, ret_n, diags);
}

struct gw_node *gw_conf_beside(struct gw_conf *conf, const char *path, struct gw_diags *diags)
{
	const struct gw_source *source =
		gw_reader_read(conf, path, GW_FILE_CONFIG, (struct gw_loc){ 0 }, diags);
	struct gw_texts texts = { .arena = conf->arena };
	struct gw_node *top = NULL;
	bool complete = false;

	if (source)
		top = gw_yaml_parse(conf->tree, &texts, source, diags, &complete);
	gw_texts_done(&texts);
	return complete ? top : NULL;
}

static struct gw_conf *conf_new(void)
{
	struct gw_conf *conf = gw_zalloc(1, sizeof(*conf));

	conf->arena = gw_arena_new();
	conf->tree = gw_arena_new();
	return conf;
}

struct gw_conf *gw_conf_read(const char *dir, struct gw_diags *diags)
{
	struct gw_conf *conf = conf_new();

	if (gw_reader_open(conf, dir, diags))
		load_tree(conf, diags);
	return conf;
}

struct gw_conf *gw_conf_read_files(const struct gw_conf_file *files, size_t n,
				   struct gw_diags *diags)
{
	struct gw_conf *conf = conf_new();

	gw_reader_open_memory(conf, files, n);
	load_tree(conf, diags);
	return conf;
}

void gw_conf_drop_tree(struct gw_conf *conf)
{
	gw_arena_free(conf->tree);
	conf->tree = NULL;
	conf->root = NULL;
}

void gw_conf_free(struct gw_conf *conf)
{
	if (!conf)
		return;
	gw_reader_free(conf->reader);
	gw_conf_drop_tree(conf);
	gw_arena_free(conf->arena);
	gw_free(conf);
}

const struct gw_source *gw_conf_object(struct gw_conf *conf, const char *path, struct gw_loc loc,
				       struct gw_diags *diags)
{
	const char *clean = gw_path_clean(conf->arena, path, loc, diags);
	const struct gw_source *source;

	if (!clean)
		return NULL;
	source = gw_reader_find(conf, clean);
	return source ? source : gw_reader_read(conf, clean, GW_FILE_OBJECT, loc, diags);
}

struct gw_node *gw_node_get(const struct gw_node *map, const char *key)
{
	for (size_t i = 0; map->kind == GW_NODE_MAP && i < map->n; i++)
		if (strcmp(map->entries[i].key, key) == 0)
			return map->entries[i].value;
	return NULL;
}
