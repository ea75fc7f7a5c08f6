#include "gw/audit/timestamp.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ts.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"

/* ---- requests -------------------------------------------------------------------------------- */

static bool set_imprint(TS_REQ *request, const void *bytes, size_t len)
{
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	uint8_t digest[SHA256_DIGEST_LENGTH];
	bool done;

	(void)SHA256(bytes, len, digest);
	done = imprint && algorithm &&
	       X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
	       TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
	       TS_MSG_IMPRINT_set_msg(imprint, digest, sizeof(digest)) == 1 &&
	       TS_REQ_set_msg_imprint(request, imprint) == 1;
	X509_ALGOR_free(algorithm);
	TS_MSG_IMPRINT_free(imprint);
	return done;
}

static bool set_nonce(TS_REQ *request)
{
	ASN1_INTEGER *nonce = ASN1_INTEGER_new();
	uint64_t number;
	bool done = nonce && RAND_bytes((unsigned char *)&number, sizeof(number)) == 1 &&
		    ASN1_INTEGER_set_uint64(nonce, number) == 1 &&
		    TS_REQ_set_nonce(request, nonce) == 1;

	ASN1_INTEGER_free(nonce);
	return done;
}

int gw_timestamp_request(const void *bytes, size_t len, struct gw_text *out)
{
	TS_REQ *request = TS_REQ_new();
	unsigned char *der = NULL;
	int n = -1;

	/* With the certificate in the reply, it can be verified without asking anybody. */
	if (request && TS_REQ_set_version(request, 1) == 1 && set_imprint(request, bytes, len) &&
	    set_nonce(request) && TS_REQ_set_cert_req(request, 1) == 1)
		n = i2d_TS_REQ(request, &der);
	if (n > 0)
		gw_text_add(out, (const char *)der, (size_t)n);
	OPENSSL_free(der);
	TS_REQ_free(request);
	return n > 0 ? 0 : -EIO;
}

/* ---- the authority --------------------------------------------------------------------------- */

static int read_reply(BIO *reply, struct gw_text *out)
{
	char bytes[4096];
	size_t before = out->len;
	int n;

	while ((n = BIO_read(reply, bytes, sizeof(bytes))) > 0) {
		if (out->len - before + (size_t)n > GW_TIMESTAMP_MAX)
			return -EBADMSG;
		gw_text_add(out, bytes, (size_t)n);
	}
	return out->len > before ? 0 : -EBADMSG;
}

int gw_timestamp_fetch(const char *url, const struct gw_text *request, int timeout_s,
		       struct gw_text *out)
{
	char *host = NULL, *port = NULL, *path = NULL;
	BIO *body = BIO_new_mem_buf(request->bytes, (int)request->len), *reply = NULL;
	int err = -EHOSTUNREACH, tls = 0;

	if (!body)
		gw_out_of_memory();
	ERR_clear_error();
	if (OSSL_HTTP_parse_url(url, &tls, NULL, &host, &port, NULL, &path, NULL, NULL) != 1 || tls)
		err = -EINVAL;
	else
		reply = OSSL_HTTP_transfer(NULL, host, port, path, 0, NULL, "", NULL, NULL, NULL,
					   NULL, 0, NULL, "application/timestamp-query", body,
					   "application/timestamp-reply", 1, GW_TIMESTAMP_MAX,
					   timeout_s, 0);
	if (reply)
		err = read_reply(reply, out);
	BIO_free(reply);
	BIO_free(body);
	OPENSSL_free(host);
	OPENSSL_free(port);
	OPENSSL_free(path);
	ERR_clear_error();
	return err;
}

/* ---- verifying ------------------------------------------------------------------------------- */

/* What the reply is held against; NULL where it cannot be made. */
static TS_VERIFY_CTX *expectations(const struct gw_text *request, const void *bytes, size_t len,
				   const char *ca_file)
{
	const unsigned char *at = request ? (const unsigned char *)request->bytes : NULL;
	TS_REQ *sent = request ? d2i_TS_REQ(NULL, &at, (long)request->len) : NULL;
	TS_VERIFY_CTX *context;
	X509_STORE *store = NULL;
	unsigned int flags = TS_VFY_VERSION | TS_VFY_DATA | (request ? TS_VFY_NONCE : 0);

	if (request && !sent)
		return NULL;
	/* Takes the nonce out of the request; what it cannot say is set below. */
	context = sent ? TS_REQ_to_TS_VERIFY_CTX(sent, NULL) : TS_VERIFY_CTX_new();
	TS_REQ_free(sent);
	if (!context)
		return NULL;
	(void)TS_VERIFY_CTX_set_imprint(context, NULL, 0);
	(void)TS_VERIFY_CTX_set_data(context, BIO_new_mem_buf(bytes, (int)len));
	if (ca_file) {
		flags |= TS_VFY_SIGNATURE;
		store = X509_STORE_new();
		if (!store || X509_STORE_load_file(store, ca_file) != 1) {
			X509_STORE_free(store);
			TS_VERIFY_CTX_free(context);
			return NULL;
		}
		(void)TS_VERIFY_CTX_set_store(context, store);
	}
	(void)TS_VERIFY_CTX_set_flags(context, (int)flags);
	return context;
}

static int time_of(TS_RESP *reply, int64_t *ret)
{
	const TS_TST_INFO *info = TS_RESP_get_tst_info(reply);
	struct tm parts;

	if (!info || ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &parts) != 1)
		return -EBADMSG;
	*ret = (int64_t)timegm(&parts);
	return 0;
}

static int verify(TS_VERIFY_CTX *context, TS_RESP *reply)
{
	unsigned long error;

	ERR_clear_error();
	if (TS_RESP_verify_response(context, reply) == 1)
		return 0;
	error = ERR_peek_error();
	ERR_clear_error();
	return ERR_GET_LIB(error) == ERR_LIB_TS &&
			       (ERR_GET_REASON(error) == TS_R_CERTIFICATE_VERIFY_ERROR ||
				ERR_GET_REASON(error) == TS_R_SIGNATURE_FAILURE)
		       ? -EKEYREJECTED
		       : -EBADMSG;
}

int gw_timestamp_verify(const char *reply, size_t reply_len, const struct gw_text *request,
			const void *bytes, size_t len, const char *ca_file, int64_t *ret_time)
{
	const unsigned char *at = (const unsigned char *)reply;
	TS_VERIFY_CTX *context = NULL;
	TS_RESP *parsed;
	int err = -EBADMSG;

	if (!reply_len || reply_len > GW_TIMESTAMP_MAX || len > INT32_MAX)
		return -EBADMSG;
	parsed = d2i_TS_RESP(NULL, &at, (long)reply_len);
	if (parsed && at == (const unsigned char *)reply + reply_len)
		context = expectations(request, bytes, len, ca_file);
	if (context)
		err = verify(context, parsed);
	if (!err)
		err = time_of(parsed, ret_time);
	TS_VERIFY_CTX_free(context);
	TS_RESP_free(parsed);
	ERR_clear_error();
	return err;
}
