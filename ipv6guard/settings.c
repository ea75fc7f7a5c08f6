/*
 * What the gateway's own stack does on a segment. Rules refuse it anyway; the settings keep the kernel
 * from trying, and hold for what reaches it by other ways. Like all settings they are left alone where
 * the config has no `host:` (gw/host/host.h).
 */
#include "ipv6guard/settings.h"

#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"

struct setting {
	const char *name, *value;
};

/* Nothing of IPv6: the kernel removes its addresses and joins no groups. */
static const struct setting off_settings[] = {
	{ "disable_ipv6", "1" },
};

/* A neighbour among neighbours. accept_ra belongs to `host:` (gw/host/wanted.c) where the interface is
 * one of a zone. */
static const struct setting local_settings[] = {
	{ "accept_redirects", "0" },
	{ "autoconf", "0" },
	{ "drop_unicast_in_l2_multicast", "1" },
	{ "proxy_ndp", "0" },
	{ "suppress_frag_ndisc", "1" },
};

static const struct setting guarded_settings[] = {
	{ "accept_redirects", "0" },
	{ "drop_unicast_in_l2_multicast", "1" },
	{ "suppress_frag_ndisc", "1" },
};

/* Interfaces that come later begin with these. */
static const struct setting later_settings[] = {
	{ "accept_ra", "0" },
	{ "accept_redirects", "0" },
	{ "suppress_frag_ndisc", "1" },
};

/*
 * Neighbours that the gateway looks for on behalf of others: who sweeps a prefix of 2^64 addresses through what
 * policies permit makes it look for each, for three seconds (RFC 6583). Three seconds of some thousands a second
 * must fit beside the neighbours there are, of which none is forgotten below the first bound. Of the whole machine,
 * and not there in other network namespaces.
 */
static const struct setting table_settings[] = {
	{ "net/ipv6/neigh/default/gc_thresh1", "4096" },
	{ "net/ipv6/neigh/default/gc_thresh2", "16384" },
	{ "net/ipv6/neigh/default/gc_thresh3", "32768" },
};

struct state {
	struct gw_loader *loader;
	struct gw_sysctl_setting *items;
	size_t n, n_written;
};

static bool is_written(const struct state *state, const char *path)
{
	for (size_t i = 0; i < state->n_written; i++)
		if (strcmp(state->items[i].path, path) == 0)
			return true;
	return false;
}

static void add_path(struct state *state, const char *path, const char *value, struct gw_loc loc)
{
	if (!is_written(state, path))
		state->items[state->n++] = (struct gw_sysctl_setting){ path, value, loc };
}

static void add(struct state *state, const char *interface, const struct setting *setting,
		struct gw_loc loc)
{
	add_path(state,
		 gw_arena_printf(state->loader->arena, "net/ipv6/conf/%s/%s", interface,
				 setting->name),
		 setting->value, loc);
}

/* `redirects: keep` is meant; else gw/host writes it for interfaces of zones already. */
static bool is_hosts(const struct gw_host_settings *host, const struct setting *setting,
		     bool of_zone)
{
	return (of_zone || host->redirects == GW_SWITCH_KEEP) &&
	       strcmp(setting->name, "accept_redirects") == 0;
}

static void add_all(struct state *state, const struct ipv6guard_segment *segment,
		    const struct setting *settings, size_t n)
{
	const struct gw_host_settings *host = &state->loader->policy->host;

	for (size_t i = 0; i < segment->n_interfaces; i++)
		for (size_t k = 0; k < n; k++)
			if (!is_hosts(host, &settings[k], segment->zone != NULL))
				add(state, segment->interfaces[i].name, &settings[k], segment->loc);
}

static void add_segment(struct state *state, const struct ipv6guard_segment *segment)
{
	switch (segment->mode) {
	case IPV6GUARD_OFF:
		add_all(state, segment, off_settings, GW_COUNT(off_settings));
		break;
	case IPV6GUARD_LOCAL:
		add_all(state, segment, local_settings, GW_COUNT(local_settings));
		break;
	case IPV6GUARD_GUARDED:
		add_all(state, segment, guarded_settings, GW_COUNT(guarded_settings));
		break;
	case IPV6GUARD_OPEN:
		break;
	}
}

static int compare_paths(const void *a, const void *b)
{
	const struct gw_sysctl_setting *left = a, *right = b;

	return strcmp(left->path, right->path);
}

void ipv6guard_add_settings(struct gw_loader *loader, const struct ipv6guard *guard)
{
	struct gw_host_settings *host = &loader->policy->host;
	struct state state = { .loader = loader,
			       .n = host->n_sysctls,
			       .n_written = host->n_sysctls };
	size_t room = host->n_sysctls + GW_COUNT(later_settings) + GW_COUNT(table_settings);
	bool any = false, guarded = false;

	for (size_t i = 0; i < guard->n_segments; i++) {
		room += guard->segments[i].n_interfaces * GW_COUNT(local_settings);
		any |= guard->segments[i].mode != IPV6GUARD_OPEN;
		guarded |= guard->segments[i].mode == IPV6GUARD_GUARDED;
	}
	if (!host->managed || !any)
		return;
	state.items = gw_arena_array(loader->arena, room, struct gw_sysctl_setting);
	memcpy(state.items, host->sysctls, host->n_sysctls * sizeof(*state.items));
	for (size_t i = 0; i < GW_COUNT(later_settings); i++)
		if (!is_hosts(host, &later_settings[i], false))
			add(&state, "default", &later_settings[i], host->loc);
	for (size_t i = 0; guarded && i < GW_COUNT(table_settings); i++)
		add_path(&state, table_settings[i].name, table_settings[i].value, host->loc);
	for (size_t i = 0; i < guard->n_segments; i++)
		add_segment(&state, &guard->segments[i]);
	qsort(state.items, state.n, sizeof(*state.items), compare_paths);
	host->sysctls = state.items;
	host->n_sysctls = state.n;
}
