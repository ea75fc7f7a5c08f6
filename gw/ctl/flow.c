#include "gw/ctl/flow.h"

#include <string.h>

#include "gw/policy/analyze.h"
#include "gw/policy/service.h"

#define TOKENS_MAX 8u

static const struct gw_loc nowhere;

/* The words of a flow, with and without the arrow as a word of its own. */
struct words {
	const char *zone, *source, *to_zone, *dest, *service;
};

static bool is_arrow(const char *word)
{
	return strcmp(word, "->") == 0 || strcmp(word, "to") == 0 || strcmp(word, "→") == 0;
}

/* All arguments as one list of words: the whole flow may have been quoted. */
static size_t split(struct gw_ctl *ctl, const char *words[TOKENS_MAX])
{
	size_t n = 0;

	for (int i = 0; i < ctl->n_args; i++) {
		char *save, *copy = gw_arena_strdup(ctl->arena, ctl->args[i]);

		for (char *word = strtok_r(copy, " \t", &save); word;
		     word = strtok_r(NULL, " \t", &save)) {
			if (n == TOKENS_MAX)
				return TOKENS_MAX + 1;
			words[n++] = word;
		}
	}
	return n;
}

/* False after a usage error. */
static bool read_words(struct gw_ctl *ctl, struct words *ret)
{
	const char *words[TOKENS_MAX];
	size_t n = split(ctl, words), arrow = 0, after;

	while (arrow < n && arrow < TOKENS_MAX && !is_arrow(words[arrow]))
		arrow++;
	if (n <= TOKENS_MAX && arrow == n && n && strcmp(words[n - 1], "-") == 0) {
		(void)gw_ctl_usage(ctl, "quote the arrow (the shell takes > for itself), or write "
					"`to`");
		return false;
	}
	after = arrow < n ? n - arrow - 1 : 0;
	if (n > TOKENS_MAX || arrow < 1 || arrow > 2 || after < 2 || after > 3) {
		(void)gw_ctl_usage(ctl, "a flow is `[ZONE] SOURCE '->' DESTINATION SERVICE`");
		return false;
	}
	*ret = (struct words){
		.zone = arrow == 2 ? words[0] : NULL,
		.source = words[arrow - 1],
		.to_zone = after == 3 ? words[arrow + 1] : NULL,
		.dest = words[n - 2],
		.service = words[n - 1],
	};
	return true;
}

static enum gw_exit read_address(struct gw_ctl *ctl, const char *text, enum gw_family *ret_family,
				 gw_u128 *ret)
{
	struct gw_range range;

	if (gw_addr_parse(text, ret_family, &range) != GW_ADDR_OK || range.lo != range.hi)
		return gw_ctl_usage(ctl, "`%s` is not the address of a machine", text);
	*ret = range.lo;
	return GW_EXIT_OK;
}

/* The first key of the service that packets of this family can have. */
static enum gw_exit pick_key(struct gw_ctl *ctl, const char *text, enum gw_family family,
			     const struct gw_range *ranges, size_t n, uint32_t *ret)
{
	uint32_t foreign = family == GW_FAMILY_IPV4 ? 58 : 1; /* the other family's ICMP */

	for (size_t i = 0; i < n; i++) {
		if ((uint32_t)ranges[i].lo >> 16 == foreign)
			continue;
		*ret = (uint32_t)ranges[i].lo;
		return GW_EXIT_OK;
	}
	return gw_ctl_usage(ctl, "`%s` does not exist in %s", text,
			    family == GW_FAMILY_IPV4 ? "IPv4" : "IPv6");
}

static enum gw_exit read_service(struct gw_ctl *ctl, const struct gw_policy *policy,
				 const char *text, enum gw_family family, uint32_t *ret)
{
	const struct gw_service *service = NULL;
	struct gw_range range;

	if (!gw_is_service_name(text)) {
		if (!gw_service_parse(&ctl->diags, nowhere, text, &range))
			return GW_EXIT_USAGE;
		return pick_key(ctl, text, family, &range, 1, ret);
	}
	for (size_t i = 0; i < policy->n_services && !service; i++)
		if (strcmp(policy->services[i].name, text) == 0)
			service = &policy->services[i];
	if (!service)
		return gw_ctl_usage(ctl, "unknown service `%s`; tcp/443 and the like will do, too",
				    text);
	return pick_key(ctl, text, family, service->keys.ranges, service->keys.n, ret);
}

/* ---- where it goes --------------------------------------------------------------------------- */

static bool is_own_address(const struct gw_links *links, enum gw_family family, gw_u128 addr)
{
	for (size_t i = 0; i < links->n; i++)
		for (size_t k = 0; k < links->items[i].n_addrs; k++)
			if (links->items[i].addrs[k].family == family &&
			    links->items[i].addrs[k].addr == addr)
				return true;
	return false;
}

/* An address that the gateway has in this zone; 0 if it has none, as on another machine. */
static gw_u128 own_address(const struct gw_links *links, const struct gw_zone *zone,
			   enum gw_family family)
{
	for (size_t i = 0; i < zone->n_interfaces; i++) {
		const struct gw_link *link = gw_links_find(links, zone->interfaces[i].name);

		for (size_t k = 0; link && k < link->n_addrs; k++)
			if (link->addrs[k].family == family)
				return link->addrs[k].addr;
	}
	return 0;
}

static void follow_dnat(const struct gw_policy *policy, struct gw_flow *flow)
{
	flow->packet = flow->sent;
	flow->dnat = gw_decide_dnat(policy, flow->from, &flow->sent);
	if (!flow->dnat)
		return;
	flow->packet.dest = flow->dnat->to_addr.lo;
	if (flow->dnat->to_port)
		flow->packet.service =
			gw_service_key((uint8_t)(flow->sent.service >> 16), flow->dnat->to_port);
}

static enum gw_exit find_to(struct gw_ctl *ctl, const struct gw_policy *policy,
			    const struct gw_links *links, const struct words *words,
			    struct gw_flow *flow)
{
	follow_dnat(policy, flow);
	if (is_own_address(links, flow->packet.family, flow->packet.dest))
		return GW_EXIT_OK;
	if (words->to_zone && !flow->dnat) {
		flow->to = gw_ctl_zone(ctl, policy, words->to_zone);
		return flow->to ? GW_EXIT_OK : GW_EXIT_USAGE;
	}
	flow->to = gw_zone_of_address(policy, flow->packet.family, flow->packet.dest);
	if (flow->to)
		return GW_EXIT_OK;
	return gw_ctl_usage(ctl, "the address %s does not tell its zone: write the zone before it",
			    words->dest);
}

enum gw_exit gw_flow_parse(struct gw_ctl *ctl, const struct gw_policy *policy,
			   const struct gw_links *links, struct gw_flow *ret)
{
	struct gw_flow flow = { 0 };
	struct words words;
	enum gw_exit status;
	enum gw_family family;
	bool gateway;

	if (!read_words(ctl, &words))
		return GW_EXIT_USAGE;
	status = read_address(ctl, words.source, &flow.sent.family, &flow.sent.source);
	if (status == GW_EXIT_OK)
		status = read_service(ctl, policy, words.service, flow.sent.family,
				      &flow.sent.service);
	if (status != GW_EXIT_OK)
		return status;
	flow.from = words.zone ? gw_ctl_zone(ctl, policy, words.zone)
			       : gw_zone_of_address(policy, flow.sent.family, flow.sent.source);
	if (!flow.from && words.zone)
		return GW_EXIT_USAGE;
	if (!flow.from)
		return gw_ctl_usage(
			ctl, "the address %s does not tell its zone: write the zone before it",
			words.source);
	gateway = strcmp(words.dest, "gateway") == 0;
	if (gateway) {
		flow.sent.dest = own_address(links, flow.from, flow.sent.family);
		flow.packet = flow.sent;
	} else {
		status = read_address(ctl, words.dest, &family, &flow.sent.dest);
		if (status == GW_EXIT_OK && family != flow.sent.family)
			status = gw_ctl_usage(ctl, "%s and %s are of different families",
					      words.source, words.dest);
		if (status == GW_EXIT_OK)
			status = find_to(ctl, policy, links, &words, &flow);
	}
	if (status == GW_EXIT_OK)
		*ret = flow;
	return status;
}

const char *gw_flow_decided_by(const struct gw_flow *flow, const struct gw_decision *decision)
{
	switch (decision->cause) {
	case GW_CAUSE_RULE:
		return decision->rule->id;
	case GW_CAUSE_BETWEEN:
		return flow->to ? "between.default" : "gateway.default";
	case GW_CAUSE_SPOOF:
		return gw_builtin_name(GW_BUILTIN_SPOOF);
	case GW_CAUSE_MISROUTED:
		return gw_builtin_name(GW_BUILTIN_MISROUTED);
	case GW_CAUSE_IPV6_OFF:
		return gw_builtin_name(GW_BUILTIN_IPV6_OFF);
	case GW_CAUSE_REFUSED:
		return decision->refusal.reason;
	}
	return "";
}
