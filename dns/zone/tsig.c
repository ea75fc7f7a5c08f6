#include "dns/zone/tsig.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "dns/zone/zone_name.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define FILE_MAX     4096u
#define UNSIGNED_MAX 99u /* RFC 8945, 5.3.1 */
#define CLASS_ANY    255u
#define WORD_MAX     512u
#define FIXED_LEN    10u /* of a record, after its owner */
#define TIME_LEN     6u

/* ---- keys ------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *digest;
} algorithms[] = {
	{ "hmac-sha224", "SHA224" },
	{ "hmac-sha256", "SHA256" },
	{ "hmac-sha384", "SHA384" },
	{ "hmac-sha512", "SHA512" },
};

static bool set_name(const char *text, struct gw_dns_name *ret)
{
	struct gw_zone_name name;

	if (gw_zone_name_parse(text, &name) < 0)
		return false;
	memcpy(ret->wire, name.wire, name.len);
	ret->len = name.len;
	return true;
}

static const char *make_key(const char *name, const char *algorithm, const char *secret,
			    struct gw_tsig_key *ret)
{
	ssize_t len;

	*ret = (struct gw_tsig_key){ 0 };
	for (size_t i = 0; i < GW_COUNT(algorithms); i++)
		if (strcasecmp(algorithm, algorithms[i].name) == 0)
			ret->digest = algorithms[i].digest;
	if (!ret->digest)
		return "its algorithm is none of hmac-sha224, -sha256, -sha384 and -sha512";
	if (!*name || !set_name(name, &ret->name) || !set_name(algorithm, &ret->algorithm))
		return "its name is not a domain name";
	len = gw_base64_decode(secret, strlen(secret), ret->secret, sizeof(ret->secret));
	if (len < 8)
		return "its secret is not base 64, or too short";
	ret->secret_len = (size_t)len;
	return NULL;
}

/* The next word of the braces form: quoted, or up to a space or one of "{};". False: none, or too long. */
static bool next_word(const char **at, char ret[WORD_MAX])
{
	size_t n = 0;
	bool quoted;

	while (isspace((unsigned char)**at) || **at == '{' || **at == '}' || **at == ';')
		(*at)++;
	quoted = **at == '"';
	*at += quoted;
	while (**at && n + 1 < WORD_MAX &&
	       (quoted ? **at != '"' : !isspace((unsigned char)**at) && !strchr("{};", **at)))
		ret[n++] = *(*at)++;
	ret[n] = '\0';
	*at += quoted && **at == '"';
	return n > 0 && n + 1 < WORD_MAX;
}

static const char *parse_braces(const char *text, struct gw_tsig_key *ret)
{
	char name[WORD_MAX], word[WORD_MAX], algorithm[WORD_MAX] = "", secret[WORD_MAX] = "";
	const char *wrong = "it is not `key \"NAME\" { algorithm …; secret \"…\"; };`";

	if (!next_word(&text, name))
		return wrong;
	while (next_word(&text, word)) {
		char *value = strcmp(word, "algorithm") == 0 ? algorithm
			      : strcmp(word, "secret") == 0  ? secret
							     : NULL;

		if (!value || *value || !next_word(&text, value))
			break;
	}
	if (*text == '\0' && *algorithm && *secret)
		wrong = make_key(name, algorithm, secret, ret);
	explicit_bzero(secret, sizeof(secret));
	return wrong;
}

static const char *parse_line(const char *text, struct gw_tsig_key *ret)
{
	char line[3 * WORD_MAX], *name, *secret;
	const char *wrong;
	size_t len = strcspn(text, "\r\n");

	if (len >= sizeof(line) || text[len + strspn(text + len, "\r\n")])
		return "it is more than one line";
	memcpy(line, text, len);
	line[len] = '\0';
	name = strchr(line, ':');
	secret = name ? strchr(name + 1, ':') : NULL;
	if (!secret)
		return "it is neither `key \"NAME\" {…};` nor `ALGORITHM:NAME:SECRET`";
	*name++ = '\0';
	*secret++ = '\0';
	wrong = make_key(name, line, secret, ret);
	explicit_bzero(line, sizeof(line));
	return wrong;
}

const char *gw_tsig_parse(const char *text, struct gw_tsig_key *ret)
{
	while (isspace((unsigned char)*text))
		text++;
	if (strncmp(text, "key", 3) == 0 && (isspace((unsigned char)text[3]) || text[3] == '"'))
		return parse_braces(text + 3, ret);
	return parse_line(text, ret);
}

/* 0 or -errno; the text is NUL-terminated. */
static int read_secret(const char *path, char ret[FILE_MAX])
{
	gw_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	ssize_t n;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (status.st_mode & (S_IROTH | S_IWOTH))
		return -EPERM;
	n = read(fd, ret, FILE_MAX - 1);
	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return strlen(ret) == (size_t)n && n < (ssize_t)FILE_MAX - 1 ? 0 : -EFBIG;
}

int gw_tsig_read(const char *path, struct gw_loc loc, struct gw_diags *diags,
		 struct gw_tsig_key *ret)
{
	char text[FILE_MAX];
	int err = read_secret(path, text);
	const char *wrong = err ? NULL : gw_tsig_parse(text, ret);

	explicit_bzero(text, sizeof(text));
	if (!err && !wrong)
		return 0;
	if (err == -EPERM)
		wrong = "everybody may read it";
	gw_diag(diags, GW_D_ZONE_TSIG_KEY, loc, "the TSIG key in %s cannot be used: %s", path,
		wrong ? wrong : strerror(-err));
	return err ? err : -EBADMSG;
}

/* ---- MACs ------------------------------------------------------------------------------------- */

static void mac_begin(struct gw_tsig_session *session)
{
	char *digest;
	OSSL_PARAM params[2];

	memcpy(&digest, &session->key->digest, sizeof(digest)); /* it is not written through */
	params[0] = OSSL_PARAM_construct_utf8_string("digest", digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (!EVP_MAC_init(session->mac, session->key->secret, session->key->secret_len, params))
		gw_out_of_memory();
}

static void mac_add(struct gw_tsig_session *session, const void *bytes, size_t len)
{
	if (!EVP_MAC_update(session->mac, bytes, len))
		gw_out_of_memory();
}

static void mac_u16(struct gw_tsig_session *session, unsigned int value)
{
	const uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	mac_add(session, bytes, sizeof(bytes));
}

/* Ends the MAC, which becomes the last one; the next begins with it. */
static void mac_end(struct gw_tsig_session *session, uint8_t ret[GW_TSIG_MAC_MAX], size_t *ret_len)
{
	if (!EVP_MAC_final(session->mac, ret, ret_len, GW_TSIG_MAC_MAX))
		gw_out_of_memory();
}

static void keep_mac(struct gw_tsig_session *session, const uint8_t *mac, size_t len)
{
	memcpy(session->last, mac, len);
	session->last_len = len;
	mac_begin(session);
	mac_u16(session, (unsigned int)len);
	mac_add(session, mac, len);
}

void gw_tsig_begin(struct gw_tsig_session *session, const struct gw_tsig_key *key)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	*session =
		(struct gw_tsig_session){ .key = key, .mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL };
	EVP_MAC_free(hmac);
	if (!session->mac)
		gw_out_of_memory();
	mac_begin(session);
}

void gw_tsig_end(struct gw_tsig_session *session)
{
	EVP_MAC_CTX_free(session->mac);
	session->mac = NULL;
}

/* What a record says besides its MAC. */
struct variables {
	uint8_t time[TIME_LEN];
	unsigned int fudge, error, other_len;
	const uint8_t *other;
};

static void mac_variables(struct gw_tsig_session *session, const struct variables *variables)
{
	static const uint8_t class_and_ttl[] = { 0, CLASS_ANY, 0, 0, 0, 0 };

	mac_add(session, session->key->name.wire, session->key->name.len);
	mac_add(session, class_and_ttl, sizeof(class_and_ttl));
	mac_add(session, session->key->algorithm.wire, session->key->algorithm.len);
	mac_add(session, variables->time, TIME_LEN);
	mac_u16(session, variables->fudge);
	mac_u16(session, variables->error);
	mac_u16(session, variables->other_len);
	mac_add(session, variables->other, variables->other_len);
}

static void put_time(int64_t time, uint8_t ret[TIME_LEN])
{
	for (unsigned int i = 0; i < TIME_LEN; i++)
		ret[i] = (uint8_t)((uint64_t)time >> (8 * (TIME_LEN - 1 - i)));
}

static int64_t get_time(const uint8_t bytes[TIME_LEN])
{
	int64_t time = 0;

	for (unsigned int i = 0; i < TIME_LEN; i++)
		time = time << 8 | bytes[i];
	return time;
}

void gw_tsig_sign(struct gw_tsig_session *session, int64_t now, struct gw_text *query)
{
	const struct gw_tsig_key *key = session->key;
	struct variables variables = { .fudge = GW_TSIG_FUDGE };
	uint8_t mac[GW_TSIG_MAC_MAX], *counts;
	uint16_t id = gw_dns_u16((const uint8_t *)query->bytes);
	size_t len, additional;

	put_time(now, variables.time);
	mac_add(session, query->bytes, query->len);
	mac_variables(session, &variables);
	mac_end(session, mac, &len);
	keep_mac(session, mac, len);
	gw_text_add(query, (const char *)key->name.wire, key->name.len);
	gw_dns_put_u16(query, GW_DNS_TSIG);
	gw_text_add(query, "\0\xff\0\0\0\0", 6);
	gw_dns_put_u16(query, (unsigned int)(key->algorithm.len + 16 + len));
	gw_text_add(query, (const char *)key->algorithm.wire, key->algorithm.len);
	gw_text_add(query, (const char *)variables.time, TIME_LEN);
	gw_dns_put_u16(query, GW_TSIG_FUDGE);
	gw_dns_put_u16(query, (unsigned int)len);
	gw_text_add(query, (const char *)mac, len);
	gw_dns_put_u16(query, id); /* before anybody forwards it */
	gw_dns_put_u16(query, 0);
	gw_dns_put_u16(query, 0);
	counts = (uint8_t *)query->bytes;
	additional = gw_dns_u16(counts + 10) + 1u;
	counts[10] = (uint8_t)(additional >> 8);
	counts[11] = (uint8_t)additional;
}

/* ---- answers ---------------------------------------------------------------------------------- */

/* Finds the record, which must be the last one. 0: none, 1, -EBADMSG. */
static int find_record(const struct gw_dns_message *message, struct gw_dns_record *ret)
{
	struct gw_dns_message cursor = *message;
	bool found = false;
	int more;

	while ((more = gw_dns_next(&cursor, ret)) > 0) {
		if (found)
			return -EBADMSG;
		found = ret->type == GW_DNS_TSIG && ret->section == GW_DNS_ADDITIONAL;
	}
	return more < 0 ? more : found;
}

static int read_record(const struct gw_dns_message *message, const struct gw_dns_record *record,
		       struct variables *ret, struct gw_dns_name *algorithm, const uint8_t **mac,
		       size_t *mac_len, uint16_t *id)
{
	size_t at = record->rdata_at, end = at + record->rdata_len;
	const uint8_t *bytes = message->bytes;

	/* Class and TTL are not under the MAC as they are written. */
	if (record->class_ != CLASS_ANY || record->ttl)
		return -EBADMSG;
	if (gw_dns_read_name(message, &at, algorithm) < 0 || at > end || end - at < 10)
		return -EBADMSG;
	memcpy(ret->time, bytes + at, TIME_LEN);
	ret->fudge = gw_dns_u16(bytes + at + 6);
	*mac_len = gw_dns_u16(bytes + at + 8);
	*mac = bytes + at + 10;
	at += 10;
	if (end - at < *mac_len + 6)
		return -EBADMSG;
	at += *mac_len;
	*id = gw_dns_u16(bytes + at);
	ret->error = gw_dns_u16(bytes + at + 2);
	ret->other_len = gw_dns_u16(bytes + at + 4);
	ret->other = bytes + at + 6;
	return end - at - 6 == ret->other_len ? 0 : -EBADMSG;
}

/* The message as it was before the record was added. */
static void mac_message(struct gw_tsig_session *session, const struct gw_dns_message *message,
			size_t len, uint16_t id, bool has_record)
{
	uint8_t header[12];
	unsigned int additional = message->counts[GW_DNS_ADDITIONAL] - (has_record ? 1u : 0);

	memcpy(header, message->bytes, sizeof(header));
	header[0] = (uint8_t)(id >> 8);
	header[1] = (uint8_t)id;
	header[10] = (uint8_t)(additional >> 8);
	header[11] = (uint8_t)additional;
	mac_add(session, header, sizeof(header));
	mac_add(session, message->bytes + sizeof(header), len - sizeof(header));
}

/* What the server says of our question: its word is not proved where it does not know the key. */
static int refused(struct gw_tsig_session *session, const struct variables *variables, int64_t now)
{
	session->error = variables->error;
	if (variables->error == GW_DNS_BADTIME && variables->other_len == TIME_LEN)
		session->skew = get_time(variables->other) - now;
	return -EKEYREJECTED;
}

static int unsigned_message(struct gw_tsig_session *session, const struct gw_dns_message *message,
			    bool last)
{
	/* A refusal may be unsigned, and is no more than that. The first and the last are signed. */
	if (session->messages == 1 || last || ++session->unsigned_ > UNSIGNED_MAX)
		return -EKEYREJECTED;
	mac_message(session, message, message->len, message->id, false);
	return 0;
}

int gw_tsig_verify(struct gw_tsig_session *session, const struct gw_dns_message *message, bool last,
		   int64_t now)
{
	struct gw_dns_record record;
	struct gw_dns_name algorithm;
	struct variables variables;
	uint8_t mac[GW_TSIG_MAC_MAX];
	const uint8_t *theirs;
	size_t len, theirs_len;
	uint16_t id;
	int found = find_record(message, &record);

	session->messages++;
	if (found <= 0)
		return found < 0 ? found : unsigned_message(session, message, last);
	if (read_record(message, &record, &variables, &algorithm, &theirs, &theirs_len, &id) < 0)
		return -EBADMSG;
	if (variables.error)
		return refused(session, &variables, now);
	mac_message(session, message, record.at, id, true);
	if (session->messages == 1) {
		mac_variables(session, &variables);
	} else {
		mac_add(session, variables.time, TIME_LEN);
		mac_u16(session, variables.fudge);
	}
	mac_end(session, mac, &len);
	if (!gw_dns_name_equal(&record.owner, &session->key->name) ||
	    !gw_dns_name_equal(&algorithm, &session->key->algorithm) || theirs_len != len ||
	    CRYPTO_memcmp(mac, theirs, len) != 0)
		return -EKEYREJECTED;
	session->unsigned_ = 0;
	session->skew = get_time(variables.time) - now;
	keep_mac(session, mac, len);
	return 0;
}
