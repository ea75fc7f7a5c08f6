/* Whole rules: their expressions, and the comment that nft shows. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "gw/nft/codec.h"
#include "gw/nft/netlink.h"

static void put_comment(struct nlmsghdr *message, const char *comment)
{
	uint8_t bytes[2 + GW_RULE_COMMENT_MAX];
	size_t len = strnlen(comment, GW_RULE_COMMENT_MAX - 1);

	/* A cut must not leave half a character of UTF-8. */
	while (len && comment[len] && ((unsigned char)comment[len] & 0xc0) == 0x80)
		len--;
	bytes[0] = NFTNL_UDATA_RULE_COMMENT;
	bytes[1] = (uint8_t)(len + 1);
	memcpy(bytes + 2, comment, len);
	bytes[2 + len] = '\0';
	mnl_attr_put(message, NFTA_RULE_USERDATA, 2 + len + 1, bytes);
}

void gw_rule_put(struct nlmsghdr *message, const struct gw_rule *rule)
{
	struct nlattr *list = mnl_attr_nest_start(message, NFTA_RULE_EXPRESSIONS);
	size_t i;

	for (i = 0; i < rule->n_exprs; i++)
		gw_expr_put(message, NFTA_LIST_ELEM, &rule->exprs[i]);
	mnl_attr_nest_end(message, list);
	if (rule->comment && rule->comment[0])
		put_comment(message, rule->comment);
}

/* Userdata is a row of type, length, value. */
static const char *get_comment(struct gw_arena *arena, const struct nlattr *attr)
{
	const uint8_t *bytes;
	size_t len;

	if (!attr)
		return NULL;
	bytes = mnl_attr_get_payload(attr);
	len = mnl_attr_get_payload_len(attr);
	while (len >= 2 && len - 2 >= bytes[1]) {
		size_t step = 2 + (size_t)bytes[1];

		if (bytes[0] == NFTNL_UDATA_RULE_COMMENT)
			return gw_arena_strndup(arena, (const char *)bytes + 2,
						strnlen((const char *)bytes + 2, bytes[1]));
		bytes += step;
		len -= step;
	}
	return NULL;
}

static int get_exprs(struct gw_arena *arena, const struct nlattr *list, struct gw_rule *rule)
{
	const struct nlattr *attr = NULL;
	size_t n = 0;

	while ((attr = gw_netlink_next(list, attr)))
		n++;
	if (n > GW_RULE_EXPRS_MAX)
		return -EBADMSG;
	rule->exprs = gw_arena_array(arena, n, struct gw_expr);
	while ((attr = gw_netlink_next(list, attr)))
		gw_expr_get(arena, attr, &rule->exprs[rule->n_exprs++]);
	return 0;
}

int gw_rule_get(struct gw_arena *arena, const struct nlmsghdr *message, struct gw_rule *ret_rule,
		const char **ret_chain)
{
	const struct nlattr *tb[NFTA_RULE_MAX + 1];
	struct gw_rule rule = { 0 };
	int err;

	if (!gw_netlink_message(message, sizeof(struct nfgenmsg), tb, NFTA_RULE_MAX) ||
	    !tb[NFTA_RULE_CHAIN] || !tb[NFTA_RULE_HANDLE])
		return -EBADMSG;
	rule.handle = gw_netlink_be64(tb[NFTA_RULE_HANDLE], 0);
	rule.comment = get_comment(arena, tb[NFTA_RULE_USERDATA]);
	if (tb[NFTA_RULE_EXPRESSIONS]) {
		err = get_exprs(arena, tb[NFTA_RULE_EXPRESSIONS], &rule);
		if (err)
			return err;
	}
	*ret_chain = gw_netlink_string(arena, tb[NFTA_RULE_CHAIN]);
	*ret_rule = rule;
	return 0;
}
