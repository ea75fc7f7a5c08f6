/*
 * A zone's master file as records, each with its place. Cut into entries here (parentheses, quotes, comments),
 * with $ORIGIN, $TTL and $INCLUDE; what an entry says is read by ldns, so that an error in one is one
 * error.
 *
 * Nothing is read outside of the repository: paths of $INCLUDE are relative to it, have no `..`, and lead
 * over no symbolic link out of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <ldns/ldns.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "dns/zone/lint.h"
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
	uint32_t ttl; /* $TTL */
	bool has_ttl;
	ldns_rdf *previous; /* owner */
};

/** A file while it is read. */
struct text {
	const struct gw_source *source;
	const char *at, *end;
	uint32_t line;
	const char *line_begin;
};

static bool read_file(struct reader *reader, const char *path, struct gw_loc from,
		      ldns_rdf *origin);

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
			gw_text_putc(out, c == '\t' || c == '\r' ? ' ' : c);
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

static void add_record(struct reader *reader, const ldns_rr *rr, struct gw_loc loc)
{
	struct gw_zone_data *data = reader->data;
	struct gw_zone_record record = { .type = (uint16_t)ldns_rr_get_type(rr),
					 .ttl = ldns_rr_ttl(rr),
					 .loc = loc };
	const struct gw_dns_name *last = data->n ? data->records[data->n - 1].name : NULL;
	ldns_buffer *buffer = ldns_buffer_new(LDNS_MIN_BUFLEN);
	ldns_rdf *owner = ldns_rdf_clone(ldns_rr_owner(rr));
	ldns_rr *copy = ldns_rr_clone(rr);
	struct gw_dns_name name;

	if (!buffer || !owner || !copy)
		gw_out_of_memory();
	ldns_dname2canonical(owner);
	ldns_rr2canonical(copy);
	name.len = (uint8_t)ldns_rdf_size(owner);
	memcpy(name.wire, ldns_rdf_data(owner), name.len);
	record.name = last && gw_dns_name_equal(last, &name)
			      ? last
			      : gw_arena_memdup(data->arena, &name, sizeof(name));
	if (ldns_rr_rdata2buffer_wire(buffer, copy) != LDNS_STATUS_OK ||
	    ldns_buffer_position(buffer) > UINT16_MAX) {
		fail_at(reader, loc, "its data do not fit into a record");
	} else {
		record.len = (uint16_t)ldns_buffer_position(buffer);
		record.rdata = gw_arena_memdup(data->arena, ldns_buffer_begin(buffer), record.len);
		gw_push(data->records, data->n, data->capacity, record);
	}
	ldns_buffer_free(buffer);
	ldns_rdf_deep_free(owner);
	ldns_rr_free(copy);
}

static void read_record(struct reader *reader, const char *entry, struct gw_loc loc,
			ldns_rdf *origin)
{
	ldns_rr *rr = NULL;
	ldns_status status = ldns_rr_new_frm_str(&rr, entry, reader->has_ttl ? reader->ttl : 3600,
						 origin, &reader->previous);

	if (status != LDNS_STATUS_OK)
		fail_at(reader, loc, "it cannot be read as a record: %s",
			ldns_get_errorstr_by_id(status));
	else if (reader->data->n >= GW_ZONE_RECORDS_MAX)
		fail_at(reader, loc, "a zone has at most %u records", GW_ZONE_RECORDS_MAX);
	else if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
		fail_at(reader, loc, "records are of class IN");
	else
		add_record(reader, rr, loc);
	ldns_rr_free(rr);
}

/* A domain name, relative to `origin` unless it ends with a dot. NULL: it is none. */
static ldns_rdf *read_name(const char *text, const ldns_rdf *origin)
{
	ldns_rdf *name = ldns_dname_new_frm_str(text);
	size_t len = strlen(text);

	if (name && origin && (!len || text[len - 1] != '.') &&
	    ldns_dname_cat(name, origin) != LDNS_STATUS_OK) {
		ldns_rdf_deep_free(name);
		name = NULL;
	}
	return name;
}

/* Seconds, or with units as in BIND: 1h30m. */
static bool read_ttl(const char *text, uint32_t *ret)
{
	const char *end = text;
	uint32_t value = ldns_str2period(text, &end);

	if (*end || end == text || value > INT32_MAX)
		return false;
	*ret = value;
	return true;
}

static void include(struct reader *reader, char *words[3], size_t n, struct gw_loc loc,
		    ldns_rdf *origin)
{
	ldns_rdf *other = n > 2 ? read_name(words[2], origin) : NULL;

	if (n < 2 || (n > 2 && !other))
		fail_at(reader, loc, "it is `$INCLUDE FILE [ORIGIN]`");
	else if (reader->depth >= INCLUDES_DEEP)
		fail_at(reader, loc, "files are included %u deep; do they include each other?",
			INCLUDES_DEEP);
	else
		(void)read_file(reader, words[1], loc, other ? other : origin);
	ldns_rdf_deep_free(other);
}

/* $ORIGIN, $TTL, $INCLUDE. */
static void read_directive(struct reader *reader, char *entry, struct gw_loc loc, ldns_rdf **origin)
{
	char *words[3] = { NULL }, *save = NULL;
	size_t n = 0;

	for (char *word = strtok_r(entry, " ", &save); word && n < 3;
	     word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	if (strcasecmp(words[0], "$ORIGIN") == 0) {
		ldns_rdf *name = n == 2 ? read_name(words[1], *origin) : NULL;

		if (!name) {
			fail_at(reader, loc, "`$ORIGIN` takes a domain name");
			return;
		}
		ldns_rdf_deep_free(*origin);
		*origin = name;
	} else if (strcasecmp(words[0], "$TTL") == 0) {
		if (n != 2 || !read_ttl(words[1], &reader->ttl))
			fail_at(reader, loc, "`$TTL` takes a time such as 3600 or 1h");
		else
			reader->has_ttl = true;
	} else if (strcasecmp(words[0], "$INCLUDE") == 0) {
		include(reader, words, n, loc, *origin);
	} else {
		fail_at(reader, loc, "`%s` is not known here; $ORIGIN, $TTL and $INCLUDE are",
			words[0]);
	}
}

static bool read_file(struct reader *reader, const char *path, struct gw_loc from, ldns_rdf *origin)
{
	const struct gw_source *source = load(reader, path, from);
	ldns_rdf *own = source ? ldns_rdf_clone(origin) : NULL; /* of the file, RFC 1035, 5.1 */
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
		gw_auto_text struct gw_text entry = { 0 };
		const char *wrong;
		struct gw_loc loc;

		if (!next_entry(&text, &entry, &loc, &wrong))
			break;
		if (wrong)
			fail_at(reader, loc, "%s", wrong);
		else if (entry.len && entry.bytes[0] == '$')
			read_directive(reader, entry.bytes, loc, &own);
		else if (entry.len && !blank(entry.bytes))
			read_record(reader, entry.bytes, loc, own);
	}
	reader->depth--;
	ldns_rdf_deep_free(own);
	return true;
}

bool gw_zone_read(const char *dir, const struct gw_zone_config *zone, struct gw_arena *arena,
		  struct gw_diags *diags, struct gw_zone_data *ret)
{
	gw_auto_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct reader reader = { .data = ret, .diags = diags, .dir = fd };
	ldns_rdf *origin = ldns_dname_new_frm_str(zone->name->text);

	*ret = (struct gw_zone_data){ .arena = arena };
	memcpy(ret->apex.wire, zone->name->wire, zone->name->len);
	ret->apex.len = zone->name->len;
	if (!origin)
		gw_out_of_memory();
	(void)read_file(&reader, zone->file, zone->file_loc, origin); /* `failed` says */
	ldns_rdf_deep_free(reader.previous);
	ldns_rdf_deep_free(origin);
	return !reader.failed;
}
