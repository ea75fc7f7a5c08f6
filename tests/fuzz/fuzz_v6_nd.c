/* Neighbour discovery: what is said to be kept stays within the caps, and options are found by nothing
 * but their bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ipv6guard/nd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_v6_nd nd;

	gw_v6_nd_read(data, size, &nd);
	if (nd.n_options > GW_V6_ND_OPTIONS && !(nd.faults & GW_V6_ND_OPTION_MANY))
		abort();
	if ((nd.n_prefixes && !(nd.options & GW_V6_ND_PREFIX)) ||
	    (nd.n_routes && !(nd.options & GW_V6_ND_ROUTE)) ||
	    (nd.n_servers && !(nd.options & GW_V6_ND_RDNSS)))
		abort();
	/* An option takes eight bytes at the least. */
	if (nd.n_options * 8u > size + 8 || (size < 8 && !(nd.faults & GW_V6_ND_SHORT)))
		abort();
	return 0;
}
