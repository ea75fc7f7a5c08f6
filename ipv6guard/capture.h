/*
 * Refused frames kept for examination, as two pcap files that take turns: incident.pcap grows to half of what the
 * config permits, then it takes the place of incident.old.pcap. So the latest half at least is always there,
 * and there is never more than was permitted.
 */
#ifndef IPV6GUARD_CAPTURE_H
#define IPV6GUARD_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

struct ipv6guard_capture {
	int fd; /* of incident.pcap; -1: none is written */
	int dir;
	uint64_t size, half; /* octets: written, and permitted of one file */
	uint64_t frames, failures;
};

#define IPV6GUARD_CAPTURE_NONE                                                                     \
	(struct ipv6guard_capture)                                                                 \
	{                                                                                          \
		.fd = -1, .dir = -1                                                                \
	}

/** Goes on in the folder with at most so many MiB, 0: none, and what is there stays. -errno. */
int ipv6guard_capture_open(struct ipv6guard_capture *capture, const char *dir, uint32_t mib);
void ipv6guard_capture_close(struct ipv6guard_capture *capture);
/** Adds an Ethernet frame. What cannot be written is counted. */
void ipv6guard_capture_add(struct ipv6guard_capture *capture, const uint8_t *frame, size_t len,
			   int64_t time_us);

#endif
