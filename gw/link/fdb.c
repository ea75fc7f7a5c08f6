#include "gw/link/fdb.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "gw/core/mem.h"
#include "gw/nft/netlink.h"

#define ENTRIES_MAX 262144u /* a table that somebody fills is not read to its end */

struct found {
	struct gw_fdb_entry *items; /* heap */
	size_t n, capacity;
};

static int see_entry(const struct nlmsghdr *message, void *context)
{
	struct found *found = context;
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *tb[NDA_MAX + 1];
	struct gw_fdb_entry entry = { 0 };

	if (!gw_netlink_message(message, NLMSG_ALIGN(sizeof(*header)), tb, NDA_MAX))
		return -EBADMSG;
	/* Devices that are no ports have lists of their own, which are about what they receive. */
	if (header->ndm_family != AF_BRIDGE || !tb[NDA_LLADDR] || !tb[NDA_MASTER] ||
	    mnl_attr_get_payload_len(tb[NDA_LLADDR]) != sizeof(entry.mac) ||
	    mnl_attr_get_payload_len(tb[NDA_MASTER]) != sizeof(uint32_t) || found->n == ENTRIES_MAX)
		return 0;
	memcpy(entry.mac, mnl_attr_get_payload(tb[NDA_LLADDR]), sizeof(entry.mac));
	entry.port = (unsigned int)header->ndm_ifindex;
	entry.bridge = mnl_attr_get_u32(tb[NDA_MASTER]);
	if (tb[NDA_VLAN] && mnl_attr_get_payload_len(tb[NDA_VLAN]) == sizeof(uint16_t))
		entry.vlan = mnl_attr_get_u16(tb[NDA_VLAN]);
	entry.own = header->ndm_state & (NUD_PERMANENT | NUD_NOARP);
	gw_push(found->items, found->n, found->capacity, entry);
	return 0;
}

int gw_fdb_read(struct gw_arena *arena, struct gw_fdb_entry **ret, size_t *ret_n)
{
	struct found found = { 0 };
	struct gw_netlink netlink;
	int err = gw_netlink_open(&netlink, NETLINK_ROUTE), tries;

	if (err)
		return err;
	err = -EINTR;
	for (tries = 0; err == -EINTR && tries < GW_NETLINK_TRIES; tries++) {
		struct nlmsghdr *request = gw_netlink_start(&netlink, RTM_GETNEIGH, NLM_F_DUMP);
		struct ndmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));

		header->ndm_family = AF_BRIDGE;
		found.n = 0;
		err = gw_netlink_ask(&netlink, request, see_entry, &found);
	}
	if (!err) {
		*ret = gw_arena_array(arena, found.n, struct gw_fdb_entry);
		if (found.n)
			memcpy(*ret, found.items, found.n * sizeof(**ret));
		*ret_n = found.n;
	}
	gw_free(found.items);
	gw_netlink_done(&netlink);
	return err == -EINTR ? -EBUSY : err;
}
