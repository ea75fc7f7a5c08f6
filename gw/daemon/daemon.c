/* The process around a module: options, loop, signals, service manager. */
#include "gw/daemon/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/core/notify.h"
#include "gw/core/text.h"
#include "gw/core/utf8.h"

#define EXIT_USAGE 64

/* How long an end may wait for gwd to take the last records. */
#define DRAIN_STEPS   20
#define DRAIN_STEP_MS 100

#ifdef __SANITIZE_ADDRESS__
/* Leaks are looked for by a tracer, which a confined process cannot have. Unit tests look for them. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}
#endif

void gw_daemon_say(const struct gw_daemon *daemon, const char *format, ...)
{
	gw_auto_text struct gw_text text = { 0 }, shown = { 0 };
	va_list args;

	va_start(args, format);
	gw_text_vprintf(&text, format, args);
	va_end(args);
	gw_text_puts_visible(&shown, text.len ? text.bytes : "");
	(void)fprintf(stderr, "%s: %s\n", daemon->module->program, shown.bytes ? shown.bytes : "");
}

/* ---- options --------------------------------------------------------------------------------- */

static void print_usage(const struct gw_daemon *daemon, FILE *out)
{
	const struct gw_daemon_module *module = daemon->module;

	(void)fprintf(
		out,
		"usage: %s [--run DIR] [--state DIR]\n"
		"%sIt runs in the foreground and is meant to be started by a service manager.\n"
		"  --run DIR    folder of the sockets, default $GW_RUN_DIR or /run/gw; its own\n"
		"               socket is %s/control in it\n"
		"  --state DIR  what it keeps, default $STATE_DIRECTORY or /var/lib/gw-%s\n"
		"  --version    print the version\n",
		module->program, module->about, module->name, module->name);
}

/* True if the daemon is to run; else the exit status in `*ret`. */
static bool read_options(struct gw_daemon *daemon, int argc, char **argv, int *ret)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--run") == 0 && value) {
			daemon->run_dir = value;
			i++;
		} else if (strcmp(argv[i], "--state") == 0 && value) {
			daemon->state_dir = value;
			i++;
		} else if (strcmp(argv[i], "--version") == 0) {
			(void)printf("%s %s\n", daemon->module->program, GW_VERSION);
			*ret = ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
			return false;
		} else {
			bool asked = strcmp(argv[i], "--help") == 0;

			print_usage(daemon, asked ? stdout : stderr);
			*ret = asked ? EXIT_SUCCESS : EXIT_USAGE;
			return false;
		}
	}
	return true;
}

static const char *from_environment(const char *variable, const char *fallback)
{
	const char *value = getenv(variable);

	return value && *value ? value : fallback;
}

/* ---- gwd ------------------------------------------------------------------------------------- */

static void on_connected(struct gw_link *link, void *context)
{
	struct gw_daemon *daemon = context;

	(void)gw_link_ask(link, "subscribe", NULL, GW_LINK_ONCE, NULL, NULL);
	gw_daemon_ask_config(daemon);
	if (daemon->module->connected)
		daemon->module->connected(daemon);
}

static void on_event(struct gw_link *link, const json_t *event, void *context)
{
	const char *name = json_string_value(json_object_get(event, "event"));

	(void)link;
	if (name && strcmp(name, "config.changed") == 0)
		gw_daemon_ask_config(context);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void on_signal(evutil_socket_t number, short what, void *context)
{
	struct gw_daemon *daemon = context;

	(void)what;
	if (number != SIGHUP) {
		(void)event_base_loopbreak(daemon->base);
		return;
	}
	gw_daemon_ask_config(daemon);
	if (daemon->module->reload)
		daemon->module->reload(daemon);
}

static void on_watchdog(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	(void)gw_notify("WATCHDOG=1"); /* what is not told will be asked about by SIGABRT */
}

static void drain(struct gw_daemon *daemon)
{
	static const struct timeval step = { 0, DRAIN_STEP_MS * 1000 };
	struct gw_link_counts link;

	gw_link_counts(daemon->link, &link);
	for (int i = 0; i < DRAIN_STEPS && link.connected && link.waiting; i++) {
		(void)event_base_loopexit(daemon->base, &step);
		(void)event_base_dispatch(daemon->base);
		gw_link_counts(daemon->link, &link);
	}
}

static void run_loop(struct gw_daemon *daemon)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	uint64_t watchdog_us = gw_notify_watchdog_us();
	struct timeval period = { (time_t)(watchdog_us / 1000000),
				  (suseconds_t)(watchdog_us % 1000000) };
	struct event *watchdog = event_new(daemon->base, -1, EV_PERSIST, on_watchdog, NULL);
	struct event *caught[GW_COUNT(signals)];

	if (!watchdog)
		gw_out_of_memory();
	for (size_t i = 0; i < GW_COUNT(signals); i++) {
		caught[i] = evsignal_new(daemon->base, signals[i], on_signal, daemon);
		if (!caught[i])
			gw_out_of_memory();
		(void)evsignal_add(caught[i], NULL);
	}
	if (watchdog_us)
		(void)event_add(watchdog, &period);
	gw_link_start(daemon->link);
	(void)gw_notify("READY=1");
	(void)event_base_dispatch(daemon->base);
	(void)gw_notify("STOPPING=1");
	for (size_t i = 0; i < GW_COUNT(signals); i++)
		event_free(caught[i]);
	event_free(watchdog);
}

static int run(struct gw_daemon *daemon)
{
	const struct gw_daemon_module *module = daemon->module;
	int err = gw_daemon_open_control(daemon);

	if (!err && module->open)
		err = module->open(daemon);
	if (!err)
		err = gw_daemon_confine(daemon);
	if (!err && module->start)
		err = module->start(daemon);
	if (!err)
		err = gw_ipc_server_open(daemon->control);
	if (!err)
		run_loop(daemon);
	gw_ipc_server_free(daemon->control);
	if (!err)
		drain(daemon);
	/* What still waits is answered now, while the module can take it. */
	gw_link_free(daemon->link);
	if (module->stop)
		module->stop(daemon);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int gw_daemon_main(const struct gw_daemon_module *module, int argc, char **argv)
{
	gw_auto_text struct gw_text folder = { 0 }, state = { 0 }, path = { 0 };
	struct gw_daemon daemon = { .module = module, .started = (int64_t)time(NULL) };
	int status = EXIT_SUCCESS;

	gw_text_printf(&state, "/var/lib/gw-%s", module->name);
	daemon.run_dir = from_environment("GW_RUN_DIR", "/run/gw");
	daemon.state_dir = from_environment("STATE_DIRECTORY", state.bytes);
	if (!read_options(&daemon, argc, argv, &status))
		return status;
	(void)umask(027);
	(void)signal(SIGPIPE, SIG_IGN); /* sends say so themselves */
	gw_text_printf(&folder, "%s/%s", daemon.run_dir, module->name);
	gw_text_printf(&path, "%s/module", daemon.run_dir);
	daemon.folder = folder.bytes;
	daemon.base = event_base_new();
	if (!daemon.base) {
		gw_daemon_say(&daemon, "no event loop can be made");
		return EXIT_FAILURE;
	}
	daemon.link =
		gw_link_new(daemon.base, &(struct gw_link_settings){ .path = path.bytes,
								     .connected = on_connected,
								     .event = on_event,
								     .context = &daemon });
	status = run(&daemon);
	gw_config_free(daemon.config);
	gw_free(daemon.read_dir);
	event_base_free(daemon.base);
	return status;
}
