/* Options of Hop-by-Hop and Destination Options headers (RFC 8200, 4.2). */
#include <string.h>

#include "ipv6guard/walk.h"

#define OPTION_PAD1         0x00
#define OPTION_PADN         0x01
#define OPTION_ROUTER_ALERT 0x05
#define OPTION_JUMBO        0xc2
#define PADDING_USUAL       7u  /* beyond that it aligns nothing */
#define OPTIONS_USUAL       8u  /* RFC 8504, 5.3 */
#define UNKNOWN_USUAL       16u /* bytes of data in options that nobody knows */

static bool all_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Options that are in use: tunnel limit, quick start, CALIPSO, SMF, home address, ILNP, line identification,
 * RPL, MPL, IOAM, minimum path MTU. */
static bool is_known(uint8_t type)
{
	static const uint8_t known[] = { 0x04, 0x05, 0x07, 0x08, 0x0f, 0x11, 0x26, 0x30, 0x31, 0x63,
					 0x6d, 0x8a, 0x8b, 0x8c, 0xc2, 0xc9, 0xee, 0x23, 0x22 };

	return memchr(known, type, sizeof(known));
}

void gw_v6_judge_options(struct gw_v6_walk *walk, struct gw_v6_bytes bytes, struct gw_v6_ip *ip)
{
	unsigned int n = 0;
	bool covert = false;

	while (bytes.len) {
		const uint8_t *option = gw_v6_take(&bytes, 1), *length, *data;

		if (option[0] == OPTION_PAD1)
			continue;
		length = gw_v6_take(&bytes, 1);
		data = length ? gw_v6_take(&bytes, length[0]) : NULL;
		if (!data) {
			gw_v6_trick(walk, GW_V6_TRICK_OPTION);
			gw_v6_mark(walk, GW_V6_CLASS_MALFORMED);
			break;
		}
		if (option[0] == OPTION_PADN) {
			covert = covert || length[0] > PADDING_USUAL || !all_zero(data, length[0]);
			continue;
		}
		n++;
		if (option[0] == OPTION_ROUTER_ALERT)
			ip->router_alert = true;
		else if (option[0] == OPTION_JUMBO)
			gw_v6_trick(walk, GW_V6_TRICK_JUMBO);
		else if (!is_known(option[0]) && length[0] > UNKNOWN_USUAL)
			covert = true;
	}
	if (covert)
		gw_v6_mark(walk, GW_V6_CLASS_COVERT);
	if (n > OPTIONS_USUAL)
		gw_v6_mark(walk, GW_V6_CLASS_HEADER_ORDER);
}
