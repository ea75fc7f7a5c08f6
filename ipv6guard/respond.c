#include "ipv6guard/respond.h"

#include <string.h>

const char *ipv6guard_spared_text(enum ipv6guard_spared spared)
{
	static const char *const texts[IPV6GUARD_SPARED_COUNT] = {
		[IPV6GUARD_SPARED_HARMLESS] = "it does no harm",
		[IPV6GUARD_SPARED_OFF] = "the config wants no quarantine",
		[IPV6GUARD_SPARED_WATCHED] = "the segment is only watched (`monitor`)",
		[IPV6GUARD_SPARED_PROTECTED] = "the device is protected",
		[IPV6GUARD_SPARED_ALLOWED] = "an operator has allowed it",
		[IPV6GUARD_SPARED_SHARED] =
			"other devices are at this port, and one of them may have forged the MAC",
		[IPV6GUARD_SPARED_INVENTED] =
			"too many MACs at this port do the same; they seem to be invented",
		[IPV6GUARD_SPARED_MANY] = "it stands for many MACs",
		[IPV6GUARD_SPARED_ALREADY] = "it is in quarantine already",
	};

	return texts[spared];
}

/* ---- telling --------------------------------------------------------------------------------- */

static bool tell_background(struct ipv6guard_device *device, int64_t now)
{
	/* A clock that was set back must not silence a device for ever. */
	if (device->background_told && now >= device->background_told &&
	    now - device->background_told < IPV6GUARD_BACKGROUND_PERIOD)
		return false;
	device->background_told = now;
	return true;
}

static bool is_recent(const struct ipv6guard_told *told, int64_t now)
{
	return now >= told->last && now - told->last < IPV6GUARD_TELL_PERIOD;
}

/* The entry of the class; else a free one, or one that is out of date; NULL: all others are recent. */
static struct ipv6guard_told *entry_of(struct ipv6guard_device *device, enum gw_v6_class class_id,
				       int64_t now)
{
	struct ipv6guard_told *stale = NULL;

	for (size_t i = 0; i < device->n_told; i++) {
		if (device->told[i].class_id == (uint8_t)class_id)
			return &device->told[i];
		if (!is_recent(&device->told[i], now))
			stale = &device->told[i];
	}
	if (device->n_told < IPV6GUARD_ALERTS_MAX)
		stale = &device->told[device->n_told++];
	if (stale)
		*stale = (struct ipv6guard_told){ .class_id = (uint8_t)class_id };
	return stale;
}

static bool tell(struct ipv6guard_device *device, const struct ipv6guard_offence *offence,
		 int64_t now, uint32_t *ret_held)
{
	struct ipv6guard_told *told;

	*ret_held = 0;
	if (offence->severity <= GW_V6_BACKGROUND)
		return tell_background(device, now);
	told = entry_of(device, offence->class_id, now);
	if (!told)
		return false;
	if (told->last && is_recent(told, now)) {
		told->held += told->held < UINT32_MAX;
		return false;
	}
	*ret_held = told->held;
	told->held = 0;
	told->last = now;
	return true;
}

/* ---- quarantine ------------------------------------------------------------------------------ */

static enum ipv6guard_spared spare(const struct ipv6guard_device *device,
				   const struct ipv6guard_offence *offence,
				   const struct ipv6guard_place *place,
				   const struct ipv6guard_rules *rules, int64_t now)
{
	static const uint8_t many[GW_MAC_LEN];

	if (offence->severity != GW_V6_HOSTILE)
		return IPV6GUARD_SPARED_HARMLESS;
	if (!rules->quarantine_s)
		return IPV6GUARD_SPARED_OFF;
	if (place->is_watched)
		return IPV6GUARD_SPARED_WATCHED;
	if (place->is_protected)
		return IPV6GUARD_SPARED_PROTECTED;
	if (device->allowed_until > now)
		return IPV6GUARD_SPARED_ALLOWED;
	if (memcmp(device->mac, many, sizeof(many)) == 0)
		return IPV6GUARD_SPARED_MANY;
	if (device->quarantined_until > now)
		return IPV6GUARD_SPARED_ALREADY;
	if (place->hostile > IPV6GUARD_INVENTED)
		return IPV6GUARD_SPARED_INVENTED;
	/* A MAC that the bridge knows at another port, or nowhere, is nobody's here. */
	if (!place->elsewhere && device->known && place->others && !rules->shared)
		return IPV6GUARD_SPARED_SHARED;
	return IPV6GUARD_NOT_SPARED;
}

struct ipv6guard_answer ipv6guard_respond(struct ipv6guard_device *device,
					  const struct ipv6guard_offence *offence,
					  const struct ipv6guard_place *place,
					  const struct ipv6guard_rules *rules, int64_t now)
{
	struct ipv6guard_answer answer = { .spared = spare(device, offence, place, rules, now) };

	if (offence->severity == GW_V6_HOSTILE)
		device->hostile_last = now;
	if (offence->severity != GW_V6_NONE && device->allowed_until <= now)
		answer.tell = tell(device, offence, now, &answer.held);
	if (answer.spared == IPV6GUARD_NOT_SPARED)
		device->quarantined_until = now + rules->quarantine_s;
	return answer;
}
