#include "dns/zone/key_ops.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gw/core/mem.h"

static const struct gw_loc nowhere;

static struct gw_zone_entry entry_of(const struct gw_zone_key_ops *ops, enum gw_zone_event event,
				     uint16_t tag)
{
	struct gw_zone_entry entry = { .event = event, .time = ops->now, .tag = tag };

	(void)snprintf(entry.actor, sizeof(entry.actor), "%s", ops->actor);
	(void)snprintf(entry.reason, sizeof(entry.reason), "%s", ops->reason ? ops->reason : "");
	return entry;
}

static int refuse(const struct gw_zone_key_ops *ops, struct gw_diags *diags, uint16_t tag,
		  const char *why)
{
	gw_diag(diags, GW_D_ZONE_LEDGER_ORDER, nowhere, "key %u of %s: %s", tag,
		gw_zone_ledger_zone(ops->ledger)->text, why);
	return -EINVAL;
}

/* A set of keys holds no more than that, and a roll needs room for one. */
static bool has_room(const struct gw_zone_history *history)
{
	size_t in_use = 0;

	for (size_t i = 0; i < history->n_keys; i++)
		in_use += history->keys[i].introduced && !history->keys[i].removed;
	return in_use < GW_ZONE_LIVE_MAX;
}

/* ---- making ------------------------------------------------------------------------------------------- */

static int generate(const struct gw_zone_key_ops *ops, enum gw_zone_role role,
		    enum gw_zone_algorithm algorithm, struct gw_diags *diags,
		    struct gw_zone_key **ret)
{
	const struct gw_zone_history *history = gw_zone_ledger_history(ops->ledger);
	const struct gw_zone_dnskey **taken = gw_zalloc(history->n_keys + 1, sizeof(*taken));
	struct gw_zone_key_wish wish = {
		.zone = gw_zone_ledger_zone(ops->ledger),
		.role = role,
		.algorithm = algorithm,
		.profile = ops->profile,
		.rsa_bits = ops->rsa_bits,
		.now = ops->now,
		.taken = taken,
		.n_taken = history->n_keys,
	};
	int error;

	for (size_t i = 0; i < history->n_keys; i++)
		taken[i] = &history->keys[i].dnskey;
	error = gw_zone_key_generate(&wish, diags, ret);
	gw_free(taken);
	if (error && error != -EPERM)
		gw_diag(diags, GW_D_ZONE_KEY_FILE, nowhere, "no key could be made for %s: %s",
			wish.zone->text, strerror(-error));
	return error;
}

/* File first: a ledger never knows a key that is not there. */
static int make_key(const struct gw_zone_key_ops *ops, enum gw_zone_role role,
		    enum gw_zone_algorithm algorithm, uint16_t instead_of, struct gw_diags *diags,
		    uint16_t *ret_tag)
{
	struct gw_zone_entry generated = entry_of(ops, GW_ZONE_GENERATED, 0);
	struct gw_zone_entry introduced = entry_of(ops, GW_ZONE_INTRODUCED, 0);
	struct gw_zone_key *key = NULL;
	int error = generate(ops, role, algorithm, diags, &key);

	if (error)
		return error;
	error = gw_zone_key_write(gw_zone_ledger_folder(ops->ledger), ops->vault, key);
	if (error)
		gw_diag(diags, GW_D_ZONE_KEY_FILE, nowhere, "a key of %s cannot be written: %s",
			key->zone.text, strerror(-error));
	generated.tag = introduced.tag = *ret_tag = key->public_.tag;
	generated.role = role;
	generated.dnskey = key->public_;
	introduced.other = instead_of;
	gw_zone_key_free(key);
	if (!error)
		error = gw_zone_ledger_append(ops->ledger, &generated, diags);
	return error ? error : gw_zone_ledger_append(ops->ledger, &introduced, diags);
}

int gw_zone_keys_begin(const struct gw_zone_key_ops *ops, bool csk, struct gw_diags *diags)
{
	const struct gw_zone_history *history = gw_zone_ledger_history(ops->ledger);
	uint16_t tag;
	int error;

	for (size_t i = 0; i < history->n_keys; i++) {
		const struct gw_zone_key_story *key = &history->keys[i];

		if (key->introduced && !key->removed) {
			(void)refuse(ops, diags, key->dnskey.tag, "the zone has keys already");
			return -EEXIST;
		}
	}
	if (csk)
		return make_key(ops, GW_ZONE_CSK, ops->algorithm, 0, diags, &tag);
	error = make_key(ops, GW_ZONE_KSK, ops->algorithm, 0, diags, &tag);
	return error ? error : make_key(ops, GW_ZONE_ZSK, ops->algorithm, 0, diags, &tag);
}

/* ---- replacing ---------------------------------------------------------------------------------------- */

static int make_successor(const struct gw_zone_key_ops *ops, uint16_t tag, struct gw_diags *diags,
			  uint16_t *ret_successor)
{
	const struct gw_zone_history *history = gw_zone_ledger_history(ops->ledger);
	const struct gw_zone_key_story *key = gw_zone_history_key(history, tag);

	if (!has_room(history))
		return refuse(ops, diags, tag, "too many keys are in use; let rollovers end first");
	return make_key(ops, key->role, (enum gw_zone_algorithm)key->dnskey.algorithm, tag, diags,
			ret_successor);
}

int gw_zone_key_roll(const struct gw_zone_key_ops *ops, uint16_t tag, struct gw_diags *diags,
		     uint16_t *ret_successor)
{
	const struct gw_zone_history *history = gw_zone_ledger_history(ops->ledger);
	const struct gw_zone_key_story *key = gw_zone_history_key(history, tag);

	if (!key)
		return refuse(ops, diags, tag, "the zone has no such key");
	if (key->successor)
		return refuse(ops, diags, tag, "it is being replaced already");
	if (!key->introduced || key->removed)
		return refuse(ops, diags, tag, "it is not in use");
	return make_successor(ops, tag, diags, ret_successor);
}

int gw_zone_key_compromise(const struct gw_zone_key_ops *ops, uint16_t tag, struct gw_diags *diags,
			   uint16_t *ret_successor)
{
	const struct gw_zone_history *history = gw_zone_ledger_history(ops->ledger);
	const struct gw_zone_key_story *key = gw_zone_history_key(history, tag);
	struct gw_zone_entry entry = entry_of(ops, GW_ZONE_COMPROMISED, tag);
	int error;

	if (!key)
		return refuse(ops, diags, tag, "the zone has no such key");
	/* What is known comes first: whatever fails next, no margin is waited for any more. */
	if (!key->compromised) {
		error = gw_zone_ledger_append(ops->ledger, &entry, diags);
		if (error)
			return error;
		key = gw_zone_history_key(history, tag);
	}
	*ret_successor = key->successor;
	if (key->successor || !key->introduced || key->removed)
		return 0;
	return make_successor(ops, tag, diags, ret_successor);
}

/* ---- signing ------------------------------------------------------------------------------------------- */

void gw_zone_keys_free(struct gw_zone_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		gw_zone_key_free(keys->keys[i]);
	keys->n = 0;
}

int gw_zone_keys_open(const struct gw_zone_ledger *ledger, const struct gw_zone_vault *vault,
		      const struct gw_zone_shown *shown, struct gw_diags *diags,
		      struct gw_zone_keys *ret)
{
	int error = 0;

	ret->n = 0;
	for (size_t i = 0; i < shown->keys.n && !error; i++) {
		uint16_t tag = shown->keys.tag[i];

		if (!gw_zone_tags_has(&shown->key_signers, tag) &&
		    !gw_zone_tags_has(&shown->zone_signers, tag))
			continue;
		error = gw_zone_key_read(gw_zone_ledger_folder(ledger), vault,
					 gw_zone_ledger_zone(ledger), tag, diags,
					 &ret->keys[ret->n]);
		ret->n += !error;
	}
	if (error)
		gw_zone_keys_free(ret);
	return error;
}
