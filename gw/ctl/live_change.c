/* Changes through the agent: what apply and rollback have in common. */
#include "gw/ctl/live_change.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "gw/agent/archive.h"
#include "gw/core/mem.h"
#include "gw/core/utf8.h"
#include "gw/ctl/client.h"
#include "gw/ctl/plans.h"
#include "gw/report/change.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

static const struct gw_loc nowhere;

/* An agent that was killed is back soon; its supervisor gives it another try every second or so. */
#define RECONNECT_S  10
#define RECONNECT_NS 100000000

/* ---- options --------------------------------------------------------------------------------- */

/* "120s", "5m", "1h" or "0". */
static bool parse_time(const char *text, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint32_t seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 } };
	uint64_t number = 0;
	const char *at = text;

	while (*at >= '0' && *at <= '9' && number <= GW_CONFIRM_MAX_S)
		number = number * 10 + (uint64_t)(*at++ - '0');
	if (at == text)
		return false;
	for (size_t i = 0; i < GW_COUNT(units); i++) {
		if (strcmp(at, units[i].name) != 0)
			continue;
		number *= units[i].seconds;
		*ret = (uint32_t)number;
		return number <= GW_CONFIRM_MAX_S;
	}
	return false;
}

enum gw_exit gw_ctl_change_fields(struct gw_ctl *ctl, json_t **ret)
{
	const char *note = gw_ctl_option(ctl, "message"), *ticket = gw_ctl_option(ctl, "ticket");
	const char *confirm = gw_ctl_option(ctl, "confirm");
	uint32_t seconds = 0;
	json_t *fields;

	if (confirm && !parse_time(confirm, &seconds))
		return gw_ctl_usage(ctl,
				    "`%s` is no time to confirm: 120s, 5m, or 0 for none; a "
				    "day at most",
				    confirm);
	fields = json_object();
	if (note)
		gw_json_set(fields, "note", gw_json_text(note));
	if (ticket)
		gw_json_set(fields, "ticket", gw_json_text(ticket));
	if (confirm)
		gw_json_set(fields, "confirm_s", gw_json_number(seconds));
	*ret = fields;
	return GW_EXIT_OK;
}

/* ---- what was done --------------------------------------------------------------------------- */

static size_t count_of(const json_t *kernel, const char *key)
{
	return (size_t)gw_ctl_reply_number(kernel, key);
}

static void print_counts(const json_t *kernel, struct gw_text *out)
{
	const struct gw_plan counts = {
		.n_ops = count_of(kernel, "operations"),
		.rules_added = count_of(kernel, "rules_added"),
		.rules_deleted = count_of(kernel, "rules_deleted"),
		.elems_added = count_of(kernel, "elements_added"),
		.elems_deleted = count_of(kernel, "elements_deleted"),
		.sets_added = count_of(kernel, "sets_added"),
		.sets_deleted = count_of(kernel, "sets_deleted"),
		.chains_added = count_of(kernel, "chains_added"),
		.chains_deleted = count_of(kernel, "chains_deleted"),
	};

	gw_report_plan_counts(&counts, out);
}

static void print_change(struct gw_ctl *ctl, const json_t *reply, double seconds)
{
	const char *site = gw_ctl_reply_text(reply, "site");
	unsigned int revision = (unsigned int)gw_ctl_reply_number(reply, "revision");
	bool made = gw_ctl_reply_flag(reply, "new_revision");
	bool changed = gw_ctl_reply_flag(reply, "changed");

	gw_text_puts_visible(&ctl->out, site ? site : "-");
	if (!changed && !made) {
		gw_text_printf(&ctl->out,
			       ": nothing to change, revision %u is what the kernel holds\n",
			       revision);
		return;
	}
	gw_text_printf(&ctl->out, ": %s revision %u in %.3f s: ", made ? "applied" : "repaired",
		       revision, seconds);
	if (changed)
		print_counts(json_object_get(reply, "kernel"), &ctl->out);
	else
		gw_text_puts(&ctl->out, "the kernel's rules stay as they are");
	gw_text_putc(&ctl->out, '\n');
}

static void print_pending(struct gw_ctl *ctl, const json_t *pending)
{
	char until[GW_REPORT_TIME];

	gw_text_printf(&ctl->out,
		       "It is undone at %s unless it is confirmed.\n"
		       "Confirm it from a new session, which shows that you still get in: "
		       "`gwctl confirm`\n",
		       gw_report_time((int64_t)gw_ctl_reply_number(pending, "until"), until));
}

static void report(struct gw_ctl *ctl, const json_t *reply, double seconds)
{
	static const char *const keys[] = { "site",    "revision", "new_revision",
					    "changed", "kernel",   "confirm" };
	const json_t *pending = json_object_get(reply, "confirm");

	ctl->done = gw_arena_printf(ctl->arena, "revision %u is in force all the same",
				    (unsigned int)gw_ctl_reply_number(reply, "revision"));
	if (!ctl->root) {
		print_change(ctl, reply, seconds);
		if (json_is_object(pending))
			print_pending(ctl, pending);
		return;
	}
	for (size_t i = 0; i < GW_COUNT(keys); i++) {
		json_t *value = json_object_get(reply, keys[i]);

		gw_json_set(ctl->root, keys[i], value ? json_incref(value) : json_null());
	}
	gw_json_set(ctl->root, "seconds", json_real(seconds));
}

/* ---- waiting for its end --------------------------------------------------------------------- */

/* Shows what has been said so far: waiting may take minutes. */
static void show_now(struct gw_ctl *ctl)
{
	if (ctl->root || !ctl->out.len)
		return;
	/* That writing failed is seen by the stream's error flag, when all is done. */
	(void)fwrite(ctl->out.bytes, 1, ctl->out.len, ctl->stream);
	(void)fflush(ctl->stream);
	gw_text_done(&ctl->out);
}

/* The agent was lost: it is started again, and settles the change in any case. */
static bool reconnect(struct gw_ctl *ctl)
{
	const struct timespec pause = { .tv_nsec = RECONNECT_NS };

	gw_ipc_close(ctl->agent);
	ctl->agent = NULL;
	for (int64_t end = time(NULL) + RECONNECT_S; time(NULL) < end;) {
		if (gw_ipc_connect(gw_ctl_agent_path(ctl->arena), &ctl->agent) == 0)
			return true;
		(void)nanosleep(&pause, NULL); /* a signal ends the wait only sooner */
	}
	return false;
}

static enum gw_exit ask_outcome(struct gw_ctl *ctl, uint32_t revision, json_t **ret)
{
	int err;

	do {
		err = gw_ipc_request(ctl->agent, "wait",
				     json_pack("{s:I}", "revision", (json_int_t)revision), -1, ret,
				     NULL);
	} while (err == -EPIPE && reconnect(ctl));
	if (err) {
		gw_diag(&ctl->diags, GW_D_AGENT_LOST, nowhere,
			"gwd is gone while revision %u waits to be confirmed; it settles the "
			"change when it is back",
			revision);
		return GW_EXIT_FAILED;
	}
	return gw_ctl_reply_number(*ret, "status") == GW_EXIT_OK ? GW_EXIT_OK : GW_EXIT_ROLLED_BACK;
}

enum gw_exit gw_ctl_wait_for_change(struct gw_ctl *ctl, uint32_t revision)
{
	json_t *reply = NULL;
	enum gw_exit status;

	show_now(ctl);
	status = ask_outcome(ctl, revision, &reply);
	if (status == GW_EXIT_ROLLED_BACK)
		gw_diag(&ctl->diags, GW_D_CHANGE_UNDONE, nowhere,
			"revision %u was undone; revision %u is in force", revision,
			(unsigned int)gw_ctl_reply_number(reply, "revision"));
	if (status != GW_EXIT_FAILED && ctl->root) {
		gw_json_set(ctl->root, "confirmed", json_boolean(status == GW_EXIT_OK));
		gw_json_set(ctl->root, "in_force",
			    gw_json_number(gw_ctl_reply_number(reply, "revision")));
	} else if (status == GW_EXIT_OK) {
		gw_text_printf(&ctl->out, "revision %u is confirmed\n", revision);
	}
	json_decref(reply);
	return status;
}

/* ---- the change ------------------------------------------------------------------------------ */

enum gw_exit gw_ctl_change_by_agent(struct gw_ctl *ctl, const char *verb, json_t *fields, int file)
{
	struct timespec start, end;
	enum gw_exit status;
	json_t *reply;

	(void)clock_gettime(CLOCK_MONOTONIC, &start); /* cannot fail with this clock */
	status = gw_ctl_call(ctl, verb, fields, file, &reply, NULL);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	if (status == GW_EXIT_OK) {
		const json_t *pending = json_object_get(reply, "confirm");

		report(ctl, reply,
		       (double)(end.tv_sec - start.tv_sec) +
			       (double)(end.tv_nsec - start.tv_nsec) / 1e9);
		if (json_is_object(pending) && gw_ctl_option(ctl, "wait"))
			status = gw_ctl_wait_for_change(
				ctl, (uint32_t)gw_ctl_reply_number(pending, "revision"));
	}
	json_decref(reply);
	return status;
}

/* What is handed over: the config of -C DIR, or the plan that was named. */
static enum gw_exit collect(struct gw_ctl *ctl, json_t *fields, struct gw_text *out)
{
	const struct gw_config *config;
	struct gw_plan_file plan;
	enum gw_exit status;

	if (gw_ctl_option(ctl, "emergency"))
		gw_json_set(fields, "emergency", json_true());
	if (ctl->n_args) {
		status = gw_ctl_read_plan(ctl, ctl->args[0], &plan);
		if (status != GW_EXIT_OK)
			return status;
		gw_json_set(fields, "plan", json_true());
		gw_plan_file_print(&plan, out);
		return GW_EXIT_OK;
	}
	config = gw_ctl_config(ctl);
	if (!config)
		return GW_EXIT_INVALID;
	/* The agent finds the same, and more, because it analyses what it has read. */
	gw_diags_done(&ctl->diags);
	gw_diags_init(&ctl->diags);
	gw_archive_write(config->conf->files, config->conf->n_files, out);
	return GW_EXIT_OK;
}

enum gw_exit gw_ctl_apply_by_agent(struct gw_ctl *ctl, json_t *fields)
{
	gw_auto_text struct gw_text bytes = { 0 };
	enum gw_exit status = collect(ctl, fields, &bytes);
	int file;

	if (status != GW_EXIT_OK) {
		json_decref(fields);
		return status;
	}
	file = gw_memfd_write(bytes.bytes, bytes.len);
	if (file < 0) {
		json_decref(fields);
		gw_diag(&ctl->diags, GW_D_AGENT_UNREACHABLE, nowhere,
			"the config cannot be handed to gwd: %s", strerror(-file));
		return GW_EXIT_FAILED;
	}
	status = gw_ctl_change_by_agent(ctl, "apply", fields, file);
	(void)close(file); /* read from only */
	return status;
}
