/*
 * What is wrong with a zone as its servers show it, and whose fault it is. Pure: facts (observe.h), config
 * and the clock are arguments. The kinds of findings are diagnostics (GW187x), so that `gwctl explain`
 * knows them.
 *
 * Where servers differ, the offender is whoever differs from the reference: of the servers with the newest
 * serial the primary, else what most of them show.
 */
#ifndef DNS_ZONE_JUDGE_H
#define DNS_ZONE_JUDGE_H

#include "dns/zone/observe.h"
#include "dns/zone/serial.h"

struct gw_zone_finding {
	enum gw_diag_id id;
	const struct gw_zone_seen *seen; /* whose; NULL: of the zone as a whole */
	const char *text;
};

enum gw_zone_ds_state {
	GW_ZONE_DS_UNKNOWN,  /* no server of the parent was asked, or answered */
	GW_ZONE_DS_ABSENT,   /* the zone is insecure for everybody */
	GW_ZONE_DS_MATCHES,  /* one at least leads to a key that signs the keys */
	GW_ZONE_DS_MISMATCH, /* none does: the zone is bogus */
};
extern const char *const gw_zone_ds_state_names[4];

struct gw_zone_judgement {
	const struct gw_zone_finding *findings;
	size_t n;
	const struct gw_zone_seen *reference; /* NULL: no server answers for the zone */
	uint32_t serial;                      /* the newest */
	bool signed_;
	int64_t first_expiry; /* of all servers' signatures; 0: none were seen */
	enum gw_zone_ds_state ds;
};

/** `seen` of the zone's servers and the parent's, in any order. In the arena. */
void gw_zone_judge(const struct gw_zone_config *zone, const struct gw_zone_seen *seen, size_t n,
		   int64_t now, struct gw_arena *arena, struct gw_zone_judgement *ret);

/** "ns1 (192.0.2.53)", "ns1 ([2001:db8::53]:5300)"; in the arena. */
const char *gw_zone_seen_where(const struct gw_zone_seen *seen, struct gw_arena *arena);

#endif
