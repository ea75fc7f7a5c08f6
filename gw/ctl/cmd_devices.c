/* devices and admit: who may send into zones with an admission register. */
#include <string.h>

#include "gw/core/mac.h"
#include "gw/ctl/client.h"
#include "gw/ctl/measures.h"
#include "gw/link/leases.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

/* What is known here of a device besides what the agent says. */
struct lookups {
	struct gw_arena *arena;
	struct gw_leases leases;
	const char *vendors; /* NULL: no list */
};

static const char *vendor_of(const struct lookups *lookups, const uint8_t mac[6])
{
	/* IEEE 802: the second bit says that the address was given locally, at random mostly. */
	if (mac[0] & 2)
		return "random";
	return lookups->vendors ? gw_vendor_find(lookups->arena, lookups->vendors, mac) : NULL;
}

static void complete(const struct lookups *lookups, json_t *device)
{
	const char *text = gw_ctl_reply_text(device, "mac");
	const struct gw_lease *lease = NULL;
	const char *vendor = NULL;
	uint8_t mac[6];

	if (text && gw_mac_parse(text, strlen(text), mac)) {
		lease = gw_leases_find(&lookups->leases, mac);
		vendor = vendor_of(lookups, mac);
	}
	gw_json_set(device, "vendor", gw_json_text(vendor));
	gw_json_set(device, "lease", gw_json_text(lease ? lease->addr : NULL));
	gw_json_set(device, "name", gw_json_text(lease ? lease->name : NULL));
}

static const char *text_of(const json_t *device, const char *key)
{
	const char *text = gw_ctl_reply_text(device, key);

	return text ? text : "-";
}

static const char *time_of(const struct gw_ctl *ctl, const json_t *device, const char *key,
			   char out[GW_REPORT_TIME])
{
	uint64_t time = gw_ctl_reply_number(device, key);

	return time ? gw_report_span(ctl->now, (int64_t)time, out) : "never";
}

static void add_row(struct gw_ctl *ctl, struct gw_report_table *table, const json_t *device)
{
	char first[GW_REPORT_TIME], last[GW_REPORT_TIME], end[GW_REPORT_TIME];
	const char *lease = gw_ctl_reply_text(device, "lease");
	const char *state = text_of(device, "state");
	uint64_t until = gw_ctl_reply_number(device, "until");

	if (until)
		state = gw_arena_printf(ctl->arena, "%s, ends %s", state,
					gw_report_span(ctl->now, (int64_t)until, end));
	gw_report_row(table, text_of(device, "mac"), text_of(device, "zone"), state,
		      lease ? lease : text_of(device, "address"), text_of(device, "name"),
		      time_of(ctl, device, "first", first), time_of(ctl, device, "last", last),
		      text_of(device, "vendor"), text_of(device, "note"));
}

enum gw_exit gw_cmd_devices(struct gw_ctl *ctl)
{
	struct lookups lookups = { .arena = ctl->arena };
	json_t *fields = ctl->n_args ? json_pack("{s:s}", "zone", ctl->args[0]) : NULL;
	json_t *root, *devices;
	enum gw_exit status = gw_ctl_list(ctl, "devices", fields, &root);
	struct gw_report_table table = { 0 };
	size_t i;

	if (status != GW_EXIT_OK)
		return status;
	gw_leases_read(ctl->arena, &lookups.leases);
	lookups.vendors = gw_vendors_read(ctl->arena);
	devices = json_object_get(root, "devices");
	for (i = 0; i < json_array_size(devices); i++)
		complete(&lookups, json_array_get(devices, i));
	if (ctl->root) {
		gw_json_set(ctl->root, "devices", json_incref(devices));
	} else if (!json_array_size(devices)) {
		gw_text_puts(&ctl->out, "no zone has an admission register, or nothing was seen\n");
	} else {
		gw_report_row(&table, "DEVICE", "ZONE", "STATE", "ADDRESS", "NAME", "FIRST SEEN",
			      "LAST SEEN", "MAKER", "NOTE");
		for (i = 0; i < json_array_size(devices); i++)
			add_row(ctl, &table, json_array_get(devices, i));
		gw_report_table_print(&table, "", &ctl->out);
	}
	gw_report_table_done(&table);
	json_decref(root);
	return GW_EXIT_OK;
}

enum gw_exit gw_cmd_admit(struct gw_ctl *ctl)
{
	json_t *fields = gw_ctl_measure_fields(ctl);

	if (!fields)
		return GW_EXIT_USAGE;
	gw_json_set(fields, "mac", gw_json_text(ctl->args[0]));
	if (ctl->n_args > 1)
		gw_json_set(fields, "zone", gw_json_text(ctl->args[1]));
	return gw_ctl_measure(ctl, "admit", fields, ctl->args[0], "is admitted", "release");
}
