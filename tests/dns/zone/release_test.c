/* `gwctl zone plan`, `sign`, `verify`, `publish`: from the master file to what is served, and what stops it. */
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
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "tests/support/gwctl.h"

#define ZONE "example.go.jp"

struct state {
	struct gwctl_site site;
	char secret[128], other[128], backup[128], served[128], output[128];
};

static const char master[] = "$TTL 3600\n"
			     "@ SOA ns1 hostmaster 7 7200 1800 1036800 900\n"
			     "@ NS ns1\n@ NS ns2\n"
			     "@ CAA 0 issue \";\"\n"
			     "ns1 A 203.0.113.1\n"
			     "ns2 A 198.51.100.1\n"
			     "www A 203.0.113.5\n";

static void secret_file(struct state *state, const char *name, char path[128])
{
	gwctl_site_write(&state->site, name, "correct horse battery staple\n");
	(void)snprintf(path, 128, "%s/%s", state->site.dir, name);
	assert_int_equal(chmod(path, 0600), 0);
}

static void configure(struct state *state, const char *more)
{
	gw_auto_text struct gw_text config = { 0 };

	gw_text_printf(&config,
		       "gw: 1\n"
		       "zones: {wan: {interfaces: [wan0], untrusted: true}}\n"
		       "dns:\n"
		       "  keys: {secret: %s}\n"
		       "  zones:\n"
		       "    " ZONE ":\n"
		       "      file: e.zone\n      owner: dns-team\n      review: 2099-12-31\n"
		       "      signatures: {validity: 28d, refresh: 14d, jitter: 1d}\n"
		       "      publish: {to: %s}\n%s",
		       state->secret, state->served, more);
	gwctl_site_write(&state->site, "config/gw.yaml", config.bytes);
}

static void edit(struct state *state, const char *more)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_text_puts(&text, master);
	gw_text_puts(&text, more);
	gwctl_site_write(&state->site, "config/e.zone", text.bytes);
}

static int setup(void **ret)
{
	struct state *state = gw_zalloc(1, sizeof(*state));

	(void)setenv("TZ", "UTC", 1);
	(void)setenv("GW_STANDALONE", "1", 1);
	gwctl_site_make(&state->site);
	secret_file(state, "secret", state->secret);
	secret_file(state, "other", state->other);
	(void)snprintf(state->backup, sizeof(state->backup), "%s/keys.backup", state->site.dir);
	(void)snprintf(state->served, sizeof(state->served), "%s/served", state->site.dir);
	(void)snprintf(state->output, sizeof(state->output), "%s/signed", state->site.dir);
	configure(state, "");
	edit(state, "");
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

static void keys(struct state *state)
{
	gwctl(&state->site, "zone", "keys", "--make", ZONE);
	assert_int_equal(state->site.status, 0);
	gwctl(&state->site, "zone", "backup", "--secret", state->other, state->backup);
	assert_int_equal(state->site.status, 0);
}

/* A number that the only zone of the JSON has. */
static int64_t number(const struct state *state, const char *member)
{
	const json_t *zones = json_object_get(state->site.json, "zones");
	const json_t *value = json_object_get(json_array_get(zones, 0), member);

	assert_non_null(value);
	return json_is_boolean(value) ? json_is_true(value) : json_integer_value(value);
}

static void publish(struct state *state)
{
	gwctl(&state->site, "zone", "publish", ZONE, "-m", "CHG-7", "--json");
	if (state->site.status)
		fail_msg("%s", state->site.err);
}

static void a_zone_goes_the_whole_way(void **ret)
{
	struct state *state = *ret;
	int64_t records;

	keys(state);
	gwctl(&state->site, "zone", "plan");
	assert_int_equal(state->site.status, 2);
	publish(state);
	assert_int_equal(number(state, "serial"), 7);
	records = number(state, "records");
	gwctl(&state->site, "zone", "verify", "--json");
	assert_int_equal(state->site.status, 0);
	assert_int_equal(number(state, "records"), records);
	gwctl(&state->site, "zone", "plan");
	assert_int_equal(state->site.status, 0);
	edit(state, "new A 203.0.113.9\n");
	gwctl(&state->site, "zone", "plan");
	assert_int_equal(state->site.status, 2);
	assert_non_null(strstr(state->site.out, "+ new." ZONE));
	publish(state);
	assert_int_equal(number(state, "serial"), 8);
	assert_int_equal(number(state, "signatures_made"),
			 5); /* new: A, NSEC; NSEC before; SOA, ZONEMD */
	publish(state);
	assert_false(number(state, "changed"));
	assert_int_equal(number(state, "serial"), 8);
	gwctl(&state->site, "zone", "status", ZONE);
	assert_non_null(strstr(state->site.out, "active"));
}

static void no_key_signs_before_its_backup_is_proved(void **ret)
{
	struct state *state = *ret;

	gwctl(&state->site, "zone", "publish", ZONE);
	assert_int_equal(state->site.status, 4);
	assert_non_null(strstr(state->site.err, "GW2202"));
	gwctl(&state->site, "zone", "keys", "--make", ZONE);
	gwctl(&state->site, "zone", "publish", ZONE);
	assert_int_equal(state->site.status, 4);
	assert_non_null(strstr(state->site.err, "backup"));
	assert_int_equal(access(state->served, F_OK), -1);
}

static void what_fails_leaves_what_is_served(void **ret)
{
	struct state *state = *ret;
	gw_auto_free char *before = NULL, *after = NULL;

	keys(state);
	publish(state);
	before = gwctl_site_read(&state->site, "served");
	edit(state, "www CNAME ns1\n"); /* lint */
	gwctl(&state->site, "zone", "publish", ZONE);
	assert_int_equal(state->site.status, 3);
	edit(state, "long 4000000 A 203.0.113.9\n"); /* signatures would not last */
	gwctl(&state->site, "zone", "publish", ZONE);
	assert_int_not_equal(state->site.status, 0);
	edit(state, "new A 203.0.113.9\n");
	assert_int_equal(chmod(state->secret, 0644), 0); /* keys that anybody could open */
	gwctl(&state->site, "zone", "publish", ZONE);
	assert_int_equal(state->site.status, 1);
	after = gwctl_site_read(&state->site, "served");
	assert_string_equal(before, after);
}

static void a_change_behind_our_back_is_found(void **ret)
{
	struct state *state = *ret;
	gw_auto_free char *text = NULL;
	char *address;

	keys(state);
	publish(state);
	text = gwctl_site_read(&state->site, "served");
	address = strstr(text, "203.0.113.5");
	assert_non_null(address);
	address[10] = '6';
	gwctl_site_write(&state->site, "served", text);
	gwctl(&state->site, "zone", "verify", ZONE);
	assert_int_equal(state->site.status, 2);
	assert_non_null(strstr(state->site.err, "GW2215"));
	assert_non_null(strstr(state->site.err, "GW2222"));
	publish(state); /* puts it right */
	gwctl(&state->site, "zone", "verify", ZONE);
	assert_int_equal(state->site.status, 0);
}

static void a_zone_is_signed_to_a_file_and_nothing_is_on_record(void **ret)
{
	struct state *state = *ret;

	keys(state);
	gwctl(&state->site, "zone", "sign", ZONE);
	assert_int_equal(state->site.status, 64);
	gwctl(&state->site, "zone", "sign", "-o", state->output, ZONE);
	assert_int_equal(state->site.status, 0);
	gwctl(&state->site, "zone", "verify", "-f", state->output, ZONE);
	assert_int_equal(state->site.status, 0);
	gwctl(&state->site, "zone", "status", ZONE);
	assert_null(strstr(state->site.out, "active"));
}

static void a_zone_without_signatures_is_published_as_well(void **ret)
{
	struct state *state = *ret;
	gw_auto_free char *text = NULL;

	configure(state, "      sign: false\n");
	publish(state);
	assert_int_equal(number(state, "signatures_made"), 0);
	text = gwctl_site_read(&state->site, "served");
	assert_null(strstr(text, "RRSIG"));
	assert_null(strstr(text, "NSEC"));
	publish(state);
	assert_false(number(state, "changed"));
	edit(state, "new A 203.0.113.9\n");
	publish(state);
	assert_int_equal(number(state, "serial"), 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_zone_goes_the_whole_way),
		TEST(no_key_signs_before_its_backup_is_proved),
		TEST(what_fails_leaves_what_is_served),
		TEST(a_change_behind_our_back_is_found),
		TEST(a_zone_is_signed_to_a_file_and_nothing_is_on_record),
		TEST(a_zone_without_signatures_is_published_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
