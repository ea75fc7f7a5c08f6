/* The top-level key `dns` of gw.yaml. */
#include "dns/dns.h"
#include "dns/zone/config.h"
#include "gw/core/mem.h"
#include "gw/policy/loader.h"

struct dns_form {
	struct gw_node *resolver, *zones, *keys;
};

#define AT(member) .offset = offsetof(struct dns_form, member)

static const struct gw_field dns_fields[] = {
	{ .key = "resolver",
	  .type = GW_FIELD_RESERVED,
	  AT(resolver),
	  .en = "Closed resolver.",
	  .ja = "閉域リゾルバ。" },
	{ .key = "keys",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_dns_keys,
	  AT(keys),
	  .en = "How the private keys of zones are kept.",
	  .ja = "ゾーンの秘密鍵の保管方法。" },
	{ .key = "zones",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_MAP,
	  .empty_ok = true,
	  .table = &gw_table_dns_zone,
	  AT(zones),
	  .en = "Zones that are checked, signed, published and watched, by their names.",
	  .ja = "検査・署名・公開・監視するゾーン（ゾーン名ごと）。" },
};

const struct gw_table gw_table_dns = {
	.name = "dns",
	.en = "The domain name system: authoritative zones.",
	.ja = "DNS: 権威ゾーン。",
	.size = sizeof(struct dns_form),
	.fields = dns_fields,
	.n_fields = GW_COUNT(dns_fields),
};

static const void *dns_load(struct gw_loader *loader, struct gw_node *node)
{
	struct gw_dns_config *dns = gw_arena_new_of(loader->arena, struct gw_dns_config);
	struct dns_form form;

	(void)gw_schema_read(loader->diags, &gw_table_dns, node, &form); /* goes on */
	dns->zones = gw_zones_config_load(loader, form.keys, form.zones);
	return dns;
}

const struct gw_section gw_section_dns = { .load = dns_load };

const struct gw_dns_config *gw_dns_config(const struct gw_policy *policy)
{
	return gw_policy_section(policy, GW_SECTION_DNS);
}
