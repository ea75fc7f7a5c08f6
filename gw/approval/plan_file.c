#include "gw/approval/plan_file.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw/approval/sshsig.h"
#include "gw/core/base64.h"
#include "gw/core/mem.h"

#define SCHEMA        "gw.plan/2"
#define STATEMENT_MAX 1024u

void gw_plan_files_digest(const uint8_t *files, size_t len, char ret[GW_PLAN_DIGEST_LEN])
{
	uint8_t hash[EVP_MAX_MD_SIZE] = { 0 };
	size_t hash_len = 0;

	(void)EVP_Q_digest(NULL, "SHA256", NULL, files, len, hash, &hash_len); /* always there */
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", hash[i]);
}

/* ---- the statement --------------------------------------------------------------------------- */

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

void gw_plan_statement_print(const struct gw_plan_statement *statement, struct gw_text *out)
{
	gw_text_printf(out, GW_PLAN_NAMESPACE "\nsite %s\nbase %" PRIu32 "\nbase-ruleset %s\n",
		       statement->site, statement->base, or_dash(statement->base_digest));
	gw_text_printf(out, "config %s\nruleset %s\n", statement->config_digest,
		       statement->ruleset_digest);
	gw_text_printf(out, "author %s\nticket %s\n", statement->author,
		       or_dash(statement->ticket));
	gw_text_printf(out, "created %" PRId64 "\nexpires %" PRId64 "\n", statement->created,
		       statement->expires);
}

/* "key value\n": the value goes to `ret`, if it has room; printable ASCII without blanks. */
static bool take_line(const char **at, const char *key, char *ret, size_t size)
{
	size_t key_len = strlen(key), len;

	if (strncmp(*at, key, key_len) != 0 || (*at)[key_len] != ' ')
		return false;
	*at += key_len + 1;
	len = strcspn(*at, "\n");
	if (!len || len >= size || (*at)[len] != '\n')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((*at)[i] <= ' ' || (*at)[i] > '~')
			return false;
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += len + 1;
	return true;
}

static bool parse_number(const char *text, int64_t max, int64_t *ret)
{
	char *end;

	if (*text < '0' || *text > '9' || (*text == '0' && text[1]))
		return false;
	errno = 0;
	*ret = strtoll(text, &end, 10);
	return !errno && !*end && *ret <= max;
}

static bool is_digest(const char *text)
{
	return strlen(text) == GW_PLAN_DIGEST_LEN - 1 &&
	       strspn(text, "0123456789abcdef") == GW_PLAN_DIGEST_LEN - 1;
}

static void dash_is_none(char *text)
{
	if (strcmp(text, "-") == 0)
		*text = '\0';
}

bool gw_plan_statement_parse(const char *text, struct gw_plan_statement *ret)
{
	gw_auto_text struct gw_text again = { 0 };
	struct gw_plan_statement statement = { 0 };
	char base[16], created[24], expires[24];
	int64_t base_number;
	const char *at = text;

	if (strncmp(at, GW_PLAN_NAMESPACE "\n", strlen(GW_PLAN_NAMESPACE) + 1) != 0)
		return false;
	at += strlen(GW_PLAN_NAMESPACE) + 1;
	if (!take_line(&at, "site", statement.site, sizeof(statement.site)) ||
	    !take_line(&at, "base", base, sizeof(base)) ||
	    !take_line(&at, "base-ruleset", statement.base_digest, sizeof(statement.base_digest)) ||
	    !take_line(&at, "config", statement.config_digest, sizeof(statement.config_digest)) ||
	    !take_line(&at, "ruleset", statement.ruleset_digest,
		       sizeof(statement.ruleset_digest)) ||
	    !take_line(&at, "author", statement.author, sizeof(statement.author)) ||
	    !take_line(&at, "ticket", statement.ticket, sizeof(statement.ticket)) ||
	    !take_line(&at, "created", created, sizeof(created)) ||
	    !take_line(&at, "expires", expires, sizeof(expires)) || *at)
		return false;
	dash_is_none(statement.base_digest);
	dash_is_none(statement.ticket);
	if (!parse_number(base, UINT32_MAX, &base_number))
		return false;
	statement.base = (uint32_t)base_number;
	if (!is_digest(statement.config_digest) || !is_digest(statement.ruleset_digest) ||
	    (statement.base ? !is_digest(statement.base_digest) : *statement.base_digest != 0) ||
	    !parse_number(created, INT64_MAX / 2, &statement.created) ||
	    !parse_number(expires, INT64_MAX / 2, &statement.expires))
		return false;
	/* One statement has one text: what people sign and what is understood cannot differ. */
	gw_plan_statement_print(&statement, &again);
	if (strcmp(again.bytes, text) != 0)
		return false;
	*ret = statement;
	return true;
}

/* ---- the file -------------------------------------------------------------------------------- */

void gw_plan_file_print(const struct gw_plan_file *plan, struct gw_text *out)
{
	gw_auto_text struct gw_text files = { 0 };
	json_t *signatures = json_array(), *root;
	char *text;

	gw_base64_encode(&files, plan->files, plan->files_len);
	for (size_t i = 0; i < plan->n_signatures; i++)
		json_array_append_new(signatures, json_string(plan->signatures[i]));
	root = json_pack("{s:s, s:s, s:s?, s:s, s:o}", "schema", SCHEMA, "statement", plan->text,
			 "author_signature", plan->author_signature, "signatures", "", "files",
			 json_stringn(files.bytes, files.len));
	json_object_set_new(root, "signatures", signatures);
	text = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	if (!text)
		gw_out_of_memory();
	gw_text_puts(out, text);
	gw_text_putc(out, '\n');
	free(text);
}

static bool take_signature(const json_t *item, struct gw_arena *arena, const char **ret)
{
	if (!json_is_string(item) || json_string_length(item) > GW_SSHSIG_TEXT_MAX)
		return false;
	*ret = gw_arena_strdup(arena, json_string_value(item));
	return true;
}

static bool take_signatures(const json_t *list, struct gw_arena *arena, struct gw_plan_file *ret)
{
	size_t n = json_array_size(list);

	if (!json_is_array(list) || n > GW_PLAN_SIGNATURES_MAX)
		return false;
	ret->signatures = gw_arena_array(arena, n, const char *);
	for (ret->n_signatures = 0; ret->n_signatures < n; ret->n_signatures++)
		if (!take_signature(json_array_get(list, ret->n_signatures), arena,
				    &ret->signatures[ret->n_signatures]))
			return false;
	return true;
}

static bool take_files(const json_t *text, struct gw_arena *arena, struct gw_plan_file *ret)
{
	size_t len = json_string_length(text);
	uint8_t *bytes = gw_arena_zalloc(arena, len + 1, 1);
	ssize_t n = json_is_string(text)
			    ? gw_base64_decode(json_string_value(text), len, bytes, len)
			    : -1;

	ret->files = bytes;
	ret->files_len = n < 0 ? 0 : (size_t)n;
	return n > 0;
}

static const char *parse(const json_t *root, struct gw_arena *arena, struct gw_plan_file *ret)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const json_t *statement = json_object_get(root, "statement");
	const json_t *author = json_object_get(root, "author_signature");

	if (!schema || strcmp(schema, SCHEMA) != 0 || json_object_size(root) != 5)
		return "it is no plan of this version";
	if (!json_is_string(statement) || json_string_length(statement) > STATEMENT_MAX ||
	    strlen(json_string_value(statement)) != json_string_length(statement) ||
	    !gw_plan_statement_parse(json_string_value(statement), &ret->statement))
		return "its statement is not one that gwctl writes";
	ret->text = gw_arena_strdup(arena, json_string_value(statement));
	if (!author ||
	    (!json_is_null(author) && !take_signature(author, arena, &ret->author_signature)))
		return "its author's signature is none";
	if (!take_signatures(json_object_get(root, "signatures"), arena, ret))
		return "its list of signatures is none";
	if (!take_files(json_object_get(root, "files"), arena, ret))
		return "its config files are not there";
	return NULL;
}

int gw_plan_file_parse(const char *bytes, size_t len, struct gw_arena *arena,
		       struct gw_plan_file *ret, const char **why)
{
	json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);

	*ret = (struct gw_plan_file){ .signatures = NULL };
	*why = json_is_object(root) ? parse(root, arena, ret) : "it is no JSON";
	json_decref(root);
	return *why ? -EBADMSG : 0;
}
