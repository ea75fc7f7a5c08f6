#include "gw/agent/emergency.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/agent/adoption.h"
#include "gw/agent/pairs.h"
#include "gw/core/mac.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"

#define SLEEP_MAX_S 3600

void gw_measure_list_add(struct gw_measure_list *list, const struct gw_measure *measure)
{
	gw_push(list->items, list->n, list->capacity, *measure);
}

void gw_measure_list_done(struct gw_measure_list *list)
{
	gw_free(list->items);
	*list = (struct gw_measure_list){ 0 };
}

/* ---- the end of measures -------------------------------------------------------------------- */

/* A list is on record as a whole: a hundred thousand of its entries may end together. */
static bool is_of_list(const struct gw_measure *item)
{
	return strncmp(item->subject, GW_MEASURE_FEED, sizeof(GW_MEASURE_FEED) - 1) == 0;
}

static void record_end(struct gw_agent *agent, const struct gw_measure_list *over)
{
	char text[GW_MEASURE_TEXT];
	size_t of_lists = 0;

	for (size_t i = 0; i < over->n; i++) {
		const struct gw_measure *item = &over->items[i];

		of_lists += is_of_list(item);
		if (!is_of_list(item))
			gw_agent_record(agent, &(struct gw_agent_event){
						       .event = "measure.ended",
						       .subject = gw_measure_text(item, text),
						       .reason = "its time is over",
						       .detail = gw_measure_json(item),
					       });
	}
	if (of_lists)
		gw_agent_record(agent,
				&(struct gw_agent_event){
					.event = "measure.ended",
					.subject = "entries of lists",
					.reason = "their time is over",
					.detail = json_pack("{s:I}", "n", (json_int_t)of_lists),
				});
}

/* The kernel has let go of them by itself, or does so now: this is for the books. */
static void end_measures(struct gw_agent *agent, int64_t now)
{
	struct gw_measures *measures = &agent->emergency->measures;
	struct gw_measure_list over = { 0 };

	for (size_t i = 0; i < measures->n; i++)
		if (gw_measure_is_over(&measures->items[i], now))
			gw_measure_list_add(&over, &measures->items[i]);
	if (over.n && gw_measures_note(measures, agent->emergency->dir, over.items, over.n, false))
		over.n = 0; /* the disk is full, say: they stay in the books until it is not */
	record_end(agent, &over);
	gw_measures_remove_all(measures, over.items, over.n);
	if (over.n) {
		/* What the guard still asks for nothing costs time only: failing is no harm. */
		(void)gw_measures_sync(measures, agent->target.kernel, GW_MEASURE_GUARD, NULL, now);
		gw_measures_compact(measures, agent->emergency->dir);
	}
	gw_measure_list_done(&over);
}

static void set_timer(struct gw_agent *agent)
{
	const struct gw_measures *measures = &agent->emergency->measures;
	int64_t now = time(NULL), next = now + SLEEP_MAX_S;
	struct timeval delay = { 0, 0 };

	for (size_t i = 0; i < measures->n; i++)
		if (measures->items[i].until && measures->items[i].until < next)
			next = measures->items[i].until;
	delay.tv_sec = next > now ? next - now : 1;
	(void)event_add(agent->emergency->timer, &delay); /* fails for lack of memory only */
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct gw_agent *agent = context;

	(void)fd;
	(void)what;
	end_measures(agent, time(NULL));
	set_timer(agent);
}

/* ---- start and stop ------------------------------------------------------------------------- */

/* A hundred thousand bans are read while the config is: nobody asks for them before. */
static void *load_measures(void *argument)
{
	struct gw_emergency *emergency = argument;

	emergency->load_error = gw_measures_load(&emergency->measures, emergency->dir);
	return NULL;
}

static void complete(void *context, struct gw_ruleset *desired)
{
	const struct gw_agent *agent = context;

	gw_side_wait(&agent->emergency->loading);
	gw_measures_complete(&agent->emergency->measures, desired, time(NULL));
	gw_agent_pairs_complete(agent, desired);
}

static int emergency_open(struct gw_agent *agent)
{
	struct gw_emergency *emergency = gw_zalloc(1, sizeof(*emergency));

	agent->emergency = emergency;
	gw_measures_init(&emergency->measures);
	emergency->dir = open(agent->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	emergency->timer = event_new(agent->base, -1, 0, on_timer, agent);
	if (emergency->dir < 0 || !emergency->timer)
		return emergency->dir < 0 ? -errno : -ENOMEM;
	gw_side_start(&emergency->loading, load_measures, emergency);
	agent->target.complete = complete;
	agent->target.context = agent;
	return 0;
}

/* All of the journal is there; what it lacks is on record. */
static int wait_for_measures(struct gw_agent *agent)
{
	struct gw_emergency *emergency = agent->emergency;

	gw_side_wait(&emergency->loading);
	if (emergency->load_error == -EBADMSG)
		gw_agent_record(agent, &(struct gw_agent_event){
					       .event = "measure.damaged",
					       .subject = "measures.jsonl",
					       .failed = true,
					       .reason = "lines of it cannot be read; the others "
							 "are in force",
				       });
	return emergency->load_error == -EBADMSG ? 0 : emergency->load_error;
}

/* Addresses that are banned may be a hundred thousand: whoever waits for the agent does not wait for
 * their comparison. */
static void compare_bans(evutil_socket_t fd, short what, void *context)
{
	const struct gw_agent *agent = context;

	(void)fd;
	(void)what;
	int err = 0;

	for (unsigned int set = GW_MEASURE_BANNED4; set <= GW_MEASURE_BANNED6 && !err; set++)
		err = gw_measures_sync(&agent->emergency->measures, agent->target.kernel,
				       (uint8_t)set, NULL, time(NULL));
	/* What is there goes on being enforced. Before the first config there is nowhere to put them. */
	if (err == 0 || err == -ENOENT)
		agent->emergency->behind = false;
	(void)malloc_trim(0);
}

/* What others have taken out of the kernel meanwhile comes back, what they put in goes. */
static int emergency_start(struct gw_agent *agent)
{
	const struct gw_measures *measures = &agent->emergency->measures;
	struct gw_kernel *kernel = agent->target.kernel;
	int err = wait_for_measures(agent);

	if (err)
		return err;
	end_measures(agent, time(NULL));
	if (gw_adoption_holds(agent->adoption, agent->revision)) {
		set_timer(agent);
		return 0;
	}
	agent->emergency->behind = true;
	for (unsigned int set = 1; set < GW_MEASURE_SET_COUNT && !err; set++)
		if (set != GW_MEASURE_BANNED4 && set != GW_MEASURE_BANNED6)
			err = gw_measures_sync(measures, kernel, (uint8_t)set, NULL, time(NULL));
	for (size_t i = 0; agent->config && i < agent->config->policy->n_zones && !err; i++)
		if (agent->config->policy->zones[i].admission)
			err = gw_measures_sync(measures, kernel, GW_MEASURE_ADMITTED,
					       agent->config->policy->zones[i].name, time(NULL));
	set_timer(agent);
	(void)event_base_once(agent->base, -1, EV_TIMEOUT, compare_bans, agent, NULL);
	if (err && err != -ENOENT)
		gw_agent_record(agent, &(struct gw_agent_event){ .event = "measure.failed",
								 .subject = "measures in force",
								 .failed = true,
								 .reason = strerror(-err) });
	return 0; /* what can be enforced is; the rest is on record */
}

static void emergency_stop(struct gw_agent *agent)
{
	struct gw_emergency *emergency = agent->emergency;

	if (!emergency)
		return;
	agent->target.complete = NULL;
	gw_side_wait(&emergency->loading);
	gw_measures_done(&emergency->measures);
	if (emergency->timer)
		event_free(emergency->timer);
	if (emergency->dir >= 0)
		(void)close(emergency->dir);
	gw_free(emergency);
	agent->emergency = NULL;
}

const struct gw_agent_part gw_part_emergency = {
	.name = "emergency",
	.open = emergency_open,
	.start = emergency_start,
	.stop = emergency_stop,
};

/* ---- take and lift -------------------------------------------------------------------------- */

static void put_all(struct gw_measures *measures, const struct gw_measure_list *list, bool come)
{
	if (!come)
		gw_measures_remove_all(measures, list->items, list->n); /* maybe not there */
	for (size_t i = 0; come && i < list->n; i++)
		gw_measures_put(measures, &list->items[i]);
}

static int send_changes(struct gw_agent *agent, const struct gw_measure_list *list)
{
	int err = gw_measures_send(&agent->emergency->measures, agent->target.kernel, list->items,
				   list->n, time(NULL));

	set_timer(agent);
	gw_measures_compact(&agent->emergency->measures, agent->emergency->dir);
	agent->emergency->behind |= err && err != -ENOENT;
	return err;
}

/* What the kernel did not take is struck off again; what stood there before comes back. */
static void take_back(struct gw_agent *agent, const struct gw_measure_list *list,
		      const struct gw_measure_list *before, bool come)
{
	struct gw_measures *measures = &agent->emergency->measures;

	put_all(measures, list, !come);
	put_all(measures, before, true);
	(void)gw_measures_note(measures, agent->emergency->dir, list->items, list->n, !come);
	if (before->n)
		(void)gw_measures_note(measures, agent->emergency->dir, before->items, before->n,
				       true);
	(void)send_changes(agent, list); /* a part of them may have got there */
}

int gw_emergency_take(struct gw_agent *agent, const struct gw_measure_list *list)
{
	struct gw_measures *measures = &agent->emergency->measures;
	struct gw_measure_list before = { 0 };
	int err = gw_measures_note(measures, agent->emergency->dir, list->items, list->n, true);

	if (err)
		return err;
	for (size_t i = 0; i < list->n; i++) {
		const struct gw_measure *was = gw_measures_find(measures, &list->items[i]);

		if (was)
			gw_measure_list_add(&before, was);
	}
	put_all(measures, list, true);
	err = send_changes(agent, list);
	if (err && err != -ENOENT)
		take_back(agent, list, &before, true);
	gw_measure_list_done(&before);
	return err;
}

int gw_emergency_lift(struct gw_agent *agent, const struct gw_measure_list *list)
{
	struct gw_measures *measures = &agent->emergency->measures;
	struct gw_measure_list nothing = { 0 };
	int err = gw_measures_note(measures, agent->emergency->dir, list->items, list->n, false);

	if (err)
		return err;
	put_all(measures, list, false);
	err = send_changes(agent, list);
	if (err && err != -ENOENT)
		take_back(agent, list, &nothing, false);
	return err;
}

/* ---- what requests have in common ----------------------------------------------------------- */

const struct gw_zone *gw_emergency_zone(struct gw_agent *agent, struct gw_ipc_call *call,
					const char *name)
{
	const struct gw_policy *policy = agent->config ? agent->config->policy : NULL;
	const struct gw_zone *zone = policy ? gw_policy_zone(policy, name) : NULL;
	gw_auto_text struct gw_text names = { 0 };

	if (zone)
		return zone;
	for (size_t i = 0; policy && i < policy->n_zones; i++)
		gw_text_printf(&names, "%s%s", i ? ", " : "", policy->zones[i].name);
	gw_ipc_call_refuse(call, GW_EXIT_USAGE, "there is no zone `%s`%s%s", name,
			   names.len ? "; there are " : ": nothing has been applied yet",
			   names.len ? names.bytes : "");
	return NULL;
}

void gw_emergency_begin(struct gw_ipc_call *call, enum gw_measure_kind kind, struct gw_measure *ret)
{
	const char *reason = gw_ipc_call_text(call, "reason");
	uint64_t for_s = gw_ipc_call_uint(call, "for_s", 0);
	int64_t now = time(NULL);

	*ret = (struct gw_measure){ .kind = (uint8_t)kind,
				    .set = GW_MEASURE_NOWHERE,
				    .subject = "",
				    .actor = gw_ipc_call_peer(call)->name,
				    .reason = reason ? reason : "",
				    .since = now,
				    .until = for_s ? now + (int64_t)for_s : 0 };
}

static bool is_named(const struct gw_measure *item, const char *wanted)
{
	char text[GW_MEASURE_TEXT];
	uint8_t mac[6];

	if (*item->subject && strcmp(item->subject, wanted) == 0)
		return item->kind != GW_MEASURE_KIND_ADMIT;
	if (gw_measure_is_mac(item))
		return gw_mac_parse(wanted, strlen(wanted), mac) &&
		       memcmp(mac, item->key, sizeof(mac)) == 0;
	return strcmp(gw_measure_text(item, text), wanted) == 0;
}

void gw_emergency_find(const struct gw_emergency *emergency, enum gw_measure_kind kind,
		       const char *wanted, struct gw_measure_list *ret)
{
	for (size_t i = 0; i < emergency->measures.n; i++) {
		const struct gw_measure *item = &emergency->measures.items[i];

		if ((kind == GW_MEASURE_KIND_COUNT
			     ? item->kind == GW_MEASURE_KIND_ISOLATE ||
				       item->kind == GW_MEASURE_KIND_QUARANTINE
			     : item->kind == kind) &&
		    is_named(item, wanted))
			gw_measure_list_add(ret, item);
	}
}

static json_t *contacts_json(const struct gw_agent *agent)
{
	const struct gw_policy *policy = agent->config ? agent->config->policy : NULL;
	json_t *contacts = json_array();

	for (size_t i = 0; policy && i < policy->n_contacts; i++) {
		const struct gw_contact *contact = &policy->contacts[i];
		json_t *object = json_object();

		gw_json_set(object, "name", gw_json_text(contact->name));
		gw_json_set(object, "role", gw_json_text(contact->role));
		gw_json_set(object, "phone", gw_json_text(contact->phone));
		gw_json_set(object, "mail", gw_json_text(contact->mail));
		gw_json_set(object, "when", gw_json_text(contact->when));
		gw_json_add(contacts, object);
	}
	return contacts;
}

void gw_emergency_reply(struct gw_agent *agent, struct gw_ipc_call *call,
			const struct gw_measure_list *list, int error)
{
	json_t *fields, *measures;

	if (error && error != -ENOENT) {
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "nothing was changed: %s",
				   strerror(-error));
		return;
	}
	measures = json_array();
	for (size_t i = 0; i < list->n && i < 256; i++) /* a message has its limits */
		gw_json_add(measures, gw_measure_json(&list->items[i]));
	fields = json_object();
	gw_json_set(fields, "measures", measures);
	gw_json_set(fields, "n", json_integer((json_int_t)list->n));
	gw_json_set(fields, "effective", json_boolean(!error));
	gw_json_set(fields, "contacts", contacts_json(agent));
	gw_ipc_call_reply(call, GW_EXIT_OK, fields, -1);
}
