/* Settings of the kernel that the guard needs for the gateway's own stack. */
#ifndef IPV6GUARD_SETTINGS_H
#define IPV6GUARD_SETTINGS_H

#include "ipv6guard/ipv6guard.h"

struct gw_loader;

/** Adds them to those of `host:`, if that section is there; what is written there prevails. */
void ipv6guard_add_settings(struct gw_loader *loader, const struct ipv6guard *guard);

#endif
