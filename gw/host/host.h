/*
 * Settings of the kernel (sysctl) that the gateway needs: which ones a policy means, and how they
 * are read and written. Nothing is remembered here; gw/agent/host_settings.h keeps the values that
 * were there before.
 *
 * Measured on Linux 6.18: below net.* the kernel treats whoever has CAP_NET_ADMIN in the network
 * namespace as the owner of the files, so gwd writes them itself, without root and without a
 * helper. nf_conntrack_max, nf_conntrack_buckets and net.core.*mem_max belong to the whole machine
 * and are read-only in any other network namespace than the first.
 *
 *	size_t n = gw_host_wanted(arena, policy, &wanted);
 *	for (size_t i = 0; i < n; i++)
 *		err = gw_sysctl_write(root, wanted[i].path, wanted[i].value);
 */
#ifndef GW_HOST_HOST_H
#define GW_HOST_HOST_H

#include "gw/core/arena.h"
#include "gw/policy/policy.h"

/** A setting that a policy declares. */
struct gw_sysctl {
	const char *path; /* below /proc/sys: "net/ipv4/ip_forward" */
	const char *value;
	struct gw_loc loc;
	bool of_interface; /* not there while the interface is not */
};

/**
 * All settings that the policy declares, in the order in which to write them: forwarding comes
 * first, because the kernel changes others with it. None where `host:` is absent.
 */
size_t gw_host_wanted(struct gw_arena *arena, const struct gw_policy *policy,
		      struct gw_sysctl **ret);

/** True if both declare the same settings; NULL declares none. */
bool gw_host_equal(const struct gw_policy *a, const struct gw_policy *b);

/** A directory like /proc/sys as a descriptor, or -errno. Tests name one of their own. */
int gw_sysctl_open(const char *dir);
/**
 * The value of a setting in the arena, without the line's end, runs of blanks made one. -ENOENT:
 * there is no such setting (now).
 */
int gw_sysctl_read(int root, const char *path, struct gw_arena *arena, char **ret);
/** Writes it. -EACCES, -EPERM, -EROFS: not from here; -EINVAL: the kernel takes no such value. */
int gw_sysctl_write(int root, const char *path, const char *value);
/** True if the kernel would print `value` as `actual`: blanks apart. */
bool gw_sysctl_same(const char *value, const char *actual);

#endif
