#include "gw/audit/view.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"

static const char *text_of(const json_t *root, const char *key)
{
	const char *text = json_string_value(json_object_get(root, key));

	return text ? text : "";
}

int gw_audit_view_init(struct gw_audit_view *ret, const char *line, size_t len)
{
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	bool object = json_is_object(root);

	if (!object) {
		json_decref(root);
		root = NULL;
	}
	/* Of no object, all are empty. */
	*ret = (struct gw_audit_view){
		.root = root,
		.time = text_of(root, "t"),
		.gateway = text_of(root, "gw"),
		.class_name = text_of(root, "class"),
		.module = text_of(root, "module"),
		.event = text_of(root, "event"),
		.actor = text_of(root, "actor"),
		.subject = text_of(root, "subject"),
		.result = text_of(root, "result"),
		.reason = text_of(root, "reason"),
		.detail = json_object_get(root, "detail"),
	};
	if (json_integer_value(json_object_get(root, "seq")) > 0)
		ret->seq = (uint64_t)json_integer_value(json_object_get(root, "seq"));
	return object ? 0 : -EBADMSG;
}

void gw_audit_view_done(struct gw_audit_view *view)
{
	json_decref(view->root);
	*view = (struct gw_audit_view){ 0 };
}

int64_t gw_audit_view_seconds(const struct gw_audit_view *view)
{
	struct tm parts = { 0 };
	const char *end = view->time ? strptime(view->time, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;

	return end && (*end == '.' || *end == 'Z') ? (int64_t)timegm(&parts) : 0;
}

void gw_audit_view_detail(const struct gw_audit_view *view, struct gw_text *out)
{
	char *text;

	if (!view->detail || json_is_null(view->detail))
		return;
	text = json_dumps(view->detail, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	if (!text)
		gw_out_of_memory();
	gw_text_puts(out, text);
	free(text);
}
