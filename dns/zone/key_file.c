/*
 * Key files:
 *
 *	gw.zone-key/1
 *	zone example.go.jp.
 *	role ksk
 *	created 1795000000
 *	public BASE64                DNSKEY RDATA
 *	vault 0011223344556677       what it is sealed by
 *	sealed BASE64                PKCS #8, bound to all lines above
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dns/zone/keys.h"
#include "dns/zone/vault.h"
#include "gw/audit/files.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define FOLDER   "keys"
#define FILE_MAX 8192u
#define DER_MAX  4096u /* RSA of 4096 bits takes 2,400 octets */
#define MAGIC    "gw.zone-key/1\n"

static const struct gw_loc nowhere;

/* ---- writing ----------------------------------------------------------------------------------- */

static void print_vault_id(const struct gw_zone_vault *vault, struct gw_text *out)
{
	for (size_t i = 0; i < sizeof(vault->id); i++)
		gw_text_printf(out, "%02x", vault->id[i]);
}

static void print_head(const struct gw_zone_vault *vault, const struct gw_zone_key *key,
		       struct gw_text *out)
{
	gw_text_printf(out, MAGIC "zone %s\nrole %s\ncreated %" PRId64 "\npublic ", key->zone.text,
		       gw_zone_role_names[key->role], key->created);
	gw_base64_encode(out, key->public_.rdata, key->public_.len);
	gw_text_puts(out, "\nvault ");
	print_vault_id(vault, out);
	gw_text_putc(out, '\n');
}

static int print_file(const struct gw_zone_vault *vault, const struct gw_zone_key *key,
		      struct gw_text *out)
{
	gw_auto_secret struct gw_text der = { 0 };
	gw_auto_text struct gw_text sealed = { 0 };
	int error;

	print_head(vault, key, out);
	error = gw_zone_key_export(key, &der);
	if (!error)
		error = gw_zone_seal(vault, out->bytes, out->len, der.bytes, der.len, &sealed);
	if (error)
		return error;
	gw_text_puts(out, "sealed ");
	gw_base64_encode(out, sealed.bytes, sealed.len);
	gw_text_putc(out, '\n');
	return 0;
}

int gw_zone_key_write(int folder, const struct gw_zone_vault *vault, const struct gw_zone_key *key)
{
	gw_auto_text struct gw_text file = { 0 };
	gw_auto_close int keys = gw_audit_folder(folder, FOLDER, 0700);
	char name[16];
	int error = keys < 0 ? keys : print_file(vault, key, &file);

	if (error)
		return error;
	(void)snprintf(name, sizeof(name), "%05u", key->public_.tag);
	return gw_audit_file_replace(keys, name, 0600, file.bytes, file.len);
}

/* ---- reading ----------------------------------------------------------------------------------- */

/* What a file says in its head, and where the rest is. */
struct parsed {
	struct gw_zone_key head;
	uint8_t vault[GW_ZONE_VAULT_ID];
	size_t head_len;
	const char *sealed;
	size_t sealed_len;
};

struct cursor {
	const char *at, *end;
};

/* The value of the line "WORD value"; false if the next line is not that. */
static bool line(struct cursor *cursor, const char *word, const char **ret, size_t *ret_len)
{
	size_t word_len = strlen(word);
	const char *stop = memchr(cursor->at, '\n', (size_t)(cursor->end - cursor->at));

	if (!stop || (size_t)(stop - cursor->at) <= word_len ||
	    memcmp(cursor->at, word, word_len) != 0 || cursor->at[word_len] != ' ')
		return false;
	*ret = cursor->at + word_len + 1;
	*ret_len = (size_t)(stop - *ret);
	cursor->at = stop + 1;
	return true;
}

/* The same as a string of at most `size` - 1 characters. */
static bool text_line(struct cursor *cursor, const char *word, char *ret, size_t size)
{
	const char *value;
	size_t len;

	if (!line(cursor, word, &value, &len) || len >= size || memchr(value, '\0', len))
		return false;
	memcpy(ret, value, len);
	ret[len] = '\0';
	return true;
}

static bool parse_role(const char *name, enum gw_zone_role *ret)
{
	for (size_t i = 0; i < GW_COUNT(gw_zone_role_names); i++) {
		if (strcmp(gw_zone_role_names[i], name) != 0)
			continue;
		*ret = (enum gw_zone_role)i;
		return true;
	}
	return false;
}

static bool parse_vault_id(const char *hex, uint8_t ret[GW_ZONE_VAULT_ID])
{
	if (strlen(hex) != 2 * (size_t)GW_ZONE_VAULT_ID ||
	    strspn(hex, "0123456789abcdef") != strlen(hex))
		return false;
	for (size_t i = 0; i < GW_ZONE_VAULT_ID; i++) {
		char octet[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		ret[i] = (uint8_t)strtoul(octet, NULL, 16);
	}
	return true;
}

static bool parse_public(struct cursor *cursor, struct gw_zone_dnskey *ret)
{
	uint8_t rdata[GW_ZONE_DNSKEY_MAX];
	const char *value;
	size_t len;
	ssize_t n;

	if (!line(cursor, "public", &value, &len))
		return false;
	n = gw_base64_decode(value, len, rdata, sizeof(rdata));
	return n > 0 && gw_zone_dnskey_parse(rdata, (size_t)n, ret) == 0;
}

static bool parse_head(struct cursor *cursor, struct parsed *ret)
{
	char zone[GW_ZONE_NAME_TEXT], word[32], *end;

	if ((size_t)(cursor->end - cursor->at) < strlen(MAGIC) ||
	    memcmp(cursor->at, MAGIC, strlen(MAGIC)) != 0)
		return false;
	cursor->at += strlen(MAGIC);
	if (!text_line(cursor, "zone", zone, sizeof(zone)) ||
	    gw_zone_name_parse(zone, &ret->head.zone) < 0 ||
	    !text_line(cursor, "role", word, sizeof(word)) || !parse_role(word, &ret->head.role) ||
	    !text_line(cursor, "created", word, sizeof(word)))
		return false;
	errno = 0;
	ret->head.created = strtoll(word, &end, 10);
	return end != word && !*end && !errno && parse_public(cursor, &ret->head.public_) &&
	       text_line(cursor, "vault", word, sizeof(word)) && parse_vault_id(word, ret->vault);
}

static bool parse(const char *bytes, size_t len, struct parsed *ret)
{
	struct cursor cursor = { bytes, bytes + len };

	if (!parse_head(&cursor, ret))
		return false;
	ret->head_len = (size_t)(cursor.at - bytes);
	return line(&cursor, "sealed", &ret->sealed, &ret->sealed_len) && cursor.at == cursor.end;
}

static int unseal(const struct gw_zone_vault *vault, const struct parsed *parsed, const char *bytes,
		  struct gw_zone_key **ret)
{
	gw_auto_secret struct gw_text der = { 0 };
	uint8_t sealed[DER_MAX + GW_ZONE_SEAL_EXTRA];
	ssize_t n = gw_base64_decode(parsed->sealed, parsed->sealed_len, sealed, sizeof(sealed));
	int error;

	if (n < 0)
		return -EBADMSG;
	error = gw_zone_unseal(vault, bytes, parsed->head_len, sealed, (size_t)n, &der);
	return error ? error : gw_zone_key_import(&parsed->head, der.bytes, der.len, ret);
}

int gw_zone_key_open(const struct gw_zone_vault *vault, const struct gw_zone_name *zone,
		     const char *path, const char *bytes, size_t len, struct gw_diags *diags,
		     struct gw_zone_key **ret)
{
	struct parsed parsed = { .head_len = 0 };

	if (len > FILE_MAX || !parse(bytes, len, &parsed)) {
		gw_diag(diags, GW_D_ZONE_KEY_FILE, nowhere, "%s: not a key file of ours", path);
		return -EBADMSG;
	}
	if (strcmp(parsed.head.zone.text, zone->text) != 0) {
		gw_diag(diags, GW_D_ZONE_KEY_FILE, nowhere, "%s: a key of %s, not of %s", path,
			parsed.head.zone.text, zone->text);
		return -EBADMSG;
	}
	if (memcmp(parsed.vault, vault->id, sizeof(parsed.vault)) != 0) {
		gw_diag(diags, GW_D_ZONE_KEY_FILE, nowhere,
			"%s: sealed with a passphrase of another state directory", path);
		gw_diag_hint(diags,
			     "keys move between gateways by `gwctl zone backup` and `restore`");
		return -EACCES;
	}
	if (unseal(vault, &parsed, bytes, ret) < 0) {
		gw_diag(diags, GW_D_ZONE_KEY_FILE, nowhere, "%s: changed since it was written",
			path);
		return -EBADMSG;
	}
	return 0;
}

/* A key that others could read is no secret; that is for a person to judge, not for us to mend. */
static int check_mode(int folder, const char *path, struct gw_diags *diags)
{
	struct stat stat;

	if (fstatat(folder, path, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!(stat.st_mode & 077))
		return 0;
	gw_diag(diags, GW_D_ZONE_KEY_FILE, nowhere, "%s: others may read or change it", path);
	gw_diag_hint(diags, "if nobody has: chmod 600; otherwise the key is compromised");
	return -EPERM;
}

int gw_zone_key_read(int folder, const struct gw_zone_vault *vault, const struct gw_zone_name *zone,
		     uint16_t tag, struct gw_diags *diags, struct gw_zone_key **ret)
{
	gw_auto_text struct gw_text file = { 0 };
	struct gw_zone_key *key = NULL;
	char path[32];
	int error;

	(void)snprintf(path, sizeof(path), FOLDER "/%05u", tag);
	error = check_mode(folder, path, diags);
	if (error == -EPERM)
		return error;
	if (!error)
		error = gw_audit_file_read(folder, path, FILE_MAX, &file);
	if (error) {
		gw_diag(diags, GW_D_ZONE_KEY_FILE, nowhere, "%s of %s: %s", path, zone->text,
			strerror(-error));
		return error;
	}
	error = gw_zone_key_open(vault, zone, path, file.bytes ? file.bytes : "", file.len, diags,
				 &key);
	if (!error && key && key->public_.tag != tag) {
		gw_diag(diags, GW_D_ZONE_KEY_FILE, nowhere, "%s: holds key %u", path,
			key->public_.tag);
		error = -EBADMSG;
	}
	if (error)
		gw_zone_key_free(key);
	else
		*ret = key;
	return error;
}
