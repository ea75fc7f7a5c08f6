#include "gw/audit/attest.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "gw/audit/chain.h"
#include "gw/audit/files.h"
#include "gw/audit/log.h"
#include "gw/audit/marks.h"
#include "gw/audit/timestamp.h"
#include "gw/audit/view.h"
#include "gw/core/mem.h"

/* A checkpoint a minute makes 130 MB in a year. */
#define HISTORY_MAX ((size_t)1 << 30)

static const struct gw_loc nowhere;

/* One run. */
struct run {
	const struct gw_trail *trail;
	const struct gw_attest_options *options;
	struct gw_attest *result;
	struct gw_diags *diags;
	uint64_t counted; /* records, of all logs */
};

/* One log in a run. */
struct log {
	struct gw_attest_log *result;
	struct gw_marks marks;
	struct gw_text history; /* the notes of marks are in there */
	size_t next;            /* mark */
	uint64_t good;          /* up to here a mark was right */
	bool judged;            /* a mark was wrong: the rest follows from that */
	bool has_checkpoint;
	uint64_t marked; /* the size of the last mark */
	uint64_t last_seq;
	struct gw_chain chain;
};

void gw_attest_done(struct gw_attest *attest)
{
	gw_key_chain_done(&attest->chain);
}

static const char *what_is_wrong(int err)
{
	if (err == -ENOKEY)
		return "no key of the trail has signed it";
	return err == -EKEYREJECTED ? "its signature is wrong" : "it is damaged";
}

/* ---- the keys -------------------------------------------------------------------------------- */

static int read_chain(struct run *run)
{
	gw_auto_text struct gw_text text = { 0 };
	size_t bad = 0;
	int err = gw_audit_file_read(gw_trail_dir(run->trail), "keys/chain", GW_AUDIT_CHAIN_MAX,
				     &text);

	if (err == -ENOENT) {
		gw_diag(run->diags, GW_D_AUDIT_KEYS, nowhere,
			"keys/chain is missing: nothing that was signed can be verified");
		return 0;
	}
	if (err)
		return err;
	err = gw_key_chain_read(text.bytes ? text.bytes : "", text.len, run->options->key,
				&run->result->chain, &bad);
	if (err == -ENOKEY)
		gw_diag(run->diags, GW_D_AUDIT_KEY_UNKNOWN, nowhere,
			"the key `%s` is not in keys/chain", run->options->key->name);
	else if (err)
		gw_diag(run->diags, GW_D_AUDIT_KEYS, nowhere,
			"keys/chain: note %zu does not follow from the one before", bad);
	else if (!run->options->key)
		gw_diag(run->diags, GW_D_AUDIT_KEY_LOCAL, nowhere,
			"no key was given; the first one of keys/chain is taken at its word");
	return 0;
}

/* ---- what was said of a log ------------------------------------------------------------------ */

/* A verified checkpoint becomes a mark. */
static void add_checkpoint(struct log *log, const struct gw_checkpoint *checkpoint,
			   const char *source)
{
	struct gw_mark mark = { .size = checkpoint->size, .source = source };

	memcpy(mark.root, checkpoint->root, sizeof(mark.root));
	gw_marks_add(&log->marks, &mark);
}

static int add_newest(struct run *run, struct log *log)
{
	gw_auto_text struct gw_text path = { 0 }, note = { 0 };
	struct gw_checkpoint checkpoint;
	int err;

	gw_text_printf(&path, "%s/checkpoint", log->result->name);
	err = gw_audit_file_read(gw_trail_dir(run->trail), path.bytes, GW_NOTE_MAX, &note);
	if (err && err != -ENOENT)
		return err;
	if (err || !run->result->chain.n)
		return 0;
	err = gw_key_chain_checkpoint(&run->result->chain, log->result->name,
				      note.bytes ? note.bytes : "", note.len, &checkpoint, NULL);
	if (err) {
		gw_diag(run->diags, GW_D_AUDIT_CHECKPOINT, nowhere, "%s: %s", path.bytes,
			what_is_wrong(err));
		log->result->good = false;
		return 0;
	}
	log->has_checkpoint = true;
	log->result->signed_ = checkpoint.size;
	add_checkpoint(log, &checkpoint, gw_arena_strdup(log->marks.arena, path.bytes));
	return 0;
}

/*
 * The history only tells where a change was made, so its many signatures are verified when they
 * matter.
 */
static int add_history(struct run *run, struct log *log)
{
	gw_auto_text struct gw_text path = { 0 };
	const char *at, *end, *note;
	size_t len;
	int err;

	gw_text_printf(&path, "%s/checkpoints", log->result->name);
	err = gw_audit_file_read(gw_trail_dir(run->trail), path.bytes, HISTORY_MAX, &log->history);
	if (err == -ENOENT || (!err && !log->history.len))
		return 0;
	if (err)
		return err;
	at = log->history.bytes;
	end = at + log->history.len;
	while ((note = gw_note_next(&at, end, &len)) != NULL) {
		struct gw_mark mark = { .source = "the history of checkpoints",
					.note = note,
					.note_len = len };
		struct gw_checkpoint checkpoint;

		if (gw_checkpoint_peek(note, len, &checkpoint) < 0)
			break;
		mark.size = checkpoint.size;
		memcpy(mark.root, checkpoint.root, sizeof(mark.root));
		gw_marks_add(&log->marks, &mark);
	}
	if (note || at < end) {
		gw_diag(run->diags, GW_D_AUDIT_HISTORY, nowhere,
			"%s: what begins at byte %td is no checkpoint", path.bytes,
			(note ? note : at) - log->history.bytes);
		log->result->good = false;
	}
	return 0;
}

static void add_heads(const struct run *run, struct log *log)
{
	for (size_t i = 0; i < run->result->chain.n; i++) {
		const struct gw_key_link *link = &run->result->chain.links[i];

		for (size_t h = 0; h < link->n_heads; h++) {
			const struct gw_log_head *head = &link->heads[h];
			struct gw_mark mark = { .size = head->size };

			if (!link->trusted || strcmp(head->name, log->result->name) != 0)
				continue;
			mark.source = gw_arena_printf(log->marks.arena, "the note of key %" PRIu32,
						      link->generation);
			memcpy(mark.root, head->root, sizeof(mark.root));
			gw_marks_add(&log->marks, &mark);
		}
	}
}

/* Checkpoints that others hold; each is of one log. */
static void add_witnesses(const struct run *run, struct log *log)
{
	for (size_t i = 0; i < run->options->n_witnesses; i++) {
		const struct gw_attest_witness *witness = &run->options->witnesses[i];
		struct gw_checkpoint checkpoint;

		if (gw_key_chain_checkpoint(&run->result->chain, log->result->name, witness->bytes,
					    witness->len, &checkpoint, NULL) < 0)
			continue;
		if (checkpoint.size > log->result->witnessed)
			log->result->witnessed = checkpoint.size;
		add_checkpoint(log, &checkpoint, witness->path);
	}
}

/* Says so of those that are of none. */
static void judge_witnesses(const struct run *run)
{
	for (size_t i = 0; i < run->options->n_witnesses && run->result->chain.n; i++) {
		const struct gw_attest_witness *witness = &run->options->witnesses[i];
		struct gw_checkpoint checkpoint;
		int err = -ENOKEY;

		for (size_t l = 0; err && l < run->result->n_logs; l++) {
			int tried = gw_key_chain_checkpoint(
				&run->result->chain, run->result->logs[l].name, witness->bytes,
				witness->len, &checkpoint, NULL);

			err = tried == -ENOKEY ? err : tried;
		}
		if (err)
			gw_diag(run->diags, GW_D_AUDIT_CHECKPOINT, nowhere, "%s: %s", witness->path,
				what_is_wrong(err));
	}
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* The signature of a mark that was not verified so far. */
static bool is_signed(const struct run *run, const struct log *log, const struct gw_mark *mark)
{
	struct gw_checkpoint checkpoint;

	return !mark->note ||
	       gw_key_chain_checkpoint(&run->result->chain, log->result->name, mark->note,
				       mark->note_len, &checkpoint, NULL) == 0;
}

static void say_changed(const struct run *run, struct log *log, const struct gw_mark *mark)
{
	log->judged = true;
	log->result->good = false;
	gw_diag(run->diags, GW_D_AUDIT_CHANGED, nowhere,
		"class %s: the records %" PRIu64 " to %" PRIu64 " are not what %s was signed for",
		log->result->name, log->good, mark->size - 1, mark->source);
	if (log->good)
		gw_diag_hint(run->diags, "the first %" PRIu64 " records are as they were signed",
			     log->good);
}

/* Compares the marks of this size. */
static void compare_marks(const struct run *run, struct log *log, const struct gw_forest *range)
{
	uint8_t root[GW_HASH_LEN];

	if (log->next == log->marks.n || log->marks.items[log->next].size > range->leaves)
		return;
	gw_forest_root(range, root);
	for (; log->next < log->marks.n; log->next++) {
		const struct gw_mark *mark = &log->marks.items[log->next];

		if (mark->size > range->leaves)
			break;
		if (mark->size < range->leaves || log->judged)
			continue; /* deleted since, or follows from what was found */
		if (memcmp(mark->root, root, sizeof(root)) == 0) {
			log->good = mark->size;
		} else if (is_signed(run, log, mark)) {
			say_changed(run, log, mark);
		} else {
			gw_diag(run->diags, GW_D_AUDIT_HISTORY, nowhere,
				"class %s: a checkpoint of %" PRIu64
				" records in its history was never signed",
				log->result->name, mark->size);
			log->result->good = false;
		}
	}
}

/* Marks that no record reaches. */
static void judge_end(const struct run *run, struct log *log)
{
	const struct gw_mark *last = NULL;

	for (size_t i = log->next; i < log->marks.n; i++)
		if (is_signed(run, log, &log->marks.items[i]))
			last = &log->marks.items[i];
	if (last) {
		log->result->good = false;
		gw_diag(run->diags, GW_D_AUDIT_TRUNCATED, nowhere,
			"class %s: %" PRIu64 " records are there, but %s was signed for %" PRIu64,
			log->result->name, log->result->records, last->source, last->size);
		gw_diag_hint(run->diags, "%" PRIu64 " records are missing at the end",
			     last->size - log->result->records);
	}
	if (!log->has_checkpoint && log->result->records > log->result->deleted &&
	    log->result->good && run->result->chain.n) {
		log->result->good = false;
		gw_diag(run->diags, GW_D_AUDIT_UNSIGNED, nowhere,
			"class %s: %" PRIu64 " records and no checkpoint", log->result->name,
			log->result->records);
	}
}

/* ---- records --------------------------------------------------------------------------------- */

/*
 * The number of a record. Of one that is covered by a mark its beginning and end are enough, as its
 * bytes are those that were signed or it shows; of others, all must be in order.
 */
static bool read_seq(struct log *log, const struct gw_trail_line *line,
		     const uint8_t leaf[GW_HASH_LEN], uint64_t *ret)
{
	uint8_t prev[GW_HASH_LEN];
	struct gw_audit_view view;
	bool chained = gw_chain_read(line->bytes, line->len, ret, prev);

	if (chained)
		gw_chain_add(&log->chain, line->index, prev, leaf);
	if (chained && line->index < log->marked)
		return true;
	if (gw_audit_view_init(&view, line->bytes, line->len) < 0)
		return false;
	*ret = view.seq;
	gw_audit_view_done(&view);
	return *ret != 0;
}

static void judge_record(struct run *run, struct log *log, const struct gw_trail_line *line,
			 const uint8_t leaf[GW_HASH_LEN])
{
	struct gw_attest *result = run->result;
	uint64_t seq;

	run->counted++;
	if (!read_seq(log, line, leaf, &seq)) {
		gw_diag(run->diags, GW_D_AUDIT_DAMAGED, nowhere,
			"class %s: record %" PRIu64 " is no record", log->result->name,
			line->index);
		log->result->good = false;
		return;
	}
	if (seq <= log->last_seq) {
		gw_diag(run->diags, GW_D_AUDIT_SEQUENCE, nowhere,
			"class %s: number %" PRIu64 " follows %" PRIu64, log->result->name, seq,
			log->last_seq);
		log->result->good = false;
		return;
	}
	log->last_seq = seq;
	if (!result->first_seq || seq < result->first_seq)
		result->first_seq = seq;
	if (seq > result->last_seq)
		result->last_seq = seq;
}

static void judge_chain(const struct run *run, struct log *log)
{
	uint64_t index;

	if (!gw_chain_broken(&log->chain, &index))
		return;
	log->result->good = false;
	gw_diag(run->diags, GW_D_AUDIT_CHAIN, nowhere,
		"class %s: record %" PRIu64 " is not the one that the record after it was made for",
		log->result->name, index);
}

static bool same_forest(const struct gw_forest *a, const struct gw_forest *b)
{
	if (a->n != b->n || a->leaves != b->leaves)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].level != b->items[i].level ||
		    memcmp(a->items[i].hash, b->items[i].hash, GW_HASH_LEN) != 0)
			return false;
	return true;
}

/*
 * Does the record go on from what the segment says it goes on from? `next` is the number that the writer would
 * have given next; other classes may have taken some since.
 */
static bool follows(const struct log *log, const struct gw_audit_log_end *begin, uint64_t next,
		    const struct gw_trail_line *line)
{
	uint8_t prev[GW_HASH_LEN];
	uint64_t seq;

	if (!gw_chain_read(line->bytes, line->len, &seq, prev))
		return true; /* it is no record, which is said of it */
	return memcmp(begin->previous, prev, GW_HASH_LEN) == 0 && log->last_seq < next &&
	       next <= seq;
}

/* "# gw.audit/1 change 120 4711": of this class? */
static bool names_class(const char *header, size_t len, const char *name)
{
	static const char start[] = "# gw.audit/1 ";
	size_t n = strlen(name);

	return len > sizeof(start) + n && memcmp(header, start, sizeof(start) - 1) == 0 &&
	       memcmp(header + sizeof(start) - 1, name, n) == 0 &&
	       header[sizeof(start) - 1 + n] == ' ';
}

/*
 * What a segment says of the records before it must be what they are: the writer goes on from there after
 * a restart. `range` holds those before; `line` is the first record, NULL: none is there yet.
 */
static void judge_header(const struct run *run, struct log *log, struct gw_trail_cursor *cursor,
			 const struct gw_forest *range, const struct gw_trail_line *line,
			 const char *header, size_t len)
{
	struct gw_audit_log_end begin;
	size_t header_len = 0;
	uint64_t seq;
	int err = gw_audit_log_read_header(header, len, &begin, &seq, &header_len);

	/* One that is just being written is not whole yet. */
	if (!err && header_len == len && names_class(header, len, log->result->name) &&
	    same_forest(&begin.forest, range) && (!line || follows(log, &begin, seq, line)))
		return;
	if (err && !line)
		return;
	log->result->good = false;
	gw_diag(run->diags, GW_D_AUDIT_DAMAGED, nowhere,
		"%s: the beginning of the segment does not belong to the records before it",
		gw_trail_where(cursor));
}

/* Apart from judging, which needs kilobytes: few records stand behind a header. */
static void look_for_header(const struct run *run, struct log *log, struct gw_trail_cursor *cursor,
			    const struct gw_forest *range, const struct gw_trail_line *line)
{
	size_t len = 0;
	const char *header = gw_trail_take_header(cursor, &len);

	if (header)
		judge_header(run, log, cursor, range, line, header, len);
}

static int read_records(struct run *run, struct log *log, size_t place)
{
	struct gw_trail_cursor *cursor;
	struct gw_trail_line line;
	struct gw_forest range = { 0 };
	int err = gw_trail_deleted(run->trail, place, &range);

	if (!err)
		err = gw_trail_read(run->trail, place, range.leaves, &cursor);
	if (err)
		return err;
	log->result->deleted = range.leaves;
	if (log->marks.n)
		log->marked = log->marks.items[log->marks.n - 1].size;
	log->chain.begun = !range.leaves; /* the first record follows a hash of zeroes */
	compare_marks(run, log, &range);
	while ((err = gw_trail_next(cursor, &line)) == 0) {
		uint8_t leaf[GW_HASH_LEN];

		look_for_header(run, log, cursor, &range, &line);
		gw_hash_leaf(line.bytes, line.len, leaf);
		gw_forest_add(&range, 0, leaf);
		judge_record(run, log, &line, leaf);
		compare_marks(run, log, &range);
	}
	look_for_header(run, log, cursor, &range, NULL);
	if (err == -EBADMSG) {
		gw_diag(run->diags, GW_D_AUDIT_DAMAGED, nowhere, "%s: no whole record follows",
			gw_trail_where(cursor));
		log->result->good = false;
	}
	log->result->records = range.leaves;
	judge_chain(run, log);
	gw_trail_cursor_free(cursor);
	return err == -ENOENT || err == -EBADMSG ? 0 : err;
}

/* ---- time-stamps ----------------------------------------------------------------------------- */

/* The checkpoint of this size in the history whose stamp it is. */
static int verify_stamp(const struct run *run, const struct log *log, uint64_t size,
			const struct gw_text *reply, int64_t *ret_time)
{
	int err = -ENOENT;

	for (size_t i = log->marks.n; i-- > 0 && err;) {
		const struct gw_mark *mark = &log->marks.items[i];

		if (mark->note && mark->size == size)
			err = gw_timestamp_verify(reply->bytes, reply->len, NULL, mark->note,
						  mark->note_len, run->options->tsa_ca, ret_time);
	}
	return err;
}

/* The newest stamp there is: sizes are tried from the largest down. */
static void judge_stamps(const struct run *run, struct log *log)
{
	uint64_t before = UINT64_MAX;

	for (size_t i = log->marks.n; i-- > 0;) {
		gw_auto_text struct gw_text path = { 0 }, reply = { 0 };
		uint64_t size = log->marks.items[i].size;
		int err;

		if (size == before)
			continue;
		before = size;
		gw_text_printf(&path, "%s/stamps/%" PRIu64 ".tsr", log->result->name, size);
		if (gw_audit_file_read(gw_trail_dir(run->trail), path.bytes, GW_TIMESTAMP_MAX,
				       &reply) < 0)
			continue;
		err = verify_stamp(run, log, size, &reply, &log->result->stamped_at);
		if (!err) {
			log->result->stamped = size;
			return;
		}
		log->result->good = false;
		gw_diag(run->diags, GW_D_AUDIT_TIMESTAMP, nowhere, "%s: %s", path.bytes,
			err == -EKEYREJECTED ? "not by the authority given"
					     : "not a stamp of this checkpoint");
		return;
	}
}

/* ---- all ------------------------------------------------------------------------------------- */

static int attest_log(struct run *run, size_t place)
{
	struct log log = { .result = &run->result->logs[place] };
	int err;

	log.marks.arena = gw_arena_new();
	log.result->name = gw_trail_names(run->trail)[place];
	log.result->good = true;
	err = add_newest(run, &log);
	if (!err)
		err = add_history(run, &log);
	if (!err) {
		add_heads(run, &log);
		add_witnesses(run, &log);
		gw_marks_sort(&log.marks);
		err = read_records(run, &log, place);
	}
	if (!err) {
		judge_end(run, &log);
		if (run->options->tsa_ca)
			judge_stamps(run, &log);
	}
	gw_marks_done(&log.marks);
	gw_text_done(&log.history);
	return err;
}

/* A number that no class has is that of a record that is gone. */
static void judge_numbers(const struct run *run)
{
	const struct gw_attest *result = run->result;

	for (size_t i = 0; i < result->n_logs; i++)
		if (result->logs[i].deleted || !result->logs[i].good)
			return; /* said already, or lawful */
	if (run->counted && result->last_seq - result->first_seq + 1 != run->counted)
		gw_diag(run->diags, GW_D_AUDIT_SEQUENCE, nowhere,
			"there are %" PRIu64 " records, with numbers from %" PRIu64 " to %" PRIu64,
			run->counted, result->first_seq, result->last_seq);
}

int gw_attest(const struct gw_trail *trail, const struct gw_attest_options *options,
	      struct gw_attest *ret, struct gw_diags *diags)
{
	struct run run = { .trail = trail, .options = options, .result = ret, .diags = diags };
	size_t n = gw_trail_count(trail);
	int err;

	*ret = (struct gw_attest){ 0 };
	err = n > GW_AUDIT_LOGS_MAX ? -E2BIG : read_chain(&run);
	for (size_t i = 0; !err && i < n; i++) {
		ret->n_logs = i + 1;
		err = attest_log(&run, i);
	}
	if (!err) {
		judge_witnesses(&run);
		judge_numbers(&run);
	}
	if (err)
		gw_attest_done(ret);
	return err;
}
