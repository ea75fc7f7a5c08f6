/* `gwctl zone …`: the table of its commands, and what they share. */
#include "dns/zone/commands.h"

#include <string.h>

#include "dns/dns.h"
#include "gw/core/mem.h"

static const struct gw_option compare_options[] = {
	{ "timeout", 't', "TIME", "for all answers together; default 20s" },
	{ NULL, 0, NULL, NULL },
};

const struct gw_command gw_zone_commands[] = {
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
	{ .name = NULL },
};

const struct gw_zones_config *gw_zone_ctl_config(struct gw_ctl *ctl)
{
	const struct gw_config *config = gw_ctl_config(ctl);

	return config ? gw_dns_config(config->policy)->zones : NULL;
}

static enum gw_exit unknown_zone(struct gw_ctl *ctl, const struct gw_zones_config *zones,
				 const char *name)
{
	const char **names = gw_arena_array(ctl->arena, zones->n_zones, const char *), *nearest;

	for (size_t i = 0; i < zones->n_zones; i++)
		names[i] = gw_arena_strndup(ctl->arena, zones->zones[i].name->text,
					    strlen(zones->zones[i].name->text) - 1);
	nearest = gw_nearest_name(name, names, zones->n_zones);
	if (nearest)
		return gw_ctl_usage(ctl, "no zone `%s` under `dns: {zones: …}`; did you mean `%s`?",
				    name, nearest);
	return gw_ctl_usage(ctl, "no zone `%s` under `dns: {zones: …}`", name);
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
			ctl->n_args ? gw_zones_config_find(zones, ctl->args[i]) : &zones->zones[i];
		if (!list[i])
			return unknown_zone(ctl, zones, ctl->args[i]);
	}
	*ret = list;
	*ret_n = n;
	return GW_EXIT_OK;
}
