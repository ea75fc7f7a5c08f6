#include "dns/zone/sign.h"

#include <errno.h>
#include <string.h>

#include "dns/zone/denial.h"
#include "dns/zone/parallel.h"
#include "dns/zone/serial.h"
#include "dns/zone/sign_internal.h"
#include "dns/zone/zonemd.h"
#include "gw/core/mem.h"

struct signing {
	const struct gw_zone_signing *settings;
	const struct gw_zone_store *previous; /* NULL: none */
	struct gw_diags *diags;
	struct gw_zone_composed composed;
	struct gw_zone_store complete; /* with its chain, without signatures */
	struct gw_zone_owner *owners;  /* heap; of `complete` */
	size_t n_owners;
	struct gw_zone_sign_part parts[GW_ZONE_THREADS_MAX];
	unsigned int n_parts;
};

/* ---- may it be signed? --------------------------------------------------------------------------- */

static bool is_unsigned(const struct gw_zone_signing *settings)
{
	return !settings->n_keys && !settings->n_published;
}

static int check_keys(const struct signing *signing)
{
	const struct gw_zone_signing *settings = signing->settings;
	bool keys = false, zone = false;

	if (is_unsigned(settings))
		return 0;
	for (size_t i = 0; i < settings->n_keys; i++) {
		keys |= settings->keys[i].keys;
		zone |= settings->keys[i].zone;
	}
	if (keys && zone && settings->n_published && settings->n_keys <= GW_ZONE_SIGNING_KEYS_MAX)
		return 0;
	gw_diag(signing->diags, GW_D_SIGN_KEYS, settings->policy->loc, "%s: no key %s",
		settings->policy->name->text,
		!settings->n_published ? "is published"
		: keys                 ? "signs the zone's records"
				       : "signs the zone's keys");
	return -EINVAL;
}

static int check_times(const struct signing *signing)
{
	const struct gw_zone_composed *composed = &signing->composed;
	uint32_t expire = gw_dns_u32(composed->soa + composed->soa_len - 8);

	if (is_unsigned(signing->settings))
		return 0;
	return gw_zone_signatures_last(signing->settings->policy, expire, composed->max_ttl,
				       signing->diags)
		       ? 0
		       : -EPERM;
}

static int next_serial(const struct signing *signing, uint32_t *ret)
{
	const struct gw_zone_composed *composed = &signing->composed;
	const struct gw_zone_config *policy = signing->settings->policy;
	const uint32_t *published = composed->has_previous ? &composed->previous_serial : NULL;
	int err = gw_zone_serial_next(policy->serial, published, composed->file_serial,
				      signing->settings->now, ret);

	if (!err)
		return 0;
	gw_diag(signing->diags, GW_D_SIGN_SERIAL, policy->loc,
		"%s: serial %u was published, and %u would be next", policy->name->text,
		composed->previous_serial, *ret);
	gw_diag_hint(signing->diags, policy->serial == GW_ZONE_SERIAL_KEEP
					     ? "raise the serial in the master file"
					     : "set the clock, or use `serial: increment`");
	return err;
}

/* ---- the zone without signatures ------------------------------------------------------------------ */

static int complete(struct signing *signing)
{
	const struct gw_zone_config *policy = signing->settings->policy;
	int err = 0;

	if (is_unsigned(signing->settings)) {
		gw_zone_init(&signing->complete, signing->composed.zone.apex,
			     signing->composed.zone.apex_len);
		gw_zone_append(&signing->complete, signing->composed.zone.rrs,
			       signing->composed.zone.n);
	} else {
		err = gw_zone_deny(&signing->composed.zone, policy->denial,
				   signing->composed.negative_ttl,
				   gw_zone_threads(signing->settings->threads), &signing->complete);
	}

	if (err) {
		gw_diag(signing->diags, GW_D_SIGN_NSEC3, policy->loc, "%s: %s", policy->name->text,
			err == -EEXIST ? "two names of the zone have the same hash"
				       : "there is no room for a hash before a name that long");
		gw_diag_hint(signing->diags, "use `denial: nsec`");
		return err;
	}
	signing->n_owners = gw_zone_owners(&signing->complete, &signing->owners);
	return 0;
}

/* ---- with signatures ------------------------------------------------------------------------------ */

static void walk(void *context, unsigned int thread, size_t from, size_t to)
{
	struct signing *signing = context;

	(void)thread;
	for (size_t i = from; i < to; i++) {
		/* Rounded up, so that the first part has the apex. */
		size_t share = (signing->n_owners + signing->n_parts - 1) / signing->n_parts;
		size_t begin = i * share, end = begin + share;
		struct gw_zone_sign_part *part = &signing->parts[i];

		gw_zone_init(&part->out, signing->complete.apex, signing->complete.apex_len);
		/* Signatures are about as many as records. All other parts go behind the first. */
		gw_zone_reserve(&part->out, i ? 2 * signing->complete.n / signing->n_parts
					      : 2 * signing->complete.n);
		gw_zone_sign_walk(&signing->complete, signing->owners,
				  begin < signing->n_owners ? begin : signing->n_owners,
				  end < signing->n_owners ? end : signing->n_owners,
				  signing->previous, signing->settings, part);
	}
}

static void walk_all(struct signing *signing)
{
	signing->n_parts = gw_zone_threads(signing->settings->threads);
	gw_zone_parallel(signing->n_parts, signing->n_parts, 1, walk, signing);
}

/* All parts as one zone, and all jobs as one list. */
static void join(struct signing *signing, struct gw_zone_signed *ret,
		 struct gw_zone_sign_jobs *jobs, struct gw_zone_sign_jobs *last)
{
	struct gw_zone_sign_part *first = &signing->parts[0];

	ret->zone = first->out;
	first->out = (struct gw_zone_store){ 0 };
	*jobs = first->jobs;
	*last = first->last; /* the apex is in the first part */
	first->jobs = first->last = (struct gw_zone_sign_jobs){ 0 };
	for (unsigned int i = 0; i < signing->n_parts; i++) {
		struct gw_zone_sign_part *part = &signing->parts[i];

		ret->changed |= part->changed;
		ret->kept += part->kept;
		for (size_t k = 0; k < part->jobs.n; k++)
			gw_push(jobs->items, jobs->n, jobs->capacity, part->jobs.items[k]);
		if (!i)
			continue;
		gw_zone_append(&ret->zone, part->out.rrs, part->out.n);
		gw_arena_adopt(ret->zone.arena, part->out.arena);
		part->out.arena = NULL;
	}
	ret->changed |= !signing->previous || ret->zone.n != signing->previous->n;
}

/* Everything but ZONEMD, its digest over that, then its signatures. */
static int sign_all(struct signing *signing, const struct gw_zone_sign_jobs *jobs,
		    const struct gw_zone_sign_jobs *last, const struct gw_zone_store *zone)
{
	const struct gw_zone_composed *composed = &signing->composed;
	uint8_t digest[64];
	int err = gw_zone_sign_jobs(zone, signing->settings, jobs);

	if (!err && composed->zonemd) {
		size_t len = gw_zone_zonemd(zone, GW_ZONE_ZONEMD_SHA384, digest);

		memcpy(composed->zonemd + GW_ZONE_ZONEMD_HEAD, digest, len);
		err = gw_zone_sign_jobs(zone, signing->settings, last);
	}
	if (err)
		gw_diag(signing->diags, GW_D_SIGN_SIGNER, signing->settings->policy->loc,
			"%s: a signature could not be made", signing->settings->policy->name->text);
	return err;
}

/* Nothing to publish: the zone before, as it is. */
static void keep_previous(const struct signing *signing, struct gw_zone_signed *ret)
{
	ret->zone.n = 0;
	gw_zone_append(&ret->zone, signing->previous->rrs, signing->previous->n);
	ret->serial = signing->composed.previous_serial;
}

static int finish(struct signing *signing, struct gw_zone_signed *ret)
{
	struct gw_zone_sign_jobs jobs = { 0 }, last = { 0 };
	int err = 0;

	join(signing, ret, &jobs, &last);
	if (!ret->changed) {
		keep_previous(signing, ret);
	} else {
		err = next_serial(signing, &ret->serial);
		if (!err) {
			gw_zone_compose_serial(&signing->composed, ret->serial);
			err = sign_all(signing, &jobs, &last, &ret->zone);
		}
		ret->made = jobs.n + last.n;
	}
	gw_free(jobs.items);
	gw_free(last.items);
	return err;
}

static void release(struct signing *signing)
{
	for (unsigned int i = 0; i < signing->n_parts; i++) {
		struct gw_zone_sign_part *part = &signing->parts[i];

		gw_zone_done(&part->out);
		gw_zone_done(&part->sigs);
		gw_free(part->jobs.items);
		gw_free(part->last.items);
	}
	gw_free(signing->owners);
	gw_zone_done(&signing->complete);
	gw_zone_done(&signing->composed.zone);
}

int gw_zone_sign(const struct gw_zone_store *zone, const struct gw_zone_store *previous,
		 const struct gw_zone_signing *settings, struct gw_diags *diags,
		 struct gw_zone_signed *ret)
{
	struct signing *signing = gw_zalloc(1, sizeof(*signing));
	int err;

	*signing = (struct signing){ .settings = settings, .previous = previous, .diags = diags };
	*ret = (struct gw_zone_signed){ 0 };
	err = check_keys(signing);
	if (!err)
		err = gw_zone_compose(zone, previous, settings, diags, &signing->composed);
	if (!err)
		err = check_times(signing);
	if (!err)
		err = complete(signing);
	if (!err) {
		walk_all(signing);
		err = finish(signing, ret);
	}
	if (err) {
		gw_zone_done(&ret->zone);
	} else {
		gw_arena_adopt(ret->zone.arena, signing->composed.zone.arena);
		gw_arena_adopt(ret->zone.arena, signing->complete.arena);
		signing->composed.zone.arena = signing->complete.arena = NULL;
	}
	release(signing);
	gw_free(signing);
	return err;
}
