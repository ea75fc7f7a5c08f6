/* Rules about the zone as a whole: SOA, name servers, what the apex should say, dates. */
#include <string.h>

#include "dns/zone/lint_internal.h"
#include "gw/core/duration.h"

#define DAY 86400u

static void check_times(struct lint *lint, const struct gw_zone_record *soa, uint32_t max_ttl)
{
	const uint8_t *numbers = soa->rdata + soa->len - 20;
	uint32_t refresh = gw_dns_u32(numbers + 4), retry = gw_dns_u32(numbers + 8);
	uint32_t expire = gw_dns_u32(numbers + 12), minimum = gw_dns_u32(numbers + 16);

	if (retry >= refresh)
		lint_say(lint, GW_D_LINT_SOA_TIMES, soa,
			 "retry (%u s) is not shorter than refresh (%u s)", retry, refresh);
	if (expire < 7 * DAY || expire < refresh + retry)
		lint_say(lint, GW_D_LINT_SOA_TIMES, soa,
			 "expire (%u s) is short: secondaries give up after a long weekend",
			 expire);
	if (minimum > DAY)
		lint_say(lint, GW_D_LINT_SOA_TIMES, soa,
			 "names that do not exist are remembered for %u s (minimum)", minimum);
	if (refresh < 20 * 60 || refresh > DAY)
		lint_say(lint, GW_D_LINT_SOA_TIMES, soa,
			 "refresh is %u s; 20 minutes to a day are usual", refresh);
	(void)gw_zone_signatures_last(lint->zone, expire, max_ttl, lint->diags); /* says it */
}

static void check_soa(struct lint *lint)
{
	struct span soa = lint_find_type(lint, &lint->data->apex, GW_DNS_SOA);
	const struct gw_zone_record *stray = NULL;
	uint32_t max_ttl = 0;

	for (size_t i = 0; i < lint->data->n; i++) {
		const struct gw_zone_record *record = &lint->data->records[i];

		if (record->ttl > max_ttl)
			max_ttl = record->ttl;
		if (record->type == GW_DNS_SOA &&
		    !gw_dns_name_equal(record->name, &lint->data->apex))
			stray = record;
	}
	if (soa.n != 1)
		lint_say(lint, GW_D_LINT_SOA,
			 soa.n ? lint_later(&soa.first[0], &soa.first[1]) : NULL,
			 "%s has %zu SOA records", lint_name(lint, &lint->data->apex), soa.n);
	if (stray)
		lint_say(lint, GW_D_LINT_SOA, stray, "an SOA below the top of the zone");
	if (soa.n && soa.first->len >= 22)
		check_times(lint, soa.first, max_ttl);
}

static void check_servers(struct lint *lint)
{
	struct span ns = lint_find_type(lint, &lint->data->apex, GW_DNS_NS);

	if (ns.n < 2)
		lint_say(lint, GW_D_LINT_NS_COUNT, ns.n ? ns.first : NULL,
			 "%s has %zu name server%s", lint_name(lint, &lint->data->apex), ns.n,
			 ns.n == 1 ? "" : "s");
}

static void check_policies(struct lint *lint)
{
	struct gw_dns_name dmarc = { .wire = "\6_dmarc", .len = 7 };

	if (!lint_find_type(lint, &lint->data->apex, 257).n)
		lint_say(lint, GW_D_LINT_NO_CAA, NULL,
			 "%s has no CAA: every authority may issue certificates for it",
			 lint_name(lint, &lint->data->apex));
	if (lint->data->apex.len + dmarc.len > (int)sizeof(dmarc.wire))
		return;
	memcpy(dmarc.wire + dmarc.len, lint->data->apex.wire, lint->data->apex.len);
	dmarc.len = (uint8_t)(dmarc.len + lint->data->apex.len);
	if (!lint_find_type(lint, &dmarc, GW_DNS_TXT).n)
		lint_say(lint, GW_D_LINT_NO_MAIL_POLICY, NULL,
			 "%s has no DMARC policy: anybody may send mail in its name",
			 lint_name(lint, &lint->data->apex));
}

void lint_apex(struct lint *lint)
{
	if (lint->zone->review < lint->now)
		lint_say(lint, GW_D_LINT_REVIEW, NULL, "%s was to be reviewed by %s",
			 lint->zone->name->text, lint->zone->owner);
	check_soa(lint);
	check_servers(lint);
	if (lint->zone->inside)
		return;
	check_policies(lint);
}
