/*
 * The status page: one document without scripts, cookies, forms or anything that is loaded besides. It may
 * be opened by people who know nothing of the gateway, at night, on a telephone, or printed for an
 * auditor: every state is said in words, never by colour alone.
 */
#ifndef GW_METRICS_PAGE_H
#define GW_METRICS_PAGE_H

#include "gw/metrics/view.h"

/** Fields of the HTTP answer that the page comes with: what a browser may do with it. */
void gw_page_fields(struct gw_text *out);

#endif
