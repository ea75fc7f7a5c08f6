/*
 * What cannot be enforced from here, said for each segment and port, with what would change it: frames that
 * never get to this machine are nobody's to refuse.
 */
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/report/json.h"
#include "ipv6guard/guard.h"

enum gap {
	GAP_MISSING,
	GAP_ROUTED,
	GAP_SWITCH,
	GAP_OFFLOAD,
	GAP_WIRELESS,
	GAP_BRIDGE,
	GAP_OPEN,
	GAP_MONITOR,
	GAP_EVENTS,
	GAP_ENDS,
	GAP_COUNT
};

struct gap_text {
	const char *name, *en, *ja, *change_en, *change_ja;
};

static const struct gap_text texts[GAP_COUNT] = {
	[GAP_MISSING] = { "missing", "the interface is not there", "インターフェースが存在しない",
			  "frames are judged from the first one on when it appears",
			  "出現した時点で最初のフレームから検査される" },
	[GAP_ROUTED] = { "shared-link",
			 "hosts behind this interface reach each other without the gateway",
			 "このインターフェース配下の端末同士の通信はゲートウェイを通らない",
			 "connect hosts to ports of a bridge of this machine, or isolate them in "
			 "the switch",
			 "端末を本機のブリッジポートに収容するか、スイッチ側で端末間を分離する" },
	[GAP_SWITCH] = { "switch-behind-port",
			 "several devices share the port; among themselves they are not judged",
			 "1 つのポートに複数の端末があり、端末同士の通信は検査できない",
			 "replace the switch behind it by ports of this machine, or a switch that "
			 "isolates its ports",
			 "配下のスイッチを本機のポートまたはポート分離対応スイッチに置き換える" },
	[GAP_OFFLOAD] = { "switch-chip",
			  "a switch chip may forward frames between its ports without this machine",
			  "スイッチチップがフレームを本機に渡さず転送する可能性がある",
			  "isolate the ports (`bridge link set dev PORT isolated on`), or give "
			  "each a VLAN of its own",
			  "ポート分離 (bridge link set dev PORT isolated on) またはポートごとの "
			  "VLAN を設定する" },
	[GAP_WIRELESS] = { "wireless",
			   "stations of one access point reach each other without this machine",
			   "同一アクセスポイントの端末同士の通信は本機を通らない",
			   "set ap_isolate=1 in hostapd, and hairpin on the port if stations are "
			   "to talk",
			   "hostapd で ap_isolate=1 を設定し、端末間通信が必要ならポートの hairpin "
			   "を有効にする" },
	[GAP_BRIDGE] = { "bridge-not-port",
			 "the segment names a bridge: frames between its ports are not judged",
			 "ブリッジ自体を指定しているため、ポート間のフレームは検査されない",
			 "name its ports under `ports:`",
			 "`ports:` にブリッジの各ポートを指定する" },
	[GAP_OPEN] = { "open", "the mode is `open`: nothing is judged",
		       "モードが open のため検査されない", "set `off`, `local` or `guarded`",
		       "off、local、guarded のいずれかを指定する" },
	[GAP_MONITOR] = { "monitor",
			  "`monitor` is set: frames are judged and told, none is stopped",
			  "monitor が指定されているため、判定と通知のみで遮断しない",
			  "remove `monitor`, once what is told here is what should be stopped",
			  "通知内容を確認したうえで monitor を削除する" },
	[GAP_EVENTS] = { "no-events",
			 "refused frames are not seen: gwd has handed over no descriptor",
			 "拒否フレームのイベントを受信できない(gwd から記述子を受け取っていない)",
			 "see the log of gwd; what the kernel enforces stays as it is",
			 "gwd のログを確認する。カーネルによる遮断は継続している" },
	[GAP_ENDS] = { "no-packet-socket",
		       "`counter_ra` is set, but without CAP_NET_RAW nothing can be sent",
		       "counter_ra が指定されているが、CAP_NET_RAW が無いため送信できない",
		       "install gw-ipv6guardd-raw.conf as a drop-in of the unit",
		       "ユニットのドロップインとして gw-ipv6guardd-raw.conf を導入する" },
};

/* ---- facts about a port ---------------------------------------------------------------------- */

/* The number in a file of sysfs; -1 if there is none. */
static long read_number(const char *port, const char *file)
{
	char path[96], text[32];
	gw_auto_close int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/%s", port, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return strtol(text, NULL, 0);
}

static bool has_file(const char *port, const char *file)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/%s", port, file);
	return access(path, F_OK) == 0;
}

/* Readable only where a switch chip has said which of its ports belong together. */
static bool is_of_switch_chip(const char *port)
{
	char path[96], byte;
	gw_auto_close int fd = -1;

	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/phys_switch_id", port);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, &byte, 1) == 1;
}

static size_t count_macs(const struct ipv6guard_surroundings *surroundings, unsigned int index)
{
	size_t n = 0;

	for (size_t i = 0; i < surroundings->n_fdb; i++) {
		const struct gw_fdb_entry *entry = &surroundings->fdb[i];
		bool again = false;

		if (entry->port != index || entry->own)
			continue;
		for (size_t k = 0; k < i && !again; k++) /* once for each VLAN */
			again = surroundings->fdb[k].port == index && !surroundings->fdb[k].own &&
				memcmp(surroundings->fdb[k].mac, entry->mac, 6) == 0;
		n += !again;
	}
	return n;
}

/* ---- gaps ------------------------------------------------------------------------------------ */

static void add(json_t *gaps, const char *port, enum gap gap)
{
	const struct gap_text *text = &texts[gap];
	json_t *object = json_object();

	gw_json_set(object, "port", gw_json_text(port));
	gw_json_set(object, "gap", json_string(text->name));
	gw_json_set(object, "text", json_string(text->en));
	gw_json_set(object, "text_ja", json_string(text->ja));
	gw_json_set(object, "change", json_string(text->change_en));
	gw_json_set(object, "change_ja", json_string(text->change_ja));
	gw_json_add(gaps, object);
}

static void add_port(const struct ipv6guard_state *state, const char *name, bool bridge_port,
		     json_t *gaps)
{
	const struct gw_link *link = gw_links_find(&state->surroundings.links, name);
	bool isolated = read_number(name, "brport/isolated") == 1;

	if (!link) {
		if (!strchr(name, '*'))
			add(gaps, name, GAP_MISSING);
		return;
	}
	if (link->bridge)
		add(gaps, name, GAP_BRIDGE);
	else if (!bridge_port && !link->master)
		add(gaps, name, GAP_ROUTED);
	if (link->master && count_macs(&state->surroundings, link->index) > 1)
		add(gaps, name, GAP_SWITCH);
	if (is_of_switch_chip(name) && !isolated)
		add(gaps, name, GAP_OFFLOAD);
	if (has_file(name, "phy80211") || has_file(name, "wireless"))
		add(gaps, name, GAP_WIRELESS);
}

static json_t *segment_json(struct ipv6guard_state *state, const struct ipv6guard_segment *segment)
{
	json_t *object = json_object(), *gaps = json_array();

	if (segment->mode == IPV6GUARD_OPEN) {
		add(gaps, NULL, GAP_OPEN);
	} else {
		if (segment->monitor)
			add(gaps, NULL, GAP_MONITOR);
		if (state->log_fd < 0)
			add(gaps, NULL, GAP_EVENTS);
		if (segment->counter_ra && state->packet_fd < 0)
			add(gaps, NULL, GAP_ENDS);
		for (size_t i = 0; i < segment->n_interfaces; i++)
			add_port(state, segment->interfaces[i].name, false, gaps);
		for (size_t i = 0; i < segment->n_ports; i++)
			add_port(state, segment->ports[i].name, true, gaps);
	}
	gw_json_set(object, "segment", gw_json_text(segment->name));
	gw_json_set(object, "mode", json_string(ipv6guard_mode_name(segment->mode)));
	gw_json_set(object, "gaps", gaps);
	return object;
}

json_t *ipv6guard_coverage(struct ipv6guard_state *state)
{
	json_t *list = json_array();

	ipv6guard_surroundings_look(&state->surroundings, ipv6guard_clock_ms());
	for (size_t i = 0; state->model && i < state->model->n_segments; i++)
		gw_json_add(list, segment_json(state, &state->model->segments[i]));
	return list;
}
