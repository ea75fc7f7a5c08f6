#include "gw/nft/objects.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/gen.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/nft/netlink.h"

/* A name must leave room for its NUL in the kernel's NFT_NAME_MAXLEN. */
static bool name_fits(const char *name)
{
	return name && name[0] && strlen(name) < NFT_NAME_MAXLEN;
}

void gw_table_put(struct nlmsghdr *message, const char *table)
{
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, table);
}

static void set_base(struct nftnl_chain *chain, const struct gw_base_hook *base)
{
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, base->hook);
	nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, base->priority);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, base->policy_drop ? NF_DROP : NF_ACCEPT);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, base->type);
	if (base->n_devices) {
		const char **names = gw_zalloc(base->n_devices + 1, sizeof(*names));

		memcpy(names, base->devices, base->n_devices * sizeof(*names));
		nftnl_chain_set_data(chain, NFTNL_CHAIN_DEVICES, names, 0);
		gw_free(names);
	}
}

int gw_chain_put(struct nlmsghdr *message, const char *table, const struct gw_chain *chain,
		 bool name_only)
{
	struct nftnl_chain *object;

	if (!name_fits(chain->name))
		return -EINVAL;
	object = nftnl_chain_alloc();
	if (!object)
		gw_out_of_memory();
	nftnl_chain_set_str(object, NFTNL_CHAIN_TABLE, table);
	nftnl_chain_set_str(object, NFTNL_CHAIN_NAME, chain->name);
	if (chain->base && !name_only)
		set_base(object, chain->base);
	nftnl_chain_nlmsg_build_payload(message, object);
	nftnl_chain_free(object);
	return 0;
}

static const struct gw_base_hook *get_base(struct gw_arena *arena, const struct nftnl_chain *chain)
{
	struct gw_base_hook *base = gw_arena_new_of(arena, struct gw_base_hook);
	const char *type = nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE);
	const char *const *names = NULL;
	const char *device = nftnl_chain_get_str(chain, NFTNL_CHAIN_DEV);
	size_t n = 0;

	base->hook = nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM);
	base->priority = nftnl_chain_get_s32(chain, NFTNL_CHAIN_PRIO);
	base->type = gw_arena_strdup(arena, type ? type : "");
	base->policy_drop = nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY) == NF_DROP;
	if (nftnl_chain_is_set(chain, NFTNL_CHAIN_DEVICES))
		names = nftnl_chain_get(chain, NFTNL_CHAIN_DEVICES);
	else if (device)
		names = (const char *const[]){ device, NULL };
	while (names && names[n])
		n++;
	if (n) {
		const char **copy = gw_arena_array(arena, n, const char *);

		for (size_t i = 0; i < n; i++)
			copy[i] = gw_arena_strdup(arena, names[i]);
		base->devices = copy;
		base->n_devices = n;
	}
	return base;
}

int gw_chain_get(struct gw_arena *arena, const struct nlmsghdr *message, const char *table,
		 struct gw_chain *ret)
{
	struct nftnl_chain *object = nftnl_chain_alloc();
	struct gw_chain chain = { 0 };
	const char *name, *of;
	int err = -EBADMSG;

	if (!object)
		gw_out_of_memory();
	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg) ||
	    nftnl_chain_nlmsg_parse(message, object) < 0)
		goto out;
	name = nftnl_chain_get_str(object, NFTNL_CHAIN_NAME);
	of = nftnl_chain_get_str(object, NFTNL_CHAIN_TABLE);
	if (!name || !of)
		goto out;
	err = -ENOENT;
	if (strcmp(of, table) != 0)
		goto out;
	chain.name = gw_arena_strdup(arena, name);
	chain.handle = nftnl_chain_get_u64(object, NFTNL_CHAIN_HANDLE);
	if (nftnl_chain_is_set(object, NFTNL_CHAIN_HOOKNUM))
		chain.base = get_base(arena, object);
	*ret = chain;
	err = 0;
out:
	nftnl_chain_free(object);
	return err;
}

int gw_generation_get(const struct nlmsghdr *message, uint32_t *ret_generation, uint32_t *ret_pid,
		      char ret_process[16])
{
	const struct nlattr *tb[NFTA_GEN_MAX + 1];

	if (!gw_netlink_message(message, sizeof(struct nfgenmsg), tb, NFTA_GEN_MAX) ||
	    !tb[NFTA_GEN_ID])
		return -EBADMSG;
	*ret_generation = gw_netlink_be32(tb[NFTA_GEN_ID], 0);
	*ret_pid = gw_netlink_be32(tb[NFTA_GEN_PROC_PID], 0);
	ret_process[0] = '\0';
	if (tb[NFTA_GEN_PROC_NAME])
		(void)snprintf(ret_process, 16, "%.*s",
			       (int)mnl_attr_get_payload_len(tb[NFTA_GEN_PROC_NAME]),
			       mnl_attr_get_str(tb[NFTA_GEN_PROC_NAME]));
	return 0;
}
