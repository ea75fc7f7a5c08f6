/* `zones:`: interfaces, networks and what may come from them. */
#include <ctype.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"

struct zone_form {
	struct gw_node *interfaces, *nets, *admission;
	const char *description;
	int anti_spoof;
	bool untrusted, management, ipv6, clamp_mss;
};

static const struct gw_choice anti_spoof_choices[] = {
	{ "strict", GW_ANTI_SPOOF_STRICT },
	{ "loose", GW_ANTI_SPOOF_LOOSE },
	{ "nets", GW_ANTI_SPOOF_NETS },
	{ "off", GW_ANTI_SPOOF_OFF },
	{ NULL, 0 },
};

static const struct gw_field zone_fields[] = {
	{ .key = "interfaces",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .required = true,
	  .offset = offsetof(struct zone_form, interfaces),
	  .en = "Interfaces of the zone, by name; they need not exist yet.",
	  .ja = "ゾーンに属するインターフェース名（まだ存在しなくてもよい）。" },
	{ .key = "nets",
	  .type = GW_FIELD_NET,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .offset = offsetof(struct zone_form, nets),
	  .en = "Networks of the zone. Without it the zone holds every address that no other zone "
		"declares.",
	  .ja = "ゾーンのネットワーク。省略時は他のゾーンが宣言していない全アドレス。" },
	{ .key = "untrusted",
	  .type = GW_FIELD_BOOL,
	  .offset = offsetof(struct zone_form, untrusted),
	  .fallback = "false",
	  .en = "The zone is the outside: reports name what is reachable from it.",
	  .ja = "外部ゾーンであることを示す。レポートは外部から到達可能なものを示す。" },
	{ .key = "management",
	  .type = GW_FIELD_BOOL,
	  .offset = offsetof(struct zone_form, management),
	  .en = "Administrators sit here: isolation and quarantine spare the zone's access, and "
		"lockdown keeps its way to the gateway. True if not written for the zone `mgmt`.",
	  .ja = "管理者のゾーン。隔離・検疫時も管理アクセスを保ち、ロックダウン時も"
		"ゲートウェイに到達できる。`mgmt`という名のゾーンでは省略時true。" },
	{ .key = "ipv6",
	  .type = GW_FIELD_BOOL,
	  .offset = offsetof(struct zone_form, ipv6),
	  .fallback = "on",
	  .en = "`off` drops all IPv6 into and out of the zone.",
	  .ja = "`off`にするとゾーンのIPv6通信をすべて破棄する。" },
	{ .key = "anti_spoof",
	  .type = GW_FIELD_CHOICE,
	  .offset = offsetof(struct zone_form, anti_spoof),
	  .choices = anti_spoof_choices,
	  .fallback = "strict",
	  .en = "How sources are checked: `strict` by nets and by the route back through the same "
		"interface, `loose` by nets and any route back, `nets` by nets only.",
	  .ja = "送信元の検査方法。strict=ネットワークと同一インターフェースへの逆経路、"
		"loose=逆経路の有無、nets=ネットワークのみ。" },
	{ .key = "clamp_mss",
	  .type = GW_FIELD_BOOL,
	  .offset = offsetof(struct zone_form, clamp_mss),
	  .fallback = "true",
	  .en = "Clamp the segment size of TCP connections to the path MTU.",
	  .ja = "TCPのMSSを経路MTUに合わせる。" },
	{ .key = "description",
	  .type = GW_FIELD_TEXT,
	  .offset = offsetof(struct zone_form, description),
	  .en = "What the zone is, for people.",
	  .ja = "ゾーンの説明。" },
	{ .key = "admission",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_admission,
	  .empty_ok = true,
	  .offset = offsetof(struct zone_form, admission),
	  .en = "Only registered devices may send into the zone; without it every device may.",
	  .ja = "登録した端末だけがゾーンで通信できる。省略時はすべての端末を許可。" },
};

const struct gw_table gw_table_zone = {
	.name = "zones",
	.en = "Groups of machines behind one or more interfaces. Every pair of zones is closed "
	      "until a "
	      "policy names it.",
	.ja = "インターフェース単位の機器グループ。ポリシーがない限りゾーン間は閉じている。",
	.size = sizeof(struct zone_form),
	.fields = zone_fields,
	.n_fields = GW_COUNT(zone_fields),
};

/* A net as written, to find overlaps. */
struct net {
	enum gw_family family;
	struct gw_range range;
	struct gw_loc loc;
	unsigned int zone;
};

/* An interface as written, to find those that are named twice. */
struct port {
	const char *name;
	struct gw_loc loc;
	unsigned int zone;
};

struct zones_state {
	struct gw_loader *loader;
	struct gw_zone *zones;
	struct net *nets; /* heap */
	size_t n_nets, nets_capacity;
	struct port *ports; /* heap */
	size_t n_ports, ports_capacity;
};

/* ---- interfaces ----------------------------------------------------------------------------- */

/* The same rules as the kernel's dev_valid_name. */
static bool kernel_allows(const char *name)
{
	if (!*name || strlen(name) >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name) ||
		    iscntrl((unsigned char)*name))
			return false;
	return true;
}

bool gw_check_interface(struct gw_diags *diags, const struct gw_node *item)
{
	const char *name = item->text;

	if (strpbrk(name, "*+")) {
		gw_diag(diags, GW_D_INTERFACE_WILDCARD, item->loc,
			"`%s` is a pattern: interfaces are listed one by one", name);
		gw_diag_hint(diags, "list the names; interfaces need not exist yet");
		return false;
	}
	if (strcmp(name, "lo") == 0) {
		gw_diag(diags, GW_D_INTERFACE_LOOPBACK, item->loc, "`lo` belongs to no zone");
		return false;
	}
	if (!kernel_allows(name)) {
		gw_diag(diags, GW_D_BAD_INTERFACE, item->loc,
			"`%s` cannot be the name of an interface", name);
		if (strlen(name) >= IFNAMSIZ)
			gw_diag_hint(diags, "it has %zu bytes; at most %d are possible",
				     strlen(name), IFNAMSIZ - 1);
		return false;
	}
	return true;
}

static int compare_interfaces(const void *a, const void *b)
{
	const struct gw_interface *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void read_interfaces(struct zones_state *state, struct gw_node *node, struct gw_zone *zone)
{
	size_t n, used = 0;
	struct gw_node *const *items = gw_schema_items(&node, &n);
	struct gw_interface *interfaces =
		gw_arena_array(state->loader->arena, n, struct gw_interface);

	for (size_t i = 0; i < n; i++) {
		if (!gw_check_interface(state->loader->diags, items[i]))
			continue;
		interfaces[used++] = (struct gw_interface){ items[i]->text, items[i]->loc };
		gw_push(state->ports, state->n_ports, state->ports_capacity,
			((struct port){ items[i]->text, items[i]->loc, zone->index }));
	}
	if (used)
		qsort(interfaces, used, sizeof(*interfaces), compare_interfaces);
	zone->interfaces = interfaces;
	zone->n_interfaces = used;
}

/* Of bridges: a port that has an interface's name, or is named twice, would be judged twice. */
static void read_ports(struct zones_state *state, const struct gw_zone *zone)
{
	size_t n = zone->admission ? zone->admission->n_ports : 0;

	for (size_t i = 0; i < n; i++) {
		const struct gw_interface *port = &zone->admission->ports[i];

		gw_push(state->ports, state->n_ports, state->ports_capacity,
			((struct port){ port->name, port->loc, zone->index }));
	}
}

static int compare_ports(const void *a, const void *b)
{
	const struct port *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	if (order)
		return order;
	return left->zone < right->zone ? -1 : left->zone > right->zone;
}

static void check_ports(struct zones_state *state)
{
	if (state->n_ports)
		qsort(state->ports, state->n_ports, sizeof(*state->ports), compare_ports);
	for (size_t i = 1; i < state->n_ports; i++) {
		const struct port *first = &state->ports[i - 1], *second = &state->ports[i];

		if (strcmp(first->name, second->name) != 0)
			continue;
		gw_diag(state->loader->diags, GW_D_INTERFACE_TWICE, second->loc,
			"interface `%s` of zone `%s` is already in zone `%s`", second->name,
			state->zones[second->zone].name, state->zones[first->zone].name);
		gw_diag_related(state->loader->diags, first->loc, "first named here");
	}
}

/* ---- nets ----------------------------------------------------------------------------------- */

/* Addresses that no forwarded packet has as its source. */
static struct gw_addrset special_addresses(struct gw_arena *arena, enum gw_family family)
{
	static const gw_u128 loopback6 = 1, multicast6 = (gw_u128)0xff << 120;
	struct gw_range v4[] = {
		{ 0, 0x00ffffff }, /* "this network": the kernel takes it for unspecified */
		{ 0x7f000000, 0x7fffffff },
		{ 0xe0000000, 0xefffffff },
		{ 0xffffffff, 0xffffffff },
	};
	struct gw_range v6[] = {
		{ 0, loopback6 },
		{ multicast6, gw_family_max(GW_FAMILY_IPV6) },
	};

	if (family == GW_FAMILY_IPV4)
		return gw_addrset_from_ranges(arena, v4, GW_COUNT(v4));
	return gw_addrset_from_ranges(arena, v6, GW_COUNT(v6));
}

static void read_nets(struct zones_state *state, struct gw_node *node, struct gw_zone *zone)
{
	struct gw_loader *loader = state->loader;
	size_t n;
	struct gw_node *const *items = gw_schema_items(&node, &n);

	zone->has_nets = n > 0;
	for (size_t i = 0; i < n; i++) {
		struct net net = { .loc = items[i]->loc, .zone = zone->index };
		struct gw_addrset range = { &net.range, 1 };

		if (!gw_read_address(loader->diags, net.loc, items[i]->text, &net.family,
				     &net.range))
			continue;
		if (net.family == GW_FAMILY_IPV6 && !zone->ipv6)
			gw_diag(loader->diags, GW_D_IPV6_OFF_WITH_NETS, net.loc,
				"zone `%s` has `ipv6: off`", zone->name);
		if (gw_addrset_overlaps(range, special_addresses(loader->arena, net.family))) {
			gw_diag(loader->diags, GW_D_NETS_SPECIAL, net.loc,
				"`%s` holds addresses that no machine of a zone can have",
				items[i]->text);
			gw_diag_hint(loader->diags,
				     "unspecified, loopback, multicast and broadcast addresses "
				     "belong to no zone; leave them out");
		}
		gw_range_buffer_add(&loader->scratch[net.family], net.range);
		gw_push(state->nets, state->n_nets, state->nets_capacity, net);
	}
	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		zone->nets[f] = gw_range_buffer_take(&loader->scratch[f], loader->arena);
}

static int compare_nets(const void *a, const void *b)
{
	const struct net *left = a, *right = b;

	if (left->family != right->family)
		return left->family < right->family ? -1 : 1;
	if (left->range.lo != right->range.lo)
		return left->range.lo < right->range.lo ? -1 : 1;
	if (left->range.hi != right->range.hi)
		return left->range.hi > right->range.hi ? -1 : 1;
	return left->zone < right->zone ? -1 : left->zone > right->zone;
}

static void report_overlap(struct zones_state *state, const struct net *first,
			   const struct net *second)
{
	struct gw_diags *diags = state->loader->diags;
	char text[2][2 * GW_ADDR_TEXT];

	(void)gw_range_format(first->family, first->range, text[0]);
	(void)gw_range_format(second->family, second->range, text[1]);
	if (first->zone == second->zone)
		gw_diag(diags, GW_D_NETS_OVERLAP_WITHIN, second->loc,
			"%s overlaps %s of the same zone `%s`", text[1], text[0],
			state->zones[first->zone].name);
	else
		gw_diag(diags, GW_D_NETS_OVERLAP, second->loc,
			"%s of zone `%s` overlaps %s of zone `%s`", text[1],
			state->zones[second->zone].name, text[0], state->zones[first->zone].name);
	gw_diag_related(diags, first->loc, "the other net");
}

/* In order of their start, a net overlaps an earlier one if it begins before the furthest end. */
static void check_nets(struct zones_state *state)
{
	const struct net *furthest = NULL;

	if (state->n_nets)
		qsort(state->nets, state->n_nets, sizeof(*state->nets), compare_nets);
	for (size_t i = 0; i < state->n_nets; i++) {
		const struct net *net = &state->nets[i];

		if (furthest && furthest->family == net->family &&
		    net->range.lo <= furthest->range.hi)
			report_overlap(state, furthest, net);
		if (!furthest || furthest->family != net->family ||
		    net->range.hi > furthest->range.hi)
			furthest = net;
	}
}

/* See gw_zone.space in policy.h. */
static void make_spaces(struct zones_state *state, size_t n)
{
	struct gw_arena *arena = state->loader->arena;

	for (int f = 0; f < GW_FAMILY_COUNT; f++) {
		enum gw_family family = (enum gw_family)f;
		struct gw_addrset outside = gw_addrset_subtract(arena, gw_addrset_all(family),
								special_addresses(arena, family));
		struct gw_range_buffer declared = { 0 };

		for (size_t i = 0; i < n; i++)
			gw_range_buffer_add_set(&declared, state->zones[i].nets[family]);
		outside =
			gw_addrset_subtract(arena, outside, gw_range_buffer_take(&declared, arena));
		gw_free(declared.items);
		for (size_t i = 0; i < n; i++) {
			struct gw_zone *zone = &state->zones[i];

			if (family == GW_FAMILY_IPV6 && !zone->ipv6)
				zone->space[family] = (struct gw_addrset){ 0 };
			else if (zone->anti_spoof == GW_ANTI_SPOOF_OFF)
				zone->space[family] = gw_addrset_all(family);
			else
				zone->space[family] = zone->has_nets ? zone->nets[family] : outside;
		}
	}
}

/* ---- the section ---------------------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
	const struct gw_entry *const *left = a, *const *right = b;

	return strcmp((*left)->key, (*right)->key);
}

static void read_zone(struct zones_state *state, const struct gw_entry *entry, struct gw_zone *zone)
{
	struct gw_diags *diags = state->loader->diags;
	struct zone_form form;

	if (strcmp(zone->name, "any") == 0 || strcmp(zone->name, "gateway") == 0)
		gw_diag(diags, GW_D_RESERVED_NAME, zone->loc,
			"`%s` has a meaning of its own and cannot be a zone", zone->name);
	(void)gw_schema_read(diags, &gw_table_zone, entry->value,
			     &form); /* goes on with defaults */
	zone->untrusted = form.untrusted;
	zone->management = gw_node_get(entry->value, "management")
				   ? form.management
				   : strcmp(zone->name, "mgmt") == 0;
	zone->ipv6 = form.ipv6;
	zone->clamp_mss = form.clamp_mss;
	zone->anti_spoof = (enum gw_anti_spoof)form.anti_spoof;
	zone->admission = gw_read_admission(state->loader, form.admission);
	read_interfaces(state, form.interfaces, zone);
	read_ports(state, zone);
	read_nets(state, form.nets, zone);
	if (!zone->untrusted && !gw_node_get(entry->value, "nets"))
		gw_diag(diags, GW_D_ZONE_WITHOUT_NETS, zone->loc,
			"zone `%s` is trusted, but does not say which nets it holds", zone->name);
}

void gw_load_zones(struct gw_loader *loader, struct gw_node *node)
{
	struct zones_state state = { .loader = loader };
	size_t n = node ? node->n : 0;
	const struct gw_entry **entries;

	if (n > GW_ZONES_MAX) {
		gw_diag(loader->diags, GW_D_ZONES_TOO_MANY, node->loc,
			"%zu zones are defined; at most %u are possible", n, GW_ZONES_MAX);
		return;
	}
	entries = gw_arena_array(loader->arena, n, const struct gw_entry *);
	for (size_t i = 0; i < n; i++)
		entries[i] = &node->entries[i];
	if (n)
		qsort(entries, n, sizeof(const struct gw_entry *), compare_entries);
	state.zones = gw_arena_array(loader->arena, n, struct gw_zone);
	for (size_t i = 0; i < n; i++) {
		state.zones[i].name = entries[i]->key;
		state.zones[i].loc = entries[i]->key_loc;
		state.zones[i].index = (unsigned int)i;
		read_zone(&state, entries[i], &state.zones[i]);
	}
	check_ports(&state);
	check_nets(&state);
	make_spaces(&state, n);
	loader->policy->zones = state.zones;
	loader->policy->n_zones = n;
	gw_free(state.nets);
	gw_free(state.ports);
}
