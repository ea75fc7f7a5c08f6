#include "gw/conf/schema_value.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "gw/core/duration.h"
#include "gw/core/mem.h"

#define SECONDS_PER_DAY 86400

bool gw_schema_check_name(struct gw_diags *diags, struct gw_loc loc, const char *name,
			  size_t max_len)
{
	size_t len = strlen(name);
	char fixed[GW_NAME_MAX + 1];

	if (!len) {
		gw_diag(diags, GW_D_BAD_NAME, loc, "a name cannot be empty");
		return false;
	}
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len) {
		gw_diag(diags, GW_D_BAD_NAME, loc, "`%s` is not a name: only a-z, 0-9 and `-`",
			name);
		if (len > GW_NAME_MAX)
			return false;
		/* The usual slips: capitals, underscores, dots and blanks. */
		for (size_t i = 0; i <= len; i++) {
			char c = name[i];

			fixed[i] = (char)(strchr("_. ", c) && c ? '-' : tolower((unsigned char)c));
		}
		if (strspn(fixed, "abcdefghijklmnopqrstuvwxyz0123456789-") == len)
			gw_diag_hint(diags, "write `%s`", fixed);
		return false;
	}
	if (len > max_len) {
		gw_diag(diags, GW_D_NAME_TOO_LONG, loc,
			"`%s` has %zu characters; at most %zu are allowed", name, len, max_len);
		return false;
	}
	return true;
}

static bool read_name(struct gw_diags *diags, const struct gw_field *field,
		      const struct gw_node *node, const char **member)
{
	if (!gw_schema_check_name(diags, node->loc, node->text,
				  field->max ? field->max : GW_NAME_MAX))
		return false;
	if (member)
		*member = node->text;
	return true;
}

static bool read_text(struct gw_diags *diags, const struct gw_field *field,
		      const struct gw_node *node, const char **member)
{
	size_t len = strlen(node->text), max = field->max ? field->max : GW_TEXT_MAX;

	if (len > max) {
		gw_diag(diags, GW_D_TEXT_TOO_LONG, node->loc,
			"`%s` holds %zu bytes; at most %zu are allowed", field->key, len, max);
		return false;
	}
	for (const char *at = node->text; *at; at++) {
		if (iscntrl((unsigned char)*at)) {
			gw_diag(diags, GW_D_TEXT_CONTROL, node->loc,
				"`%s` holds a line break or another control character", field->key);
			return false;
		}
	}
	if (member)
		*member = node->text;
	return true;
}

/* Capitals are the usual slip, then words of other programs. */
static void hint_bool(struct gw_diags *diags, const char *text)
{
	static const struct {
		const char *word, *meant;
	} words[] = {
		{ "true", "on" },   { "yes", "on" },   { "on", "on" },        { "enabled", "on" },
		{ "enable", "on" }, { "1", "on" },     { "false", "off" },    { "no", "off" },
		{ "off", "off" },   { "none", "off" }, { "disabled", "off" }, { "disable", "off" },
		{ "0", "off" },
	};

	for (size_t i = 0; i < GW_COUNT(words); i++) {
		if (strcasecmp(text, words[i].word) != 0)
			continue;
		gw_diag_hint(diags, "write `%s`", words[i].meant);
		return;
	}
	gw_diag_hint(diags, "`true` and `yes` mean `on`; `false` and `no` mean `off`");
}

static bool read_bool(struct gw_diags *diags, const struct gw_field *field,
		      const struct gw_node *node, bool *member)
{
	static const char *const words[2][3] = { { "false", "no", "off" },
						 { "true", "yes", "on" } };

	for (int value = 0; value < 2; value++) {
		for (int i = 0; i < 3; i++) {
			if (strcmp(node->text, words[value][i]) != 0)
				continue;
			if (member)
				*member = value;
			return true;
		}
	}
	gw_diag(diags, GW_D_BAD_BOOL, node->loc, "`%s` is `on` or `off`, not `%s`", field->key,
		node->text);
	hint_bool(diags, node->text);
	return false;
}

static bool parse_uint(const char *text, uint64_t *ret)
{
	bool hex = text[0] == '0' && text[1] == 'x';
	const char *digits = hex ? text + 2 : text;
	const char *allowed = hex ? "0123456789abcdefABCDEF" : "0123456789";
	uint64_t value = 0;

	if (!*digits || digits[strspn(digits, allowed)])
		return false;
	for (; *digits; digits++) {
		uint64_t digit = isdigit((unsigned char)*digits)
					 ? (uint64_t)(*digits - '0')
					 : (uint64_t)(tolower((unsigned char)*digits) - 'a' + 10);

		/* Saturates: the bounds of every field are far below. */
		if (value < UINT64_MAX / 32)
			value = value * (hex ? 16 : 10) + digit;
	}
	*ret = value;
	return true;
}

static bool read_uint(struct gw_diags *diags, const struct gw_field *field,
		      const struct gw_node *node, uint32_t *member)
{
	uint64_t value;

	if (!parse_uint(node->text, &value)) {
		gw_diag(diags, GW_D_BAD_NUMBER, node->loc, "`%s` is a number, not `%s`", field->key,
			node->text);
		return false;
	}
	if (value < field->min || value > field->max) {
		gw_diag(diags, GW_D_OUT_OF_BOUNDS, node->loc, "`%s` is from %u to %u, not %s",
			field->key, field->min, field->max, node->text);
		return false;
	}
	if (member)
		*member = (uint32_t)value;
	return true;
}

static bool read_choice(struct gw_diags *diags, const struct gw_field *field,
			const struct gw_node *node, int *member)
{
	const char *words[16];
	size_t n = 0;
	gw_auto_text struct gw_text list = { 0 };

	for (const struct gw_choice *choice = field->choices; choice->word; choice++) {
		if (strcmp(choice->word, node->text) == 0) {
			if (member)
				*member = choice->value;
			return true;
		}
	}
	for (const struct gw_choice *choice = field->choices; choice->word; choice++) {
		gw_text_printf(&list, "%s`%s`", n ? ", " : "", choice->word);
		if (n < sizeof(words) / sizeof(*words))
			words[n++] = choice->word;
	}
	gw_diag(diags, GW_D_BAD_CHOICE, node->loc, "`%s` is one of %s, not `%s`", field->key,
		list.bytes, node->text);
	gw_schema_suggest(diags, node->text, words, n);
	return false;
}

/* Exactly `n` digits at *at, which moves behind them. */
static bool take_digits(const char **at, int n, int *ret)
{
	int value = 0;

	for (int i = 0; i < n; i++, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return false;
		value = value * 10 + (**at - '0');
	}
	*ret = value;
	return true;
}

static bool take_char(const char **at, const char *allowed)
{
	if (!**at || !strchr(allowed, **at))
		return false;
	(*at)++;
	return true;
}

static bool leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* A calendar date, years 1970 to 9999, as midnight UTC in Unix time. */
static bool take_date(const char **at, int64_t *ret)
{
	static const int days_before[] = { 0,   31,  59,  90,  120, 151, 181,
					   212, 243, 273, 304, 334, 365 };
	int year, month, day, in_month;
	int64_t days;

	if (!take_digits(at, 4, &year) || !take_char(at, "-") || !take_digits(at, 2, &month) ||
	    !take_char(at, "-") || !take_digits(at, 2, &day))
		return false;
	if (year < 1970 || month < 1 || month > 12)
		return false;
	in_month = days_before[month] - days_before[month - 1];
	if (month == 2 && leap_year(year))
		in_month++;
	if (day < 1 || day > in_month)
		return false;
	days = (int64_t)(year - 1970) * 365 + days_before[month - 1] + day - 1;
	if (month > 2 && leap_year(year))
		days++;
	/* Leap days of the years before: 477 of them lie before 1970. */
	days += (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 - 477;
	*ret = days * SECONDS_PER_DAY;
	return true;
}

/* A date in another order, or a day that the month does not have. */
static void hint_date(struct gw_diags *diags, const char *text)
{
	int year, month, day;
	const char *at = text;
	char first, second;

	if (take_digits(&at, 4, &year) && (first = *at) && take_char(&at, "-/.") &&
	    take_digits(&at, 2, &month) && (second = *at) && take_char(&at, "-/.") &&
	    take_digits(&at, 2, &day) && !*at) {
		if (first == '-' && second == '-')
			gw_diag_hint(diags, "there is no such day in the calendar");
		else
			gw_diag_hint(diags, "write `%04d-%02d-%02d`", year, month, day);
		return;
	}
	gw_diag_hint(diags, "year, month and day, in this order: 2027-03-31");
}

static bool read_date(struct gw_diags *diags, const struct gw_field *field,
		      const struct gw_node *node, int64_t *member)
{
	const char *at = node->text;
	int64_t value;

	if (!take_date(&at, &value) || *at) {
		gw_diag(diags, GW_D_BAD_DATE, node->loc,
			"`%s` is a date such as 2027-03-31, not `%s`", field->key, node->text);
		hint_date(diags, node->text);
		return false;
	}
	if (member)
		*member = value;
	return true;
}

/* "+09:00" or "-03:30", in seconds. */
static bool take_offset(const char **at, int32_t *ret)
{
	int hours, minutes;
	bool west = **at == '-';

	if (!take_char(at, "+-") || !take_digits(at, 2, &hours) || !take_char(at, ":") ||
	    !take_digits(at, 2, &minutes))
		return false;
	if (minutes > 59 || hours * 60 + minutes > 14 * 60)
		return false;
	*ret = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
	return true;
}

static bool take_clock(const char **at, int *ret_seconds)
{
	int hours, minutes;

	if (!take_digits(at, 2, &hours) || !take_char(at, ":") || !take_digits(at, 2, &minutes))
		return false;
	if (minutes > 59 || hours * 60 + minutes > 24 * 60)
		return false;
	*ret_seconds = (hours * 60 + minutes) * 60;
	return true;
}

/* Seconds and their fraction are optional; a leap second counts as the second before it. */
static bool take_seconds(const char **at, int *ret)
{
	*ret = 0;
	if (!take_char(at, ":"))
		return true;
	if (!take_digits(at, 2, ret) || *ret > 60)
		return false;
	if (*ret == 60)
		*ret = 59;
	if (!take_char(at, "."))
		return true;
	if (!isdigit((unsigned char)**at))
		return false;
	while (isdigit((unsigned char)**at))
		(*at)++;
	return true;
}

static bool read_time(struct gw_diags *diags, const struct gw_field *field,
		      const struct gw_node *node, int64_t *member)
{
	const char *at = node->text;
	int64_t day;
	int clock, seconds;
	int32_t offset = 0;

	if (!take_date(&at, &day) || !take_char(&at, "Tt") || !take_clock(&at, &clock) ||
	    clock >= SECONDS_PER_DAY || !take_seconds(&at, &seconds))
		goto malformed;
	if (!*at) {
		gw_diag(diags, GW_D_TIME_WITHOUT_OFFSET, node->loc,
			"`%s` does not say in which time zone `%s` is", field->key, node->text);
		gw_diag_hint(diags, "write `%sZ` for UTC, or append an offset such as `+09:00`",
			     node->text);
		return false;
	}
	if (!take_char(&at, "Zz") && !take_offset(&at, &offset))
		goto malformed;
	if (*at)
		goto malformed;
	if (member)
		*member = day + clock + seconds - offset;
	return true;
malformed:
	gw_diag(diags, GW_D_BAD_TIME, node->loc,
		"`%s` is a time such as 2026-12-01T18:00+09:00, not `%s`", field->key, node->text);
	return false;
}

static bool read_clock(struct gw_diags *diags, const struct gw_field *field,
		       const struct gw_node *node, uint32_t *member)
{
	const char *at = node->text;
	int seconds;

	if (!take_clock(&at, &seconds) || *at) {
		gw_diag(diags, GW_D_BAD_CLOCK, node->loc,
			"`%s` is a time of day such as \"08:30\", not `%s`", field->key,
			node->text);
		return false;
	}
	if (member)
		*member = (uint32_t)seconds;
	return true;
}

static bool read_offset(struct gw_diags *diags, const struct gw_field *field,
			const struct gw_node *node, int32_t *member)
{
	const char *at = node->text;
	int32_t seconds;

	if (!take_offset(&at, &seconds) || *at) {
		gw_diag(diags, GW_D_BAD_OFFSET, node->loc,
			"`%s` is an offset from UTC such as \"+09:00\", not `%s`", field->key,
			node->text);
		return false;
	}
	if (member)
		*member = seconds;
	return true;
}

static bool read_duration(struct gw_diags *diags, const struct gw_field *field,
			  const struct gw_node *node, uint32_t *member)
{
	char from[GW_DURATION_TEXT_MAX], to[GW_DURATION_TEXT_MAX];
	uint32_t seconds, max = field->max ? field->max : UINT32_MAX;

	if (!gw_duration_parse(node->text, &seconds)) {
		gw_diag(diags, GW_D_BAD_DURATION, node->loc,
			"`%s` is a duration such as 120s, 8h or 7d, not `%s`", field->key,
			node->text);
		if (node->text[strspn(node->text, "0123456789")] == '\0')
			gw_diag_hint(diags, "with its unit: `%ss`, `%sm`, `%sh`, `%sd`?",
				     node->text, node->text, node->text, node->text);
		return false;
	}
	if (seconds < field->min || seconds > max) {
		gw_diag(diags, GW_D_OUT_OF_BOUNDS, node->loc, "`%s` is from %s to %s, not %s",
			field->key, gw_duration_text(field->min, from), gw_duration_text(max, to),
			node->text);
		return false;
	}
	if (member)
		*member = seconds;
	return true;
}

bool gw_schema_read_scalar(struct gw_diags *diags, const struct gw_field *field,
			   const struct gw_node *node, void *member)
{
	if (!*node->text) {
		gw_diag(diags, GW_D_EMPTY_VALUE, node->loc, "`%s` has no value", field->key);
		return false;
	}
	switch (field->type) {
	case GW_FIELD_TEXT:
		return read_text(diags, field, node, member);
	case GW_FIELD_NAME:
		return read_name(diags, field, node, member);
	case GW_FIELD_BOOL:
		return read_bool(diags, field, node, member);
	case GW_FIELD_UINT:
		return read_uint(diags, field, node, member);
	case GW_FIELD_CHOICE:
		return read_choice(diags, field, node, member);
	case GW_FIELD_DATE:
		return read_date(diags, field, node, member);
	case GW_FIELD_TIME:
		return read_time(diags, field, node, member);
	case GW_FIELD_CLOCK:
		return read_clock(diags, field, node, member);
	case GW_FIELD_OFFSET:
		return read_offset(diags, field, node, member);
	case GW_FIELD_DURATION:
		return read_duration(diags, field, node, member);
	case GW_FIELD_ZONE:
	case GW_FIELD_NET:
	case GW_FIELD_ADDRESS:
	case GW_FIELD_SERVICE: /* so far, their meaning is the section's */
	case GW_FIELD_TABLE:
	case GW_FIELD_RESERVED: /* the last two are never scalars */
		break;
	}
	return true;
}
