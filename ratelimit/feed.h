/*
 * Block lists from files: what a line may say, and what is never believed. Pure: text in, entries and complaints
 * out.
 *
 *	192.0.2.7
 *	198.51.100.0/24 ; SBL123                        what follows ; or # is the reason
 *	2001:db8:bad::/48 2026-12-31T00:00Z # botnet    until when, of a single entry
 *
 * A list that is damaged is refused as a whole, and what it said before stays in force: one that ends within a
 * line, that is too large, in which too much is no entry, or that holds more than it may. Entries that would cut
 * off the wrong ones (own networks, management, allowed addresses, half the Internet) are left out and told.
 */
#ifndef RATELIMIT_FEED_H
#define RATELIMIT_FEED_H

#include "gw/core/addr.h"

#define RATELIMIT_FEED_BYTES_MAX  (32u << 20)
#define RATELIMIT_FEED_REASON_MAX 64u
#define RATELIMIT_FEED_NOTES      8u

struct ratelimit_feed_entry {
	enum gw_family family;
	struct gw_range range;
	int64_t until; /* Unix time; 0: as long as the feed says */
	char reason[RATELIMIT_FEED_REASON_MAX];
};

/** What a feed is judged by. */
struct ratelimit_feed_rules {
	struct gw_addrset never[GW_FAMILY_COUNT]; /* own networks, management, allowed */
	size_t max;                               /* entries */
	int64_t now;                              /* Unix time: what is over is left out */
};

/** Something that is wrong, with its line. */
struct ratelimit_feed_note {
	size_t line;
	char text[128];
};

struct ratelimit_feed {
	struct ratelimit_feed_entry *entries; /* heap; sorted, none twice */
	size_t n, capacity;
	size_t left_out, junk, over;
	/* The first of what was left out; of a refused feed, why, as the last. */
	struct ratelimit_feed_note notes[RATELIMIT_FEED_NOTES];
	size_t n_notes;
};

/** False: refused, the last note says why, and there are no entries. */
bool ratelimit_feed_parse(const char *text, size_t len, const struct ratelimit_feed_rules *rules,
			  struct ratelimit_feed *ret);
void ratelimit_feed_done(struct ratelimit_feed *feed);

#endif
