/*
 * The numbers that tie kernel state to policies: connection marks, counters and log lines carry a
 * number instead of an id. The number of a rule stays the same from apply to apply as long as
 * all that it let through before still may pass; it changes when anything that the rule permitted
 * is withdrawn, so that connections accepted under the old meaning are judged again at their next
 * packet. Numbers are never used again before the counter has gone round.
 *
 * Numbers below GW_NUMBER_FIRST are built in (enum gw_builtin).
 */
#ifndef GW_COMPILE_NUMBERS_H
#define GW_COMPILE_NUMBERS_H

#include "gw/core/text.h"
#include "gw/policy/policy.h"

enum gw_builtin {
	GW_BUILTIN_NONE,
	GW_BUILTIN_GATEWAY_OUT, /* connections that the gateway itself opens: accept */
	GW_BUILTIN_ICMPV6,      /* neighbour discovery and MLD to the gateway: accept */
	GW_BUILTIN_BETWEEN,     /* no rule matched */
	GW_BUILTIN_SPOOF,       /* source not in the zone's nets, or no way back */
	GW_BUILTIN_MISROUTED,   /* destination not in the outgoing zone's nets */
	GW_BUILTIN_INVALID,     /* conntrack cannot place the packet */
	GW_BUILTIN_WITHDRAWN,  /* belongs to a connection whose rule is gone and no other matches */
	GW_BUILTIN_NO_ZONE,    /* interface in no zone */
	GW_BUILTIN_IPV6_OFF,   /* IPv6 on a zone that has none */
	GW_BUILTIN_GATEWAY_IN, /* to the gateway itself, and no gateway rule matched */
	/* Emergency measures and admission, see measures.h. Appended, never inserted: the numbers are
	 * in kernels that run. */
	GW_BUILTIN_ISOLATED,
	GW_BUILTIN_BANNED,
	GW_BUILTIN_QUARANTINED,
	GW_BUILTIN_SUSPENDED,
	GW_BUILTIN_NOT_ADMITTED, /* a device that the zone's register does not know */
	GW_BUILTIN_COUNT
};
#define GW_NUMBER_FIRST 16u
_Static_assert(GW_BUILTIN_COUNT <= GW_NUMBER_FIRST, "numbers of rules begin behind those built in");

/**
 * Numbers are stored in the mark as they are: with a mask such as 0xfffff000 all of them are
 * multiples of 0x1000, the lowest bit of the mask, from GW_NUMBER_FIRST times that on. The mark of
 * the gateway's own connections is GW_BUILTIN_GATEWAY_OUT times that.
 */
uint32_t gw_number_step(uint32_t mark_mask);

/** "between", "spoof", …: the value of gw_drops_total{reason}. */
const char *gw_builtin_name(enum gw_builtin builtin);

struct gw_number {
	const char *id; /* of the rule */
	uint32_t number;
	uint64_t content; /* hash of what the rule effectively permits or denies */
};

/** All numbers in use, sorted by id, and the next one to give out. */
struct gw_numbers {
	struct gw_arena *arena;
	struct gw_number *items;
	size_t n;
	uint32_t next;
	/* This policy or one before it translated addresses: connections may still need that. */
	bool translates;
};

/**
 * Numbers for `policy`, given those of the revision before (`previous` and its policy; both NULL at
 * first). Pure: the same arguments give the same numbers. Returns NULL with a diagnostic if the
 * mark mask leaves too few numbers.
 */
struct gw_numbers *gw_numbers_assign(const struct gw_policy *policy,
				     const struct gw_numbers *previous,
				     const struct gw_policy *previous_policy,
				     struct gw_diags *diags);
void gw_numbers_free(struct gw_numbers *numbers);
/** The number of this rule id; 0 if it has none. */
uint32_t gw_numbers_of(const struct gw_numbers *numbers, const char *id);
/** The rule id with this number, or NULL. Linear: for logs and reports. */
const char *gw_numbers_id(const struct gw_numbers *numbers, uint32_t number);

/* As JSON for the state directory; parse returns NULL if the text is not ours. */
void gw_numbers_print(const struct gw_numbers *numbers, struct gw_text *out);
struct gw_numbers *gw_numbers_parse(const char *json, size_t len);

#endif
