/*
 * gw-metricsd: what there is to be seen of the gateway, as OpenMetrics and as a page for people. It has no
 * capability and decides nothing.
 *
 *	gwd, modules ── every `interval` ──→ snapshot ──→ exposition (text for Prometheus)
 *	                                       │     └──→ page (HTML; charts of the last hour)
 *	                                       └──→ textfile
 *
 * - Readers are answered from a snapshot, and what they are answered is written once a snapshot: a
 *   thousand scrapes cost gwd nothing, and a scrape costs what it takes to send. gwd reads the numbers'
 *   elements for it, never large sets (gw/agent/gauges.c).
 * - Counters never go back: series.h keeps them going where the kernel's start anew.
 * - At most 2 series for each policy and 500 besides. What would be more, owners, tickets and dates of
 *   thousands of policies, stands in /metrics/policies, which needs to be scraped rarely.
 * - HTTP is our own and small (http.h): libevent's evhttp bounds neither the connections nor the time that
 *   a request may take as a whole, so one client that sends an octet every few seconds holds it for hours.
 *   Two methods, fixed paths, no bodies: what is left of the protocol is a screen of code.
 * - Texts of the config, of people and of modules are hostile on the page as they are everywhere: all of
 *   it goes through gw_page_escape, and the page can run no script (its CSP says so).
 */
#ifndef GW_METRICS_METRICS_H
#define GW_METRICS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/addr.h"
#include "gw/policy/section.h"

/* Names of others that are served besides. */
#define GW_METRICS_NFTABLES  1u
#define GW_METRICS_UNBOUND   2u
#define GW_METRICS_WIREGUARD 4u

struct gw_metrics_address {
	enum gw_family family;
	gw_u128 addr;
};

/** `metrics:` of the config: the model of the section. NULL where it is not written. */
struct gw_metrics_settings {
	const struct gw_metrics_address *addresses;
	size_t n_addresses;
	uint16_t port;
	uint32_t interval_s;
	bool socket, page, textfile;
	const char *const *names; /* that a request may call the gateway, beyond addresses */
	size_t n_names;
	unsigned int compatible;
};

extern const struct gw_section gw_section_metrics;

#endif
