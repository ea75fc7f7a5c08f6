#include "dns/zone/zone_print.h"

#include <endian.h>
#include <errno.h>
#include <ldns/ldns.h>
#include <string.h>

#include "dns/zone/rdata.h"
#include "gw/core/mem.h"

/* Owner, type, class, TTL, length of RDATA: as in a message, for ldns to read. */
#define HEAD_MAX (GW_DNS_NAME_MAX + 10u)

static size_t put_record(const struct gw_zone_rr *record, uint8_t *ret)
{
	const uint16_t fields[] = { htobe16(record->type), htobe16(1 /* IN */) };
	const uint32_t ttl = htobe32(record->ttl);
	const uint16_t len = htobe16(record->len);
	uint8_t *at = ret;

	memcpy(at, record->name, record->name_len);
	at += record->name_len;
	memcpy(at, fields, sizeof(fields));
	at += sizeof(fields);
	memcpy(at, &ttl, sizeof(ttl));
	at += sizeof(ttl);
	memcpy(at, &len, sizeof(len));
	at += sizeof(len);
	memcpy(at, record->rdata, record->len);
	return (size_t)(at - ret) + record->len;
}

static int print_record(const struct gw_zone_rr *record, uint8_t *wire, ldns_buffer *buffer,
			struct gw_text *out)
{
	size_t len = put_record(record, wire), at = 0;
	ldns_rr *rr = NULL;
	int err = 0;

	ldns_buffer_clear(buffer);
	if (ldns_wire2rr(&rr, wire, len, &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK || at != len ||
	    ldns_rr2buffer_str(buffer, rr) != LDNS_STATUS_OK)
		err = -EBADMSG;
	else
		gw_text_add(out, (const char *)ldns_buffer_begin(buffer),
			    ldns_buffer_position(buffer));
	ldns_rr_free(rr);
	return err;
}

/* A record whose type rdata.h knows by its fields; GW_RDATA_OTHER: others are printed by ldns. */
static enum gw_rdata_status print_known(const struct gw_zone_rr *record, struct gw_text *out)
{
	const size_t begin = out->len;
	enum gw_rdata_status status;

	gw_rdata_print_name(record->name, out);
	gw_text_printf(out, "\t%u\tIN\t", record->ttl);
	gw_rdata_type_print(record->type, out);
	gw_text_putc(out, '\t');
	status = gw_rdata_print(record->type, record->rdata, record->len, out);
	gw_text_putc(out, '\n');
	if (status != GW_RDATA_OK) {
		out->len = begin;
		out->bytes[begin] = '\0';
	}
	return status;
}

int gw_zone_print(const struct gw_zone_store *zone, struct gw_text *out)
{
	uint8_t *wire = gw_zalloc(HEAD_MAX + UINT16_MAX, 1);
	ldns_buffer *buffer = ldns_buffer_new(UINT16_MAX);
	int err = 0;

	if (!buffer)
		gw_out_of_memory();
	for (size_t i = 0; i < zone->n && !err; i++) {
		enum gw_rdata_status status = print_known(&zone->rrs[i], out);

		if (status == GW_RDATA_OTHER)
			err = print_record(&zone->rrs[i], wire, buffer, out);
		else if (status == GW_RDATA_WRONG)
			err = -EBADMSG;
	}
	ldns_buffer_free(buffer);
	gw_free(wire);
	return err;
}
