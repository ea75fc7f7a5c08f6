/* `gwctl zone …`: the table of its commands, and what they share. */
#include "dns/zone/commands.h"

#include <string.h>

#include "dns/dns.h"
#include "gw/core/mem.h"

static const struct gw_option compare_options[] = {
	{ "timeout", 't', "TIME", "for all answers together; default 20s" },
	{ NULL, 0, NULL, NULL },
};

static const struct gw_option no_options[] = { { NULL, 0, NULL, NULL } };
static const struct gw_option keys_options[] = {
	{ "make", 0, NULL, "make the first keys of a zone that has none" },
	{ "message", 'm', "NOTE", "why, for the ledger" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option roll_options[] = {
	{ "message", 'm', "NOTE", "why, for the ledger" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option backup_options[] = {
	{ "secret", 's', "SOURCE", "what seals the backup: a passphrase file, or credential:NAME" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option restore_options[] = {
	{ "secret", 's', "SOURCE", "what it was sealed with" },
	{ "check", 'c', NULL, "the drill: prove that everything could be brought back" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option export_options[] = {
	{ "dnskey", 'k', NULL, "the keys themselves as well, for registries that want them" },
	{ NULL, 0, NULL, NULL },
};

static const struct gw_option sign_options[] = {
	{ "output", 'o', "FILE", "where the signed zone goes" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option verify_options[] = {
	{ "file", 'f', "FILE", "this one instead of what is served; for one zone" },
	{ NULL, 0, NULL, NULL },
};
static const struct gw_option publish_options[] = {
	{ "message", 'm', "NOTE", "why, for the ledger and the audit trail" },
	{ NULL, 0, NULL, NULL },
};

const struct gw_command gw_zone_commands[] = {
	{ .name = "zone lint",
	  .args = "[ZONE…]",
	  .summary = "What is wrong with the data of zones, before they are signed?",
	  .details = "Syntax, SOA, delegations and glue, aliases, what leads nowhere, TTLs, mail "
		     "and CAA; and "
		     "our\n"
		     "rules: names under the allowed domains, no inside addresses in outside "
		     "zones. `gwctl "
		     "explain`\n"
		     "says what a rule is about; `lint:` of a zone judges it otherwise, with a "
		     "reason.\n"
		     "Exit status: 2 if there are findings.",
	  .examples = "  gwctl -C . zone lint\n  gwctl zone lint example.go.jp --json\n",
	  .options = no_options,
	  .max_args = 64,
	  .warnings = true,
	  .run = gw_cmd_zone_lint },
	{ .name = "zone plan",
	  .args = "[ZONE…]",
	  .summary = "What would `zone publish` change? Record by record",
	  .details =
		  "The master file against what is served, without what signing makes by itself; "
		  "and which\n"
		  "keys would be shown. Nothing is signed or written.\n"
		  "Exit status: 2 if something would change.",
	  .examples = "  gwctl -C . zone plan\n  gwctl zone plan example.go.jp --json\n",
	  .options = no_options,
	  .max_args = 64,
	  .run = gw_cmd_zone_plan },
	{ .name = "zone sign",
	  .args = "ZONE",
	  .summary = "Sign a zone to a file, for others to look at",
	  .details = "As `zone publish` would, and proved; but nothing is served or on record.\n"
		     "Exit status: 4 if the proof fails.",
	  .examples = "  gwctl zone sign -o /tmp/example.signed example.go.jp\n",
	  .options = sign_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_zone_sign },
	{ .name = "zone verify",
	  .args = "[ZONE…]",
	  .summary = "Prove that what is served is right, every signature and every denial",
	  .details = "Each record set, the chain of NSEC or NSEC3, times, delegations, ZONEMD, and "
		     "the way "
		     "from the\n"
		     "parent's DS.\n"
		     "Exit status: 2 if there are findings.",
	  .examples =
		  "  gwctl zone verify\n  gwctl zone verify -f /tmp/example.signed example.go.jp\n",
	  .options = verify_options,
	  .max_args = 64,
	  .warnings = true,
	  .run = gw_cmd_zone_verify },
	{ .name = "zone publish",
	  .args = "[ZONE…]",
	  .summary = "Sign what changed, prove all of it, and serve it",
	  .details = "Lint, keys by the ledger, signatures, the proof; then the file is replaced "
		     "in one "
		     "step, the\n"
		     "server is told, and its answer is awaited. Whatever fails, what is served "
		     "stays. "
		     "Run it\n"
		     "from a timer too: signatures are renewed and keys moved when it is time.\n"
		     "Exit status: 3 if the zone has errors, 4 if the proof fails.",
	  .examples = "  gwctl zone publish example.go.jp -m CHG-7\n",
	  .options = publish_options,
	  .max_args = 64,
	  .run = gw_cmd_zone_publish },
	{ .name = "zone status",
	  .args = "[ZONE…]",
	  .summary = "Keys of zones, what happens to them next, and what you must do now",
	  .details = "Each step has its earliest time and the reason why it cannot be earlier; `~` "
		     "marks "
		     "times\n"
		     "that rest on the parent acting as it does as a rule.",
	  .examples = "  gwctl zone status\n  gwctl zone status example.go.jp --json\n",
	  .options = no_options,
	  .max_args = 64,
	  .run = gw_cmd_zone_status },
	{ .name = "zone compare",
	  .args = "[ZONE…]",
	  .summary = "Do all servers of a zone show the same, and the right thing?",
	  .details =
		  "Asks every address of every server of the zone and of its parent, all at a "
		  "time:\n"
		  "serial, keys, signatures, the whole content (by transfer, else by ZONEMD), the\n"
		  "delegation with its glue and DS, TCP, TSIG and its clock. Names who differs.\n"
		  "Exit status: 2 if there are findings.",
	  .examples = "  gwctl zone compare\n  gwctl zone compare example.go.jp --json\n",
	  .options = compare_options,
	  .max_args = 64,
	  .run = gw_cmd_zone_compare },
	{ .name = "zone keys",
	  .args = "[ZONE…]",
	  .summary = "List the keys of zones, or make the first ones",
	  .details = "`--make` makes a KSK and a ZSK, or one key for both with `keys: {combined: "
		     "true}`. They "
		     "are\n"
		     "sealed with the secret of the config, and not used before `zone backup` has "
		     "proved "
		     "that\n"
		     "they can be brought back.",
	  .examples = "  gwctl zone keys\n  gwctl zone keys --make example.go.jp -m CHG-7\n",
	  .options = keys_options,
	  .max_args = 64,
	  .run = gw_cmd_zone_keys },
	{ .name = "zone roll",
	  .args = "ZONE KEY",
	  .summary = "Replace a key, in the time that this takes",
	  .details = "Makes a successor and plans its way: no validator ever sees a broken chain.\n"
		     "Exit status: 4 if the key is not in use, or has a successor.",
	  .examples = "  gwctl zone roll example.go.jp 12345 -m \"CHG-7: yearly\"\n",
	  .options = roll_options,
	  .min_args = 2,
	  .max_args = 2,
	  .run = gw_cmd_zone_roll },
	{ .name = "zone compromise",
	  .args = "ZONE KEY",
	  .summary = "Somebody else has the key: replace it as fast as the chain allows",
	  .details = "As `zone roll`, without margins. A chain that is broken on purpose would "
		     "take the zone "
		     "off\n"
		     "the net for as long as the forger could use the key anyway.",
	  .examples = "  gwctl zone compromise example.go.jp 12345 -m INC-7\n",
	  .options = roll_options,
	  .min_args = 2,
	  .max_args = 2,
	  .run = gw_cmd_zone_compromise },
	{ .name = "zone backup",
	  .args = "FILE",
	  .summary = "Write keys and ledgers of all zones to one sealed file, and prove it",
	  .details = "The file is read back as a restore would read it, and every key in it has to "
		     "sign. Only "
		     "then\n"
		     "are its keys used.",
	  .examples = "  gwctl zone backup --secret /media/usb/passphrase /media/usb/zones.keys\n",
	  .options = backup_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_zone_backup },
	{ .name = "zone restore",
	  .args = "FILE",
	  .summary = "Bring keys and ledgers back from a backup, or only try it",
	  .details = "Exit status: 4 if a ledger that is there contradicts the backup's: nothing "
		     "is written.",
	  .examples = "  gwctl zone restore --check --secret passphrase zones.keys\n",
	  .options = restore_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_zone_restore },
	{ .name = "zone export-ds",
	  .args = "[ZONE…]",
	  .summary = "What the parent, and whoever verifies, needs to know: DS and public keys",
	  .examples =
		  "  gwctl zone export-ds example.go.jp\n  gwctl zone export-ds -k example.go.jp\n",
	  .options = export_options,
	  .max_args = 64,
	  .run = gw_cmd_zone_export_ds },
	{ .name = NULL },
};

enum gw_crypto_profile gw_zone_ctl_profile(const struct gw_ctl *ctl)
{
	return ctl->configs[0]->policy->crypto;
}

const struct gw_zones_config *gw_zone_ctl_config(struct gw_ctl *ctl)
{
	const struct gw_config *config = gw_ctl_config(ctl);

	return config ? gw_dns_config(config->policy)->zones : NULL;
}

static void unknown_zone(struct gw_ctl *ctl, const struct gw_zones_config *zones, const char *name)
{
	const char **names = gw_arena_array(ctl->arena, zones->n_zones, const char *), *nearest;

	for (size_t i = 0; i < zones->n_zones; i++)
		names[i] = gw_arena_strndup(ctl->arena, zones->zones[i].name->text,
					    strlen(zones->zones[i].name->text) - 1);
	nearest = gw_nearest_name(name, names, zones->n_zones);
	if (nearest)
		(void)gw_ctl_usage(ctl, "no zone `%s` under `dns: {zones: …}`; did you mean `%s`?",
				   name, nearest);
	else
		(void)gw_ctl_usage(ctl, "no zone `%s` under `dns: {zones: …}`", name);
}

const struct gw_zone_config *gw_zone_ctl_find(struct gw_ctl *ctl,
					      const struct gw_zones_config *zones, const char *name)
{
	const struct gw_zone_config *zone = gw_zones_config_find(zones, name);

	if (!zone)
		unknown_zone(ctl, zones, name);
	return zone;
}

enum gw_exit gw_zone_ctl_zones(struct gw_ctl *ctl, const struct gw_zone_config *const **ret,
			       size_t *ret_n)
{
	const struct gw_zones_config *zones = gw_zone_ctl_config(ctl);
	const struct gw_zone_config **list;
	size_t n;

	if (!zones)
		return GW_EXIT_INVALID;
	n = ctl->n_args ? (size_t)ctl->n_args : zones->n_zones;
	if (!n)
		return gw_ctl_usage(ctl, "the config has no zones: `dns: {zones: …}`");
	list = gw_arena_array(ctl->arena, n, const struct gw_zone_config *);
	for (size_t i = 0; i < n; i++) {
		list[i] =
			ctl->n_args ? gw_zone_ctl_find(ctl, zones, ctl->args[i]) : &zones->zones[i];
		if (!list[i])
			return GW_EXIT_USAGE;
	}
	*ret = list;
	*ret_n = n;
	return GW_EXIT_OK;
}
