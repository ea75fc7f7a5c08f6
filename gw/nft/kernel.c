#include "gw/nft/kernel.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/nft/objects.h"

static void kernel_free(struct gw_kernel *kernel)
{
	struct gw_nft_kernel *self = (struct gw_nft_kernel *)kernel;

	gw_netlink_done(&self->netlink);
	gw_free(self);
}

static const struct gw_kernel_ops operations = {
	.observe = gw_nft_observe,
	.read_elements = gw_nft_read_elements,
	.commit = gw_nft_commit,
	.features = gw_nft_features,
	.own = gw_nft_own,
	.state = gw_nft_state,
	.fit = gw_nft_fit,
	.free = kernel_free,
};

int gw_kernel_open(struct gw_kernel **ret)
{
	struct gw_nft_kernel *self = gw_zalloc(1, sizeof(*self));
	int err = gw_netlink_open(&self->netlink, NETLINK_NETFILTER);

	if (err) {
		gw_free(self);
		return err;
	}
	self->base.ops = &operations;
	self->base.port = mnl_socket_get_portid(self->netlink.socket);
	*ret = (struct gw_kernel *)self;
	return 0;
}

void gw_kernel_free(struct gw_kernel *kernel)
{
	if (kernel)
		kernel->ops->free(kernel);
}

int gw_nft_state(struct gw_kernel *kernel, struct gw_kernel_state *ret)
{
	struct gw_netlink *netlink = &((struct gw_nft_kernel *)kernel)->netlink;
	socklen_t size = sizeof(ret->netns);
	uint32_t generation = 0;
	int err;

	if (getsockopt(gw_netlink_fd(netlink), SOL_SOCKET, SO_NETNS_COOKIE, &ret->netns, &size) < 0)
		return errno == ENOPROTOOPT ? -EOPNOTSUPP : -errno;
	err = gw_nft_generation(netlink, &generation);
	ret->generation = generation;
	return err;
}

struct nlmsghdr *gw_nft_start(struct gw_netlink *netlink, uint8_t type, uint16_t flags,
			      uint8_t family)
{
	struct nlmsghdr *request =
		gw_netlink_start(netlink, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags);
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));

	header->nfgen_family = family;
	header->version = NFNETLINK_V0;
	return request;
}

static int read_generation(const struct nlmsghdr *message, void *context)
{
	uint32_t pid;
	char process[16];

	return gw_generation_get(message, context, &pid, process);
}

int gw_nft_generation(struct gw_netlink *netlink, uint32_t *ret)
{
	struct nlmsghdr *request = gw_nft_start(netlink, NFT_MSG_GETGEN, 0, AF_UNSPEC);

	return gw_netlink_ask(netlink, request, read_generation, ret);
}

int64_t gw_nft_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
