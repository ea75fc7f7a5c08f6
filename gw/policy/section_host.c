/*
 * `host:`: settings of the kernel below net.* that the gateway needs. What concerns forwarding,
 * spoofing and neighbours has keys of its own, because the right value depends on the zones (and
 * on how the kernel combines `all` with each interface); anything else goes by its kernel name.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"

/* ---- conntrack ------------------------------------------------------------------------------ */

struct conntrack_form {
	uint32_t max, buckets, established, udp, udp_stream, icmp, generic;
	int loose, accounting;
};

static const struct gw_choice switch_choices[] = {
	{ "on", GW_SWITCH_ON },
	{ "off", GW_SWITCH_OFF },
	{ "keep", GW_SWITCH_KEEP },
	{ NULL, 0 },
};

#define AT(member) .offset = offsetof(struct conntrack_form, member)
/* A limit that is never reached, and one that is: a year. */
#define ENTRIES_MAX 100000000
#define TIMEOUT_MAX (365 * 86400)

static const struct gw_field conntrack_fields[] = {
	{ .key = "max",
	  .type = GW_FIELD_UINT,
	  AT(max),
	  .min = 1024,
	  .max = ENTRIES_MAX,
	  .en = "Connections that may be tracked at a time; more are refused. About 320 bytes "
		"each.",
	  .ja = "同時に追跡する接続数の上限。1接続あたり約320バイト。" },
	{ .key = "buckets",
	  .type = GW_FIELD_UINT,
	  AT(buckets),
	  .min = 1024,
	  .max = ENTRIES_MAX,
	  .en = "Size of the hash table of connections; as many as `max` is fast.",
	  .ja = "接続ハッシュ表の大きさ。maxと同じ値が高速。" },
	{ .key = "established",
	  .type = GW_FIELD_DURATION,
	  AT(established),
	  .min = 60,
	  .max = TIMEOUT_MAX,
	  .en = "How long an established TCP connection may be silent.",
	  .ja = "確立済みTCP接続の無通信タイムアウト。" },
	{ .key = "udp",
	  .type = GW_FIELD_DURATION,
	  AT(udp),
	  .min = 1,
	  .max = TIMEOUT_MAX,
	  .en = "How long after one UDP packet an answer may come.",
	  .ja = "UDP（応答前）のタイムアウト。" },
	{ .key = "udp_stream",
	  .type = GW_FIELD_DURATION,
	  AT(udp_stream),
	  .min = 1,
	  .max = TIMEOUT_MAX,
	  .en = "How long a UDP exchange of both sides may be silent.",
	  .ja = "UDP（双方向）のタイムアウト。" },
	{ .key = "icmp",
	  .type = GW_FIELD_DURATION,
	  AT(icmp),
	  .min = 1,
	  .max = TIMEOUT_MAX,
	  .en = "How long the answer to an ICMP or ICMPv6 request may take.",
	  .ja = "ICMP・ICMPv6のタイムアウト。" },
	{ .key = "generic",
	  .type = GW_FIELD_DURATION,
	  AT(generic),
	  .min = 1,
	  .max = TIMEOUT_MAX,
	  .en = "How long any other protocol may be silent.",
	  .ja = "その他プロトコルのタイムアウト。" },
	{ .key = "loose",
	  .type = GW_FIELD_CHOICE,
	  .choices = switch_choices,
	  AT(loose),
	  .fallback = "keep",
	  .en = "Whether TCP connections that were open before the gateway started are picked up.",
	  .ja = "起動前から続くTCP接続を途中から追跡するか。" },
	{ .key = "accounting",
	  .type = GW_FIELD_CHOICE,
	  .choices = switch_choices,
	  AT(accounting),
	  .fallback = "keep",
	  .en = "Whether packets and bytes of each connection are counted.",
	  .ja = "接続ごとにパケット数とバイト数を数えるか。" },
};

static const struct gw_table table_conntrack = {
	.name = "conntrack",
	.en = "Sizes and timeouts of connection tracking. What is absent stays as it is. Sizes are "
	      "those of the whole machine and cannot be set from inside a network namespace.",
	.ja = "コネクション追跡の大きさとタイムアウト。省略した項目は変更しない。",
	.size = sizeof(struct conntrack_form),
	.fields = conntrack_fields,
	.n_fields = GW_COUNT(conntrack_fields),
};
#undef AT

/* ---- host ----------------------------------------------------------------------------------- */

struct host_form {
	int forwarding, rp_filter, redirects, source_routes, log_martians, syncookies;
	struct gw_node *accept_ra, *conntrack, *sysctl;
};

static const struct gw_choice rp_filter_choices[] = {
	{ "zones", GW_RP_FILTER_ZONES }, { "strict", GW_RP_FILTER_STRICT },
	{ "loose", GW_RP_FILTER_LOOSE }, { "off", GW_RP_FILTER_OFF },
	{ "keep", GW_RP_FILTER_KEEP },   { NULL, 0 },
};

#define AT(member) .offset = offsetof(struct host_form, member)
#define SWITCH(name, standard, english, japanese)                                                  \
	{                                                                                          \
		.key = #name, .type = GW_FIELD_CHOICE, .choices = switch_choices, AT(name),        \
		.fallback = (standard), .en = (english), .ja = (japanese)                          \
	}

static const struct gw_field host_fields[] = {
	SWITCH(forwarding, "on", "Whether packets are forwarded at all, IPv4 and IPv6.",
	       "パケットを転送するか（IPv4・IPv6）。"),
	{ .key = "rp_filter",
	  .type = GW_FIELD_CHOICE,
	  .choices = rp_filter_choices,
	  AT(rp_filter),
	  .fallback = "zones",
	  .en = "The kernel's own check of IPv4 sources by the route back. `zones`: on each "
		"interface as strict as its zone's `anti_spoof`.",
	  .ja = "カーネルによるIPv4送信元の逆経路検査。zones=各ゾーンのanti_spoofに従う。" },
	SWITCH(redirects, "off", "Whether ICMP redirects are sent and believed.",
	       "ICMPリダイレクトを送信・受入するか。"),
	SWITCH(source_routes, "off", "Whether packets that choose their own route are accepted.",
	       "ソースルーティングされたパケットを受け入れるか。"),
	{ .key = "accept_ra",
	  .type = GW_FIELD_ZONE,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  AT(accept_ra),
	  .en = "Zones whose IPv6 router advertisements configure the gateway; those of all other "
		"zones are ignored.",
	  .ja = "ルーター広告（IPv6）を受け入れるゾーン。他のゾーンからは無視する。" },
	SWITCH(log_martians, "keep", "Whether the kernel logs packets with impossible addresses.",
	       "あり得ないアドレスのパケットをカーネルログに残すか。"),
	SWITCH(syncookies, "on", "Whether the gateway's own services survive a SYN flood.",
	       "ゲートウェイ自身のサービスをSYNフラッドから守るか。"),
	{ .key = "conntrack",
	  .type = GW_FIELD_TABLE,
	  .table = &table_conntrack,
	  AT(conntrack),
	  .en = "Connection tracking.",
	  .ja = "コネクション追跡。" },
	{ .key = "sysctl",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_MAP,
	  .empty_ok = true,
	  AT(sysctl),
	  .en = "Further settings by their kernel names below `net.`, such as `net.ipv4.tcp_sack: "
		"1`.",
	  .ja = "その他のカーネル設定（net.以下の名前ごと）。" },
};

const struct gw_table gw_table_host = {
	.name = "host",
	.en = "Settings of the kernel that the gateway needs. Each previous value is kept and put "
	      "back when the setting is no longer declared; changes by others are reported.",
	.ja = "ゲートウェイに必要なカーネル設定。変更前の値を保存し、宣言が消えれば元に戻す。",
	.size = sizeof(struct host_form),
	.fields = host_fields,
	.n_fields = GW_COUNT(host_fields),
};

/* ---- settings by their kernel names --------------------------------------------------------- */

struct settings {
	struct gw_loader *loader;
	struct gw_sysctl_setting *items;
	size_t n;
};

static void add(struct settings *settings, const char *path, const char *value, struct gw_loc loc)
{
	settings->items[settings->n++] = (struct gw_sysctl_setting){ path, value, loc };
}

static void add_number(struct settings *settings, const struct gw_node *node, const char *key,
		       const char *path, uint32_t value)
{
	if (value)
		add(settings, path, gw_arena_printf(settings->loader->arena, "%u", value),
		    gw_schema_loc(node, key));
}

static void add_switch(struct settings *settings, const struct gw_node *node, const char *key,
		       const char *path, int value)
{
	if (value != GW_SWITCH_KEEP)
		add(settings, path, value == GW_SWITCH_ON ? "1" : "0", gw_schema_loc(node, key));
}

#define CONNTRACK_MAX 10 /* settings that load_conntrack adds at most */
#define PATH(name)    "net/netfilter/nf_conntrack_" name

static void load_conntrack(struct settings *settings, const struct gw_node *node)
{
	struct conntrack_form form;

	if (!node || !gw_schema_read(settings->loader->diags, &table_conntrack, node, &form))
		return;
	add_number(settings, node, "max", PATH("max"), form.max);
	add_number(settings, node, "buckets", PATH("buckets"), form.buckets);
	add_number(settings, node, "established", PATH("tcp_timeout_established"),
		   form.established);
	add_number(settings, node, "udp", PATH("udp_timeout"), form.udp);
	add_number(settings, node, "udp_stream", PATH("udp_timeout_stream"), form.udp_stream);
	add_number(settings, node, "icmp", PATH("icmp_timeout"), form.icmp);
	add_number(settings, node, "icmp", PATH("icmpv6_timeout"), form.icmp);
	add_number(settings, node, "generic", PATH("generic_timeout"), form.generic);
	add_switch(settings, node, "loose", PATH("tcp_loose"), form.loose);
	add_switch(settings, node, "accounting", PATH("acct"), form.accounting);
}

/* What the keys of `host` decide, by the ends of the kernel's names. */
static const struct owned {
	const char *end, *key;
} owned[] = {
	{ "/ip_forward", "forwarding" },
	{ "/forwarding", "forwarding" },
	{ "/rp_filter", "rp_filter" },
	{ "/accept_redirects", "redirects" },
	{ "/secure_redirects", "redirects" },
	{ "/send_redirects", "redirects" },
	{ "/accept_source_route", "source_routes" },
	{ "/accept_ra", "accept_ra" },
	{ "/log_martians", "log_martians" },
	{ "/tcp_syncookies", "syncookies" },
};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static const char *owner_of(const struct settings *settings, const char *path)
{
	for (size_t i = 0; i < GW_COUNT(owned); i++)
		if (ends_with(path, owned[i].end))
			return owned[i].key;
	for (size_t i = 0; i < settings->n; i++)
		if (strcmp(settings->items[i].path, path) == 0)
			return "conntrack";
	return NULL;
}

/*
 * "net.ipv4.conf.eth0/100.mtu" is the file net/ipv4/conf/eth0.100/mtu, as sysctl(8) reads it. No
 * part may be empty or begin with a dot, so that the path cannot leave /proc/sys/net.
 */
static const char *path_of(struct gw_arena *arena, const char *name)
{
	char *path = gw_arena_strdup(arena, name);

	if (strncmp(name, "net.", 4) != 0 || strlen(name) > 200)
		return NULL;
	for (char *at = path; *at; at++) {
		if (!isalnum((unsigned char)*at) && !strchr("_-./", *at))
			return NULL;
		if (*at == '.')
			*at = '/';
		else if (*at == '/')
			*at = '.';
	}
	return strstr(path, "//") || strstr(path, "/.") || ends_with(path, "/") ? NULL : path;
}

static void load_sysctl(struct settings *settings, const struct gw_entry *entry)
{
	struct gw_loader *loader = settings->loader;
	const char *path = path_of(loader->arena, entry->key), *key;

	if (!path) {
		gw_diag(loader->diags, GW_D_BAD_SYSCTL_NAME, entry->key_loc,
			"`%s` is no setting of the network", entry->key);
		gw_diag_hint(loader->diags, "names look like `net.ipv4.tcp_sack`");
		return;
	}
	key = owner_of(settings, path);
	if (key) {
		gw_diag(loader->diags, GW_D_SYSCTL_TWICE, entry->key_loc,
			"`%s` is decided by `host: {%s: …}`", entry->key, key);
		return;
	}
	if (entry->value->kind == GW_NODE_SCALAR)
		add(settings, path, entry->value->text, entry->key_loc);
}

static int compare_settings(const void *left, const void *right)
{
	const struct gw_sysctl_setting *a = left, *b = right;

	return strcmp(a->path, b->path);
}

static void load_settings(struct gw_loader *loader, const struct host_form *form)
{
	size_t n_named = form->sysctl ? form->sysctl->n : 0;
	struct settings settings = {
		.loader = loader,
		.items = gw_arena_array(loader->arena, CONNTRACK_MAX + n_named,
					struct gw_sysctl_setting),
	};

	load_conntrack(&settings, form->conntrack);
	for (size_t i = 0; i < n_named; i++)
		load_sysctl(&settings, &form->sysctl->entries[i]);
	if (settings.n)
		qsort(settings.items, settings.n, sizeof(*settings.items), compare_settings);
	loader->policy->host.sysctls = settings.items;
	loader->policy->host.n_sysctls = settings.n;
}

/* ---- the section ---------------------------------------------------------------------------- */

static void load_accept_ra(struct gw_loader *loader, struct gw_node *node)
{
	bool *accept = gw_arena_array(loader->arena, loader->policy->n_zones + 1, bool);
	struct gw_zone_set zones = { 0 };
	bool gateway;

	gw_read_zone_set(loader, node, GW_GATEWAY_REFUSED, &zones, &gateway);
	for (size_t i = 0; i < loader->policy->n_zones; i++)
		accept[i] = gw_zone_set_has(&zones, (unsigned int)i);
	loader->policy->host.accept_ra = accept;
}

void gw_load_host(struct gw_loader *loader, struct gw_node *node)
{
	struct gw_host_settings *host = &loader->policy->host;
	struct host_form form;

	(void)gw_schema_read(loader->diags, &gw_table_host, node, &form); /* defaults otherwise */
	load_accept_ra(loader, form.accept_ra);
	if (!node)
		return;
	host->managed = true;
	host->loc = node->loc;
	host->forwarding = (enum gw_switch)form.forwarding;
	host->redirects = (enum gw_switch)form.redirects;
	host->source_routes = (enum gw_switch)form.source_routes;
	host->log_martians = (enum gw_switch)form.log_martians;
	host->syncookies = (enum gw_switch)form.syncookies;
	host->rp_filter = (enum gw_host_rp_filter)form.rp_filter;
	load_settings(loader, &form);
}
