/* Rules of ours, and of the clauses: suffixes, inside addresses, TTLs, types that do not belong here. */
#include <string.h>

#include "dns/zone/lint_internal.h"
#include "gw/policy/policy.h"

/* ---- names under the government's domain (1.5.2.6) -------------------------------------------- */

static bool allowed(const struct lint *lint, const struct gw_dns_name *name)
{
	for (size_t i = 0; i < lint->zone->n_suffixes; i++) {
		struct gw_dns_name suffix = { .len = lint->zone->suffixes[i]->len };

		memcpy(suffix.wire, lint->zone->suffixes[i]->wire, suffix.len);
		if (gw_dns_name_within(name, &suffix))
			return true;
	}
	return lint->zone->n_suffixes == 0;
}

static void check_suffix(struct lint *lint, const struct gw_zone_record *record)
{
	struct gw_dns_name target;
	char type[16];

	if (!allowed(lint, record->name))
		lint_say(lint, GW_D_LINT_SUFFIX, record, "%s is under none of the allowed domains",
			 lint_name(lint, record->name));
	if (lint_target(record, &target) && target.len > 1 && !allowed(lint, &target))
		lint_say(lint, GW_D_LINT_SUFFIX, record,
			 "%s leads to %s, which is under none of the allowed domains",
			 gw_dns_type_text(record->type, type), lint_name(lint, &target));
}

/* ---- addresses (2.2.3.3 (1)(d)) --------------------------------------------------------------- */

struct block {
	const char *net;
	bool private_; /* somebody's inside; else nobody's at all */
};
static const struct block blocks[] = {
	{ "10.0.0.0/8", true },    { "172.16.0.0/12", true },   { "192.168.0.0/16", true },
	{ "100.64.0.0/10", true }, { "fc00::/7", true },        { "0.0.0.0/8", false },
	{ "127.0.0.0/8", false },  { "169.254.0.0/16", false }, { "224.0.0.0/3", false },
	{ "::/127", false },       { "fe80::/10", false },      { "ff00::/8", false },
};

static const struct block *block_of(enum gw_family family, gw_u128 addr)
{
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		enum gw_family block_family;
		struct gw_range range;

		if (gw_addr_parse(blocks[i].net, &block_family, &range) == GW_ADDR_OK &&
		    block_family == family && addr >= range.lo && addr <= range.hi)
			return &blocks[i];
	}
	return NULL;
}

/* Whether somebody outside may come there: then the address is no secret. */
static bool reachable(const struct gw_policy *policy, const struct gw_zone *zone)
{
	for (size_t r = 0; r < policy->n_rules; r++) {
		const struct gw_rule_def *rule = &policy->rules[r];

		if (rule->kind != GW_RULE_POLICY || rule->action != GW_ACTION_ACCEPT ||
		    !gw_zone_set_has(&rule->to, zone->index))
			continue;
		for (size_t z = 0; z < policy->n_zones; z++)
			if (policy->zones[z].untrusted &&
			    gw_zone_set_has(&rule->from, policy->zones[z].index))
				return true;
	}
	return false;
}

static const struct gw_zone *inside_zone(const struct gw_policy *policy, enum gw_family family,
					 gw_u128 addr)
{
	for (size_t z = 0; z < policy->n_zones; z++) {
		const struct gw_zone *zone = &policy->zones[z];

		if (!zone->untrusted && zone->has_nets &&
		    gw_addrset_contains(zone->nets[family], addr) && !reachable(policy, zone))
			return zone;
	}
	return NULL;
}

static void check_address(struct lint *lint, const struct gw_zone_record *record)
{
	enum gw_family family = record->type == GW_DNS_A ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
	const struct gw_zone *zone;
	const struct block *block;
	char text[GW_ADDR_TEXT];
	gw_u128 addr;

	if (record->len != gw_family_bits(family) / 8)
		return;
	addr = gw_addr_from_bytes(family, record->rdata);
	gw_addr_format(family, addr, text);
	block = block_of(family, addr);
	if (block && !block->private_)
		lint_say(lint, GW_D_LINT_ADDRESS, record,
			 "%s is no address of a machine in the net", text);
	if (lint->zone->inside || (block && !block->private_))
		return;
	zone = inside_zone(lint->policy, family, addr);
	if (zone)
		lint_say(lint, GW_D_LINT_INSIDE, record,
			 "%s is in the inside zone `%s` of the gateway", text, zone->name);
	else if (block)
		lint_say(lint, GW_D_LINT_INSIDE, record, "%s is an inside address (%s)", text,
			 block->net);
}

/* ---- the rest --------------------------------------------------------------------------------- */

static void check_type(struct lint *lint, const struct gw_zone_record *record)
{
	static const uint16_t made_by_us[] = { GW_DNS_RRSIG,  47, 50, 51, GW_DNS_DNSKEY,
					       GW_DNS_ZONEMD, 59, 60 };
	static const uint16_t gone[] = { 3, 4, 7, 8, 9, 10, 11, 14, 24, 25, 30, 38, 99, 254 };
	char type[16];

	for (size_t i = 0; i < sizeof(made_by_us) / sizeof(made_by_us[0]); i++)
		if (record->type == made_by_us[i] && lint->zone->policy.sign)
			lint_say(lint, GW_D_LINT_MADE_BY_US, record,
				 "%s is made when the zone is signed",
				 gw_dns_type_text(record->type, type));
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		if (record->type == gone[i])
			lint_say(lint, GW_D_LINT_TYPE_GONE, record, "nobody uses type %s any more",
				 gw_dns_type_text(record->type, type));
}

void lint_policy(struct lint *lint, const struct gw_zone_record *record)
{
	if (record->ttl < lint->zone->ttl_min || record->ttl > lint->zone->ttl_max)
		lint_say(lint, GW_D_LINT_TTL_LIMIT, record, "a TTL of %u s; %u to %u s are allowed",
			 record->ttl, lint->zone->ttl_min, lint->zone->ttl_max);
	check_suffix(lint, record);
	check_type(lint, record);
	if (record->type == GW_DNS_A || record->type == GW_DNS_AAAA)
		check_address(lint, record);
}
