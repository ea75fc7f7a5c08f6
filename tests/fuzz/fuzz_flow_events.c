/* Events of conntrack as the kernel sends them. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gw/nft/flows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *message = malloc(size + 1);
	struct gw_flow_event event;

	if (!message)
		return 0;
	memcpy(message, data, size);
	if (gw_flow_event_parse(message, size, &event) &&
	    (event.original.source > gw_family_max(event.family) ||
	     event.reply.dest > gw_family_max(event.family)))
		abort();
	free(message);
	return 0;
}
