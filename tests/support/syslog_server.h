/*
 * A syslog receiver over TLS in a thread, on a port of loopback that the kernel chooses, with an
 * authority of its own. It keeps the messages that it has read.
 *
 *	struct syslog_server *server = syslog_server_new("/tmp/x", "logs.example");   writes /tmp/x/ca.pem
 *	syslog_server_start(server);
 *	syslog_server_wait(server, 10);
 */
#ifndef TESTS_SUPPORT_SYSLOG_SERVER_H
#define TESTS_SUPPORT_SYSLOG_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct syslog_server;

/** With a certificate for `name`, signed by the authority that goes to DIR/ca.pem. */
struct syslog_server *syslog_server_new(const char *dir, const char *name);
/** Listens and answers, on the same port each time. */
void syslog_server_start(struct syslog_server *server);
/** Closes all that is open, and stops listening. */
void syslog_server_stop(struct syslog_server *server);
void syslog_server_free(struct syslog_server *server);

const char *syslog_server_port(const struct syslog_server *server);
/** TLS 1.2 only, from the next start on: no requests to update keys then. */
void syslog_server_use_tls_1_2(struct syslog_server *server);
/** Breaks the connection after so many messages more, once; they are kept. */
void syslog_server_break_after(struct syslog_server *server, size_t messages);

/** Waits until so many messages are there; false after ten seconds. */
bool syslog_server_wait(struct syslog_server *server, size_t messages);
size_t syslog_server_count(struct syslog_server *server);
/** A message, borrowed until the server is freed. */
const char *syslog_server_message(struct syslog_server *server, size_t place);

#endif
