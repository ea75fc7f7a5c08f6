/* What the writer of canonical bytes (encode.c, which describes them), their reader (decode.c) and
 * the digest share. */
#ifndef GW_RULESET_ENCODE_H
#define GW_RULESET_ENCODE_H

struct gw_ruleset;
struct gw_text;

/** The canonical bytes of what the ruleset enforces alone: what the digest is taken of. */
void gw_ruleset_encode_enforced(const struct gw_ruleset *ruleset, struct gw_text *out);

#define GW_STORED_MAGIC     "gwrs"
#define GW_STORED_MAGIC_LEN 4u
#define GW_STORED_VERSION   1u

/* What an expression has. */
#define GW_STORED_DATA     1u
#define GW_STORED_DATA_END 2u

/* What a set is. */
#define GW_STORED_MAP      1u
#define GW_STORED_INTERVAL 2u
#define GW_STORED_TIMEOUT  4u
#define GW_STORED_COUNTER  8u
#define GW_STORED_DYNAMIC  16u
#define GW_STORED_CONSTANT 32u

/* What an element has. */
#define GW_STORED_KEY_END 1u
#define GW_STORED_EXPIRES 2u

#endif
