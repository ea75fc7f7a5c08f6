#include "ratelimit/scan_host.h"

#include <string.h>

#include "gw/core/hash.h"
#include "gw/core/mem.h"

#define NOWHERE   UINT32_MAX
#define LOOKED_AT 8u /* candidates for giving way */
#define WATCH_MS  10000

void ratelimit_hosts_init(struct ratelimit_hosts *hosts, uint32_t capacity, uint64_t seed)
{
	*hosts = (struct ratelimit_hosts){ .seed = seed, .capacity = capacity, .chains = 1 };
	while (hosts->chains < capacity)
		hosts->chains *= 2;
	hosts->items = gw_zalloc(capacity, sizeof(*hosts->items));
	hosts->heads = gw_zalloc(hosts->chains, sizeof(*hosts->heads));
	memset(hosts->heads, 0xff, hosts->chains * sizeof(*hosts->heads));
}

void ratelimit_hosts_done(struct ratelimit_hosts *hosts)
{
	gw_free(hosts->items);
	gw_free(hosts->heads);
}

static uint32_t *head_of(const struct ratelimit_hosts *hosts, struct ratelimit_addr addr)
{
	uint64_t hash = gw_hash_u64(hosts->seed, (uint64_t)addr.addr);

	hash = gw_hash_u64(hash, (uint64_t)(addr.addr >> 64) ^ addr.family);
	return &hosts->heads[hash & (hosts->chains - 1)];
}

struct ratelimit_host *ratelimit_hosts_find(const struct ratelimit_hosts *hosts,
					    struct ratelimit_addr addr)
{
	uint32_t i = *head_of(hosts, addr);

	while (i != NOWHERE && !ratelimit_addr_equal(hosts->items[i].addr, addr))
		i = hosts->items[i].next;
	return i == NOWHERE ? NULL : &hosts->items[i];
}

static void unchain(struct ratelimit_hosts *hosts, uint32_t place)
{
	uint32_t *slot = head_of(hosts, hosts->items[place].addr);

	while (*slot != place)
		slot = &hosts->items[*slot].next;
	*slot = hosts->items[place].next;
}

/* The one of some that was silent for longest: a hand goes round, so all have their turn. */
static uint32_t make_room(struct ratelimit_hosts *hosts)
{
	uint32_t oldest = hosts->hand;

	if (hosts->used < hosts->capacity)
		return hosts->used++;
	for (uint32_t i = 0; i < LOOKED_AT; i++) {
		hosts->hand = (hosts->hand + 1) % hosts->capacity;
		if (hosts->items[hosts->hand].last_ms < hosts->items[oldest].last_ms)
			oldest = hosts->hand;
	}
	unchain(hosts, oldest);
	hosts->displaced++;
	return oldest;
}

struct ratelimit_host *ratelimit_hosts_see(struct ratelimit_hosts *hosts,
					   struct ratelimit_addr addr, int64_t now_ms)
{
	struct ratelimit_host *host = ratelimit_hosts_find(hosts, addr);
	uint32_t *head, place;

	if (!host) {
		place = make_room(hosts);
		host = &hosts->items[place];
		*host = (struct ratelimit_host){ .addr = addr, .number = host->number + 1 };
		head = head_of(hosts, addr);
		host->next = *head;
		host->used = true;
		*head = place;
	}
	host->last_ms = now_ms;
	return host;
}

void ratelimit_host_forget_walk(struct ratelimit_host *host)
{
	host->steps = 0;
	host->contacts = host->failures = 0;
	host->walk_ms = 0;
	host->n_examples = 0;
}

/* ---- ports ----------------------------------------------------------------------------------- */

struct ratelimit_port *ratelimit_host_port(struct ratelimit_host *host, uint8_t protocol,
					   uint16_t port, int64_t now_ms)
{
	struct ratelimit_port *place = &host->ports[0];

	for (size_t i = 0; i < RATELIMIT_PORTS; i++) {
		struct ratelimit_port *item = &host->ports[i];

		if (item->since_ms && item->port == port && item->protocol == protocol &&
		    now_ms - item->since_ms < WATCH_MS)
			return item;
		if (item->since_ms && item->port == port && item->protocol == protocol) {
			place = item;
			break;
		}
		if (item->since_ms < place->since_ms)
			place = item;
	}
	*place = (struct ratelimit_port){ .since_ms = now_ms, .port = port, .protocol = protocol };
	return place;
}

void ratelimit_port_add(struct ratelimit_port *port, uint64_t hash)
{
	port->set[hash / 64 % RATELIMIT_SET_LEN] |= UINT64_C(1) << hash % 64;
}

/* As many as it takes on average to set so many bits. */
uint32_t ratelimit_port_destinations(const struct ratelimit_port *port)
{
	const uint32_t bits = RATELIMIT_SET_LEN * 64;
	uint32_t set = 0, sum = 0;

	for (size_t i = 0; i < RATELIMIT_SET_LEN; i++)
		set += (uint32_t)__builtin_popcountll(port->set[i]);
	for (uint32_t i = 0; i < set; i++)
		sum += (bits << 8) / (bits - i);
	return (sum + 128) >> 8;
}
