/* A network of the test's own: the process moves into a fresh user and network namespace. */
#ifndef TESTS_SUPPORT_PRIVATE_NET_H
#define TESTS_SUPPORT_PRIVATE_NET_H

#include <stdbool.h>

/**
 * Moves this process into namespaces of its own, in which it is root; works unprivileged. False,
 * with the reason on standard error, if this system does not allow it: then the test must skip.
 */
bool private_net_enter(void);

#endif
