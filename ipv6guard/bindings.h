/*
 * Who uses which IPv6 address: the first that asks whether an address is free (RFC 6620, first come first
 * served) has it, at its port and with its MAC, until it is silent for a while. Pure; bounded in all and for
 * each device, where the oldest of a device's own gives way.
 */
#ifndef IPV6GUARD_BINDINGS_H
#define IPV6GUARD_BINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/mac.h"
#include "ipv6guard/classify.h"

#define IPV6GUARD_BINDING_MAX        8192u
#define IPV6GUARD_BINDING_DEVICE_MAX 32u /* addresses of one device (RFC 7934: ten are too few) */
#define IPV6GUARD_BINDING_LIFE_S     7200

struct ipv6guard_bindings;

struct ipv6guard_bindings *ipv6guard_bindings_new(size_t max);
void ipv6guard_bindings_free(struct ipv6guard_bindings *bindings);
size_t ipv6guard_bindings_count(const struct ipv6guard_bindings *bindings);

enum ipv6guard_claim {
	IPV6GUARD_CLAIM_GRANTED, /* it is the device's now */
	IPV6GUARD_CLAIM_KEPT,    /* it was the device's */
	IPV6GUARD_CLAIM_REFUSED, /* it is another device's */
	IPV6GUARD_CLAIM_FULL,    /* the table is full of addresses that are in use */
};
/** A device at a port (any number) asks for an address. */
enum ipv6guard_claim ipv6guard_bindings_claim(struct ipv6guard_bindings *bindings, uint32_t port,
					      const uint8_t mac[GW_MAC_LEN],
					      const uint8_t address[16], int64_t now);
enum gw_v6_owner ipv6guard_bindings_owner(const struct ipv6guard_bindings *bindings, uint32_t port,
					  const uint8_t mac[GW_MAC_LEN], const uint8_t address[16],
					  int64_t now);

#endif
