/* From the nodes of `dns: {zones: …}` to the model. */
#include "dns/zone/config.h"

#include <stdlib.h>
#include <string.h>

#include "dns/zone/config_form.h"
#include "gw/conf/conf.h"
#include "gw/core/duration.h"
#include "gw/core/mem.h"
#include "gw/policy/loader.h"

#define SERVERS_MAX   64u
#define ADDRESSES_MAX 16u
#define SUFFIXES_MAX  64u

/* A name in the arena; NULL after a diagnostic. */
static const struct gw_zone_name *read_name(struct gw_loader *loader, struct gw_loc loc,
					    const char *text)
{
	struct gw_zone_name *name = gw_arena_new_of(loader->arena, struct gw_zone_name);

	if (gw_zone_name_parse(text, name) == 0)
		return name;
	gw_diag(loader->diags, GW_D_ZONE_NAME, loc, "`%s` is not a domain name", text);
	return NULL;
}

/* ---- servers ---------------------------------------------------------------------------------- */

static void read_addresses(struct gw_loader *loader, const struct zone_server_form *form,
			   struct gw_zone_server *server)
{
	size_t n;
	struct gw_node *const *items = gw_schema_items(&form->addresses, &n);
	struct gw_zone_address *addresses;

	if (n > ADDRESSES_MAX) {
		gw_diag(loader->diags, GW_D_ZONE_SERVERS, items[ADDRESSES_MAX]->loc,
			"a server has at most %u addresses", ADDRESSES_MAX);
		n = ADDRESSES_MAX;
	}
	addresses = gw_arena_array(loader->arena, n, struct gw_zone_address);
	for (size_t i = 0; i < n; i++) {
		struct gw_zone_address *address = &addresses[server->n_addresses];
		struct gw_range range;

		if (gw_addr_parse(items[i]->text, &address->family, &range) != GW_ADDR_OK ||
		    range.lo != range.hi) {
			gw_diag(loader->diags, GW_D_ZONE_SERVERS, items[i]->loc,
				"`%s` is not an address", items[i]->text);
			gw_diag_hint(loader->diags,
				     "names are not looked up here: what is compared "
				     "must not depend on what it answers");
			continue;
		}
		address->addr = range.lo;
		address->port = (uint16_t)form->port;
		address->loc = items[i]->loc;
		server->n_addresses++;
	}
	server->addresses = addresses;
}

static const struct gw_zone_server *read_servers(struct gw_loader *loader,
						 const struct gw_node *node, size_t *ret_n)
{
	struct gw_zone_server *servers;
	size_t n = node ? node->n : 0;

	if (n > SERVERS_MAX) {
		gw_diag(loader->diags, GW_D_ZONE_SERVERS, node->loc,
			"there are %zu servers here; a zone has at most %u", n, SERVERS_MAX);
		n = 0;
	}
	servers = gw_arena_array(loader->arena, n, struct gw_zone_server);
	for (size_t i = 0; i < n; i++) {
		struct zone_server_form form;

		servers[i].name = node->entries[i].key;
		servers[i].loc = node->entries[i].key_loc;
		if (!gw_schema_read(loader->diags, &gw_table_zone_server, node->entries[i].value,
				    &form))
			continue;
		servers[i].tsig = form.tsig;
		servers[i].primary = form.primary;
		servers[i].transfers = form.transfers;
		read_addresses(loader, &form, &servers[i]);
	}
	*ret_n = n;
	return servers;
}

/* ---- keys and signatures ---------------------------------------------------------------------- */

static void read_keys(struct gw_loader *loader, const struct zone_form *form,
		      struct gw_zone_config *zone)
{
	struct gw_zone_policy *policy = &zone->policy;
	struct zone_keys_form keys;
	struct zone_parent_form parent;

	(void)gw_schema_read(loader->diags, &gw_table_zone_keys, form->keys, &keys); /* goes on */
	(void)gw_schema_read(loader->diags, &gw_table_zone_parent, form->parent, &parent);
	if (!gw_zone_algorithm_by_name(keys.algorithm, &policy->algorithm)) {
		gw_diag(loader->diags, GW_D_ZONE_KEY_ALGORITHM,
			gw_schema_loc(form->keys, "algorithm"),
			"`%s` is not an algorithm that zones are signed with", keys.algorithm);
		gw_diag_hint(loader->diags, "ECDSAP256SHA256 is the usual one");
	}
	policy->rsa_bits = keys.rsa_bits;
	policy->combined = keys.combined;
	policy->sign = form->sign;
	policy->timing = (struct gw_zone_timing){
		.propagation = keys.propagation,
		.ds_ttl = parent.ds_ttl,
		.parent_propagation = parent.propagation,
		.registration = parent.registration,
		.publish_margin = keys.publish_margin,
		.retire_margin = keys.retire_margin,
		.zsk_life = keys.zsk_life,
		.ksk_life = keys.ksk_life,
		.style = (enum gw_zone_ksk_style)keys.style,
		.unsign = !form->sign,
	};
}

static void read_signatures(struct gw_loader *loader, const struct gw_node *node,
			    struct gw_zone_config *zone)
{
	struct zone_signatures_form form;
	char validity[GW_DURATION_TEXT_MAX];

	zone->signatures_loc = node ? gw_schema_loc(node, "refresh") : zone->loc;
	if (!gw_schema_read(loader->diags, &gw_table_zone_signatures, node, &form))
		return;
	zone->signatures = (struct gw_zone_signatures){ .validity = form.validity,
							.refresh = form.refresh,
							.jitter = form.jitter,
							.backdate = form.backdate };
	if ((uint64_t)form.refresh + form.jitter < form.validity)
		return;
	gw_diag(loader->diags, GW_D_ZONE_SIGNATURE_TIMES, zone->signatures_loc,
		"with `refresh` and `jitter` a signature would be due for renewal as soon as it is "
		"made "
		"(`validity: %s`)",
		gw_duration_text(form.validity, validity));
	gw_diag_hint(loader->diags,
		     "`validity` must be longer than `refresh` and `jitter` together");
}

bool gw_zone_signatures_last(const struct gw_zone_config *zone, uint32_t expire, uint32_t max_ttl,
			     struct gw_diags *diags)
{
	char refresh[GW_DURATION_TEXT_MAX];

	if (!zone->policy.sign || zone->signatures.refresh >= (uint64_t)expire + max_ttl)
		return true;
	gw_diag(diags, GW_D_ZONE_SIGNATURE_TIMES, zone->signatures_loc,
		"%s: signatures are renewed when they have %s left, but a secondary may serve them "
		"for "
		"%u s (SOA expire), and caches keep them for %u s more",
		zone->name->text, gw_duration_text(zone->signatures.refresh, refresh), expire,
		max_ttl);
	gw_diag_hint(diags, "make `refresh` at least %llus, or SOA expire or the TTLs shorter",
		     (unsigned long long)expire + max_ttl);
	return false;
}

/* ---- the rest of a zone ----------------------------------------------------------------------- */

static void read_publish(struct gw_loader *loader, const struct gw_node *node,
			 struct gw_zone_config *zone)
{
	struct zone_publish_form form;

	if (!node || !gw_schema_read(loader->diags, &gw_table_zone_publish, node, &form))
		return;
	zone->publish = (struct gw_zone_publish){ .to = form.to,
						  .server = (enum gw_zone_server_kind)form.server,
						  .control = form.control,
						  .timeout_s = form.timeout,
						  .loc = gw_schema_loc(node, "to") };
	if (form.to[0] == '/' && form.to[strlen(form.to) - 1] != '/')
		return;
	gw_diag(loader->diags, GW_D_ZONE_PUBLISH_TO, zone->publish.loc,
		"`%s` is not the whole path of a file", form.to);
}

static void read_suffixes(struct gw_loader *loader, struct gw_node *node,
			  struct gw_zone_config *zone)
{
	size_t n;
	struct gw_node *const *items = gw_schema_items(&node, &n);
	const struct gw_zone_name **suffixes;

	if (n > SUFFIXES_MAX) {
		gw_diag(loader->diags, GW_D_ZONE_NAME, node->loc, "there are at most %u suffixes",
			SUFFIXES_MAX);
		return;
	}
	suffixes = gw_arena_array(loader->arena, n, const struct gw_zone_name *);
	for (size_t i = 0; i < n; i++) {
		suffixes[zone->n_suffixes] = read_name(loader, items[i]->loc, items[i]->text);
		if (suffixes[zone->n_suffixes])
			zone->n_suffixes++;
	}
	zone->suffixes = suffixes;
}

static void read_ttl(struct gw_loader *loader, const struct gw_node *node,
		     struct gw_zone_config *zone)
{
	struct zone_ttl_form form;

	if (!gw_schema_read(loader->diags, &gw_table_zone_ttl, node, &form))
		return;
	zone->ttl_min = form.min;
	zone->ttl_max = form.max;
	if (form.min <= form.max)
		return;
	gw_diag(loader->diags, GW_D_ZONE_TTL_LIMITS, gw_schema_loc(node, "min"),
		"`min` is more than `max`");
}

static void read_overrides(struct gw_loader *loader, const struct gw_node *list,
			   struct gw_zone_config *zone)
{
	struct gw_zone_rule_override *overrides =
		gw_arena_array(loader->arena, list ? list->n : 0, struct gw_zone_rule_override);

	for (size_t i = 0; list && i < list->n; i++) {
		const struct gw_diag_kind *kind;
		struct zone_lint_form form;

		if (!gw_schema_read(loader->diags, &gw_table_zone_lint, list->items[i], &form))
			continue;
		kind = gw_diag_kind_by_number(form.rule);
		if (!kind || strcmp(kind->number, "GW1820") < 0 ||
		    strcmp(kind->number, "GW1869") > 0) {
			gw_diag(loader->diags, GW_D_ZONE_RULE_UNKNOWN,
				gw_schema_loc(list->items[i], "rule"),
				"there is no rule of lint with the number `%s`", form.rule);
			continue;
		}
		overrides[zone->n_overrides++] = (struct gw_zone_rule_override){
			.rule = kind,
			.use = (enum gw_zone_rule_use)form.use,
			.reason = form.reason,
			.loc = list->items[i]->loc,
		};
	}
	zone->overrides = overrides;
}

static bool read_zone(struct gw_loader *loader, const struct gw_entry *entry,
		      struct gw_zone_config *zone)
{
	struct zone_form form;

	zone->loc = entry->key_loc;
	zone->name = read_name(loader, entry->key_loc, entry->key);
	if (!gw_schema_read(loader->diags, &gw_table_dns_zone, entry->value, &form) || !zone->name)
		return false;
	zone->file = form.file;
	zone->file_loc = gw_schema_loc(entry->value, "file");
	zone->owner = form.owner;
	zone->review = form.review;
	zone->denial = (enum gw_zone_denial)form.denial;
	zone->serial = (enum gw_zone_serial)form.serial;
	zone->zonemd = form.zonemd;
	zone->inside = form.inside;
	zone->servers = read_servers(loader, form.servers, &zone->n_servers);
	zone->parents = read_servers(loader, form.parents, &zone->n_parents);
	read_keys(loader, &form, zone);
	read_signatures(loader, form.signatures, zone);
	read_publish(loader, form.publish, zone);
	read_suffixes(loader, form.suffixes, zone);
	read_ttl(loader, form.ttl, zone);
	read_overrides(loader, form.lint, zone);
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct gw_zone_config *zone_a = a, *zone_b = b;

	return strcmp(zone_a->name->text, zone_b->name->text);
}

const struct gw_zones_config *gw_zones_config_load(struct gw_loader *loader, struct gw_node *keys,
						   struct gw_node *zones)
{
	struct gw_zones_config *config = gw_arena_new_of(loader->arena, struct gw_zones_config);
	size_t n = zones ? zones->n : 0;
	struct gw_zone_config *list = gw_arena_array(loader->arena, n, struct gw_zone_config);
	struct dns_keys_form form = { 0 };

	if (keys && gw_schema_read(loader->diags, &gw_table_dns_keys, keys, &form)) {
		config->secret = form.secret;
		config->secret_loc = gw_schema_loc(keys, "secret");
	}
	for (size_t i = 0; i < n; i++)
		if (read_zone(loader, &zones->entries[i], &list[config->n_zones]))
			config->n_zones++;
	qsort(list, config->n_zones, sizeof(*list), by_name);
	for (size_t i = 1; i < config->n_zones; i++) {
		if (by_name(&list[i - 1], &list[i]) != 0)
			continue;
		gw_diag(loader->diags, GW_D_ZONE_NAME, list[i].loc, "the zone %s is here twice",
			list[i].name->text);
		gw_diag_related(loader->diags, list[i - 1].loc, "also here");
	}
	config->zones = list;
	return config;
}

const struct gw_zone_config *gw_zones_config_find(const struct gw_zones_config *zones,
						  const char *name)
{
	struct gw_zone_name wanted;

	if (gw_zone_name_parse(name, &wanted) < 0)
		return NULL;
	for (size_t i = 0; i < zones->n_zones; i++)
		if (strcmp(zones->zones[i].name->text, wanted.text) == 0)
			return &zones->zones[i];
	return NULL;
}
