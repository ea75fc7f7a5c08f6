#include "gw/nft/codec.h"

#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/nft/expr_table.h"
#include "gw/nft/netlink.h"

/* Of any expression that we know; attributes above are not ours. */
#define ATTRS_MAX 16

static const struct {
	enum gw_verdict_code code;
	int32_t wire;
} verdicts[] = {
	{ GW_VERDICT_ACCEPT, NF_ACCEPT },  { GW_VERDICT_DROP, NF_DROP },
	{ GW_VERDICT_JUMP, NFT_JUMP },     { GW_VERDICT_GOTO, NFT_GOTO },
	{ GW_VERDICT_RETURN, NFT_RETURN },
};

static uint32_t member_u32(const struct gw_expr *expr, size_t member)
{
	uint32_t value;

	memcpy(&value, (const char *)expr + member, sizeof(value));
	return value;
}

static uint64_t member_u64(const struct gw_expr *expr, size_t member)
{
	uint64_t value;

	memcpy(&value, (const char *)expr + member, sizeof(value));
	return value;
}

static const char *member_string(const struct gw_expr *expr, size_t member)
{
	const char *value;

	memcpy(&value, (const char *)expr + member, sizeof(value));
	return value;
}

static void member_write(struct gw_expr *expr, size_t member, const void *value, size_t size)
{
	memcpy((char *)expr + member, value, size);
}

static bool name_fits(const char *name)
{
	return name && name[0] && strlen(name) < NFT_NAME_MAXLEN;
}

static bool expr_valid(const struct gw_expr *expr)
{
	bool data = false, data_end = false;
	const struct gw_expr_field *field;

	if ((unsigned int)expr->kind >= GW_EXPR_KINDS || expr->data_len > NFT_DATA_VALUE_MAXLEN)
		return false;
	for (field = gw_expr_formats[expr->kind].fields; field->attr; field++) {
		if (field->wire == GW_WIRE_STRING && field->when == GW_WHEN_ALWAYS &&
		    !name_fits(member_string(expr, field->member)))
			return false;
		data |= field->wire == GW_WIRE_DATA;
		data_end |= field->wire == GW_WIRE_DATA_END;
	}
	if (expr->kind == GW_EXPR_LOG && expr->text && strlen(expr->text) > 127)
		return false; /* kernel: NF_LOG_PREFIXLEN */
	if (expr->kind == GW_EXPR_IMMEDIATE && expr->dreg == GW_REG_VERDICT) {
		bool jumps = expr->verdict == GW_VERDICT_JUMP || expr->verdict == GW_VERDICT_GOTO;

		return expr->verdict != GW_VERDICT_NONE && (!jumps || name_fits(expr->chain));
	}
	if (expr->kind == GW_EXPR_IMMEDIATE)
		data = true;
	return (!data || (expr->data && expr->data_len)) && (!data_end || expr->data_end);
}

bool gw_exprs_valid(const struct gw_expr *exprs, size_t n_exprs)
{
	size_t i;

	if (n_exprs > GW_RULE_EXPRS_MAX)
		return false;
	for (i = 0; i < n_exprs; i++) {
		if (!expr_valid(&exprs[i]))
			return false;
	}
	return true;
}

void gw_verdict_put(struct nlmsghdr *message, uint16_t attr, enum gw_verdict_code code,
		    const char *chain)
{
	struct nlattr *data = mnl_attr_nest_start(message, attr);
	struct nlattr *verdict = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);
	size_t i;

	for (i = 0; i < GW_COUNT(verdicts); i++) {
		if (verdicts[i].code == code)
			mnl_attr_put_u32(message, NFTA_VERDICT_CODE,
					 htobe32((uint32_t)verdicts[i].wire));
	}
	if (code == GW_VERDICT_JUMP || code == GW_VERDICT_GOTO)
		mnl_attr_put_strz(message, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(message, verdict);
	mnl_attr_nest_end(message, data);
}

static void put_value(struct nlmsghdr *message, uint16_t attr, const uint8_t *data, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(message, attr);

	mnl_attr_put(message, NFTA_DATA_VALUE, len, data);
	mnl_attr_nest_end(message, nest);
}

static bool field_is_otherwise(const struct gw_expr *expr, const struct gw_expr_field *field)
{
	const char *text;

	switch (field->wire) {
	case GW_WIRE_U8:
	case GW_WIRE_BE16:
	case GW_WIRE_BE32:
	case GW_WIRE_REG:
		return member_u32(expr, field->member) == field->otherwise;
	case GW_WIRE_BE64:
		return member_u64(expr, field->member) == field->otherwise;
	case GW_WIRE_STRING:
		text = member_string(expr, field->member);
		return !text || !text[0];
	case GW_WIRE_LIMIT:
		return expr->rate == 0;
	case GW_WIRE_DATA:
	case GW_WIRE_DATA_END:
	case GW_WIRE_RESULT:
		return false;
	}
	return false;
}

static bool field_is_sent(const struct gw_expr *expr, const struct gw_expr_field *field)
{
	switch (field->when) {
	case GW_WHEN_ALWAYS:
		return true;
	case GW_WHEN_READ:
		return !expr->set;
	case GW_WHEN_WRITE:
		return expr->set;
	case GW_WHEN_MAP:
		return expr->map;
	case GW_WHEN_OTHER:
		return !field_is_otherwise(expr, field);
	case GW_WHEN_NEVER:
		return false;
	}
	return false;
}

static void put_field(struct nlmsghdr *message, const struct gw_expr *expr,
		      const struct gw_expr_field *field)
{
	uint32_t number = field->otherwise;

	if (field->member != GW_NO_MEMBER && field->wire <= GW_WIRE_REG)
		number = member_u32(expr, field->member);
	switch (field->wire) {
	case GW_WIRE_U8:
		mnl_attr_put_u8(message, field->attr, (uint8_t)number);
		break;
	case GW_WIRE_BE16:
		mnl_attr_put_u16(message, field->attr, htobe16((uint16_t)number));
		break;
	case GW_WIRE_BE32:
	case GW_WIRE_REG:
		mnl_attr_put_u32(message, field->attr, htobe32(number));
		break;
	case GW_WIRE_BE64:
		mnl_attr_put_u64(message, field->attr, htobe64(member_u64(expr, field->member)));
		break;
	case GW_WIRE_STRING:
		mnl_attr_put_strz(message, field->attr, member_string(expr, field->member));
		break;
	case GW_WIRE_DATA:
		put_value(message, field->attr, expr->data, expr->data_len);
		break;
	case GW_WIRE_DATA_END:
		put_value(message, field->attr, expr->data_end, expr->data_len);
		break;
	case GW_WIRE_RESULT:
		if (expr->dreg == GW_REG_VERDICT)
			gw_verdict_put(message, field->attr, expr->verdict, expr->chain);
		else
			put_value(message, field->attr, expr->data, expr->data_len);
		break;
	case GW_WIRE_LIMIT: {
		struct gw_expr limit = *expr;

		limit.kind = GW_EXPR_LIMIT;
		gw_expr_put(message, field->attr, &limit);
		break;
	}
	}
}

void gw_expr_put(struct nlmsghdr *message, uint16_t attr, const struct gw_expr *expr)
{
	const struct gw_expr_format *format = &gw_expr_formats[expr->kind];
	struct nlattr *nest = mnl_attr_nest_start(message, attr), *data;
	const struct gw_expr_field *field;

	mnl_attr_put_strz(message, NFTA_EXPR_NAME, format->name);
	data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
	for (field = format->fields; field->attr; field++) {
		if (field_is_sent(expr, field))
			put_field(message, expr, field);
	}
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, nest);
}

bool gw_verdict_get(struct gw_arena *arena, const struct nlattr *attr,
		    enum gw_verdict_code *ret_code, const char **ret_chain)
{
	const struct nlattr *tb[NFTA_VERDICT_MAX + 1];
	int32_t wire;
	size_t i;

	if (!gw_netlink_nested(attr, tb, NFTA_VERDICT_MAX) || !tb[NFTA_VERDICT_CODE])
		return false;
	wire = (int32_t)gw_netlink_be32(tb[NFTA_VERDICT_CODE], (uint32_t)NFT_BREAK);
	for (i = 0; i < GW_COUNT(verdicts) && verdicts[i].wire != wire; i++)
		;
	if (i == GW_COUNT(verdicts))
		return false;
	if (wire == NFT_JUMP || wire == NFT_GOTO) {
		if (!tb[NFTA_VERDICT_CHAIN])
			return false;
		*ret_chain = gw_netlink_string(arena, tb[NFTA_VERDICT_CHAIN]);
	}
	*ret_code = verdicts[i].code;
	return true;
}

static bool get_value(struct gw_arena *arena, const struct nlattr *attr, const uint8_t **ret_data,
		      uint32_t *ret_len)
{
	const struct nlattr *tb[NFTA_DATA_MAX + 1];
	size_t len;

	if (!gw_netlink_nested(attr, tb, NFTA_DATA_MAX) || !tb[NFTA_DATA_VALUE])
		return false;
	len = mnl_attr_get_payload_len(tb[NFTA_DATA_VALUE]);
	if (len == 0 || len > NFT_DATA_VALUE_MAXLEN)
		return false;
	*ret_data = gw_arena_memdup(arena, mnl_attr_get_payload(tb[NFTA_DATA_VALUE]), len);
	*ret_len = (uint32_t)len;
	return true;
}

/* Every fourth register of 4 bytes is also one of the older four of 16 bytes, and is told so. */
static uint32_t register_of(uint32_t number)
{
	return number >= NFT_REG_1 && number <= NFT_REG_4 ? GW_REG((number - NFT_REG_1) * 4)
							  : number;
}

static bool get_number(const struct nlattr *attr, enum gw_wire wire, uint64_t *ret)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (wire == GW_WIRE_U8 && len == 1)
		*ret = mnl_attr_get_u8(attr);
	else if (wire == GW_WIRE_BE16 && len == 2)
		*ret = be16toh(mnl_attr_get_u16(attr));
	else if (wire == GW_WIRE_BE32 && len == 4)
		*ret = gw_netlink_be32(attr, 0);
	else if (wire == GW_WIRE_REG && len == 4)
		*ret = register_of(gw_netlink_be32(attr, 0));
	else if (wire == GW_WIRE_BE64 && len == 8)
		*ret = gw_netlink_be64(attr, 0);
	else
		return false;
	return true;
}

static bool get_number_field(const struct nlattr *attr, const struct gw_expr_field *field,
			     struct gw_expr *expr)
{
	uint64_t number;
	uint32_t narrow;

	if (!get_number(attr, field->wire, &number))
		return false;
	if (field->member == GW_NO_MEMBER)
		return number == field->otherwise;
	narrow = (uint32_t)number;
	if (field->wire == GW_WIRE_BE64)
		member_write(expr, field->member, &number, sizeof(number));
	else
		member_write(expr, field->member, &narrow, sizeof(narrow));
	return true;
}

static bool get_result(struct gw_arena *arena, const struct nlattr *attr, struct gw_expr *expr)
{
	const struct nlattr *tb[NFTA_DATA_MAX + 1];

	if (expr->dreg != GW_REG_VERDICT)
		return get_value(arena, attr, &expr->data, &expr->data_len);
	return gw_netlink_nested(attr, tb, NFTA_DATA_MAX) && tb[NFTA_DATA_VERDICT] &&
	       gw_verdict_get(arena, tb[NFTA_DATA_VERDICT], &expr->verdict, &expr->chain);
}

static bool get_limit(struct gw_arena *arena, const struct nlattr *attr, struct gw_expr *expr);

static bool get_field(struct gw_arena *arena, const struct nlattr *attr,
		      const struct gw_expr_field *field, struct gw_expr *expr)
{
	const char *text;
	uint32_t len;

	switch (field->wire) {
	case GW_WIRE_U8:
	case GW_WIRE_BE16:
	case GW_WIRE_BE32:
	case GW_WIRE_REG:
	case GW_WIRE_BE64:
		return get_number_field(attr, field, expr);
	case GW_WIRE_STRING:
		text = gw_netlink_string(arena, attr);
		member_write(expr, field->member, &text, sizeof(text));
		return true;
	case GW_WIRE_DATA:
		return get_value(arena, attr, &expr->data, &expr->data_len);
	case GW_WIRE_DATA_END: /* stands behind DATA in the table */
		return get_value(arena, attr, &expr->data_end, &len) && len == expr->data_len;
	case GW_WIRE_RESULT:
		return get_result(arena, attr, expr);
	case GW_WIRE_LIMIT:
		return get_limit(arena, attr, expr);
	}
	return false;
}

/* What a missing attribute means; false if the expression cannot be without it. */
static bool get_missing(const struct gw_expr_field *field, struct gw_expr *expr)
{
	switch (field->when) {
	case GW_WHEN_ALWAYS:
		return false;
	case GW_WHEN_OTHER:
		if (field->wire <= GW_WIRE_REG)
			member_write(expr, field->member, &field->otherwise,
				     sizeof(field->otherwise));
		return true;
	case GW_WHEN_READ:
	case GW_WHEN_WRITE:
	case GW_WHEN_MAP:
	case GW_WHEN_NEVER:
		return true;
	}
	return false;
}

/* The kernel tells what it made of a NAT expression, with all that registers imply. */
static void normalise_nat(struct gw_expr *expr)
{
	if (expr->addr_max == expr->addr_min)
		expr->addr_max = 0;
	if (expr->port_max == expr->port_min)
		expr->port_max = 0;
	if (expr->addr_min)
		expr->flags &= ~(uint32_t)NF_NAT_RANGE_MAP_IPS;
	if (expr->port_min)
		expr->flags &= ~(uint32_t)NF_NAT_RANGE_PROTO_SPECIFIED;
}

static bool get_kind(struct gw_arena *arena, const struct nlattr *const *tb, enum gw_expr_kind kind,
		     struct gw_expr *expr)
{
	const struct gw_expr_field *field;
	uint32_t known = 1;

	memset(expr, 0, sizeof(*expr));
	expr->kind = kind;
	for (field = gw_expr_formats[kind].fields; field->attr; field++) {
		known |= 1u << field->attr;
		if (!tb[field->attr]) {
			if (!get_missing(field, expr))
				return false;
			continue;
		}
		if (!get_field(arena, tb[field->attr], field, expr))
			return false;
		expr->set |= field->when == GW_WHEN_WRITE;
		expr->map |= field->when == GW_WHEN_MAP;
	}
	for (uint32_t attr = 0; attr <= ATTRS_MAX; attr++) {
		if (tb[attr] && !(known & 1u << attr))
			return false;
	}
	if (kind == GW_EXPR_NAT)
		normalise_nat(expr);
	return true;
}

/* Attributes above ATTRS_MAX must make an expression strange, too. */
static bool any_above(const struct nlattr *data)
{
	const struct nlattr *attr = NULL;

	while ((attr = gw_netlink_next(data, attr))) {
		if (mnl_attr_get_type(attr) > ATTRS_MAX)
			return true;
	}
	return false;
}

/* FNV-1a: tells strange expressions apart, no more. */
static uint64_t hash_bytes(const uint8_t *bytes, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325u;

	while (len--)
		hash = (hash ^ *bytes++) * 0x100000001b3u;
	return hash;
}

static void get_strange(struct gw_arena *arena, const struct nlattr *attr,
			const struct nlattr *name, struct gw_expr *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->kind = GW_EXPR_KINDS;
	ret->text = name ? gw_netlink_string(arena, name) : "";
	ret->rate = hash_bytes(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
}

/* Exactly one of reading and writing, which a pair of attributes tells. */
static bool reads_or_writes(const struct nlattr *const *tb, const struct gw_expr *expr)
{
	const struct gw_expr_field *field, *read = NULL, *write = NULL;

	for (field = gw_expr_formats[expr->kind].fields; field->attr; field++) {
		if (field->when == GW_WHEN_READ)
			read = field;
		if (field->when == GW_WHEN_WRITE)
			write = field;
	}
	return !read || !write || !tb[read->attr] != !tb[write->attr];
}

void gw_expr_get(struct gw_arena *arena, const struct nlattr *attr, struct gw_expr *ret)
{
	const struct nlattr *tb[NFTA_EXPR_MAX + 1], *fields[ATTRS_MAX + 1];
	unsigned int kind;

	if (!gw_netlink_nested(attr, tb, NFTA_EXPR_MAX) || !tb[NFTA_EXPR_NAME] ||
	    !gw_netlink_nested(tb[NFTA_EXPR_DATA], fields, ATTRS_MAX) ||
	    (tb[NFTA_EXPR_DATA] && any_above(tb[NFTA_EXPR_DATA]))) {
		get_strange(arena, attr, NULL, ret);
		return;
	}
	for (kind = 0; kind < GW_EXPR_KINDS; kind++) {
		if (gw_netlink_is(tb[NFTA_EXPR_NAME], gw_expr_formats[kind].name) &&
		    get_kind(arena, fields, (enum gw_expr_kind)kind, ret) &&
		    reads_or_writes(fields, ret))
			return;
	}
	get_strange(arena, attr, tb[NFTA_EXPR_NAME], ret);
}

static bool get_limit(struct gw_arena *arena, const struct nlattr *attr, struct gw_expr *expr)
{
	const struct nlattr *tb[NFTA_EXPR_MAX + 1], *fields[ATTRS_MAX + 1];
	struct gw_expr limit;

	/* Not through gw_expr_get: a dynset within a dynset must not recurse. */
	if (!gw_netlink_nested(attr, tb, NFTA_EXPR_MAX) ||
	    !gw_netlink_is(tb[NFTA_EXPR_NAME], gw_expr_formats[GW_EXPR_LIMIT].name) ||
	    !gw_netlink_nested(tb[NFTA_EXPR_DATA], fields, ATTRS_MAX) ||
	    !get_kind(arena, fields, GW_EXPR_LIMIT, &limit))
		return false;
	expr->rate = limit.rate;
	expr->unit = limit.unit;
	expr->burst = limit.burst;
	expr->op = limit.op;
	return true;
}
