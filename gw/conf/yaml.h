/* One YAML file as nodes. Internal to gw/conf. */
#ifndef GW_CONF_YAML_H
#define GW_CONF_YAML_H

#include <yaml.h>

#include "gw/conf/conf.h"
#include "gw/core/texts.h"

/**
 * Parses a source. Everything outside of the strict subset gets a diagnostic. Returns the map at
 * the top, NULL if the file is unusable; nodes are in `arena`, keys and scalars in `texts`; false in `*ret_complete` if parts of it are missing.
 */
struct gw_node *gw_yaml_parse(struct gw_arena *arena, struct gw_texts *texts,
			      const struct gw_source *source, struct gw_diags *diags,
			      bool *ret_complete);

/**
 * What no parser should see: broken UTF-8, control and hidden characters, tabs that indent. False
 * after adding a diagnostic for the first one.
 */
bool gw_yaml_check_bytes(const struct gw_source *source, struct gw_diags *diags);

/** Adds the diagnostic for what libyaml's parser (or scanner) stopped at, in our words. */
void gw_yaml_report(const yaml_parser_t *parser, const struct gw_source *source,
		    struct gw_diags *diags);

#endif
