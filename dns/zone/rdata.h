/*
 * RDATA as text and in wire form, by one table of the fields of each type (rdata_types.c). Types whose text is
 * like no other's (LOC, APL, SVCB, IPSECKEY …) are not in it: ldns reads and writes those. Any type may be
 * written as RFC 3597 has it: \# LENGTH HEX.
 */
#ifndef DNS_ZONE_RDATA_H
#define DNS_ZONE_RDATA_H

#include "dns/zone/words.h"
#include "gw/core/text.h"

#define GW_RDATA_MAX 65535u

/* What one character of a type's fields stands for. */
enum gw_rdata_field {
	GW_RDATA_NAME = 'N',       /* in lower case where RFC 4034, 6.2 says so */
	GW_RDATA_NAME_AS_IS = 'n', /* as written: RFC 6840, 5.1 */
	GW_RDATA_8 = '1',
	GW_RDATA_16 = '2',
	GW_RDATA_32 = '4',
	GW_RDATA_PERIOD = 'P', /* 32 bits of seconds: 1h30m */
	GW_RDATA_TIME = 'T',   /* YYYYMMDDHHMMSS, or seconds */
	GW_RDATA_IPV4 = 'A',
	GW_RDATA_IPV6 = '6',
	GW_RDATA_STRING = 'S',
	GW_RDATA_STRINGS = 'Q', /* one or more, to the end */
	GW_RDATA_TAG = 'G',     /* letters and digits with their number before (CAA) */
	GW_RDATA_REST = 'R',    /* octets of one word, to the end */
	GW_RDATA_TYPE = 'Y',
	GW_RDATA_TYPES = 'M',     /* bitmap, to the end */
	GW_RDATA_ALGORITHM = 'D', /* of DNSSEC, by number or name */
	GW_RDATA_HEX = 'X',       /* to the end */
	GW_RDATA_BASE64 = 'B',    /* to the end */
	GW_RDATA_SALT = 'H',      /* hex with its length before, - for none */
	GW_RDATA_HASH = 'h',      /* base32hex with its length before */
};

struct gw_rdata_type {
	uint16_t type;
	const char *name;
	const char *fields; /* enum gw_rdata_field; NULL: read and written by ldns */
};

/** NULL: it has no name here. */
const struct gw_rdata_type *gw_rdata_type(uint16_t type);
/** By its name or as TYPE65534; false: neither. */
bool gw_rdata_type_read(const struct gw_word *word, uint16_t *ret);
void gw_rdata_type_print(uint16_t type, struct gw_text *out);

enum gw_rdata_status {
	GW_RDATA_OK,
	GW_RDATA_WRONG, /* *ret_wrong says what */
	GW_RDATA_OTHER, /* not in the table */
};

/**
 * The rest of `words` as canonical RDATA of this type; `ret` has room for GW_RDATA_MAX octets, `origin` completes
 * names.
 */
enum gw_rdata_status gw_rdata_read(uint16_t type, struct gw_words *words, const uint8_t *origin,
				   size_t origin_len, uint8_t *ret, size_t *ret_len,
				   const char **ret_wrong);
/** GW_RDATA_WRONG: the octets are no RDATA of this type, and `out` is of no use. */
enum gw_rdata_status gw_rdata_print(uint16_t type, const uint8_t *rdata, size_t len,
				    struct gw_text *out);
/** A name in wire form as text, with the dot at its end. */
void gw_rdata_print_name(const uint8_t *name, struct gw_text *out);

/* Between the files. */
int gw_rdata_algorithm_read(const struct gw_word *word);

#endif
