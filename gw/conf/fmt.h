/*
 * `gwctl fmt`: the canonical layout of one YAML file. Comments, the order of keys, line breaks
 * and the style of lists and quotes stay as the author wrote them; indentation becomes two blanks,
 * one blank follows `:` and `,`, blank lines do not pile up, nothing trails a line.
 *
 *	struct gw_text out = { 0 };
 *	if (gw_conf_format(arena, "gw.yaml", bytes, len, &out, &diags) == 0)
 *		… out.bytes …
 */
#ifndef GW_CONF_FMT_H
#define GW_CONF_FMT_H

#include <stddef.h>

#include "gw/core/arena.h"
#include "gw/core/diag.h"
#include "gw/core/text.h"

/**
 * Appends the formatted text of a file to `out`. What does not parse, or would mean something else
 * after it was laid out, is refused: -EINVAL, a diagnostic, `out` as before. The diagnostics'
 * sources live in `arena`. Formatting its own result changes nothing.
 */
int gw_conf_format(struct gw_arena *arena, const char *path, const char *bytes, size_t len,
		   struct gw_text *out, struct gw_diags *diags);

#endif
