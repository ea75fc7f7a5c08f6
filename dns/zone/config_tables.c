/* The keys of `dns: {keys: …}` and `dns: {zones: …}`: parser, schema and manual come from here. */
#include "dns/zone/config_form.h"
#include "gw/core/mem.h"

/* ---- keys of all zones ------------------------------------------------------------------------ */

static const struct gw_field dns_keys_fields[] = {
	{ .key = "secret",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  .max = 4095,
	  .offset = offsetof(struct dns_keys_form, secret),
	  .en = "What seals the private keys: a file with a passphrase that nobody else may read, "
		"or "
		"`credential:NAME` for a credential of the service manager's.",
	  .ja = "秘密鍵を封印するもの: 他者が読めないパスフレーズのファイル、または"
		"`credential:名前`（サービスマネージャーの資格情報）。" },
};

const struct gw_table gw_table_dns_keys = {
	.name = "dns-keys",
	.en = "How the private keys of zones are kept.",
	.ja = "ゾーンの秘密鍵の保管方法。",
	.size = sizeof(struct dns_keys_form),
	.fields = dns_keys_fields,
	.n_fields = GW_COUNT(dns_keys_fields),
};

/* ---- keys of a zone --------------------------------------------------------------------------- */

static const struct gw_choice style_choices[] = {
	{ "double-ksk", GW_ZONE_DOUBLE_KSK },
	{ "double-ds", GW_ZONE_DOUBLE_DS },
	{ NULL, 0 },
};

#define AT(member) .offset = offsetof(struct zone_keys_form, member)
#define YEARS_10   (10u * 365 * 86400)

static const struct gw_field zone_keys_fields[] = {
	{ .key = "algorithm",
	  .type = GW_FIELD_TEXT,
	  .fallback = "ECDSAP256SHA256",
	  AT(algorithm),
	  .en = "Algorithm: RSASHA256, ECDSAP256SHA256, ECDSAP384SHA384, ED25519 or ED448, as far "
		"as "
		"`crypto` permits it.",
	  .ja = "署名アルゴリズム（RSASHA256, ECDSAP256SHA256, ECDSAP384SHA384, ED25519, ED448。"
		"cryptoの許す範囲）。" },
	{ .key = "rsa_bits",
	  .type = GW_FIELD_UINT,
	  .min = GW_ZONE_RSA_BITS_MIN,
	  .max = GW_ZONE_RSA_BITS_MAX,
	  .fallback = "2048",
	  AT(rsa_bits),
	  .en = "Size of RSA keys.",
	  .ja = "RSA鍵の長さ。" },
	{ .key = "combined",
	  .type = GW_FIELD_BOOL,
	  .fallback = "false",
	  AT(combined),
	  .en = "One key (CSK) signs both keys and zone, instead of a KSK and a ZSK.",
	  .ja = "KSKとZSKの代わりに1つの鍵（CSK）を使う。" },
	{ .key = "zsk_life",
	  .type = GW_FIELD_DURATION,
	  .max = YEARS_10,
	  .fallback = "90d",
	  AT(zsk_life),
	  .en = "Age at which a ZSK is replaced; 0s: when somebody asks for it.",
	  .ja = "ZSKの更新間隔。0sは手動のみ。" },
	{ .key = "ksk_life",
	  .type = GW_FIELD_DURATION,
	  .max = YEARS_10,
	  .fallback = "1y",
	  AT(ksk_life),
	  .en = "Age at which a KSK or CSK is replaced; 0s: when somebody asks for it.",
	  .ja = "KSKまたはCSKの更新間隔。0sは手動のみ。" },
	{ .key = "style",
	  .type = GW_FIELD_CHOICE,
	  .choices = style_choices,
	  .fallback = "double-ksk",
	  AT(style),
	  .en = "How a KSK is replaced: both sign the keys for a while, or the parent has both DS.",
	  .ja = "KSKの更新方式: 一時的に両方で署名するか、親に両方のDSを置くか。" },
	{ .key = "propagation",
	  .type = GW_FIELD_DURATION,
	  .max = 30 * 86400,
	  .fallback = "1h",
	  AT(propagation),
	  .en = "Longest time until all servers give out what was published.",
	  .ja = "公開内容が全サーバーに行き渡るまでの最長時間。" },
	{ .key = "publish_margin",
	  .type = GW_FIELD_DURATION,
	  .max = 365 * 86400,
	  .fallback = "1h",
	  AT(publish_margin),
	  .en = "More time than RFC 7583 asks for before a key is relied on.",
	  .ja = "鍵を使い始める前の余裕時間（RFC 7583の要求に追加）。" },
	{ .key = "retire_margin",
	  .type = GW_FIELD_DURATION,
	  .max = 365 * 86400,
	  .fallback = "1h",
	  AT(retire_margin),
	  .en = "More time than RFC 7583 asks for before a key is removed.",
	  .ja = "鍵を削除する前の余裕時間（RFC 7583の要求に追加）。" },
};
#undef AT

const struct gw_table gw_table_zone_keys = {
	.name = "zone-keys",
	.en = "The keys of a zone and how they are rolled over.",
	.ja = "ゾーンの鍵と更新方針。",
	.size = sizeof(struct zone_keys_form),
	.fields = zone_keys_fields,
	.n_fields = GW_COUNT(zone_keys_fields),
};

/* ---- signatures ------------------------------------------------------------------------------- */

#define AT(member) .offset = offsetof(struct zone_signatures_form, member)

static const struct gw_field zone_signatures_fields[] = {
	{ .key = "validity",
	  .type = GW_FIELD_DURATION,
	  .min = 3600,
	  .max = 365 * 86400,
	  .fallback = "28d",
	  AT(validity),
	  .en = "How long a signature is valid.",
	  .ja = "署名の有効期間。" },
	{ .key = "refresh",
	  .type = GW_FIELD_DURATION,
	  .min = 60,
	  .max = 364 * 86400,
	  .fallback = "16d",
	  AT(refresh),
	  .en = "A signature with less time left is made anew. At least SOA expire and the longest "
		"TTL "
		"together: a secondary that has lost its primary serves that long what it has.",
	  .ja = "残り時間がこれ未満の署名は作り直す。SOAのexpireと最長TTLの合計以上が必要。" },
	{ .key = "jitter",
	  .type = GW_FIELD_DURATION,
	  .max = 180 * 86400,
	  .fallback = "1d",
	  AT(jitter),
	  .en = "Ends of signatures are spread over so long a time.",
	  .ja = "署名の期限を分散させる幅。" },
	{ .key = "backdate",
	  .type = GW_FIELD_DURATION,
	  .max = 7 * 86400,
	  .fallback = "1h",
	  AT(backdate),
	  .en = "So long before now signatures begin, for validators whose clocks are slow.",
	  .ja = "署名の開始時刻を遡らせる時間（検証者の時計のずれに備える）。" },
};
#undef AT

const struct gw_table gw_table_zone_signatures = {
	.name = "zone-signatures",
	.en = "The times of a zone's signatures.",
	.ja = "署名の期間。",
	.size = sizeof(struct zone_signatures_form),
	.fields = zone_signatures_fields,
	.n_fields = GW_COUNT(zone_signatures_fields),
};

/* ---- servers ---------------------------------------------------------------------------------- */

#define AT(member) .offset = offsetof(struct zone_server_form, member)

static const struct gw_field zone_server_fields[] = {
	{ .key = "addresses",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .required = true,
	  AT(addresses),
	  .en = "All its addresses: each is asked.",
	  .ja = "サーバーの全アドレス（それぞれに問い合わせる）。" },
	{ .key = "port",
	  .type = GW_FIELD_UINT,
	  .min = 1,
	  .max = 65535,
	  .fallback = "53",
	  AT(port),
	  .en = "Port.",
	  .ja = "ポート番号。" },
	{ .key = "tsig",
	  .type = GW_FIELD_TEXT,
	  .max = 4095,
	  AT(tsig),
	  .en = "File with the TSIG key for questions and transfers, as tsig-keygen(8) writes it.",
	  .ja = "問い合わせと転送に使うTSIG鍵のファイル（tsig-keygen(8)の形式）。" },
	{ .key = "primary",
	  .type = GW_FIELD_BOOL,
	  .fallback = "false",
	  AT(primary),
	  .en = "The server gets what is published; the others follow it.",
	  .ja = "公開先のプライマリサーバー。" },
	{ .key = "transfers",
	  .type = GW_FIELD_BOOL,
	  .fallback = "true",
	  AT(transfers),
	  .en = "The server lets this gateway transfer the zone, so that the whole content is "
		"compared.",
	  .ja = "ゾーン転送を許可するサーバーで、全内容を比較する。" },
};
#undef AT

const struct gw_table gw_table_zone_server = {
	.name = "zone-servers",
	.en = "A name server.",
	.ja = "ネームサーバー。",
	.size = sizeof(struct zone_server_form),
	.fields = zone_server_fields,
	.n_fields = GW_COUNT(zone_server_fields),
};

#define AT(member) .offset = offsetof(struct zone_parent_form, member)

static const struct gw_field zone_parent_fields[] = {
	{ .key = "ds_ttl",
	  .type = GW_FIELD_DURATION,
	  .min = 1,
	  .max = 30 * 86400,
	  .fallback = "1d",
	  AT(ds_ttl),
	  .en = "TTL of the DS at the parent, while none was seen.",
	  .ja = "親ゾーンのDSのTTL（未確認の間）。" },
	{ .key = "propagation",
	  .type = GW_FIELD_DURATION,
	  .max = 30 * 86400,
	  .fallback = "1h",
	  AT(propagation),
	  .en = "Time until servers of the parent that nobody can ask (anycast) follow the others.",
	  .ja = "問い合わせできない親サーバー（エニーキャスト）が追随するまでの時間。" },
	{ .key = "registration",
	  .type = GW_FIELD_DURATION,
	  .max = 365 * 86400,
	  .fallback = "1d",
	  AT(registration),
	  .en = "Time that the parent takes to act, as a rule; for forecasts only.",
	  .ja = "親側の手続きにかかる標準的な時間（予測用）。" },
};
#undef AT

const struct gw_table gw_table_zone_parent = {
	.name = "zone-parent",
	.en = "What is known of the parent zone.",
	.ja = "親ゾーンについての情報。",
	.size = sizeof(struct zone_parent_form),
	.fields = zone_parent_fields,
	.n_fields = GW_COUNT(zone_parent_fields),
};

/* ---- publishing ------------------------------------------------------------------------------- */

static const struct gw_choice server_choices[] = {
	{ "none", GW_ZONE_SERVER_NONE },
	{ "nsd", GW_ZONE_SERVER_NSD },
	{ "knot", GW_ZONE_SERVER_KNOT },
	{ "bind", GW_ZONE_SERVER_BIND },
	{ NULL, 0 },
};

#define AT(member) .offset = offsetof(struct zone_publish_form, member)

static const struct gw_field zone_publish_fields[] = {
	{ .key = "to",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  .max = 4095,
	  AT(to),
	  .en = "File that the server serves, with its whole path; replaced in one step.",
	  .ja = "サーバーが配信するファイルの絶対パス（一度に置き換える）。" },
	{ .key = "server",
	  .type = GW_FIELD_CHOICE,
	  .choices = server_choices,
	  .fallback = "none",
	  AT(server),
	  .en = "Server that is told to load it: by nsd-control, knotc or rndc.",
	  .ja = "再読み込みを指示するサーバー（nsd-control, knotc, rndc）。" },
	{ .key = "control",
	  .type = GW_FIELD_TEXT,
	  .max = 4095,
	  AT(control),
	  .en = "What its control program needs to find it: nsd.conf, Knot's control socket, or "
		"rndc.conf. Default: its own.",
	  .ja = "制御プログラムに渡すもの（nsd.conf、Knotの制御ソケット、rndc."
		"conf）。省略時は既定。" },
	{ .key = "timeout",
	  .type = GW_FIELD_DURATION,
	  .min = 1,
	  .max = 3600,
	  .fallback = "30s",
	  AT(timeout),
	  .en = "Longest time for the server to take the zone and to show it.",
	  .ja = "サーバーが読み込んで応答に反映するまでの最長時間。" },
};
#undef AT

const struct gw_table gw_table_zone_publish = {
	.name = "zone-publish",
	.en = "Where a signed and proved zone goes.",
	.ja = "署名・検証済みゾーンの公開先。",
	.size = sizeof(struct zone_publish_form),
	.fields = zone_publish_fields,
	.n_fields = GW_COUNT(zone_publish_fields),
};

/* ---- lint ------------------------------------------------------------------------------------- */

static const struct gw_field zone_ttl_fields[] = {
	{ .key = "min",
	  .type = GW_FIELD_DURATION,
	  .max = 30 * 86400,
	  .fallback = "60s",
	  .offset = offsetof(struct zone_ttl_form, min),
	  .en = "Shortest TTL.",
	  .ja = "最短のTTL。" },
	{ .key = "max",
	  .type = GW_FIELD_DURATION,
	  .min = 1,
	  .max = 30 * 86400,
	  .fallback = "2d",
	  .offset = offsetof(struct zone_ttl_form, max),
	  .en = "Longest TTL.",
	  .ja = "最長のTTL。" },
};

const struct gw_table gw_table_zone_ttl = {
	.name = "zone-ttl",
	.en = "Limits of TTLs.",
	.ja = "TTLの範囲。",
	.size = sizeof(struct zone_ttl_form),
	.fields = zone_ttl_fields,
	.n_fields = GW_COUNT(zone_ttl_fields),
};

static const struct gw_choice use_choices[] = {
	{ "ignore", GW_ZONE_RULE_OFF },
	{ "warning", GW_ZONE_RULE_WARNING },
	{ "error", GW_ZONE_RULE_ERROR },
	{ NULL, 0 },
};

#define AT(member) .offset = offsetof(struct zone_lint_form, member)

static const struct gw_field zone_lint_fields[] = {
	{ .key = "rule",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  AT(rule),
	  .en = "The rule's number, such as GW1823.",
	  .ja = "規則の番号（例: GW1823）。" },
	{ .key = "use",
	  .type = GW_FIELD_CHOICE,
	  .choices = use_choices,
	  .required = true,
	  AT(use),
	  .en = "What a violation is in this zone.",
	  .ja = "このゾーンでの違反の扱い。" },
	{ .key = "reason",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  .max = 1024,
	  AT(reason),
	  .en = "Why, for whoever reviews the zone.",
	  .ja = "その理由（見直しのため）。" },
};
#undef AT

const struct gw_table gw_table_zone_lint = {
	.name = "zone-lint",
	.en = "A rule of `gwctl zone lint` that this zone judges otherwise.",
	.ja = "このゾーンで扱いを変えるzone lintの規則。",
	.size = sizeof(struct zone_lint_form),
	.fields = zone_lint_fields,
	.n_fields = GW_COUNT(zone_lint_fields),
};

/* ---- a zone ----------------------------------------------------------------------------------- */

static const struct gw_choice denial_choices[] = {
	{ "nsec", GW_ZONE_DENIAL_NSEC },
	{ "nsec3", GW_ZONE_DENIAL_NSEC3 },
	{ "nsec3-opt-out", GW_ZONE_DENIAL_NSEC3_OPT_OUT },
	{ NULL, 0 },
};

static const struct gw_choice serial_choices[] = {
	{ "increment", GW_ZONE_SERIAL_INCREMENT },
	{ "unixtime", GW_ZONE_SERIAL_UNIXTIME },
	{ "date", GW_ZONE_SERIAL_DATE },
	{ "keep", GW_ZONE_SERIAL_KEEP },
	{ NULL, 0 },
};

#define AT(member) .offset = offsetof(struct zone_form, member)

static const struct gw_field zone_fields[] = {
	{ .key = "file",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  .max = 4095,
	  AT(file),
	  .en = "Master file, below the config repository.",
	  .ja = "マスターファイル（設定リポジトリ内）。" },
	{ .key = "owner",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  AT(owner),
	  .en = "Who answers for the zone.",
	  .ja = "ゾーンの責任者。" },
	{ .key = "review",
	  .type = GW_FIELD_DATE,
	  .required = true,
	  AT(review),
	  .en = "Day by which the zone's data have to be looked through.",
	  .ja = "登録内容の見直し期限。" },
	{ .key = "sign",
	  .type = GW_FIELD_BOOL,
	  .fallback = "true",
	  AT(sign),
	  .en = "Sign the zone. `false` leads a signed zone back to an unsigned one, in safe "
		"steps.",
	  .ja = "署名する。falseは署名済みゾーンを安全な手順で未署名に戻す。" },
	{ .key = "keys",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_zone_keys,
	  AT(keys),
	  .en = "Its keys.",
	  .ja = "鍵。" },
	{ .key = "nsec",
	  .type = GW_FIELD_CHOICE,
	  .choices = denial_choices,
	  .fallback = "nsec",
	  AT(denial),
	  .en = "How names that do not exist are denied. NSEC3 is without iterations and salt (RFC "
		"9276).",
	  .ja = "不在証明の方式。NSEC3は反復0・ソルトなし（RFC 9276）。" },
	{ .key = "serial",
	  .type = GW_FIELD_CHOICE,
	  .choices = serial_choices,
	  .fallback = "increment",
	  AT(serial),
	  .en = "How serial numbers are chosen. They never go back.",
	  .ja = "シリアル番号の付け方（後戻りはしない）。" },
	{ .key = "zonemd",
	  .type = GW_FIELD_BOOL,
	  .fallback = "true",
	  AT(zonemd),
	  .en = "Add a digest of the whole zone (RFC 8976).",
	  .ja = "ゾーン全体のダイジェスト（RFC 8976）を付ける。" },
	{ .key = "signatures",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_zone_signatures,
	  AT(signatures),
	  .en = "Times of signatures.",
	  .ja = "署名の期間。" },
	{ .key = "servers",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_MAP,
	  .empty_ok = true,
	  .table = &gw_table_zone_server,
	  AT(servers),
	  .en = "All authoritative servers of the zone, by names of your choice.",
	  .ja = "全権威サーバー（任意の名前ごと）。" },
	{ .key = "parents",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_MAP,
	  .empty_ok = true,
	  .table = &gw_table_zone_server,
	  AT(parents),
	  .en = "All authoritative servers of the parent zone.",
	  .ja = "親ゾーンの全権威サーバー。" },
	{ .key = "parent",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_zone_parent,
	  AT(parent),
	  .en = "Times of the parent zone.",
	  .ja = "親ゾーンの時間特性。" },
	{ .key = "publish",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_zone_publish,
	  AT(publish),
	  .en = "Where it is published.",
	  .ja = "公開先。" },
	{ .key = "allowed_suffixes",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(suffixes),
	  .en = "Domains that its names, and the targets of its records, have to be under, such as "
		"go.jp.",
	  .ja = "登録名と参照先が属すべきドメイン（例: go.jp）。" },
	{ .key = "ttl",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_zone_ttl,
	  AT(ttl),
	  .en = "Limits of TTLs.",
	  .ja = "TTLの範囲。" },
	{ .key = "inside",
	  .type = GW_FIELD_BOOL,
	  .fallback = "false",
	  AT(inside),
	  .en = "An inside zone: it may hold addresses of the gateway's trusted zones.",
	  .ja = "内部向けゾーン（内部アドレスの登録を許す）。" },
	{ .key = "lint",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_LIST,
	  .empty_ok = true,
	  .table = &gw_table_zone_lint,
	  AT(lint),
	  .en = "Rules that are judged otherwise here.",
	  .ja = "扱いを変える検査規則。" },
};
#undef AT

const struct gw_table gw_table_dns_zone = {
	.name = "dns-zones",
	.en = "A zone that is signed and published here.",
	.ja = "ここで署名・公開するゾーン。",
	.size = sizeof(struct zone_form),
	.fields = zone_fields,
	.n_fields = GW_COUNT(zone_fields),
};
