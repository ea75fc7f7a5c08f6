/* The lists of a segment: devices, tags, exceptions, routers, servers. */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/config.h"

/* How many of a list may be read; a diagnostic if it is longer. */
static size_t items_of(struct gw_loader *loader, struct gw_node *const *slot, size_t max,
		       struct gw_node *const **ret)
{
	size_t n;

	*ret = gw_schema_items(slot, &n);
	if (n <= max)
		return n;
	gw_diag(loader->diags, GW_D_SEGMENT_TOO_MUCH, (*ret)[max]->loc,
		"%zu are listed; at most %zu are possible", n, max);
	return max;
}

/* ---- devices -------------------------------------------------------------------------------- */

/* The name without the star of a pattern must be a name. */
static bool check_device(struct gw_loader *loader, const struct gw_node *item, bool patterns)
{
	size_t len = strlen(item->text);
	struct gw_node stem = *item;

	if (patterns && len > 1 && item->text[len - 1] == '*')
		stem.text = gw_arena_strndup(loader->arena, item->text, len - 1);
	return gw_check_interface(loader->diags, &stem);
}

static int compare_devices(const void *a, const void *b)
{
	const struct gw_interface *left = a, *right = b;

	return strcmp(left->name, right->name);
}

void ipv6guard_read_devices(struct gw_loader *loader, struct gw_node *node, bool patterns,
			    const struct gw_interface **ret, size_t *ret_n)
{
	struct gw_node *const *items;
	size_t n = items_of(loader, &node, IPV6GUARD_SEGMENT_DEVICES_MAX, &items), used = 0;
	struct gw_interface *devices = gw_arena_array(loader->arena, n, struct gw_interface);

	for (size_t i = 0; i < n; i++)
		if (check_device(loader, items[i], patterns))
			devices[used++] = (struct gw_interface){ items[i]->text, items[i]->loc };
	if (used)
		qsort(devices, used, sizeof(*devices), compare_devices);
	*ret = devices;
	*ret_n = used;
}

/* ---- tags and words ------------------------------------------------------------------------- */

void ipv6guard_read_vlans(struct gw_loader *loader, struct gw_node *node,
			  struct ipv6guard_segment *segment)
{
	struct gw_node *const *items;
	size_t n = items_of(loader, &node, IPV6GUARD_VLANS_MAX, &items);
	uint16_t *vlans = gw_arena_array(loader->arena, n, uint16_t);

	/* The schema has said what is no number, or out of bounds. */
	for (size_t i = 0; i < n; i++)
		vlans[segment->n_vlans++] = (uint16_t)strtoul(items[i]->text, NULL, 0);
	segment->vlans = vlans;
}

static void read_words(struct gw_loader *loader, struct gw_node *node, const char *const *words,
		       size_t n_words, bool *ret)
{
	size_t n;
	struct gw_node *const *items = gw_schema_items(&node, &n);

	if (node)
		memset(ret, 0, n_words * sizeof(*ret));
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < n_words && strcmp(words[k], items[i]->text) != 0)
			k++;
		if (k < n_words) {
			ret[k] = true;
			continue;
		}
		gw_diag(loader->diags, GW_D_SEGMENT_UNKNOWN_WORD, items[i]->loc,
			"`%s` is none that is known", items[i]->text);
		gw_schema_suggest(loader->diags, items[i]->text, words, n_words);
	}
}

void ipv6guard_read_carriers(struct gw_loader *loader, struct gw_node *node,
			     bool ret[IPV6GUARD_CARRIERS])
{
	static const char *const words[IPV6GUARD_CARRIERS] = {
		[IPV6GUARD_EAPOL] = "eapol",
		[IPV6GUARD_LLDP] = "lldp",
		[IPV6GUARD_PTP] = "ptp",
		[IPV6GUARD_CFM] = "cfm",
		[IPV6GUARD_WOL] = "wol",
		[IPV6GUARD_STP] = "stp",
		[IPV6GUARD_LACP] = "lacp",
		[IPV6GUARD_PPPOE] = "pppoe",
		[IPV6GUARD_PRIORITY_TAG] = "priority-tag",
	};

	read_words(loader, node, words, GW_COUNT(words), ret);
}

void ipv6guard_read_tunnels(struct gw_loader *loader, struct gw_node *node,
			    bool ret[IPV6GUARD_TUNNELS])
{
	static const char *const words[IPV6GUARD_TUNNELS] = {
		[IPV6GUARD_6IN4] = "6in4",     [IPV6GUARD_GRE] = "gre",
		[IPV6GUARD_IPIP] = "ipip",     [IPV6GUARD_ETHER] = "ethernet",
		[IPV6GUARD_TEREDO] = "teredo", [IPV6GUARD_TSP] = "tsp",
		[IPV6GUARD_AYIYA] = "ayiya",   [IPV6GUARD_UDP] = "udp",
	};

	read_words(loader, node, words, GW_COUNT(words), ret);
}

/* ---- routers and servers -------------------------------------------------------------------- */

struct router_form {
	struct gw_node *prefixes, *dns;
	const char *port, *mac, *link_local;
	uint32_t lifetime;
	int preference;
	bool managed;
};

static const struct gw_choice preferences[] = {
	{ "medium", false },
	{ "high", true },
	{ NULL, 0 },
};

#define AT(member) .offset = offsetof(struct router_form, member)

static const struct gw_field router_fields[] = {
	{ .key = "port",
	  .type = GW_FIELD_TEXT,
	  AT(port),
	  .en = "The interface or port where it is heard. Any of the segment if not written.",
	  .ja = "ルータが接続されたインターフェースまたはポート。省略時はセグメント内のすべて。" },
	{ .key = "mac",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  AT(mac),
	  .en = "Its MAC address.",
	  .ja = "ルータのMACアドレス。" },
	{ .key = "link_local",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  AT(link_local),
	  .en = "The address of fe80::/10 that it sends from.",
	  .ja = "広告の送信元となるリンクローカルアドレス。" },
	{ .key = "prefixes",
	  .type = GW_FIELD_NET,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(prefixes),
	  .en = "Prefixes that it may announce for hosts' addresses, and as routes.",
	  .ja = "広告を許可するプレフィックスと経路。" },
	{ .key = "dns",
	  .type = GW_FIELD_NET,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(dns),
	  .en = "Name servers that it may announce (RFC 8106). None if not written.",
	  .ja = "広告を許可するDNSサーバ（RFC 8106）。省略時は不許可。" },
	{ .key = "lifetime",
	  .type = GW_FIELD_DURATION,
	  AT(lifetime),
	  .max = 65535,
	  .fallback = "1800s",
	  .en = "The longest lifetime as a default router that it may announce; 0s: it announces "
		"prefixes and routes only, as the border router of a Thread network does.",
	  .ja = "デフォルトルータとしての最長生存時間。0sは経路のみ（Thread境界ルータなど）。" },
	{ .key = "preference",
	  .type = GW_FIELD_CHOICE,
	  .choices = preferences,
	  AT(preference),
	  .fallback = "medium",
	  .en = "The highest preference that it may claim (RFC 4191).",
	  .ja = "主張を許可する最高の優先度（RFC 4191）。" },
	{ .key = "managed",
	  .type = GW_FIELD_BOOL,
	  AT(managed),
	  .fallback = "false",
	  .en = "It may tell hosts to use DHCPv6 (flags M and O).",
	  .ja = "DHCPv6の利用指示（M・Oフラグ）を許可する。" },
};
#undef AT

const struct gw_table ipv6guard_table_router = {
	.name = "ipv6guard.segments.routers",
	.en = "A router that may advertise itself on the segment, beside the gateway.",
	.ja = "ゲートウェイ以外に、セグメントでルータ広告を許可するルータ。",
	.size = sizeof(struct router_form),
	.fields = router_fields,
	.n_fields = GW_COUNT(router_fields),
};

struct server_form {
	const char *port, *mac;
};

static const struct gw_field server_fields[] = {
	{ .key = "port",
	  .type = GW_FIELD_TEXT,
	  .offset = offsetof(struct server_form, port),
	  .en = "The interface or port where it is heard. Any of the segment if not written.",
	  .ja = "サーバが接続されたインターフェースまたはポート。省略時はセグメント内のすべて。" },
	{ .key = "mac",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  .offset = offsetof(struct server_form, mac),
	  .en = "Its MAC address.",
	  .ja = "サーバのMACアドレス。" },
};

const struct gw_table ipv6guard_table_server = {
	.name = "ipv6guard.segments.dhcpv6_servers",
	.en = "A DHCPv6 server or relay of the segment, beside the gateway (RFC 7610).",
	.ja = "ゲートウェイ以外に許可するDHCPv6サーバまたはリレー（RFC 7610）。",
	.size = sizeof(struct server_form),
	.fields = server_fields,
	.n_fields = GW_COUNT(server_fields),
};

static bool read_mac(struct gw_loader *loader, const char *text, struct gw_loc loc,
		     uint8_t ret[GW_MAC_LEN])
{
	if (gw_mac_parse(text, strlen(text), ret) && gw_mac_is_device(ret))
		return true;
	gw_diag(loader->diags, GW_D_SEGMENT_BAD_MAC, loc,
		"`%s` is not a MAC address such as 52:54:00:12:34:56", text);
	return false;
}

static bool has_device(const struct gw_interface *devices, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(devices[i].name, name) == 0)
			return true;
	return false;
}

/* True if it is one of the segment's, by name or as the pattern that is written there. */
static bool check_port(struct gw_loader *loader, const struct ipv6guard_segment *segment,
		       const char *port, struct gw_loc loc)
{
	struct ipv6guard alone = { .segments = segment, .n_segments = 1 };

	if (!port || has_device(segment->interfaces, segment->n_interfaces, port) ||
	    (ipv6guard_segment_of(&alone, port) && port[strlen(port) - 1] != '*'))
		return true;
	gw_diag(loader->diags, GW_D_SEGMENT_UNKNOWN_PORT, loc,
		"`%s` is no interface or port of segment `%s`", port, segment->name);
	return false;
}

static bool read_link_local(struct gw_loader *loader, const char *text, struct gw_loc loc,
			    gw_u128 *ret)
{
	enum gw_family family;
	struct gw_range range;

	if (gw_addr_parse(text, &family, &range) == GW_ADDR_OK && family == GW_FAMILY_IPV6 &&
	    range.lo == range.hi && range.lo >> 118 == 0xfe80 >> 6) {
		*ret = range.lo;
		return true;
	}
	gw_diag(loader->diags, GW_D_SEGMENT_BAD_ADDRESS, loc, "`%s` is not an address of fe80::/10",
		text);
	return false;
}

static void read_addrs(struct gw_loader *loader, struct gw_node *node, struct gw_addrset *ret)
{
	struct gw_range_buffer *buffer = &loader->scratch[GW_FAMILY_IPV6];
	struct gw_node *const *items;
	size_t n = items_of(loader, &node, IPV6GUARD_ROUTERS_MAX, &items);

	for (size_t i = 0; i < n; i++) {
		enum gw_family family;
		struct gw_range range;

		if (!gw_read_address(loader->diags, items[i]->loc, items[i]->text, &family, &range))
			continue;
		if (family == GW_FAMILY_IPV6)
			gw_range_buffer_add(buffer, range);
		else
			gw_diag(loader->diags, GW_D_SEGMENT_BAD_ADDRESS, items[i]->loc,
				"`%s` is not of IPv6", items[i]->text);
	}
	*ret = gw_range_buffer_take(buffer, loader->arena);
}

static bool read_router(struct gw_loader *loader, const struct ipv6guard_segment *segment,
			const struct gw_node *node, struct ipv6guard_router *router)
{
	struct router_form form;

	if (!gw_schema_read(loader->diags, &ipv6guard_table_router, node, &form) ||
	    !check_port(loader, segment, form.port, gw_schema_loc(node, "port")) ||
	    !read_mac(loader, form.mac, gw_schema_loc(node, "mac"), router->mac) ||
	    !read_link_local(loader, form.link_local, gw_schema_loc(node, "link_local"),
			     &router->link_local))
		return false;
	read_addrs(loader, form.prefixes, &router->prefixes);
	read_addrs(loader, form.dns, &router->dns);
	router->port = form.port;
	router->lifetime_max = form.lifetime;
	router->preference_high = form.preference;
	router->managed = form.managed;
	router->loc = node->loc;
	return true;
}

void ipv6guard_read_routers(struct gw_loader *loader, struct gw_node *node,
			    struct ipv6guard_segment *segment)
{
	struct gw_node *const *items;
	size_t n = items_of(loader, &node, IPV6GUARD_ROUTERS_MAX, &items), used = 0;
	struct ipv6guard_router *routers =
		gw_arena_array(loader->arena, n, struct ipv6guard_router);

	for (size_t i = 0; i < n; i++)
		used += read_router(loader, segment, items[i], &routers[used]);
	segment->routers = routers;
	segment->n_routers = used;
}

void ipv6guard_read_servers(struct gw_loader *loader, struct gw_node *node,
			    const struct ipv6guard_segment *segment,
			    const struct ipv6guard_server **ret, size_t *ret_n)
{
	struct gw_node *const *items;
	size_t n = items_of(loader, &node, IPV6GUARD_ROUTERS_MAX, &items), used = 0;
	struct ipv6guard_server *servers =
		gw_arena_array(loader->arena, n, struct ipv6guard_server);

	for (size_t i = 0; i < n; i++) {
		struct ipv6guard_server *server = &servers[used];
		struct server_form form;

		if (!gw_schema_read(loader->diags, &ipv6guard_table_server, items[i], &form) ||
		    !check_port(loader, segment, form.port, gw_schema_loc(items[i], "port")) ||
		    !read_mac(loader, form.mac, gw_schema_loc(items[i], "mac"), server->mac))
			continue;
		server->port = form.port;
		server->loc = items[i]->loc;
		used++;
	}
	*ret = servers;
	*ret_n = used;
}

/* ---- MAC addresses -------------------------------------------------------------------------- */

static int compare_macs(const void *a, const void *b)
{
	const struct gw_device *left = a, *right = b;

	return memcmp(left->mac, right->mac, sizeof(left->mac));
}

void ipv6guard_read_macs(struct gw_loader *loader, struct gw_node *node,
			 const struct gw_device **ret, size_t *ret_n)
{
	struct gw_node *const *items;
	size_t n = items_of(loader, &node, IPV6GUARD_PROTECT_MAX, &items), used = 0;
	struct gw_device *devices = gw_arena_array(loader->arena, n, struct gw_device);

	for (size_t i = 0; i < n; i++) {
		devices[used].loc = items[i]->loc;
		used += read_mac(loader, items[i]->text, items[i]->loc, devices[used].mac);
	}
	if (used)
		qsort(devices, used, sizeof(*devices), compare_macs);
	*ret = devices;
	*ret_n = used;
}
