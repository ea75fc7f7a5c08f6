/*
 * DNS messages as they come from servers that nobody has to trust: read through a cursor that never
 * leaves the message. Names are expanded and in lower case; a compression pointer has to
 * point further back than the one before it, so that no name costs more than its 255 octets.
 *
 *	if (gw_dns_open(bytes, len, &message) < 0)
 *		return -EBADMSG;
 *	while ((n = gw_dns_next(&message, &record)) > 0)
 *		…
 */
#ifndef DNS_ZONE_MESSAGE_H
#define DNS_ZONE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/core/text.h"

#define GW_DNS_MESSAGE_MAX 65535u
#define GW_DNS_NAME_MAX    255u
#define GW_DNS_UDP_SIZE    1232u /* what we say that we can take: no fragments */

enum gw_dns_type {
	GW_DNS_A = 1,
	GW_DNS_NS = 2,
	GW_DNS_CNAME = 5,
	GW_DNS_SOA = 6,
	GW_DNS_PTR = 12,
	GW_DNS_MX = 15,
	GW_DNS_TXT = 16,
	GW_DNS_AAAA = 28,
	GW_DNS_SRV = 33,
	GW_DNS_DNAME = 39,
	GW_DNS_OPT = 41,
	GW_DNS_DS = 43,
	GW_DNS_RRSIG = 46,
	GW_DNS_NSEC = 47,
	GW_DNS_DNSKEY = 48,
	GW_DNS_NSEC3 = 50,
	GW_DNS_NSEC3PARAM = 51,
	GW_DNS_CDS = 59,
	GW_DNS_CDNSKEY = 60,
	GW_DNS_ZONEMD = 63,
	GW_DNS_TSIG = 250,
	GW_DNS_AXFR = 252,
};

enum gw_dns_rcode {
	GW_DNS_NOERROR = 0,
	GW_DNS_SERVFAIL = 2,
	GW_DNS_NXDOMAIN = 3,
	GW_DNS_REFUSED = 5,
	GW_DNS_NOTAUTH = 9,
	/* of TSIG */
	GW_DNS_BADSIG = 16,
	GW_DNS_BADKEY = 17,
	GW_DNS_BADTIME = 18,
};

#define GW_DNS_QR 0x8000u
#define GW_DNS_AA 0x0400u
#define GW_DNS_TC 0x0200u
#define GW_DNS_RA 0x0080u

enum gw_dns_section {
	GW_DNS_QUESTION,
	GW_DNS_ANSWER,
	GW_DNS_AUTHORITY,
	GW_DNS_ADDITIONAL,
	GW_DNS_SECTION_COUNT
};

/** In wire form, lower case, without compression. */
struct gw_dns_name {
	uint8_t wire[GW_DNS_NAME_MAX];
	uint8_t len;
};
bool gw_dns_name_equal(const struct gw_dns_name *a, const struct gw_dns_name *b);
/** True if `name` is `zone` or below it. */
bool gw_dns_name_within(const struct gw_dns_name *name, const struct gw_dns_name *zone);
/** Appends it in presentation form, with the dot at the end. */
void gw_dns_name_text(const struct gw_dns_name *name, struct gw_text *out);

/** A message that is being read. */
struct gw_dns_message {
	const uint8_t *bytes;
	size_t len;
	uint16_t id, flags;
	uint16_t counts[GW_DNS_SECTION_COUNT];
	struct gw_dns_name question; /* the first one; len 0: there is none */
	uint16_t question_type;
	/* the cursor */
	size_t at;
	enum gw_dns_section section;
	uint16_t left; /* records of the section */
};

struct gw_dns_record {
	enum gw_dns_section section;
	struct gw_dns_name owner;
	uint16_t type, class_;
	uint32_t ttl;
	size_t at; /* where the record begins in the message */
	size_t rdata_at;
	uint16_t rdata_len;
};

static inline unsigned int gw_dns_rcode(const struct gw_dns_message *message)
{
	return message->flags & 0xfu;
}

/** Reads header and question. -EBADMSG: not a message. */
int gw_dns_open(const uint8_t *bytes, size_t len, struct gw_dns_message *ret);
/** The next record: 1; 0 at the end; -EBADMSG. */
int gw_dns_next(struct gw_dns_message *message, struct gw_dns_record *ret);
/** A name at `*at`, which moves behind it. -EBADMSG. */
int gw_dns_read_name(const struct gw_dns_message *message, size_t *at, struct gw_dns_name *ret);
/**
 * Appends RDATA in canonical form (RFC 4034, 6.2): names of the types that may be compressed are
 * expanded and in lower case. -EBADMSG.
 */
int gw_dns_rdata(const struct gw_dns_message *message, const struct gw_dns_record *record,
		 struct gw_text *out);

static inline uint16_t gw_dns_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}
static inline uint32_t gw_dns_u32(const uint8_t *bytes)
{
	return (uint32_t)gw_dns_u16(bytes) << 16 | gw_dns_u16(bytes + 2);
}
void gw_dns_put_u16(struct gw_text *out, unsigned int value);

/** Appends a question about `name` (wire form) with EDNS and the DO bit. */
void gw_dns_question(uint16_t id, const uint8_t *name, size_t name_len, uint16_t type,
		     struct gw_text *out);

/** "SOA", "TYPE65280". */
const char *gw_dns_type_text(uint16_t type, char ret[16]);
/** "REFUSED", "rcode 11". */
const char *gw_dns_rcode_text(unsigned int rcode, char ret[16]);

#endif
