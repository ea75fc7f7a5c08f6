/* Events of nf_tables: the messages of one transaction, then NEWGEN with who sent it. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "gw/core/mem.h"
#include "gw/nft/kernel.h"
#include "gw/nft/objects.h"

struct gw_kernel_watch {
	struct gw_netlink netlink;
	bool touched; /* the transaction being read has named a table called gw */
	/* What is left of the datagram in the socket's buffer. */
	const struct nlmsghdr *next;
	int left;
};

int gw_kernel_watch_open(struct gw_kernel_watch **ret)
{
	struct gw_kernel_watch *watch = gw_zalloc(1, sizeof(*watch));
	int group = NFNLGRP_NFTABLES;
	int err = gw_netlink_open(&watch->netlink, NETLINK_NETFILTER);

	if (!err && mnl_socket_setsockopt(watch->netlink.socket, NETLINK_ADD_MEMBERSHIP, &group,
					  sizeof(group)) < 0)
		err = -errno;
	if (err)
		gw_kernel_watch_free(watch);
	else
		*ret = watch;
	return err;
}

void gw_kernel_watch_free(struct gw_kernel_watch *watch)
{
	if (!watch)
		return;
	gw_netlink_done(&watch->netlink);
	gw_free(watch);
}

int gw_kernel_watch_fd(const struct gw_kernel_watch *watch)
{
	return gw_netlink_fd(&watch->netlink);
}

/* All kinds of objects have their table's name in attribute 1. */
static bool names_our_table(const struct nlmsghdr *message)
{
	const struct nlattr *tb[2];

	return gw_netlink_message(message, sizeof(struct nfgenmsg), tb, 1) &&
	       gw_netlink_is(tb[1], "gw");
}

/* 0: a transaction has ended. */
static int watch_message(struct gw_kernel_watch *watch, const struct nlmsghdr *message,
			 struct gw_kernel_change *ret)
{
	struct gw_kernel_change change = { .portid = message->nlmsg_pid };

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return -EAGAIN;
	if (NFNL_MSG_TYPE(message->nlmsg_type) != NFT_MSG_NEWGEN) {
		watch->touched |= names_our_table(message);
		return -EAGAIN;
	}
	change.ours = watch->touched;
	watch->touched = false;
	if (gw_generation_get(message, &change.generation, &change.pid, change.process))
		return -EAGAIN;
	*ret = change;
	return 0;
}

int gw_kernel_watch_read(struct gw_kernel_watch *watch, struct gw_kernel_change *ret)
{
	for (;;) {
		while (gw_netlink_ok(watch->next, watch->left)) {
			const struct nlmsghdr *message = watch->next;

			watch->next = mnl_nlmsg_next(message, &watch->left);
			if (watch_message(watch, message, ret) == 0)
				return 0;
		}
		watch->left = gw_netlink_receive(&watch->netlink, MSG_DONTWAIT);
		watch->next = (const void *)watch->netlink.buffer;
		if (watch->left < 0) {
			int err = watch->left;

			watch->left = 0;
			if (err == -ENOBUFS)
				watch->touched = false; /* the caller reads all again */
			return err;
		}
	}
}
