#include "tests/support/random_ruleset.h"

/* <netinet/in.h> must come first: the kernel's headers then leave out what both define. */
// clang-format off
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
// clang-format on
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gw/core/mem.h"
#include "tests/support/compiled_site.h"

#define BASE_CHAINS 3 /* the first of all; the third only sometimes */
#define HALF        (RECIPE_CHAINS / 2)
#define KEY_STEP    16 /* keys of neighbours lie so far apart; no interval is as long */
#define SET_SIZE    4096

/* Five bytes of an expression's data that any register can take. */
static const uint8_t some_bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

/* ---- recipes --------------------------------------------------------------------------------- */

static uint64_t seed_or_none(struct random *random, unsigned int percent)
{
	return random_chance(random, percent) ? random_u64(random) | 1 : 0;
}

void ruleset_recipe_draw(struct ruleset_recipe *recipe, uint64_t seed)
{
	struct random random = { .state = seed };

	memset(recipe, 0, sizeof(*recipe));
	for (size_t i = 0; i < RECIPE_CHAINS; i++) {
		recipe->chains[i] = seed_or_none(&random, 75);
		for (size_t k = 0; k < RECIPE_RULES; k++)
			recipe->rules[i][k] = seed_or_none(&random, 50);
	}
	for (size_t i = 0; i < RECIPE_SETS; i++) {
		recipe->sets[i] = seed_or_none(&random, 75);
		for (size_t k = 0; k < RECIPE_ELEMS; k++)
			recipe->elems[i][k] = seed_or_none(&random, 50);
	}
}

/* A seed becomes none, or another one; of another only the upper bits if `upper`. */
static void change_seed(struct random *random, uint64_t *seed, bool upper)
{
	uint64_t drawn = random_u64(random) | 1;

	if (*seed && random_chance(random, 40))
		*seed = 0;
	else if (*seed && upper)
		*seed = (*seed & 0xff) | (drawn & ~UINT64_C(0xff));
	else
		*seed = drawn;
}

/* A rule comes, goes, changes, or changes places with another. */
static void change_rules(struct random *random, uint64_t *rules)
{
	unsigned int i = random_below(random, RECIPE_RULES);
	unsigned int k = random_below(random, RECIPE_RULES);
	uint64_t moved = rules[i];

	if (random_chance(random, 70)) {
		change_seed(random, &rules[i], false);
		return;
	}
	rules[i] = rules[k];
	rules[k] = moved;
}

void ruleset_recipe_change(struct ruleset_recipe *recipe, uint64_t seed, unsigned int n)
{
	struct random random = { .state = seed ^ UINT64_C(0x9e3779b97f4a7c15) };

	while (n--) {
		unsigned int chain = random_below(&random, RECIPE_CHAINS);
		unsigned int set = random_below(&random, RECIPE_SETS);
		unsigned int what = random_below(&random, 10);

		if (what == 0)
			change_seed(&random, &recipe->chains[chain], false);
		else if (what == 1)
			change_seed(&random, &recipe->sets[set], false);
		else if (what <= 5)
			change_rules(&random, recipe->rules[chain]);
		else
			change_seed(&random,
				    &recipe->elems[set][random_below(&random, RECIPE_ELEMS)],
				    random_chance(&random, 60));
	}
}

/* ---- building -------------------------------------------------------------------------------- */

struct builder {
	const struct ruleset_recipe *recipe;
	struct gw_ruleset *ruleset;
	struct gw_source *source;
};

static const char *name_of(struct builder *builder, const char *what, size_t number)
{
	return gw_arena_printf(builder->ruleset->arena, "%s_%zu", what, number);
}

static const struct gw_origin *origin_of(struct builder *builder, const char *what, size_t line)
{
	struct gw_origin *origin = gw_arena_new_of(builder->ruleset->arena, struct gw_origin);

	origin->id = name_of(builder, what, line);
	origin->loc = (struct gw_loc){ builder->source, (uint32_t)line + 1, 3, 5 };
	return origin;
}

/* The third chain is a base chain or not, as its seed says. */
static bool is_base(const struct ruleset_recipe *recipe, size_t chain)
{
	return chain + 1 < BASE_CHAINS || (chain + 1 == BASE_CHAINS && recipe->chains[chain] & 2);
}

static void add_chain(struct builder *builder, size_t number)
{
	uint64_t seed = builder->recipe->chains[number];
	const struct gw_base_hook hook = {
		.hook = seed & 4 ? NF_INET_FORWARD : NF_INET_LOCAL_IN,
		.priority = seed & 8 ? 0 : -10,
		.type = "filter",
		.policy_drop = seed & 16,
	};

	(void)gw_ruleset_add_chain(builder->ruleset, name_of(builder, "chain", number),
				   is_base(builder->recipe, number) ? &hook : NULL,
				   origin_of(builder, "chain", number));
}

/* The first sets are plain, then come maps to values, to verdicts, and sets of run-time writers. */
enum set_sort {
	SORT_PLAIN,
	SORT_CONSTANT,
	SORT_VALUES,
	SORT_VERDICTS,
	SORT_RUN_TIME,
};

static enum set_sort set_sort(size_t number)
{
	static const enum set_sort sorts[RECIPE_SETS] = {
		SORT_PLAIN,    SORT_PLAIN,    SORT_CONSTANT, SORT_VALUES,   SORT_VALUES,
		SORT_VERDICTS, SORT_VERDICTS, SORT_VERDICTS, SORT_VERDICTS, SORT_RUN_TIME,
	};

	return sorts[number];
}

/* Another content, another name: what makes a set constant. */
static const char *constant_name(struct builder *builder, size_t number)
{
	struct random random = { .state = builder->recipe->sets[number] };

	for (size_t i = 0; i < RECIPE_ELEMS; i++)
		random.state = random_u64(&random) ^ builder->recipe->elems[number][i];
	return gw_arena_printf(builder->ruleset->arena, "hosts_%" PRIx64, random_u64(&random));
}

static const char *set_name(struct builder *builder, size_t number)
{
	enum set_sort sort = set_sort(number);

	if (sort == SORT_CONSTANT)
		return constant_name(builder, number);
	return name_of(builder, sort == SORT_RUN_TIME ? "rt_set" : "set", number);
}

/* Any order of fields but for the first, which has to hold as many keys as there are elements. */
static void draw_key(struct random *random, struct gw_set *set)
{
	static const enum gw_type types[] = { GW_TYPE_MARK,  GW_TYPE_IFNAME, GW_TYPE_IPV4,
					      GW_TYPE_IPV6,  GW_TYPE_PROTO,  GW_TYPE_PORT,
					      GW_TYPE_ETHER, GW_TYPE_ICMPV6, GW_TYPE_ETHERTYPE };

	set->n_key = random_chance(random, 50) ? 1 : 2 + random_below(random, 2);
	for (size_t i = 0; i < set->n_key; i++)
		set->key[i] = types[random_below(random, GW_COUNT(types))];
	if (set->interval)
		set->key[0] = random_chance(random, 50) ? GW_TYPE_IPV4 : GW_TYPE_IPV6;
}

static struct gw_set set_definition(const struct ruleset_recipe *recipe, size_t number)
{
	struct random random = { .state = recipe->sets[number] };
	enum set_sort sort = set_sort(number);
	struct gw_set set = { .interval = random_chance(&random, 50) };

	set.map = sort == SORT_VALUES || sort == SORT_VERDICTS;
	set.data = sort == SORT_VERDICTS ? GW_TYPE_VERDICT : GW_TYPE_MARK;
	set.counter = random_chance(&random, 30);
	set.timeout =
		sort != SORT_CONSTANT && (sort == SORT_RUN_TIME || random_chance(&random, 30));
	set.dynamic = sort == SORT_RUN_TIME;
	set.constant = sort == SORT_CONSTANT;
	if (sort == SORT_RUN_TIME)
		set.interval = false;
	if (!set.interval)
		set.size = SET_SIZE;
	draw_key(&random, &set);
	return set;
}

static void add_set(struct builder *builder, size_t number)
{
	struct gw_set set = set_definition(builder->recipe, number);

	set.name = set_name(builder, number);
	set.origin = origin_of(builder, "set", number);
	(void)gw_ruleset_add_set(builder->ruleset, &set);
}

/* A field of a key: a name for an interface, else the number in the last bytes. */
static void put_field(enum gw_type type, uint8_t *field, unsigned int number)
{
	uint32_t len = gw_type_len(type);

	if (type == GW_TYPE_IFNAME) {
		(void)snprintf((char *)field, len, "if%u", number);
		return;
	}
	field[len - 1] = (uint8_t)number;
	if (len > 1)
		field[len - 2] = (uint8_t)(number >> 8);
}

/* Jumps lead to chains of the second half that are there, if there are any. */
static const char *draw_target(struct builder *builder, struct random *random, size_t above)
{
	size_t number = above + random_below(random, (unsigned int)(RECIPE_CHAINS - above));

	if (!builder->recipe->chains[number] || is_base(builder->recipe, number))
		return NULL;
	return name_of(builder, "chain", number);
}

static void draw_data(struct builder *builder, struct random *random, const struct gw_set *set,
		      struct gw_elem *elem)
{
	uint32_t mark = random_below(random, 1000);

	if (!set->map)
		return;
	if (set->data != GW_TYPE_VERDICT) {
		elem->data = gw_arena_memdup(builder->ruleset->arena, &mark, sizeof(mark));
		return;
	}
	elem->chain = draw_target(builder, random, HALF);
	elem->verdict = !elem->chain ? GW_VERDICT_ACCEPT
			: mark & 1   ? GW_VERDICT_JUMP
				     : GW_VERDICT_GOTO;
}

/* The low byte of the seed decides the key, so that the rest can change beside it. */
static void add_elem(struct builder *builder, struct gw_set *set, size_t number, uint64_t seed)
{
	struct gw_arena *arena = builder->ruleset->arena;
	struct random random = { .state = seed };
	unsigned int first = (unsigned int)(number * KEY_STEP + (seed >> 1 & 3));
	uint8_t *key = gw_arena_zalloc(arena, 1, gw_set_key_len(set));
	struct gw_elem elem = { .key = key, .origin = origin_of(builder, "elem", number) };
	uint32_t at = gw_type_slot(set->key[0]);

	put_field(set->key[0], key, first);
	for (size_t i = 1; i < set->n_key; i++) {
		put_field(set->key[i], key + at, (unsigned int)(seed >> 3 & 7));
		at += gw_type_slot(set->key[i]);
	}
	if (set->interval && seed & 64) {
		uint8_t *end = gw_arena_memdup(arena, key, gw_set_key_len(set));

		put_field(set->key[0], end, first + 1 + (seed >> 3 & 7));
		elem.key_end = end;
	}
	if (set->timeout && seed & 256)
		elem.expires_ms = builder->recipe->now_ms +
				  INT64_C(3600000) * (1 + random_below(&random, 20));
	draw_data(builder, &random, set, &elem);
	gw_ruleset_add_elem(builder->ruleset, set, elem);
}

static void add_elems(struct builder *builder, size_t number)
{
	struct gw_set *set = gw_ruleset_set(builder->ruleset, set_name(builder, number));

	for (size_t i = 0; i < RECIPE_ELEMS && !set->run_time; i++)
		if (builder->recipe->elems[number][i])
			add_elem(builder, set, i, builder->recipe->elems[number][i]);
}

/* ---- rules ----------------------------------------------------------------------------------- */

struct rule {
	struct gw_expr exprs[GW_KEY_FIELDS_MAX + 4];
	size_t n;
};

static void put(struct rule *rule, struct gw_expr expr)
{
	rule->exprs[rule->n++] = expr;
}

static void put_verdict(struct rule *rule, enum gw_verdict_code verdict, const char *chain)
{
	put(rule, (struct gw_expr){ .kind = GW_EXPR_IMMEDIATE,
				    .dreg = GW_REG_VERDICT,
				    .verdict = verdict,
				    .chain = chain });
}

/* The kernel wants every register of a key to be written before it is read. */
static void put_key(struct rule *rule, const struct gw_set *set)
{
	uint32_t at = 0;

	for (size_t i = 0; i < set->n_key; i++) {
		put(rule, (struct gw_expr){ .kind = GW_EXPR_IMMEDIATE,
					    .dreg = GW_REG(at / 4),
					    .data = some_bytes,
					    .data_len = gw_type_len(set->key[i]) });
		at += gw_type_slot(set->key[i]);
	}
}

static void put_lookup(struct builder *builder, struct rule *rule, size_t number,
		       struct random *random)
{
	const struct gw_set *set = gw_ruleset_set(builder->ruleset, set_name(builder, number));
	struct gw_expr expr = { .kind = GW_EXPR_LOOKUP, .set_name = set->name, .sreg = GW_REG(0) };

	put_key(rule, set);
	if (set->run_time) {
		expr.kind = GW_EXPR_DYNSET;
		expr.key = random_chance(random, 50) ? NFT_DYNSET_OP_UPDATE : NFT_DYNSET_OP_ADD;
		expr.timeout_ms = UINT64_C(1000) * random_below(random, 3);
	} else if (set->map) {
		expr.map = true;
		expr.dreg = set->data == GW_TYPE_VERDICT ? GW_REG_VERDICT : GW_REG(15);
	} else {
		expr.op = random_below(random, 2);
	}
	put(rule, expr);
}

static void put_match(struct builder *builder, struct rule *rule, struct random *random)
{
	uint32_t mark = random_below(random, 4);

	put(rule,
	    (struct gw_expr){ .kind = GW_EXPR_META, .key = NFT_META_MARK, .dreg = GW_REG(0) });
	put(rule,
	    (struct gw_expr){ .kind = GW_EXPR_CMP,
			      .sreg = GW_REG(0),
			      .op = random_below(random, 2) ? NFT_CMP_EQ : NFT_CMP_NEQ,
			      .data = gw_arena_memdup(builder->ruleset->arena, &mark, sizeof(mark)),
			      .data_len = sizeof(mark) });
}

/* A set for a rule of this chain; RECIPE_SETS if the one drawn is not there or must not be used. */
static size_t draw_set(const struct ruleset_recipe *recipe, size_t chain, struct random *random)
{
	size_t number = random_below(random, RECIPE_SETS);

	if (!recipe->sets[number] || (set_sort(number) == SORT_VERDICTS && chain >= HALF))
		return RECIPE_SETS;
	return number;
}

static void add_rule(struct builder *builder, struct gw_chain *chain, size_t number, uint64_t seed)
{
	static const enum gw_verdict_code ends[] = { GW_VERDICT_ACCEPT, GW_VERDICT_DROP,
						     GW_VERDICT_RETURN };
	struct random random = { .state = seed };
	size_t set = draw_set(builder->recipe, number, &random);
	const char *target = NULL;
	struct rule rule = { .n = 0 };

	if (random_chance(&random, 60))
		put_match(builder, &rule, &random);
	if (random_chance(&random, 30))
		put(&rule, (struct gw_expr){ .kind = GW_EXPR_COUNTER });
	if (number + 1 < RECIPE_CHAINS && random_chance(&random, 50))
		target = draw_target(builder, &random, number + 1);
	if (set < RECIPE_SETS && random_chance(&random, 60))
		put_lookup(builder, &rule, set, &random);
	else if (target)
		put_verdict(&rule, random_chance(&random, 50) ? GW_VERDICT_JUMP : GW_VERDICT_GOTO,
			    target);
	else
		put_verdict(&rule, ends[random_below(&random, GW_COUNT(ends))], NULL);
	(void)gw_ruleset_add_rule(builder->ruleset, chain, rule.exprs, rule.n,
				  origin_of(builder, "rule", number),
				  random_chance(&random, 50) ? "a comment" : NULL);
}

static void add_rules(struct builder *builder, size_t number)
{
	struct gw_chain *chain =
		gw_ruleset_chain(builder->ruleset, name_of(builder, "chain", number));

	for (size_t i = 0; i < RECIPE_RULES; i++)
		if (builder->recipe->rules[number][i])
			add_rule(builder, chain, number, builder->recipe->rules[number][i]);
}

struct gw_ruleset *ruleset_recipe_build(const struct ruleset_recipe *recipe)
{
	struct builder builder = { .recipe = recipe,
				   .ruleset = gw_ruleset_new(NFPROTO_INET, "gw") };

	builder.source = gw_arena_new_of(builder.ruleset->arena, struct gw_source);
	builder.source->path = gw_arena_strdup(builder.ruleset->arena, "random.yaml");
	for (size_t i = 0; i < RECIPE_CHAINS; i++)
		if (recipe->chains[i])
			add_chain(&builder, i);
	for (size_t i = 0; i < RECIPE_SETS; i++)
		if (recipe->sets[i])
			add_set(&builder, i);
	gw_ruleset_finish(builder.ruleset); /* rules and elements look their places up */
	for (size_t i = 0; i < RECIPE_SETS; i++)
		if (recipe->sets[i])
			add_elems(&builder, i);
	for (size_t i = 0; i < RECIPE_CHAINS; i++)
		if (recipe->chains[i])
			add_rules(&builder, i);
	gw_ruleset_finish(builder.ruleset);
	return builder.ruleset;
}

struct gw_ruleset *random_ruleset(uint64_t seed)
{
	struct ruleset_recipe recipe;

	ruleset_recipe_draw(&recipe, seed);
	return ruleset_recipe_build(&recipe);
}
