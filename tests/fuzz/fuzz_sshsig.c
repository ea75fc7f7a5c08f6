/*
 * Arbitrary bytes as an armoured signature, as what is within the armour, and as a public key: reading must
 * end and stay within the bytes, and say why something is refused. No mutation of the corpus, whose
 * private keys have signed one text and are gone, is good over another text or in another namespace.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw/approval/approval.h"
#include "gw/approval/ssh_key.h"
#include "gw/core/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT  "gwctl-plan@v1\nsite tokyo-01\n"
#define OTHER "gwctl-plan@v1\nsite tokyo-02\n"

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static void check_armour(const char *text, size_t len)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_sshsig signature;
	const char *why = NULL;

	if (gw_sshsig_parse(text, len, arena, &signature, &why) < 0) {
		check(why != NULL, "refused without a reason");
	} else {
		check(gw_sshsig_verify(&signature, GW_PLAN_NAMESPACE, OTHER, strlen(OTHER), &why) <
			      0,
		      "good over a text that nobody signed");
		check(gw_sshsig_verify(&signature, GW_PLAN_AUTHOR_NAMESPACE, TEXT, strlen(TEXT),
				       &why) < 0,
		      "good in a namespace that nobody signed in");
		/* An arbitrary key may have signed it; all that is asked is that this ends. */
		(void)gw_sshsig_verify(&signature, GW_PLAN_NAMESPACE, TEXT, strlen(TEXT), &why);
	}
	gw_arena_free(arena);
}

/* The same bytes without the armour, which few mutations get through. */
static void check_body(const uint8_t *data, size_t size)
{
	gw_auto_text struct gw_text encoded = { 0 }, armoured = { 0 };

	gw_base64_encode(&encoded, data, size);
	gw_text_puts(&armoured, "-----BEGIN SSH SIGNATURE-----\n");
	for (size_t at = 0; at < encoded.len; at += 70)
		gw_text_printf(&armoured, "%.70s\n", encoded.bytes + at);
	gw_text_puts(&armoured, "-----END SSH SIGNATURE-----\n");
	check_armour(armoured.bytes, armoured.len);
}

static void check_key(const uint8_t *data, size_t size)
{
	struct gw_ssh_key key = { 0 };
	const char *why = NULL;

	if (gw_ssh_key_read((struct gw_octets){ data, size }, &key, &why) < 0)
		check(why != NULL, "a key refused without a reason");
	else
		EVP_PKEY_free(key.pkey);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_armour((const char *)data, size);
	if (size <= GW_SSHSIG_TEXT_MAX / 2)
		check_body(data, size);
	check_key(data, size);
	return 0;
}
