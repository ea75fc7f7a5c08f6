#include "dns/zone/release.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dns/zone/publish.h"
#include "dns/zone/verify.h"
#include "dns/zone/zone_print.h"
#include "gw/core/mem.h"

#define DNSKEY_TTL 3600u

void gw_zone_release_init(struct gw_zone_release *release, const struct gw_zone_config *zone,
			  struct gw_arena *arena, struct gw_diags *diags, int64_t now)
{
	*release = (struct gw_zone_release){
		.zone = zone, .policy = *zone, .arena = arena, .diags = diags, .now = now
	};
}

void gw_zone_release_done(struct gw_zone_release *release)
{
	gw_text_done(&release->text);
	gw_zone_done(&release->written);
	gw_zone_data_free(&release->written_read);
	gw_zone_done(&release->made.zone);
	gw_zone_keys_free(&release->keys);
	gw_zone_done(&release->served);
	gw_zone_done(&release->data);
	gw_zone_data_free(&release->served_read);
	gw_zone_data_free(&release->data_read);
}

/* ---- reading ------------------------------------------------------------------------------------- */

int gw_zone_release_read(struct gw_zone_release *release, const char *dir,
			 const struct gw_policy *policy)
{
	size_t errors = release->diags->errors;

	if (gw_zone_read(dir, release->zone, release->arena, release->diags, &release->data_read))
		gw_zone_lint(release->zone, policy, &release->data_read, release->now,
			     release->diags);
	if (release->diags->errors > errors)
		return -EINVAL;
	gw_zone_of_data(&release->data_read, &release->data);
	return 0;
}

int gw_zone_release_read_file(struct gw_zone_release *release, const char *path,
			      struct gw_zone_data *ret_read, struct gw_zone_store *ret)
{
	const char *slash = strrchr(path, '/');
	struct gw_zone_config there = *release->zone;

	there.file = slash ? slash + 1 : path;
	there.file_loc = (struct gw_loc){ 0 };
	if (!gw_zone_read(!slash ? "."
			  : slash == path
				  ? "/"
				  : gw_arena_strndup(release->arena, path, (size_t)(slash - path)),
			  &there, release->arena, release->diags, ret_read))
		return -EBADMSG;
	gw_zone_of_data(ret_read, ret);
	return 0;
}

int gw_zone_release_read_served(struct gw_zone_release *release)
{
	const char *path = release->zone->publish.to;
	int err;

	if (!path || (access(path, F_OK) < 0 && errno == ENOENT))
		return 0;
	err = gw_zone_release_read_file(release, path, &release->served_read, &release->served);
	release->has_served = !err;
	return err;
}

/* ---- keys ---------------------------------------------------------------------------------------- */

static uint32_t longest_ttl(const struct gw_zone_store *zone)
{
	uint32_t longest = DNSKEY_TTL;

	for (size_t i = 0; i < zone->n; i++)
		longest = zone->rrs[i].ttl > longest ? zone->rrs[i].ttl : longest;
	return longest;
}

int gw_zone_release_schedule(struct gw_zone_release *release, const struct gw_zone_history *history)
{
	struct gw_zone_timing timing = release->zone->policy.timing;

	release->policy.policy.timing.dnskey_ttl = timing.dnskey_ttl = DNSKEY_TTL;
	timing.max_ttl = longest_ttl(&release->data);
	if (history)
		gw_zone_roll_next(history, &timing, release->now, &release->work);
	if (!release->zone->policy.sign || release->work.shown.keys.n)
		return 0;
	gw_diag(release->diags, GW_D_SIGN_KEYS, release->zone->loc, "%s is to be signed, and %s",
		release->zone->name->text,
		history && history->n_keys ? "no restore has proved a backup of its keys"
					   : "has no keys");
	gw_diag_hint(release->diags, history && history->n_keys ? "`gwctl zone backup FILE`"
								: "`gwctl zone keys --make ZONE`");
	return -EAGAIN;
}

/* ---- signing ------------------------------------------------------------------------------------- */

/* What signing wants to know, out of keys that are open and the ledger's. */
struct parts {
	struct gw_zone_signing_key signers[GW_ZONE_LIVE_MAX];
	const struct gw_zone_dnskey *published[GW_ZONE_LIVE_MAX], *cds[GW_ZONE_LIVE_MAX];
};

static size_t dnskeys_of(const struct gw_zone_history *history, const struct gw_zone_tags *tags,
			 const struct gw_zone_dnskey *ret[GW_ZONE_LIVE_MAX])
{
	for (size_t i = 0; i < tags->n; i++)
		ret[i] = &gw_zone_history_key(history, tags->tag[i])->dnskey;
	return tags->n;
}

static void gather(const struct gw_zone_release *release, const struct gw_zone_history *history,
		   struct parts *parts, struct gw_zone_signing *ret)
{
	const struct gw_zone_shown *shown = &release->work.shown;

	for (size_t i = 0; i < release->keys.n; i++) {
		uint16_t tag = release->keys.keys[i]->public_.tag;

		gw_zone_key_signer(release->keys.keys[i], &parts->signers[i].signer);
		parts->signers[i].keys = gw_zone_tags_has(&shown->key_signers, tag);
		parts->signers[i].zone = gw_zone_tags_has(&shown->zone_signers, tag);
	}
	*ret = (struct gw_zone_signing){ .policy = &release->policy,
					 .keys = parts->signers,
					 .n_keys = release->keys.n,
					 .published = parts->published,
					 .cds = parts->cds,
					 .cds_delete = shown->cds_delete,
					 .now = release->now };
	if (!history)
		return;
	ret->n_published = dnskeys_of(history, &shown->keys, parts->published);
	ret->n_cds = dnskeys_of(history, &shown->cds, parts->cds);
}

int gw_zone_release_sign(struct gw_zone_release *release, const struct gw_zone_ledger *ledger,
			 const struct gw_zone_vault *vault)
{
	const struct gw_zone_history *history = ledger ? gw_zone_ledger_history(ledger) : NULL;
	struct parts parts = { 0 };
	struct gw_zone_signing signing;
	int err = 0;

	if (release->work.shown.keys.n)
		err = gw_zone_keys_open(ledger, vault, &release->work.shown, release->diags,
					&release->keys);
	if (err)
		return err;
	gather(release, history, &parts, &signing);
	return gw_zone_sign(&release->data, release->has_served ? &release->served : NULL, &signing,
			    release->diags, &release->made);
}

/* ---- writing ------------------------------------------------------------------------------------- */

static int compare_written(const struct gw_zone_release *release)
{
	struct gw_zone_diff diff = { 0 };
	bool same;

	gw_zone_diff(&release->made.zone, &release->written, GW_ZONE_DIFF_ALL, &diff);
	same = !diff.n;
	gw_zone_diff_done(&diff);
	if (same)
		return 0;
	gw_diag(release->diags, GW_D_SIGN_WRITTEN, release->zone->loc,
		"%s: what was written reads back as something else", release->zone->name->text);
	return -EBADMSG;
}

int gw_zone_release_write(struct gw_zone_release *release, const char *path)
{
	const char *beside = gw_arena_printf(release->arena, "%s.unproved", path);
	const struct gw_zone_publish file = { .to = beside, .loc = release->zone->publish.loc };
	int err = gw_zone_print(&release->made.zone, &release->text);

	if (err) {
		gw_diag(release->diags, GW_D_SIGN_WRITTEN, release->zone->loc,
			"%s: a record cannot be written down", release->zone->name->text);
		return err;
	}
	err = gw_zone_publish_file(&file, release->text.bytes, release->text.len, release->diags);
	if (!err)
		err = gw_zone_release_read_file(release, beside, &release->written_read,
						&release->written);
	(void)unlink(beside); /* nobody reads it */
	return err ? err : compare_written(release);
}

/* ---- proof --------------------------------------------------------------------------------------- */

bool gw_zone_release_prove(const struct gw_zone_release *release,
			   const struct gw_zone_history *history, const struct gw_zone_store *zone)
{
	const struct gw_zone_ds_version *seen = history ? gw_zone_history_seen(history) : NULL;
	struct gw_zone_trust trust[GW_ZONE_LIVE_MAX];
	struct gw_zone_proof proof = { .now = release->now,
				       .ds = trust,
				       .zonemd = release->zone->zonemd };
	size_t n;
	const struct gw_zone_rr *soa = gw_zone_get(zone, zone->apex, GW_DNS_SOA, &n);

	if (!gw_zone_get(zone, zone->apex, GW_DNS_DNSKEY, NULL) && !release->zone->policy.sign)
		return true; /* an unsigned zone promises nothing */
	/* A version that nobody replaces: secondaries serve it until it expires, caches for a TTL more. */
	if (soa && soa->len >= 22)
		proof.left = gw_dns_u32(soa->rdata + soa->len - 8) + longest_ttl(zone);
	for (size_t i = 0; seen && i < seen->parent.ds.n; i++) {
		const struct gw_zone_key_story *key =
			gw_zone_history_key(history, seen->parent.ds.tag[i]);

		trust[i].len = gw_zone_ds(release->zone->name, &key->dnskey, GW_ZONE_DIGEST_SHA256,
					  trust[i].rdata);
		proof.n_ds = i + 1;
	}
	return gw_zone_verify(zone, &proof, release->diags);
}

/* ---- publishing ---------------------------------------------------------------------------------- */

/* The entry that comes before what it tells of can be seen. */
static bool is_recorded(const struct gw_zone_release *release,
			const struct gw_zone_history *history)
{
	return gw_zone_shown_equal(&gw_zone_history_shown(history)->shown, &release->work.shown);
}

static int append(const struct gw_zone_release *release, struct gw_zone_ledger *ledger,
		  struct gw_zone_entry *entry, const char *actor, const char *reason)
{
	entry->time = release->now;
	(void)snprintf(entry->actor, sizeof(entry->actor), "%s", actor);
	(void)snprintf(entry->reason, sizeof(entry->reason), "%s", reason ? reason : "");
	return gw_zone_ledger_append(ledger, entry, release->diags);
}

static int record_before(const struct gw_zone_release *release, struct gw_zone_ledger *ledger,
			 const char *actor, const char *reason)
{
	struct gw_zone_entry asked = { .event = GW_ZONE_ASKED, .parent.ds = release->work.ds };
	struct gw_zone_entry publish = { .event = GW_ZONE_PUBLISH, .shown = release->work.shown };
	int err = 0;

	if (release->work.ask) /* a parent that looks at CDS may act as soon as they are out */
		err = append(release, ledger, &asked, actor, reason);
	if (!err && !is_recorded(release, gw_zone_ledger_history(ledger)))
		err = append(release, ledger, &publish, actor, reason);
	return err;
}

static int record_after(const struct gw_zone_release *release, struct gw_zone_ledger *ledger,
			const char *actor, const char *reason)
{
	struct gw_zone_entry published = { .event = GW_ZONE_PUBLISHED };

	if (gw_zone_history_shown(gw_zone_ledger_history(ledger))->out)
		return 0;
	return append(release, ledger, &published, actor, reason);
}

int gw_zone_release_publish(struct gw_zone_release *release, struct gw_zone_ledger *ledger,
			    const char *actor, const char *reason)
{
	const struct gw_zone_publish *publish = &release->zone->publish;
	int err = 0;

	if (ledger)
		err = record_before(release, ledger, actor, reason);
	if (!err && release->made.changed)
		err = gw_zone_publish_file(publish, release->text.bytes, release->text.len,
					   release->diags);
	if (!err)
		err = gw_zone_publish_reload(publish, release->zone->name, release->diags);
	if (!err && publish->server != GW_ZONE_SERVER_NONE)
		err = gw_zone_publish_await(release->zone, release->made.serial, release->diags);
	if (!err && ledger)
		err = record_after(release, ledger, actor, reason);
	return err;
}
