/*
 * Has this host talked to that destination before? A fixed table of four ways to a line that forgets the
 * oldest: it never grows, and what it has forgotten is a first contact again.
 */
#ifndef RATELIMIT_CONTACTS_H
#define RATELIMIT_CONTACTS_H

#include "ratelimit/sketch.h"

struct ratelimit_contacts;

/** For about `places` pairs. */
struct ratelimit_contacts *ratelimit_contacts_new(uint32_t places, uint64_t seed);
void ratelimit_contacts_free(struct ratelimit_contacts *contacts);
/** True if it is the first contact, or the first since `forget_ms`; from now on it is known. */
bool ratelimit_contacts_first(struct ratelimit_contacts *contacts, struct ratelimit_addr host,
			      struct ratelimit_addr dest, int64_t now_ms, int64_t forget_ms);

#endif
