/* Words for the kernel's numbers, as nft uses them, and the printers that share them. */
#ifndef GW_RULESET_NAMES_H
#define GW_RULESET_NAMES_H

#include "gw/ruleset/ruleset.h"

/** How the bytes of a value are to be read. */
enum gw_shape {
	GW_SHAPE_PLAIN,  /* a byte: number; four: host-order number in hex; else: as they are */
	GW_SHAPE_NUMBER, /* big-endian */
	GW_SHAPE_HEX,
	GW_SHAPE_IPV4,
	GW_SHAPE_IPV6,
	GW_SHAPE_IFNAME,
	GW_SHAPE_ETHER,
	GW_SHAPE_HOUR, /* seconds since midnight UTC, big-endian */
	/* names of host-order numbers, up to GW_SHAPE_PRESENT */
	GW_SHAPE_NFPROTO,
	GW_SHAPE_PROTO,
	GW_SHAPE_ICMP,
	GW_SHAPE_ICMPV6,
	GW_SHAPE_CT_DIRECTION,
	GW_SHAPE_DAY,
	GW_SHAPE_PKTTYPE,
	GW_SHAPE_ADDRTYPE,
	GW_SHAPE_PRESENT,
	/* names of bits */
	GW_SHAPE_CT_STATE,
	GW_SHAPE_CT_STATUS,
	GW_SHAPE_TCP_FLAGS,
};

/** What nft calls something that can be loaded, and how its values look. Constant, never NULL. */
struct gw_field {
	const char *text; /* NULL: nft has no word, or we do not know it */
	enum gw_shape shape;
};
const struct gw_field *gw_field_meta(uint32_t key);
const struct gw_field *gw_field_ct(uint32_t key);
const struct gw_field *gw_field_payload(uint32_t base, uint32_t offset, uint32_t len);
/** The form in which keys and data of this type are compared. */
enum gw_shape gw_shape_of_type(enum gw_type type);

/** The word for a number, NULL if there is none: of a named shape. */
const char *gw_name_number(enum gw_shape shape, uint32_t number);
/** The words for the bits of a shape: fills `ret` and returns how many; 0 if one has no word. */
#define GW_BITS_MAX 16
size_t gw_name_bits(enum gw_shape shape, uint32_t bits, const char *ret[GW_BITS_MAX]);

const char *gw_name_cmp(uint32_t op); /* "" for equality, else with a blank behind */
const char *gw_name_hook(uint32_t family, uint32_t hook);
const char *gw_name_family(uint32_t family);
const char *gw_name_verdict(enum gw_verdict_code verdict);
const char *gw_name_reject(uint32_t icmpx_code);
const char *gw_name_unit(uint64_t seconds); /* NULL unless it is a second, minute, … */

/** Bytes of this shape in the form that people read; the first bytes of an address as a prefix. */
void gw_print_shape(struct gw_text *out, enum gw_shape shape, const uint8_t *bytes, uint32_t len);
/** first-last, or the one if they are the same, or the prefix if they are one. */
void gw_print_range(struct gw_text *out, enum gw_shape shape, const uint8_t *first,
		    const uint8_t *last, uint32_t len);
/** key, or key-key_end for intervals, fields joined by " . ". */
void gw_print_key(struct gw_text *out, const struct gw_set *set, const struct gw_elem *elem);
/** Key, timeout, counter, data or verdict of an element. */
void gw_print_elem(struct gw_text *out, const struct gw_set *set, const struct gw_elem *elem);
/** The expressions of a rule in nft's words. `ruleset` tells the keys of its sets. */
void gw_print_rule(struct gw_text *out, const struct gw_ruleset *ruleset,
		   const struct gw_rule *rule);

#endif
