/* Connections as conntrack holds them. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "gw/core/mem.h"
#include "gw/nft/flows.h"
#include "gw/nft/kernel.h"

struct walk {
	struct gw_connection *items; /* heap array */
	size_t n, capacity;
};

/* Judged as the kernel's rules judge it (gw/compile): by original source and reply source. */
static int see_connection(const struct nlmsghdr *message, void *context)
{
	struct walk *walk = context;
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *tb[CTA_MAX + 1];
	struct gw_connection connection = { 0 };
	struct gw_flow_tuple original, reply;

	if (!gw_netlink_message(message, sizeof(*header), tb, CTA_MAX))
		return -EBADMSG;
	if (header->nfgen_family != AF_INET && header->nfgen_family != AF_INET6)
		return 0;
	connection.family = header->nfgen_family == AF_INET ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
	if (!gw_flow_tuple_parse(tb[CTA_TUPLE_ORIG], connection.family, &original) ||
	    !gw_flow_tuple_parse(tb[CTA_TUPLE_REPLY], connection.family, &reply))
		return -EBADMSG;
	connection.source = original.source;
	connection.dest = reply.source;
	connection.mark = gw_netlink_be32(tb[CTA_MARK], 0);
	connection.service = gw_service_key(original.protocol,
					    original.icmp ? original.icmp_key : reply.source_port);
	gw_push(walk->items, walk->n, walk->capacity, connection);
	return 0;
}

static int read_connections(struct gw_netlink *netlink, struct walk *walk)
{
	struct nlmsghdr *request = gw_netlink_start(
		netlink, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, NLM_F_DUMP);
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));

	header->nfgen_family = AF_UNSPEC;
	header->version = NFNETLINK_V0;
	return gw_netlink_ask(netlink, request, see_connection, walk);
}

int gw_connections_each(gw_connection_fn *fn, void *context)
{
	struct walk walk = { 0 };
	struct gw_netlink netlink;
	int err = gw_netlink_open(&netlink, NETLINK_NETFILTER), tries;
	size_t i;

	if (err)
		return err;
	/* Kept until the dump is known to be whole, so that none is told twice. */
	err = -EINTR;
	for (tries = 0; err == -EINTR && tries < GW_NETLINK_TRIES; tries++) {
		walk.n = 0;
		err = read_connections(&netlink, &walk);
	}
	for (i = 0; !err && i < walk.n; i++)
		fn(&walk.items[i], context);
	gw_free(walk.items);
	gw_netlink_done(&netlink);
	return err;
}
