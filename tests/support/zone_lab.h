/* A zone with keys made for it, for tests of signing and of what is signed. */
#ifndef TESTS_SUPPORT_ZONE_LAB_H
#define TESTS_SUPPORT_ZONE_LAB_H

#include "dns/zone/lint.h"
#include "dns/zone/sign.h"

#define ZONE_LAB_NOW 1800000000

struct zone_lab {
	struct gw_arena *arena;
	struct gw_zone_name name;
	struct gw_zone_config config;
	struct gw_diags diags;
	struct gw_zone_key *keys[4];
	struct gw_zone_signing_key signers[4];
	const struct gw_zone_dnskey *published[4];
	struct gw_zone_signing signing;
};

/** A lab for example.go.jp with a KSK and a ZSK. Fails the test if something goes wrong; so do all of these. */
struct zone_lab *zone_lab_new(enum gw_zone_algorithm algorithm);
void zone_lab_free(struct zone_lab *lab);
/** One more key, published, which signs what its role says. */
void zone_lab_add_key(struct zone_lab *lab, enum gw_zone_role role,
		      enum gw_zone_algorithm algorithm);
/** The records of a master file's text, in the lab's arena. gw_zone_done. */
struct gw_zone_store zone_lab_read(struct zone_lab *lab, const char *text);

/** Names of every standing: delegations with and without DS, glue, DNAME, a wildcard, empty non-terminals. */
extern const char zone_lab_text[], zone_lab_text_2[]; /* serials 1 and 2 */

#endif
