/*
 * The proof of signed zones: finds nothing in what we sign, and every seeded fault.
 *
 *	RUNS=10000 SEED=7 FAULTS_DIR=/tmp/faults build/san/unit/dns/zone/verify
 *
 * FAULTS_DIR: also writes each damaged zone there, for other verifiers (tests/bench/zone-faults.sh).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "dns/zone/verify.h"
#include "dns/zone/zone_print.h"
#include "gw/core/hash.h"
#include "gw/core/mem.h"
#include "tests/support/zone_damage.h"

#define KINDS_OF_ZONES 6u /* each denial, with and without ZONEMD */

struct lab {
	struct zone_lab *zone_lab;
	struct gw_zone_store data;
	struct gw_zone_signed made[KINDS_OF_ZONES];
	struct gw_zone_trust trust;
	uint64_t random;
};

static struct gw_zone_trust trust_in(const struct zone_lab *lab, size_t key)
{
	struct gw_zone_trust trust;

	trust.len = gw_zone_ds(&lab->name, lab->published[key], GW_ZONE_DIGEST_SHA256, trust.rdata);
	return trust;
}

static struct gw_zone_signed sign(struct zone_lab *lab, const struct gw_zone_store *zone)
{
	struct gw_zone_signed made;

	assert_int_equal(gw_zone_sign(zone, NULL, &lab->signing, &lab->diags, &made), 0);
	return made;
}

/* How many findings there are; the first one's id. */
static size_t findings(const struct zone_lab *lab, const struct gw_zone_store *zone,
		       const struct gw_zone_trust *trust, bool *ret_right, enum gw_diag_id *ret)
{
	const struct gw_zone_proof proof = { .now = lab->signing.now,
					     .left = 86400,
					     .ds = trust,
					     .n_ds = 1,
					     .zonemd = lab->config.zonemd,
					     .threads = 2 };
	struct gw_diags diags;
	size_t n;

	gw_diags_init(&diags);
	*ret_right = gw_zone_verify(zone, &proof, &diags);
	n = diags.errors + diags.warnings;
	assert_int_equal(diags.errors != 0, !*ret_right);
	*ret = diags.count ? diags.items[0].id : GW_D_COUNT;
	if (getenv("SHOW"))
		gw_diags_print(&diags, stderr, false);
	gw_diags_done(&diags);
	return n;
}

/* ---- what is right ---------------------------------------------------------------------------------- */

static void prove(struct zone_lab *lab, const struct gw_zone_store *data)
{
	struct gw_zone_trust trust = trust_in(lab, 0);
	struct gw_zone_signed made = sign(lab, data);
	enum gw_diag_id id;
	bool right;

	assert_int_equal(findings(lab, &made.zone, &trust, &right, &id), 0);
	assert_true(right);
	gw_zone_done(&made.zone);
}

static void nothing_is_found_in_what_we_sign(void **state)
{
	static const enum gw_zone_algorithm algorithms[] = { GW_ZONE_RSASHA256,
							     GW_ZONE_ECDSAP256SHA256,
							     GW_ZONE_ECDSAP384SHA384,
							     GW_ZONE_ED25519, GW_ZONE_ED448 };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(algorithms) * KINDS_OF_ZONES; i++) {
		struct zone_lab *lab = zone_lab_new(algorithms[i / KINDS_OF_ZONES]);
		struct gw_zone_store data = zone_lab_read(lab, zone_lab_text);

		lab->config.denial = (enum gw_zone_denial)(i % 3);
		lab->config.zonemd = i % 2 ? true : false;
		lab->signing.cds = lab->published;
		lab->signing.n_cds = i % 4 ? 1 : 0;
		lab->signing.cds_delete = i % 4 == 2;
		prove(lab, &data);
		gw_zone_done(&data);
		zone_lab_free(lab);
	}
}

static void every_algorithm_of_the_keys_has_to_sign(void **state)
{
	struct zone_lab *lab = zone_lab_new(GW_ZONE_ED25519);
	struct gw_zone_store data = zone_lab_read(lab, zone_lab_text);
	struct gw_zone_trust trust = trust_in(lab, 0);
	struct gw_zone_signed made;
	enum gw_diag_id id;
	bool right;

	(void)state;
	zone_lab_add_key(lab, GW_ZONE_CSK, GW_ZONE_ECDSAP256SHA256);
	prove(lab, &data);
	lab->signing.n_keys = 2; /* published, but does not sign */
	made = sign(lab, &data);
	assert_true(findings(lab, &made.zone, &trust, &right, &id) > 0);
	assert_int_equal(id, GW_D_VERIFY_MISSING_SIGNATURE);
	gw_zone_done(&made.zone);
	gw_zone_done(&data);
	zone_lab_free(lab);
}

static void the_parents_ds_has_to_lead_to_a_key_that_signs(void **state)
{
	struct zone_lab *lab = zone_lab_new(GW_ZONE_ED25519);
	struct gw_zone_store data = zone_lab_read(lab, zone_lab_text);
	struct gw_zone_trust trust = trust_in(lab, 1); /* the ZSK */
	struct gw_zone_signed made = sign(lab, &data);
	enum gw_diag_id id;
	bool right;

	(void)state;
	assert_int_equal(findings(lab, &made.zone, &trust, &right, &id), 1);
	assert_int_equal(id, GW_D_VERIFY_TRUST);
	gw_zone_done(&made.zone);
	gw_zone_done(&data);
	zone_lab_free(lab);
}

/* ---- damage ---------------------------------------------------------------------------------------- */

static void write_out(const struct gw_zone_store *zone, size_t run, const char *what, bool error)
{
	const char *folder = getenv("FAULTS_DIR");
	gw_auto_text struct gw_text text = { 0 };
	char path[512];
	FILE *file;

	if (!folder || gw_zone_print(zone, &text) < 0)
		return;
	(void)snprintf(path, sizeof(path), "%s/%05zu.%s", folder, run, error ? "error" : "warning");
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fprintf(file, "; %s\n", what) > 0);
	assert_int_equal(fwrite(text.bytes, 1, text.len, file), text.len);
	assert_int_equal(fclose(file), 0);
}

static void damage_one(struct lab *lab, size_t run)
{
	size_t kind = zone_pick(&lab->random, KINDS_OF_ZONES),
	       fault = zone_pick(&lab->random, ZONE_DAMAGES);
	const struct gw_zone_store *whole = &lab->made[kind].zone;
	struct zone_patient patient = { .lab = lab->zone_lab,
					.random = &lab->random,
					.zonemd = kind >= 3,
					.opt_out = kind % 3 == 2 };
	enum gw_diag_id id;
	bool right, done;

	gw_zone_init(&patient.zone, whole->apex, whole->apex_len);
	do {
		patient.zone.n = 0;
		gw_zone_append(&patient.zone, whole->rrs, whole->n);
		done = zone_damages[fault].damage(&patient);
		if (!done)
			fault = zone_pick(&lab->random, ZONE_DAMAGES);
	} while (!done);
	gw_zone_sort(&patient.zone);
	lab->zone_lab->config.zonemd = patient.zonemd;
	if (!findings(lab->zone_lab, &patient.zone, &lab->trust, &right, &id)) {
		gw_auto_text struct gw_text text = { 0 };

		(void)gw_zone_print(&patient.zone, &text);
		(void)fputs(text.bytes ? text.bytes : "", stderr);
		fail_msg("run %zu: %s was not found", run, zone_damages[fault].name);
	}
	write_out(&patient.zone, run, zone_damages[fault].name, !right);
	gw_zone_done(&patient.zone);
}

static size_t number_of(const char *variable, size_t otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static void every_seeded_fault_is_found(void **state)
{
	struct lab lab = { .zone_lab = zone_lab_new(GW_ZONE_ED25519) };
	size_t runs = number_of("RUNS", 400), seed = number_of("SEED", 1);

	(void)state;
	if (getenv("FAULTS_DIR"))
		lab.zone_lab->signing.now = time(NULL); /* other verifiers know no other time */
	lab.data = zone_lab_read(lab.zone_lab, zone_lab_text);
	lab.trust = trust_in(lab.zone_lab, 0);
	for (size_t i = 0; i < KINDS_OF_ZONES; i++) {
		lab.zone_lab->config.denial = (enum gw_zone_denial)(i % 3);
		lab.zone_lab->config.zonemd = i >= 3;
		lab.made[i] = sign(lab.zone_lab, &lab.data);
	}
	for (size_t i = 0; i < runs; i++) {
		lab.random = gw_hash_u64(gw_hash_u64(GW_HASH_START, seed), i);
		damage_one(&lab, i);
	}
	for (size_t i = 0; i < KINDS_OF_ZONES; i++)
		gw_zone_done(&lab.made[i].zone);
	gw_zone_done(&lab.data);
	zone_lab_free(lab.zone_lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_found_in_what_we_sign),
		cmocka_unit_test(every_algorithm_of_the_keys_has_to_sign),
		cmocka_unit_test(the_parents_ds_has_to_lead_to_a_key_that_signs),
		cmocka_unit_test(every_seeded_fault_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
