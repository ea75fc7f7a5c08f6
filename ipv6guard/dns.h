/* Names in DNS, mDNS, LLMNR and NetBIOS messages that matter to transition mechanisms and proxies. */
#ifndef IPV6GUARD_DNS_H
#define IPV6GUARD_DNS_H

#include "ipv6guard/walk.h"

enum gw_v6_dns_subject {
	GW_V6_DNS_WPAD = 1 << 0,
	GW_V6_DNS_TRANSITION = 1 << 1, /* ISATAP router, Teredo server */
	GW_V6_DNS_NAT64 = 1 << 2,      /* ipv4only.arpa */
};

struct gw_v6_dns {
	bool response;
	bool reveals;             /* an answer holds an IPv6 address */
	uint32_t asked, answered; /* GW_V6_DNS_… */
};

/** Reads questions and answers as far as they are sound, 64 records at most. */
void gw_v6_dns_read(const uint8_t *bytes, size_t len, bool netbios, struct gw_v6_dns *ret);

#endif
