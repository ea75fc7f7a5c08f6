/* The journal of measures: measures.jsonl in the state directory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw/agent/durable.h"
#include "gw/agent/measure.h"
#include "gw/core/mac.h"
#include "gw/core/mem.h"
#include "gw/report/json.h"

#define JOURNAL       "measures.jsonl"
#define JOURNAL_LIMIT (512u << 20)

/* ---- one measure ---------------------------------------------------------------------------- */

static void add_fact(json_t *object, const struct gw_measure *measure)
{
	char text[GW_MEASURE_TEXT];
	enum gw_family family;
	struct gw_range range;
	uint32_t how;

	if (gw_measure_range(measure, &family, &range)) {
		gw_json_set(object, "address", gw_json_text(gw_measure_text(measure, text)));
	} else if (gw_measure_is_mac(measure)) {
		gw_json_set(object, "mac", gw_json_text(gw_measure_text(measure, text)));
	} else if (measure->set == GW_MEASURE_ISOLATED) {
		memcpy(&how, measure->key, sizeof(how));
		gw_json_set(object, "from",
			    json_string(how == GW_ISOLATED_UNTRUSTED ? "untrusted" : "all"));
	}
}

json_t *gw_measure_json(const struct gw_measure *measure)
{
	json_t *object = json_object();

	gw_json_set(object, "kind", json_string(gw_measure_kind_name(measure->kind)));
	gw_json_set(object, "subject", gw_json_text(measure->subject));
	add_fact(object, measure);
	gw_json_set(object, "since", json_integer(measure->since));
	gw_json_set(object, "until", measure->until ? json_integer(measure->until) : json_null());
	gw_json_set(object, "actor", gw_json_text(measure->actor));
	gw_json_set(object, "reason", gw_json_text(measure->reason));
	return object;
}

static bool fact_from_json(const json_t *json, struct gw_measure *measure)
{
	const char *address = json_string_value(json_object_get(json, "address"));
	const char *mac = json_string_value(json_object_get(json, "mac"));
	const char *from = json_string_value(json_object_get(json, "from"));
	enum gw_family family;
	struct gw_range range;
	uint8_t bytes[6];

	measure->set = GW_MEASURE_NOWHERE;
	if (address)
		return gw_addr_parse(address, &family, &range) == GW_ADDR_OK &&
		       gw_measure_set_range(measure, family, range);
	if (mac) {
		if (!gw_mac_parse(mac, strlen(mac), bytes))
			return false;
		gw_measure_set_mac(measure, bytes);
		return measure->kind == GW_MEASURE_KIND_ADMIT ||
		       measure->kind == GW_MEASURE_KIND_QUARANTINE;
	}
	if (!from)
		return measure->kind == GW_MEASURE_KIND_SUSPEND;
	gw_measure_set_zone(measure, measure->subject, strcmp(from, "untrusted") == 0);
	return measure->kind == GW_MEASURE_KIND_ISOLATE;
}

bool gw_measure_from_json(const json_t *json, struct gw_measure *ret)
{
	const char *kind = json_string_value(json_object_get(json, "kind"));
	enum gw_measure_kind number;

	*ret = (struct gw_measure){
		.subject = json_string_value(json_object_get(json, "subject")),
		.actor = json_string_value(json_object_get(json, "actor")),
		.reason = json_string_value(json_object_get(json, "reason")),
		.since = json_integer_value(json_object_get(json, "since")),
		.until = json_integer_value(json_object_get(json, "until")),
	};
	if (!kind || !ret->subject || !ret->actor || !ret->reason ||
	    !gw_measure_kind_parse(kind, &number))
		return false;
	ret->kind = (uint8_t)number;
	return fact_from_json(json, ret);
}

/* ---- the journal ---------------------------------------------------------------------------- */

/* A line of the journal: what it says last of a fact counts. */
struct line {
	struct gw_measure measure;
	size_t number;
	bool come;
};

struct lines {
	struct line *items; /* heap */
	size_t n, capacity;
	struct gw_measures *measures; /* keeps the texts */
	size_t damaged;
};

static bool parse_json(struct lines *lines, const char *text, size_t len, struct line *ret)
{
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const char *op = json_string_value(json_object_get(json, "op"));
	bool ok = op && gw_measure_from_json(json, &ret->measure);

	ret->come = ok && strcmp(op, "add") == 0;
	if (ok)
		gw_measures_keep_texts(lines->measures, &ret->measure);
	json_decref(json);
	return ok;
}

/* A text of a line, not copied. */
struct span {
	const char *bytes;
	size_t len;
};

static bool take(const char **at, const char *key)
{
	size_t len = strlen(key);

	if (strncmp(*at, key, len) != 0)
		return false;
	*at += len;
	return true;
}

/* A text behind `key` without escapes; false if what stands there is another thing. */
static bool take_text(const char **at, const char *key, struct span *ret)
{
	if (!take(at, key))
		return false;
	*ret = (struct span){ *at, strcspn(*at, "\"\\\n") };
	*at += ret->len;
	return take(at, "\"");
}

static bool take_number(const char **at, const char *key, int64_t *ret)
{
	char *end;

	if (!take(at, key))
		return false;
	*ret = 0;
	if (take(at, "null"))
		return true;
	if (**at < '0' || **at > '9') /* strtoll would look beyond the line for one */
		return false;
	*ret = strtoll(*at, &end, 10);
	*at = end;
	return true;
}

static bool span_is(struct span span, const char *text)
{
	return strlen(text) == span.len && memcmp(span.bytes, text, span.len) == 0;
}

static bool take_address(struct span span, struct gw_measure *measure)
{
	char text[2 * GW_ADDR_TEXT];
	enum gw_family family;
	struct gw_range range;

	if (span.len >= sizeof(text))
		return false;
	memcpy(text, span.bytes, span.len);
	text[span.len] = '\0';
	return gw_addr_parse(text, &family, &range) == GW_ADDR_OK &&
	       gw_measure_set_range(measure, family, range);
}

/*
 * A ban as put_line writes it, which a hundred thousand lines out of a hundred thousand and one are: ten
 * times as fast as JSON. Whatever looks different is left to JSON. The line ends in a newline.
 */
static bool parse_ban(struct lines *lines, const char *at, struct line *ret)
{
	struct gw_measure measure = { .kind = GW_MEASURE_KIND_BAN, .subject = "" };
	struct span actor, address, kind, op, reason, subject;
	struct gw_texts *texts = &lines->measures->texts;

	if (!take_text(&at, "{\"actor\":\"", &actor) ||
	    !take_text(&at, ",\"address\":\"", &address) ||
	    !take_text(&at, ",\"kind\":\"", &kind) || !take_text(&at, ",\"op\":\"", &op) ||
	    !take_text(&at, ",\"reason\":\"", &reason) ||
	    !take_number(&at, ",\"since\":", &measure.since) ||
	    !take_text(&at, ",\"subject\":\"", &subject) ||
	    !take_number(&at, ",\"until\":", &measure.until) || !take(&at, "}\n") ||
	    !span_is(kind, "ban") || !take_address(address, &measure))
		return false;
	measure.actor = gw_texts_keep(texts, actor.bytes, actor.len);
	measure.reason = gw_texts_keep(texts, reason.bytes, reason.len);
	measure.subject = gw_texts_keep(texts, subject.bytes, subject.len);
	ret->measure = measure;
	ret->come = span_is(op, "add");
	return true;
}

/* `len` without the newline. */
static void read_line(struct lines *lines, const char *text, size_t len)
{
	struct line line = { .number = lines->n };

	/* A line that was damaged must not take the others with it. */
	if (!parse_ban(lines, text, &line) && !parse_json(lines, text, len, &line))
		lines->damaged++;
	else
		gw_push(lines->items, lines->n, lines->capacity, line);
}

static int compare_lines(const void *a, const void *b)
{
	const struct line *left = a, *right = b;
	int order = gw_measure_compare(&left->measure, &right->measure);

	if (order)
		return order;
	return left->number < right->number ? -1 : left->number > right->number;
}

static bool in_order(const struct lines *lines)
{
	for (size_t i = 1; i < lines->n; i++)
		if (compare_lines(&lines->items[i - 1], &lines->items[i]) > 0)
			return false;
	return true;
}

/* In order of the facts, so that the list grows at its end. */
static void take_lines(struct lines *lines)
{
	if (!in_order(lines))
		qsort(lines->items, lines->n, sizeof(*lines->items), compare_lines);
	for (size_t i = 0; i < lines->n; i++)
		if (lines->items[i].come &&
		    (i + 1 == lines->n || gw_measure_compare(&lines->items[i].measure,
							     &lines->items[i + 1].measure) != 0))
			gw_measures_put(lines->measures, &lines->items[i].measure);
}

int gw_measures_load(struct gw_measures *measures, int dir)
{
	struct gw_arena *arena = gw_arena_new();
	struct lines lines = { .measures = measures };
	char *bytes, *at, *end, *newline;
	size_t len;
	int err = gw_durable_read(dir, JOURNAL, JOURNAL_LIMIT, arena, &bytes, &len);

	if (err) {
		gw_arena_free(arena);
		return err == -ENOENT ? 0 : err;
	}
	end = bytes + len;
	/* The last line may be half: it was being written when the power went. */
	for (at = bytes; at < end && (newline = memchr(at, '\n', (size_t)(end - at)));
	     at = newline + 1) {
		read_line(&lines, at, (size_t)(newline - at));
		measures->lines++;
	}
	take_lines(&lines);
	gw_free(lines.items);
	gw_arena_free(arena);
	return lines.damaged ? -EBADMSG : 0;
}

static void put_line(struct gw_text *out, const struct gw_measure *measure, bool come)
{
	json_t *object = gw_measure_json(measure);
	char *text;

	gw_json_set(object, "op", json_string(come ? "add" : "remove"));
	text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
	if (!text)
		gw_out_of_memory();
	gw_text_puts(out, text);
	gw_text_putc(out, '\n');
	free(text);
	json_decref(object);
}

static int append(int fd, const struct gw_text *text)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t n = write(fd, text->bytes + done, text->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return fdatasync(fd) < 0 ? -errno : 0;
}

/* Behind the last whole line: half of one is cut off, or it would swallow the next. */
static int seek_end(int fd, off_t *ret)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char byte;

	if (size < 0)
		return -errno;
	*ret = size;
	while (size > 0 && pread(fd, &byte, 1, size - 1) == 1 && byte != '\n')
		size--;
	if (size != *ret && ftruncate(fd, size) < 0)
		return -errno;
	*ret = lseek(fd, 0, SEEK_END);
	return *ret < 0 ? -errno : 0;
}

int gw_measures_note(struct gw_measures *measures, int dir, const struct gw_measure *changes,
		     size_t n, bool come)
{
	gw_auto_close int fd =
		openat(dir, JOURNAL, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	gw_auto_text struct gw_text lines = { 0 };
	off_t start = 0;
	int err;

	if (fd < 0)
		return -errno;
	err = seek_end(fd, &start);
	if (!err && start == 0)
		err = gw_durable_sync_dir(dir, "."); /* its name is new */
	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		put_line(&lines, &changes[i], come);
	err = append(fd, &lines);
	if (!err)
		measures->lines += n;
	else if (ftruncate(fd, start) < 0)
		err = -EIO; /* what is left is on disk, and will be in force after the next start */
	return err;
}

void gw_measures_compact(struct gw_measures *measures, int dir)
{
	gw_auto_text struct gw_text lines = { 0 };

	if (measures->lines < 2 * measures->n + 1000)
		return;
	for (size_t i = 0; i < measures->n; i++)
		put_line(&lines, &measures->items[i], true);
	if (gw_durable_replace(dir, JOURNAL, lines.bytes ? lines.bytes : "", lines.len) == 0)
		measures->lines = measures->n;
}
