#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/ctl/client.h"
#include "gw/ctl/remote_kernel.h"

static const struct gw_loc nowhere;

/* ---- configs --------------------------------------------------------------------------------- */

static const struct gw_config *keep_config(struct gw_ctl *ctl, struct gw_config *config)
{
	for (size_t i = 0; i < GW_CTL_CONFIGS_MAX; i++) {
		if (ctl->configs[i])
			continue;
		ctl->configs[i] = config;
		break;
	}
	return config->policy ? config : NULL;
}

const struct gw_config *gw_ctl_config(struct gw_ctl *ctl)
{
	return keep_config(ctl, gw_config_load(ctl->dir, ctl->now, &ctl->diags));
}

enum gw_exit gw_ctl_revision_files(struct gw_ctl *ctl, uint32_t number,
				   struct gw_config_origin *ret)
{
	struct gw_conf_file *files;
	size_t n;
	struct gw_revision revision;
	int err = gw_store_revision(ctl->target.store, number, ctl->arena, &revision);

	if (!err)
		err = gw_store_files(ctl->target.store, number, ctl->arena, &files, &n);
	if (!err) {
		*ret = (struct gw_config_origin){ .files = files,
						  .n_files = n,
						  .lockdown = revision.lockdown };
		return GW_EXIT_OK;
	}
	if (err == -ENOENT) {
		gw_diag(&ctl->diags, GW_D_REVISION_UNKNOWN, nowhere, "there is no revision %u",
			number);
		gw_diag_hint(&ctl->diags, "`gwctl history` lists those there are");
	} else {
		gw_diag(&ctl->diags, GW_D_STATE_CORRUPT, nowhere,
			"revision %u cannot be read from the state directory: %s", number,
			gw_store_explain(ctl->target.store, number, err, ctl->arena));
	}
	return GW_EXIT_FAILED;
}

const struct gw_config *gw_ctl_revision(struct gw_ctl *ctl, uint32_t number)
{
	struct gw_config_origin origin;

	if (gw_ctl_revision_files(ctl, number, &origin) != GW_EXIT_OK)
		return NULL;
	return keep_config(ctl, gw_config_of(&origin, ctl->now, &ctl->diags));
}

/* ---- store and kernel ------------------------------------------------------------------------ */

enum gw_exit gw_ctl_open_store(struct gw_ctl *ctl, bool lock)
{
	const char *dir = gw_store_default_dir();
	/* Who only looks leaves nothing behind. */
	int err = lock ? gw_store_open(dir, &ctl->target.store, &ctl->diags)
		       : gw_store_look(dir, &ctl->target.store, &ctl->diags);

	if (!err && lock)
		err = gw_store_lock(ctl->target.store, &ctl->diags);
	if (err == -EBUSY)
		return GW_EXIT_REFUSED;
	return err ? GW_EXIT_FAILED : GW_EXIT_OK;
}

enum gw_exit gw_ctl_open_kernel(struct gw_ctl *ctl)
{
	enum gw_exit status = gw_ctl_find_agent(ctl);
	int err;

	if (status != GW_EXIT_OK)
		return status;
	if (ctl->agent)
		return gw_ctl_remote_kernel(ctl, &ctl->target.kernel);
	err = gw_kernel_open(&ctl->target.kernel);
	return err ? gw_kernel_failed(err, &ctl->diags) : GW_EXIT_OK;
}

enum gw_exit gw_ctl_links(struct gw_ctl *ctl, struct gw_links *ret)
{
	int err = gw_links_read(ctl->arena, ret);

	if (!err)
		return GW_EXIT_OK;
	gw_diag(&ctl->diags, GW_D_LINKS_UNREADABLE, nowhere,
		"the interfaces of this machine cannot be read: %s", strerror(-err));
	return GW_EXIT_FAILED;
}

void gw_ctl_release(struct gw_ctl *ctl)
{
	struct gw_in_force *in_force = &ctl->in_force;

	if (ctl->transaction.arena)
		gw_transaction_done(&ctl->transaction);
	gw_plan_free(in_force->plan);
	gw_ruleset_free(in_force->desired);
	gw_ruleset_free(in_force->observed);
	gw_numbers_free(in_force->numbers);
	for (size_t i = 0; i < GW_CTL_CONFIGS_MAX; i++)
		if (ctl->configs[i])
			gw_config_free(ctl->configs[i]);
	if (ctl->target.kernel)
		gw_kernel_free(ctl->target.kernel);
	gw_store_close(ctl->target.store);
	gw_ipc_close(ctl->agent);
}

/* ---- the revision in force ------------------------------------------------------------------- */

static enum gw_exit load_revision(struct gw_ctl *ctl, uint32_t number)
{
	struct gw_in_force *in_force = &ctl->in_force;
	int err;

	err = gw_store_revision(ctl->target.store, number, ctl->arena, &in_force->revision);
	in_force->numbers = gw_store_numbers(ctl->target.store, number);
	if (err || !in_force->numbers) {
		gw_diag(&ctl->diags, GW_D_STATE_CORRUPT, nowhere,
			"revision %u cannot be read from the state directory: %s", number,
			gw_store_explain(ctl->target.store, number, err ? err : -EBADMSG,
					 ctl->arena));
		return GW_EXIT_FAILED;
	}
	in_force->config = gw_ctl_revision(ctl, number);
	return in_force->config ? GW_EXIT_OK : GW_EXIT_FAILED;
}

enum gw_exit gw_ctl_load_in_force(struct gw_ctl *ctl)
{
	enum gw_exit status = gw_ctl_open_store(ctl, false);
	uint32_t number;
	int err;

	if (status == GW_EXIT_OK)
		status = gw_ctl_open_kernel(ctl);
	if (status != GW_EXIT_OK)
		return status;
	err = ctl->target.kernel->ops->observe(ctl->target.kernel, &ctl->in_force.observed);
	if (err)
		return gw_kernel_failed(err, &ctl->diags);
	number = gw_revision_in_force(ctl->target.store, ctl->in_force.observed);
	if (!number) {
		gw_diag(&ctl->diags, GW_D_NOTHING_APPLIED, nowhere,
			"nothing has been applied on this gateway yet");
		gw_diag_hint(&ctl->diags, "`gwctl apply` makes the first revision");
		return GW_EXIT_FAILED;
	}
	return load_revision(ctl, number);
}

/* Elements that the kernel has removed on time are not missing. */
static void drop_expired(struct gw_ruleset *ruleset, int64_t now)
{
	for (size_t s = 0; s < ruleset->n_sets; s++) {
		struct gw_set *set = &ruleset->sets[s];
		size_t kept = 0;

		for (size_t i = 0; i < set->n_elems; i++)
			if (!set->elems[i].expires_ms || set->elems[i].expires_ms > now * 1000)
				set->elems[kept++] = set->elems[i];
		set->n_elems = kept;
	}
}

static enum gw_exit compare_as_of(struct gw_ctl *ctl, const struct gw_kernel_features *features,
				  int64_t time)
{
	struct gw_in_force *in_force = &ctl->in_force;
	struct gw_ruleset *desired = gw_compile(in_force->config->policy, in_force->numbers,
						features, time, &ctl->diags);
	struct gw_plan *plan;

	if (!desired)
		return GW_EXIT_FAILED;
	drop_expired(desired, ctl->now);
	plan = gw_plan_diff(desired, in_force->observed);
	if (in_force->plan && in_force->plan->n_ops <= plan->n_ops) {
		gw_plan_free(plan);
		gw_ruleset_free(desired);
		return GW_EXIT_OK;
	}
	gw_plan_free(in_force->plan);
	gw_ruleset_free(in_force->desired);
	in_force->plan = plan;
	in_force->desired = desired;
	return GW_EXIT_OK;
}

enum gw_exit gw_ctl_compare_in_force(struct gw_ctl *ctl)
{
	struct gw_in_force *in_force = &ctl->in_force;
	struct gw_kernel_features features = { 0 };
	enum gw_exit status;
	int err = 0;

	if (in_force->config->policy->mark_mask != UINT32_MAX)
		err = ctl->target.kernel->ops->features(ctl->target.kernel, &features);
	if (err)
		return gw_kernel_failed(err, &ctl->diags);
	/* As it was compiled then: an exception that has ended since leaves its chains behind, unless
	 * an agent has removed them. */
	status = compare_as_of(ctl, &features, in_force->revision.time);
	if (status == GW_EXIT_OK && in_force->plan->n_ops)
		status = compare_as_of(ctl, &features, ctl->now);
	return status;
}

/* ---- arguments and words --------------------------------------------------------------------- */

const char *gw_ctl_place(struct gw_arena *arena, struct gw_loc loc)
{
	if (!loc.source)
		return "-";
	return gw_arena_printf(arena, "%s:%u", loc.source->path, loc.line);
}

const struct gw_zone *gw_ctl_zone(struct gw_ctl *ctl, const struct gw_policy *policy,
				  const char *name)
{
	const struct gw_zone *zone = gw_policy_zone(policy, name);
	const char *names[GW_ZONES_MAX], *nearest;

	if (zone)
		return zone;
	for (size_t i = 0; i < policy->n_zones; i++)
		names[i] = policy->zones[i].name;
	nearest = gw_nearest_name(name, names, policy->n_zones);
	if (nearest)
		(void)gw_ctl_usage(ctl, "unknown zone `%s`; did you mean `%s`?", name, nearest);
	else
		(void)gw_ctl_usage(ctl, "unknown zone `%s`", name);
	return NULL;
}

uint32_t gw_ctl_revision_number(struct gw_ctl *ctl, const char *text)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && number && number < UINT32_MAX)
		return (uint32_t)number;
	(void)gw_ctl_usage(ctl, "`%s` is not the number of a revision", text);
	return 0;
}

const char *gw_ctl_who(struct gw_arena *arena)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *user;

	/* Whoever is root can set it, but whoever is root can write the record too. */
	if (sudo && *sudo && getuid() == 0)
		return gw_arena_strdup(arena, sudo);
	user = getpwuid(getuid());
	if (user && user->pw_name)
		return gw_arena_strdup(arena, user->pw_name);
	return gw_arena_printf(arena, "%u", (unsigned int)getuid());
}
