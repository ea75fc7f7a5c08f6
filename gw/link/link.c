#include "gw/link/link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gw/core/mem.h"
#include "gw/nft/netlink.h"

struct found_addr {
	unsigned int index; /* of its interface */
	struct gw_link_addr addr;
};

/* What the two dumps tell, before addresses are handed to their interfaces. */
struct found {
	struct gw_arena *arena;
	struct gw_link *links; /* heap arrays */
	size_t n_links, links_capacity;
	struct found_addr *addrs;
	size_t n_addrs, addrs_capacity;
};

static int see_link(const struct nlmsghdr *message, void *context)
{
	struct found *found = context;
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
	struct gw_link link = { 0 };

	if (!gw_netlink_message(message, NLMSG_ALIGN(sizeof(*header)), tb, IFLA_MAX) ||
	    !tb[IFLA_IFNAME] || !gw_netlink_nested(tb[IFLA_LINKINFO], info, IFLA_INFO_MAX))
		return -EBADMSG;
	link.name = gw_netlink_string(found->arena, tb[IFLA_IFNAME]);
	if (tb[IFLA_MASTER] && mnl_attr_get_payload_len(tb[IFLA_MASTER]) == sizeof(uint32_t))
		link.master = mnl_attr_get_u32(tb[IFLA_MASTER]);
	link.bridge = info[IFLA_INFO_KIND] && gw_netlink_is(info[IFLA_INFO_KIND], "bridge");
	if (tb[IFLA_ADDRESS] && mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) == sizeof(link.mac)) {
		link.has_mac = true;
		memcpy(link.mac, mnl_attr_get_payload(tb[IFLA_ADDRESS]), sizeof(link.mac));
	}
	link.index = (unsigned int)header->ifi_index;
	link.up = header->ifi_flags & IFF_UP;
	gw_push(found->links, found->n_links, found->links_capacity, link);
	return 0;
}

static int see_addr(const struct nlmsghdr *message, void *context)
{
	struct found *found = context;
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *tb[IFA_MAX + 1], *attr;
	struct found_addr addr = { 0 };
	uint8_t bytes[16];
	size_t len;

	if (!gw_netlink_message(message, NLMSG_ALIGN(sizeof(*header)), tb, IFA_MAX))
		return -EBADMSG;
	if (header->ifa_family != AF_INET && header->ifa_family != AF_INET6)
		return 0;
	addr.index = header->ifa_index;
	addr.addr.family = header->ifa_family == AF_INET ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
	addr.addr.prefix_len = header->ifa_prefixlen;
	/* On a point-to-point link IFA_ADDRESS is the peer's. */
	attr = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	len = gw_family_bits(addr.addr.family) / 8;
	if (!attr || mnl_attr_get_payload_len(attr) != len)
		return -EBADMSG;
	memcpy(bytes, mnl_attr_get_payload(attr), len);
	addr.addr.addr = gw_addr_from_bytes(addr.addr.family, bytes);
	gw_push(found->addrs, found->n_addrs, found->addrs_capacity, addr);
	return 0;
}

static int read_links(struct gw_netlink *netlink, struct found *found)
{
	struct nlmsghdr *request = gw_netlink_start(netlink, RTM_GETLINK, NLM_F_DUMP);

	(void)mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	return gw_netlink_ask(netlink, request, see_link, found);
}

static int read_addrs(struct gw_netlink *netlink, struct found *found)
{
	struct nlmsghdr *request = gw_netlink_start(netlink, RTM_GETADDR, NLM_F_DUMP);

	(void)mnl_nlmsg_put_extra_header(request, sizeof(struct ifaddrmsg));
	return gw_netlink_ask(netlink, request, see_addr, found);
}

static int compare_links(const void *a, const void *b)
{
	return strcmp(((const struct gw_link *)a)->name, ((const struct gw_link *)b)->name);
}

static void give_addrs(const struct found *found, struct gw_link *link)
{
	size_t i, n = 0;

	for (i = 0; i < found->n_addrs; i++)
		n += found->addrs[i].index == link->index;
	link->addrs = gw_arena_array(found->arena, n, struct gw_link_addr);
	for (i = 0; i < found->n_addrs; i++) {
		if (found->addrs[i].index == link->index)
			link->addrs[link->n_addrs++] = found->addrs[i].addr;
	}
}

static void finish(const struct found *found, struct gw_links *ret)
{
	struct gw_links links = { .n = found->n_links };
	size_t i;

	links.items = gw_arena_array(found->arena, links.n, struct gw_link);
	for (i = 0; i < links.n; i++) {
		links.items[i] = found->links[i];
		give_addrs(found, &links.items[i]);
	}
	if (links.n)
		qsort(links.items, links.n, sizeof(*links.items), compare_links);
	*ret = links;
}

int gw_links_read(struct gw_arena *arena, struct gw_links *ret)
{
	struct found found = { .arena = arena };
	struct gw_netlink netlink;
	int err = gw_netlink_open(&netlink, NETLINK_ROUTE), tries;

	if (err)
		return err;
	err = -EINTR;
	for (tries = 0; err == -EINTR && tries < GW_NETLINK_TRIES; tries++) {
		found.n_links = 0;
		found.n_addrs = 0;
		err = read_links(&netlink, &found);
		if (!err)
			err = read_addrs(&netlink, &found);
	}
	if (!err)
		finish(&found, ret);
	gw_free(found.links);
	gw_free(found.addrs);
	gw_netlink_done(&netlink);
	return err == -EINTR ? -EBUSY : err;
}

const struct gw_link *gw_links_find(const struct gw_links *links, const char *name)
{
	const struct gw_link key = { .name = name };

	if (!links->n)
		return NULL;
	return bsearch(&key, links->items, links->n, sizeof(*links->items), compare_links);
}
