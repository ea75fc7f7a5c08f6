#include "tests/support/zone_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/core/mem.h"

#define TEXT(serial)                                                                               \
	"$TTL 3600\n"                                                                              \
	"@ SOA ns1 hostmaster " serial " 7200 1800 1036800 900\n"                                  \
	"@ NS NS1\n"                                                                               \
	"@ NS ns.sub\n"                                                                            \
	"@ MX 10 mail\n"                                                                           \
	"ns1 A 203.0.113.1\n"                                                                      \
	"mail A 203.0.113.5\n"                                                                     \
	"mail A 203.0.113.4\n"                                                                     \
	"* TXT \"wild\"\n"                                                                         \
	"a.b.c TXT \"below an empty name\"\n"                                                      \
	"sub NS ns.sub\n"                                                                          \
	"sub DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"     \
	"ns.sub A 203.0.113.9\n"                                                                   \
	"open NS ns.open\n"                                                                        \
	"ns.open AAAA 2001:db8::9\n"                                                               \
	"deep.in.the.open2 NS ns1\n"                                                               \
	"old DNAME new.go.jp.\n"                                                                   \
	"TYPE65280 TYPE65280 \\# 3 010203\n"

const char zone_lab_text[] = TEXT("1");
const char zone_lab_text_2[] = TEXT("2");

void zone_lab_add_key(struct zone_lab *lab, enum gw_zone_role role,
		      enum gw_zone_algorithm algorithm)
{
	size_t i = lab->signing.n_keys;
	struct gw_zone_key_wish wish = { .zone = &lab->name,
					 .role = role,
					 .algorithm = algorithm,
					 .now = ZONE_LAB_NOW,
					 .taken = lab->published,
					 .n_taken = i };

	assert_true(i < GW_COUNT(lab->keys));
	assert_int_equal(gw_zone_key_generate(&wish, &lab->diags, &lab->keys[i]), 0);
	lab->published[i] = &lab->keys[i]->public_;
	gw_zone_key_signer(lab->keys[i], &lab->signers[i].signer);
	lab->signers[i].keys = gw_zone_role_signs_keys(role);
	lab->signers[i].zone = gw_zone_role_signs_zone(role);
	lab->signing.n_keys = lab->signing.n_published = i + 1;
}

struct zone_lab *zone_lab_new(enum gw_zone_algorithm algorithm)
{
	struct zone_lab *lab = gw_zalloc(1, sizeof(*lab));

	lab->arena = gw_arena_new();
	gw_diags_init(&lab->diags);
	assert_int_equal(gw_zone_name_parse("example.go.jp", &lab->name), 0);
	lab->config = (struct gw_zone_config){
		.name = &lab->name,
		.file = "zone",
		.policy = { .algorithm = algorithm, .sign = true, .timing.dnskey_ttl = 3600 },
		.serial = GW_ZONE_SERIAL_INCREMENT,
		.signatures = { .validity = 28 * 86400,
				.refresh = 14 * 86400,
				.jitter = 86400,
				.backdate = 3600 },
	};
	lab->signing = (struct gw_zone_signing){ .policy = &lab->config,
						 .keys = lab->signers,
						 .published = lab->published,
						 .now = ZONE_LAB_NOW,
						 .threads = 3 };
	zone_lab_add_key(lab, GW_ZONE_KSK, algorithm);
	zone_lab_add_key(lab, GW_ZONE_ZSK, algorithm);
	return lab;
}

void zone_lab_free(struct zone_lab *lab)
{
	for (size_t i = 0; i < GW_COUNT(lab->keys); i++)
		gw_zone_key_free(lab->keys[i]);
	gw_diags_done(&lab->diags);
	gw_arena_free(lab->arena);
	gw_free(lab);
}

struct gw_zone_store zone_lab_read(struct zone_lab *lab, const char *text)
{
	char folder[] = "/tmp/gw-zone-lab-XXXXXX", path[64];
	struct gw_zone_store zone;
	struct gw_zone_data data;
	FILE *file;

	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/zone", folder);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	if (!gw_zone_read(folder, &lab->config, lab->arena, &lab->diags, &data)) {
		gw_diags_print(&lab->diags, stderr, false);
		fail_msg("the zone cannot be read");
	}
	(void)unlink(path);
	(void)rmdir(folder);
	gw_zone_of_data(&data, &zone);
	gw_zone_data_free(&data);
	return zone;
}
