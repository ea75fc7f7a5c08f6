/*
 * Sections of the config as tables: one declaration per key with its type, bounds, default and
 * description. The same table reads nodes into a C struct, gives every diagnostic about keys and
 * single values, and prints the JSON Schema (draft 2020-12) and the manual page gw.yaml(5), so
 * that the four cannot disagree.
 *
 *	struct log_form {
 *		uint32_t group, rate;
 *	};
 *	static const struct gw_field log_fields[] = {
 *		{ .key = "group", .type = GW_FIELD_UINT, .offset = offsetof(struct log_form, group),
 *		  .max = 65535, .fallback = "100", .en = "NFLOG group.", .ja = "NFLOGグループ。" },
 *		…
 *	};
 *	struct log_form form;
 *	bool ok = gw_schema_read(diags, &gw_table_log, node, &form);
 *
 * The engine reads one table at a time: nested tables, lists and maps are handed to the section's
 * code as nodes, already checked for their kind. References (zones, hosts, services) are
 * resolved there too, because only it knows the names.
 */
#ifndef GW_CONF_SCHEMA_H
#define GW_CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw/conf/conf.h"
#include "gw/core/diag.h"
#include "gw/core/text.h"

/** What a value is, and the C type that gw_schema_read stores for a single one. */
enum gw_field_type {
	GW_FIELD_TEXT,     /* const char *: 1 to `max` bytes (0: 256), no control characters */
	GW_FIELD_NAME,     /* const char *: [a-z0-9-], 1 to `max` bytes (0: GW_NAME_MAX) */
	GW_FIELD_BOOL,     /* bool: true, yes, on, false, no, off */
	GW_FIELD_UINT,     /* uint32_t: decimal or 0x hexadecimal, min to max */
	GW_FIELD_CHOICE,   /* int (or an enum): one of `choices` */
	GW_FIELD_DATE,     /* int64_t: 2027-03-31; Unix time of that day's midnight, UTC */
	GW_FIELD_TIME,     /* int64_t: RFC 3339 with offset, seconds optional; Unix time */
	GW_FIELD_CLOCK,    /* uint32_t: 08:30, seconds since midnight; 24:00 is the day's end */
	GW_FIELD_OFFSET,   /* int32_t: +09:00, seconds east of UTC */
	GW_FIELD_DURATION, /* uint32_t: 120s, 30m, 8h, 7d, 1y; seconds, min to max (0: no limit) */
	/* The rest is stored as `struct gw_node *`. */
	GW_FIELD_ZONE,     /* zone name or `any` */
	GW_FIELD_NET,      /* address, prefix or range */
	GW_FIELD_ADDRESS,  /* the same, or name of hosts */
	GW_FIELD_SERVICE,  /* tcp/80 and the like, or name of a service */
	GW_FIELD_TABLE,    /* a map with the keys of `table` */
	GW_FIELD_RESERVED, /* known to a later version: warned about and ignored */
};

/** How many. All but ONE are stored as `struct gw_node *`, NULL where not given. */
enum gw_field_shape {
	GW_SHAPE_ONE,
	GW_SHAPE_LIST,
	GW_SHAPE_ONE_OR_LIST,  /* a single value stands for a list of one */
	GW_SHAPE_MAP,          /* name to value */
	GW_SHAPE_MAP_OF_LISTS, /* name to ONE_OR_LIST; with `table`, to that or to the table */
};

#define GW_NAME_MAX 32u
#define GW_TEXT_MAX 256u

struct gw_choice {
	const char *word;
	int value;
};

struct gw_table;

struct gw_field {
	const char *key;
	enum gw_field_type type;
	enum gw_field_shape shape;
	bool required;
	bool empty_ok;     /* lists and maps: may hold nothing */
	size_t offset;     /* of the member in the form */
	uint32_t min, max; /* UINT, DURATION: bounds; TEXT, NAME: max length, 0 for the usual one */
	uint32_t key_max;  /* maps: keys are names of at most so many bytes; 0: not checked here */
	const struct gw_choice *choices; /* CHOICE: ends with word NULL */
	const struct gw_table *table;    /* TABLE, and the other form of MAP_OF_LISTS */
	const char *fallback;            /* default, as it would be written; NULL: none (or zero) */
	enum gw_diag_id missing; /* diagnostic if it is required and absent; 0: GW_D_MISSING_KEY */
	/* Looks at the value before it is read; false after adding a diagnostic of its own. */
	bool (*check)(struct gw_diags *diags, const struct gw_node *node);
	const char *en, *ja; /* one line, for schema and manual */
};

struct gw_table {
	const char *name; /* "policies": heading in the manual, definition in the schema */
	const char *en, *ja;
	size_t size; /* of the form */
	const struct gw_field *fields;
	size_t n_fields; /* at most 64 */
	bool whole;      /* the config as a whole, which several files may make up together */
};

/**
 * Reads `node` into `form` (table->size bytes, zeroed here). A NULL node gives the defaults and no
 * diagnostics. Members hold their default where a key is absent or faulty. Strings are borrowed
 * from the nodes. Returns false if any diagnostic of severity error was added.
 */
bool gw_schema_read(struct gw_diags *diags, const struct gw_table *table,
		    const struct gw_node *node, void *form);

/** Where the value of `key` is written; the map's own place if it is absent. */
struct gw_loc gw_schema_loc(const struct gw_node *map, const char *key);

/** The items of a list, or the scalar at `*slot` as a list of one; none if `*slot` is NULL. */
struct gw_node *const *gw_schema_items(struct gw_node *const *slot, size_t *ret_n);

/** Checks the syntax of a name (also map keys: ids, zones, hosts) and says what is wrong. */
bool gw_schema_check_name(struct gw_diags *diags, struct gw_loc loc, const char *name,
			  size_t max_len);

/** Adds "did you mean" to the diagnostic added last, if one of the names is near. */
void gw_schema_suggest(struct gw_diags *diags, const char *name, const char *const *names,
		       size_t count);

/** The strict JSON Schema of `root` and all tables below it. */
void gw_schema_json(const struct gw_table *root, struct gw_text *out);

/** The manual page gw.yaml(5) as mdoc source, a section per table, in English or Japanese. */
void gw_schema_manual(const struct gw_table *root, bool japanese, struct gw_text *out);

#endif
