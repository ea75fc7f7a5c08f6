/*
 * Publishes a file as a zone: replaces what the server serves, has the server reload it, and waits until it
 * shows the serial. For tests with real servers; gwctl does so only with what it has proved.
 *
 *	zone_publish REPOSITORY ZONE FILE SERIAL
 */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

#include "dns/dns.h"
#include "dns/zone/publish.h"
#include "gw/agent/durable.h"
#include "gw/policy/load.h"

#define FILE_MAX (256u << 20)

static int publish(const struct gw_zone_config *zone, const char *path, uint32_t serial,
		   struct gw_arena *arena, struct gw_diags *diags)
{
	char *bytes;
	size_t len;
	int err = gw_durable_read(AT_FDCWD, path, FILE_MAX, arena, &bytes, &len);

	if (!err)
		err = gw_zone_publish_file(&zone->publish, bytes, len, diags);
	if (!err)
		err = gw_zone_publish_reload(&zone->publish, zone->name, diags);
	if (!err)
		err = gw_zone_publish_await(zone, serial, diags);
	return err;
}

int main(int argc, char **argv)
{
	struct gw_arena *arena = gw_arena_new();
	const struct gw_zone_config *zone = NULL;
	struct gw_config *config;
	struct gw_diags diags;
	int status = 64;

	gw_diags_init(&diags);
	config = argc == 5 ? gw_config_load(argv[1], (int64_t)time(NULL), &diags) : NULL;
	if (config && config->policy)
		zone = gw_zones_config_find(gw_dns_config(config->policy)->zones, argv[2]);
	if (zone)
		status = publish(zone, argv[3], (uint32_t)strtoul(argv[4], NULL, 10), arena, &diags)
				 ? 1
				 : 0;
	gw_diags_print(&diags, stderr, false);
	gw_config_free(config);
	gw_diags_done(&diags);
	gw_arena_free(arena);
	return status;
}
