/* Messages on a connected SOCK_SEQPACKET socket. Internal to gw/ipc and gw/daemon/link.c. */
#ifndef GW_IPC_SOCKET_H
#define GW_IPC_SOCKET_H

#include "gw/ipc/ipc.h"

/** Sends one message, with `file` attached unless it is -1. -EAGAIN, -EPIPE, -EMSGSIZE. */
int gw_ipc_send(int fd, const char *bytes, size_t len, int file, int flags);
/**
 * Receives one message into `bytes` of GW_IPC_MESSAGE_MAX. `*ret_len` 0: the other end has closed.
 * -EAGAIN; -EMSGSIZE: longer than a message may be; -EBADMSG: more than one file attached. The
 * attached file is the caller's; -1: none.
 */
int gw_ipc_receive(int fd, char *bytes, size_t *ret_len, int *ret_file, int flags);
/** The object in a message; NULL with what is wrong in `text`. The caller's. */
json_t *gw_ipc_parse(const char *bytes, size_t len, char *text, size_t text_size);

#endif
