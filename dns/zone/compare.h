/*
 * `zone compare`: asks every address of every server of a zone and of its parent at the same time, within a
 * deadline, and says what is wrong and where (2.2.3.3 (2)(a)).
 *
 *	gw_zone_compare(zone, &options, arena, diags, &result);
 *	gw_zone_compare_text(&result, &out);
 */
#ifndef DNS_ZONE_COMPARE_H
#define DNS_ZONE_COMPARE_H

#include <jansson.h>

#include "dns/zone/judge.h"

#define GW_ZONE_COMPARE_MAX 256u /* addresses asked at a time */

struct gw_zone_compare_options {
	int64_t now;
	uint32_t timeout_s; /* for all of it */
	const char *dir;    /* TSIG key files are relative to it */
};

struct gw_zone_compared {
	const struct gw_zone_config *zone;
	const struct gw_zone_seen *seen; /* servers of the zone first */
	size_t n;
	struct gw_zone_judgement judgement;
	int64_t now;
	unsigned int took_ms;
};

/** False after adding a diagnostic: nothing was asked. In the arena. */
bool gw_zone_compare(const struct gw_zone_config *zone,
		     const struct gw_zone_compare_options *options, struct gw_arena *arena,
		     struct gw_diags *diags, struct gw_zone_compared *ret);

/**
 * Asks the parent's servers alone, for the DS. Their answers, in the arena. False after a diagnostic: nothing was asked.
 */
bool gw_zone_ask_parents(const struct gw_zone_config *zone,
			 const struct gw_zone_compare_options *options, struct gw_arena *arena,
			 struct gw_diags *diags, const struct gw_zone_seen **ret, size_t *ret_n);

void gw_zone_compare_text(const struct gw_zone_compared *compared, bool japanese,
			  struct gw_arena *arena, struct gw_text *out);
/** An object; the caller's. */
json_t *gw_zone_compare_json(const struct gw_zone_compared *compared);

#endif
