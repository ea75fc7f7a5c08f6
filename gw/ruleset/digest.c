/*
 * The digest of what a ruleset enforces. Everything that gw_rule_equal and its like compare goes
 * into it in a fixed form, save how long elements have left to live: that changes by itself, and
 * an exception that ends on time is no drift.
 */
#include <openssl/evp.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/ruleset/ruleset.h"

static void add_number(EVP_MD_CTX *hash, uint64_t number)
{
	uint8_t bytes[8];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(number >> (8 * i));
	(void)EVP_DigestUpdate(hash, bytes, sizeof(bytes)); /* fails only for want of memory */
}

/* Length first, so that neighbours cannot run into each other. */
static void add_bytes(EVP_MD_CTX *hash, const void *bytes, size_t len)
{
	add_number(hash, bytes ? len : UINT64_MAX);
	if (bytes)
		(void)EVP_DigestUpdate(hash, bytes, len);
}

static void add_text(EVP_MD_CTX *hash, const char *text)
{
	add_bytes(hash, text, text ? strlen(text) : 0);
}

static void add_expr(EVP_MD_CTX *hash, const struct gw_expr *expr)
{
	const uint64_t numbers[] = {
		expr->kind,     expr->dreg,     expr->sreg,     expr->sreg2,    expr->key,
		expr->op,       expr->flags,    expr->dir,      expr->base,     expr->offset,
		expr->len,      expr->set,      expr->map,      expr->verdict,  expr->group,
		expr->snaplen,  expr->rate,     expr->unit,     expr->burst,    expr->family,
		expr->addr_min, expr->addr_max, expr->port_min, expr->port_max, expr->timeout_ms,
	};

	for (size_t i = 0; i < GW_COUNT(numbers); i++)
		add_number(hash, numbers[i]);
	add_bytes(hash, expr->data, expr->data_len);
	add_bytes(hash, expr->data_end, expr->data_len);
	add_text(hash, expr->chain);
	add_text(hash, expr->set_name);
	add_text(hash, expr->text);
}

static void add_chain(EVP_MD_CTX *hash, const struct gw_chain *chain)
{
	add_text(hash, chain->name);
	add_number(hash, chain->base != NULL);
	if (chain->base) {
		add_number(hash, chain->base->hook);
		add_number(hash, (uint64_t)(int64_t)chain->base->priority);
		add_text(hash, chain->base->type);
		add_number(hash, chain->base->policy_drop);
		for (size_t i = 0; i < chain->base->n_devices; i++)
			add_text(hash, chain->base->devices[i]);
	}
	add_number(hash, chain->n_rules);
	for (size_t i = 0; i < chain->n_rules; i++) {
		add_number(hash, chain->rules[i].n_exprs);
		for (size_t k = 0; k < chain->rules[i].n_exprs; k++)
			add_expr(hash, &chain->rules[i].exprs[k]);
	}
}

static void add_set(EVP_MD_CTX *hash, const struct gw_set *set)
{
	uint32_t key_len = gw_set_key_len(set), data_len = gw_set_data_len(set);

	add_text(hash, set->name);
	add_number(hash, set->n_key);
	for (size_t i = 0; i < set->n_key; i++)
		add_number(hash, set->key[i]);
	add_number(hash, set->map);
	add_number(hash, set->map ? set->data : 0);
	add_number(hash, (uint64_t)set->interval | (uint64_t)set->timeout << 1 |
				 (uint64_t)set->counter << 2 | (uint64_t)set->dynamic << 3 |
				 (uint64_t)set->constant << 4);
	add_number(hash, set->size);
	if (set->run_time || set->constant)
		return;
	add_number(hash, set->n_elems);
	for (size_t i = 0; i < set->n_elems; i++) {
		const struct gw_elem *elem = &set->elems[i];

		add_bytes(hash, elem->key, key_len);
		add_bytes(hash, elem->key_end ? elem->key_end : elem->key, key_len);
		add_bytes(hash, elem->data, data_len);
		add_number(hash, elem->verdict);
		add_text(hash, elem->chain);
	}
}

void gw_ruleset_digest(const struct gw_ruleset *ruleset, char ret_hex[65])
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	uint8_t digest[32];

	if (!hash || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1)
		gw_out_of_memory();
	add_number(hash, ruleset->family);
	add_text(hash, ruleset->name);
	for (size_t i = 0; i < ruleset->n_chains; i++)
		add_chain(hash, &ruleset->chains[i]);
	for (size_t i = 0; i < ruleset->n_sets; i++)
		add_set(hash, &ruleset->sets[i]);
	if (EVP_DigestFinal_ex(hash, digest, NULL) != 1)
		gw_out_of_memory();
	EVP_MD_CTX_free(hash);
	for (size_t i = 0; i < sizeof(digest); i++) {
		ret_hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		ret_hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	ret_hex[64] = '\0';
}
