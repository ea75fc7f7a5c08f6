#include "gw/agent/pairs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gw/agent/durable.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"

#define FILE_NAME   "pairs.json"
#define FILE_SCHEMA "gw.pairs/1"
#define FILE_LIMIT  (4u << 20)

struct gw_pair *gw_pairs_find(const struct gw_pairs *pairs, const char *port,
			      const uint8_t mac[GW_MAC_LEN])
{
	for (size_t i = 0; i < pairs->n; i++)
		if (memcmp(pairs->items[i].mac, mac, GW_MAC_LEN) == 0 &&
		    strcmp(pairs->items[i].port, port) == 0)
			return &pairs->items[i];
	return NULL;
}

bool gw_pairs_put(struct gw_pairs *pairs, const struct gw_pair *pair)
{
	struct gw_pair *found = gw_pairs_find(pairs, pair->port, pair->mac);

	if (found)
		*found = *pair;
	else if (pairs->n >= GW_PAIRS_MAX)
		return false;
	else
		gw_push(pairs->items, pairs->n, pairs->capacity, *pair);
	return true;
}

void gw_pairs_remove(struct gw_pairs *pairs, struct gw_pair *pair)
{
	size_t i = (size_t)(pair - pairs->items);

	memmove(pair, pair + 1, (--pairs->n - i) * sizeof(*pair));
}

bool gw_pair_port_ok(const char *port)
{
	size_t len = strlen(port);

	/* As the kernel has it: dev_valid_name(). */
	return len && len < IFNAMSIZ && strcmp(port, ".") != 0 && strcmp(port, "..") != 0 &&
	       !strpbrk(port, "/: \t\n\v\f\r");
}

/* ---- on disk --------------------------------------------------------------------------------- */

json_t *gw_pair_json(const struct gw_pair *pair)
{
	json_t *object = json_object();
	char mac[GW_MAC_TEXT];

	gw_json_set(object, "port", gw_json_text(pair->port));
	gw_json_set(object, "mac", json_string(gw_mac_format(pair->mac, mac)));
	gw_json_set(object, "since", json_integer(pair->since));
	gw_json_set(object, "until", json_integer(pair->until));
	gw_json_set(object, "actor", gw_json_text(pair->actor));
	gw_json_set(object, "reason", gw_json_text(pair->reason));
	return object;
}

static bool copy_text(const json_t *object, const char *key, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text || strlen(text) >= size)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool pair_from_json(const json_t *object, struct gw_pair *ret)
{
	char mac[GW_MAC_TEXT];

	*ret = (struct gw_pair){ .since = json_integer_value(json_object_get(object, "since")),
				 .until = json_integer_value(json_object_get(object, "until")) };
	return copy_text(object, "port", ret->port, sizeof(ret->port)) &&
	       gw_pair_port_ok(ret->port) && copy_text(object, "mac", mac, sizeof(mac)) &&
	       gw_mac_parse(mac, strlen(mac), ret->mac) && gw_mac_is_device(ret->mac) &&
	       copy_text(object, "actor", ret->actor, sizeof(ret->actor)) &&
	       copy_text(object, "reason", ret->reason, sizeof(ret->reason)) && ret->until > 0;
}

int gw_pairs_load(struct gw_pairs *pairs, int dir)
{
	struct gw_arena *arena = gw_arena_new();
	json_t *root = NULL, *object;
	size_t len, i;
	char *bytes;
	int err = gw_durable_read(dir, FILE_NAME, FILE_LIMIT, arena, &bytes, &len);

	if (!err)
		root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
	if (!err && !root)
		err = -EBADMSG;
	json_array_foreach(json_object_get(root, "pairs"), i, object)
	{
		struct gw_pair pair;

		/* One that cannot be read does not keep the others out. */
		if (!pair_from_json(object, &pair) || !gw_pairs_put(pairs, &pair))
			err = -EBADMSG;
	}
	json_decref(root);
	gw_arena_free(arena);
	return err == -ENOENT ? 0 : err;
}

int gw_pairs_save(const struct gw_pairs *pairs, int dir)
{
	json_t *root = json_object(), *list = json_array();
	char *text;
	int err;

	for (size_t i = 0; i < pairs->n; i++)
		gw_json_add(list, gw_pair_json(&pairs->items[i]));
	gw_json_set(root, "schema", json_string(FILE_SCHEMA));
	gw_json_set(root, "pairs", list);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (!text)
		return -ENOMEM;
	err = gw_durable_replace(dir, FILE_NAME, text, strlen(text));
	free(text);
	return err;
}
