#include "ipv6guard/inspect.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"

#define FLOW_SLOTS 65536u

/* ---- one frame ------------------------------------------------------------------------------- */

static void keep(struct ipv6guard_inspection *inspection, const struct gw_v6_result *result,
		 int64_t time_us)
{
	const struct ipv6guard_finding finding = {
		.frame = inspection->frames,
		.time_us = time_us,
		.class_id = result->class_id,
		.severity = result->severity,
		.verdict = result->verdict,
		.tricks = result->tricks,
		.evidence = result->evidence,
	};

	gw_push(inspection->findings, inspection->n_findings, inspection->capacity, finding);
}

/* Until the end, classes stand at their own places. */
static void count(struct ipv6guard_inspection *inspection, const struct gw_v6_result *result)
{
	struct ipv6guard_class_count *class_count = &inspection->classes[result->class_id];

	if (!class_count->frames++)
		class_count->first = inspection->frames;
	class_count->class_id = result->class_id;
	if (result->severity > class_count->severity)
		class_count->severity = result->severity;
	class_count->stopped += result->verdict == GW_V6_DROP;
	inspection->stopped += result->verdict == GW_V6_DROP;
}

static void judge(struct ipv6guard_inspection *inspection, const struct gw_v6_context *context,
		  struct gw_v6_flows *flows, const struct pcap_pkthdr *header, const u_char *bytes,
		  size_t findings)
{
	int64_t time_us = (int64_t)header->ts.tv_sec * 1000000 + header->ts.tv_usec;
	struct gw_v6_frame frame = { .bytes = bytes,
				     .len = header->caplen,
				     .wire_len = header->len > header->caplen ? header->len
									      : header->caplen };
	struct gw_v6_result result;

	if (!inspection->frames++)
		inspection->first_us = inspection->last_us = time_us;
	/* Flows want a clock that never goes back; captures that were merged may. */
	if (time_us > inspection->last_us)
		inspection->last_us = time_us;
	frame.time_ms = (uint64_t)(inspection->last_us - inspection->first_us) / 1000;
	inspection->cut += header->len > header->caplen;
	gw_v6_classify(context, flows, &frame, &result);
	count(inspection, &result);
	if (inspection->n_findings < findings && result.severity > GW_V6_BACKGROUND)
		keep(inspection, &result, time_us);
}

/* ---- the file -------------------------------------------------------------------------------- */

static int compare_counts(const void *a, const void *b)
{
	const struct ipv6guard_class_count *left = a, *right = b;

	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	if (left->frames != right->frames)
		return left->frames > right->frames ? -1 : 1;
	return left->class_id < right->class_id ? -1 : 1;
}

/* Classes that were found move to the front. */
static void sort_counts(struct ipv6guard_inspection *inspection)
{
	for (size_t i = 0; i < GW_COUNT(inspection->classes); i++)
		if (inspection->classes[i].frames)
			inspection->classes[inspection->n_classes++] = inspection->classes[i];
	qsort(inspection->classes, inspection->n_classes, sizeof(*inspection->classes),
	      compare_counts);
}

static enum ipv6guard_inspected read_frames(pcap_t *capture, const struct gw_v6_context *context,
					    size_t findings,
					    struct ipv6guard_inspection *inspection,
					    char error[IPV6GUARD_ERROR])
{
	struct gw_v6_flows *flows = gw_v6_flows_new(FLOW_SLOTS);
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int got;

	while ((got = pcap_next_ex(capture, &header, &bytes)) == 1)
		judge(inspection, context, flows, header, bytes, findings);
	gw_v6_flows_free(flows);
	sort_counts(inspection);
	if (got == PCAP_ERROR_BREAK) /* the end */
		return IPV6GUARD_INSPECTED;
	(void)snprintf(error, IPV6GUARD_ERROR, "%s", pcap_geterr(capture));
	return IPV6GUARD_CAPTURE_DAMAGED;
}

enum ipv6guard_inspected ipv6guard_inspect(const char *path, const struct gw_v6_context *context,
					   size_t findings, struct ipv6guard_inspection *ret,
					   char error[IPV6GUARD_ERROR])
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *capture = pcap_open_offline(path, why);
	enum ipv6guard_inspected result;
	const char *kind;

	*ret = (struct ipv6guard_inspection){ 0 };
	if (!capture) {
		(void)snprintf(error, IPV6GUARD_ERROR, "%s", why);
		return IPV6GUARD_CAPTURE_UNREADABLE;
	}
	if (pcap_datalink(capture) == DLT_EN10MB) {
		result = read_frames(capture, context,
				     findings < IPV6GUARD_FINDINGS_MAX ? findings
								       : IPV6GUARD_FINDINGS_MAX,
				     ret, error);
	} else {
		kind = pcap_datalink_val_to_name(pcap_datalink(capture));
		(void)snprintf(error, IPV6GUARD_ERROR, "%s", kind ? kind : "of no known kind");
		result = IPV6GUARD_CAPTURE_KIND;
	}
	pcap_close(capture);
	return result;
}

void ipv6guard_inspection_done(struct ipv6guard_inspection *inspection)
{
	gw_free(inspection->findings);
	*inspection = (struct ipv6guard_inspection){ 0 };
}
