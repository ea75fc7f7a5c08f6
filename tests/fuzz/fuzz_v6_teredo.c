/* Payloads of UDP: what is said to be a packet lies within them, and begins like one. */
#include <stdint.h>
#include <stdlib.h>

#include "ipv6guard/teredo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_v6_bytes payload = { data, size }, packet = { NULL, 0 };
	enum gw_v6_in_udp found = gw_v6_in_udp(payload, &packet);

	if (found == GW_V6_IN_UDP_NOTHING)
		return 0;
	if (packet.at < data || packet.at + packet.len != data + size || packet.len < 40 ||
	    packet.at[0] >> 4 != 6)
		abort();
	if (found == GW_V6_IN_UDP_RAW && !gw_v6_is_packet(payload))
		abort();
	return 0;
}
