/* Revisions as folders: writing a new one, and reading back the config of one. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/agent/durable.h"
#include "gw/agent/store_internal.h"
#include "gw/core/mem.h"

#define STAGE    ".new" /* what a new revision is called until it is complete */
#define FILE_MAX ((size_t)256 << 20)

/* ---- digests --------------------------------------------------------------------------------- */

/* The files with their digests, in the same order. */
static struct gw_revision_file *digest_files(struct gw_arena *arena,
					     const struct gw_conf_file *files, size_t n)
{
	struct gw_revision_file *ret = gw_arena_array(arena, n, struct gw_revision_file);

	for (size_t i = 0; i < n; i++) {
		char *digest = gw_arena_zalloc(arena, 65, 1);

		gw_durable_digest(files[i].bytes, files[i].len, digest);
		ret[i] = (struct gw_revision_file){ files[i].path, digest, files[i].len };
	}
	return ret;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Where files that did not change are taken from. */
struct previous {
	struct gw_revision_meta meta;
	char name[GW_REVISION_NAME_SIZE];
};

static int compare_path(const void *left, const void *right)
{
	const struct gw_revision_file *a = left, *b = right;

	return strcmp(a->path, b->path);
}

static bool link_unchanged(const struct gw_store *store, struct gw_arena *arena,
			   const struct previous *previous, const struct gw_revision_file *file)
{
	const struct gw_revision_file *before = NULL;

	if (previous->meta.n_files)
		before = bsearch(file, previous->meta.files, previous->meta.n_files, sizeof(*file),
				 compare_path);
	return before && before->len == file->len && strcmp(before->digest, file->digest) == 0 &&
	       linkat(store->revisions,
		      gw_arena_printf(arena, "%s/config/%s", previous->name, file->path),
		      store->revisions, gw_arena_printf(arena, STAGE "/config/%s", file->path),
		      0) == 0;
}

static int make_parents(const struct gw_store *store, struct gw_arena *arena, const char *path)
{
	return gw_durable_mkdirs(
		store->revisions,
		gw_arena_strndup(arena, path, (size_t)(strrchr(path, '/') - path)));
}

static int write_config(const struct gw_store *store, struct gw_arena *arena,
			const struct gw_revision_content *content,
			const struct gw_revision_meta *meta)
{
	struct previous previous = { 0 };
	int err = 0;

	if (!store->current ||
	    gw_revision_read_meta(store, store->current, arena, &previous.meta) != 0)
		previous.meta.n_files = 0;
	if (previous.meta.n_files)
		qsort(previous.meta.files, previous.meta.n_files, sizeof(*previous.meta.files),
		      compare_path);
	(void)gw_revision_name(store->current, previous.name);
	for (size_t i = 0; i < content->n_files && !err; i++) {
		const struct gw_conf_file *file = &content->files[i];
		const char *path = gw_arena_printf(arena, STAGE "/config/%s", file->path);

		err = make_parents(store, arena, path);
		if (!err && !link_unchanged(store, arena, &previous, &meta->files[i]))
			err = gw_durable_write_shared(store->revisions, path, file->bytes,
						      file->len);
	}
	return err;
}

static int write_json(const struct gw_store *store, const struct gw_revision_content *content,
		      const struct gw_revision_meta *meta)
{
	gw_auto_text struct gw_text meta_text = { 0 }, numbers = { 0 }, carried = { 0 };
	int err;

	gw_revision_print_meta(meta, &meta_text);
	gw_numbers_print(content->numbers, &numbers);
	gw_revision_print_carried(content->carried, content->n_carried, &carried);
	err = gw_durable_write_shared(store->revisions, STAGE "/meta.json", meta_text.bytes,
				      meta_text.len);
	if (!err)
		err = gw_durable_write_shared(store->revisions, STAGE "/numbers.json",
					      numbers.bytes, numbers.len);
	if (!err)
		err = gw_durable_write_shared(store->revisions, STAGE "/carried.json",
					      carried.bytes, carried.len);
	return err;
}

static int write_compiled(const struct gw_store *store, const struct gw_ruleset *compiled)
{
	gw_auto_text struct gw_text bytes = { 0 };

	if (!compiled)
		return 0;
	gw_ruleset_encode(compiled, &bytes);
	return gw_durable_write_shared(store->revisions, STAGE "/compiled", bytes.bytes, bytes.len);
}

static int write_revision(const struct gw_store *store, struct gw_arena *arena,
			  const struct gw_revision *revision,
			  const struct gw_revision_content *content, uint32_t number)
{
	struct gw_revision_meta meta = { .revision = *revision, .n_files = content->n_files };
	char name[GW_REVISION_NAME_SIZE];
	int err;

	meta.revision.number = number;
	meta.files = digest_files(arena, content->files, content->n_files);
	err = gw_durable_mkdir(store->revisions, STAGE, 0750);
	if (!err)
		err = gw_durable_mkdir(store->revisions, STAGE "/config", 0750);
	if (!err)
		err = write_config(store, arena, content, &meta);
	if (!err)
		err = write_json(store, content, &meta);
	if (!err)
		err = write_compiled(store, content->compiled);
	if (!err)
		err = gw_durable_sync_tree(store->revisions, STAGE);
	if (!err)
		err = gw_store_stage_current(store, number);
	if (!err &&
	    renameat(store->revisions, STAGE, store->revisions, gw_revision_name(number, name)) < 0)
		err = -errno;
	if (!err)
		err = gw_durable_sync_dir(store->revisions, ".");
	return err;
}

int gw_store_add(struct gw_store *store, const struct gw_revision *revision,
		 const struct gw_revision_content *content, uint32_t *ret_number,
		 struct gw_diags *diags)
{
	struct gw_arena *arena = gw_arena_new();
	uint32_t highest = gw_store_highest(store);
	uint32_t number = (highest > store->current ? highest : store->current) + 1;
	/* What a writer that was killed left behind goes first. */
	int err = gw_durable_remove_tree(store->revisions, STAGE);

	if (!err)
		err = write_revision(store, arena, revision, content, number);
	if (err) {
		/* What cannot be removed now, the next run removes; err says more. */
		(void)gw_durable_remove_tree(store->revisions, STAGE);
		(void)gw_store_discard(store, number);
		(void)unlinkat(store->dir, "current.new", 0);
		(void)gw_store_write_error(store, "storing the revision", err, diags);
	} else {
		*ret_number = number;
	}
	gw_arena_free(arena);
	return err;
}

/* ---- reading --------------------------------------------------------------------------------- */

int gw_store_revision(struct gw_store *store, uint32_t number, struct gw_arena *arena,
		      struct gw_revision *ret)
{
	struct gw_revision_meta meta;
	int err = gw_revision_read_meta(store, number, arena, &meta);

	if (!err)
		*ret = meta.revision;
	return err;
}

static int read_file(const struct gw_store *store, uint32_t number, struct gw_arena *arena,
		     const struct gw_revision_file *file, struct gw_conf_file *ret)
{
	char name[GW_REVISION_NAME_SIZE], digest[65];
	char *bytes;
	int err = gw_durable_read(
		store->revisions,
		gw_arena_printf(arena, "%s/config/%s", gw_revision_name(number, name), file->path),
		FILE_MAX, arena, &bytes, &ret->len);

	if (err)
		return err == -ENOENT ? -EBADMSG : err;
	gw_durable_digest(bytes, ret->len, digest);
	if (strcmp(digest, file->digest) != 0)
		return -EBADMSG;
	ret->path = file->path;
	ret->bytes = bytes;
	return 0;
}

int gw_store_files(struct gw_store *store, uint32_t number, struct gw_arena *arena,
		   struct gw_conf_file **ret, size_t *ret_n)
{
	struct gw_revision_meta meta;
	struct gw_conf_file *files;
	int err = gw_revision_read_meta(store, number, arena, &meta);

	if (err)
		return err;
	files = gw_arena_array(arena, meta.n_files, struct gw_conf_file);
	for (size_t i = 0; i < meta.n_files && !err; i++)
		err = read_file(store, number, arena, &meta.files[i], &files[i]);
	if (err)
		return err;
	*ret = files;
	*ret_n = meta.n_files;
	return 0;
}

const char *gw_store_damage(struct gw_store *store, uint32_t number, struct gw_arena *arena)
{
	char name[GW_REVISION_NAME_SIZE];
	const char *folder = gw_arena_printf(arena, "%s/revisions/%s", store->path,
					     gw_revision_name(number, name));
	struct gw_numbers *numbers = gw_store_numbers(store, number);
	bool no_numbers = !numbers;
	struct gw_revision_meta meta;
	struct gw_conf_file file;
	struct gw_carried *carried;
	size_t n;

	gw_numbers_free(numbers);
	if (gw_revision_read_meta(store, number, arena, &meta) < 0)
		return gw_arena_printf(arena, "%s/meta.json", folder);
	if (no_numbers)
		return gw_arena_printf(arena, "%s/numbers.json", folder);
	if (gw_store_carried(store, number, arena, &carried, &n) < 0)
		return gw_arena_printf(arena, "%s/carried.json", folder);
	for (size_t i = 0; i < meta.n_files; i++)
		if (read_file(store, number, arena, &meta.files[i], &file) < 0)
			return gw_arena_printf(arena, "%s/config/%s", folder, meta.files[i].path);
	return NULL;
}

const char *gw_store_explain(struct gw_store *store, uint32_t number, int err,
			     struct gw_arena *arena)
{
	const char *path =
		err == -EBADMSG || err == -ENOENT ? gw_store_damage(store, number, arena) : NULL;

	return path ? gw_arena_printf(arena, "%s is damaged", path) : strerror(-err);
}
