#include "tests/support/syslog_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/core/text.h"

#define WAIT_MS 10000

struct syslog_server {
	EVP_PKEY *key;
	X509 *certificate;
	bool tls_1_2, running;
	int listener, stop;
	char port[8];
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t more;
	struct gw_text *messages;
	size_t n, capacity;
	size_t break_at; /* 0: never */
};

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "syslog_server: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

/* ---- certificates ---------------------------------------------------------------------------- */

static void add_extension(X509 *certificate, int id, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, id, value);

	must(extension && X509_add_ext(certificate, extension, -1) == 1, "extension");
	X509_EXTENSION_free(extension);
}

static X509 *make_certificate(const char *subject, EVP_PKEY *key, const char *issuer,
			      EVP_PKEY *issuer_key)
{
	X509 *certificate = X509_new();
	gw_auto_text struct gw_text names = { 0 };

	must(certificate && X509_set_version(certificate, X509_VERSION_3) == 1, "certificate");
	must(ASN1_INTEGER_set(X509_get_serialNumber(certificate),
			      strcmp(subject, issuer) == 0 ? 1 : 2) == 1,
	     "serial");
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	must(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
					(const unsigned char *)subject, -1, -1, 0) == 1,
	     "subject");
	must(X509_NAME_add_entry_by_txt(X509_get_issuer_name(certificate), "CN", MBSTRING_ASC,
					(const unsigned char *)issuer, -1, -1, 0) == 1,
	     "issuer");
	must(X509_set_pubkey(certificate, key) == 1, "key");
	if (strcmp(subject, issuer) == 0) {
		add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
	} else {
		gw_text_printf(&names, "DNS:%s", subject);
		add_extension(certificate, NID_subject_alt_name, names.bytes);
	}
	must(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "signature");
	return certificate;
}

static void write_authority(const char *dir, const X509 *certificate)
{
	gw_auto_text struct gw_text path = { 0 };
	FILE *file;

	gw_text_printf(&path, "%s/ca.pem", dir);
	file = fopen(path.bytes, "we");
	must(file && PEM_write_X509(file, certificate) == 1, path.bytes);
	must(fclose(file) == 0, path.bytes);
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* False if the connection is to break now. */
static bool keep(struct syslog_server *server, const char *text, size_t len)
{
	bool go_on;

	(void)pthread_mutex_lock(&server->lock);
	server->messages = gw_grow(server->messages, server->n, &server->capacity,
				   sizeof(server->messages[0]));
	server->messages[server->n] = (struct gw_text){ 0 };
	gw_text_add(&server->messages[server->n++], text, len);
	go_on = server->n != server->break_at;
	(void)pthread_cond_broadcast(&server->more);
	(void)pthread_mutex_unlock(&server->lock);
	return go_on;
}

/* Takes whole frames off the front of `text`. */
static bool take_frames(struct syslog_server *server, struct gw_text *text)
{
	bool go_on = true;

	while (go_on && text->len) {
		char *end;
		size_t len = strtoul(text->bytes, &end, 10), used;

		if (*end == '\0')
			break;
		must(*end == ' ' && end > text->bytes && *text->bytes != '0', "frame");
		used = (size_t)(end + 1 - text->bytes) + len;
		if (used > text->len)
			break;
		go_on = keep(server, end + 1, len);
		memmove(text->bytes, text->bytes + used, text->len - used + 1);
		text->len -= used;
	}
	return go_on;
}

/* False when all is to end. */
static bool wait_readable(const struct syslog_server *server, int fd)
{
	struct pollfd fds[] = { { .fd = server->stop, .events = POLLIN },
				{ .fd = fd, .events = POLLIN } };

	while (poll(fds, 2, -1) < 0)
		continue;
	return !fds[0].revents;
}

static void serve(struct syslog_server *server, SSL_CTX *context, int fd)
{
	gw_auto_text struct gw_text text = { 0 };
	SSL *ssl = SSL_new(context);
	char bytes[16384];
	bool go_on = ssl && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1;

	/* Or reading would wait behind a message about keys, deaf to the owner. */
	go_on = go_on && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
	while (go_on && (SSL_pending(ssl) || wait_readable(server, fd))) {
		int n = SSL_read(ssl, bytes, sizeof(bytes));

		if (n <= 0 && SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ)
			continue;
		if (n <= 0)
			break;
		gw_text_add(&text, bytes, (size_t)n);
		go_on = take_frames(server, &text);
	}
	SSL_free(ssl);
	(void)close(fd);
}

static void *run(void *data)
{
	struct syslog_server *server = data;
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	must(context && SSL_CTX_use_certificate(context, server->certificate) == 1 &&
		     SSL_CTX_use_PrivateKey(context, server->key) == 1,
	     "context");
	if (server->tls_1_2)
		must(SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) == 1, "version");
	while (wait_readable(server, server->listener)) {
		int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			serve(server, context, fd);
		ERR_clear_error();
	}
	SSL_CTX_free(context);
	return NULL;
}

/* ---- the owner's side ------------------------------------------------------------------------ */

static void listen_on(struct syslog_server *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port =
					       htons((uint16_t)strtoul(server->port, NULL, 10)) };
	socklen_t len = sizeof(address);
	int on = 1;

	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(server->listener >= 0 &&
		     setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		     bind(server->listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		     listen(server->listener, 8) == 0 &&
		     getsockname(server->listener, (struct sockaddr *)&address, &len) == 0,
	     "listening");
	(void)snprintf(server->port, sizeof(server->port), "%d", ntohs(address.sin_port));
}

struct syslog_server *syslog_server_new(const char *dir, const char *name)
{
	struct syslog_server *server = gw_zalloc(1, sizeof(*server));
	EVP_PKEY *authority_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *authority =
		make_certificate("test authority", authority_key, "test authority", authority_key);

	server->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	server->certificate = make_certificate(name, server->key, "test authority", authority_key);
	write_authority(dir, authority);
	X509_free(authority);
	EVP_PKEY_free(authority_key);
	(void)snprintf(server->port, sizeof(server->port), "0");
	(void)pthread_mutex_init(&server->lock, NULL);
	(void)pthread_cond_init(&server->more, NULL);
	server->listener = -1;
	/* Known from now on, though nobody answers yet. */
	listen_on(server);
	(void)close(server->listener);
	return server;
}

void syslog_server_start(struct syslog_server *server)
{
	sigset_t all, before;

	listen_on(server);
	server->stop = eventfd(0, EFD_CLOEXEC);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	must(server->stop >= 0 && pthread_create(&server->thread, NULL, run, server) == 0,
	     "thread");
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	server->running = true;
}

void syslog_server_stop(struct syslog_server *server)
{
	if (!server->running)
		return;
	must(eventfd_write(server->stop, 1) == 0, "stop");
	must(pthread_join(server->thread, NULL) == 0, "join");
	(void)close(server->listener);
	(void)close(server->stop);
	server->running = false;
}

void syslog_server_free(struct syslog_server *server)
{
	syslog_server_stop(server);
	for (size_t i = 0; i < server->n; i++)
		gw_text_done(&server->messages[i]);
	gw_free(server->messages);
	X509_free(server->certificate);
	EVP_PKEY_free(server->key);
	(void)pthread_mutex_destroy(&server->lock);
	(void)pthread_cond_destroy(&server->more);
	gw_free(server);
}

const char *syslog_server_port(const struct syslog_server *server)
{
	return server->port;
}

void syslog_server_use_tls_1_2(struct syslog_server *server)
{
	server->tls_1_2 = true;
}

void syslog_server_break_after(struct syslog_server *server, size_t messages)
{
	(void)pthread_mutex_lock(&server->lock);
	server->break_at = server->n + messages;
	(void)pthread_mutex_unlock(&server->lock);
}

bool syslog_server_wait(struct syslog_server *server, size_t messages)
{
	struct timespec until;
	bool there;
	int err = 0;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_MS / 1000;
	(void)pthread_mutex_lock(&server->lock);
	while (server->n < messages && !err)
		err = pthread_cond_timedwait(&server->more, &server->lock, &until);
	there = server->n >= messages;
	(void)pthread_mutex_unlock(&server->lock);
	return there;
}

size_t syslog_server_count(struct syslog_server *server)
{
	size_t n;

	(void)pthread_mutex_lock(&server->lock);
	n = server->n;
	(void)pthread_mutex_unlock(&server->lock);
	return n;
}

const char *syslog_server_message(struct syslog_server *server, size_t place)
{
	const char *message;

	(void)pthread_mutex_lock(&server->lock);
	message = place < server->n ? server->messages[place].bytes : "";
	(void)pthread_mutex_unlock(&server->lock);
	return message;
}
