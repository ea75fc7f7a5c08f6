/* The verbs of the IPv6 guard: a device at a port into quarantine and out of it, and bindings. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/agent/pairs.h"
#include "gw/core/mem.h"
#include "gw/link/link.h"
#include "gw/report/json.h"

#define FOR_MAX_S   (30u * 86400u)
#define SLEEP_MAX_S 3600
#define SUBJECT     64u

struct gw_agent_pairs {
	struct gw_pairs pairs;
	int dir;             /* the state directory */
	struct event *timer; /* for the next one to end */
};

size_t gw_agent_pairs_count(const struct gw_agent *agent)
{
	return agent->pairs ? agent->pairs->pairs.n : 0;
}

static const char *subject_of(const struct gw_pair *pair, char out[SUBJECT])
{
	char mac[GW_MAC_TEXT];

	(void)snprintf(out, SUBJECT, "%s at %s", gw_mac_format(pair->mac, mac), pair->port);
	return out;
}

static void record(struct gw_agent *agent, const char *event, const struct gw_pair *pair,
		   const char *actor, const char *reason, int error)
{
	char subject[SUBJECT];

	gw_agent_record(agent, &(struct gw_agent_event){ .event = event,
							 .actor = actor,
							 .subject = subject_of(pair, subject),
							 .failed = error != 0,
							 .reason = reason,
							 .detail = gw_pair_json(pair) });
}

void gw_agent_pairs_complete(const struct gw_agent *agent, struct gw_ruleset *ruleset)
{
	if (agent->pairs)
		gw_pairs_complete(&agent->pairs->pairs, ruleset, time(NULL));
}

/* ---- the end of their time ------------------------------------------------------------------- */

static void set_timer(const struct gw_agent_pairs *own)
{
	int64_t now = time(NULL), next = now + SLEEP_MAX_S;
	struct timeval delay = { 0, 0 };

	for (size_t i = 0; i < own->pairs.n; i++)
		if (own->pairs.items[i].until < next)
			next = own->pairs.items[i].until;
	delay.tv_sec = next > now ? next - now : 1;
	(void)event_add(own->timer, &delay); /* fails for lack of memory only */
}

/* The kernel has let go of them by itself: this is for the books. */
static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct gw_agent *agent = context;
	struct gw_agent_pairs *own = agent->pairs;
	int64_t now = time(NULL);
	bool any = false;

	(void)fd;
	(void)what;
	for (size_t i = own->pairs.n; i-- > 0;) {
		struct gw_pair pair = own->pairs.items[i];

		if (pair.until > now)
			continue;
		gw_pairs_remove(&own->pairs, &own->pairs.items[i]);
		record(agent, "measure.ended", &pair, NULL, "its time is over", 0);
		any = true;
	}
	if (any) {
		(void)gw_pairs_save(&own->pairs,
				    own->dir); /* else they end again at the next start */
		(void)gw_pairs_sync(&own->pairs, agent->target.kernel, now); /* costs time only */
	}
	set_timer(own);
}

/* ---- quarantine ------------------------------------------------------------------------------ */

/* What nobody but an operator on the spot may cut off; NULL: nothing speaks against it. */
static const char *danger(const struct gw_agent *agent, const struct gw_pair *pair)
{
	const struct gw_policy *policy = agent->config ? agent->config->policy : NULL;
	struct gw_arena *arena = gw_arena_new();
	const char *why = NULL;
	struct gw_links links;

	if (gw_links_read(arena, &links) < 0)
		links.n = 0; /* then that is not checked */
	for (size_t i = 0; i < links.n && !why; i++)
		if (links.items[i].has_mac && memcmp(links.items[i].mac, pair->mac, 6) == 0)
			why = "is of the gateway itself";
	gw_arena_free(arena);
	for (size_t i = 0; policy && i < policy->n_zones && !why; i++)
		for (size_t k = 0; policy->zones[i].management && k < policy->zones[i].n_interfaces;
		     k++)
			if (strcmp(policy->zones[i].interfaces[k].name, pair->port) == 0)
				why = "is in a management zone";
	return why;
}

/* Port and MAC of a request; false after a refusal. */
static bool read_pair(struct gw_ipc_call *call, const char **ret_port, uint8_t ret_mac[GW_MAC_LEN])
{
	const char *port = gw_ipc_call_text(call, "port"), *mac = gw_ipc_call_text(call, "mac");

	if (!gw_pair_port_ok(port)) {
		gw_ipc_call_refuse(call, GW_EXIT_USAGE, "`%s` is not the name of a port", port);
		return false;
	}
	if (!gw_mac_parse(mac, strlen(mac), ret_mac) || !gw_mac_is_device(ret_mac)) {
		gw_ipc_call_refuse(call, GW_EXIT_USAGE, "`%s` is not the MAC of a device", mac);
		return false;
	}
	*ret_port = port;
	return true;
}

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail with this clock */
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Kernel first: what is cut off too early harms less than what passes until the disk has written. */
static int take(struct gw_agent *agent, const struct gw_pair *pair, int64_t *ret_taken_us)
{
	struct gw_agent_pairs *own = agent->pairs;
	struct gw_pair *found = gw_pairs_find(&own->pairs, pair->port, pair->mac);
	struct gw_pair before = found ? *found : (struct gw_pair){ .until = 0 };
	int err;

	if (!gw_pairs_put(&own->pairs, pair))
		return -ENOSPC;
	err = gw_pairs_sync(&own->pairs, agent->target.kernel, time(NULL));
	*ret_taken_us = now_us();
	if (!err || err == -ENOENT) {
		int disk = gw_pairs_save(&own->pairs, own->dir);

		if (!disk)
			return err;
		err = disk;
	}
	if (before.until)
		(void)gw_pairs_put(&own->pairs, &before); /* has room: it was there */
	else
		gw_pairs_remove(&own->pairs, gw_pairs_find(&own->pairs, pair->port, pair->mac));
	(void)gw_pairs_sync(&own->pairs, agent->target.kernel, time(NULL));
	return err;
}

static void run_quarantine(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	struct gw_pair pair = { .since = time(NULL) };
	const char *port, *why;
	int64_t taken_us = 0;
	int err;

	if (!read_pair(call, &port, pair.mac))
		return;
	(void)strncpy(pair.port, port, sizeof(pair.port) - 1);
	(void)snprintf(pair.actor, sizeof(pair.actor), "%s", gw_ipc_call_peer(call)->name);
	(void)snprintf(pair.reason, sizeof(pair.reason), "%s", gw_ipc_call_text(call, "reason"));
	pair.until = pair.since + (int64_t)gw_ipc_call_uint(call, "for_s", 0);
	why = danger(agent, &pair);
	if (why || pair.until == pair.since) {
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED, "%s %s",
				   why ? gw_ipc_call_text(call, "mac") : "a quarantine",
				   why ? why : "has an end");
		return;
	}
	err = take(agent, &pair, &taken_us);
	set_timer(agent->pairs);
	record(agent, "measure.quarantined", &pair, pair.actor, pair.reason,
	       err == -ENOENT ? 0 : err);
	if (err && err != -ENOENT)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "nothing was changed: %s",
				   err == -ENOSPC ? "too many are in quarantine" : strerror(-err));
	else
		gw_ipc_call_reply(call, GW_EXIT_OK,
				  json_pack("{s:I, s:b, s:I}", "until", (json_int_t)pair.until,
					    "effective", !err, "taken_us", (json_int_t)taken_us),
				  -1);
}

static void run_release(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	struct gw_agent_pairs *own = agent->pairs;
	struct gw_pair *found, pair;
	uint8_t mac[GW_MAC_LEN];
	const char *port;
	int err;

	if (!read_pair(call, &port, mac))
		return;
	found = gw_pairs_find(&own->pairs, port, mac);
	if (!found) {
		gw_ipc_call_reply(call, GW_EXIT_OK, json_pack("{s:b}", "found", false), -1);
		return;
	}
	pair = *found;
	gw_pairs_remove(&own->pairs, found);
	err = gw_pairs_save(&own->pairs, own->dir);
	if (!err) {
		err = gw_pairs_sync(&own->pairs, agent->target.kernel, time(NULL));
		err = err == -ENOENT ? 0 : err;
	}
	if (err)
		(void)gw_pairs_put(&own->pairs, &pair); /* has room: it was there */
	record(agent, "measure.released", &pair, gw_ipc_call_peer(call)->name,
	       gw_ipc_call_text(call, "reason"), err);
	if (err)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "nothing was changed: %s", strerror(-err));
	else
		gw_ipc_call_reply(call, GW_EXIT_OK, json_pack("{s:b}", "found", true), -1);
}

/* Answers with {key: list}, attached. Takes the list over. */
static void reply_list(struct gw_ipc_call *call, const char *key, json_t *list)
{
	json_t *root = json_object();
	gw_auto_text struct gw_text text = { 0 };
	int file;

	gw_json_set(root, key, list);
	gw_json_print(root, &text);
	json_decref(root);
	file = gw_memfd_write(text.bytes, text.len);
	if (file < 0)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "the list cannot be written: %s",
				   strerror(-file));
	else
		gw_ipc_call_reply(call, GW_EXIT_OK, NULL, file);
}

static void run_list(struct gw_ipc_call *call, void *context)
{
	const struct gw_agent *agent = context;
	const struct gw_pairs *pairs = &agent->pairs->pairs;
	json_t *list = json_array();
	int64_t now = time(NULL);

	for (size_t i = 0; i < pairs->n; i++)
		if (pairs->items[i].until > now)
			gw_json_add(list, gw_pair_json(&pairs->items[i]));
	reply_list(call, "pairs", list);
}

static void run_frames(struct gw_ipc_call *call, void *context)
{
	const struct gw_agent *agent = context;

	reply_list(call, "frames", gw_frames_json(agent->target.kernel));
}

/* ---- bindings -------------------------------------------------------------------------------- */

static void run_bind(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	const char *address = gw_ipc_call_text(call, "address"), *port;
	struct gw_binding binding = { .until = time(NULL) };
	int err;

	if (!read_pair(call, &port, binding.mac))
		return;
	if (inet_pton(AF_INET6, address, binding.address) != 1) {
		gw_ipc_call_refuse(call, GW_EXIT_USAGE, "`%s` is no IPv6 address", address);
		return;
	}
	(void)strncpy(binding.port, port, sizeof(binding.port) - 1);
	binding.until += (int64_t)gw_ipc_call_uint(call, "for_s", 0);
	err = gw_binding_send(agent->target.kernel, &binding);
	if (err && err != -ENOENT)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "nothing was changed: %s", strerror(-err));
	else
		gw_ipc_call_reply(call, GW_EXIT_OK, json_pack("{s:b}", "effective", !err), -1);
}

/* ---- start and stop -------------------------------------------------------------------------- */

static int pairs_open(struct gw_agent *agent)
{
	struct gw_agent_pairs *own = gw_zalloc(1, sizeof(*own));
	int err;

	agent->pairs = own;
	own->dir = open(agent->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own->timer = event_new(agent->base, -1, 0, on_timer, agent);
	if (own->dir < 0 || !own->timer)
		return own->dir < 0 ? -errno : -ENOMEM;
	err = gw_pairs_load(&own->pairs, own->dir);
	if (err)
		gw_agent_record(agent,
				&(struct gw_agent_event){
					.event = "measure.damaged",
					.subject = "pairs.json",
					.failed = true,
					.reason = "not all of it can be read; what can be is "
						  "in force" });
	return 0;
}

/* What others have taken out of the kernel meanwhile comes back, what they put in goes. */
static int pairs_start(struct gw_agent *agent)
{
	/* What can be enforced is; without guarded segments nothing is to be. */
	(void)gw_pairs_sync(&agent->pairs->pairs, agent->target.kernel, time(NULL));
	set_timer(agent->pairs);
	return 0;
}

static void pairs_stop(struct gw_agent *agent)
{
	struct gw_agent_pairs *own = agent->pairs;

	if (!own)
		return;
	if (own->timer)
		event_free(own->timer);
	if (own->dir >= 0)
		(void)close(own->dir);
	gw_free(own->pairs.items);
	gw_free(own);
	agent->pairs = NULL;
}

const struct gw_agent_part gw_part_pairs = {
	.name = "pairs",
	.open = pairs_open,
	.start = pairs_start,
	.stop = pairs_stop,
};

// clang-format off
#define PORT { "port", GW_IPC_TEXT, .required = true, .max = 15, .help = "Bridge port or interface, by name." }
#define MAC { "mac", GW_IPC_TEXT, .required = true, .max = 17, .help = "MAC address of the device." }

static const struct gw_ipc_field quarantine_fields[] = {
	PORT, MAC,
	{ "for_s", GW_IPC_UINT, .required = true, .max = FOR_MAX_S, .help = "Seconds until it ends by itself." },
	{ "reason", GW_IPC_TEXT, .required = true, .max = 191, .help = "Why, for the record." },
	{ .name = NULL },
};
static const struct gw_ipc_field quarantine_reply[] = {
	{ "until", GW_IPC_UINT, .help = "Unix time." },
	{ "effective", GW_IPC_BOOL, .help = "False: the kernel has no rule for it, because no segment is guarded." },
	{ "taken_us", GW_IPC_UINT, .help = "Unix time in microseconds when the kernel had taken it." },
	{ .name = NULL },
};
static const struct gw_ipc_field release_fields[] = {
	PORT, MAC,
	{ "reason", GW_IPC_TEXT, .max = 256, .help = "Why, for the record." },
	{ .name = NULL },
};
static const struct gw_ipc_field bind_fields[] = {
	PORT, MAC,
	{ "address", GW_IPC_TEXT, .required = true, .max = 45, .help = "IPv6 address." },
	{ "for_s", GW_IPC_UINT, .required = true, .max = FOR_MAX_S, .help = "Seconds until it ends by itself." },
	{ .name = NULL },
};

const struct gw_verb gw_verbs_pairs[] = {
	{ "ipv6-quarantine", "Lets no frame of a device pass at a port.", quarantine_fields, quarantine_reply,
	  .permission = GW_AGENT_IPV6GUARD, .run = run_quarantine },
	{ "ipv6-release", "Ends the quarantine of a device at a port.", release_fields, NULL,
	  .permission = GW_AGENT_IPV6GUARD | GW_AGENT_OPERATE, .run = run_release },
	{ "ipv6-quarantined", "Lists devices in quarantine at a port.", NULL, NULL, NULL,
	  "JSON: {\"pairs\": […]}", .permission = GW_AGENT_IPV6GUARD | GW_AGENT_OPERATE, .run = run_list },
	{ "ipv6-frames", "What the kernel has refused, by segment, class and verdict.", NULL, NULL, NULL,
	  "JSON: {\"frames\": [[segment, class, verdict, packets, octets], …]}",
	  .permission = GW_AGENT_IPV6GUARD | GW_AGENT_OPERATE, .run = run_frames },
	{ "ipv6-bind", "Lets a device use an address at a port that has a source guard.", bind_fields, NULL,
	  .permission = GW_AGENT_IPV6GUARD, .run = run_bind },
	{ .name = NULL },
};
// clang-format on
