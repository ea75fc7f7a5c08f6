#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/agent/pairs.h"
#include "gw/core/mem.h"

struct lab {
	char dir[64];
	int fd;
	struct gw_pairs pairs;
};

static int setup(void **state)
{
	struct lab *lab = gw_zalloc(1, sizeof(*lab));

	(void)snprintf(lab->dir, sizeof(lab->dir), "/tmp/gw-pairs-XXXXXX");
	if (!mkdtemp(lab->dir))
		return -1;
	lab->fd = open(lab->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	(void)unlinkat(lab->fd, "pairs.json", 0);
	(void)close(lab->fd);
	(void)rmdir(lab->dir);
	gw_free(lab->pairs.items);
	gw_free(lab);
	return 0;
}

static struct gw_pair pair_of(const char *port, uint8_t last, int64_t until)
{
	struct gw_pair pair = { .mac = { 0x52, 0x54, 0, 0, 0, last },
				.since = 1800000000,
				.until = until };

	(void)snprintf(pair.port, sizeof(pair.port), "%s", port);
	(void)snprintf(pair.actor, sizeof(pair.actor), "gw-ipv6guard");
	(void)snprintf(pair.reason, sizeof(pair.reason), "rogue router");
	return pair;
}

static void what_was_saved_is_loaded(void **state)
{
	struct lab *lab = *state;
	struct gw_pairs again = { 0 };
	struct gw_pair a = pair_of("lan1", 1, 1800003600), b = pair_of("lan2", 1, 1800000060);

	assert_int_equal(gw_pairs_load(&lab->pairs, lab->fd), 0); /* no file yet */
	assert_true(gw_pairs_put(&lab->pairs, &a));
	assert_true(gw_pairs_put(&lab->pairs, &b));
	a.until += 60;
	assert_true(gw_pairs_put(&lab->pairs, &a)); /* takes the place of the first */
	assert_int_equal(lab->pairs.n, 2);
	assert_int_equal(gw_pairs_save(&lab->pairs, lab->fd), 0);
	assert_int_equal(gw_pairs_load(&again, lab->fd), 0);
	assert_int_equal(again.n, 2);
	assert_int_equal(gw_pairs_find(&again, "lan1", a.mac)->until, a.until);
	assert_string_equal(gw_pairs_find(&again, "lan2", a.mac)->reason, "rogue router");
	gw_pairs_remove(&again, gw_pairs_find(&again, "lan1", a.mac));
	assert_null(gw_pairs_find(&again, "lan1", a.mac));
	assert_non_null(gw_pairs_find(&again, "lan2", a.mac));
	gw_free(again.items);
}

static void the_list_has_a_bound(void **state)
{
	struct lab *lab = *state;
	struct gw_pair pair = pair_of("lan1", 0, 1800003600);

	for (unsigned int i = 0; i < GW_PAIRS_MAX; i++) {
		pair.mac[4] = (uint8_t)(i >> 8);
		pair.mac[5] = (uint8_t)i;
		assert_true(gw_pairs_put(&lab->pairs, &pair));
	}
	assert_true(gw_pairs_put(&lab->pairs, &pair));
	pair.mac[3] = 1;
	assert_false(gw_pairs_put(&lab->pairs, &pair));
}

static void a_damaged_file_yields_what_can_be_read(void **state)
{
	static const char text[] =
		"{\"pairs\": [{\"port\": \"lan1\", \"mac\": \"52:54:00:00:00:01\", \"since\": 1,"
		" \"until\": 1800000000, \"actor\": \"a\", \"reason\": \"r\"},"
		" {\"port\": \"../x\", \"mac\": \"52:54:00:00:00:01\", \"since\": 1,"
		" \"until\": 1800000000, \"actor\": \"a\", \"reason\": \"r\"}, 7]}";
	struct lab *lab = *state;
	int fd = openat(lab->fd, "pairs.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	assert_int_equal(gw_pairs_load(&lab->pairs, lab->fd), -EBADMSG);
	assert_int_equal(lab->pairs.n, 1);
	assert_int_equal(ftruncate(fd, 20), 0);
	assert_int_equal(gw_pairs_load(&lab->pairs, lab->fd), -EBADMSG);
	(void)close(fd);
}

static void names_of_ports_are_those_that_the_kernel_takes(void **state)
{
	(void)state;
	assert_true(gw_pair_port_ok("lan1"));
	assert_true(gw_pair_port_ok("eth0.10@x"));
	assert_false(gw_pair_port_ok(""));
	assert_false(gw_pair_port_ok(".."));
	assert_false(gw_pair_port_ok("a/b"));
	assert_false(gw_pair_port_ok("a b"));
	assert_false(gw_pair_port_ok("0123456789abcdef"));
}

static void sets_that_are_loaded_have_what_still_holds(void **state)
{
	struct lab *lab = *state;
	struct gw_pair now = pair_of("lan1", 1, 1800003600), over = pair_of("lan1", 2, 1800000000);
	struct gw_ruleset *ruleset = gw_ruleset_new(NFPROTO_INET, "gw");
	struct gw_ruleset *table = gw_ruleset_add_table(ruleset, NFPROTO_NETDEV);
	struct gw_set set = { .name = GW_PAIRS_SET,
			      .key = { GW_TYPE_IFNAME, GW_TYPE_ETHER },
			      .n_key = 2,
			      .timeout = true };
	static const uint8_t in_use[] = GW_PAIRS_IN_USE;
	const struct gw_set *loaded;

	(void)gw_ruleset_add_set(table, &set);
	set = (struct gw_set){ .name = GW_PAIRS_GUARD, .key = { GW_TYPE_PROTO }, .n_key = 1 };
	(void)gw_ruleset_add_set(table, &set);
	gw_ruleset_finish(ruleset);
	(void)gw_pairs_put(&lab->pairs, &over);
	gw_pairs_complete(&lab->pairs, ruleset, 1800000000);
	assert_int_equal(gw_ruleset_set(table, GW_PAIRS_GUARD)->n_elems, 0);
	(void)gw_pairs_put(&lab->pairs, &now);
	gw_pairs_complete(&lab->pairs, ruleset, 1800000000);
	loaded = gw_ruleset_set(table, GW_PAIRS_SET);
	assert_int_equal(loaded->n_elems, 1);
	assert_int_equal(gw_set_key_len(loaded), 24);
	assert_string_equal((const char *)loaded->elems[0].key, "lan1");
	assert_memory_equal(loaded->elems[0].key + 16, now.mac, 6);
	loaded = gw_ruleset_set(table, GW_PAIRS_GUARD);
	assert_int_equal(loaded->n_elems, sizeof(in_use));
	for (size_t i = 0; i < sizeof(in_use); i++)
		assert_int_equal(loaded->elems[i].key[0], in_use[i]);
	gw_ruleset_free(ruleset);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_saved_is_loaded),
		TEST(the_list_has_a_bound),
		TEST(a_damaged_file_yields_what_can_be_read),
		TEST(names_of_ports_are_those_that_the_kernel_takes),
		TEST(sets_that_are_loaded_have_what_still_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
