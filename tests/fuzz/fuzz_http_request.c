/* A request of HTTP as anybody may send it. */
#include <stddef.h>
#include <stdint.h>

#include "gw/metrics/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "gw.example" };
	struct gw_http_request request = { 0 };

	if (!size || gw_http_parse((const char *)data, size, &request) != 0)
		return 0;
	(void)gw_http_host_is_known(request.host, names, 1);
	(void)gw_http_prefers_japanese(request.language);
	(void)gw_http_has_item(request.accept, "application/openmetrics-text");
	(void)gw_http_parameter(request.query, "lang");
	return 0;
}
