/* Names and numbers of protocols and ICMP types, and the syntax of one service. */
#ifndef GW_POLICY_SERVICE_H
#define GW_POLICY_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "gw/core/addr.h"
#include "gw/core/diag.h"

struct gw_protocol {
	const char *name;
	uint8_t number;
	bool ports; /* the 16 bits of the key are the destination port */
};

/** The protocol with this name or number, NULL if the table does not know it. */
const struct gw_protocol *gw_protocol_by_name(const char *name);
const struct gw_protocol *gw_protocol_by_number(uint8_t number);

/** "echo-request" for a type of ICMP (protocol 1) or ICMPv6 (58); NULL if it has no name. */
const char *gw_icmp_type_name(uint8_t protocol, uint8_t type);

/** True if an item of a service list is the name of a service rather than `tcp/80` and the like. */
bool gw_is_service_name(const char *text);

/**
 * Reads `tcp/80`, `udp/1000-2000`, `icmp/echo-request`, `icmp/3/4`, `proto/47` or a protocol's name
 * as a range of gw_service_key. False after adding a diagnostic; a type of ICMP that never starts
 * a connection is warned about.
 */
bool gw_service_parse(struct gw_diags *diags, struct gw_loc loc, const char *text,
		      struct gw_range *ret);

#endif
