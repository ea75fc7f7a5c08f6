/*
 * A capture judged off line: each frame as the daemon would judge it, counted by class, the gravest first, and
 * the first findings one by one.
 *
 * pcap and pcapng, Ethernet; what is read is hostile (it was on the wire, and the file is anybody's):
 * libpcap bounds each frame, and nothing is kept but counters and as many findings as were asked for.
 */
#ifndef IPV6GUARD_INSPECT_H
#define IPV6GUARD_INSPECT_H

#include "ipv6guard/classify.h"

struct ipv6guard_finding {
	uint64_t frame; /* from 1, as in Wireshark */
	int64_t time_us;
	enum gw_v6_class class_id;
	enum gw_v6_severity severity;
	enum gw_v6_verdict verdict;
	uint32_t tricks;
	struct gw_v6_evidence evidence;
};

struct ipv6guard_class_count {
	enum gw_v6_class class_id;
	enum gw_v6_severity severity;
	uint64_t frames, stopped;
	uint64_t first; /* frame */
};

struct ipv6guard_inspection {
	uint64_t frames, cut; /* cut: not captured whole */
	uint64_t stopped;
	int64_t first_us, last_us; /* Unix time in microseconds */
	/* Classes that were found, the gravest and then the most frequent first. */
	struct ipv6guard_class_count classes[GW_V6_CLASS_COUNT];
	size_t n_classes;
	struct ipv6guard_finding *findings; /* heap */
	size_t n_findings, capacity;
};

#define IPV6GUARD_FINDINGS_MAX 100000u
#define IPV6GUARD_ERROR        512u

enum ipv6guard_inspected {
	IPV6GUARD_INSPECTED,
	IPV6GUARD_CAPTURE_UNREADABLE, /* nothing could be read of it */
	IPV6GUARD_CAPTURE_KIND,       /* not of Ethernet */
	IPV6GUARD_CAPTURE_DAMAGED,    /* what stands before the damage was judged */
};

/**
 * Judges the frames of the file, "-" for standard input, in this context, and keeps the first `findings` that
 * are more than background. What went wrong is in `error`. The caller frees by ipv6guard_inspection_done.
 */
enum ipv6guard_inspected ipv6guard_inspect(const char *path, const struct gw_v6_context *context,
					   size_t findings, struct ipv6guard_inspection *ret,
					   char error[IPV6GUARD_ERROR]);
void ipv6guard_inspection_done(struct ipv6guard_inspection *inspection);

#endif
