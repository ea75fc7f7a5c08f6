/*
 * What is served under the names of others. nftables exporters have a series a rule of the kernel and put
 * addresses into its labels; here it is one a policy, whose id is the comment. What unbound and
 * WireGuard exporters tell comes from the modules' own families, renamed.
 */
#include "gw/metrics/compatible.h"

#include <string.h>

#include "gw/core/mem.h"

static void label_rule(const struct gw_rule_view *view, struct gw_text *labels)
{
	static const struct {
		const char *name, *value;
	} fixed[] = {
		{ "chain", "forward" },     { "family", "inet" },
		{ "table", "gw" },          { "handle", "" },
		{ "source_addresses", "" }, { "destination_addresses", "" },
		{ "source_ports", "" },     { "destination_ports", "" },
	};

	gw_exposition_label(labels, "action", gw_action_name(view->rule->action));
	gw_exposition_label(labels, "comment", view->rule->id);
	for (size_t i = 0; i < GW_COUNT(fixed); i++)
		gw_exposition_label(labels, fixed[i].name,
				    i == 0 && view->rule->kind == GW_RULE_GATEWAY ? "input"
										  : fixed[i].value);
	gw_exposition_label(labels, "input_interfaces", view->from);
	gw_exposition_label(labels, "output_interfaces", view->to);
}

static void expose_nftables(const struct gw_view *view, struct gw_exposition *out)
{
	size_t n = view->policy ? view->policy->n_rules : 0;

	for (int bytes = 0; bytes < 2; bytes++) {
		gw_exposition_family(out, bytes ? "nftables_rule_bytes" : "nftables_rule_packets",
				     GW_METRIC_GAUGE, NULL,
				     bytes ? "Bytes of a policy." : "Packets of a policy.");
		for (size_t i = 0; i < n; i++) {
			gw_auto_text struct gw_text labels = { 0 };
			const struct gw_rule_view *rule = &view->rules[i];

			label_rule(rule, &labels);
			gw_exposition_sample(out, labels.bytes,
					     bytes ? rule->bytes.shown : rule->packets.shown);
		}
	}
}

/* The name of another exporter for a family of a module. */
static const struct rename {
	const char *ours, *theirs, *help;
	enum gw_metric_type type;
	unsigned int of;
} renames[] = {
	{ "gw_dns_queries", "unbound_queries", "Queries.", GW_METRIC_COUNTER, GW_METRICS_UNBOUND },
	{ "gw_dns_cache_hits", "unbound_cache_hits", "Answers from the cache.", GW_METRIC_COUNTER,
	  GW_METRICS_UNBOUND },
	{ "gw_dns_answers_secure", "unbound_answers_secure", "Answers that were validated.",
	  GW_METRIC_COUNTER, GW_METRICS_UNBOUND },
	{ "gw_dns_answers_bogus", "unbound_answers_bogus", "Answers that failed validation.",
	  GW_METRIC_GAUGE, GW_METRICS_UNBOUND },
	{ "gw_wireguard_receive_bytes", "wireguard_peer_receive_bytes",
	  "Bytes received, by device.", GW_METRIC_COUNTER, GW_METRICS_WIREGUARD },
	{ "gw_wireguard_transmit_bytes", "wireguard_peer_transmit_bytes", "Bytes sent, by device.",
	  GW_METRIC_COUNTER, GW_METRICS_WIREGUARD },
	{ "gw_wireguard_last_handshake_timestamp_seconds", "wireguard_peer_last_handshake_seconds",
	  "Unix time of the last handshake.", GW_METRIC_GAUGE, GW_METRICS_WIREGUARD },
};

static void expose_renamed(const struct gw_view *view, const struct rename *rename,
			   struct gw_exposition *out)
{
	const struct gw_family_view *family = gw_view_family(view, rename->ours);

	if (!family)
		return;
	gw_exposition_family(out, rename->theirs, rename->type, NULL, rename->help);
	for (size_t i = 0; i < family->n_samples; i++)
		gw_exposition_sample(out, family->samples[i].labels,
				     family->samples[i].series.shown);
}

void gw_view_expose_compatible(const struct gw_view *view, struct gw_exposition *out)
{
	unsigned int wanted = view->settings ? view->settings->compatible : 0;

	if (wanted & GW_METRICS_NFTABLES)
		expose_nftables(view, out);
	for (size_t i = 0; i < GW_COUNT(renames); i++)
		if (wanted & renames[i].of)
			expose_renamed(view, &renames[i], out);
}
