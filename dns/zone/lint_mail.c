/* Rules about mail and certificates: MX, SPF, DMARC, CAA. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "dns/zone/lint_internal.h"
#include "gw/core/mem.h"

#define SPF_LOOKUPS_MAX 10u

/* ---- TXT -------------------------------------------------------------------------------------- */

/* The character-strings as one; NULL where they cannot be read, or hold a NUL. */
static char *txt(const struct gw_zone_record *record)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_text_puts(&text, "");
	for (size_t at = 0; at < record->len; at += record->rdata[at] + 1u) {
		if (at + record->rdata[at] >= record->len)
			return NULL;
		gw_text_add(&text, (const char *)record->rdata + at + 1, record->rdata[at]);
	}
	return text.bytes && strlen(text.bytes) == text.len ? gw_strdup(text.bytes) : NULL;
}

static bool begins(const char *text, const char *word)
{
	return strncasecmp(text, word, strlen(word)) == 0;
}

/* ---- SPF (RFC 7208) --------------------------------------------------------------------------- */

struct spf {
	unsigned int lookups;
	bool all, redirect, open;
};

static bool net_is_right(const char *value, enum gw_family wanted)
{
	enum gw_family family;
	struct gw_range range;
	enum gw_addr_error error = gw_addr_parse(value, &family, &range);

	/* Host bits are permitted here. */
	return (error == GW_ADDR_OK || error == GW_ADDR_HOST_BITS) && family == wanted &&
	       !strchr(value, '-');
}

/* A word that names a mechanism, up to its `:` or `/`. */
static bool is(const char *term, const char *name)
{
	size_t len = strlen(name);

	return begins(term, name) && (!term[len] || term[len] == ':' || term[len] == '/');
}

/* NULL, or what is wrong with the term. */
static const char *read_term(const char *term, struct spf *spf)
{
	bool plus = !strchr("-~?", *term);

	if (strchr("+-~?", *term))
		term++;
	if (begins(term, "redirect=") || begins(term, "exp=")) {
		spf->redirect |= begins(term, "redirect=");
		spf->lookups += begins(term, "redirect=");
		return term[strcspn(term, "=") + 1] ? NULL : "nothing follows the `=`";
	}
	if (strcasecmp(term, "all") == 0) {
		spf->all = true;
		spf->open |= plus;
		return NULL;
	}
	if (begins(term, "ip4:"))
		return net_is_right(term + 4, GW_FAMILY_IPV4) ? NULL : "not an IPv4 network";
	if (begins(term, "ip6:"))
		return net_is_right(term + 4, GW_FAMILY_IPV6) ? NULL : "not an IPv6 network";
	if (begins(term, "include:") || begins(term, "exists:")) {
		spf->lookups++;
		return term[strcspn(term, ":") + 1] ? NULL : "no domain follows";
	}
	if (is(term, "a") || is(term, "mx") || is(term, "ptr")) {
		spf->lookups++;
		return is(term, "ptr") ? "`ptr` must not be used" : NULL;
	}
	/* Modifiers that nobody knows are passed over; mechanisms are an error. */
	return strchr(term, '=') ? NULL : "no such mechanism";
}

static void check_spf(struct lint *lint, const struct gw_zone_record *record, char *text)
{
	struct spf spf = { 0 };
	char *save = NULL;

	for (char *term = strtok_r(text + 6, " ", &save); term; term = strtok_r(NULL, " ", &save)) {
		const char *wrong = read_term(term, &spf);

		if (wrong)
			lint_say(lint, GW_D_LINT_SPF, record, "SPF: `%s`: %s", term, wrong);
		if (spf.all && save && *save && spf.redirect)
			break;
	}
	if (spf.lookups > SPF_LOOKUPS_MAX)
		lint_say(lint, GW_D_LINT_SPF, record, "SPF: %u terms need look-ups; %u are allowed",
			 spf.lookups, SPF_LOOKUPS_MAX);
	if (spf.open)
		lint_say(lint, GW_D_LINT_SPF, record, "SPF: `+all` permits everybody to send");
	else if (!spf.all && !spf.redirect)
		lint_say(lint, GW_D_LINT_SPF, record,
			 "SPF: neither `all` nor `redirect=` at the end");
}

/* ---- DMARC ------------------------------------------------------------------------------------ */

static void trim(char **text)
{
	char *end;

	*text += strspn(*text, " \t");
	for (end = *text + strlen(*text); end > *text && isspace((unsigned char)end[-1]); end--)
		;
	*end = '\0';
}

static bool is_policy(const char *value)
{
	return strcasecmp(value, "none") == 0 || strcasecmp(value, "quarantine") == 0 ||
	       strcasecmp(value, "reject") == 0;
}

static void check_dmarc(struct lint *lint, const struct gw_zone_record *record, char *text)
{
	char *save = NULL;
	bool has_policy = false;
	size_t n = 0;

	for (char *tag = strtok_r(text, ";", &save); tag; tag = strtok_r(NULL, ";", &save), n++) {
		char *value = strchr(tag, '=');

		trim(&tag);
		if (!*tag)
			continue;
		if (!value) {
			lint_say(lint, GW_D_LINT_DMARC, record, "DMARC: `%s` is not TAG=VALUE",
				 tag);
			continue;
		}
		*value++ = '\0';
		trim(&tag);
		trim(&value);
		if (strcasecmp(tag, "p") == 0)
			has_policy = true;
		if ((strcasecmp(tag, "p") == 0 || strcasecmp(tag, "sp") == 0) && !is_policy(value))
			lint_say(lint, GW_D_LINT_DMARC, record,
				 "DMARC: `%s=%s`; it is none, quarantine or reject", tag, value);
		if ((strcasecmp(tag, "rua") == 0 || strcasecmp(tag, "ruf") == 0) &&
		    !begins(value, "mailto:"))
			lint_say(lint, GW_D_LINT_DMARC, record,
				 "DMARC: `%s` names no mailto: address", tag);
	}
	if (!has_policy)
		lint_say(lint, GW_D_LINT_DMARC, record, "DMARC: there is no `p=`");
}

/* ---- a name ----------------------------------------------------------------------------------- */

static void check_mx(struct lint *lint, const struct span *name, size_t spf)
{
	const struct gw_zone_record *null = NULL, *mx = NULL;
	size_t n = 0;

	for (size_t i = 0; i < name->n; i++) {
		if (name->first[i].type != GW_DNS_MX)
			continue;
		mx = &name->first[i];
		n++;
		if (mx->len == 3 && mx->rdata[2] == 0)
			null = mx;
	}
	if (null && n > 1)
		lint_say(lint, GW_D_LINT_NULL_MX, null,
			 "%s takes no mail (MX 0 .), and has another MX",
			 lint_name(lint, null->name));
	if (mx && !spf && !lint->zone->inside)
		lint_say(lint, GW_D_LINT_NO_MAIL_POLICY, mx, "%s has an MX and no SPF",
			 lint_name(lint, mx->name));
}

#ifndef __clang__
#pragma GCC diagnostic push
/* gcc 12 does not see that a text is freed at the end of its round. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
void lint_mail(struct lint *lint, const struct span *name)
{
	static const uint8_t dmarc_label[] = "\6_dmarc";
	bool is_dmarc = memcmp(name->first->name->wire, dmarc_label, 7) == 0;
	size_t spf = 0, dmarc = 0;

	for (size_t i = 0; i < name->n; i++) {
		const struct gw_zone_record *record = &name->first[i];
		gw_auto_free char *text = record->type == GW_DNS_TXT ? txt(record) : NULL;

		if (!text)
			continue;
		if (begins(text, "v=spf1") && (!text[6] || text[6] == ' ')) {
			if (spf++)
				lint_say(lint, GW_D_LINT_SPF, record, "%s has several SPF records",
					 lint_name(lint, record->name));
			check_spf(lint, record, text);
		} else if (is_dmarc && begins(text, "v=DMARC1")) {
			if (dmarc++)
				lint_say(lint, GW_D_LINT_DMARC, record,
					 "%s has several DMARC records",
					 lint_name(lint, record->name));
			check_dmarc(lint, record, text);
		}
	}
	check_mx(lint, name, spf);
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

/* ---- CAA (RFC 8659) --------------------------------------------------------------------------- */

static bool leads(const char *value, size_t len, const char *word)
{
	return len > strlen(word) && strncasecmp(value, word, strlen(word)) == 0;
}

void lint_caa(struct lint *lint, const struct gw_zone_record *record)
{
	static const char *const known[] = { "issue",     "issuewild",    "iodef",
					     "issuemail", "contactemail", "contactphone" };
	char tag[256];
	const char *value;
	size_t value_len;
	bool is_known = false;
	uint8_t len;

	if (record->type != 257 || record->len < 3 || record->rdata[1] + 2u > record->len)
		return;
	len = record->rdata[1];
	memcpy(tag, record->rdata + 2, len);
	tag[len] = '\0';
	value = (const char *)record->rdata + 2 + len;
	value_len = record->len - 2u - len;
	for (size_t i = 0; i < GW_COUNT(known); i++)
		is_known |= strcasecmp(tag, known[i]) == 0;
	if (!is_known || strlen(tag) != len)
		lint_say(lint, GW_D_LINT_CAA, record, "CAA: there is no property of that name");
	if (record->rdata[0] & 0x7f)
		lint_say(lint, GW_D_LINT_CAA, record, "CAA: flags are 0 or 128, not %u",
			 record->rdata[0]);
	if (strcasecmp(tag, "iodef") == 0 && !leads(value, value_len, "mailto:") &&
	    !leads(value, value_len, "http:") && !leads(value, value_len, "https:"))
		lint_say(lint, GW_D_LINT_CAA, record, "CAA: iodef names neither mailto: nor http");
}
