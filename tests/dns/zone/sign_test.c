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

#include "dns/dns.h"
#include "dns/zone/canonical.h"
#include "dns/zone/sign.h"
#include "dns/zone/zone_print.h"
#include "gw/core/mem.h"
#include "tests/support/site_policy.h"

#define NOW 1800000000

static const char yaml[] =
	"gw: 1\n"
	"zones:\n"
	"  wan: {interfaces: [wan0], untrusted: true}\n"
	"dns:\n"
	"  zones:\n"
	"    example.go.jp: {file: zone, owner: dns-team, review: 2099-12-31, allowed_suffixes: "
	"go.jp}\n";

/* A delegation with and one without DS, glue, DNAME, a wildcard, an empty non-terminal, names in capitals. */
static const char zone_text[] = "$TTL 3600\n"
				"@ SOA ns1 hostmaster 1 7200 1800 1036800 900\n"
				"@ NS NS1\n"
				"@ NS ns.sub\n"
				"@ MX 10 mail\n"
				"ns1 A 203.0.113.1\n"
				"mail A 203.0.113.5\n"
				"mail A 203.0.113.4\n"
				"* TXT \"wild\"\n"
				"a.b.c TXT \"below an empty name\"\n"
				"sub NS ns.sub\n"
				"sub DS 12345 13 2 "
				"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
				"ns.sub A 203.0.113.9\n"
				"open NS ns.open\n"
				"ns.open AAAA 2001:db8::9\n"
				"old DNAME new.go.jp.\n"
				"x.old A 203.0.113.10\n"
				"TYPE65280 TYPE65280 \\# 3 010203\n";

struct lab {
	char path[64];
	struct gw_config *config;
	struct gw_arena *arena;
	struct gw_zone_data data;
	struct gw_zone_key *keys[2];
	struct gw_zone_signing_key signers[2];
	const struct gw_zone_dnskey *published[2];
	struct gw_zone_signing signing;
};

static void read_zone(struct lab *lab)
{
	struct gw_diags diags;
	char path[96];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/zone", lab->path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(zone_text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	gw_diags_init(&diags);
	assert_true(gw_zone_read(lab->path, gw_dns_config(lab->config->policy)->zones->zones,
				 lab->arena, &diags, &lab->data));
	gw_diags_done(&diags);
	(void)unlink(path);
}

static void make_key(struct lab *lab, size_t i, enum gw_zone_role role,
		     enum gw_zone_algorithm algorithm)
{
	struct gw_zone_name zone;
	struct gw_zone_key_wish wish = {
		.zone = &zone, .role = role, .algorithm = algorithm, .now = NOW
	};
	struct gw_diags diags;

	gw_diags_init(&diags);
	assert_int_equal(gw_zone_name_parse("example.go.jp", &zone), 0);
	wish.taken = i ? lab->published : NULL;
	wish.n_taken = i;
	assert_int_equal(gw_zone_key_generate(&wish, &diags, &lab->keys[i]), 0);
	gw_diags_done(&diags);
	lab->published[i] = &lab->keys[i]->public_;
	gw_zone_key_signer(lab->keys[i], &lab->signers[i].signer);
	lab->signers[i].keys = gw_zone_role_signs_keys(role);
	lab->signers[i].zone = gw_zone_role_signs_zone(role);
}

static struct lab *lab_new(enum gw_zone_algorithm algorithm)
{
	struct lab *lab = gw_zalloc(1, sizeof(*lab));

	(void)strcpy(lab->path, "/tmp/gw-sign-XXXXXX");
	assert_non_null(mkdtemp(lab->path));
	lab->arena = gw_arena_new();
	lab->config = site_policy(yaml, 1000);
	read_zone(lab);
	make_key(lab, 0, GW_ZONE_KSK, algorithm);
	make_key(lab, 1, GW_ZONE_ZSK, algorithm);
	lab->signing = (struct gw_zone_signing){ .keys = lab->signers,
						 .n_keys = 2,
						 .published = lab->published,
						 .n_published = 2,
						 .dnskey_ttl = 3600,
						 .inception = NOW - 3600,
						 .expiration = NOW + 14 * 86400,
						 .jitter_s = 86400,
						 .threads = 3 };
	return lab;
}

static void lab_free(struct lab *lab)
{
	gw_zone_data_free(&lab->data);
	for (size_t i = 0; i < GW_COUNT(lab->keys); i++)
		gw_zone_key_free(lab->keys[i]);
	gw_config_free(lab->config);
	gw_arena_free(lab->arena);
	(void)rmdir(lab->path);
	gw_free(lab);
}

/* ---- ldns as the judge ---------------------------------------------------------------------------- */

static ldns_rr_list *as_ldns(const struct gw_zone_data *data)
{
	gw_auto_text struct gw_text text = { 0 };
	ldns_zone *zone = NULL;
	ldns_rr_list *list;
	FILE *file;
	int line = 0;

	assert_int_equal(gw_zone_print(data, &text), 0);
	file = fmemopen(text.bytes, text.len, "r");
	assert_non_null(file);
	assert_int_equal(ldns_zone_new_frm_fp_l(&zone, file, NULL, 3600, LDNS_RR_CLASS_IN, &line),
			 LDNS_STATUS_OK);
	(void)fclose(file);
	list = ldns_rr_list_clone(ldns_zone_rrs(zone));
	(void)ldns_rr_list_push_rr(list, ldns_rr_clone(ldns_zone_soa(zone)));
	ldns_zone_deep_free(zone);
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

	assert_int_equal(ldns_rr_list_rr_count(keys), 2);
	for (size_t i = 0; i < ldns_rr_list_rr_count(all); i++) {
		ldns_rr *sig = ldns_rr_list_rr(all, i);
		ldns_rr_list *set, *good = ldns_rr_list_new();

		if (ldns_rr_get_type(sig) == LDNS_RR_TYPE_RRSIG) {
			set = select_set(all, ldns_rr_owner(sig),
					 ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(sig)));
			assert_true(ldns_rr_list_rr_count(set) > 0);
			assert_int_equal(ldns_verify_rrsig_keylist_time(set, sig, keys, NOW, good),
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

static void what_is_signed_verifies_with_every_algorithm(void **state)
{
	static const enum gw_zone_algorithm algorithms[] = {
		GW_ZONE_RSASHA256, GW_ZONE_ECDSAP256SHA256, GW_ZONE_ECDSAP384SHA384, GW_ZONE_ED25519
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(algorithms); i++) {
		struct lab *lab = lab_new(algorithms[i]);
		ldns_rr_list *all;

		assert_int_equal(gw_zone_sign(&lab->data, &lab->signing), 0);
		all = as_ldns(&lab->data);
		/* 19 sets at 9 names, and DNSKEY: SOA NS MX NSEC; A NSEC …, see below. */
		assert_int_equal(verify_all(all), 20);
		ldns_rr_list_deep_free(all);
		lab_free(lab);
	}
}

static void only_what_the_zone_answers_for_is_signed(void **state)
{
	struct lab *lab = lab_new(GW_ZONE_ECDSAP256SHA256);
	ldns_rr_list *all;

	(void)state;
	assert_int_equal(gw_zone_sign(&lab->data, &lab->signing), 0);
	all = as_ldns(&lab->data);
	assert_int_equal(signatures_of(all, "example.go.jp.", LDNS_RR_TYPE_SOA), 1);
	assert_int_equal(signatures_of(all, "example.go.jp.", LDNS_RR_TYPE_DNSKEY), 1);
	assert_int_equal(signatures_of(all, "mail.example.go.jp.", LDNS_RR_TYPE_A), 1);
	assert_int_equal(signatures_of(all, "*.example.go.jp.", LDNS_RR_TYPE_TXT), 1);
	assert_int_equal(signatures_of(all, "sub.example.go.jp.", LDNS_RR_TYPE_DS), 1);
	assert_int_equal(signatures_of(all, "sub.example.go.jp.", LDNS_RR_TYPE_NS), 0);
	assert_int_equal(signatures_of(all, "open.example.go.jp.", LDNS_RR_TYPE_NSEC), 1);
	assert_int_equal(signatures_of(all, "ns.sub.example.go.jp.", LDNS_RR_TYPE_A), 0);
	assert_int_equal(signatures_of(all, "ns.open.example.go.jp.", LDNS_RR_TYPE_AAAA), 0);
	assert_int_equal(signatures_of(all, "x.old.example.go.jp.", LDNS_RR_TYPE_A), 0);
	assert_int_equal(signatures_of(all, "c.example.go.jp.", LDNS_RR_TYPE_NSEC), 0);
	ldns_rr_list_deep_free(all);
	lab_free(lab);
}

static const struct gw_zone_record *nsec_of(const struct lab *lab, const struct gw_dns_name *name)
{
	for (size_t i = 0; i < lab->data.n; i++)
		if (lab->data.records[i].type == 47 &&
		    gw_dns_name_equal(lab->data.records[i].name, name))
			return &lab->data.records[i];
	fail_msg("a name of the chain has no NSEC");
	return NULL;
}

static void the_chain_leads_through_all_names_in_order_and_back(void **state)
{
	struct lab *lab = lab_new(GW_ZONE_ECDSAP256SHA256);
	struct gw_dns_name at;
	size_t n = 0;

	(void)state;
	assert_int_equal(gw_zone_sign(&lab->data, &lab->signing), 0);
	at = lab->data.apex;
	do {
		const struct gw_zone_record *nsec = nsec_of(lab, &at);
		struct gw_dns_name next = { .len = 0 };

		/* The lesser of SOA's TTL and its minimum (RFC 9077). */
		assert_int_equal(nsec->ttl, 900);
		do {
			memcpy(next.wire + next.len, nsec->rdata + next.len,
			       nsec->rdata[next.len] + 1u);
			next.len = (uint8_t)(next.len + nsec->rdata[next.len] + 1);
		} while (next.wire[next.len - 1]);
		n++;
		if (!gw_dns_name_equal(&next, &lab->data.apex))
			assert_true(gw_dns_name_compare(&at, &next) < 0);
		at = next;
	} while (!gw_dns_name_equal(&at, &lab->data.apex) && n < 100);
	/* apex, *, a.b.c, mail, ns1, old, open, sub, type65280 */
	assert_int_equal(n, 9);
	lab_free(lab);
}

static void signing_again_leaves_nothing_of_the_first_time(void **state)
{
	struct lab *lab = lab_new(GW_ZONE_ED25519);
	gw_auto_text struct gw_text once = { 0 }, twice = { 0 };

	(void)state;
	assert_int_equal(gw_zone_sign(&lab->data, &lab->signing), 0);
	assert_int_equal(gw_zone_print(&lab->data, &once), 0);
	lab->signing.threads = 1;
	assert_int_equal(gw_zone_sign(&lab->data, &lab->signing), 0);
	assert_int_equal(gw_zone_print(&lab->data, &twice), 0);
	assert_string_equal(once.bytes, twice.bytes); /* Ed25519 needs no random numbers */
	lab_free(lab);
}

static void without_a_key_for_each_task_nothing_is_signed(void **state)
{
	struct lab *lab = lab_new(GW_ZONE_ED25519);
	size_t n = lab->data.n;

	(void)state;
	lab->signing.n_keys = 1;
	assert_int_equal(gw_zone_sign(&lab->data, &lab->signing), -EINVAL);
	assert_int_equal(lab->data.n, n);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_signed_verifies_with_every_algorithm),
		cmocka_unit_test(only_what_the_zone_answers_for_is_signed),
		cmocka_unit_test(the_chain_leads_through_all_names_in_order_and_back),
		cmocka_unit_test(signing_again_leaves_nothing_of_the_first_time),
		cmocka_unit_test(without_a_key_for_each_task_nothing_is_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
