/* Messages of NFLOG as the kernel sends them, put together to a frame. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gw/nft/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[GW_FRAME_MAX];
	uint8_t *message = malloc(size + 1);
	struct gw_logged_frame found;
	uint32_t number;

	if (!message)
		return 0;
	memcpy(message, data, size);
	if (gw_frame_parse(message, size, frame, &found, &number) &&
	    (found.len > sizeof(frame) || strlen(found.prefix) >= sizeof(found.prefix)))
		abort();
	free(message);
	return 0;
}
