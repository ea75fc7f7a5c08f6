/*
 * What other programs have in nf_tables: their chains on the kernel's hooks, their flowtables, and
 * whether they write the connection mark. For `gwctl doctor`; nothing of it is ever changed.
 *
 *	struct gw_foreign foreign;
 *	err = gw_foreign_read(arena, &foreign);
 */
#ifndef GW_NFT_FOREIGN_H
#define GW_NFT_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/arena.h"

/** A chain on a hook, of a table that is not ours. */
struct gw_foreign_chain {
	const char *family; /* "inet", "ip", "ip6", "bridge", "netdev", "arp" */
	const char *table, *name;
	const char *type; /* "filter", "nat", "route" */
	const char *hook; /* "forward" */
	int32_t priority;
	bool drop;    /* its policy */
	size_t rules; /* in the chain itself */
};

struct gw_foreign_flowtable {
	const char *family, *table, *name;
};

/** A table with a rule that writes the connection mark. */
struct gw_foreign_mark {
	const char *family, *table;
};

struct gw_foreign {
	struct gw_foreign_chain *chains; /* of one table side by side */
	size_t n_chains;
	struct gw_foreign_flowtable *flowtables;
	size_t n_flowtables;
	struct gw_foreign_mark *marks;
	size_t n_marks;
};

/** Reads all; needs CAP_NET_ADMIN (-EPERM). In the arena. 0 or -errno. */
int gw_foreign_read(struct gw_arena *arena, struct gw_foreign *ret);

#endif
