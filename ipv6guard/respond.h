/*
 * What follows from an offence: is it told, and is the device put into quarantine. Pure: the device, what
 * is known of its port, and time go in.
 *
 * Told: background once a device and day; anything else once a device, class and hour, whatever comes; what
 * is held back is counted and told with the next.
 *
 * Quarantine follows hostile acts alone, and is of a pair of port and MAC, so that whoever forges the MAC of
 * a device elsewhere shuts out himself. Where a port has several devices, one of them can forge another's
 * MAC, and nothing in a frame shows it: there a device is put into quarantine only if the operator wants it so.
 * So it is with a port from which hostile acts of many MACs come: that is one who invents them.
 */
#ifndef IPV6GUARD_RESPOND_H
#define IPV6GUARD_RESPOND_H

#include "ipv6guard/classify.h"
#include "ipv6guard/devices.h"

/* Hostile MACs of a port within ten minutes, beyond which they count as invented. */
#define IPV6GUARD_INVENTED        4u
#define IPV6GUARD_INVENTED_WINDOW 600

#define IPV6GUARD_TELL_PERIOD       3600
#define IPV6GUARD_BACKGROUND_PERIOD 86400

struct ipv6guard_offence {
	enum gw_v6_class class_id;
	enum gw_v6_severity severity;
};

/** Circumstances. */
struct ipv6guard_place {
	bool elsewhere;       /* the bridge knows the MAC at another port */
	unsigned int others;  /* other MACs that the kernel knows at this port */
	unsigned int hostile; /* MACs with hostile acts at this port lately, this one included */
	bool is_protected;    /* `protect:`, or the gateway's own */
	bool is_watched;      /* the segment has `monitor`: nothing is stopped there */
};

struct ipv6guard_rules {
	uint32_t quarantine_s; /* 0: never */
	bool shared;
};

enum ipv6guard_spared {
	IPV6GUARD_NOT_SPARED,
	IPV6GUARD_SPARED_HARMLESS, /* no hostile act */
	IPV6GUARD_SPARED_OFF,      /* the config wants no quarantine */
	IPV6GUARD_SPARED_WATCHED,  /* the segment is only watched */
	IPV6GUARD_SPARED_PROTECTED,
	IPV6GUARD_SPARED_ALLOWED,  /* by an operator */
	IPV6GUARD_SPARED_SHARED,   /* the MAC may be forged by another device of the port */
	IPV6GUARD_SPARED_INVENTED, /* the port has brought forth too many */
	IPV6GUARD_SPARED_MANY,     /* the device stands for many */
	IPV6GUARD_SPARED_ALREADY,  /* it is in quarantine */
	IPV6GUARD_SPARED_COUNT
};
/** Why, as words for people; NULL for NOT_SPARED. */
const char *ipv6guard_spared_text(enum ipv6guard_spared spared);

struct ipv6guard_answer {
	bool tell;
	uint32_t held; /* of the same kind that were not told since the last one */
	enum ipv6guard_spared spared;
};

/** Judges an offence, and notes in the device what was told. */
struct ipv6guard_answer ipv6guard_respond(struct ipv6guard_device *device,
					  const struct ipv6guard_offence *offence,
					  const struct ipv6guard_place *place,
					  const struct ipv6guard_rules *rules, int64_t now);

#endif
