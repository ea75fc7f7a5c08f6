#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gw/core/hash.h"
#include "gw/core/mem.h"
#include "gw/policy/decide.h"
#include "ratelimit/watch.h"

#define GATEWAY     0u /* its place */
#define FORGET_MS   3600000
#define PREFIX_LEN4 24u
#define PREFIX_LEN6 64u

static void prepare(struct ratelimit_state *state, struct ratelimit_target *target,
		    enum ratelimit_target_kind kind, const char *name, int64_t now_ms)
{
	struct ratelimit_sketch *sources = target->sources, *dests = target->dests;

	*target = (struct ratelimit_target){ .kind = kind, .last_ms = now_ms, .attack = -1 };
	(void)snprintf(target->name, sizeof(target->name), "%s", name);
	target->sources = sources ? sources : ratelimit_sketch_new(RATELIMIT_COUNTERS, state->seed);
	target->dests = dests ? dests : ratelimit_sketch_new(RATELIMIT_COUNTERS, state->seed);
	ratelimit_sketch_clear(target->sources);
	ratelimit_sketch_clear(target->dests);
	ratelimit_regime_init(&target->regime, state->watch ? state->watch->quiet_s * 1000 : 0,
			      now_ms);
	for (size_t i = 0; i < RATELIMIT_LEARNED; i++)
		ratelimit_baseline_init(&target->usual[i]);
}

void ratelimit_targets_open(struct ratelimit_state *state)
{
	state->targets = gw_zalloc(RATELIMIT_TARGETS, sizeof(*state->targets));
	state->cache = gw_zalloc(RATELIMIT_CACHE, sizeof(*state->cache));
	state->cache_keys = gw_zalloc(RATELIMIT_CACHE, sizeof(*state->cache_keys));
	prepare(state, &state->targets[GATEWAY], RATELIMIT_TARGET_GATEWAY, "gateway",
		ratelimit_clock_ms());
}

void ratelimit_targets_close(struct ratelimit_state *state)
{
	for (size_t i = 0; state->targets && i < RATELIMIT_TARGETS; i++) {
		ratelimit_sketch_free(state->targets[i].sources);
		ratelimit_sketch_free(state->targets[i].dests);
	}
	gw_free(state->targets);
	gw_free(state->cache);
	gw_free(state->cache_keys);
}

void ratelimit_targets_forget(struct ratelimit_state *state)
{
	memset(state->cache, 0, RATELIMIT_CACHE * sizeof(*state->cache));
}

struct ratelimit_target *ratelimit_target_gateway(const struct ratelimit_state *state)
{
	return &state->targets[GATEWAY];
}

struct ratelimit_target *ratelimit_target_called(struct ratelimit_state *state, const char *name)
{
	for (size_t i = 0; i < RATELIMIT_TARGETS; i++)
		if (strcmp(state->targets[i].name, name) == 0)
			return *name ? &state->targets[i] : NULL;
	return NULL;
}

/* A free place, or that of one that nobody came to for an hour; NULL: there is none. */
static struct ratelimit_target *place_for(struct ratelimit_state *state,
					  enum ratelimit_target_kind kind, int64_t now_ms)
{
	struct ratelimit_target *oldest = NULL;
	size_t prefixes = 0;

	for (size_t i = 1; i < RATELIMIT_TARGETS; i++) {
		struct ratelimit_target *target = &state->targets[i];
		bool prefix = *target->name && target->kind == RATELIMIT_TARGET_PREFIX;

		prefixes += prefix;
		if (!*target->name) {
			if (kind == RATELIMIT_TARGET_PREFIX && prefixes >= RATELIMIT_PREFIXES)
				break;
			return target;
		}
		if (target->regime.mode == RATELIMIT_PEACE && target->kind == kind &&
		    (!oldest || target->last_ms < oldest->last_ms))
			oldest = target;
	}
	return oldest && now_ms - oldest->last_ms >= (kind == RATELIMIT_TARGET_PREFIX
							      ? FORGET_MS / 60
							      : FORGET_MS)
		       ? oldest
		       : NULL;
}

struct ratelimit_target *ratelimit_target_get(struct ratelimit_state *state,
					      enum ratelimit_target_kind kind, const char *name,
					      int64_t now_ms)
{
	struct ratelimit_target *target = ratelimit_target_called(state, name);

	if (target)
		return target;
	target = place_for(state, kind, now_ms);
	if (!target)
		return ratelimit_target_gateway(state);
	if (*target->name)
		ratelimit_targets_forget(state); /* some point to this place */
	prepare(state, target, kind, name, now_ms);
	return target;
}

/* ---- whose flow is it? ----------------------------------------------------------------------- */

static uint64_t cache_key(const struct ratelimit_state *state, const struct gw_flow_event *event,
			  bool prefix)
{
	uint64_t hash = gw_hash_u64(state->seed, (uint64_t)event->reply.source);

	hash = gw_hash_u64(hash, (uint64_t)(event->reply.source >> 64));
	return gw_hash_u64(hash, prefix ? UINT64_MAX
					: (uint64_t)event->original.protocol << 16 |
						  event->reply.source_port);
}

/* The zone that strangers come from: the first that is not trusted. */
static const struct gw_zone *outside(const struct gw_policy *policy)
{
	for (size_t i = 0; i < policy->n_zones; i++)
		if (policy->zones[i].untrusted)
			return &policy->zones[i];
	return NULL;
}

static struct ratelimit_target *look_up(struct ratelimit_state *state,
					const struct gw_flow_event *event,
					const struct gw_zone *from, const struct gw_zone *to,
					int64_t now_ms)
{
	const struct gw_policy *policy = state->daemon->config->policy;
	const struct gw_packet packet = {
		.family = event->family,
		.source = event->original.source,
		.dest = event->reply.source,
		.service = gw_service_key(event->original.protocol,
					  event->original.icmp ? event->original.icmp_key
							       : event->reply.source_port),
	};
	/* To a zone, or else to the gateway itself. */
	struct gw_decision decision =
		gw_decide(policy, from, to && !to->untrusted ? to : NULL, &packet, time(NULL));

	if (!decision.rule)
		return ratelimit_target_gateway(state);
	return ratelimit_target_get(state, RATELIMIT_TARGET_POLICY, decision.rule->id, now_ms);
}

struct ratelimit_target *ratelimit_target_of(struct ratelimit_state *state,
					     const struct gw_flow_event *event, int64_t now_ms)
{
	const struct gw_policy *policy = state->daemon->config->policy;
	const struct gw_zone *from =
		gw_zone_of_address(policy, event->family, event->original.source);
	const struct gw_zone *to = gw_zone_of_address(policy, event->family, event->reply.source);
	uint64_t key = cache_key(state, event, false);
	size_t place = key % RATELIMIT_CACHE;

	if ((from && !from->untrusted) || !outside(policy))
		return NULL;
	if (state->cache[place] && state->cache_keys[place] == key)
		return &state->targets[state->cache[place] - 1];
	struct ratelimit_target *target =
		look_up(state, event, from ? from : outside(policy), to, now_ms);

	state->cache[place] = (uint16_t)(1 + (target - state->targets));
	state->cache_keys[place] = key;
	return target;
}

struct ratelimit_target *ratelimit_prefix_of(struct ratelimit_state *state,
					     const struct gw_flow_event *event, int64_t now_ms)
{
	const struct gw_policy *policy = state->daemon->config->policy;
	unsigned int len = event->family == GW_FAMILY_IPV4 ? PREFIX_LEN4 : PREFIX_LEN6;
	unsigned int rest = gw_family_bits(event->family) - len;
	gw_u128 base = event->reply.source >> rest << rest;
	const struct gw_range range = { base, base | (((gw_u128)1 << rest) - 1) };
	const struct gw_zone *zone;
	char name[2 * GW_ADDR_TEXT];
	struct gw_flow_event any = *event;
	struct ratelimit_target *target;
	size_t place;
	uint64_t key;

	any.reply.source = base;
	key = cache_key(state, &any, true);
	place = key % RATELIMIT_CACHE;
	if (state->cache[place] && state->cache_keys[place] == key) {
		target = &state->targets[state->cache[place] - 1];
	} else {
		zone = gw_zone_of_address(policy, event->family, event->reply.source);
		target = zone && !zone->untrusted
				 ? ratelimit_target_get(state, RATELIMIT_TARGET_PREFIX,
							gw_range_format(event->family, range, name),
							now_ms)
				 : ratelimit_target_gateway(state);
		state->cache[place] = (uint16_t)(1 + (target - state->targets));
		state->cache_keys[place] = key;
	}
	return target->kind == RATELIMIT_TARGET_PREFIX ? target : NULL;
}
