/* What the commands' JSON has in common. Values are jansson's, owned by the caller. */
#ifndef GW_REPORT_JSON_H
#define GW_REPORT_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "gw/core/diag.h"
#include "gw/core/text.h"

/** A string; bytes that are no UTF-8 and control characters are escaped. null for NULL. */
json_t *gw_json_text(const char *text);
json_t *gw_json_number(uint64_t number);
/** "2026-11-23T01:57:01Z". */
json_t *gw_json_time(int64_t time);
/** Adds "file", "line" and "column" to an object, where there is a place. */
void gw_json_add_loc(json_t *object, struct gw_loc loc);
/** [{"id", "severity", "message", "file", "line", "column", "hint"}, …] */
json_t *gw_json_diags(const struct gw_diags *diags);
/** Sets a member; a value that could not be made ends the process, as all lack of memory does. */
void gw_json_set(json_t *object, const char *key, json_t *value);
/** Appends to an array, in the same way. */
void gw_json_add(json_t *array, json_t *value);
/** Indented text with a newline at the end. */
void gw_json_print(const json_t *root, struct gw_text *out);

#endif
