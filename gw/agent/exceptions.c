#include "gw/agent/exceptions.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/report/json.h"

#define SCHEMA         "gw.exceptions/1"
#define EXCEPTIONS_MAX 100000u

void gw_exceptions_done(struct gw_exceptions *list)
{
	for (size_t i = 0; i < list->n; i++)
		gw_free(list->items[i].id);
	gw_free(list->items);
	*list = (struct gw_exceptions){ 0 };
}

static void remove_at(struct gw_exceptions *list, size_t i)
{
	gw_free(list->items[i].id);
	memmove(&list->items[i], &list->items[i + 1], (list->n - i - 1) * sizeof(*list->items));
	list->n--;
	list->changed = true;
}

#ifndef __clang__
#pragma GCC diagnostic push
/* gcc 12 does not see that the text is reachable through the list. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static struct gw_exception *add(struct gw_exceptions *list, const char *id)
{
	const struct gw_exception item = { .warned_s = UINT32_MAX };
	struct gw_exception *added;

	gw_push(list->items, list->n, list->capacity, item);
	list->changed = true;
	added = &list->items[list->n - 1];
	added->id = gw_strdup(id);
	return added;
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

/* ---- following the config -------------------------------------------------------------------- */

static const struct gw_rule_def *find_rule(const struct gw_policy *policy, const char *id)
{
	for (size_t i = 0; policy && i < policy->n_rules; i++)
		if (policy->rules[i].kind == GW_RULE_EXCEPTION &&
		    strcmp(policy->rules[i].id, id) == 0)
			return &policy->rules[i];
	return NULL;
}

/* The one in force with this id; an ended one of the same id is another. */
static struct gw_exception *find(struct gw_exceptions *list, const char *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (!list->items[i].carry && strcmp(list->items[i].id, id) == 0)
			return &list->items[i];
	return NULL;
}

static void drop_withdrawn(struct gw_exceptions *list, const struct gw_policy *policy, int64_t now,
			   gw_exception_fn *fn, void *context)
{
	for (size_t i = list->n; i-- > 0;) {
		struct gw_exception *item = &list->items[i];

		if (item->carry || item->expires <= now || find_rule(policy, item->id))
			continue;
		fn(item, GW_EXCEPTION_WITHDRAWN, context);
		remove_at(list, i);
	}
}

static void follow(struct gw_exceptions *list, const struct gw_rule_def *rule, uint32_t number,
		   int64_t now, gw_exception_fn *fn, void *context)
{
	struct gw_exception *item = find(list, rule->id);
	enum gw_exception_event event = item ? GW_EXCEPTION_CHANGED : GW_EXCEPTION_STARTED;

	if (!item) {
		item = add(list, rule->id);
		item->started = now;
	}
	if (item->number != number) {
		item->number = number;
		item->packets = item->bytes = 0;
		list->changed = true;
	}
	if (item->expires == rule->expires)
		return;
	item->expires = rule->expires;
	item->warned_s = UINT32_MAX;
	list->changed = true;
	fn(item, event, context);
}

void gw_exceptions_follow(struct gw_exceptions *list, const struct gw_policy *policy,
			  const struct gw_numbers *numbers, int64_t now, gw_exception_fn *fn,
			  void *context)
{
	drop_withdrawn(list, policy, now, fn, context);
	for (size_t i = 0; policy && i < policy->n_rules; i++) {
		const struct gw_rule_def *rule = &policy->rules[i];

		if (rule->kind == GW_RULE_EXCEPTION && rule->expires > now)
			follow(list, rule, numbers ? gw_numbers_of(numbers, rule->id) : 0, now, fn,
			       context);
	}
}

/* ---- readings -------------------------------------------------------------------------------- */

static const struct gw_elem *find_elem(const struct gw_set *live, uint32_t number)
{
	for (size_t i = 0; live && i < live->n_elems; i++)
		if (memcmp(live->elems[i].key, &number, sizeof(number)) == 0)
			return &live->elems[i];
	return NULL;
}

void gw_exceptions_read(struct gw_exceptions *list, const struct gw_set *live, int64_t now,
			gw_exception_fn *fn, void *context)
{
	for (size_t i = 0; i < list->n; i++) {
		struct gw_exception *item = &list->items[i];
		const struct gw_elem *elem = item->carry ? NULL : find_elem(live, item->number);

		if (!elem || elem->packets == item->packets)
			continue;
		item->packets = elem->packets;
		item->bytes = elem->bytes;
		list->changed = true;
		if (item->first_use)
			continue;
		item->first_use = now;
		fn(item, GW_EXCEPTION_USED, context);
	}
}

/* ---- warnings and ends ----------------------------------------------------------------------- */

void gw_exceptions_warn(struct gw_exceptions *list, const struct gw_change_settings *settings,
			int64_t now, gw_exception_fn *fn, void *context)
{
	for (size_t i = 0; i < list->n; i++) {
		struct gw_exception *item = &list->items[i];
		uint32_t due = UINT32_MAX;

		for (size_t k = 0; !item->carry && k < settings->n_warn_before; k++) {
			uint32_t before_s = settings->warn_before_s[k];

			if (item->expires - now <= before_s && before_s < due &&
			    item->expires - item->started > before_s)
				due = before_s;
		}
		if (due >= item->warned_s || item->expires <= now)
			continue;
		item->warned_s = due;
		list->changed = true;
		fn(item, GW_EXCEPTION_ENDING, context);
	}
}

bool gw_exceptions_end(struct gw_exceptions *list, const struct gw_set *live, int64_t now,
		       gw_exception_fn *fn, void *context)
{
	bool ended = false;

	for (size_t i = 0; i < list->n; i++) {
		struct gw_exception *item = &list->items[i];

		if (item->carry || item->expires > now)
			continue;
		item->carry = ended = list->changed = true;
		fn(item, GW_EXCEPTION_ENDED, context);
		if (find_elem(live, item->number))
			item->packets = item->bytes = 0;
	}
	return ended;
}

void gw_exceptions_forget(struct gw_exceptions *list)
{
	for (size_t i = list->n; i-- > 0;)
		if (list->items[i].carry)
			remove_at(list, i);
}

int64_t gw_exceptions_next(const struct gw_exceptions *list)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < list->n; i++)
		if (!list->items[i].carry && list->items[i].expires < next)
			next = list->items[i].expires;
	return next;
}

/* ---- the file -------------------------------------------------------------------------------- */

void gw_exceptions_print(const struct gw_exceptions *list, struct gw_text *out)
{
	json_t *items = json_array(), *root;

	for (size_t i = 0; i < list->n; i++) {
		const struct gw_exception *item = &list->items[i];

		gw_json_add(items, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:I, "
					     "s:I}",
					     "id", item->id, "number", (json_int_t)item->number,
					     "expires", (json_int_t)item->expires, "started",
					     (json_int_t)item->started, "first_use",
					     (json_int_t)item->first_use, "warned",
					     (json_int_t)item->warned_s, "packets",
					     (json_int_t)item->packets, "bytes",
					     (json_int_t)item->bytes, "carry", item->carry,
					     "final_packets", (json_int_t)item->final_packets,
					     "final_bytes", (json_int_t)item->final_bytes));
	}
	root = json_pack("{s:s, s:I, s:o}", "schema", SCHEMA, "revision",
			 (json_int_t)list->revision, "exceptions", items);
	gw_json_print(root, out);
	json_decref(root);
}

static bool parse_item(json_t *value, struct gw_exceptions *list)
{
	json_int_t number, expires, started, first_use, warned, packets, bytes, final_packets,
		final_bytes;
	struct gw_exception *item;
	const char *id;
	int carry;

	if (json_unpack(value, "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:I}", "id", &id,
			"number", &number, "expires", &expires, "started", &started, "first_use",
			&first_use, "warned", &warned, "packets", &packets, "bytes", &bytes,
			"carry", &carry, "final_packets", &final_packets, "final_bytes",
			&final_bytes) < 0 ||
	    number < 0 || number > UINT32_MAX || warned < 0 || warned > UINT32_MAX || packets < 0 ||
	    bytes < 0 || final_packets < 0 || final_bytes < 0)
		return false;
	item = add(list, id);
	item->number = (uint32_t)number;
	item->expires = expires;
	item->started = started;
	item->first_use = first_use;
	item->warned_s = (uint32_t)warned;
	item->packets = (uint64_t)packets;
	item->bytes = (uint64_t)bytes;
	item->carry = carry != 0;
	item->final_packets = (uint64_t)final_packets;
	item->final_bytes = (uint64_t)final_bytes;
	return true;
}

int gw_exceptions_parse(struct gw_exceptions *list, const char *json, size_t len)
{
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *items = json_object_get(root, "exceptions");
	const char *schema = json_string_value(json_object_get(root, "schema"));
	json_int_t revision = json_integer_value(json_object_get(root, "revision"));
	bool good = schema && strcmp(schema, SCHEMA) == 0 && json_is_array(items) &&
		    json_array_size(items) <= EXCEPTIONS_MAX && revision >= 0 &&
		    revision <= UINT32_MAX;

	for (size_t i = 0; good && i < json_array_size(items); i++)
		good = parse_item(json_array_get(items, i), list);
	list->revision = (uint32_t)revision;
	json_decref(root);
	if (!good)
		gw_exceptions_done(list);
	list->changed = false;
	return good ? 0 : -EBADMSG;
}
