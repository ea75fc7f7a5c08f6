/* `metrics:`: the table of its keys, and who could read what is served. */
#include <netinet/in.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/metrics/metrics.h"
#include "gw/policy/loader.h"

#define ADDRESSES_MAX 16u
#define NAMES_MAX     16u

struct metrics_form {
	struct gw_node *listen, *names, *compatible;
	uint32_t port, interval;
	bool socket, page, textfile;
};

#define AT(member) .offset = offsetof(struct metrics_form, member)

static const struct gw_field metrics_fields[] = {
	{ .key = "listen",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  AT(listen),
	  .en = "Addresses of the gateway that metrics and page are served on: loopback (both, if "
		"nothing is written), or one in the nets of a zone that is not untrusted.",
	  .ja = "メトリクスと状態ページを提供するアドレス。ループバック（省略時は両方）、または"
		"untrustedでないゾーンのアドレス。" },
	{ .key = "port",
	  .type = GW_FIELD_UINT,
	  .min = 1,
	  .max = 65535,
	  .fallback = "9630",
	  AT(port),
	  .en = "TCP port.",
	  .ja = "TCPポート。" },
	{ .key = "socket",
	  .type = GW_FIELD_BOOL,
	  .fallback = "true",
	  AT(socket),
	  .en = "Serve the same over HTTP on the Unix socket /run/gw/metrics/http, for a reverse "
		"proxy.",
	  .ja = "Unixソケット /run/gw/metrics/http でも提供する（リバースプロキシ用）。" },
	{ .key = "page",
	  .type = GW_FIELD_BOOL,
	  .fallback = "true",
	  AT(page),
	  .en = "Serve the status page at `/`.",
	  .ja = "`/` で状態ページを提供する。" },
	{ .key = "textfile",
	  .type = GW_FIELD_BOOL,
	  .fallback = "false",
	  AT(textfile),
	  .en = "Write gw.prom for node_exporter's textfile collector; needs the drop-in "
		"gw-metricsd-textfile.conf.",
	  .ja = "node_exporterのtextfile用にgw.promを書く。gw-metricsd-textfile.confが必要。" },
	{ .key = "interval",
	  .type = GW_FIELD_DURATION,
	  .min = 1,
	  .max = 300,
	  .fallback = "5s",
	  AT(interval),
	  .en = "How often gwd and the modules are asked.",
	  .ja = "gwdと各モジュールに問い合わせる間隔。" },
	{ .key = "names",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  AT(names),
	  .en = "Host names under which the gateway may be asked, beyond its addresses and "
		"localhost. Others are refused, so that no web site can read the page through a "
		"visitor's browser.",
	  .ja = "アドレスとlocalhost以外に受け付けるHost名。他は拒否（DNSリバインディング対策）"
		"。" },
	{ .key = "compatible",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  AT(compatible),
	  .en = "Serve names of others besides, for dashboards that exist: nftables, unbound, "
		"wireguard.",
	  .ja = "既存ダッシュボード互換の名前も提供する: nftables, unbound, wireguard。" },
};

const struct gw_table gw_table_metrics = {
	.name = "metrics",
	.en = "Metrics for Prometheus and the status page, served by gw-metricsd.",
	.ja = "Prometheus用メトリクスと状態ページ（gw-metricsdが提供）。",
	.size = sizeof(struct metrics_form),
	.fields = metrics_fields,
	.n_fields = GW_COUNT(metrics_fields),
};

static bool is_loopback(const struct gw_metrics_address *address)
{
	return address->family == GW_FAMILY_IPV4 ? address->addr >> 24 == 127 : address->addr == 1;
}

/* An untrusted zone that the address could belong to; else NULL and whether any zone is trusted. */
static const struct gw_zone *untrusted_zone(const struct gw_policy *policy,
					    const struct gw_metrics_address *address,
					    bool *ret_trusted)
{
	const struct gw_zone *untrusted = NULL;

	*ret_trusted = false;
	for (size_t i = 0; i < policy->n_zones; i++) {
		const struct gw_zone *zone = &policy->zones[i];
		struct gw_addrset nets = zone->nets[address->family];

		if (!gw_addrset_contains(zone->has_nets ? nets : zone->space[address->family],
					 address->addr))
			continue;
		if (zone->untrusted)
			untrusted = zone;
		else
			*ret_trusted = true;
	}
	return untrusted;
}

static bool check_address(struct gw_loader *loader, struct gw_loc loc, const char *text,
			  const struct gw_metrics_address *address)
{
	const struct gw_zone *zone;
	bool trusted;

	if (is_loopback(address))
		return true;
	zone = untrusted_zone(loader->policy, address, &trusted);
	if (zone) {
		gw_diag(loader->diags, GW_D_METRICS_UNTRUSTED, loc,
			"`%s` can be reached from zone `%s`, which is untrusted", text, zone->name);
		gw_diag_related(loader->diags, zone->loc, "the zone is defined here");
		gw_diag_hint(loader->diags, "serve on 127.0.0.1, or on an address of a zone for "
					    "administrators");
	} else if (!trusted) {
		gw_diag(loader->diags, GW_D_METRICS_ADDRESS, loc, "`%s` is in no zone", text);
	}
	return trusted && !zone;
}

/* False after a diagnostic. */
static bool read_address(struct gw_loader *loader, const struct gw_node *item,
			 struct gw_metrics_address *ret)
{
	struct gw_range range;
	bool single = gw_addr_parse(item->text, &ret->family, &range) == GW_ADDR_OK &&
		      range.lo == range.hi && range.lo != 0;

	ret->addr = single ? range.lo : 0;
	if (single && ret->family == GW_FAMILY_IPV4)
		single = ret->addr >> 28 < 14; /* no multicast, nor what is reserved */
	else if (single)
		single = ret->addr >> 120 != 0xff;
	if (!single) {
		gw_diag(loader->diags, GW_D_METRICS_ADDRESS, item->loc,
			"`%s` is not a single address of the gateway", item->text);
		gw_diag_hint(loader->diags,
			     "write `listen: [127.0.0.1]` and `port:` beside it; all addresses at "
			     "once would include those in untrusted zones");
		return false;
	}
	return check_address(loader, item->loc, item->text, ret);
}

static void read_addresses(struct gw_loader *loader, const struct metrics_form *form,
			   struct gw_metrics_settings *settings)
{
	size_t n;
	struct gw_node *const *items = gw_schema_items(&form->listen, &n);
	struct gw_metrics_address *addresses =
		gw_arena_array(loader->arena, ADDRESSES_MAX, struct gw_metrics_address);

	settings->addresses = addresses;
	if (!form->listen) {
		addresses[0] = (struct gw_metrics_address){ GW_FAMILY_IPV4, 0x7f000001 };
		addresses[1] = (struct gw_metrics_address){ GW_FAMILY_IPV6, 1 };
		settings->n_addresses = 2;
		return;
	}
	if (n > ADDRESSES_MAX) {
		gw_diag(loader->diags, GW_D_METRICS_ADDRESS, items[ADDRESSES_MAX]->loc,
			"at most %u addresses can be served on", ADDRESSES_MAX);
		n = ADDRESSES_MAX;
	}
	for (size_t i = 0; i < n; i++)
		settings->n_addresses +=
			read_address(loader, items[i], &addresses[settings->n_addresses]);
}

/* ---- who is let in --------------------------------------------------------------------------- */

static bool serves_to(const struct gw_metrics_settings *settings, const struct gw_addr_match *dest)
{
	for (size_t i = 0; i < settings->n_addresses; i++) {
		const struct gw_metrics_address *address = &settings->addresses[i];
		bool matches = dest->any ||
			       gw_addrset_contains(dest->addrs[address->family], address->addr);

		for (size_t k = 0; k < dest->n_large && !matches; k++)
			matches = gw_addrset_contains(dest->large[k]->addrs[address->family],
						      address->addr);
		if (matches && !is_loopback(address))
			return true;
	}
	return false;
}

/* An address of a trusted zone can be reached from others as far as rules to the gateway permit. */
static void check_rules(struct gw_loader *loader, const struct gw_metrics_settings *settings,
			struct gw_loc loc)
{
	const struct gw_policy *policy = loader->policy;
	uint32_t service = gw_service_key(IPPROTO_TCP, settings->port);

	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct gw_rule_def *rule = &policy->rules[i];

		if (rule->kind != GW_RULE_GATEWAY || rule->action != GW_ACTION_ACCEPT ||
		    !gw_addrset_contains(rule->services, service) ||
		    !serves_to(settings, &rule->dest))
			continue;
		for (size_t z = 0; z < policy->n_zones; z++) {
			const struct gw_zone *zone = &policy->zones[z];

			if (!zone->untrusted || !gw_zone_set_has(&rule->from, zone->index))
				continue;
			gw_diag(loader->diags, GW_D_METRICS_UNTRUSTED, rule->loc,
				"`%s` lets zone `%s`, which is untrusted, reach port %u of the "
				"gateway, where metrics are served",
				rule->id, zone->name, settings->port);
			gw_diag_related(loader->diags, loc, "they are served here");
		}
	}
}

static void read_names(struct gw_loader *loader, const struct metrics_form *form,
		       struct gw_metrics_settings *settings)
{
	size_t n;
	struct gw_node *const *items = gw_schema_items(&form->names, &n);
	const char **names = gw_arena_array(loader->arena, n, const char *);

	if (n > NAMES_MAX) {
		gw_diag(loader->diags, GW_D_METRICS_ADDRESS, items[NAMES_MAX]->loc,
			"at most %u names can be given", NAMES_MAX);
		n = NAMES_MAX;
	}
	for (size_t i = 0; i < n; i++)
		names[i] = items[i]->text;
	settings->names = names;
	settings->n_names = n;
}

static void read_compatible(struct gw_loader *loader, const struct metrics_form *form,
			    struct gw_metrics_settings *settings)
{
	static const char *const words[] = { "nftables", "unbound", "wireguard" };
	size_t n;
	struct gw_node *const *items = gw_schema_items(&form->compatible, &n);

	for (size_t i = 0; i < n; i++) {
		size_t w = 0;

		while (w < GW_COUNT(words) && strcmp(words[w], items[i]->text) != 0)
			w++;
		if (w < GW_COUNT(words)) {
			settings->compatible |= 1u << w;
			continue;
		}
		gw_diag(loader->diags, GW_D_METRICS_COMPATIBLE, items[i]->loc,
			"`%s` is none of nftables, unbound and wireguard", items[i]->text);
		gw_schema_suggest(loader->diags, items[i]->text, words, GW_COUNT(words));
	}
}

static const void *load(struct gw_loader *loader, struct gw_node *node)
{
	struct gw_metrics_settings *settings;
	struct metrics_form form;

	if (!node)
		return NULL;
	settings = gw_arena_new_of(loader->arena, struct gw_metrics_settings);
	(void)gw_schema_read(loader->diags, &gw_table_metrics, node, &form); /* goes on */
	settings->port = (uint16_t)form.port;
	settings->interval_s = form.interval;
	settings->socket = form.socket;
	settings->page = form.page;
	settings->textfile = form.textfile;
	read_addresses(loader, &form, settings);
	check_rules(loader, settings, node->loc);
	read_names(loader, &form, settings);
	read_compatible(loader, &form, settings);
	return settings;
}

const struct gw_section gw_section_metrics = {
	.load = load,
};
