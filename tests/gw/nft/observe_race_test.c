/* What is observed while another program exchanges a large set: all of the old, or all of the new. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/nft/kernel.h"
#include "gw/nft/nft.h"
#include "tests/support/private_net.h"

#define ELEMENTS  3000
#define EXCHANGES 6

/* A script that exchanges what is in the set, in one transaction. */
static void write_script(const char *path, unsigned int octet)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	(void)fputs(
		"add table inet gw\nadd set inet gw many { type ipv4_addr . inet_service; flags "
		"interval; }\nflush set inet gw many\nadd element inet gw many {\n",
		file);
	for (unsigned int i = 0; i < ELEMENTS; i++)
		(void)fprintf(file, "10.%u.%u.%u . 80-90,\n", octet, i / 256, i % 256);
	(void)fputs("}\n", file);
	assert_int_equal(fclose(file), 0);
}

static void no_observation_shows_a_set_half_exchanged(void **state)
{
	char first[] = "/tmp/gw-race-a-XXXXXX", second[] = "/tmp/gw-race-b-XXXXXX", command[256];
	struct gw_kernel *kernel = NULL;
	size_t seen = 0;
	int status = 1;
	pid_t child;

	(void)state;
	if (!private_net_enter() || gw_kernel_open(&kernel) < 0)
		skip();
	(void)close(mkstemp(first));
	(void)close(mkstemp(second));
	write_script(first, 1);
	write_script(second, 2);
	(void)snprintf(command, sizeof(command), "nft -f %s", first);
	assert_int_equal(system(command), 0);
	(void)snprintf(command, sizeof(command),
		       "for i in $(seq %d); do nft -f %s && nft -f %s || exit 1; done", EXCHANGES,
		       second, first);
	{
		struct gw_ruleset *quiet = NULL;

		assert_int_equal(kernel->ops->observe(kernel, &quiet), 0);
		assert_int_equal(gw_ruleset_set(quiet, "many")->n_elems, ELEMENTS);
		gw_ruleset_free(quiet);
	}
	child = fork();
	if (child == 0)
		_exit(system(command) != 0);
	while (waitpid(child, &status, WNOHANG) == 0) {
		struct gw_ruleset *ruleset = NULL;
		int err = kernel->ops->observe(kernel, &ruleset);

		/* It changed in the middle, again and again: that is said. */
		if (err == -EBUSY)
			continue;
		assert_int_equal(err, 0);
		assert_int_equal(gw_ruleset_set(ruleset, "many")->n_elems, ELEMENTS);
		gw_ruleset_free(ruleset);
		seen++;
	}
	assert_int_equal(status, 0);
	assert_true(seen > 0);
	(void)printf("%zu observations\n", seen);
	(void)unlink(first);
	(void)unlink(second);
	gw_kernel_free(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_observation_shows_a_set_half_exchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
