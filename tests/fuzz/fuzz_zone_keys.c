/*
 * Arbitrary bytes as a key file, a vault's file, a ledger and its lines: reading must end and stay within
 * the bytes. A ledger that is read is what would have been written; no arbitrary bytes are a key.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/zone/ledger.h"
#include "dns/zone/vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static void check_key_file(const struct gw_zone_name *zone, const char *bytes, size_t size)
{
	/* The one that sealed the corpus has another key. */
	static const struct gw_zone_vault vault = { .id = { 1, 2, 3, 4, 5, 6, 7, 8 } };
	struct gw_zone_key *key = NULL;
	struct gw_diags diags;

	gw_diags_init(&diags);
	check(gw_zone_key_open(&vault, zone, "k", bytes, size, &diags, &key) < 0,
	      "a key that nobody sealed");
	check(diags.count == 1, "a key is refused without a word");
	gw_diags_done(&diags);
}

/* Each line alone, as if it followed whatever it says that it follows. */
static void check_line(const char *line, size_t len)
{
	struct gw_zone_chain chain = { .n = 0 };
	struct gw_zone_history history;
	struct gw_zone_entry entry;

	(void)gw_zone_ledger_parse(&chain, line, len, &entry);
	gw_zone_history_init(&history);
	if (entry.time)
		(void)gw_zone_history_add(&history, &entry);
	gw_zone_history_done(&history);
}

static void check_ledger(const struct gw_zone_name *zone, const char *bytes, size_t size)
{
	struct gw_zone_history history;
	struct gw_zone_chain chain;
	struct gw_diags diags;
	int64_t whole;

	gw_diags_init(&diags);
	gw_zone_history_init(&history);
	whole = gw_zone_ledger_read(zone, "ledger", bytes, size, &diags, &chain, &history);
	check(whole < 0 || (size_t)whole <= size, "more than there is");
	check(whole <= 0 || bytes[whole - 1] == '\n', "half a line");
	gw_zone_history_done(&history);
	gw_diags_done(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	const char *line_end = memchr(bytes, '\n', size);
	char text[64] = "example.go.jp";
	struct gw_zone_name zone, name;

	check(gw_zone_name_parse(text, &zone) == 0, "our name");
	check_key_file(&zone, bytes, size);
	check_ledger(&zone, bytes, size);
	check_line(bytes, line_end ? (size_t)(line_end - bytes) : size);
	(void)snprintf(text, sizeof(text), "%.*s", (int)(size < 63 ? size : 63), bytes);
	if (gw_zone_name_parse(text, &zone) == 0)
		check(gw_zone_name_parse(zone.text, &name) == 0 && name.len == zone.len &&
			      memcmp(name.wire, zone.wire, zone.len) == 0,
		      "a name has two canonical forms");
	return 0;
}
