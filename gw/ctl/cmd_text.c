/* Commands that print what is compiled in: schema, man, version. */
#include <stdlib.h>
#include <string.h>

#include "gw/conf/schema.h"
#include "gw/ctl/ctl.h"
#include "gw/report/json.h"

enum gw_exit gw_cmd_schema(struct gw_ctl *ctl)
{
	gw_auto_text struct gw_text schema = { 0 };

	if (!ctl->root) {
		gw_schema_json(&gw_config_table, &ctl->out);
		return GW_EXIT_OK;
	}
	gw_schema_json(&gw_config_table, &schema);
	gw_json_set(ctl->root, "config", json_loadb(schema.bytes, schema.len, 0, NULL));
	return GW_EXIT_OK;
}

enum gw_exit gw_cmd_man(struct gw_ctl *ctl)
{
	if (strcmp(ctl->args[0], "gwctl") == 0)
		gw_help_manual(&ctl->out);
	else if (strcmp(ctl->args[0], "gw.yaml") == 0)
		gw_schema_manual(&gw_config_table, gw_locale_is_japanese(), &ctl->out);
	else
		return gw_ctl_usage(ctl, "there is no manual page `%s`", ctl->args[0]);
	if (ctl->root)
		gw_json_set(ctl->root, "mdoc", json_stringn(ctl->out.bytes, ctl->out.len));
	return GW_EXIT_OK;
}

enum gw_exit gw_cmd_version(struct gw_ctl *ctl)
{
	if (ctl->root)
		gw_json_set(ctl->root, "version", gw_json_text(GW_VERSION));
	else
		gw_text_puts(&ctl->out, "gwctl " GW_VERSION "\n");
	return GW_EXIT_OK;
}
