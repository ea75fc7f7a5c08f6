/* The modules that own a top-level key of gw.yaml. */
#include "dns/dns.h"
#include "gw/metrics/metrics.h"
#include "gw/policy/section.h"
#include "ipv6guard/ipv6guard.h"
#include "ratelimit/ratelimit.h"

const struct gw_section *const gw_sections[GW_SECTION_COUNT] = {
	[GW_SECTION_LIMITS] = &ratelimit_section,    [GW_SECTION_DNS] = &gw_section_dns,
	[GW_SECTION_IPV6GUARD] = &ipv6guard_section, [GW_SECTION_VPNAUTH] = NULL,
	[GW_SECTION_METRICS] = &gw_section_metrics,
};

const void *gw_policy_section(const struct gw_policy *policy, enum gw_section_id id)
{
	return policy->sections[id];
}

bool gw_sections_judge(const struct gw_policy *policy, const struct gw_zone *zone, bool inward,
		       const struct gw_packet *packet, struct gw_refusal *ret)
{
	for (int i = 0; i < GW_SECTION_COUNT; i++)
		if (gw_sections[i] && gw_sections[i]->judge && policy->sections[i] &&
		    gw_sections[i]->judge(policy->sections[i], zone, inward, packet, ret))
			return true;
	return false;
}

size_t gw_sections_count(const struct gw_policy *policy, const struct gw_ruleset *observed,
			 struct gw_arena *arena, struct gw_refusal **ret)
{
	size_t n = 0;

	*ret = NULL;
	for (int i = 0; i < GW_SECTION_COUNT; i++) {
		struct gw_refusal *more, *all;
		size_t n_more;

		if (!gw_sections[i] || !gw_sections[i]->count || !policy->sections[i])
			continue;
		n_more = gw_sections[i]->count(policy->sections[i], observed, arena, &more);
		all = gw_arena_array(arena, n + n_more, struct gw_refusal);
		for (size_t k = 0; k < n + n_more; k++)
			all[k] = k < n ? (*ret)[k] : more[k - n];
		*ret = all;
		n += n_more;
	}
	return n;
}
