/* What this kernel can do, found out by transactions that are checked and thrown away. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include "gw/core/mem.h"
#include "gw/nft/codec.h"
#include "gw/nft/kernel.h"
#include "gw/nft/objects.h"

/* Never seen by anybody; a name of its own, so that our table's rules are not validated anew. */
#define PROBE "gw-probe"

/* A table with one chain with one rule of these expressions. */
static int put_probe(struct gw_batch *batch, const struct gw_expr *exprs, size_t n_exprs)
{
	const struct gw_chain chain = { .name = PROBE };
	const struct gw_rule rule = { .exprs = (struct gw_expr *)(uintptr_t)exprs,
				      .n_exprs = n_exprs };
	struct nlmsghdr *message;
	int err;

	message = gw_batch_start(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, NFPROTO_INET);
	gw_table_put(message, PROBE);
	gw_batch_finish(batch, message);
	message = gw_batch_start(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFPROTO_INET);
	err = gw_chain_put(message, PROBE, &chain, false);
	if (err)
		return err;
	gw_batch_finish(batch, message);
	message = gw_batch_start(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, NFPROTO_INET);
	mnl_attr_put_strz(message, NFTA_RULE_TABLE, PROBE);
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, PROBE);
	gw_rule_put(message, &rule);
	gw_batch_finish(batch, message);
	return 0;
}

/* 0 with *ret_has; -EPERM and others if the kernel would not even look at it. */
static int probe(struct gw_netlink *netlink, const struct gw_expr *exprs, size_t n_exprs,
		 bool *ret_has)
{
	const uint32_t rule_message = 2;
	struct gw_batch_answer answer;
	struct gw_batch batch;
	int err;

	gw_batch_init(&batch, netlink);
	err = put_probe(&batch, exprs, n_exprs);
	if (!err)
		err = gw_batch_send(&batch, netlink, GW_BATCH_DRY, 0, &answer);
	gw_batch_done(&batch);
	if (err)
		return err;
	if (answer.error && answer.message != rule_message)
		return -answer.error;
	*ret_has = !answer.error && answer.acknowledged;
	return 0;
}

/* Once, because the kernel waits for its readers before it throws a transaction away: 10 ms. */
static int learn_expressions(struct gw_nft_kernel *kernel)
{
	const struct gw_expr bitwise_or[] = {
		{ .kind = GW_EXPR_META, .key = NFT_META_MARK, .dreg = GW_REG(0) },
		{ .kind = GW_EXPR_META, .key = NFT_META_MARK, .dreg = GW_REG(1) },
		{ .kind = GW_EXPR_BITWISE_OR,
		  .sreg = GW_REG(0),
		  .sreg2 = GW_REG(1),
		  .dreg = GW_REG(0),
		  .len = sizeof(uint32_t) },
	};
	int err = 0;

	if (!kernel->expressions.known) {
		err = probe(&kernel->netlink, bitwise_or, GW_COUNT(bitwise_or),
			    &kernel->expressions.bitwise_or);
		kernel->expressions.known = !err;
	}
	return err;
}

int gw_nft_features(struct gw_kernel *kernel, struct gw_kernel_features *ret)
{
	struct gw_nft_kernel *nft = (struct gw_nft_kernel *)kernel;
	int err = learn_expressions(nft);

	if (!err)
		err = gw_nft_learn_hooks(nft);
	if (err)
		return err;
	*ret = (struct gw_kernel_features){
		.bitwise_or = nft->expressions.bitwise_or,
		.hooks_wait = nft->hooks.wait,
		.hook_patterns = nft->hooks.patterns,
	};
	return 0;
}
