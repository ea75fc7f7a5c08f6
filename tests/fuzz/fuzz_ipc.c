/* A message from a client: it is refused, or a request of a verb whose fields are as its table says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gw/agent/agent.h"
#include "gw/core/mem.h"
#include "gw/ipc/socket.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What a verb relies on: what is required is there, numbers are in bounds. */
static void rely_on(const struct gw_verb *verb, const json_t *request)
{
	for (const struct gw_ipc_field *field = verb->fields; field && field->name; field++) {
		const json_t *value = json_object_get(request, field->name);

		if (!value && field->required)
			abort();
		if (!value || field->type != GW_IPC_UINT)
			continue;
		if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		    (field->max && (uint64_t)json_integer_value(value) > field->max))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	/* From a block of exactly this length, so that reading behind it is noticed. */
	gw_auto_free char *message = gw_zalloc(len ? len : 1, 1);
	char wrong[256];
	json_t *request;

	if (len > GW_IPC_MESSAGE_MAX)
		return 0;
	memcpy(message, bytes, len);
	request = gw_ipc_parse(message, len, wrong, sizeof(wrong));
	for (size_t t = 0; request && gw_agent_control_verbs[t]; t++)
		for (const struct gw_verb *verb = gw_agent_control_verbs[t]; verb->name; verb++)
			if (!gw_verb_check(verb, request, wrong, sizeof(wrong)))
				rely_on(verb, request);
	json_decref(request);
	return 0;
}
