/*
 * Hostile segments of the audit trail: whoever can write the file decides what the writer picks up when it
 * starts and what readers and verifiers see. The writer must leave a log that it can pick up again, with
 * the same end.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/agent/durable.h"
#include "gw/audit/attest.h"
#include "gw/audit/chain.h"
#include "gw/audit/log.h"
#include "gw/audit/merge.h"

#define SEGMENT "access/0000000000000000.log"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64]; /* one for all inputs, removed at the end */

static void remove_folder(void)
{
	(void)gw_durable_remove_tree(AT_FDCWD, folder);
}

static int open_folder(void)
{
	if (!folder[0]) {
		(void)snprintf(folder, sizeof(folder), "/tmp/gw-fuzz-audit-XXXXXX");
		if (!mkdtemp(folder) || atexit(remove_folder) != 0)
			abort();
	}
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void put_segment(int dir, const uint8_t *data, size_t size)
{
	int fd;

	(void)gw_durable_remove_tree(dir, "access");
	if (mkdirat(dir, "access", 0700) < 0)
		abort();
	fd = openat(dir, SEGMENT, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	(void)close(fd); /* read back below */
}

/* All records, and what verifying says of them. */
static void read_segment(void)
{
	const struct gw_attest_options options = { 0 };
	struct gw_merge_record record;
	struct gw_trail *trail = NULL;
	struct gw_merge *merge = NULL;
	struct gw_attest result;
	struct gw_diags diags;

	if (gw_trail_open(folder, &trail) < 0 || gw_merge_new(trail, NULL, &merge) < 0)
		abort();
	while (gw_merge_next(merge, &record) == 0)
		;
	gw_merge_free(merge);
	gw_diags_init(&diags);
	if (gw_attest(trail, &options, &result, &diags) == 0)
		gw_attest_done(&result);
	gw_diags_done(&diags);
	gw_trail_close(trail);
}

/* What the writer does when it starts; then once more. */
static void pick_up(int dir)
{
	static const struct gw_audit_log_sizes sizes = { .least = 4096, .most = 4096 };
	struct gw_audit_log log, again;
	uint64_t seq, seq_again;

	if (gw_audit_log_open(&log, dir, "access", &sizes, &seq) == 0) {
		if (gw_audit_log_open(&again, dir, "access", &sizes, &seq_again) < 0 ||
		    seq_again != seq || again.end.index != log.end.index ||
		    again.end.offset != log.end.offset)
			abort();
		gw_audit_log_close(&again);
	}
	gw_audit_log_close(&log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t prev[GW_HASH_LEN];
	uint64_t seq;
	int dir = open_folder();

	(void)gw_chain_read((const char *)data, size, &seq, prev);
	put_segment(dir, data, size);
	read_segment();
	pick_up(dir);
	read_segment();
	(void)close(dir);
	return 0;
}
