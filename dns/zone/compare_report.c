/* What a comparison has found, as text and as JSON. */
#include <string.h>

#include "dns/zone/compare.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

static const char *state_text(const struct gw_zone_seen *seen)
{
	switch (seen->trouble) {
	case GW_DNS_ANSWERED:
		break;
	case GW_DNS_SILENT:
		return "silent";
	case GW_DNS_UNREACHABLE:
		return "unreachable";
	case GW_DNS_BROKEN:
	case GW_DNS_CUT:
	case GW_DNS_TOO_LONG:
		return "broken";
	case GW_DNS_BAD_TSIG:
		return "tsig";
	}
	if (seen->rcode != GW_DNS_NOERROR)
		return "refused";
	return seen->parent || (seen->authoritative && seen->has_soa) ? "ok" : "lame";
}

static const char *transfer_text(const struct gw_zone_seen *seen)
{
	switch (seen->transfer) {
	case GW_ZONE_TRANSFER_NOT_TRIED:
		return "not tried";
	case GW_ZONE_TRANSFER_REFUSED:
		return "refused";
	case GW_ZONE_TRANSFER_FAILED:
		return "failed";
	case GW_ZONE_TRANSFER_DONE:
		break;
	}
	return "done";
}

/* ---- text ------------------------------------------------------------------------------------- */

static void put_server(const struct gw_zone_seen *seen, const struct gw_zone_compared *compared,
		       struct gw_arena *arena, struct gw_report_table *table)
{
	char when[GW_REPORT_TIME], serial[16] = "-", content[24] = "-";

	if (seen->has_soa)
		(void)snprintf(serial, sizeof(serial), "%u", seen->serial);
	if (seen->transfer == GW_ZONE_TRANSFER_DONE)
		(void)snprintf(content, sizeof(content), "%02x%02x%02x%02x", seen->digest[0],
			       seen->digest[1], seen->digest[2], seen->digest[3]);
	else if (seen->zonemd_len)
		(void)snprintf(content, sizeof(content), "zonemd %02x%02x", seen->zonemd[0],
			       seen->zonemd[1]);
	gw_report_row(table, seen->parent ? "parent" : "zone", gw_zone_seen_where(seen, arena),
		      state_text(seen), serial,
		      seen->has_signatures ? gw_report_span(compared->now, seen->first_expiry, when)
					   : "-",
		      content);
}

void gw_zone_compare_text(const struct gw_zone_compared *compared, bool japanese,
			  struct gw_arena *arena, struct gw_text *out)
{
	const struct gw_zone_judgement *judgement = &compared->judgement;
	struct gw_report_table table = { 0 };

	gw_text_printf(out, "%s\n", compared->zone->name->text);
	gw_report_row(&table, "OF", "SERVER", "STATE", "SERIAL", "SIGNATURES END", "CONTENT");
	for (size_t i = 0; i < compared->n; i++)
		put_server(&compared->seen[i], compared, arena, &table);
	gw_report_table_print(&table, "<<<>", out);
	gw_report_table_done(&table);
	for (size_t i = 0; i < judgement->n; i++) {
		const struct gw_zone_finding *finding = &judgement->findings[i];
		const struct gw_diag_kind *kind = gw_diag_kind(finding->id);

		gw_text_printf(out, "%s[%s]: %s: %s\n    %s\n",
			       kind->severity == GW_SEVERITY_ERROR ? "error" : "warning",
			       kind->number,
			       finding->seen ? gw_zone_seen_where(finding->seen, arena)
					     : compared->zone->name->text,
			       japanese ? kind->title_ja : kind->title_en, finding->text);
	}
	if (!judgement->n)
		gw_text_puts(out,
			     japanese ? "全サーバーが一致しています。\n" : "All servers agree.\n");
	else
		gw_text_puts(out, "`gwctl explain GWnnnn` says what to do about a finding.\n");
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static json_t *hex(const uint8_t *bytes, size_t len)
{
	gw_auto_text struct gw_text text = { 0 };

	for (size_t i = 0; i < len; i++)
		gw_text_printf(&text, "%02x", bytes[i]);
	return gw_json_text(text.bytes);
}

static json_t *server_json(const struct gw_zone_seen *seen, const struct gw_zone_compared *compared)
{
	json_t *object = json_object();
	char address[GW_ADDR_TEXT];

	gw_json_set(object, "of", gw_json_text(seen->parent ? "parent" : "zone"));
	gw_json_set(object, "server", gw_json_text(seen->server->name));
	gw_json_set(
		object, "address",
		gw_json_text(gw_addr_format(seen->address->family, seen->address->addr, address)));
	gw_json_set(object, "port", gw_json_number(seen->address->port));
	gw_json_set(object, "state", gw_json_text(state_text(seen)));
	gw_json_set(object, "tcp", json_boolean(seen->tcp));
	gw_json_set(object, "milliseconds", gw_json_number(seen->took_ms));
	if (seen->has_soa) {
		gw_json_set(object, "serial", gw_json_number(seen->serial));
		gw_json_set(object, "serial_lag",
			    gw_json_number(compared->judgement.serial - seen->serial));
	}
	if (seen->has_signatures)
		gw_json_set(object, "signatures_end", gw_json_time(seen->first_expiry));
	if (seen->zonemd_len)
		gw_json_set(object, "zonemd", hex(seen->zonemd, seen->zonemd_len));
	gw_json_set(object, "transfer", gw_json_text(transfer_text(seen)));
	if (seen->transfer == GW_ZONE_TRANSFER_DONE) {
		gw_json_set(object, "records", gw_json_number(seen->records));
		gw_json_set(object, "digest", hex(seen->digest, sizeof(seen->digest)));
	}
	if (seen->tsig)
		gw_json_set(object, "clock_skew_seconds", json_integer(seen->skew));
	return object;
}

static json_t *finding_json(const struct gw_zone_finding *finding)
{
	const struct gw_diag_kind *kind = gw_diag_kind(finding->id);
	json_t *object = json_object();
	char address[GW_ADDR_TEXT];

	gw_json_set(object, "id", gw_json_text(kind->number));
	gw_json_set(object, "severity",
		    gw_json_text(kind->severity == GW_SEVERITY_ERROR ? "error" : "warning"));
	gw_json_set(object, "title", gw_json_text(kind->title_en));
	if (finding->seen) {
		gw_json_set(object, "server", gw_json_text(finding->seen->server->name));
		gw_json_set(object, "address",
			    gw_json_text(gw_addr_format(finding->seen->address->family,
							finding->seen->address->addr, address)));
	}
	gw_json_set(object, "message", gw_json_text(finding->text));
	return object;
}

json_t *gw_zone_compare_json(const struct gw_zone_compared *compared)
{
	const struct gw_zone_judgement *judgement = &compared->judgement;
	json_t *object = json_object(), *servers = json_array(), *findings = json_array();

	for (size_t i = 0; i < compared->n; i++)
		gw_json_add(servers, server_json(&compared->seen[i], compared));
	for (size_t i = 0; i < judgement->n; i++)
		gw_json_add(findings, finding_json(&judgement->findings[i]));
	gw_json_set(object, "zone", gw_json_text(compared->zone->name->text));
	gw_json_set(object, "serial", gw_json_number(judgement->serial));
	gw_json_set(object, "signed", json_boolean(judgement->signed_));
	if (judgement->signed_) {
		gw_json_set(object, "signatures_end", gw_json_time(judgement->first_expiry));
		gw_json_set(object, "days_to_expiry",
			    json_real((double)(judgement->first_expiry - compared->now) / 86400));
	}
	gw_json_set(object, "ds", gw_json_text(gw_zone_ds_state_names[judgement->ds]));
	gw_json_set(object, "milliseconds", gw_json_number(compared->took_ms));
	gw_json_set(object, "servers", servers);
	gw_json_set(object, "findings", findings);
	return object;
}
