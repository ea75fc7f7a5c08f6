/*
 * Signs a zone with two keys made for it, and tells how long each part took:
 *
 *	zone_sign DIR FILE ORIGIN [OUTPUT]
 *
 * Prints "records signatures read-ms sign-ms write-ms resident-KB" on standard error; the signed zone goes to
 * OUTPUT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "dns/zone/config.h"
#include "dns/zone/sign.h"
#include "dns/zone/zone_print.h"
#include "gw/core/mem.h"

static double now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A key-signing and a zone-signing key. */
static bool make_keys(const struct gw_zone_name *zone, struct gw_zone_key *keys[2],
		      struct gw_zone_signing_key signers[2],
		      const struct gw_zone_dnskey *published[2], struct gw_diags *diags)
{
	for (size_t i = 0; i < 2; i++) {
		struct gw_zone_key_wish wish = { .zone = zone,
						 .role = i ? GW_ZONE_ZSK : GW_ZONE_KSK,
						 .algorithm = GW_ZONE_ECDSAP256SHA256,
						 .now = time(NULL),
						 .taken = i ? published : NULL,
						 .n_taken = i };

		if (gw_zone_key_generate(&wish, diags, &keys[i]) < 0)
			return false;
		published[i] = &keys[i]->public_;
		gw_zone_key_signer(keys[i], &signers[i].signer);
		signers[i].keys = i == 0;
		signers[i].zone = i == 1;
	}
	return true;
}

static bool write_out(const char *path, const struct gw_text *text)
{
	FILE *file = fopen(path, "we");
	bool ok = file && fwrite(text->bytes, 1, text->len, file) == text->len;

	return file && fclose(file) == 0 && ok;
}

int main(int argc, char **argv)
{
	struct gw_arena *arena = gw_arena_new();
	gw_auto_text struct gw_text out = { 0 };
	const struct gw_zone_dnskey *published[2];
	struct gw_zone_signing_key signers[2];
	struct gw_zone_key *keys[2] = { NULL };
	struct gw_zone_data data = { 0 };
	struct gw_zone_config config = { 0 };
	struct gw_zone_name name;
	struct rusage usage;
	struct gw_diags diags;
	double start, read, sign, written;
	size_t n;
	int err = 1;

	gw_diags_init(&diags);
	if (argc < 4 || gw_zone_name_parse(argv[3], &name) < 0) {
		(void)fputs("usage: zone_sign DIR FILE ORIGIN [OUTPUT]\n", stderr);
		return 64;
	}
	config.name = &name;
	config.file = argv[2];
	if (!make_keys(&name, keys, signers, published, &diags))
		goto out;
	start = now_ms();
	if (!gw_zone_read(argv[1], &config, arena, &diags, &data))
		goto out;
	read = now_ms();
	n = data.n;
	err = gw_zone_sign(&data, &(struct gw_zone_signing){ .keys = signers,
							     .n_keys = 2,
							     .published = published,
							     .n_published = 2,
							     .dnskey_ttl = 3600,
							     .inception = time(NULL) - 3600,
							     .expiration = time(NULL) + 1209600 });
	sign = now_ms();
	err = err || gw_zone_print(&data, &out) || (argc > 4 && !write_out(argv[4], &out));
	written = now_ms();
	(void)getrusage(RUSAGE_SELF, &usage);
	(void)fprintf(stderr, "%zu %zu %.0f %.0f %.0f %ld\n", n, data.n - n, read - start,
		      sign - read, written - sign, usage.ru_maxrss);
out:
	gw_diags_print(&diags, stderr, false);
	gw_diags_done(&diags);
	gw_zone_data_free(&data);
	gw_zone_key_free(keys[0]);
	gw_zone_key_free(keys[1]);
	gw_arena_free(arena);
	return err != 0;
}
