/*
 * The kernel's own opinion of a ruleset, without touching anything: a child process moves into a
 * fresh user and network namespace, in which it is root, and loads the ruleset there. It needs no
 * privileges and vanishes with the child. In a user namespace the send buffer cannot grow, so the
 * child commits in pieces; nobody looks in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/nft/kernel.h"

/* What the child found out; fits into one atomic write to a pipe. */
struct report {
	enum { STAGE_NAMESPACE, STAGE_DEVICE, STAGE_COMMIT, STAGE_DONE } stage;
	int error;                      /* as returned: negative errno */
	size_t op;                      /* index in the plan; SIZE_MAX: none */
	struct gw_kernel_error refusal; /* its `op` is of no use here */
};

static int nothing(const struct nlmsghdr *message, void *context)
{
	(void)message; /* a request to make a device is answered by an acknowledgement alone */
	(void)context;
	return 0;
}

static int make_device(struct gw_netlink *netlink, const char *name, const char *kind)
{
	struct nlmsghdr *request =
		gw_netlink_start(netlink, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info;

	(void)mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(request, info);
	return gw_netlink_ask(netlink, request, nothing, NULL);
}

static int make_devices_of(struct gw_netlink *netlink, const struct gw_base_hook *base)
{
	int err = 0;

	for (size_t i = 0; base && i < base->n_devices && !err; i++) {
		err = make_device(netlink, base->devices[i], "dummy");
		if (err == -EOPNOTSUPP)
			err = make_device(netlink, base->devices[i], "veth");
		if (err == -EEXIST)
			err = 0; /* lo, or a device of two chains */
	}
	return err;
}

/* Chains of the netdev family want their devices to exist; other families know only names. */
static int make_devices(const struct gw_ruleset *ruleset)
{
	struct gw_netlink netlink;
	int err = gw_netlink_open(&netlink, NETLINK_ROUTE);

	if (err)
		return err;
	for (; ruleset && !err; ruleset = ruleset->next)
		for (size_t i = 0; i < ruleset->n_chains && !err; i++)
			err = make_devices_of(&netlink, ruleset->chains[i].base);
	gw_netlink_done(&netlink);
	return err;
}

static int enter_namespace(void)
{
	int err;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
		return 0;
	err = -errno;
	/* Root needs no user namespace to make a network of its own. */
	return unshare(CLONE_NEWNET) == 0 ? 0 : err;
}

static void child_load(const struct gw_ruleset *ruleset, const struct gw_plan *plan,
		       struct report *report)
{
	struct gw_kernel *kernel;

	report->stage = STAGE_NAMESPACE;
	report->op = SIZE_MAX;
	report->error = enter_namespace();
	if (report->error)
		return;
	report->stage = STAGE_DEVICE;
	report->error = make_devices(ruleset);
	if (report->error)
		return;
	report->stage = STAGE_COMMIT;
	report->error = gw_kernel_open(&kernel);
	if (report->error)
		return;
	report->error = gw_nft_commit_in_pieces(kernel, plan, &report->refusal);
	if (report->refusal.op)
		report->op = (size_t)(report->refusal.op - plan->ops);
	if (!report->error)
		report->stage = STAGE_DONE;
	gw_kernel_free(kernel);
}

static _Noreturn void child(const struct gw_ruleset *ruleset, const struct gw_plan *plan, int fd)
{
	struct report report;

	memset(&report, 0, sizeof(report));
	child_load(ruleset, plan, &report);
	/* The parent takes anything but a whole report for a child that died. _exit: the parent's
	 * buffered output is not ours to flush. */
	_exit(write(fd, &report, sizeof(report)) == (ssize_t)sizeof(report) ? 0 : 1);
}

/* 0 with a report, or -ECHILD if the child died before it wrote one. */
static int read_report(int fd, pid_t pid, struct report *ret)
{
	ssize_t len;

	do
		len = read(fd, ret, sizeof(*ret));
	while (len < 0 && errno == EINTR);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return len == (ssize_t)sizeof(*ret) ? 0 : -ECHILD;
}

static int run_child(const struct gw_ruleset *ruleset, const struct gw_plan *plan,
		     struct report *ret)
{
	int fds[2], err;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		child(ruleset, plan, fds[1]);
	err = pid < 0 ? -errno : 0;
	(void)close(fds[1]); /* the child's end: only now does its death end our read */
	if (!err)
		err = read_report(fds[0], pid, ret);
	(void)close(fds[0]); /* read to the end */
	return err;
}

static void diagnose(const struct gw_plan *plan, struct report *report, struct gw_diags *diags)
{
	const struct gw_loc nowhere = { 0 };

	if (report->stage == STAGE_NAMESPACE) {
		gw_diag(diags, GW_D_KERNEL_NO_NAMESPACE, nowhere,
			"this user cannot make a namespace to load the ruleset into: %s",
			strerror(-report->error));
		gw_diag_hint(diags, "run it as root, or allow unprivileged user namespaces");
		return;
	}
	report->refusal.op = report->op < plan->n_ops ? &plan->ops[report->op] : NULL;
	gw_kernel_diagnose(plan, report->error, &report->refusal, diags);
}

int gw_kernel_check(const struct gw_ruleset *ruleset, struct gw_diags *diags)
{
	struct gw_ruleset *empty = gw_ruleset_new(ruleset->family, ruleset->name);
	struct gw_plan *plan;
	struct report report = { 0 };
	int err;

	gw_ruleset_finish(empty);
	plan = gw_plan_diff(ruleset, empty);
	err = run_child(ruleset, plan, &report);
	if (err) {
		gw_diag(diags, GW_D_KERNEL_CHECK_DIED, (struct gw_loc){ 0 },
			"the process that checks the ruleset could not report: %s", strerror(-err));
	} else if (report.stage != STAGE_DONE) {
		err = report.error;
		diagnose(plan, &report, diags);
	}
	gw_plan_free(plan);
	gw_ruleset_free(empty);
	return err;
}
