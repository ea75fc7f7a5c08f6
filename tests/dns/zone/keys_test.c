#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dns/zone/keys.h"
/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dns/zone/vault.h"
#include "gw/agent/durable.h"
#include "gw/audit/files.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define SECRET "correct horse battery"

/* ---- a state directory with a vault ------------------------------------------------------------ */

struct fixture {
	char dir[32];
	int state;
	struct gw_zone_vault vault;
	struct gw_zone_name zone;
	struct gw_diags diags;
};

/* One vault for all tests: making one is meant to take its time. */
static int set_up_group(void **state)
{
	struct fixture *fixture = gw_zalloc(1, sizeof(*fixture));

	(void)snprintf(fixture->dir, sizeof(fixture->dir), "/tmp/gw-keys.XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	fixture->state = open(fixture->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gw_diags_init(&fixture->diags);
	assert_int_equal(gw_zone_vault_open(fixture->state, SECRET, strlen(SECRET), &fixture->diags,
					    &fixture->vault),
			 0);
	assert_int_equal(gw_zone_name_parse("example.go.jp", &fixture->zone), 0);
	*state = fixture;
	return 0;
}

static int tear_down_group(void **state)
{
	struct fixture *fixture = *state;

	gw_diags_done(&fixture->diags);
	gw_zone_vault_done(&fixture->vault);
	(void)close(fixture->state);
	(void)gw_durable_remove_tree(AT_FDCWD, fixture->dir);
	gw_free(fixture);
	return 0;
}

static int set_up(void **state)
{
	struct fixture *fixture = *state;

	gw_diags_done(&fixture->diags);
	gw_diags_init(&fixture->diags);
	return 0;
}

static struct gw_zone_key *make(const struct fixture *fixture, enum gw_zone_algorithm algorithm)
{
	struct gw_zone_key_wish wish = {
		.zone = &fixture->zone,
		.role = GW_ZONE_KSK,
		.algorithm = algorithm,
		.now = 1795000000,
	};
	struct gw_diags diags;
	struct gw_zone_key *key = NULL;

	gw_diags_init(&diags);
	assert_int_equal(gw_zone_key_generate(&wish, &diags, &key), 0);
	gw_diags_done(&diags);
	return key;
}

static void assert_says(const struct fixture *fixture, const char *text)
{
	assert_true(fixture->diags.count > 0);
	if (!strstr(fixture->diags.items[0].message, text))
		fail_msg("\"%s\" does not say \"%s\"", fixture->diags.items[0].message, text);
}

static const enum gw_zone_algorithm all_algorithms[] = {
	GW_ZONE_RSASHA256, GW_ZONE_ECDSAP256SHA256, GW_ZONE_ECDSAP384SHA384,
	GW_ZONE_ED25519,   GW_ZONE_ED448,
};

/* ---- published keys ------------------------------------------------------------------------------ */

/* From RFC 6605, RFC 8080 and the root's trust anchors. */
static const struct published {
	const char *zone;
	uint16_t flags;
	uint8_t algorithm;
	const char *key;
	uint16_t tag;
	const char *ds;
} published[] = {
	{ "example.net", 257, 13,
	  "GojIhhXUN/"
	  "u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
	  55648, "55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17" },
	{ "EXAMPLE.net.", 257, 14,
	  "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/"
	  "egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/"
	  "uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
	  10771,
	  "10771 14 4 "
	  "72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405"
	  "c3008a946df983d6" },
	{ "example.com", 257, 15, "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", 3613,
	  "3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b" },
	{ "example.com", 257, 15, "zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=", 35217,
	  "35217 15 2 401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c" },
	{ "example.com", 257, 16,
	  "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA", 9713,
	  "9713 16 2 6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7" },
	{ ".", 257, 8,
	  "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/"
	  "4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgn"
	  "Lh4+"
	  "B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/"
	  "EWgv"
	  "IWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/"
	  "ilBmSVIzuDWfdRU"
	  "fhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=",
	  20326, "20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d" },
};

static struct gw_zone_dnskey dnskey_of(const struct published *row)
{
	uint8_t rdata[GW_ZONE_DNSKEY_MAX] = { (uint8_t)(row->flags >> 8), (uint8_t)row->flags, 3,
					      row->algorithm };
	ssize_t n = gw_base64_decode(row->key, strlen(row->key), rdata + 4, sizeof(rdata) - 4);
	struct gw_zone_dnskey key;

	assert_true(n > 0);
	assert_int_equal(gw_zone_dnskey_parse(rdata, (size_t)n + 4, &key), 0);
	return key;
}

static void tags_and_ds_are_those_of_published_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(published); i++) {
		gw_auto_text struct gw_text text = { 0 };
		struct gw_zone_dnskey key = dnskey_of(&published[i]);
		const char *digest = strchr(published[i].ds + 9, ' ') - 1;
		struct gw_zone_name zone;
		uint8_t ds[GW_ZONE_DS_MAX];
		size_t len;

		assert_int_equal(gw_zone_name_parse(published[i].zone, &zone), 0);
		assert_int_equal(key.tag, published[i].tag);
		len = gw_zone_ds(&zone, &key,
				 *digest == '4' ? GW_ZONE_DIGEST_SHA384 : GW_ZONE_DIGEST_SHA256,
				 ds);
		gw_zone_ds_text(ds, len, &text);
		if (strcasecmp(text.bytes, published[i].ds) != 0)
			fail_msg("%s: %s", published[i].ds, text.bytes);
		assert_true(gw_zone_ds_is_of(&zone, &key, ds, len));
		ds[len - 1] ^= 1;
		assert_false(gw_zone_ds_is_of(&zone, &key, ds, len));
		assert_false(gw_zone_ds_is_of(&zone, &key, ds, len - 1));
	}
}

static void what_is_no_zone_key_of_ours_is_refused(void **state)
{
	static const uint8_t rows[][6] = {
		{ 0x00, 0x01, 3, 13, 1, 2 }, /* no zone key */
		{ 0x01, 0x81, 3, 13, 1, 2 }, /* revoked */
		{ 0x01, 0x01, 2, 13, 1, 2 }, /* protocol */
		{ 0x01, 0x01, 3, 5, 1, 2 },  /* RSASHA1 */
		{ 0x01, 0x01, 3, 7, 1, 2 },  /* RSASHA1-NSEC3-SHA1 */
		{ 0x01, 0x01, 3, 12, 1, 2 }, /* GOST */
	};
	struct gw_zone_dnskey key;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		assert_int_equal(gw_zone_dnskey_parse(rows[i], sizeof(rows[i]), &key), -EBADMSG);
	assert_int_equal(gw_zone_dnskey_parse(rows[0], 4, &key), -EBADMSG);
}

/* ---- making ---------------------------------------------------------------------------------------- */

static void a_made_key_comes_back_from_its_export(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < GW_COUNT(all_algorithms); i++) {
		gw_auto_secret struct gw_text der = { 0 };
		struct gw_zone_key *key = make(fixture, all_algorithms[i]), *again = NULL;

		assert_int_equal(gw_zone_key_prove(key), 0);
		assert_int_equal(key->public_.tag,
				 gw_zone_key_tag(key->public_.rdata, key->public_.len));
		assert_int_equal(gw_zone_key_export(key, &der), 0);
		assert_int_equal(gw_zone_key_import(key, der.bytes, der.len, &again), 0);
		assert_int_equal(EVP_PKEY_eq(key->private_, again->private_), 1);
		gw_zone_key_free(again);
		/* Something behind it, something missing. */
		gw_text_putc(&der, '\0');
		assert_int_equal(gw_zone_key_import(key, der.bytes, der.len, &again), -EBADMSG);
		assert_int_equal(gw_zone_key_import(key, der.bytes, der.len - 2, &again), -EBADMSG);
		gw_zone_key_free(key);
	}
}

static void a_private_half_of_another_key_is_refused(void **state)
{
	const struct fixture *fixture = *state;
	gw_auto_secret struct gw_text der = { 0 };
	struct gw_zone_key *one = make(fixture, GW_ZONE_ECDSAP256SHA256), *again = NULL;
	struct gw_zone_key *other = make(fixture, GW_ZONE_ECDSAP256SHA256);

	assert_int_equal(gw_zone_key_export(other, &der), 0);
	assert_int_equal(gw_zone_key_import(one, der.bytes, der.len, &again), -EBADMSG);
	gw_zone_key_free(one);
	gw_zone_key_free(other);
}

static void the_profile_and_the_size_decide(void **state)
{
	struct fixture *fixture = *state;
	struct gw_zone_key_wish wish = {
		.zone = &fixture->zone,
		.algorithm = GW_ZONE_ED25519,
		.profile = GW_CRYPTO_P256,
	};
	struct gw_zone_key *key = NULL;

	assert_int_equal(gw_zone_key_generate(&wish, &fixture->diags, &key), -EPERM);
	assert_says(fixture, "ED25519");
	wish.algorithm = GW_ZONE_RSASHA256;
	wish.rsa_bits = 1024;
	assert_int_equal(gw_zone_key_generate(&wish, &fixture->diags, &key), -EPERM);
	wish.rsa_bits = 8192;
	assert_int_equal(gw_zone_key_generate(&wish, &fixture->diags, &key), -EPERM);
	wish.algorithm = (enum gw_zone_algorithm)5;
	assert_int_equal(gw_zone_key_generate(&wish, &fixture->diags, &key), -EPERM);
	assert_false(gw_zone_algorithm_allowed((enum gw_zone_algorithm)7, GW_CRYPTO_MODERN));
	assert_true(gw_zone_algorithm_allowed(GW_ZONE_ECDSAP384SHA384, GW_CRYPTO_P256));
}

static void algorithms_have_names_and_numbers(void **state)
{
	enum gw_zone_algorithm algorithm;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(all_algorithms); i++) {
		assert_true(gw_zone_algorithm_by_name(
			gw_zone_algorithm_name((uint8_t)all_algorithms[i]), &algorithm));
		assert_int_equal(algorithm, all_algorithms[i]);
	}
	assert_true(gw_zone_algorithm_by_name("15", &algorithm));
	assert_int_equal(algorithm, GW_ZONE_ED25519);
	assert_false(gw_zone_algorithm_by_name("RSASHA1", &algorithm));
	assert_false(gw_zone_algorithm_by_name("5", &algorithm));
	assert_false(gw_zone_algorithm_by_name("", &algorithm));
}

/* A key collides with itself, with its revoked form, and with one whose revoked form it is. */
static void colliding_tags_are_seen(void **state)
{
	const struct fixture *fixture = *state;
	struct gw_zone_key *key = make(fixture, GW_ZONE_ECDSAP256SHA256);
	struct gw_zone_key *other = make(fixture, GW_ZONE_ECDSAP256SHA256);
	const struct gw_zone_dnskey *taken[] = { &key->public_ };
	struct gw_zone_dnskey shifted = key->public_;

	assert_true(gw_zone_tag_collides(&key->public_, taken, 1));
	assert_false(gw_zone_tag_collides(&key->public_, taken, 0));
	/* Two octets swapped within their columns: another key with the same tag. */
	shifted.rdata[10] = key->public_.rdata[12];
	shifted.rdata[12] = key->public_.rdata[10];
	assert_int_equal(gw_zone_key_tag(shifted.rdata, shifted.len), key->public_.tag);
	assert_true(gw_zone_tag_collides(&shifted, taken, 1));
	shifted = key->public_;
	shifted.rdata[1] |= 0x80;
	shifted.tag = gw_zone_key_tag(shifted.rdata, shifted.len);
	assert_true(gw_zone_tag_collides(&shifted, taken, 1));
	if (other->public_.tag != key->public_.tag)
		assert_false(gw_zone_tag_collides(&other->public_, taken, 1) &&
			     abs(other->public_.tag - key->public_.tag) > 129);
	gw_zone_key_free(key);
	gw_zone_key_free(other);
}

/* ---- files ------------------------------------------------------------------------------------------ */

static void a_key_file_opens_again(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < GW_COUNT(all_algorithms); i++) {
		struct gw_zone_key *key = make(fixture, all_algorithms[i]), *again = NULL;
		char path[64];
		struct stat stat_;

		assert_int_equal(gw_zone_key_write(fixture->state, &fixture->vault, key), 0);
		(void)snprintf(path, sizeof(path), "%s/keys/%05u", fixture->dir, key->public_.tag);
		assert_int_equal(stat(path, &stat_), 0);
		assert_int_equal(stat_.st_mode & 0777, 0600);
		assert_int_equal(gw_zone_key_read(fixture->state, &fixture->vault, &fixture->zone,
						  key->public_.tag, &fixture->diags, &again),
				 0);
		assert_int_equal(EVP_PKEY_eq(key->private_, again->private_), 1);
		assert_int_equal(again->role, key->role);
		assert_int_equal(again->created, key->created);
		gw_zone_key_free(key);
		gw_zone_key_free(again);
	}
}

/* The bytes of a key file of its own. */
static void file_of(struct fixture *fixture, struct gw_text *file)
{
	struct gw_zone_key *key = make(fixture, GW_ZONE_ED25519);
	char path[32];

	assert_int_equal(gw_zone_key_write(fixture->state, &fixture->vault, key), 0);
	(void)snprintf(path, sizeof(path), "keys/%05u", key->public_.tag);
	assert_int_equal(gw_audit_file_read(fixture->state, path, 8192, file), 0);
	gw_zone_key_free(key);
}

static int try_open(struct fixture *fixture, const char *bytes, size_t len)
{
	struct gw_zone_key *key = NULL;
	int error = gw_zone_key_open(&fixture->vault, &fixture->zone, "k", bytes, len,
				     &fixture->diags, &key);

	gw_zone_key_free(key);
	return error;
}

static void no_octet_of_a_key_file_can_be_changed(void **state)
{
	struct fixture *fixture = *state;
	gw_auto_text struct gw_text file = { 0 };

	file_of(fixture, &file);
	assert_int_equal(try_open(fixture, file.bytes, file.len), 0);
	for (size_t i = 0; i < file.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			file.bytes[i] = (char)((unsigned char)file.bytes[i] ^ 1u << bit);
			assert_true(try_open(fixture, file.bytes, file.len) < 0);
			file.bytes[i] = (char)((unsigned char)file.bytes[i] ^ 1u << bit);
		}
		assert_true(try_open(fixture, file.bytes, i) < 0);
	}
}

static void a_key_of_another_zone_says_so(void **state)
{
	struct fixture *fixture = *state;
	gw_auto_text struct gw_text file = { 0 };
	struct gw_zone_name other;
	struct gw_zone_key *key = NULL;

	file_of(fixture, &file);
	assert_int_equal(gw_zone_name_parse("example.co.jp", &other), 0);
	assert_int_equal(gw_zone_key_open(&fixture->vault, &other, "k", file.bytes, file.len,
					  &fixture->diags, &key),
			 -EBADMSG);
	assert_says(fixture, "a key of example.go.jp., not of example.co.jp.");
}

static void a_key_that_others_may_read_is_not_used(void **state)
{
	struct fixture *fixture = *state;
	struct gw_zone_key *key = make(fixture, GW_ZONE_ED25519), *again = NULL;
	char path[64];

	assert_int_equal(gw_zone_key_write(fixture->state, &fixture->vault, key), 0);
	(void)snprintf(path, sizeof(path), "%s/keys/%05u", fixture->dir, key->public_.tag);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(gw_zone_key_read(fixture->state, &fixture->vault, &fixture->zone,
					  key->public_.tag, &fixture->diags, &again),
			 -EPERM);
	assert_says(fixture, "others may read");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(gw_zone_key_read(fixture->state, &fixture->vault, &fixture->zone,
					  key->public_.tag, &fixture->diags, &again),
			 -ENOENT);
	gw_zone_key_free(key);
}

static void another_passphrase_says_so(void **state)
{
	struct fixture *fixture = *state;
	gw_auto_text struct gw_text file = { 0 };
	struct gw_zone_vault vault;
	struct gw_zone_key *key = NULL;

	assert_int_equal(
		gw_zone_vault_open(fixture->state, "some other words", 16, &fixture->diags, &vault),
		-EACCES);
	assert_says(fixture, "not the passphrase");
	/* A key that was copied from a machine with another vault. */
	(void)set_up(state);
	file_of(fixture, &file);
	vault = fixture->vault;
	vault.id[0] ^= 1;
	assert_int_equal(gw_zone_key_open(&vault, &fixture->zone, "k", file.bytes, file.len,
					  &fixture->diags, &key),
			 -EACCES);
	assert_says(fixture, "another state directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_and_ds_are_those_of_published_keys),
		cmocka_unit_test(what_is_no_zone_key_of_ours_is_refused),
		cmocka_unit_test_setup(a_made_key_comes_back_from_its_export, set_up),
		cmocka_unit_test_setup(a_private_half_of_another_key_is_refused, set_up),
		cmocka_unit_test_setup(the_profile_and_the_size_decide, set_up),
		cmocka_unit_test(algorithms_have_names_and_numbers),
		cmocka_unit_test(colliding_tags_are_seen),
		cmocka_unit_test_setup(a_key_file_opens_again, set_up),
		cmocka_unit_test_setup(no_octet_of_a_key_file_can_be_changed, set_up),
		cmocka_unit_test_setup(a_key_of_another_zone_says_so, set_up),
		cmocka_unit_test_setup(a_key_that_others_may_read_is_not_used, set_up),
		cmocka_unit_test_setup(another_passphrase_says_so, set_up),
	};

	return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
