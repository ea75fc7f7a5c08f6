/* drops: what was dropped and why; with -f, each logged packet as it happens. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/ctl/client.h"
#include "gw/policy/analyze.h"
#include "gw/report/json.h"
#include "gw/report/packet.h"

static const struct gw_loc nowhere;

/* Who a logged packet's number belongs to. */
struct reason {
	const char *id;
	const struct gw_rule_def *rule; /* NULL: built in, or unknown */
};

static struct reason reason_of(const struct gw_ctl *ctl, const struct gw_logged_packet *logged)
{
	const struct gw_in_force *in_force = &ctl->in_force;
	const struct gw_policy *policy = in_force->config->policy;
	uint32_t number = logged->mark ? logged->mark : logged->ct_mark & policy->mark_mask;
	const char *id = gw_numbers_id(in_force->numbers, number);

	if (id)
		return (struct reason){ id, gw_policy_rule(policy, id) };
	if (number < GW_BUILTIN_COUNT)
		return (struct reason){ gw_builtin_name((enum gw_builtin)number), NULL };
	return (struct reason){ "unknown", NULL };
}

static void put_time(struct gw_text *out, int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm parts;
	char text[32] = "?";

	if (localtime_r(&seconds, &parts))
		(void)strftime(text, sizeof(text), "%H:%M:%S", &parts);
	gw_text_printf(out, "%s.%03d", text, (int)(time_ms % 1000));
}

static void put_line(struct gw_ctl *ctl, const struct gw_logged_packet *logged,
		     struct gw_arena *scratch, struct gw_text *out)
{
	struct reason reason = reason_of(ctl, logged);

	put_time(out, logged->time_ms);
	gw_text_printf(out, "  %-9s %s -> %s  %s  by %s%s%s\n",
		       strncmp(logged->prefix, "gw ", 3) == 0 ? logged->prefix + 3 : logged->prefix,
		       *logged->in_interface ? logged->in_interface : "-",
		       *logged->out_interface ? logged->out_interface : "gateway",
		       gw_report_packet(scratch, logged), reason.id, reason.rule ? ", " : "",
		       reason.rule ? gw_ctl_place(scratch, reason.rule->loc) : "");
}

/* One object a line, so that a reader need not wait for an end that never comes. */
static void put_json(struct gw_ctl *ctl, const struct gw_logged_packet *logged,
		     struct gw_arena *scratch, struct gw_text *out)
{
	struct reason reason = reason_of(ctl, logged);
	json_t *object = json_object();
	char *text;

	gw_json_set(object, "schema", gw_json_text("gw.drop/1"));
	gw_json_set(object, "time_ms", gw_json_number((uint64_t)logged->time_ms));
	gw_json_set(object, "event", gw_json_text(logged->prefix));
	gw_json_set(object, "in", gw_json_text(logged->in_interface));
	gw_json_set(object, "out", gw_json_text(logged->out_interface));
	gw_json_set(object, "packet", gw_json_text(gw_report_packet(scratch, logged)));
	gw_json_set(object, "by", gw_json_text(reason.id));
	if (reason.rule)
		gw_json_add_loc(object, reason.rule->loc);
	text = json_dumps(object, JSON_COMPACT);
	if (!text)
		gw_out_of_memory();
	gw_text_puts(out, text);
	gw_text_putc(out, '\n');
	free(text);
	json_decref(object);
}

/* False if nobody reads any more. */
static bool show_packet(struct gw_ctl *ctl, const struct gw_logged_packet *logged)
{
	gw_auto_text struct gw_text line = { 0 };
	struct gw_arena *scratch = gw_arena_new();

	if (ctl->json)
		put_json(ctl, logged, scratch, &line);
	else
		put_line(ctl, logged, scratch, &line);
	gw_arena_free(scratch);
	return fwrite(line.bytes, 1, line.len, ctl->stream) == line.len && fflush(ctl->stream) == 0;
}

static enum gw_exit log_failed(struct gw_ctl *ctl, const char *what, int err)
{
	gw_diag(&ctl->diags, GW_D_LOG_UNREADABLE, nowhere, "%s: %s", what, strerror(-err));
	if (err == -EBUSY)
		gw_diag_hint(&ctl->diags, "another program reads this group; end it, or choose "
					  "another `log: {group: …}`");
	return GW_EXIT_FAILED;
}

static enum gw_exit follow(struct gw_ctl *ctl, int fd, unsigned long count)
{
	unsigned long seen = 0;

	while (!count || seen < count) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		struct gw_logged_packet logged;
		int err = gw_log_read(fd, &logged);

		if (err == -EAGAIN) {
			if (poll(&wait, 1, -1) < 0 && errno != EINTR)
				return log_failed(ctl, "waiting for packets", -errno);
		} else if (err == -ENOBUFS) {
			(void)fputs("gwctl: some packets were lost, too many at a time\n", stderr);
		} else if (err) {
			return log_failed(ctl, "reading logged packets", err);
		} else if (!show_packet(ctl, &logged)) {
			return GW_EXIT_OK;
		} else {
			seen++;
		}
	}
	return GW_EXIT_OK;
}

static enum gw_exit open_log(struct gw_ctl *ctl, int *ret)
{
	enum gw_exit status;
	json_t *reply;
	int err;

	if (ctl->agent) {
		status = gw_ctl_call(ctl, "log_open", NULL, -1, &reply, ret);
		json_decref(reply);
		return status;
	}
	err = gw_log_open((uint16_t)ctl->in_force.config->policy->log_group, ret);
	return err ? log_failed(ctl, "opening the log", err) : GW_EXIT_OK;
}

/* True if the text is a count; 0 stands for no limit. */
static bool read_count(const char *text, unsigned long *ret)
{
	char *end;

	*ret = 0;
	if (!text)
		return true;
	errno = 0;
	*ret = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *ret;
}

enum gw_exit gw_cmd_drops(struct gw_ctl *ctl)
{
	gw_auto_close int fd = -1;
	enum gw_exit status;
	unsigned long count;

	if (!read_count(gw_ctl_option(ctl, "count"), &count))
		return gw_ctl_usage(ctl, "-n %s: not a number of packets",
				    gw_ctl_option(ctl, "count"));
	if (!gw_ctl_option(ctl, "follow") && !gw_ctl_option(ctl, "count"))
		return gw_ctl_drop_counters(ctl);
	status = gw_ctl_load_in_force(ctl);
	if (status == GW_EXIT_OK)
		status = open_log(ctl, &fd);
	if (status != GW_EXIT_OK)
		return status;
	status = follow(ctl, fd, count);
	if (status == GW_EXIT_OK && ctl->root) {
		/* Everything was said, a line each. */
		json_decref(ctl->root);
		ctl->root = NULL;
	}
	return status;
}
