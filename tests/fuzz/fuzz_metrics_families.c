/* What a module sends to gw-metricsd, and all that is written from it. */
#include <stddef.h>
#include <stdint.h>

#include "gw/metrics/families.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	struct gw_arena *arena = gw_arena_new();
	gw_auto_text struct gw_text text = { 0 }, page = { 0 };
	struct gw_history history = { 0 };
	struct gw_view view = { .history = &history };
	struct gw_module_view *module = &view.modules[0];

	module->name = "fuzz";
	for (int round = 0; round < 2; round++)
		gw_families_read(arena, json, module, 1000, &module->families, &module->n_families);
	view.agent = json;
	gw_view_expose(&view, true, &text);
	gw_view_page(&view, true, &page);
	gw_arena_free(arena);
	json_decref(json);
	return 0;
}
