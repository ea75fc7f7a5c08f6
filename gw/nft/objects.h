/* Tables, chains, sets (their definitions) and the generation. What is read may be hostile. */
#ifndef GW_NFT_OBJECTS_H
#define GW_NFT_OBJECTS_H

#include "gw/ruleset/ruleset.h"

struct nlmsghdr;

/** Adds the attributes that name a table to a message; enough to delete it, too. */
void gw_table_put(struct nlmsghdr *message, const char *table);

/** The whole chain, or with `name_only` what it takes to delete it. -EINVAL: cannot be sent. */
int gw_chain_put(struct nlmsghdr *message, const char *table, const struct gw_chain *chain,
		 bool name_only);
/** Reads an NFT_MSG_NEWCHAIN of this table; its rules are empty. -ENOENT: of another table. */
int gw_chain_get(struct gw_arena *arena, const struct nlmsghdr *message, const char *table,
		 struct gw_chain *ret);

/** The definition of the set, or with `name_only` what it takes to delete it. */
int gw_set_put(struct nlmsghdr *message, const char *table, const struct gw_set *set,
	       bool name_only);
/**
 * Reads an NFT_MSG_NEWSET; the set has no elements. -ENOENT: of another table, or an anonymous set,
 * which lives and dies with its rule. A key type or a flag that we never use makes n_key 0, so that
 * the set is equal to none of ours.
 */
int gw_set_get(struct gw_arena *arena, const struct nlmsghdr *message, const char *table,
	       struct gw_set *ret);

/** Reads an NFT_MSG_NEWGEN: the generation and who made it (0 and "" if it does not say). */
int gw_generation_get(const struct nlmsghdr *message, uint32_t *ret_generation, uint32_t *ret_pid,
		      char ret_process[16]);

#endif
