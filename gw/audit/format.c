#include "gw/audit/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/core/utf8.h"

/* ---- CSV ------------------------------------------------------------------------------------- */

void gw_audit_csv_header(struct gw_text *out)
{
	gw_text_puts(out, "seq,time,gateway,class,module,event,actor,subject,result,reason,"
			  "detail\r\n");
}

/* A cell that begins with one of these is a formula to a spreadsheet. */
static bool is_formula(char c)
{
	return c == '=' || c == '+' || c == '-' || c == '@';
}

static void csv_cell(const char *text, struct gw_text *out)
{
	gw_auto_text struct gw_text visible = { 0 };

	gw_text_puts_visible(&visible, text);
	gw_text_putc(out, '"');
	if (visible.len && is_formula(visible.bytes[0]))
		gw_text_putc(out, '\'');
	for (size_t i = 0; i < visible.len; i++) {
		if (visible.bytes[i] == '"')
			gw_text_putc(out, '"');
		gw_text_putc(out, visible.bytes[i]);
	}
	gw_text_putc(out, '"');
}

void gw_audit_csv(const struct gw_audit_view *view, struct gw_text *out)
{
	gw_auto_text struct gw_text detail = { 0 };
	const char *const cells[] = { view->time,    view->gateway, view->class_name,
				      view->module,  view->event,   view->actor,
				      view->subject, view->result,  view->reason };

	gw_text_printf(out, "%" PRIu64, view->seq);
	for (size_t i = 0; i < GW_COUNT(cells); i++) {
		gw_text_putc(out, ',');
		csv_cell(cells[i], out);
	}
	gw_audit_view_detail(view, &detail);
	gw_text_putc(out, ',');
	csv_cell(detail.bytes ? detail.bytes : "", out);
	gw_text_puts(out, "\r\n");
}

/* ---- CEF ------------------------------------------------------------------------------------- */

/* In the header a bar ends a field, in the extension an equals sign starts a value. */
static void cef_text(const char *text, char special, struct gw_text *out)
{
	gw_auto_text struct gw_text visible = { 0 };

	gw_text_puts_visible(&visible, text);
	for (size_t i = 0; i < visible.len; i++) {
		if (visible.bytes[i] == special || visible.bytes[i] == '\\')
			gw_text_putc(out, '\\');
		gw_text_putc(out, visible.bytes[i]);
	}
}

static void cef_extension(const char *key, const char *value, struct gw_text *out)
{
	if (!*value)
		return;
	gw_text_printf(out, " %s=", key);
	cef_text(value, '=', out);
}

static bool went_well(const struct gw_audit_view *view)
{
	return !view->result || !*view->result || strcmp(view->result, "ok") == 0;
}

void gw_audit_cef(const struct gw_audit_view *view, struct gw_text *out)
{
	gw_auto_text struct gw_text detail = { 0 };

	gw_text_puts(out, "CEF:0|gw|gw|" GW_VERSION "|");
	cef_text(view->event, '|', out);
	gw_text_putc(out, '|');
	cef_text(view->event, '|', out);
	gw_text_printf(out, "|%d|rt=%" PRId64 " externalId=%" PRIu64, went_well(view) ? 3 : 7,
		       gw_audit_view_seconds(view) * 1000, view->seq);
	cef_extension("dvchost", view->gateway, out);
	cef_extension("cat", view->class_name, out);
	cef_extension("deviceProcessName", view->module, out);
	cef_extension("suser", view->actor, out);
	cef_extension("outcome", view->result, out);
	cef_extension("reason", view->reason, out);
	if (*view->subject) {
		gw_text_puts(out, " cs1Label=subject");
		cef_extension("cs1", view->subject, out);
	}
	gw_audit_view_detail(view, &detail);
	if (detail.len) {
		gw_text_puts(out, " cs2Label=detail");
		cef_extension("cs2", detail.bytes, out);
	}
	gw_text_putc(out, '\n');
}

/* ---- syslog ---------------------------------------------------------------------------------- */

/* Facility 13 is the log audit; 32473 is the number for examples (RFC 5612), as we have none. */
#define FACILITY 13
#define SD_ID    "gwAudit@32473"
enum severity { SEVERITY_WARNING = 4, SEVERITY_INFO = 6 };

/* PRINTUSASCII of limited length, or the nil value. */
static void syslog_word(const char *text, size_t max, struct gw_text *out)
{
	size_t n = 0;

	gw_text_putc(out, ' ');
	for (; text && *text && n < max; text++, n++)
		if (*text > 0x20 && *text < 0x7f)
			gw_text_putc(out, *text);
		else
			gw_text_putc(out, '_');
	if (!n)
		gw_text_putc(out, '-');
}

/* Structured data escapes three characters. */
static void syslog_param(const char *name, const char *value, struct gw_text *out)
{
	gw_text_printf(out, " %s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\' || *value == ']')
			gw_text_putc(out, '\\');
		gw_text_putc(out, *value);
	}
	gw_text_putc(out, '"');
}

/* RFC 5424 has microseconds, records have more digits: "….000000001Z" → "….000000Z". */
static void syslog_time(const char *time, struct gw_text *out)
{
	const char *point = time ? strchr(time, '.') : NULL;
	size_t len = time ? strlen(time) : 0, whole = point ? (size_t)(point - time) : len;
	size_t digits = point ? strspn(point + 1, "0123456789") : 0;

	if (len < 20 || time[len - 1] != 'Z' || strspn(time, "0123456789-:T.Z") != len) {
		gw_text_puts(out, " -");
		return;
	}
	gw_text_putc(out, ' ');
	gw_text_add(out, time, point ? whole + 1 + (digits > 6 ? 6 : digits) : len - 1);
	gw_text_putc(out, 'Z');
}

void gw_audit_syslog(const struct gw_audit_view *view, const char *line, size_t len,
		     const char *class_name, uint64_t index, struct gw_text *out)
{
	gw_text_printf(out, "<%d>1",
		       FACILITY * 8 + (went_well(view) ? SEVERITY_INFO : SEVERITY_WARNING));
	syslog_time(view->time, out);
	syslog_word(view->gateway, 255, out);
	syslog_word(view->module, 48, out);
	gw_text_puts(out, " -");
	syslog_word(view->event, 32, out);
	gw_text_printf(out, " [" SD_ID " seq=\"%" PRIu64 "\"", view->seq);
	syslog_param("class", class_name, out);
	gw_text_printf(out, " index=\"%" PRIu64 "\"] ", index);
	gw_text_add(out, line, len);
}

void gw_audit_syslog_checkpoint(const char *host, const char *class_name, uint64_t size,
				const char *note, size_t len, int64_t time, struct gw_text *out)
{
	time_t seconds = (time_t)time;
	struct tm parts;
	char text[32] = "";
	json_t *root;
	char *json;

	if (gmtime_r(&seconds, &parts))
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	root = json_pack("{ss ss sI ss%}", "schema", "gw.audit.checkpoint/1", "class", class_name,
			 "size", (json_int_t)size, "note", note, len);
	json = root ? json_dumps(root, JSON_COMPACT) : NULL;
	if (!json)
		gw_out_of_memory();
	gw_text_printf(out, "<%d>1", FACILITY * 8 + SEVERITY_INFO);
	syslog_time(text, out);
	syslog_word(host, 255, out);
	gw_text_puts(out, " gwd - audit.checkpoint [" SD_ID);
	syslog_param("class", class_name, out);
	gw_text_printf(out, " size=\"%" PRIu64 "\"] %s", size, json);
	free(json);
	json_decref(root);
}
