/* Any bytes as a frame, in all modes: no mode may pass what a more permissive one stops, and where no
 * IPv6 is meant none passes. */
#include <stdint.h>
#include <stdlib.h>

#include "ipv6guard/classify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum gw_v6_owner any_owner(void *data, uint32_t port, const uint8_t *mac,
				  const uint8_t *address)
{
	(void)data;
	return (enum gw_v6_owner)((port + mac[5] + address[15]) & 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The first byte says how much longer the frame was, the second what was lifted off it. */
	struct gw_v6_frame frame = { .port = 1, .time_ms = 1000 };
	struct gw_v6_flows *flows;
	enum gw_v6_verdict verdicts[GW_V6_MODE_COUNT];

	if (size < 2)
		return 0;
	frame.bytes = data + 2;
	frame.len = size - 2;
	frame.wire_len = frame.len + (data[0] & 1 ? data[0] : 0);
	frame.lifted_tags = data[1] & 3;
	flows = gw_v6_flows_new(16);
	for (unsigned int mode = 0; mode < GW_V6_MODE_COUNT; mode++) {
		struct gw_v6_context context = { .mode = mode, .bindings = { any_owner, NULL } };
		struct gw_v6_result result;

		/* Twice, for the fragments and flows. */
		gw_v6_classify(&context, NULL, &frame, &result);
		verdicts[mode] = result.verdict;
		if (result.verdict == GW_V6_DROP && result.class_id == GW_V6_CLASS_NONE)
			abort();
		if (result.evidence.offset > frame.len)
			abort();
		if (mode == GW_V6_OFF && result.evidence.has_ipv6 &&
		    result.evidence.outer_version == 6 && result.verdict != GW_V6_DROP)
			abort();
		gw_v6_classify(&context, flows, &frame, &result);
		gw_v6_classify(&context, flows, &frame, &result);
	}
	if (verdicts[GW_V6_OPEN] != GW_V6_PASS || verdicts[GW_V6_GUARDED] > verdicts[GW_V6_LOCAL] ||
	    verdicts[GW_V6_LOCAL] > verdicts[GW_V6_OFF])
		abort();
	gw_v6_flows_free(flows);
	return 0;
}
