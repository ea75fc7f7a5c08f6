#include "dns/zone/compare.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "gw/core/mem.h"

/* One address, asked by a thread of its own: what it waits for costs nothing, and one server that stalls
 * holds up no other. */
struct task {
	struct gw_zone_seen seen;
	const struct gw_zone_name *zone;
	int64_t now, deadline_ms;
	pthread_t thread;
	bool running;
};

static void *run(void *context)
{
	struct task *task = context;

	gw_zone_observe(&task->seen, task->zone, task->now, task->deadline_ms);
	return NULL;
}

static const struct gw_tsig_key *read_key(const struct gw_zone_server *server,
					  const struct gw_zone_compare_options *options,
					  struct gw_arena *arena, struct gw_diags *diags,
					  bool *ret_ok)
{
	struct gw_tsig_key *key;
	const char *path = server->tsig;

	if (!path)
		return NULL;
	if (*path != '/')
		path = gw_arena_printf(arena, "%s/%s", options->dir, path);
	key = gw_arena_new_of(arena, struct gw_tsig_key);
	if (gw_tsig_read(path, server->loc, diags, key) == 0)
		return key;
	*ret_ok = false;
	return NULL;
}

static size_t add_tasks(const struct gw_zone_server *servers, size_t n_servers, bool parent,
			const struct gw_zone_compare_options *options, struct gw_arena *arena,
			struct gw_diags *diags, struct task *tasks, bool *ret_ok)
{
	size_t n = 0;

	for (size_t s = 0; s < n_servers; s++) {
		const struct gw_tsig_key *key =
			read_key(&servers[s], options, arena, diags, ret_ok);

		for (size_t a = 0; a < servers[s].n_addresses; a++)
			tasks[n++].seen =
				(struct gw_zone_seen){ .server = &servers[s],
						       .address = &servers[s].addresses[a],
						       .parent = parent,
						       .key = key };
	}
	return n;
}

static size_t count_addresses(const struct gw_zone_server *servers, size_t n_servers)
{
	size_t n = 0;

	for (size_t s = 0; s < n_servers; s++)
		n += servers[s].n_addresses;
	return n;
}

static void run_all(struct task *tasks, size_t n, const struct gw_zone_config *zone,
		    const struct gw_zone_compare_options *options)
{
	int64_t deadline = gw_dns_clock_ms() + (int64_t)options->timeout_s * 1000;

	for (size_t i = 0; i < n; i++) {
		tasks[i].zone = zone->name;
		tasks[i].now = options->now;
		tasks[i].deadline_ms = deadline;
		tasks[i].running = pthread_create(&tasks[i].thread, NULL, run, &tasks[i]) == 0;
		/* No thread to be had: one after the other, then. */
		if (!tasks[i].running)
			(void)run(&tasks[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (tasks[i].running)
			(void)pthread_join(tasks[i].thread, NULL); /* ours, and joined once */
}

/* Frees the tasks. */
static struct gw_zone_seen *take_seen(struct task *tasks, size_t n, struct gw_arena *arena)
{
	struct gw_zone_seen *seen = gw_arena_array(arena, n, struct gw_zone_seen);

	for (size_t i = 0; i < n; i++)
		seen[i] = tasks[i].seen;
	gw_free(tasks);
	return seen;
}

bool gw_zone_ask_parents(const struct gw_zone_config *zone,
			 const struct gw_zone_compare_options *options, struct gw_arena *arena,
			 struct gw_diags *diags, const struct gw_zone_seen **ret, size_t *ret_n)
{
	size_t n = count_addresses(zone->parents, zone->n_parents);
	struct task *tasks;
	bool ok = true;

	if (!n || n > GW_ZONE_COMPARE_MAX) {
		gw_diag(diags, GW_D_ZONE_SERVERS, zone->loc, "%s: %zu addresses of the parent",
			zone->name->text, n);
		return false;
	}
	tasks = gw_zalloc(n, sizeof(*tasks));
	(void)add_tasks(zone->parents, zone->n_parents, true, options, arena, diags, tasks, &ok);
	if (ok)
		run_all(tasks, n, zone, options);
	*ret = take_seen(tasks, n, arena);
	*ret_n = n;
	return ok;
}

bool gw_zone_compare(const struct gw_zone_config *zone,
		     const struct gw_zone_compare_options *options, struct gw_arena *arena,
		     struct gw_diags *diags, struct gw_zone_compared *ret)
{
	size_t n = count_addresses(zone->servers, zone->n_servers) +
		   count_addresses(zone->parents, zone->n_parents);
	int64_t begun = gw_dns_clock_ms();
	struct gw_zone_seen *seen;
	struct task *tasks;
	bool ok = true;

	if (!count_addresses(zone->servers, zone->n_servers) || n > GW_ZONE_COMPARE_MAX) {
		gw_diag(diags, GW_D_ZONE_SERVERS, zone->loc,
			n ? "%s: more than %u addresses" : "%s: no server of the zone is declared",
			zone->name->text, GW_ZONE_COMPARE_MAX);
		gw_diag_hint(diags, "`servers: {ns1: {addresses: [192.0.2.53]}}`");
		return false;
	}
	tasks = gw_zalloc(n, sizeof(*tasks));
	(void)add_tasks(zone->parents, zone->n_parents, true, options, arena, diags,
			tasks + add_tasks(zone->servers, zone->n_servers, false, options, arena,
					  diags, tasks, &ok),
			&ok);
	if (ok)
		run_all(tasks, n, zone, options);
	seen = take_seen(tasks, n, arena);
	if (!ok)
		return false;
	*ret = (struct gw_zone_compared){ .zone = zone, .seen = seen, .n = n, .now = options->now };
	gw_zone_judge(zone, seen, n, options->now, arena, &ret->judgement);
	ret->took_ms = (unsigned int)(gw_dns_clock_ms() - begun);
	return true;
}
