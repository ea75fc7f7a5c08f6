/*
 * A proved version of a zone goes out: the file that the server serves is replaced in one step, the server is
 * told, and its answer is awaited. Nothing here looks into the zone: who calls has proved it.
 *
 * A kill at any moment leaves the old file or the new one, both whole and on disk. A full disk is found
 * before the old one is touched. A server that does not take the new version keeps serving the old one;
 * both cases are the caller's to put on record.
 *
 *	err = gw_zone_publish_file(&zone->publish, bytes, len, diags);
 *	if (!err)
 *		err = gw_zone_publish_reload(&zone->publish, zone->name, diags);
 *	if (!err)
 *		err = gw_zone_publish_await(zone, serial, diags);
 */
#ifndef DNS_ZONE_PUBLISH_H
#define DNS_ZONE_PUBLISH_H

#include "dns/zone/config.h"

/** Replaces the file. 0, or -errno with a diagnostic; the old one is in place then. */
int gw_zone_publish_file(const struct gw_zone_publish *publish, const void *bytes, size_t len,
			 struct gw_diags *diags);

/**
 * Runs the server's control program (nsd-control, knotc, rndc) without a shell, for `timeout_s` at most.
 * -ETIMEDOUT, -EIO (it says no) or other -errno, with a diagnostic that has its words. 0 at once where no
 * server is declared.
 */
int gw_zone_publish_reload(const struct gw_zone_publish *publish, const struct gw_zone_name *zone,
			   struct gw_diags *diags);

/**
 * Waits until every address of the zone's primary servers shows `serial` or a later one, for `timeout_s` at
 * most. -ETIMEDOUT with a diagnostic that names the first that does not. TSIG is not used.
 */
int gw_zone_publish_await(const struct gw_zone_config *zone, uint32_t serial,
			  struct gw_diags *diags);

#endif
