#include "gw/audit/trail_source.h"

#include <errno.h>

#include "gw/audit/files.h"
#include "gw/audit/note.h"

static int next(void *context, size_t log, uint64_t *index, struct gw_text *ret)
{
	struct gw_trail_source *source = context;
	struct gw_trail_line line;
	int err = 0;

	if (source->cursors[log] && source->next[log] != *index) {
		gw_trail_cursor_free(source->cursors[log]);
		source->cursors[log] = NULL;
	}
	if (!source->cursors[log]) {
		err = gw_trail_read(source->trail, log, *index, &source->cursors[log]);
		source->next[log] = *index;
	}
	if (!err)
		err = gw_trail_next(source->cursors[log], &line);
	if (err)
		return err;
	gw_text_add(ret, line.bytes, line.len);
	*index = line.index;
	source->next[log] = line.index + 1;
	return 0;
}

static int checkpoint(void *context, size_t log, struct gw_text *ret)
{
	const struct gw_trail_source *source = context;
	gw_auto_text struct gw_text path = { 0 };

	gw_text_printf(&path, "%s/checkpoint", gw_trail_names(source->trail)[log]);
	return gw_audit_file_read(gw_trail_dir(source->trail), path.bytes, GW_NOTE_MAX, ret);
}

int gw_trail_source_init(struct gw_trail_source *source, const char *path)
{
	int err;

	*source = (struct gw_trail_source){ 0 };
	err = gw_trail_open(path, &source->trail);
	if (!err && gw_trail_count(source->trail) > GW_FORWARD_LOGS_MAX) {
		gw_trail_close(source->trail);
		err = -E2BIG;
	}
	if (err)
		return err;
	source->forward = (struct gw_forward_source){ .context = source,
						      .n_logs = gw_trail_count(source->trail),
						      .names = gw_trail_names(source->trail),
						      .next = next,
						      .checkpoint = checkpoint };
	return 0;
}

void gw_trail_source_done(struct gw_trail_source *source)
{
	for (size_t i = 0; i < GW_FORWARD_LOGS_MAX; i++)
		gw_trail_cursor_free(source->cursors[i]);
	gw_trail_close(source->trail);
	*source = (struct gw_trail_source){ 0 };
}
