/*
 * The agent's audit trail. It is opened before the kernel is touched, so that what the start finds is on
 * record. Once a site is known it is sealed at intervals, forwarded and stamped as the config
 * says, and segments past their retention are deleted once an hour.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/agent/agent.h"
#include "gw/agent/collector.h"
#include "gw/audit/audit.h"
#include "gw/audit/seal.h"
#include "gw/audit/timestamp.h"
#include "gw/audit/trail_source.h"
#include "gw/core/mem.h"

#define TICK_S         1
#define EXPIRE_S       3600
#define SEAL_RECORDS   10000
#define KEY_PERIOD_S   (90u * 86400)
#define BACKOFF_MS     1000
#define BACKOFF_MAX_MS 60000
#define TLS_TIMEOUT_MS 20000

struct gw_agent_trail {
	struct gw_agent *agent;
	char path[256];
	struct gw_audit *audit;
	int dir;
	struct event *done, *tick;
	struct gw_seal *seal;
	char sealed_as[128]; /* site, type, interval */
	int seal_error;      /* that was reported */
	int64_t next_expire;
	/* As configured now; texts are the config's. */
	char port[8];
	struct gw_trail_source source;
	struct gw_forward *forward;
	char receiver[256]; /* its host; "" for none */
	struct gw_collector collector;
	struct gw_stamper *stamper;
};

struct gw_audit *gw_agent_audit(const struct gw_agent *agent)
{
	return agent->trail ? agent->trail->audit : NULL;
}

struct gw_agent_trail_state gw_agent_trail_state(const struct gw_agent *agent)
{
	const struct gw_agent_trail *trail = agent->trail;

	if (!trail)
		return (struct gw_agent_trail_state){ 0 };
	return (struct gw_agent_trail_state){
		.sealed = trail->seal && !trail->seal_error,
		.tampered = trail->seal_error == -ESTALE,
		.forwarding = trail->forward != NULL,
		.collector_away = trail->collector.away,
		.collector_waiting = trail->collector.away ? trail->collector.waiting : 0,
	};
}

/* ---- the alarm ------------------------------------------------------------------------------- */

static void on_alarm(bool failing, const char *text, void *context)
{
	const struct gw_agent_trail *trail = context;
	char line[256];

	(void)snprintf(line, sizeof(line), "gw: the audit trail %s: %s",
		       failing ? "cannot be written" : "is written again", text);
	(void)fprintf(stderr, "%s\n", line);
	gw_announce(line);
	if (trail->agent->control)
		gw_ipc_server_event(trail->agent->control,
				    json_pack("{s:s, s:s, s:s}", "event",
					      failing ? "audit.failing" : "audit.recovered",
					      "result", failing ? "failed" : "ok", "reason", text));
}

static void on_done(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	gw_audit_dispatch(context);
}

/* ---- sealing --------------------------------------------------------------------------------- */

static int record_key(uint32_t generation, const char *note, void *context)
{
	struct gw_agent_trail *trail = context;
	json_t *detail = json_pack("{s:s}", "note", note);
	char *text = json_dumps(detail, JSON_COMPACT), subject[32];
	int err;

	(void)snprintf(subject, sizeof(subject), "key %u", generation);
	err = gw_audit_append(trail->audit,
			      &(struct gw_audit_record){ .class_ = GW_AUDIT_SYSTEM,
							 .module = "gwd",
							 .event = "audit.key",
							 .subject = subject,
							 .detail = text },
			      NULL, NULL);
	free(text);
	json_decref(detail);
	return err ? err : gw_audit_flush(trail->audit);
}

static void report_seal(struct gw_agent_trail *trail, int err)
{
	if (err == trail->seal_error)
		return;
	trail->seal_error = err;
	gw_agent_record(trail->agent,
			&(struct gw_agent_event){
				.event = err ? "audit.not-sealed" : "audit.sealed",
				.subject = "checkpoints",
				.failed = err != 0,
				.reason = err == -ESTALE
						  ? "records that were signed are missing or "
						    "changed: `gwctl audit verify` names them"
					  : err ? strerror(-err)
						: NULL });
}

static void seal_open(struct gw_agent_trail *trail, const struct gw_policy *policy)
{
	char how[128];
	struct gw_seal_options options = {
		.dir = trail->dir,
		.site = policy->site_name,
		.type = policy->crypto == GW_CRYPTO_P256 ? GW_NOTE_ECDSA : GW_NOTE_ED25519,
		.interval_s = policy->audit.checkpoint_s,
		.records = SEAL_RECORDS,
		.key_period_s = KEY_PERIOD_S,
		.record = record_key,
		.context = trail,
	};
	int err;

	/* Opening begins a new key, as every start should; a change of policy is no reason. */
	(void)snprintf(how, sizeof(how), "%s %d %u", options.site, (int)options.type,
		       options.interval_s);
	if (trail->seal && strcmp(how, trail->sealed_as) == 0)
		return;
	(void)snprintf(trail->sealed_as, sizeof(trail->sealed_as), "%s", how);
	gw_seal_close(trail->seal);
	trail->seal = NULL;
	err = gw_seal_open(&options, time(NULL), &trail->seal);
	if (err)
		report_seal(trail, err);
}

static void seal_tick(struct gw_agent_trail *trail)
{
	struct gw_log_head heads[GW_AUDIT_CLASS_COUNT];
	size_t n = gw_audit_heads(trail->audit, heads);

	report_seal(trail,
		    gw_seal_tick(trail->seal, heads, n, gw_boottime_ms() / 1000, time(NULL)));
}

/* ---- other parties --------------------------------------------------------------------------- */

static void forward_stop(struct gw_agent_trail *trail)
{
	if (!trail->forward)
		return;
	gw_forward_stop(trail->forward);
	gw_trail_source_done(&trail->source);
	trail->forward = NULL;
}

static int forward_start(struct gw_agent_trail *trail, const struct gw_policy *policy)
{
	const struct gw_audit_forward *receiver = &policy->audit.forward;
	struct gw_forward_options options = {
		.receiver = { .host = receiver->host,
			      .port = trail->port,
			      .name = receiver->name,
			      .ca_file = receiver->ca,
			      .timeout_ms = TLS_TIMEOUT_MS,
			      .stop = -1 },
		.name = receiver->host,
		.host = policy->site_name,
		.dir = trail->dir,
		.backoff_first_ms = BACKOFF_MS,
		.backoff_last_ms = BACKOFF_MAX_MS,
	};
	int err;

	(void)snprintf(trail->port, sizeof(trail->port), "%u", receiver->port);
	err = gw_trail_source_init(&trail->source, trail->path);
	if (err)
		return err;
	err = gw_forward_start(&options, &trail->source.forward, &trail->forward);
	if (err)
		gw_trail_source_done(&trail->source);
	return err;
}

/* Records that are durable here and have not been acknowledged there. */
static uint64_t records_waiting(struct gw_agent_trail *trail,
				const struct gw_forward_status *status)
{
	struct gw_log_head heads[GW_AUDIT_CLASS_COUNT];
	size_t n = gw_audit_heads(trail->audit, heads);
	uint64_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += heads[i].size;
	return all > status->acknowledged ? all - status->acknowledged : 0;
}

static void record_collector(struct gw_agent_trail *trail, const struct gw_forward_status *status,
			     bool lost, int64_t now)
{
	const struct gw_collector *collector = &trail->collector;

	gw_agent_record(
		trail->agent,
		&(struct gw_agent_event){
			.event = lost ? "audit.collector-lost" : "audit.collector-back",
			.subject = trail->receiver,
			.failed = lost,
			.reason = lost && status->last_error[0] ? status->last_error : NULL,
			.detail = json_pack("{s:I, s:I}", "waiting", (json_int_t)collector->waiting,
					    "away_s", (json_int_t)(now - collector->since)) });
}

static void forward_tick(struct gw_agent_trail *trail)
{
	int64_t now = gw_boottime_ms() / 1000;
	struct gw_forward_status status;
	enum gw_collector_news news;

	gw_forward_status(trail->forward, &status);
	news = gw_collector_note(&trail->collector, status.connected,
				 records_waiting(trail, &status), now);
	if (news != GW_COLLECTOR_NO_NEWS)
		record_collector(trail, &status, news == GW_COLLECTOR_LOST, now);
	gw_forward_wake(trail->forward);
}

/* Whether another collector is away says nothing of this one. */
static void collector_begin(struct gw_agent_trail *trail, const char *host)
{
	if (strcmp(trail->receiver, host) == 0)
		return;
	(void)snprintf(trail->receiver, sizeof(trail->receiver), "%s", host);
	trail->collector = (struct gw_collector){ 0 };
}

static void stamper_start(struct gw_agent_trail *trail, const struct gw_policy *policy)
{
	struct gw_stamper_options options = { .dir = trail->dir,
					      .names = gw_audit_class_names,
					      .n_names = GW_AUDIT_CLASS_COUNT,
					      .url = policy->audit.timestamp,
					      .interval_s = EXPIRE_S };

	if (gw_stamper_start(&options, &trail->stamper) < 0)
		trail->stamper = NULL;
}

/* Threads borrow texts of a config that is about to go: they are started anew with each. */
static void others_start(struct gw_agent_trail *trail, const struct gw_policy *policy)
{
	int err = 0;

	forward_stop(trail);
	gw_stamper_stop(trail->stamper);
	trail->stamper = NULL;
	collector_begin(trail, policy->audit.forward.host ? policy->audit.forward.host : "");
	if (policy->audit.forward.host)
		err = forward_start(trail, policy);
	if (err)
		gw_agent_record(trail->agent,
				&(struct gw_agent_event){ .event = "audit.not-forwarded",
							  .subject = policy->audit.forward.host,
							  .failed = true,
							  .reason = strerror(-err) });
	if (policy->audit.timestamp)
		stamper_start(trail, policy);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct gw_agent_trail *trail = context;
	int64_t now = gw_boottime_ms() / 1000, deleted;

	(void)fd;
	(void)what;
	if (trail->seal)
		seal_tick(trail);
	if (trail->forward)
		forward_tick(trail);
	if (now < trail->next_expire)
		return;
	trail->next_expire = now + EXPIRE_S;
	deleted = gw_audit_expire(trail->audit, time(NULL));
	if (deleted < 0)
		(void)fprintf(stderr, "gw: records past their retention cannot be deleted: %s\n",
			      strerror((int)-deleted));
}

static int trail_open(struct gw_agent *agent)
{
	struct gw_agent_trail *trail = gw_zalloc(1, sizeof(*trail));
	struct gw_audit_options options = {
		.dir = trail->path, .site = "unnamed", .alarm = on_alarm, .context = trail
	};
	struct timeval period = { TICK_S, 0 };
	int err;

	trail->agent = agent;
	trail->dir = -1;
	(void)snprintf(trail->path, sizeof(trail->path), "%s/audit", agent->state_dir);
	err = gw_audit_open(&options, &trail->audit);
	if (!err) {
		trail->dir = open(trail->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		trail->done = event_new(agent->base, gw_audit_fd(trail->audit),
					EV_READ | EV_PERSIST, on_done, trail->audit);
		trail->tick = event_new(agent->base, -1, EV_PERSIST, on_tick, trail);
		if (trail->dir < 0 || !trail->done || !trail->tick)
			err = -ENOMEM;
	}
	agent->trail = trail;
	if (err) {
		/* The gateway must come up all the same; it says what it lacks. */
		(void)fprintf(stderr, "gw: the audit trail %s cannot be opened: %s\n", trail->path,
			      strerror(-err));
		return 0;
	}
	(void)event_add(trail->done, NULL);
	(void)event_add(trail->tick, &period);
	return 0;
}

static void trail_applied(struct gw_agent *agent)
{
	struct gw_agent_trail *trail = agent->trail;
	const struct gw_policy *policy = agent->config ? agent->config->policy : NULL;

	if (!trail || !trail->audit || !policy)
		return;
	gw_audit_set_site(trail->audit, policy->site_name);
	gw_audit_set_classes(trail->audit, policy->audit.classes);
	seal_open(trail, policy);
	/* At once, so that there is no moment in which records have no checkpoint at all. */
	if (trail->seal)
		seal_tick(trail);
	others_start(trail, policy);
}

static int trail_start(struct gw_agent *agent)
{
	gw_agent_record(
		agent, &(struct gw_agent_event){ .event = "agent.started", .subject = GW_VERSION });
	return 0;
}

static void trail_stop(struct gw_agent *agent)
{
	struct gw_agent_trail *trail = agent->trail;
	struct gw_log_head heads[GW_AUDIT_CLASS_COUNT];
	size_t n;

	if (!trail)
		return;
	if (trail->audit) {
		gw_agent_record(agent, &(struct gw_agent_event){ .event = "agent.stopped",
								 .subject = GW_VERSION });
		n = gw_audit_heads(trail->audit, heads);
		if (trail->seal)
			(void)gw_seal_all(trail->seal, heads, n, gw_boottime_ms() / 1000);
	}
	forward_stop(trail);
	gw_stamper_stop(trail->stamper);
	gw_seal_close(trail->seal);
	if (trail->tick)
		event_free(trail->tick);
	if (trail->done)
		event_free(trail->done);
	gw_audit_close(trail->audit);
	if (trail->dir >= 0)
		(void)close(trail->dir);
	gw_free(trail);
	agent->trail = NULL;
}

const struct gw_agent_part gw_part_trail = {
	.name = "trail",
	.open = trail_open,
	.start = trail_start,
	.stop = trail_stop,
	.applied = trail_applied,
};
