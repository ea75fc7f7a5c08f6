#include "gw/policy/load.h"

#include "gw/core/mem.h"
#include "gw/policy/loader.h"
#include "gw/policy/section.h"

struct root_form {
	uint32_t version;
	struct gw_node *include, *site, *zones, *hosts, *services, *between, *policies;
	struct gw_node *exceptions, *nat, *gateway, *verify, *marks, *log;
	struct gw_node *audit, *change, *contacts, *host, *crypto;
	struct gw_node *sections[GW_SECTION_COUNT]; /* of modules */
};

static bool check_version(struct gw_diags *diags, const struct gw_node *node)
{
	if (node->kind != GW_NODE_SCALAR || !*node->text ||
	    (node->text[0] == '1' && !node->text[1]))
		return true;
	gw_diag(diags, GW_D_VERSION_UNKNOWN, node->loc,
		"format version `%s` is not known to this program", node->text);
	gw_diag_hint(diags, "the version that it knows is `gw: 1`");
	return false;
}

#define AT(member) .offset = offsetof(struct root_form, member)

static const struct gw_field root_fields[] = {
	{ .key = "gw",
	  .type = GW_FIELD_UINT,
	  .required = true,
	  .missing = GW_D_VERSION_MISSING,
	  .min = 1,
	  .max = 1,
	  .check = check_version,
	  AT(version),
	  .en = "Version of the policy language.",
	  .ja = "ポリシー言語のバージョン。" },
	{ .key = "include",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  .max = 4096,
	  AT(include),
	  .en = "Files to read as well: names or patterns below the config repository.",
	  .ja = "あわせて読み込むファイル（設定リポジトリ内の名前またはパターン）。" },
	{ .key = "site",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_site,
	  AT(site),
	  .en = "The gateway's site.",
	  .ja = "拠点の情報。" },
	{ .key = "zones",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_MAP,
	  .required = true,
	  .key_max = 24,
	  .table = &gw_table_zone,
	  AT(zones),
	  .en = "Zones by name.",
	  .ja = "ゾーン（名前ごと）。" },
	{ .key = "hosts",
	  .type = GW_FIELD_ADDRESS,
	  .shape = GW_SHAPE_MAP_OF_LISTS,
	  .empty_ok = true,
	  .key_max = GW_NAME_MAX,
	  .table = &gw_table_hosts_file,
	  AT(hosts),
	  .en = "Lists of addresses by name.",
	  .ja = "アドレス一覧（名前ごと）。" },
	{ .key = "services",
	  .type = GW_FIELD_SERVICE,
	  .shape = GW_SHAPE_MAP_OF_LISTS,
	  .empty_ok = true,
	  .key_max = GW_NAME_MAX,
	  AT(services),
	  .en = "Lists of protocols and ports by name.",
	  .ja = "プロトコルとポートの一覧（名前ごと）。" },
	{ .key = "between",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_between,
	  AT(between),
	  .en = "What holds between zones where no policy matches.",
	  .ja = "該当するポリシーがないゾーン間の既定動作。" },
	{ .key = "policies",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_LIST,
	  .empty_ok = true,
	  .table = &gw_table_policy,
	  AT(policies),
	  .en = "What may pass between zones, and what may not.",
	  .ja = "ゾーン間の許可と拒否。" },
	{ .key = "exceptions",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_LIST,
	  .empty_ok = true,
	  .table = &gw_table_exception,
	  AT(exceptions),
	  .en = "What may pass for a while.",
	  .ja = "期限付きの許可。" },
	{ .key = "nat",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_LIST,
	  .empty_ok = true,
	  .table = &gw_table_nat,
	  AT(nat),
	  .en = "Address translations.",
	  .ja = "アドレス変換。" },
	{ .key = "gateway",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_LIST,
	  .empty_ok = true,
	  .table = &gw_table_gateway,
	  AT(gateway),
	  .en = "What may reach the gateway itself.",
	  .ja = "ゲートウェイ自身への通信。" },
	{ .key = "verify",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_LIST,
	  .empty_ok = true,
	  .table = &gw_table_verify,
	  AT(verify),
	  .en = "What must hold of the policy as a whole.",
	  .ja = "ポリシー全体が満たすべき条件。" },
	{ .key = "marks",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_marks,
	  AT(marks),
	  .en = "The share of the connection mark that is ours.",
	  .ja = "コネクションマークの割り当て。" },
	{ .key = "log",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_log,
	  AT(log),
	  .en = "Where logged packets go, and how many.",
	  .ja = "パケットログの送り先と上限。" },
	{ .key = "limits",
	  .type = GW_FIELD_TABLE,
	  .empty_ok = true,
	  .table = &ratelimit_table,
	  AT(sections[GW_SECTION_LIMITS]),
	  .en = "Rate limits, attacks and stepping stones.",
	  .ja = "流量制限、攻撃、踏み台。" },
	{ .key = "dns",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_dns,
	  AT(sections[GW_SECTION_DNS]),
	  .en = "The domain name system: authoritative zones.",
	  .ja = "DNS: 権威ゾーン。" },
	{ .key = "ipv6guard",
	  .type = GW_FIELD_TABLE,
	  .empty_ok = true,
	  .table = &ipv6guard_table,
	  AT(sections[GW_SECTION_IPV6GUARD]),
	  .en = "IPv6 guard: no IPv6 where none is meant, no rogue router or server where it is.",
	  .ja = "IPv6の監視と抑止。" },
	{ .key = "vpnauth",
	  .type = GW_FIELD_RESERVED,
	  AT(sections[GW_SECTION_VPNAUTH]),
	  .en = "VPN authentication.",
	  .ja = "VPN認証。" },
	{ .key = "audit",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_audit,
	  AT(audit),
	  .en = "Audit trail.",
	  .ja = "監査証跡。" },
	{ .key = "change",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_change,
	  AT(change),
	  .en = "How changes are made, confirmed and watched over.",
	  .ja = "変更の適用・確定・監視。" },
	{ .key = "contacts",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_LIST,
	  .empty_ok = true,
	  .table = &gw_table_contact,
	  AT(contacts),
	  .en = "Whom to call in an emergency.",
	  .ja = "緊急時の連絡先。" },
	{ .key = "host",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_host,
	  AT(host),
	  .en = "Settings of the kernel that the gateway needs; none is touched without it.",
	  .ja = "ゲートウェイに必要なカーネル設定。省略時は一切変更しない。" },
	{ .key = "crypto",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_crypto,
	  AT(crypto),
	  .en = "Algorithms of signatures.",
	  .ja = "署名アルゴリズム。" },
	{ .key = "metrics",
	  .type = GW_FIELD_TABLE,
	  .table = &gw_table_metrics,
	  AT(sections[GW_SECTION_METRICS]),
	  .en = "Metrics and the status page.",
	  .ja = "メトリクスと状態ページ。" },
};

const struct gw_table gw_config_table = {
	.name = "gw.yaml",
	.en = "The policy of one gateway. The order of sections, files and items has no meaning.",
	.ja = "ゲートウェイ1台のポリシー。セクション・ファイル・項目の順序に意味はない。",
	.size = sizeof(struct root_form),
	.fields = root_fields,
	.n_fields = GW_COUNT(root_fields),
	.whole = true,
};

/* In the order in which sections refer to each other. */
static void load_sections(struct gw_loader *loader, const struct gw_node *root)
{
	struct root_form form;

	(void)gw_schema_read(loader->diags, &gw_config_table, root, &form); /* goes on */
	gw_load_site(loader, root, form.site);
	gw_load_between(loader, root, form.between);
	gw_load_marks(loader, form.marks);
	gw_load_log(loader, form.log);
	gw_load_zones(loader, form.zones);
	gw_load_hosts(loader, form.hosts);
	gw_load_services(loader, form.services);
	gw_load_rules(loader, form.policies, form.exceptions, form.gateway);
	gw_load_nats(loader, form.nat);
	gw_load_assertions(loader, form.verify);
	gw_load_change(loader, form.change);
	gw_load_audit(loader, form.audit);
	gw_load_contacts(loader, form.contacts);
	gw_load_host(loader, form.host);
	gw_load_crypto(loader, form.crypto);
	for (int i = 0; i < GW_SECTION_COUNT; i++)
		if (gw_sections[i])
			loader->policy->sections[i] =
				gw_sections[i]->load(loader, form.sections[i]);
}

static void policy_free(struct gw_policy *policy)
{
	if (policy)
		gw_arena_free(policy->arena); /* holds the model itself, too */
}

static struct gw_policy *policy_load(struct gw_conf *conf, int64_t now, struct gw_diags *diags)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_policy *policy = gw_arena_new_of(arena, struct gw_policy);
	struct gw_loader loader = {
		.conf = conf,
		.diags = diags,
		.arena = arena,
		.policy = policy,
		.now = now,
	};

	policy->arena = arena;
	load_sections(&loader, conf->root);
	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		gw_free(loader.scratch[f].items);
	return policy;
}

/* Diagnostics that were there before are not ours to judge. */
static struct gw_config *config_new(struct gw_conf *conf, int64_t now, struct gw_diags *diags,
				    size_t errors_before)
{
	struct gw_config *config = gw_zalloc(1, sizeof(*config));

	config->conf = conf;
	if (conf->root)
		config->policy = policy_load(conf, now, diags);
	if (diags->errors != errors_before) {
		policy_free(config->policy);
		config->policy = NULL;
	}
	return config;
}

struct gw_config *gw_config_load(const char *dir, int64_t now, struct gw_diags *diags)
{
	size_t errors_before = diags->errors;

	return config_new(gw_conf_read(dir, diags), now, diags, errors_before);
}

struct gw_config *gw_config_load_files(const struct gw_conf_file *files, size_t n, int64_t now,
				       struct gw_diags *diags)
{
	size_t errors_before = diags->errors;

	return config_new(gw_conf_read_files(files, n, diags), now, diags, errors_before);
}

void gw_config_free(struct gw_config *config)
{
	if (!config)
		return;
	policy_free(config->policy);
	gw_conf_free(config->conf);
	gw_free(config);
}
