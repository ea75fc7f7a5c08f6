/*
 * {"schema": "gw.host/1", "boot": "…", "settings": [{"path": "net/ipv4/ip_forward", "previous": "0",
 * "written": "1"}, …]}
 */
#include "gw/agent/host_saved.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "gw/agent/durable.h"
#include "gw/agent/store_internal.h"
#include "gw/core/mem.h"

#define HOST_SCHEMA "gw.host/1"
#define HOST_MAX    (4u << 20) /* 256 zones with a dozen interfaces each fit */

static const char *text_at(const json_t *object, const char *key, struct gw_arena *arena)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? gw_arena_strdup(arena, text) : NULL;
}

/* Below net, whatever a damaged file says: it is written to when the value is put back. */
static bool is_setting(const char *path)
{
	return strncmp(path, "net/", 4) == 0 && !strstr(path, "/.") && !strstr(path, "//");
}

static bool parse(const json_t *root, struct gw_arena *arena, struct gw_host_saved_list *ret)
{
	const json_t *settings = json_object_get(root, "settings");
	size_t n = json_array_size(settings);

	ret->items = gw_arena_array(arena, n, struct gw_host_saved);
	ret->n = n;
	for (size_t i = 0; i < n; i++) {
		const json_t *object = json_array_get(settings, i);
		struct gw_host_saved *saved = &ret->items[i];

		saved->path = text_at(object, "path", arena);
		saved->previous = text_at(object, "previous", arena);
		saved->written = text_at(object, "written", arena);
		if (!saved->path || !saved->previous || !saved->written || !is_setting(saved->path))
			return false;
		if (i && strcmp(saved[-1].path, saved->path) >= 0)
			return false;
	}
	return json_is_array(settings);
}

int gw_host_saved_read(struct gw_store *store, const char *boot, struct gw_arena *arena,
		       struct gw_host_saved_list *ret)
{
	struct gw_host_saved_list list;
	const char *schema, *other;
	json_t *root;
	char *text;
	size_t len;
	int err;

	*ret = (struct gw_host_saved_list){ 0 };
	if (store->dir < 0)
		return 0; /* see gw_store_look */
	err = gw_durable_read(store->dir, "host.json", HOST_MAX, arena, &text, &len);
	if (err)
		return err == -ENOENT ? 0 : err;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	schema = json_string_value(json_object_get(root, "schema"));
	other = json_string_value(json_object_get(root, "boot"));
	if (!schema || strcmp(schema, HOST_SCHEMA) != 0 || !other || !parse(root, arena, &list))
		err = -EBADMSG;
	else if (strcmp(other, boot) == 0)
		*ret = list;
	json_decref(root);
	return err;
}

static json_t *to_json(const char *boot, const struct gw_host_saved_list *list)
{
	json_t *settings = json_array();

	for (size_t i = 0; i < list->n; i++)
		if (json_array_append_new(settings,
					  json_pack("{s:s,s:s,s:s}", "path", list->items[i].path,
						    "previous", list->items[i].previous, "written",
						    list->items[i].written)) < 0)
			gw_out_of_memory(); /* sysctl values are ASCII */
	return json_pack("{s:s,s:s,s:o}", "schema", HOST_SCHEMA, "boot", boot, "settings",
			 settings);
}

int gw_host_saved_write(struct gw_store *store, const char *boot,
			const struct gw_host_saved_list *list)
{
	json_t *root = to_json(boot, list);
	char *text = json_dumps(root, JSON_INDENT(1));
	int err = -ENOMEM;

	if (text)
		err = gw_durable_replace(store->dir, "host.json", text, strlen(text));
	free(text);
	json_decref(root);
	return err;
}

static int compare_path(const void *path, const void *saved)
{
	return strcmp(path, ((const struct gw_host_saved *)saved)->path);
}

const struct gw_host_saved *gw_host_saved_find(const struct gw_host_saved_list *list,
					       const char *path)
{
	if (!list->n)
		return NULL;
	return bsearch(path, list->items, list->n, sizeof(*list->items), compare_path);
}
