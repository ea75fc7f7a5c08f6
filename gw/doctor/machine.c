/* Settings, interfaces, clock, disk, files and service. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include "gw/agent/host_settings.h"
#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "gw/doctor/doctor.h"

#define MIB            ((uint64_t)1 << 20)
#define FREE_MIB_LEAST 64u /* some hundred revisions */
#define FREE_PERCENT   5u

/* ---- host ------------------------------------------------------------------------------------ */

static void look_at_forwarding(struct gw_doctor *doctor, const struct gw_policy *policy)
{
	const char *v4 = gw_doctor_read(doctor, "/proc/sys/net/ipv4/ip_forward");
	const char *v6 = gw_doctor_read(doctor, "/proc/sys/net/ipv6/conf/all/forwarding");
	bool ipv6 = false, off;

	for (size_t i = 0; i < policy->n_zones; i++)
		ipv6 |= policy->zones[i].ipv6;
	if (!v4) {
		gw_doctor_add(doctor, GW_CHECK_FORWARDING, GW_VERDICT_UNKNOWN, "%s",
			      strerror(errno));
		return;
	}
	off = v4[0] == '0' || (ipv6 && v6 && v6[0] == '0');
	gw_doctor_add(doctor, GW_CHECK_FORWARDING,
		      off && policy->n_zones > 1 ? GW_VERDICT_FINDING : GW_VERDICT_SOUND,
		      "forwarding of IPv4 is %s, of IPv6 %s", v4[0] == '0' ? "off" : "on",
		      !v6 || v6[0] == '0' ? "off" : "on");
}

static void look_at_settings(struct gw_doctor *doctor, const struct gw_doctor_site *site)
{
	gw_auto_close int root = gw_sysctl_open(gw_doctor_path(doctor, "/proc/sys"));
	struct gw_host_report report = { 0 };
	int err =
		root < 0 ? root
			 : gw_host_compare(site->store, root, site->policy, doctor->arena, &report);

	if (err)
		gw_doctor_add(doctor, GW_CHECK_SETTINGS, GW_VERDICT_UNKNOWN,
			      "settings cannot be compared: %s", strerror(-err));
	else
		gw_doctor_add(doctor, GW_CHECK_SETTINGS,
			      report.differing ? GW_VERDICT_FINDING : GW_VERDICT_SOUND,
			      "%zu of %zu declared settings are not as declared", report.differing,
			      report.n);
}

#define SHOWN_MAX 8u /* interfaces by name */

static void look_at_interfaces(struct gw_doctor *doctor, const struct gw_doctor_site *site)
{
	gw_auto_text struct gw_text names = { 0 };
	size_t missing = 0, n = 0;

	for (size_t i = 0; i < site->policy->n_zones; i++) {
		const struct gw_zone *zone = &site->policy->zones[i];

		n += zone->n_interfaces;
		for (size_t k = 0; k < zone->n_interfaces; k++) {
			if (gw_links_find(site->links, zone->interfaces[k].name))
				continue;
			if (missing++ < SHOWN_MAX)
				gw_text_printf(&names, "%s%s (zone %s)", names.len ? ", " : "",
					       zone->interfaces[k].name, zone->name);
		}
	}
	gw_doctor_add(doctor, GW_CHECK_INTERFACES, missing ? GW_VERDICT_FINDING : GW_VERDICT_SOUND,
		      "%zu of %zu interfaces do not exist%s%s%s", missing, n, missing ? ": " : "",
		      missing ? names.bytes : "", missing > SHOWN_MAX ? ", …" : "");
}

static void look_at_clock(struct gw_doctor *doctor)
{
	struct timex timex = { 0 };
	int state = adjtimex(&timex);

	if (state < 0)
		gw_doctor_add(doctor, GW_CHECK_CLOCK, GW_VERDICT_UNKNOWN, "%s", strerror(errno));
	else if (state == TIME_ERROR || timex.status & STA_UNSYNC)
		gw_doctor_add(doctor, GW_CHECK_CLOCK, GW_VERDICT_FINDING,
			      "nobody keeps the clock right (the kernel says: unsynchronised)");
	else
		gw_doctor_add(doctor, GW_CHECK_CLOCK, GW_VERDICT_SOUND,
			      "the clock is kept right, within %ld ms", timex.maxerror / 1000);
}

void gw_doctor_host(struct gw_doctor *doctor, const struct gw_doctor_site *site)
{
	look_at_clock(doctor);
	if (!site->policy) {
		gw_doctor_add(doctor, GW_CHECK_INTERFACES, GW_VERDICT_UNKNOWN,
			      "no revision is in force, or it cannot be read");
		return;
	}
	look_at_forwarding(doctor, site->policy);
	if (site->store)
		look_at_settings(doctor, site);
	if (site->links)
		look_at_interfaces(doctor, site);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void look_at_disk(struct gw_doctor *doctor, const char *dir)
{
	struct statvfs disk;
	uint64_t free_mib;
	bool full;

	if (statvfs(dir, &disk) < 0) {
		gw_doctor_add(doctor, GW_CHECK_DISK, GW_VERDICT_UNKNOWN, "%s: %s", dir,
			      strerror(errno));
		return;
	}
	free_mib = (uint64_t)disk.f_bavail * disk.f_frsize / MIB;
	full = free_mib < FREE_MIB_LEAST ||
	       (uint64_t)disk.f_bavail * 100 < (uint64_t)disk.f_blocks * FREE_PERCENT ||
	       (disk.f_files && (uint64_t)disk.f_favail * 100 < (uint64_t)disk.f_files);
	gw_doctor_add(doctor, GW_CHECK_DISK, full ? GW_VERDICT_FINDING : GW_VERDICT_SOUND,
		      "%s: %llu MiB free, %llu inodes", dir, (unsigned long long)free_mib,
		      (unsigned long long)disk.f_favail);
}

static void look_at_state(struct gw_doctor *doctor, const char *dir)
{
	struct stat stat_;

	if (stat(dir, &stat_) < 0) {
		gw_doctor_add(doctor, GW_CHECK_STATE,
			      errno == ENOENT ? GW_VERDICT_SOUND : GW_VERDICT_UNKNOWN, "%s: %s",
			      dir, errno == ENOENT ? "nothing was applied yet" : strerror(errno));
		return;
	}
	look_at_disk(doctor, dir);
	if (stat_.st_mode & (S_IWGRP | S_IWOTH | S_IROTH | S_IXOTH))
		gw_doctor_add(doctor, GW_CHECK_STATE, GW_VERDICT_FINDING,
			      "%s has the mode %04o: others can read it, or write to it", dir,
			      (unsigned int)stat_.st_mode & 07777);
	else if (access(dir, R_OK | X_OK) < 0)
		gw_doctor_add(doctor, GW_CHECK_STATE, GW_VERDICT_UNKNOWN,
			      "%s may not be read by you", dir);
	else
		gw_doctor_add(doctor, GW_CHECK_STATE, GW_VERDICT_SOUND, "%s has the mode %04o", dir,
			      (unsigned int)stat_.st_mode & 07777);
}

static void look_at_config(struct gw_doctor *doctor, const char *dir)
{
	const char *names[] = { dir, gw_arena_printf(doctor->arena, "%s/gw.yaml", dir) };
	struct stat stat_;

	for (size_t i = 0; i < GW_COUNT(names); i++) {
		if (stat(names[i], &stat_) < 0) {
			gw_doctor_add(doctor, GW_CHECK_CONFIG_FILES, GW_VERDICT_UNKNOWN, "%s: %s",
				      names[i], strerror(errno));
			return;
		}
		if (stat_.st_mode & S_IWOTH) {
			gw_doctor_add(doctor, GW_CHECK_CONFIG_FILES, GW_VERDICT_FINDING,
				      "everybody can write to %s", names[i]);
			return;
		}
	}
	gw_doctor_add(doctor, GW_CHECK_CONFIG_FILES, GW_VERDICT_SOUND, "%s is safe from others",
		      dir);
}

void gw_doctor_files(struct gw_doctor *doctor, const struct gw_doctor_site *site)
{
	look_at_state(doctor, gw_doctor_path(doctor, site->state_dir));
	if (site->problem)
		gw_doctor_add(doctor, GW_CHECK_REVISION, GW_VERDICT_FINDING, "%s", site->problem);
	look_at_config(doctor, gw_doctor_path(doctor, site->config_dir));
}

/* ---- service --------------------------------------------------------------------------------- */

/* 0 if somebody listens; -errno. */
static int knock(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	gw_auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

static void look_at_agent(struct gw_doctor *doctor, const char *run_dir)
{
	const char *path =
		gw_arena_printf(doctor->arena, "%s/control", gw_doctor_path(doctor, run_dir));
	int err = knock(path);

	if (err == -EACCES || err == -EPERM)
		gw_doctor_add(doctor, GW_CHECK_AGENT, GW_VERDICT_UNKNOWN,
			      "%s: you do not belong to the group gw", path);
	else
		gw_doctor_add(doctor, GW_CHECK_AGENT, err ? GW_VERDICT_FINDING : GW_VERDICT_SOUND,
			      err ? "gwd does not answer at %s: %s" : "gwd answers at %s%s", path,
			      err ? strerror(-err) : "");
}

static void look_at_boot(struct gw_doctor *doctor)
{
	static const char unit[] = "/etc/systemd/system/sysinit.target.wants/gw-early.service";
	bool enabled = gw_doctor_exists(doctor, unit);

	if (!gw_doctor_exists(doctor, "/run/systemd/system"))
		gw_doctor_add(doctor, GW_CHECK_BOOT, GW_VERDICT_UNKNOWN,
			      "systemd does not run here: who loads rules at boot is not known");
	else
		gw_doctor_add(doctor, GW_CHECK_BOOT,
			      enabled ? GW_VERDICT_SOUND : GW_VERDICT_FINDING,
			      enabled ? "gw-early.service is enabled"
				      : "gw-early.service is not enabled");
}

static void look_at_forward_unit(struct gw_doctor *doctor, const struct gw_policy *policy)
{
	static const char drop_in[] = "/etc/systemd/system/gwd.service.d/forward.conf";

	if ((!policy->audit.forward.host && !policy->audit.timestamp) ||
	    !gw_doctor_exists(doctor, "/run/systemd/system"))
		return;
	gw_doctor_add(doctor, GW_CHECK_FORWARD_UNIT,
		      gw_doctor_exists(doctor, drop_in) ? GW_VERDICT_SOUND : GW_VERDICT_FINDING,
		      gw_doctor_exists(doctor, drop_in) ? "%s is there" : "%s is not there",
		      drop_in);
}

void gw_doctor_service(struct gw_doctor *doctor, const struct gw_doctor_site *site)
{
	look_at_agent(doctor, site->run_dir);
	look_at_boot(doctor);
	if (site->policy)
		look_at_forward_unit(doctor, site->policy);
}
