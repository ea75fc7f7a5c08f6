/* `gwctl audit …`: the table of its commands, and what they share. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/audit/files.h"
#include "gw/conf/schema.h"
#include "gw/core/duration.h"
#include "gw/core/mem.h"
#include "gw/core/utf8.h"
#include "gw/ctl/audit.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

static const struct gw_loc nowhere;

/* ---- the table ------------------------------------------------------------------------------- */

#define OPTION_CLASS                                                                               \
	{                                                                                          \
		"class", 'c', "CLASS", "only this class of records"                                \
	}
#define OPTION_SINCE                                                                               \
	{                                                                                          \
		"since", 's', "TIME", "from a time, a day, or so long ago, such as 7d"             \
	}
#define OPTION_UNTIL                                                                               \
	{                                                                                          \
		"until", 'u', "TIME", "before that time"                                           \
	}
#define OPTIONS_END                                                                                \
	{                                                                                          \
		NULL, 0, NULL, NULL                                                                \
	}

static const struct gw_option tail_options[] = {
	{ "count", 'n', "COUNT", "the last so many records; default 20" },
	{ "follow", 'f', NULL, "go on with records as they come, until interrupted" },
	OPTION_CLASS,
	OPTIONS_END,
};
static const struct gw_option search_options[] = {
	OPTION_CLASS,
	{ "event", 'e', "PATTERN", "events such as change.applied, or change.*" },
	{ "actor", 'a', "PATTERN", "who did it" },
	{ "subject", 'o', "PATTERN", "what it was done to" },
	{ "result", 'r', "RESULT", "ok, refused, failed" },
	OPTION_SINCE,
	OPTION_UNTIL,
	{ "text", 't', "TEXT", "anywhere in the record" },
	OPTIONS_END,
};
static const struct gw_option verify_options[] = {
	{ "key", 'k', "KEY", "a key of this gateway, or a file with one" },
	{ "checkpoint", 'p', "FILE", "checkpoints that another party holds" },
	{ "tsa", 'a', "FILE", "certificate of the time-stamp authority: look at the stamps" },
	{ "proof", 'r', "FILE", "verify the proof of one record, without the trail" },
	OPTIONS_END,
};
static const struct gw_option report_options[] = {
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_CLASS,
	{ "by", 'b', "day|class|event|actor", "only this table" },
	{ "as", 'a', "text|markdown|csv", "default text" },
	OPTIONS_END,
};
static const struct gw_option export_options[] = {
	{ "as", 'a', "json|csv|cef", "JSON lines (default), CSV, or Common Event Format" },
	OPTION_CLASS,
	OPTION_SINCE,
	OPTION_UNTIL,
	{ "output", 'o', "FILE", "write a new file instead of standard output" },
	{ "tlog", 't', "DIR", "write each class as a static log for public verifiers" },
	OPTIONS_END,
};
static const struct gw_option prove_options[] = {
	{ "output", 'o', "FILE", "write a new file instead of standard output" },
	OPTIONS_END,
};
static const struct gw_option key_options[] = {
	{ "all", 'a', NULL, "all keys since the first, newest last" },
	OPTIONS_END,
};

const struct gw_command gw_audit_commands[] = {
	{ .name = "audit tail",
	  .summary = "Show the newest records",
	  .examples = "  gwctl audit tail\n  gwctl audit tail -f -c change\n",
	  .options = tail_options,
	  .run = gw_cmd_audit_tail },
	{ .name = "audit search",
	  .summary = "Show the records that match",
	  .details = "All options must match. Exit status: 2 if no record does.",
	  .examples = "  gwctl audit search -e 'change.*' -s 2026-11-01 -u 2026-12-01\n"
		      "  gwctl audit search -a '*(op-17)' -r refused\n",
	  .options = search_options,
	  .run = gw_cmd_audit_search },
	{ .name = "audit verify",
	  .summary = "Are the records as they were signed?",
	  .details = "Reads and hashes all records and holds them against the signed checkpoints,\n"
		     "from the key that you know. What was changed, taken out, inserted, moved or\n"
		     "cut off is named. A checkpoint that somebody else keeps shows also what\n"
		     "somebody with all rights on the gateway has replaced as a whole.\n"
		     "Exit status: 2 if something is wrong.",
	  .examples = "  gwctl audit verify --key gateway.key --checkpoint collector.note\n"
		      "  gwctl audit verify --key gateway.key --proof 812.tlog-proof\n",
	  .options = verify_options,
	  .warnings = true,
	  .run = gw_cmd_audit_verify },
	{ .name = "audit report",
	  .summary = "Sum up by day, class, event and actor",
	  .details = "In Japanese where LANG asks for it.",
	  .examples = "  gwctl audit report -s 30d --as markdown\n",
	  .options = report_options,
	  .run = gw_cmd_audit_report },
	{ .name = "audit export",
	  .summary = "Write records for other tools",
	  .details =
		  "Characters that could fool a reader or a spreadsheet are shown as escapes. "
		  "With\n"
		  "--tlog, DIR/CLASS has the records byte for byte with their hash tree, as any\n"
		  "reader of C2SP tlog-tiles verifies it, up to the newest checkpoint.",
	  .examples = "  gwctl audit export --as csv -s 30d -o november.csv\n"
		      "  gwctl audit export --tlog /srv/www/audit\n",
	  .options = export_options,
	  .run = gw_cmd_audit_export },
	{ .name = "audit prove",
	  .args = "SEQ",
	  .summary = "Prove one record without the others",
	  .details = "Prints the record with its checkpoint and the hashes between them (C2SP\n"
		     "tlog-proof); `audit verify --proof` checks it anywhere.",
	  .examples = "  gwctl audit prove 812 -o 812.tlog-proof\n",
	  .options = prove_options,
	  .min_args = 1,
	  .max_args = 1,
	  .run = gw_cmd_audit_prove },
	{ .name = "audit key",
	  .summary = "Print the keys that verify the trail",
	  .details =
		  "The first line is the one to write down and keep elsewhere; the others are for\n"
		  "tools that verify a single class.",
	  .examples = "  gwctl audit key > gateway.key\n",
	  .options = key_options,
	  .run = gw_cmd_audit_key },
	{ .name = NULL },
};

/* ---- opening and reading --------------------------------------------------------------------- */

enum gw_exit gw_audit_ctl_open(struct gw_ctl *ctl, struct gw_trail **ret)
{
	const char *path = gw_arena_printf(ctl->arena, "%s/audit", gw_store_default_dir());
	int err = gw_trail_open(path, ret);

	if (!err)
		return GW_EXIT_OK;
	gw_diag(&ctl->diags, GW_D_AUDIT_NONE, nowhere, "%s: %s", path, strerror(-err));
	return GW_EXIT_FAILED;
}

enum gw_exit gw_audit_ctl_ended(struct gw_ctl *ctl, const struct gw_merge *merge, int err)
{
	if (err == -ENOENT)
		return GW_EXIT_OK;
	if (err == -EBADMSG)
		gw_diag(&ctl->diags, GW_D_AUDIT_DAMAGED, nowhere, "%s: no whole record follows",
			gw_merge_where(merge));
	else
		gw_diag(&ctl->diags, GW_D_AUDIT_NONE, nowhere, "%s: %s", gw_merge_where(merge),
			strerror(-err));
	gw_diag_hint(&ctl->diags, "`gwctl audit verify` looks at all of it");
	return GW_EXIT_FAILED;
}

enum gw_exit gw_audit_ctl_file(struct gw_ctl *ctl, const char *path, size_t limit,
			       struct gw_text *out)
{
	int err = gw_audit_file_read(AT_FDCWD, path, limit, out);

	if (!err)
		return GW_EXIT_OK;
	gw_diag(&ctl->diags, GW_D_FILE_ACCESS, nowhere, "%s: %s", path, strerror(-err));
	return GW_EXIT_FAILED;
}

enum gw_exit gw_audit_ctl_write(struct gw_ctl *ctl, const char *path, const struct gw_text *text)
{
	gw_auto_close int fd = -1;
	size_t done = 0;

	if (!path || strcmp(path, "-") == 0) {
		gw_text_add(&ctl->out, text->bytes, text->len);
		return GW_EXIT_OK;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	while (fd >= 0 && done < text->len) {
		ssize_t n = write(fd, text->bytes + done, text->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		done += (size_t)n;
	}
	if (fd >= 0 && done == text->len)
		return GW_EXIT_OK;
	gw_diag(&ctl->diags, GW_D_AUDIT_EXPORT, nowhere, "%s: %s", path, strerror(errno));
	return GW_EXIT_FAILED;
}

enum gw_exit gw_audit_ctl_key(struct gw_ctl *ctl, const char *option, struct gw_note_key *ret)
{
	gw_auto_text struct gw_text file = { 0 };
	const char *text = option;
	enum gw_exit status;

	if (gw_note_key_parse(text, strlen(text), ret) == 0)
		return GW_EXIT_OK;
	status = gw_audit_ctl_file(ctl, option, GW_NOTE_MAX, &file);
	if (status != GW_EXIT_OK)
		return status;
	text = file.bytes ? file.bytes : "";
	if (gw_note_key_parse(text, strcspn(text, "\n"), ret) == 0)
		return GW_EXIT_OK;
	return gw_ctl_usage(ctl, "--key %s: its first line is no key such as NAME+HASH+BASE64",
			    option);
}

/* ---- which records --------------------------------------------------------------------------- */

/* A day in the local time zone. */
static bool read_day(const char *text, int64_t *ret)
{
	struct tm parts = { .tm_isdst = -1 };
	const char *end = strptime(text, "%Y-%m-%d", &parts);

	if (!end || *end)
		return false;
	*ret = (int64_t)mktime(&parts);
	return *ret != -1;
}

/* As the config would write it. */
static bool read_moment(const char *text, int64_t *ret)
{
	static const struct gw_field field = { .key = "time", .type = GW_FIELD_TIME };
	static const struct gw_table table = {
		.name = "time", .size = sizeof(int64_t), .fields = &field, .n_fields = 1
	};
	struct gw_node value = { .kind = GW_NODE_SCALAR, .text = text };
	struct gw_entry entry = { .key = "time", .value = &value };
	struct gw_node map = { .kind = GW_NODE_MAP, .n = 1, .entries = &entry };
	struct gw_diags diags;
	bool read;

	gw_diags_init(&diags);
	read = gw_schema_read(&diags, &table, &map, ret);
	gw_diags_done(&diags);
	return read;
}

static enum gw_exit read_time(struct gw_ctl *ctl, const char *option, int64_t *ret)
{
	const char *text = gw_ctl_option(ctl, option);
	uint32_t ago;

	if (!text)
		return GW_EXIT_OK;
	if (gw_duration_parse(text, &ago)) {
		*ret = ctl->now - ago;
		return GW_EXIT_OK;
	}
	if (read_day(text, ret) || read_moment(text, ret))
		return GW_EXIT_OK;
	return gw_ctl_usage(ctl,
			    "--%s %s: a time such as 2026-11-23T08:30+09:00, a day such as "
			    "2026-11-23, or a duration such as 7d",
			    option, text);
}

enum gw_exit gw_audit_ctl_filter(struct gw_ctl *ctl, const struct gw_trail *trail,
				 struct gw_audit_filter *ret)
{
	const char *const *names = gw_trail_names(trail);
	size_t n = gw_trail_count(trail);
	enum gw_exit status;
	bool known = false;

	*ret = (struct gw_audit_filter){
		.class_name = gw_ctl_option(ctl, "class"),
		.event = gw_ctl_option(ctl, "event"),
		.actor = gw_ctl_option(ctl, "actor"),
		.subject = gw_ctl_option(ctl, "subject"),
		.result = gw_ctl_option(ctl, "result"),
		.text = gw_ctl_option(ctl, "text"),
	};
	for (size_t i = 0; i < n && ret->class_name; i++)
		known = known || strcmp(names[i], ret->class_name) == 0;
	if (ret->class_name && !known) {
		const char *nearest = gw_nearest_name(ret->class_name, names, n);

		return gw_ctl_usage(ctl, "there are no records of class `%s`%s%s%s",
				    ret->class_name, nearest ? "; did you mean `" : "",
				    nearest ? nearest : "", nearest ? "`?" : "");
	}
	status = read_time(ctl, "since", &ret->since);
	return status == GW_EXIT_OK ? read_time(ctl, "until", &ret->until) : status;
}

static bool fits(const char *pattern, const char *text)
{
	return !pattern || fnmatch(pattern, text, 0) == 0;
}

bool gw_audit_ctl_matches(const struct gw_audit_filter *filter,
			  const struct gw_merge_record *record)
{
	const struct gw_audit_view *view = record->view;
	int64_t time = gw_audit_view_seconds(view);

	if ((filter->since && time < filter->since) || (filter->until && time >= filter->until))
		return false;
	if (!fits(filter->event, view->event) || !fits(filter->actor, view->actor) ||
	    !fits(filter->subject, view->subject) || !fits(filter->result, view->result))
		return false;
	return !filter->text ||
	       memmem(record->line.bytes, record->line.len, filter->text, strlen(filter->text));
}

/* ---- one record ------------------------------------------------------------------------------ */

static void put_word(const char *text, struct gw_text *out)
{
	gw_text_puts(out, "  ");
	gw_text_puts_visible(out, *text ? text : "-");
}

void gw_audit_ctl_line(const struct gw_merge_record *record, struct gw_text *out)
{
	const struct gw_audit_view *view = record->view;
	char time[GW_REPORT_TIME];

	if (!view->root) {
		gw_text_printf(out, "%8s  %s: record %" PRIu64 " is damaged\n", "?",
			       record->class_name, record->line.index);
		return;
	}
	gw_text_printf(out, "%8" PRIu64 "  %s", view->seq,
		       gw_report_time(gw_audit_view_seconds(view), time));
	put_word(view->event, out);
	put_word(view->result, out);
	put_word(view->actor, out);
	put_word(view->subject, out);
	if (*view->reason)
		put_word(view->reason, out);
	gw_text_putc(out, '\n');
}

void gw_audit_ctl_json(const struct gw_merge_record *record, struct gw_text *out)
{
	json_t *root = record->view->root;
	char *text = root ? json_dumps(root, JSON_COMPACT | JSON_ENSURE_ASCII)
			  : strdup("{\"damaged\":true}");

	if (!text)
		gw_out_of_memory();
	gw_text_puts(out, text);
	gw_text_putc(out, '\n');
	free(text);
}
