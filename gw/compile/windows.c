/*
 * Rules that hold at certain hours.
 *
 * A rule that accepts in a window has its element in @live_windowed, which jumps to the window's chain: it
 * accepts while the window is open and falls through when it is not, so that established traffic
 * stops and other rules get their turn.
 *
 * A rule that denies in a window is entered only while the window is open (match.c). That alone
 * would not stop a connection that was accepted before the window opened. Therefore a rule that
 * accepts and that a windowed deny overlaps is `guarded`: its number lives in @live_guarded, which
 * the chain `guarded` asks only while none of those windows is open. While one is open, the rule's
 * connections are judged packet by packet, denies first. As soon as there is a guarded rule, all
 * rules with hours are treated as guarded: @live_windowed is asked in that chain too.
 */
#include <string.h>

#include "gw/compile/context.h"
#include "gw/compile/overlap.h"
#include "gw/core/hash.h"

static bool note_guard(const struct gw_rule_def *deny, void *context)
{
	bool *guarded = context;

	(void)deny; /* one is enough */
	*guarded = true;
	return false;
}

void gw_compile_guards(struct gw_compiler *c)
{
	struct gw_deny_index *index = gw_arena_new_of(c->scratch, struct gw_deny_index);

	gw_deny_index_build(c->scratch, c->policy, true, index);
	c->guarded = gw_arena_array(c->scratch, c->policy->n_rules, bool);
	if (!index->all.n)
		return;
	for (size_t i = 0; i < c->policy->n_rules; i++) {
		const struct gw_rule_def *rule = &c->policy->rules[i];

		if (rule->action != GW_ACTION_ACCEPT || !c->numbers[i])
			continue;
		gw_deny_index_overlaps(index, rule, note_guard, &c->guarded[i]);
		c->any_guarded |= c->guarded[i];
	}
}

static uint64_t window_hash(const struct gw_window *window)
{
	uint64_t hash = GW_HASH_START;

	for (size_t i = 0; i < window->n_parts; i++) {
		const struct gw_window_part *part = &window->parts[i];

		hash = gw_hash_u64(hash, part->weekday);
		hash = gw_hash_u64(hash, (uint64_t)part->from << 32 | part->until);
	}
	return hash;
}

const char *gw_compile_window_chain(struct gw_compiler *c, const struct gw_window *window)
{
	return gw_arena_printf(c->arena, "window_%016llx", (unsigned long long)window_hash(window));
}

const char *gw_compile_live_set(const struct gw_term *term)
{
	if (term->rule->window)
		return "live_windowed";
	if (term->guarded)
		return "live_guarded";
	return term->tier == GW_TIER_EXCEPTION ? "live_timed" : "live";
}

const char *gw_compile_log_chain(struct gw_compiler *c, const struct gw_layer *layer)
{
	const struct gw_term *term = &layer->terms[0];
	const char *set = gw_compile_live_set(term);

	if (!term->rule->window)
		return gw_arena_printf(c->arena, "logged_%s", set);
	return gw_arena_printf(c->arena, "logged_%s_%016llx", set,
			       (unsigned long long)window_hash(term->rule->window));
}

static void put_be32(uint8_t out[4], uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (24 - 8 * i));
}

void gw_compile_window_part(struct gw_exprs *e, const struct gw_window_part *part)
{
	uint8_t from[4], until[4];

	put_be32(from, part->from);
	put_be32(until, part->until);
	gw_expr_meta(e, NFT_META_TIME_DAY, REG_KEY);
	gw_expr_cmp_u8(e, REG_KEY, NFT_CMP_EQ, part->weekday);
	gw_expr_meta(e, NFT_META_TIME_HOUR, REG_KEY);
	gw_expr_hton(e, REG_KEY, 4);
	gw_expr_range(e, REG_KEY, from, until, 4);
}

/* One rule for each part of the window. */
static void part_rules(struct gw_compiler *c, struct gw_chain *chain,
		       const struct gw_window *window, enum gw_verdict_code verdict,
		       const struct gw_origin *origin)
{
	for (size_t i = 0; i < window->n_parts; i++) {
		struct gw_exprs e;

		gw_exprs_start(&e, c->arena);
		gw_compile_window_part(&e, &window->parts[i]);
		gw_expr_verdict(&e, verdict, NULL);
		gw_compile_rule(c, chain, &e, origin, "window open");
	}
}

/* The origin of a window is the first rule that has it. */
static const struct gw_origin *window_origin(const struct gw_compiler *c,
					     const struct gw_window *window)
{
	for (size_t i = 0; i < c->policy->n_rules; i++)
		if (c->policy->rules[i].window == window)
			return &c->rule_origins[i];
	return c->gw;
}

static bool window_is_used(const struct gw_compiler *c, const struct gw_window *window)
{
	for (size_t i = 0; i < c->policy->n_rules; i++)
		if (c->policy->rules[i].window == window && c->numbers[i] &&
		    c->policy->rules[i].action == GW_ACTION_ACCEPT)
			return true;
	return false;
}

static void guarded_chain(struct gw_compiler *c)
{
	struct gw_chain *chain = gw_compile_chain(c, "guarded", c->gw);
	struct gw_exprs e;

	for (size_t i = 0; i < c->policy->n_windows; i++) {
		const struct gw_window *window = &c->policy->windows[i];
		bool denies = false;

		for (size_t k = 0; k < c->policy->n_rules && !denies; k++)
			denies = c->policy->rules[k].window == window &&
				 c->policy->rules[k].action != GW_ACTION_ACCEPT;
		if (denies)
			part_rules(c, chain, window, GW_VERDICT_RETURN, window_origin(c, window));
	}
	gw_exprs_start(&e, c->arena);
	gw_compile_mark_get(c, &e, REG_KEY);
	gw_compile_accept_live(&e, "live_guarded", REG_KEY);
	gw_compile_rule(c, chain, &e, c->gw, "no window denies now");
	gw_exprs_start(&e, c->arena);
	gw_compile_mark_get(c, &e, REG_KEY);
	gw_compile_accept_live(&e, "live_windowed", REG_KEY);
	gw_compile_rule(c, chain, &e, c->gw, "connections of rules with hours");
}

static void log_rule(struct gw_compiler *c, struct gw_chain *chain,
		     const struct gw_window_part *part, const struct gw_origin *origin)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	if (part)
		gw_compile_window_part(&e, part);
	gw_compile_mark_get(c, &e, REG_NUMBER);
	gw_compile_log_accepted(c, &e, REG_NUMBER);
	gw_compile_rule(c, chain, &e, origin, "log, up to the rate");
}

static void log_chain(struct gw_compiler *c, const struct gw_layer *layer, const char *name)
{
	const struct gw_term *term = &layer->terms[0];
	const struct gw_window *window = term->rule->window;
	const struct gw_origin *origin = &c->rule_origins[term->rule_index];
	struct gw_chain *chain = gw_compile_chain(c, name, c->gw);
	struct gw_exprs e;

	/* A rule of its own: beyond the rate it ends without a verdict, and the next one accepts.
	 */
	if (!window)
		log_rule(c, chain, NULL, c->gw);
	for (size_t i = 0; window && i < window->n_parts; i++)
		log_rule(c, chain, &window->parts[i], origin);
	gw_exprs_start(&e, c->arena);
	gw_compile_mark_get(c, &e, REG_NUMBER);
	gw_compile_accept_live(&e, gw_compile_live_set(term), REG_NUMBER);
	gw_compile_rule(c, chain, &e, c->gw, "accept");
}

static void log_chains(struct gw_compiler *c)
{
	const char **made = gw_arena_array(c->scratch, c->layers.n, const char *);
	size_t n = 0;

	for (size_t i = 0; i < c->layers.n; i++) {
		const char *name;
		bool known = false;

		if (!c->layers.items[i].terms[0].logged)
			continue;
		name = gw_compile_log_chain(c, &c->layers.items[i]);
		for (size_t k = 0; k < n && !known; k++)
			known = strcmp(made[k], name) == 0;
		if (known)
			continue;
		made[n++] = name;
		log_chain(c, &c->layers.items[i], name);
	}
}

void gw_compile_windows(struct gw_compiler *c)
{
	for (size_t i = 0; i < c->policy->n_windows; i++) {
		const struct gw_window *window = &c->policy->windows[i];
		struct gw_chain *chain;

		if (!window_is_used(c, window))
			continue;
		chain = gw_compile_chain(c, gw_compile_window_chain(c, window),
					 window_origin(c, window));
		part_rules(c, chain, window, GW_VERDICT_ACCEPT, window_origin(c, window));
	}
	if (c->any_guarded)
		guarded_chain(c);
	log_chains(c);
}
