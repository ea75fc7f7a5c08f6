/*
 * Every metric there is: name, type, unit, meaning. Alerts, dashboards and the page can only ask for what
 * stands here (tests/netns/e1-rules-and-dashboards.sh). Those of modules are theirs to send (gw/daemon/metrics.h);
 * where one of them stands here, type and meaning are what is said here.
 */
#ifndef GW_METRICS_CATALOGUE_H
#define GW_METRICS_CATALOGUE_H

#include "gw/metrics/exposition.h"

/* clang-format off */
#define GW_METRICS_OF_THE_CORE(X) \
	X(BUILD, "gw_build", INFO, NULL, "Version of gwd.") \
	X(AGENT_UP, "gw_agent_up", GAUGE, NULL, "1 while gwd answers.") \
	X(AGENT_START, "gw_agent_start_timestamp_seconds", GAUGE, "seconds", "When gwd was started.") \
	X(REVISION, "gw_config_revision", GAUGE, NULL, "Revision in force.") \
	X(LAST_APPLY, "gw_config_last_apply_timestamp_seconds", GAUGE, "seconds", "When the revision in force was applied.") \
	X(APPLY_SUCCESS, "gw_config_last_apply_success", GAUGE, NULL, "0 if the last change that was asked for was not made.") \
	X(CONFIRM_PENDING, "gw_config_confirm_pending", GAUGE, NULL, "1 while a change waits to be confirmed.") \
	X(CONFIRM_DEADLINE, "gw_config_confirm_deadline_timestamp_seconds", GAUGE, "seconds", "When the change that waits is undone.") \
	X(EMERGENCY, "gw_config_emergency", GAUGE, NULL, "1 if the revision in force has fewer approvals than usual.") \
	X(ROLLBACKS, "gw_rollbacks", COUNTER, NULL, "Changes that were undone because nobody confirmed them.") \
	X(DRIFT, "gw_drift_objects", GAUGE, NULL, "Objects in the kernel that differ from the revision in force.") \
	X(DRIFT_FOUND, "gw_drift_found", COUNTER, NULL, "Times that something differed.") \
	X(DRIFT_REPAIRED, "gw_drift_repaired", COUNTER, NULL, "Times that it was put right.") \
	X(TABLE_OWNED, "gw_table_owned", GAUGE, NULL, "1 if nobody but gwd can change the rules.") \
	X(RULES, "gw_rules", GAUGE, NULL, "Rules in force, by kind.") \
	X(POLICY_PACKETS, "gw_policy_packets", COUNTER, NULL, "Packets that a policy, exception or gateway rule has decided.") \
	X(POLICY_BYTES, "gw_policy_bytes", COUNTER, "bytes", "The same in bytes.") \
	X(POLICY_LAST_HIT, "gw_policy_last_hit_timestamp_seconds", GAUGE, "seconds", "When a packet was last seen.") \
	X(POLICY, "gw_policy", INFO, NULL, "Whose a policy is.") \
	X(REVIEW_DUE, "gw_review_due_timestamp_seconds", GAUGE, "seconds", "When a policy is to be reviewed.") \
	X(REVIEWS_OVERDUE, "gw_reviews_overdue", GAUGE, NULL, "Policies whose review is overdue.") \
	X(REVIEWS_SOON, "gw_reviews_due_soon", GAUGE, NULL, "Policies to be reviewed within 30 days.") \
	X(EXCEPTION_EXPIRES, "gw_exception_expires_timestamp_seconds", GAUGE, "seconds", "When an exception ends; the next 64.") \
	X(EXCEPTIONS_EXPIRED, "gw_exceptions_expired", GAUGE, NULL, "Exceptions in the config that are over.") \
	X(DROPS, "gw_drops", COUNTER, NULL, "Packets dropped for a reason other than a policy.") \
	X(OWN, "gw_own_packets", COUNTER, NULL, "Packets of the gateway's own connections and of neighbour discovery.") \
	X(MEASURES, "gw_measures", GAUGE, NULL, "Emergency measures in force, by kind.") \
	X(AUDIT_RECORDS, "gw_audit_records", COUNTER, NULL, "Records in the audit trail, by class.") \
	X(AUDIT_QUEUE, "gw_audit_queue_records", GAUGE, NULL, "Records that are not on disk yet.") \
	X(AUDIT_DROPPED, "gw_audit_dropped_records", COUNTER, NULL, "Records that were given up.") \
	X(AUDIT_WRITABLE, "gw_audit_writable", GAUGE, NULL, "1 while the trail can be written.") \
	X(AUDIT_SEALED, "gw_audit_sealed", GAUGE, NULL, "1 while checkpoints are signed when they are due.") \
	X(AUDIT_CHAIN, "gw_audit_chain_ok", GAUGE, NULL, "0 if records that were signed are missing or changed.") \
	X(COLLECTOR, "gw_audit_collector_connected", GAUGE, NULL, "1 while the collector takes records; absent without one.") \
	X(COLLECTOR_WAITING, "gw_audit_collector_waiting_records", GAUGE, NULL, "Records that wait for the collector.") \
	X(CLOCK_SYNC, "gw_clock_synchronised", GAUGE, NULL, "1 while something keeps the clock right.") \
	X(CLOCK_ERROR, "gw_clock_max_error_seconds", GAUGE, "seconds", "By how much the kernel believes the clock may be wrong.") \
	X(CLOCK_JUMPS, "gw_clock_jumps", COUNTER, NULL, "Times that the clock was set.") \
	X(MODULE_UP, "gw_module_up", GAUGE, NULL, "1 while a module answers.") \
	X(SNAPSHOT, "gw_snapshot_timestamp_seconds", GAUGE, "seconds", "When gwd was last read.") \
	X(SNAPSHOT_DURATION, "gw_snapshot_duration_seconds", GAUGE, "seconds", "How long that took.") \
	X(SNAPSHOT_FAILED, "gw_snapshots_failed", COUNTER, NULL, "Times that gwd could not be read, since the start.") \
	X(HTTP_ANSWERS, "gw_http_answers", COUNTER, NULL, "Answers of this server by class of status, since its start.") \
	X(HTTP_ENDED, "gw_http_ended_connections", COUNTER, NULL, "Connections that this server has ended, since its start.") \
	X(HTTP_CONNECTIONS, "gw_http_connections", GAUGE, NULL, "Connections of this server.") \
	X(TEXTFILE_FAILURES, "gw_textfile_failures", COUNTER, NULL, "Times that the textfile could not be written, since the start.") \
	X(SERIES_LEFT_OUT, "gw_series_left_out", GAUGE, NULL, "Series that were left out because there would be too many.")

#define GW_METRICS_OF_MODULES(X) \
	X(LIMIT_PACKETS, "gw_limit_packets", COUNTER, NULL, "Packets that a limit has judged.") \
	X(ATTACK_ACTIVE, "gw_attack_active", GAUGE, NULL, "Attacks that go on, by vector.") \
	X(DNS_QUERIES, "gw_dns_queries", COUNTER, NULL, "Queries by zone of the client and result.") \
	X(IPV6_FRAMES, "gw_ipv6guard_frames", COUNTER, NULL, "Frames by segment, class and verdict.") \
	X(AUTH_EVENTS, "gw_auth_events", COUNTER, NULL, "Authentications by source and result.")
/* clang-format on */

#define GW_METRIC_ENUM(symbol, name, type, unit, help) GW_M_##symbol,
enum gw_metric_id {
	GW_METRICS_OF_THE_CORE(GW_METRIC_ENUM) GW_METRICS_OF_MODULES(GW_METRIC_ENUM)
		GW_METRIC_ID_COUNT
};
#undef GW_METRIC_ENUM

struct gw_metric {
	const char *name; /* without _total or _info */
	enum gw_metric_type type;
	const char *unit, *help;
};

const struct gw_metric *gw_metric(enum gw_metric_id id);
/** The metric of this name, or NULL. */
const struct gw_metric *gw_metric_find(const char *name);

#endif
