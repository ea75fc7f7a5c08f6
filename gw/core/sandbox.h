/*
 * What a daemon gives up once its sockets are open: capabilities but those it names, the file system
 * but the folders it names, system calls but those it names. All of it is final and is inherited.
 *
 *	static const char *const calls[] = { "read", "write", "epoll_wait", NULL };
 *	static const struct gw_sandbox_path paths[] = { { "/var/lib/gw", GW_SANDBOX_WRITE }, { NULL } };
 *	gw_sandbox_enter(&(struct gw_sandbox){ .capabilities = 1 << CAP_NET_ADMIN,
 *					       .paths = paths, .calls = calls }, &missing);
 */
#ifndef GW_CORE_SANDBOX_H
#define GW_CORE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

enum gw_sandbox_access {
	GW_SANDBOX_READ,
	GW_SANDBOX_WRITE, /* and read, create, rename, remove */
};

struct gw_sandbox_path {
	const char *path; /* NULL ends the list; one that does not exist is left out */
	enum gw_sandbox_access access;
};

struct gw_sandbox {
	uint64_t capabilities;               /* bits that stay, where the process has them */
	const struct gw_sandbox_path *paths; /* NULL: the file system stays open */
	const char *const *calls; /* names, beyond what any C program needs; ends with NULL.
					      * NULL: all stay */
};

/** What the kernel could not do, to be reported; the rest is in force. */
struct gw_sandbox_missing {
	bool landlock;
};

/**
 * Gives up everything that `sandbox` does not name. Another system call then kills the process
 * (SIGSYS). 0, or -errno: something that the kernel can do failed, and the process should end.
 */
int gw_sandbox_enter(const struct gw_sandbox *sandbox, struct gw_sandbox_missing *ret_missing);

#endif
