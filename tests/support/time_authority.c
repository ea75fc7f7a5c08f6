#include "tests/support/time_authority.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/core/text.h"

struct time_authority {
	enum time_authority_manner manner;
	EVP_PKEY *key;
	X509 *certificate;
	int listener, stop;
	char url[64];
	pthread_t thread;
};

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "time_authority: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

/* ---- the certificate ------------------------------------------------------------------------- */

static void add_extension(X509 *certificate, int id, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, id, value);

	must(extension && X509_add_ext(certificate, extension, -1) == 1, "extension");
	X509_EXTENSION_free(extension);
}

static void make_certificate(struct time_authority *authority)
{
	X509 *certificate = X509_new();
	X509_NAME *name;

	authority->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	authority->certificate = certificate;
	must(certificate && X509_set_version(certificate, X509_VERSION_3) == 1 &&
		     ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7) == 1,
	     "certificate");
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	name = X509_get_subject_name(certificate);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"time", -1,
					-1, 0) == 1 &&
		     X509_set_issuer_name(certificate, name) == 1 &&
		     X509_set_pubkey(certificate, authority->key) == 1,
	     "names");
	add_extension(certificate, NID_ext_key_usage, "critical,timeStamping");
	must(X509_sign(certificate, authority->key, EVP_sha256()) > 0, "signature");
}

static void write_certificate(const struct time_authority *authority, const char *dir)
{
	gw_auto_text struct gw_text path = { 0 };
	FILE *file;

	gw_text_printf(&path, "%s/tsa.pem", dir);
	file = fopen(path.bytes, "we");
	must(file && PEM_write_X509(file, authority->certificate) == 1 && fclose(file) == 0,
	     path.bytes);
}

/* ---- answers --------------------------------------------------------------------------------- */

static ASN1_INTEGER *next_serial(TS_RESP_CTX *context, void *data)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();

	(void)context, (void)data;
	must(serial && ASN1_INTEGER_set(serial, 42) == 1, "serial");
	return serial;
}

static void stamp(const struct time_authority *authority, const char *request, size_t len,
		  struct gw_text *out)
{
	TS_RESP_CTX *context = TS_RESP_CTX_new();
	ASN1_OBJECT *policy = OBJ_txt2obj("1.3.6.1.4.1.32473.1", 1);
	BIO *bio = BIO_new_mem_buf(request, (int)len);
	unsigned char *der = NULL;
	TS_RESP *reply;
	int n;

	must(context && policy && bio &&
		     TS_RESP_CTX_set_signer_cert(context, authority->certificate) == 1 &&
		     TS_RESP_CTX_set_signer_key(context, authority->key) == 1 &&
		     TS_RESP_CTX_set_signer_digest(context, EVP_sha256()) == 1 &&
		     TS_RESP_CTX_set_def_policy(context, policy) == 1,
	     "context");
	if (authority->manner != AUTHORITY_REFUSES)
		must(TS_RESP_CTX_add_md(context, EVP_sha256()) == 1, "digest");
	TS_RESP_CTX_set_serial_cb(context, next_serial, NULL);
	reply = TS_RESP_create_response(context, bio);
	must(reply != NULL, "reply");
	n = i2d_TS_RESP(reply, &der);
	must(n > 0, "reply");
	gw_text_add(out, (const char *)der, (size_t)n);
	OPENSSL_free(der);
	TS_RESP_free(reply);
	TS_RESP_CTX_free(context);
	ASN1_OBJECT_free(policy);
	BIO_free(bio);
}

/* The digest is the only string of 32 bytes in a request. */
static void spoil_digest(char *request, size_t len)
{
	char *at = memmem(request, len, "\x04\x20", 2);

	must(at != NULL, "no digest");
	at[2] ^= 1;
}

static void answer(const struct time_authority *authority, char *request, size_t len, int fd)
{
	gw_auto_text struct gw_text body = { 0 }, text = { 0 };

	if (authority->manner == AUTHORITY_SENDS_GARBAGE) {
		gw_text_puts(&body, "0\x82\xff\xff hello");
	} else {
		if (authority->manner == AUTHORITY_STAMPS_SOMETHING_ELSE)
			spoil_digest(request, len);
		stamp(authority, request, len, &body);
	}
	gw_text_printf(&text,
		       "HTTP/1.0 200 OK\r\nContent-Type: application/timestamp-reply\r\n"
		       "Content-Length: %zu\r\n\r\n",
		       body.len);
	gw_text_add(&text, body.bytes, body.len);
	/* Whether it arrives is what the test looks at. */
	(void)!write(fd, text.bytes, text.len);
}

/* One request with its body, as its header says how long that is. */
static void serve(const struct time_authority *authority, int fd)
{
	char bytes[8192];
	size_t len = 0;

	for (;;) {
		ssize_t n = read(fd, bytes + len, sizeof(bytes) - 1 - len);
		char *body, *field;
		size_t body_len;

		if (n <= 0)
			return;
		len += (size_t)n;
		bytes[len] = '\0';
		body = memmem(bytes, len, "\r\n\r\n", 4);
		field = strcasestr(bytes, "content-length:");
		if (!body || !field)
			continue;
		body += 4;
		body_len = strtoul(field + 15, NULL, 10);
		if ((size_t)(bytes + len - body) < body_len)
			continue;
		answer(authority, body, body_len, fd);
		return;
	}
}

static void *run(void *data)
{
	const struct time_authority *authority = data;

	for (;;) {
		struct pollfd fds[] = { { .fd = authority->stop, .events = POLLIN },
					{ .fd = authority->listener, .events = POLLIN } };
		int fd;

		(void)poll(fds, 2, -1);
		if (fds[0].revents)
			return NULL;
		fd = accept4(authority->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		serve(authority, fd);
		(void)close(fd);
	}
}

/* ---- the owner's side ------------------------------------------------------------------------ */

struct time_authority *time_authority_new(const char *dir, enum time_authority_manner manner)
{
	struct time_authority *authority = gw_zalloc(1, sizeof(*authority));
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	sigset_t all, before;

	authority->manner = manner;
	make_certificate(authority);
	write_certificate(authority, dir);
	authority->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	authority->stop = eventfd(0, EFD_CLOEXEC);
	must(authority->listener >= 0 && authority->stop >= 0 &&
		     bind(authority->listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		     listen(authority->listener, 8) == 0 &&
		     getsockname(authority->listener, (struct sockaddr *)&address, &len) == 0,
	     "listening");
	(void)snprintf(authority->url, sizeof(authority->url), "http://127.0.0.1:%d/tsa",
		       ntohs(address.sin_port));
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	must(pthread_create(&authority->thread, NULL, run, authority) == 0, "thread");
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return authority;
}

const char *time_authority_url(const struct time_authority *authority)
{
	return authority->url;
}

void time_authority_free(struct time_authority *authority)
{
	must(eventfd_write(authority->stop, 1) == 0, "stop");
	must(pthread_join(authority->thread, NULL) == 0, "join");
	(void)close(authority->listener);
	(void)close(authority->stop);
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
	gw_free(authority);
}
