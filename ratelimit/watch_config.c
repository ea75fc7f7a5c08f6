#include "ratelimit/watch_config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"

/* ---- stepping stones ------------------------------------------------------------------------- */

struct stones_form {
	struct gw_node *zones, *mail, *exempt, *reach;
	int response;
	uint32_t duration, fanout, flood;
};

static const struct gw_choice responses[] = {
	{ "alert", RATELIMIT_ALERT },
	{ "quarantine", RATELIMIT_QUARANTINE },
	{ NULL, 0 },
};

#define AT(member) .offset = offsetof(struct stones_form, member)
static const struct gw_field stones_fields[] = {
	{ .key = "zones",
	  .type = GW_FIELD_ZONE,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(zones),
	  .en = "Zones whose hosts are judged; default: all that are neither untrusted nor for "
		"management.",
	  .ja = "監視するゾーン。省略時は、信頼できないゾーンと管理ゾーン以外のすべて。" },
	{ .key = "response",
	  .type = GW_FIELD_CHOICE,
	  .choices = responses,
	  .fallback = "alert",
	  AT(response),
	  .en = "Tell of it only, or put the host into quarantine.",
	  .ja = "通知のみか、隔離するか。" },
	{ .key = "for",
	  .type = GW_FIELD_DURATION,
	  .min = 10,
	  .max = 30 * 86400,
	  .fallback = "1h",
	  AT(duration),
	  .en = "How long a quarantine lasts; it ends by itself.",
	  .ja = "隔離の期間。自動で解除される。" },
	{ .key = "fanout",
	  .type = GW_FIELD_UINT,
	  .max = 200,
	  .fallback = "100",
	  AT(fanout),
	  .en = "Destinations of one port in ten seconds, most of them silent; 0: not judged.",
	  .ja = "同じポートで10秒間に接触する宛先数の上限 (大半が無応答の場合)。0 は判定しない。" },
	{ .key = "flood",
	  .type = GW_FIELD_UINT,
	  .max = 1000000,
	  .fallback = "500",
	  AT(flood),
	  .en = "Flows a second that a host begins and nobody answers; 0: not judged.",
	  .ja = "1秒間に開始される無応答の通信数の上限。0 は判定しない。" },
	{ .key = "mail",
	  .type = GW_FIELD_ADDRESS,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  AT(mail),
	  .en = "The only hosts that send mail to others (tcp/25); default: not judged.",
	  .ja = "外部へメール送信 (tcp/25) を行うホスト。省略時は判定しない。" },
	{ .key = "exempt",
	  .type = GW_FIELD_ADDRESS,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(exempt),
	  .en = "Hosts that may do so, such as scanners of vulnerabilities: never put into "
		"quarantine.",
	  .ja = "脆弱性診断など、隔離の対象にしないホスト。" },
	{ .key = "reach",
	  .type = GW_FIELD_ADDRESS,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(reach),
	  .en = "What hosts in quarantine still reach, as policies permit it: a page that tells "
		"them, update servers.",
	  .ja = "隔離中も到達できる宛先 (案内ページ、更新サーバなど。ポリシーの範囲内)。" },
};
#undef AT

const struct gw_table ratelimit_table_stones = {
	.name = "stepping_stones",
	.en = "Inside hosts that scan, flood or send mail.",
	.ja = "スキャン・フラッド・メール送信を行う内部ホスト。",
	.size = sizeof(struct stones_form),
	.fields = stones_fields,
	.n_fields = GW_COUNT(stones_fields),
};

/* Small lists and large ones as one set. */
static void flatten(struct gw_loader *loader, struct gw_node *node,
		    struct gw_addrset ret[GW_FAMILY_COUNT])
{
	struct gw_addr_match match;

	if (!node)
		return;
	gw_read_addr_match(loader, node, &match);
	for (int f = 0; f < GW_FAMILY_COUNT; f++) {
		struct gw_addrset all =
			match.any ? gw_addrset_all((enum gw_family)f) : match.addrs[f];

		for (size_t i = 0; i < match.n_large; i++)
			all = gw_addrset_union(loader->arena, all, match.large[i]->addrs[f]);
		ret[f] = all;
	}
}

static void usual_zones(const struct gw_policy *policy, struct gw_zone_set *ret)
{
	for (size_t i = 0; i < policy->n_zones; i++)
		if (!policy->zones[i].untrusted && !policy->zones[i].management)
			gw_zone_set_add(ret, policy->zones[i].index);
}

/* A list that holds an untrusted zone exempts the whole Internet. */
static void check_exempt(struct gw_loader *loader, const struct gw_node *node,
			 const struct gw_addrset set[GW_FAMILY_COUNT])
{
	for (int f = 0; node && f < GW_FAMILY_COUNT; f++)
		for (size_t i = 0; i < set[f].n; i++)
			if (set[f].ranges[i].hi - set[f].ranges[i].lo >=
			    (gw_u128)1 << (f == GW_FAMILY_IPV6 ? 112 : 24)) {
				gw_diag(loader->diags, GW_D_LIMIT_EXEMPT_WIDE, node->loc,
					"`exempt` holds a network of more than %s addresses",
					f == GW_FAMILY_IPV6 ? "2^112" : "2^24");
				return;
			}
}

static void load_stones(struct gw_loader *loader, struct gw_node *node,
			struct ratelimit_watch *watch)
{
	struct stones_form form;
	bool gateway;

	(void)gw_schema_read(loader->diags, &ratelimit_table_stones, node, &form); /* goes on */
	if (!node)
		return; /* nobody is judged */
	if (form.zones)
		gw_read_zone_set(loader, form.zones, GW_GATEWAY_REFUSED, &watch->inside, &gateway);
	else
		usual_zones(loader->policy, &watch->inside);
	watch->response = (enum ratelimit_response)form.response;
	watch->for_s = form.duration;
	watch->fanout = form.fanout;
	watch->flood = form.flood;
	watch->mail = form.mail;
	flatten(loader, form.mail, watch->mail_hosts);
	flatten(loader, form.exempt, watch->exempt);
	check_exempt(loader, form.exempt, watch->exempt);
	flatten(loader, form.reach, loader->policy->quarantine_reach);
}

/* ---- detection ------------------------------------------------------------------------------- */

struct detection_form {
	uint32_t floors[RATELIMIT_METRIC_COUNT];
	uint32_t destinations, lingering, quiet;
};

#define FLOOR(name, metric, usual, english, japanese)                                              \
	{                                                                                          \
		.key = (name), .type = GW_FIELD_UINT, .min = 20, .max = 100000000,                 \
		.fallback = (usual),                                                               \
		.offset = offsetof(struct detection_form, floors) + (metric) * sizeof(uint32_t),   \
		.en = (english), .ja = (japanese)                                                  \
	}

// clang-format off
static const struct gw_field detection_fields[] = {
	FLOOR("syn", RATELIMIT_METRIC_TCP, "200",
	      "New connections a second that are not completed, and are no attack yet.",
	      "攻撃とみなさない、完了しない新規TCP接続の毎秒上限。"),
	FLOOR("udp", RATELIMIT_METRIC_UDP, "500", "The same of UDP that nobody answers.",
	      "同じく、応答のないUDP。"),
	FLOOR("icmp", RATELIMIT_METRIC_ICMP, "200", "The same of ICMP.", "同じく、ICMP。"),
	FLOOR("fragments", RATELIMIT_METRIC_FRAGMENT, "200", "Fragments a second.",
	      "毎秒のフラグメント数。"),
	FLOOR("reflected", RATELIMIT_METRIC_REFLECTED, "50",
	      "Datagrams a second from ports of amplifiers that nobody has asked.",
	      "問い合わせのない増幅器ポートからの毎秒データグラム数。"),
	{ .key = "destinations", .type = GW_FIELD_UINT, .min = 8, .max = 256, .fallback = "32",
	  .offset = offsetof(struct detection_form, destinations),
	  .en = "Addresses of a /24 (IPv6: /64) at once, from which on it is a carpet.",
	  .ja = "絨毯攻撃とみなす、/24 (IPv6 は /64) 内の同時標的数。" },
	{ .key = "lingering", .type = GW_FIELD_UINT, .min = 32, .max = 10000000, .fallback = "1000",
	  .offset = offsetof(struct detection_form, lingering),
	  .en = "Connections of one target that are open for more than half a minute.",
	  .ja = "30秒以上続く接続の標的ごとの上限。" },
	{ .key = "quiet", .type = GW_FIELD_DURATION, .min = 1, .max = 600, .fallback = "10s",
	  .offset = offsetof(struct detection_form, quiet),
	  .en = "How long it must be quiet before a mode is left for the one below.",
	  .ja = "モードを1段階下げるまでに必要な平穏な時間。" },
};
// clang-format on

const struct gw_table ratelimit_table_detection = {
	.name = "detection",
	.en = "Floors: what is below is never an attack. Above, proof and what is usual decide.",
	.ja = "下限値。これを下回るものは攻撃とみなさない。上回るものは証明と平常値で判定する。",
	.size = sizeof(struct detection_form),
	.fields = detection_fields,
	.n_fields = GW_COUNT(detection_fields),
};

/* ---- the line -------------------------------------------------------------------------------- */

struct upstream_form {
	const char *interface, *contact, *ask;
	uint32_t mbit;
};

#define AT(member) .offset = offsetof(struct upstream_form, member)
static const struct gw_field upstream_fields[] = {
	{ .key = "interface",
	  .type = GW_FIELD_TEXT,
	  .max = 15,
	  .required = true,
	  AT(interface),
	  .en = "Interface that the line is at.",
	  .ja = "回線のインターフェース。" },
	{ .key = "rate",
	  .type = GW_FIELD_UINT,
	  .min = 1,
	  .max = 1000000,
	  .required = true,
	  AT(mbit),
	  .en = "What it carries, in Mbit/s.",
	  .ja = "回線速度 (Mbit/s)。" },
	{ .key = "contact",
	  .type = GW_FIELD_TEXT,
	  AT(contact),
	  .en = "Whom to call at the carrier.",
	  .ja = "通信事業者の連絡先。" },
	{ .key = "ask",
	  .type = GW_FIELD_TEXT,
	  AT(ask),
	  .en = "What to ask him for.",
	  .ja = "依頼する内容。" },
};
#undef AT

const struct gw_table ratelimit_table_upstream = {
	.name = "upstream",
	.en = "The line to the carrier.",
	.ja = "上流回線。",
	.size = sizeof(struct upstream_form),
	.fields = upstream_fields,
	.n_fields = GW_COUNT(upstream_fields),
};

static void load_upstream(struct gw_loader *loader, const struct gw_node *node,
			  struct ratelimit_watch *watch)
{
	struct upstream_form form;

	if (!node)
		return;
	(void)gw_schema_read(loader->diags, &ratelimit_table_upstream, node, &form); /* goes on */
	watch->interface = form.interface;
	watch->mbit = form.mbit;
	watch->contact = form.contact;
	watch->ask = form.ask;
}

/* ---- bans ------------------------------------------------------------------------------------ */

struct feed_form {
	const char *reason;
	uint32_t duration, max;
};

#define AT(member) .offset = offsetof(struct feed_form, member)
static const struct gw_field feed_fields[] = {
	{ .key = "for",
	  .type = GW_FIELD_DURATION,
	  .min = 60,
	  .max = 365 * 86400,
	  .fallback = "24h",
	  AT(duration),
	  .en = "How long an entry holds after the file was last read.",
	  .ja = "最後に読み込んでから有効な期間。" },
	{ .key = "max",
	  .type = GW_FIELD_UINT,
	  .min = 1,
	  .max = 200000,
	  .fallback = "10000",
	  AT(max),
	  .en = "Entries that it may have; a list with more is refused.",
	  .ja = "項目数の上限。超えるリストは拒否する。" },
	{ .key = "reason",
	  .type = GW_FIELD_TEXT,
	  .max = 64,
	  AT(reason),
	  .en = "Why, for the record.",
	  .ja = "理由 (記録用)。" },
};
#undef AT

const struct gw_table ratelimit_table_feed = {
	.name = "feeds",
	.en = "A block list.",
	.ja = "遮断リスト。",
	.size = sizeof(struct feed_form),
	.fields = feed_fields,
	.n_fields = GW_COUNT(feed_fields),
};

static int compare_feeds(const void *a, const void *b)
{
	const struct ratelimit_feed_source *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void load_feeds(struct gw_loader *loader, const struct gw_node *node,
		       struct ratelimit_watch *watch)
{
	size_t n = node ? node->n : 0;
	struct ratelimit_feed_source *feeds =
		gw_arena_array(loader->arena, n, struct ratelimit_feed_source);

	for (size_t i = 0; i < n; i++) {
		const struct gw_entry *entry = &node->entries[i];
		struct feed_form form;

		(void)gw_schema_read(loader->diags, &ratelimit_table_feed, entry->value, &form);
		feeds[i] = (struct ratelimit_feed_source){ .name = entry->key,
							   .loc = entry->key_loc,
							   .reason = form.reason,
							   .for_s = form.duration,
							   .max = form.max };
	}
	if (n)
		qsort(feeds, n, sizeof(*feeds), compare_feeds);
	watch->feeds = feeds;
	watch->n_feeds = n;
}

/* Own networks are those of zones that nobody distrusts, as far as they are declared. */
static void load_never(struct gw_loader *loader, struct gw_node *node,
		       struct ratelimit_watch *watch)
{
	const struct gw_policy *policy = loader->policy;

	flatten(loader, node, watch->never);
	for (size_t i = 0; i < policy->n_zones; i++)
		for (int f = 0; !policy->zones[i].untrusted && f < GW_FAMILY_COUNT; f++)
			watch->never[f] = gw_addrset_union(loader->arena, watch->never[f],
							   policy->zones[i].nets[f]);
}

void ratelimit_watch_load(struct gw_loader *loader, const struct ratelimit_watch_nodes *nodes,
			  struct ratelimit_watch *ret)
{
	struct detection_form detection;

	load_stones(loader, nodes->stones, ret);
	(void)gw_schema_read(loader->diags, &ratelimit_table_detection, nodes->detection,
			     &detection); /* goes on */
	memcpy(ret->floors, detection.floors, sizeof(ret->floors));
	ret->destinations = detection.destinations;
	ret->lingering = detection.lingering;
	ret->quiet_s = detection.quiet;
	load_upstream(loader, nodes->upstream, ret);
	load_feeds(loader, nodes->feeds, ret);
	load_never(loader, nodes->never_ban, ret);
}
