/* Names in DNS, mDNS, LLMNR and NetBIOS messages that matter to transition mechanisms and proxies. */
#ifndef IPV6GUARD_DNS_H
#define IPV6GUARD_DNS_H

#include "ipv6guard/walk.h"

enum gw_v6_dns_subject {
	GW_V6_DNS_WPAD = 1 << 0,
	GW_V6_DNS_ISATAP = 1 << 1,
	GW_V6_DNS_TEREDO = 1 << 2, /* a server of it */
	GW_V6_DNS_NAT64 = 1 << 3,  /* ipv4only.arpa */
	GW_V6_DNS_TRANSITION = GW_V6_DNS_ISATAP | GW_V6_DNS_TEREDO,
};

/** What a name is about, which is in lower case and ends with a dot: one of GW_V6_DNS_…; 0: nothing of these. */
uint32_t gw_v6_dns_subject(const char *name);

struct gw_v6_dns {
	bool response;
	bool reveals;             /* an answer holds an IPv6 address */
	uint32_t asked, answered; /* GW_V6_DNS_… */
};

/** Reads questions and answers as far as they are sound, 64 records at most. */
void gw_v6_dns_read(const uint8_t *bytes, size_t len, bool netbios, struct gw_v6_dns *ret);

#endif
