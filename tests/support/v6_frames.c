#include "tests/support/v6_frames.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "tests/support/v6_emit.h"

/* ---- labels ------------------------------------------------------------------------------------ */

static bool counts(enum gw_v6_class class_id, enum gw_v6_mode mode)
{
	const struct gw_v6_class_info *info = gw_v6_class_info(class_id);

	return (info->stops | info->tells) >> mode & 1;
}

static void consider(enum gw_v6_class *best, enum gw_v6_class other, enum gw_v6_mode mode)
{
	const struct gw_v6_class_info *a = gw_v6_class_info(*best), *b = gw_v6_class_info(other);

	if (other == GW_V6_CLASS_NONE || !counts(other, mode))
		return;
	if (*best == GW_V6_CLASS_NONE || b->severity > a->severity ||
	    (b->severity == a->severity && b->number >= 200 && a->number < 200 &&
	     other != GW_V6_CLASS_TUNNELLED)) /* is further inside */
		*best = other;
}

static enum gw_v6_class class_of_six(const struct v6_case6 *six, enum gw_v6_mode mode)
{
	bool heeded = mode == GW_V6_GUARDED ? (six->flags & (V6_ROUTER | V6_STUB)) != 0
					    : mode == GW_V6_LOCAL && (six->flags & V6_STUB);

	if (heeded && six->flags & V6_FINE)
		return GW_V6_CLASS_NONE;
	return heeded && six->guarded ? six->guarded : six->class_id;
}

/* What any packet between these addresses is, when nothing more can be seen. */
static enum gw_v6_class base_of_six(const struct v6_case6 *six)
{
	uint8_t src[16], dst[16];
	bool local;

	v6_address(src, six->src);
	v6_address(dst, six->dst);
	local = src[0] == 0xfe;
	if (!local && strcmp(six->src, "::") != 0)
		return GW_V6_CLASS_GLOBAL;
	if (dst[0] == 0xff && dst[1] != 2)
		return GW_V6_CLASS_MULTICAST_SCOPE;
	if (dst[0] != 0xff && dst[0] != 0xfe)
		return GW_V6_CLASS_GLOBAL;
	return local ? GW_V6_CLASS_LINK_LOCAL : GW_V6_CLASS_IPV6;
}

static enum gw_v6_class label(const struct v6_emitter *emitter, const struct v6_shown *shown,
			      enum gw_v6_mode mode)
{
	const struct v6_case6 *six = emitter->six;
	enum gw_v6_class best = GW_V6_CLASS_NONE;
	bool visible = !shown->hides_all;

	if (six && shown->behind_ip && six->flags & V6_BY_ADDRESS)
		consider(&best, class_of_six(six, mode), mode);
	for (unsigned int i = 0; i < V6_SHOWN_MAX; i++)
		consider(&best, shown->classes[i], mode);
	if (emitter->four && visible && !shown->hides)
		consider(&best, emitter->four->class_id, mode);
	if (emitter->two)
		consider(&best, emitter->two->class_id, mode);
	if (six && visible && (!shown->hides || six->flags & V6_BY_ADDRESS) &&
	    !(shown->hides_macs && six->flags & V6_BY_MAC))
		consider(&best, class_of_six(six, mode), mode);
	for (unsigned int i = 0; i < GW_COUNT(shown->after); i++)
		consider(&best, shown->after[i], mode);
	if (six && visible &&
	    (shown->hides || six->flags & V6_BY_ADDRESS ||
	     (shown->hides_macs && six->flags & V6_BY_MAC)))
		consider(&best, base_of_six(six), mode);
	return best;
}

void v6_emit(struct v6_emitter *emitter, const struct v6_bytes *frame, const struct v6_shown *shown)
{
	struct v6_samples *samples = emitter->samples;
	unsigned int flags = emitter->six ? emitter->six->flags : 0;
	struct v6_sample *sample;

	samples->items =
		gw_grow(samples->items, samples->n, &samples->capacity, sizeof(*samples->items));
	sample = &samples->items[samples->n++];
	*sample = (struct v6_sample){ .id = (unsigned int)samples->n,
				      .part = emitter->part ? emitter->part : 1,
				      .parts = emitter->parts ? emitter->parts : 1,
				      .len = frame->len,
				      .needs_flow = emitter->needs_flow,
				      .accepted = emitter->accepted,
				      .of_host = !(flags & (V6_ROUTER | V6_STUB)) };
	(void)snprintf(sample->case_id, sizeof(sample->case_id), "%s",
		       emitter->six    ? emitter->six->id
		       : emitter->four ? emitter->four->id
				       : emitter->two->id);
	(void)snprintf(sample->name, sizeof(sample->name), "%s",
		       emitter->six    ? emitter->six->name
		       : emitter->four ? emitter->four->name
				       : emitter->two->name);
	(void)snprintf(sample->variant, sizeof(sample->variant), "%s", emitter->variant);
	sample->bytes = gw_zalloc(frame->len, 1);
	memcpy(sample->bytes, frame->at, frame->len);
	sample->benign = flags & (V6_VICTIM | V6_FINE) ||
			 (emitter->four && emitter->four->class_id == GW_V6_CLASS_NONE) ||
			 (emitter->two && emitter->two->class_id == GW_V6_CLASS_NONE);
	sample->victim = emitter->six    ? emitter->six->victim
			 : emitter->four ? emitter->four->victim
					 : emitter->two->victim;
	for (unsigned int mode = 0; mode < V6_LABELS; mode++)
		sample->expected[mode] = label(emitter, shown, mode);
}

/* ---- the set ----------------------------------------------------------------------------------- */

static void add_two(struct v6_samples *samples, const struct v6_case2 *from)
{
	struct v6_emitter emitter = {
		.samples = samples, .two = from, .variant = "plain", .accepted = true
	};
	static struct v6_bytes frame;

	frame.len = 0;
	v6_hex(&frame, from->head);
	v6_inner_packet(from->inner, &frame);
	v6_emit(&emitter, &frame, &(struct v6_shown){ 0 });
}

void v6_samples_build(struct v6_samples *ret)
{
	*ret = (struct v6_samples){ 0 };
	for (size_t i = 0; i < v6_cases6_n; i++)
		v6_bend_six(&(struct v6_emitter){ .samples = ret, .six = &v6_cases6[i] },
			    &v6_cases6[i]);
	for (size_t i = 0; i < v6_benign6_n; i++)
		v6_bend_six(&(struct v6_emitter){ .samples = ret, .six = &v6_benign6[i] },
			    &v6_benign6[i]);
	for (size_t i = 0; i < v6_cases4_n; i++)
		v6_bend_four(&(struct v6_emitter){ .samples = ret, .four = &v6_cases4[i] },
			     &v6_cases4[i]);
	for (size_t i = 0; i < v6_cases2_n; i++)
		add_two(ret, &v6_cases2[i]);
}

void v6_samples_free(struct v6_samples *samples)
{
	for (size_t i = 0; i < samples->n; i++)
		free(samples->items[i].bytes);
	free(samples->items);
	*samples = (struct v6_samples){ 0 };
}

/* ---- the segment ------------------------------------------------------------------------------- */

static enum gw_v6_owner owner(void *data, uint32_t port, const uint8_t mac[GW_MAC_LEN],
			      const uint8_t address[16])
{
	uint8_t victim[16], taken[16];

	(void)data;
	(void)port;
	v6_address(victim, V6_ADDRESS_VICTIM);
	v6_address(taken, V6_ADDRESS_TAKEN);
	if (memcmp(address, victim, 16) == 0)
		return memcmp(mac, v6_mac_victim, 6) == 0 ? GW_V6_OWNER_SELF : GW_V6_OWNER_OTHER;
	return memcmp(address, taken, 16) == 0 ? GW_V6_OWNER_TENTATIVE : GW_V6_OWNER_UNKNOWN;
}

void v6_samples_context(enum gw_v6_mode mode, struct gw_v6_context *ret)
{
	static const struct gw_v6_prefix prefix = { .address = { 0x20, 0x01, 0x0d, 0xb8, 0, 1 },
						    .length = 64 };
	static const struct gw_v6_prefix thread = { .address = { 0xfd, 0x11 }, .length = 16 };
	static const struct gw_v6_prefix dns = {
		.address = { 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53 }, .length = 128
	};
	static const struct gw_v6_router routers[] = {
		{ .peer = { .mac = { 2, 1, 1, 1, 1, 1 },
			    .address = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } },
		  .prefixes = &prefix,
		  .n_prefixes = 1,
		  .dns = &dns,
		  .n_dns = 1 },
		{ .peer = { .mac = { 2, 1, 1, 1, 1, 2 },
			    .address = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 } },
		  .stub = true,
		  .routes = &thread,
		  .n_routes = 1 },
	};

	*ret = (struct gw_v6_context){ .mode = mode,
				       .routers = routers,
				       .n_routers = GW_COUNT(routers),
				       .dhcp6_servers = &routers[0].peer,
				       .n_dhcp6_servers = 1,
				       .bindings = { .owner = owner } };
}
