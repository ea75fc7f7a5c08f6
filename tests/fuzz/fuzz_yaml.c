/*
 * Arbitrary bytes as gw.yaml: reading must end, say something if it refuses, and print it without
 * control characters. What parses is formatted; the result must mean something and stay as it is
 * when formatted again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw/conf/conf.h"
#include "gw/conf/fmt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static void check_printed(const struct gw_diags *diags)
{
	char *printed = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&printed, &len);

	check(stream != NULL, "no memory stream");
	gw_diags_print(diags, stream, false);
	check(fclose(stream) == 0, "no memory stream");
	for (size_t i = 0; i < len; i++)
		check((unsigned char)printed[i] >= 0x20 || printed[i] == '\n',
		      "a control character was printed");
	free(printed);
}

static void check_format(const char *bytes, size_t len)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_text once = { 0 }, twice = { 0 };
	struct gw_diags diags;

	gw_diags_init(&diags);
	if (gw_conf_format(arena, "gw.yaml", bytes, len, &once, &diags) == 0) {
		check(gw_conf_format(arena, "gw.yaml", once.bytes, once.len, &twice, &diags) == 0,
		      "formatted text does not parse");
		check(once.len == twice.len && memcmp(once.bytes, twice.bytes, once.len) == 0,
		      "formatting twice changes the text again");
	} else {
		check(diags.errors > 0, "refused to format without saying why");
		check(once.len == 0, "refused to format, but wrote");
	}
	gw_text_done(&once);
	gw_text_done(&twice);
	gw_diags_done(&diags);
	gw_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gw_conf_file files[] = {
		{ "gw.yaml", (const char *)data, size },
		{ "baseline/zones.yaml", "zones:\n  dmz: {}\n", 16 },
		{ "baseline/loop.yaml", "include: [baseline/loop.yaml]\n", 30 },
	};
	struct gw_diags diags;
	struct gw_conf *conf;

	gw_diags_init(&diags);
	conf = gw_conf_read_files(files, 3, &diags);
	check(conf->root || diags.errors, "refused without saying why");
	check_printed(&diags);
	gw_conf_free(conf);
	gw_diags_done(&diags);
	check_format((const char *)data, size);
	return 0;
}
