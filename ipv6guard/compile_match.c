/* Conditions of rules: short names for what the chains ask again and again. */
#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/compile.h"

#define KEY GW_REG(0)

void ipv6guard_bytes(struct gw_exprs *e, uint32_t base, uint32_t offset, const void *bytes,
		     uint32_t len)
{
	gw_expr_payload(e, base, offset, len, KEY);
	gw_expr_cmp(e, KEY, NFT_CMP_EQ, bytes, len);
}

void ipv6guard_byte(struct gw_exprs *e, uint32_t base, uint32_t offset, uint8_t value)
{
	ipv6guard_bytes(e, base, offset, &value, 1);
}

void ipv6guard_ethertype(struct gw_exprs *e, uint16_t type)
{
	const uint8_t bytes[2] = { (uint8_t)(type >> 8), (uint8_t)type };

	ipv6guard_bytes(e, NFT_PAYLOAD_LL_HEADER, 12, bytes, sizeof(bytes));
}

void ipv6guard_masked(struct gw_exprs *e, uint32_t base, uint32_t offset, const uint8_t *mask,
		      const uint8_t *value, uint32_t len, uint32_t op)
{
	struct gw_expr *expr;

	gw_expr_payload(e, base, offset, len, KEY);
	expr = gw_expr_add(e, GW_EXPR_BITWISE);
	expr->sreg = expr->dreg = KEY;
	expr->len = expr->data_len = len;
	expr->data = gw_arena_memdup(e->arena, mask, len);
	expr->data_end = gw_arena_zalloc(e->arena, 1, len);
	gw_expr_cmp(e, KEY, op, value, len);
}

/* The last two octets of the Ethernet header and the first two of what follows are one load of a
 * register. A tag, which the kernel puts back into the header that rules see, matches nothing. */
void ipv6guard_is_ip(struct gw_exprs *e, uint16_t ethertype, uint8_t version)
{
	static const uint8_t mask[4] = { 0xff, 0xff, 0xf0, 0 };
	const uint8_t value[4] = { (uint8_t)(ethertype >> 8), (uint8_t)ethertype,
				   (uint8_t)(version << 4), 0 };

	ipv6guard_masked(e, NFT_PAYLOAD_LL_HEADER, 12, mask, value, sizeof(value), NFT_CMP_EQ);
}

void ipv6guard_in(struct gw_exprs *e, uint32_t base, uint32_t offset, uint32_t len, const char *set,
		  bool inverted)
{
	gw_expr_payload(e, base, offset, len, KEY);
	if (inverted)
		gw_expr_not_in(e, set, KEY);
	else
		gw_expr_lookup(e, set, KEY);
}

void ipv6guard_l4proto(struct gw_exprs *e, uint8_t protocol)
{
	gw_expr_meta(e, NFT_META_L4PROTO, KEY);
	gw_expr_cmp_u8(e, KEY, NFT_CMP_EQ, protocol);
}

void ipv6guard_has_header(struct gw_exprs *e, uint8_t header)
{
	struct gw_expr *expr = gw_expr_add(e, GW_EXPR_HEADER);

	expr->key = header;
	expr->dreg = KEY;
	expr->len = 1;
	expr->flags = NFT_EXTHDR_F_PRESENT;
	gw_expr_cmp_u8(e, KEY, NFT_CMP_EQ, 1);
}

/* Where the set is full, no rule of either kind matches: what must not pass then is asked `over` last. */
void ipv6guard_limit(struct gw_exprs *e, const char *set, uint32_t rate, bool over)
{
	gw_expr_rate(e, set, KEY, rate);
	e->items[e->n - 1].op = over ? NFT_LIMIT_F_INV : 0;
}

void ipv6guard_load_sender(struct gw_exprs *e, bool address)
{
	gw_expr_meta(e, NFT_META_IIFNAME, GW_REG(0));
	gw_expr_payload(e, NFT_PAYLOAD_LL_HEADER, 6, 6, GW_REG(4));
	if (address)
		gw_expr_payload(e, NFT_PAYLOAD_NETWORK_HEADER, IPV6_SOURCE, 16, GW_REG(6));
}

void ipv6guard_link_local(struct gw_exprs *e, uint32_t offset)
{
	static const uint8_t mask[2] = { 0xff, 0xc0 }, value[2] = { 0xfe, 0x80 };

	ipv6guard_masked(e, NFT_PAYLOAD_NETWORK_HEADER, offset, mask, value, sizeof(value),
			 NFT_CMP_EQ);
}
