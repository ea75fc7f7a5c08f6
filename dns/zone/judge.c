#include "dns/zone/judge.h"

#include <stdarg.h>
#include <string.h>

#include "gw/core/duration.h"
#include "gw/core/mem.h"
#include "gw/report/table.h"

#define SKEW_MAX 60 /* seconds; TSIG breaks at 300 */

const char *const gw_zone_ds_state_names[4] = { "unknown", "absent", "matches", "mismatch" };

struct judge {
	const struct gw_zone_config *zone;
	const struct gw_zone_seen *seen;
	size_t n;
	int64_t now;
	struct gw_arena *arena;
	struct gw_zone_judgement *ret;
	struct gw_zone_finding *findings; /* heap */
	size_t n_findings, capacity;
};

static void found(struct judge *judge, enum gw_diag_id id, const struct gw_zone_seen *seen,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

static void found(struct judge *judge, enum gw_diag_id id, const struct gw_zone_seen *seen,
		  const char *format, ...)
{
	struct gw_zone_finding finding = { .id = id, .seen = seen };
	va_list args;

	va_start(args, format);
	finding.text = gw_arena_vprintf(judge->arena, format, args);
	va_end(args);
	gw_push(judge->findings, judge->n_findings, judge->capacity, finding);
}

const char *gw_zone_seen_where(const struct gw_zone_seen *seen, struct gw_arena *arena)
{
	const struct gw_zone_address *address = seen->address;
	char text[GW_ADDR_TEXT];

	gw_addr_format(address->family, address->addr, text);
	if (address->port == 53)
		return gw_arena_printf(arena, "%s (%s)", seen->server->name, text);
	return gw_arena_printf(arena,
			       address->family == GW_FAMILY_IPV6 ? "%s ([%s]:%u)" : "%s (%s:%u)",
			       seen->server->name, text, address->port);
}

static const char *name_text(struct judge *judge, const struct gw_dns_name *name)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_dns_name_text(name, &text);
	return gw_arena_strdup(judge->arena, text.bytes);
}

/** Answers for the zone, so that its content can be compared. */
static bool serves(const struct gw_zone_seen *seen)
{
	return !seen->parent && seen->trouble == GW_DNS_ANSWERED && seen->authoritative &&
	       seen->has_soa;
}

/* ---- each server for itself ------------------------------------------------------------------- */

static void judge_tsig(struct judge *judge, const struct gw_zone_seen *seen)
{
	if (!seen->key)
		return;
	if (seen->tsig_error == GW_DNS_BADTIME ||
	    (seen->tsig && (seen->skew > SKEW_MAX || seen->skew < -SKEW_MAX)))
		found(judge, GW_D_COMPARE_CLOCK, seen,
		      "its clock is %lld s %s ours; TSIG, and with it transfers, fail beyond 300 s",
		      seen->skew < 0 ? -(long long)seen->skew : (long long)seen->skew,
		      seen->skew < 0 ? "behind" : "ahead of");
	else if (!seen->tsig)
		found(judge, GW_D_COMPARE_TSIG, seen, "%s",
		      seen->tsig_error == GW_DNS_BADKEY ? "it does not know our TSIG key"
		      : seen->tsig_error == GW_DNS_BADSIG
			      ? "it has another secret under the name of our TSIG key"
			      : "what it answers is not signed with the TSIG key");
}

static bool judge_answer(struct judge *judge, const struct gw_zone_seen *seen)
{
	char rcode[16];

	switch (seen->trouble) {
	case GW_DNS_ANSWERED:
		break;
	case GW_DNS_SILENT:
		found(judge, GW_D_COMPARE_SILENT, seen, "it does not answer");
		return false;
	case GW_DNS_UNREACHABLE:
		found(judge, GW_D_COMPARE_SILENT, seen,
		      "nothing listens there, or the network says that it cannot be reached");
		return false;
	case GW_DNS_BROKEN:
	case GW_DNS_CUT:
	case GW_DNS_TOO_LONG:
		found(judge, GW_D_COMPARE_BROKEN, seen, "what it answers is no DNS message");
		return false;
	case GW_DNS_BAD_TSIG:
		return false; /* said already */
	}
	if (seen->rcode != GW_DNS_NOERROR) {
		found(judge, GW_D_COMPARE_LAME, seen, "it answers %s",
		      gw_dns_rcode_text(seen->rcode, rcode));
		return false;
	}
	return true;
}

static void judge_signatures(struct judge *judge, const struct gw_zone_seen *seen)
{
	int64_t left = seen->first_expiry - judge->now;
	const char *owner = name_text(judge, &seen->first_owner);
	char type[16], when[GW_REPORT_TIME];

	gw_dns_type_text(seen->first_type, type);
	if (!seen->has_signatures) {
		if (judge->zone->policy.sign)
			found(judge, GW_D_COMPARE_UNSIGNED, seen, "it gives no signatures");
		return;
	}
	gw_report_time(seen->first_expiry, when);
	if (left <= 0)
		found(judge, GW_D_COMPARE_EXPIRED, seen, "the signature of %s %s ended on %s",
		      owner, type, when);
	else if (left < (int64_t)judge->zone->signatures.refresh / 2)
		found(judge, GW_D_COMPARE_EXPIRES, seen,
		      "the signature of %s %s ends on %s: it should have been renewed", owner, type,
		      when);
	if (seen->last_inception > judge->now)
		found(judge, GW_D_COMPARE_EXPIRED, seen, "a signature begins in the future, %s",
		      gw_report_time(seen->last_inception, when));
}

static void judge_server(struct judge *judge, const struct gw_zone_seen *seen)
{
	char rcode[16];

	judge_tsig(judge, seen);
	if (!judge_answer(judge, seen))
		return;
	if (seen->broken)
		found(judge, GW_D_COMPARE_BROKEN, seen,
		      "some of its answers cannot be read, or hold more than a zone has");
	if (!seen->tcp)
		found(judge, GW_D_COMPARE_TCP, seen, "it does not answer over TCP");
	if (seen->parent)
		return;
	if (!serves(seen)) {
		found(judge, GW_D_COMPARE_LAME, seen,
		      "it does not answer with authority for the zone");
		return;
	}
	if (seen->recursion)
		found(judge, GW_D_COMPARE_RECURSION, seen, "it offers recursion");
	judge_signatures(judge, seen);
	if (seen->transfer == GW_ZONE_TRANSFER_REFUSED)
		found(judge, GW_D_COMPARE_TRANSFER, seen, "it refuses a transfer (%s)",
		      gw_dns_rcode_text(seen->transfer_rcode, rcode));
	else if (seen->transfer == GW_ZONE_TRANSFER_FAILED)
		found(judge, GW_D_COMPARE_TRANSFER, seen,
		      seen->transfer_trouble == GW_DNS_BAD_TSIG
			      ? "its transfer is not made with the TSIG key"
			      : "its transfer does not come to an end");
}

/* ---- servers against each other --------------------------------------------------------------- */

static bool same_keys(const struct gw_zone_seen *a, const struct gw_zone_seen *b)
{
	for (size_t i = 0; i < a->n_keys; i++) {
		bool there = false;

		for (size_t k = 0; k < b->n_keys && !there; k++)
			there = a->keys[i].len == b->keys[k].len &&
				memcmp(a->keys[i].rdata, b->keys[k].rdata, a->keys[i].len) == 0;
		if (!there)
			return false;
	}
	return a->n_keys == b->n_keys;
}

static bool has_ns(const struct gw_zone_seen *seen, const struct gw_dns_name *name)
{
	for (size_t i = 0; i < seen->n_ns; i++)
		if (gw_dns_name_equal(&seen->ns[i], name))
			return true;
	return false;
}

static bool same_ns(const struct gw_zone_seen *a, const struct gw_zone_seen *b)
{
	for (size_t i = 0; i < a->n_ns; i++)
		if (!has_ns(b, &a->ns[i]))
			return false;
	return a->n_ns == b->n_ns;
}

/* Whether what both tell of the zone as a whole agrees. */
static bool same_content(const struct gw_zone_seen *a, const struct gw_zone_seen *b)
{
	if (a->transfer == GW_ZONE_TRANSFER_DONE && b->transfer == GW_ZONE_TRANSFER_DONE)
		return memcmp(a->digest, b->digest, sizeof(a->digest)) == 0;
	return a->zonemd_len == b->zonemd_len && memcmp(a->zonemd, b->zonemd, a->zonemd_len) == 0 &&
	       same_ns(a, b);
}

/* How many of the servers with the newest serial show what this one does. */
static unsigned int supporters(const struct judge *judge, const struct gw_zone_seen *seen)
{
	unsigned int n = 0;

	for (size_t i = 0; i < judge->n; i++)
		if (serves(&judge->seen[i]) && judge->seen[i].serial == seen->serial)
			n += same_content(&judge->seen[i], seen) &&
			     same_keys(&judge->seen[i], seen);
	return n;
}

static const struct gw_zone_seen *reference_of(const struct judge *judge)
{
	const struct gw_zone_seen *best = NULL;
	unsigned int best_support = 0;

	for (size_t i = 0; i < judge->n; i++) {
		const struct gw_zone_seen *seen = &judge->seen[i];
		unsigned int support;

		if (!serves(seen))
			continue;
		/* The primary has what was published; among others the majority decides. */
		support = seen->server->primary ? UINT32_MAX : supporters(judge, seen);
		if (best && !gw_zone_serial_after(seen->serial, best->serial) &&
		    (seen->serial != best->serial || support <= best_support))
			continue;
		best = seen;
		best_support = support;
	}
	return best;
}

static void compare_server(struct judge *judge, const struct gw_zone_seen *seen)
{
	const struct gw_zone_seen *reference = judge->ret->reference;

	if (seen->serial != reference->serial) {
		found(judge, GW_D_COMPARE_BEHIND, seen, "it has serial %u; %s has %u", seen->serial,
		      gw_zone_seen_where(reference, judge->arena), reference->serial);
		return; /* anything else may differ, too */
	}
	if (!same_keys(seen, reference))
		found(judge, GW_D_COMPARE_KEYS, seen, "it has other keys (DNSKEY) than %s",
		      gw_zone_seen_where(reference, judge->arena));
	if (!same_content(seen, reference))
		found(judge, GW_D_COMPARE_CONTENT, seen,
		      "it has serial %u as %s has, and another content", seen->serial,
		      gw_zone_seen_where(reference, judge->arena));
}

/* ---- the parent ------------------------------------------------------------------------------- */

static bool same_ds(const struct gw_zone_seen *a, const struct gw_zone_seen *b)
{
	for (size_t i = 0; i < a->n_ds; i++) {
		bool there = false;

		for (size_t k = 0; k < b->n_ds && !there; k++)
			there = a->ds[i].len == b->ds[k].len &&
				memcmp(a->ds[i].rdata, b->ds[k].rdata, a->ds[i].len) == 0;
		if (!there)
			return false;
	}
	return a->n_ds == b->n_ds;
}

static bool ds_leads(const struct judge *judge, const struct gw_zone_seen_ds *ds,
		     const struct gw_zone_seen *child)
{
	for (size_t i = 0; i < child->n_keys; i++)
		if (gw_zone_tags_has(&child->key_signers, child->keys[i].tag) &&
		    gw_zone_ds_is_of(judge->zone->name, &child->keys[i], ds->rdata, ds->len))
			return true;
	return false;
}

static void judge_ds(struct judge *judge, const struct gw_zone_seen *parent)
{
	const struct gw_zone_seen *child = judge->ret->reference;
	bool leads = false;

	for (size_t i = 0; i < parent->n_ds; i++) {
		if (ds_leads(judge, &parent->ds[i], child)) {
			leads = true;
			continue;
		}
		found(judge, GW_D_COMPARE_DS_STRAY, parent,
		      "its DS with key tag %u leads to no key that signs the zone's keys",
		      gw_dns_u16(parent->ds[i].rdata));
	}
	if (leads) {
		if (judge->ret->ds != GW_ZONE_DS_MISMATCH)
			judge->ret->ds = GW_ZONE_DS_MATCHES;
	} else if (parent->n_ds) {
		judge->ret->ds = GW_ZONE_DS_MISMATCH;
		found(judge, GW_D_COMPARE_DS, parent,
		      "none of its DS leads to a key of the zone: "
		      "validators take the zone for forged");
	} else if (child->n_keys && judge->zone->policy.sign) {
		found(judge, GW_D_COMPARE_DS_ABSENT, parent,
		      "the zone is signed, and it has no DS");
	}
	if (!parent->n_ds && judge->ret->ds == GW_ZONE_DS_UNKNOWN)
		judge->ret->ds = GW_ZONE_DS_ABSENT;
}

static bool has_address(const struct gw_zone_seen *seen, const struct gw_zone_seen_address *address)
{
	for (size_t i = 0; i < seen->n_addresses; i++)
		if (seen->addresses[i].family == address->family &&
		    seen->addresses[i].addr == address->addr &&
		    gw_dns_name_equal(&seen->addresses[i].name, &address->name))
			return true;
	return false;
}

static void judge_glue(struct judge *judge, const struct gw_zone_seen *parent)
{
	const struct gw_zone_seen *child = judge->ret->reference;
	char text[GW_ADDR_TEXT];

	for (size_t i = 0; i < parent->n_addresses; i++)
		if (!has_address(child, &parent->addresses[i]))
			found(judge, GW_D_COMPARE_GLUE, parent,
			      "its glue says that %s is %s; the zone does not",
			      name_text(judge, &parent->addresses[i].name),
			      gw_addr_format(parent->addresses[i].family, parent->addresses[i].addr,
					     text));
	for (size_t i = 0; i < child->n_addresses; i++)
		if (has_ns(parent, &child->addresses[i].name) &&
		    !has_address(parent, &child->addresses[i]))
			found(judge, GW_D_COMPARE_GLUE, parent,
			      "its glue lacks the address %s of %s",
			      gw_addr_format(child->addresses[i].family, child->addresses[i].addr,
					     text),
			      name_text(judge, &child->addresses[i].name));
}

static void judge_delegation(struct judge *judge, const struct gw_zone_seen *parent)
{
	const struct gw_zone_seen *child = judge->ret->reference;

	if (!parent->n_ns) {
		found(judge, GW_D_COMPARE_DELEGATION, parent, "it does not delegate the zone");
		return;
	}
	for (size_t i = 0; i < parent->n_ns; i++)
		if (!has_ns(child, &parent->ns[i]))
			found(judge, GW_D_COMPARE_DELEGATION, parent,
			      "it delegates to %s, which is no NS of the zone",
			      name_text(judge, &parent->ns[i]));
	for (size_t i = 0; i < child->n_ns; i++)
		if (!has_ns(parent, &child->ns[i]))
			found(judge, GW_D_COMPARE_DELEGATION, parent,
			      "it does not delegate to %s, which is an NS of the zone",
			      name_text(judge, &child->ns[i]));
	judge_glue(judge, parent);
	judge_ds(judge, parent);
}

static void judge_parents(struct judge *judge)
{
	const struct gw_zone_seen *first = NULL;

	for (size_t i = 0; i < judge->n; i++) {
		const struct gw_zone_seen *parent = &judge->seen[i];

		if (!parent->parent || parent->trouble != GW_DNS_ANSWERED ||
		    parent->rcode != GW_DNS_NOERROR)
			continue;
		judge_delegation(judge, parent);
		if (first && !same_ds(first, parent))
			found(judge, GW_D_COMPARE_PARENTS, parent, "it has other DS than %s",
			      gw_zone_seen_where(first, judge->arena));
		if (!first)
			first = parent;
	}
}

/* ---- all of it -------------------------------------------------------------------------------- */

static void sum_up(struct judge *judge)
{
	struct gw_zone_judgement *ret = judge->ret;

	for (size_t i = 0; i < judge->n; i++) {
		const struct gw_zone_seen *seen = &judge->seen[i];

		if (!serves(seen) || !seen->has_signatures)
			continue;
		if (!ret->signed_ || seen->first_expiry < ret->first_expiry)
			ret->first_expiry = seen->first_expiry;
		ret->signed_ = true;
	}
}

void gw_zone_judge(const struct gw_zone_config *zone, const struct gw_zone_seen *seen, size_t n,
		   int64_t now, struct gw_arena *arena, struct gw_zone_judgement *ret)
{
	struct judge judge = {
		.zone = zone, .seen = seen, .n = n, .now = now, .arena = arena, .ret = ret
	};

	*ret = (struct gw_zone_judgement){ 0 };
	for (size_t i = 0; i < n; i++)
		judge_server(&judge, &seen[i]);
	ret->reference = reference_of(&judge);
	if (ret->reference) {
		ret->serial = ret->reference->serial;
		for (size_t i = 0; i < n; i++)
			if (serves(&seen[i]) && &seen[i] != ret->reference)
				compare_server(&judge, &seen[i]);
		judge_parents(&judge);
	} else {
		found(&judge, GW_D_COMPARE_LAME, NULL, "no server answers for %s",
		      zone->name->text);
	}
	sum_up(&judge);
	ret->n = judge.n_findings;
	if (judge.n_findings)
		ret->findings = gw_arena_memdup(arena, judge.findings,
						judge.n_findings * sizeof(*judge.findings));
	gw_free(judge.findings);
}
