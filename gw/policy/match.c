/* Values that several sections hold: sets of zones, addresses and services. */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"
#include "gw/policy/service.h"

void gw_range_buffer_add(struct gw_range_buffer *buffer, struct gw_range range)
{
	gw_push(buffer->items, buffer->n, buffer->capacity, range);
}

void gw_range_buffer_add_set(struct gw_range_buffer *buffer, struct gw_addrset set)
{
	for (size_t i = 0; i < set.n; i++)
		gw_range_buffer_add(buffer, set.ranges[i]);
}

struct gw_addrset gw_range_buffer_take(struct gw_range_buffer *buffer, struct gw_arena *arena)
{
	struct gw_addrset set = { 0 };

	if (buffer->n)
		set = gw_addrset_from_ranges(arena, buffer->items, buffer->n);
	buffer->n = 0;
	return set;
}

bool gw_is_host_name(const char *text)
{
	return !strpbrk(text, ".:/");
}

static int compare_hosts(const void *name, const void *hosts)
{
	return strcmp(name, ((const struct gw_hosts *)hosts)->name);
}

const struct gw_hosts *gw_find_hosts(const struct gw_policy *policy, const char *name)
{
	if (!policy->n_hosts)
		return NULL;
	return bsearch(name, policy->hosts, policy->n_hosts, sizeof(*policy->hosts), compare_hosts);
}

static int compare_service(const void *name, const void *service)
{
	return strcmp(name, ((const struct gw_service *)service)->name);
}

const struct gw_service *gw_find_service(const struct gw_policy *policy, const char *name)
{
	if (!policy->n_services)
		return NULL;
	return bsearch(name, policy->services, policy->n_services, sizeof(*policy->services),
		       compare_service);
}

/* ---- zones ---------------------------------------------------------------------------------- */

/* True if the value is `any`, alone; reports `any` beside other items. */
static bool is_any(struct gw_loader *loader, struct gw_node *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(items[i]->text, "any") != 0)
			continue;
		if (n > 1)
			gw_diag(loader->diags, GW_D_ANY_NOT_ALONE, items[i]->loc,
				"`any` stands for everything: what stands beside it has no effect");
		return true;
	}
	return false;
}

/* `gateway` where a zone belongs. True if it was allowed. */
static bool read_gateway(struct gw_loader *loader, const struct gw_node *item,
			 enum gw_gateway_use use, size_t n)
{
	if (use == GW_GATEWAY_ALLOWED && n == 1)
		return true;
	gw_diag(loader->diags, GW_D_GATEWAY_NOT_A_ZONE, item->loc, "`gateway` is not a zone");
	if (use == GW_GATEWAY_ALLOWED)
		gw_diag_hint(loader->diags, "write one assertion for the zones and one for it");
	else
		gw_diag_hint(loader->diags, "rules for the gateway itself stand under `gateway:`");
	return false;
}

void gw_read_zone_set(struct gw_loader *loader, struct gw_node *node, enum gw_gateway_use use,
		      struct gw_zone_set *ret, bool *ret_gateway)
{
	size_t n;
	struct gw_node *const *items = gw_schema_items(&node, &n);

	*ret = (struct gw_zone_set){ .any = is_any(loader, items, n) };
	if (ret_gateway)
		*ret_gateway = false;
	if (ret->any) {
		for (unsigned int i = 0; i < loader->policy->n_zones; i++)
			gw_zone_set_add(ret, i);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct gw_zone *zone = gw_policy_zone(loader->policy, items[i]->text);

		if (zone) {
			gw_zone_set_add(ret, zone->index);
		} else if (strcmp(items[i]->text, "gateway") == 0) {
			bool allowed = read_gateway(loader, items[i], use, n);

			if (ret_gateway)
				*ret_gateway = allowed;
		} else {
			gw_report_unknown_zone(loader, items[i]->loc, items[i]->text);
		}
	}
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* What people write where an address belongs, and how to say it here. */
static void hint_address(struct gw_diags *diags, const char *text)
{
	size_t port = strlen(text);

	while (port && text[port - 1] >= '0' && text[port - 1] <= '9')
		port--;
	if (strchr(text, '.') && port && text[port - 1] == ':')
		gw_diag_hint(diags,
			     "an address has no port: that is said by `services` or `to_port`");
	else if (strspn(text, "0123456789.:/-abcdefABCDEF") != strlen(text) && strchr(text, '.'))
		gw_diag_hint(diags, "write the address: names are not asked from the DNS");
	else
		gw_diag_hint(diags, "examples: 192.0.2.7, 192.0.2.0/24, 192.0.2.7-192.0.2.9, "
				    "\"2001:db8::/64\"");
}

bool gw_read_address(struct gw_diags *diags, struct gw_loc loc, const char *text,
		     enum gw_family *ret_family, struct gw_range *ret_range)
{
	enum gw_family family;
	struct gw_range range;
	char fixed[2 * GW_ADDR_TEXT];

	switch (gw_addr_parse(text, &family, &range)) {
	case GW_ADDR_OK:
		*ret_family = family;
		*ret_range = range;
		return true;
	case GW_ADDR_SYNTAX:
		gw_diag(diags, GW_D_BAD_ADDRESS, loc, "`%.80s` is not an address, prefix or range",
			text);
		hint_address(diags, text);
		return false;
	case GW_ADDR_HOST_BITS:
		gw_diag(diags, GW_D_HOST_BITS, loc, "`%s` has bits after its prefix", text);
		gw_diag_hint(diags, "did you mean `%s`?", gw_range_format(family, range, fixed));
		return false;
	case GW_ADDR_PREFIX_LENGTH:
		gw_diag(diags, GW_D_PREFIX_LENGTH, loc, "`%.80s` has no valid prefix length", text);
		gw_diag_hint(diags,
			     "write the number of bits, as in 192.0.2.0/24: at most 32, or 128 "
			     "for IPv6");
		return false;
	case GW_ADDR_RANGE_ORDER:
		gw_diag(diags, GW_D_RANGE_ORDER, loc, "the range `%s` ends before it starts", text);
		return false;
	case GW_ADDR_RANGE_FAMILY:
		gw_diag(diags, GW_D_RANGE_FAMILY, loc,
			"the range `%s` begins in one address family and ends in the other", text);
		return false;
	}
	return false;
}

static int compare_large(const void *a, const void *b)
{
	const struct gw_hosts *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static void add_large(struct gw_addr_match *match, const struct gw_hosts **large,
		      const struct gw_hosts *hosts)
{
	for (size_t i = 0; i < match->n_large; i++)
		if (large[i] == hosts)
			return;
	large[match->n_large++] = hosts;
	qsort(large, match->n_large, sizeof(const struct gw_hosts *), compare_large);
	match->large = large;
}

void gw_read_addr_match(struct gw_loader *loader, struct gw_node *node, struct gw_addr_match *ret)
{
	const struct gw_hosts **large = NULL;
	size_t n;
	struct gw_node *const *items = gw_schema_items(&node, &n);

	*ret = (struct gw_addr_match){ .any = !n || is_any(loader, items, n) };
	for (size_t i = 0; !ret->any && i < n; i++) {
		const struct gw_hosts *hosts;
		enum gw_family family;
		struct gw_range range;

		if (!gw_is_host_name(items[i]->text)) {
			if (gw_read_address(loader->diags, items[i]->loc, items[i]->text, &family,
					    &range))
				gw_range_buffer_add(&loader->scratch[family], range);
			continue;
		}
		hosts = gw_find_hosts(loader->policy, items[i]->text);
		if (!hosts) {
			gw_report_unknown_host(loader, items[i]->loc, items[i]->text);
			continue;
		}
		loader->hosts[hosts - loader->policy->hosts].used = true;
		if (hosts->large) {
			if (!large)
				large = gw_arena_array(loader->arena, n, const struct gw_hosts *);
			add_large(ret, large, hosts);
		} else if (n == 1) {
			memcpy(ret->addrs, hosts->addrs, sizeof(ret->addrs)); /* shared */
		} else {
			for (int f = 0; f < GW_FAMILY_COUNT; f++)
				gw_range_buffer_add_set(&loader->scratch[f], hosts->addrs[f]);
		}
	}
	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		if (loader->scratch[f].n)
			ret->addrs[f] = gw_range_buffer_take(&loader->scratch[f], loader->arena);
}

bool gw_addr_match_has(const struct gw_addr_match *match, enum gw_family family)
{
	if (match->any || match->addrs[family].n)
		return true;
	for (size_t i = 0; i < match->n_large; i++)
		if (match->large[i]->addrs[family].n)
			return true;
	return false;
}

static bool overlaps_set(const struct gw_addr_match *match, enum gw_family family,
			 struct gw_addrset set)
{
	if (gw_addrset_overlaps(match->addrs[family], set))
		return true;
	for (size_t i = 0; i < match->n_large; i++)
		if (gw_addrset_overlaps(match->large[i]->addrs[family], set))
			return true;
	return false;
}

bool gw_addr_match_overlaps(const struct gw_addr_match *a, const struct gw_addr_match *b,
			    enum gw_family family)
{
	if (a->any)
		return gw_addr_match_has(b, family);
	if (b->any)
		return gw_addr_match_has(a, family);
	if (overlaps_set(a, family, b->addrs[family]))
		return true;
	for (size_t i = 0; i < b->n_large; i++)
		if (overlaps_set(a, family, b->large[i]->addrs[family]))
			return true;
	return false;
}

/* ---- services ------------------------------------------------------------------------------- */

void gw_read_services(struct gw_loader *loader, struct gw_node *node, bool *ret_any,
		      struct gw_addrset *ret_keys)
{
	static const struct gw_range all = { 0, GW_SERVICE_MAX };
	struct gw_range_buffer *buffer = &loader->scratch[0];
	size_t n;
	struct gw_node *const *items = gw_schema_items(&node, &n);

	*ret_any = !n || is_any(loader, items, n);
	*ret_keys = (struct gw_addrset){ &all, 1 };
	if (*ret_any)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct gw_service *service;
		struct gw_range range;

		if (!gw_is_service_name(items[i]->text)) {
			if (gw_service_parse(loader->diags, items[i]->loc, items[i]->text, &range))
				gw_range_buffer_add(buffer, range);
			continue;
		}
		service = gw_find_service(loader->policy, items[i]->text);
		if (!service) {
			gw_report_unknown_service(loader, items[i]->loc, items[i]->text);
			continue;
		}
		loader->services[service - loader->policy->services].used = true;
		gw_range_buffer_add_set(buffer, service->keys);
	}
	*ret_keys = gw_range_buffer_take(buffer, loader->arena);
}
