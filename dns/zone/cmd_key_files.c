/* `gwctl zone backup`, `restore`, `export-ds`: what leaves the machine, and what comes back. */
#include <errno.h>
#include <string.h>

#include "dns/zone/commands.h"
#include "dns/zone/key_backup.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"

/* ---- backups ---------------------------------------------------------------------------------- */

static void report(struct gw_ctl *ctl, const char *what, const struct gw_zone_backup_counts *counts)
{
	if (ctl->root) {
		gw_json_set(ctl->root, "file", gw_json_text(ctl->args[0]));
		gw_json_set(ctl->root, "zones", gw_json_number(counts->zones));
		gw_json_set(ctl->root, "keys", gw_json_number(counts->keys));
		return;
	}
	gw_text_printf(&ctl->out, "%s: %s %u key%s of %u zone%s\n", ctl->args[0], what,
		       counts->keys, counts->keys == 1 ? "" : "s", counts->zones,
		       counts->zones == 1 ? "" : "s");
}

/* The secret of the backup: --secret. */
static enum gw_exit read_secret(struct gw_ctl *ctl, struct gw_text *secret,
				struct gw_zone_backup *ret)
{
	const char *source = gw_ctl_option(ctl, "secret");

	if (!source)
		return gw_ctl_usage(
			ctl, "`--secret` names what seals the backup: a file with a passphrase "
			     "of its own, or credential:NAME");
	if (gw_zone_secret_read(source, &ctl->diags, secret) < 0)
		return GW_EXIT_FAILED;
	*ret = (struct gw_zone_backup){ .path = ctl->args[0],
					.secret = secret->bytes,
					.secret_len = secret->len,
					.actor = gw_ctl_who(ctl->arena),
					.now = ctl->now };
	return GW_EXIT_OK;
}

static void wipe(struct gw_text *secret)
{
	if (secret->bytes)
		explicit_bzero(secret->bytes, secret->len);
	gw_text_done(secret);
}

static enum gw_exit open_vault(struct gw_ctl *ctl, struct gw_zone_desk *desk)
{
	const struct gw_zones_config *zones = gw_zone_ctl_config(ctl);
	enum gw_exit status;

	if (!zones)
		return GW_EXIT_INVALID;
	status = gw_zone_desk_open(ctl, true, desk);
	return status == GW_EXIT_OK ? gw_zone_desk_vault(desk, zones) : status;
}

enum gw_exit gw_cmd_zone_backup(struct gw_ctl *ctl)
{
	struct gw_zone_backup_counts counts;
	struct gw_zone_desk desk = { 0 };
	struct gw_zone_backup backup;
	struct gw_text secret = { 0 };
	enum gw_exit status = read_secret(ctl, &secret, &backup);

	if (status == GW_EXIT_OK)
		status = open_vault(ctl, &desk);
	if (status == GW_EXIT_OK &&
	    gw_zone_backup_write(desk.state, &desk.vault, &backup, &ctl->diags, &counts) < 0)
		status = GW_EXIT_FAILED;
	if (status == GW_EXIT_OK)
		report(ctl, "backed up, and proved by a restore,", &counts);
	wipe(&secret);
	gw_zone_desk_done(&desk);
	return status;
}

enum gw_exit gw_cmd_zone_restore(struct gw_ctl *ctl)
{
	bool check = gw_ctl_option(ctl, "check") != NULL;
	struct gw_zone_backup_counts counts;
	struct gw_zone_desk desk = { 0 };
	struct gw_zone_backup backup;
	struct gw_text secret = { 0 };
	enum gw_exit status = read_secret(ctl, &secret, &backup);
	int err = 0;

	if (status == GW_EXIT_OK && !check)
		status = open_vault(ctl, &desk);
	if (status == GW_EXIT_OK)
		err = check ? gw_zone_backup_check(&backup, &ctl->diags, &counts)
			    : gw_zone_backup_restore(desk.state, &desk.vault, &backup, &ctl->diags,
						     &counts);
	if (err)
		status = err == -EEXIST ? GW_EXIT_REFUSED : GW_EXIT_FAILED;
	if (status == GW_EXIT_OK)
		report(ctl, check ? "it would bring back" : "brought back", &counts);
	wipe(&secret);
	gw_zone_desk_done(&desk);
	return status;
}

/* ---- the means of verification ---------------------------------------------------------------- */

/* In the DS set that the parent is to have: keys in use that sign keys, and are not on their way out. */
static bool exported(const struct gw_zone_history *history, const struct gw_zone_key_story *key)
{
	enum gw_zone_key_state state = gw_zone_history_state(history, key->dnskey.tag);

	return gw_zone_role_signs_keys(key->role) && key->introduced && !key->withdrawn &&
	       !key->compromised && state != GW_ZONE_KEY_REMOVED;
}

static void export_key(struct gw_ctl *ctl, const struct gw_zone_config *zone,
		       const struct gw_zone_key_story *key, json_t *list)
{
	gw_auto_text struct gw_text ds_text = { 0 }, key_text = { 0 };
	uint8_t ds[GW_ZONE_DS_MAX];
	size_t len = gw_zone_ds(zone->name, &key->dnskey, GW_ZONE_DIGEST_SHA256, ds);

	gw_zone_ds_text(ds, len, &ds_text);
	gw_zone_dnskey_text(&key->dnskey, &key_text);
	if (list) {
		json_t *item = json_object();

		gw_json_set(item, "zone", gw_json_text(zone->name->text));
		gw_json_set(item, "key", gw_json_number(key->dnskey.tag));
		gw_json_set(item, "ds", gw_json_text(ds_text.bytes));
		gw_json_set(item, "dnskey", gw_json_text(key_text.bytes));
		gw_json_add(list, item);
		return;
	}
	gw_text_printf(&ctl->out, "%s IN DS %s\n", zone->name->text, ds_text.bytes);
	if (gw_ctl_option(ctl, "dnskey"))
		gw_text_printf(&ctl->out, "%s IN DNSKEY %s\n", zone->name->text, key_text.bytes);
}

enum gw_exit gw_cmd_zone_export_ds(struct gw_ctl *ctl)
{
	const struct gw_zone_config *const *zones;
	json_t *list = ctl->root ? json_array() : NULL;
	struct gw_zone_desk desk = { 0 };
	enum gw_exit status;
	size_t n = 0;

	if (list)
		gw_json_set(ctl->root, "keys", list);
	status = gw_zone_ctl_zones(ctl, &zones, &n);
	if (status == GW_EXIT_OK)
		status = gw_zone_desk_open(ctl, false, &desk);
	for (size_t i = 0; i < n && status == GW_EXIT_OK; i++) {
		const struct gw_zone_history *history;

		status = gw_zone_desk_look(&desk, zones[i]->name);
		history = desk.ledger ? gw_zone_ledger_history(desk.ledger) : NULL;
		for (size_t k = 0; history && status == GW_EXIT_OK && k < history->n_keys; k++)
			if (exported(history, &history->keys[k]))
				export_key(ctl, zones[i], &history->keys[k], list);
	}
	gw_zone_desk_done(&desk);
	return status;
}
