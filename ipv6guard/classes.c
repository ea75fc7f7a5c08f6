/* The table of classes, and the names of all that a result is made of. */
#include <string.h>

#include "gw/core/mem.h"
#include "ipv6guard/classify.h"

#define OFF      (1u << GW_V6_OFF)
#define LOCAL    (1u << GW_V6_LOCAL)
#define GUARDED  (1u << GW_V6_GUARDED)
#define UNROUTED (OFF | LOCAL)
#define STOP_ALL (OFF | LOCAL | GUARDED)

static const struct gw_v6_class_info classes[GW_V6_CLASS_COUNT] = {
	[GW_V6_CLASS_NONE] = { .name = "ordinary",
			       .catalogue = "-",
			       .text_en = "ordinary traffic",
			       .text_ja = "通常の通信" },
#define GW_V6_CLASS(symbol, id, label, gravity, stopped, told, case_id, en, ja)                    \
	[GW_V6_CLASS_##symbol] = { .number = (id),                                                 \
				   .name = (label),                                                \
				   .catalogue = (case_id),                                         \
				   .severity = GW_V6_##gravity,                                    \
				   .stops = (stopped),                                             \
				   .tells = (told),                                                \
				   .text_en = (en),                                                \
				   .text_ja = (ja) },
#include "ipv6guard/classes.def"
#undef GW_V6_CLASS
};

const struct gw_v6_class_info *gw_v6_class_info(enum gw_v6_class class_id)
{
	return &classes[class_id];
}

enum gw_v6_class gw_v6_class_by_name(const char *name)
{
	unsigned int i = 0;

	while (i < GW_V6_CLASS_COUNT && strcmp(classes[i].name, name) != 0)
		i++;
	return i;
}

static const char *const mode_names[GW_V6_MODE_COUNT] = { "off", "local", "guarded", "open" };

const char *gw_v6_mode_name(enum gw_v6_mode mode)
{
	return mode_names[mode];
}

bool gw_v6_mode_parse(const char *text, enum gw_v6_mode *ret)
{
	for (unsigned int i = 0; i < GW_V6_MODE_COUNT; i++) {
		if (strcmp(mode_names[i], text) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

const char *gw_v6_severity_name(enum gw_v6_severity severity)
{
	static const char *const names[] = { "none", "background", "active", "hostile" };

	return names[severity];
}

const char *gw_v6_trick_name(enum gw_v6_trick trick)
{
	static const char *const names[GW_V6_TRICK_COUNT] = {
		"vlan",
		"vlan-0",
		"llc-snap",
		"llc-length",
		"carrier",
		"hop-by-hop",
		"destination-options",
		"routing-header",
		"fragment",
		"atomic-fragment",
		"opaque",
		"length",
		"trailer",
		"version",
		"hop-limit",
		"checksum",
		"multicast-mac",
		"source-mac",
		"bad-option",
		"nested",
		"ipv4-options",
		"ipv4-fragment",
		"jumbo",
		"cut",
	};

	return names[__builtin_ctz(trick)];
}

const char *gw_v6_layer_name(enum gw_v6_layer layer)
{
	static const char *const names[] = {
		"ethernet",  "vlan tag", "llc",    "carrier", "ppp", "arp",    "ipv4",   "ipv6",
		"extension", "fragment", "icmpv6", "udp",     "tcp", "tunnel", "opaque",
	};

	return names[layer];
}
