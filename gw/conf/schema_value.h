/* Single values of the schema tables: text to C, with diagnostics. Internal to gw/conf. */
#ifndef GW_CONF_SCHEMA_VALUE_H
#define GW_CONF_SCHEMA_VALUE_H

#include "gw/conf/schema.h"

/**
 * Reads the scalar `node` as `field` says. `member` (NULL: check only) is written only on success;
 * false after adding a diagnostic.
 */
bool gw_schema_read_scalar(struct gw_diags *diags, const struct gw_field *field,
			   const struct gw_node *node, void *member);

#endif
