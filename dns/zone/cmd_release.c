/* `gwctl zone plan`, `sign`, `verify`, `publish`: stretches of the way of release.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dns/dns.h"
#include "dns/zone/commands.h"
#include "dns/zone/compare.h"
#include "dns/zone/parent.h"
#include "dns/zone/publish.h"
#include "dns/zone/release.h"
#include "dns/zone/zone_print.h"
#include "gw/agent/store.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"

#define FINDINGS_MAX     500u
#define PARENT_TIMEOUT_S 5u

/* A command's work on its zones, one after the other. */
struct job {
	struct gw_ctl *ctl;
	const struct gw_zones_config *zones;
	struct gw_zone_desk desk;
	bool vault;     /* it is open */
	bool publishes; /* the parent is asked; what did not change is not written again */
	json_t *list;   /* NULL: text */
};

static const struct gw_zone_history *history_of(const struct job *job)
{
	return job->desk.ledger ? gw_zone_ledger_history(job->desk.ledger) : NULL;
}

/* The state of zones to look at; where there is none, no zone has keys. */
static enum gw_exit open_to_look(struct job *job)
{
	const char *path = gw_arena_printf(job->ctl->arena, "%s/dns", gw_store_default_dir());

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return GW_EXIT_OK;
	return gw_zone_desk_open(job->ctl, false, &job->desk);
}

static enum gw_exit look(struct job *job, const struct gw_zone_config *zone)
{
	return job->desk.open ? gw_zone_desk_look(&job->desk, zone->name) : GW_EXIT_OK;
}

/* Ledger and vault, for what signs. A zone that was never signed, and is not to be, needs neither. */
static enum gw_exit open_to_sign(struct job *job, const struct gw_zone_config *zone)
{
	enum gw_exit status = GW_EXIT_OK;

	if (!zone->policy.sign) {
		status = look(job, zone);
		if (status != GW_EXIT_OK || !history_of(job))
			return status;
	}
	if (!job->vault)
		status = gw_zone_desk_vault(&job->desk, job->zones);
	job->vault |= status == GW_EXIT_OK;
	return status == GW_EXIT_OK ? gw_zone_desk_ledger(&job->desk, zone->name) : status;
}

static enum gw_exit status_of(int err)
{
	return err == -EINVAL                                      ? GW_EXIT_INVALID
	       : err == -EAGAIN || err == -ERANGE || err == -EPERM ? GW_EXIT_REFUSED
								   : GW_EXIT_FAILED;
}

/* What the parent's servers show goes on record: the next steps of keys rest on it. */
static enum gw_exit see_parent(struct job *job, const struct gw_zone_config *zone)
{
	const struct gw_zone_history *history = history_of(job);
	const struct gw_zone_compare_options options = { .now = job->ctl->now,
							 .timeout_s = PARENT_TIMEOUT_S,
							 .dir = job->ctl->dir };
	struct gw_zone_entry entry = { .event = GW_ZONE_SEEN, .time = job->ctl->now };
	const struct gw_zone_seen *seen;
	size_t n = 0;

	if (!history || !gw_zone_history_shown(history)->shown.keys.n || !zone->n_parents)
		return GW_EXIT_OK;
	if (!gw_zone_ask_parents(zone, &options, job->ctl->arena, &job->ctl->diags, &seen, &n))
		return GW_EXIT_INVALID;
	if (!gw_zone_parent_agrees(zone->name, history, seen, n, &entry.parent) ||
	    !gw_zone_parent_is_news(history, &entry.parent))
		return GW_EXIT_OK;
	(void)snprintf(entry.actor, sizeof(entry.actor), "%s", gw_ctl_who(job->ctl->arena));
	return gw_zone_ledger_append(job->desk.ledger, &entry, &job->ctl->diags) < 0
		       ? GW_EXIT_FAILED
		       : GW_EXIT_OK;
}

/* From the master file to a zone that is proved, as it is written to `path`. */
static enum gw_exit make(struct job *job, struct gw_zone_release *release, const char *path)
{
	struct gw_ctl *ctl = job->ctl;
	const struct gw_zone_store *made = &release->made.zone;
	enum gw_exit status = open_to_sign(job, release->zone);
	int err;

	if (status == GW_EXIT_OK && job->publishes)
		status = see_parent(job, release->zone);
	if (status != GW_EXIT_OK)
		return status;
	err = gw_zone_release_read(release, ctl->dir, ctl->configs[0]->policy);
	if (!err)
		err = gw_zone_release_read_served(release);
	if (!err)
		err = gw_zone_release_schedule(release, history_of(job));
	if (!err)
		err = gw_zone_release_sign(release, job->desk.ledger, &job->desk.vault);
	if (!err && (release->made.changed || !job->publishes)) {
		err = gw_zone_release_write(release, path);
		made = &release->written;
	}
	if (err)
		return status_of(err);
	return gw_zone_release_prove(release, history_of(job), made) ? GW_EXIT_OK : GW_EXIT_REFUSED;
}

/* ---- plan ---------------------------------------------------------------------------------------- */

static void put_record(struct gw_ctl *ctl, const struct gw_zone_difference *item, json_t *changes)
{
	struct gw_zone_rr rr = *item->rr;
	const struct gw_zone_store one = { .rrs = &rr, .n = 1 };
	gw_auto_text struct gw_text text = { 0 };

	if (gw_zone_print(&one, &text) < 0)
		return; /* a plan leaves out what publishing would refuse */
	text.bytes[strcspn(text.bytes, "\n")] = '\0';
	if (changes)
		gw_json_add(changes,
			    json_pack("{s:b, s:s}", "added", item->added, "record", text.bytes));
	else
		gw_text_printf(&ctl->out, "  %c %s\n", item->added ? '+' : '-', text.bytes);
}

static void put_difference(struct job *job, const struct gw_zone_release *release,
			   const struct gw_zone_diff *diff)
{
	json_t *object = job->list ? json_object() : NULL,
	       *changes = job->list ? json_array() : NULL;
	const char *name = release->zone->name->text;
	bool keys = release->work.publish;

	if (object) {
		gw_json_set(object, "zone", gw_json_text(name));
		gw_json_set(object, "served", json_boolean(release->has_served));
		gw_json_set(object, "added", gw_json_number(diff->added));
		gw_json_set(object, "removed", gw_json_number(diff->removed));
		gw_json_set(object, "keys_change", json_boolean(keys));
		gw_json_set(object, "changes", changes);
		gw_json_add(job->list, object);
	} else if (!release->has_served) {
		gw_text_printf(&job->ctl->out, "%s  not served yet: %zu records\n", name,
			       diff->added);
		return;
	} else {
		gw_text_printf(&job->ctl->out, "%s  %zu added, %zu removed%s\n", name, diff->added,
			       diff->removed, keys ? "; other keys are shown" : "");
	}
	for (size_t i = 0; i < diff->n; i++)
		put_record(job->ctl, &diff->items[i], changes);
}

static enum gw_exit plan(struct job *job, struct gw_zone_release *release)
{
	struct gw_ctl *ctl = job->ctl;
	struct gw_zone_diff diff = { 0 };
	bool differs;
	enum gw_exit status = look(job, release->zone);
	int err;

	if (status != GW_EXIT_OK)
		return status;
	err = gw_zone_release_read(release, ctl->dir, ctl->configs[0]->policy);
	if (!err)
		err = gw_zone_release_read_served(release);
	if (!err)
		err = gw_zone_release_schedule(release, history_of(job));
	if (err)
		return status_of(err);
	gw_zone_diff(&release->served, &release->data, GW_ZONE_DIFF_DATA, &diff);
	put_difference(job, release, &diff);
	differs = diff.n || release->work.publish || !release->has_served;
	gw_zone_diff_done(&diff);
	return differs ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
}

/* ---- sign ---------------------------------------------------------------------------------------- */

static void put_made(struct job *job, const struct gw_zone_release *release, const char *what)
{
	const struct gw_zone_signed *made = &release->made;
	json_t *object;

	if (!job->list) {
		gw_text_printf(&job->ctl->out,
			       "%s  %s: serial %u, %zu records, %zu signatures made, %zu kept\n",
			       release->zone->name->text, what, made->serial, made->zone.n,
			       made->made, made->kept);
		return;
	}
	object = json_object();
	gw_json_set(object, "zone", gw_json_text(release->zone->name->text));
	gw_json_set(object, "changed", json_boolean(made->changed));
	gw_json_set(object, "serial", gw_json_number(made->serial));
	gw_json_set(object, "records", gw_json_number(made->zone.n));
	gw_json_set(object, "signatures_made", gw_json_number(made->made));
	gw_json_set(object, "signatures_kept", gw_json_number(made->kept));
	gw_json_add(job->list, object);
}

static enum gw_exit sign(struct job *job, struct gw_zone_release *release)
{
	struct gw_ctl *ctl = job->ctl;
	const char *path = gw_ctl_option(ctl, "output");
	struct gw_zone_publish file = { 0 };
	enum gw_exit status;

	if (!path || !*path)
		return gw_ctl_usage(ctl, "`--output FILE` says where the signed zone goes");
	file.to = strchr(path, '/') ? path : gw_arena_printf(ctl->arena, "./%s", path);
	status = make(job, release, file.to);
	if (status != GW_EXIT_OK)
		return status;
	if (gw_zone_publish_file(&file, release->text.bytes, release->text.len, &ctl->diags) < 0)
		return GW_EXIT_FAILED;
	put_made(job, release, "signed and proved");
	return GW_EXIT_OK;
}

/* ---- verify -------------------------------------------------------------------------------------- */

static enum gw_exit verify(struct job *job, struct gw_zone_release *release)
{
	struct gw_ctl *ctl = job->ctl;
	const char *path = gw_ctl_option(ctl, "file"), *name = release->zone->name->text;
	size_t found = ctl->diags.errors + ctl->diags.warnings;
	enum gw_exit status = look(job, release->zone);
	int err;

	if (status != GW_EXIT_OK)
		return status;
	if (path && ctl->n_args != 1)
		return gw_ctl_usage(ctl, "`--file` takes one zone");
	if (!path && !release->zone->publish.to)
		return gw_ctl_usage(ctl, "%s is not published by us; `--file FILE`", name);
	err = gw_zone_release_read_file(release, path ? path : release->zone->publish.to,
					&release->served_read, &release->served);
	if (err)
		return GW_EXIT_FAILED;
	(void)gw_zone_release_prove(release, history_of(job), &release->served);
	found = ctl->diags.errors + ctl->diags.warnings - found;
	if (job->list)
		gw_json_add(job->list, json_pack("{s:s, s:I, s:I}", "zone", name, "records",
						 (json_int_t)release->served.n, "findings",
						 (json_int_t)found));
	else
		gw_text_printf(&ctl->out, "%s  %zu records, %zu finding%s\n", name,
			       release->served.n, found, found == 1 ? "" : "s");
	return found ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
}

/* ---- publish ------------------------------------------------------------------------------------- */

/* What the parent has to be told, for it has to be told by people. */
static void put_ask(struct job *job, const struct gw_zone_release *release)
{
	const struct gw_zone_work *work = &release->work;
	const struct gw_zone_history *history = history_of(job);

	if (job->list || !(work->ask || work->wait))
		return;
	gw_text_printf(&job->ctl->out, "  The parent is to have %s\n",
		       work->ds.n ? "these DS records, and no others:" : "no DS record.");
	for (size_t i = 0; i < work->ds.n; i++) {
		uint8_t ds[GW_ZONE_DS_MAX];
		size_t len = gw_zone_ds(release->zone->name,
					&gw_zone_history_key(history, work->ds.tag[i])->dnskey,
					GW_ZONE_DIGEST_SHA256, ds);

		gw_text_printf(&job->ctl->out, "  %s IN DS ", release->zone->name->text);
		gw_zone_ds_text(ds, len, &job->ctl->out);
		gw_text_putc(&job->ctl->out, '\n');
	}
}

static void record(struct job *job, const struct gw_zone_release *release, enum gw_exit status)
{
	const struct gw_diags *diags = &job->ctl->diags;
	const struct gw_zone_signed *made = &release->made;
	const char *reason = gw_ctl_option(job->ctl, "message");

	if (status != GW_EXIT_OK && diags->count)
		reason = diags->items[diags->count - 1].message;
	(void)gw_zone_desk_record(
		&job->desk, release->zone->name, "zone.publish", status != GW_EXIT_OK, reason,
		json_pack("{s:I, s:I, s:I}", "serial", (json_int_t)made->serial, "records",
			  (json_int_t)made->zone.n, "signatures", (json_int_t)made->made));
}

static enum gw_exit publish(struct job *job, struct gw_zone_release *release)
{
	struct gw_ctl *ctl = job->ctl;
	enum gw_exit status;
	int err;

	if (!release->zone->publish.to)
		return gw_ctl_usage(ctl, "%s is not published by us: `publish: {to: …}`",
				    release->zone->name->text);
	job->publishes = true;
	status = make(job, release, release->zone->publish.to);
	if (status == GW_EXIT_OK) {
		err = gw_zone_release_publish(release, job->desk.ledger, gw_ctl_who(ctl->arena),
					      gw_ctl_option(ctl, "message"));
		status = err ? GW_EXIT_FAILED : GW_EXIT_OK;
	}
	if (status != GW_EXIT_OK || release->made.changed)
		record(job, release, status);
	if (status == GW_EXIT_OK) {
		put_made(job, release, release->made.changed ? "published" : "as it was");
		put_ask(job, release);
	}
	return status;
}

/* ---- all zones ----------------------------------------------------------------------------------- */

typedef enum gw_exit zone_step(struct job *job, struct gw_zone_release *release);

/* A zone that fails does not keep the others back. The worst status is the command's. */
static enum gw_exit with_zones(struct gw_ctl *ctl, bool signs, zone_step *step)
{
	struct job job = { .ctl = ctl };
	const struct gw_zone_config *const *zones;
	enum gw_exit status, worst = GW_EXIT_OK;
	size_t n = 0;

	if (ctl->root) {
		job.list = json_array();
		gw_json_set(ctl->root, "zones", job.list);
	}
	status = gw_zone_ctl_zones(ctl, &zones, &n);
	if (status == GW_EXIT_OK) {
		job.zones = gw_dns_config(ctl->configs[0]->policy)->zones;
		ctl->diags.limit = FINDINGS_MAX;
		status = signs ? gw_zone_desk_open(ctl, true, &job.desk) : open_to_look(&job);
	}
	for (size_t i = 0; i < n && status == GW_EXIT_OK; i++) {
		struct gw_zone_release *release =
			gw_arena_new_of(ctl->arena, struct gw_zone_release);
		enum gw_exit one;

		gw_zone_release_init(release, zones[i], ctl->arena, &ctl->diags, ctl->now);
		one = step(&job, release);
		gw_zone_release_done(release);
		if (worst == GW_EXIT_OK || (worst == GW_EXIT_DIFFERENT && one != GW_EXIT_OK))
			worst = one;
	}
	if (status == GW_EXIT_OK && signs)
		gw_zone_desk_say_untold(&job.desk);
	gw_zone_desk_done(&job.desk);
	return status == GW_EXIT_OK ? worst : status;
}

enum gw_exit gw_cmd_zone_plan(struct gw_ctl *ctl)
{
	return with_zones(ctl, false, plan);
}

enum gw_exit gw_cmd_zone_sign(struct gw_ctl *ctl)
{
	return with_zones(ctl, true, sign);
}

enum gw_exit gw_cmd_zone_verify(struct gw_ctl *ctl)
{
	return with_zones(ctl, false, verify);
}

enum gw_exit gw_cmd_zone_publish(struct gw_ctl *ctl)
{
	return with_zones(ctl, true, publish);
}
