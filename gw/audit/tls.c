#include "gw/audit/tls.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gw/core/mem.h"

struct gw_tls {
	SSL_CTX *context;
	SSL *ssl;
	int fd, stop, timeout_ms;
};

/* For a receiver that was told good-bye to read what it has. */
#define CLOSE_WAIT_MS 2000

static int64_t clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* Until the socket is ready; 0, -ETIMEDOUT or -ECANCELED. */
static int wait_for(int fd, int stop, short events, int64_t deadline)
{
	struct pollfd fds[2] = { { .fd = fd, .events = events }, { .fd = stop, .events = POLLIN } };

	for (;;) {
		int64_t left = deadline - clock_ms();
		int n = left > 0 ? poll(fds, 2, left > 60000 ? 60000 : (int)left) : 0;

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && fds[1].revents)
			return -ECANCELED;
		if (n > 0)
			return 0;
		if (left <= 0)
			return -ETIMEDOUT;
	}
}

/* After a call of OpenSSL that returned `result`: 0 to call it again, else an error. */
static int wait_for_ssl(struct gw_tls *tls, int result, int64_t deadline)
{
	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(tls->fd, tls->stop, POLLIN, deadline);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(tls->fd, tls->stop, POLLOUT, deadline);
	case SSL_ERROR_SYSCALL:
		return errno ? -errno : -EPIPE;
	default:
		return -EPIPE;
	}
}

/* ---- connecting ------------------------------------------------------------------------------ */

static int connect_to(const struct addrinfo *address, int stop, int64_t deadline)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(int);
	int err = 0, on = 1;

	if (fd < 0)
		return -errno;
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0) {
		err = errno == EINPROGRESS ? wait_for(fd, stop, POLLOUT, deadline) : -errno;
		if (!err && getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
			err = -errno;
		err = err > 0 ? -err : err;
	}
	if (err) {
		(void)close(fd);
		return err;
	}
	/* Only speed depends on it. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static int connect_socket(const struct gw_tls_options *options, int64_t deadline,
			  struct gw_text *why)
{
	static const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	int fd = -EHOSTUNREACH;
	int err = getaddrinfo(options->host, options->port, &hints, &list);

	if (err) {
		gw_text_printf(why, "%s: %s", options->host, gai_strerror(err));
		return -EHOSTUNREACH;
	}
	for (const struct addrinfo *at = list; at && fd < 0 && fd != -ECANCELED; at = at->ai_next)
		fd = connect_to(at, options->stop, deadline);
	freeaddrinfo(list);
	if (fd < 0)
		gw_text_printf(why, "%s port %s: %s", options->host, options->port, strerror(-fd));
	return fd;
}

static int configure(SSL_CTX *context, const struct gw_tls_options *options)
{
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
		return -EIO;
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (options->ca_file ? SSL_CTX_load_verify_file(context, options->ca_file) != 1
			     : SSL_CTX_set_default_verify_paths(context) != 1)
		return -ENOKEY;
	if (options->cert_file &&
	    (SSL_CTX_use_certificate_chain_file(context, options->cert_file) != 1 ||
	     SSL_CTX_use_PrivateKey_file(context, options->key_file, SSL_FILETYPE_PEM) != 1 ||
	     SSL_CTX_check_private_key(context) != 1))
		return -ENOKEY;
	return 0;
}

/* The name that the certificate must bear: an address is looked for among the addresses. */
static int expect_name(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1)
		return 0;
	ERR_clear_error();
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (SSL_set1_host(ssl, name) != 1 || SSL_set_tlsext_host_name(ssl, name) != 1)
		return -EINVAL;
	return 0;
}

static int handshake(struct gw_tls *tls, int64_t deadline, struct gw_text *why)
{
	long verified;
	int err = 0;

	while (!err) {
		int result;

		ERR_clear_error();
		errno = 0;
		result = SSL_connect(tls->ssl);
		if (result == 1)
			return 0;
		err = wait_for_ssl(tls, result, deadline);
	}
	verified = SSL_get_verify_result(tls->ssl);
	if (verified != X509_V_OK) {
		gw_text_printf(why, "certificate: %s", X509_verify_cert_error_string(verified));
		return -EKEYREJECTED;
	}
	gw_text_printf(why, "TLS: %s",
		       ERR_peek_error() ? ERR_reason_error_string(ERR_peek_error())
					: strerror(-err));
	return err;
}

int gw_tls_connect(const struct gw_tls_options *options, struct gw_tls **ret, struct gw_text *why)
{
	int64_t deadline = clock_ms() + options->timeout_ms;
	struct gw_tls *tls = gw_zalloc(1, sizeof(*tls));
	int err;

	tls->fd = -1;
	tls->stop = options->stop;
	tls->timeout_ms = options->timeout_ms;
	tls->context = SSL_CTX_new(TLS_client_method());
	err = tls->context ? configure(tls->context, options) : -EIO;
	if (err)
		gw_text_puts(why, "certificates or keys cannot be read");
	tls->ssl = err ? NULL : SSL_new(tls->context);
	if (!err && !tls->ssl)
		err = -EIO;
	if (!err)
		err = expect_name(tls->ssl, options->name ? options->name : options->host);
	if (!err) {
		tls->fd = connect_socket(options, deadline, why);
		err = tls->fd < 0 ? tls->fd : 0;
	}
	if (!err) {
		err = SSL_set_fd(tls->ssl, tls->fd) == 1 ? handshake(tls, deadline, why) : -EIO;
	}
	if (err)
		gw_tls_free(tls);
	else
		*ret = tls;
	return err;
}

void gw_tls_free(struct gw_tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	SSL_CTX_free(tls->context);
	if (tls->fd >= 0)
		(void)close(tls->fd);
	gw_free(tls);
}

/* ---- sending --------------------------------------------------------------------------------- */

int gw_tls_send(struct gw_tls *tls, const char *message, size_t len)
{
	int64_t deadline = clock_ms() + tls->timeout_ms;
	gw_auto_text struct gw_text frame = { 0 };
	int err = 0;

	/* RFC 5425, 4.3: the length, a space, the message. */
	gw_text_printf(&frame, "%zu ", len);
	gw_text_add(&frame, message, len);
	while (!err) {
		int result;

		ERR_clear_error();
		errno = 0;
		result = SSL_write(tls->ssl, frame.bytes, (int)frame.len);
		if (result > 0)
			return 0;
		err = wait_for_ssl(tls, result, deadline);
	}
	return err;
}

/*
 * How the other side has closed: -EPIPE if it had read all that its kernel acknowledged, -ECONNRESET if
 * not. A kernel answers with a reset when a process goes and leaves bytes unread.
 */
static int how_closed(const struct gw_tls *tls, int64_t deadline)
{
	char bytes[512];

	for (;;) {
		ssize_t n = recv(tls->fd, bytes, sizeof(bytes), 0);

		if (n == 0)
			return -EPIPE;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -ECONNRESET;
		/* Not to be stopped: soon it is over, either way. */
		if (n < 0 && wait_for(tls->fd, -1, POLLIN, deadline) < 0)
			return -ECONNRESET;
	}
}

int gw_tls_check(struct gw_tls *tls)
{
	char bytes[512];
	int result;

	/* A receiver has nothing to say but what concerns the connection. */
	do {
		ERR_clear_error();
		errno = 0;
		result = SSL_read(tls->ssl, bytes, sizeof(bytes));
	} while (result > 0);
	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return 0;
	case SSL_ERROR_SYSCALL:
		return -ECONNRESET;
	default:
		return how_closed(tls, clock_ms() + CLOSE_WAIT_MS);
	}
}

int gw_tls_settle(struct gw_tls *tls)
{
	int64_t deadline = clock_ms() + tls->timeout_ms;
	int queued = 0;

	for (;;) {
		int err = ioctl(tls->fd, SIOCOUTQ, &queued) < 0 ? -errno : gw_tls_check(tls);

		if (err || !queued)
			return err;
		if (clock_ms() >= deadline)
			return -ETIMEDOUT;
		/* Nothing tells when the queue is empty. */
		err = wait_for(-1, tls->stop, POLLIN, clock_ms() + 2);
		if (err != -ETIMEDOUT)
			return err;
	}
}

int gw_tls_close(struct gw_tls *tls)
{
	int err;

	ERR_clear_error();
	(void)SSL_shutdown(tls->ssl); /* without waiting: that is done below */
	(void)shutdown(tls->fd, SHUT_WR);
	err = how_closed(tls, clock_ms() + CLOSE_WAIT_MS);
	gw_tls_free(tls);
	return err == -EPIPE ? 0 : err;
}

int gw_tls_descriptor(const struct gw_tls *tls)
{
	return tls->fd;
}
