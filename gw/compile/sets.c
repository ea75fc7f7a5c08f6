/*
 * The sets and maps of the table: always the same ones, whatever the policy, plus one per large
 * host list and family, plus those of layers per zone.
 *
 * The classes and cells of layers whose packets come from one zone are in sets of that zone
 * (dst4_hq): the kernel goes through all rules that use a map for each element that is added to
 * it, so rules and elements of all zones in the same maps would make loading quadratic (measured: 6 s
 * instead of 0.3 s for 10,000 policies in 64 zones). Layers of several zones share the maps
 * without a zone; they have few rules, because their rules are kept once (match.c).
 *
 * Those that the fast path asks have a fixed number of buckets (`size`), because the kernel then
 * takes its fastest hash. The size belongs to the definition, and a set whose definition changes
 * is replaced; so sizes go in wide steps and leave room.
 */
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "gw/compile/context.h"
#include "gw/core/mem.h"

// clang-format off
static const struct gw_set definitions[] = {
	/* Numbers, each with the counter of its rule. Plain sets, not verdict maps: to find loops
	 * the kernel follows every element of a verdict map from every rule that asks it, so
	 * a map that grows with the rules, asked by rules that grow with them, makes loading
	 * quadratic (measured: 11 s instead of 0.2 s for 10,000 policies in 64 zones). Only rules
	 * with hours need a verdict of their own. */
	{ .name = "live", .key = { GW_TYPE_MARK }, .n_key = 1, .counter = true },
	{ .name = "live_timed", .key = { GW_TYPE_MARK }, .n_key = 1, .counter = true,
	  .timeout = true },
	{ .name = "live_guarded", .key = { GW_TYPE_MARK }, .n_key = 1, .counter = true,
	  .timeout = true },
	{ .name = "live_windowed", .key = { GW_TYPE_MARK }, .n_key = 1, .map = true,
	  .data = GW_TYPE_VERDICT, .counter = true },
	{ .name = "deny", .key = { GW_TYPE_MARK }, .n_key = 1, .counter = true },
	/* layer, classes of source, destination and service -> number */
	{ .name = "match", .key = { GW_TYPE_MARK, GW_TYPE_MARK, GW_TYPE_MARK, GW_TYPE_MARK },
	  .n_key = 4, .map = true, .data = GW_TYPE_MARK },
	{ .name = "match_timed", .key = { GW_TYPE_MARK, GW_TYPE_MARK, GW_TYPE_MARK, GW_TYPE_MARK },
	  .n_key = 4, .map = true, .data = GW_TYPE_MARK, .timeout = true },
	/* layer, address or service -> class */
	{ .name = "src4", .key = { GW_TYPE_MARK, GW_TYPE_IPV4 }, .n_key = 2, .map = true,
	  .data = GW_TYPE_MARK, .interval = true },
	{ .name = "src6", .key = { GW_TYPE_MARK, GW_TYPE_IPV6 }, .n_key = 2, .map = true,
	  .data = GW_TYPE_MARK, .interval = true },
	{ .name = "dst4", .key = { GW_TYPE_MARK, GW_TYPE_IPV4 }, .n_key = 2, .map = true,
	  .data = GW_TYPE_MARK, .interval = true },
	{ .name = "dst6", .key = { GW_TYPE_MARK, GW_TYPE_IPV6 }, .n_key = 2, .map = true,
	  .data = GW_TYPE_MARK, .interval = true },
	{ .name = "services", .key = { GW_TYPE_MARK, GW_TYPE_PROTO, GW_TYPE_PORT }, .n_key = 3,
	  .map = true, .data = GW_TYPE_MARK, .interval = true },
	/* interface -> chain of its zone */
	{ .name = "ingress", .key = { GW_TYPE_IFNAME }, .n_key = 1, .map = true,
	  .data = GW_TYPE_VERDICT },
	{ .name = "egress", .key = { GW_TYPE_IFNAME }, .n_key = 1, .map = true,
	  .data = GW_TYPE_VERDICT },
	{ .name = "inputs", .key = { GW_TYPE_IFNAME }, .n_key = 1, .map = true,
	  .data = GW_TYPE_VERDICT },
	{ .name = "dnats", .key = { GW_TYPE_IFNAME }, .n_key = 1, .map = true,
	  .data = GW_TYPE_VERDICT },
	{ .name = "pairs", .key = { GW_TYPE_IFNAME, GW_TYPE_IFNAME }, .n_key = 2, .map = true,
	  .data = GW_TYPE_VERDICT },
	{ .name = "snats", .key = { GW_TYPE_IFNAME, GW_TYPE_IFNAME }, .n_key = 2, .map = true,
	  .data = GW_TYPE_VERDICT },
	{ .name = "zoned", .key = { GW_TYPE_IFNAME }, .n_key = 1 },
	{ .name = "clamped", .key = { GW_TYPE_IFNAME }, .n_key = 1 },
	/* how fast each number is logged: filled by the kernel */
	{ .name = "rt_log_rate", .key = { GW_TYPE_MARK }, .n_key = 1, .timeout = true,
	  .dynamic = true, .size = 65536 },
};
// clang-format on

const char *gw_compile_layer_set_name(struct gw_arena *arena, const struct gw_layer *layer,
				      const char *base)
{
	return layer->zone ? gw_arena_printf(arena, "%s_%s", base, layer->zone) : base;
}

struct gw_set *gw_compile_layer_set(struct gw_compiler *c, const struct gw_layer *layer,
				    const char *base)
{
	const char *name = gw_compile_layer_set_name(c->arena, layer, base);
	struct gw_set definition;

	for (size_t i = c->ruleset->n_sets; i-- > 0;)
		if (strcmp(c->ruleset->sets[i].name, name) == 0)
			return &c->ruleset->sets[i];
	definition = *gw_compile_set(c, base);
	definition.name = name;
	return gw_ruleset_add_set(c->ruleset, &definition);
}

/* Steps of 16 from `least` on, with room for as much again. */
static uint32_t size_class(size_t n, uint32_t least)
{
	uint64_t size = least;

	while (size < (uint64_t)n * 2 && size < UINT64_C(1) << 31)
		size *= 16;
	return (uint32_t)size;
}

void gw_compile_sizes(struct gw_compiler *c)
{
	static const struct {
		const char *set;
		uint32_t least;
	} sized[] = {
		{ "live", 65536 },          { "deny", 65536 },        { "match", 65536 },
		{ "live_timed", 65536 },    { "match_timed", 65536 }, { "live_guarded", 65536 },
		{ "live_windowed", 65536 }, { "ingress", 1024 },      { "egress", 1024 },
		{ "inputs", 1024 },         { "pairs", 4096 },        { "zoned", 1024 },
		{ "dnats", 1024 },          { "snats", 4096 },        { "clamped", 1024 },
		{ "zone_ids", 1024 },       { "managed", 1024 },      { "untrusted", 1024 },
		{ "inside", 4096 },
	};

	for (size_t i = 0; i < sizeof(sized) / sizeof(sized[0]); i++) {
		struct gw_set *set = gw_compile_set(c, sized[i].set);

		set->size = size_class(set->n_elems, sized[i].least);
	}
	for (size_t i = 0; i < c->ruleset->n_sets; i++) {
		struct gw_set *set = &c->ruleset->sets[i];

		if ((strncmp(set->name, "match_", strlen("match_")) == 0 && !set->timeout) ||
		    strncmp(set->name, "macs_", strlen("macs_")) == 0)
			set->size = size_class(set->n_elems, 1024);
	}
}

void gw_compile_interval_set(struct gw_compiler *c, const struct gw_set *definition,
			     struct gw_addrset addrs, enum gw_family family)
{
	struct gw_set *set = gw_ruleset_add_set(c->ruleset, definition);
	size_t len = family == GW_FAMILY_IPV4 ? 4 : 16;

	for (size_t i = 0; i < addrs.n; i++) {
		uint8_t *key = gw_arena_zalloc(c->arena, 2, len);
		struct gw_elem elem = { .key = key, .origin = definition->origin };

		gw_addr_to_bytes(family, addrs.ranges[i].lo, key);
		if (addrs.ranges[i].lo != addrs.ranges[i].hi) {
			gw_addr_to_bytes(family, addrs.ranges[i].hi, key + len);
			elem.key_end = key + len;
		}
		gw_ruleset_add_elem(c->ruleset, set, elem);
	}
}

/*
 * A large list is a constant set whose name holds a hash of its addresses (ruleset.h): one that
 * changed is another set, loaded beside the old one in the same transaction. A strong hash, because
 * lists may come from others, who must not be able to make a changed list look unchanged.
 */
static const char *hosts_set_name(struct gw_compiler *c, const struct gw_hosts *hosts,
				  enum gw_family family)
{
	struct gw_addrset addrs = hosts->addrs[family];
	uint8_t digest[32];
	uint64_t hash;

	if (EVP_Digest(addrs.ranges, addrs.n * sizeof(*addrs.ranges), digest, NULL, EVP_sha256(),
		       NULL) != 1)
		gw_out_of_memory();
	memcpy(&hash, digest, sizeof(hash));
	return gw_arena_printf(c->arena, "hosts%d_%s_%016" PRIx64, family == GW_FAMILY_IPV4 ? 4 : 6,
			       hosts->name, hash);
}

const char *gw_compile_hosts_set(struct gw_compiler *c, const struct gw_hosts *hosts,
				 enum gw_family family)
{
	const char **name = &c->hosts_sets[family][hosts - c->policy->hosts];

	if (!*name)
		*name = hosts_set_name(c, hosts, family);
	return *name;
}

static void large_set(struct gw_compiler *c, const struct gw_hosts *hosts, enum gw_family family)
{
	bool ipv4 = family == GW_FAMILY_IPV4;
	struct gw_set definition = { .key = { ipv4 ? GW_TYPE_IPV4 : GW_TYPE_IPV6 },
				     .n_key = 1,
				     .interval = true,
				     .constant = true };
	struct gw_origin *origin = gw_arena_new_of(c->arena, struct gw_origin);

	origin->id = hosts->name;
	origin->loc = hosts->loc;
	definition.origin = origin;
	definition.name = gw_compile_hosts_set(c, hosts, family);
	gw_compile_interval_set(c, &definition, hosts->addrs[family], family);
}

/* A list that both a policy and a translation name gets one set. */
static bool is_named(const struct gw_addr_match *match, const struct gw_hosts *hosts)
{
	for (size_t i = 0; i < match->n_large; i++)
		if (match->large[i] == hosts)
			return true;
	return false;
}

static bool is_used(const struct gw_compiler *c, const struct gw_hosts *hosts)
{
	const struct gw_policy *policy = c->policy;

	for (size_t i = 0; i < policy->n_rules; i++)
		if (c->numbers[i] && (is_named(&policy->rules[i].source, hosts) ||
				      is_named(&policy->rules[i].dest, hosts)))
			return true;
	for (size_t i = 0; i < policy->n_nats; i++)
		if (is_named(&policy->nats[i].source, hosts) ||
		    is_named(&policy->nats[i].dest, hosts))
			return true;
	return false;
}

void gw_compile_sets(struct gw_compiler *c)
{
	for (size_t i = 0; i < sizeof(definitions) / sizeof(definitions[0]); i++) {
		struct gw_set definition = definitions[i];

		definition.origin = c->gw;
		(void)gw_ruleset_add_set(c->ruleset, &definition);
	}
	for (size_t i = 0; i < c->policy->n_hosts; i++) {
		const struct gw_hosts *hosts = &c->policy->hosts[i];

		if (!hosts->large || !is_used(c, hosts))
			continue;
		for (unsigned int f = 0; f < GW_FAMILY_COUNT; f++)
			if (hosts->addrs[f].n)
				large_set(c, hosts, (enum gw_family)f);
	}
}
