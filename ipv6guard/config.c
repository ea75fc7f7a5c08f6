/* `ipv6guard:`: the table of its keys, and segments from zones and from what is written. */
#include "ipv6guard/config.h"

#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/compile.h"
#include "ipv6guard/settings.h"

/* ---- tables of keys ------------------------------------------------------------------------- */

struct segment_form {
	struct gw_node *interfaces, *ports, *vlans, *carriers, *tunnels, *routers, *servers,
		*ipv4_servers;
	uint32_t nd_rate, mld_rate;
	int mode;
	bool monitor, source_guard, counter_ra;
};

struct response_form {
	struct gw_node *protect;
	uint32_t quarantine, retention, capture;
	bool shared;
};

struct guard_form {
	struct gw_node *segments, *response;
	int normal;
};

static const struct gw_choice modes[] = {
	{ "off", IPV6GUARD_OFF },
	{ "local", IPV6GUARD_LOCAL },
	{ "guarded", IPV6GUARD_GUARDED },
	{ "open", IPV6GUARD_OPEN },
	{ NULL, 0 },
};

#define AT(member) .offset = offsetof(struct segment_form, member)

static const struct gw_field segment_fields[] = {
	{ .key = "mode",
	  .type = GW_FIELD_CHOICE,
	  .required = true,
	  .choices = modes,
	  AT(mode),
	  .en = "How much IPv6 there is: `off` none, `local` between link-local addresses only, "
		"`guarded` with known routers and servers only, `open` not judged.",
	  .ja = "IPv6の扱い。off=なし、local=リンクローカルのみ、guarded=登録済みルータ・"
		"サーバのみ、open=検査しない。" },
	{ .key = "interfaces",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(interfaces),
	  .en = "Interfaces of the segment. If not written, those of the zone of the same name.",
	  .ja = "セグメントのインターフェース。省略時は同名ゾーンのもの。" },
	{ .key = "ports",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  AT(ports),
	  .en = "Ports of bridges, where frames between two hosts are judged as well. `lan*` means "
		"all whose names begin so.",
	  .ja = "ブリッジのポート。端末間のフレームも検査する。`lan*`は前方一致。" },
	{ .key = "vlans",
	  .type = GW_FIELD_UINT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  .min = 1,
	  .max = 4094,
	  AT(vlans),
	  .en = "Tags that pass. Frames with one are judged on the VLAN's own device, or, where "
		"the "
		"segment has `ports`, here. Tags of interfaces called like `lan0.30` are known.",
	  .ja = "通過させるVLANタグ。VLANデバイス側で、portsがあればここで検査する。"
		"`lan0.30`形式は自動で認識。" },
	{ .key = "carriers",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  AT(carriers),
	  .en = "Frames that pass beside ARP and IP: `eapol`, `lldp`, `stp`, `lacp`, `ptp`, `cfm`, "
		"`wol` (all these if nothing is written), `pppoe` with IPv4 inside, `priority-tag` "
		"(VLAN 0).",
	  .ja = "ARP・IP以外に許可するフレーム。省略時はeapol, lldp, stp, lacp, ptp, cfm, wol。"
		"ほかにpppoe（IPv4のみ）, priority-tag。" },
	{ .key = "tunnels",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  AT(tunnels),
	  .en = "Tunnels over IPv4 that pass. Those made for IPv6, `6in4`, `teredo`, `tsp` and "
		"`ayiya`, are refused unless listed; `gre`, `ipip`, `ethernet` and `udp` (VXLAN, "
		"Geneve, GUE, GTP, L2TP) only at `ports`, where mode is `off` or `local`: "
		"elsewhere policies decide about them.",
	  .ja = "許可するIPv4トンネル。6in4, teredo, tsp, ayiyaは記載がなければ拒否。gre, ipip, "
		"ethernet, udp（VXLAN, Geneve, GUE, GTP, "
		"L2TP）はportsのあるoff・localでのみ拒否し、"
		"それ以外はポリシーに従う。" },
	{ .key = "routers",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_LIST,
	  .empty_ok = true,
	  .table = &ipv6guard_table_router,
	  AT(routers),
	  .en = "Routers that may advertise themselves here; the gateway itself always may.",
	  .ja = "ルータ広告を許可するルータ。ゲートウェイ自身は常に許可。" },
	{ .key = "dhcpv6_servers",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_LIST,
	  .empty_ok = true,
	  .table = &ipv6guard_table_server,
	  AT(servers),
	  .en = "DHCPv6 servers that hosts here may be answered by.",
	  .ja = "応答を許可するDHCPv6サーバ。" },
	{ .key = "ipv4_servers",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_LIST,
	  .empty_ok = true,
	  .table = &ipv6guard_table_server,
	  AT(ipv4_servers),
	  .en = "Devices at `ports` that may answer DHCPv4, and answer for `wpad` and `isatap`: "
		"what switches IPv6 or a proxy on comes in such answers, so nobody else's pass.",
	  .ja = "portsでDHCPv4の応答と`wpad`・`isatap`の名前応答を許可する端末。IPv6やプロキシを"
		"有効化する応答を防ぐため、他の端末の応答は拒否。" },
	{ .key = "monitor",
	  .type = GW_FIELD_BOOL,
	  AT(monitor),
	  .fallback = "false",
	  .en = "Judge, count and tell by the mode, but stop nothing: to see what a mode would do, "
		"or for a port that mirrors others.",
	  .ja = "モードに従って判定・計数・通知するが、何も遮断しない（導入前の確認やミラーポート用"
		"）。" },
	{ .key = "source_guard",
	  .type = GW_FIELD_BOOL,
	  AT(source_guard),
	  .fallback = "false",
	  .en = "Hosts may use only addresses that were seen to be theirs (RFC 7039).",
	  .ja = "端末が確認済みの自アドレスだけを使えるようにする（RFC 7039）。" },
	{ .key = "nd_rate",
	  .type = GW_FIELD_UINT,
	  AT(nd_rate),
	  .min = 1,
	  .max = 100000,
	  .fallback = "50",
	  .en = "Neighbour and router discovery messages a second of each device.",
	  .ja = "端末ごとの近隣探索メッセージ数の上限（毎秒）。" },
	{ .key = "mld_rate",
	  .type = GW_FIELD_UINT,
	  AT(mld_rate),
	  .min = 1,
	  .max = 100000,
	  .fallback = "50",
	  .en = "MLD messages a second of each device.",
	  .ja = "端末ごとのMLDメッセージ数の上限（毎秒）。" },
	{ .key = "counter_ra",
	  .type = GW_FIELD_BOOL,
	  AT(counter_ra),
	  .fallback = "false",
	  .en = "Tell hosts at once that what a rogue router announced is over. For segments whose "
		"hosts reach each other past the gateway.",
	  .ja = "不正ルータの広告内容を無効化する広告を送る（ゲートウェイを経由しない区間向け）"
		"。" },
};
#undef AT

static const struct gw_table segment_table = {
	.name = "ipv6guard.segments",
	.en = "Where frames come in, and how much IPv6 there is. Every zone is a segment of its "
	      "own "
	      "name, `off` if the zone has `ipv6: off`.",
	.ja = "フレームの入口ごとのIPv6の扱い。各ゾーンは同名のセグメントになり、"
	      "`ipv6: off`のゾーンはoff。",
	.size = sizeof(struct segment_form),
	.fields = segment_fields,
	.n_fields = GW_COUNT(segment_fields),
};

#define AT(member) .offset = offsetof(struct response_form, member)

static const struct gw_field response_fields[] = {
	{ .key = "quarantine",
	  .type = GW_FIELD_DURATION,
	  AT(quarantine),
	  .max = 30 * 86400,
	  .fallback = "10m",
	  .en = "How long a device that does something hostile is cut off. 0s: never by itself.",
	  .ja = "敵対的な端末を遮断する時間。0sは自動遮断なし。" },
	{ .key = "shared",
	  .type = GW_FIELD_BOOL,
	  AT(shared),
	  .fallback = "false",
	  .en = "Cut devices off also at ports where others are, whose addresses could be forged.",
	  .ja = "他の端末もいるポートでも遮断する（アドレス詐称のおそれあり）。" },
	{ .key = "protect",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  AT(protect),
	  .en = "MAC addresses that are never cut off.",
	  .ja = "決して遮断しないMACアドレス。" },
	{ .key = "retention",
	  .type = GW_FIELD_DURATION,
	  AT(retention),
	  .min = 3600,
	  .max = 10 * 365 * 86400,
	  .fallback = "90d",
	  .en = "How long a device is remembered after it was last seen.",
	  .ja = "最後に見た端末の情報を保持する期間。" },
	{ .key = "capture",
	  .type = GW_FIELD_UINT,
	  AT(capture),
	  .max = 4096,
	  .fallback = "0",
	  .en = "MiB of refused frames that are kept for examination. 0: none.",
	  .ja = "調査用に保存する拒否フレームの容量（MiB）。0は保存なし。" },
};
#undef AT

static const struct gw_table response_table = {
	.name = "ipv6guard.response",
	.en = "What happens to devices that do what their segment does not permit.",
	.ja = "許可されない通信をした端末への対応。",
	.size = sizeof(struct response_form),
	.fields = response_fields,
	.n_fields = GW_COUNT(response_fields),
};

static const struct gw_field guard_fields[] = {
	{ .key = "default",
	  .type = GW_FIELD_CHOICE,
	  .choices = modes,
	  .offset = offsetof(struct guard_form, normal),
	  .fallback = "open",
	  .en = "Mode of zones that have IPv6, are not `untrusted` and have no segment of their "
		"name.",
	  .ja = "同名セグメントのない、IPv6を使う信頼ゾーンの既定モード。" },
	{ .key = "segments",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_MAP,
	  .empty_ok = true,
	  .key_max = 24,
	  .table = &segment_table,
	  .offset = offsetof(struct guard_form, segments),
	  .en = "Segments by name; the name of a zone stands for the zone.",
	  .ja = "セグメント（名前ごと）。ゾーン名はそのゾーンを表す。" },
	{ .key = "response",
	  .type = GW_FIELD_TABLE,
	  .table = &response_table,
	  .empty_ok = true,
	  .offset = offsetof(struct guard_form, response),
	  .en = "What happens to devices that do what is not permitted.",
	  .ja = "違反端末への対応。" },
};

const struct gw_table ipv6guard_table = {
	.name = "ipv6guard",
	.en = "No IPv6 where none is meant, no rogue router or server where it is. Zones with "
	      "`ipv6: off` are guarded without this section, too.",
	.ja = "意図しないIPv6の抑止と不正ルータ・サーバの排除。`ipv6: off`のゾーンは"
	      "このセクションがなくても保護される。",
	.size = sizeof(struct guard_form),
	.fields = guard_fields,
	.n_fields = GW_COUNT(guard_fields),
};

/* ---- segments ------------------------------------------------------------------------------- */

struct state {
	struct gw_loader *loader;
	struct ipv6guard_segment *segments;
	size_t n;
};

static void set_defaults(struct ipv6guard_segment *segment)
{
	static const bool usual[IPV6GUARD_CARRIERS] = {
		[IPV6GUARD_EAPOL] = true, [IPV6GUARD_LLDP] = true, [IPV6GUARD_STP] = true,
		[IPV6GUARD_LACP] = true,  [IPV6GUARD_PTP] = true,  [IPV6GUARD_CFM] = true,
		[IPV6GUARD_WOL] = true,
	};

	memcpy(segment->carriers, usual, sizeof(usual));
}

static void check_mode(struct gw_loader *loader, const struct gw_node *node,
		       const struct ipv6guard_segment *segment)
{
	static const struct {
		const char *key;
		bool local; /* means something there, too */
	} keys[] = { { "routers", false }, { "dhcpv6_servers", false }, { "source_guard", true } };
	bool is_on = segment->mode == IPV6GUARD_GUARDED || segment->mode == IPV6GUARD_OPEN;

	if (is_on && segment->zone && !segment->zone->ipv6) {
		gw_diag(loader->diags, GW_D_SEGMENT_ZONE_IS_OFF, gw_schema_loc(node, "mode"),
			"segment `%s` is %s, but zone `%s` has `ipv6: off`", segment->name,
			ipv6guard_mode_name(segment->mode), segment->zone->name);
		gw_diag_related(loader->diags, segment->zone->loc, "the zone");
	}
	if (segment->monitor && segment->mode == IPV6GUARD_OPEN)
		gw_diag(loader->diags, GW_D_SEGMENT_NOT_GUARDED, gw_schema_loc(node, "monitor"),
			"segment `%s` is open: there is nothing to monitor", segment->name);
	for (size_t i = 0; i < GW_COUNT(keys) && segment->mode != IPV6GUARD_GUARDED; i++)
		if (gw_node_get(node, keys[i].key) &&
		    !(keys[i].local && segment->mode == IPV6GUARD_LOCAL))
			gw_diag(loader->diags, GW_D_SEGMENT_NOT_GUARDED,
				gw_schema_loc(node, keys[i].key),
				"segment `%s` is %s: `%s` means nothing", segment->name,
				ipv6guard_mode_name(segment->mode), keys[i].key);
}

/* The zone that has any of these interfaces; that of the name, if it says nothing of interfaces. */
static const struct gw_zone *zone_of(const struct gw_policy *policy,
				     const struct ipv6guard_segment *segment)
{
	for (size_t i = 0; i < policy->n_zones; i++)
		for (size_t k = 0; k < policy->zones[i].n_interfaces; k++)
			for (size_t m = 0; m < segment->n_interfaces; m++)
				if (strcmp(policy->zones[i].interfaces[k].name,
					   segment->interfaces[m].name) == 0)
					return &policy->zones[i];
	return gw_policy_zone(policy, segment->name);
}

static void read_segment(struct gw_loader *loader, const struct gw_entry *entry,
			 struct ipv6guard_segment *segment)
{
	const struct gw_zone *named = gw_policy_zone(loader->policy, entry->key);
	struct segment_form form;

	segment->name = entry->key;
	segment->loc = entry->key_loc;
	set_defaults(segment);
	(void)gw_schema_read(loader->diags, &segment_table, entry->value, &form); /* goes on */
	segment->mode = (enum ipv6guard_mode)form.mode;
	ipv6guard_read_devices(loader, form.interfaces, false, &segment->interfaces,
			       &segment->n_interfaces);
	ipv6guard_read_devices(loader, form.ports, true, &segment->ports, &segment->n_ports);
	if (!form.interfaces && named) {
		segment->interfaces = named->interfaces;
		segment->n_interfaces = named->n_interfaces;
	}
	segment->zone = zone_of(loader->policy, segment);
	if (!segment->n_interfaces && !segment->n_ports && !form.interfaces && !form.ports)
		gw_diag(loader->diags, GW_D_SEGMENT_WITHOUT_DEVICE, segment->loc,
			"segment `%s` is no zone and has neither interfaces nor ports",
			segment->name);
	ipv6guard_read_vlans(loader, form.vlans, segment);
	ipv6guard_read_carriers(loader, form.carriers, segment->carriers);
	ipv6guard_read_tunnels(loader, form.tunnels, segment->tunnels);
	ipv6guard_read_routers(loader, form.routers, segment);
	ipv6guard_read_servers(loader, form.servers, segment, &segment->servers,
			       &segment->n_servers);
	ipv6guard_read_servers(loader, form.ipv4_servers, segment, &segment->ipv4_servers,
			       &segment->n_ipv4_servers);
	segment->monitor = form.monitor;
	segment->source_guard = form.source_guard;
	segment->nd_rate = form.nd_rate;
	segment->mld_rate = form.mld_rate;
	segment->counter_ra = form.counter_ra;
	check_mode(loader, entry->value, segment);
}

static bool is_taken(const struct state *state, const char *interface)
{
	for (size_t i = 0; i < state->n; i++)
		for (size_t k = 0; k < state->segments[i].n_interfaces; k++)
			if (strcmp(state->segments[i].interfaces[k].name, interface) == 0)
				return true;
	return false;
}

static bool is_named(const struct state *state, const char *name)
{
	for (size_t i = 0; i < state->n; i++)
		if (strcmp(state->segments[i].name, name) == 0)
			return true;
	return false;
}

/* What no written segment has of a zone is a segment of the zone's name. */
static void add_zone(struct state *state, const struct gw_zone *zone, enum ipv6guard_mode normal)
{
	struct ipv6guard_segment segment = { .name = zone->name, .zone = zone, .loc = zone->loc };
	struct gw_interface *rest =
		gw_arena_array(state->loader->arena, zone->n_interfaces, struct gw_interface);

	if (is_named(state, zone->name))
		return;
	for (size_t i = 0; i < zone->n_interfaces; i++)
		if (!is_taken(state, zone->interfaces[i].name))
			rest[segment.n_interfaces++] = zone->interfaces[i];
	set_defaults(&segment);
	segment.interfaces = rest;
	segment.nd_rate = segment.mld_rate = 50;
	segment.mode = !zone->ipv6 ? IPV6GUARD_OFF : zone->untrusted ? IPV6GUARD_OPEN : normal;
	if (segment.n_interfaces)
		state->segments[state->n++] = segment;
}

/* ---- what concerns several segments --------------------------------------------------------- */

static int compare_segments(const void *a, const void *b)
{
	const struct ipv6guard_segment *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void report_twice(struct gw_loader *loader, const struct gw_interface *device,
			 const struct ipv6guard_segment *first, struct gw_loc loc)
{
	gw_diag(loader->diags, GW_D_SEGMENT_DEVICE_TWICE, device->loc,
		"`%s` is already in segment `%s`", device->name, first->name);
	gw_diag_related(loader->diags, loc, "first named here");
}

static void check_devices(const struct state *state, const struct gw_interface *devices, size_t n,
			  size_t before)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < before; k++) {
			const struct ipv6guard_segment *other = &state->segments[k];

			for (size_t m = 0; m < other->n_interfaces + other->n_ports; m++) {
				const struct gw_interface *device =
					m < other->n_interfaces
						? &other->interfaces[m]
						: &other->ports[m - other->n_interfaces];

				if (strcmp(device->name, devices[i].name) == 0)
					report_twice(state->loader, &devices[i], other,
						     device->loc);
			}
		}
}

static void check_segments(const struct state *state)
{
	for (size_t i = 0; i < state->n; i++) {
		const struct ipv6guard_segment *segment = &state->segments[i];

		check_devices(state, segment->interfaces, segment->n_interfaces, i);
		check_devices(state, segment->ports, segment->n_ports, i);
		for (size_t k = 0; k < i; k++)
			if (!(segment->zone && state->segments[k].zone) && /* GW1300 */
			    ipv6guard_segment_number(state->segments[k].name) ==
				    ipv6guard_segment_number(segment->name))
				gw_diag(state->loader->diags, GW_D_SEGMENT_NUMBERS_ALIKE,
					segment->loc, "`%s` and `%s` give the same number",
					segment->name, state->segments[k].name);
	}
}

/* The VLAN's number if `device` is `parent` and a number, as "lan0.30" is; else 0. */
static uint16_t vlan_of(const char *device, const char *parent)
{
	size_t len = strlen(parent);
	unsigned long number;
	char *end;

	if (strncmp(device, parent, len) != 0 || device[len] != '.')
		return 0;
	number = strtoul(device + len + 1, &end, 10);
	return *end || end == device + len + 1 || number > 4094 ? 0 : (uint16_t)number;
}

static void add_vlan(struct gw_loader *loader, struct ipv6guard_segment *segment, uint16_t vlan)
{
	uint16_t *vlans = gw_arena_array(loader->arena, segment->n_vlans + 1, uint16_t);

	for (size_t i = 0; i < segment->n_vlans; i++) {
		if (segment->vlans[i] == vlan)
			return;
		vlans[i] = segment->vlans[i];
	}
	vlans[segment->n_vlans++] = vlan;
	segment->vlans = vlans;
}

/* A zone on lan0.30 gets no frames if lan0 refuses tag 30. */
static void find_vlans(struct state *state)
{
	const struct gw_policy *policy = state->loader->policy;

	for (size_t i = 0; i < state->n; i++)
		for (size_t k = 0; k < state->segments[i].n_interfaces; k++)
			for (size_t z = 0; z < policy->n_zones; z++)
				for (size_t m = 0; m < policy->zones[z].n_interfaces; m++) {
					uint16_t vlan =
						vlan_of(policy->zones[z].interfaces[m].name,
							state->segments[i].interfaces[k].name);

					if (vlan)
						add_vlan(state->loader, &state->segments[i], vlan);
				}
}

/* ---- the section ---------------------------------------------------------------------------- */

static void read_response(struct gw_loader *loader, struct gw_node *node,
			  struct ipv6guard_response *response)
{
	struct response_form form;

	(void)gw_schema_read(loader->diags, &response_table, node, &form); /* goes on */
	response->quarantine_s = form.quarantine;
	response->shared = form.shared;
	response->retention_s = form.retention;
	response->capture_mib = form.capture;
	ipv6guard_read_macs(loader, form.protect, &response->protect, &response->n_protect);
}

static const void *load(struct gw_loader *loader, struct gw_node *node)
{
	struct ipv6guard *guard = gw_arena_new_of(loader->arena, struct ipv6guard);
	const struct gw_policy *policy = loader->policy;
	struct state state = { .loader = loader };
	struct guard_form form;
	size_t n;

	(void)gw_schema_read(loader->diags, &ipv6guard_table, node, &form); /* goes on */
	n = form.segments ? form.segments->n : 0;
	state.segments =
		gw_arena_array(loader->arena, n + policy->n_zones, struct ipv6guard_segment);
	for (size_t i = 0; i < n; i++)
		read_segment(loader, &form.segments->entries[i], &state.segments[state.n++]);
	for (size_t i = 0; i < policy->n_zones; i++)
		add_zone(&state, &policy->zones[i], (enum ipv6guard_mode)form.normal);
	if (state.n)
		qsort(state.segments, state.n, sizeof(*state.segments), compare_segments);
	check_segments(&state);
	find_vlans(&state);
	guard->segments = state.segments;
	guard->n_segments = state.n;
	read_response(loader, form.response, &guard->response);
	ipv6guard_add_settings(loader, guard);
	return guard;
}

const struct gw_section ipv6guard_section = {
	.load = load,
	.compile = ipv6guard_compile,
	.judge = ipv6guard_judge,
	.count = ipv6guard_count_refusals,
};
