#include "gw/approval/signers.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "gw/approval/wire.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define KEY_MAX 4096u

struct reader {
	const struct gw_source *source;
	const char *name_space;
	struct gw_arena *arena;
	struct gw_diags *diags;
	uint32_t line;
	bool good;
};

static struct gw_loc place(const struct reader *reader)
{
	return (struct gw_loc){ reader->source, reader->line, 1, 1 };
}

static void complain(struct reader *reader, const char *what)
{
	gw_diag(reader->diags, GW_D_SIGNER, place(reader), "%s", what);
	reader->good = false;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* The next word; blanks within double quotes belong to it. */
static bool next_word(const char **at, const char *end, const char **ret, size_t *ret_len)
{
	bool quoted = false;
	const char *start;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	start = *at;
	for (; *at < end && (quoted || (**at != ' ' && **at != '\t')); (*at)++)
		if (**at == '"')
			quoted = !quoted;
	*ret = start;
	*ret_len = (size_t)(*at - start);
	return *ret_len > 0;
}

/* "20270331", "202703311800", "20270331180000", with Z or without: all are UTC here. */
static bool parse_date(const char *text, size_t len, int64_t *ret)
{
	struct tm tm = { .tm_mday = 0 };
	int fields[6] = { 0 }, widths[6] = { 4, 2, 2, 2, 2, 2 };
	size_t at = 0;

	if (len && text[len - 1] == 'Z')
		len--;
	if (len != 8 && len != 12 && len != 14)
		return false;
	for (int f = 0; f < 6 && at < len; f++)
		for (int i = 0; i < widths[f]; i++, at++) {
			if (text[at] < '0' || text[at] > '9')
				return false;
			fields[f] = fields[f] * 10 + (text[at] - '0');
		}
	if (fields[1] < 1 || fields[1] > 12 || fields[2] < 1 || fields[2] > 31 || fields[3] > 23 ||
	    fields[4] > 59 || fields[5] > 59)
		return false;
	tm.tm_year = fields[0] - 1900;
	tm.tm_mon = fields[1] - 1;
	tm.tm_mday = fields[2];
	tm.tm_hour = fields[3];
	tm.tm_min = fields[4];
	tm.tm_sec = fields[5];
	*ret = timegm(&tm);
	return true;
}

/* ---- options --------------------------------------------------------------------------------- */

static bool names_space(const char *list, size_t len, const char *name_space)
{
	const char *end = list + len;

	while (list < end) {
		size_t part = strcspn(list, ",\"");

		if (part > (size_t)(end - list))
			part = (size_t)(end - list);
		if (strlen(name_space) == part && memcmp(list, name_space, part) == 0)
			return true;
		list += part + 1;
	}
	return false;
}

/* True for `name="value"`; the value is without its quotes. */
static bool option_is(const char *option, size_t len, const char *name, const char **ret,
		      size_t *ret_len)
{
	size_t name_len = strlen(name);

	if (len < name_len + 3 || strncasecmp(option, name, name_len) != 0 ||
	    option[name_len] != '=' || option[name_len + 1] != '"' || option[len - 1] != '"')
		return false;
	*ret = option + name_len + 2;
	*ret_len = len - name_len - 3;
	return true;
}

/* One option; false after a complaint. `*ret_wanted` becomes false for another namespace. */
static bool read_option(struct reader *reader, const char *option, size_t len,
			struct gw_signer *signer, bool *ret_wanted)
{
	const char *value;
	size_t value_len;

	if (option_is(option, len, "namespaces", &value, &value_len)) {
		*ret_wanted = names_space(value, value_len, reader->name_space);
		return true;
	}
	if (option_is(option, len, "valid-after", &value, &value_len) &&
	    parse_date(value, value_len, &signer->valid_after))
		return true;
	if (option_is(option, len, "valid-before", &value, &value_len) &&
	    parse_date(value, value_len, &signer->valid_before))
		return true;
	/* Above all `cert-authority`: it would let in keys that nobody has listed. */
	complain(reader, "the options of this line are not understood");
	gw_diag_hint(reader->diags,
		     "those that are: namespaces, valid-after and valid-before, with "
		     "dates such as \"20270331\"");
	return false;
}

static bool read_options(struct reader *reader, const char *options, size_t len,
			 struct gw_signer *signer, bool *ret_wanted)
{
	const char *end = options + len;

	while (options < end) {
		const char *start = options;
		bool quoted = false;

		for (; options < end && (quoted || *options != ','); options++)
			if (*options == '"')
				quoted = !quoted;
		if (!read_option(reader, start, (size_t)(options - start), signer, ret_wanted))
			return false;
		options++;
	}
	return true;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* "ssh-ed25519", "AAAA…": the decoded key, if it is one of that type and can be used. */
static bool read_key(struct reader *reader, const char *type, size_t type_len, const char *text,
		     size_t len, struct gw_octets *ret)
{
	uint8_t bytes[KEY_MAX];
	ssize_t n = gw_base64_decode(text, len, bytes, sizeof(bytes));
	struct gw_octets octets = { bytes, n < 0 ? 0 : (size_t)n };
	struct gw_ssh_cursor cursor = { octets.bytes, octets.bytes + octets.len };
	struct gw_octets name;
	const char *why;

	if (n < 0 || !gw_ssh_take_string(&cursor, &name) || name.len != type_len ||
	    memcmp(name.bytes, type, type_len) != 0) {
		complain(reader, "this line has no public key of the kind that it names");
		return false;
	}
	if (gw_ssh_key_check(octets, &why) < 0) {
		gw_diag(reader->diags, GW_D_SIGNER, place(reader),
			"the key of this line is not accepted: %s", why);
		reader->good = false;
		return false;
	}
	*ret = (struct gw_octets){ gw_arena_memdup(reader->arena, bytes, octets.len), octets.len };
	return true;
}

static bool is_key_type(const char *word, size_t len)
{
	return (len > 4 && memcmp(word, "ssh-", 4) == 0) ||
	       (len > 6 && memcmp(word, "ecdsa-", 6) == 0) ||
	       (len > 3 && memcmp(word, "sk-", 3) == 0);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static bool plain_principal(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') ||
		      (text[i] && strchr("-._@", text[i]))))
			return false;
	return len <= 64;
}

static void read_signer(struct reader *reader, const char *at, const char *end,
			struct gw_signers *signers)
{
	struct gw_signer signer = { .valid_before = INT64_MAX, .loc = place(reader) };
	const struct gw_signer *other;
	const char *principal, *word, *key;
	size_t principal_len, len, key_len;
	bool wanted = true;

	if (!next_word(&at, end, &principal, &principal_len) || *principal == '#')
		return;
	/* Patterns and lists would let one line stand for several persons. */
	if (!plain_principal(principal, principal_len)) {
		complain(reader, "a line begins with one person's name: a-z, 0-9 and -._@");
		return;
	}
	if (!next_word(&at, end, &word, &len)) {
		complain(reader, "this line has no key");
		return;
	}
	if (!is_key_type(word, len)) {
		if (!read_options(reader, word, len, &signer, &wanted))
			return;
		if (!next_word(&at, end, &word, &len))
			len = 0;
	}
	if (!len || !next_word(&at, end, &key, &key_len)) {
		complain(reader, "this line has no key");
		return;
	}
	if (!read_key(reader, word, len, key, key_len, &signer.key))
		return;
	signer.principal = gw_arena_strndup(reader->arena, principal, principal_len);
	if (!wanted)
		return;
	other = gw_signers_find(signers, signer.key);
	if (other && strcmp(other->principal, signer.principal) != 0) {
		complain(reader, "the key of this line belongs to somebody else already");
		gw_diag_related(reader->diags, other->loc, "here");
	} else if (signers->n == GW_SIGNERS_MAX) {
		complain(reader, "there are more signers than 256");
	} else {
		signers->items[signers->n++] = signer;
	}
}

static void read_revoked(struct reader *reader, const char *at, const char *end,
			 struct gw_signers *signers)
{
	const char *type, *key;
	size_t type_len, key_len;
	struct gw_octets octets;

	if (!next_word(&at, end, &type, &type_len) || *type == '#')
		return;
	if (!next_word(&at, end, &key, &key_len)) {
		complain(reader, "a line names a kind of key and a key");
		return;
	}
	if (!read_key(reader, type, type_len, key, key_len, &octets))
		return;
	for (size_t i = 0; i < signers->n; i++)
		if (signers->items[i].key.len == octets.len &&
		    memcmp(signers->items[i].key.bytes, octets.bytes, octets.len) == 0)
			signers->items[i].revoked = true;
}

static bool for_each_line(struct reader *reader, struct gw_signers *signers,
			  void (*read)(struct reader *, const char *, const char *,
				       struct gw_signers *))
{
	const char *at = reader->source->text, *end = at + reader->source->len;

	for (reader->line = 1; at < end; reader->line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;

		read(reader, at, stop > at && stop[-1] == '\r' ? stop - 1 : stop, signers);
		at = stop + 1;
	}
	return reader->good;
}

bool gw_signers_read(const struct gw_source *source, const char *name_space, struct gw_arena *arena,
		     struct gw_diags *diags, struct gw_signers *ret)
{
	struct reader reader = { .source = source,
				 .name_space = name_space,
				 .arena = arena,
				 .diags = diags,
				 .good = true };

	*ret = (struct gw_signers){ .items = gw_arena_array(arena, GW_SIGNERS_MAX,
							    struct gw_signer) };
	return for_each_line(&reader, ret, read_signer);
}

bool gw_signers_revoke(struct gw_signers *signers, const struct gw_source *source,
		       struct gw_diags *diags)
{
	struct reader reader = { .source = source, .diags = diags, .good = true };
	bool good;

	reader.arena = gw_arena_new();
	good = for_each_line(&reader, signers, read_revoked);
	gw_arena_free(reader.arena);
	return good;
}

const struct gw_signer *gw_signers_find(const struct gw_signers *signers, struct gw_octets key)
{
	for (size_t i = 0; i < signers->n; i++)
		if (signers->items[i].key.len == key.len &&
		    memcmp(signers->items[i].key.bytes, key.bytes, key.len) == 0)
			return &signers->items[i];
	return NULL;
}
