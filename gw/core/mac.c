#include "gw/core/mac.h"

#include <stdio.h>
#include <string.h>

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool gw_mac_parse(const char *text, size_t len, uint8_t ret[GW_MAC_LEN])
{
	char separator;

	if (len != GW_MAC_TEXT - 1)
		return false;
	separator = text[2];
	if (separator != ':' && separator != '-')
		return false;
	for (size_t i = 0; i < GW_MAC_LEN; i++) {
		int high = nibble(text[3 * i]), low = nibble(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i + 1 < GW_MAC_LEN && text[3 * i + 2] != separator))
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

const char *gw_mac_format(const uint8_t mac[GW_MAC_LEN], char out[GW_MAC_TEXT])
{
	(void)snprintf(out, GW_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		       mac[3], mac[4], mac[5]);
	return out;
}

bool gw_mac_is_device(const uint8_t mac[GW_MAC_LEN])
{
	static const uint8_t none[GW_MAC_LEN];

	return !(mac[0] & 1) && memcmp(mac, none, sizeof(none)) != 0;
}
