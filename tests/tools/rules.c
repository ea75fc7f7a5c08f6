/*
 * Observes the kernel's rules again and again, as an unfriendly neighbour would, and prints a line
 * whenever they are others than before: milliseconds of CLOCK_BOOTTIME and the digest of what decides
 * new connections ("none" where there is no table). Numbers of rules in force are left out: they
 * follow a change in transactions of their own.
 *
 *	rules           until SIGTERM; then the last line is "N observations"
 *	rules once      one line, without the time
 *	rules stored FILE…      the same of compiled rulesets in files: revisions' `compiled`
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gw/agent/counts.h"
#include "gw/agent/durable.h"
#include "gw/nft/nft.h"

#define PAUSE_NS 2000000 /* other programs want the processor, too */

static volatile sig_atomic_t ended;

static void end(int number)
{
	(void)number;
	ended = 1;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Frees the ruleset. */
static void digest_of(struct gw_ruleset *ruleset, char digest[65])
{
	for (size_t i = 0; i < ruleset->n_sets; i++)
		if (gw_counts_numbers(&ruleset->sets[i]))
			ruleset->sets[i].n_elems = 0;
	if (ruleset->n_chains)
		gw_ruleset_digest(ruleset, digest);
	else
		memcpy(digest, "none", sizeof("none"));
	gw_ruleset_free(ruleset);
}

static int observe(struct gw_kernel *kernel, char digest[65])
{
	struct gw_ruleset *seen;
	int err = kernel->ops->observe(kernel, &seen);

	if (!err)
		digest_of(seen, digest);
	return err;
}

static int print_stored(const char *path)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_ruleset *ruleset = NULL;
	char digest[65], *bytes;
	size_t len;

	if (gw_durable_read(AT_FDCWD, path, SIZE_MAX, arena, &bytes, &len) == 0)
		ruleset = gw_ruleset_decode(bytes, len);
	if (ruleset) {
		digest_of(ruleset, digest);
		(void)printf("%s\n", digest);
	} else {
		(void)fprintf(stderr, "rules: %s: no ruleset\n", path);
	}
	gw_arena_free(arena);
	return ruleset ? 0 : 1;
}

static int watch(struct gw_kernel *kernel)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	char digest[65], before[65] = "";
	unsigned long n = 0;

	while (!ended) {
		int err = observe(kernel, digest);

		/* Changed during each of several dumps: there is a next time. */
		if (err == -EBUSY)
			continue;
		if (err) {
			(void)fprintf(stderr, "rules: %s\n", strerror(-err));
			return 1;
		}
		n++;
		if (strcmp(digest, before) != 0)
			(void)printf("%" PRId64 " %s\n", now_ms(), digest);
		memcpy(before, digest, sizeof(before));
		(void)nanosleep(&pause, NULL); /* cut short by the signal that ends it */
	}
	(void)printf("%lu observations\n", n);
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = end };
	struct gw_kernel *kernel;
	char digest[65];
	int err, status = 0;

	if (argc > 1 && strcmp(argv[1], "stored") == 0) {
		for (int i = 2; i < argc; i++)
			status |= print_stored(argv[i]);
		return status;
	}
	(void)sigaction(SIGTERM, &action, NULL); /* cannot fail for this signal */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	err = gw_kernel_open(&kernel);
	if (err) {
		(void)fprintf(stderr, "rules: %s\n", strerror(-err));
		return 1;
	}
	if (argc > 1 && strcmp(argv[1], "once") == 0) {
		err = observe(kernel, digest);
		(void)printf("%s\n", err ? strerror(-err) : digest);
		status = err ? 1 : 0;
	} else {
		status = watch(kernel);
	}
	gw_kernel_free(kernel);
	return status;
}
