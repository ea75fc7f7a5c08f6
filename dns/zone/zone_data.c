/* What lint has read, as a zone to be signed. */
#include "dns/zone/lint.h"

void gw_zone_of_data(const struct gw_zone_data *data, struct gw_zone_store *ret)
{
	gw_zone_init(ret, data->apex.wire, data->apex.len);
	for (size_t i = 0; i < data->n; i++) {
		const struct gw_zone_record *record = &data->records[i];

		gw_zone_add(ret, &(struct gw_zone_rr){ .name = record->name->wire,
						       .name_len = record->name->len,
						       .type = record->type,
						       .ttl = record->ttl,
						       .rdata = record->rdata,
						       .len = record->len,
						       .file = GW_ZONE_NO_FILE,
						       .line = record->loc.line });
	}
	gw_zone_sort(ret);
}
