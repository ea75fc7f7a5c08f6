/*
 * The kernel's nf_tables over netlink: observe, commit, watch. The only folder that knows libnftnl
 * and libmnl for rulesets.
 *
 * libnftnl builds the messages of chains and sets. Expressions and elements go through a codec of
 * our own (codec.h): one table of attributes per expression drives both directions; libnftnl 1.2.4
 * lacks some expressions and needs several times the memory for a million elements. What the
 * kernel sends is read by our own bounds-checked code, because libnftnl ends the process over an
 * attribute that it does not expect.
 *
 * Everything goes through struct gw_kernel, so that tests can put a fake kernel in its place.
 */
#ifndef GW_NFT_NFT_H
#define GW_NFT_NFT_H

#include "gw/compile/compile.h"
#include "gw/core/addr.h"
#include "gw/plan/plan.h"
#include "gw/ruleset/ruleset.h"

/** One refusal: the operation that caused it and the kernel's reason. */
struct gw_kernel_error {
	int error;              /* positive errno */
	const struct gw_op *op; /* NULL: the batch as a whole */
	char text[160];         /* extended acknowledgement, may be empty */
};

/** A tracked connection. */
struct gw_connection {
	enum gw_family family;
	gw_u128 source, dest; /* original source, real destination (reply source) */
	uint32_t service, mark;
};
typedef void gw_connection_fn(const struct gw_connection *connection, void *context);

/**
 * Which state the rules of a network namespace are in: as long as both numbers are the same, nobody
 * has made a transaction.
 */
struct gw_kernel_state {
	uint64_t netns;      /* never given to another namespace of this boot */
	uint64_t generation; /* 32 bits of it are the kernel's */
};

struct gw_kernel;
struct gw_kernel_ops {
	/** Dumps our tables, the first of them `inet gw`, there or not: all but the elements of run-time and constant sets. -errno. */
	int (*observe)(struct gw_kernel *kernel, struct gw_ruleset **ret);
	/** Elements with counters of one set of a table, replacing what `set` holds. Uses `arena`. */
	int (*read_elements)(struct gw_kernel *kernel, uint32_t family, struct gw_arena *arena,
			     struct gw_set *set);
	/**
	 * Sends the plan as one transaction against plan->generation. 0; -ERESTART if the kernel's
	 * generation moved on; -EPERM; other -errno with `ret_error` filled. Nothing is changed
	 * unless 0 is returned.
	 */
	int (*commit)(struct gw_kernel *kernel, const struct gw_plan *plan,
		      struct gw_kernel_error *ret_error);
	/** Probes by throw-away transactions. */
	int (*features)(struct gw_kernel *kernel, struct gw_kernel_features *ret);
	/** All tracked connections; NULL: as gw_connections_each has them. */
	int (*connections)(struct gw_kernel *kernel, gw_connection_fn *fn, void *context);
	/**
	 * Takes our table for this socket alone: as long as it is open, nobody else can change the
	 * table, and `flush ruleset` of others passes it by; when it is closed, the table stays.
	 * Holds for a table that is there and for one that is made later. -EOPNOTSUPP: the kernel
	 * cannot (before 6.9), or the table was made without this in mind; -EPERM: it belongs to
	 * another socket. NULL for kernels that are none. Else how many transactions it took.
	 */
	int (*own)(struct gw_kernel *kernel);
	/** -errno; -EOPNOTSUPP where the kernel cannot tell namespaces apart (before 5.14). NULL: neither. */
	int (*state)(struct gw_kernel *kernel, struct gw_kernel_state *ret);
	/**
	 * Takes out of the hooks of a ruleset that is to be compared or loaded the devices that the kernel
	 * would refuse now: those that are not there, before Linux 6.16. NULL for kernels that are none.
	 */
	int (*fit)(struct gw_kernel *kernel, struct gw_ruleset *ruleset);
	void (*free)(struct gw_kernel *kernel);
};
struct gw_kernel {
	const struct gw_kernel_ops *ops;
	uint32_t port; /* of the socket that transactions come from; 0: not known */
};

/** The kernel of the network namespace that this process is in. */
int gw_kernel_open(struct gw_kernel **ret);
void gw_kernel_free(struct gw_kernel *kernel);

/**
 * Loads `ruleset` into a throw-away user and network namespace (a child process; needs no root)
 * in which the devices of its netdev chains exist, and says what the kernel made of it. 0, or
 * -errno with a diagnostic added (GW08xx, at the line of the culprit).
 */
int gw_kernel_check(const struct gw_ruleset *ruleset, struct gw_diags *diags);

/** Adds the diagnostic for a refused plan, at the line that the operation came from. */
void gw_kernel_diagnose(const struct gw_plan *plan, int error,
			const struct gw_kernel_error *refusal, struct gw_diags *diags);

/** Watches for transactions of others and of ourselves. */
struct gw_kernel_watch;
struct gw_kernel_change {
	uint32_t generation;
	bool ours;            /* it touched a table called gw */
	uint32_t portid, pid; /* pid: process that sent the transaction, as the kernel tells */
	char process[16];
};
int gw_kernel_watch_open(struct gw_kernel_watch **ret);
void gw_kernel_watch_free(struct gw_kernel_watch *watch);
/** Readable when there is something to read; owned by the watch. */
int gw_kernel_watch_fd(const struct gw_kernel_watch *watch);
/** The next transaction; -EAGAIN: none yet; -ENOBUFS: some were lost. */
int gw_kernel_watch_read(struct gw_kernel_watch *watch, struct gw_kernel_change *ret);

/** Packets logged through NFLOG, for `gwctl drops`. */
struct gw_logged_packet {
	/* As they are, 0: none. An accepted packet has its number in ct_mark, a dropped one in
	 * mark. ct_mark is 0 on kernels without CONFIG_NETFILTER_NETLINK_GLUE_CT. */
	uint32_t mark, ct_mark;
	char prefix[64];
	char in_interface[16], out_interface[16];
	uint8_t bytes[128]; /* start of the IP packet */
	size_t len;
	uint8_t family; /* AF_INET or AF_INET6 */
	int64_t time_ms;
};
int gw_log_open(uint16_t group, int *ret_fd);
int gw_log_read(int fd, struct gw_logged_packet *ret); /* -EAGAIN, -ENOBUFS: some were lost */
/** The same group for a module that wants whole packets, each with its number: see gw/nft/frames.h. */
int gw_log_open_whole(uint16_t group, int *ret_fd);

/** Events of conntrack: a socket that is subscribed to them. Bits of `events`. */
#define GW_CONNTRACK_NEW     1u
#define GW_CONNTRACK_UPDATE  2u
#define GW_CONNTRACK_DESTROY 4u
int gw_conntrack_open(unsigned int events, int *ret_fd);

/** All connections in conntrack, both families: for the live impact of a plan. */
int gw_connections_each(gw_connection_fn *fn, void *context);

#endif
