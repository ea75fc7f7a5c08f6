/*
 * The order of things, so that a kill at any moment loses no old value: old values of all that is about
 * to change for the first time go to disk; then settings are written; then what is no longer declared
 * gets its old value back; then its entry goes. Whoever is interrupted begins anew and finds what he
 * had done.
 */
#include "gw/agent/host_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gw/agent/host_saved.h"
#include "gw/core/mem.h"

struct run {
	struct gw_store *store;
	int root;
	const char *boot;
	struct gw_arena *arena;
	struct gw_sysctl *wanted;
	size_t n_wanted;
	struct gw_host_saved_list saved, next; /* as read, and as it is to be */
	struct gw_host_report *report;
};

const char *gw_host_state_name(enum gw_host_state state)
{
	static const char *const names[] = {
		[GW_HOST_KEPT] = "kept",         [GW_HOST_SET] = "set",
		[GW_HOST_TO_SET] = "to-set",     [GW_HOST_DRIFTED] = "drifted",
		[GW_HOST_REPAIRED] = "repaired", [GW_HOST_WAITS] = "waits",
		[GW_HOST_UNKNOWN] = "unknown",   [GW_HOST_REFUSED] = "refused",
		[GW_HOST_RESTORED] = "restored", [GW_HOST_LEFT] = "left",
	};

	return names[state];
}

/* ---- looking --------------------------------------------------------------------------------- */

static struct gw_host_item *add_item(struct run *run, const char *path)
{
	struct gw_host_item *item = &run->report->items[run->report->n++];

	*item = (struct gw_host_item){ .path = path };
	return item;
}

static void look_at(struct run *run, const struct gw_sysctl *wanted)
{
	const struct gw_host_saved *saved = gw_host_saved_find(&run->saved, wanted->path);
	struct gw_host_item *item = add_item(run, wanted->path);
	char *actual;

	item->wanted = wanted->value;
	item->loc = wanted->loc;
	item->previous = saved ? saved->previous : NULL;
	item->error = gw_sysctl_read(run->root, wanted->path, run->arena, &actual);
	if (item->error) {
		item->state = GW_HOST_UNKNOWN;
		if (item->error == -ENOENT && wanted->of_interface)
			item->state = GW_HOST_WAITS;
		else if (item->error != -ENOENT)
			item->state = GW_HOST_REFUSED;
		return;
	}
	item->actual = actual;
	if (gw_sysctl_same(wanted->value, actual))
		item->state = GW_HOST_KEPT;
	else if (saved && gw_sysctl_same(saved->written, wanted->value))
		item->state = GW_HOST_DRIFTED;
	else
		item->state = GW_HOST_TO_SET;
}

/* Without an id (in a sandbox, in tests) every boot is the same. */
static const char *boot_id(int root, struct gw_arena *arena)
{
	char *boot;

	return gw_sysctl_read(root, "kernel/random/boot_id", arena, &boot) == 0 ? boot : "";
}

static int open_run(struct run *run, const struct gw_policy *policy)
{
	int err;

	run->boot = boot_id(run->root, run->arena);
	err = gw_host_saved_read(run->store, run->boot, run->arena, &run->saved);
	if (err)
		return err;
	if (policy)
		run->n_wanted = gw_host_wanted(run->arena, policy, &run->wanted);
	*run->report = (struct gw_host_report){
		.items = gw_arena_array(run->arena, run->n_wanted + run->saved.n + 1,
					struct gw_host_item),
	};
	for (size_t i = 0; i < run->n_wanted; i++)
		look_at(run, &run->wanted[i]);
	return 0;
}

static void count(struct gw_host_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		switch (report->items[i].state) {
		case GW_HOST_SET:
		case GW_HOST_REPAIRED:
		case GW_HOST_RESTORED:
			report->changed++;
			break;
		case GW_HOST_TO_SET:
		case GW_HOST_DRIFTED:
		case GW_HOST_UNKNOWN:
		case GW_HOST_REFUSED:
			report->differing++;
			break;
		case GW_HOST_KEPT:
		case GW_HOST_WAITS:
		case GW_HOST_LEFT:
			break;
		}
	}
}

int gw_host_compare(struct gw_store *store, int root, const struct gw_policy *policy,
		    struct gw_arena *arena, struct gw_host_report *ret)
{
	struct run run = { .store = store, .root = root, .arena = arena, .report = ret };
	int err = open_run(&run, policy);

	if (!err)
		count(ret);
	return err;
}

/* ---- what is remembered ---------------------------------------------------------------------- */

static int compare_saved(const void *left, const void *right)
{
	const struct gw_host_saved *a = left, *b = right;

	return strcmp(a->path, b->path);
}

/* True if the setting is declared; what waits for its interface has lost its old value with it. */
static bool is_declared(const struct run *run, const char *path)
{
	for (size_t i = 0; i < run->n_wanted; i++)
		if (strcmp(run->report->items[i].path, path) == 0)
			return run->report->items[i].state != GW_HOST_WAITS;
	return false;
}

/*
 * Entries for all that is declared and there, also where the value is right already: should others change
 * it, the value to put back one day is the one of today.
 */
static void remember(struct run *run)
{
	struct gw_host_saved *items =
		gw_arena_array(run->arena, run->n_wanted + run->saved.n + 1, struct gw_host_saved);
	size_t n = 0;

	for (size_t i = 0; i < run->n_wanted; i++) {
		const struct gw_host_item *item = &run->report->items[i];

		if (!item->actual)
			continue;
		items[n++] = (struct gw_host_saved){ item->path,
						     item->previous ? item->previous : item->actual,
						     item->wanted };
	}
	for (size_t i = 0; i < run->saved.n; i++)
		if (!is_declared(run, run->saved.items[i].path))
			items[n++] = run->saved.items[i];
	if (n)
		qsort(items, n, sizeof(*items), compare_saved);
	run->next = (struct gw_host_saved_list){ items, n };
}

static bool same_lists(const struct gw_host_saved_list *a, const struct gw_host_saved_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i].path, b->items[i].path) != 0 ||
		    strcmp(a->items[i].previous, b->items[i].previous) != 0 ||
		    strcmp(a->items[i].written, b->items[i].written) != 0)
			return false;
	return true;
}

static int save(struct run *run, struct gw_host_saved_list *before)
{
	int err = 0;

	if (!same_lists(before, &run->next))
		err = gw_host_saved_write(run->store, run->boot, &run->next);
	if (!err)
		*before = run->next;
	return err;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Writing one setting may have changed another (forwarding does), so each is looked at again. */
static void make_so(struct run *run, struct gw_host_item *item, enum gw_host_drift drift)
{
	enum gw_host_state done = GW_HOST_SET;
	char *now;

	if (!item->actual)
		return;
	if (item->state == GW_HOST_DRIFTED) {
		if (drift == GW_HOST_REPORT)
			return;
		done = GW_HOST_REPAIRED;
	}
	if (gw_sysctl_read(run->root, item->path, run->arena, &now) == 0 &&
	    gw_sysctl_same(item->wanted, now)) {
		if (item->state != GW_HOST_KEPT)
			item->state = done;
		return;
	}
	item->error = gw_sysctl_write(run->root, item->path, item->wanted);
	if (item->error)
		item->state = GW_HOST_REFUSED;
	else if (item->state != GW_HOST_KEPT)
		item->state = done;
}

/* Puts an old value back, unless somebody else has decided meanwhile. */
static void restore(struct run *run, const struct gw_host_saved *saved)
{
	struct gw_host_item *item = add_item(run, saved->path);
	char *actual;

	item->previous = item->wanted = saved->previous;
	item->state = GW_HOST_RESTORED;
	item->error = gw_sysctl_read(run->root, saved->path, run->arena, &actual);
	if (item->error) { /* gone, with its interface */
		run->report->n--;
		return;
	}
	item->actual = actual;
	if (gw_sysctl_same(saved->previous, actual)) {
		run->report->n--;
		return;
	}
	if (!gw_sysctl_same(saved->written, actual)) {
		item->state = GW_HOST_LEFT;
		item->wanted = NULL;
		return;
	}
	item->error = gw_sysctl_write(run->root, saved->path, saved->previous);
	if (item->error)
		item->state = GW_HOST_REFUSED;
}

/* Forwarding first here as well: "net/ipv4/ip_forward" changes others when it is written. */
static void restore_undeclared(struct run *run)
{
	struct gw_host_saved *kept = run->next.items;
	size_t n_kept = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < run->next.n; i++)
			if (!is_declared(run, run->next.items[i].path) &&
			    (strstr(run->next.items[i].path, "forward") == NULL) == pass)
				restore(run, &run->next.items[i]);
	for (size_t i = 0; i < run->next.n; i++)
		if (is_declared(run, run->next.items[i].path))
			kept[n_kept++] = run->next.items[i];
	run->next.n = n_kept;
}

int gw_host_enforce(struct gw_store *store, int root, const struct gw_policy *policy,
		    enum gw_host_drift drift, struct gw_arena *arena, struct gw_host_report *ret)
{
	struct run run = { .store = store, .root = root, .arena = arena, .report = ret };
	struct gw_host_saved_list on_disk;
	int err = open_run(&run, policy);

	if (err)
		return err;
	remember(&run);
	on_disk = run.saved;
	err = save(&run, &on_disk);
	if (err)
		return err;
	/* What is no longer declared first: it may be what a declared one depends on. */
	restore_undeclared(&run);
	for (size_t i = 0; i < run.n_wanted; i++)
		make_so(&run, &run.report->items[i], drift);
	err = save(&run, &on_disk);
	count(ret);
	return err;
}

int gw_host_forget(struct gw_store *store, int root, const char *interface, struct gw_arena *arena)
{
	const char *boot = boot_id(root, arena);
	const char *conf = gw_arena_printf(arena, "/conf/%s/", interface);
	const char *neigh = gw_arena_printf(arena, "/neigh/%s/", interface);
	struct gw_host_saved_list saved;
	int err = gw_host_saved_read(store, boot, arena, &saved);
	size_t n = 0;

	for (size_t i = 0; !err && i < saved.n; i++)
		if (!strstr(saved.items[i].path, conf) && !strstr(saved.items[i].path, neigh))
			saved.items[n++] = saved.items[i];
	if (err || n == saved.n)
		return err;
	saved.n = n;
	return gw_host_saved_write(store, boot, &saved);
}

/* ---- saying so ------------------------------------------------------------------------------- */

static void diagnose_refused(const struct gw_host_item *item, struct gw_diags *diags)
{
	gw_diag(diags, GW_D_HOST_REFUSED, item->loc, "%s cannot be set to `%s`: %s", item->path,
		item->wanted, strerror(-item->error));
	if (item->error == -EINVAL || item->error == -ERANGE)
		gw_diag_hint(diags, "the kernel takes no such value; it is `%s`",
			     item->actual ? item->actual : "unknown");
	else
		gw_diag_hint(diags, "set it where the whole machine is set up, or remove it here");
}

void gw_host_diagnose(const struct gw_host_report *report, struct gw_diags *diags)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct gw_host_item *item = &report->items[i];

		if (item->state == GW_HOST_REFUSED)
			diagnose_refused(item, diags);
		else if (item->state == GW_HOST_UNKNOWN)
			gw_diag(diags, GW_D_HOST_UNKNOWN, item->loc,
				"this kernel has no setting %s", item->path);
		else if (item->state == GW_HOST_DRIFTED)
			gw_diag(diags, GW_D_HOST_DRIFT, item->loc,
				"%s is `%s`, not `%s`: others have changed it", item->path,
				item->actual, item->wanted);
	}
}

void gw_host_diagnose_error(int error, struct gw_diags *diags)
{
	static const struct gw_loc nowhere;

	if (error == -EBADMSG)
		gw_diag(diags, GW_D_HOST_SAVED, nowhere,
			"host.json in the state directory is damaged; no setting was changed");
	else
		gw_diag(diags, GW_D_HOST_SAVED, nowhere,
			"the host's settings were not changed, because host.json cannot be kept: "
			"%s",
			strerror(-error));
}
