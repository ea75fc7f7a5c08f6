/* Connections and calls of the server. Internal to gw/ipc. */
#ifndef GW_IPC_SERVER_H
#define GW_IPC_SERVER_H

#include "gw/ipc/ipc.h"

struct event;

/** A message that waits until the peer reads. */
struct gw_ipc_waiting {
	struct gw_ipc_waiting *next;
	int file; /* -1: none */
	size_t len;
	char bytes[];
};

struct gw_ipc_connection {
	struct gw_ipc_connection *next;
	struct gw_ipc_server *server;
	uint64_t number;
	int fd;
	struct event *readable, *writable;
	struct gw_peer peer;
	unsigned int permissions;
	struct gw_ipc_call *calls; /* being answered */
	size_t n_calls;
	struct gw_ipc_waiting *first, **last;
	size_t n_waiting;
	bool subscribed;
	uint64_t lost; /* events that the peer was too slow for since it was last told */
	bool closing;
};

struct gw_ipc_call {
	struct gw_ipc_call *next;
	struct gw_ipc_connection *connection;
	const struct gw_verb *verb;
	json_t *request, *id;
	int file;
	void (*on_close)(struct gw_ipc_call *call, void *context);
	void *on_close_context;
};

/** Takes the text over by copying it, and the descriptor. Closes the connection if it cannot. */
void gw_ipc_connection_send(struct gw_ipc_connection *connection, const char *text, int file);
/** Marks it for closing; done when the loop comes back to it, never below a caller. */
void gw_ipc_connection_close(struct gw_ipc_connection *connection);
/** One request from the peer (call.c). */
void gw_ipc_call_receive(struct gw_ipc_connection *connection, const char *bytes, size_t len,
			 int file);
/** Ends a call without an answer: the peer has gone. */
void gw_ipc_call_abandon(struct gw_ipc_call *call);
/** Settings of the connection's server. */
const struct gw_ipc_settings *
gw_ipc_connection_settings(const struct gw_ipc_connection *connection);

#endif
