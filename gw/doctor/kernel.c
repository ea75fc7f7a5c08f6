/* What the kernel can do, and connection tracking. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "gw/core/mem.h"
#include "gw/doctor/doctor.h"

#define CONNTRACK "/proc/sys/net/netfilter/nf_conntrack_"

/* ---- features -------------------------------------------------------------------------------- */

static void look_at_nf_tables(struct gw_doctor *doctor, const struct gw_doctor_site *site)
{
	struct gw_kernel_features features = { 0 };
	int err = site->kernel_error;

	if (!err && site->kernel)
		err = site->kernel->ops->features(site->kernel, &features);
	if (err == -EPERM || err == -EACCES || (!err && !site->kernel)) {
		gw_doctor_add(doctor, GW_CHECK_NF_TABLES, GW_VERDICT_UNKNOWN,
			      "nf_tables can only be asked with CAP_NET_ADMIN: run it as root");
		return;
	}
	if (err) {
		gw_doctor_add(doctor, GW_CHECK_NF_TABLES, GW_VERDICT_FINDING,
			      "the kernel does not answer for nf_tables: %s", strerror(-err));
		return;
	}
	gw_doctor_add(doctor, GW_CHECK_NF_TABLES, GW_VERDICT_SOUND, "nf_tables answers");
	if (features.bitwise_or)
		gw_doctor_add(doctor, GW_CHECK_MARK_MASK, GW_VERDICT_SOUND,
			      "a part of the connection mark can be set");
	else
		gw_doctor_add(doctor, GW_CHECK_MARK_MASK,
			      site->policy && site->policy->mark_mask != UINT32_MAX
				      ? GW_VERDICT_FINDING
				      : GW_VERDICT_SOUND,
			      "the kernel cannot set a part of the connection mark");
	if (features.hooks_wait)
		gw_doctor_add(
			doctor, GW_CHECK_DEVICE_HOOKS, GW_VERDICT_SOUND,
			features.hook_patterns
				? "hooks wait for interfaces, by name and by pattern"
				: "hooks wait for interfaces by name; patterns mean those that "
				  "are there");
	else
		gw_doctor_add(doctor, GW_CHECK_DEVICE_HOOKS, GW_VERDICT_FINDING,
			      "the kernel takes hooks only on interfaces that are there");
}

/* The kernel does not tell; its build does. */
static void look_at_log_marks(struct gw_doctor *doctor)
{
	struct utsname name;
	const char *path;
	const char *text;

	(void)uname(&name); /* fails for bad addresses only */
	path = gw_arena_printf(doctor->arena, "/boot/config-%s", name.release);
	if (!gw_doctor_exists(doctor, path)) {
		gw_doctor_add(doctor, GW_CHECK_LOG_MARKS, GW_VERDICT_UNKNOWN,
			      "%s is not there: how the kernel was built is not known", path);
		return;
	}
	/* The file has several times what gw_doctor_read takes: netfilter stands in its midst. */
	text = gw_doctor_find_line(doctor, path, "CONFIG_NETFILTER_NETLINK_GLUE_CT=");
	gw_doctor_add(doctor, GW_CHECK_LOG_MARKS, text ? GW_VERDICT_SOUND : GW_VERDICT_FINDING,
		      text ? "logged packets come with their connection"
			   : "the kernel was built without CONFIG_NETFILTER_NETLINK_GLUE_CT");
}

void gw_doctor_kernel(struct gw_doctor *doctor, const struct gw_doctor_site *site)
{
	look_at_nf_tables(doctor, site);
	look_at_log_marks(doctor);
}

/* ---- conntrack ------------------------------------------------------------------------------- */

static bool read_number(struct gw_doctor *doctor, const char *path, unsigned long *ret)
{
	const char *text = gw_doctor_read(doctor, path);
	char *end;

	if (!text)
		return false;
	errno = 0;
	*ret = strtoul(text, &end, 10);
	return !errno && end != text;
}

static void look_at_usage(struct gw_doctor *doctor)
{
	unsigned long count, max, buckets;

	if (!read_number(doctor, CONNTRACK "max", &max)) {
		gw_doctor_add(doctor, GW_CHECK_CONNTRACK, GW_VERDICT_FINDING,
			      "the kernel has no connection tracking (or it is not loaded)");
		return;
	}
	if (read_number(doctor, CONNTRACK "count", &count) && max)
		gw_doctor_add(doctor, GW_CHECK_CONNTRACK_FULL,
			      count >= max / 5 * 4 ? GW_VERDICT_FINDING : GW_VERDICT_SOUND,
			      "%lu of %lu connections are tracked", count, max);
	if (read_number(doctor, CONNTRACK "buckets", &buckets) && buckets)
		gw_doctor_add(doctor, GW_CHECK_CONNTRACK_BUCKETS,
			      max / buckets > 4 ? GW_VERDICT_FINDING : GW_VERDICT_SOUND,
			      "%lu hash buckets for at most %lu connections", buckets, max);
}

/* One line of names, then a line of hexadecimal numbers per processor. */
static unsigned long sum_column(const char *text, const char *wanted)
{
	size_t column = 0;
	bool found = false;
	unsigned long sum = 0;

	for (const char *at = text; *at && *at != '\n';) {
		size_t len = strcspn(at, " \n");

		found = len == strlen(wanted) && strncmp(at, wanted, len) == 0;
		if (found)
			break;
		column += len > 0;
		at += len;
		at += strspn(at, " ");
	}
	if (!found)
		return 0;
	for (const char *line = strchr(text, '\n'); line && line[1];
	     line = strchr(line + 1, '\n')) {
		const char *at = line + 1;

		for (size_t i = 0; i < column; i++) {
			at += strcspn(at, " \n");
			at += strspn(at, " ");
		}
		sum += strtoul(at, NULL, 16);
	}
	return sum;
}

static void look_at_losses(struct gw_doctor *doctor)
{
	const char *text = gw_doctor_read(doctor, "/proc/net/stat/nf_conntrack");
	unsigned long drop, early;

	if (!text) {
		gw_doctor_add(doctor, GW_CHECK_CONNTRACK_LOSSES, GW_VERDICT_UNKNOWN,
			      "/proc/net/stat/nf_conntrack: %s", strerror(errno));
		return;
	}
	drop = sum_column(text, "drop");
	early = sum_column(text, "early_drop");
	gw_doctor_add(doctor, GW_CHECK_CONNTRACK_LOSSES,
		      drop || early ? GW_VERDICT_FINDING : GW_VERDICT_SOUND,
		      "%lu connections were refused and %lu thrown out early since the boot", drop,
		      early);
}

void gw_doctor_conntrack(struct gw_doctor *doctor)
{
	look_at_usage(doctor);
	look_at_losses(doctor);
}
