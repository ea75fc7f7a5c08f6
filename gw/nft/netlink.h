/*
 * One netlink socket and one way to ask the kernel something: used for nf_tables, conntrack and
 * interfaces alike.
 *
 * libmnl builds and walks messages; its receive loop (mnl_cb_run) is not used, because it stops in
 * the middle of a dump that was interrupted and leaves the rest in the socket for the next request.
 *
 *	struct gw_netlink netlink;
 *	int err = gw_netlink_open(&netlink, NETLINK_NETFILTER);
 *	request = gw_netlink_start(&netlink, type, NLM_F_DUMP); ... mnl_attr_put(request, ...)
 *	err = gw_netlink_ask(&netlink, request, each, context);
 *	gw_netlink_done(&netlink);
 */
#ifndef GW_NFT_NETLINK_H
#define GW_NFT_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gw_arena;
struct nlattr;
struct nlmsghdr;
struct mnl_socket;

/* The kernel fills dump messages up to 32 KB, whatever the reader's buffer. */
#define GW_NETLINK_BUFFER (64u * 1024u)

/** How often a read that another program's change spoiled is repeated. */
#define GW_NETLINK_TRIES 30

struct gw_netlink {
	struct mnl_socket *socket;
	uint32_t sequence; /* of the last message sent */
	uint8_t *buffer;   /* GW_NETLINK_BUFFER bytes, for what is received */
	uint8_t *request;  /* the request being built */
};

/** A bound socket of this netlink protocol, with extended acknowledgements. -errno. */
int gw_netlink_open(struct gw_netlink *netlink, int protocol);
/** Accepts a socket that was never opened, if it is all zeroes. */
void gw_netlink_done(struct gw_netlink *netlink);
int gw_netlink_fd(const struct gw_netlink *netlink);

/**
 * Starts a request in the socket's own buffer, with room for attributes of a page; the caller adds
 * the family header and attributes. Valid until the next start.
 */
struct nlmsghdr *gw_netlink_start(struct gw_netlink *netlink, uint16_t type, uint16_t flags);

/** Called with each message of the answer; other than 0 ends the reading with that value. */
typedef int gw_netlink_fn(const struct nlmsghdr *message, void *context);

/**
 * Sends the request and reads its answer to the end. 0; -errno of the kernel or of `fn`; -EINTR: a
 * change came in between and what `fn` saw is torn: throw it away and repeat.
 */
int gw_netlink_ask(struct gw_netlink *netlink, struct nlmsghdr *request, gw_netlink_fn *fn,
		   void *context);

/**
 * Receives one datagram from the kernel into the buffer; datagrams of other senders are dropped.
 * Its length, or -errno: -EAGAIN with MSG_DONTWAIT in `flags` and nothing there, -ENOBUFS.
 */
int gw_netlink_receive(struct gw_netlink *netlink, int flags);

/**
 * True if a whole message lies in the `left` bytes from `message` on. libmnl's own test takes
 * lengths above 2 GB for negative, and so for short.
 */
bool gw_netlink_ok(const struct nlmsghdr *message, int left);

/** The kernel's verdict of an NLMSG_ERROR message: positive errno, 0 for an acknowledgement. */
int gw_netlink_error(const struct nlmsghdr *message);
/** The text of its extended acknowledgement, at most size - 1 bytes; "" if it has none. */
void gw_netlink_error_text(const struct nlmsghdr *message, char *ret_text, size_t size);

/**
 * Sorts the attributes of [attrs, attrs + len) into tb[0 .. max] by type, the last of a type wins.
 * Types above max are left out; the bytes may be hostile. False if attributes do not fill `len`.
 */
bool gw_netlink_attrs(const void *attrs, size_t len, const struct nlattr **tb, uint16_t max);
/** The same for the attributes in `nest`; all NULL if nest is NULL. */
bool gw_netlink_nested(const struct nlattr *nest, const struct nlattr **tb, uint16_t max);
/** The same for those of a message behind a family header of `header` bytes. */
bool gw_netlink_message(const struct nlmsghdr *message, size_t header, const struct nlattr **tb,
			uint16_t max);

/** The attribute in `nest` after `attr` (NULL: the first); NULL at the end or where it is
 * malformed. */
const struct nlattr *gw_netlink_next(const struct nlattr *nest, const struct nlattr *attr);

/* Numbers in network byte order, or `otherwise` if attr is NULL or of another length. */
uint32_t gw_netlink_be32(const struct nlattr *attr, uint32_t otherwise);
uint64_t gw_netlink_be64(const struct nlattr *attr, uint64_t otherwise);
/** The string in attr, with or without its NUL, in the arena. */
char *gw_netlink_string(struct gw_arena *arena, const struct nlattr *attr);
/** True if attr holds the string `text`, with or without its NUL. */
bool gw_netlink_is(const struct nlattr *attr, const char *text);

#endif
