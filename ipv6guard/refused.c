/* What the kernel has refused in all, as it counts itself; gwd reads it, since that needs a privilege. */
#include <string.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/report/json.h"
#include "ipv6guard/guard.h"

#define LIST_MAX (4u << 20)

static void take(struct gw_link *link, const json_t *reply, int file, void *context)
{
	struct ipv6guard_state *state = context;
	gw_auto_free uint8_t *bytes = NULL;
	json_t *root;
	size_t len;

	(void)link;
	if (file < 0)
		return;
	if (gw_link_is_ok(reply) && gw_memfd_read(file, LIST_MAX, &bytes, &len) == 0) {
		root = json_loadb((const char *)bytes, len, 0, NULL);
		json_decref(state->refused);
		state->refused = json_incref(json_object_get(root, "frames"));
		json_decref(root);
	}
	(void)close(file); /* was read from only */
}

void ipv6guard_refused_ask(struct ipv6guard_state *state)
{
	/* What finds no room is asked at the next turn. */
	(void)gw_link_ask(state->daemon->link, "ipv6-frames", NULL, GW_LINK_ONCE, take, state);
}

static const char *segment_numbered(const struct ipv6guard_state *state, json_int_t number)
{
	for (size_t i = 0; state->model && i < state->model->n_segments; i++)
		if (ipv6guard_segment_number(state->model->segments[i].name) == number)
			return state->model->segments[i].name;
	return NULL;
}

static json_int_t number_at(const json_t *item, size_t i)
{
	return json_integer_value(json_array_get(item, i));
}

/* Frames are refused in two tables; who counts them does not care in which. */
static uint64_t sum_like(const json_t *list, const json_t *like, size_t from)
{
	uint64_t sum = 0;

	for (size_t i = from; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);

		if (number_at(item, 0) == number_at(like, 0) &&
		    number_at(item, 1) == number_at(like, 1) &&
		    number_at(item, 2) == number_at(like, 2))
			sum += (uint64_t)number_at(item, 3);
	}
	return sum;
}

void ipv6guard_refused_metrics(const struct ipv6guard_state *state, struct gw_metrics *metrics)
{
	json_t *family = gw_metrics_family(metrics, "gw_ipv6guard_frames", "counter",
					   "Frames that the kernel has judged, by what they were.");

	for (size_t i = 0; i < json_array_size(state->refused); i++) {
		const json_t *item = json_array_get(state->refused, i);
		const char *segment = segment_numbered(state, number_at(item, 0));
		json_int_t class_id = number_at(item, 1);
		uint64_t all = sum_like(state->refused, item, 0);

		/* Once for what both tables have counted: at the first of them. */
		if (!segment || class_id < 0 || class_id >= IPV6GUARD_CLASS_COUNT ||
		    (i && sum_like(state->refused, item, i) != all))
			continue;
		gw_metrics_add(
			family, all,
			(const char *const[]){
				"segment", segment, "class",
				ipv6guard_class_name((enum ipv6guard_class)class_id), "verdict",
				number_at(item, 2) == IPV6GUARD_VERDICT_PASS ? "pass" : "drop",
				NULL });
	}
}
