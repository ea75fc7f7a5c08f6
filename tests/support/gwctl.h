/*
 * gwctl as a function, and a config repository of its own for a test.
 *
 *	struct gwctl_site site;
 *	gwctl_site_make(&site);
 *	gwctl_site_write(&site, "config/gw.yaml", "gw: 1\n…");
 *	gwctl(&site, "check", "--json");
 *	assert_int_equal(site.status, 0);
 *	… site.out, site.err …
 *	gwctl_site_done(&site);
 */
#ifndef TESTS_SUPPORT_GWCTL_H
#define TESTS_SUPPORT_GWCTL_H

#include <jansson.h>
#include <stddef.h>

struct gwctl_site {
	char dir[64];    /* holds config/ and state/ */
	int status;      /* of the run last made */
	char *out, *err; /* what it printed, heap */
	json_t *json;    /* standard output as JSON; NULL if it is none */
};

/** Makes the folders and points GW_STATE_DIR at state/. */
void gwctl_site_make(struct gwctl_site *site);
/** Writes a file below site->dir, with the folders above it. */
void gwctl_site_write(const struct gwctl_site *site, const char *path, const char *text);
/** Reads a file below site->dir; heap, "" if there is none. */
char *gwctl_site_read(const struct gwctl_site *site, const char *path);
void gwctl_site_done(struct gwctl_site *site);

/** Runs gwctl with -C site/config and these arguments. */
#define gwctl(site, ...)                                                                           \
	gwctl_run((site), (const char *const[]){ __VA_ARGS__ },                                    \
		  sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))
void gwctl_run(struct gwctl_site *site, const char *const *args, size_t n);

#endif
