/* Inside hosts that do harm: told, and put into quarantine where the config says so. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/report/json.h"
#include "ratelimit/watch.h"

json_t *ratelimit_stone_json(const struct ratelimit_stone *stone)
{
	const struct ratelimit_deed_finding *found = &stone->finding;
	json_t *object = json_object(), *examples = json_array();
	char text[GW_ADDR_TEXT];

	for (unsigned int i = 0; i < found->n_examples; i++)
		gw_json_add(examples, json_string(gw_addr_format(found->examples[i].family,
								 found->examples[i].addr, text)));
	gw_json_set(object, "host",
		    json_string(gw_addr_format(found->host.family, found->host.addr, text)));
	gw_json_set(object, "time", json_integer(stone->time));
	gw_json_set(object, "deed", json_string(ratelimit_deed_name(found->deed)));
	gw_json_set(object, "text", json_string(ratelimit_deed_text(found->deed, false)));
	gw_json_set(object, "text_ja", json_string(ratelimit_deed_text(found->deed, true)));
	gw_json_set(object, "protocol", json_integer(found->protocol));
	gw_json_set(object, "port", json_integer(found->port));
	gw_json_set(object, "contacts", json_integer(found->contacts));
	gw_json_set(object, "failures", json_integer(found->failures));
	gw_json_set(object, "destinations", json_integer(found->destinations));
	gw_json_set(object, "rate", json_integer(found->rate));
	gw_json_set(object, "took_ms", json_integer(found->took_ms));
	gw_json_set(object, "examples", examples);
	gw_json_set(object, "quarantine", json_boolean(stone->asked));
	gw_json_set(object, "effective", json_boolean(stone->effective));
	gw_json_set(object, "until", stone->until ? json_integer(stone->until) : json_null());
	gw_json_set(object, "spared", stone->spared ? json_string(stone->spared) : json_null());
	gw_json_set(object, "failure",
		    *stone->failure ? gw_json_text(stone->failure) : json_null());
	return object;
}

/* ---- quarantine ------------------------------------------------------------------------------ */

/* A request on its way; the stone may have given way to another meanwhile. */
struct asked {
	struct ratelimit_state *state;
	uint64_t number;
};

static void quarantined(struct gw_link *link, const json_t *reply, int file, void *context)
{
	struct asked *asked = context;
	struct ratelimit_state *state = asked->state;
	struct ratelimit_stone *stone = &state->stones[asked->number % RATELIMIT_STONES];
	bool ok = gw_link_is_ok(reply);

	(void)link;
	if (file >= 0)
		(void)close(file); /* this verb attaches nothing */
	state->quarantines += ok;
	state->quarantines_failed += !ok;
	if (state->n_stones - asked->number <= RATELIMIT_STONES) {
		stone->effective = ok && json_is_true(json_object_get(reply, "effective"));
		if (!ok) {
			(void)snprintf(stone->failure, sizeof(stone->failure), "%s",
				       reply ? gw_link_complaint(reply) : "gwd has gone");
			stone->until = 0;
			/* What it does next is judged anew. */
			ratelimit_scan_forgive(state->scan, stone->finding.host);
		}
	}
	gw_free(asked);
}

static void quarantine(struct ratelimit_state *state, struct ratelimit_stone *stone, int64_t now)
{
	struct asked *asked = gw_zalloc(1, sizeof(*asked));
	char host[GW_ADDR_TEXT], reason[128];

	asked->state = state;
	asked->number = state->n_stones - 1;
	(void)snprintf(reason, sizeof(reason), "%s: %s", ratelimit_deed_name(stone->finding.deed),
		       ratelimit_deed_text(stone->finding.deed, false));
	stone->asked =
		gw_link_ask(state->daemon->link, "quarantine",
			    json_pack("{s:s, s:I, s:s}", "target",
				      gw_addr_format(stone->finding.host.family,
						     stone->finding.host.addr, host),
				      "for_s", (json_int_t)state->watch->for_s, "reason", reason),
			    GW_LINK_KEEP, quarantined, asked);
	if (stone->asked) {
		stone->until = now + state->watch->for_s;
		return;
	}
	state->quarantines_failed++;
	(void)snprintf(stone->failure, sizeof(stone->failure), "too many requests wait for gwd");
	gw_free(asked);
}

/* ---- what is done about it ------------------------------------------------------------------- */

static bool is_in_quarantine(const struct ratelimit_state *state, struct ratelimit_addr host,
			     int64_t now)
{
	for (size_t i = 0; i < RATELIMIT_STONES; i++)
		if (state->stones[i].until > now &&
		    ratelimit_addr_equal(state->stones[i].finding.host, host))
			return true;
	return false;
}

/* Why the host is left alone; NULL: it is not. */
static const char *spare(const struct ratelimit_state *state,
			 const struct ratelimit_deed_finding *finding, int64_t now)
{
	if (state->watch->response != RATELIMIT_QUARANTINE)
		return "the config wants alerts only";
	if (gw_addrset_contains(state->watch->exempt[finding->host.family], finding->host.addr))
		return "the config exempts it";
	if (finding->deed == RATELIMIT_DEED_MAIL)
		return "mail alone is told, not answered";
	if (is_in_quarantine(state, finding->host, now))
		return "it is in quarantine already";
	return NULL;
}

static void answer(struct ratelimit_state *state, const struct ratelimit_deed_finding *finding,
		   int64_t now)
{
	const char *spared = spare(state, finding, now);
	struct ratelimit_stone *stone = &state->stones[state->n_stones++ % RATELIMIT_STONES];
	char host[GW_ADDR_TEXT], event[32];

	*stone = (struct ratelimit_stone){ .time = now, .finding = *finding, .spared = spared };
	if (!spared)
		quarantine(state, stone, now);
	(void)snprintf(event, sizeof(event), "stone.%s", ratelimit_deed_name(finding->deed));
	ratelimit_tell(state, &(struct gw_daemon_record){
				      .class_ = "attack",
				      .event = event,
				      .subject = gw_addr_format(finding->host.family,
								finding->host.addr, host),
				      .reason = ratelimit_deed_text(finding->deed, false),
				      .detail = ratelimit_stone_json(stone),
			      });
}

void ratelimit_stones_turn(struct ratelimit_state *state, int64_t now_ms, int64_t now)
{
	struct ratelimit_deed_finding finding;

	ratelimit_scan_turn(state->scan, now_ms);
	while (ratelimit_scan_next(state->scan, &finding))
		answer(state, &finding, now);
}
