/* How many changes were undone because nobody confirmed them: a file of the state directory, so that the
 * count goes on from agent to agent. It is told to people and to monitoring; nothing depends on it. */
#include <stdlib.h>
#include <string.h>

#include "gw/agent/durable.h"
#include "gw/agent/store_internal.h"
#include "gw/core/text.h"

#define FILE_NAME "rollbacks"
#define FILE_MAX  32u

uint64_t gw_store_rollbacks(struct gw_store *store)
{
	struct gw_arena *arena = gw_arena_new();
	unsigned long long count = 0;
	char *text;
	size_t len;

	if (gw_durable_read(store->dir, FILE_NAME, FILE_MAX, arena, &text, &len) == 0)
		count = strtoull(text, NULL, 10); /* what is no number counts from 0 */
	gw_arena_free(arena);
	return count;
}

int gw_store_set_rollbacks(struct gw_store *store, uint64_t count)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_text_printf(&text, "%llu\n", (unsigned long long)count);
	return gw_durable_replace(store->dir, FILE_NAME, text.bytes, text.len);
}
