/* Hashes that name things by content: the same on every machine and in every run. Not for hostile
 * input where a collision would matter: users of a hash here resolve or verify collisions. */
#ifndef GW_CORE_HASH_H
#define GW_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define GW_HASH_START UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t gw_hash_u64(uint64_t hash, uint64_t value)
{
	hash ^= value;
	hash *= UINT64_C(0xbf58476d1ce4e5b9);
	hash ^= hash >> 29;
	hash *= UINT64_C(0x94d049bb133111eb);
	return hash ^ hash >> 32;
}

static inline uint64_t gw_hash_bytes(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint64_t word;

	for (; len >= sizeof(word); len -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = gw_hash_u64(hash, word);
	}
	word = (uint64_t)len << 56;
	if (len)
		memcpy(&word, bytes, len);
	return gw_hash_u64(hash, word ^ (uint64_t)len << 56);
}

static inline uint64_t gw_hash_text(uint64_t hash, const char *text)
{
	return gw_hash_bytes(hash, text, strlen(text) + 1);
}

#endif
