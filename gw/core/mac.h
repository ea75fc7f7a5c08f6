/* MAC addresses as text and bytes. */
#ifndef GW_CORE_MAC_H
#define GW_CORE_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GW_MAC_LEN  6
#define GW_MAC_TEXT 18

/** Reads "52:54:00:12:34:56" or "52-54-00-12-34-56" of `len` bytes; false if it is neither. */
bool gw_mac_parse(const char *text, size_t len, uint8_t ret[GW_MAC_LEN]);
/** "52:54:00:12:34:56"; returns `out`. */
const char *gw_mac_format(const uint8_t mac[GW_MAC_LEN], char out[GW_MAC_TEXT]);
/** True if a single device can have it: no group address (IEEE 802, first bit) and not all zeroes. */
bool gw_mac_is_device(const uint8_t mac[GW_MAC_LEN]);

#endif
