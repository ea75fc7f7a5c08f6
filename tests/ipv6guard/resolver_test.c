/* What clients of a segment are told about names that switch IPv6 or a proxy on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "ipv6guard/resolver.h"

#define A     1
#define PTR   12
#define AAAA  28
#define HTTPS 65

#define ASIS  IPV6GUARD_NAME_AS_IT_IS
#define EMPTY IPV6GUARD_NAME_EMPTY
#define NONE  IPV6GUARD_NAME_NONE

static void each_mode_has_its_answers(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		enum ipv6guard_name_answer off, local, guarded;
	} cases[] = {
		{ "www.example.jp.", A, ASIS, ASIS, ASIS },
		{ "www.example.jp.", AAAA, EMPTY, EMPTY, ASIS },
		{ "www.example.jp.", HTTPS, ASIS, ASIS, ASIS },
		{ "1.0.0.0.ip6.arpa.", PTR, ASIS, ASIS, ASIS },
		{ "wpad.", A, NONE, NONE, NONE },
		{ "wpad.corp.example.", A, NONE, NONE, NONE },
		{ "wpads.corp.example.", A, ASIS, ASIS, ASIS },
		{ "isatap.corp.example.", A, NONE, NONE, NONE },
		{ "teredo.ipv6.microsoft.com.", A, NONE, NONE, NONE },
		{ "www.microsoft.com.", A, ASIS, ASIS, ASIS },
		{ "notipv6.microsoft.com.", A, ASIS, ASIS, ASIS },
		{ "ipv4only.arpa.", AAAA, EMPTY, EMPTY, EMPTY },
		{ "ipv4only.arpa.", A, ASIS, ASIS, ASIS },
		{ ".", AAAA, EMPTY, EMPTY, ASIS },
	};
	const struct ipv6guard_segment off = { .mode = IPV6GUARD_OFF };
	const struct ipv6guard_segment local = { .mode = IPV6GUARD_LOCAL };
	const struct ipv6guard_segment guarded = { .mode = IPV6GUARD_GUARDED };
	const struct ipv6guard_segment open = { .mode = IPV6GUARD_OPEN };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		const char *name = cases[i].name;
		uint16_t type = cases[i].type;

		if (ipv6guard_name_answer(&off, name, type) != cases[i].off ||
		    ipv6guard_name_answer(&local, name, type) != cases[i].local ||
		    ipv6guard_name_answer(&guarded, name, type) != cases[i].guarded ||
		    ipv6guard_name_answer(&open, name, type) != ASIS ||
		    ipv6guard_name_answer(NULL, name, type) != ASIS)
			fail_msg("%s, type %d", name, type);
	}
	assert_true(ipv6guard_leaves_hints_out(&off));
	assert_true(ipv6guard_leaves_hints_out(&local));
	assert_false(ipv6guard_leaves_hints_out(&guarded));
	assert_false(ipv6guard_leaves_hints_out(&open));
	assert_false(ipv6guard_leaves_hints_out(NULL));
}

static void a_listed_tunnel_keeps_its_names(void **state)
{
	struct ipv6guard_segment segment = { .mode = IPV6GUARD_GUARDED };

	(void)state;
	segment.tunnels[IPV6GUARD_6IN4] = true;
	assert_int_equal(ipv6guard_name_answer(&segment, "isatap.example.", A), ASIS);
	assert_int_equal(ipv6guard_name_answer(&segment, "win10.ipv6.microsoft.com.", A), NONE);
	segment.tunnels[IPV6GUARD_TEREDO] = true;
	assert_int_equal(ipv6guard_name_answer(&segment, "win10.ipv6.microsoft.com.", A), ASIS);
	assert_int_equal(ipv6guard_name_answer(&segment, "wpad.example.", A), NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mode_has_its_answers),
		cmocka_unit_test(a_listed_tunnel_keeps_its_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
