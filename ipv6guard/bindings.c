#include "ipv6guard/bindings.h"

#include <string.h>

#include "gw/core/mem.h"

#define WAYS 8u /* places that an address may have */

struct binding {
	uint8_t address[16];
	uint8_t mac[GW_MAC_LEN];
	uint32_t port; /* 0: free */
	int64_t last;
};

struct ipv6guard_bindings {
	struct binding *items;
	size_t max, n;
};

struct ipv6guard_bindings *ipv6guard_bindings_new(size_t max)
{
	struct ipv6guard_bindings *bindings = gw_zalloc(1, sizeof(*bindings));

	bindings->max = WAYS;
	while (bindings->max < max)
		bindings->max *= 2;
	bindings->items = gw_zalloc(bindings->max, sizeof(*bindings->items));
	return bindings;
}

void ipv6guard_bindings_free(struct ipv6guard_bindings *bindings)
{
	if (!bindings)
		return;
	gw_free(bindings->items);
	gw_free(bindings);
}

size_t ipv6guard_bindings_count(const struct ipv6guard_bindings *bindings)
{
	return bindings->n;
}

static struct binding *places_of(const struct ipv6guard_bindings *bindings,
				 const uint8_t address[16])
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < 16; i++)
		hash = (hash ^ address[i]) * UINT64_C(0x100000001b3);
	return &bindings->items[(size_t)(hash ^ hash >> 32) & (bindings->max - WAYS)];
}

static bool is_alive(const struct binding *binding, int64_t now)
{
	return binding->port && now - binding->last < IPV6GUARD_BINDING_LIFE_S;
}

static bool is_of(const struct binding *binding, uint32_t port, const uint8_t mac[GW_MAC_LEN])
{
	return binding->port == port && memcmp(binding->mac, mac, GW_MAC_LEN) == 0;
}

static struct binding *find(const struct ipv6guard_bindings *bindings, const uint8_t address[16],
			    int64_t now)
{
	struct binding *places = places_of(bindings, address);

	for (size_t i = 0; i < WAYS; i++)
		if (is_alive(&places[i], now) && memcmp(places[i].address, address, 16) == 0)
			return &places[i];
	return NULL;
}

/* Where a device has as many as it may, its oldest goes: addresses change by the hour. */
static void make_room(struct ipv6guard_bindings *bindings, uint32_t port,
		      const uint8_t mac[GW_MAC_LEN], int64_t now)
{
	struct binding *oldest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < bindings->max; i++) {
		struct binding *item = &bindings->items[i];

		if (!is_alive(item, now) || !is_of(item, port, mac))
			continue;
		n++;
		if (!oldest || item->last < oldest->last)
			oldest = item;
	}
	if (n < IPV6GUARD_BINDING_DEVICE_MAX)
		return;
	oldest->port = 0;
	bindings->n--;
}

enum ipv6guard_claim ipv6guard_bindings_claim(struct ipv6guard_bindings *bindings, uint32_t port,
					      const uint8_t mac[GW_MAC_LEN],
					      const uint8_t address[16], int64_t now)
{
	struct binding *found = find(bindings, address, now), *places;

	if (found) {
		if (!is_of(found, port, mac))
			return IPV6GUARD_CLAIM_REFUSED;
		found->last = now;
		return IPV6GUARD_CLAIM_KEPT;
	}
	make_room(bindings, port, mac, now);
	places = places_of(bindings, address);
	for (size_t i = 0; i < WAYS; i++) {
		if (is_alive(&places[i], now))
			continue;
		bindings->n += !places[i].port;
		places[i] = (struct binding){ .port = port, .last = now };
		memcpy(places[i].mac, mac, GW_MAC_LEN);
		memcpy(places[i].address, address, 16);
		return IPV6GUARD_CLAIM_GRANTED;
	}
	return IPV6GUARD_CLAIM_FULL;
}

enum gw_v6_owner ipv6guard_bindings_owner(const struct ipv6guard_bindings *bindings, uint32_t port,
					  const uint8_t mac[GW_MAC_LEN], const uint8_t address[16],
					  int64_t now)
{
	const struct binding *found = find(bindings, address, now);

	if (!found)
		return GW_V6_OWNER_UNKNOWN;
	return is_of(found, port, mac) ? GW_V6_OWNER_SELF : GW_V6_OWNER_OTHER;
}
