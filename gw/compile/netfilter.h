/* The kernel's numbers: hooks, priorities, conntrack, protocols. */
#ifndef GW_COMPILE_NETFILTER_H
#define GW_COMPILE_NETFILTER_H

/* <netinet/in.h> must come first: the kernel's headers then leave out what both define. */
// clang-format off
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
// clang-format on

#endif
