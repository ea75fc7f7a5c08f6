/* A plan as one transaction: operations become messages, refusals become operations again. */
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/nft/codec.h"
#include "gw/nft/elements.h"
#include "gw/nft/kernel.h"
#include "gw/nft/objects.h"

/* How an operation is told to the kernel. */
static const struct {
	uint8_t type;
	uint16_t flags;
} messages[GW_OP_KINDS] = {
	[GW_OP_ADD_TABLE] = { NFT_MSG_NEWTABLE, NLM_F_CREATE },
	[GW_OP_ADD_CHAIN] = { NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL },
	[GW_OP_ADD_SET] = { NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL },
	[GW_OP_ADD_RULE] = { NFT_MSG_NEWRULE, NLM_F_CREATE },
	[GW_OP_DEL_RULE] = { NFT_MSG_DELRULE, 0 },
	[GW_OP_DEL_SET] = { NFT_MSG_DELSET, 0 },
	[GW_OP_DEL_CHAIN] = { NFT_MSG_DELCHAIN, 0 },
	[GW_OP_DEL_TABLE] = { NFT_MSG_DELTABLE, 0 },
};

static void put_rule_place(struct nlmsghdr *message, const char *table, const struct gw_op *op)
{
	mnl_attr_put_strz(message, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, op->chain->name);
}

static int put_rule(struct nlmsghdr *message, const char *table, const struct gw_op *op)
{
	if (!gw_exprs_valid(op->rule->exprs, op->rule->n_exprs))
		return -EINVAL;
	put_rule_place(message, table, op);
	/* Appended, or, where a position is given, before the rule that has this handle. */
	if (op->position)
		mnl_attr_put_u64(message, NFTA_RULE_POSITION, htobe64(op->position));
	else
		message->nlmsg_flags |= NLM_F_APPEND;
	gw_rule_put(message, op->rule);
	return 0;
}

/* What all operations of a plan are told with. */
struct put {
	const struct gw_plan *plan;
	struct gw_arena *arena;
	uint32_t table_flags;
	int64_t now_ms;
	struct gw_device_support support;
};

/* One message; operations on elements, which may take several, are not told here. */
static int put_message(struct nlmsghdr *message, const struct put *put, const struct gw_op *op)
{
	const char *table = put->plan->table;
	struct gw_chain chain;

	switch (op->kind) {
	case GW_OP_ADD_TABLE:
	case GW_OP_DEL_TABLE:
		gw_table_put(message, table);
		return 0;
	case GW_OP_ADD_CHAIN:
	case GW_OP_DEL_CHAIN:
		chain = *op->chain;
		chain.base = gw_hook_fit(put->arena, chain.base, &put->support);
		return gw_chain_put(message, table, &chain, op->kind == GW_OP_DEL_CHAIN);
	case GW_OP_ADD_SET:
	case GW_OP_DEL_SET:
		return gw_set_put(message, table, op->set, op->kind == GW_OP_DEL_SET);
	case GW_OP_ADD_RULE:
		return put_rule(message, table, op);
	case GW_OP_DEL_RULE:
		put_rule_place(message, table, op);
		mnl_attr_put_u64(message, NFTA_RULE_HANDLE, htobe64(op->rule->handle));
		return 0;
	case GW_OP_ADD_ELEMS:
	case GW_OP_DEL_ELEMS:
	case GW_OP_KINDS:
		break;
	}
	return -EINVAL;
}

static int put_op(struct gw_batch *batch, const struct put *put, const struct gw_op *op)
{
	struct nlmsghdr *message;
	int err;

	if (op->kind == GW_OP_ADD_ELEMS || op->kind == GW_OP_DEL_ELEMS)
		return gw_elems_put(batch, (uint8_t)op->family, put->plan->table, op->set,
				    op->elems, op->count, put->now_ms, op->kind == GW_OP_DEL_ELEMS);
	message = gw_batch_start(batch, messages[op->kind].type, messages[op->kind].flags,
				 (uint8_t)op->family);
	err = put_message(message, put, op);
	if (op->kind == GW_OP_ADD_TABLE && put->table_flags)
		mnl_attr_put_u32(message, NFTA_TABLE_FLAGS, htobe32(put->table_flags));
	if (!err)
		gw_batch_finish(batch, message);
	return err;
}

/* firsts[i]: the first message of operation i. */
static int put_plan(struct gw_batch *batch, const struct put *put, uint32_t *firsts,
		    struct gw_kernel_error *ret_error)
{
	size_t i;
	int err;

	for (i = 0; i < put->plan->n_ops; i++) {
		firsts[i] = batch->n_messages;
		err = put_op(batch, put, &put->plan->ops[i]);
		if (err) {
			ret_error->error = -err;
			ret_error->op = &put->plan->ops[i];
			return err;
		}
	}
	return 0;
}

/* The operation that message `index` belongs to: the last one that starts at or before it. */
static const struct gw_op *op_of_message(const struct gw_plan *plan, const uint32_t *firsts,
					 uint32_t index)
{
	size_t low = 0, high = plan->n_ops;

	if (index == GW_BATCH_WHOLE)
		return NULL;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (firsts[middle] <= index)
			low = middle;
		else
			high = middle;
	}
	return &plan->ops[low];
}

/*
 * An element with a timeout may end between observation and commit without moving the
 * generation. Observing again is all it takes, so that is what the caller is told.
 */
static bool expired_meanwhile(const struct gw_kernel_error *error)
{
	return error->error == ENOENT && error->op && error->op->kind == GW_OP_DEL_ELEMS &&
	       error->op->set->timeout;
}

/* What the echoes of deletions need to be understood. */
struct echoes {
	const struct gw_plan *plan;
	struct gw_arena *arena;
};

/* The set of numbers with this name that the plan deletes elements of; NULL: none. */
static const struct gw_set *deleting_from(const struct gw_plan *plan, uint32_t family,
					  const struct nlattr *name)
{
	for (size_t i = 0; i < plan->n_ops; i++) {
		const struct gw_set *set = plan->ops[i].set;

		if (plan->ops[i].kind == GW_OP_DEL_ELEMS && plan->ops[i].family == family &&
		    set->n_key == 1 && set->key[0] == GW_TYPE_MARK && set->counter &&
		    gw_netlink_is(name, set->name))
			return set;
	}
	return NULL;
}

static void take_echo(const struct nlmsghdr *message, void *context)
{
	const struct echoes *echoes = context;
	struct gw_finals *finals = echoes->plan->finals;
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1];
	const struct gw_set *set;
	struct gw_elems_reader reader;

	if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELSETELEM) ||
	    !gw_netlink_message(message, sizeof(struct nfgenmsg), tb, NFTA_SET_ELEM_LIST_MAX) ||
	    !gw_netlink_is(tb[NFTA_SET_ELEM_LIST_TABLE], echoes->plan->table))
		return;
	set = deleting_from(echoes->plan, header->nfgen_family, tb[NFTA_SET_ELEM_LIST_SET]);
	if (!set)
		return;
	gw_elems_reader_init(&reader, echoes->arena, set, 0);
	if (gw_elems_read(&reader, message) < 0)
		reader.n_elems = 0; /* then what was observed counts */
	for (size_t i = 0; i < reader.n_elems; i++) {
		struct gw_final final = { .set = set,
					  .packets = reader.elems[i].packets,
					  .bytes = reader.elems[i].bytes };

		memcpy(&final.number, reader.elems[i].key, sizeof(final.number));
		gw_push(finals->items, finals->n, finals->capacity, final);
	}
	gw_elems_reader_done(&reader);
}

static int judge(const struct gw_plan *plan, const uint32_t *firsts,
		 const struct gw_batch_answer *answer, struct gw_kernel_error *ret_error)
{
	if (!answer->error)
		return 0;
	ret_error->error = answer->error;
	ret_error->op = op_of_message(plan, firsts, answer->message);
	(void)snprintf(ret_error->text, sizeof(ret_error->text), "%s", answer->text);
	return expired_meanwhile(ret_error) ? -ERESTART : -answer->error;
}

/*
 * No refusal and even an acknowledgement are no proof: acknowledgements queued before the commit
 * failed are delivered all the same, and answers can be lost. The generation moves on commit alone.
 */
static int prove(struct gw_netlink *netlink, const struct gw_plan *plan,
		 struct gw_kernel_error *ret_error)
{
	uint32_t generation;
	int err = gw_nft_generation(netlink, &generation);

	if (!err && generation == plan->generation)
		err = -EIO;
	ret_error->error = -err;
	return err;
}

/* A throw-away namespace takes its tables with it. */
static uint32_t table_flags(struct gw_kernel *kernel, const struct gw_plan *plan,
			    enum gw_batch_mode mode)
{
	for (size_t i = 0; mode == GW_BATCH_COMMIT && i < plan->n_ops; i++)
		if (plan->ops[i].kind == GW_OP_ADD_TABLE)
			return gw_nft_table_flags((struct gw_nft_kernel *)kernel);
	return 0;
}

/* A throw-away namespace has the devices that the check made there (check_netns.c). */
static int look_at_devices(struct gw_kernel *kernel, enum gw_batch_mode mode, struct put *put)
{
	put->support = (struct gw_device_support){ .wait = true, .patterns = true };
	for (size_t i = 0; mode == GW_BATCH_COMMIT && i < put->plan->n_ops; i++) {
		const struct gw_op *op = &put->plan->ops[i];

		if (op->kind == GW_OP_ADD_CHAIN && op->chain->base && op->chain->base->n_devices)
			return gw_nft_device_support((struct gw_nft_kernel *)kernel, put->arena,
						     &put->support);
	}
	return 0;
}

static int commit(struct gw_kernel *kernel, const struct gw_plan *plan, enum gw_batch_mode mode,
		  struct gw_kernel_error *ret_error)
{
	struct gw_netlink *netlink = &((struct gw_nft_kernel *)kernel)->netlink;
	uint32_t generation = mode == GW_BATCH_COMMIT ? plan->generation : 0;
	gw_auto_free uint32_t *firsts = gw_zalloc(plan->n_ops, sizeof(*firsts));
	struct echoes echoes = { plan, gw_arena_new() };
	size_t n_finals = plan->finals ? plan->finals->n : 0;
	struct put put = { .plan = plan, .arena = echoes.arena, .now_ms = gw_nft_now_ms() };
	struct gw_batch_answer answer;
	struct gw_batch batch;
	int err;

	memset(ret_error, 0, sizeof(*ret_error));
	put.table_flags = table_flags(kernel, plan, mode);
	err = look_at_devices(kernel, mode, &put);
	if (err) {
		gw_arena_free(echoes.arena);
		ret_error->error = -err;
		return err;
	}
	gw_batch_init(&batch, netlink);
	batch.echo = plan->finals ? take_echo : NULL;
	batch.echo_context = &echoes;
	err = put_plan(&batch, &put, firsts, ret_error);
	if (err || !batch.n_messages)
		goto out;
	err = gw_batch_send(&batch, netlink, mode, generation, &answer);
	if (err) {
		ret_error->error = -err;
		goto out;
	}
	err = judge(plan, firsts, &answer, ret_error);
	if (!err && mode == GW_BATCH_COMMIT)
		err = prove(netlink, plan, ret_error);
out:
	if (err && plan->finals)
		plan->finals->n = n_finals; /* nothing was deleted */
	gw_batch_done(&batch);
	gw_arena_free(echoes.arena);
	return err;
}

int gw_nft_commit(struct gw_kernel *kernel, const struct gw_plan *plan,
		  struct gw_kernel_error *ret_error)
{
	return commit(kernel, plan, GW_BATCH_COMMIT, ret_error);
}

int gw_nft_commit_in_pieces(struct gw_kernel *kernel, const struct gw_plan *plan,
			    struct gw_kernel_error *ret_error)
{
	return commit(kernel, plan, GW_BATCH_PIECES, ret_error);
}
