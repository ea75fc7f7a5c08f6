/* What the two files of the config section share: config.c reads segments, config_lists.c the lists
 * in them. */
#ifndef IPV6GUARD_CONFIG_H
#define IPV6GUARD_CONFIG_H

#include "gw/policy/loader.h"
#include "ipv6guard/ipv6guard.h"

#define IPV6GUARD_SEGMENT_DEVICES_MAX 256u /* of a segment; what a chain of the kernel takes */
#define IPV6GUARD_ROUTERS_MAX         64u
#define IPV6GUARD_VLANS_MAX           256u
#define IPV6GUARD_PROTECT_MAX         4096u

extern const struct gw_table ipv6guard_table_router, ipv6guard_table_server;

/** Interfaces, or ports, which may be patterns; in the arena. */
void ipv6guard_read_devices(struct gw_loader *loader, struct gw_node *node, bool patterns,
			    const struct gw_interface **ret, size_t *ret_n);
void ipv6guard_read_vlans(struct gw_loader *loader, struct gw_node *node,
			  struct ipv6guard_segment *segment);
/** Words of a list; none changes `ret` where nothing is written. */
void ipv6guard_read_carriers(struct gw_loader *loader, struct gw_node *node,
			     bool ret[IPV6GUARD_CARRIERS]);
void ipv6guard_read_tunnels(struct gw_loader *loader, struct gw_node *node,
			    bool ret[IPV6GUARD_TUNNELS]);
void ipv6guard_read_routers(struct gw_loader *loader, struct gw_node *node,
			    struct ipv6guard_segment *segment);
void ipv6guard_read_servers(struct gw_loader *loader, struct gw_node *node,
			    const struct ipv6guard_segment *segment,
			    const struct ipv6guard_server **ret, size_t *ret_n);
/** MAC addresses, sorted. */
void ipv6guard_read_macs(struct gw_loader *loader, struct gw_node *node,
			 const struct gw_device **ret, size_t *ret_n);

#endif
