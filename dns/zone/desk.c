/* The state of zones as the commands open it; see commands.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dns/zone/commands.h"
#include "gw/agent/store.h"
#include "gw/core/mem.h"
#include "gw/ctl/client.h"

#define FOLDER "dns"

static const struct gw_loc nowhere;

static enum gw_exit failed(struct gw_ctl *ctl, const char *path, int err)
{
	gw_diag(&ctl->diags, GW_D_ZONE_STATE, nowhere, "%s: %s", path, strerror(err));
	if (err == ENOENT)
		gw_diag_hint(&ctl->diags,
			     "`gwctl zone keys --make ZONE` makes a zone's first keys");
	return GW_EXIT_FAILED;
}

enum gw_exit gw_zone_desk_open(struct gw_ctl *ctl, bool make, struct gw_zone_desk *ret)
{
	const char *dir = gw_store_default_dir();
	const char *path = gw_arena_printf(ctl->arena, "%s/" FOLDER, dir);

	*ret = (struct gw_zone_desk){ .ctl = ctl };
	if (make && ((mkdir(dir, 0750) < 0 && errno != EEXIST) ||
		     (mkdir(path, 0700) < 0 && errno != EEXIST)))
		return failed(ctl, path, errno);
	ret->state = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (ret->state < 0)
		return failed(ctl, path, errno);
	ret->open = true;
	gw_ctl_try_agent(ctl);
	return GW_EXIT_OK;
}

void gw_zone_desk_done(struct gw_zone_desk *desk)
{
	gw_zone_ledger_close(desk->ledger);
	gw_zone_vault_done(&desk->vault);
	if (desk->open)
		(void)close(desk->state); /* a folder: nothing is pending */
	desk->ledger = NULL;
	desk->open = false;
}

enum gw_exit gw_zone_desk_vault(struct gw_zone_desk *desk, const struct gw_zones_config *zones)
{
	struct gw_ctl *ctl = desk->ctl;
	gw_auto_text struct gw_text secret = { 0 };
	const char *source = zones->secret;
	int err;

	if (!source) {
		gw_diag(&ctl->diags, GW_D_ZONE_SECRET, nowhere,
			"the config does not say what seals the keys");
		gw_diag_hint(&ctl->diags, "`dns: {keys: {secret: \"credential:zone-keys\"}}`");
		return GW_EXIT_INVALID;
	}
	err = gw_zone_secret_read(source, &ctl->diags, &secret);
	if (!err)
		err = gw_zone_vault_open(desk->state, secret.bytes, secret.len, &ctl->diags,
					 &desk->vault);
	if (secret.bytes)
		explicit_bzero(secret.bytes, secret.len);
	return err ? GW_EXIT_FAILED : GW_EXIT_OK;
}

/* ---- the trail -------------------------------------------------------------------------------- */

/* 0, or -errno: -ENOTCONN without an agent. What the agent says is not repeated for every entry. */
static int tell(struct gw_zone_desk *desk, const char *event, const struct gw_zone_name *zone,
		bool is_failed, const char *reason, json_t *detail)
{
	struct gw_ctl *ctl = desk->ctl;
	json_t *fields, *reply = NULL;
	enum gw_exit status;

	if (!ctl->agent) {
		json_decref(detail);
		desk->untold = true;
		return -ENOTCONN;
	}
	fields = json_pack("{s:s, s:s, s:b}", "event", event, "zone", zone->text, "failed",
			   is_failed);
	if (!fields)
		gw_out_of_memory();
	if (reason)
		(void)json_object_set_new(fields, "reason",
					  json_string(reason)); /* UTF-8, or left out */
	if (detail)
		(void)json_object_set_new(fields, "detail", detail);
	status = gw_ctl_call(ctl, "zone-record", fields, -1, &reply, NULL);
	json_decref(reply);
	if (status != GW_EXIT_OK)
		desk->untold = true;
	return status == GW_EXIT_OK ? 0 : -EIO;
}

bool gw_zone_desk_record(struct gw_zone_desk *desk, const struct gw_zone_name *zone,
			 const char *event, bool is_failed, const char *reason, json_t *detail)
{
	return tell(desk, event, zone, is_failed, reason, detail) == 0;
}

static int sink(const struct gw_zone_name *zone, const struct gw_zone_entry *entry,
		const char *line, size_t len, void *context)
{
	gw_auto_text struct gw_text event = { 0 };

	gw_text_printf(&event, "zone.key.%s", gw_zone_event_names[entry->event]);
	return tell(context, event.bytes, zone, false, *entry->reason ? entry->reason : NULL,
		    json_pack("{s:s%}", "ledger", line, len));
}

/* ---- ledgers ---------------------------------------------------------------------------------- */

enum gw_exit gw_zone_desk_ledger(struct gw_zone_desk *desk, const struct gw_zone_name *zone)
{
	gw_zone_ledger_close(desk->ledger);
	desk->ledger = NULL;
	switch (gw_zone_ledger_open(desk->state, zone, &desk->ctl->diags, &desk->ledger)) {
	case 0:
		break;
	case -EBUSY:
		return GW_EXIT_REFUSED;
	default:
		return GW_EXIT_FAILED;
	}
	/* Without an agent the entries wait in the ledger. */
	(void)gw_zone_ledger_tell(desk->ledger, sink, desk);
	return GW_EXIT_OK;
}

enum gw_exit gw_zone_desk_look(struct gw_zone_desk *desk, const struct gw_zone_name *zone)
{
	struct gw_diags unused;
	int err;

	gw_zone_ledger_close(desk->ledger);
	desk->ledger = NULL;
	gw_diags_init(&unused);
	err = gw_zone_ledger_look(desk->state, zone, &unused, &desk->ledger);
	gw_diags_done(&unused);
	if (!err || err == -ENOENT)
		return GW_EXIT_OK;
	(void)gw_zone_ledger_look(desk->state, zone, &desk->ctl->diags, &desk->ledger);
	return GW_EXIT_FAILED;
}

void gw_zone_desk_say_untold(const struct gw_zone_desk *desk)
{
	if (desk->untold && !desk->ctl->root)
		gw_text_puts(&desk->ctl->out,
			     "The audit trail was not told: gwd does not run, or does not take it. "
			     "The ledger keeps it.\n");
}

/* ---- keys ------------------------------------------------------------------------------------- */

bool gw_zone_ctl_tag(struct gw_ctl *ctl, const char *text, uint16_t *ret)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && number <= UINT16_MAX) {
		*ret = (uint16_t)number;
		return true;
	}
	(void)gw_ctl_usage(ctl, "`%s` is not the tag of a key; `gwctl zone keys` lists them", text);
	return false;
}

struct gw_zone_key_ops gw_zone_desk_ops(const struct gw_zone_desk *desk,
					const struct gw_zone_config *zone, const char *reason)
{
	return (struct gw_zone_key_ops){
		.ledger = desk->ledger,
		.vault = &desk->vault,
		.profile = gw_zone_ctl_profile(desk->ctl),
		.algorithm = zone->policy.algorithm,
		.rsa_bits = zone->policy.algorithm == GW_ZONE_RSASHA256 ? zone->policy.rsa_bits : 0,
		.actor = gw_ctl_who(desk->ctl->arena),
		.reason = reason,
		.now = desk->ctl->now,
	};
}
