/*
 * Rules and expressions between struct gw_expr and netlink bytes, driven by the table in
 * expr_table.c. What the kernel adds to a rule when it hands it back (default flags, counters,
 * implied NAT bits) is taken off again, so that an unchanged rule compares equal to the one sent.
 *
 * Decoding takes hostile bytes. An expression that is none of ours, or one of ours with an
 * attribute that we never set, decodes to kind GW_EXPR_KINDS and so compares unequal to anything
 * desired.
 */
#ifndef GW_NFT_CODEC_H
#define GW_NFT_CODEC_H

#include "gw/ruleset/ruleset.h"

struct nlattr;
struct nlmsghdr;

/* Kernel: NFT_RULE_MAXEXPRS. Keeps a rule's message far below a page of the batch. */
#define GW_RULE_EXPRS_MAX 128u
/* A rule's comment with its NUL; nft of 1.0.6 reads 128. */
#define GW_RULE_COMMENT_MAX 120u

/**
 * True if the kernel could take these expressions: counts, lengths of data and names. False means
 * that the message would not fit or would lie; check before gw_exprs_put.
 */
bool gw_exprs_valid(const struct gw_expr *exprs, size_t n_exprs);

/** Adds one valid expression as a nested attribute of type `attr`. */
void gw_expr_put(struct nlmsghdr *message, uint16_t attr, const struct gw_expr *expr);
/** Reads a nested expression; never fails (see above). Strings and data go to the arena. */
void gw_expr_get(struct gw_arena *arena, const struct nlattr *attr, struct gw_expr *ret);

/** Adds expressions and comment of a valid rule to an NFT_MSG_NEWRULE. */
void gw_rule_put(struct nlmsghdr *message, const struct gw_rule *rule);
/**
 * Reads an NFT_MSG_NEWRULE: its rule and its chain's name. -EBADMSG if it is malformed or has more
 * expressions than a rule can have.
 */
int gw_rule_get(struct gw_arena *arena, const struct nlmsghdr *message, struct gw_rule *ret_rule,
		const char **ret_chain);

/** The verdict in a nested NFTA_DATA_VERDICT; false if it is none that we know. */
bool gw_verdict_get(struct gw_arena *arena, const struct nlattr *attr,
		    enum gw_verdict_code *ret_code, const char **ret_chain);
/** Adds a nested verdict. */
void gw_verdict_put(struct nlmsghdr *message, uint16_t attr, enum gw_verdict_code code,
		    const char *chain);

#endif
