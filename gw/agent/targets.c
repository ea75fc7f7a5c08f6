/* Whom a measure is about, and whether it would cut off those who take it. */
#include <string.h>

#include "gw/agent/emergency.h"
#include "gw/core/mac.h"
#include "gw/core/mem.h"
#include "gw/link/link.h"
#include "gw/link/neighbours.h"

/* ---- targets -------------------------------------------------------------------------------- */

static void add_range(const struct gw_measure *like, enum gw_family family, struct gw_range range,
		      const char *subject, struct gw_measure_list *ret)
{
	struct gw_measure measure = *like;

	measure.subject = subject;
	if (gw_measure_set_range(&measure, family, range))
		gw_measure_list_add(ret, &measure);
}

/* The device, and what it could still be sent to: the addresses that it has at this moment. */
static void add_mac(struct gw_agent *agent, const uint8_t mac[6], const struct gw_measure *like,
		    const char *subject, struct gw_measure_list *ret)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_measure measure = *like;
	struct gw_neighbour *neighbours = NULL;
	size_t n = 0;

	(void)agent;
	measure.subject = subject;
	gw_measure_set_mac(&measure, mac);
	gw_measure_list_add(ret, &measure);
	if (gw_neighbours_read(arena, &neighbours, &n) < 0)
		n = 0; /* the device itself is known all the same */
	for (size_t i = 0; i < n; i++)
		if (memcmp(neighbours[i].mac, mac, sizeof(neighbours[i].mac)) == 0)
			add_range(like, neighbours[i].family,
				  (struct gw_range){ neighbours[i].addr, neighbours[i].addr },
				  subject, ret);
	gw_arena_free(arena);
}

static bool add_hosts(const struct gw_policy *policy, const char *name,
		      const struct gw_measure *like, struct gw_measure_list *ret)
{
	const struct gw_hosts *hosts = NULL;

	for (size_t i = 0; policy && i < policy->n_hosts; i++)
		if (strcmp(policy->hosts[i].name, name) == 0)
			hosts = &policy->hosts[i];
	for (int f = 0; hosts && f < GW_FAMILY_COUNT; f++)
		for (size_t i = 0; i < hosts->addrs[f].n; i++)
			add_range(like, (enum gw_family)f, hosts->addrs[f].ranges[i], hosts->name,
				  ret);
	return hosts != NULL;
}

static bool refuse(struct gw_ipc_call *call, const char *target, const char *why)
{
	gw_ipc_call_refuse(call, GW_EXIT_USAGE, "`%s` %s", target, why);
	return false;
}

bool gw_emergency_target(struct gw_agent *agent, struct gw_ipc_call *call, const char *target,
			 const struct gw_measure *like, struct gw_measure_list *ret)
{
	const struct gw_policy *policy = agent->config ? agent->config->policy : NULL;
	size_t before = ret->n;
	enum gw_family family;
	struct gw_range range;
	uint8_t mac[6];

	if (gw_addr_parse(target, &family, &range) == GW_ADDR_OK) {
		add_range(like, family, range, like->subject, ret);
		return ret->n > before ||
		       refuse(call, target, "is a network: only bans are for networks");
	}
	if (gw_mac_parse(target, strlen(target), mac)) {
		if (like->kind != GW_MEASURE_KIND_QUARANTINE)
			return refuse(call, target, "is a MAC: only quarantine is for devices");
		if (!gw_mac_is_device(mac))
			return refuse(call, target, "is the address of a group, not of a device");
		add_mac(agent, mac, like, target, ret);
		return true;
	}
	if (!add_hosts(policy, target, like, ret))
		return refuse(call, target,
			      "is no address, no MAC and no name of hosts in the config in force");
	return ret->n > before || refuse(call, target, "has no single addresses");
}

/* ---- who would be cut off ------------------------------------------------------------------- */

static bool holds(const struct gw_measure *measure, enum gw_family family, gw_u128 addr)
{
	enum gw_family of;
	struct gw_range range;

	return gw_measure_range(measure, &of, &range) && of == family && addr >= range.lo &&
	       addr <= range.hi;
}

/* The zone whose nets hold the address; NULL: none declares it. */
static const struct gw_zone *zone_of(const struct gw_policy *policy, enum gw_family family,
				     gw_u128 addr)
{
	for (size_t i = 0; i < policy->n_zones; i++)
		if (gw_addrset_contains(policy->zones[i].nets[family], addr))
			return &policy->zones[i];
	return NULL;
}

/* The address that whoever asks has come from, as his gwctl says: for his own protection. */
static bool cuts_own_session(const struct gw_policy *policy, struct gw_ipc_call *call,
			     const struct gw_measure *measure)
{
	const char *from = gw_ipc_call_text(call, "session");
	const struct gw_zone *zone;
	enum gw_family family;
	struct gw_range range;

	if (!from || gw_addr_parse(from, &family, &range) != GW_ADDR_OK)
		return false;
	if (measure->set != GW_MEASURE_ISOLATED)
		return holds(measure, family, range.lo);
	zone = zone_of(policy, family, range.lo);
	return zone && strcmp(zone->name, measure->subject) == 0;
}

static bool cuts_management(const struct gw_policy *policy, const struct gw_measure *measure)
{
	struct gw_range range;
	enum gw_family family;
	bool is_range = gw_measure_range(measure, &family, &range);

	for (size_t i = 0; i < policy->n_zones; i++) {
		const struct gw_zone *zone = &policy->zones[i];

		if (!zone->management)
			continue;
		if (measure->set == GW_MEASURE_ISOLATED &&
		    strcmp(zone->name, measure->subject) == 0)
			return true;
		if (is_range &&
		    gw_addrset_overlaps(zone->nets[family], (struct gw_addrset){ &range, 1 }))
			return true;
	}
	return false;
}

static bool cuts_gateway(const struct gw_links *links, const struct gw_measure *measure)
{
	for (size_t i = 0; i < links->n; i++)
		for (size_t k = 0; k < links->items[i].n_addrs; k++)
			if (holds(measure, links->items[i].addrs[k].family,
				  links->items[i].addrs[k].addr))
				return true;
	return false;
}

static const char *danger(struct gw_agent *agent, struct gw_ipc_call *call,
			  const struct gw_links *links, const struct gw_measure *measure)
{
	const struct gw_policy *policy = agent->config ? agent->config->policy : NULL;

	if (cuts_gateway(links, measure))
		return "is an address of the gateway itself";
	if (policy && cuts_own_session(policy, call, measure))
		return "holds the address that you are connected from";
	if (policy && cuts_management(policy, measure))
		return "is of a management zone";
	return NULL;
}

bool gw_emergency_is_safe(struct gw_agent *agent, struct gw_ipc_call *call,
			  const struct gw_measure_list *list)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_links links = { 0 };
	const char *why = NULL;
	char text[GW_MEASURE_TEXT];

	if (gw_ipc_call_flag(call, "force")) {
		gw_arena_free(arena);
		return true;
	}
	if (gw_links_read(arena, &links) < 0)
		links.n = 0; /* then that is not checked */
	for (size_t i = 0; i < list->n && !why; i++) {
		why = danger(agent, call, &links, &list->items[i]);
		if (why)
			gw_ipc_call_refuse(call, GW_EXIT_REFUSED,
					   "%s %s: nobody might be able to take it back; --force "
					   "does it all the same",
					   gw_measure_text(&list->items[i], text), why);
	}
	gw_arena_free(arena);
	return !why;
}
