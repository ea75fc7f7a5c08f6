/* audit tail and search: records as they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/ctl/audit.h"
#include "gw/report/json.h"

#define TAIL_DEFAULT 20u
#define TAIL_MAX     1000000u
/* Between looks for new records. */
#define FOLLOW_PAUSE_MS 200

/* The last lines of output. */
struct ring {
	struct gw_text *lines; /* heap */
	size_t size, n;        /* n: of all that were put in */
};

static struct gw_text *next_line(struct ring *ring)
{
	struct gw_text *line = &ring->lines[ring->n++ % ring->size];

	line->len = 0;
	return line;
}

static void put_record(const struct gw_ctl *ctl, const struct gw_merge_record *record,
		       struct gw_text *out)
{
	if (ctl->json)
		gw_audit_ctl_json(record, out);
	else
		gw_audit_ctl_line(record, out);
}

/* JSON of lines that are JSON, in the order in which they were put in. */
static void add_records(struct gw_ctl *ctl, const struct gw_text *line)
{
	json_t *record = line->len ? json_loads(line->bytes, 0, NULL) : NULL;

	if (record)
		gw_json_add(json_object_get(ctl->root, "records"), record);
}

static void flush_ring(struct gw_ctl *ctl, const struct ring *ring)
{
	size_t n = ring->n < ring->size ? ring->n : ring->size;

	for (size_t i = ring->n - n; i < ring->n; i++) {
		const struct gw_text *line = &ring->lines[i % ring->size];

		if (ctl->root)
			add_records(ctl, line);
		else
			gw_text_add(&ctl->out, line->bytes, line->len);
	}
}

/* Writes what there is so far, as what follows may never end; false if nobody reads. */
static bool write_out(struct gw_ctl *ctl)
{
	size_t len = ctl->out.len;
	bool written = !len || fwrite(ctl->out.bytes, 1, len, ctl->stream) == len;

	gw_text_done(&ctl->out);
	return written && fflush(ctl->stream) == 0;
}

static enum gw_exit follow(struct gw_ctl *ctl, struct gw_merge *merge)
{
	const struct timespec pause = { .tv_nsec = FOLLOW_PAUSE_MS * 1000000L };
	struct gw_merge_record record;
	int err = 0;

	while (write_out(ctl)) {
		while ((err = gw_merge_next(merge, &record)) == 0)
			put_record(ctl, &record, &ctl->out);
		if (err != -ENOENT)
			return gw_audit_ctl_ended(ctl, merge, err);
		if (!ctl->out.len)
			(void)nanosleep(&pause, NULL); /* cut short, it looks earlier */
	}
	return GW_EXIT_OK;
}

static bool read_count(const char *text, size_t *ret)
{
	unsigned long count;
	char *end;

	*ret = TAIL_DEFAULT;
	if (!text)
		return true;
	errno = 0;
	count = strtoul(text, &end, 10);
	*ret = count;
	return *text >= '0' && *text <= '9' && !*end && !errno && count && count <= TAIL_MAX;
}

static enum gw_exit show_tail(struct gw_ctl *ctl, struct gw_merge *merge, size_t count)
{
	struct ring ring = { .lines = gw_zalloc(count, sizeof(struct gw_text)), .size = count };
	struct gw_merge_record record;
	enum gw_exit status;
	int err;

	while ((err = gw_merge_next(merge, &record)) == 0)
		put_record(ctl, &record, next_line(&ring));
	if (ctl->root && gw_ctl_option(ctl, "follow")) {
		/* A line each from now on, as there is no end. */
		json_decref(ctl->root);
		ctl->root = NULL;
	}
	flush_ring(ctl, &ring);
	for (size_t i = 0; i < count; i++)
		gw_text_done(&ring.lines[i]);
	gw_free(ring.lines);
	status = gw_audit_ctl_ended(ctl, merge, err);
	if (status == GW_EXIT_OK && gw_ctl_option(ctl, "follow"))
		status = follow(ctl, merge);
	return status;
}

enum gw_exit gw_cmd_audit_tail(struct gw_ctl *ctl)
{
	struct gw_trail *trail = NULL;
	struct gw_merge *merge = NULL;
	struct gw_audit_filter filter;
	enum gw_exit status;
	size_t count;
	int err;

	if (!read_count(gw_ctl_option(ctl, "count"), &count))
		return gw_ctl_usage(ctl, "-n %s: not a number of records",
				    gw_ctl_option(ctl, "count"));
	status = gw_audit_ctl_open(ctl, &trail);
	if (status == GW_EXIT_OK)
		status = gw_audit_ctl_filter(ctl, trail, &filter);
	if (status == GW_EXIT_OK) {
		err = gw_merge_new(trail, filter.class_name, &merge);
		if (ctl->root)
			gw_json_set(ctl->root, "records", json_array());
		status = err ? gw_audit_ctl_ended(ctl, merge, err) : show_tail(ctl, merge, count);
	}
	gw_merge_free(merge);
	gw_trail_close(trail);
	return status;
}

static enum gw_exit show_matches(struct gw_ctl *ctl, struct gw_merge *merge,
				 const struct gw_audit_filter *filter)
{
	struct gw_merge_record record;
	size_t found = 0;
	enum gw_exit status;
	int err;

	while ((err = gw_merge_next(merge, &record)) == 0) {
		gw_auto_text struct gw_text line = { 0 };

		if (!gw_audit_ctl_matches(filter, &record))
			continue;
		found++;
		if (!ctl->root) {
			gw_audit_ctl_line(&record, &ctl->out);
			continue;
		}
		gw_audit_ctl_json(&record, &line);
		add_records(ctl, &line);
	}
	status = gw_audit_ctl_ended(ctl, merge, err);
	return status == GW_EXIT_OK && !found ? GW_EXIT_DIFFERENT : status;
}

enum gw_exit gw_cmd_audit_search(struct gw_ctl *ctl)
{
	struct gw_trail *trail = NULL;
	struct gw_merge *merge = NULL;
	struct gw_audit_filter filter;
	enum gw_exit status = gw_audit_ctl_open(ctl, &trail);
	int err;

	if (status == GW_EXIT_OK)
		status = gw_audit_ctl_filter(ctl, trail, &filter);
	if (status == GW_EXIT_OK) {
		err = gw_merge_new(trail, filter.class_name, &merge);
		if (ctl->root)
			gw_json_set(ctl->root, "records", json_array());
		status = err ? gw_audit_ctl_ended(ctl, merge, err)
			     : show_matches(ctl, merge, &filter);
	}
	gw_merge_free(merge);
	gw_trail_close(trail);
	return status;
}
