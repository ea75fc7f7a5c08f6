/* Packets that rules log through NFLOG, as `gwctl drops` shows them. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "gw/core/mem.h"
#include "gw/nft/frames.h"
#include "gw/nft/kernel.h"

static int nothing(const struct nlmsghdr *message, void *context)
{
	(void)message; /* configuration is answered by an acknowledgement alone */
	(void)context;
	return 0;
}

static struct nlmsghdr *start_config(struct gw_netlink *netlink, uint16_t group)
{
	struct nlmsghdr *request =
		gw_netlink_start(netlink, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG, 0);
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));

	header->version = NFNETLINK_V0;
	header->res_id = htons(group);
	return request;
}

static int bind_group(struct gw_netlink *netlink, uint16_t group)
{
	const struct nfulnl_msg_config_cmd command = { .command = NFULNL_CFG_CMD_BIND };
	struct nlmsghdr *request = start_config(netlink, group);

	mnl_attr_put(request, NFULA_CFG_CMD, sizeof(command), &command);
	return gw_netlink_ask(netlink, request, nothing, NULL);
}

/* Each packet in a datagram of its own, with its start and the mark of its connection. */
static int configure_group(struct gw_netlink *netlink, uint16_t group, uint32_t copy,
			   uint16_t flags)
{
	const struct nfulnl_msg_config_mode mode = {
		.copy_range = htonl(copy),
		.copy_mode = NFULNL_COPY_PACKET,
	};
	struct nlmsghdr *request = start_config(netlink, group);
	int err;

	mnl_attr_put(request, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(request, NFULA_CFG_QTHRESH, htonl(1));
	err = gw_netlink_ask(netlink, request, nothing, NULL);
	if (err)
		return err;
	request = start_config(netlink, group);
	mnl_attr_put_u16(request, NFULA_CFG_FLAGS, htons(flags));
	err = gw_netlink_ask(netlink, request, nothing, NULL);
	/* Without CONFIG_NETFILTER_NETLINK_GLUE_CT the connection's mark is missing, no more. */
	return err == -EOPNOTSUPP ? 0 : err;
}

/* The group is bound to the socket, so that is what the caller gets: a duplicate stays open when ours
 * is closed. */
static int hand_out(struct gw_netlink *netlink, int *ret_fd)
{
	int fd = fcntl(gw_netlink_fd(netlink), F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int open_group(uint16_t group, uint32_t copy, uint16_t flags, int *ret_fd)
{
	struct gw_netlink netlink;
	int err = gw_netlink_open(&netlink, NETLINK_NETFILTER);

	if (err)
		return err;
	err = bind_group(&netlink, group);
	if (!err)
		err = configure_group(&netlink, group, copy, flags);
	if (!err)
		err = hand_out(&netlink, ret_fd);
	gw_netlink_done(&netlink);
	return err;
}

int gw_log_open(uint16_t group, int *ret_fd)
{
	return open_group(group, sizeof(((struct gw_logged_packet *)NULL)->bytes),
			  NFULNL_CFG_F_CONNTRACK, ret_fd);
}

/* A module reads in bursts; the kernel counts twice what is asked for. */
#define WHOLE_BUFFER (1 << 20)

int gw_log_open_whole(uint16_t group, int *ret_fd)
{
	static const int size = WHOLE_BUFFER;
	int err = open_group(group, GW_LOG_WHOLE, NFULNL_CFG_F_SEQ, ret_fd);

	/* What is smaller loses more, and says so. */
	if (!err)
		(void)setsockopt(*ret_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return err;
}

int gw_conntrack_open(unsigned int events, int *ret_fd)
{
	static const struct {
		unsigned int event;
		int group;
	} groups[] = { { GW_CONNTRACK_NEW, NFNLGRP_CONNTRACK_NEW },
		       { GW_CONNTRACK_UPDATE, NFNLGRP_CONNTRACK_UPDATE },
		       { GW_CONNTRACK_DESTROY, NFNLGRP_CONNTRACK_DESTROY } };
	static const int size = 4 * WHOLE_BUFFER;
	struct gw_netlink netlink;
	int err = gw_netlink_open(&netlink, NETLINK_NETFILTER);

	if (err)
		return err;
	for (size_t i = 0; i < GW_COUNT(groups) && !err; i++)
		if (events & groups[i].event &&
		    setsockopt(gw_netlink_fd(&netlink), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			       &groups[i].group, sizeof(groups[i].group)) < 0)
			err = -errno;
	if (!err)
		err = hand_out(&netlink, ret_fd);
	gw_netlink_done(&netlink);
	if (!err)
		(void)setsockopt(*ret_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return err;
}

static void get_text(const struct nlattr *attr, char *ret_text, size_t size)
{
	ret_text[0] = '\0';
	if (attr)
		(void)snprintf(ret_text, size, "%.*s", (int)mnl_attr_get_payload_len(attr),
			       mnl_attr_get_str(attr));
}

static void get_interface(const struct nlattr *attr, char ret_name[IF_NAMESIZE])
{
	uint32_t index = gw_netlink_be32(attr, 0);

	ret_name[0] = '\0';
	if (index && !if_indextoname(index, ret_name))
		(void)snprintf(ret_name, IF_NAMESIZE, "#%u", index); /* it has gone meanwhile */
}

static int64_t get_time_ms(const struct nlattr *attr)
{
	struct nfulnl_msg_packet_timestamp stamp;

	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(stamp))
		return gw_nft_now_ms(); /* locally made packets carry none */
	memcpy(&stamp, mnl_attr_get_payload(attr), sizeof(stamp));
	return (int64_t)(be64toh(stamp.sec) * 1000 + be64toh(stamp.usec) / 1000);
}

static int get_packet(const struct nlmsghdr *message, struct gw_logged_packet *ret)
{
	const struct nlattr *tb[NFULA_MAX + 1], *ct[CTA_MAX + 1];
	struct gw_logged_packet packet = { 0 };

	if (message->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
		return -EAGAIN;
	if (!gw_netlink_message(message, sizeof(struct nfgenmsg), tb, NFULA_MAX) ||
	    !gw_netlink_nested(tb[NFULA_CT], ct, CTA_MAX))
		return -EBADMSG;
	packet.mark = gw_netlink_be32(tb[NFULA_MARK], 0);
	packet.ct_mark = gw_netlink_be32(ct[CTA_MARK], 0);
	packet.time_ms = get_time_ms(tb[NFULA_TIMESTAMP]);
	get_text(tb[NFULA_PREFIX], packet.prefix, sizeof(packet.prefix));
	get_interface(tb[NFULA_IFINDEX_INDEV], packet.in_interface);
	get_interface(tb[NFULA_IFINDEX_OUTDEV], packet.out_interface);
	if (tb[NFULA_PAYLOAD]) {
		packet.len = mnl_attr_get_payload_len(tb[NFULA_PAYLOAD]);
		if (packet.len > sizeof(packet.bytes))
			packet.len = sizeof(packet.bytes);
		memcpy(packet.bytes, mnl_attr_get_payload(tb[NFULA_PAYLOAD]), packet.len);
	}
	/* The family is that of the table, inet; the packet itself knows better. */
	packet.family = packet.len && packet.bytes[0] >> 4 == 6 ? AF_INET6 : AF_INET;
	*ret = packet;
	return 0;
}

int gw_log_read(int fd, struct gw_logged_packet *ret)
{
	uint8_t bytes[4096] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (;;) {
		struct sockaddr_nl sender = { 0 };
		socklen_t size = sizeof(sender);
		ssize_t len = recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT,
				       (struct sockaddr *)&sender, &size);
		const struct nlmsghdr *message = (const void *)bytes;

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		if (sender.nl_pid == 0 && gw_netlink_ok(message, (int)len) &&
		    get_packet(message, ret) == 0)
			return 0;
	}
}
