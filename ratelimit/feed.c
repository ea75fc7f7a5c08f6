#include "ratelimit/feed.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"

#define LINE_MAX_  512u
#define JUNK_SHARE 100u /* one in so many lines may be no entry … */
#define JUNK_FEW   10u  /* … and so many in any case */
#define WIDEST_V4  8u   /* what is wider would cut off half the world */
#define WIDEST_V6  16u

struct reader {
	const struct ratelimit_feed_rules *rules;
	struct ratelimit_feed *feed;
	size_t line, lines;
};

static void note(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void note(struct reader *reader, const char *format, ...)
{
	struct ratelimit_feed *feed = reader->feed;
	struct ratelimit_feed_note *place = &feed->notes[feed->n_notes];
	va_list args;

	if (feed->n_notes == RATELIMIT_FEED_NOTES - 1)
		return; /* the last place is for why a feed was refused */
	place->line = reader->line;
	va_start(args, format);
	(void)vsnprintf(place->text, sizeof(place->text), format, args);
	va_end(args);
	feed->n_notes++;
}

static bool refuse(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool refuse(struct reader *reader, const char *format, ...)
{
	struct ratelimit_feed *feed = reader->feed;
	struct ratelimit_feed_note *place = &feed->notes[feed->n_notes++];
	va_list args;

	place->line = reader->line;
	va_start(args, format);
	(void)vsnprintf(place->text, sizeof(place->text), format, args);
	va_end(args);
	gw_free(feed->entries);
	feed->entries = NULL;
	feed->n = feed->capacity = 0;
	return false;
}

/* ---- one line -------------------------------------------------------------------------------- */

/* RFC 3339 to the minute in UTC, "2026-12-31T00:00Z"; -1: it is none. */
static int64_t parse_until(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%MZ", &tm);

	return end && !*end ? (int64_t)timegm(&tm) : -1;
}

static void put_reason(struct ratelimit_feed_entry *entry, const char *text)
{
	size_t n = 0;

	text += strspn(text, " \t;#");
	for (; *text && n < sizeof(entry->reason) - 1; text++)
		if ((unsigned char)*text >= ' ' && (unsigned char)*text < 0x7f)
			entry->reason[n++] = *text;
	while (n && entry->reason[n - 1] == ' ')
		n--;
	entry->reason[n] = '\0';
}

/* What must not be banned, whoever says so; NULL: nothing speaks against it. */
static const char *danger(const struct ratelimit_feed_rules *rules,
			  const struct ratelimit_feed_entry *entry)
{
	bool v6 = entry->family == GW_FAMILY_IPV6;
	unsigned int free_bits = gw_family_bits(entry->family) - (v6 ? WIDEST_V6 : WIDEST_V4);

	if (entry->range.hi - entry->range.lo >= (gw_u128)1 << free_bits)
		return v6 ? "is wider than /16" : "is wider than /8";
	if (gw_addrset_overlaps(rules->never[entry->family],
				(struct gw_addrset){ &entry->range, 1 }))
		return "holds addresses that must never be banned: own networks, management, or "
		       "`never_ban`";
	return NULL;
}

/* False: the line is no entry. */
static bool parse_entry(char *line, struct ratelimit_feed_entry *ret)
{
	char *rest = line + strcspn(line, " \t;#,"), *next;
	enum gw_addr_error error;
	char end = *rest;

	*rest = '\0';
	error = gw_addr_parse(line, &ret->family, &ret->range);
	/* Lists name hosts by their network's length; the network is meant. */
	if (error != GW_ADDR_OK && error != GW_ADDR_HOST_BITS)
		return false;
	if (!end)
		return true;
	rest++;
	rest += strspn(rest, " \t");
	if (*rest >= '0' && *rest <= '9' && (end == ' ' || end == '\t')) {
		next = rest + strcspn(rest, " \t;#");
		end = *next;
		*next = '\0';
		ret->until = parse_until(rest);
		if (ret->until < 0)
			return false;
		rest = end ? next + 1 : next;
	}
	put_reason(ret, rest);
	return true;
}

static void add(struct reader *reader, const struct ratelimit_feed_entry *entry)
{
	struct ratelimit_feed *feed = reader->feed;
	const char *why = danger(reader->rules, entry);
	char text[2 * GW_ADDR_TEXT];

	if (why) {
		feed->left_out++;
		note(reader, "%s %s", gw_range_format(entry->family, entry->range, text), why);
	} else if (entry->until && entry->until <= reader->rules->now) {
		feed->over++;
	} else {
		gw_push(feed->entries, feed->n, feed->capacity, *entry);
	}
}

static void read_line(struct reader *reader, const char *text, size_t len)
{
	struct ratelimit_feed_entry entry = { .until = 0 };
	char line[LINE_MAX_];
	bool fits = len < sizeof(line) && !memchr(text, '\0', len);

	if (fits) {
		memcpy(line, text, len);
		line[len] = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (!line[strspn(line, " \t")] || strchr("#;", line[strspn(line, " \t")]))
			return;
	}
	reader->lines++;
	if (fits && parse_entry(line + strspn(line, " \t"), &entry)) {
		add(reader, &entry);
		return;
	}
	reader->feed->junk++;
	note(reader, "this is no address and no network");
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct ratelimit_feed_entry *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->range.lo != y->range.lo)
		return x->range.lo < y->range.lo ? -1 : 1;
	if (x->range.hi != y->range.hi)
		return x->range.hi < y->range.hi ? -1 : 1;
	return 0;
}

/* Of entries that are there twice the one that lasts longer. */
static void sort(struct ratelimit_feed *feed)
{
	size_t used = 0;

	if (feed->n)
		qsort(feed->entries, feed->n, sizeof(*feed->entries), compare);
	for (size_t i = 0; i < feed->n; i++) {
		struct ratelimit_feed_entry *last = used ? &feed->entries[used - 1] : NULL;

		if (!last || compare(last, &feed->entries[i]) != 0)
			feed->entries[used++] = feed->entries[i];
		else if (last->until &&
			 (!feed->entries[i].until || feed->entries[i].until > last->until))
			last->until = feed->entries[i].until;
	}
	feed->n = used;
}

bool ratelimit_feed_parse(const char *text, size_t len, const struct ratelimit_feed_rules *rules,
			  struct ratelimit_feed *ret)
{
	struct reader reader = { .rules = rules, .feed = ret };
	const char *end = text + len;

	*ret = (struct ratelimit_feed){ .n = 0 };
	if (len > RATELIMIT_FEED_BYTES_MAX)
		return refuse(&reader, "it has %zu octets; at most %u are read", len,
			      RATELIMIT_FEED_BYTES_MAX);
	if (len && end[-1] != '\n')
		return refuse(&reader, "it ends within a line: it was cut off, it seems");
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		reader.line++;
		read_line(&reader, text, (size_t)(newline - text));
		text = newline + 1;
		if (ret->n > rules->max)
			return refuse(&reader, "it has more than the %zu entries that it may have",
				      rules->max);
		if (ret->junk > JUNK_FEW && ret->junk > reader.lines / JUNK_SHARE &&
		    reader.lines >= JUNK_SHARE)
			return refuse(&reader,
				      "%zu of its first %zu lines are no entries: it is "
				      "another file, it seems",
				      ret->junk, reader.lines);
	}
	if (ret->junk && (ret->junk > JUNK_FEW || ret->junk * 2 > reader.lines))
		if (ret->junk > reader.lines / JUNK_SHARE)
			return refuse(&reader,
				      "%zu of its %zu lines are no entries: it is another file, it "
				      "seems",
				      ret->junk, reader.lines);
	sort(ret);
	return true;
}

void ratelimit_feed_done(struct ratelimit_feed *feed)
{
	gw_free(feed->entries);
	*feed = (struct ratelimit_feed){ .n = 0 };
}
