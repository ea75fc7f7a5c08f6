/*
 * Set definitions. Besides what the kernel needs, a set carries what nft needs to print it: the
 * data types as nft numbers them, and the byte order of key and data in the userdata.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/nft/netlink.h"
#include "gw/nft/objects.h"

enum byte_order { ORDER_NONE, ORDER_HOST, ORDER_BIG }; /* nft's numbers */

static const struct {
	uint32_t number; /* nft's, which the kernel keeps without looking at it */
	enum byte_order order;
} types[] = {
	[GW_TYPE_MARK] = { 19, ORDER_HOST },  [GW_TYPE_IFNAME] = { 41, ORDER_HOST },
	[GW_TYPE_IPV4] = { 7, ORDER_BIG },    [GW_TYPE_IPV6] = { 8, ORDER_BIG },
	[GW_TYPE_PROTO] = { 12, ORDER_BIG },  [GW_TYPE_PORT] = { 13, ORDER_BIG },
	[GW_TYPE_ETHER] = { 9, ORDER_BIG },   [GW_TYPE_VERDICT] = { NFT_DATA_VERDICT, ORDER_NONE },
	[GW_TYPE_ICMPV6] = { 29, ORDER_BIG }, [GW_TYPE_ETHERTYPE] = { 10, ORDER_BIG },
};

#define TYPE_BITS 6 /* of one field in the number of a concatenation */

static uint32_t key_number(const struct gw_set *set)
{
	uint32_t number = 0;
	size_t i;

	for (i = 0; i < set->n_key; i++)
		number = number << TYPE_BITS | types[set->key[i]].number;
	return number;
}

static bool type_of_number(uint32_t number, enum gw_type *ret)
{
	unsigned int i;

	for (i = 0; i < GW_COUNT(types); i++) {
		if (types[i].number == number) {
			*ret = (enum gw_type)i;
			return true;
		}
	}
	return false;
}

/* The fields of a key type; 0 if one of them is none of ours. */
static size_t key_fields(uint32_t number, enum gw_type key[GW_KEY_FIELDS_MAX])
{
	size_t n = 0, i;

	for (uint32_t rest = number; rest; rest >>= TYPE_BITS)
		n++;
	if (n > GW_KEY_FIELDS_MAX)
		return 0;
	for (i = 0; i < n; i++) {
		uint32_t field = number >> (TYPE_BITS * (n - 1 - i)) & ((1u << TYPE_BITS) - 1);

		if (!type_of_number(field, &key[i]))
			return 0;
	}
	return n;
}

static uint32_t flags_of(const struct gw_set *set)
{
	uint32_t flags = 0;

	if (set->map)
		flags |= NFT_SET_MAP;
	if (set->interval)
		flags |= NFT_SET_INTERVAL;
	if (set->interval && set->n_key > 1)
		flags |= NFT_SET_CONCAT;
	if (set->timeout)
		flags |= NFT_SET_TIMEOUT;
	if (set->dynamic)
		flags |= NFT_SET_EVAL;
	if (set->constant)
		flags |= NFT_SET_CONSTANT;
	return flags;
}

static void put_order(struct nftnl_udata_buf *udata, uint8_t attr, enum byte_order order)
{
	(void)nftnl_udata_put_u32(udata, attr, order); /* the buffer has room for all that we put */
}

static void set_userdata(struct nftnl_set *object, const struct gw_set *set)
{
	struct nftnl_udata_buf *udata = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

	if (!udata)
		gw_out_of_memory();
	put_order(udata, NFTNL_UDATA_SET_KEYBYTEORDER,
		  set->n_key == 1 ? types[set->key[0]].order : ORDER_NONE);
	if (set->map) {
		put_order(udata, NFTNL_UDATA_SET_DATABYTEORDER, types[set->data].order);
		put_order(udata, NFTNL_UDATA_SET_DATA_INTERVAL, 0);
	}
	nftnl_set_set_data(object, NFTNL_SET_USERDATA, nftnl_udata_buf_data(udata),
			   nftnl_udata_buf_len(udata));
	nftnl_udata_buf_free(udata);
}

static void set_fields(struct nftnl_set *object, const struct gw_set *set)
{
	uint8_t lens[GW_KEY_FIELDS_MAX];
	size_t i;

	for (i = 0; i < set->n_key; i++)
		lens[i] = (uint8_t)gw_type_len(set->key[i]);
	nftnl_set_set_data(object, NFTNL_SET_DESC_CONCAT, lens, (uint32_t)set->n_key);
}

static void set_definition(struct nftnl_set *object, const struct gw_set *set)
{
	nftnl_set_set_u32(object, NFTNL_SET_FLAGS, flags_of(set));
	nftnl_set_set_u32(object, NFTNL_SET_KEY_TYPE, key_number(set));
	nftnl_set_set_u32(object, NFTNL_SET_KEY_LEN, gw_set_key_len(set));
	nftnl_set_set_u32(object, NFTNL_SET_ID, 1); /* demanded; we refer to sets by name */
	if (set->map) {
		nftnl_set_set_u32(object, NFTNL_SET_DATA_TYPE, types[set->data].number);
		nftnl_set_set_u32(object, NFTNL_SET_DATA_LEN,
				  set->data == GW_TYPE_VERDICT ? 0 : gw_set_data_len(set));
	}
	if (set->size)
		nftnl_set_set_u32(object, NFTNL_SET_DESC_SIZE, set->size);
	if (set->interval && set->n_key > 1)
		set_fields(object, set);
	if (set->counter) {
		struct nftnl_expr *counter = nftnl_expr_alloc("counter");

		if (!counter)
			gw_out_of_memory();
		nftnl_set_add_expr(object, counter); /* which owns it now */
	}
	set_userdata(object, set);
}

static bool name_valid(const struct gw_set *set)
{
	return set->name && set->name[0] && strlen(set->name) < NFT_NAME_MAXLEN;
}

static bool definition_valid(const struct gw_set *set)
{
	size_t i;

	if (set->n_key < 1 || set->n_key > GW_KEY_FIELDS_MAX)
		return false;
	for (i = 0; i < set->n_key; i++) {
		if ((unsigned int)set->key[i] >= GW_TYPE_COUNT || set->key[i] == GW_TYPE_VERDICT)
			return false;
	}
	return !set->map || (unsigned int)set->data < GW_TYPE_COUNT;
}

int gw_set_put(struct nlmsghdr *message, const char *table, const struct gw_set *set,
	       bool name_only)
{
	struct nftnl_set *object;

	if (!name_valid(set) || (!name_only && !definition_valid(set)))
		return -EINVAL;
	object = nftnl_set_alloc();
	if (!object)
		gw_out_of_memory();
	nftnl_set_set_str(object, NFTNL_SET_TABLE, table);
	nftnl_set_set_str(object, NFTNL_SET_NAME, set->name);
	if (!name_only)
		set_definition(object, set);
	nftnl_set_nlmsg_build_payload(message, object);
	nftnl_set_free(object);
	return 0;
}

/* Does the one expression that each element carries count? Anything else is none of ours. */
static bool get_counter(const struct nlattr *attr, bool *ret_counter)
{
	const struct nlattr *tb[NFTA_EXPR_MAX + 1];

	if (!attr)
		return true;
	if (!gw_netlink_nested(attr, tb, NFTA_EXPR_MAX) ||
	    !gw_netlink_is(tb[NFTA_EXPR_NAME], "counter"))
		return false;
	*ret_counter = true;
	return true;
}

static bool get_definition(const struct nlattr *const *tb, struct gw_set *set)
{
	const uint32_t known = NFT_SET_MAP | NFT_SET_INTERVAL | NFT_SET_CONCAT | NFT_SET_TIMEOUT |
			       NFT_SET_EVAL | NFT_SET_CONSTANT;
	uint32_t flags = gw_netlink_be32(tb[NFTA_SET_FLAGS], 0);
	const struct nlattr *desc[NFTA_SET_DESC_MAX + 1];

	if (!gw_netlink_nested(tb[NFTA_SET_DESC], desc, NFTA_SET_DESC_MAX))
		return false;
	set->map = flags & NFT_SET_MAP;
	set->interval = flags & NFT_SET_INTERVAL;
	set->timeout = flags & NFT_SET_TIMEOUT;
	set->dynamic = flags & NFT_SET_EVAL;
	set->constant = flags & NFT_SET_CONSTANT;
	set->size = gw_netlink_be32(desc[NFTA_SET_DESC_SIZE], 0);
	set->n_key = key_fields(gw_netlink_be32(tb[NFTA_SET_KEY_TYPE], 0), set->key);
	return (!set->map ||
		type_of_number(gw_netlink_be32(tb[NFTA_SET_DATA_TYPE], 0), &set->data)) &&
	       get_counter(tb[NFTA_SET_EXPR], &set->counter) && !tb[NFTA_SET_EXPRESSIONS] &&
	       !(flags & ~known) && flags == flags_of(set) &&
	       gw_netlink_be32(tb[NFTA_SET_KEY_LEN], 0) == gw_set_key_len(set);
}

int gw_set_get(struct gw_arena *arena, const struct nlmsghdr *message, const char *table,
	       struct gw_set *ret)
{
	const struct nlattr *tb[NFTA_SET_MAX + 1];
	struct gw_set set = { .data = GW_TYPE_MARK };

	if (!gw_netlink_message(message, sizeof(struct nfgenmsg), tb, NFTA_SET_MAX) ||
	    !tb[NFTA_SET_TABLE] || !tb[NFTA_SET_NAME])
		return -EBADMSG;
	if (!gw_netlink_is(tb[NFTA_SET_TABLE], table) ||
	    gw_netlink_be32(tb[NFTA_SET_FLAGS], 0) & NFT_SET_ANONYMOUS)
		return -ENOENT;
	set.name = gw_netlink_string(arena, tb[NFTA_SET_NAME]);
	set.handle = gw_netlink_be64(tb[NFTA_SET_HANDLE], 0);
	set.run_time =
		strncmp(set.name, GW_SET_RUN_TIME_PREFIX, strlen(GW_SET_RUN_TIME_PREFIX)) == 0;
	if (!get_definition(tb, &set))
		set.n_key = 0;
	*ret = set;
	return 0;
}
