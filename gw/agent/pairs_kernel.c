/* Pairs and bindings as elements of the kernel's sets, in the tables of both families that have them. */
#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>

#include "gw/agent/pairs.h"
#include "gw/report/json.h"

#define ATTEMPTS 5

static const uint32_t families[] = { NFPROTO_NETDEV, NFPROTO_BRIDGE };

static const struct gw_set set_pairs = {
	.name = GW_PAIRS_SET, .key = { GW_TYPE_IFNAME, GW_TYPE_ETHER }, .n_key = 2, .timeout = true
};
static const struct gw_set set_guard = { .name = GW_PAIRS_GUARD,
					 .key = { GW_TYPE_PROTO },
					 .n_key = 1 };
static const struct gw_set set_bindings = { .name = GW_BINDINGS_SET,
					    .key = { GW_TYPE_IFNAME, GW_TYPE_ETHER, GW_TYPE_IPV6 },
					    .n_key = 3,
					    .timeout = true };

/* Name of the port, then the MAC in its slot. */
static uint8_t *make_key(struct gw_arena *arena, const struct gw_set *set,
			 const char port[IFNAMSIZ], const uint8_t mac[GW_MAC_LEN])
{
	uint8_t *key = gw_arena_zalloc(arena, 1, gw_set_key_len(set));

	memcpy(key, port, IFNAMSIZ); /* padded with zeroes */
	memcpy(key + gw_type_slot(GW_TYPE_IFNAME), mac, GW_MAC_LEN);
	return key;
}

static void add_pairs(const struct gw_pairs *pairs, struct gw_ruleset *table, struct gw_set *set,
		      int64_t now)
{
	for (size_t i = 0; i < pairs->n; i++) {
		const struct gw_pair *pair = &pairs->items[i];

		if (pair->until > now)
			gw_ruleset_add_elem(
				table, set,
				(struct gw_elem){
					.key = make_key(table->arena, set, pair->port, pair->mac),
					.expires_ms = pair->until * 1000,
				});
	}
}

static void add_guard(const struct gw_pairs *pairs, struct gw_ruleset *table, struct gw_set *set,
		      int64_t now)
{
	static const uint8_t in_use[] = GW_PAIRS_IN_USE;
	bool any = false;

	for (size_t i = 0; i < pairs->n && !any; i++)
		any = pairs->items[i].until > now;
	for (size_t i = 0; any && i < sizeof(in_use); i++) {
		uint8_t *key = gw_arena_zalloc(table->arena, 1, gw_set_key_len(set));

		key[0] = in_use[i];
		gw_ruleset_add_elem(table, set, (struct gw_elem){ .key = key });
	}
}

void gw_pairs_complete(const struct gw_pairs *pairs, struct gw_ruleset *ruleset, int64_t now)
{
	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		struct gw_ruleset *table = gw_ruleset_table(ruleset, families[f]);

		for (size_t i = 0; table && i < table->n_sets; i++) {
			if (strcmp(table->sets[i].name, GW_PAIRS_SET) == 0)
				add_pairs(pairs, table, &table->sets[i], now);
			if (strcmp(table->sets[i].name, GW_PAIRS_GUARD) == 0)
				add_guard(pairs, table, &table->sets[i], now);
		}
	}
}

/* ---- sync ------------------------------------------------------------------------------------ */

/* One set as it is and as it should be, for a plan to compare; here elements are what counts. */
static int add_set(const struct gw_pairs *pairs, struct gw_kernel *kernel,
		   const struct gw_set *definition, struct gw_ruleset *desired,
		   struct gw_ruleset *observed, int64_t now)
{
	struct gw_set *wanted = gw_ruleset_add_set(desired, definition);
	struct gw_set *was = gw_ruleset_add_set(observed, definition);

	wanted->run_time = was->run_time = false;
	if (definition == &set_pairs)
		add_pairs(pairs, desired, wanted, now);
	else
		add_guard(pairs, desired, wanted, now);
	return kernel->ops->read_elements(kernel, observed->family, observed->arena, was);
}

static int sync_once(const struct gw_pairs *pairs, struct gw_kernel *kernel, uint32_t family,
		     int64_t now)
{
	struct gw_ruleset *desired = gw_ruleset_new(family, "gw");
	struct gw_ruleset *observed = gw_ruleset_new(family, "gw");
	struct gw_kernel_error refusal;
	struct gw_plan *plan = NULL;
	int err = add_set(pairs, kernel, &set_guard, desired, observed, now);

	if (!err)
		err = add_set(pairs, kernel, &set_pairs, desired, observed, now);
	if (!err) {
		observed->exists = desired->exists = true;
		gw_ruleset_finish(desired);
		gw_ruleset_finish(observed);
		plan = gw_plan_diff(desired, observed);
		err = plan->n_ops ? kernel->ops->commit(kernel, plan, &refusal) : 0;
	}
	gw_plan_free(plan);
	gw_ruleset_free(observed);
	gw_ruleset_free(desired);
	return err;
}

/* What ends in the kernel between reading and changing makes the change fail; a second look helps. */
static int sync_family(const struct gw_pairs *pairs, struct gw_kernel *kernel, uint32_t family,
		       int64_t now)
{
	int err = -ERESTART;

	for (int i = 0; i < ATTEMPTS && (err == -ERESTART || err == -EEXIST); i++)
		err = sync_once(pairs, kernel, family, now);
	return err;
}

int gw_pairs_sync(const struct gw_pairs *pairs, struct gw_kernel *kernel, int64_t now)
{
	int result = -ENOENT;

	/* A family has the sets if the config needs them there; one of both is enough. */
	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		int err = sync_family(pairs, kernel, families[f], now);

		if (err && err != -ENOENT)
			return err;
		if (!err)
			result = 0;
	}
	return result;
}

/* ---- bindings -------------------------------------------------------------------------------- */

/* Kernels before 6.12 give an element that is there no new timeout, so it goes and comes. */
static int send_binding(struct gw_kernel *kernel, uint32_t family, const struct gw_elem *elem)
{
	struct gw_set set = set_bindings;
	struct gw_elem elems[1] = { *elem };
	struct gw_op ops[2] = {
		{ .kind = GW_OP_DEL_ELEMS,
		  .family = family,
		  .set = &set,
		  .elems = elems,
		  .count = 1 },
		{ .kind = GW_OP_ADD_ELEMS,
		  .family = family,
		  .set = &set,
		  .elems = elems,
		  .count = 1 },
	};
	struct gw_plan both = { .table = "gw", .ops = ops, .n_ops = 2 };
	struct gw_plan add = { .table = "gw", .ops = ops + 1, .n_ops = 1 };
	struct gw_kernel_error refusal;
	int err = kernel->ops->commit(kernel, &both, &refusal);

	/* -ERESTART: what was to be deleted is not there. */
	return err == -ENOENT || err == -ERESTART ? kernel->ops->commit(kernel, &add, &refusal)
						  : err;
}

int gw_binding_send(struct gw_kernel *kernel, const struct gw_binding *binding)
{
	struct gw_arena *arena = gw_arena_new();
	uint8_t *key = make_key(arena, &set_bindings, binding->port, binding->mac);
	struct gw_elem elem = { .key = key, .expires_ms = binding->until * 1000 };
	int result = -ENOENT;

	memcpy(key + gw_type_slot(GW_TYPE_IFNAME) + gw_type_slot(GW_TYPE_ETHER), binding->address,
	       sizeof(binding->address));
	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		int err = send_binding(kernel, families[f], &elem);

		if (result)
			result = err == -ENOENT ? result : err;
	}
	gw_arena_free(arena);
	return result;
}

/* ---- counters -------------------------------------------------------------------------------- */

static void add_counts(const struct gw_set *set, json_t *list)
{
	for (size_t i = 0; i < set->n_elems; i++) {
		const struct gw_elem *elem = &set->elems[i];
		uint32_t key[3];

		memcpy(key, elem->key, sizeof(key));
		if (elem->packets)
			gw_json_add(list,
				    json_pack("[I, I, I, I, I]", (json_int_t)key[0],
					      (json_int_t)key[1], (json_int_t)key[2],
					      (json_int_t)elem->packets, (json_int_t)elem->bytes));
	}
}

json_t *gw_frames_json(struct gw_kernel *kernel)
{
	struct gw_arena *arena = gw_arena_new();
	json_t *list = json_array();

	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		struct gw_set set = { .name = GW_FRAMES_SET,
				      .key = { GW_TYPE_MARK, GW_TYPE_MARK, GW_TYPE_MARK },
				      .n_key = 3,
				      .counter = true };

		if (kernel->ops->read_elements(kernel, families[f], arena, &set) == 0)
			add_counts(&set, list);
	}
	gw_arena_free(arena);
	return list;
}
