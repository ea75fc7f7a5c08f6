/*
 * The JSON files of a revision:
 *	meta.json	{"schema": "gw.revision/1", "number": 118, …, "files": [{"path": …}, …]}
 *	carried.json	{"schema": "gw.carried/1", "counters": [{"id": …, "packets": …}, …]}
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw/agent/archive.h"
#include "gw/agent/durable.h"
#include "gw/agent/store_internal.h"
#include "gw/core/utf8.h"

#define META_SCHEMA    "gw.revision/1"
#define CARRIED_SCHEMA "gw.carried/1"
#define JSON_MAX       (64u << 20) /* 4096 files and 100,000 rules fit many times over */

/* ---- writing -------------------------------------------------------------------------------- */

/* Text from outside (a user's name, a note) may hold anything; JSON must be valid UTF-8. */
static json_t *visible(const char *text)
{
	gw_auto_text struct gw_text clean = { 0 };

	gw_text_puts_visible(&clean, text);
	return json_stringn(clean.bytes ? clean.bytes : "", clean.len);
}

static void dump(json_t *root, struct gw_text *out)
{
	char *text = json_dumps(root, JSON_INDENT(1));

	if (text)
		gw_text_puts(out, text);
	gw_text_putc(out, '\n');
	free(text);
	json_decref(root);
}

void gw_revision_print_meta(const struct gw_revision_meta *meta, struct gw_text *out)
{
	const struct gw_revision *revision = &meta->revision;
	json_t *files = json_array();

	for (size_t i = 0; i < meta->n_files; i++)
		(void)json_array_append_new(/* short of memory the file fails its check below */
					    files, json_pack("{s:o, s:s, s:I}", "path",
							     visible(meta->files[i].path), "sha256",
							     meta->files[i].digest, "bytes",
							     (json_int_t)meta->files[i].len));
	dump(json_pack("{s:s, s:I, s:I, s:o, s:o, s:o*, s:o*, s:s, s:I, s:b, s:b, s:b, s:o}",
		       "schema", META_SCHEMA, "number", (json_int_t)revision->number, "time",
		       (json_int_t)revision->time, "who", visible(revision->who), "note",
		       visible(revision->note), "ticket",
		       revision->ticket ? visible(revision->ticket) : NULL, "approvals",
		       revision->approvals ? visible(revision->approvals) : NULL, "digest",
		       revision->digest, "rules", (json_int_t)revision->rules, "lockdown",
		       revision->lockdown, "undoing", revision->undoing, "emergency",
		       revision->emergency, "files", files),
	     out);
}

void gw_revision_print_carried(const struct gw_carried *carried, size_t n, struct gw_text *out)
{
	json_t *items = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(items,
					    json_pack("{s:s, s:I, s:I}", "id", carried[i].id,
						      "packets", (json_int_t)carried[i].packets,
						      "bytes", (json_int_t)carried[i].bytes));
	dump(json_pack("{s:s, s:o}", "schema", CARRIED_SCHEMA, "counters", items), out);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The JSON object in a file of the revision if its schema is this one. */
static json_t *load(const struct gw_store *store, uint32_t number, const char *name,
		    const char *schema, int *ret_err)
{
	struct gw_arena *arena = gw_arena_new();
	char folder[GW_REVISION_NAME_SIZE];
	const char *path = gw_arena_printf(arena, "%s/%s", gw_revision_name(number, folder), name);
	json_t *root = NULL;
	char *bytes;
	size_t len;

	*ret_err = gw_durable_read(store->revisions, path, JSON_MAX, arena, &bytes, &len);
	if (!*ret_err) {
		const char *found;

		root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
		found = json_string_value(json_object_get(root, "schema"));
		if (!found || strcmp(found, schema) != 0) {
			json_decref(root);
			root = NULL;
			*ret_err = -EBADMSG;
		}
	}
	gw_arena_free(arena);
	return root;
}

static bool get_text(const json_t *object, const char *key, struct gw_arena *arena,
		     const char **ret)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text)
		return false;
	*ret = gw_arena_strdup(arena, text);
	return true;
}

static bool get_number(const json_t *object, const char *key, uint64_t *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(value);
	return true;
}

static bool get_size(const json_t *object, const char *key, size_t *ret)
{
	uint64_t number;

	if (!get_number(object, key, &number))
		return false;
	*ret = (size_t)number;
	return true;
}

static bool is_digest(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool parse_file(const json_t *object, struct gw_arena *arena, struct gw_revision_file *ret)
{
	return get_text(object, "path", arena, &ret->path) && gw_archive_path_ok(ret->path) &&
	       get_text(object, "sha256", arena, &ret->digest) && is_digest(ret->digest) &&
	       get_size(object, "bytes", &ret->len);
}

static bool parse_meta(const json_t *root, struct gw_arena *arena, struct gw_revision_meta *ret)
{
	struct gw_revision *revision = &ret->revision;
	const json_t *files = json_object_get(root, "files");
	uint64_t number, time, rules;

	if (!get_number(root, "number", &number) || number > UINT32_MAX ||
	    !get_number(root, "time", &time) || !get_text(root, "who", arena, &revision->who) ||
	    !get_text(root, "note", arena, &revision->note) ||
	    !get_text(root, "digest", arena, &revision->digest) ||
	    !get_number(root, "rules", &rules) || rules > UINT32_MAX || !json_is_array(files))
		return false;
	if (!get_text(root, "ticket", arena, &revision->ticket))
		revision->ticket = NULL;
	if (!get_text(root, "approvals", arena, &revision->approvals))
		revision->approvals = NULL;
	/* Not there before versions that knew them. */
	revision->undoing = json_is_true(json_object_get(root, "undoing"));
	revision->emergency = json_is_true(json_object_get(root, "emergency"));
	revision->lockdown = json_is_true(json_object_get(root, "lockdown"));
	revision->damaged = false;
	revision->rules = (uint32_t)rules;
	revision->number = (uint32_t)number;
	revision->time = (int64_t)time;
	ret->n_files = json_array_size(files);
	ret->files = gw_arena_array(arena, ret->n_files, struct gw_revision_file);
	for (size_t i = 0; i < ret->n_files; i++)
		if (!parse_file(json_array_get(files, i), arena, &ret->files[i]))
			return false;
	return true;
}

int gw_revision_read_meta(const struct gw_store *store, uint32_t number, struct gw_arena *arena,
			  struct gw_revision_meta *ret)
{
	char name[GW_REVISION_NAME_SIZE];
	json_t *root;
	int err;

	if (store->revisions < 0)
		return -ENOENT; /* see gw_store_look */
	if (faccessat(store->revisions, gw_revision_name(number, name), F_OK, 0) < 0)
		return -errno;
	root = load(store, number, "meta.json", META_SCHEMA, &err);
	if (root && (!parse_meta(root, arena, ret) || ret->revision.number != number))
		err = -EBADMSG;
	json_decref(root);
	return err == -ENOENT ? -EBADMSG : err;
}

static bool parse_carried(const json_t *root, struct gw_arena *arena, struct gw_carried **ret,
			  size_t *ret_n)
{
	const json_t *items = json_object_get(root, "counters");
	size_t n = json_array_size(items);
	struct gw_carried *carried = gw_arena_array(arena, n, struct gw_carried);

	if (!json_is_array(items))
		return false;
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(items, i);

		if (!get_text(item, "id", arena, &carried[i].id) ||
		    !get_number(item, "packets", &carried[i].packets) ||
		    !get_number(item, "bytes", &carried[i].bytes))
			return false;
		if (i && strcmp(carried[i - 1].id, carried[i].id) >= 0)
			return false; /* not sorted: not written by us */
	}
	*ret = carried;
	*ret_n = n;
	return true;
}

int gw_store_carried(struct gw_store *store, uint32_t number, struct gw_arena *arena,
		     struct gw_carried **ret, size_t *ret_n)
{
	json_t *root;
	int err;

	*ret = NULL;
	*ret_n = 0;
	root = load(store, number, "carried.json", CARRIED_SCHEMA, &err);
	if (root && !parse_carried(root, arena, ret, ret_n))
		err = -EBADMSG;
	json_decref(root);
	return err;
}

int gw_store_set_carried(struct gw_store *store, uint32_t number, const struct gw_carried *carried,
			 size_t n)
{
	gw_auto_text struct gw_text text = { 0 };
	char name[GW_REVISION_NAME_SIZE];
	int folder = openat(store->revisions, gw_revision_name(number, name),
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (folder < 0)
		return -errno;
	gw_revision_print_carried(carried, n, &text);
	err = gw_durable_replace(folder, "carried.json", text.bytes, text.len);
	(void)close(folder); /* only read */
	return err;
}

struct gw_numbers *gw_store_numbers(struct gw_store *store, uint32_t number)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_numbers *numbers = NULL;
	char folder[GW_REVISION_NAME_SIZE];
	char *bytes;
	size_t len;

	if (gw_durable_read(
		    store->revisions,
		    gw_arena_printf(arena, "%s/numbers.json", gw_revision_name(number, folder)),
		    JSON_MAX, arena, &bytes, &len) == 0)
		numbers = gw_numbers_parse(bytes, len);
	gw_arena_free(arena);
	return numbers;
}
