/* An archive of config files that anybody may have made: files that lead out are never taken, and what is
 * taken has one form only, so that two archives with one digest hold the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gw/agent/archive.h"
#include "gw/core/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	/* From a block of exactly this length, so that reading behind it is noticed. */
	gw_auto_free uint8_t *exact = gw_zalloc(len ? len : 1, 1);
	gw_auto_text struct gw_text again = { 0 };
	struct gw_arena *arena = gw_arena_new();
	struct gw_conf_file *files;
	size_t n;

	memcpy(exact, bytes, len);
	if (gw_archive_read(exact, len, arena, &files, &n) == 0) {
		for (size_t i = 0; i < n; i++)
			if (!gw_archive_path_ok(files[i].path) || files[i].path[0] == '/')
				abort();
		gw_archive_write(files, n, &again);
		if (again.len != len || memcmp(again.bytes, exact, len) != 0)
			abort();
	}
	gw_arena_free(arena);
	return 0;
}
