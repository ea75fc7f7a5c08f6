/*
 * `dns: {zones: …}`: the zones that are signed and published from the config repository.
 *
 *	zones = gw_dns_config(policy)->zones;
 *	zone = gw_zones_config_find(zones, "example.go.jp");
 *
 * A model as all of the policy: in its arena, with places for diagnostics, never changed.
 */
#ifndef DNS_ZONE_CONFIG_H
#define DNS_ZONE_CONFIG_H

#include "dns/zone/keys.h"
#include "dns/zone/roll.h"
#include "gw/core/addr.h"

struct gw_loader;
struct gw_node;
struct gw_table;

/** An address at which DNS questions are answered. */
struct gw_zone_address {
	enum gw_family family;
	gw_u128 addr;
	uint16_t port;
	struct gw_loc loc;
};

/** An authoritative server of the zone, or of its parent. */
struct gw_zone_server {
	const char *name;
	const struct gw_zone_address *addresses;
	size_t n_addresses;
	const char *tsig; /* file with the key for questions and transfers; NULL: none */
	bool primary;     /* gets what is published; the others must follow it */
	bool transfers;   /* lets us transfer the zone: compared as a whole */
	struct gw_loc loc;
};

enum gw_zone_denial {
	GW_ZONE_DENIAL_NSEC,
	GW_ZONE_DENIAL_NSEC3,
	GW_ZONE_DENIAL_NSEC3_OPT_OUT,
};

enum gw_zone_serial {
	GW_ZONE_SERIAL_INCREMENT, /* one more than the last that was published */
	GW_ZONE_SERIAL_UNIXTIME,
	GW_ZONE_SERIAL_DATE, /* YYYYMMDDnn */
	GW_ZONE_SERIAL_KEEP, /* the file's, which must be newer than what was published */
};

struct gw_zone_signatures {
	uint32_t validity; /* of a signature */
	uint32_t refresh;  /* it is made anew when it has less than that left */
	uint32_t jitter;   /* ends are spread over so long */
	uint32_t backdate; /* inception, before now: clocks of validators are off */
};

struct gw_zone_policy {
	enum gw_zone_algorithm algorithm;
	uint32_t rsa_bits;
	bool combined;                /* one key (CSK) instead of KSK and ZSK */
	struct gw_zone_timing timing; /* dnskey_ttl; max_ttl is of the data */
	bool sign;
};

/** A program that serves the zone and is told of new versions. */
enum gw_zone_server_kind {
	GW_ZONE_SERVER_NONE,
	GW_ZONE_SERVER_NSD,
	GW_ZONE_SERVER_KNOT,
	GW_ZONE_SERVER_BIND,
};

struct gw_zone_publish {
	const char *to; /* absolute path of the file that is served; NULL: not published */
	enum gw_zone_server_kind server;
	const char *control; /* config file or socket of its control program; NULL: the usual */
	uint32_t timeout_s;  /* for the server to take it, and to show it */
	struct gw_loc loc;
};

enum gw_zone_rule_use {
	GW_ZONE_RULE_OFF,
	GW_ZONE_RULE_WARNING,
	GW_ZONE_RULE_ERROR,
};

/** A rule of lint that this zone judges otherwise. */
struct gw_zone_rule_override {
	const struct gw_diag_kind *rule;
	enum gw_zone_rule_use use;
	const char *reason;
	struct gw_loc loc;
};

struct gw_zone_config {
	const struct gw_zone_name *name;
	const char *file; /* below the repository */
	struct gw_loc file_loc, loc;
	const char *owner;
	int64_t review;
	struct gw_zone_policy policy;
	enum gw_zone_denial denial;
	enum gw_zone_serial serial;
	bool zonemd;
	struct gw_zone_signatures signatures;
	struct gw_loc signatures_loc;
	const struct gw_zone_server *servers, *parents;
	size_t n_servers, n_parents;
	struct gw_zone_publish publish;
	const struct gw_zone_name *const
		*suffixes; /* of names that the zone may refer to; none: any */
	size_t n_suffixes;
	uint32_t ttl_min, ttl_max;
	bool inside; /* an inside zone: may hold inside addresses */
	const struct gw_zone_rule_override *overrides;
	size_t n_overrides;
};

struct gw_zones_config {
	const char *secret; /* what seals the keys: a file, or credential:NAME. NULL: none */
	struct gw_loc secret_loc;
	const struct gw_zone_config *zones; /* by name */
	size_t n_zones;
};

/** Reads what stands under `dns: {keys: …}` and `dns: {zones: …}`; NULL for either: nothing does. */
const struct gw_zones_config *gw_zones_config_load(struct gw_loader *loader, struct gw_node *keys,
						   struct gw_node *zones);
/** By a name in any spelling; NULL: there is none. */
const struct gw_zone_config *gw_zones_config_find(const struct gw_zones_config *zones,
						  const char *name);

/**
 * Whether signatures last until every secondary and cache has let go of them, for a zone with this SOA
 * expire and longest TTL: a secondary that has lost its primary serves what it has for `expire`, and
 * caches keep that for a TTL more (RFC 6781, 4.4.2). False after adding a diagnostic.
 */
bool gw_zone_signatures_last(const struct gw_zone_config *zone, uint32_t expire, uint32_t max_ttl,
			     struct gw_diags *diags);

extern const struct gw_table gw_table_dns_keys, gw_table_dns_zone;

#endif
