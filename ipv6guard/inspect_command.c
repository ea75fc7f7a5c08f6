/* `gwctl ipv6 inspect`: a capture judged off line. */
#include "ipv6guard/inspect_command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/core/utf8.h"
#include "gw/report/json.h"
#include "gw/report/table.h"
#include "ipv6guard/inspect.h"
#include "ipv6guard/segments.h"

#define LISTED 20u

static const struct gw_loc nowhere;

/* ---- options --------------------------------------------------------------------------------- */

static const struct ipv6guard_segment *find_segment(struct gw_ctl *ctl, const char *name)
{
	const struct gw_config *config = gw_ctl_config(ctl);
	const struct ipv6guard *guard;
	const char **names, *nearest;

	if (!config)
		return NULL;
	guard = gw_policy_section(config->policy, GW_SECTION_IPV6GUARD);
	names = gw_arena_array(ctl->arena, guard->n_segments, const char *);
	for (size_t i = 0; i < guard->n_segments; i++) {
		names[i] = guard->segments[i].name;
		if (strcmp(names[i], name) == 0)
			return &guard->segments[i];
	}
	nearest = gw_nearest_name(name, names, guard->n_segments);
	gw_diag(&ctl->diags, GW_D_SEGMENT_UNKNOWN, nowhere, "the config has no segment `%s`", name);
	if (nearest)
		gw_diag_hint(&ctl->diags, "did you mean `%s`?", nearest);
	return NULL;
}

/* As the segment says, or by its mode alone; `off` if nothing is said. */
static enum gw_exit read_context(struct gw_ctl *ctl, struct gw_v6_context *ret)
{
	const char *segment_name = gw_ctl_option(ctl, "segment");
	const char *mode = gw_ctl_option(ctl, "mode");
	const struct ipv6guard_segment *segment;

	*ret = (struct gw_v6_context){ .mode = GW_V6_OFF };
	if (segment_name) {
		segment = find_segment(ctl, segment_name);
		if (!segment)
			return GW_EXIT_INVALID;
		ipv6guard_segment_context(ctl->arena, segment, NULL, ret);
	}
	if (mode && !gw_v6_mode_parse(mode, &ret->mode))
		return gw_ctl_usage(ctl, "`%s` is no mode: off, local, guarded, open", mode);
	return GW_EXIT_OK;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static const char *text_of(const struct gw_v6_class_info *info)
{
	return gw_locale_is_japanese() ? info->text_ja : info->text_en;
}

static const char *address_text(const uint8_t *bytes, uint8_t version, char out[GW_ADDR_TEXT])
{
	enum gw_family family = version == 4 ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;

	return gw_addr_format(family, gw_addr_from_bytes(family, bytes), out);
}

/* "fe80::1 > ff02::1", the innermost that there is. */
static const char *parties(struct gw_arena *arena, const struct gw_v6_evidence *evidence)
{
	char src[GW_ADDR_TEXT], dst[GW_ADDR_TEXT];

	if (!evidence->has_ipv6 && !evidence->outer_version)
		return "";
	if (evidence->has_ipv6)
		return gw_arena_printf(arena, "%s > %s", address_text(evidence->src, 6, src),
				       address_text(evidence->dst, 6, dst));
	return gw_arena_printf(arena, "%s > %s",
			       address_text(evidence->outer_src, evidence->outer_version, src),
			       address_text(evidence->outer_dst, evidence->outer_version, dst));
}

static const char *verdict_of(enum gw_v6_verdict verdict)
{
	return verdict == GW_V6_DROP ? "stopped" : "passes";
}

static void put_tricks(struct gw_text *out, uint32_t tricks)
{
	const char *comma = "  by ";

	for (unsigned int bit = 0; bit < GW_V6_TRICK_COUNT; bit++) {
		if (!(tricks >> bit & 1))
			continue;
		gw_text_printf(out, "%s%s", comma, gw_v6_trick_name((enum gw_v6_trick)(1u << bit)));
		comma = ", ";
	}
}

static void print_finding(struct gw_ctl *ctl, const struct ipv6guard_finding *finding)
{
	const struct gw_v6_class_info *info = gw_v6_class_info(finding->class_id);
	const struct gw_v6_evidence *evidence = &finding->evidence;
	char src[GW_MAC_TEXT], dst[GW_MAC_TEXT], time[GW_REPORT_TIME];

	gw_text_printf(&ctl->out, "#%" PRIu64 "  %s + %03d ms  %s  %s, %s\n    %s > %s",
		       finding->frame, gw_report_time(finding->time_us / 1000000, time),
		       (int)(finding->time_us % 1000000 / 1000), info->name,
		       gw_v6_severity_name(finding->severity), verdict_of(finding->verdict),
		       gw_mac_format(evidence->eth_src, src),
		       gw_mac_format(evidence->eth_dst, dst));
	if (evidence->vlan)
		gw_text_printf(&ctl->out, "  vlan %u", evidence->vlan);
	gw_text_printf(&ctl->out, "  %s  %s at octet %" PRIu32, parties(ctl->arena, evidence),
		       gw_v6_layer_name(evidence->layer), evidence->offset);
	put_tricks(&ctl->out, finding->tricks);
	gw_text_putc(&ctl->out, '\n');
}

static void print_classes(struct gw_ctl *ctl, const struct ipv6guard_inspection *inspection)
{
	struct gw_report_table table = { 0 };

	gw_report_row(&table, "CLASS", "CASE", "SEVERITY", "FRAMES", "STOPPED", "FIRST", "WHAT");
	for (size_t i = 0; i < inspection->n_classes; i++) {
		const struct ipv6guard_class_count *item = &inspection->classes[i];
		const struct gw_v6_class_info *info = gw_v6_class_info(item->class_id);

		gw_report_row(&table, info->name, info->catalogue,
			      gw_v6_severity_name(item->severity),
			      gw_arena_printf(ctl->arena, "%" PRIu64, item->frames),
			      gw_arena_printf(ctl->arena, "%" PRIu64, item->stopped),
			      gw_arena_printf(ctl->arena, "#%" PRIu64, item->first), text_of(info));
	}
	gw_report_table_print(&table, "<<<>>>", &ctl->out);
	gw_report_table_done(&table);
}

static void print_inspection(struct gw_ctl *ctl, const struct gw_v6_context *context,
			     const struct ipv6guard_inspection *inspection)
{
	const char *segment = gw_ctl_option(ctl, "segment");

	gw_text_puts_visible(&ctl->out, ctl->args[0]);
	gw_text_printf(&ctl->out, ": %" PRIu64 " frames, %" PRIu64 " of them stopped in ",
		       inspection->frames, inspection->stopped);
	if (segment)
		gw_text_printf(&ctl->out, "segment %s, ", segment);
	gw_text_printf(&ctl->out, "mode `%s`\n", gw_v6_mode_name(context->mode));
	if (inspection->cut)
		gw_text_printf(&ctl->out,
			       "%" PRIu64 " were not captured whole (tcpdump -s 0 does): what "
			       "stood behind the cut is not judged\n",
			       inspection->cut);
	if (!inspection->frames)
		return;
	gw_text_putc(&ctl->out, '\n');
	print_classes(ctl, inspection);
	if (inspection->n_findings)
		gw_text_putc(&ctl->out, '\n');
	for (size_t i = 0; i < inspection->n_findings; i++)
		print_finding(ctl, &inspection->findings[i]);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *tricks_json(uint32_t tricks)
{
	json_t *list = json_array();

	for (unsigned int bit = 0; bit < GW_V6_TRICK_COUNT; bit++)
		if (tricks >> bit & 1)
			gw_json_add(list,
				    json_string(gw_v6_trick_name((enum gw_v6_trick)(1u << bit))));
	return list;
}

static json_t *address_json(const uint8_t *bytes, uint8_t version)
{
	char text[GW_ADDR_TEXT];

	return version ? json_string(address_text(bytes, version, text)) : json_null();
}

static json_t *finding_json(const struct ipv6guard_finding *finding)
{
	const struct gw_v6_evidence *evidence = &finding->evidence;
	uint8_t six = evidence->has_ipv6 ? 6 : 0;
	char src[GW_MAC_TEXT], dst[GW_MAC_TEXT];

	return json_pack(
		"{s:I, s:f, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:I, s:i, s:o, s:o, s:o, s:o, s:o}",
		"frame", (json_int_t)finding->frame, "time", (double)finding->time_us / 1e6,
		"class", gw_v6_class_info(finding->class_id)->name, "severity",
		gw_v6_severity_name(finding->severity), "verdict", verdict_of(finding->verdict),
		"mac_src", gw_mac_format(evidence->eth_src, src), "mac_dst",
		gw_mac_format(evidence->eth_dst, dst), "vlan", evidence->vlan, "layer",
		gw_v6_layer_name(evidence->layer), "offset", (json_int_t)evidence->offset, "depth",
		evidence->depth, "ipv6_src", address_json(evidence->src, six), "ipv6_dst",
		address_json(evidence->dst, six), "outer_src",
		address_json(evidence->outer_src, evidence->outer_version), "outer_dst",
		address_json(evidence->outer_dst, evidence->outer_version), "tricks",
		tricks_json(finding->tricks));
}

static void fill_json(struct gw_ctl *ctl, const struct gw_v6_context *context,
		      const struct ipv6guard_inspection *inspection)
{
	json_t *classes = json_array(), *findings = json_array();

	for (size_t i = 0; i < inspection->n_classes; i++) {
		const struct ipv6guard_class_count *item = &inspection->classes[i];
		const struct gw_v6_class_info *info = gw_v6_class_info(item->class_id);

		gw_json_add(classes,
			    json_pack("{s:s, s:i, s:s, s:s, s:I, s:I, s:I, s:s, s:s}", "class",
				      info->name, "number", info->number, "case", info->catalogue,
				      "severity", gw_v6_severity_name(item->severity), "frames",
				      (json_int_t)item->frames, "stopped",
				      (json_int_t)item->stopped, "first", (json_int_t)item->first,
				      "text", info->text_en, "text_ja", info->text_ja));
	}
	for (size_t i = 0; i < inspection->n_findings; i++)
		gw_json_add(findings, finding_json(&inspection->findings[i]));
	gw_json_set(ctl->root, "mode", json_string(gw_v6_mode_name(context->mode)));
	gw_json_set(ctl->root, "frames", json_integer((json_int_t)inspection->frames));
	gw_json_set(ctl->root, "stopped", json_integer((json_int_t)inspection->stopped));
	gw_json_set(ctl->root, "cut", json_integer((json_int_t)inspection->cut));
	gw_json_set(ctl->root, "first", json_real((double)inspection->first_us / 1e6));
	gw_json_set(ctl->root, "last", json_real((double)inspection->last_us / 1e6));
	gw_json_set(ctl->root, "classes", classes);
	gw_json_set(ctl->root, "findings", findings);
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool was_read(struct gw_ctl *ctl, enum ipv6guard_inspected how, const char *error)
{
	switch (how) {
	case IPV6GUARD_INSPECTED:
		break;
	case IPV6GUARD_CAPTURE_UNREADABLE:
		gw_diag(&ctl->diags, GW_D_CAPTURE_UNREADABLE, nowhere, "%s: %s", ctl->args[0],
			error);
		return false;
	case IPV6GUARD_CAPTURE_KIND:
		gw_diag(&ctl->diags, GW_D_CAPTURE_KIND, nowhere,
			"%s: the frames are %s, not Ethernet", ctl->args[0], error);
		gw_diag_hint(&ctl->diags,
			     "capture at one interface, as `tcpdump -i lan0 -w FILE` does");
		return false;
	case IPV6GUARD_CAPTURE_DAMAGED:
		gw_diag(&ctl->diags, GW_D_CAPTURE_DAMAGED, nowhere, "%s: %s", ctl->args[0], error);
		gw_diag_hint(&ctl->diags, "what stands before that was judged");
		break;
	}
	return true;
}

static bool has_findings(const struct ipv6guard_inspection *inspection)
{
	for (size_t i = 0; i < inspection->n_classes; i++)
		if (inspection->classes[i].stopped ||
		    inspection->classes[i].severity > GW_V6_BACKGROUND)
			return true;
	return false;
}

enum gw_exit gw_cmd_ipv6_inspect(struct gw_ctl *ctl)
{
	const char *option = gw_ctl_option(ctl, "count");
	size_t wanted = option ? strtoul(option, NULL, 10) : LISTED;
	struct ipv6guard_inspection inspection;
	struct gw_v6_context context;
	enum ipv6guard_inspected how;
	char error[IPV6GUARD_ERROR] = "";
	enum gw_exit status;

	if (option && (*option < '0' || *option > '9'))
		return gw_ctl_usage(ctl, "`%s` is no number of findings", option);
	status = read_context(ctl, &context);
	if (status != GW_EXIT_OK)
		return status;
	how = ipv6guard_inspect(ctl->args[0], &context, wanted, &inspection, error);
	if (!was_read(ctl, how, error)) {
		status = GW_EXIT_FAILED;
	} else {
		if (ctl->root)
			fill_json(ctl, &context, &inspection);
		else
			print_inspection(ctl, &context, &inspection);
		status = has_findings(&inspection) ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
	}
	ipv6guard_inspection_done(&inspection);
	return status;
}

const struct gw_option gw_ipv6_inspect_options[] = {
	{ "mode", 'm', "MODE", "judge by this mode: off, local, guarded, open; default off" },
	{ "segment", 's', "NAME",
	  "judge as this segment of the config: its mode, routers, servers" },
	{ "count", 'n', "COUNT", "list the first so many findings; default 20" },
	{ NULL, 0, NULL, NULL },
};
