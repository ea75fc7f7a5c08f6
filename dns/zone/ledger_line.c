/*
 * A ledger's lines. There is one way to write an entry: a line that reads well but is not what we would
 * have written is refused, so that nothing hides in what readers ignore.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/zone/ledger.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

/* ---- the chain ------------------------------------------------------------------------------------- */

/* The link of what comes next: over the link before it and the line without its own. */
static void move(struct gw_zone_chain *chain, const void *bytes, size_t len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	/* OpenSSL fails here for want of memory only. */
	if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(context, chain->link, sizeof(chain->link)) != 1 ||
	    EVP_DigestUpdate(context, bytes, len) != 1 ||
	    EVP_DigestFinal_ex(context, chain->link, NULL) != 1)
		gw_out_of_memory();
	EVP_MD_CTX_free(context);
}

void gw_zone_chain_begin(const struct gw_zone_name *zone, struct gw_zone_chain *ret)
{
	gw_auto_text struct gw_text first = { 0 };

	gw_text_printf(&first, "gw.zone-ledger/1 %s", zone->text);
	memset(ret, 0, sizeof(*ret));
	move(ret, first.bytes, first.len);
}

/* ---- writing --------------------------------------------------------------------------------------- */

static json_t *base64_json(const void *bytes, size_t len)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_base64_encode(&text, bytes, len);
	return json_stringn(text.bytes ? text.bytes : "", text.len);
}

static json_t *tags_json(const struct gw_zone_tags *set)
{
	json_t *array = json_array();

	for (size_t i = 0; i < set->n; i++)
		json_array_append_new(array, json_integer(set->tag[i]));
	return array;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	json_t *value = text[0] ? json_string(text) : NULL;

	if (text[0]) /* what is not UTF-8 is left out: it says nothing that the entry depends on */
		json_object_set_new(object, key, value ? value : json_string("?"));
}

static void set_shown(json_t *object, const struct gw_zone_shown *shown)
{
	json_object_set_new(object, "keys", tags_json(&shown->keys));
	json_object_set_new(object, "key_signers", tags_json(&shown->key_signers));
	json_object_set_new(object, "zone_signers", tags_json(&shown->zone_signers));
	json_object_set_new(object, "cds", tags_json(&shown->cds));
	json_object_set_new(object, "cds_delete", json_boolean(shown->cds_delete));
	json_object_set_new(object, "dnskey_ttl", json_integer(shown->dnskey_ttl));
	json_object_set_new(object, "max_ttl", json_integer(shown->max_ttl));
}

static void set_parent(json_t *object, const struct gw_zone_parent *parent)
{
	json_object_set_new(object, "ds", tags_json(&parent->ds));
	json_object_set_new(object, "strangers", json_integer(parent->strangers));
	json_object_set_new(object, "ttl", json_integer(parent->ttl));
}

static void set_event(json_t *object, const struct gw_zone_entry *entry)
{
	switch (entry->event) {
	case GW_ZONE_GENERATED:
		json_object_set_new(object, "tag", json_integer(entry->tag));
		json_object_set_new(object, "role", json_string(gw_zone_role_names[entry->role]));
		json_object_set_new(object, "dnskey",
				    base64_json(entry->dnskey.rdata, entry->dnskey.len));
		return;
	case GW_ZONE_BACKED_UP:
		json_object_set_new(object, "tags", tags_json(&entry->tags));
		set_text(object, "backup", entry->backup);
		return;
	case GW_ZONE_INTRODUCED:
		json_object_set_new(object, "tag", json_integer(entry->tag));
		json_object_set_new(object, "instead_of", json_integer(entry->other));
		return;
	case GW_ZONE_WITHDRAWN:
	case GW_ZONE_COMPROMISED:
		json_object_set_new(object, "tag", json_integer(entry->tag));
		return;
	case GW_ZONE_PUBLISH:
		set_shown(object, &entry->shown);
		return;
	case GW_ZONE_ASKED:
	case GW_ZONE_SEEN:
		set_parent(object, &entry->parent);
		return;
	case GW_ZONE_PUBLISHED:
	case GW_ZONE_EVENT_COUNT:
		return;
	}
}

static char *dump(const json_t *object)
{
	char *line = json_dumps(object, JSON_COMPACT);

	if (!line)
		gw_out_of_memory();
	return line;
}

void gw_zone_ledger_print(struct gw_zone_chain *chain, const struct gw_zone_entry *entry,
			  struct gw_text *out)
{
	json_t *object = json_object();
	char *line;

	json_object_set_new(object, "seq", json_integer((json_int_t)chain->n));
	json_object_set_new(object, "t", json_integer(entry->time));
	json_object_set_new(object, "event", json_string(gw_zone_event_names[entry->event]));
	set_text(object, "actor", entry->actor);
	set_text(object, "reason", entry->reason);
	set_event(object, entry);
	line = dump(object);
	move(chain, line, strlen(line));
	free(line);
	json_object_set_new(object, "link", base64_json(chain->link, sizeof(chain->link)));
	line = dump(object);
	json_decref(object);
	chain->n++;
	gw_text_puts(out, line);
	gw_text_putc(out, '\n');
	free(line);
}

/* ---- reading --------------------------------------------------------------------------------------- */

static bool get_uint(const json_t *object, const char *key, json_int_t max, json_int_t *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > max)
		return false;
	*ret = json_integer_value(value);
	return true;
}

static bool get_u32(const json_t *object, const char *key, uint32_t *ret)
{
	json_int_t value;

	if (!get_uint(object, key, UINT32_MAX, &value))
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool get_tag(const json_t *object, const char *key, uint16_t *ret)
{
	json_int_t value;

	if (!get_uint(object, key, UINT16_MAX, &value))
		return false;
	*ret = (uint16_t)value;
	return true;
}

static bool get_tags(const json_t *object, const char *key, struct gw_zone_tags *ret)
{
	const json_t *array = json_object_get(object, key);

	if (!json_is_array(array) || json_array_size(array) > GW_ZONE_LIVE_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *value = json_array_get(array, i);

		if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		    json_integer_value(value) > UINT16_MAX ||
		    !gw_zone_tags_add(ret, (uint16_t)json_integer_value(value)))
			return false;
	}
	return true;
}

/* One of `n` words; its index. */
static bool get_word(const json_t *object, const char *key, const char *const *words, size_t n,
		     size_t *ret)
{
	const char *word = json_string_value(json_object_get(object, key));

	for (size_t i = 0; word && i < n; i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		*ret = i;
		return true;
	}
	return false;
}

/* A text that may be missing. */
static bool get_text(const json_t *object, const char *key, char *ret, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (text && strlen(text) >= size)
		return false;
	(void)snprintf(ret, size, "%s", text ? text : "");
	return true;
}

static bool get_generated(const json_t *object, struct gw_zone_entry *ret)
{
	const char *text = json_string_value(json_object_get(object, "dnskey"));
	uint8_t rdata[GW_ZONE_DNSKEY_MAX];
	size_t role;
	ssize_t n = text ? gw_base64_decode(text, strlen(text), rdata, sizeof(rdata)) : -1;

	if (n < 0 || gw_zone_dnskey_parse(rdata, (size_t)n, &ret->dnskey) < 0 ||
	    !get_word(object, "role", gw_zone_role_names, GW_COUNT(gw_zone_role_names), &role))
		return false;
	ret->role = (enum gw_zone_role)role;
	return get_tag(object, "tag", &ret->tag);
}

static bool get_shown(const json_t *object, struct gw_zone_shown *ret)
{
	ret->cds_delete = json_is_true(json_object_get(object, "cds_delete"));
	return get_tags(object, "keys", &ret->keys) &&
	       get_tags(object, "key_signers", &ret->key_signers) &&
	       get_tags(object, "zone_signers", &ret->zone_signers) &&
	       get_tags(object, "cds", &ret->cds) &&
	       get_u32(object, "dnskey_ttl", &ret->dnskey_ttl) &&
	       get_u32(object, "max_ttl", &ret->max_ttl);
}

static bool get_event(const json_t *object, struct gw_zone_entry *ret)
{
	switch (ret->event) {
	case GW_ZONE_GENERATED:
		return get_generated(object, ret);
	case GW_ZONE_BACKED_UP:
		return get_tags(object, "tags", &ret->tags) &&
		       get_text(object, "backup", ret->backup, sizeof(ret->backup));
	case GW_ZONE_INTRODUCED:
		return get_tag(object, "tag", &ret->tag) &&
		       get_tag(object, "instead_of", &ret->other);
	case GW_ZONE_WITHDRAWN:
	case GW_ZONE_COMPROMISED:
		return get_tag(object, "tag", &ret->tag);
	case GW_ZONE_PUBLISH:
		return get_shown(object, &ret->shown);
	case GW_ZONE_ASKED:
	case GW_ZONE_SEEN:
		return get_tags(object, "ds", &ret->parent.ds) &&
		       get_u32(object, "strangers", &ret->parent.strangers) &&
		       get_u32(object, "ttl", &ret->parent.ttl);
	case GW_ZONE_PUBLISHED:
		return true;
	case GW_ZONE_EVENT_COUNT:
		break;
	}
	return false;
}

static bool get_entry(const json_t *object, struct gw_zone_entry *ret)
{
	json_int_t time;
	size_t event;

	if (!get_uint(object, "t", INT64_MAX, &time) ||
	    !get_word(object, "event", gw_zone_event_names, GW_ZONE_EVENT_COUNT, &event))
		return false;
	ret->time = time;
	ret->event = (enum gw_zone_event)event;
	return get_text(object, "actor", ret->actor, sizeof(ret->actor)) &&
	       get_text(object, "reason", ret->reason, sizeof(ret->reason)) &&
	       get_event(object, ret);
}

/* What differs between a line and the one that we would have written in its place. */
static const char *compare(const json_t *object, const char *line, size_t len,
			   struct gw_zone_chain *chain, const struct gw_zone_entry *entry)
{
	gw_auto_text struct gw_text ours = { 0 };
	struct gw_zone_chain next = *chain;
	json_int_t seq;

	if (!get_uint(object, "seq", INT64_MAX, &seq) || (uint64_t)seq != chain->n)
		return "lines are missing, doubled or in another order";
	gw_zone_ledger_print(&next, entry, &ours);
	if (ours.len != len + 1 || memcmp(ours.bytes, line, len) != 0)
		return "it was changed, or does not follow the line before it";
	*chain = next;
	return NULL;
}

const char *gw_zone_ledger_parse(struct gw_zone_chain *chain, const char *line, size_t len,
				 struct gw_zone_entry *ret)
{
	json_t *object = len <= GW_ZONE_LEDGER_LINE_MAX
				 ? json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL)
				 : NULL;
	const char *wrong = "not an entry of a ledger";

	memset(ret, 0, sizeof(*ret));
	if (json_is_object(object) && get_entry(object, ret))
		wrong = compare(object, line, len, chain, ret);
	json_decref(object);
	return wrong;
}

int64_t gw_zone_ledger_read(const struct gw_zone_name *zone, const char *path, const char *bytes,
			    size_t len, struct gw_diags *diags, struct gw_zone_chain *chain,
			    struct gw_zone_history *history)
{
	const struct gw_loc nowhere = { 0 };
	const char *at = bytes, *end = bytes + len, *stop;

	gw_zone_chain_begin(zone, chain);
	while (at < end && (stop = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		uint64_t number = chain->n + 1;
		struct gw_zone_entry entry;
		const char *wrong = gw_zone_ledger_parse(chain, at, (size_t)(stop - at), &entry);

		if (!wrong)
			wrong = gw_zone_history_add(history, &entry);
		if (wrong) {
			gw_diag(diags, GW_D_ZONE_LEDGER_DAMAGED, nowhere,
				"%s: line %" PRIu64 ": %s", path, number, wrong);
			gw_diag_hint(diags, "no key of %s moves until it is put right", zone->text);
			return -EBADMSG;
		}
		at = stop + 1;
	}
	return at - bytes;
}
