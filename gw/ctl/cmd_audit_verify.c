/* audit verify, prove and key: what the signatures say. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gw/audit/files.h"
#include "gw/audit/tlog_proof.h"
#include "gw/core/mem.h"
#include "gw/core/utf8.h"
#include "gw/ctl/audit.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

static const struct gw_loc nowhere;

#define WITNESSES_MAX 64u
#define PROOF_MAX     (256u << 10)

/* ---- verify ---------------------------------------------------------------------------------- */

static void print_result(const struct gw_attest *result, const struct gw_diags *diags,
			 struct gw_text *out)
{
	struct gw_report_table table = { 0 };
	char time[GW_REPORT_TIME];

	gw_report_row(&table, "CLASS", "RECORDS", "SIGNED", "WITNESSED", "STAMPED", "");
	for (size_t i = 0; i < result->n_logs; i++) {
		const struct gw_attest_log *log = &result->logs[i];
		char records[GW_REPORT_TIME], signed_[GW_REPORT_TIME], witnessed[GW_REPORT_TIME];

		gw_report_row(&table, log->name, gw_report_number(log->records, records),
			      gw_report_number(log->signed_, signed_),
			      gw_report_number(log->witnessed, witnessed),
			      log->stamped_at ? gw_report_time(log->stamped_at, time) : "-",
			      log->good ? "good" : "BAD");
	}
	gw_report_table_print(&table, "<>>><<", out);
	gw_report_table_done(&table);
	if (!diags->errors)
		gw_text_printf(out,
			       "\n%s: everything is as it was signed, with key %zu of %zu on\n",
			       result->chain.site, result->chain.anchor + 1, result->chain.n);
}

static void result_json(const struct gw_attest *result, bool good, json_t *root)
{
	json_t *logs = json_array();

	for (size_t i = 0; i < result->n_logs; i++) {
		const struct gw_attest_log *log = &result->logs[i];
		json_t *object = json_object();

		gw_json_set(object, "class", gw_json_text(log->name));
		gw_json_set(object, "good", json_boolean(log->good));
		gw_json_set(object, "records", gw_json_number(log->records));
		gw_json_set(object, "deleted", gw_json_number(log->deleted));
		gw_json_set(object, "signed", gw_json_number(log->signed_));
		gw_json_set(object, "witnessed", gw_json_number(log->witnessed));
		if (log->stamped_at)
			gw_json_set(object, "stamped_at", gw_json_time(log->stamped_at));
		gw_json_add(logs, object);
	}
	gw_json_set(root, "good", json_boolean(good));
	gw_json_set(root, "site", gw_json_text(result->chain.site));
	gw_json_set(root, "keys", gw_json_number(result->chain.n));
	gw_json_set(root, "classes", logs);
}

/* A file may hold several, one behind the other. */
static enum gw_exit read_witnesses(struct gw_ctl *ctl, const char *path, const struct gw_text *text,
				   struct gw_attest_witness *ret, size_t *ret_n)
{
	const char *at = text->bytes ? text->bytes : "", *end = at + text->len, *note;
	size_t n = 0, len;

	while (n < WITNESSES_MAX && (note = gw_note_next(&at, end, &len)) != NULL)
		ret[n++] = (struct gw_attest_witness){ .path = path, .bytes = note, .len = len };
	*ret_n = n;
	if (n && at == end)
		return GW_EXIT_OK;
	gw_diag(&ctl->diags, GW_D_AUDIT_CHECKPOINT, nowhere, "%s: %s", path,
		n == WITNESSES_MAX ? "too many checkpoints" : "not a signed checkpoint");
	return GW_EXIT_DIFFERENT;
}

static enum gw_exit verify_trail(struct gw_ctl *ctl, const struct gw_attest_options *options)
{
	struct gw_attest result;
	struct gw_trail *trail;
	enum gw_exit status = gw_audit_ctl_open(ctl, &trail);
	int err;

	if (status != GW_EXIT_OK)
		return status;
	err = gw_attest(trail, options, &result, &ctl->diags);
	if (err) {
		gw_diag(&ctl->diags, GW_D_AUDIT_NONE, nowhere, "reading the audit trail: %s",
			strerror(-err));
		status = GW_EXIT_FAILED;
	} else {
		status = ctl->diags.errors ? GW_EXIT_DIFFERENT : GW_EXIT_OK;
		if (ctl->root)
			result_json(&result, !ctl->diags.errors, ctl->root);
		else
			print_result(&result, &ctl->diags, &ctl->out);
		gw_attest_done(&result);
	}
	gw_trail_close(trail);
	return status;
}

/* ---- the proof of one record ----------------------------------------------------------------- */

/*
 * The key that is known may have signed the checkpoint itself; a later key needs the chain, which is
 * on the gateway.
 */
static int open_checkpoint(const struct gw_note_key *key, const struct gw_tlog_proof *proof,
			   struct gw_checkpoint *ret)
{
	struct gw_checkpoint peeked;
	struct gw_note_key named;
	int err = gw_checkpoint_peek(proof->note, proof->note_len, &peeked);
	/* The site of the key's name must be that of the log. */
	const char *slash = strrchr(key->name, '/');
	size_t len = slash ? (size_t)(slash - key->name) : 0;

	if (err)
		return err;
	if (!len || strncmp(key->name, peeked.origin, len + 1) != 0 ||
	    strchr(peeked.origin + len + 1, '/') ||
	    gw_note_key_rename(key, peeked.origin, &named) < 0)
		return -ENOKEY;
	return gw_checkpoint_open(proof->note, proof->note_len, &named, 1, ret);
}

static enum gw_exit judge_proof(struct gw_ctl *ctl, const char *path,
				const struct gw_tlog_proof *proof, const struct gw_note_key *key)
{
	struct gw_checkpoint checkpoint;
	int err = open_checkpoint(key, proof, &checkpoint);

	if (err) {
		gw_diag(&ctl->diags, GW_D_AUDIT_CHECKPOINT, nowhere, "%s: its checkpoint %s", path,
			err == -ENOKEY ? "is signed by another key" : "is not rightly signed");
		if (err == -ENOKEY)
			gw_diag_hint(&ctl->diags, "`gwctl audit key --all` on the gateway prints "
						  "the keys that followed");
		return GW_EXIT_DIFFERENT;
	}
	if (!gw_tlog_proof_holds(proof, &checkpoint)) {
		gw_diag(&ctl->diags, GW_D_AUDIT_CHANGED, nowhere,
			"%s: the record is not the one that the checkpoint covers", path);
		return GW_EXIT_DIFFERENT;
	}
	if (ctl->root) {
		gw_json_set(ctl->root, "good", json_true());
		gw_json_set(ctl->root, "origin", gw_json_text(checkpoint.origin));
		gw_json_set(ctl->root, "index", gw_json_number(proof->index));
		gw_json_set(ctl->root, "record", gw_json_text(proof->record.bytes));
	} else {
		gw_text_printf(&ctl->out, "record %" PRIu64 " of %s, as it was signed:\n",
			       proof->index, checkpoint.origin);
		gw_text_puts_visible(&ctl->out, proof->record.bytes ? proof->record.bytes : "");
		gw_text_putc(&ctl->out, '\n');
	}
	return GW_EXIT_OK;
}

static enum gw_exit verify_proof(struct gw_ctl *ctl, const char *path,
				 const struct gw_note_key *key)
{
	gw_auto_text struct gw_text text = { 0 };
	struct gw_tlog_proof proof;
	enum gw_exit status = gw_audit_ctl_file(ctl, path, PROOF_MAX, &text);

	if (status != GW_EXIT_OK)
		return status;
	if (gw_tlog_proof_parse(text.bytes ? text.bytes : "", text.len, &proof) < 0) {
		gw_diag(&ctl->diags, GW_D_AUDIT_CHECKPOINT, nowhere, "%s: not a proof of a record",
			path);
		return GW_EXIT_DIFFERENT;
	}
	status = judge_proof(ctl, path, &proof, key);
	gw_tlog_proof_done(&proof);
	return status;
}

enum gw_exit gw_cmd_audit_verify(struct gw_ctl *ctl)
{
	const char *key_option = gw_ctl_option(ctl, "key");
	const char *checkpoint = gw_ctl_option(ctl, "checkpoint");
	const char *proof = gw_ctl_option(ctl, "proof");
	struct gw_attest_witness witnesses[WITNESSES_MAX];
	struct gw_attest_options options = { .witnesses = witnesses,
					     .tsa_ca = gw_ctl_option(ctl, "tsa") };
	gw_auto_text struct gw_text text = { 0 };
	struct gw_note_key key;
	enum gw_exit status = GW_EXIT_OK;

	if (key_option) {
		status = gw_audit_ctl_key(ctl, key_option, &key);
		options.key = &key;
	}
	if (status == GW_EXIT_OK && proof)
		return options.key ? verify_proof(ctl, proof, &key)
				   : gw_ctl_usage(ctl, "--proof needs the --key of the gateway");
	if (status == GW_EXIT_OK && checkpoint)
		status = gw_audit_ctl_file(ctl, checkpoint, GW_NOTE_MAX, &text);
	if (status == GW_EXIT_OK && checkpoint)
		status = read_witnesses(ctl, checkpoint, &text, witnesses, &options.n_witnesses);
	return status == GW_EXIT_OK ? verify_trail(ctl, &options) : status;
}

/* ---- prove ----------------------------------------------------------------------------------- */

/* A record that is to be proved. */
struct wanted {
	uint64_t seq;
	size_t log;
	uint64_t index;
	struct gw_text record;
};

static int find_record(const struct gw_trail *trail, struct wanted *wanted)
{
	for (size_t i = 0; i < gw_trail_count(trail); i++) {
		struct gw_trail_cursor *cursor;
		struct gw_trail_line line;
		int err = gw_trail_read(trail, i, 0, &cursor);

		while (!err && (err = gw_trail_next(cursor, &line)) == 0) {
			struct gw_audit_view view;
			uint64_t seq;

			(void)gw_audit_view_init(&view, line.bytes, line.len);
			seq = view.seq;
			gw_audit_view_done(&view);
			if (seq > wanted->seq)
				break;
			if (seq < wanted->seq)
				continue;
			wanted->log = i;
			wanted->index = line.index;
			gw_text_add(&wanted->record, line.bytes, line.len);
			gw_trail_cursor_free(cursor);
			return 0;
		}
		gw_trail_cursor_free(cursor);
		if (err && err != -ENOENT)
			return err;
	}
	return -ENOENT;
}

/* One pass over the log, from what is left of deleted records on. */
static int fill_proof(const struct gw_trail *trail, size_t log, uint64_t size,
		      struct gw_proof *proof)
{
	struct gw_trail_cursor *cursor;
	struct gw_trail_line line;
	struct gw_forest deleted = { 0 };
	uint64_t start = 0;
	int err = gw_trail_deleted(trail, log, &deleted);

	for (size_t i = 0; !err && i < deleted.n; i++) {
		gw_proof_add(proof, start, deleted.items[i].level, deleted.items[i].hash);
		start += UINT64_C(1) << deleted.items[i].level;
	}
	if (!err)
		err = gw_trail_read(trail, log, start, &cursor);
	if (err)
		return err;
	while ((err = gw_trail_next(cursor, &line)) == 0 && line.index < size) {
		uint8_t leaf[GW_HASH_LEN];

		gw_hash_leaf(line.bytes, line.len, leaf);
		gw_proof_add(proof, line.index, 0, leaf);
	}
	gw_trail_cursor_free(cursor);
	if (err && err != -ENOENT)
		return err;
	return gw_proof_is_complete(proof) ? 0 : -ENODATA;
}

static enum gw_exit not_proved(struct gw_ctl *ctl, const struct wanted *wanted, const char *why)
{
	gw_diag(&ctl->diags, GW_D_AUDIT_RECORD_UNKNOWN, nowhere, "record %" PRIu64 ": %s",
		wanted->seq, why);
	return GW_EXIT_FAILED;
}

static enum gw_exit prove(struct gw_ctl *ctl, const struct gw_trail *trail, struct wanted *wanted)
{
	gw_auto_text struct gw_text path = { 0 }, note = { 0 }, text = { 0 };
	struct gw_checkpoint checkpoint;
	struct gw_proof proof;
	int err = find_record(trail, wanted);

	if (err)
		return not_proved(ctl, wanted, err == -ENOENT ? "no class has it" : strerror(-err));
	gw_text_printf(&path, "%s/checkpoint", gw_trail_names(trail)[wanted->log]);
	err = gw_audit_file_read(gw_trail_dir(trail), path.bytes, GW_NOTE_MAX, &note);
	if (!err)
		err = gw_checkpoint_peek(note.bytes ? note.bytes : "", note.len, &checkpoint);
	if (err)
		return not_proved(ctl, wanted, "its class has no checkpoint");
	if (checkpoint.size <= wanted->index)
		return not_proved(ctl, wanted, "it is newer than the last checkpoint");
	gw_proof_inclusion(&proof, wanted->index, checkpoint.size);
	err = fill_proof(trail, wanted->log, checkpoint.size, &proof);
	if (err)
		return not_proved(ctl, wanted, "the log around it is incomplete");
	gw_tlog_proof_print(&proof, wanted->index, wanted->record.bytes, wanted->record.len,
			    note.bytes, note.len, &text);
	if (ctl->root)
		gw_json_set(ctl->root, "proof", gw_json_text(text.bytes));
	if (ctl->root && !gw_ctl_option(ctl, "output"))
		return GW_EXIT_OK;
	return gw_audit_ctl_write(ctl, gw_ctl_option(ctl, "output"), &text);
}

enum gw_exit gw_cmd_audit_prove(struct gw_ctl *ctl)
{
	struct wanted wanted = { 0 };
	struct gw_trail *trail;
	enum gw_exit status;
	char *end;

	errno = 0;
	wanted.seq = strtoull(ctl->args[0], &end, 10);
	if (ctl->args[0][0] < '0' || ctl->args[0][0] > '9' || *end || errno || !wanted.seq)
		return gw_ctl_usage(ctl, "`%s` is not the number of a record", ctl->args[0]);
	status = gw_audit_ctl_open(ctl, &trail);
	if (status != GW_EXIT_OK)
		return status;
	status = prove(ctl, trail, &wanted);
	gw_text_done(&wanted.record);
	gw_trail_close(trail);
	return status;
}

/* ---- key ------------------------------------------------------------------------------------- */

static void put_key(struct gw_ctl *ctl, json_t *list, const struct gw_note_key *key)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_note_key_print(key, &text);
	if (list)
		gw_json_add(list, gw_json_text(text.bytes));
	else
		gw_text_printf(&ctl->out, "%s\n", text.bytes);
}

/* The newest key under the name of the chain, and under those of all classes. */
static void put_newest(struct gw_ctl *ctl, const struct gw_trail *trail,
		       const struct gw_key_chain *chain, json_t *list)
{
	const struct gw_note_key *key = &chain->links[chain->n - 1].key;

	put_key(ctl, list, key);
	for (size_t i = 0; i < gw_trail_count(trail); i++) {
		char origin[GW_NOTE_NAME_MAX + 1];
		struct gw_note_key named;

		if (gw_checkpoint_origin(chain->site, gw_trail_names(trail)[i], origin) == 0 &&
		    gw_note_key_rename(key, origin, &named) == 0)
			put_key(ctl, list, &named);
	}
}

enum gw_exit gw_cmd_audit_key(struct gw_ctl *ctl)
{
	gw_auto_text struct gw_text text = { 0 };
	struct gw_key_chain chain = { 0 };
	struct gw_trail *trail;
	json_t *list = ctl->root ? json_array() : NULL;
	enum gw_exit status = gw_audit_ctl_open(ctl, &trail);
	size_t bad = 0;
	int err;

	if (status == GW_EXIT_OK) {
		err = gw_audit_file_read(gw_trail_dir(trail), "keys/chain", GW_AUDIT_CHAIN_MAX,
					 &text);
		if (!err)
			err = gw_key_chain_read(text.bytes ? text.bytes : "", text.len, NULL,
						&chain, &bad);
		if (err) {
			gw_diag(&ctl->diags, GW_D_AUDIT_KEYS, nowhere, "keys/chain: %s",
				bad ? "a note does not follow from the one before"
				    : strerror(-err));
			status = GW_EXIT_FAILED;
		} else if (gw_ctl_option(ctl, "all")) {
			for (size_t i = 0; i < chain.n; i++)
				put_key(ctl, list, &chain.links[i].key);
		} else {
			put_newest(ctl, trail, &chain, list);
		}
		gw_trail_close(trail);
	}
	if (ctl->root)
		gw_json_set(ctl->root, "keys", list);
	gw_key_chain_done(&chain);
	return status;
}
