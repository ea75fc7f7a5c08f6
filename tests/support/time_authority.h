/*
 * A time-stamp authority in a thread, which answers requests over HTTP on a port of loopback that the
 * kernel chooses. Its certificate is its own authority.
 */
#ifndef TESTS_SUPPORT_TIME_AUTHORITY_H
#define TESTS_SUPPORT_TIME_AUTHORITY_H

struct time_authority;

enum time_authority_manner {
	AUTHORITY_HONEST,
	AUTHORITY_STAMPS_SOMETHING_ELSE,
	AUTHORITY_SENDS_GARBAGE,
	AUTHORITY_REFUSES,
};

/** Starts it; its certificate goes to DIR/tsa.pem. */
struct time_authority *time_authority_new(const char *dir, enum time_authority_manner manner);
/** "http://127.0.0.1:PORT/tsa"; borrowed. */
const char *time_authority_url(const struct time_authority *authority);
void time_authority_free(struct time_authority *authority);

#endif
