/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "dns/zone/message.h"
#include "dns/zone/tsig.h"
#include "dns/zone/zone_name.h"
#include "gw/core/mem.h"

/* An answer to `www.Example.jp MX`, its names compressed. */
static const uint8_t answer[] = "\x12\x34\x84\x00\0\1\0\1\0\0\0\0"
				"\3www\7Example\2jp\0\0\x0f\0\1"
				"\xc0\x0c\0\x0f\0\1\0\0\x0e\x10\0\x09\0\x0a\4MAIL\xc0\x10";
#define ANSWER_LEN (sizeof(answer) - 1)

static void names_are_expanded_and_in_lower_case(void **state)
{
	struct gw_dns_message message;
	struct gw_dns_record record;
	gw_auto_text struct gw_text rdata = { 0 }, owner = { 0 };

	(void)state;
	assert_int_equal(gw_dns_open(answer, ANSWER_LEN, &message), 0);
	assert_int_equal(message.question_type, GW_DNS_MX);
	assert_int_equal(gw_dns_next(&message, &record), 1);
	gw_dns_name_text(&record.owner, &owner);
	assert_string_equal(owner.bytes, "www.example.jp.");
	assert_int_equal(record.ttl, 3600);
	assert_int_equal(gw_dns_rdata(&message, &record, &rdata), 0);
	assert_int_equal(rdata.len, 2 + 17);
	assert_memory_equal(rdata.bytes, "\0\x0a\4mail\7example\2jp\0", 19);
	assert_int_equal(gw_dns_next(&message, &record), 0);
}

static void a_message_that_is_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < ANSWER_LEN; len++) {
		gw_auto_free uint8_t *part = gw_zalloc(1, len + 1);
		gw_auto_text struct gw_text rdata = { 0 };
		struct gw_dns_message message;
		struct gw_dns_record record;

		memcpy(part, answer, len);
		if (gw_dns_open(part, len, &message) == 0 && gw_dns_next(&message, &record) == 1)
			fail_msg("the first %zu octets pass", len);
	}
}

static void pointers_that_do_not_lead_back_are_refused(void **state)
{
	static const struct {
		const char *name;
		const char *bytes; /* after a header of 12 octets and "\1a\0": from 15 on */
		size_t len;
	} rows[] = {
		{ "itself", "\xc0\x0f", 2 },         { "forward", "\xc0\x11\1b\0", 5 },
		{ "beyond the end", "\xff\xff", 2 }, { "a loop of two", "\1b\xc0\x0f", 4 },
		{ "half a pointer", "\xc0", 1 },     { "an unknown kind of label", "\x41\x01", 2 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		uint8_t bytes[64] = "\0\0\x80\0\0\0\0\0\0\0\0\0\1a";
		struct gw_dns_message message;
		struct gw_dns_name name;
		size_t at = 15;

		memcpy(bytes + 15, rows[i].bytes, rows[i].len);
		assert_int_equal(gw_dns_open(bytes, 15 + rows[i].len, &message), 0);
		if (gw_dns_read_name(&message, &at, &name) != -EBADMSG)
			fail_msg("%s passes", rows[i].name);
	}
}

static void a_name_longer_than_255_octets_is_refused(void **state)
{
	uint8_t bytes[512] = "\0\0\x80\0\0\0\0\0\0\0\0\0";
	struct gw_dns_message message;
	struct gw_dns_name name;
	size_t at = 12;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		bytes[12 + 64 * i] = 63;
	assert_int_equal(gw_dns_open(bytes, sizeof(bytes), &message), 0);
	assert_int_equal(gw_dns_read_name(&message, &at, &name), -EBADMSG);
	bytes[12 + 64 * 3] = 61;
	at = 12;
	assert_int_equal(gw_dns_read_name(&message, &at, &name), 0);
	assert_int_equal(name.len, 255);
}

/* ---- TSIG ------------------------------------------------------------------------------------- */

static void tsig_keys_are_read_in_both_forms(void **state)
{
	struct gw_tsig_key a, b;

	(void)state;
	assert_null(gw_tsig_parse("key \"Gw.example\" {\n\talgorithm hmac-sha256;\n"
				  "\tsecret \"bm90IHNvIHNlY3JldA==\";\n};\n",
				  &a));
	assert_null(gw_tsig_parse("hmac-sha256:gw.example.:bm90IHNvIHNlY3JldA==\n", &b));
	assert_true(gw_dns_name_equal(&a.name, &b.name));
	assert_int_equal(a.secret_len, 13);
	assert_memory_equal(a.secret, b.secret, 13);
	assert_non_null(gw_tsig_parse("hmac-md5:gw.example.:bm90IHNvIHNlY3JldA==\n", &b));
	assert_non_null(gw_tsig_parse("hmac-sha256:gw.example.:!\n", &b));
	assert_non_null(gw_tsig_parse("key x { algorithm hmac-sha256; };", &b));
	assert_non_null(
		gw_tsig_parse("key x { algorithm hmac-sha256; secret \"bm90IHNvIHNlY3JldA==\"; "
			      "extra y; };",
			      &b));
	assert_non_null(gw_tsig_parse("", &b));
}

/*
 * A message signed in a session without a MAC before it is proved by another such session: the same
 * octets go into both. Real servers answer in tests/netns/c6-zone-compare.sh.
 */
static void a_signed_message_changed_anywhere_is_refused(void **state)
{
	struct gw_tsig_session session;
	struct gw_dns_message message;
	struct gw_tsig_key key;
	struct gw_zone_name name;
	gw_auto_text struct gw_text text = { 0 };

	(void)state;
	assert_null(gw_tsig_parse("hmac-sha256:gw.example.:bm90IHNvIHNlY3JldA==", &key));
	assert_int_equal(gw_zone_name_parse("example.jp", &name), 0);
	gw_dns_question(7, name.wire, name.len, GW_DNS_SOA, &text);
	gw_tsig_begin(&session, &key);
	gw_tsig_sign(&session, 1000, &text);
	gw_tsig_end(&session);
	gw_tsig_begin(&session, &key);
	assert_int_equal(gw_dns_open((const uint8_t *)text.bytes, text.len, &message), 0);
	assert_int_equal(gw_tsig_verify(&session, &message, true, 900), 0);
	assert_int_equal(session.skew, 100);
	gw_tsig_end(&session);
	for (size_t i = 0; i < text.len; i++) {
		/* The id in the header is the one of whoever forwarded it. */
		if (i < 2)
			continue;
		text.bytes[i] = (char)(text.bytes[i] ^ 1);
		gw_tsig_begin(&session, &key);
		if (gw_dns_open((const uint8_t *)text.bytes, text.len, &message) == 0 &&
		    gw_tsig_verify(&session, &message, true, 1000) == 0)
			fail_msg("octet %zu may be changed", i);
		gw_tsig_end(&session);
		text.bytes[i] = (char)(text.bytes[i] ^ 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_expanded_and_in_lower_case),
		cmocka_unit_test(a_message_that_is_cut_anywhere_is_refused),
		cmocka_unit_test(pointers_that_do_not_lead_back_are_refused),
		cmocka_unit_test(a_name_longer_than_255_octets_is_refused),
		cmocka_unit_test(tsig_keys_are_read_in_both_forms),
		cmocka_unit_test(a_signed_message_changed_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
