/*
 * What a change does to connections that are there now. Conntrack knows no interfaces, so the zones
 * are told by the addresses; a connection whose zones cannot be told counts as going on.
 */
#include "gw/agent/transaction.h"
#include "gw/core/mem.h"
#include "gw/link/link.h"
#include "gw/policy/decide.h"

struct impact {
	const struct gw_transaction *transaction;
	struct gw_links links;
	size_t tracked, ending;
};

static bool is_own_address(const struct gw_links *links, enum gw_family family, gw_u128 addr)
{
	for (size_t i = 0; i < links->n; i++)
		for (size_t k = 0; k < links->items[i].n_addrs; k++)
			if (links->items[i].addrs[k].family == family &&
			    links->items[i].addrs[k].addr == addr)
				return true;
	return false;
}

/* Do connections with this number pass without being judged again? */
static bool stays_live(const struct gw_ruleset *desired, uint32_t mark)
{
	static const char *const names[] = { "live", "live_timed" };
	const struct gw_elem wanted = { .key = (const uint8_t *)&mark };

	for (size_t s = 0; s < GW_COUNT(names); s++) {
		const struct gw_set *set = gw_ruleset_set(desired, names[s]);
		size_t low = 0, high = set ? set->n_elems : 0;

		while (low < high) {
			size_t middle = low + (high - low) / 2;
			int order = gw_elem_compare(set, &set->elems[middle], &wanted);

			if (order == 0)
				return true;
			if (order < 0)
				low = middle + 1;
			else
				high = middle;
		}
	}
	return false;
}

static void judge(const struct gw_connection *connection, void *context)
{
	struct impact *impact = context;
	const struct gw_policy *policy = impact->transaction->config->policy;
	struct gw_packet packet = { connection->family, connection->source, connection->dest,
				    connection->service };
	uint32_t number = connection->mark & policy->mark_mask;
	const struct gw_zone *from, *to = NULL;

	/* Only what a rule let in; the gateway's own connections always go on. */
	if (number < GW_NUMBER_FIRST ||
	    number == GW_BUILTIN_GATEWAY_OUT * gw_number_step(policy->mark_mask))
		return;
	impact->tracked++;
	if (stays_live(impact->transaction->desired, number))
		return;
	from = gw_zone_of_address(policy, packet.family, packet.source);
	if (!is_own_address(&impact->links, packet.family, packet.dest)) {
		to = gw_zone_of_address(policy, packet.family, packet.dest);
		if (!to)
			return;
	}
	if (from && gw_decide(policy, from, to, &packet, impact->transaction->now).action !=
			    GW_ACTION_ACCEPT)
		impact->ending++;
}

int gw_transaction_impact(const struct gw_transaction *transaction, struct gw_kernel *kernel,
			  size_t *ret_tracked, size_t *ret_ending)
{
	struct impact impact = { .transaction = transaction };
	struct gw_arena *arena = gw_arena_new();
	int error = gw_links_read(arena, &impact.links);

	if (!error && kernel->ops->connections)
		error = kernel->ops->connections(kernel, judge, &impact);
	else if (!error)
		error = gw_connections_each(judge, &impact);
	gw_arena_free(arena);
	if (error)
		return error;
	*ret_tracked = impact.tracked;
	*ret_ending = impact.ending;
	return 0;
}
