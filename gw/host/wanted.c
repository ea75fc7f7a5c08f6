/*
 * The settings that a policy declares. How the kernel combines conf/all with an interface's own value
 * differs from setting to setting, so both are always written:
 *
 *	rp_filter              the larger of the two
 *	accept_redirects (4)   both, while forwarding
 *	send_redirects         either
 *	accept_source_route    both; IPv6: the smaller
 *	log_martians           either
 *	accept_redirects (6), accept_ra   the interface's alone
 */
#include <string.h>

#include "gw/core/mem.h"
#include "gw/host/host.h"

struct wanted {
	struct gw_arena *arena;
	const struct gw_policy *policy;
	struct gw_sysctl *items;
	size_t n;
};

#define GLOBAL_MAX    12u /* add_global at most */
#define INTERFACE_MAX 8u  /* add_interface at most */

static void add(struct wanted *wanted, const char *path, const char *value, struct gw_loc loc)
{
	wanted->items[wanted->n++] = (struct gw_sysctl){ path, value, loc, false };
}

static void add_all(struct wanted *wanted, const char *path, const char *value)
{
	add(wanted, path, value, wanted->policy->host.loc);
}

static void add_of(struct wanted *wanted, const struct gw_interface *interface, const char *family,
		   const char *name, const char *value)
{
	add(wanted,
	    gw_arena_printf(wanted->arena, "net/%s/conf/%s/%s", family, interface->name, name),
	    value, wanted->policy->host.loc);
	wanted->items[wanted->n - 1].of_interface = true;
}

static const char *bit(enum gw_switch value)
{
	return value == GW_SWITCH_ON ? "1" : "0";
}

static void add_global(struct wanted *wanted)
{
	const struct gw_host_settings *host = &wanted->policy->host;

	if (host->forwarding != GW_SWITCH_KEEP) {
		add_all(wanted, "net/ipv4/ip_forward", bit(host->forwarding));
		add_all(wanted, "net/ipv6/conf/all/forwarding", bit(host->forwarding));
	}
	if (host->rp_filter != GW_RP_FILTER_KEEP)
		add_all(wanted, "net/ipv4/conf/all/rp_filter", "0");
	if (host->redirects != GW_SWITCH_KEEP) {
		add_all(wanted, "net/ipv4/conf/all/accept_redirects", bit(host->redirects));
		add_all(wanted, "net/ipv4/conf/all/send_redirects", bit(host->redirects));
	}
	if (host->source_routes != GW_SWITCH_KEEP) {
		bool on = host->source_routes == GW_SWITCH_ON;

		add_all(wanted, "net/ipv4/conf/all/accept_source_route", on ? "1" : "0");
		add_all(wanted, "net/ipv6/conf/all/accept_source_route", on ? "0" : "-1");
	}
	if (host->log_martians != GW_SWITCH_KEEP)
		add_all(wanted, "net/ipv4/conf/all/log_martians", bit(host->log_martians));
	if (host->syncookies != GW_SWITCH_KEEP)
		add_all(wanted, "net/ipv4/tcp_syncookies", bit(host->syncookies));
}

static const char *rp_filter(const struct gw_policy *policy, const struct gw_zone *zone)
{
	switch (policy->host.rp_filter) {
	case GW_RP_FILTER_STRICT:
		return "1";
	case GW_RP_FILTER_LOOSE:
		return "2";
	case GW_RP_FILTER_ZONES:
		if (zone->anti_spoof == GW_ANTI_SPOOF_STRICT)
			return "1";
		return zone->anti_spoof == GW_ANTI_SPOOF_LOOSE ? "2" : "0";
	case GW_RP_FILTER_OFF:
	case GW_RP_FILTER_KEEP:
		break;
	}
	return "0";
}

static void add_interface(struct wanted *wanted, const struct gw_zone *zone,
			  const struct gw_interface *interface)
{
	const struct gw_host_settings *host = &wanted->policy->host;

	if (host->rp_filter != GW_RP_FILTER_KEEP)
		add_of(wanted, interface, "ipv4", "rp_filter", rp_filter(wanted->policy, zone));
	if (host->redirects != GW_SWITCH_KEEP) {
		add_of(wanted, interface, "ipv4", "accept_redirects", bit(host->redirects));
		add_of(wanted, interface, "ipv4", "send_redirects", bit(host->redirects));
		add_of(wanted, interface, "ipv6", "accept_redirects", bit(host->redirects));
	}
	if (host->source_routes != GW_SWITCH_KEEP) {
		bool on = host->source_routes == GW_SWITCH_ON;

		add_of(wanted, interface, "ipv4", "accept_source_route", on ? "1" : "0");
		add_of(wanted, interface, "ipv6", "accept_source_route", on ? "0" : "-1");
	}
	/* 1 would mean "unless forwarding", which is what a gateway does. */
	add_of(wanted, interface, "ipv6", "accept_ra",
	       host->accept_ra[zone->index] && zone->ipv6 ? "2" : "0");
	if (host->log_martians == GW_SWITCH_OFF)
		add_of(wanted, interface, "ipv4", "log_martians", "0");
}

/* "net/ipv4/conf/wan0/…" and "net/ipv6/neigh/wan0/…" come and go with the interface. */
static bool of_interface(const char *path)
{
	const char *at = strstr(path, "/conf/");

	if (!at)
		at = strstr(path, "/neigh/");
	if (!at)
		return false;
	at = strchr(at + 1, '/') + 1;
	return strncmp(at, "all/", 4) != 0 && strncmp(at, "default/", 8) != 0;
}

size_t gw_host_wanted(struct gw_arena *arena, const struct gw_policy *policy,
		      struct gw_sysctl **ret)
{
	const struct gw_host_settings *host = &policy->host;
	struct wanted wanted = { .arena = arena, .policy = policy };
	size_t n_interfaces = 0;

	*ret = NULL;
	if (!host->managed)
		return 0;
	for (size_t i = 0; i < policy->n_zones; i++)
		n_interfaces += policy->zones[i].n_interfaces;
	wanted.items =
		gw_arena_array(arena, GLOBAL_MAX + INTERFACE_MAX * n_interfaces + host->n_sysctls,
			       struct gw_sysctl);
	add_global(&wanted);
	for (size_t i = 0; i < policy->n_zones; i++)
		for (size_t k = 0; k < policy->zones[i].n_interfaces; k++)
			add_interface(&wanted, &policy->zones[i], &policy->zones[i].interfaces[k]);
	for (size_t i = 0; i < host->n_sysctls; i++) {
		add(&wanted, host->sysctls[i].path, host->sysctls[i].value, host->sysctls[i].loc);
		wanted.items[wanted.n - 1].of_interface = of_interface(host->sysctls[i].path);
	}
	*ret = wanted.items;
	return wanted.n;
}

bool gw_host_equal(const struct gw_policy *a, const struct gw_policy *b)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_sysctl *left = NULL, *right = NULL;
	size_t n = a ? gw_host_wanted(arena, a, &left) : 0;
	bool equal = n == (b ? gw_host_wanted(arena, b, &right) : 0);

	for (size_t i = 0; equal && i < n; i++)
		equal = strcmp(left[i].path, right[i].path) == 0 &&
			strcmp(left[i].value, right[i].value) == 0;
	gw_arena_free(arena);
	return equal;
}
