/*
 * The sockets of the agent: AF_UNIX SOCK_SEQPACKET, one JSON object per message, so that a message
 * arrives whole or not at all. What is larger than a message (a config, a ruleset) travels as a sealed
 * memfd attached to it, one at most.
 *
 *	request   {"schema": "gw.confirm/1", "id": 7, "revision": 119}
 *	reply     {"schema": "gw.confirm.reply/1", "id": 7, "status": 0, …}
 *	event     {"schema": "gw.event/1", "event": "change.confirmed", …}   after `subscribe`
 *
 * Who is at the other end is what the kernel says (SO_PEERCRED), never what a message says. Every
 * field of a request is checked against the table of its verb before the verb runs; the table also
 * gives the manual page of the protocol.
 *
 * Server, on a libevent loop:
 *
 *	static const struct gw_ipc_field fields[] = {
 *		{ "revision", GW_IPC_UINT, .required = true, .max = UINT32_MAX, .help = "…" },
 *		{ NULL },
 *	};
 *	static const struct gw_verb verbs[] = {
 *		{ .name = "confirm", .fields = fields, .permission = OPERATE, .run = confirm },
 *		{ NULL },
 *	};
 *	static const struct gw_verb *const tables[] = { verbs, NULL };
 *	gw_ipc_server_new(base, &(struct gw_ipc_settings){ .path = …, .tables = tables, … }, &server);
 *
 * Client, blocking:
 *
 *	gw_ipc_connect("/run/gw/control", &client);
 *	gw_ipc_request(client, "confirm", json_pack("{s:i}", "revision", 119), -1, &reply, NULL);
 */
#ifndef GW_IPC_IPC_H
#define GW_IPC_IPC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GW_IPC_MESSAGE_MAX    65536u
#define GW_IPC_ATTACHMENT_MAX (256u << 20)

/* ---- attachments (memfd.c) ------------------------------------------------------------------- */

/** A sealed memfd with these bytes; -errno. The caller closes it. */
int gw_memfd_write(const void *bytes, size_t len);
/**
 * Reads a memfd that somebody else made: only if it is sealed against writing and resizing and is no
 * larger than `max`. The bytes are the caller's (gw_free) and followed by a NUL. -EPERM: not
 * sealed; -EFBIG; other -errno.
 */
int gw_memfd_read(int fd, size_t max, uint8_t **ret, size_t *ret_len);

/* ---- the other end (peer.c) ------------------------------------------------------------------ */

/** Who is at the other end of a socket. */
struct gw_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	pid_t session; /* kernel session of the process when it connected, 0: not known */
	/* The user's name, else its number; of root the one who logged in (the audit login id), so
	 * that `sudo` and a shared root do not hide who it is. */
	char name[64];
};
/** -errno if the socket has no peer. */
int gw_peer_read(int fd, struct gw_peer *ret);
/** True if the peer's process has this group, as its own or among its supplementary ones. */
bool gw_peer_in_group(int fd, const struct gw_peer *peer, gid_t group);

/* ---- verbs (verb.c) -------------------------------------------------------------------------- */

enum gw_ipc_type {
	GW_IPC_TEXT, /* string without control characters but newlines; max: octets, 0: 1,024 */
	GW_IPC_UINT, /* integer, 0 to max */
	GW_IPC_BOOL,
	GW_IPC_TEXTS,  /* list of TEXT; max: items, 0: 64 */
	GW_IPC_OBJECT, /* object; the verb itself looks into it */
	GW_IPC_LIST,   /* likewise */
};

/** A field of a request or of a reply. Tables end with a NULL name. */
struct gw_ipc_field {
	const char *name;
	enum gw_ipc_type type;
	bool required;
	uint64_t max;
	const char *help; /* one line */
};

struct gw_ipc_call;
struct gw_verb {
	const char *name;
	const char *help;                  /* what it does, a sentence or two */
	const struct gw_ipc_field *fields; /* NULL: none */
	const struct gw_ipc_field *reply;  /* NULL: none; for the manual */
	const char *takes_file;            /* what the attached memfd holds; NULL: none is taken */
	const char *gives_file;            /* what is attached to the reply; NULL: nothing */
	unsigned int permission;           /* one of these bits is needed; 0: anybody let in */
	/* Must lead to gw_ipc_call_reply, now or later. */
	void (*run)(struct gw_ipc_call *call, void *context);
};

/** The name of a verb that is written much like this one, or NULL. */
const char *gw_verb_nearest(const struct gw_verb *const *tables, const char *name);
/** The verb with this name in a NULL-terminated list of tables, or NULL. */
const struct gw_verb *gw_verb_find(const struct gw_verb *const *tables, const char *name);
/**
 * Checks the fields of a request. NULL if all is well; else what is wrong, as a sentence in `text`.
 */
const char *gw_verb_check(const struct gw_verb *verb, const json_t *request, char *text,
			  size_t text_size);

/* ---- server ---------------------------------------------------------------------------------- */

struct event_base;
struct gw_ipc_server;

struct gw_ipc_settings {
	const char *path; /* of the socket; the folder must exist */
	int listen_fd;    /* a socket that the service manager listens on; 0 or less: path */
	mode_t mode;      /* of the socket's file */
	gid_t group;      /* owner group of the file; (gid_t)-1: leave it */
	const struct gw_verb *const *tables; /* ends with NULL */
	/* Seconds after which a connection is closed that has neither subscribed nor asked anything; 0:
	 * never. Idle connections would keep others out. */
	unsigned int idle_s;
	/* The permission bits of a peer that has just connected; 0: it is turned away. */
	unsigned int (*permissions)(int fd, const struct gw_peer *peer, void *context);
	void *context; /* for permissions and verbs */
};

/**
 * Listens, but under a name that nobody looks for: what needs privileges is done. 0 or -errno; -EADDRINUSE
 * if another process answers on the path.
 */
int gw_ipc_server_new(struct event_base *base, const struct gw_ipc_settings *settings,
		      struct gw_ipc_server **ret);
/** From now on clients find it, and are let in. */
int gw_ipc_server_open(struct gw_ipc_server *server);
/** Closes all connections and removes the socket. Accepts NULL. */
void gw_ipc_server_free(struct gw_ipc_server *server);
/** Sends an event to every connection that has subscribed. Takes the object over. */
void gw_ipc_server_event(struct gw_ipc_server *server, json_t *event);

const struct gw_peer *gw_ipc_call_peer(const struct gw_ipc_call *call);
/** The request, its fields checked. Borrowed until the reply. */
const json_t *gw_ipc_call_request(const struct gw_ipc_call *call);
/** The attached file, borrowed until the reply; -1: none. */
int gw_ipc_call_file(const struct gw_ipc_call *call);
/** Number of the connection, unique for the life of the server. */
uint64_t gw_ipc_call_connection(const struct gw_ipc_call *call);
/** The text of a field, NULL where it was not given; likewise numbers and flags. */
const char *gw_ipc_call_text(const struct gw_ipc_call *call, const char *field);
uint64_t gw_ipc_call_uint(const struct gw_ipc_call *call, const char *field, uint64_t fallback);
bool gw_ipc_call_flag(const struct gw_ipc_call *call, const char *field);
/** True if the connection has one of these permission bits. */
bool gw_ipc_call_may(const struct gw_ipc_call *call, unsigned int permission);
/** From now on the connection gets events. */
void gw_ipc_call_subscribe(struct gw_ipc_call *call);
/** Calls `fn` if the peer goes away before the reply; the call is gone after it. */
void gw_ipc_call_on_close(struct gw_ipc_call *call, void (*fn)(struct gw_ipc_call *, void *),
			  void *context);
/**
 * Answers and ends the call. `status` is an exit code of gwctl. Takes `fields` over (may be NULL) and
 * the descriptor `file` (-1: none).
 */
void gw_ipc_call_reply(struct gw_ipc_call *call, int status, json_t *fields, int file);
/** Answers with one diagnostic: an error without a place. */
void gw_ipc_call_refuse(struct gw_ipc_call *call, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- client ---------------------------------------------------------------------------------- */

struct gw_ipc_client;

/** Connects. -ENOENT or -ECONNREFUSED: nobody listens; -EACCES. */
int gw_ipc_connect(const char *path, struct gw_ipc_client **ret);
void gw_ipc_close(struct gw_ipc_client *client);
/** For poll. */
int gw_ipc_client_fd(const struct gw_ipc_client *client);
/**
 * Sends a request and waits for its reply. Takes `fields` over; `file` (-1: none) stays the
 * caller's. The attached file of the reply goes to `*ret_file` (-1: none), or is closed if that is
 * NULL. Events that come meanwhile are kept. -EPIPE: the other end closed the connection.
 */
int gw_ipc_request(struct gw_ipc_client *client, const char *verb, json_t *fields, int file,
		   json_t **ret_reply, int *ret_file);
/** The next event, waiting for it; the caller's. */
int gw_ipc_next_event(struct gw_ipc_client *client, json_t **ret);

#endif
