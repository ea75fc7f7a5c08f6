/*
 * A table that nobody else can change. Linux 5.12 and later lets a table belong to the socket that made
 * it: transactions of others on it get EPERM, and their `flush ruleset` passes it by. Since 6.9 such
 * a table can also outlive its owner (PERSIST): then it belongs to nobody, and the first that asks
 * for it has it.
 *
 * So every table of ours is made with PERSIST, and whoever wants to keep others out asks for it in
 * the first transaction after the start. What the kernel does not allow: to give PERSIST to a table
 * that was made without (EOPNOTSUPP); such a table stays open to all until it is made anew.
 */
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include "gw/nft/kernel.h"
#include "gw/nft/objects.h"

/* Not in the headers of Debian 12. */
#define TABLE_OWNER   0x2u
#define TABLE_PERSIST 0x4u

#define TABLE_NAME "gw"
#define PROBE      "gw-probe"

/* A transaction of one message: a table with these flags. What the kernel says, as -errno. */
static int put_flags(struct gw_netlink *netlink, uint8_t family, const char *name, uint32_t flags,
		     uint16_t create, enum gw_batch_mode mode)
{
	struct gw_batch_answer answer = { 0 };
	struct nlmsghdr *message;
	struct gw_batch batch;
	int err;

	gw_batch_init(&batch, netlink);
	message = gw_batch_start(&batch, NFT_MSG_NEWTABLE, create, family);
	gw_table_put(message, name);
	mnl_attr_put_u32(message, NFTA_TABLE_FLAGS, htobe32(flags));
	gw_batch_finish(&batch, message);
	err = gw_batch_send(&batch, netlink, mode, 0, &answer);
	gw_batch_done(&batch);
	return err ? err : -answer.error;
}

int gw_nft_wait_for_commit(struct gw_netlink *netlink)
{
	int err = put_flags(netlink, NFPROTO_INET, PROBE, 0, NLM_F_CREATE, GW_BATCH_DRY);

	return err == -EPERM ? err : 0; /* whatever else it said of the table, it has waited */
}

uint32_t gw_nft_table_flags(struct gw_nft_kernel *kernel)
{
	if (put_flags(&kernel->netlink, NFPROTO_INET, PROBE, TABLE_PERSIST, NLM_F_CREATE,
		      GW_BATCH_DRY) < 0)
		return 0;
	return kernel->owner ? TABLE_OWNER | TABLE_PERSIST : TABLE_PERSIST;
}

/* How many transactions that took, or -errno. A table that is not there would be made by this. */
static int own_tables(struct gw_netlink *netlink, const struct gw_ruleset *tables)
{
	int n = 0;

	for (; tables; tables = tables->next) {
		int err;

		if (!tables->exists)
			continue;
		err = put_flags(netlink, (uint8_t)tables->family, TABLE_NAME,
				TABLE_OWNER | TABLE_PERSIST, 0, GW_BATCH_COMMIT);
		if (err && err != -ENOENT) /* gone meanwhile */
			return err;
		n += !err;
	}
	return n;
}

int gw_nft_own(struct gw_kernel *kernel)
{
	struct gw_nft_kernel *self = (struct gw_nft_kernel *)kernel;
	int err = put_flags(&self->netlink, NFPROTO_INET, PROBE, TABLE_OWNER | TABLE_PERSIST,
			    NLM_F_CREATE, GW_BATCH_DRY);
	struct gw_ruleset *tables;

	if (err)
		return err == -EINVAL ? -EOPNOTSUPP : err; /* before 5.12 */
	self->owner = true;                                /* of a table that is made from now on */
	tables = gw_ruleset_new(NFPROTO_INET, TABLE_NAME);
	err = gw_nft_find_tables(&self->netlink, tables);
	if (!err)
		err = own_tables(&self->netlink, tables);
	gw_ruleset_free(tables);
	return err;
}
