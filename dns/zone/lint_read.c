/*
 * A zone's master file as records, each with its place. Cut into entries here (parentheses, quotes, comments),
 * with $ORIGIN, $TTL, $INCLUDE and $GENERATE; what an entry says is read on its own, so that an error in one
 * is one error. Types that rdata.h does not know by their fields are read by ldns.
 *
 * Nothing is read outside of the repository: paths of $INCLUDE are relative to it, have no `..`, and lead
 * over no symbolic link out of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* It has a `bool` of its own where there is none yet. */
#include <ldns/ldns.h>

#include "dns/zone/generate.h"
#include "dns/zone/lint.h"
#include "dns/zone/rdata.h"
#include "gw/core/duration.h"
#include "gw/core/mem.h"

#define INCLUDES_DEEP 16u
#define ENTRY_MAX     65535u

struct reader {
	struct gw_zone_data *data;
	struct gw_diags *diags;
	int dir;
	size_t files;
	uint64_t octets;
	unsigned int depth;
	bool failed;
	uint32_t ttl; /* of an entry that has none: $TTL, else the last that was written */
	bool has_ttl, has_default;
	const struct gw_dns_name *owner; /* of the entry before; NULL: there is none */
	uint8_t *rdata;                  /* room for one */
};

/** A file while it is read. */
struct text {
	const struct gw_source *source;
	const char *at, *end;
	uint32_t line;
	const char *line_begin;
};

static bool read_file(struct reader *reader, const char *path, struct gw_loc from,
		      const struct gw_dns_name *origin);

/* ---- files ------------------------------------------------------------------------------------ */

static void fail_at(struct reader *reader, struct gw_loc loc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void fail_at(struct reader *reader, struct gw_loc loc, const char *format, ...)
{
	va_list args;
	const char *text;

	va_start(args, format);
	text = gw_arena_vprintf(reader->data->arena, format, args);
	va_end(args);
	gw_diag(reader->diags, GW_D_LINT_SYNTAX, loc, "%s", text);
	reader->failed = true;
}

static int open_beneath(int dir, const char *path)
{
	const struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
				      .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	long fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* The whole file, NUL-terminated, in the arena; NULL after a diagnostic. */
static const struct gw_source *load(struct reader *reader, const char *path, struct gw_loc from)
{
	struct gw_arena *arena = reader->data->arena;
	gw_auto_close int fd = open_beneath(reader->dir, path);
	struct gw_source *source;
	struct stat status;
	size_t len = 0;
	char *bytes;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		fail_at(reader, from, "%s cannot be read: %s", path,
			fd < 0 ? strerror(-fd) : "it is not a file");
		return NULL;
	}
	reader->octets += (uint64_t)status.st_size;
	if (++reader->files > GW_ZONE_FILES_MAX || reader->octets > GW_ZONE_FILE_MAX) {
		fail_at(reader, from, "%s: a zone has at most %u files of %u MiB together", path,
			GW_ZONE_FILES_MAX, GW_ZONE_FILE_MAX >> 20);
		return NULL;
	}
	bytes = gw_arena_zalloc(arena, (size_t)status.st_size + 1, 1);
	while (len < (size_t)status.st_size) {
		ssize_t n = read(fd, bytes + len, (size_t)status.st_size - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	source = gw_arena_new_of(arena, struct gw_source);
	source->path = gw_arena_strdup(arena, path);
	source->text = bytes;
	source->len = len;
	return source;
}

/* ---- entries ---------------------------------------------------------------------------------- */

static struct gw_loc place(const struct text *text, const char *at, const char *line_begin,
			   uint32_t line)
{
	return (struct gw_loc){ .source = text->source,
				.line = line,
				.column = (uint32_t)(at - line_begin) + 1,
				.len = 1 };
}

static void end_line(struct text *text)
{
	text->line++;
	text->line_begin = text->at;
}

/* Copies a quoted string at `at`, quotes included; false if its line ends first. */
static bool take_quoted(struct text *text, struct gw_text *out)
{
	do {
		if (*text->at == '\\' && text->at + 1 < text->end && text->at[1] != '\n')
			gw_text_putc(out, *text->at++);
		gw_text_putc(out, *text->at++);
	} while (text->at < text->end && *text->at != '"' && *text->at != '\n');
	if (text->at == text->end || *text->at != '"')
		return false;
	gw_text_putc(out, *text->at++);
	return true;
}

/*
 * The next entry as one line without comments; leading white space stays, as it stands for the owner before.
 * False at the end of the file. `*ret_wrong`: what is wrong with it.
 */
static bool next_entry(struct text *text, struct gw_text *out, struct gw_loc *ret_loc,
		       const char **ret_wrong)
{
	unsigned int parentheses = 0;
	const char *begin = text->at, *line_begin = text->line_begin;
	uint32_t line = text->line;
	bool ended = false, located = false;

	*ret_wrong = NULL;
	*ret_loc = place(text, begin, line_begin, line);
	while (text->at < text->end && !ended) {
		char c = *text->at;

		if (!located && c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != ';') {
			*ret_loc = place(text, text->at, text->line_begin, text->line);
			located = true;
		}
		if (c == '"') {
			if (!take_quoted(text, out))
				*ret_wrong = "a quoted text has no end on its line";
			continue;
		}
		if (c == '\\' && text->at + 1 < text->end && text->at[1] != '\n') {
			gw_text_add(out, text->at, 2);
			text->at += 2;
			continue;
		}
		if (c == ';') {
			while (text->at < text->end && *text->at != '\n')
				text->at++;
			continue;
		}
		text->at++;
		if (c == '\n') {
			end_line(text);
			ended = !parentheses;
			gw_text_putc(out, ' ');
		} else if (c == '(') {
			parentheses++;
			gw_text_putc(out, ' ');
		} else if (c == ')') {
			if (!parentheses)
				*ret_wrong = "a `)` without its `(`";
			else
				parentheses--;
			gw_text_putc(out, ' ');
		} else if (c == '\0') {
			*ret_wrong = "an octet of zero";
		} else {
			gw_text_putc(out, (char)(c == '\t' || c == '\r' ? ' ' : c));
		}
	}
	if (parentheses && !*ret_wrong)
		*ret_wrong = "a `(` without its `)`";
	/* Some readers of RDATA take a space at the end for more of it. */
	while (out->len > 1 && out->bytes[out->len - 1] == ' ')
		out->bytes[--out->len] = '\0';
	if (out->len > ENTRY_MAX)
		*ret_wrong = "an entry of more than 64 KiB";
	return text->at > begin;
}

static bool blank(const char *entry)
{
	return entry[strspn(entry, " ")] == '\0';
}

/* ---- what an entry says ----------------------------------------------------------------------- */

static void add_record(struct reader *reader, uint16_t type, uint32_t ttl, size_t len,
		       struct gw_loc loc)
{
	struct gw_zone_data *data = reader->data;
	const struct gw_zone_record record = {
		.name = reader->owner,
		.type = type,
		.ttl = ttl,
		.rdata = gw_arena_memdup(data->arena, reader->rdata, len),
		.len = (uint16_t)len,
		.loc = loc,
	};

	gw_push(data->records, data->n, data->capacity, record);
}

/* RDATA of a rare type, by ldns. */
static bool read_by_ldns(struct reader *reader, uint16_t type, const char *text,
			 const struct gw_dns_name *origin, size_t *ret_len, const char **ret_wrong)
{
	gw_auto_text struct gw_text entry = { 0 };
	ldns_rdf *zone = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin->len, origin->wire);
	ldns_buffer *buffer = ldns_buffer_new(LDNS_MIN_BUFLEN);
	ldns_status status;
	ldns_rr *rr = NULL;

	if (!zone || !buffer)
		gw_out_of_memory();
	gw_text_puts(&entry, ". 0 IN ");
	gw_rdata_type_print(type, &entry);
	gw_text_printf(&entry, " %s", text);
	status = ldns_rr_new_frm_str(&rr, entry.bytes, 0, zone, NULL);
	if (status == LDNS_STATUS_OK) {
		ldns_rr2canonical(rr);
		status = ldns_rr_rdata2buffer_wire(buffer, rr);
	}
	*ret_len = status == LDNS_STATUS_OK ? ldns_buffer_position(buffer) : 0;
	if (status != LDNS_STATUS_OK)
		*ret_wrong = ldns_get_errorstr_by_id(status);
	else if (*ret_len > GW_RDATA_MAX)
		*ret_wrong = "its data do not fit into a record";
	else if (*ret_len)
		memcpy(reader->rdata, ldns_buffer_begin(buffer), *ret_len);
	ldns_rr_free(rr);
	ldns_buffer_free(buffer);
	ldns_rdf_deep_free(zone);
	return !*ret_wrong;
}

/* The owner of an entry: the one before it if it begins with a space. */
static const char *read_owner(struct reader *reader, const char *entry, struct gw_words *words,
			      const struct gw_dns_name *origin)
{
	struct gw_dns_name name;
	struct gw_word word;
	int len;

	if (*entry == ' ')
		return reader->owner ? NULL : "the first entry has no owner";
	(void)gw_words_next(words, &word); /* it is not blank */
	len = gw_word_name(&word, origin->wire, origin->len, true, name.wire);
	if (len < 0)
		return "its owner is no domain name";
	name.len = (uint8_t)len;
	if (!reader->owner || !gw_dns_name_equal(reader->owner, &name))
		reader->owner = gw_arena_memdup(reader->data->arena, &name, sizeof(name));
	return NULL;
}

/* [TTL] [CLASS] TYPE, the first two in any order. */
static const char *read_head(struct reader *reader, struct gw_words *words, uint32_t *ret_ttl,
			     uint16_t *ret_type)
{
	bool has_class = false, has_ttl = false;
	struct gw_word word;

	*ret_ttl = reader->has_ttl ? reader->ttl : 3600;
	while (gw_words_next(words, &word)) {
		if (!has_class && gw_word_is(&word, "IN")) {
			has_class = true;
		} else if (!has_class && (gw_word_is(&word, "CH") || gw_word_is(&word, "HS") ||
					  gw_word_is(&word, "CS"))) {
			return "records are of class IN";
		} else if (!has_ttl && word.text[0] >= '0' && word.text[0] <= '9') {
			if (!gw_word_period(&word, ret_ttl) || *ret_ttl > INT32_MAX)
				return "its TTL is no time";
			has_ttl = true;
		} else if (!gw_rdata_type_read(&word, ret_type)) {
			return "it has no known type";
		} else {
			if (has_ttl && !reader->has_default) {
				reader->ttl = *ret_ttl;
				reader->has_ttl = true;
			}
			return NULL;
		}
	}
	return "its type is missing";
}

static void read_record(struct reader *reader, const char *entry, struct gw_loc loc,
			const struct gw_dns_name *origin)
{
	struct gw_words words = { entry };
	const char *wrong = read_owner(reader, entry, &words, origin);
	const char *rest;
	uint16_t type = 0;
	uint32_t ttl = 0;
	size_t len = 0;

	if (!wrong)
		wrong = read_head(reader, &words, &ttl, &type);
	rest = words.at;
	if (!wrong && reader->data->n >= GW_ZONE_RECORDS_MAX) {
		fail_at(reader, loc, "a zone has at most %u records", GW_ZONE_RECORDS_MAX);
		return;
	}
	if (!wrong && gw_rdata_read(type, &words, origin->wire, origin->len, reader->rdata, &len,
				    &wrong) == GW_RDATA_OTHER)
		(void)read_by_ldns(reader, type, rest, origin, &len, &wrong);
	if (wrong)
		fail_at(reader, loc, "it cannot be read as a record: %s", wrong);
	else
		add_record(reader, type, ttl, len, loc);
}

/* ---- directives ------------------------------------------------------------------------------- */

/* A domain name, relative to `origin` unless it ends with a dot; false: it is none. */
static bool read_name(const struct gw_word *word, const struct gw_dns_name *origin,
		      struct gw_dns_name *ret)
{
	int len = gw_word_name(word, origin->wire, origin->len, true, ret->wire);

	ret->len = (uint8_t)(len < 0 ? 0 : len);
	return len >= 0;
}

static void include(struct reader *reader, struct gw_words *words, struct gw_loc loc,
		    const struct gw_dns_name *origin)
{
	struct gw_dns_name other = *origin;
	struct gw_word path, name;

	if (!gw_words_next(words, &path) ||
	    (gw_words_next(words, &name) && !read_name(&name, origin, &other)) ||
	    !gw_words_end(words))
		fail_at(reader, loc, "it is `$INCLUDE FILE [ORIGIN]`");
	else if (reader->depth >= INCLUDES_DEEP)
		fail_at(reader, loc, "files are included %u deep; do they include each other?",
			INCLUDES_DEEP);
	else
		(void)read_file(reader, gw_arena_strndup(reader->data->arena, path.text, path.len),
				loc, &other);
}

static void generate(struct reader *reader, struct gw_words *words, struct gw_loc loc,
		     const struct gw_dns_name *origin)
{
	struct gw_zone_range range;
	struct gw_word word;
	const char *entry;

	if (!gw_words_next(words, &word) || !gw_zone_range_read(&word, &range) ||
	    gw_words_end(words)) {
		fail_at(reader, loc,
			"it is `$GENERATE START-STOP[/STEP] ENTRY`, of at most %u numbers",
			GW_ZONE_GENERATE_MAX);
		return;
	}
	entry = words->at + strspn(words->at, " ");
	for (uint64_t number = range.start; number <= range.stop; number += range.step) {
		gw_auto_text struct gw_text made = { 0 };
		bool failed = reader->failed;

		if (!gw_zone_generate(entry, (uint32_t)number, &made)) {
			fail_at(reader, loc, "behind a `$` stands `{OFFSET[,WIDTH[,BASE]]}`");
			return;
		}
		reader->failed = false;
		read_record(reader, made.bytes, loc, origin);
		if (reader->failed)
			return; /* the others would fail alike */
		reader->failed = failed;
	}
}

static void read_directive(struct reader *reader, const char *entry, struct gw_loc loc,
			   struct gw_dns_name *origin)
{
	struct gw_words words = { entry };
	struct gw_word directive, word;
	struct gw_dns_name name;

	(void)gw_words_next(&words, &directive); /* begins with a dollar */
	if (gw_word_is(&directive, "$ORIGIN")) {
		if (gw_words_next(&words, &word) && gw_words_end(&words) &&
		    read_name(&word, origin, &name))
			*origin = name;
		else
			fail_at(reader, loc, "`$ORIGIN` takes a domain name");
	} else if (gw_word_is(&directive, "$TTL")) {
		if (gw_words_next(&words, &word) && gw_words_end(&words) &&
		    gw_word_period(&word, &reader->ttl) && reader->ttl <= INT32_MAX)
			reader->has_ttl = reader->has_default = true;
		else
			fail_at(reader, loc, "`$TTL` takes a time such as 3600 or 1h");
	} else if (gw_word_is(&directive, "$INCLUDE")) {
		include(reader, &words, loc, origin);
	} else if (gw_word_is(&directive, "$GENERATE")) {
		generate(reader, &words, loc, origin);
	} else {
		fail_at(reader, loc,
			"`%.*s` is not known here; $ORIGIN, $TTL, $INCLUDE and $GENERATE are",
			(int)directive.len, directive.text);
	}
}

static bool read_file(struct reader *reader, const char *path, struct gw_loc from,
		      const struct gw_dns_name *origin)
{
	const struct gw_source *source = load(reader, path, from);
	struct gw_dns_name own = *origin; /* of the file, RFC 1035, 5.1 */
	gw_auto_text struct gw_text entry = { 0 };
	struct text text;

	if (!source)
		return false;
	text = (struct text){ .source = source,
			      .at = source->text,
			      .end = source->text + source->len,
			      .line = 1,
			      .line_begin = source->text };
	reader->depth++;
	for (;;) {
		const char *wrong;
		struct gw_loc loc;

		entry.len = 0; /* its room is used again */
		if (!next_entry(&text, &entry, &loc, &wrong))
			break;
		if (wrong)
			fail_at(reader, loc, "%s", wrong);
		else if (entry.len && entry.bytes[0] == '$')
			read_directive(reader, entry.bytes, loc, &own);
		else if (entry.len && !blank(entry.bytes))
			read_record(reader, entry.bytes, loc, &own);
	}
	reader->depth--;
	return true;
}

bool gw_zone_read(const char *dir, const struct gw_zone_config *zone, struct gw_arena *arena,
		  struct gw_diags *diags, struct gw_zone_data *ret)
{
	gw_auto_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct reader reader = { .data = ret, .diags = diags, .dir = fd };

	*ret = (struct gw_zone_data){ .arena = arena };
	memcpy(ret->apex.wire, zone->name->wire, zone->name->len);
	ret->apex.len = zone->name->len;
	reader.rdata = gw_zalloc(GW_RDATA_MAX, 1);
	(void)read_file(&reader, zone->file, zone->file_loc, &ret->apex); /* `failed` says */
	gw_free(reader.rdata);
	return !reader.failed;
}
