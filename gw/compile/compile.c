#include "gw/compile/compile.h"

#include <assert.h>
#include <string.h>

#include "gw/compile/context.h"
#include "gw/policy/section.h"

struct gw_chain *gw_compile_chain(struct gw_compiler *c, const char *name,
				  const struct gw_origin *origin)
{
	return gw_ruleset_add_chain(c->ruleset, name, NULL, origin);
}

struct gw_chain *gw_compile_base_chain(struct gw_compiler *c, const char *name, uint32_t hook,
				       int32_t priority, const char *type, bool policy_drop)
{
	struct gw_base_hook *base = gw_arena_new_of(c->arena, struct gw_base_hook);

	base->hook = hook;
	base->priority = priority;
	base->type = type;
	base->policy_drop = policy_drop;
	return gw_ruleset_add_chain(c->ruleset, name, base, c->gw);
}

struct gw_set *gw_compile_set(struct gw_compiler *c, const char *name)
{
	for (size_t i = 0; i < c->ruleset->n_sets; i++)
		if (strcmp(c->ruleset->sets[i].name, name) == 0)
			return &c->ruleset->sets[i];
	assert(!"a set that sets.c does not define");
	return NULL;
}

void gw_compile_rule(struct gw_compiler *c, struct gw_chain *chain, const struct gw_exprs *e,
		     const struct gw_origin *origin, const char *comment)
{
	gw_exprs_rule(e, c->ruleset, chain, origin, comment);
}

void gw_compile_verdict(struct gw_compiler *c, struct gw_chain *chain, enum gw_verdict_code verdict,
			const char *target, const struct gw_origin *origin, const char *comment)
{
	struct gw_exprs e;

	gw_exprs_start(&e, c->arena);
	gw_expr_verdict(&e, verdict, target);
	gw_compile_rule(c, chain, &e, origin, comment);
}

static bool mask_is_usable(const struct gw_policy *policy,
			   const struct gw_kernel_features *features, struct gw_diags *diags)
{
	if (policy->mark_mask == UINT32_MAX || features->bitwise_or)
		return true;
	gw_diag(diags, GW_D_MARK_MASK_KERNEL, policy->site_loc,
		"this kernel cannot set a part of the connection mark (mask 0x%x)",
		policy->mark_mask);
	gw_diag_hint(diags, "leave out `marks: {mask: …}` so that gw uses the whole mark, or use "
			    "Linux 6.13 or later");
	return false;
}

static const struct gw_origin *origin_new(struct gw_compiler *c, const char *id, struct gw_loc loc)
{
	struct gw_origin *origin = gw_arena_new_of(c->arena, struct gw_origin);

	origin->id = id;
	origin->loc = loc;
	return origin;
}

static void origins_build(struct gw_compiler *c)
{
	const struct gw_policy *policy = c->policy;
	struct gw_origin *rules = gw_arena_array(c->arena, policy->n_rules, struct gw_origin);
	struct gw_origin *zones = gw_arena_array(c->arena, policy->n_zones, struct gw_origin);
	struct gw_origin *nats = gw_arena_array(c->arena, policy->n_nats, struct gw_origin);

	c->gw = origin_new(c, "gw", policy->site_loc);
	c->between = origin_new(c, "between", policy->between_loc);
	for (size_t i = 0; i < policy->n_rules; i++)
		rules[i] = (struct gw_origin){ policy->rules[i].id, policy->rules[i].loc };
	for (size_t i = 0; i < policy->n_zones; i++)
		zones[i] = (struct gw_origin){ policy->zones[i].name, policy->zones[i].loc };
	for (size_t i = 0; i < policy->n_nats; i++)
		nats[i] = (struct gw_origin){ policy->nats[i].id, policy->nats[i].loc };
	c->rule_origins = rules;
	c->zone_origins = zones;
	c->nat_origins = nats;
}

static void numbers_look_up(struct gw_compiler *c, const struct gw_numbers *numbers, int64_t now)
{
	c->translates = numbers->translates;
	c->numbers = gw_arena_array(c->scratch, c->policy->n_rules, uint32_t);
	for (size_t i = 0; i < c->policy->n_rules; i++) {
		const struct gw_rule_def *rule = &c->policy->rules[i];

		if (rule->kind == GW_RULE_EXCEPTION && rule->expires <= now)
			continue;
		c->numbers[i] = gw_numbers_of(numbers, rule->id);
		assert(c->numbers[i] >= GW_NUMBER_FIRST);
	}
}

struct gw_ruleset *gw_compile(const struct gw_policy *policy, const struct gw_numbers *numbers,
			      const struct gw_kernel_features *features, int64_t now,
			      struct gw_diags *diags)
{
	struct gw_compiler c = { .policy = policy };
	struct gw_layer_input input = { .policy = policy };

	if (!mask_is_usable(policy, features, diags) || !gw_compile_zone_ids_differ(policy, diags))
		return NULL;
	c.scratch = gw_arena_new();
	c.ruleset = gw_ruleset_new(NFPROTO_INET, "gw");
	c.arena = c.ruleset->arena;
	origins_build(&c);
	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		c.hosts_sets[f] = gw_arena_array(c.scratch, policy->n_hosts, const char *);
	numbers_look_up(&c, numbers, now);
	gw_compile_guards(&c);
	input.numbers = c.numbers;
	input.guarded = c.guarded;
	gw_layers_build(c.scratch, &input, &c.layers);
	gw_compile_sets(&c);
	gw_compile_measure_sets(&c);
	gw_compile_elements(&c);
	gw_compile_drops(&c);
	gw_compile_windows(&c);
	gw_compile_spoof(&c);
	gw_compile_layers(&c);
	gw_compile_measures(&c);
	gw_compile_forward(&c);
	gw_compile_gateway(&c);
	gw_compile_nat(&c);
	for (int i = 0; i < GW_SECTION_COUNT; i++)
		if (gw_sections[i] && gw_sections[i]->compile)
			gw_sections[i]->compile(&c, policy->sections[i]);
	gw_compile_sizes(&c);
	gw_ruleset_finish(c.ruleset);
	gw_arena_free(c.scratch);
	return c.ruleset;
}

struct gw_ruleset *gw_compile_closed(void)
{
	static const struct gw_origin nobody = { .id = "gw" };
	struct gw_compiler c = { .gw = &nobody };

	c.ruleset = gw_ruleset_new(NFPROTO_INET, "gw");
	c.arena = c.ruleset->arena;
	(void)gw_compile_base_chain(&c, "forward", NF_INET_FORWARD, 0, "filter", true);
	gw_ruleset_finish(c.ruleset);
	return c.ruleset;
}
