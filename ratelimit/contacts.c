#include "ratelimit/contacts.h"

#include "gw/core/hash.h"
#include "gw/core/mem.h"

#define WAYS 4u

struct entry {
	uint64_t pair;   /* a hash: two pairs that share it are taken for one, once in 2^64 */
	int64_t seen_ms; /* 0: the place is free */
};

struct ratelimit_contacts {
	uint64_t seed;
	uint32_t lines; /* a power of two */
	struct entry *entries;
};

struct ratelimit_contacts *ratelimit_contacts_new(uint32_t places, uint64_t seed)
{
	struct ratelimit_contacts *contacts = gw_zalloc(1, sizeof(*contacts));

	contacts->seed = seed;
	contacts->lines = 1;
	while (contacts->lines * WAYS < places)
		contacts->lines *= 2;
	contacts->entries = gw_zalloc((size_t)contacts->lines * WAYS, sizeof(*contacts->entries));
	return contacts;
}

void ratelimit_contacts_free(struct ratelimit_contacts *contacts)
{
	if (!contacts)
		return;
	gw_free(contacts->entries);
	gw_free(contacts);
}

static uint64_t hash_addr(uint64_t hash, struct ratelimit_addr addr)
{
	hash = gw_hash_u64(hash, (uint64_t)addr.addr);
	return gw_hash_u64(hash, (uint64_t)(addr.addr >> 64) ^ addr.family);
}

bool ratelimit_contacts_first(struct ratelimit_contacts *contacts, struct ratelimit_addr host,
			      struct ratelimit_addr dest, int64_t now_ms, int64_t forget_ms)
{
	uint64_t pair = hash_addr(hash_addr(contacts->seed, host), dest);
	struct entry *line = &contacts->entries[(pair & (contacts->lines - 1)) * WAYS];
	struct entry *place = line;

	for (unsigned int i = 0; i < WAYS; i++) {
		if (line[i].seen_ms && line[i].pair == pair) {
			bool known = now_ms - line[i].seen_ms < forget_ms;

			line[i].seen_ms = now_ms;
			return !known;
		}
		if (line[i].seen_ms < place->seen_ms)
			place = &line[i];
	}
	*place = (struct entry){ pair, now_ms };
	return true;
}
