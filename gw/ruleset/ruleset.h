/*
 * A ruleset as data: tables, chains, rules, sets and their elements, the same form for what we want
 * (made by gw/compile) and for what the kernel holds (made by gw/nft). It knows nothing of
 * policies, save the `origin` that each object carries so that a kernel refusal, a counter or a
 * log line leads back to the line that the operator wrote.
 *
 * Everything is in `arena`. Arrays of chains and sets are sorted by name; rules are in order;
 * elements are sorted by key. Nothing here is in kernel byte order except keys and data of
 * elements and the immediate bytes of expressions, which are exactly what the kernel compares.
 */
#ifndef GW_RULESET_RULESET_H
#define GW_RULESET_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/arena.h"
#include "gw/core/diag.h"
#include "gw/core/text.h"

/** What an object was compiled from. */
struct gw_origin {
	const char *id; /* policy id, zone name, "gw" for what is always there */
	struct gw_loc loc;
};

/** Kernel registers: GW_REG(0) .. GW_REG(15), 4 bytes each (NFT_REG32_00 + n). */
#define GW_REG(n)      (8u + (n))
#define GW_REG_VERDICT 0u

enum gw_verdict_code {
	GW_VERDICT_NONE, /* data is a value, not a verdict */
	GW_VERDICT_ACCEPT,
	GW_VERDICT_DROP,
	GW_VERDICT_JUMP,
	GW_VERDICT_GOTO,
	GW_VERDICT_RETURN,
};

/** One kernel expression. Which members count depends on `kind`; the others are zero. */
enum gw_expr_kind {
	GW_EXPR_META,      /* dreg = meta key; or, with `set`, meta key = sreg */
	GW_EXPR_CT,        /* dreg = ct key [dir]; or, with `set`, ct key = sreg */
	GW_EXPR_PAYLOAD,   /* dreg = len bytes at offset of base */
	GW_EXPR_EXTHDR,    /* TCP option: dreg = option `key`, len bytes at offset; or write sreg */
	GW_EXPR_IMMEDIATE, /* dreg = data; or, dreg = GW_REG_VERDICT, verdict and chain */
	GW_EXPR_CMP,       /* sreg `op` data */
	GW_EXPR_RANGE,     /* sreg in (op EQ) or not in (NEQ) data..data_end */
	GW_EXPR_BITWISE,   /* dreg = (sreg & data) ^ data_end, len bytes */
	GW_EXPR_BITWISE_OR, /* dreg = sreg | sreg2, len bytes: kernel 6.13 and later */
	GW_EXPR_BYTEORDER,  /* dreg = sreg, op 0: ntoh, 1: hton; size in `key` (2, 4), len bytes */
	GW_EXPR_LOOKUP,  /* sreg in set `set_name`, inverted if `op`; if `map`, dreg = its data, and
			  * the verdict that it holds takes effect if dreg is GW_REG_VERDICT */
	GW_EXPR_FIB,     /* dreg = fib result `key`, flags in `flags` */
	GW_EXPR_RT,      /* dreg = rt key (tcpmss) */
	GW_EXPR_COUNTER, /* packets and bytes are the kernel's */
	GW_EXPR_LIMIT,   /* rate per unit, burst; inverted if `op` */
	GW_EXPR_LOG,     /* NFLOG: group, snaplen, prefix in `text` */
	GW_EXPR_REJECT,  /* type in `key`, icmp code in `op` */
	GW_EXPR_NAT,    /* kind in `key` (0 snat, 1 dnat), family, address regs, port regs, flags */
	GW_EXPR_MASQ,   /* flags */
	GW_EXPR_DYNSET, /* operation `key` (0 add, 1 update) on set `set_name` with key sreg; if
			 * `rate`, a limit of its own for each element, inverted if `op` */
	GW_EXPR_HEADER, /* IPv6: dreg = len bytes at offset of extension header `key`; or, by `flags`,
			 * one byte: is there one */
	GW_EXPR_KINDS   /* the number of kinds. Observed rules: an expression that is none of ours,
			 * its kernel name in `text`, a hash of its bytes in `rate` */
};

struct gw_expr {
	enum gw_expr_kind kind;
	uint32_t dreg, sreg, sreg2;
	uint32_t key, op, flags;        /* as <linux/netfilter/nf_tables.h> numbers them */
	uint32_t dir;                   /* CT: 0 original, 1 reply, 0xff none */
	uint32_t base, offset, len;     /* PAYLOAD, EXTHDR, BITWISE, BYTEORDER */
	bool set;                       /* META, CT: write sreg; EXTHDR: write sreg */
	bool map;                       /* LOOKUP: the set is a map */
	const uint8_t *data, *data_end; /* `data_len` bytes each */
	uint32_t data_len;
	enum gw_verdict_code verdict; /* IMMEDIATE */
	const char *chain;            /* IMMEDIATE: of JUMP and GOTO */
	const char *set_name;         /* LOOKUP, DYNSET */
	const char *text;             /* LOG: prefix */
	uint32_t group, snaplen;      /* LOG */
	uint64_t rate, unit;          /* LIMIT, DYNSET: packets per `unit` seconds */
	uint32_t burst;
	uint32_t family; /* NAT: NFPROTO_IPV4 or NFPROTO_IPV6 */
	/* NAT: registers, 0: none; a max equal to its min is left 0. `flags` without
	 * NF_NAT_RANGE_MAP_IPS and NF_NAT_RANGE_PROTO_SPECIFIED, which registers imply. */
	uint32_t addr_min, addr_max, port_min, port_max;
	uint64_t timeout_ms;     /* DYNSET */
	uint64_t packets, bytes; /* COUNTER, as observed; never compared */
};

struct gw_rule {
	struct gw_expr *exprs;
	size_t n_exprs;
	const struct gw_origin *origin; /* NULL when observed */
	const char *comment;            /* what `nft list` shows; origin id or a phrase */
	uint64_t handle;                /* observed only */
};

struct gw_base_hook {
	uint32_t hook; /* NF_INET_… or NF_NETDEV_INGRESS */
	int32_t priority;
	const char *type; /* "filter", "nat", "route" */
	bool policy_drop;
	/* Ingress and egress hooks: names, or with a star at the end what names begin with (Linux
	 * 6.18 and later). */
	const char *const *devices;
	size_t n_devices;
};

struct gw_chain {
	const char *name;
	const struct gw_base_hook *base; /* NULL: reached by jump only */
	struct gw_rule *rules;
	size_t n_rules, capacity;
	const struct gw_origin *origin;
	uint64_t handle;
};

/** Types of key and data fields, with nft's names and numbers. */
enum gw_type {
	GW_TYPE_MARK,    /* 4 bytes, host order: our numbers */
	GW_TYPE_IFNAME,  /* 16 bytes, NUL padded */
	GW_TYPE_IPV4,    /* 4 bytes */
	GW_TYPE_IPV6,    /* 16 bytes */
	GW_TYPE_PROTO,   /* 1 byte, in a 4-byte slot */
	GW_TYPE_PORT,    /* 2 bytes big-endian, in a 4-byte slot */
	GW_TYPE_ETHER,   /* 6 bytes, in an 8-byte slot */
	GW_TYPE_VERDICT, /* data only */
	/* The numbers of types are part of the stored form. */
	GW_TYPE_ICMPV6,    /* 1 byte, in a 4-byte slot */
	GW_TYPE_ETHERTYPE, /* 2 bytes big-endian, in a 4-byte slot */
	GW_TYPE_COUNT
};
#define GW_KEY_FIELDS_MAX 5
/** Bytes of a field without and with padding to the 4-byte slots of concatenations. */
uint32_t gw_type_len(enum gw_type type);
uint32_t gw_type_slot(enum gw_type type);
const char *gw_type_name(enum gw_type type);

struct gw_elem {
	const uint8_t *key;             /* key_len bytes of the set */
	const uint8_t *key_end;         /* intervals: last key that belongs; NULL: key alone */
	const uint8_t *data;            /* data_len bytes for maps to values */
	enum gw_verdict_code verdict;   /* maps to verdicts */
	const char *chain;              /* of JUMP and GOTO */
	const struct gw_origin *origin; /* NULL when observed */
	int64_t expires_ms;      /* Unix time in ms when the kernel shall remove it; 0: never */
	uint64_t packets, bytes; /* counter: observed value, or the one to start with */
};

#define GW_SET_RUN_TIME_PREFIX "rt_"

struct gw_set {
	const char *name;
	enum gw_type key[GW_KEY_FIELDS_MAX];
	size_t n_key;
	bool map;
	enum gw_type data; /* maps */
	bool interval, timeout, counter, dynamic;
	/* The kernel refuses any change of its elements while a rule uses the set, and the name holds
	 * a hash of them: a set of this name has these elements, so observing leaves them out (to
	 * list a million takes the kernel a minute) and plans do not compare them. */
	bool constant;
	uint32_t size; /* 0: unbounded. Fixed-size hash sets need one; interval sets have none */
	/* Elements belong to a run-time writer: plans leave them alone. Exactly the sets whose
	 * names start with GW_SET_RUN_TIME_PREFIX are so, because the kernel keeps no such flag. */
	bool run_time;
	struct gw_elem *elems;
	size_t n_elems, capacity;
	const struct gw_origin *origin;
	uint64_t handle;
};
uint32_t gw_set_key_len(const struct gw_set *set);
uint32_t gw_set_data_len(const struct gw_set *set);

/** One table of ours, and the next one: a ruleset is the list of them, `inet gw` first. */
struct gw_ruleset {
	struct gw_ruleset *next; /* NULL: the last; owned */
	struct gw_arena *arena;  /* owns all */
	uint32_t family;         /* NFPROTO_INET … */
	const char *name;        /* "gw" */
	bool exists;             /* observed: false if the kernel has no such table */
	struct gw_chain *chains; /* by name */
	size_t n_chains, chains_capacity;
	struct gw_set *sets; /* by name */
	size_t n_sets, sets_capacity;
	uint32_t generation; /* observed: the kernel's generation id; of the first table */
};

struct gw_ruleset *gw_ruleset_new(uint32_t family, const char *name);
/** All tables of the list. Accepts NULL. */
void gw_ruleset_free(struct gw_ruleset *ruleset);
/** The table of this family, added at the end of the list if it is not there. */
struct gw_ruleset *gw_ruleset_add_table(struct gw_ruleset *ruleset, uint32_t family);
/** The table of this family, or NULL. */
struct gw_ruleset *gw_ruleset_table(const struct gw_ruleset *ruleset, uint32_t family);

/* What follows is about one table, where it does not say otherwise. */

/* Building. Pointers to chains and sets are valid until the next one is added: keep names, or
 * look them up again. */
struct gw_chain *gw_ruleset_add_chain(struct gw_ruleset *ruleset, const char *name,
				      const struct gw_base_hook *base,
				      const struct gw_origin *origin);
struct gw_set *gw_ruleset_add_set(struct gw_ruleset *ruleset, const struct gw_set *definition);
struct gw_rule *gw_ruleset_add_rule(struct gw_ruleset *ruleset, struct gw_chain *chain,
				    const struct gw_expr *exprs, size_t n_exprs,
				    const struct gw_origin *origin, const char *comment);
/** Adds an element; copies nothing, so key and data must live in the ruleset's arena. */
void gw_ruleset_add_elem(struct gw_ruleset *ruleset, struct gw_set *set, struct gw_elem elem);
/** Sorts chains and sets of all tables by name and elements by key. Call once after building. */
void gw_ruleset_finish(struct gw_ruleset *ruleset);

/* Look-up by name in a finished ruleset; NULL if there is none. */
struct gw_chain *gw_ruleset_chain(const struct gw_ruleset *ruleset, const char *name);
struct gw_set *gw_ruleset_set(const struct gw_ruleset *ruleset, const char *name);

/* Equality of what is enforced: origins, handles, comments, counter values do not count. */
bool gw_expr_equal(const struct gw_expr *a, const struct gw_expr *b);
bool gw_rule_equal(const struct gw_rule *a, const struct gw_rule *b);
/** Definition only, without elements. */
bool gw_set_definition_equal(const struct gw_set *a, const struct gw_set *b);
/** Orders by key, then key_end. */
int gw_elem_compare(const struct gw_set *set, const struct gw_elem *a, const struct gw_elem *b);
/** Same key and same data or verdict; expiry within two seconds. */
bool gw_elem_equal(const struct gw_set *set, const struct gw_elem *a, const struct gw_elem *b);

/**
 * SHA-256 (OpenSSL) over the canonical form of what all tables enforce, hex, 65 bytes. Left out: elements of
 * run-time sets, those of constant sets, for which the name stands, and expiry, which comes back
 * from the kernel a little off.
 */
void gw_ruleset_digest(const struct gw_ruleset *ruleset, char ret_hex[65]);

/**
 * All tables in nft's own syntax as far as nft has words for it, each rule and element with its
 * origin as a comment "# web-in policies.yaml:14:10". For people and golden tests.
 */
void gw_ruleset_print(const struct gw_ruleset *ruleset, struct gw_text *out);

/* Canonical bytes of all tables, one after the other, added to `out`; the inverse reads them (bounds-checked). Used for
 * stored revisions: a revision can be put back without its config being compiled again. Origins and
 * comments are stored; handles, counts and elements of run-time sets are not. */
void gw_ruleset_encode(const struct gw_ruleset *ruleset, struct gw_text *out);
/** The ruleset, finished, owned by the caller; NULL if the bytes are malformed. */
struct gw_ruleset *gw_ruleset_decode(const void *bytes, size_t len);

#endif
