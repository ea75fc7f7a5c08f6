/* Signed zones, judged by ldns: every RRset that must be signed is, by a key that verifies, and no other. */
#include <errno.h>
#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dns/zone/sign.h"
#include "dns/zone/zone_print.h"
#include "gw/core/mem.h"
#include "tests/support/zone_lab.h"

/* ---- ldns as the judge ---------------------------------------------------------------------------- */

static ldns_rr_list *as_ldns(const struct gw_zone_store *zone)
{
	gw_auto_text struct gw_text text = { 0 };
	ldns_zone *parsed = NULL;
	ldns_rr_list *list;
	FILE *file;
	int line = 0;

	assert_int_equal(gw_zone_print(zone, &text), 0);
	file = fmemopen(text.bytes, text.len, "r");
	assert_non_null(file);
	assert_int_equal(ldns_zone_new_frm_fp_l(&parsed, file, NULL, 3600, LDNS_RR_CLASS_IN, &line),
			 LDNS_STATUS_OK);
	(void)fclose(file);
	list = ldns_rr_list_clone(ldns_zone_rrs(parsed));
	(void)ldns_rr_list_push_rr(list, ldns_rr_clone(ldns_zone_soa(parsed)));
	ldns_zone_deep_free(parsed);
	return list;
}

static ldns_rr_list *select_set(const ldns_rr_list *all, const ldns_rdf *owner, ldns_rr_type type)
{
	ldns_rr_list *set = ldns_rr_list_new();

	for (size_t i = 0; i < ldns_rr_list_rr_count(all); i++) {
		ldns_rr *rr = ldns_rr_list_rr(all, i);

		if (ldns_rr_get_type(rr) == type &&
		    ldns_dname_compare(ldns_rr_owner(rr), owner) == 0)
			(void)ldns_rr_list_push_rr(set, rr);
	}
	return set;
}

/* Verifies every signature; returns how many there are. */
static size_t verify_all(const ldns_rr_list *all)
{
	ldns_rdf *apex = ldns_dname_new_frm_str("example.go.jp.");
	ldns_rr_list *keys = select_set(all, apex, LDNS_RR_TYPE_DNSKEY);
	size_t n = 0;

	assert_true(ldns_rr_list_rr_count(keys) >= 2);
	for (size_t i = 0; i < ldns_rr_list_rr_count(all); i++) {
		ldns_rr *sig = ldns_rr_list_rr(all, i);
		ldns_rr_list *set, *good = ldns_rr_list_new();

		if (ldns_rr_get_type(sig) == LDNS_RR_TYPE_RRSIG) {
			set = select_set(all, ldns_rr_owner(sig),
					 ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(sig)));
			assert_true(ldns_rr_list_rr_count(set) > 0);
			assert_int_equal(
				ldns_verify_rrsig_keylist_time(set, sig, keys, ZONE_LAB_NOW, good),
				LDNS_STATUS_OK);
			ldns_rr_list_free(set);
			n++;
		}
		ldns_rr_list_free(good);
	}
	ldns_rr_list_free(keys);
	ldns_rdf_deep_free(apex);
	return n;
}

/* "mail A" is signed by so many keys. */
static size_t signatures_of(const ldns_rr_list *all, const char *name, ldns_rr_type type)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name);
	ldns_rr_list *signatures = select_set(all, owner, LDNS_RR_TYPE_RRSIG);
	size_t n = 0;

	for (size_t i = 0; i < ldns_rr_list_rr_count(signatures); i++)
		n += ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(ldns_rr_list_rr(signatures, i))) ==
		     type;
	ldns_rr_list_free(signatures);
	ldns_rdf_deep_free(owner);
	return n;
}

/* ---- tests ------------------------------------------------------------------------------------------ */

static struct gw_zone_signed sign(struct zone_lab *lab, const struct gw_zone_store *zone,
				  const struct gw_zone_store *previous)
{
	struct gw_zone_signed made;

	if (gw_zone_sign(zone, previous, &lab->signing, &lab->diags, &made) != 0) {
		gw_diags_print(&lab->diags, stderr, false);
		fail_msg("the zone cannot be signed");
	}
	return made;
}

static void what_is_signed_verifies_with_every_algorithm(void **state)
{
	static const enum gw_zone_algorithm algorithms[] = {
		GW_ZONE_RSASHA256, GW_ZONE_ECDSAP256SHA256, GW_ZONE_ECDSAP384SHA384, GW_ZONE_ED25519
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(algorithms); i++) {
		struct zone_lab *lab = zone_lab_new(algorithms[i]);
		struct gw_zone_store zone = zone_lab_read(lab, zone_lab_text);
		struct gw_zone_signed made = sign(lab, &zone, NULL);
		ldns_rr_list *all = as_ldns(&made.zone);

		/* Ten own sets with DNSKEY, a DS, and NSEC of 10 names. */
		assert_int_equal(verify_all(all), 21);
		assert_int_equal(made.made, 21);
		ldns_rr_list_deep_free(all);
		gw_zone_done(&made.zone);
		gw_zone_done(&zone);
		zone_lab_free(lab);
	}
}

static void only_what_the_zone_answers_for_is_signed(void **state)
{
	static const struct {
		const char *name;
		ldns_rr_type type;
		size_t n;
	} rows[] = {
		{ "example.go.jp.", LDNS_RR_TYPE_SOA, 1 },
		{ "example.go.jp.", LDNS_RR_TYPE_DNSKEY, 1 },
		{ "mail.example.go.jp.", LDNS_RR_TYPE_A, 1 },
		{ "*.example.go.jp.", LDNS_RR_TYPE_TXT, 1 },
		{ "sub.example.go.jp.", LDNS_RR_TYPE_DS, 1 },
		{ "sub.example.go.jp.", LDNS_RR_TYPE_NS, 0 },
		{ "open.example.go.jp.", LDNS_RR_TYPE_NSEC, 1 },
		{ "ns.sub.example.go.jp.", LDNS_RR_TYPE_A, 0 },
		{ "ns.open.example.go.jp.", LDNS_RR_TYPE_AAAA, 0 },
		{ "c.example.go.jp.", LDNS_RR_TYPE_NSEC, 0 },
	};
	struct zone_lab *lab = zone_lab_new(GW_ZONE_ED25519);
	struct gw_zone_store zone = zone_lab_read(lab, zone_lab_text);
	struct gw_zone_signed made = sign(lab, &zone, NULL);
	ldns_rr_list *all = as_ldns(&made.zone);

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		if (signatures_of(all, rows[i].name, rows[i].type) != rows[i].n)
			fail_msg("%s type %u", rows[i].name, (unsigned int)rows[i].type);
	ldns_rr_list_deep_free(all);
	gw_zone_done(&made.zone);
	gw_zone_done(&zone);
	zone_lab_free(lab);
}

/* ldns hashes each name for itself; 10 names that NSEC has too, b.c and c, in.the.open2, the.open2 and open2. */
static void nsec3_has_the_hash_of_each_name_and_empty_non_terminal(void **state)
{
	static const char *const names[] = {
		"example.go.jp.",           "*.example.go.jp.",
		"c.example.go.jp.",         "b.c.example.go.jp.",
		"a.b.c.example.go.jp.",     "open2.example.go.jp.",
		"the.open2.example.go.jp.", "in.the.open2.example.go.jp.",
		"sub.example.go.jp.",
	};
	struct zone_lab *lab = zone_lab_new(GW_ZONE_ED25519);
	struct gw_zone_store zone = zone_lab_read(lab, zone_lab_text);
	struct gw_zone_signed made;
	size_t n = 0;

	(void)state;
	lab->config.denial = GW_ZONE_DENIAL_NSEC3;
	made = sign(lab, &zone, NULL);
	for (size_t i = 0; i < made.zone.n; i++)
		n += made.zone.rrs[i].type == GW_DNS_NSEC3;
	assert_int_equal(n, 15);
	for (size_t i = 0; i < GW_COUNT(names); i++) {
		ldns_rdf *name = ldns_dname_new_frm_str(names[i]);
		ldns_rdf *apex = ldns_dname_new_frm_str("example.go.jp.");
		ldns_rdf *hash = ldns_nsec3_hash_name(name, 1, 0, 0, NULL);

		assert_int_equal(ldns_dname_cat(hash, apex), LDNS_STATUS_OK);
		assert_non_null(gw_zone_get(&made.zone, ldns_rdf_data(hash), GW_DNS_NSEC3, NULL));
		ldns_rdf_deep_free(hash);
		ldns_rdf_deep_free(apex);
		ldns_rdf_deep_free(name);
	}
	gw_zone_done(&made.zone);
	gw_zone_done(&zone);
	zone_lab_free(lab);
}

static void opt_out_leaves_out_what_exists_for_insecure_delegations_alone(void **state)
{
	struct zone_lab *lab = zone_lab_new(GW_ZONE_ED25519);
	struct gw_zone_store zone = zone_lab_read(lab, zone_lab_text);
	struct gw_zone_signed made;
	size_t n = 0;

	(void)state;
	lab->config.denial = GW_ZONE_DENIAL_NSEC3_OPT_OUT;
	made = sign(lab, &zone, NULL);
	for (size_t i = 0; i < made.zone.n; i++) {
		if (made.zone.rrs[i].type != GW_DNS_NSEC3)
			continue;
		assert_int_equal(made.zone.rrs[i].rdata[1], 1);
		n++;
	}
	assert_int_equal(n, 10); /* without open, deep.in.the.open2 and the three above it */
	gw_zone_done(&made.zone);
	gw_zone_done(&zone);
	zone_lab_free(lab);
}

static void cds_and_cdnskey_ask_for_the_keys_or_for_deletion(void **state)
{
	struct zone_lab *lab = zone_lab_new(GW_ZONE_ED25519);
	struct gw_zone_store zone = zone_lab_read(lab, zone_lab_text);
	struct gw_zone_signed made;
	const struct gw_zone_rr *cds;
	ldns_rr_list *all;

	(void)state;
	lab->signing.cds = lab->published;
	lab->signing.n_cds = 1;
	made = sign(lab, &zone, NULL);
	cds = gw_zone_get(&made.zone, zone.apex, GW_DNS_CDS, NULL);
	assert_non_null(cds);
	assert_true(gw_zone_ds_is_of(&lab->name, lab->published[0], cds->rdata, cds->len));
	cds = gw_zone_get(&made.zone, zone.apex, GW_DNS_CDNSKEY, NULL);
	assert_non_null(cds);
	assert_memory_equal(cds->rdata, lab->published[0]->rdata, cds->len);
	all = as_ldns(&made.zone);
	assert_int_equal(verify_all(all), 23);
	ldns_rr_list_deep_free(all);
	gw_zone_done(&made.zone);
	lab->signing.cds_delete = true;
	made = sign(lab, &zone, NULL);
	cds = gw_zone_get(&made.zone, zone.apex, GW_DNS_CDS, NULL);
	assert_non_null(cds);
	assert_memory_equal(cds->rdata, gw_zone_cds_delete, sizeof(gw_zone_cds_delete));
	gw_zone_done(&made.zone);
	gw_zone_done(&zone);
	zone_lab_free(lab);
}

/* ---- what was signed before ------------------------------------------------------------------------ */

static bool is_equal(const struct gw_zone_store *a, const struct gw_zone_store *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (gw_zone_rr_cmp(&a->rrs[i], &b->rrs[i]) != 0 || a->rrs[i].ttl != b->rrs[i].ttl)
			return false;
	return true;
}

static void what_did_not_change_is_not_signed_again(void **state)
{
	struct zone_lab *lab = zone_lab_new(GW_ZONE_ECDSAP256SHA256);
	struct gw_zone_store zone = zone_lab_read(lab, zone_lab_text);
	struct gw_zone_signed first, second;

	(void)state;
	lab->config.zonemd = true;
	first = sign(lab, &zone, NULL);
	assert_true(first.changed);
	lab->signing.now += 13 * 86400;
	second = sign(lab, &zone, &first.zone);
	assert_false(second.changed);
	assert_int_equal(second.made, 0);
	assert_int_equal(second.serial, first.serial);
	assert_true(is_equal(&first.zone, &second.zone));
	gw_zone_done(&second.zone);
	gw_zone_done(&first.zone);
	gw_zone_done(&zone);
	zone_lab_free(lab);
}

/* With Ed25519, which is deterministic, and all signatures of one moment, the way there leaves no trace. */
static void signing_what_changed_gives_what_signing_all_gives(void **state)
{
	static const char *const lines[] = {
		"new A 203.0.113.7\n",   "mail AAAA 2001:db8::7\n",
		"c TXT \"was empty\"\n", "other NS ns.other\nns.other A 203.0.113.8\n",
		"a.mail CNAME mail\n",   "x.y.z TXT \"deep\"\n",
	};
	struct zone_lab *lab = zone_lab_new(GW_ZONE_ED25519);

	(void)state;
	lab->config.serial = GW_ZONE_SERIAL_KEEP;
	for (unsigned int i = 0; i < 3u << GW_COUNT(lines); i += 5) {
		struct gw_text texts[2] = { 0 };
		struct gw_zone_store zones[2];
		struct gw_zone_signed first, second, fresh;

		lab->config.denial = (enum gw_zone_denial)(i % 3);
		lab->config.zonemd = i % 2 ? true : false;
		for (unsigned int k = 0; k < 2; k++) {
			gw_text_puts(&texts[k], k ? zone_lab_text_2 : zone_lab_text);
			for (unsigned int l = 0; l < GW_COUNT(lines); l++)
				if ((i / 3 >> l & 1) == ((i & 2) / 2 ^ k))
					gw_text_puts(&texts[k], lines[l]);
			zones[k] = zone_lab_read(lab, texts[k].bytes);
		}
		first = sign(lab, &zones[0], NULL);
		second = sign(lab, &zones[1], &first.zone);
		fresh = sign(lab, &zones[1], NULL);
		assert_true(second.changed && second.kept > 0);
		assert_int_equal(second.serial, 2);
		assert_true(is_equal(&second.zone, &fresh.zone));
		gw_zone_done(&fresh.zone);
		gw_zone_done(&second.zone);
		gw_zone_done(&first.zone);
		for (unsigned int k = 0; k < 2; k++) {
			gw_zone_done(&zones[k]);
			gw_text_done(&texts[k]);
		}
	}
	zone_lab_free(lab);
}

static void one_change_costs_its_own_signatures(void **state)
{
	struct zone_lab *lab = zone_lab_new(GW_ZONE_ECDSAP256SHA256);
	gw_auto_text struct gw_text text = { 0 };
	struct gw_zone_store zone = zone_lab_read(lab, zone_lab_text), more;
	struct gw_zone_signed first, second;

	(void)state;
	gw_text_puts(&text, zone_lab_text);
	gw_text_puts(&text, "mail A 203.0.113.77\n");
	more = zone_lab_read(lab, text.bytes);
	first = sign(lab, &zone, NULL);
	second = sign(lab, &more, &first.zone);
	assert_int_equal(second.made, 2); /* mail A, SOA */
	assert_int_equal(second.serial, first.serial + 1);
	gw_zone_done(&second.zone);
	gw_text_puts(&text, "malt A 203.0.113.78\n");
	gw_zone_done(&more);
	more = zone_lab_read(lab, text.bytes);
	second = sign(lab, &more, &first.zone);
	assert_int_equal(second.made, 5); /* malt A and NSEC, the NSEC before it */
	gw_zone_done(&second.zone);
	gw_zone_done(&first.zone);
	gw_zone_done(&more);
	gw_zone_done(&zone);
	zone_lab_free(lab);
}

static void signatures_are_renewed_when_they_are_due_and_not_all_at_once(void **state)
{
	struct zone_lab *lab = zone_lab_new(GW_ZONE_ECDSAP256SHA256);
	struct gw_zone_store zone = zone_lab_read(lab, zone_lab_text);
	struct gw_zone_signed first, second;

	(void)state;
	first = sign(lab, &zone, NULL);
	lab->signing.now += 14 * 86400 - 43200; /* half of the jitter is over */
	second = sign(lab, &zone, &first.zone);
	assert_true(second.changed && second.made > 1 && second.kept > 1);
	gw_zone_done(&second.zone);
	lab->signing.now = ZONE_LAB_NOW - 7200; /* the clock was set back: those of the future go */
	second = sign(lab, &zone, &first.zone);
	assert_int_equal(second.kept, 0);
	gw_zone_done(&second.zone);
	gw_zone_done(&first.zone);
	gw_zone_done(&zone);
	zone_lab_free(lab);
}

/* ---- refusals -------------------------------------------------------------------------------------- */

static void refuse(struct zone_lab *lab, const struct gw_zone_store *zone,
		   const struct gw_zone_store *previous, int err, enum gw_diag_id id)
{
	struct gw_zone_signed made;

	assert_int_equal(gw_zone_sign(zone, previous, &lab->signing, &lab->diags, &made), err);
	assert_null(made.zone.rrs);
	assert_true(lab->diags.count > 0);
	assert_int_equal(lab->diags.items[lab->diags.count - 1].id, id);
}

static void what_must_not_be_signed_is_refused(void **state)
{
	struct zone_lab *lab = zone_lab_new(GW_ZONE_ED25519);
	struct gw_zone_store zone = zone_lab_read(lab, zone_lab_text);
	struct gw_zone_store no_soa = zone_lab_read(lab, "www 300 A 203.0.113.1\n");
	struct gw_zone_signed first = sign(lab, &zone, NULL);

	(void)state;
	lab->signing.n_keys = 1;
	refuse(lab, &zone, NULL, -EINVAL, GW_D_SIGN_KEYS);
	lab->signing.n_keys = 2;
	refuse(lab, &no_soa, NULL, -EINVAL, GW_D_SIGN_DATA);
	lab->config.signatures.refresh = 1036800 + 3600 - 1; /* SOA expire and the longest TTL */
	refuse(lab, &zone, NULL, -EPERM, GW_D_ZONE_SIGNATURE_TIMES);
	lab->config.signatures.refresh++;
	lab->config.signatures.validity++; /* something changes */
	lab->config.zonemd = true;
	lab->config.serial = GW_ZONE_SERIAL_KEEP;
	refuse(lab, &zone, &first.zone, -ERANGE, GW_D_SIGN_SERIAL);
	gw_zone_done(&first.zone);
	gw_zone_done(&no_soa);
	gw_zone_done(&zone);
	zone_lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_signed_verifies_with_every_algorithm),
		cmocka_unit_test(only_what_the_zone_answers_for_is_signed),
		cmocka_unit_test(nsec3_has_the_hash_of_each_name_and_empty_non_terminal),
		cmocka_unit_test(opt_out_leaves_out_what_exists_for_insecure_delegations_alone),
		cmocka_unit_test(cds_and_cdnskey_ask_for_the_keys_or_for_deletion),
		cmocka_unit_test(what_did_not_change_is_not_signed_again),
		cmocka_unit_test(signing_what_changed_gives_what_signing_all_gives),
		cmocka_unit_test(one_change_costs_its_own_signatures),
		cmocka_unit_test(signatures_are_renewed_when_they_are_due_and_not_all_at_once),
		cmocka_unit_test(what_must_not_be_signed_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
