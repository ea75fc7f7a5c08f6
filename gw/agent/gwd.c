/* gwd: the process around the agent. */
#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/agent/agent.h"
#include "gw/agent/confinement.h"
#include "gw/core/notify.h"
#include "gw/man/protocol.h"

#ifdef __SANITIZE_ADDRESS__
/* Leaks are looked for by a tracer, which a confined process cannot have: it would wait for it for ever.
 * Unit tests look for them. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}
#endif

static const char usage[] =
	"usage: gwd [--state DIR] [--run DIR] [--boot] [--shared]\n"
	"The agent of the gateway: the only program that writes to the kernel. It runs in the\n"
	"foreground and is meant to be started by a service manager.\n"
	"  --state DIR  state directory, default $GW_STATE_DIR or /var/lib/gw\n"
	"  --run DIR    folder of the sockets, default $GW_RUN_DIR or /run/gw\n"
	"  --boot       load what the kernel should hold, and end\n"
	"  --shared     let other programs change the table; what they change is put right\n"
	"  --man        print gw-protocol(7), the manual page of the sockets, as mdoc\n"
	"  --version    print the version\n";

struct options {
	const char *state_dir, *run_dir;
	bool boot, shared;
};

static const char *from_environment(const char *variable, const char *fallback)
{
	const char *value = getenv(variable);

	return value && *value ? value : fallback;
}

static int print_manual(void)
{
	gw_auto_text struct gw_text out = { 0 };

	gw_protocol_manual(gw_agent_control_verbs, &out);
	return fputs(out.bytes, stdout) < 0 ? GW_EXIT_FAILED : GW_EXIT_OK;
}

/* True if the agent is to run; else the exit status in `*ret`. */
static bool read_options(int argc, char **argv, struct options *options, int *ret)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--boot") == 0) {
			options->boot = true;
		} else if (strcmp(argv[i], "--shared") == 0) {
			options->shared = true;
		} else if (strcmp(argv[i], "--state") == 0 && value) {
			options->state_dir = value;
			i++;
		} else if (strcmp(argv[i], "--run") == 0 && value) {
			options->run_dir = value;
			i++;
		} else if (strcmp(argv[i], "--man") == 0) {
			*ret = print_manual();
			return false;
		} else if (strcmp(argv[i], "--version") == 0) {
			*ret = puts("gwd " GW_VERSION) < 0 ? GW_EXIT_FAILED : GW_EXIT_OK;
			return false;
		} else {
			bool asked = strcmp(argv[i], "--help") == 0;

			(void)fputs(usage, asked ? stdout : stderr);
			*ret = asked ? GW_EXIT_OK : GW_EXIT_USAGE;
			return false;
		}
	}
	return true;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void on_signal(evutil_socket_t number, short what, void *context)
{
	(void)number;
	(void)what;
	(void)event_base_loopbreak(context);
}

static void on_watchdog(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	(void)gw_notify("WATCHDOG=1"); /* what is not told will be asked about by SIGABRT */
}

static void run_loop(struct gw_agent *agent)
{
	uint64_t watchdog_us = gw_notify_watchdog_us();
	struct timeval period = { (time_t)(watchdog_us / 1000000),
				  (suseconds_t)(watchdog_us % 1000000) };
	struct event *term = evsignal_new(agent->base, SIGTERM, on_signal, agent->base);
	struct event *interrupt = evsignal_new(agent->base, SIGINT, on_signal, agent->base);
	struct event *watchdog = event_new(agent->base, -1, EV_PERSIST, on_watchdog, NULL);

	(void)evsignal_add(term, NULL);
	(void)evsignal_add(interrupt, NULL);
	if (watchdog_us)
		(void)event_add(watchdog, &period);
	(void)gw_notify("READY=1");
	(void)event_base_dispatch(agent->base);
	(void)gw_notify("STOPPING=1");
	event_free(watchdog);
	event_free(interrupt);
	event_free(term);
}

static enum gw_exit run(struct gw_agent *agent, bool boot)
{
	struct gw_diags diags;
	enum gw_exit status;

	gw_diags_init(&diags);
	status = gw_agent_open(agent, !boot, &diags);
	/* Before the first thread: what is given up is given up by the thread that does it. */
	if (!boot && status == GW_EXIT_OK)
		status = gw_agent_confine(agent, &diags);
	if (status == GW_EXIT_OK) {
		status = gw_agent_start(agent, &diags);
		/* A gateway that could not be brought up must still be reachable for repair. */
		if (!boot)
			status = gw_agent_listen(agent, &diags);
	}
	gw_diags_print(&diags, stderr, false);
	gw_diags_done(&diags);
	if (!boot && status == GW_EXIT_OK)
		run_loop(agent);
	gw_agent_stop(agent);
	return status;
}

/*
 * A change of a large config takes a hundred megabytes for half a second. What it leaves is to go back to
 * the system: not to a heap of each thread, which is never trimmed, and large blocks not to a heap.
 */
static void keep_memory_small(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_MMAP_THRESHOLD, 256 << 10);
}

int main(int argc, char **argv)
{
	struct options options = { gw_store_default_dir(),
				   from_environment("GW_RUN_DIR", "/run/gw"), false, false };
	struct gw_agent agent = { 0 };
	int status = GW_EXIT_OK;

	if (!read_options(argc, argv, &options, &status))
		return status;
	keep_memory_small();
	(void)umask(027);
	(void)signal(SIGPIPE, SIG_IGN); /* sends say so themselves */
	agent.state_dir = options.state_dir;
	agent.run_dir = options.run_dir;
	agent.shared = options.shared;
	agent.base = event_base_new();
	if (!agent.base) {
		(void)fputs("gwd: no event loop can be made\n", stderr);
		return GW_EXIT_FAILED;
	}
	status = (int)run(&agent, options.boot);
	event_base_free(agent.base);
	return status;
}
