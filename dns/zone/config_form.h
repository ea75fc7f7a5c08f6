/* What the tables of `dns: {zones: …}` are read into. Internal to config*.c. */
#ifndef DNS_ZONE_CONFIG_FORM_H
#define DNS_ZONE_CONFIG_FORM_H

#include "dns/zone/config.h"
#include "gw/conf/schema.h"

struct dns_keys_form {
	const char *secret;
};

struct zone_form {
	const char *file, *owner;
	int64_t review;
	struct gw_node *keys, *signatures, *servers, *parents, *parent, *publish, *suffixes, *lint,
		*ttl;
	int denial, serial;
	bool sign, zonemd, inside;
};

struct zone_keys_form {
	const char *algorithm;
	uint32_t rsa_bits, zsk_life, ksk_life, publish_margin, retire_margin, propagation;
	int style;
	bool combined;
};

struct zone_signatures_form {
	uint32_t validity, refresh, jitter, backdate;
};

struct zone_parent_form {
	uint32_t ds_ttl, propagation, registration;
};

struct zone_server_form {
	struct gw_node *addresses;
	uint32_t port;
	const char *tsig;
	bool primary, transfers;
};

struct zone_publish_form {
	const char *to, *control;
	int server;
	uint32_t timeout;
};

struct zone_ttl_form {
	uint32_t min, max;
};

struct zone_lint_form {
	const char *rule, *reason;
	int use;
};

extern const struct gw_table gw_table_zone_keys, gw_table_zone_signatures, gw_table_zone_parent,
	gw_table_zone_server, gw_table_zone_publish, gw_table_zone_ttl, gw_table_zone_lint;

#endif
