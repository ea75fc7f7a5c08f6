/*
 * Packet sockets without a capability: opened before the sandbox and bound to nothing, so that nothing
 * comes in by them; bound to an interface later, and to another when that one goes. Frames come with
 * the tag that the device took off put back in its place.
 */
#ifndef GW_DAEMON_PACKET_H
#define GW_DAEMON_PACKET_H

#include <stddef.h>
#include <stdint.h>

/** A packet socket that is bound to nothing. -EPERM without CAP_NET_RAW; other -errno. */
int gw_packet_open(void);
/**
 * From now on all frames of the interface come in by it, multicast included; index 0: none do. What waited
 * is thrown away. -ENODEV.
 */
int gw_packet_bind(int fd, unsigned int index);
/**
 * The next frame into `frame`; its length. `*ret_outgoing`: the machine itself has sent it. -EAGAIN;
 * -ENETDOWN: the interface is down or has gone.
 */
int gw_packet_read(int fd, uint8_t *frame, size_t size, int *ret_outgoing);
/** Gives frames that it sends a mark; needs a capability, and so is done before they are given up. */
int gw_packet_mark(int fd, uint32_t mark);
/** Sends a frame by the interface. -errno; -ENOBUFS: the ruleset does not let it out. */
int gw_packet_send(int fd, unsigned int index, const uint8_t *frame, size_t len);
/** Frames that found no room since the last time this was asked. */
uint64_t gw_packet_lost(int fd);

#endif
