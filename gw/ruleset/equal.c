/* When two objects enforce the same. What people read (origins, comments) and what the kernel adds
 * (handles, counts) does not count. */
#include <string.h>

#include "gw/ruleset/expr_numbers.h"
#include "gw/ruleset/ruleset.h"

/* The kernel counts in jiffies and our clock goes on between two observations. */
#define EXPIRY_SLACK_MS 2000

static bool text_equal(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

static bool bytes_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	if (!a || !b)
		return a == b;
	return memcmp(a, b, len) == 0;
}

static bool numbers_equal(const struct gw_expr *a, const struct gw_expr *b)
{
#define SAME(member) &&a->member == b->member
	return a->kind == b->kind GW_EXPR_NUMBERS(SAME);
#undef SAME
}

bool gw_expr_equal(const struct gw_expr *a, const struct gw_expr *b)
{
	return numbers_equal(a, b) && bytes_equal(a->data, b->data, a->data_len) &&
	       bytes_equal(a->data_end, b->data_end, a->data_len) &&
	       text_equal(a->chain, b->chain) && text_equal(a->set_name, b->set_name) &&
	       text_equal(a->text, b->text);
}

bool gw_rule_equal(const struct gw_rule *a, const struct gw_rule *b)
{
	if (a->n_exprs != b->n_exprs)
		return false;
	for (size_t i = 0; i < a->n_exprs; i++)
		if (!gw_expr_equal(&a->exprs[i], &b->exprs[i]))
			return false;
	return true;
}

bool gw_set_definition_equal(const struct gw_set *a, const struct gw_set *b)
{
	if (!text_equal(a->name, b->name) || a->n_key != b->n_key)
		return false;
	for (size_t i = 0; i < a->n_key; i++)
		if (a->key[i] != b->key[i])
			return false;
	return a->map == b->map && (!a->map || a->data == b->data) && a->interval == b->interval &&
	       a->timeout == b->timeout && a->counter == b->counter && a->dynamic == b->dynamic &&
	       a->constant == b->constant && a->size == b->size;
}

int gw_elem_compare(const struct gw_set *set, const struct gw_elem *a, const struct gw_elem *b)
{
	size_t len = gw_set_key_len(set);
	int order = memcmp(a->key, b->key, len);

	if (order)
		return order;
	return memcmp(a->key_end ? a->key_end : a->key, b->key_end ? b->key_end : b->key, len);
}

static bool expiry_equal(int64_t a, int64_t b)
{
	if (!a || !b)
		return a == b;
	return a - b <= EXPIRY_SLACK_MS && b - a <= EXPIRY_SLACK_MS;
}

bool gw_elem_equal(const struct gw_set *set, const struct gw_elem *a, const struct gw_elem *b)
{
	if (gw_elem_compare(set, a, b) != 0 || !expiry_equal(a->expires_ms, b->expires_ms))
		return false;
	if (!set->map)
		return true;
	if (set->data == GW_TYPE_VERDICT)
		return a->verdict == b->verdict && text_equal(a->chain, b->chain);
	return bytes_equal(a->data, b->data, gw_set_data_len(set));
}
