/* Logged packets in one line. */
#ifndef GW_REPORT_PACKET_H
#define GW_REPORT_PACKET_H

#include "gw/nft/nft.h"

/** "198.51.100.9:4711 -> 203.0.113.5:22 tcp"; what cannot be read is said so. In the arena. */
const char *gw_report_packet(struct gw_arena *arena, const struct gw_logged_packet *packet);

#endif
