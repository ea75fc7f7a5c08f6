/* The digest of what a ruleset enforces: see encode.c for what goes into it. */
#include <openssl/evp.h>

#include "gw/core/mem.h"
#include "gw/ruleset/encode.h"
#include "gw/ruleset/ruleset.h"

void gw_ruleset_digest(const struct gw_ruleset *ruleset, char ret_hex[65])
{
	gw_auto_text struct gw_text bytes = { 0 };
	uint8_t digest[32];

	gw_ruleset_encode_enforced(ruleset, &bytes);
	/* It can fail for want of memory only. */
	if (EVP_Digest(bytes.bytes, bytes.len, digest, NULL, EVP_sha256(), NULL) != 1)
		gw_out_of_memory();
	for (size_t i = 0; i < sizeof(digest); i++) {
		ret_hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		ret_hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	ret_hex[64] = '\0';
}
