#include "ipv6guard/resolver.h"

#include "ipv6guard/dns.h"

#define TYPE_AAAA 28
#define TYPE_A6   38

static bool has_no_addresses(const struct ipv6guard_segment *segment)
{
	return segment && (segment->mode == IPV6GUARD_OFF || segment->mode == IPV6GUARD_LOCAL);
}

static bool permits(const struct ipv6guard_segment *segment, uint32_t subject)
{
	return segment->tunnels[subject == GW_V6_DNS_ISATAP ? IPV6GUARD_6IN4 : IPV6GUARD_TEREDO];
}

enum ipv6guard_name_answer ipv6guard_name_answer(const struct ipv6guard_segment *segment,
						 const char *name, uint16_t type)
{
	bool is_address = type == TYPE_AAAA || type == TYPE_A6;
	uint32_t subject = gw_v6_dns_subject(name);

	if (!segment || segment->mode == IPV6GUARD_OPEN)
		return IPV6GUARD_NAME_AS_IT_IS;
	if (subject == GW_V6_DNS_WPAD)
		return IPV6GUARD_NAME_NONE;
	if (subject & GW_V6_DNS_TRANSITION && !permits(segment, subject))
		return IPV6GUARD_NAME_NONE;
	if (is_address && (subject == GW_V6_DNS_NAT64 || has_no_addresses(segment)))
		return IPV6GUARD_NAME_EMPTY;
	return IPV6GUARD_NAME_AS_IT_IS;
}

bool ipv6guard_leaves_hints_out(const struct ipv6guard_segment *segment)
{
	return has_no_addresses(segment);
}
