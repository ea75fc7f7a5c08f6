/*
 * What the gateway's resolver says to the clients of a segment, as far as names and types switch IPv6, a
 * transition mechanism or a proxy on. Pure; the segment is that of the device by which the question came:
 *
 *	segment = ipv6guard_segment_of(guard, device);
 *	switch (ipv6guard_name_answer(segment, "www.example.jp.", 28)) …
 *
 *   in every mode but `open`   `wpad` does not exist (NXDOMAIN); nor do `isatap` and Teredo's servers, unless
 *                              `tunnels` lists 6in4 or teredo
 *                              `ipv4only.arpa` has no AAAA: there is no NAT64 to discover (RFC 7050, 8880)
 *   in `off` and `local`       no name has AAAA, and hints in SVCB and HTTPS are left out: a client that learns
 *                              an address which it cannot reach waits for it
 *
 * Leaving out what is signed breaks it for a client that validates. To one that asks for signatures (DO), a
 * signed AAAA is to be answered as it is; it does no harm, for no frame follows it. What is said not to exist is
 * not there for anybody.
 */
#ifndef IPV6GUARD_RESOLVER_H
#define IPV6GUARD_RESOLVER_H

#include "ipv6guard/ipv6guard.h"

enum ipv6guard_name_answer {
	IPV6GUARD_NAME_AS_IT_IS,
	IPV6GUARD_NAME_EMPTY, /* the name, without records of this type */
	IPV6GUARD_NAME_NONE,  /* no such name */
};

/** `name` is text in lower case with a dot at the end. NULL for a segment that is none of the config's: as it is. */
enum ipv6guard_name_answer ipv6guard_name_answer(const struct ipv6guard_segment *segment,
						 const char *name, uint16_t type);
/** Are IPv6 addresses in hints (RFC 9460, key 6) and additional sections left out? */
bool ipv6guard_leaves_hints_out(const struct ipv6guard_segment *segment);

#endif
