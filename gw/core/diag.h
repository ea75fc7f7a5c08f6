/*
 * Diagnostics: what is wrong with what the operator wrote, where, and what to do about it.
 *
 * Library code adds diagnostics to a list and never prints; programs print the list once
 * (gw_diags_print). Every kind of diagnostic has an id that never changes its meaning, declared
 * once in gw/core/diag/<stage>.def with its severity, titles and explanation; `gwctl explain
 * GWnnnn` prints the explanation.
 *
 *	gw_diag(diags, GW_D_UNKNOWN_ZONE, loc, "unknown zone `%s`", name);
 *	gw_diag_hint(diags, "did you mean `%s`?", nearest);
 *
 * Id ranges: 01xx files and YAML, 02xx keys and names, 03xx values, 04xx policies, exceptions and
 * their duties, 05xx conflicts and useless rules, 06xx NAT, 07xx assertions, 08xx kernel, 09xx
 * state directory and revisions, 10xx the agent, 13xx emergency measures and admission, 15xx
 * settings, the host, backups, 19xx the IPv6 guard.
 */
#ifndef GW_CORE_DIAG_H
#define GW_CORE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gw/core/arena.h"

/** A file that was read: `path` as the operator knows it (relative to the config repo). */
struct gw_source {
	const char *path;
	const char *text; /* NUL-terminated, `len` bytes; NULL when the text is not at hand */
	size_t len;
};

/** A place in a source: 1-based line and column (in characters), `len` columns to underline. */
struct gw_loc {
	const struct gw_source *source; /* NULL: no place (say, the kernel as a whole) */
	uint32_t line, column, len;
};

enum gw_severity {
	GW_SEVERITY_ERROR,
	GW_SEVERITY_WARNING,
};

/* One enumerator per line of the .def files: GW_D_UNKNOWN_ZONE and so on. */
enum gw_diag_id {
#define GW_DIAG(number, severity, symbol, title_en, title_ja, explanation) GW_D_##symbol,
#include "gw/core/diag/all.def"
#undef GW_DIAG
	GW_D_COUNT
};

/** What the catalogue says of a diagnostic. All strings are constant. */
struct gw_diag_kind {
	const char *number; /* "GW0212" */
	enum gw_severity severity;
	const char *title_en, *title_ja;
	const char *explanation; /* a few sentences: cause, example, what to do */
};

struct gw_diagnostic {
	enum gw_diag_id id;
	enum gw_severity severity; /* the catalogue's, unless gw_diag_weigh has said otherwise */
	struct gw_loc loc;
	const char *message;
	const char *hint;      /* NULL: none */
	struct gw_loc related; /* the other party of a conflict; source NULL: none */
	const char *related_text;
};

/** A list of diagnostics. Owns its strings; borrows sources, which must outlive it. */
struct gw_diags {
	struct gw_arena *arena;
	struct gw_diagnostic *items; /* heap array */
	size_t count, capacity;
	size_t errors, warnings; /* all that were found, also those over the limit */
	size_t limit;            /* how many to keep: 20 */
	bool kept_last; /* hints go to the diagnostic added last, unless it was over the limit */
};

void gw_diags_init(struct gw_diags *diags);
void gw_diags_done(struct gw_diags *diags);

/**
 * Adds a diagnostic; severity is the catalogue's. Over the limit it is counted only, but an error
 * takes the place of the last warning: nobody should have to guess why a run failed.
 */
void gw_diag(struct gw_diags *diags, enum gw_diag_id id, struct gw_loc loc, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** Adds a hint ("did you mean `dmz`?") to the diagnostic added last. */
void gw_diag_hint(struct gw_diags *diags, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Makes the diagnostic added last an error or a warning, where the operator may decide that. */
void gw_diag_weigh(struct gw_diags *diags, enum gw_severity severity);

/** Names the other party of the diagnostic added last ("first defined here"). */
void gw_diag_related(struct gw_diags *diags, struct gw_loc loc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** The catalogue's entry; never NULL for a valid id. */
const struct gw_diag_kind *gw_diag_kind(enum gw_diag_id id);

/** The entry with this number ("GW0212", case-insensitive), or NULL. */
const struct gw_diag_kind *gw_diag_kind_by_number(const char *number);

/**
 * Prints all diagnostics as text with the source line and carets, errors first in order of
 * file and place, and one closing line with the counts. Untrusted bytes (control characters) in
 * messages and source lines are shown escaped.
 */
void gw_diags_print(const struct gw_diags *diags, FILE *out, bool colour);

/** True if the operator's locale (LC_ALL, LC_MESSAGES, LANG) asks for Japanese. */
bool gw_locale_is_japanese(void);

/** "file:line:col" of a place in the arena; "-" where there is none. */
const char *gw_loc_text(struct gw_arena *arena, struct gw_loc loc);

/** Of `count` names, the one nearest to `name` by edit distance, or NULL if none is near. */
const char *gw_nearest_name(const char *name, const char *const *names, size_t count);

#endif
