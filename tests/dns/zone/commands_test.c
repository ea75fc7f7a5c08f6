/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "tests/support/gwctl.h"

struct state {
	struct gwctl_site site;
	char secret[128], other[128], backup[128];
};

static void secret_file(struct state *state, const char *name, const char *text, char path[128])
{
	gwctl_site_write(&state->site, name, text);
	(void)snprintf(path, 128, "%s/%s", state->site.dir, name);
	assert_int_equal(chmod(path, 0600), 0);
}

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));
	gw_auto_text struct gw_text config = { 0 };

	(void)setenv("TZ", "UTC", 1);
	(void)setenv("GW_STANDALONE", "1", 1);
	gwctl_site_make(&state->site);
	secret_file(state, "secret", "correct horse battery staple\n", state->secret);
	secret_file(state, "other", "another passphrase, for backups\n", state->other);
	(void)snprintf(state->backup, sizeof(state->backup), "%s/keys.backup", state->site.dir);
	gw_text_printf(&config,
		       "gw: 1\n"
		       "zones: {wan: {interfaces: [wan0], untrusted: true}}\n"
		       "dns:\n"
		       "  keys: {secret: %s}\n"
		       "  zones:\n"
		       "    example.go.jp: {file: e.zone, owner: dns-team, review: 2099-12-31}\n"
		       "    sub.example.go.jp: {file: s.zone, owner: dns-team, review: 2099-12-31, "
		       "keys: {combined: true}}\n",
		       state->secret);
	gwctl_site_write(&state->site, "config/gw.yaml", config.bytes);
	*ret = state;
	return 0;
}

static int teardown(void **ret)
{
	struct state *state = *ret;

	gwctl_site_done(&state->site);
	(void)unsetenv("GW_STANDALONE");
	gw_free(state);
	return 0;
}

/* What a step of the present JSON says; "" where there is none. */
static const char *step(const struct state *state, size_t i)
{
	const json_t *steps = json_object_get(state->site.json, "steps");
	const char *text = json_string_value(json_object_get(json_array_get(steps, i), "step"));

	return text ? text : "";
}

static char *tag_of(const struct state *state, const char *role, const char *key_state)
{
	const json_t *keys = json_object_get(state->site.json, "keys"), *key;
	static const char *const members[] = { "role", "state" };
	size_t i;

	json_array_foreach(keys, i, key)
	{
		gw_auto_text struct gw_text text = { 0 };

		if (strcmp(json_string_value(json_object_get(key, members[0])), role) != 0 ||
		    strcmp(json_string_value(json_object_get(key, members[1])), key_state) != 0)
			continue;
		gw_text_printf(&text, "%d", (int)json_integer_value(json_object_get(key, "key")));
		return gw_strdup(text.bytes);
	}
	fail_msg("no %s that is %s", role, key_state);
	return NULL;
}

static void make(struct state *state, const char *zone)
{
	gwctl(&state->site, "zone", "keys", "--make", zone, "-m", "CHG-7", "--json");
	assert_int_equal(state->site.status, 0);
}

static void first_keys_wait_for_a_backup_that_is_proved(void **ret)
{
	struct state *state = *ret;

	make(state, "example.go.jp");
	assert_int_equal(json_array_size(json_object_get(state->site.json, "keys")), 2);
	assert_non_null(strstr(step(state, 0), "back up"));
	gwctl(&state->site, "zone", "keys", "--make", "example.go.jp");
	assert_int_equal(state->site.status, 4);
	gwctl(&state->site, "zone", "backup", "--secret", state->other, state->backup);
	assert_int_equal(state->site.status, 0);
	assert_non_null(strstr(state->site.out, "2 keys of 1 zone"));
	gwctl(&state->site, "zone", "status", "example.go.jp");
	assert_int_equal(state->site.status, 0);
	assert_non_null(strstr(state->site.out, "backed up"));
	assert_null(strstr(state->site.out, "generated"));
	assert_non_null(strstr(state->site.out, "publish"));
}

static void a_drill_needs_the_backups_own_secret(void **ret)
{
	struct state *state = *ret;

	make(state, "sub.example.go.jp");
	gwctl(&state->site, "zone", "backup", "--secret", state->other, state->backup);
	assert_int_equal(state->site.status, 0);
	gwctl(&state->site, "zone", "restore", "--check", "--secret", state->other, state->backup);
	assert_int_equal(state->site.status, 0);
	assert_non_null(strstr(state->site.out, "would bring back 1 key of 1 zone"));
	gwctl(&state->site, "zone", "restore", "--check", "--secret", state->secret, state->backup);
	assert_int_equal(state->site.status, 1);
	gwctl(&state->site, "zone", "restore", "--check", state->backup);
	assert_int_equal(state->site.status, 64);
}

static void a_key_is_rolled_and_a_compromised_one_too(void **ret)
{
	struct state *state = *ret;
	gw_auto_free char *zsk = NULL, *ksk = NULL;

	make(state, "example.go.jp");
	zsk = tag_of(state, "zsk", "generated");
	ksk = tag_of(state, "ksk", "generated");
	gwctl(&state->site, "zone", "compromise", "example.go.jp", zsk, "-m", "INC-7", "--json");
	assert_int_equal(state->site.status, 0);
	assert_int_equal(json_array_size(json_object_get(state->site.json, "keys")), 3);
	gwctl(&state->site, "zone", "roll", "example.go.jp", ksk, "--json");
	assert_int_equal(state->site.status, 0);
	gwctl(&state->site, "zone", "roll", "example.go.jp", ksk);
	assert_int_equal(state->site.status, 4); /* it has a successor */
	gwctl(&state->site, "zone", "roll", "example.go.jp", "x");
	assert_int_equal(state->site.status, 64);
}

static void the_ds_of_keys_in_use_is_exported(void **ret)
{
	struct state *state = *ret;
	gw_auto_text struct gw_text begin = { 0 };
	gw_auto_free char *csk = NULL;

	make(state, "sub.example.go.jp");
	csk = tag_of(state, "csk", "generated");
	gwctl(&state->site, "zone", "export-ds", "-k", "sub.example.go.jp");
	assert_int_equal(state->site.status, 0);
	gw_text_printf(&begin, "sub.example.go.jp. IN DS %s 13 2 ", csk);
	assert_memory_equal(state->site.out, begin.bytes, begin.len);
	assert_non_null(strstr(state->site.out, "\nsub.example.go.jp. IN DNSKEY 257 3 13 "));
}

static void that_nobody_was_told_is_said(void **ret)
{
	struct state *state = *ret;

	gwctl(&state->site, "zone", "keys", "--make", "example.go.jp");
	assert_int_equal(state->site.status, 0);
	assert_non_null(strstr(state->site.out, "The audit trail was not told"));
}

static void mistakes_have_their_exit_codes(void **ret)
{
	struct state *state = *ret;

	gwctl(&state->site, "zone", "status", "exampel.go.jp");
	assert_int_equal(state->site.status, 64);
	assert_non_null(strstr(state->site.err, "did you mean `example.go.jp`"));
	gwctl(&state->site, "zone", "status");
	assert_int_equal(state->site.status, 1); /* no state yet */
	gwctl(&state->site, "zone", "compare", "example.go.jp");
	assert_int_equal(state->site.status, 3); /* no servers */
	gwctl(&state->site, "zone");
	assert_int_equal(state->site.status, 64);
	assert_int_equal(chmod(state->secret, 0644), 0);
	gwctl(&state->site, "zone", "keys", "--make", "example.go.jp");
	assert_int_equal(state->site.status, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_keys_wait_for_a_backup_that_is_proved),
		TEST(a_drill_needs_the_backups_own_secret),
		TEST(a_key_is_rolled_and_a_compromised_one_too),
		TEST(the_ds_of_keys_in_use_is_exported),
		TEST(that_nobody_was_told_is_said),
		TEST(mistakes_have_their_exit_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
