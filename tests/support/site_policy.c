#include "tests/support/site_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw/policy/region.h"
#include "gw/policy/service.h"

static void fail(const char *what, const char *text)
{
	(void)fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

struct gw_config *site_policy(const char *yaml, int64_t now)
{
	struct gw_conf_file file = { "gw.yaml", yaml, strlen(yaml) };
	struct gw_config *config;
	struct gw_diags diags;

	gw_diags_init(&diags);
	config = gw_config_load_files(&file, 1, now, &diags);
	if (!config->policy) {
		gw_diags_print(&diags, stderr, false);
		fail("the site does not load", yaml);
	}
	gw_diags_done(&diags);
	return config;
}

const struct gw_rule_def *site_rule(const struct gw_config *config, const char *id)
{
	const struct gw_rule_def *rule = gw_policy_rule(config->policy, id);

	if (!rule)
		fail("no such rule", id);
	return rule;
}

const struct gw_zone *site_zone(const struct gw_config *config, const char *name)
{
	const struct gw_zone *zone = gw_policy_zone(config->policy, name);

	if (!zone && strcmp(name, "gateway") != 0)
		fail("no such zone", name);
	return zone;
}

struct gw_packet site_packet(const char *text)
{
	struct gw_packet packet = { .family = GW_FAMILY_IPV4 };
	char source[64], dest[64], service[64];
	enum gw_family dest_family;
	struct gw_diags diags;
	struct gw_range range;

	if (sscanf(text, "%63s %63s %63s", source, dest, service) != 3 ||
	    gw_addr_parse(source, &packet.family, &range) != GW_ADDR_OK)
		fail("not a packet", text);
	packet.source = range.lo;
	if (gw_addr_parse(dest, &dest_family, &range) != GW_ADDR_OK || dest_family != packet.family)
		fail("not a packet", text);
	packet.dest = range.lo;
	gw_diags_init(&diags);
	if (!gw_service_parse(&diags, (struct gw_loc){ 0 }, service, &range))
		fail("not a packet", text);
	gw_diags_done(&diags);
	packet.service = (uint32_t)range.lo;
	return packet;
}
