#include "gw/nft/foreign.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/nft/kernel.h"

#define TABLE_NAME  "gw"
#define FOREIGN_MAX 4096u /* chains that are listed; Kubernetes has hundreds */

struct reading {
	struct gw_arena *arena;
	/* Heap arrays until all is read. */
	struct gw_foreign_chain *chains;
	struct gw_foreign_flowtable *flowtables;
	struct gw_foreign_mark *marks;
	size_t n_chains, chains_capacity, n_flowtables, flowtables_capacity, n_marks,
		marks_capacity;
};

static const char *family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_NETDEV:
		return "netdev";
	case NFPROTO_ARP:
		return "arp";
	default:
		return "unknown";
	}
}

static const char *hook_name(uint8_t family, uint32_t hook)
{
	static const char *const ip[] = { "prerouting", "input",       "forward",
					  "output",     "postrouting", "ingress" };
	static const char *const netdev[] = { "ingress", "egress" };
	static const char *const arp[] = { "input", "output", "forward" };

	if (family == NFPROTO_NETDEV)
		return hook < GW_COUNT(netdev) ? netdev[hook] : "unknown";
	if (family == NFPROTO_ARP)
		return hook < GW_COUNT(arp) ? arp[hook] : "unknown";
	return hook < GW_COUNT(ip) ? ip[hook] : "unknown";
}

static uint8_t family_of(const struct nlmsghdr *message)
{
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);

	return header->nfgen_family; /* callers have checked the length */
}

/* Ours are called gw, in the families that we use; what else is called so is another's. */
static bool is_ours(uint8_t family, const struct nlattr *table)
{
	return (family == NFPROTO_INET || family == NFPROTO_NETDEV || family == NFPROTO_BRIDGE) &&
	       gw_netlink_is(table, TABLE_NAME);
}

static int see_chain(const struct nlmsghdr *message, void *context)
{
	struct reading *reading = context;
	const struct nlattr *tb[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1];
	struct gw_foreign_chain chain = { 0 };

	if (!gw_netlink_message(message, sizeof(struct nfgenmsg), tb, NFTA_CHAIN_MAX) ||
	    !tb[NFTA_CHAIN_TABLE] || !tb[NFTA_CHAIN_NAME] ||
	    !gw_netlink_nested(tb[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX))
		return -EBADMSG;
	if (!tb[NFTA_CHAIN_HOOK] || is_ours(family_of(message), tb[NFTA_CHAIN_TABLE]) ||
	    reading->n_chains >= FOREIGN_MAX)
		return 0;
	chain.family = family_name(family_of(message));
	chain.table = gw_netlink_string(reading->arena, tb[NFTA_CHAIN_TABLE]);
	chain.name = gw_netlink_string(reading->arena, tb[NFTA_CHAIN_NAME]);
	chain.type = tb[NFTA_CHAIN_TYPE] ? gw_netlink_string(reading->arena, tb[NFTA_CHAIN_TYPE])
					 : "filter";
	chain.hook =
		hook_name(family_of(message), gw_netlink_be32(hook[NFTA_HOOK_HOOKNUM], UINT32_MAX));
	chain.priority = (int32_t)gw_netlink_be32(hook[NFTA_HOOK_PRIORITY], 0);
	chain.drop = gw_netlink_be32(tb[NFTA_CHAIN_POLICY], NF_ACCEPT) == NF_DROP;
	gw_push(reading->chains, reading->n_chains, reading->chains_capacity, chain);
	return 0;
}

static int see_flowtable(const struct nlmsghdr *message, void *context)
{
	struct reading *reading = context;
	const struct nlattr *tb[NFTA_FLOWTABLE_MAX + 1];
	struct gw_foreign_flowtable flowtable;

	if (!gw_netlink_message(message, sizeof(struct nfgenmsg), tb, NFTA_FLOWTABLE_MAX) ||
	    !tb[NFTA_FLOWTABLE_TABLE] || !tb[NFTA_FLOWTABLE_NAME])
		return -EBADMSG;
	if (is_ours(family_of(message), tb[NFTA_FLOWTABLE_TABLE]) ||
	    reading->n_flowtables >= FOREIGN_MAX)
		return 0;
	flowtable = (struct gw_foreign_flowtable){
		.family = family_name(family_of(message)),
		.table = gw_netlink_string(reading->arena, tb[NFTA_FLOWTABLE_TABLE]),
		.name = gw_netlink_string(reading->arena, tb[NFTA_FLOWTABLE_NAME]),
	};
	gw_push(reading->flowtables, reading->n_flowtables, reading->flowtables_capacity,
		flowtable);
	return 0;
}

/* nft's `ct mark set`, and the CONNMARK target of iptables. */
static bool writes_mark(const struct nlattr *const *expr)
{
	const struct nlattr *ct[NFTA_CT_MAX + 1], *target[NFTA_TARGET_MAX + 1];

	if (gw_netlink_is(expr[NFTA_EXPR_NAME], "ct"))
		return gw_netlink_nested(expr[NFTA_EXPR_DATA], ct, NFTA_CT_MAX) &&
		       ct[NFTA_CT_SREG] &&
		       gw_netlink_be32(ct[NFTA_CT_KEY], UINT32_MAX) == NFT_CT_MARK;
	if (gw_netlink_is(expr[NFTA_EXPR_NAME], "target"))
		return gw_netlink_nested(expr[NFTA_EXPR_DATA], target, NFTA_TARGET_MAX) &&
		       gw_netlink_is(target[NFTA_TARGET_NAME], "CONNMARK");
	return false;
}

static void note_mark(struct reading *reading, const char *family, const struct nlattr *table)
{
	struct gw_foreign_mark mark = { family, NULL };

	for (size_t i = 0; i < reading->n_marks; i++)
		if (strcmp(reading->marks[i].family, family) == 0 &&
		    gw_netlink_is(table, reading->marks[i].table))
			return;
	mark.table = gw_netlink_string(reading->arena, table);
	gw_push(reading->marks, reading->n_marks, reading->marks_capacity, mark);
}

static int see_rule(const struct nlmsghdr *message, void *context)
{
	struct reading *reading = context;
	const struct nlattr *tb[NFTA_RULE_MAX + 1], *expr[NFTA_EXPR_MAX + 1], *item = NULL;
	const char *family;

	if (!gw_netlink_message(message, sizeof(struct nfgenmsg), tb, NFTA_RULE_MAX) ||
	    !tb[NFTA_RULE_TABLE] || !tb[NFTA_RULE_CHAIN])
		return -EBADMSG;
	if (is_ours(family_of(message), tb[NFTA_RULE_TABLE]))
		return 0;
	family = family_name(family_of(message));
	for (size_t i = 0; i < reading->n_chains; i++)
		if (strcmp(reading->chains[i].family, family) == 0 &&
		    gw_netlink_is(tb[NFTA_RULE_TABLE], reading->chains[i].table) &&
		    gw_netlink_is(tb[NFTA_RULE_CHAIN], reading->chains[i].name))
			reading->chains[i].rules++;
	while (tb[NFTA_RULE_EXPRESSIONS] &&
	       (item = gw_netlink_next(tb[NFTA_RULE_EXPRESSIONS], item)))
		if (gw_netlink_nested(item, expr, NFTA_EXPR_MAX) && writes_mark(expr))
			note_mark(reading, family, tb[NFTA_RULE_TABLE]);
	return 0;
}

static int dump(struct gw_netlink *netlink, uint8_t type, gw_netlink_fn *see,
		struct reading *reading)
{
	return gw_netlink_ask(netlink, gw_nft_start(netlink, type, NLM_F_DUMP, NFPROTO_UNSPEC), see,
			      reading);
}

static int read_once(struct gw_netlink *netlink, struct reading *reading)
{
	int err = dump(netlink, NFT_MSG_GETCHAIN, see_chain, reading);

	if (!err)
		err = dump(netlink, NFT_MSG_GETRULE, see_rule, reading);
	if (!err)
		err = dump(netlink, NFT_MSG_GETFLOWTABLE, see_flowtable, reading);
	/* Kernels without flowtables know no such message. */
	return err == -EOPNOTSUPP || err == -EINVAL ? 0 : err;
}

static int compare_chains(const void *left, const void *right)
{
	const struct gw_foreign_chain *a = left, *b = right;
	int order = strcmp(a->family, b->family);

	if (!order)
		order = strcmp(a->table, b->table);
	if (!order)
		order = strcmp(a->hook, b->hook);
	return order ? order : (a->priority > b->priority) - (a->priority < b->priority);
}

static void finish(struct reading *reading, struct gw_foreign *ret)
{
	if (reading->n_chains)
		qsort(reading->chains, reading->n_chains, sizeof(*reading->chains), compare_chains);
	*ret = (struct gw_foreign){
		.chains = gw_arena_memdup(reading->arena, reading->chains,
					  reading->n_chains * sizeof(*reading->chains)),
		.n_chains = reading->n_chains,
		.flowtables = gw_arena_memdup(reading->arena, reading->flowtables,
					      reading->n_flowtables * sizeof(*reading->flowtables)),
		.n_flowtables = reading->n_flowtables,
		.marks = gw_arena_memdup(reading->arena, reading->marks,
					 reading->n_marks * sizeof(*reading->marks)),
		.n_marks = reading->n_marks,
	};
}

int gw_foreign_read(struct gw_arena *arena, struct gw_foreign *ret)
{
	struct reading reading = { .arena = arena };
	struct gw_netlink netlink = { 0 };
	int err = gw_netlink_open(&netlink, NETLINK_NETFILTER);

	for (int i = 0; !err && i < GW_NETLINK_TRIES; i++) {
		reading.n_chains = reading.n_flowtables = reading.n_marks = 0;
		err = read_once(&netlink, &reading);
		if (err != -EINTR)
			break;
		err = i + 1 < GW_NETLINK_TRIES ? 0 : -EINTR; /* torn: anew */
	}
	if (!err)
		finish(&reading, ret);
	gw_free(reading.chains);
	gw_free(reading.flowtables);
	gw_free(reading.marks);
	gw_netlink_done(&netlink);
	return err;
}
