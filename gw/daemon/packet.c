#include "gw/daemon/packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/socket.h>

#include "gw/core/mem.h"

#define TAG_LEN    4u
#define BUFFER_LEN (1 << 20)

int gw_packet_open(void)
{
	static const int on = 1, size = BUFFER_LEN;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0) {
		int err = -errno;

		(void)close(fd);
		return err;
	}
	/* A smaller buffer loses more, and says so. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static void empty(int fd)
{
	uint8_t byte;

	while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) >= 0)
		;
}

int gw_packet_bind(int fd, unsigned int index)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = index ? htons(ETH_P_ALL) : 0,
		.sll_ifindex = (int)index,
	};
	const struct packet_mreq multicast = { .mr_ifindex = (int)index,
					       .mr_type = PACKET_MR_ALLMULTI };

	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	empty(fd);
	/* Ports of bridges take everything in any case; memberships end with the interface. */
	if (index)
		(void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &multicast,
				 sizeof(multicast));
	return 0;
}

static size_t put_tag(uint8_t *frame, size_t len, size_t size,
		      const struct tpacket_auxdata *auxdata)
{
	uint16_t tag[2] = { htons(ETHERTYPE_VLAN), htons(auxdata->tp_vlan_tci) };

	if (!(auxdata->tp_status & TP_STATUS_VLAN_VALID) || len < 2 * ETH_ALEN ||
	    len + TAG_LEN > size)
		return len;
	if (auxdata->tp_status & TP_STATUS_VLAN_TPID_VALID)
		tag[0] = htons(auxdata->tp_vlan_tpid);
	memmove(frame + 2 * ETH_ALEN + TAG_LEN, frame + 2 * ETH_ALEN, len - 2 * ETH_ALEN);
	memcpy(frame + 2 * ETH_ALEN, tag, TAG_LEN);
	return len + TAG_LEN;
}

int gw_packet_read(int fd, uint8_t *frame, size_t size, int *ret_outgoing)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
		struct cmsghdr align;
	} control;
	struct sockaddr_ll from = { 0 };
	struct iovec part = { frame, size };
	struct msghdr message = { .msg_name = &from,
				  .msg_namelen = sizeof(from),
				  .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	size_t len;
	ssize_t got;

	do {
		got = recvmsg(fd, &message, MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	len = (size_t)got;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
	     header = CMSG_NXTHDR(&message, header)) {
		struct tpacket_auxdata auxdata;

		if (header->cmsg_level != SOL_PACKET || header->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&auxdata, CMSG_DATA(header), sizeof(auxdata));
		len = put_tag(frame, len, size, &auxdata);
	}
	*ret_outgoing = from.sll_pkttype == PACKET_OUTGOING;
	return (int)len;
}

int gw_packet_mark(int fd, uint32_t mark)
{
	return setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ? -errno : 0;
}

int gw_packet_send(int fd, unsigned int index, const uint8_t *frame, size_t len)
{
	const struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)index };

	if (sendto(fd, frame, len, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

uint64_t gw_packet_lost(int fd)
{
	struct tpacket_stats stats;
	socklen_t size = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) < 0)
		return 0;
	return stats.tp_drops;
}
