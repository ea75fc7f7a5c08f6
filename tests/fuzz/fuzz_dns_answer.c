/* Answers of name servers: what is kept of them for a comparison, and TSIG. */
#include <string.h>

#include "dns/zone/observe.h"
#include "gw/core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gw_auto_free struct gw_zone_seen *seen = gw_zalloc(1, sizeof(*seen));
	gw_auto_free uint8_t *bytes = gw_zalloc(1, size + 1);
	struct gw_tsig_session session;
	struct gw_dns_message message;
	struct gw_zone_name zone;
	struct gw_tsig_key key;

	memcpy(bytes, data, size);
	if (size < 1 || gw_zone_name_parse("example.jp", &zone) < 0 ||
	    gw_tsig_parse("hmac-sha256:k.:bm90IHNvIHNlY3JldA==", &key) ||
	    gw_dns_open(bytes + 1, size - 1, &message) < 0)
		return 0;
	seen->parent = bytes[0] & 1;
	(void)gw_zone_observe_message(seen, &zone, &message, 1000);
	gw_tsig_begin(&session, &key);
	(void)gw_tsig_verify(&session, &message, bytes[0] & 2, 1000);
	gw_tsig_end(&session);
	return 0;
}
