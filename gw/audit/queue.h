/* Records that wait to be written, in the order in which they came. Internal to the writer. */
#ifndef GW_AUDIT_QUEUE_H
#define GW_AUDIT_QUEUE_H

#include "gw/audit/audit.h"
#include "gw/core/text.h"

struct gw_queued {
	uint32_t size; /* of this and the body, up to the next one */
	uint32_t body_len;
	enum gw_audit_class class_;
	bool synchronised;
	int64_t time_ns, mono_ns;
	gw_audit_done *done; /* NULL: nobody waits */
	void *context;
	char body[];
};

/** Starts zeroed. */
struct gw_queue {
	struct gw_text bytes; /* of struct gw_queued, one behind the other */
	uint64_t n;
	unsigned int classes; /* bits of those that are in there, and perhaps of others */
};

/** Adds a record; what it points to is copied. */
void gw_queue_add(struct gw_queue *queue, const struct gw_queued *head, const char *body);
/** The first, or the one behind `item`; NULL at the end. */
const struct gw_queued *gw_queue_next(const struct gw_queue *queue, const struct gw_queued *item);
/** Forgets the oldest until `size` octets are left. */
void gw_queue_drop(struct gw_queue *queue, size_t size,
		   void (*dropped)(const struct gw_queued *item, void *context), void *context);
void gw_queue_clear(struct gw_queue *queue);
void gw_queue_done(struct gw_queue *queue);

#endif
