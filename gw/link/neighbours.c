#include "gw/link/neighbours.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "gw/core/mem.h"
#include "gw/nft/netlink.h"

#define NEIGHBOURS_MAX 262144u /* a table that somebody fills is not read to its end */

struct found {
	struct gw_neighbour *items; /* heap */
	size_t n, capacity;
};

static int see_neighbour(const struct nlmsghdr *message, void *context)
{
	struct found *found = context;
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *tb[NDA_MAX + 1];
	struct gw_neighbour neighbour = { 0 };
	uint8_t bytes[16];
	size_t len;

	if (!gw_netlink_message(message, NLMSG_ALIGN(sizeof(*header)), tb, NDA_MAX))
		return -EBADMSG;
	if ((header->ndm_family != AF_INET && header->ndm_family != AF_INET6) || !tb[NDA_DST] ||
	    !tb[NDA_LLADDR] || mnl_attr_get_payload_len(tb[NDA_LLADDR]) != sizeof(neighbour.mac) ||
	    found->n == NEIGHBOURS_MAX)
		return 0;
	neighbour.family = header->ndm_family == AF_INET ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
	neighbour.index = (unsigned int)header->ndm_ifindex;
	len = gw_family_bits(neighbour.family) / 8;
	if (mnl_attr_get_payload_len(tb[NDA_DST]) != len)
		return -EBADMSG;
	memcpy(bytes, mnl_attr_get_payload(tb[NDA_DST]), len);
	memcpy(neighbour.mac, mnl_attr_get_payload(tb[NDA_LLADDR]), sizeof(neighbour.mac));
	neighbour.addr = gw_addr_from_bytes(neighbour.family, bytes);
	gw_push(found->items, found->n, found->capacity, neighbour);
	return 0;
}

int gw_neighbours_read(struct gw_arena *arena, struct gw_neighbour **ret, size_t *ret_n)
{
	struct found found = { 0 };
	struct gw_netlink netlink;
	int err = gw_netlink_open(&netlink, NETLINK_ROUTE), tries;

	if (err)
		return err;
	err = -EINTR;
	for (tries = 0; err == -EINTR && tries < GW_NETLINK_TRIES; tries++) {
		struct nlmsghdr *request = gw_netlink_start(&netlink, RTM_GETNEIGH, NLM_F_DUMP);

		(void)mnl_nlmsg_put_extra_header(request, sizeof(struct ndmsg));
		found.n = 0;
		err = gw_netlink_ask(&netlink, request, see_neighbour, &found);
	}
	if (!err) {
		*ret = gw_arena_array(arena, found.n, struct gw_neighbour);
		if (found.n)
			memcpy(*ret, found.items, found.n * sizeof(**ret));
		*ret_n = found.n;
	}
	gw_free(found.items);
	gw_netlink_done(&netlink);
	return err == -EINTR ? -EBUSY : err;
}
