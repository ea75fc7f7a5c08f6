/* The section `limits:` of gw.yaml. */
#include <stddef.h>

#include "gw/core/mem.h"
#include "ratelimit/watch_config.h"

struct form {
	struct gw_node *stones, *detection, *upstream, *feeds, *never_ban;
};

#define AT(member) .offset = offsetof(struct form, member)
static const struct gw_field fields[] = {
	{ .key = "stepping_stones",
	  .type = GW_FIELD_TABLE,
	  .empty_ok = true,
	  .table = &ratelimit_table_stones,
	  AT(stones),
	  .en = "What inside hosts must not do to others, and what is done about it.",
	  .ja = "踏み台対策: 内部ホストによる外部への攻撃の検知と対応。" },
	{ .key = "detection",
	  .type = GW_FIELD_TABLE,
	  .empty_ok = true,
	  .table = &ratelimit_table_detection,
	  AT(detection),
	  .en = "From when on something may be an attack.",
	  .ja = "攻撃とみなす下限値。" },
	{ .key = "upstream",
	  .type = GW_FIELD_TABLE,
	  .table = &ratelimit_table_upstream,
	  AT(upstream),
	  .en = "The line, and whom to call when it is full.",
	  .ja = "回線と、飽和時の連絡先。" },
	{ .key = "feeds",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_MAP,
	  .empty_ok = true,
	  .key_max = GW_NAME_MAX,
	  .table = &ratelimit_table_feed,
	  AT(feeds),
	  .en = "Block lists. Each is the file of its name below /var/lib/gw-ratelimit/feeds, and "
		"is read when it changes.",
	  .ja = "遮断リスト。/var/lib/gw-ratelimit/feeds "
		"にある同名のファイルを、更新のたびに読み込む。" },
	{ .key = "never_ban",
	  .type = GW_FIELD_ADDRESS,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  AT(never_ban),
	  .en = "Addresses that no feed and no detection bans, beside all nets of zones that are "
		"not untrusted.",
	  .ja = "遮断対象にしないアドレス。信頼できないゾーン以外の全アドレスは常に対象外。" },
};

const struct gw_table ratelimit_table = {
	.name = "limits",
	.en = "Rate limits, and what attacks others or is attacked.",
	.ja = "流量制限と、攻撃・踏み台の検知。",
	.size = sizeof(struct form),
	.fields = fields,
	.n_fields = GW_COUNT(fields),
};

static const void *load(struct gw_loader *loader, struct gw_node *node)
{
	struct ratelimit *limits = gw_arena_new_of(loader->arena, struct ratelimit);
	struct form form;

	(void)gw_schema_read(loader->diags, &ratelimit_table, node, &form); /* goes on */
	ratelimit_watch_load(loader,
			     &(struct ratelimit_watch_nodes){ form.stones, form.detection,
							      form.upstream, form.feeds,
							      form.never_ban },
			     &limits->watch);
	return limits;
}

const struct gw_section ratelimit_section = {
	.load = load,
};
