/* The real kernel behind struct gw_kernel: what observe, commit and features share. */
#ifndef GW_NFT_KERNEL_H
#define GW_NFT_KERNEL_H

#include "gw/nft/batch.h"
#include "gw/nft/netlink.h"
#include "gw/nft/nft.h"

struct gw_nft_kernel {
	struct gw_kernel base;
	struct gw_netlink netlink;
	bool owner; /* tables made by this socket belong to it */
};

/** The kernel's present generation. */
int gw_nft_generation(struct gw_netlink *netlink, uint32_t *ret);
/** Adds to `ruleset`, empty otherwise, those of our tables that are there, and marks them so. */
int gw_nft_find_tables(struct gw_netlink *netlink, struct gw_ruleset *ruleset);
int gw_nft_state(struct gw_kernel *kernel, struct gw_kernel_state *ret);
/** Unix time in ms. */
int64_t gw_nft_now_ms(void);

/** Starts an nf_tables request with its family header. */
struct nlmsghdr *gw_nft_start(struct gw_netlink *netlink, uint8_t type, uint16_t flags,
			      uint8_t family);

/* The operations of struct gw_kernel_ops, each in a file of its name. */
int gw_nft_observe(struct gw_kernel *kernel, struct gw_ruleset **ret);
int gw_nft_read_elements(struct gw_kernel *kernel, uint32_t family, struct gw_arena *arena,
			 struct gw_set *set);
int gw_nft_commit(struct gw_kernel *kernel, const struct gw_plan *plan,
		  struct gw_kernel_error *ret_error);
int gw_nft_features(struct gw_kernel *kernel, struct gw_kernel_features *ret);
int gw_nft_own(struct gw_kernel *kernel);
/** The flags that a new table of this socket gets; see owner.c. */
uint32_t gw_nft_table_flags(struct gw_nft_kernel *kernel);

/**
 * Commits in as many transactions as the send buffer demands, against no generation: for a
 * throw-away namespace, where nobody looks in between.
 */
int gw_nft_commit_in_pieces(struct gw_kernel *kernel, const struct gw_plan *plan,
			    struct gw_kernel_error *ret_error);

#endif
