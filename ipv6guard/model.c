#include <string.h>

#include "gw/compile/measures.h"
#include "ipv6guard/ipv6guard.h"

const char *ipv6guard_mode_name(enum ipv6guard_mode mode)
{
	static const char *const names[] = {
		[IPV6GUARD_OPEN] = "open",
		[IPV6GUARD_OFF] = "off",
		[IPV6GUARD_LOCAL] = "local",
		[IPV6GUARD_GUARDED] = "guarded",
	};

	return names[mode];
}

const char *ipv6guard_class_name(enum ipv6guard_class class)
{
	static const char *const names[] = {
		[IPV6GUARD_CLASS_CHATTER] = "chatter",
		[IPV6GUARD_CLASS_IPV6] = "ipv6",
		[IPV6GUARD_CLASS_TAGGED] = "tagged",
		[IPV6GUARD_CLASS_CARRIER] = "carrier",
		[IPV6GUARD_CLASS_DISGUISED] = "disguised",
		[IPV6GUARD_CLASS_TUNNEL] = "tunnel",
		[IPV6GUARD_CLASS_ROUTER] = "router",
		[IPV6GUARD_CLASS_REDIRECT] = "redirect",
		[IPV6GUARD_CLASS_DHCPV6] = "dhcpv6",
		[IPV6GUARD_CLASS_NEIGHBOUR] = "neighbour",
		[IPV6GUARD_CLASS_MLD] = "mld",
		[IPV6GUARD_CLASS_FRAGMENT] = "fragment",
		[IPV6GUARD_CLASS_HEADER] = "header",
		[IPV6GUARD_CLASS_SOURCE] = "source",
		[IPV6GUARD_CLASS_FLOOD] = "flood",
		[IPV6GUARD_CLASS_OWN] = "own",
		[IPV6GUARD_CLASS_QUARANTINE] = "quarantine",
		[IPV6GUARD_CLASS_DHCPV4] = "dhcpv4",
		[IPV6GUARD_CLASS_NAMES] = "names",
	};

	return names[class];
}

bool ipv6guard_class_is_native(enum ipv6guard_class class)
{
	switch (class) {
	case IPV6GUARD_CLASS_CHATTER:
	case IPV6GUARD_CLASS_IPV6:
	case IPV6GUARD_CLASS_ROUTER:
	case IPV6GUARD_CLASS_REDIRECT:
	case IPV6GUARD_CLASS_DHCPV6:
	case IPV6GUARD_CLASS_NEIGHBOUR:
	case IPV6GUARD_CLASS_MLD:
	case IPV6GUARD_CLASS_FRAGMENT:
	case IPV6GUARD_CLASS_HEADER:
	case IPV6GUARD_CLASS_SOURCE:
		return true;
	case IPV6GUARD_CLASS_TAGGED:
	case IPV6GUARD_CLASS_CARRIER:
	case IPV6GUARD_CLASS_DISGUISED:
	case IPV6GUARD_CLASS_TUNNEL:
	case IPV6GUARD_CLASS_FLOOD:
	case IPV6GUARD_CLASS_OWN:
	case IPV6GUARD_CLASS_QUARANTINE:
	case IPV6GUARD_CLASS_DHCPV4:
	case IPV6GUARD_CLASS_NAMES:
	case IPV6GUARD_CLASS_COUNT:
		break;
	}
	return false;
}

const char *ipv6guard_reason(enum ipv6guard_mode mode, enum ipv6guard_class class)
{
	static const char *const reasons[] = {
		[IPV6GUARD_CLASS_CHATTER] = "ipv6-chatter",
		[IPV6GUARD_CLASS_IPV6] = "ipv6-beyond-link",
		[IPV6GUARD_CLASS_TAGGED] = "ipv6-tagged",
		[IPV6GUARD_CLASS_CARRIER] = "ipv6-carrier",
		[IPV6GUARD_CLASS_DISGUISED] = "ipv6-disguised",
		[IPV6GUARD_CLASS_TUNNEL] = "ipv6-tunnel",
		[IPV6GUARD_CLASS_ROUTER] = "ipv6-router",
		[IPV6GUARD_CLASS_REDIRECT] = "ipv6-redirect",
		[IPV6GUARD_CLASS_DHCPV6] = "ipv6-dhcpv6",
		[IPV6GUARD_CLASS_NEIGHBOUR] = "ipv6-neighbour",
		[IPV6GUARD_CLASS_MLD] = "ipv6-mld",
		[IPV6GUARD_CLASS_FRAGMENT] = "ipv6-fragment",
		[IPV6GUARD_CLASS_HEADER] = "ipv6-header",
		[IPV6GUARD_CLASS_SOURCE] = "ipv6-source",
		[IPV6GUARD_CLASS_FLOOD] = "ipv6-flood",
		[IPV6GUARD_CLASS_OWN] = "ipv6-own",
		[IPV6GUARD_CLASS_QUARANTINE] = "ipv6-quarantine",
		[IPV6GUARD_CLASS_DHCPV4] = "ipv6-dhcpv4",
		[IPV6GUARD_CLASS_NAMES] = "ipv6-names",
	};

	if (class >= IPV6GUARD_CLASS_COUNT)
		return "ipv6";
	return mode == IPV6GUARD_OFF && ipv6guard_class_is_native(class) ? "ipv6-off"
									 : reasons[class];
}

uint32_t ipv6guard_segment_number(const char *name)
{
	return gw_zone_id(name);
}

static bool fits(const char *pattern, const char *device)
{
	size_t len = strlen(pattern);

	return len && pattern[len - 1] == '*' && strncmp(pattern, device, len - 1) == 0;
}

static bool has(const struct gw_interface *devices, size_t n, const char *device, bool patterns)
{
	for (size_t i = 0; i < n; i++)
		if (patterns ? fits(devices[i].name, device) : strcmp(devices[i].name, device) == 0)
			return true;
	return false;
}

const struct ipv6guard_segment *ipv6guard_segment_of(const struct ipv6guard *guard,
						     const char *device)
{
	for (int patterns = 0; patterns < 2; patterns++)
		for (size_t i = 0; i < guard->n_segments; i++) {
			const struct ipv6guard_segment *segment = &guard->segments[i];

			if (has(segment->interfaces, segment->n_interfaces, device, patterns) ||
			    has(segment->ports, segment->n_ports, device, patterns))
				return segment;
		}
	return NULL;
}
