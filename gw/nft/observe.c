/*
 * What the kernel holds of our tables: which there are, and of each chains, set definitions, rules,
 * elements, read by one dump each. The dumps belong together only if the generation is the same before
 * and after, otherwise all is read again; and if no transaction was being carried out when they began,
 * which is waited for.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/nft/codec.h"
#include "gw/nft/elements.h"
#include "gw/nft/kernel.h"
#include "gw/nft/objects.h"

#define TABLE_NAME "gw"

static bool is_of_ours(uint8_t family)
{
	return family == NFPROTO_INET || family == NFPROTO_NETDEV || family == NFPROTO_BRIDGE;
}

static int see_table(const struct nlmsghdr *message, void *context)
{
	struct gw_ruleset *ruleset = context;
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *tb[NFTA_TABLE_MAX + 1];

	if (!gw_netlink_message(message, sizeof(struct nfgenmsg), tb, NFTA_TABLE_MAX))
		return -EBADMSG;
	if (is_of_ours(header->nfgen_family) && gw_netlink_is(tb[NFTA_TABLE_NAME], ruleset->name))
		gw_ruleset_add_table(ruleset, header->nfgen_family)->exists = true;
	return 0;
}

static int see_chain(const struct nlmsghdr *message, void *context)
{
	struct gw_ruleset *ruleset = context;
	struct gw_chain chain, *added;
	int err = gw_chain_get(ruleset->arena, message, ruleset->name, &chain);

	if (err)
		return err == -ENOENT ? 0 : err;
	added = gw_ruleset_add_chain(ruleset, chain.name, chain.base, NULL);
	added->handle = chain.handle;
	return 0;
}

static int see_set(const struct nlmsghdr *message, void *context)
{
	struct gw_ruleset *ruleset = context;
	struct gw_set set;
	int err = gw_set_get(ruleset->arena, message, ruleset->name, &set);

	if (err)
		return err == -ENOENT ? 0 : err;
	(void)gw_ruleset_add_set(ruleset, &set);
	return 0;
}

static int see_rule(const struct nlmsghdr *message, void *context)
{
	struct gw_ruleset *ruleset = context;
	struct gw_rule rule, *added;
	struct gw_chain *chain;
	const char *name;
	int err = gw_rule_get(ruleset->arena, message, &rule, &name);

	if (err)
		return err;
	chain = gw_ruleset_chain(ruleset, name);
	if (!chain)
		return -EINTR; /* made after the chains were read */
	added = gw_ruleset_add_rule(ruleset, chain, rule.exprs, rule.n_exprs, NULL, rule.comment);
	added->handle = rule.handle;
	return 0;
}

/* Asks for all objects of a kind; `table_attr` 0: the kernel cannot filter these by table. */
static int dump(struct gw_netlink *netlink, uint32_t family, uint8_t type, uint16_t table_attr,
		gw_netlink_fn *see, struct gw_ruleset *ruleset)
{
	struct nlmsghdr *request = gw_nft_start(netlink, type, NLM_F_DUMP, (uint8_t)family);

	if (table_attr)
		mnl_attr_put_strz(request, table_attr, ruleset->name);
	return gw_netlink_ask(netlink, request, see, ruleset);
}

static int see_elements(const struct nlmsghdr *message, void *context)
{
	return gw_elems_read(context, message);
}

static int read_elements(struct gw_netlink *netlink, struct gw_arena *arena, uint8_t family,
			 struct gw_set *set)
{
	struct nlmsghdr *request = gw_nft_start(netlink, NFT_MSG_GETSETELEM, NLM_F_DUMP, family);
	struct gw_elems_reader reader;
	int err;

	mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_TABLE, TABLE_NAME);
	mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_SET, set->name);
	gw_elems_reader_init(&reader, arena, set, gw_nft_now_ms());
	err = gw_netlink_ask(netlink, request, see_elements, &reader);
	if (!err)
		gw_elems_finish(&reader, set);
	gw_elems_reader_done(&reader);
	return err;
}

static int observe_all_elements(struct gw_netlink *netlink, struct gw_ruleset *ruleset)
{
	size_t i;
	int err = 0;

	for (i = 0; i < ruleset->n_sets && !err; i++) {
		struct gw_set *set = &ruleset->sets[i];

		if (!set->run_time && !set->constant && set->n_key)
			err = read_elements(netlink, ruleset->arena, (uint8_t)ruleset->family, set);
	}
	/* It was there a moment ago. */
	return err == -ENOENT ? -EINTR : err;
}

int gw_nft_find_tables(struct gw_netlink *netlink, struct gw_ruleset *ruleset)
{
	return dump(netlink, NFPROTO_UNSPEC, NFT_MSG_GETTABLE, 0, see_table, ruleset);
}

/* What is in one table. */
static int observe_table(struct gw_netlink *netlink, struct gw_ruleset *ruleset)
{
	int err = dump(netlink, ruleset->family, NFT_MSG_GETCHAIN, 0, see_chain, ruleset);

	if (!err)
		err = dump(netlink, ruleset->family, NFT_MSG_GETSET, NFTA_SET_TABLE, see_set,
			   ruleset);
	if (err)
		return err;
	gw_ruleset_finish(ruleset); /* rules look up their chains by name */
	err = dump(netlink, ruleset->family, NFT_MSG_GETRULE, NFTA_RULE_TABLE, see_rule, ruleset);
	return err ? err : observe_all_elements(netlink, ruleset);
}

static int observe_once(struct gw_netlink *netlink, struct gw_ruleset *ruleset)
{
	uint32_t after;
	int err;

	err = gw_nft_wait_for_commit(netlink);
	if (!err)
		err = gw_nft_generation(netlink, &ruleset->generation);
	if (!err)
		err = gw_nft_find_tables(netlink, ruleset);
	for (struct gw_ruleset *table = ruleset; table && !err; table = table->next)
		if (table->exists)
			err = observe_table(netlink, table);
	if (!err)
		err = gw_nft_generation(netlink, &after);
	if (!err && after != ruleset->generation)
		err = -EINTR;
	if (!err)
		gw_ruleset_finish(ruleset);
	return err;
}

int gw_nft_observe(struct gw_kernel *kernel, struct gw_ruleset **ret)
{
	struct gw_netlink *netlink = &((struct gw_nft_kernel *)kernel)->netlink;
	int err = -EINTR, tries;

	for (tries = 0; err == -EINTR && tries < GW_NETLINK_TRIES; tries++) {
		struct gw_ruleset *ruleset = gw_ruleset_new(NFPROTO_INET, TABLE_NAME);

		err = observe_once(netlink, ruleset);
		if (err)
			gw_ruleset_free(ruleset);
		else
			*ret = ruleset;
	}
	return err == -EINTR ? -EBUSY : err;
}

int gw_nft_read_elements(struct gw_kernel *kernel, uint32_t family, struct gw_arena *arena,
			 struct gw_set *set)
{
	struct gw_netlink *netlink = &((struct gw_nft_kernel *)kernel)->netlink;
	int err = -EINTR, tries;

	for (tries = 0; err == -EINTR && tries < GW_NETLINK_TRIES; tries++)
		err = read_elements(netlink, arena, (uint8_t)family, set);
	return err == -EINTR ? -EBUSY : err;
}
