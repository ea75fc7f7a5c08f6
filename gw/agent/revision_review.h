/*
 * What became of a change that was applied in an emergency, with fewer approvals than usual: somebody else looks
 * at it afterwards, and says so. reviewed.json beside the revision's meta.json:
 *
 *	{"schema": "gw.review/1", "who": "op-08", "time": 1795466000, "note": "as agreed on the phone"}
 */
#ifndef GW_AGENT_REVISION_REVIEW_H
#define GW_AGENT_REVISION_REVIEW_H

#include "gw/agent/store.h"

struct gw_revision_review {
	const char *who, *note;
	int64_t time; /* Unix time */
};

/** The review of a revision, in the arena. -ENOENT: nobody has looked at it; -EBADMSG: it is damaged. */
int gw_store_review(struct gw_store *store, uint32_t number, struct gw_arena *arena,
		    struct gw_revision_review *ret);
/** True for a revision that was applied in an emergency, and that nobody has looked at. */
bool gw_store_waits_for_review(struct gw_store *store, uint32_t number);
/** Notes it; on disk when the call returns. 0 or -errno. */
int gw_store_set_review(struct gw_store *store, uint32_t number,
			const struct gw_revision_review *review);

#endif
