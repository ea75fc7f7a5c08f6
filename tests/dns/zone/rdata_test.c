/* RDATA: ldns, which is somebody else's, reads the same octets out of the same texts; what is printed is read as
 * what it was; wrong texts are refused. */
#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/zone/generate.h"
#include "dns/zone/rdata.h"
#include "gw/core/mem.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const uint8_t origin[] = "\x07"
				"Example"
				"\x02"
				"jp";

/* Hex is put together. NOLINTBEGIN(bugprone-suspicious-missing-comma) */
static const char *const texts[] = {
	"A 192.0.2.1",
	"NS Ns1",
	"NS ns1.EXAMPLE.com.",
	"CNAME @",
	"SOA ns1 host\\.master 2026112301 1h 900 4w 1h30m",
	"PTR a\\046b.c",
	"HINFO \"a b\" c",
	"MINFO a b.",
	"MX 10 Mail",
	"TXT one \"two three\" \"a \\\"quote\\\"\" \"\\200\\000\" \"\"",
	"RP a. b",
	"AFSDB 1 Db",
	"X25 311061700956",
	"RT 5 relay",
	"PX 1 a b.",
	"AAAA 2001:DB8::1",
	"SRV 0 5 5060 Sip",
	"NAPTR 100 10 \"U\" \"E2U+sip\" \"!^.*$!sip:info@example.com!\" .",
	"KX 3 Kx",
	"DNAME Other.example.",
	"DS 60485 13 2 " HEX64,
	"DS 60485 13 2 01234567 89ABCDEF0123456789abcdef 0123456789abcdef0123456789abcdef",
	"SSHFP 4 2 " HEX64,
	"RRSIG A 13 3 86400 20261223000000 20261123000000 2642 Example.jp. "
	"3q2+7wAB3q2+7wAB3q2+7wAB",
	"NSEC b.example.jp. A MX RRSIG NSEC TYPE1234",
	"NSEC a.example.jp. TYPE65535 A",
	"DNSKEY 257 3 13 3q2+7wAB 3q2+7wAB3q2+7wAB",
	"DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
	"NSEC3 1 1 0 AABBCCDD 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG",
	"NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s",
	"NSEC3PARAM 1 0 0 -",
	"NSEC3PARAM 1 0 10 aabb",
	"TLSA 3 1 1 " HEX64,
	"SMIMEA 3 1 1 " HEX64,
	"CDS 0 0 0 00",
	"CDNSKEY 0 3 0 AA==",
	"OPENPGPKEY 3q2+7wAB",
	"CSYNC 66 3 A NS AAAA",
	"ZONEMD 2026112301 1 1 " HEX64 "0123456789abcdef0123456789abcdef",
	"SPF \"v=spf1 -all\"",
	"URI 10 1 \"ftp://ftp1.example.com/public\"",
	"CAA 0 issue \"ca.example.net; account=230123\"",
	"CAA 128 iodef \"mailto:security@example.com\"",
	"L32 10 10.1.2.0",
	"LP 10 l64-subnet.example.",
	"TYPE65534 \\# 3 abcdef",
	"TYPE65534 \\# 0",
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */

/* Canonical RDATA by ldns; freed by the caller. */
static uint8_t *by_ldns(const char *text, size_t *ret_len)
{
	ldns_rdf *zone = ldns_dname_new_frm_str("example.jp.");
	ldns_buffer *buffer = ldns_buffer_new(65536);
	char entry[1024];
	ldns_rr *rr = NULL;
	uint8_t *copy;

	(void)snprintf(entry, sizeof(entry), "x 0 IN %s", text);
	if (ldns_rr_new_frm_str(&rr, entry, 0, zone, NULL) != LDNS_STATUS_OK)
		fail_msg("ldns does not read `%s`", text);
	ldns_rr2canonical(rr);
	assert_int_equal(ldns_rr_rdata2buffer_wire(buffer, rr), LDNS_STATUS_OK);
	*ret_len = ldns_buffer_position(buffer);
	copy = gw_zalloc(*ret_len + 1, 1);
	memcpy(copy, ldns_buffer_begin(buffer), *ret_len);
	ldns_rr_free(rr);
	ldns_buffer_free(buffer);
	ldns_rdf_deep_free(zone);
	return copy;
}

static enum gw_rdata_status read_text(const char *text, uint16_t *ret_type, uint8_t *ret,
				      size_t *ret_len)
{
	struct gw_words words = { text };
	const char *wrong = NULL;
	struct gw_word word;
	enum gw_rdata_status status;

	assert_true(gw_words_next(&words, &word));
	if (!gw_rdata_type_read(&word, ret_type))
		return GW_RDATA_WRONG;
	status = gw_rdata_read(*ret_type, &words, origin, sizeof(origin), ret, ret_len, &wrong);
	assert_int_equal(status == GW_RDATA_WRONG, wrong != NULL);
	return status;
}

static uint8_t ours[GW_RDATA_MAX], again[GW_RDATA_MAX];

static void texts_are_read_as_ldns_reads_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(texts); i++) {
		gw_auto_free uint8_t *theirs = NULL;
		size_t len = 0, their_len;
		uint16_t type;

		if (read_text(texts[i], &type, ours, &len) != GW_RDATA_OK)
			fail_msg("`%s` is not read", texts[i]);
		theirs = by_ldns(texts[i], &their_len);
		if (len != their_len || memcmp(ours, theirs, len) != 0)
			fail_msg("`%s` is read as other octets", texts[i]);
	}
}

static void what_is_printed_is_read_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(texts); i++) {
		gw_auto_text struct gw_text out = { 0 };
		size_t len = 0, len_again = 0;
		uint16_t type, type_again;

		assert_int_equal(read_text(texts[i], &type, ours, &len), GW_RDATA_OK);
		gw_rdata_type_print(type, &out);
		gw_text_putc(&out, ' ');
		assert_int_equal(gw_rdata_print(type, ours, len, &out), GW_RDATA_OK);
		if (read_text(out.bytes, &type_again, again, &len_again) != GW_RDATA_OK)
			fail_msg("`%s` is printed as `%s`, which is not read", texts[i], out.bytes);
		assert_int_equal(type_again, type);
		assert_int_equal(len_again, len);
		assert_memory_equal(again, ours, len);
	}
}

/* Random octets: printed or refused, and if printed, read as the same. */
static void any_octets_are_refused_or_come_back(void **state)
{
	size_t printed = 0;

	(void)state;
	srandom(7);
	for (unsigned int i = 0; i < 200000; i++) {
		gw_auto_text struct gw_text out = { 0 };
		uint16_t type = (uint16_t)(random() % 110), type_again;
		size_t len = (size_t)(random() % 40), len_again = 0;
		uint8_t octets[40];

		for (size_t k = 0; k < len; k++)
			octets[k] = (uint8_t)(random() % 3 ? random() % 8 : random());
		gw_rdata_type_print(type, &out);
		gw_text_putc(&out, ' ');
		if (gw_rdata_print(type, octets, len, &out) != GW_RDATA_OK)
			continue;
		printed++;
		if (read_text(out.bytes, &type_again, again, &len_again) == GW_RDATA_OTHER)
			continue;
		if (len_again != len)
			fail_msg("type %u: `%s`", type, out.bytes);
		/* Letters in names become small. */
		for (size_t k = 0; k < len; k++)
			assert_true(again[k] == octets[k] || again[k] == octets[k] + 32);
	}
	assert_true(printed > 10000);
}

static void wrong_texts_are_refused(void **state)
{
	static const char *const wrong[] = {
		"A 192.0.2.256",
		"A 192.0.2.1 2",
		"A",
		"AAAA 2001:db8::g",
		"NS a..b",
		"NS",
		"MX 65536 a",
		"MX -1 a",
		"MX a",
		"TXT",
		"SOA a b 1 2 3 4",
		"SOA a b 1 2 3 4 x",
		"DS 1 13 2 abc",
		"DS 1 NONE 2 abcd",
		"NSEC a A NOTYPE",
		"DNSKEY 257 3 13 !!!!",
		"RRSIG A 13 3 86400 20261323000000 20261123000000 1 a. AAAA",
		"NSEC3 1 0 0 - 0123456789",
		"NSEC3PARAM 1 0 0 abc",
		"TYPE65534 abcdef",
		"TYPE65534 \\# 4 abcdef",
		"TYPE65534 \\# 2 abcdef",
		"CAA 0 is-sue x",
		"NS aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b",
		"NS \\300a",
		"NS a\\25",
		"TYPE70000 \\# 0",
	};
	size_t len;
	uint16_t type;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(wrong); i++)
		if (read_text(wrong[i], &type, ours, &len) != GW_RDATA_WRONG)
			fail_msg("`%s` is taken", wrong[i]);
}

/* ---- $GENERATE --------------------------------------------------------------------------------------- */

static void expect(const char *entry, uint32_t number, const char *wanted)
{
	gw_auto_text struct gw_text out = { 0 };

	assert_true(gw_zone_generate(entry, number, &out));
	assert_string_equal(out.bytes, wanted);
}

static void numbers_stand_in_entries(void **state)
{
	static const char *const wrong[] = {
		"${", "${x}", "${1,2", "${0,999}", "${0,1,q}", "${-9}"
	};
	gw_auto_text struct gw_text out = { 0 };

	(void)state;
	expect("host-$ A 10.0.0.$", 7, "host-7 A 10.0.0.7");
	expect("a${0,3} b${10} c${-2,2,d}", 7, "a007 b17 c05");
	expect("x${0,2,x} X${0,2,X} o${0,3,o}", 171, "xab XAB o253");
	expect("${0,7,n}.ip6", 0x1a, "a.1.0.0.ip6");
	expect("$$ \\$ \\.", 1, "$ $ \\.");
	for (size_t i = 0; i < GW_COUNT(wrong); i++)
		assert_false(gw_zone_generate(wrong[i], 7, &out));
}

static void ranges_are_bounded(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} ranges[] = { { "1-3", true },
		       { "0-255/8", true },
		       { "1-65536", true },
		       { "0-65536", false },
		       { "3-1", false },
		       { "1-3/0", false },
		       { "1", false },
		       { "1-", false },
		       { "a-b", false },
		       { "1-3/1x", false },
		       { "0-4294967295/65536", true } };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(ranges); i++) {
		struct gw_word word = { ranges[i].text, strlen(ranges[i].text), false };
		struct gw_zone_range range;

		if (gw_zone_range_read(&word, &range) != ranges[i].ok)
			fail_msg("%s", ranges[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_as_ldns_reads_them),
		cmocka_unit_test(what_is_printed_is_read_again),
		cmocka_unit_test(any_octets_are_refused_or_come_back),
		cmocka_unit_test(wrong_texts_are_refused),
		cmocka_unit_test(numbers_stand_in_entries),
		cmocka_unit_test(ranges_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
