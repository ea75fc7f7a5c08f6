/*
 * Rate limiting: the gateway stays up under attack, and nothing behind it attacks others. The section `limits:`
 * of gw.yaml (section.c) and what became of it; gw-ratelimitd (watch.h) detects and answers attacks.
 */
#ifndef RATELIMIT_RATELIMIT_H
#define RATELIMIT_RATELIMIT_H

#include "gw/policy/section.h"
#include "ratelimit/judge.h"

/** What is done about an inside host that does harm. */
enum ratelimit_response {
	RATELIMIT_ALERT,
	RATELIMIT_QUARANTINE,
};

/** A block list from a file. */
struct ratelimit_feed_source {
	const char *name; /* and of its file, below feeds/ of the state folder */
	struct gw_loc loc;
	const char *reason; /* NULL: the entry's own, or the name */
	uint32_t for_s, max;
};

/** What gw-ratelimitd watches, and what it does (watch_config.c). */
struct ratelimit_watch {
	/* Stepping stones. */
	struct gw_zone_set inside; /* whose hosts are judged */
	enum ratelimit_response response;
	uint32_t for_s;
	uint32_t fanout, flood;
	bool mail; /* only these send mail */
	struct gw_addrset mail_hosts[GW_FAMILY_COUNT];
	struct gw_addrset exempt[GW_FAMILY_COUNT]; /* are told of, and left alone */
	/* Attacks. */
	uint32_t floors[RATELIMIT_METRIC_COUNT];
	uint32_t destinations, lingering;
	int64_t quiet_s; /* for so long, before a mode is left */
	/* The line, and who carries it. */
	const char *interface; /* NULL: none is declared */
	uint32_t mbit;
	const char *contact, *ask; /* NULL: none */
	/* Bans. */
	const struct ratelimit_feed_source *feeds; /* by name */
	size_t n_feeds;
	struct gw_addrset never[GW_FAMILY_COUNT]; /* own networks, management, `never_ban` */
};

struct ratelimit {
	struct ratelimit_watch watch;
};

extern const struct gw_section ratelimit_section;

#endif
