/* What the files of the writer share. */
#ifndef GW_AUDIT_AUDIT_INTERNAL_H
#define GW_AUDIT_AUDIT_INTERNAL_H

#include <pthread.h>
#include <time.h>

#include "gw/audit/log.h"
#include "gw/audit/queue.h"
#include "gw/audit/record.h"

struct gw_answer {
	gw_audit_done *done;
	void *context;
	uint64_t seq;
	int error;
};

struct gw_audit {
	int dir, event_fd;
	uint32_t queue_max;
	struct gw_audit_log_sizes sizes;
	void (*alarm)(bool failing, const char *text, void *context);
	void *alarm_context;
	bool threaded;
	pthread_t writer, filler;

	/* The writer's own. */
	struct gw_audit_log logs[GW_AUDIT_CLASS_COUNT];
	uint64_t next_seq;
	struct gw_queue batch;
	struct gw_text line, batch_site;
	bool roll[GW_AUDIT_CLASS_COUNT];
	uint8_t salts[4096];
	size_t salt_used;

	/* Under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t work, fill, settled;
	bool stop, synchronised, told_failing, roll_wanted;
	int error; /* of the last attempt; 0: it succeeded */
	struct gw_audit_class_settings classes[GW_AUDIT_CLASS_COUNT];
	struct gw_queue queue;
	struct gw_text body, site;   /* the site is escaped */
	uint64_t appended, finished; /* records, the lost ones included */
	uint64_t unreported;         /* lost since the last `audit.gap` */
	struct gw_audit_counts counts;
	struct gw_answer *answers; /* heap */
	size_t n_answers, answers_capacity;
	struct gw_log_head durable[GW_AUDIT_CLASS_COUNT];
};

struct gw_audit_class_settings gw_audit_settings_of(struct gw_audit *audit,
						    enum gw_audit_class class_);
/** Ends the segments that have records; done by the writer soon. */
void gw_audit_roll_all(struct gw_audit *audit);
/** Deletes what may be deleted at once, for classes that say so; by the writer, on a full disk. */
void gw_audit_make_room(struct gw_audit *audit);
void gw_audit_stop_writer(struct gw_audit *audit);

static inline int64_t gw_audit_now_ns(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now); /* cannot fail for these clocks */
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
