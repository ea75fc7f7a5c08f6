/* Words for the kernel's numbers, as nft uses them; NULL where there is none. Shared by the
 * printers. */
#ifndef GW_RULESET_NAMES_H
#define GW_RULESET_NAMES_H

#include "gw/ruleset/ruleset.h"

const char *gw_name_meta(uint32_t key);
const char *gw_name_ct(uint32_t key);
const char *gw_name_cmp(uint32_t op);
const char *gw_name_hook(uint32_t hook);
const char *gw_name_verdict(enum gw_verdict_code verdict);
/** "ip saddr" and the like for a piece of a header. */
const char *gw_name_payload(uint32_t base, uint32_t offset, uint32_t len);

/** A value of this type in the form that people read; `slot` bytes of a key at `bytes`. */
void gw_print_value(struct gw_text *out, enum gw_type type, const uint8_t *bytes);
/** key, or key-key_end for intervals, fields joined by " . ". */
void gw_print_key(struct gw_text *out, const struct gw_set *set, const struct gw_elem *elem);
/** Key, timeout, counter, data or verdict of an element. */
void gw_print_elem(struct gw_text *out, const struct gw_set *set, const struct gw_elem *elem);
/** The expressions of a rule in nft's words. `ruleset` tells the keys of its sets. */
void gw_print_rule(struct gw_text *out, const struct gw_ruleset *ruleset,
		   const struct gw_rule *rule);

#endif
