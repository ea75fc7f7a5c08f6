/*
 * The validated model: what the operator means, with every name resolved and every value typed.
 * Built from YAML nodes by gw_policy_load (load.h); read by analysis, compiler and reports;
 * never changed after it was built. One arena owns it all.
 *
 * Both address families are always there. Order never matters: the tables below are sorted by id or
 * name, so two repositories that differ in order only give the same model.
 */
#ifndef GW_POLICY_POLICY_H
#define GW_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/approval/approval.h"
#include "gw/core/addr.h"
#include "gw/core/arena.h"
#include "gw/core/diag.h"
#include "gw/policy/settings.h"

#define GW_ZONES_MAX 256u /* zones of one site */

enum gw_anti_spoof {
	GW_ANTI_SPOOF_STRICT, /* nets, and the route back leaves by the same interface: default */
	GW_ANTI_SPOOF_LOOSE,  /* nets, and there is a route back */
	GW_ANTI_SPOOF_NETS,   /* nets only */
	GW_ANTI_SPOOF_OFF,
};

struct gw_interface {
	const char *name;
	struct gw_loc loc;
};

/** A device of an admission register. */
struct gw_device {
	uint8_t mac[6];
	const char *note; /* what the register says of it; NULL: nothing */
	struct gw_loc loc;
};
#define GW_DEVICES_MAX 65536u /* of one zone */

/** `admission:` of a zone: which devices may send into it at all (2.1.1.1 (1)(e), 2.2.4.1 (1)(k)). */
struct gw_admission {
	const struct gw_device *devices; /* sorted by MAC, each once */
	size_t n_devices;
	/* Ports of bridges where frames are judged as they come in, also those between two machines of
	 * the zone, which are never routed. */
	const struct gw_interface *ports;
	size_t n_ports;
	const char *const *identities; /* who, once authenticated, brings his device in */
	size_t n_identities;
	struct gw_loc loc;
};

/** A group of machines behind one or more interfaces (2.2.4.1 (1)(d)). */
struct gw_zone {
	const char *name;
	struct gw_loc loc;
	unsigned int index; /* place in gw_policy.zones */
	const struct gw_interface *interfaces;
	size_t n_interfaces;
	/* Declared nets, per family. Both empty: the zone covers what no other zone declares. */
	struct gw_addrset nets[GW_FAMILY_COUNT];
	bool has_nets; /* `nets:` was given; a family without a net then has no addresses at all */
	/* What the zone's addresses can be, per family: nets, or the complement of all other zones'
	 * nets (multicast, loopback and unspecified excluded), or everything with anti_spoof: off.
	 * Empty for IPv6 where ipv6 is off. */
	struct gw_addrset space[GW_FAMILY_COUNT];
	bool untrusted;
	/* Administrators sit here: measures such as `isolate` spare the zone's own access, and lockdown
	 * keeps its gateway rules. Default for a zone called mgmt. */
	bool management;
	bool ipv6;      /* false: `ipv6: off` */
	bool clamp_mss; /* path-MTU clamp for TCP through this zone: default true */
	enum gw_anti_spoof anti_spoof;
	const struct gw_admission *admission; /* NULL: every device may send */
};

/** A set of zones as bits; index is gw_zone.index. */
struct gw_zone_set {
	uint64_t bits[GW_ZONES_MAX / 64];
	bool any; /* written as `any`: all bits are set, see gw_zone_sets_cover */
};

static inline bool gw_zone_set_has(const struct gw_zone_set *set, unsigned int index)
{
	return set->bits[index / 64] >> (index % 64) & 1;
}

static inline void gw_zone_set_add(struct gw_zone_set *set, unsigned int index)
{
	set->bits[index / 64] |= UINT64_C(1) << (index % 64);
}

/** A named list of addresses: `hosts:`. */
struct gw_hosts {
	const char *name;
	struct gw_loc loc;
	struct gw_addrset addrs[GW_FAMILY_COUNT];
	/* More than GW_HOSTS_LARGE ranges in one family: compiled into a kernel set of its own
	 * instead of being multiplied into the policies that name it. */
	bool large;
	bool used; /* a rule, a translation, an assertion or another list names it */
};
#define GW_HOSTS_LARGE 256u

/**
 * Source or destination of a policy. Not `any`: the union of `addrs` (literals and small host
 * lists, merged) and of the large host lists in `large`.
 */
struct gw_addr_match {
	bool any;
	struct gw_addrset addrs[GW_FAMILY_COUNT];
	const struct gw_hosts *const *large;
	size_t n_large;
};

/** A named service: ranges over gw_service_key. */
struct gw_service {
	const char *name;
	struct gw_loc loc;
	struct gw_addrset keys;
	bool used; /* a rule, a translation, an assertion or another service names it */
};

/** Seconds since midnight UTC on a weekday; the loader has split windows at midnight UTC. */
struct gw_window_part {
	uint8_t weekday;      /* 0 is Sunday, as in the kernel's `meta day` */
	uint32_t from, until; /* both included; until <= 86399 */
};

/** When a policy holds. Equal windows are one object (compare pointers). */
struct gw_window {
	unsigned int index;                 /* place in gw_policy.windows */
	const struct gw_window_part *parts; /* sorted, disjoint */
	size_t n_parts;
	struct gw_loc loc; /* first use */
};

enum gw_action {
	GW_ACTION_ACCEPT,
	GW_ACTION_DROP,
	GW_ACTION_REJECT,
};

enum gw_rule_kind {
	GW_RULE_POLICY,    /* policies: between zones */
	GW_RULE_EXCEPTION, /* exceptions: accept between zones until `expires` */
	GW_RULE_GATEWAY,   /* gateway: from zones to the gateway itself */
};

/**
 * A policy, an exception or a gateway rule. Ids are unique over all three.
 * Precedence for a packet (design.md 4): locked drop/reject, exception, drop/reject, accept.
 */
struct gw_rule_def {
	enum gw_rule_kind kind;
	const char *id;
	struct gw_loc loc;           /* the id's value */
	struct gw_zone_set from, to; /* `to` is empty for gateway rules */
	struct gw_addr_match source, dest;
	bool any_service;
	struct gw_addrset services; /* over gw_service_key; [0, GW_SERVICE_MAX] if any_service */
	enum gw_action action;      /* exceptions: ACCEPT */
	bool locked;
	bool log; /* log the first packet of each connection, or each dropped packet (capped) */
	const struct gw_window *window;       /* NULL: always */
	const char *owner, *ticket, *purpose; /* purpose may be NULL */
	int64_t review; /* review: due at the end of this day, Unix time; 0 for exceptions */
	/* exceptions only */
	int64_t expires; /* Unix time */
	const char *reason, *requested_by;
	const char *const *approved_by;
	size_t n_approved_by;
};

enum gw_nat_kind {
	GW_NAT_MASQUERADE,
	GW_NAT_SNAT,
	GW_NAT_DNAT,
};

/** An address translation. Policies always see the real inside addresses. */
struct gw_nat {
	enum gw_nat_kind kind;
	const char *id;
	struct gw_loc loc;
	struct gw_zone_set from, to;       /* `to` is empty for dnat */
	struct gw_addr_match source, dest; /* dnat: dest is the public address that clients use */
	bool any_service;
	struct gw_addrset services;
	bool families[GW_FAMILY_COUNT]; /* which families it translates */
	enum gw_family to_family;       /* of to_addr: snat, dnat */
	struct gw_range to_addr;        /* snat: a pool; dnat: lo == hi */
	uint16_t to_port;               /* dnat: 0 keeps the port */
	bool hairpin; /* dnat: also for clients of the zone where the server stands */
	struct gw_zone_set hairpin_zones; /* computed: zones whose space holds to_addr */
	const char *owner, *ticket;
};

/** One `verify:` assertion. */
struct gw_assertion {
	bool always; /* false: never */
	struct gw_loc loc;
	struct gw_zone_set from, to;
	bool to_gateway; /* `to: gateway`; then `to` is empty */
	struct gw_addr_match source, dest;
	bool any_service;
	struct gw_addrset services;
};

/** Top-level keys of gw.yaml that modules own: see section.h. */
enum gw_section_id {
	GW_SECTION_LIMITS,
	GW_SECTION_DNS,
	GW_SECTION_IPV6GUARD,
	GW_SECTION_VPNAUTH,
	GW_SECTION_METRICS,
	GW_SECTION_COUNT,
};

struct gw_policy {
	struct gw_arena *arena;
	const char *site_name;
	struct gw_loc site_loc;
	const struct gw_zone *zones; /* by name */
	size_t n_zones;
	const struct gw_hosts *hosts; /* by name */
	size_t n_hosts;
	const struct gw_service *services; /* by name */
	size_t n_services;
	const struct gw_window *windows;
	size_t n_windows;
	const struct gw_rule_def *rules; /* policies, exceptions, gateway rules: by id */
	size_t n_rules;
	const struct gw_nat *nats; /* by id */
	size_t n_nats;
	const struct gw_assertion *assertions;
	size_t n_assertions;
	enum gw_action between_default; /* DROP or REJECT */
	bool between_log;               /* between: {log: drops} */
	struct gw_loc between_loc;      /* of `default`, or of the site if it is not written */
	uint32_t mark_mask; /* marks: {mask: …}; default 0xffffffff: the whole conntrack mark */
	uint32_t log_group; /* NFLOG group; default 100 */
	uint32_t log_rate;  /* log packets per second and policy; default 10 */
	struct gw_change_settings change;
	struct gw_approvals approvals;
	struct gw_audit_settings audit;
	const struct gw_contact *contacts; /* by name */
	size_t n_contacts;
	/* What hosts in quarantine still reach, as far as policies permit it. */
	struct gw_addrset quarantine_reach[GW_FAMILY_COUNT];
	struct gw_host_settings host;
	enum gw_crypto_profile crypto;
	const void *sections[GW_SECTION_COUNT]; /* what modules made of theirs */
};

/** The zone with this name, or NULL. */
const struct gw_zone *gw_policy_zone(const struct gw_policy *policy, const char *name);
/** The rule with this id, or NULL. */
const struct gw_rule_def *gw_policy_rule(const struct gw_policy *policy, const char *id);
/**
 * True if the ordered pair of zones is one that `from:` and `to:` mean. `any` stands for traffic
 * between different zones: a zone with itself (two interfaces of one zone) is meant only where
 * both sides name it, so that a wide rule does not silently open a zone inside.
 */
bool gw_zone_sets_cover(const struct gw_zone_set *from_set, const struct gw_zone_set *to_set,
			const struct gw_zone *from, const struct gw_zone *to);
/** The same for a rule; `to` is NULL for traffic to the gateway, which gateway rules cover. */
bool gw_rule_covers(const struct gw_rule_def *rule, const struct gw_zone *from,
		    const struct gw_zone *to);
/** "wan", "hq,guest" or "any": for messages and labels; from the arena. */
const char *gw_zone_set_text(struct gw_arena *arena, const struct gw_policy *policy,
			     const struct gw_zone_set *set);
const char *gw_action_name(enum gw_action action);
const char *gw_rule_kind_name(enum gw_rule_kind kind);

#endif
