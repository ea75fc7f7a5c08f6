/*
 * The name of a zone in the three forms that keys and ledgers need: the text that people read, the
 * octets that are hashed and signed, and the folder that its state lives in.
 */
#ifndef DNS_ZONE_ZONE_NAME_H
#define DNS_ZONE_ZONE_NAME_H

#include <stddef.h>
#include <stdint.h>

#define GW_ZONE_NAME_WIRE   255u  /* octets, RFC 1035 2.3.4 */
#define GW_ZONE_NAME_TEXT   1005u /* every octet as \DDD, dots, NUL */
#define GW_ZONE_NAME_FOLDER 768u

struct gw_zone_name {
	uint8_t wire[GW_ZONE_NAME_WIRE]; /* canonical: lower case, uncompressed */
	uint8_t len;
	char text[GW_ZONE_NAME_TEXT]; /* canonical, with the dot at the end; "." for the root */
	char folder
		[GW_ZONE_NAME_FOLDER]; /* the text without that dot, what a path cannot hold as =XX */
};

/**
 * Reads a name in RFC 1035 presentation form; a dot at the end may be missing. -EINVAL for what is no
 * name, and for one whose folder's name no file system takes.
 */
int gw_zone_name_parse(const char *text, struct gw_zone_name *ret);

/** The name whose folder that is. -EINVAL: it is no zone's. */
int gw_zone_name_of_folder(const char *folder, struct gw_zone_name *ret);

#endif
