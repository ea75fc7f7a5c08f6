/* The merged config as one YAML file that loads to the same model, with the origin of each line. */
#ifndef GW_REPORT_YAML_H
#define GW_REPORT_YAML_H

#include "gw/conf/conf.h"
#include "gw/core/text.h"

/**
 * Appends the tree: block style, names in the order that they were written, variables replaced, a
 * comment `# file:line` behind every value. `site: {vars: …}` stays, though nothing uses it any more.
 */
void gw_report_yaml(const struct gw_node *root, struct gw_text *out);

#endif
