/* explain: what happens to a flow and why; what a diagnostic means. */
#include <ctype.h>
#include <string.h>

#include "gw/conf/schema.h"
#include "gw/ctl/client.h"
#include "gw/ctl/flow.h"
#include "gw/policy/analyze.h"
#include "gw/report/json.h"

#define COLUMNS 78u

/* ---- diagnostics ----------------------------------------------------------------------------- */

static const char *title_of(const struct gw_diag_kind *kind)
{
	return gw_locale_is_japanese() ? kind->title_ja : kind->title_en;
}

static const char *severity_of(const struct gw_diag_kind *kind)
{
	return kind->severity == GW_SEVERITY_ERROR ? "error" : "warning";
}

/* Words of `text` in lines of at most COLUMNS. */
static void put_wrapped(struct gw_text *out, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column && column + 1 + len > COLUMNS) {
			gw_text_putc(out, '\n');
			column = 0;
		} else if (column) {
			gw_text_putc(out, ' ');
			column++;
		}
		gw_text_add(out, text, len);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
	gw_text_putc(out, '\n');
}

static json_t *kind_json(const struct gw_diag_kind *kind)
{
	json_t *object = json_object();

	gw_json_set(object, "id", gw_json_text(kind->number));
	gw_json_set(object, "severity", gw_json_text(severity_of(kind)));
	gw_json_set(object, "title", gw_json_text(kind->title_en));
	gw_json_set(object, "title_ja", gw_json_text(kind->title_ja));
	gw_json_set(object, "explanation", gw_json_text(kind->explanation));
	return object;
}

static enum gw_exit list_kinds(struct gw_ctl *ctl)
{
	json_t *array = json_array();

	for (int id = 0; id < GW_D_COUNT; id++) {
		const struct gw_diag_kind *kind = gw_diag_kind((enum gw_diag_id)id);

		gw_json_add(array, kind_json(kind));
		gw_text_printf(&ctl->out, "%s  %-7s  %s\n", kind->number, severity_of(kind),
			       title_of(kind));
	}
	if (ctl->root)
		gw_json_set(ctl->root, "ids", json_incref(array));
	json_decref(array);
	return GW_EXIT_OK;
}

static enum gw_exit explain_kind(struct gw_ctl *ctl, const char *number)
{
	const struct gw_diag_kind *kind = gw_diag_kind_by_number(number);

	if (!kind)
		return gw_ctl_usage(ctl, "there is no diagnostic `%s`; `gwctl explain` lists them",
				    number);
	if (ctl->root) {
		gw_json_set(ctl->root, "diagnostic", kind_json(kind));
		return GW_EXIT_OK;
	}
	gw_text_printf(&ctl->out, "%s (%s): %s\n\n", kind->number, severity_of(kind),
		       title_of(kind));
	put_wrapped(&ctl->out, kind->explanation);
	return GW_EXIT_OK;
}

/* ---- flows ----------------------------------------------------------------------------------- */

/* All that is said about a flow. */
struct explanation {
	struct gw_flow flow;
	struct gw_decision decision;
	const char *decided_by;
	const struct gw_nat *snat;
	const struct gw_rule_def *nearest; /* NULL where a rule decided */
	const char *differs;               /* in what the nearest rule does not fit */
	const char *steps[12];
	size_t n_steps;
};

static bool match_has(const struct gw_addr_match *match, enum gw_family family, gw_u128 addr)
{
	if (match->any || gw_addrset_contains(match->addrs[family], addr))
		return true;
	for (size_t i = 0; i < match->n_large; i++)
		if (gw_addrset_contains(match->large[i]->addrs[family], addr))
			return true;
	return false;
}

static const char *differences(struct gw_arena *arena, const struct gw_rule_def *rule,
			       const struct gw_packet *packet, int64_t now)
{
	gw_auto_text struct gw_text text = { 0 };
	const struct {
		const char *name;
		bool fits;
	} parts[] = {
		{ "source", match_has(&rule->source, packet->family, packet->source) },
		{ "destination", match_has(&rule->dest, packet->family, packet->dest) },
		{ "service", gw_addrset_contains(rule->services, packet->service) },
		{ "hours", gw_window_open(rule->window, now) },
		{ "expired", rule->kind != GW_RULE_EXCEPTION || rule->expires > now },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!parts[i].fits)
			gw_text_printf(&text, "%s%s", text.len ? ", " : "", parts[i].name);
	return gw_arena_strdup(arena, text.bytes ? text.bytes : "");
}

static void add_step(struct explanation *e, const char *step)
{
	e->steps[e->n_steps++] = step;
}

/* The tiers of rules in the order in which they decide, up to the one that did. */
static void add_rule_steps(struct explanation *e, struct gw_arena *arena)
{
	static const char *const none[] = {
		[GW_TIER_LOCKED] = "no locked drop or reject matches",
		[GW_TIER_EXCEPTION] = "no live exception matches",
		[GW_TIER_DENY] = "no drop or reject matches",
		[GW_TIER_ACCEPT] = "no accept matches",
	};
	const struct gw_rule_def *rule = e->decision.rule;

	for (unsigned int tier = GW_TIER_LOCKED; tier <= GW_TIER_ACCEPT; tier++) {
		if (rule && gw_rule_tier(rule) == tier) {
			add_step(e, gw_arena_printf(arena, "%s %s matches: %s",
						    gw_rule_kind_name(rule->kind), rule->id,
						    gw_action_name(rule->action)));
			return;
		}
		add_step(e, none[tier]);
	}
	add_step(e, e->flow.to ? "between.default decides" : "nothing else reaches the gateway");
}

static const char *dnat_step(struct gw_arena *arena, const struct gw_flow *flow)
{
	if (!flow->dnat)
		return "no port forward for it";
	return gw_arena_printf(arena, "port forward %s (%s): judged as %s", flow->dnat->id,
			       gw_ctl_place(arena, flow->dnat->loc),
			       gw_packet_text(arena, &flow->packet));
}

static const char *snat_step(struct gw_arena *arena, const struct gw_nat *nat)
{
	char address[2 * GW_ADDR_TEXT];

	if (nat->kind == GW_NAT_MASQUERADE)
		return gw_arena_printf(arena, "leaves with the gateway's address: %s (%s)", nat->id,
				       gw_ctl_place(arena, nat->loc));
	return gw_arena_printf(arena, "leaves as %s: %s (%s)",
			       gw_range_format(nat->to_family, nat->to_addr, address), nat->id,
			       gw_ctl_place(arena, nat->loc));
}

/* What anti-spoofing and `ipv6: off` say; true if that is the end of it. */
static bool add_zone_steps(struct explanation *e, struct gw_arena *arena)
{
	const struct gw_flow *flow = &e->flow;
	const char *from = flow->from->name, *to = flow->to ? flow->to->name : "gateway";

	switch (e->decision.cause) {
	case GW_CAUSE_SPOOF:
		add_step(e, gw_arena_printf(arena, "the source cannot be in %s: spoofed", from));
		return true;
	case GW_CAUSE_IPV6_OFF:
		add_step(e, flow->from->ipv6 ? gw_arena_printf(arena, "%s has no IPv6", to)
					     : gw_arena_printf(arena, "%s has no IPv6", from));
		return true;
	case GW_CAUSE_MISROUTED:
		add_step(e, gw_arena_printf(arena, "the source can be in %s", from));
		add_step(e,
			 gw_arena_printf(arena, "the destination cannot be in %s: misrouted", to));
		return true;
	case GW_CAUSE_REFUSED:
		add_step(e, gw_arena_printf(arena, "segment %s refuses it: %s",
					    e->decision.refusal.place, e->decision.refusal.reason));
		return true;
	case GW_CAUSE_RULE:
	case GW_CAUSE_BETWEEN:
		break;
	}
	add_step(e, gw_arena_printf(arena, "the source can be in %s", from));
	add_step(e, dnat_step(arena, flow));
	add_step(e, flow->to ? gw_arena_printf(arena, "the destination is in %s", to)
			     : "the destination is the gateway itself");
	return false;
}

static void judge(struct gw_ctl *ctl, const struct gw_policy *policy, int64_t at,
		  struct explanation *e)
{
	const struct gw_flow *flow = &e->flow;

	e->decision = gw_decide(policy, flow->from, flow->to, &flow->packet, at);
	e->decided_by = gw_flow_decided_by(&e->flow, &e->decision);
	if (!add_zone_steps(e, ctl->arena))
		add_rule_steps(e, ctl->arena);
	if (e->decision.action == GW_ACTION_ACCEPT && flow->to)
		e->snat = gw_decide_snat(policy, flow->from, flow->to, &flow->packet);
	if (e->snat)
		add_step(e, snat_step(ctl->arena, e->snat));
	if (e->decision.cause != GW_CAUSE_BETWEEN)
		return;
	e->nearest = gw_decide_nearest(policy, flow->from, flow->to, &flow->packet, at);
	if (e->nearest)
		e->differs = differences(ctl->arena, e->nearest, &flow->packet, at);
}

/* ---- measures in force ------------------------------------------------------------------------ */

/* The emergency measure that stops the packet now; NULL: none, or no agent answers. The caller's. */
static json_t *ask_agent(struct gw_ctl *ctl, const struct explanation *e)
{
	const struct gw_packet *packet = &e->flow.packet;
	char source[GW_ADDR_TEXT], dest[GW_ADDR_TEXT];
	json_t *fields, *reply = NULL, *measure;

	gw_ctl_try_agent(ctl);
	if (!ctl->agent)
		return NULL;
	fields = json_pack("{s:s, s:s, s:s, s:s*}", "from", e->flow.from->name, "source",
			   gw_addr_format(packet->family, packet->source, source), "dest",
			   gw_addr_format(packet->family, packet->dest, dest), "to",
			   e->flow.to ? e->flow.to->name : NULL);
	/* A zone that is not in force yet is none of the agent's; that is no error here. */
	if (gw_ipc_request(ctl->agent, "judge", fields, -1, &reply, NULL) < 0)
		reply = NULL;
	measure = json_incref(json_object_get(reply, "measure"));
	json_decref(reply);
	if (json_is_object(measure))
		return measure;
	json_decref(measure);
	return NULL;
}

static const char *measure_step(struct gw_arena *arena, const json_t *measure)
{
	static const struct {
		const char *kind, *what, *undo;
	} kinds[] = {
		{ "isolate", "isolated", "release" },
		{ "quarantine", "in quarantine", "release" },
		{ "ban", "banned", "unban" },
		{ "suspend", "suspended", "resume" },
	};
	const char *kind = gw_ctl_reply_text(measure, "kind");
	const char *subject = gw_ctl_reply_text(measure, "subject");
	const char *actor = gw_ctl_reply_text(measure, "actor");
	size_t i = 0;

	if (!subject || !*subject)
		subject = gw_ctl_reply_text(measure, "address");
	while (kind && i + 1 < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[i].kind, kind) != 0)
		i++;
	return gw_arena_printf(arena,
			       "but %s is %s at present, by %s: DROP (`gwctl %s %s` ends it)",
			       subject ? subject : "it", kinds[i].what, actor ? actor : "somebody",
			       kinds[i].undo, subject ? subject : "");
}

static void print_explanation(struct gw_ctl *ctl, const struct explanation *e)
{
	const char *verdict = gw_action_name(e->decision.action);

	for (; *verdict; verdict++)
		gw_text_putc(&ctl->out, (char)toupper((unsigned char)*verdict));
	gw_text_printf(&ctl->out, " by %s, %s", e->decided_by,
		       gw_ctl_place(ctl->arena, e->decision.loc));
	if (e->nearest)
		gw_text_printf(&ctl->out, "; nearest: %s, %s (differs in: %s)", e->nearest->id,
			       gw_ctl_place(ctl->arena, e->nearest->loc), e->differs);
	gw_text_printf(&ctl->out, "\n  %s -> %s: %s\n", e->flow.from->name,
		       e->flow.to ? e->flow.to->name : "gateway",
		       gw_packet_text(ctl->arena, &e->flow.sent));
	for (size_t i = 0; i < e->n_steps; i++)
		gw_text_printf(&ctl->out, "  %zu  %s\n", i + 1, e->steps[i]);
}

static json_t *packet_json(struct gw_arena *arena, const struct gw_packet *packet)
{
	json_t *object = json_object();
	char text[GW_ADDR_TEXT];

	gw_json_set(object, "source",
		    json_string(gw_addr_format(packet->family, packet->source, text)));
	gw_json_set(object, "destination",
		    json_string(gw_addr_format(packet->family, packet->dest, text)));
	gw_json_set(object, "service",
		    gw_json_text(gw_service_text(
			    arena, (struct gw_range){ packet->service, packet->service })));
	return object;
}

static json_t *named_json(const char *id, struct gw_loc loc)
{
	json_t *object = json_object();

	gw_json_set(object, "id", gw_json_text(id));
	gw_json_add_loc(object, loc);
	return object;
}

static void explanation_json(struct gw_ctl *ctl, const struct explanation *e)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < e->n_steps; i++)
		gw_json_add(steps, gw_json_text(e->steps[i]));
	gw_json_set(ctl->root, "verdict", gw_json_text(gw_action_name(e->decision.action)));
	gw_json_set(ctl->root, "decided_by", named_json(e->decided_by, e->decision.loc));
	gw_json_set(ctl->root, "from", gw_json_text(e->flow.from->name));
	gw_json_set(ctl->root, "to", gw_json_text(e->flow.to ? e->flow.to->name : "gateway"));
	gw_json_set(ctl->root, "packet", packet_json(ctl->arena, &e->flow.sent));
	gw_json_set(ctl->root, "judged_as", packet_json(ctl->arena, &e->flow.packet));
	gw_json_set(ctl->root, "dnat",
		    e->flow.dnat ? named_json(e->flow.dnat->id, e->flow.dnat->loc) : json_null());
	gw_json_set(ctl->root, "snat",
		    e->snat ? named_json(e->snat->id, e->snat->loc) : json_null());
	gw_json_set(ctl->root, "steps", steps);
	if (e->nearest) {
		json_t *nearest = named_json(e->nearest->id, e->nearest->loc);

		gw_json_set(nearest, "differs", gw_json_text(e->differs));
		gw_json_set(ctl->root, "nearest", nearest);
	}
}

/* `--at TIME` as the config would write it. */
static bool read_at(struct gw_ctl *ctl, int64_t *ret)
{
	static const struct gw_field field = { .key = "at", .type = GW_FIELD_TIME };
	static const struct gw_table table = {
		.name = "at", .size = sizeof(int64_t), .fields = &field, .n_fields = 1
	};
	const char *text = gw_ctl_option(ctl, "at");
	struct gw_node value = { .kind = GW_NODE_SCALAR, .text = text };
	struct gw_entry entry = { .key = "at", .value = &value };
	struct gw_node map = { .kind = GW_NODE_MAP, .n = 1, .entries = &entry };

	*ret = ctl->now;
	return !text || gw_schema_read(&ctl->diags, &table, &map, ret);
}

static enum gw_exit explain_flow(struct gw_ctl *ctl)
{
	struct explanation explanation = { 0 };
	const struct gw_config *config;
	struct gw_links links = { 0 };
	enum gw_exit status;
	json_t *measure;
	int64_t at;

	if (!read_at(ctl, &at))
		return GW_EXIT_USAGE;
	config = gw_ctl_config(ctl);
	if (!config)
		return GW_EXIT_INVALID;
	/* Elsewhere than on the gateway no address is its own, and that is all that is lost. */
	if (gw_links_read(ctl->arena, &links) < 0)
		links.n = 0;
	status = gw_flow_parse(ctl, config->policy, &links, &explanation.flow);
	if (status != GW_EXIT_OK)
		return status;
	judge(ctl, config->policy, at, &explanation);
	measure = ask_agent(ctl, &explanation);
	if (explanation.flow.from->admission)
		add_step(&explanation,
			 gw_arena_printf(ctl->arena, "only from devices that %s has admitted",
					 explanation.flow.from->name));
	if (measure)
		add_step(&explanation, measure_step(ctl->arena, measure));
	if (ctl->root) {
		explanation_json(ctl, &explanation);
		gw_json_set(ctl->root, "measure", measure ? json_incref(measure) : json_null());
	} else {
		print_explanation(ctl, &explanation);
	}
	json_decref(measure);
	return GW_EXIT_OK;
}

enum gw_exit gw_cmd_explain(struct gw_ctl *ctl)
{
	if (!ctl->n_args)
		return list_kinds(ctl);
	if (ctl->n_args == 1 && strncasecmp(ctl->args[0], "GW", 2) == 0 &&
	    isdigit((unsigned char)ctl->args[0][2]))
		return explain_kind(ctl, ctl->args[0]);
	return explain_flow(ctl);
}
