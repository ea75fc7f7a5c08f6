/* Rules about names and what they lead to: CNAME, delegations, glue, targets, sets. */
#include <ctype.h>
#include <string.h>

#include "dns/zone/lint_internal.h"

static bool inside(const struct lint *lint, const struct gw_dns_name *name)
{
	return gw_dns_name_within(name, &lint->data->apex);
}

/* ---- one name --------------------------------------------------------------------------------- */

static void check_cname(struct lint *lint, const struct span *name)
{
	const struct gw_zone_record *cname = NULL;
	size_t cnames = 0;

	for (size_t i = 0; i < name->n; i++)
		if (name->first[i].type == GW_DNS_CNAME) {
			cname = lint_later(cname, &name->first[i]);
			cnames++;
		}
	if (cnames > 1)
		lint_say(lint, GW_D_LINT_CNAME, cname, "%s has %zu CNAME",
			 lint_name(lint, cname->name), cnames);
	else if (cnames && name->n > 1)
		lint_say(lint, GW_D_LINT_CNAME, cname, "%s has a CNAME, and other records",
			 lint_name(lint, cname->name));
}

/* Records of one type differ in nothing but their data, and are there once. */
static void check_sets(struct lint *lint, const struct span *name)
{
	for (size_t i = 1; i < name->n; i++) {
		const struct gw_zone_record *a = &name->first[i - 1], *b = &name->first[i];
		char type[16];

		if (a->type != b->type)
			continue;
		if (a->ttl != b->ttl)
			lint_say(lint, GW_D_LINT_TTL_SET, lint_later(a, b),
				 "%s %s has the TTLs %u and %u", lint_name(lint, b->name),
				 gw_dns_type_text(b->type, type), a->ttl, b->ttl);
		if (a->len == b->len && memcmp(a->rdata, b->rdata, a->len) == 0)
			lint_say(lint, GW_D_LINT_DUPLICATE, b, "%s %s is here twice",
				 lint_name(lint, b->name), gw_dns_type_text(b->type, type));
	}
}

static void check_wildcard(struct lint *lint, const struct gw_zone_record *record)
{
	const uint8_t *wire = record->name->wire;
	bool first = wire[0] == 1 && wire[1] == '*';

	if (first && (record->type == GW_DNS_NS || record->type == GW_DNS_DNAME ||
		      record->type == GW_DNS_DS))
		lint_say(lint, GW_D_LINT_WILDCARD, record,
			 "%s: nobody agrees on what a wildcard of this type means",
			 lint_name(lint, record->name));
	for (size_t at = wire[0] + 1u; at < record->name->len; at += wire[at] + 1u)
		if (wire[at] == 1 && wire[at + 1] == '*')
			lint_say(lint, GW_D_LINT_WILDCARD, record,
				 "%s: `*` stands for nothing within a name",
				 lint_name(lint, record->name));
}

/* RFC 1123, 2.1: machines and mail domains have names of letters, digits and hyphens. */
static void check_hostname(struct lint *lint, const struct gw_zone_record *record)
{
	const uint8_t *wire = record->name->wire;

	if (record->type != GW_DNS_A && record->type != GW_DNS_AAAA && record->type != GW_DNS_MX)
		return;
	for (size_t at = 0; wire[at]; at += wire[at] + 1u) {
		bool wrong = wire[at + 1] == '-' || wire[at + wire[at]] == '-';

		if (at == 0 && wire[0] == 1 && wire[1] == '*')
			continue;
		for (size_t i = at + 1; i <= at + wire[at]; i++)
			wrong |= wire[i] >= 0x80 || (!isalnum(wire[i]) && wire[i] != '-');
		if (!wrong)
			continue;
		lint_say(lint, GW_D_LINT_HOSTNAME, record, "%s is not a host's name",
			 lint_name(lint, record->name));
		return;
	}
}

/* ---- targets ---------------------------------------------------------------------------------- */

static bool exists(const struct lint *lint, const struct gw_dns_name *name,
		   struct gw_dns_name *ret_wildcard)
{
	struct gw_dns_name at = *name;

	if (lint_find(lint, name).n) {
		*ret_wildcard = *name;
		return true;
	}
	/* The wildcard below the closest name that exists. */
	while (inside(lint, &at) && !gw_dns_name_equal(&at, &lint->data->apex)) {
		lint_parent(&at, &at);
		if (at.len + 2 <= (int)sizeof(at.wire)) {
			memcpy(ret_wildcard->wire, "\1*", 2);
			memcpy(ret_wildcard->wire + 2, at.wire, at.len);
			ret_wildcard->len = (uint8_t)(at.len + 2);
			if (lint_find(lint, ret_wildcard).n)
				return true;
		}
		if (lint_find(lint, &at).n)
			return false;
	}
	return false;
}

static bool has_address(const struct lint *lint, const struct gw_dns_name *name)
{
	return lint_find_type(lint, name, GW_DNS_A).n || lint_find_type(lint, name, GW_DNS_AAAA).n;
}

/* A name server below its own delegation is found by glue alone. */
static void check_glue(struct lint *lint, const struct gw_zone_record *record,
		       const struct gw_dns_name *target)
{
	if (gw_dns_name_within(target, record->name) && !has_address(lint, target))
		lint_say(lint, GW_D_LINT_GLUE, record,
			 "%s has no address here, and nowhere else either",
			 lint_name(lint, target));
}

static void check_target(struct lint *lint, const struct gw_zone_record *record)
{
	struct gw_dns_name target, found, cut;
	uint16_t cut_type;
	char type[16];

	if (!lint_target(record, &target) || target.len == 1 || !inside(lint, &target))
		return;
	gw_dns_type_text(record->type, type);
	if (record->type == GW_DNS_NS && !gw_dns_name_equal(record->name, &lint->data->apex))
		check_glue(lint, record, &target);
	if (lint_cut(lint, &target, true, &cut, &cut_type))
		return; /* what is there is for others to say */
	if (!exists(lint, &target, &found)) {
		lint_say(lint, GW_D_LINT_DANGLING, record, "%s leads to %s, which does not exist",
			 type, lint_name(lint, &target));
		return;
	}
	if (record->type != GW_DNS_NS && record->type != GW_DNS_MX && record->type != GW_DNS_SRV)
		return;
	if (lint_find_type(lint, &found, GW_DNS_CNAME).n)
		lint_say(lint, GW_D_LINT_TARGET_CNAME, record, "%s leads to %s, which is an alias",
			 type, lint_name(lint, &target));
	else if (!has_address(lint, &found))
		lint_say(lint, GW_D_LINT_DANGLING, record, "%s leads to %s, which has no address",
			 type, lint_name(lint, &target));
}

/* A chain of aliases inside the zone comes to an end. */
static void check_chain(struct lint *lint, const struct gw_zone_record *record)
{
	struct gw_dns_name at = *record->name;

	if (record->type != GW_DNS_CNAME)
		return;
	for (unsigned int steps = 0; steps < 8; steps++) {
		struct span next = lint_find_type(lint, &at, GW_DNS_CNAME);

		if (!next.n || !lint_target(next.first, &at))
			return;
		if (!gw_dns_name_equal(&at, record->name))
			continue;
		lint_say(lint, GW_D_LINT_CNAME_CHAIN, record, "%s is an alias of itself",
			 lint_name(lint, record->name));
		return;
	}
	lint_say(lint, GW_D_LINT_CNAME_CHAIN, record,
		 "more than 8 aliases follow each other from %s", lint_name(lint, record->name));
}

/* ---- delegations ------------------------------------------------------------------------------ */

static void check_cut(struct lint *lint, const struct span *name)
{
	const struct gw_zone_record *first = name->first;
	struct gw_dns_name cut;
	uint16_t cut_type;
	bool apex = gw_dns_name_equal(first->name, &lint->data->apex);
	bool delegated = !apex && lint_find_type(lint, first->name, GW_DNS_NS).n;
	char type[16];

	if (lint_cut(lint, first->name, false, &cut, &cut_type)) {
		for (size_t i = 0; i < name->n; i++) {
			bool address = first[i].type == GW_DNS_A || first[i].type == GW_DNS_AAAA;

			if (address && cut_type == GW_DNS_NS)
				continue; /* glue */
			lint_say(lint, GW_D_LINT_OCCLUDED, &first[i],
				 "%s %s is hidden by the %s of %s", lint_name(lint, first->name),
				 gw_dns_type_text(first[i].type, type),
				 cut_type == GW_DNS_NS ? "delegation" : "DNAME",
				 lint_name(lint, &cut));
		}
		return;
	}
	for (size_t i = 0; i < name->n; i++) {
		bool at_cut = first[i].type == GW_DNS_NS || first[i].type == GW_DNS_DS ||
			      first[i].type == GW_DNS_A || first[i].type == GW_DNS_AAAA;

		if (delegated && !at_cut)
			lint_say(lint, GW_D_LINT_OCCLUDED, &first[i],
				 "%s is delegated: its %s is for the other zone to say",
				 lint_name(lint, first->name),
				 gw_dns_type_text(first[i].type, type));
		if (first[i].type == GW_DNS_DS && !delegated)
			lint_say(lint, GW_D_LINT_DS, &first[i],
				 "a DS of %s, which is not delegated",
				 lint_name(lint, first->name));
		if (first[i].type == GW_DNS_DS && first[i].len > 3 && first[i].rdata[3] == 1)
			lint_say(lint, GW_D_LINT_DS, &first[i], "a DS by SHA-1");
	}
}

void lint_names(struct lint *lint, const struct span *name)
{
	if (!inside(lint, name->first->name)) {
		lint_say(lint, GW_D_LINT_OUTSIDE, name->first, "%s is not in the zone",
			 lint_name(lint, name->first->name));
		return;
	}
	check_cname(lint, name);
	check_sets(lint, name);
	check_cut(lint, name);
	for (size_t i = 0; i < name->n; i++) {
		check_wildcard(lint, &name->first[i]);
		check_hostname(lint, &name->first[i]);
		check_target(lint, &name->first[i]);
		check_chain(lint, &name->first[i]);
	}
}
