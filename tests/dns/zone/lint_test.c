/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "dns/dns.h"
#include "dns/zone/lint.h"
#include "gw/core/mem.h"
#include "tests/support/site_policy.h"

#define SITE                                                                                       \
	"gw: 1\n"                                                                                  \
	"zones:\n"                                                                                 \
	"  wan: {interfaces: [wan0], untrusted: true}\n"                                           \
	"  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28]}\n"                                    \
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16, 198.51.100.0/24]}\n"                       \
	"policies:\n"                                                                              \
	"  - {id: web-in, from: wan, to: dmz, services: [tcp/443], action: accept" SITE_DUTIES     \
	"}\n"                                                                                      \
	"dns:\n"                                                                                   \
	"  zones:\n"                                                                               \
	"    example.go.jp: {file: zone, owner: dns-team, review: 2099-12-31, "                    \
	"allowed_suffixes: go.jp"

/* Free of findings; rows add lines. */
#define GOOD                                                                                       \
	"$TTL 1h\n"                                                                                \
	"@ SOA ns1 hostmaster ( 1 ; serial\n"                                                      \
	"  2h 30m 12d 1h )\n"                                                                      \
	"@ NS ns1\n"                                                                               \
	"@ NS ns2\n"                                                                               \
	"@ CAA 0 issue \"ca.example\"\n"                                                           \
	"@ MX 10 mail\n"                                                                           \
	"@ TXT \"v=spf1 mx ip4:203.0.113.5/28 -all\"\n"                                            \
	"_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:d@example.go.jp\"\n"                          \
	"ns1 A 203.0.113.1\n"                                                                      \
	"ns2 AAAA 2001:db8::2\n"                                                                   \
	"mail A 203.0.113.5\n"

struct folder {
	char path[64];
};

static int setup(void **ret)
{
	struct folder *folder = gw_zalloc(1, sizeof(*folder));

	(void)strcpy(folder->path, "/tmp/gw-lint-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	*ret = folder;
	return 0;
}

static void write_file(const struct folder *folder, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int teardown(void **ret)
{
	struct folder *folder = *ret;
	static const char *const names[] = { "zone", "more", "link" };
	char path[128];

	for (size_t i = 0; i < GW_COUNT(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder->path, names[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(folder->path), 0);
	gw_free(folder);
	return 0;
}

/* What lint says of the text, as "GW1825:14 …", errors with `!`, in order of line. */
static char *findings(const struct folder *folder, const char *zone, const char *settings)
{
	gw_auto_text struct gw_text yaml = { 0 }, out = { 0 };
	struct gw_arena *arena = gw_arena_new();
	struct gw_config *config;
	struct gw_zone_data data;
	struct gw_diags diags;

	gw_text_printf(&yaml, SITE "%s}\n", settings);
	config = site_policy(yaml.bytes, 1000);
	write_file(folder, "zone", zone);
	gw_diags_init(&diags);
	diags.limit = 200;
	(void)gw_zone_read(folder->path, gw_dns_config(config->policy)->zones->zones, arena, &diags,
			   &data);
	gw_zone_lint(gw_dns_config(config->policy)->zones->zones, config->policy, &data, 1000,
		     &diags);
	gw_text_puts(&out, "");
	for (uint32_t line = 0; line < 100; line++)
		for (size_t i = 0; i < diags.count; i++) {
			const struct gw_diagnostic *item = &diags.items[i];
			bool in_zone =
				item->loc.source && strcmp(item->loc.source->path, "gw.yaml") != 0;

			if ((in_zone ? item->loc.line : 0) == line)
				gw_text_printf(&out, "%s%s%s:%u", out.len ? " " : "",
					       gw_diag_kind(item->id)->number,
					       item->severity == GW_SEVERITY_ERROR ? "!" : "",
					       line);
		}
	gw_zone_data_free(&data);
	gw_diags_done(&diags);
	gw_config_free(config);
	gw_arena_free(arena);
	return gw_strdup(out.bytes ? out.bytes : "");
}

static void every_rule_finds_what_it_is_about(void **state)
{
	static const struct {
		const char *name, *more; /* lines from 13 on */
		const char *found;
	} rows[] = {
		{ "nothing", "", "" },
		{ "syntax", "a A 1.2.3\nb TXT \"x\nc A 203.0.113.7\n", "GW1821!:13 GW1821!:14" },
		{ "parentheses", "a A ( 203.0.113.7\n", "GW1821!:13" },
		{ "directive", "$RANGE 1-2 a$ A 192.0.2.$\n", "GW1821!:13" },
		{ "range", "$GENERATE 3-1 g$ A 203.0.113.$\n", "GW1821!:13" },
		{ "generated", "$GENERATE 1-3 g$ A 203.0.113.$\n", "" },
		{ "generated, wrong", "$GENERATE 254-258 g$ A 203.0.113.$\n", "GW1821!:13" },
		{ "two SOA", "@ SOA ns1 x 9 2h 30m 12d 1h\n", "GW1822!:13" },
		{ "SOA below", "a SOA ns1 x 1 2h 30m 12d 1h\n", "GW1822!:13" },
		{ "outside", "a.example.jp. A 203.0.113.7\n", "GW1823!:13 GW1838!:13" },
		{ "alias and data", "a CNAME mail\na A 203.0.113.7\n", "GW1825!:13" },
		{ "two aliases", "a CNAME mail\na CNAME ns1\n", "GW1825!:14" },
		{ "alias of itself", "a CNAME b\nb CNAME a\n", "GW1826!:13 GW1826!:14" },
		{ "dangling", "a CNAME gone\nb MX 10 gone\nb TXT \"v=spf1 -all\"\n",
		  "GW1827!:13 GW1827!:14" },
		{ "target without address", "a SRV 0 0 443 _dmarc\n", "GW1827!:13" },
		{ "wildcard serves", "*.w A 203.0.113.8\na CNAME x.w\n", "" },
		{ "target is alias", "a CNAME mail\nb SRV 0 0 443 a\n", "GW1828!:14" },
		{ "no glue", "sub NS ns.sub\nsub NS ns1\n", "GW1829!:13" },
		{ "glue", "sub NS ns.sub\nns.sub A 203.0.113.9\n", "" },
		{ "hidden", "sub NS ns1\nx.sub TXT t\nsub TXT t\n", "GW1830!:14 GW1830!:15" },
		{ "below DNAME", "d DNAME example.go.jp.\nx.d A 203.0.113.9\n", "GW1830!:14" },
		{ "DS alone",
		  "a DS 1 13 2 "
		  "0000000000000000000000000000000000000000000000000000000000000000\n",
		  "GW1831!:13" },
		{ "DS by SHA-1", "s NS ns1\ns DS 1 13 1 0000000000000000000000000000000000000000\n",
		  "GW1831!:14" },
		{ "TTLs", "a 60 A 203.0.113.7\na 90 A 203.0.113.8\n", "GW1832!:14" },
		{ "twice", "a A 203.0.113.7\nA A 203.0.113.7\n", "GW1833:14" },
		{ "short TTL", "a 5 A 203.0.113.7\n", "GW1834:13" },
		{ "wildcard NS", "*.x NS ns1\na.*.b TXT t\n", "GW1836:13 GW1836:14" },
		{ "host's name", "a_b A 203.0.113.7\n", "GW1837:13" },
		{ "suffix", "a CNAME www.example.com.\n", "GW1838!:13" },
		{ "private", "a A 192.168.1.1\nb AAAA fd00::1\nc A 10.20.0.9\n",
		  "GW1839!:13 GW1839!:14 GW1839!:15" },
		{ "inside zone", "a A 198.51.100.7\n", "GW1839!:13" },
		{ "no address", "a A 127.0.0.1\nb AAAA fe80::1\n", "GW1840!:13 GW1840!:14" },
		{ "made by us", "@ CDS 0 0 0 00\n", "GW1841!:13" },
		{ "gone", "a TYPE99 \\# 2 0161\n", "GW1842:13" },
		{ "SPF twice", "@ TXT \"v=spf1 -all\"\n", "GW1843!:8" },
		{ "SPF open",
		  "a TXT \"v=spf1 +all\"\nb TXT \"v=spf1 foo:x -all\"\nc TXT \"v=spf1 mx\"\n"
		  "d TXT \"v=spf1 ip4:1.2.3 -all\"\n",
		  "GW1843!:13 GW1843!:14 GW1843!:15 GW1843!:16" },
		{ "SPF look-ups", "a TXT \"v=spf1 a a a a a a a a a a mx -all\"\n", "GW1843!:13" },
		{ "DMARC", "_dmarc.a TXT \"v=DMARC1; p=no; rua=x\"\n_dmarc.b TXT \"v=DMARC1\"\n",
		  "GW1844!:13 GW1844!:13 GW1844!:14" },
		{ "null MX", "a MX 0 .\na MX 5 mail\na TXT \"v=spf1 -all\"\n", "GW1845!:13" },
		{ "no SPF", "a MX 5 mail\n", "GW1846:13" },
		{ "CAA", "a CAA 0 isue \"x\"\nb CAA 1 issue \"x\"\nc CAA 0 iodef \"x\"\n",
		  "GW1847!:13 GW1847!:14 GW1847!:15" },
	};

	size_t wrong = 0;

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		gw_auto_text struct gw_text zone = { 0 };
		gw_auto_free char *found = NULL;

		gw_text_printf(&zone, GOOD "%s", rows[i].more);
		found = findings(*state, zone.bytes, "");
		if (strcmp(found, rows[i].found) == 0)
			continue;
		print_error("%s: [%s] instead of [%s]\n", rows[i].name, found, rows[i].found);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void a_zone_without_the_usual_is_told_all_of_it(void **state)
{
	gw_auto_free char *empty = findings(*state, "", "");
	gw_auto_free char *bare = findings(*state,
					   "$TTL 3600\n@ SOA ns1 x 1 1h 2h 3d 2d\n@ NS ns1\n"
					   "ns1 A 203.0.113.1\n",
					   "");

	assert_string_equal(empty, "GW1822!:0 GW1824!:0 GW1848:0 GW1846:0");
	assert_string_equal(bare, "GW1848:0 GW1846:0 GW1835:2 GW1835:2 GW1835:2 GW1824!:3");
}

static void expire_and_ttls_must_leave_time_to_renew_signatures(void **state)
{
	gw_auto_free char *found = findings(*state, GOOD, ", signatures: {refresh: 12d}");

	assert_string_equal(found, "GW1803!:0");
}

static void a_zone_may_judge_a_rule_otherwise(void **state)
{
	gw_auto_free char *found = findings(
		*state, GOOD "a CNAME www.example.com.\nb 5 A 203.0.113.7\nc A 192.168.1.1\n",
		", lint: [{rule: GW1838, use: ignore, reason: r}, {rule: GW1834, use: error, "
		"reason: r}, {rule: GW1839, use: warning, reason: r}]");

	assert_string_equal(found, "GW1834!:14 GW1839:15");
}

static void files_are_included_from_within_the_repository_alone(void **state)
{
	const struct folder *folder = *state;
	gw_auto_free char *good = NULL, *outside = NULL, *loop = NULL, *link = NULL;
	char path[128];

	write_file(folder, "more",
		   "www A 203.0.113.7\n$ORIGIN x.example.go.jp.\ny A 192.168.0.1\n");
	good = findings(folder, GOOD "$INCLUDE more\nz A 192.168.0.2\n", "");
	assert_string_equal(good, "GW1839!:3 GW1839!:14");
	outside = findings(folder, GOOD "$INCLUDE ../../etc/passwd\n$INCLUDE /etc/passwd\n", "");
	assert_string_equal(outside, "GW1821!:13 GW1821!:14");
	(void)snprintf(path, sizeof(path), "%s/link", folder->path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	link = findings(folder, GOOD "$INCLUDE link\n", "");
	assert_string_equal(link, "GW1821!:13");
	write_file(folder, "more", "$INCLUDE more\n");
	loop = findings(folder, GOOD "$INCLUDE more\n", "");
	assert_string_equal(loop, "GW1821!:1");
}

static void a_line_of_ten_megabytes_is_one_error(void **state)
{
	gw_auto_text struct gw_text zone = { 0 };
	gw_auto_free char *found = NULL;

	gw_text_puts(&zone, GOOD "a TXT ");
	for (size_t i = 0; i < 10u << 20; i += 16)
		gw_text_puts(&zone, "aaaaaaaaaaaaaaa ");
	gw_text_puts(&zone, "\nb A 192.168.0.1\n");
	found = findings(*state, zone.bytes, "");
	assert_string_equal(found, "GW1821!:13 GW1839!:14");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_rule_finds_what_it_is_about),
		TEST(a_zone_without_the_usual_is_told_all_of_it),
		TEST(expire_and_ttls_must_leave_time_to_renew_signatures),
		TEST(a_zone_may_judge_a_rule_otherwise),
		TEST(files_are_included_from_within_the_repository_alone),
		TEST(a_line_of_ten_megabytes_is_one_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
