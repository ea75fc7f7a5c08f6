/*
 * The one frame of IPv6 that the gateway sends into a segment without: the end of a rogue router. By its mark,
 * which only a process with CAP_NET_ADMIN or CAP_NET_RAW can give, and because it takes and gives nothing: a
 * router lifetime of zero.
 */
#include <linux/netfilter/nf_tables.h>

#include "ipv6guard/compile.h"
#include "ipv6guard/router_end.h"

#define ETHERTYPE_OFFSET 12u
#define TYPE_OFFSET      (14u + 40u)
#define LIFETIME_OFFSET  (TYPE_OFFSET + 6u)

void ipv6guard_compile_router_end(struct ipv6guard_compiler *c, const char *chain)
{
	static const uint32_t mark = IPV6GUARD_ROUTER_END_MARK;
	static const uint8_t ipv6[] = { 0x86, 0xdd }, none[] = { 0, 0 };
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_meta(&e, NFT_META_MARK, GW_REG(0));
	gw_expr_cmp(&e, GW_REG(0), NFT_CMP_EQ, &mark, sizeof(mark));
	ipv6guard_bytes(&e, NFT_PAYLOAD_LL_HEADER, ETHERTYPE_OFFSET, ipv6, sizeof(ipv6));
	ipv6guard_byte(&e, NFT_PAYLOAD_LL_HEADER, TYPE_OFFSET, GW_V6_ICMP_ROUTER_ADVERT);
	ipv6guard_bytes(&e, NFT_PAYLOAD_LL_HEADER, LIFETIME_OFFSET, none, sizeof(none));
	ipv6guard_accept(c, chain, &e, "the end of a rogue router");
}
