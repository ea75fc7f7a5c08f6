#include "dns/zone/history.h"

#include <string.h>

#include "gw/core/mem.h"

#define KEYS_MAX     4096u
#define VERSIONS_MAX 65536u

const char *const gw_zone_event_names[GW_ZONE_EVENT_COUNT] = {
	"generated", "backed-up", "introduced", "withdrawn", "compromised",
	"publish",   "published", "asked",      "seen",
};

const char *const gw_zone_key_state_names[GW_ZONE_KEY_STATE_COUNT] = {
	"generated", "backed up", "published", "active", "retired", "removed",
};

bool gw_zone_shown_equal(const struct gw_zone_shown *a, const struct gw_zone_shown *b)
{
	return gw_zone_tags_equal(&a->keys, &b->keys) &&
	       gw_zone_tags_equal(&a->key_signers, &b->key_signers) &&
	       gw_zone_tags_equal(&a->zone_signers, &b->zone_signers) &&
	       gw_zone_tags_equal(&a->cds, &b->cds) && a->cds_delete == b->cds_delete &&
	       a->dnskey_ttl == b->dnskey_ttl && a->max_ttl == b->max_ttl;
}

/* ---- what is there ------------------------------------------------------------------------------- */

static struct gw_zone_key_story *find(const struct gw_zone_history *history, uint16_t tag)
{
	for (size_t i = 0; i < history->n_keys; i++)
		if (history->keys[i].dnskey.tag == tag)
			return &history->keys[i];
	return NULL;
}

const struct gw_zone_key_story *gw_zone_history_key(const struct gw_zone_history *history,
						    uint16_t tag)
{
	return find(history, tag);
}

const struct gw_zone_version *gw_zone_history_shown(const struct gw_zone_history *history)
{
	return &history->versions[history->n_versions - 1];
}

const struct gw_zone_ds_version *gw_zone_history_seen(const struct gw_zone_history *history)
{
	for (size_t i = history->n_parents; i-- > 1;)
		if (history->parents[i].seen && !history->parents[i].ended)
			return &history->parents[i];
	return &history->parents[0];
}

const struct gw_zone_ds_version *gw_zone_history_asked(const struct gw_zone_history *history)
{
	for (size_t i = history->n_parents; i-- > 1;)
		if (!history->parents[i].seen && !history->parents[i].ended)
			return &history->parents[i];
	return NULL;
}

/* True if a server may give the key, or a DS of it, out now. */
static bool is_visible(const struct gw_zone_history *history, uint16_t tag)
{
	for (size_t i = history->n_versions; i-- > 0 && !history->versions[i].ended;)
		if (gw_zone_tags_has(&history->versions[i].shown.keys, tag))
			return true;
	for (size_t i = history->n_parents; i-- > 0;)
		if (!history->parents[i].ended &&
		    gw_zone_tags_has(&history->parents[i].parent.ds, tag))
			return true;
	return false;
}

/* True if validators rely on it. */
static bool is_active(const struct gw_zone_history *history, const struct gw_zone_key_story *key)
{
	const struct gw_zone_shown *shown = &gw_zone_history_shown(history)->shown;
	uint16_t tag = key->dnskey.tag;

	if (gw_zone_role_signs_zone(key->role))
		return gw_zone_tags_has(&shown->zone_signers, tag);
	return gw_zone_tags_has(&shown->key_signers, tag) &&
	       gw_zone_tags_has(&gw_zone_history_seen(history)->parent.ds, tag);
}

enum gw_zone_key_state gw_zone_history_state(const struct gw_zone_history *history, uint16_t tag)
{
	const struct gw_zone_key_story *key = find(history, tag);

	if (!key || !key->backed_up)
		return GW_ZONE_KEY_GENERATED;
	if (!is_visible(history, tag))
		return key->published ? GW_ZONE_KEY_REMOVED : GW_ZONE_KEY_BACKED_UP;
	if (is_active(history, key))
		return GW_ZONE_KEY_ACTIVE;
	return key->withdrawn ? GW_ZONE_KEY_RETIRED : GW_ZONE_KEY_PUBLISHED;
}

/* ---- keys ------------------------------------------------------------------------------------------ */

static const char *add_generated(struct gw_zone_history *history, const struct gw_zone_entry *entry)
{
	struct gw_zone_key_story story = {
		.dnskey = entry->dnskey,
		.role = entry->role,
		.generated = entry->time,
	};
	bool sep = entry->dnskey.rdata[1] & 1;

	if (entry->tag != entry->dnskey.tag || sep != gw_zone_role_signs_keys(entry->role))
		return "tag, role and flags of the key do not agree";
	if (history->n_keys == KEYS_MAX)
		return "the zone has had too many keys";
	for (size_t i = 0; i < history->n_keys; i++) {
		const struct gw_zone_dnskey *other = &history->keys[i].dnskey;

		if (gw_zone_tag_collides(&entry->dnskey, &other, 1))
			return "a key of the zone has or had this tag";
	}
	gw_push(history->keys, history->n_keys, history->keys_capacity, story);
	return NULL;
}

static const char *add_backed_up(struct gw_zone_history *history, const struct gw_zone_entry *entry)
{
	if (!entry->tags.n || !entry->backup[0])
		return "a backup of nothing";
	for (size_t i = 0; i < entry->tags.n; i++)
		if (!find(history, entry->tags.tag[i]))
			return "the zone has no such key";
	for (size_t i = 0; i < entry->tags.n; i++) {
		struct gw_zone_key_story *key = find(history, entry->tags.tag[i]);

		if (key && !key->backed_up)
			key->backed_up = entry->time;
	}
	return NULL;
}

static bool roles_match(enum gw_zone_role a, enum gw_zone_role b)
{
	return gw_zone_role_signs_keys(a) == gw_zone_role_signs_keys(b) ||
	       gw_zone_role_signs_zone(a) == gw_zone_role_signs_zone(b);
}

static const char *add_introduced(struct gw_zone_history *history,
				  const struct gw_zone_entry *entry)
{
	struct gw_zone_key_story *key = find(history, entry->tag);
	struct gw_zone_key_story *other = entry->other ? find(history, entry->other) : NULL;

	if (!key || (entry->other && !other))
		return "the zone has no such key";
	if (key->introduced)
		return "the key was introduced before";
	if (key->withdrawn)
		return "the key was withdrawn";
	if (other && (other == key || !roles_match(key->role, other->role)))
		return "one key cannot take the other's place";
	if (other && other->successor)
		return "the old key has a successor";
	key->introduced = entry->time;
	if (other) {
		other->successor = entry->tag;
		if (!other->withdrawn)
			other->withdrawn = entry->time;
	}
	return NULL;
}

static const char *add_withdrawn(struct gw_zone_history *history, const struct gw_zone_entry *entry)
{
	struct gw_zone_key_story *key = find(history, entry->tag);

	if (!key)
		return "the zone has no such key";
	if (entry->event == GW_ZONE_COMPROMISED ? key->compromised : key->withdrawn)
		return "this is on record already";
	if (entry->event == GW_ZONE_COMPROMISED)
		key->compromised = entry->time;
	if (!key->withdrawn)
		key->withdrawn = entry->time;
	return NULL;
}

/* ---- the zone -------------------------------------------------------------------------------------- */

/* Why `set` cannot be in a zone or at its parent: every key of it must be able to do what it is for. */
static const char *check_set(const struct gw_zone_history *history, const struct gw_zone_tags *set,
			     bool (*fits)(enum gw_zone_role role))
{
	for (size_t i = 0; i < set->n; i++) {
		const struct gw_zone_key_story *key = find(history, set->tag[i]);

		if (!key)
			return "the zone has no such key";
		if (!key->backed_up)
			return "no restore has proved a backup of the key";
		if (!key->introduced)
			return "the key was not introduced";
		if (!fits(key->role))
			return "the key has another role";
	}
	return NULL;
}

static bool any_role(enum gw_zone_role role)
{
	(void)role;
	return true;
}

static bool signs_keys(enum gw_zone_role role)
{
	return gw_zone_role_signs_keys(role);
}

static bool signs_zone(enum gw_zone_role role)
{
	return gw_zone_role_signs_zone(role);
}

static const char *add_publish(struct gw_zone_history *history, const struct gw_zone_entry *entry)
{
	const struct gw_zone_shown *shown = &entry->shown;
	struct gw_zone_version version = { .shown = *shown, .begun = entry->time };
	const char *wrong = check_set(history, &shown->keys, any_role);

	if (!wrong)
		wrong = check_set(history, &shown->key_signers, signs_keys);
	if (!wrong)
		wrong = check_set(history, &shown->zone_signers, signs_zone);
	if (!wrong)
		wrong = check_set(history, &shown->cds, signs_keys);
	if (!wrong && (!gw_zone_tags_within(&shown->key_signers, &shown->keys) ||
		       !gw_zone_tags_within(&shown->zone_signers, &shown->keys)))
		wrong = "a key that signs is not in the DNSKEY RRset";
	if (!wrong && (shown->keys.n != 0) != (shown->key_signers.n && shown->zone_signers.n))
		wrong = "keys without signatures";
	if (!wrong && history->n_versions == VERSIONS_MAX)
		wrong = "the zone has had too many versions";
	if (wrong)
		return wrong;
	gw_push(history->versions, history->n_versions, history->versions_capacity, version);
	return NULL;
}

/* Times of keys that were seen first, or last, in what is out now. */
static void date_keys(struct gw_zone_history *history, int64_t now)
{
	for (size_t i = 0; i < history->n_keys; i++) {
		struct gw_zone_key_story *key = &history->keys[i];
		bool visible = is_visible(history, key->dnskey.tag);

		if (visible && !key->published)
			key->published = now;
		if (visible && !key->active && is_active(history, key))
			key->active = now;
		key->removed = visible || !key->published ? 0 : key->removed ? key->removed : now;
	}
}

static const char *add_published(struct gw_zone_history *history, const struct gw_zone_entry *entry)
{
	struct gw_zone_version *last = &history->versions[history->n_versions - 1];

	if (last->out)
		return "nothing was about to be published";
	last->out = entry->time;
	for (size_t i = history->n_versions - 1; i-- > 0 && !history->versions[i].ended;)
		history->versions[i].ended = entry->time;
	date_keys(history, entry->time);
	return NULL;
}

/* ---- the parent ------------------------------------------------------------------------------------ */

static bool parent_equal(const struct gw_zone_parent *a, const struct gw_zone_parent *b)
{
	return gw_zone_tags_equal(&a->ds, &b->ds) && a->strangers == b->strangers;
}

static const char *add_asked(struct gw_zone_history *history, const struct gw_zone_entry *entry)
{
	struct gw_zone_ds_version version = { .parent = entry->parent, .begun = entry->time };
	const char *wrong = check_set(history, &entry->parent.ds, signs_keys);

	if (!wrong && entry->parent.strangers)
		wrong = "nobody asks for a DS of an unknown key";
	if (!wrong && history->n_parents == VERSIONS_MAX)
		wrong = "the parent has had too many versions";
	if (wrong)
		return wrong;
	gw_push(history->parents, history->n_parents, history->parents_capacity, version);
	return NULL;
}

/*
 * All servers show `entry->parent`. That ends what they showed before; and what was asked for, if this is
 * it. When they show something that nobody asked for, they may still do what they were asked.
 */
static const char *add_seen(struct gw_zone_history *history, const struct gw_zone_entry *entry)
{
	struct gw_zone_ds_version unexpected = { .parent = entry->parent, .begun = entry->time };
	bool expected = false;
	size_t now = 0;

	for (size_t i = history->n_parents; i-- > 0 && !now;)
		if (!history->parents[i].ended &&
		    parent_equal(&history->parents[i].parent, &entry->parent))
			now = i + 1;
	if (!now && history->n_parents == VERSIONS_MAX)
		return "the parent has had too many versions";
	if (!now) {
		gw_push(history->parents, history->n_parents, history->parents_capacity,
			unexpected);
		now = history->n_parents;
	} else {
		expected = !history->parents[now - 1].seen;
	}
	now--;
	for (size_t i = 0; i < history->n_parents; i++) {
		struct gw_zone_ds_version *other = &history->parents[i];

		if (i != now && !other->ended && (other->seen || expected))
			other->ended = entry->time;
	}
	if (!history->parents[now].seen)
		history->parents[now].seen = entry->time;
	/* The longer of two TTLs that were seen is in somebody's cache. */
	if (entry->parent.ttl > history->parents[now].parent.ttl)
		history->parents[now].parent.ttl = entry->parent.ttl;
	date_keys(history, entry->time);
	return NULL;
}

/* ---- all of it ------------------------------------------------------------------------------------- */

void gw_zone_history_init(struct gw_zone_history *history)
{
	struct gw_zone_version unsigned_ = { .begun = 1, .out = 1 };
	struct gw_zone_ds_version insecure = { .begun = 1, .seen = 1 };

	memset(history, 0, sizeof(*history));
	gw_push(history->versions, history->n_versions, history->versions_capacity, unsigned_);
	gw_push(history->parents, history->n_parents, history->parents_capacity, insecure);
}

void gw_zone_history_done(struct gw_zone_history *history)
{
	gw_free(history->keys);
	gw_free(history->versions);
	gw_free(history->parents);
	memset(history, 0, sizeof(*history));
}

static const char *add(struct gw_zone_history *history, const struct gw_zone_entry *entry)
{
	switch (entry->event) {
	case GW_ZONE_GENERATED:
		return add_generated(history, entry);
	case GW_ZONE_BACKED_UP:
		return add_backed_up(history, entry);
	case GW_ZONE_INTRODUCED:
		return add_introduced(history, entry);
	case GW_ZONE_WITHDRAWN:
	case GW_ZONE_COMPROMISED:
		return add_withdrawn(history, entry);
	case GW_ZONE_PUBLISH:
		return add_publish(history, entry);
	case GW_ZONE_PUBLISHED:
		return add_published(history, entry);
	case GW_ZONE_ASKED:
		return add_asked(history, entry);
	case GW_ZONE_SEEN:
		return add_seen(history, entry);
	case GW_ZONE_EVENT_COUNT:
		break;
	}
	return "no such event";
}

const char *gw_zone_history_add(struct gw_zone_history *history, const struct gw_zone_entry *entry)
{
	const char *wrong;

	/* What caches hold is computed from these times: a clock that goes back would shorten waits. */
	if (entry->time <= 0 || entry->time < history->last)
		return "the clock is behind the ledger's last entry";
	wrong = add(history, entry);
	if (wrong)
		return wrong;
	history->last = entry->time;
	history->n_entries++;
	return NULL;
}
