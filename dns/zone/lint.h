/*
 * `zone lint`: what is wrong with a zone's data before it is signed. The rules are diagnostics GW1820 to
 * GW1869, declared in zone_flow.def with their RFC and what to do, so that lint, `gwctl explain` and the config's
 * overrides speak of the same ones. A zone may judge a rule otherwise, with a reason.
 *
 *	gw_zone_read(dir, zone, arena, diags, &data);          lint_read.c
 *	gw_zone_lint(zone, policy, &data, now, diags);
 *	gw_zone_data_free(&data);
 *
 * The rules work on records in wire form and do no I/O.
 */
#ifndef DNS_ZONE_LINT_H
#define DNS_ZONE_LINT_H

#include "dns/zone/config.h"
#include "dns/zone/message.h"
#include "dns/zone/zone.h"

struct gw_policy;

#define GW_ZONE_RECORDS_MAX 4000000u
#define GW_ZONE_FILE_MAX    (256u << 20)
#define GW_ZONE_FILES_MAX   256u

struct gw_zone_record {
	const struct gw_dns_name *name; /* in the arena; shared by neighbours */
	uint16_t type;
	uint32_t ttl;
	const uint8_t *rdata; /* canonical */
	uint16_t len;
	struct gw_loc loc; /* where it begins */
};

struct gw_zone_data {
	struct gw_arena *arena; /* the caller's */
	struct gw_dns_name apex;
	struct gw_zone_record *records; /* heap */
	size_t n, capacity;
};

/**
 * Reads the zone's master file below `dir`, with $INCLUDE. False if records are missing, after diagnostics;
 * those that could be read are there all the same. gw_zone_data_free in any case.
 */
bool gw_zone_read(const char *dir, const struct gw_zone_config *zone, struct gw_arena *arena,
		  struct gw_diags *diags, struct gw_zone_data *ret);
/** What the arena holds stays: diagnostics name places in it. */
void gw_zone_data_free(struct gw_zone_data *data);

/** The records as a sorted zone (zone.h), which borrows them. */
void gw_zone_of_data(const struct gw_zone_data *data, struct gw_zone_store *ret);

/** Adds what is wrong as diagnostics. Sorts the records. `policy` tells which addresses are inside. */
void gw_zone_lint(const struct gw_zone_config *zone, const struct gw_policy *policy,
		  struct gw_zone_data *data, int64_t now, struct gw_diags *diags);

#endif
