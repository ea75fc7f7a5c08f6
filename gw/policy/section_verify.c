/* `verify:`: what must hold of the policy as a whole. */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"

/* ---- one assertion -------------------------------------------------------------------------- */

struct assertion_form {
	struct gw_node *from, *to, *source, *dest, *services;
};

#define AT(member) .offset = offsetof(struct assertion_form, member)

static const struct gw_field assertion_fields[] = {
	{ .key = "from",
	  .type = GW_FIELD_ZONE,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .required = true,
	  AT(from),
	  .en = "Zones where the traffic begins.",
	  .ja = "通信を開始する側のゾーン。" },
	{ .key = "to",
	  .type = GW_FIELD_ZONE,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .required = true,
	  AT(to),
	  .en = "Zones where it goes, or `gateway` for the gateway itself.",
	  .ja = "宛先のゾーン。gatewayはゲートウェイ自身。" },
	{ .key = "source",
	  .type = GW_FIELD_ADDRESS,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(source),
	  .fallback = "any",
	  .en = "Addresses where it begins.",
	  .ja = "送信元アドレス。" },
	{ .key = "dest",
	  .type = GW_FIELD_ADDRESS,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(dest),
	  .fallback = "any",
	  .en = "Addresses where it goes.",
	  .ja = "宛先アドレス。" },
	{ .key = "services",
	  .type = GW_FIELD_SERVICE,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(services),
	  .fallback = "any",
	  .en = "Protocols and ports.",
	  .ja = "プロトコルとポート。" },
};

static const struct gw_table assertion_table = {
	.name = "assertion",
	.en = "The traffic that an assertion is about.",
	.ja = "検証の対象とする通信。",
	.size = sizeof(struct assertion_form),
	.fields = assertion_fields,
	.n_fields = GW_COUNT(assertion_fields),
};

/* ---- the section ---------------------------------------------------------------------------- */

struct verify_form {
	struct gw_node *never, *always;
};

static const struct gw_field verify_fields[] = {
	{ .key = "never",
	  .type = GW_FIELD_TABLE,
	  .table = &assertion_table,
	  .offset = offsetof(struct verify_form, never),
	  .en = "None of this traffic may pass.",
	  .ja = "この通信は一切通過してはならない。" },
	{ .key = "always",
	  .type = GW_FIELD_TABLE,
	  .table = &assertion_table,
	  .offset = offsetof(struct verify_form, always),
	  .en = "All of this traffic must pass.",
	  .ja = "この通信はすべて通過しなければならない。" },
};

const struct gw_table gw_table_verify = {
	.name = "verify",
	.en = "Assertions that are proved before every apply; each item has one of the two keys.",
	.ja = "適用のたびに証明する条件。各項目はneverかalwaysのどちらか一つ。",
	.size = sizeof(struct verify_form),
	.fields = verify_fields,
	.n_fields = GW_COUNT(verify_fields),
};

static bool read_assertion(struct gw_loader *loader, const struct gw_node *node,
			   struct gw_assertion *ret)
{
	struct verify_form which;
	struct assertion_form form;

	if (!gw_schema_read(loader->diags, &gw_table_verify, node, &which))
		return false;
	if (!which.never == !which.always) {
		gw_diag(loader->diags, GW_D_ASSERTION_KIND, node->loc,
			"an assertion has either `never` or `always`");
		return false;
	}
	*ret = (struct gw_assertion){ .always = which.always, .loc = node->entries[0].key_loc };
	if (!gw_schema_read(loader->diags, &assertion_table,
			    ret->always ? which.always : which.never, &form))
		return false;
	gw_read_zone_set(loader, form.from, GW_GATEWAY_REFUSED, &ret->from, NULL);
	gw_read_zone_set(loader, form.to, GW_GATEWAY_ALLOWED, &ret->to, &ret->to_gateway);
	gw_read_addr_match(loader, form.source, &ret->source);
	gw_read_addr_match(loader, form.dest, &ret->dest);
	gw_read_services(loader, form.services, &ret->any_service, &ret->services);
	return true;
}

static int compare_sets(struct gw_addrset a, struct gw_addrset b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	for (size_t i = 0; i < a.n; i++) {
		if (a.ranges[i].lo != b.ranges[i].lo)
			return a.ranges[i].lo < b.ranges[i].lo ? -1 : 1;
		if (a.ranges[i].hi != b.ranges[i].hi)
			return a.ranges[i].hi < b.ranges[i].hi ? -1 : 1;
	}
	return 0;
}

static int compare_matches(const struct gw_addr_match *a, const struct gw_addr_match *b)
{
	int order = a->any - b->any;

	for (int f = 0; !order && f < GW_FAMILY_COUNT; f++)
		order = compare_sets(a->addrs[f], b->addrs[f]);
	if (!order && a->n_large != b->n_large)
		order = a->n_large < b->n_large ? -1 : 1;
	for (size_t i = 0; !order && i < a->n_large; i++)
		order = strcmp(a->large[i]->name, b->large[i]->name);
	return order;
}

static int compare_zone_sets(const struct gw_zone_set *a, const struct gw_zone_set *b)
{
	int order = memcmp(a->bits, b->bits, sizeof(a->bits));

	return order ? order : a->any - b->any;
}

/* Assertions have no id: their order in the model is that of what they say. */
static int compare_assertions(const void *left, const void *right)
{
	const struct gw_assertion *a = left, *b = right;
	int order = a->always - b->always;

	if (!order)
		order = compare_zone_sets(&a->from, &b->from);
	if (!order)
		order = a->to_gateway - b->to_gateway;
	if (!order)
		order = compare_zone_sets(&a->to, &b->to);
	if (!order)
		order = compare_matches(&a->source, &b->source);
	if (!order)
		order = compare_matches(&a->dest, &b->dest);
	return order ? order : compare_sets(a->services, b->services);
}

void gw_load_assertions(struct gw_loader *loader, struct gw_node *verify)
{
	size_t n = 0;
	struct gw_assertion *assertions;

	if (!verify)
		return;
	assertions = gw_arena_array(loader->arena, verify->n, struct gw_assertion);
	for (size_t i = 0; i < verify->n; i++)
		n += read_assertion(loader, verify->items[i], &assertions[n]);
	if (n)
		qsort(assertions, n, sizeof(*assertions), compare_assertions);
	loader->policy->assertions = assertions;
	loader->policy->n_assertions = n;
}
