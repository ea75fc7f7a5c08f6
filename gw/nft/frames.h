/*
 * Whole frames that rules log through NFLOG: what a module reads from the descriptor that gwd hands it.
 * The frame is put together from its parts (link-layer header, the tag that the device took off, payload)
 * so that it is what was on the wire. Every packet has a number; a gap in the numbers is a packet that was
 * lost on the way.
 *
 *	struct gw_frame_reader *reader = gw_frame_reader_new(fd);
 *	while ((err = gw_frame_read(reader, &frame)) == 0)
 *		…                 frame.bytes is valid until the next read
 */
#ifndef GW_NFT_FRAMES_H
#define GW_NFT_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that an attribute of netlink holds. */
#define GW_LOG_WHOLE 65531u

struct gw_logged_frame {
	const uint8_t *bytes; /* the frame with its link-layer header, or without: see `header` */
	size_t len;
	bool header; /* false: the packet has no Ethernet header (tunnels, locally made packets) */
	unsigned int index, port; /* interface; port of a bridge that it came in by, 0: none */
	uint32_t mark;
	int64_t time_us;
	char prefix[64];
};

struct gw_frame_reader;
/** Reads from `fd`, which stays the caller's. */
struct gw_frame_reader *gw_frame_reader_new(int fd);
void gw_frame_reader_free(struct gw_frame_reader *reader);
/** The next frame. -EAGAIN: none waits; -ENOBUFS: some were lost, go on; other -errno: the end. */
int gw_frame_read(struct gw_frame_reader *reader, struct gw_logged_frame *ret);
/** Packets that were lost on the way, by their numbers. */
uint64_t gw_frame_lost(const struct gw_frame_reader *reader);

/**
 * One message of the kernel's; false if it holds no frame. For fuzzers too: `frame` needs room for
 * GW_FRAME_MAX octets.
 */
#define GW_FRAME_MAX (GW_LOG_WHOLE + 64u)
bool gw_frame_parse(const void *message, size_t len, uint8_t *frame, struct gw_logged_frame *ret,
		    uint32_t *ret_number);

#endif
