#include "tests/support/ruleset_eval.h"

#include <assert.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <string.h>

#define REGISTERS 16u
#define DEPTH_MAX 16u
#define STATE_NEW 8u
#define STATE_EST 2u

struct machine {
	const struct gw_ruleset *ruleset;
	const struct eval_packet *packet;
	struct eval_result *result;
	uint8_t registers[REGISTERS * 4];
};

/* How the evaluation of a rule or chain ended. */
enum outcome {
	NEXT, /* go on with the next rule */
	RETURN,
	ACCEPT,
	DROP,
};

static enum outcome run_chain(struct machine *m, const char *name, unsigned int depth);

static uint8_t *reg(struct machine *m, uint32_t n)
{
	assert(n >= 8 && n < 8 + REGISTERS);
	return &m->registers[(size_t)(n - 8) * 4];
}

static void put(struct machine *m, uint32_t dreg, const void *data, size_t len)
{
	uint8_t *to = reg(m, dreg);
	size_t slot = (len + 3) / 4 * 4;

	assert(to + slot <= m->registers + sizeof(m->registers));
	memset(to, 0, slot);
	memcpy(to, data, len);
}

static void put_u32(struct machine *m, uint32_t dreg, uint32_t value)
{
	put(m, dreg, &value, sizeof(value));
}

static void put_name(struct machine *m, uint32_t dreg, const char *name)
{
	uint8_t bytes[16] = { 0 };

	if (name)
		memcpy(bytes, name, strnlen(name, 15));
	put(m, dreg, bytes, sizeof(bytes));
}

/* ---- the packet ---------------------------------------------------------------------------- */

static uint8_t protocol_of(const struct machine *m)
{
	return (uint8_t)(m->packet->packet.service >> 16);
}

static bool is_icmp(const struct machine *m)
{
	return protocol_of(m) == IPPROTO_ICMP || protocol_of(m) == IPPROTO_ICMPV6;
}

static bool has_ports(const struct machine *m)
{
	switch (protocol_of(m)) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		return true;
	default: /* numbers of the protocol, not an enum of ours */
		return false;
	}
}

static void load_meta(struct machine *m, const struct gw_expr *expr)
{
	const struct eval_packet *p = m->packet;
	uint32_t second = (uint32_t)(p->now % 86400);
	uint8_t day = (uint8_t)((p->now / 86400 + 4) % 7);
	uint8_t nfproto = p->packet.family == GW_FAMILY_IPV4 ? 2 : 10, proto = protocol_of(m);

	switch (expr->key) {
	case NFT_META_IIFNAME:
		put_name(m, expr->dreg, p->reply ? p->oif : p->iif);
		return;
	case NFT_META_OIFNAME:
		put_name(m, expr->dreg, p->reply ? p->iif : p->oif);
		return;
	case NFT_META_NFPROTO:
		put(m, expr->dreg, &nfproto, 1);
		return;
	case NFT_META_L4PROTO:
		put(m, expr->dreg, &proto, 1);
		return;
	case NFT_META_MARK:
		put_u32(m, expr->dreg, m->result->mark);
		return;
	case NFT_META_TIME_DAY:
		put(m, expr->dreg, &day, 1);
		return;
	case NFT_META_TIME_HOUR:
		put_u32(m, expr->dreg, second);
		return;
	default:
		assert(!"a meta key that the interpreter does not know");
	}
}

static void load_ct_address(struct machine *m, const struct gw_expr *expr, enum gw_family family)
{
	const struct gw_packet *p = &m->packet->packet;
	uint8_t bytes[16];

	assert(expr->dir <= 1);
	gw_addr_to_bytes(family, expr->dir == 0 ? p->source : p->dest, bytes);
	put(m, expr->dreg, bytes, family == GW_FAMILY_IPV4 ? 4 : 16);
}

/* False: the kernel ends the rule. */
static bool load_ct(struct machine *m, const struct gw_expr *expr)
{
	const struct eval_packet *p = m->packet;
	uint16_t port = htons((uint16_t)p->packet.service);
	uint8_t direction = p->reply, proto = protocol_of(m);
	uint16_t identifier = htons(8 << 8); /* looks like a type: must not be taken for one */

	switch (expr->key) {
	case NFT_CT_STATE:
		put_u32(m, expr->dreg, p->reply || p->ct_mark ? STATE_EST : STATE_NEW);
		return true;
	case NFT_CT_DIRECTION:
		put(m, expr->dreg, &direction, 1);
		return true;
	case NFT_CT_MARK:
		put_u32(m, expr->dreg, m->result->ct_mark);
		return true;
	case NFT_CT_PROTOCOL:
		put(m, expr->dreg, &proto, 1);
		return true;
	case NFT_CT_PROTO_SRC: /* of the reply: the server's port; an identifier with ICMP */
		assert(expr->dir == 1);
		if (is_icmp(m))
			port = identifier;
		else if (!has_ports(m))
			port = 0;
		put(m, expr->dreg, &port, 2);
		return true;
	case NFT_CT_PROTO_DST:
		assert(expr->dir == 0);
		put(m, expr->dreg, &port, 2);
		return true;
	case NFT_CT_SRC_IP:
		if (p->packet.family != GW_FAMILY_IPV4)
			return false;
		load_ct_address(m, expr, GW_FAMILY_IPV4);
		return true;
	case NFT_CT_SRC_IP6:
		if (p->packet.family != GW_FAMILY_IPV6)
			return false;
		load_ct_address(m, expr, GW_FAMILY_IPV6);
		return true;
	default:
		assert(!"a ct key that the interpreter does not know");
	}
	return false;
}

static void load_payload(struct machine *m, const struct gw_expr *expr)
{
	const struct eval_packet *p = m->packet;
	bool ipv4 = p->packet.family == GW_FAMILY_IPV4;
	uint8_t header[64] = { 0 };

	if (expr->base == NFT_PAYLOAD_NETWORK_HEADER) {
		uint8_t *source = header + (ipv4 ? 12 : 8), *dest = header + (ipv4 ? 16 : 24);

		header[7] = 64;
		gw_addr_to_bytes(p->packet.family, p->packet.source, p->reply ? dest : source);
		gw_addr_to_bytes(p->packet.family, p->packet.dest, p->reply ? source : dest);
	} else if (is_icmp(m)) {
		header[0] = (uint8_t)(p->packet.service >> 8);
	} else {
		header[p->reply ? 0 : 2] = (uint8_t)(p->packet.service >> 8);
		header[p->reply ? 1 : 3] = (uint8_t)p->packet.service;
	}
	assert(expr->offset + expr->len <= sizeof(header));
	put(m, expr->dreg, header + expr->offset, expr->len);
}

/* ---- sets ---------------------------------------------------------------------------------- */

static bool field_matches(const struct gw_elem *elem, const uint8_t *key, uint32_t at, uint32_t len)
{
	const uint8_t *end = elem->key_end ? elem->key_end : elem->key;

	return memcmp(key + at, elem->key + at, len) >= 0 && memcmp(key + at, end + at, len) <= 0;
}

static const struct gw_elem *find(struct machine *m, const char *name, const uint8_t *key)
{
	const struct gw_set *set = gw_ruleset_set(m->ruleset, name);
	const struct gw_elem *found = NULL;

	assert(set);
	for (size_t i = 0; i < set->n_elems; i++) {
		const struct gw_elem *elem = &set->elems[i];
		uint32_t at = 0;
		bool matches = true;

		for (size_t k = 0; k < set->n_key && matches; k++) {
			uint32_t slot = set->n_key > 1 ? gw_type_slot(set->key[k])
						       : gw_type_len(set->key[k]);

			matches = field_matches(elem, key, at, slot);
			at += slot;
		}
		if (!matches || (elem->expires_ms && elem->expires_ms <= m->packet->now * 1000))
			continue;
		assert(!found); /* entries of one set never overlap */
		found = elem;
	}
	return found;
}

static enum outcome verdict(struct machine *m, enum gw_verdict_code code, const char *chain,
			    unsigned int depth)
{
	enum outcome outcome;

	switch (code) {
	case GW_VERDICT_ACCEPT:
		return ACCEPT;
	case GW_VERDICT_DROP:
		return DROP;
	case GW_VERDICT_RETURN:
		return RETURN;
	case GW_VERDICT_JUMP:
		outcome = run_chain(m, chain, depth + 1);
		return outcome == RETURN ? NEXT : outcome;
	case GW_VERDICT_GOTO:
		return run_chain(m, chain, depth + 1);
	case GW_VERDICT_NONE:
		break;
	}
	assert(!"no verdict");
	return DROP;
}

/* ---- expressions --------------------------------------------------------------------------- */

/* What an expression does to its rule. */
enum step {
	GO_ON,
	BREAK,
	END, /* with *ret_outcome */
};

static enum step lookup(struct machine *m, const struct gw_expr *expr, unsigned int depth,
			enum outcome *ret_outcome)
{
	const struct gw_elem *elem = find(m, expr->set_name, reg(m, expr->sreg));

	if (!elem || expr->op)
		return !elem == !!expr->op ? GO_ON : BREAK;
	if (!expr->map)
		return GO_ON;
	if (expr->dreg != GW_REG_VERDICT) {
		put(m, expr->dreg, elem->data, 4);
		return GO_ON;
	}
	*ret_outcome = verdict(m, elem->verdict, elem->chain, depth);
	return END;
}

static bool compare(struct machine *m, const struct gw_expr *expr)
{
	int order = memcmp(reg(m, expr->sreg), expr->data, expr->data_len);

	assert(expr->op == NFT_CMP_EQ || expr->op == NFT_CMP_NEQ);
	return (order == 0) == (expr->op == NFT_CMP_EQ);
}

static bool in_range(struct machine *m, const struct gw_expr *expr)
{
	const uint8_t *value = reg(m, expr->sreg);

	assert(expr->op == NFT_RANGE_EQ);
	return memcmp(value, expr->data, expr->data_len) >= 0 &&
	       memcmp(value, expr->data_end, expr->data_len) <= 0;
}

static void combine(struct machine *m, const struct gw_expr *expr)
{
	uint8_t bytes[16];

	assert(expr->len <= sizeof(bytes));
	for (uint32_t i = 0; i < expr->len; i++) {
		if (expr->kind == GW_EXPR_BITWISE_OR)
			bytes[i] = reg(m, expr->sreg)[i] | reg(m, expr->sreg2)[i];
		else
			bytes[i] = (reg(m, expr->sreg)[i] & expr->data[i]) ^ expr->data_end[i];
	}
	put(m, expr->dreg, bytes, expr->len);
}

static void swap_bytes(struct machine *m, const struct gw_expr *expr)
{
	uint8_t bytes[4];

	for (uint32_t i = 0; i < expr->len; i++)
		bytes[i] = reg(m, expr->sreg)[expr->len - 1 - i];
	put(m, expr->dreg, bytes, expr->len);
}

static enum step store(struct machine *m, const struct gw_expr *expr)
{
	uint32_t value;

	memcpy(&value, reg(m, expr->sreg), sizeof(value));
	if (expr->kind == GW_EXPR_META)
		m->result->mark = value;
	else
		m->result->ct_mark = value;
	return GO_ON;
}

static enum step load(struct machine *m, const struct gw_expr *expr)
{
	if (expr->set)
		return store(m, expr);
	if (expr->kind == GW_EXPR_META)
		load_meta(m, expr);
	else if (!load_ct(m, expr))
		return BREAK;
	return GO_ON;
}

static enum step run_expr(struct machine *m, const struct gw_expr *expr, unsigned int depth,
			  enum outcome *ret_outcome)
{
	static const uint8_t present = 1, absent = 0;

	switch (expr->kind) {
	case GW_EXPR_META:
	case GW_EXPR_CT:
		return load(m, expr);
	case GW_EXPR_PAYLOAD:
		load_payload(m, expr);
		return GO_ON;
	case GW_EXPR_IMMEDIATE:
		if (expr->dreg != GW_REG_VERDICT) {
			put(m, expr->dreg, expr->data, expr->data_len);
			return GO_ON;
		}
		*ret_outcome = verdict(m, expr->verdict, expr->chain, depth);
		return END;
	case GW_EXPR_CMP:
		return compare(m, expr) ? GO_ON : BREAK;
	case GW_EXPR_RANGE:
		return in_range(m, expr) ? GO_ON : BREAK;
	case GW_EXPR_BITWISE:
	case GW_EXPR_BITWISE_OR:
		combine(m, expr);
		return GO_ON;
	case GW_EXPR_BYTEORDER:
		swap_bytes(m, expr);
		return GO_ON;
	case GW_EXPR_LOOKUP:
		return lookup(m, expr, depth, ret_outcome);
	case GW_EXPR_FIB:
		put(m, expr->dreg, &present, 1);
		return GO_ON;
	case GW_EXPR_DYNSET: /* the rate is never reached */
		return GO_ON;
	case GW_EXPR_LOG:
		m->result->logged = true;
		return GO_ON;
	case GW_EXPR_REJECT:
		m->result->verdict = EVAL_REJECT;
		*ret_outcome = DROP;
		return END;
	case GW_EXPR_HEADER: /* packets of ours have none */
		put(m, expr->dreg, &absent, 1);
		return GO_ON;
	case GW_EXPR_RT: /* no packet of ours is a SYN by its flags */
	case GW_EXPR_EXTHDR:
	case GW_EXPR_COUNTER:
	case GW_EXPR_LIMIT:
	case GW_EXPR_NAT:
	case GW_EXPR_MASQ:
	case GW_EXPR_KINDS:
		break;
	}
	assert(!"an expression that the interpreter does not know");
	return BREAK;
}

static enum outcome run_rule(struct machine *m, const struct gw_rule *rule, unsigned int depth)
{
	m->result->rules++;
	for (size_t i = 0; i < rule->n_exprs; i++) {
		enum outcome outcome = NEXT;

		switch (run_expr(m, &rule->exprs[i], depth, &outcome)) {
		case GO_ON:
			continue;
		case BREAK:
			return NEXT;
		case END:
			return outcome;
		}
	}
	return NEXT;
}

static enum outcome run_chain(struct machine *m, const char *name, unsigned int depth)
{
	const struct gw_chain *chain = gw_ruleset_chain(m->ruleset, name);

	assert(chain && depth < DEPTH_MAX);
	for (size_t i = 0; i < chain->n_rules; i++) {
		enum outcome outcome;

		/* The kernel lets no rule read what another one loaded. */
		memset(m->registers, 0xee, sizeof(m->registers));
		outcome = run_rule(m, &chain->rules[i], depth);
		if (outcome != NEXT)
			return outcome;
	}
	return RETURN;
}

struct eval_result ruleset_eval(const struct gw_ruleset *ruleset, const struct eval_packet *packet)
{
	const char *const hooks[] = { "prerouting_raw", packet->oif ? "forward" : "input" };
	struct eval_result result = { .verdict = EVAL_DROP, .ct_mark = packet->ct_mark };
	struct machine machine = { .ruleset = ruleset, .packet = packet, .result = &result };

	for (size_t i = 0; i < 2; i++) {
		const struct gw_chain *chain = gw_ruleset_chain(ruleset, hooks[i]);
		enum outcome outcome = run_chain(&machine, hooks[i], 0);

		assert(chain && chain->base);
		if (outcome == DROP || (outcome == RETURN && chain->base->policy_drop))
			return result;
	}
	result.verdict = EVAL_ACCEPT;
	return result;
}
