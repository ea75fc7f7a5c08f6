/* The modules that own a top-level key of gw.yaml. */
#include "dns/dns.h"
#include "gw/metrics/metrics.h"
#include "gw/policy/section.h"
#include "ipv6guard/ipv6guard.h"

const struct gw_section *const gw_sections[GW_SECTION_COUNT] = {
	[GW_SECTION_LIMITS] = NULL,
	[GW_SECTION_DNS] = &gw_section_dns,
	[GW_SECTION_IPV6GUARD] = &ipv6guard_section,
	[GW_SECTION_VPNAUTH] = NULL,
	[GW_SECTION_METRICS] = &gw_section_metrics,
};

const void *gw_policy_section(const struct gw_policy *policy, enum gw_section_id id)
{
	return policy->sections[id];
}
