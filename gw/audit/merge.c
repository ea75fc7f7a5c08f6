#include "gw/audit/merge.h"

#include <errno.h>
#include <string.h>

#include "gw/core/mem.h"

/* One class, with its next record. */
struct stream {
	const char *name;
	struct gw_trail_cursor *cursor;
	bool ready;
	struct gw_trail_line line; /* its bytes are in `text` */
	struct gw_text text;
	struct gw_audit_view view;
};

struct gw_merge {
	struct stream *streams;
	size_t n;
	struct stream *last; /* whose record was handed out; NULL: none */
	struct stream *bad;
};

static void take(struct stream *stream)
{
	gw_audit_view_done(&stream->view);
	stream->text.len = 0;
	stream->ready = false;
}

void gw_merge_free(struct gw_merge *merge)
{
	if (!merge)
		return;
	for (size_t i = 0; i < merge->n; i++) {
		take(&merge->streams[i]);
		gw_text_done(&merge->streams[i].text);
		gw_trail_cursor_free(merge->streams[i].cursor);
	}
	gw_free(merge->streams);
	gw_free(merge);
}

int gw_merge_new(const struct gw_trail *trail, const char *class_name, struct gw_merge **ret)
{
	struct gw_merge *merge = gw_zalloc(1, sizeof(*merge));
	const char *const *names = gw_trail_names(trail);
	size_t n = gw_trail_count(trail);
	int err = 0;

	merge->streams = gw_zalloc(n ? n : 1, sizeof(merge->streams[0]));
	for (size_t i = 0; !err && i < n; i++) {
		struct stream stream = { .name = names[i] };

		if (class_name && strcmp(names[i], class_name) != 0)
			continue;
		err = gw_trail_read(trail, i, 0, &stream.cursor);
		if (!err)
			merge->streams[merge->n++] = stream;
	}
	if (!err && class_name && !merge->n)
		err = -ENOENT;
	if (err) {
		gw_merge_free(merge);
		return err;
	}
	*ret = merge;
	return 0;
}

/* The cursors' lines last until their next call; with many of them, they are copied. */
static int fill(struct stream *stream)
{
	int err = gw_trail_next(stream->cursor, &stream->line);

	if (err)
		return err;
	gw_text_add(&stream->text, stream->line.bytes, stream->line.len);
	stream->line.bytes = stream->text.bytes;
	(void)gw_audit_view_init(&stream->view, stream->line.bytes, stream->line.len);
	stream->ready = true;
	return 0;
}

int gw_merge_next(struct gw_merge *merge, struct gw_merge_record *ret)
{
	struct stream *next = NULL;

	if (merge->last)
		take(merge->last);
	merge->last = NULL;
	for (size_t i = 0; i < merge->n; i++) {
		struct stream *stream = &merge->streams[i];
		int err = stream->ready ? 0 : fill(stream);

		if (err && err != -ENOENT) {
			merge->bad = stream;
			return err;
		}
		if (stream->ready && (!next || stream->view.seq < next->view.seq))
			next = stream;
	}
	if (!next)
		return -ENOENT;
	merge->last = next;
	*ret = (struct gw_merge_record){ .class_name = next->name,
					 .line = next->line,
					 .view = &next->view };
	return 0;
}

const char *gw_merge_where(const struct gw_merge *merge)
{
	return merge && merge->bad ? gw_trail_where(merge->bad->cursor) : "";
}
