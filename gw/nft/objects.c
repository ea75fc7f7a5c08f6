/* Tables and chains as messages, and chains back from them. */
#include "gw/nft/objects.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
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

/* Since Linux 6.18: the name is what names begin with. The headers of Debian 12 are older. */
#define DEVICE_PREFIX 2

static void put_devices(struct nlmsghdr *message, const struct gw_base_hook *base)
{
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_HOOK_DEVS);

	for (size_t i = 0; i < base->n_devices; i++) {
		size_t len = strlen(base->devices[i]);
		char stem[IFNAMSIZ] = "";

		if (len < 2 || len > sizeof(stem) || base->devices[i][len - 1] != '*') {
			mnl_attr_put_strz(message, NFTA_DEVICE_NAME, base->devices[i]);
			continue;
		}
		memcpy(stem, base->devices[i], len - 1);
		mnl_attr_put_strz(message, DEVICE_PREFIX, stem);
	}
	mnl_attr_nest_end(message, nest);
}

static void put_base(struct nlmsghdr *message, const struct gw_base_hook *base)
{
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);

	mnl_attr_put_u32(message, NFTA_HOOK_HOOKNUM, htonl(base->hook));
	mnl_attr_put_u32(message, NFTA_HOOK_PRIORITY, htonl((uint32_t)base->priority));
	if (base->n_devices)
		put_devices(message, base);
	mnl_attr_nest_end(message, nest);
	mnl_attr_put_u32(message, NFTA_CHAIN_POLICY,
			 htonl(base->policy_drop ? NF_DROP : NF_ACCEPT));
	mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, base->type);
}

int gw_chain_put(struct nlmsghdr *message, const char *table, const struct gw_chain *chain,
		 bool name_only)
{
	if (!name_fits(chain->name))
		return -EINVAL;
	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, chain->name);
	if (chain->base && !name_only)
		put_base(message, chain->base);
	return 0;
}

static const char *const *get_devices(struct gw_arena *arena, const struct nlattr *nest,
				      size_t *ret_n)
{
	const struct nlattr *attr = NULL;
	const char **names;
	size_t n = 0;

	while ((attr = gw_netlink_next(nest, attr)))
		n++;
	names = gw_arena_array(arena, n, const char *);
	*ret_n = n;
	for (n = 0; (attr = gw_netlink_next(nest, attr)); n++) {
		names[n] = gw_netlink_string(arena, attr);
		if (mnl_attr_get_type(attr) == DEVICE_PREFIX)
			names[n] = gw_arena_printf(arena, "%s*", names[n]);
	}
	return names;
}

/* NULL if malformed. */
static const struct gw_base_hook *get_base(struct gw_arena *arena, const struct nlattr *const *tb)
{
	struct gw_base_hook *base = gw_arena_new_of(arena, struct gw_base_hook);
	const struct nlattr *hook[NFTA_HOOK_MAX + 1];

	if (!gw_netlink_nested(tb[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX) || !tb[NFTA_CHAIN_TYPE])
		return NULL;
	base->hook = gw_netlink_be32(hook[NFTA_HOOK_HOOKNUM], UINT32_MAX);
	base->priority = (int32_t)gw_netlink_be32(hook[NFTA_HOOK_PRIORITY], 0);
	base->type = gw_netlink_string(arena, tb[NFTA_CHAIN_TYPE]);
	base->policy_drop = gw_netlink_be32(tb[NFTA_CHAIN_POLICY], NF_ACCEPT) == NF_DROP;
	if (hook[NFTA_HOOK_DEVS]) {
		base->devices = get_devices(arena, hook[NFTA_HOOK_DEVS], &base->n_devices);
	} else if (hook[NFTA_HOOK_DEV]) {
		const char **name = gw_arena_new_of(arena, const char *);

		*name = gw_netlink_string(arena, hook[NFTA_HOOK_DEV]);
		base->devices = name;
		base->n_devices = 1;
	}
	return base;
}

int gw_chain_get(struct gw_arena *arena, const struct nlmsghdr *message, const char *table,
		 struct gw_chain *ret)
{
	const struct nlattr *tb[NFTA_CHAIN_MAX + 1];
	struct gw_chain chain = { 0 };

	if (!gw_netlink_message(message, sizeof(struct nfgenmsg), tb, NFTA_CHAIN_MAX) ||
	    !tb[NFTA_CHAIN_TABLE] || !tb[NFTA_CHAIN_NAME])
		return -EBADMSG;
	if (!gw_netlink_is(tb[NFTA_CHAIN_TABLE], table))
		return -ENOENT;
	chain.name = gw_netlink_string(arena, tb[NFTA_CHAIN_NAME]);
	chain.handle = gw_netlink_be64(tb[NFTA_CHAIN_HANDLE], 0);
	if (tb[NFTA_CHAIN_HOOK]) {
		chain.base = get_base(arena, tb);
		if (!chain.base)
			return -EBADMSG;
	}
	*ret = chain;
	return 0;
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
