#include "gw/plan/rules_diff.h"

#include "gw/core/mem.h"

/* The part of both chains that is being matched, and what was found. */
struct match {
	const struct gw_rule *was, *wanted;
	size_t n_was, n_wanted; /* ends of the part */
	bool (*may_stay)(const struct gw_rule *rule, const void *context);
	const void *context;
	bool *stays;
	size_t *partner;
};

static bool same(const struct match *match, size_t i, size_t k)
{
	return gw_rule_equal(&match->was[i], &match->wanted[k]) &&
	       match->may_stay(&match->was[i], match->context);
}

static void pair(struct match *match, size_t i, size_t k)
{
	match->stays[i] = true;
	match->partner[k] = i;
}

/* Longest common subsequence of [start, n_was) and [start, n_wanted), by the usual table. */
static void pair_longest(struct match *match, size_t start)
{
	size_t rows = match->n_was - start, columns = match->n_wanted - start;
	uint16_t *length = gw_zalloc((rows + 1) * (columns + 1), sizeof(*length));
	bool *equal = gw_zalloc(rows * columns, sizeof(*equal));
	size_t i, k;

#define AT(row, column) length[(row) * (columns + 1) + (column)]
	for (i = rows; i-- > 0;) {
		for (k = columns; k-- > 0;) {
			bool found = same(match, start + i, start + k);
			uint16_t skip = AT(i + 1, k) > AT(i, k + 1) ? AT(i + 1, k) : AT(i, k + 1);

			equal[i * columns + k] = found;
			AT(i, k) = found ? (uint16_t)(AT(i + 1, k + 1) + 1) : skip;
		}
	}
	for (i = 0, k = 0; i < rows && k < columns;) {
		if (equal[i * columns + k])
			pair(match, start + i++, start + k++);
		else if (AT(i + 1, k) >= AT(i, k + 1))
			i++;
		else
			k++;
	}
#undef AT
	gw_free(equal);
	gw_free(length);
}

bool *gw_rules_common(const struct gw_chain *was, const struct gw_chain *wanted,
		      bool (*may_stay)(const struct gw_rule *rule, const void *context),
		      const void *context, size_t **ret_partner)
{
	struct match match = {
		.was = was->rules,
		.wanted = wanted->rules,
		.n_was = was->n_rules,
		.n_wanted = wanted->n_rules,
		.may_stay = may_stay,
		.context = context,
		.stays = gw_zalloc(was->n_rules, sizeof(bool)),
		.partner = gw_zalloc(wanted->n_rules, sizeof(size_t)),
	};
	size_t start = 0;

	for (size_t i = 0; i < wanted->n_rules; i++)
		match.partner[i] = GW_NO_PARTNER;
	while (start < match.n_was && start < match.n_wanted && same(&match, start, start)) {
		pair(&match, start, start);
		start++;
	}
	while (match.n_was > start && match.n_wanted > start &&
	       same(&match, match.n_was - 1, match.n_wanted - 1)) {
		match.n_was--;
		match.n_wanted--;
		pair(&match, match.n_was, match.n_wanted);
	}
	if (match.n_was > start && match.n_wanted > start &&
	    match.n_was - start <= GW_RULES_LCS_MAX && match.n_wanted - start <= GW_RULES_LCS_MAX)
		pair_longest(&match, start);
	if (ret_partner)
		*ret_partner = match.partner;
	else
		gw_free(match.partner);
	return match.stays;
}
