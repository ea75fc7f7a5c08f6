#include "dns/zone/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "gw/audit/files.h"
#include "gw/core/mem.h"

#define ZONES    "zones"
#define FILE_    "ledger"
#define TORN     "ledger.torn"
#define RECORDED "ledger.recorded"
#define REPLACED "ledger.replaced"

static const struct gw_loc nowhere;

struct gw_zone_ledger {
	struct gw_zone_name zone;
	int folder;
	bool writable;
	struct gw_text file; /* all lines */
	struct gw_zone_chain chain;
	struct gw_zone_history history;
	gw_zone_ledger_sink *sink;
	void *sink_context;
	uint64_t told; /* lines that the sink has taken */
	size_t told_len;
};

/* ---- opening --------------------------------------------------------------------------------------- */

/* The zone's folder; with `make` it is made where it is missing. A descriptor or -errno. */
static int open_folder(int state, const struct gw_zone_name *zone, bool make)
{
	char path[sizeof(ZONES) + GW_ZONE_NAME_FOLDER];
	int fd;

	(void)snprintf(path, sizeof(path), ZONES "/%s", zone->folder);
	if (make) {
		gw_auto_close int zones = gw_audit_folder(state, ZONES, 0750);

		return zones < 0 ? zones : gw_audit_folder(zones, zone->folder, 0750);
	}
	fd = openat(state, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Keeps what a kill cut off beside the ledger, and cuts it off there. */
static int set_torn_aside(int folder, const char *bytes, size_t whole, size_t len)
{
	gw_auto_close int fd = openat(folder, FILE_, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int error = fd < 0 ? -errno : 0;

	if (!error)
		error = gw_audit_file_append(folder, TORN, 0640, bytes + whole, len - whole);
	if (!error && (ftruncate(fd, (off_t)whole) < 0 || fsync(fd) < 0))
		error = -errno;
	return error;
}

/* Reads the file. -ENOENT where there is none, unless the ledger may be begun. */
static int load(struct gw_zone_ledger *ledger, struct gw_diags *diags)
{
	int error = gw_audit_file_read(ledger->folder, FILE_, GW_ZONE_LEDGER_MAX, &ledger->file);
	int64_t whole;

	if (error && !(error == -ENOENT && ledger->writable))
		return error;
	if (!ledger->file.bytes)
		gw_text_puts(&ledger->file, "");
	whole = gw_zone_ledger_read(&ledger->zone, FILE_, ledger->file.bytes, ledger->file.len,
				    diags, &ledger->chain, &ledger->history);
	if (whole < 0)
		return (int)whole;
	if ((size_t)whole < ledger->file.len && ledger->writable)
		error = set_torn_aside(ledger->folder, ledger->file.bytes, (size_t)whole,
				       ledger->file.len);
	else
		error = 0;
	ledger->file.len = (size_t)whole;
	ledger->file.bytes[whole] = '\0';
	return error;
}

static int open_ledger(int state, const struct gw_zone_name *zone, bool writable,
		       struct gw_diags *diags, struct gw_zone_ledger **ret)
{
	struct gw_zone_ledger *ledger = gw_zalloc(1, sizeof(*ledger));
	int error = 0;

	ledger->zone = *zone;
	ledger->writable = writable;
	gw_zone_history_init(&ledger->history);
	ledger->folder = open_folder(state, zone, writable);
	if (ledger->folder < 0)
		error = ledger->folder;
	/* The lock goes with the descriptor, however the process ends. */
	if (!error && writable && flock(ledger->folder, LOCK_EX | LOCK_NB) < 0)
		error = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (!error)
		error = load(ledger, diags);
	if (!error) {
		*ret = ledger;
		return 0;
	}
	gw_zone_ledger_close(ledger);
	if (error == -EBUSY)
		gw_diag(diags, GW_D_ZONE_LEDGER_FILE, nowhere,
			"another process is at work on the keys of %s", zone->text);
	else if (error != -EBADMSG && !(error == -ENOENT && !writable))
		gw_diag(diags, GW_D_ZONE_LEDGER_FILE, nowhere, "the ledger of %s: %s", zone->text,
			strerror(-error));
	return error;
}

int gw_zone_ledger_open(int state, const struct gw_zone_name *zone, struct gw_diags *diags,
			struct gw_zone_ledger **ret)
{
	return open_ledger(state, zone, true, diags, ret);
}

int gw_zone_ledger_look(int state, const struct gw_zone_name *zone, struct gw_diags *diags,
			struct gw_zone_ledger **ret)
{
	return open_ledger(state, zone, false, diags, ret);
}

void gw_zone_ledger_close(struct gw_zone_ledger *ledger)
{
	if (!ledger)
		return;
	if (ledger->folder >= 0)
		(void)close(ledger->folder); /* nothing is pending */
	gw_text_done(&ledger->file);
	gw_zone_history_done(&ledger->history);
	gw_free(ledger);
}

const struct gw_zone_history *gw_zone_ledger_history(const struct gw_zone_ledger *ledger)
{
	return &ledger->history;
}

const struct gw_zone_name *gw_zone_ledger_zone(const struct gw_zone_ledger *ledger)
{
	return &ledger->zone;
}

int gw_zone_ledger_folder(const struct gw_zone_ledger *ledger)
{
	return ledger->folder;
}

const char *gw_zone_ledger_lines(const struct gw_zone_ledger *ledger, size_t *ret_len)
{
	*ret_len = ledger->file.len;
	return ledger->file.bytes;
}

/* ---- telling the audit trail ----------------------------------------------------------------------- */

static int keep_told(const struct gw_zone_ledger *ledger)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", ledger->told);

	return gw_audit_file_replace(ledger->folder, RECORDED, 0640, text, (size_t)len);
}

/* Gives the sink what it does not have yet. */
static int tell_rest(struct gw_zone_ledger *ledger)
{
	uint64_t before = ledger->told;
	int error = 0;

	while (!error && ledger->told_len < ledger->file.len) {
		const char *line = ledger->file.bytes + ledger->told_len;
		size_t len = strcspn(line, "\n");
		struct gw_zone_chain chain = { .n = 0 };
		struct gw_zone_entry entry;

		/* The chain is known to be whole: only the entry is of interest. */
		(void)gw_zone_ledger_parse(&chain, line, len, &entry);
		error = ledger->sink(&ledger->zone, &entry, line, len, ledger->sink_context);
		if (!error) {
			ledger->told++;
			ledger->told_len += len + 1;
		}
	}
	if (ledger->told != before) {
		int kept = keep_told(ledger);

		error = error ? error : kept;
	}
	return error;
}

/* How many lines the sink has taken. What cannot be read is told again: twice is better than never. */
static uint64_t read_told(const struct gw_zone_ledger *ledger)
{
	gw_auto_text struct gw_text text = { 0 };
	char *end;
	unsigned long long told;

	if (gw_audit_file_read(ledger->folder, RECORDED, 32, &text) < 0 || !text.bytes)
		return 0;
	told = strtoull(text.bytes, &end, 10);
	return *end == '\n' && told <= ledger->history.n_entries ? told : 0;
}

int gw_zone_ledger_tell(struct gw_zone_ledger *ledger, gw_zone_ledger_sink *sink, void *context)
{
	uint64_t told = read_told(ledger);

	ledger->sink = sink;
	ledger->sink_context = context;
	ledger->told = ledger->told_len = 0;
	while (ledger->told < told) {
		ledger->told_len += strcspn(ledger->file.bytes + ledger->told_len, "\n") + 1;
		ledger->told++;
	}
	return tell_rest(ledger);
}

/* ---- appending ------------------------------------------------------------------------------------- */

/* After a failure: what the file says, again. */
static void forget_entry(struct gw_zone_ledger *ledger)
{
	struct gw_diags none;

	gw_diags_init(&none);
	gw_zone_history_done(&ledger->history);
	gw_zone_history_init(&ledger->history);
	(void)gw_zone_ledger_read(&ledger->zone, FILE_, ledger->file.bytes, ledger->file.len, &none,
				  &ledger->chain, &ledger->history); /* it was read before */
	gw_diags_done(&none);
}

static int write_line(const struct gw_zone_ledger *ledger, const struct gw_text *line)
{
	if (!ledger->writable)
		return -EROFS;
	if (line->len > GW_ZONE_LEDGER_LINE_MAX ||
	    ledger->file.len + line->len > GW_ZONE_LEDGER_MAX)
		return -EFBIG;
	return gw_audit_file_append(ledger->folder, FILE_, 0640, line->bytes, line->len);
}

int gw_zone_ledger_append(struct gw_zone_ledger *ledger, const struct gw_zone_entry *entry,
			  struct gw_diags *diags)
{
	gw_auto_text struct gw_text line = { 0 };
	const char *wrong = gw_zone_history_add(&ledger->history, entry);
	int error;

	if (wrong) {
		gw_diag(diags, GW_D_ZONE_LEDGER_ORDER, nowhere, "%s: %s: %s", ledger->zone.text,
			gw_zone_event_names[entry->event], wrong);
		return -EINVAL;
	}
	gw_zone_ledger_print(&ledger->chain, entry, &line);
	error = write_line(ledger, &line);
	if (error) {
		forget_entry(ledger);
		gw_diag(diags, GW_D_ZONE_LEDGER_FILE, nowhere, "the ledger of %s: %s",
			ledger->zone.text, strerror(-error));
		return error;
	}
	gw_text_add(&ledger->file, line.bytes, line.len);
	if (ledger->sink)
		(void)tell_rest(ledger); /* what it does not take now is told the next time */
	return 0;
}

/* ---- making it anew -------------------------------------------------------------------------------- */

int gw_zone_ledger_replace(int state, const struct gw_zone_name *zone, const char *lines,
			   size_t len)
{
	gw_auto_text struct gw_text old = { 0 };
	gw_auto_close int folder = open_folder(state, zone, true);
	int error;

	if (folder < 0)
		return folder;
	if (flock(folder, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	error = gw_audit_file_read(folder, FILE_, GW_ZONE_LEDGER_MAX, &old);
	if (!error && (old.len != len || memcmp(old.bytes, lines, len) != 0))
		error = gw_audit_file_replace(folder, REPLACED, 0640, old.bytes, old.len);
	return error && error != -ENOENT ? error
					 : gw_audit_file_replace(folder, FILE_, 0640, lines, len);
}
