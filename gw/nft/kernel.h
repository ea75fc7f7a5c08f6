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
	struct {
		bool known, wait, patterns;
	} hooks; /* see hooks.c */
	struct {
		bool known, bitwise_or;
	} expressions; /* see features.c */
};

/** Finds out how the kernel takes hooks, once. */
int gw_nft_learn_hooks(struct gw_nft_kernel *kernel);
/** How the kernel takes hooks on devices, and, if it matters, which there are. */
struct gw_device_support {
	bool wait;     /* for devices that are not there */
	bool patterns; /* of names */
	const char *const *devices;
	size_t n_devices;
};
int gw_nft_device_support(struct gw_nft_kernel *kernel, struct gw_arena *arena,
			  struct gw_device_support *ret);
/** The hook as such a kernel takes it; NULL if none of its devices is there. */
const struct gw_base_hook *gw_hook_fit(struct gw_arena *arena, const struct gw_base_hook *base,
				       const struct gw_device_support *support);
int gw_nft_fit(struct gw_kernel *kernel, struct gw_ruleset *ruleset);

/** The kernel's present generation. */
int gw_nft_generation(struct gw_netlink *netlink, uint32_t *ret);
/** Adds to `ruleset`, empty otherwise, those of our tables that are there, and marks them so. */
int gw_nft_find_tables(struct gw_netlink *netlink, struct gw_ruleset *ruleset);
/**
 * Returns when no transaction is being carried out. The kernel moves the generation on before it switches the
 * sets over, so that a dump in between shows sets empty that never are.
 */
int gw_nft_wait_for_commit(struct gw_netlink *netlink);
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
