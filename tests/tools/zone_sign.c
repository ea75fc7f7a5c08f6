/*
 * Signs a zone with two keys made for it, and tells how long each part took:
 *
 *	zone_sign [-3] [-o] [-z] [-c] [-v] [-a ALGORITHM] [-e CHANGES] DIR FILE ORIGIN [OUTPUT]
 *
 * -3: NSEC3, with -o opt-out; -z: ZONEMD; -c: CDS; -e: then changes so many records and signs what changed, and that
 * is written; -v: proves the result. Prints "records signatures read-ms sign-ms write-ms resident-KB" on standard
 * error, with -e "changed CHANGES SIGNATURES MS", with -v "proved MS". The DS goes to standard output.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "dns/zone/lint.h"
#include "dns/zone/sign.h"
#include "dns/zone/verify.h"
#include "dns/zone/zone_print.h"
#include "gw/core/mem.h"

struct run {
	struct gw_arena *arena;
	struct gw_zone_name name;
	struct gw_zone_config config;
	struct gw_zone_key *keys[2];
	struct gw_zone_signing_key signers[2];
	const struct gw_zone_dnskey *published[2];
	struct gw_zone_signing signing;
	struct gw_diags diags;
	size_t changes;
	bool verify;
};

static double now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A key-signing and a zone-signing key. */
static bool make_keys(struct run *run)
{
	for (size_t i = 0; i < 2; i++) {
		struct gw_zone_key_wish wish = { .zone = &run->name,
						 .role = i ? GW_ZONE_ZSK : GW_ZONE_KSK,
						 .algorithm = run->config.policy.algorithm,
						 .now = time(NULL),
						 .taken = i ? run->published : NULL,
						 .n_taken = i };

		if (gw_zone_key_generate(&wish, &run->diags, &run->keys[i]) < 0)
			return false;
		run->published[i] = &run->keys[i]->public_;
		gw_zone_key_signer(run->keys[i], &run->signers[i].signer);
		run->signers[i].keys = i == 0;
		run->signers[i].zone = i == 1;
	}
	run->signing.keys = run->signers;
	run->signing.published = run->published;
	run->signing.n_keys = run->signing.n_published = 2;
	return true;
}

static bool options(struct run *run, int argc, char **argv)
{
	run->config.policy = (struct gw_zone_policy){ .algorithm = GW_ZONE_ECDSAP256SHA256,
						      .timing.dnskey_ttl = 3600,
						      .sign = true };
	run->config.signatures = (struct gw_zone_signatures){
		.validity = 56 * 86400, .refresh = 42 * 86400, .jitter = 86400, .backdate = 3600
	};
	run->signing = (struct gw_zone_signing){ .policy = &run->config, .now = time(NULL) };
	for (int option; (option = getopt(argc, argv, "3oza:ce:v")) != -1;) {
		if (option == '3')
			run->config.denial = GW_ZONE_DENIAL_NSEC3;
		else if (option == 'o')
			run->config.denial = GW_ZONE_DENIAL_NSEC3_OPT_OUT;
		else if (option == 'z')
			run->config.zonemd = true;
		else if (option == 'c')
			run->signing.n_cds = 1;
		else if (option == 'v')
			run->verify = true;
		else if (option == 'e')
			run->changes = strtoul(optarg, NULL, 10);
		else if (option != 'a' ||
			 !gw_zone_algorithm_by_name(optarg, &run->config.policy.algorithm))
			return false;
	}
	return argc - optind >= 3 && gw_zone_name_parse(argv[optind + 2], &run->name) == 0;
}

static bool write_out(const char *path, const struct gw_text *text)
{
	FILE *file = fopen(path, "we");
	bool ok = file && fwrite(text->bytes, 1, text->len, file) == text->len;

	return file && fclose(file) == 0 && ok;
}

/* Addresses spread over the zone become others. */
static void change(const struct run *run, struct gw_zone_store *zone)
{
	size_t step = zone->n / (run->changes ? run->changes : 1), left = run->changes;

	for (size_t i = 0; i < zone->n && left; i++) {
		struct gw_zone_rr *rr = &zone->rrs[i];
		uint8_t *rdata;

		if (rr->type != GW_DNS_A || i % (step ? step : 1))
			continue;
		rdata = gw_arena_memdup(run->arena, rr->rdata, rr->len);
		rdata[0] ^= 1;
		rr->rdata = rdata;
		left--;
	}
	gw_zone_sort(zone);
}

static int sign_changes(const struct run *run, struct gw_diags *diags, struct gw_zone_store *zone,
			struct gw_zone_signed *first, struct gw_zone_signed *ret)
{
	double start, end;
	int err;

	change(run, zone);
	start = now_ms();
	err = gw_zone_sign(zone, &first->zone, &run->signing, diags, ret);
	end = now_ms();
	(void)fprintf(stderr, "changed %zu %zu %.0f\n", run->changes, ret->made, end - start);
	return err;
}

static int prove(struct run *run, const struct gw_zone_store *zone)
{
	struct gw_zone_proof proof = { .now = run->signing.now,
				       .left = run->config.signatures.refresh,
				       .n_ds = 1,
				       .zonemd = run->config.zonemd };
	struct gw_zone_trust trust;
	double start;
	bool right;

	trust.len = gw_zone_ds(&run->name, run->published[0], GW_ZONE_DIGEST_SHA256, trust.rdata);
	proof.ds = &trust;
	start = now_ms();
	right = gw_zone_verify(zone, &proof, &run->diags);
	(void)fprintf(stderr, "proved %.0f\n", now_ms() - start);
	return right ? 0 : 1;
}

static int sign(struct run *run, struct gw_zone_store *zone, double read, const char *output)
{
	gw_auto_text struct gw_text out = { 0 };
	struct gw_zone_signed first, second = { 0 };
	struct rusage usage;
	size_t n = zone->n;
	double start = now_ms(), sign, written;
	int err = gw_zone_sign(zone, NULL, &run->signing, &run->diags, &first);

	sign = now_ms();
	if (!err && run->changes)
		err = sign_changes(run, &run->diags, zone, &first, &second);
	if (!err && run->verify)
		err = prove(run, run->changes ? &second.zone : &first.zone);
	written = now_ms();
	if (!err && output)
		err = gw_zone_print(run->changes ? &second.zone : &first.zone, &out) ||
		      !write_out(output, &out);
	written = now_ms() - written;
	(void)getrusage(RUSAGE_SELF, &usage);
	(void)fprintf(stderr, "%zu %zu %.0f %.0f %.0f %ld\n", n, first.made, read, sign - start,
		      written, usage.ru_maxrss);
	gw_zone_done(&second.zone);
	gw_zone_done(&first.zone);
	return err;
}

static void print_ds(const struct run *run)
{
	gw_auto_text struct gw_text text = { 0 };
	uint8_t ds[GW_ZONE_DS_MAX];

	gw_zone_ds_text(ds, gw_zone_ds(&run->name, run->published[0], GW_ZONE_DIGEST_SHA256, ds),
			&text);
	(void)printf("%s IN DS %s\n", run->name.text, text.bytes);
}

int main(int argc, char **argv)
{
	struct run *run = gw_zalloc(1, sizeof(*run));
	struct gw_zone_store zone = { 0 };
	struct gw_zone_data data = { 0 };
	double start;
	int err = 1;

	gw_diags_init(&run->diags);
	if (!options(run, argc, argv)) {
		(void)fputs("usage: zone_sign [-3ozcv] [-a ALGORITHM] [-e CHANGES] DIR FILE ORIGIN "
			    "[OUTPUT]\n",
			    stderr);
		return 64;
	}
	run->arena = gw_arena_new();
	run->config.name = &run->name;
	run->config.file = argv[optind + 1];
	run->signing.cds = run->published;
	start = now_ms();
	if (make_keys(run) &&
	    gw_zone_read(argv[optind], &run->config, run->arena, &run->diags, &data)) {
		gw_zone_of_data(&data, &zone);
		err = sign(run, &zone, now_ms() - start, argv[optind + 3]);
		print_ds(run);
	}
	gw_diags_print(&run->diags, stderr, false);
	gw_diags_done(&run->diags);
	gw_zone_done(&zone);
	gw_zone_data_free(&data);
	gw_zone_key_free(run->keys[0]);
	gw_zone_key_free(run->keys[1]);
	gw_arena_free(run->arena);
	gw_free(run);
	return err != 0;
}
