#include "gw/audit/seal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gw/audit/files.h"
#include "gw/core/mem.h"

#define CHECKPOINT_MODE 0640

/* What was signed of one log. */
struct signed_log {
	struct gw_log_head head;
	int64_t at; /* by the clock that is never set */
	bool ever;  /* signed by this process */
};

struct gw_seal {
	struct gw_seal_options options;
	struct gw_audit_keys *keys;
	int64_t key_since; /* by the same clock; -1: not known yet */
	bool key_is_new;   /* made when the seal was opened */
	struct signed_log logs[GW_AUDIT_LOGS_MAX];
	size_t n_logs;
};

const struct gw_audit_keys *gw_seal_keys(const struct gw_seal *seal)
{
	return seal->keys;
}

void gw_seal_close(struct gw_seal *seal)
{
	if (!seal)
		return;
	gw_audit_keys_free(seal->keys);
	gw_free(seal);
}

/* Opening records a key only where it makes the first one. */
struct first_key {
	const struct gw_seal_options *options;
	bool made;
};

static int record_first(uint32_t generation, const char *note, void *context)
{
	struct first_key *first = context;

	first->made = true;
	return first->options->record(generation, note, first->options->context);
}

int gw_seal_open(const struct gw_seal_options *options, int64_t now, struct gw_seal **ret)
{
	struct gw_seal *seal = gw_zalloc(1, sizeof(*seal));
	struct first_key first = { .options = options };
	int err;

	seal->options = *options;
	seal->key_since = -1;
	err = gw_audit_keys_open(options->dir, options->site, options->type, now, record_first,
				 &first, &seal->keys);
	if (err) {
		gw_seal_close(seal);
		return err;
	}
	seal->key_is_new = first.made;
	*ret = seal;
	return 0;
}

/* ---- one log --------------------------------------------------------------------------------- */

/* What an earlier process has signed last. */
static int read_signed(const struct gw_seal *seal, struct signed_log *log)
{
	gw_auto_text struct gw_text path = { 0 }, note = { 0 };
	struct gw_checkpoint checkpoint;
	int err;

	gw_text_printf(&path, "%s/checkpoint", log->head.name);
	err = gw_audit_file_read(seal->options.dir, path.bytes, GW_NOTE_MAX, &note);
	if (err == -ENOENT)
		return 0;
	if (!err)
		err = gw_checkpoint_peek(note.bytes ? note.bytes : "", note.len, &checkpoint);
	if (err)
		return err;
	log->head.size = checkpoint.size;
	memcpy(log->head.root, checkpoint.root, sizeof(log->head.root));
	return 0;
}

static int find_log(struct gw_seal *seal, const char *name, struct signed_log **ret)
{
	struct signed_log log = { 0 };
	int err;

	for (size_t i = 0; i < seal->n_logs; i++) {
		if (strcmp(seal->logs[i].head.name, name) != 0)
			continue;
		*ret = &seal->logs[i];
		return 0;
	}
	if (seal->n_logs == GW_AUDIT_LOGS_MAX)
		return -ENOSPC;
	(void)snprintf(log.head.name, sizeof(log.head.name), "%s", name);
	err = read_signed(seal, &log);
	if (err)
		return err;
	*ret = &seal->logs[seal->n_logs++];
	**ret = log;
	return 0;
}

/* A log that is shorter than what was signed, or differs at that length, is not signed again. */
static bool continues(const struct gw_log_head *before, const struct gw_log_head *after)
{
	if (!before->size || after->size > before->size)
		return true;
	return after->size == before->size &&
	       memcmp(after->root, before->root, sizeof(after->root)) == 0;
}

static int sign_log(struct gw_seal *seal, struct signed_log *log, const struct gw_log_head *head,
		    int64_t monotonic_s)
{
	gw_auto_text struct gw_text note = { 0 }, path = { 0 };
	struct gw_checkpoint checkpoint = { .size = head->size };
	int err;

	if (!continues(&log->head, head))
		return -ESTALE;
	memcpy(checkpoint.root, head->root, sizeof(checkpoint.root));
	err = gw_checkpoint_origin(gw_audit_keys_site(seal->keys), head->name, checkpoint.origin);
	if (!err)
		err = gw_checkpoint_write(&checkpoint, gw_audit_keys_signer(seal->keys), &note);
	if (err)
		return err;
	/* First the history: what stands in `checkpoint` is in there, too. */
	gw_text_printf(&path, "%s/checkpoints", head->name);
	err = gw_audit_file_append(seal->options.dir, path.bytes, CHECKPOINT_MODE, note.bytes,
				   note.len);
	path.bytes[path.len - 1] = '\0';
	if (!err)
		err = gw_audit_file_replace(seal->options.dir, path.bytes, CHECKPOINT_MODE,
					    note.bytes, note.len);
	if (err)
		return err;
	log->head = *head;
	log->at = monotonic_s;
	log->ever = true;
	return 0;
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool is_due(const struct gw_seal *seal, const struct signed_log *log,
		   const struct gw_log_head *head, int64_t monotonic_s)
{
	if (!log->ever || monotonic_s - log->at >= (int64_t)seal->options.interval_s)
		return true;
	return seal->options.records && head->size >= log->head.size + seal->options.records;
}

/* Signs each log that is due, or all; goes on after an error and returns the first. */
static int sign_logs(struct gw_seal *seal, const struct gw_log_head *heads, size_t n_heads,
		     int64_t monotonic_s, bool all)
{
	int first = 0;

	for (size_t i = 0; i < n_heads; i++) {
		struct signed_log *log;
		int err = find_log(seal, heads[i].name, &log);

		if (!err && (all || is_due(seal, log, &heads[i], monotonic_s)))
			err = sign_log(seal, log, &heads[i], monotonic_s);
		if (err && !first)
			first = err;
	}
	return first;
}

int gw_seal_all(struct gw_seal *seal, const struct gw_log_head *heads, size_t n_heads,
		int64_t monotonic_s)
{
	return sign_logs(seal, heads, n_heads, monotonic_s, true);
}

int gw_seal_rotate(struct gw_seal *seal, const struct gw_log_head *heads, size_t n_heads,
		   int64_t monotonic_s, int64_t now)
{
	int err = gw_audit_keys_rotate(seal->keys, seal->options.type, now, heads, n_heads,
				       seal->options.record, seal->options.context);

	if (!err)
		seal->key_since = monotonic_s;
	return err;
}

/*
 * A key is changed after its period, counted from the start of the program: each process begins with
 * a new key, as nobody knows where the machine was in between.
 */
static bool is_key_due(const struct gw_seal *seal, int64_t monotonic_s)
{
	if (!seal->options.key_period_s)
		return false;
	if (seal->key_since < 0)
		return !seal->key_is_new;
	return monotonic_s - seal->key_since >= (int64_t)seal->options.key_period_s;
}

int gw_seal_tick(struct gw_seal *seal, const struct gw_log_head *heads, size_t n_heads,
		 int64_t monotonic_s, int64_t now)
{
	int err = sign_logs(seal, heads, n_heads, monotonic_s, false);
	int rotated = 0;

	/* A log that is not what was signed must not get into a note of the chain either. */
	if (err == -ESTALE)
		return err;
	if (is_key_due(seal, monotonic_s))
		rotated = gw_seal_rotate(seal, heads, n_heads, monotonic_s, now);
	else if (seal->key_since < 0)
		seal->key_since = monotonic_s;
	return err ? err : rotated;
}

unsigned int gw_seal_due_in(const struct gw_seal *seal, int64_t monotonic_s)
{
	int64_t due = seal->options.interval_s;

	for (size_t i = 0; i < seal->n_logs; i++) {
		int64_t left = seal->logs[i].at + seal->options.interval_s - monotonic_s;

		due = left < due ? left : due;
	}
	return due < 1 ? 1 : (unsigned int)due;
}
