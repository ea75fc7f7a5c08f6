/* DHCPv6 messages, relayed ones included. */
#include <stdint.h>
#include <stdlib.h>

#include "ipv6guard/dhcp6.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_v6_dhcp6 message;

	gw_v6_dhcp6_read(data, size, &message);
	if (message.duid_len > GW_V6_DHCP6_DUID || (size && message.type != data[0]))
		abort();
	if (message.n_servers && !(message.options & GW_V6_DHCP6_DNS))
		abort();
	if (message.has_address && !(message.options & GW_V6_DHCP6_IA_NA))
		abort();
	if (size < 4 && !message.faults)
		abort();
	return 0;
}
