#include "tests/support/audit_trail.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/audit/files.h"
#include "gw/core/text.h"

static const char *const names[AUDIT_TRAIL_LOGS] = { "change", "access" };

#define START 1795374000 /* 2026-11-23 03:00 UTC */

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "audit_trail: %s\n", what);
	abort();
}

static int record_key(uint32_t generation, const char *note, void *context)
{
	struct audit_trail *trail = context;

	(void)generation, (void)note;
	trail->key_records++;
	return 0;
}

void audit_trail_make(struct audit_trail *trail, const char *path, enum gw_note_type type)
{
	struct gw_seal_options options = { .site = "tokyo-01",
					   .type = type,
					   .interval_s = 60,
					   .record = record_key,
					   .context = trail };

	memset(trail, 0, sizeof(*trail));
	(void)snprintf(trail->path, sizeof(trail->path), "%s", path);
	trail->dir = gw_audit_folder(AT_FDCWD, path, 0750);
	must(trail->dir >= 0, path);
	for (size_t i = 0; i < AUDIT_TRAIL_LOGS; i++)
		must(mkdirat(trail->dir, names[i], 0750) == 0, names[i]);
	options.dir = trail->dir;
	must(gw_seal_open(&options, START, &trail->seal) == 0, "seal");
}

const char *audit_trail_segment(const struct audit_trail *trail, size_t log, char ret[64])
{
	(void)snprintf(ret, 64, "%s/%016" PRIu64 ".log", names[log], trail->segment[log]);
	return ret;
}

void audit_trail_add_line(struct audit_trail *trail, size_t log, const char *line)
{
	gw_auto_text struct gw_text text = { 0 };
	uint8_t leaf[GW_HASH_LEN];
	char path[64];

	gw_text_printf(&text, "%s\n", line);
	must(gw_audit_file_append(trail->dir, audit_trail_segment(trail, log, path), 0640,
				  text.bytes, text.len) == 0,
	     path);
	gw_hash_leaf(line, strlen(line), leaf);
	gw_forest_add(&trail->forests[log], 0, leaf);
}

void audit_trail_add(struct audit_trail *trail, size_t log, const char *event, const char *actor)
{
	gw_auto_text struct gw_text line = { 0 };
	uint64_t seq = ++trail->seq;

	gw_text_printf(&line,
		       "{\"seq\":%" PRIu64 ",\"t\":\"2026-11-23T%02u:%02u:%02u.000000001Z\","
		       "\"gw\":\"tokyo-01\",\"class\":\"%s\",\"module\":\"gwd\",\"event\":\"%s\","
		       "\"actor\":\"%s\",\"subject\":\"revision %" PRIu64 "\",\"result\":\"ok\","
		       "\"detail\":{\"n\":%" PRIu64 "}}",
		       seq, (unsigned int)(seq / 3600 % 24), (unsigned int)(seq / 60 % 60),
		       (unsigned int)(seq % 60), names[log], event, actor, seq, seq);
	audit_trail_add_line(trail, log, line.bytes);
}

void audit_trail_new_segment(struct audit_trail *trail, size_t log)
{
	trail->segment[log] = trail->forests[log].leaves;
}

static void heads_of(const struct audit_trail *trail, struct gw_log_head heads[AUDIT_TRAIL_LOGS])
{
	for (size_t i = 0; i < AUDIT_TRAIL_LOGS; i++) {
		heads[i] = (struct gw_log_head){ .size = trail->forests[i].leaves };
		(void)snprintf(heads[i].name, sizeof(heads[i].name), "%s", names[i]);
		gw_forest_root(&trail->forests[i], heads[i].root);
	}
}

void audit_trail_seal(struct audit_trail *trail)
{
	struct gw_log_head heads[AUDIT_TRAIL_LOGS];

	heads_of(trail, heads);
	trail->monotonic_s += 60;
	must(gw_seal_all(trail->seal, heads, AUDIT_TRAIL_LOGS, trail->monotonic_s) == 0, "seal");
}

void audit_trail_rotate(struct audit_trail *trail)
{
	struct gw_log_head heads[AUDIT_TRAIL_LOGS];

	heads_of(trail, heads);
	must(gw_seal_rotate(trail->seal, heads, AUDIT_TRAIL_LOGS, trail->monotonic_s,
			    START + trail->monotonic_s) == 0,
	     "rotate");
}

void audit_trail_done(struct audit_trail *trail)
{
	gw_seal_close(trail->seal);
	(void)close(trail->dir);
}
