/* Signatures made by ssh-keygen, and what people might try. */
#include <errno.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/approval/approval.h"
#include "gw/approval/sshsig.h"
#include "gw/approval/wire.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define SPACE GW_PLAN_NAMESPACE

struct keys {
	char dir[32];
	struct gw_arena *arena;
};

static const char message[] = "gwctl-plan@v1\nsite tokyo-01\n";

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	assert_int_equal(system(command), 0);
}

static char *read_file(struct gw_arena *arena, const char *path)
{
	char *text = gw_arena_zalloc(arena, 20000, 1);
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_true(fread(text, 1, 19999, file) > 0);
	(void)fclose(file);
	return text;
}

static int setup(void **state)
{
	static const char *const kinds[] = { "ed25519", "ecdsa -b 256", "ecdsa -b 384",
					     "ecdsa -b 521", "rsa -b 3072" };
	struct keys *keys = gw_zalloc(1, sizeof(*keys));

	(void)strcpy(keys->dir, "/tmp/gw-sshsig-XXXXXX");
	assert_non_null(mkdtemp(keys->dir));
	keys->arena = gw_arena_new();
	for (size_t i = 0; i < GW_COUNT(kinds); i++)
		run("ssh-keygen -q -t %s -N '' -C '' -f %s/key%zu", kinds[i], keys->dir, i);
	run("ssh-keygen -q -t rsa -b 2048 -N '' -C '' -f %s/short", keys->dir);
	*state = keys;
	return 0;
}

static int teardown(void **state)
{
	struct keys *keys = *state;

	run("rm -rf %s", keys->dir);
	gw_arena_free(keys->arena);
	gw_free(keys);
	return 0;
}

/* What ssh-keygen -Y sign makes of `text`. */
static char *signed_by(const struct keys *keys, const char *key, const char *name_space,
		       const char *text, const char *more)
{
	char path[64];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/text", keys->dir);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	run("rm -f %s.sig; ssh-keygen -q -Y sign -f %s/%s -n %s %s %s 2>/dev/null", path, keys->dir,
	    key, name_space, more, path);
	(void)snprintf(path, sizeof(path), "%s/text.sig", keys->dir);
	return read_file(keys->arena, path);
}

/* 0: good. */
static int check(const struct keys *keys, const char *text, size_t len, const char *over,
		 const char **why)
{
	struct gw_sshsig signature;
	int err = gw_sshsig_parse(text, len, keys->arena, &signature, why);

	return err ? err : gw_sshsig_verify(&signature, SPACE, over, strlen(over), why);
}

static void signatures_of_every_kind_of_key_are_accepted(void **state)
{
	static const char *const more[] = { "", "-O hashalg=sha256" };
	const struct keys *keys = *state;
	const char *why;
	char key[16];

	for (int i = 0; i < 5; i++)
		for (size_t m = 0; m < GW_COUNT(more); m++) {
			char *text;

			(void)snprintf(key, sizeof(key), "key%d", i);
			text = signed_by(keys, key, SPACE, message, more[m]);
			if (check(keys, text, strlen(text), message, &why) != 0)
				fail_msg("%s %s: %s", key, more[m], why);
		}
}

static void wrong_signatures_are_refused_with_the_reason(void **state)
{
	const struct keys *keys = *state;
	const char *why;
	char *text;

	text = signed_by(keys, "key0", "file", message, "");
	assert_int_equal(check(keys, text, strlen(text), message, &why), -EKEYREJECTED);
	assert_string_equal(why, "it was made for another purpose");
	text = signed_by(keys, "short", SPACE, message, "");
	assert_int_equal(check(keys, text, strlen(text), message, &why), -EKEYREJECTED);
	assert_string_equal(why, "its RSA key is shorter than 3072 bits");
	for (int i = 0; i < 5; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "key%d", i);
		text = signed_by(keys, key, SPACE, "another text\n", "");
		assert_int_equal(check(keys, text, strlen(text), message, &why), -EKEYREJECTED);
		assert_string_equal(why, "it does not belong to this text");
	}
}

static void no_cut_or_longer_signature_is_accepted(void **state)
{
	const struct keys *keys = *state;
	char *text = signed_by(keys, "key1", SPACE, message, "");
	size_t len = strlen(text);
	const char *why;

	/* The last newline may be missing. */
	for (size_t cut = 0; cut + 1 < len; cut++)
		assert_true(check(keys, text, cut, message, &why) < 0);
	(void)strcpy(text + len, "x");
	assert_true(check(keys, text, len + 1, message, &why) < 0);
	memcpy(text + len, text, len);
	text[2 * len] = 0;
	assert_true(check(keys, text, 2 * len, message, &why) < 0);
}

static void no_flipped_bit_is_accepted(void **state)
{
	const struct keys *keys = *state;

	for (int i = 0; i < 5; i++) {
		uint8_t bytes[4096];
		gw_auto_text struct gw_text folded = { 0 };
		char key[16], *text, *line;
		size_t accepted = 0;
		ssize_t n;

		(void)snprintf(key, sizeof(key), "key%d", i);
		text = signed_by(keys, key, SPACE, message, "");
		line = strtok(text, "\n");
		while ((line = strtok(NULL, "\n")) != NULL && *line != '-')
			gw_text_puts(&folded, line);
		n = gw_base64_decode(folded.bytes, folded.len, bytes, sizeof(bytes));
		assert_true(n > 0);
		for (ssize_t bit = 0; bit < 8 * n; bit += i == 4 ? 37 : 1) {
			gw_auto_text struct gw_text armoured = { 0 }, encoded = { 0 };
			const char *why;

			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			gw_base64_encode(&encoded, bytes, (size_t)n);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			gw_text_puts(&armoured, "-----BEGIN SSH SIGNATURE-----\n");
			for (size_t at = 0; at < encoded.len; at += 70)
				gw_text_printf(&armoured, "%.70s\n", encoded.bytes + at);
			gw_text_puts(&armoured, "-----END SSH SIGNATURE-----\n");
			accepted += check(keys, armoured.bytes, armoured.len, message, &why) == 0;
		}
		assert_int_equal(accepted, 0);
	}
}

/* ---- FIDO keys: no authenticator here, so the test is one ------------------------------------ */

static void put(struct gw_text *out, const void *bytes, size_t len)
{
	const char prefix[4] = { 0, 0, (char)(len >> 8), (char)len };

	gw_text_add(out, prefix, 4);
	gw_text_add(out, bytes, len);
}

struct authenticator {
	EVP_PKEY *pkey;
	struct gw_text key; /* public, as SSH has it */
};

static struct authenticator authenticator_new(void)
{
	struct authenticator device = { .pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };
	uint8_t public[32];
	size_t len = sizeof(public);

	assert_non_null(device.pkey);
	assert_int_equal(EVP_PKEY_get_raw_public_key(device.pkey, public, &len), 1);
	put(&device.key, "sk-ssh-ed25519@openssh.com", 26);
	put(&device.key, public, len);
	put(&device.key, "ssh:", 4);
	return device;
}

static void sha(const char *name, const void *bytes, size_t len, uint8_t *ret, size_t *ret_len)
{
	assert_int_equal(EVP_Q_digest(NULL, name, NULL, bytes, len, ret, ret_len), 1);
}

static char *signed_by_device(const struct keys *keys, const struct authenticator *device,
			      const char *application, uint8_t flags)
{
	gw_auto_text struct gw_text data = { 0 }, blob = { 0 }, signature = { 0 }, encoded = { 0 };
	struct gw_text armoured = { 0 };
	uint8_t hash[64], raw[64];
	size_t len = sizeof(raw), hash_len;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	char *text;

	sha("SHA512", message, strlen(message), hash, &hash_len);
	gw_text_puts(&data, "SSHSIG");
	put(&data, SPACE, strlen(SPACE));
	put(&data, "", 0);
	put(&data, "sha512", 6);
	put(&data, hash, hash_len);
	sha("SHA256", data.bytes, data.len, hash, &hash_len);
	data.len = 0;
	sha("SHA256", application, strlen(application), raw, &len);
	gw_text_add(&data, (const char *)raw, len);
	gw_text_add(&data, (const char *)&flags, 1);
	gw_text_add(&data, "\0\0\0\7", 4);
	gw_text_add(&data, (const char *)hash, hash_len);
	len = sizeof(raw);
	assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, device->pkey), 1);
	assert_int_equal(EVP_DigestSign(context, raw, &len, (const uint8_t *)data.bytes, data.len),
			 1);
	EVP_MD_CTX_free(context);
	put(&signature, "sk-ssh-ed25519@openssh.com", 26);
	put(&signature, raw, len);
	gw_text_add(&signature, (const char *)&flags, 1);
	gw_text_add(&signature, "\0\0\0\7", 4);
	gw_text_add(&blob, "SSHSIG\0\0\0\1", 10);
	put(&blob, device->key.bytes, device->key.len);
	put(&blob, SPACE, strlen(SPACE));
	put(&blob, "", 0);
	put(&blob, "sha512", 6);
	put(&blob, signature.bytes, signature.len);
	gw_base64_encode(&encoded, blob.bytes, blob.len);
	gw_text_puts(&armoured, "-----BEGIN SSH SIGNATURE-----\n");
	for (size_t at = 0; at < encoded.len; at += 70)
		gw_text_printf(&armoured, "%.70s\n", encoded.bytes + at);
	gw_text_puts(&armoured, "-----END SSH SIGNATURE-----\n");
	text = gw_arena_strdup(keys->arena, armoured.bytes);
	gw_text_done(&armoured);
	return text;
}

static void a_touched_authenticator_is_accepted_and_an_untouched_one_is_not(void **state)
{
	const struct keys *keys = *state;
	struct authenticator device = authenticator_new();
	const char *why;
	char *text = signed_by_device(keys, &device, "ssh:", 1);

	assert_int_equal(check(keys, text, strlen(text), message, &why), 0);
	text = signed_by_device(keys, &device, "ssh:", 5); /* PIN as well */
	assert_int_equal(check(keys, text, strlen(text), message, &why), 0);
	text = signed_by_device(keys, &device, "ssh:", 0);
	assert_int_equal(check(keys, text, strlen(text), message, &why), -EKEYREJECTED);
	assert_string_equal(why, "nobody touched the authenticator");
	text = signed_by_device(keys, &device, "ssh:other", 1);
	assert_int_equal(check(keys, text, strlen(text), message, &why), -EKEYREJECTED);
	gw_text_done(&device.key);
	EVP_PKEY_free(device.pkey);
}

/* True if the same few octets are a signature of one in many messages: nobody needs the private key. */
static bool anybody_can_sign(const uint8_t key[32])
{
	static const uint8_t signature[64] = { 1 }; /* R: the neutral point, S: 0 */
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
	bool fits = false;

	for (uint32_t text = 0; pkey && text < 500 && !fits; text++) {
		EVP_MD_CTX *context = EVP_MD_CTX_new();

		fits = EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1 &&
		       EVP_DigestVerify(context, signature, sizeof(signature),
					(const uint8_t *)&text, sizeof(text)) == 1;
		EVP_MD_CTX_free(context);
	}
	EVP_PKEY_free(pkey);
	return fits;
}

static void keys_that_anybody_can_sign_for_are_refused(void **state)
{
	static const uint8_t heads[][2] = { { 0, 0 },       { 1, 0 },       { 0xec, 0x7f },
					    { 0xed, 0x7f }, { 0xee, 0x7f }, { 0x26, 5 },
					    { 0xc7, 0x7a } };
	static const uint8_t eighth[2][30] = {
		{ 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
		  0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3,
		  0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc },
		{ 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
		  0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c,
		  0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03 },
	};
	size_t signable = 0;

	(void)state;
	for (size_t i = 0; i < 2 * GW_COUNT(heads); i++) {
		const uint8_t *head = heads[i / 2];
		gw_auto_text struct gw_text octets = { 0 };
		uint8_t key[32] = { head[0] };
		const char *why = NULL;

		memset(key + 1, head[0] >= 0xec ? 0xff : 0, 30);
		if (head[0] == 0x26 || head[0] == 0xc7)
			memcpy(key + 1, eighth[head[0] == 0xc7], 30);
		key[31] = (uint8_t)(head[1] | (i % 2 ? 0x80 : 0)); /* either sign */
		signable += anybody_can_sign(key);
		put(&octets, "ssh-ed25519", 11);
		put(&octets, key, sizeof(key));
		assert_int_equal(gw_ssh_key_check((struct gw_octets){ (const uint8_t *)octets.bytes,
								      octets.len },
						  &why),
				 -EBADMSG);
		assert_string_equal(why, "its key is one that anybody can sign for");
	}
	/* Some spellings OpenSSL does not take either. */
	assert_true(signable >= 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_of_every_kind_of_key_are_accepted),
		cmocka_unit_test(wrong_signatures_are_refused_with_the_reason),
		cmocka_unit_test(no_cut_or_longer_signature_is_accepted),
		cmocka_unit_test(no_flipped_bit_is_accepted),
		cmocka_unit_test(a_touched_authenticator_is_accepted_and_an_untouched_one_is_not),
		cmocka_unit_test(keys_that_anybody_can_sign_for_are_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
