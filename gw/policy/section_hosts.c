/* `hosts:`: named lists of addresses, written out, by name, or in an object file. */
#include "gw/core/mem.h"
#include "gw/policy/define.h"

struct hosts_file_form {
	const char *file;
};

static const struct gw_field hosts_file_fields[] = {
	{ .key = "file",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  .max = 4096,
	  .offset = offsetof(struct hosts_file_form, file),
	  .en = "File in the config repository with one address, prefix or range a line; "
		"`#` begins a comment.",
	  .ja = "設定リポジトリ内のファイル。1行に1つのアドレス・プレフィックス・範囲。"
		"`#`以降はコメント。" },
};

const struct gw_table gw_table_hosts_file = {
	.name = "hosts-file",
	.en = "A host list kept in a file of its own, for lists of up to millions of entries.",
	.ja = "別ファイルに置くホスト一覧（数百万件まで）。",
	.size = sizeof(struct hosts_file_form),
	.fields = hosts_file_fields,
	.n_fields = GW_COUNT(hosts_file_fields),
};

static void read_file(struct gw_loader *loader, const struct gw_node *node, struct gw_hosts *hosts)
{
	struct hosts_file_form form;
	struct gw_loc loc = gw_schema_loc(node, "file");

	if (!gw_schema_read(loader->diags, &gw_table_hosts_file, node, &form) ||
	    !gw_read_object(loader, form.file, loc, hosts->addrs))
		return;
	if (!hosts->addrs[GW_FAMILY_IPV4].n && !hosts->addrs[GW_FAMILY_IPV6].n)
		gw_diag(loader->diags, GW_D_OBJECT_EMPTY, loc, "`%s` holds no address", form.file);
}

static void read_list(struct gw_definitions *definitions, struct gw_node *const *items, size_t n,
		      struct gw_hosts *hosts)
{
	struct gw_loader *loader = definitions->loader;
	struct gw_hosts *built = definitions->result;
	enum gw_family family;
	struct gw_range range;

	for (size_t i = 0; i < n; i++) {
		if (gw_is_host_name(items[i]->text)) {
			size_t at = gw_definitions_find(definitions, items[i]->text);

			for (int f = 0; f < GW_FAMILY_COUNT; f++)
				gw_range_buffer_add_set(&loader->scratch[f], built[at].addrs[f]);
			built[at].used = true;
		} else if (gw_read_address(loader->diags, items[i]->loc, items[i]->text, &family,
					   &range)) {
			gw_range_buffer_add(&loader->scratch[family], range);
		}
	}
	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		hosts->addrs[f] = gw_range_buffer_take(&loader->scratch[f], loader->arena);
}

static void build(struct gw_definitions *definitions, size_t index)
{
	struct gw_definition *definition = &definitions->items[index];
	struct gw_hosts *hosts = (struct gw_hosts *)definitions->result + index;
	size_t n;
	struct gw_node *const *items;

	if (definition->value->kind == GW_NODE_MAP) {
		read_file(definitions->loader, definition->value, hosts);
	} else {
		items = gw_schema_items(&definition->value, &n);
		read_list(definitions, items, n, hosts);
	}
	hosts->large = hosts->addrs[GW_FAMILY_IPV4].n > GW_HOSTS_LARGE ||
		       hosts->addrs[GW_FAMILY_IPV6].n > GW_HOSTS_LARGE;
}

void gw_load_hosts(struct gw_loader *loader, struct gw_node *node)
{
	struct gw_definitions definitions = {
		.loader = loader,
		.cycle = GW_D_HOSTS_CYCLE,
		.is_name = gw_is_host_name,
		.report_unknown = gw_report_unknown_host,
		.build = build,
	};
	struct gw_hosts *hosts;

	gw_definitions_init(&definitions, node);
	hosts = gw_arena_array(loader->arena, definitions.n, struct gw_hosts);
	for (size_t i = 0; i < definitions.n; i++) {
		hosts[i].name = definitions.items[i].name;
		hosts[i].loc = definitions.items[i].loc;
	}
	loader->policy->hosts = loader->hosts = hosts;
	loader->policy->n_hosts = definitions.n;
	definitions.result = hosts;
	gw_definitions_build(&definitions);
}
