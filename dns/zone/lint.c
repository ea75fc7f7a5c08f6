/* The rules of lint in their order, and the index that they look things up in. */
#include <stdarg.h>
#include <string.h>

#include "dns/zone/lint_internal.h"
#include "gw/core/mem.h"

/* ---- the index -------------------------------------------------------------------------------- */

static int compare_names(const struct gw_dns_name *a, const struct gw_dns_name *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->wire, b->wire, a->len);
}

static int compare_records(const void *left, const void *right)
{
	const struct gw_zone_record *a = left, *b = right;
	int order = compare_names(a->name, b->name);
	size_t len = a->len < b->len ? a->len : b->len;

	if (order)
		return order;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	order = memcmp(a->rdata, b->rdata, len);
	if (order)
		return order;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return a->loc.line < b->loc.line ? -1 : a->loc.line > b->loc.line;
}

const struct gw_zone_record *lint_later(const struct gw_zone_record *a,
					const struct gw_zone_record *b)
{
	return !a || b->loc.line > a->loc.line ? b : a;
}

static size_t lower_bound(const struct lint *lint, const struct gw_dns_name *name, uint32_t type)
{
	size_t lo = 0, hi = lint->data->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct gw_zone_record *record = &lint->data->records[mid];
		int order = compare_names(record->name, name);

		if (order < 0 || (order == 0 && record->type < type))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct span lint_find(const struct lint *lint, const struct gw_dns_name *name)
{
	size_t from = lower_bound(lint, name, 0);

	return (struct span){ lint->data->records + from,
			      lower_bound(lint, name, UINT32_MAX) - from };
}

struct span lint_find_type(const struct lint *lint, const struct gw_dns_name *name, uint16_t type)
{
	size_t from = lower_bound(lint, name, type);

	return (struct span){ lint->data->records + from,
			      lower_bound(lint, name, type + 1u) - from };
}

/* ---- names ------------------------------------------------------------------------------------ */

void lint_parent(const struct gw_dns_name *name, struct gw_dns_name *ret)
{
	size_t skip = name->wire[0] + 1u;

	ret->len = (uint8_t)(name->len - skip);
	memmove(ret->wire, name->wire + skip, ret->len);
}

bool lint_target(const struct gw_zone_record *record, struct gw_dns_name *ret)
{
	size_t skip;

	switch (record->type) {
	case GW_DNS_NS:
	case GW_DNS_CNAME:
	case GW_DNS_DNAME:
	case GW_DNS_PTR:
		skip = 0;
		break;
	case GW_DNS_MX:
	case 64: /* SVCB */
	case 65: /* HTTPS */
		skip = 2;
		break;
	case GW_DNS_SRV:
		skip = 6;
		break;
	default:
		return false;
	}
	if (record->len <= skip)
		return false;
	/* Parameters may follow in SVCB: the name ends with its root label. */
	for (ret->len = 0; skip + ret->len < record->len;) {
		uint8_t length = record->rdata[skip + ret->len];

		if (skip + ret->len + length + 1u > record->len ||
		    ret->len + length + 1u > GW_DNS_NAME_MAX)
			return false;
		memcpy(ret->wire + ret->len, record->rdata + skip + ret->len, length + 1u);
		ret->len = (uint8_t)(ret->len + length + 1u);
		if (!length)
			return true;
	}
	return false;
}

bool lint_cut(const struct lint *lint, const struct gw_dns_name *name, bool self,
	      struct gw_dns_name *ret, uint16_t *ret_type)
{
	struct gw_dns_name at = *name;
	bool found = false, first = true;

	while (gw_dns_name_within(&at, &lint->data->apex) &&
	       !gw_dns_name_equal(&at, &lint->data->apex)) {
		uint16_t type = lint_find_type(lint, &at, GW_DNS_NS).n      ? GW_DNS_NS
				: lint_find_type(lint, &at, GW_DNS_DNAME).n ? GW_DNS_DNAME
									    : 0;

		/* A DNAME redirects what is below it, not its own name. */
		if (type && (!first || (self && type == GW_DNS_NS))) {
			*ret = at;
			*ret_type = type;
			found = true;
		}
		first = false;
		lint_parent(&at, &at);
	}
	return found;
}

/* ---- findings --------------------------------------------------------------------------------- */

static const struct gw_zone_rule_override *override_of(const struct lint *lint,
						       enum gw_diag_id rule)
{
	for (size_t i = 0; i < lint->zone->n_overrides; i++)
		if (lint->zone->overrides[i].rule == gw_diag_kind(rule))
			return &lint->zone->overrides[i];
	return NULL;
}

static bool ignored(const struct lint *lint, enum gw_diag_id rule)
{
	const struct gw_zone_rule_override *override = override_of(lint, rule);

	return override && override->use == GW_ZONE_RULE_OFF;
}

void lint_say(struct lint *lint, enum gw_diag_id rule, const struct gw_zone_record *record,
	      const char *format, ...)
{
	const struct gw_zone_rule_override *override = override_of(lint, rule);
	va_list args;
	const char *text;

	if (ignored(lint, rule))
		return;
	va_start(args, format);
	text = gw_arena_vprintf(lint->arena, format, args);
	va_end(args);
	gw_diag(lint->diags, rule, record ? record->loc : lint->zone->loc, "%s", text);
	if (override)
		gw_diag_weigh(lint->diags, override->use == GW_ZONE_RULE_ERROR
						   ? GW_SEVERITY_ERROR
						   : GW_SEVERITY_WARNING);
}

const char *lint_name(struct lint *lint, const struct gw_dns_name *name)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_dns_name_text(name, &text);
	return gw_arena_strdup(lint->arena, text.bytes);
}

/* ---- all of it -------------------------------------------------------------------------------- */

void gw_zone_lint(const struct gw_zone_config *zone, const struct gw_policy *policy,
		  struct gw_zone_data *data, int64_t now, struct gw_diags *diags)
{
	struct lint lint = { .zone = zone,
			     .policy = policy,
			     .data = data,
			     .now = now,
			     .diags = diags,
			     .arena = data->arena };

	if (data->n)
		qsort(data->records, data->n, sizeof(*data->records), compare_records);
	lint_apex(&lint);
	for (size_t i = 0; i < data->n;) {
		struct span name = lint_find(&lint, data->records[i].name);

		lint_names(&lint, &name);
		lint_mail(&lint, &name);
		for (size_t k = 0; k < name.n; k++) {
			lint_policy(&lint, &name.first[k]);
			lint_caa(&lint, &name.first[k]);
		}
		i += name.n;
	}
}

void gw_zone_data_free(struct gw_zone_data *data)
{
	gw_free(data->records);
	*data = (struct gw_zone_data){ 0 };
}
