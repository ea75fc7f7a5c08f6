/* The entry to a walk, and how findings become a verdict. */
#include <string.h>

#include "ipv6guard/walk.h"

/* What may be found inside of tunnels and still counts: other tunnels. What else goes on in there is noted,
 * but judged with the tunnel, so that who permits a tunnel permits its content. */
static bool counts_inside(const struct gw_v6_class_info *info)
{
	return info->number / 100 == 6 || info->number == 130;
}

/* Is the new finding the better name of the frame? */
static bool names_better(const struct gw_v6_walk *walk, const struct gw_v6_class_info *info)
{
	const struct gw_v6_result *result = walk->result;
	const struct gw_v6_class_info *old = gw_v6_class_info(result->class_id);

	if (info->severity != old->severity)
		return info->severity > old->severity;
	if (walk->depth != result->evidence.depth)
		return walk->depth < result->evidence.depth;
	/* What a frame does says more than how it is wrapped (101-199). */
	return info->number >= 200 && old->number < 200;
}

void gw_v6_mark(struct gw_v6_walk *walk, enum gw_v6_class class_id)
{
	const struct gw_v6_class_info *info = gw_v6_class_info(class_id);
	struct gw_v6_result *result = walk->result;
	unsigned int mode = 1u << walk->context->mode;

	gw_v6_classes_add(&result->found, class_id);
	if ((walk->depth && !counts_inside(info)) || !((info->stops | info->tells) & mode) ||
	    gw_v6_classes_have(&walk->context->permitted, class_id))
		return;
	if (info->stops & mode)
		result->verdict = GW_V6_DROP;
	if (result->class_id != GW_V6_CLASS_NONE && !names_better(walk, info))
		return;
	result->class_id = class_id;
	result->severity = info->severity;
	result->evidence.layer = walk->layer;
	result->evidence.offset = (uint32_t)walk->offset;
	result->evidence.depth = (uint8_t)walk->depth;
}

bool gw_v6_step(struct gw_v6_walk *walk, enum gw_v6_layer layer, const uint8_t *at)
{
	walk->layer = layer;
	walk->offset = (size_t)(at - walk->frame->bytes);
	if (walk->steps++ < GW_V6_STEPS_MAX)
		return true;
	gw_v6_mark(walk, GW_V6_CLASS_NEST_TOO_DEEP);
	return false;
}

void gw_v6_missing(struct gw_v6_walk *walk, struct gw_v6_bytes rest)
{
	const struct gw_v6_frame *frame = walk->frame;

	if (frame->wire_len > frame->len && rest.at + rest.len == frame->bytes + frame->len)
		gw_v6_trick(walk, GW_V6_TRICK_CUT);
	else
		gw_v6_mark(walk, GW_V6_CLASS_MALFORMED);
}

bool gw_v6_enter(struct gw_v6_walk *walk)
{
	if (walk->depth > 0)
		gw_v6_trick(walk, GW_V6_TRICK_NESTED);
	if (walk->depth == GW_V6_DEPTH_MAX) {
		gw_v6_mark(walk, GW_V6_CLASS_NEST_TOO_DEEP);
		return false;
	}
	walk->depth++;
	return true;
}

void gw_v6_leave(struct gw_v6_walk *walk)
{
	walk->depth--;
}

/* Not the details: a kilobyte that is written only where there are any. */
static void result_clear(struct gw_v6_result *result)
{
	result->verdict = GW_V6_PASS;
	result->class_id = GW_V6_CLASS_NONE;
	result->severity = GW_V6_NONE;
	result->found = (struct gw_v6_classes){ { 0 } };
	result->tricks = 0;
	result->evidence = (struct gw_v6_evidence){ 0 };
	result->detail = GW_V6_DETAIL_NONE;
}

void gw_v6_classify(const struct gw_v6_context *context, struct gw_v6_flows *flows,
		    const struct gw_v6_frame *frame, struct gw_v6_result *ret)
{
	struct gw_v6_walk walk = {
		.context = context,
		.flows = flows,
		.frame = frame,
		.result = ret,
		.ethernet = true,
	};

	result_clear(ret);
	gw_v6_walk_ethernet(&walk, (struct gw_v6_bytes){ frame->bytes, frame->len });
}
