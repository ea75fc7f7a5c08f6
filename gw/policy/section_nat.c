/* `nat:`: masquerade, source and destination translation. */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"
#include "gw/policy/service.h"

enum nat_families {
	FAMILIES_IPV4,
	FAMILIES_IPV6,
	FAMILIES_BOTH,
};

struct nat_form {
	const char *id, *snat, *dnat, *owner, *ticket;
	struct gw_node *from, *to, *source, *dest, *services;
	uint32_t to_port;
	int family;
	bool masquerade, hairpin;
};

static const struct gw_choice family_choices[] = {
	{ "ipv4", FAMILIES_IPV4 },
	{ "ipv6", FAMILIES_IPV6 },
	{ "both", FAMILIES_BOTH },
	{ NULL, 0 },
};

#define AT(member) .offset = offsetof(struct nat_form, member)

static const struct gw_field nat_fields[] = {
	{ .key = "id",
	  .type = GW_FIELD_NAME,
	  .required = true,
	  AT(id),
	  .en = "Name of the translation. Unique among them.",
	  .ja = "NATルールのID（重複不可）。" },
	{ .key = "from",
	  .type = GW_FIELD_ZONE,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .required = true,
	  AT(from),
	  .en = "Zones where the connection begins.",
	  .ja = "通信を開始する側のゾーン。" },
	{ .key = "to",
	  .type = GW_FIELD_ZONE,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(to),
	  .en = "Zones where it leaves to: needed for masquerade and snat, refused for dnat.",
	  .ja = "出て行く先のゾーン（masquerade・snatでは必須、dnatでは不可）。" },
	{ .key = "source",
	  .type = GW_FIELD_ADDRESS,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(source),
	  .fallback = "any",
	  .en = "Addresses where the connection begins.",
	  .ja = "送信元アドレス。" },
	{ .key = "dest",
	  .type = GW_FIELD_ADDRESS,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(dest),
	  .fallback = "any",
	  .en = "Addresses where it goes; for dnat the public address that clients use, needed "
		"there.",
	  .ja = "宛先アドレス。dnatではクライアントが使う公開アドレスで必須。" },
	{ .key = "services",
	  .type = GW_FIELD_SERVICE,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(services),
	  .fallback = "any",
	  .en = "Protocols and ports.",
	  .ja = "プロトコルとポート。" },
	{ .key = "masquerade",
	  .type = GW_FIELD_BOOL,
	  AT(masquerade),
	  .fallback = "false",
	  .en = "Translate the source to the address of the outgoing interface.",
	  .ja = "送信元を出力インターフェースのアドレスに変換する。" },
	{ .key = "family",
	  .type = GW_FIELD_CHOICE,
	  AT(family),
	  .choices = family_choices,
	  .fallback = "ipv4",
	  .en = "Which addresses masquerade translates.",
	  .ja = "masqueradeの対象アドレスファミリ。" },
	{ .key = "snat",
	  .type = GW_FIELD_TEXT,
	  AT(snat),
	  .en = "Translate the source to this address, or to one of this range.",
	  .ja = "送信元をこのアドレス（または範囲内のアドレス）に変換する。" },
	{ .key = "dnat",
	  .type = GW_FIELD_TEXT,
	  AT(dnat),
	  .en = "Translate the destination to this address.",
	  .ja = "宛先をこのアドレスに変換する。" },
	{ .key = "to_port",
	  .type = GW_FIELD_UINT,
	  .min = 1,
	  .max = 65535,
	  AT(to_port),
	  .en = "New destination port of a dnat; it stays as it is if this is left out.",
	  .ja = "dnatの変換後ポート。省略時は変更しない。" },
	{ .key = "hairpin",
	  .type = GW_FIELD_BOOL,
	  AT(hairpin),
	  .fallback = "false",
	  .en = "The dnat is also for clients of the zone where the server stands.",
	  .ja = "サーバと同じゾーンのクライアントにもdnatを適用する。" },
	{ .key = "owner",
	  .type = GW_FIELD_TEXT,
	  AT(owner),
	  .en = "Who answers for it.",
	  .ja = "責任者。" },
	{ .key = "ticket",
	  .type = GW_FIELD_TEXT,
	  AT(ticket),
	  .en = "The request that was approved.",
	  .ja = "承認された申請の番号。" },
};

const struct gw_table gw_table_nat = {
	.name = "nat",
	.en = "Address translations. They permit nothing: policies do, and see the real addresses.",
	.ja = "アドレス変換。通信の許可はポリシーで行い、ポリシーは実アドレスを見る。",
	.size = sizeof(struct nat_form),
	.fields = nat_fields,
	.n_fields = GW_COUNT(nat_fields),
};

/* ---- which kind, and which keys go with it -------------------------------------------------- */

static bool read_kind(struct gw_diags *diags, const struct nat_form *form, struct gw_nat *nat)
{
	int kinds = form->masquerade + !!form->snat + !!form->dnat;

	if (kinds != 1) {
		gw_diag(diags, GW_D_NAT_KIND, nat->loc, "`%s` has %s", nat->id,
			kinds ? "more than one kind of translation" : "no translation");
		gw_diag_hint(diags, "write one of `masquerade: true`, `snat: ADDRESS`, "
				    "`dnat: ADDRESS`");
		return false;
	}
	if (form->masquerade)
		nat->kind = GW_NAT_MASQUERADE;
	else
		nat->kind = form->snat ? GW_NAT_SNAT : GW_NAT_DNAT;
	return true;
}

static void check_keys(struct gw_diags *diags, const struct gw_node *node, const struct gw_nat *nat)
{
	static const struct {
		const char *key;
		enum gw_nat_kind kind;
		const char *name;
	} rules[] = {
		{ "to_port", GW_NAT_DNAT, "dnat" },
		{ "hairpin", GW_NAT_DNAT, "dnat" },
		{ "family", GW_NAT_MASQUERADE, "masquerade" },
	};

	for (size_t i = 0; i < GW_COUNT(rules); i++)
		if (nat->kind != rules[i].kind && gw_node_get(node, rules[i].key))
			gw_diag(diags, GW_D_NAT_KEY_UNFIT, gw_schema_loc(node, rules[i].key),
				"`%s` belongs to %s", rules[i].key, rules[i].name);
	if (nat->kind == GW_NAT_DNAT && gw_node_get(node, "to"))
		gw_diag(diags, GW_D_DNAT_TO, gw_schema_loc(node, "to"),
			"`%s` is a dnat: where its packets leave follows from the new address",
			nat->id);
	if (nat->kind != GW_NAT_DNAT && !gw_node_get(node, "to"))
		gw_diag(diags, GW_D_NAT_TO_MISSING, nat->loc,
			"`%s` does not say to which zone the packets leave", nat->id);
	if (nat->kind == GW_NAT_DNAT && nat->dest.any)
		gw_diag(diags, GW_D_DNAT_DEST_MISSING, nat->loc,
			"`%s` would redirect every connection: name the public address in `dest`",
			nat->id);
}

/* ---- the new address ------------------------------------------------------------------------ */

static bool usable_target(enum gw_family family, struct gw_range range)
{
	gw_u128 multicast = family == GW_FAMILY_IPV4 ? 0xe0000000 : (gw_u128)0xff << 120;

	if (family == GW_FAMILY_IPV4)
		return range.lo > 0x00ffffff && range.hi < multicast &&
		       (range.hi < 0x7f000000 || range.lo > 0x7fffffff);
	return range.lo > 1 && range.hi < multicast;
}

static bool read_target(struct gw_loader *loader, const struct gw_node *node, const char *text,
			struct gw_nat *nat)
{
	bool pool = nat->kind == GW_NAT_SNAT;
	struct gw_loc loc = gw_schema_loc(node, pool ? "snat" : "dnat");
	enum gw_family family;
	struct gw_range range;

	if (gw_is_host_name(text) || strchr(text, '/')) {
		gw_diag(loader->diags, GW_D_NAT_TARGET, loc, "`%s` is not %s", text,
			pool ? "an address or range of addresses" : "an address");
		return false;
	}
	if (!gw_read_address(loader->diags, loc, text, &family, &range))
		return false;
	if (!usable_target(family, range) || (!pool && range.lo != range.hi)) {
		gw_diag(loader->diags, GW_D_NAT_TARGET, loc,
			"`%s` is not %s that a machine can have", text,
			pool ? "an address or range" : "an address");
		return false;
	}
	nat->to_family = family;
	nat->to_addr = range;
	nat->families[family] = true;
	return true;
}

static void check_family(struct gw_loader *loader, const struct gw_node *node,
			 const struct gw_nat *nat)
{
	static const char *const names[] = { "IPv4", "IPv6" };
	const struct {
		const char *key;
		const struct gw_addr_match *match;
	} sides[] = { { "source", &nat->source }, { "dest", &nat->dest } };

	for (size_t i = 0; i < GW_COUNT(sides); i++) {
		bool any = false;

		for (int f = 0; f < GW_FAMILY_COUNT; f++)
			any |= nat->families[f] &&
			       gw_addr_match_has(sides[i].match, (enum gw_family)f);
		if (!any)
			gw_diag(loader->diags, GW_D_NAT_FAMILY, gw_schema_loc(node, sides[i].key),
				"`%s` holds no %s address, but `%s` translates only these",
				sides[i].key, names[nat->families[GW_FAMILY_IPV6]], nat->id);
	}
}

static bool in_declared_nets(const struct gw_policy *policy, const struct gw_nat *nat)
{
	for (size_t i = 0; i < policy->n_zones; i++)
		if (gw_addrset_contains(policy->zones[i].nets[nat->to_family], nat->to_addr.lo))
			return true;
	return false;
}

static void find_target_zones(struct gw_loader *loader, const struct gw_node *node,
			      struct gw_nat *nat)
{
	const struct gw_policy *policy = loader->policy;
	char text[GW_ADDR_TEXT];

	if (!in_declared_nets(policy, nat))
		gw_diag(loader->diags, GW_D_DNAT_TARGET_NOWHERE, gw_schema_loc(node, "dnat"),
			"%s is in the nets of no zone",
			gw_addr_format(nat->to_family, nat->to_addr.lo, text));
	for (size_t i = 0; nat->hairpin && i < policy->n_zones; i++)
		if (gw_addrset_contains(policy->zones[i].space[nat->to_family], nat->to_addr.lo))
			gw_zone_set_add(&nat->hairpin_zones, (unsigned int)i);
}

/* ---- the new port --------------------------------------------------------------------------- */

static void check_to_port(struct gw_loader *loader, const struct gw_node *node,
			  const struct gw_nat *nat)
{
	struct gw_loc loc = gw_schema_loc(node, "services");

	if (nat->any_service) {
		gw_diag(loader->diags, GW_D_TO_PORT_SERVICES, gw_schema_loc(node, "to_port"),
			"`%s` has `to_port`, but does not say for which services", nat->id);
		return;
	}
	for (size_t i = 0; i < nat->services.n; i++) {
		struct gw_range range = nat->services.ranges[i];
		const struct gw_protocol *first = gw_protocol_by_number((uint8_t)(range.lo >> 16));
		const struct gw_protocol *last = gw_protocol_by_number((uint8_t)(range.hi >> 16));

		if (!first || !first->ports || !last || !last->ports) {
			gw_diag(loader->diags, GW_D_TO_PORT_SERVICES, loc,
				"`%s` has `to_port`, but services without ports", nat->id);
			return;
		}
		if (range.lo != range.hi) {
			gw_diag(loader->diags, GW_D_TO_PORT_RANGE, loc,
				"`%s` would send ports %u to %u to the single port %u", nat->id,
				(unsigned int)(range.lo & 0xffff),
				(unsigned int)(range.hi & 0xffff), nat->to_port);
			return;
		}
	}
}

/* ---- the section ---------------------------------------------------------------------------- */

static void read_translation(struct gw_loader *loader, const struct gw_node *node,
			     const struct nat_form *form, struct gw_nat *nat)
{
	if (nat->kind == GW_NAT_MASQUERADE) {
		nat->families[GW_FAMILY_IPV4] = form->family != FAMILIES_IPV6;
		nat->families[GW_FAMILY_IPV6] = form->family != FAMILIES_IPV4;
	} else if (!read_target(loader, node, form->snat ? form->snat : form->dnat, nat)) {
		return;
	}
	check_family(loader, node, nat);
	if (nat->kind != GW_NAT_DNAT)
		return;
	nat->hairpin = form->hairpin;
	nat->to_port = (uint16_t)form->to_port;
	find_target_zones(loader, node, nat);
	if (nat->to_port)
		check_to_port(loader, node, nat);
}

/* Returns false if the rule is not complete enough to be compared with others. */
static bool read_nat(struct gw_loader *loader, const struct gw_node *node, struct gw_nat *nat)
{
	struct nat_form form;

	if (!gw_schema_read(loader->diags, &gw_table_nat, node, &form))
		return false;
	*nat = (struct gw_nat){
		.id = form.id,
		.loc = gw_schema_loc(node, "id"),
		.owner = form.owner,
		.ticket = form.ticket,
	};
	gw_read_zone_set(loader, form.from, GW_GATEWAY_REFUSED, &nat->from, NULL);
	gw_read_addr_match(loader, form.source, &nat->source);
	gw_read_addr_match(loader, form.dest, &nat->dest);
	gw_read_services(loader, form.services, &nat->any_service, &nat->services);
	if (!read_kind(loader->diags, &form, nat))
		return false;
	check_keys(loader->diags, node, nat);
	if (nat->kind != GW_NAT_DNAT)
		gw_read_zone_set(loader, form.to, GW_GATEWAY_REFUSED, &nat->to, NULL);
	read_translation(loader, node, &form, nat);
	return true;
}

static int compare_nats(const void *a, const void *b)
{
	const struct gw_nat *left = a, *right = b;

	return strcmp(left->id, right->id);
}

void gw_load_nats(struct gw_loader *loader, struct gw_node *list)
{
	struct gw_nat *nats;
	size_t n = 0;

	if (!list)
		return;
	nats = gw_arena_array(loader->arena, list->n, struct gw_nat);
	for (size_t i = 0; i < list->n; i++)
		n += read_nat(loader, list->items[i], &nats[n]);
	if (n)
		qsort(nats, n, sizeof(*nats), compare_nats);
	for (size_t i = 1; i < n; i++)
		if (strcmp(nats[i - 1].id, nats[i].id) == 0)
			gw_report_duplicate_id(loader, nats[i].id, nats[i - 1].loc, nats[i].loc);
	gw_check_nat_overlaps(loader, nats, n);
	loader->policy->nats = nats;
	loader->policy->n_nats = n;
}
