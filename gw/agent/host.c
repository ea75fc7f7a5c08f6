/*
 * The host's settings in the agent: made with every revision and at the start, compared with the kernel at
 * intervals, and made for interfaces when they appear. What was changed, and by whom it was not, is
 * recorded once, not at every interval.
 */
#include <errno.h>
#include <event2/event.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw/agent/agent.h"
#include "gw/agent/host_settings.h"
#include "gw/core/mem.h"
#include "gw/nft/netlink.h"
#include "gw/report/json.h"

#define SETTINGS "/proc/sys"
/* Interfaces come with a burst of messages, and their files a moment after the first. */
#define SETTLE_MS 200

struct gw_host_watch {
	struct gw_agent *agent;
	int root;                /* SETTINGS */
	struct gw_netlink links; /* interfaces that come and go */
	struct event *on_links;  /* something came or went */
	struct event *on_settle; /* and no more since */
	struct event *on_interval;
	struct gw_text known; /* what differed when it was last recorded */
};

/* ---- records --------------------------------------------------------------------------------- */

static void record_item(struct gw_agent *agent, const struct gw_host_item *item, const char *event)
{
	struct gw_agent_event record = {
		.event = event,
		.subject = item->path,
		.failed = item->error != 0,
		.reason = item->error ? strerror(-item->error) : NULL,
		.detail = json_object(),
	};

	gw_json_set(record.detail, "declared", gw_json_text(item->wanted));
	gw_json_set(record.detail, "found", gw_json_text(item->actual));
	gw_json_set(record.detail, "before", gw_json_text(item->previous));
	gw_agent_record(agent, &record);
}

/* NULL for what is as it should be. */
static const char *event_of(enum gw_host_state state)
{
	static const char *const events[] = {
		[GW_HOST_SET] = "host.set",
		[GW_HOST_DRIFTED] = "drift.found",
		[GW_HOST_REPAIRED] = "drift.repaired",
		[GW_HOST_UNKNOWN] = "host.refused",
		[GW_HOST_REFUSED] = "host.refused",
		[GW_HOST_RESTORED] = "host.restored",
		[GW_HOST_LEFT] = "host.left",
	};

	return (size_t)state < GW_COUNT(events) ? events[state] : NULL;
}

/* What goes on from one interval to the next; the rest has happened once. */
static bool lasts(enum gw_host_state state)
{
	return state == GW_HOST_DRIFTED || state == GW_HOST_UNKNOWN || state == GW_HOST_REFUSED;
}

static void record(struct gw_host_watch *watch, const struct gw_host_report *report)
{
	struct gw_text known = { 0 };

	for (size_t i = 0; i < report->n; i++) {
		const struct gw_host_item *item = &report->items[i];
		gw_auto_text struct gw_text line = { 0 };

		if (!event_of(item->state))
			continue;
		gw_text_printf(&line, "\n%s %d %s\n", item->path, (int)item->state,
			       item->actual ? item->actual : "");
		if (lasts(item->state))
			gw_text_puts(&known, line.bytes);
		if (!lasts(item->state) || !watch->known.len ||
		    !strstr(watch->known.bytes, line.bytes))
			record_item(watch->agent, item, event_of(item->state));
	}
	gw_text_done(&watch->known);
	watch->known = known;
}

/* ---- making it so ---------------------------------------------------------------------------- */

/* Without a config nobody knows what is meant: everything stays as it is. */
static void enforce(struct gw_host_watch *watch, enum gw_host_drift drift)
{
	struct gw_agent *agent = watch->agent;
	struct gw_arena *arena = gw_arena_new();
	struct gw_host_report report;
	int err;

	if (agent->config && agent->config->policy) {
		err = gw_host_enforce(agent->target.store, watch->root, agent->config->policy,
				      drift, arena, &report);
		if (!err)
			record(watch, &report);
		else
			gw_agent_record(agent,
					&(struct gw_agent_event){ .event = "host.refused",
								  .subject = "host.json",
								  .failed = true,
								  .reason = strerror(-err) });
	}
	gw_arena_free(arena);
}

static void rearm(struct gw_host_watch *watch)
{
	const struct gw_change_settings *change = gw_agent_change_settings(watch->agent);
	struct timeval interval = { change->drift_interval_s ? change->drift_interval_s : 60, 0 };

	(void)event_add(watch->on_interval, &interval); /* fails for want of memory only */
}

static enum gw_host_drift drift_of(const struct gw_agent *agent)
{
	return gw_agent_change_settings(agent)->drift == GW_DRIFT_REPORT ? GW_HOST_REPORT
									 : GW_HOST_REPAIR;
}

static void on_interval(evutil_socket_t fd, short what, void *context)
{
	struct gw_host_watch *watch = context;

	(void)fd;
	(void)what;
	enforce(watch, drift_of(watch->agent));
	rearm(watch);
}

static void on_settle(evutil_socket_t fd, short what, void *context)
{
	struct gw_host_watch *watch = context;

	(void)fd;
	(void)what;
	enforce(watch, drift_of(watch->agent));
}

/* One that comes back under the same name is another. */
static void forget(struct gw_host_watch *watch, const struct nlmsghdr *message)
{
	const struct nlattr *tb[IFLA_IFNAME + 1];
	const struct ifinfomsg *info = (const void *)(message + 1);
	struct gw_arena *arena;

	if (message->nlmsg_type != RTM_DELLINK ||
	    !gw_netlink_message(message, sizeof(*info), tb, IFLA_IFNAME) || !tb[IFLA_IFNAME] ||
	    info->ifi_family == AF_BRIDGE) /* a port that left its bridge */
		return;
	arena = gw_arena_new();
	/* What cannot be forgotten is taken for drift, which is what it then looks like. */
	(void)gw_host_forget(watch->agent->target.store, watch->root,
			     gw_netlink_string(arena, tb[IFLA_IFNAME]), arena);
	gw_arena_free(arena);
}

static void on_links(evutil_socket_t fd, short what, void *context)
{
	struct gw_host_watch *watch = context;
	struct timeval settle = { 0, SETTLE_MS * 1000 };
	int len;

	(void)fd;
	(void)what;
	while ((len = gw_netlink_receive(&watch->links, MSG_DONTWAIT)) > 0 || len == -ENOBUFS) {
		const struct nlmsghdr *message = (const void *)watch->links.buffer;

		for (; len > 0 && gw_netlink_ok(message, len);
		     message = mnl_nlmsg_next(message, &len))
			forget(watch, message);
	}
	if (!event_pending(watch->on_settle, EV_TIMEOUT, NULL))
		(void)event_add(watch->on_settle, &settle);
}

/* ---- the part -------------------------------------------------------------------------------- */

static bool open_links(struct gw_host_watch *watch)
{
	static const int group = RTNLGRP_LINK;

	return gw_netlink_open(&watch->links, NETLINK_ROUTE) == 0 &&
	       setsockopt(gw_netlink_fd(&watch->links), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			  sizeof(group)) == 0;
}

static void stop(struct gw_agent *agent)
{
	struct gw_host_watch *watch = agent->host;

	if (!watch)
		return;
	if (watch->on_links)
		event_free(watch->on_links);
	if (watch->on_settle)
		event_free(watch->on_settle);
	if (watch->on_interval)
		event_free(watch->on_interval);
	gw_netlink_done(&watch->links);
	if (watch->root >= 0)
		(void)close(watch->root);
	gw_text_done(&watch->known);
	gw_free(watch);
	agent->host = NULL;
}

static int start(struct gw_agent *agent)
{
	struct gw_host_watch *watch = gw_zalloc(1, sizeof(*watch));

	agent->host = watch;
	watch->agent = agent;
	watch->root = gw_sysctl_open(SETTINGS);
	if (open_links(watch) && watch->root >= 0) {
		watch->on_links = event_new(agent->base, gw_netlink_fd(&watch->links),
					    EV_READ | EV_PERSIST, on_links, watch);
		watch->on_settle = evtimer_new(agent->base, on_settle, watch);
		watch->on_interval = evtimer_new(agent->base, on_interval, watch);
	}
	if (!watch->on_links || !watch->on_settle || !watch->on_interval ||
	    event_add(watch->on_links, NULL) < 0) {
		stop(agent);
		return -EIO;
	}
	enforce(watch, GW_HOST_REPAIR);
	rearm(watch);
	return 0;
}

static void applied(struct gw_agent *agent)
{
	if (!agent->host)
		return; /* while the agent starts */
	enforce(agent->host, GW_HOST_REPAIR);
	rearm(agent->host);
}

const struct gw_agent_part gw_part_host = {
	.name = "host",
	.start = start,
	.stop = stop,
	.applied = applied,
};
