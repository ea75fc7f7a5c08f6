/* Names that do not fit: not defined, with the nearest that is; or used twice. */
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"

/* How many names are worth comparing with. Diagnostics over the limit are only counted, and where
 * ten thousand policies name a list that was forgotten, comparing would cost much for nothing. */
static size_t candidates(const struct gw_loader *loader, size_t n)
{
	return loader->diags->count < loader->diags->limit ? n : 0;
}

static const char *report(struct gw_loader *loader, enum gw_diag_id id, struct gw_loc loc,
			  const char *what, const char *name, const char *const *names, size_t n)
{
	const char *nearest;

	gw_diag(loader->diags, id, loc, "unknown %s `%s`", what, name);
	nearest = gw_nearest_name(name, names, n);
	if (nearest)
		gw_diag_hint(loader->diags, "did you mean `%s`?", nearest);
	return nearest;
}

void gw_report_unknown_zone(struct gw_loader *loader, struct gw_loc loc, const char *name)
{
	const struct gw_policy *policy = loader->policy;
	size_t n = candidates(loader, policy->n_zones);
	gw_auto_free const char **names = gw_zalloc(n + 1, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i < n; i++)
		names[i] = policy->zones[i].name;
	nearest = report(loader, GW_D_UNKNOWN_ZONE, loc, "zone", name, names, n);
	if (nearest)
		gw_diag_related(loader->diags, gw_policy_zone(policy, nearest)->loc,
				"`%s` is defined here", nearest);
}

void gw_report_unknown_host(struct gw_loader *loader, struct gw_loc loc, const char *name)
{
	const struct gw_policy *policy = loader->policy;
	size_t n = candidates(loader, policy->n_hosts);
	gw_auto_free const char **names = gw_zalloc(n + 1, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i < n; i++)
		names[i] = policy->hosts[i].name;
	nearest = report(loader, GW_D_UNKNOWN_HOST, loc, "host", name, names, n);
	if (nearest)
		gw_diag_related(loader->diags, gw_find_hosts(policy, nearest)->loc,
				"`%s` is defined here", nearest);
}

void gw_report_unknown_service(struct gw_loader *loader, struct gw_loc loc, const char *name)
{
	const struct gw_policy *policy = loader->policy;
	size_t n = candidates(loader, policy->n_services);
	gw_auto_free const char **names = gw_zalloc(n + 1, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i < n; i++)
		names[i] = policy->services[i].name;
	nearest = report(loader, GW_D_UNKNOWN_SERVICE, loc, "service", name, names, n);
	if (nearest)
		gw_diag_related(loader->diags, gw_find_service(policy, nearest)->loc,
				"`%s` is defined here", nearest);
	else
		gw_diag_hint(loader->diags,
			     "define it under `services:`, or write protocol and port, "
			     "as in `tcp/80`");
}

/* Sorting put the two in any order: the one written later is the mistake. */
static bool written_before(struct gw_loc a, struct gw_loc b)
{
	if (a.source != b.source)
		return strcmp(a.source->path, b.source->path) < 0;
	return a.line != b.line ? a.line < b.line : a.column < b.column;
}

void gw_report_duplicate_id(struct gw_loader *loader, const char *id, struct gw_loc a,
			    struct gw_loc b)
{
	struct gw_loc first = written_before(a, b) ? a : b, second = written_before(a, b) ? b : a;

	gw_diag(loader->diags, GW_D_DUPLICATE_ID, second, "the id `%s` is already in use", id);
	gw_diag_related(loader->diags, first, "first used here");
}
