/*
 * The numeric members of struct gw_expr that decide what a rule does, `kind` apart. Equality,
 * digest and stored form all go through this one list, so that a member that is added here is
 * compared, hashed and stored, and one that is forgotten is forgotten by none of them alone.
 * Counts (packets, bytes) are the kernel's and stand in none.
 *
 *	#define SAME(member) && a->member == b->member
 *	return true GW_EXPR_NUMBERS(SAME);
 */
#ifndef GW_RULESET_EXPR_NUMBERS_H
#define GW_RULESET_EXPR_NUMBERS_H

/* At most 64: the stored form has one bit for each. The order is part of the stored form. */
/* clang-format off */
#define GW_EXPR_NUMBERS(DO) \
	DO(dreg) DO(sreg) DO(sreg2) DO(key) DO(op) DO(flags) DO(dir) DO(base) DO(offset) DO(len) \
	DO(set) DO(map) DO(data_len) DO(verdict) DO(group) DO(snaplen) DO(rate) DO(unit) DO(burst) \
	DO(family) DO(addr_min) DO(addr_max) DO(port_min) DO(port_max) DO(timeout_ms)
/* clang-format on */

#endif
