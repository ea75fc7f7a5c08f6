/*
 * gwctl as a client of a module's daemon, which answers on a socket of its own.
 *
 *	status = gw_ctl_ask_module(ctl, "ipv6guard", "devices", NULL, &reply);
 *	list = json_object_get(reply, "devices");
 */
#ifndef GW_CTL_MODULE_H
#define GW_CTL_MODULE_H

#include "gw/ctl/ctl.h"

/**
 * Asks and waits for the reply. Takes `fields` over (NULL: none). What came as a file is put into the reply.
 * `*ret` is the caller's; NULL after a diagnostic.
 */
enum gw_exit gw_ctl_ask_module(struct gw_ctl *ctl, const char *module, const char *verb,
			       json_t *fields, json_t **ret);

#endif
