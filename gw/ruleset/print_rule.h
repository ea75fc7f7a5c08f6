/* What the two halves of the rule printer share: print_rule.c follows the registers and prints
 * matches, print_statement.c prints what a rule does. */
#ifndef GW_RULESET_PRINT_RULE_H
#define GW_RULESET_PRINT_RULE_H

#include "gw/ruleset/names.h"

#define GW_REGISTERS 16u

/* What a register holds. */
struct gw_held {
	const char *text;     /* how nft says it; NULL: a constant, or nobody knows */
	enum gw_shape shape;  /* of values that it is compared with */
	const uint8_t *bytes; /* constant: from here on */
	uint32_t len;
	const uint8_t *mask; /* a value and these bits of it; text says so, plain_text does not */
	uint32_t mask_len;
	const char *plain_text;
};

struct gw_rule_printer {
	struct gw_text *out;
	size_t start; /* of the rule in `out` */
	const struct gw_ruleset *ruleset;
	struct gw_arena *arena;
	struct gw_held registers[GW_REGISTERS];
	uint32_t l4proto; /* that the packet is known to have; 0: any */
};

/** A blank between two parts of the rule. */
void gw_rule_separate(struct gw_rule_printer *printer);
/** What a register holds as text; a constant is read as `len` bytes of this shape. */
const char *gw_rule_held(const struct gw_rule_printer *printer, uint32_t reg, enum gw_shape shape,
			 uint32_t len);
/** "a . b . c": what the registers of a key hold, by the fields of the set. */
const char *gw_rule_key(struct gw_rule_printer *printer, const char *set_name, uint32_t reg);

/** What was called this is written over: registers that hold it hold what it was before. */
void gw_rule_overwrite(struct gw_rule_printer *printer, const char *text);

/** Prints an expression that does something; false if it is none of those. */
bool gw_rule_statement(struct gw_rule_printer *printer, const struct gw_expr *expr);

#endif
