/*
 * What `dns:` of gw.yaml means. Zones that this gateway's operators sign and publish are here (zones:);
 * the closed resolver has a key of its own beside them.
 */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include "gw/conf/schema.h"
#include "gw/policy/section.h"

struct gw_zones_config;

struct gw_dns_config {
	const struct gw_zones_config *zones; /* dns/zone/config.h; never NULL */
};

extern const struct gw_section gw_section_dns;

/** Of a policy; NULL only where the section is not compiled in. */
const struct gw_dns_config *gw_dns_config(const struct gw_policy *policy);

#endif
