#include "tests/support/compiled_site.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"

static void fail(const char *what, const char *yaml, const struct gw_diags *diags)
{
	(void)fprintf(stderr, "%s\n%s\n", what, yaml);
	gw_diags_print(diags, stderr, false);
	abort();
}

void compiled_site_load(struct compiled_site *site, const char *yaml, int64_t now,
			const struct compiled_site *before)
{
	struct gw_conf_file file = { "gw.yaml", yaml, strlen(yaml) };
	struct gw_kernel_features features = { .bitwise_or = true };
	struct gw_diags diags;

	gw_diags_init(&diags);
	site->now = now;
	site->config = gw_config_load_files(&file, 1, now, &diags);
	if (!site->config->policy)
		fail("the site does not load", yaml, &diags);
	site->numbers = gw_numbers_assign(site->config->policy, before ? before->numbers : NULL,
					  before ? before->config->policy : NULL, &diags);
	if (!site->numbers)
		fail("the site gets no numbers", yaml, &diags);
	site->ruleset = gw_compile(site->config->policy, site->numbers, &features, now, &diags);
	if (!site->ruleset)
		fail("the site does not compile", yaml, &diags);
	gw_diags_done(&diags);
}

void compiled_site_done(struct compiled_site *site)
{
	gw_ruleset_free(site->ruleset);
	gw_numbers_free(site->numbers);
	gw_config_free(site->config);
}

static size_t missing_elems(const struct gw_set *in, const struct gw_set *from)
{
	size_t n = 0, k = 0;

	for (size_t i = 0; i < in->n_elems; i++) {
		while (from && k < from->n_elems &&
		       gw_elem_compare(in, &from->elems[k], &in->elems[i]) < 0)
			k++;
		if (!from || k == from->n_elems ||
		    !gw_elem_equal(in, &from->elems[k], &in->elems[i]))
			n++;
	}
	return n;
}

static size_t missing_rules(const struct gw_chain *in, const struct gw_chain *from)
{
	size_t n = 0;

	for (size_t i = 0; i < in->n_rules; i++) {
		bool found = false;

		for (size_t k = 0; from && k < from->n_rules && !found; k++)
			found = gw_rule_equal(&in->rules[i], &from->rules[k]);
		n += !found;
	}
	return n;
}

static size_t missing(const struct gw_ruleset *in, const struct gw_ruleset *from)
{
	size_t n = 0;

	for (size_t i = 0; i < in->n_sets; i++) {
		const struct gw_set *set = gw_ruleset_set(from, in->sets[i].name);

		n += missing_elems(&in->sets[i], set);
		n += !set || !gw_set_definition_equal(&in->sets[i], set);
	}
	for (size_t i = 0; i < in->n_chains; i++)
		n += missing_rules(&in->chains[i], gw_ruleset_chain(from, in->chains[i].name));
	return n;
}

size_t compiled_site_differences(const struct compiled_site *a, const struct compiled_site *b)
{
	return missing(a->ruleset, b->ruleset) + missing(b->ruleset, a->ruleset);
}

/* ---- random sites -------------------------------------------------------------------------- */

uint64_t random_u64(struct random *random)
{
	uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

unsigned int random_below(struct random *random, unsigned int n)
{
	return (unsigned int)(random_u64(random) % n);
}

bool random_chance(struct random *random, unsigned int percent)
{
	return random_below(random, 100) < percent;
}

const char *const random_site_zones =
	"gw: 1\nsite: {name: random}\nzones:\n"
	"  wan: {interfaces: [wan0], untrusted: true}\n"
	"  a: {interfaces: [a0], nets: [10.1.0.0/16, \"2001:db8:1::/48\"]}\n"
	"  b: {interfaces: [b0, b1], nets: [10.2.0.0/16, \"2001:db8:2::/48\"]}\n"
	"  c: {interfaces: [c0], nets: [10.3.0.0/16, \"2001:db8:3::/48\"]}\n"
	"  d: {interfaces: [d0], nets: [10.4.0.0/16], ipv6: off}\n";

#define N_ZONES 5u
#define GATEWAY 5u
#define WAN     4u

const char *random_site_zone(unsigned int zone)
{
	static const char *const names[] = { "a", "b", "c", "d", "wan", NULL };

	return names[zone];
}

const char *random_site_interface(unsigned int zone)
{
	static const char *const names[] = { "a0", "b1", "c0", "d0", "wan0", NULL };

	return names[zone];
}

/* Few hosts, so that rules and packets meet. */
static gw_u128 random_host(struct random *r, enum gw_family family, unsigned int zone)
{
	unsigned int subnet = random_below(r, 4), host = 1 + random_below(r, 6);

	if (family == GW_FAMILY_IPV4) {
		if (zone >= WAN)
			return 0xc6336400u + host; /* 198.51.100.0/24 */
		return 0x0a000000u + ((zone + 1) << 16) + (subnet << 8) + host;
	}
	return ((gw_u128)0x20010db8 << 96) + ((gw_u128)(zone >= 3 ? 0xffff : zone + 1) << 80) +
	       ((gw_u128)subnet << 64) + host;
}

static void add_address(struct gw_text *out, struct random *r, unsigned int zone)
{
	enum gw_family family = random_chance(r, 60) ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
	unsigned int shape = random_below(r, 10);
	struct gw_range range;
	char text[2 * GW_ADDR_TEXT];

	range.lo = range.hi = random_host(r, family, zone);
	if (shape < 3) { /* the subnet, or two of them */
		unsigned int bits = (family == GW_FAMILY_IPV4 ? 8u : 64u) + (shape == 2);

		range.lo = range.lo >> bits << bits;
		range.hi = range.lo + (((gw_u128)1 << bits) - 1);
	} else if (shape < 5) {
		range.hi = range.lo + random_below(r, 4);
	}
	(void)gw_range_format(family, range, text);
	gw_text_printf(out, "\"%s\"", text);
}

static unsigned int add_zone(struct gw_text *out, struct random *r, const char *key)
{
	unsigned int zone = random_below(r, N_ZONES);

	if (random_chance(r, 10))
		gw_text_printf(out, ", %s: any", key);
	else if (random_chance(r, 15))
		gw_text_printf(out, ", %s: [%s, %s]", key, random_site_zone(zone),
			       random_site_zone((zone + 1) % N_ZONES));
	else
		gw_text_printf(out, ", %s: %s", key, random_site_zone(zone));
	return zone;
}

static void add_list(struct gw_text *out, struct random *r, const char *key, unsigned int zone)
{
	unsigned int n = 1 + random_below(r, 3);

	if (random_chance(r, 35))
		return;
	gw_text_printf(out, ", %s: [", key);
	for (unsigned int i = 0; i < n; i++) {
		gw_text_puts(out, i ? ", " : "");
		if (random_chance(r, 10))
			gw_text_puts(out, "group");
		else if (random_chance(r, 6))
			gw_text_puts(out, "many");
		else
			add_address(out, r, zone);
	}
	gw_text_puts(out, "]");
}

static void add_services(struct gw_text *out, struct random *r)
{
	static const char *const names[] = {
		"tcp/80",
		"tcp/443",
		"tcp/1000-1020",
		"tcp/1010-1030",
		"udp/53",
		"tcp",
		"udp",
		"sctp/80",
		"icmp/echo-request",
		"gre",
		"icmpv6/echo-request",
		"proto/99",
		"udp/1000-1020",
		"web",
	};
	unsigned int n = 1 + random_below(r, 3);

	if (random_chance(r, 30)) {
		gw_text_puts(out, ", services: any");
		return;
	}
	gw_text_puts(out, ", services: [");
	for (unsigned int i = 0; i < n; i++)
		gw_text_printf(out, "%s%s", i ? ", " : "", names[random_below(r, GW_COUNT(names))]);
	gw_text_puts(out, "]");
}

static void add_rule(struct gw_text *out, struct random *r, size_t number, bool gateway)
{
	static const char *const actions[] = { "accept", "accept", "accept", "drop", "reject" };
	static const char *const windows[] = {
		", hours: {days: [mon-fri], from: \"08:00\", until: \"18:00\"}",
		", hours: {days: [mon-sun], from: \"12:00\", until: \"20:00\"}",
		", hours: {days: [sat, sun], from: \"00:00\", until: \"24:00\"}",
	};
	const char *action = actions[random_below(r, GW_COUNT(actions))];
	unsigned int from, to = GATEWAY;

	gw_text_printf(out, "  - {id: %s-%zu", gateway ? "g" : "p", number);
	from = add_zone(out, r, "from");
	if (!gateway)
		to = add_zone(out, r, "to");
	add_list(out, r, "source", from);
	if (!gateway)
		add_list(out, r, "dest", to);
	add_services(out, r);
	gw_text_printf(out, ", action: %s", action);
	if (*action != 'a' && random_chance(r, 20))
		gw_text_puts(out, ", locked: true");
	if (random_chance(r, 20))
		gw_text_puts(out, ", log: true");
	if (random_chance(r, 25))
		gw_text_puts(out, windows[random_below(r, GW_COUNT(windows))]);
	gw_text_puts(out, ", owner: net, ticket: T-1, review: 2099-12-31}\n");
}

static void add_exception(struct gw_text *out, struct random *r, size_t number, int64_t now)
{
	time_t expires = (time_t)(now + 3600 * (1 + (int64_t)random_below(r, 200)));
	struct tm tm;
	char text[32];
	unsigned int from, to;

	(void)gmtime_r(&expires, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	gw_text_printf(out, "  - {id: e-%zu", number);
	from = add_zone(out, r, "from");
	to = add_zone(out, r, "to");
	add_list(out, r, "source", from);
	add_list(out, r, "dest", to);
	add_services(out, r);
	gw_text_printf(out,
		       ", expires: \"%s\", reason: test, requested_by: op-1, "
		       "approved_by: [op-2], ticket: E-1}\n",
		       text);
}

static void add_hosts(struct gw_text *out)
{
	gw_text_puts(out, "hosts:\n  group: [10.1.1.0/24, 10.2.2.3, \"2001:db8:3:1::/64\"]\n");
	/* More than GW_HOSTS_LARGE ranges: every second address of some subnets. */
	gw_text_puts(out, "  many: [");
	for (unsigned int i = 0; i < 300; i++)
		gw_text_printf(out, "10.%u.%u.%u, ", 1 + i / 100, i / 50 % 2, 1 + i % 50 * 2);
	gw_text_puts(out, "\"2001:db8:1::1\", \"2001:db8:1::3\"]\n"
			  "services: {web: [tcp/80, tcp/443]}\n");
}

void random_site(struct gw_text *out, const uint64_t *seeds, size_t n_rules, int64_t now)
{
	gw_text_puts(out, random_site_zones);
	add_hosts(out);
	gw_text_printf(out, "between: {default: %s, log: drops}\n",
		       seeds[0] % 2 ? "drop" : "reject");
	if (seeds[0] % 3 == 0)
		gw_text_puts(out, "marks: {mask: \"0xfffff000\"}\n");
	for (unsigned int section = 0; section < 3; section++) {
		static const char *const names[] = { "policies", "gateway", "exceptions" };

		gw_text_printf(out, "%s:\n", names[section]);
		for (size_t i = 0; i < n_rules; i++) {
			struct random r = { seeds[i] };
			unsigned int kind = i % 10 < 7 ? 0 : i % 10 < 9 ? 1 : 2;

			if (kind != section)
				continue;
			if (kind == 2)
				add_exception(out, &r, i, now);
			else
				add_rule(out, &r, i, kind == 1);
		}
	}
}

struct gw_packet random_packet(struct random *r, unsigned int *ret_from, unsigned int *ret_to)
{
	static const uint16_t ports[] = { 80, 443, 53, 999, 1000, 1005, 1010, 1020, 1021, 1031 };
	static const uint8_t protocols[] = { IPPROTO_TCP,  IPPROTO_TCP, IPPROTO_UDP,
					     IPPROTO_SCTP, IPPROTO_GRE, 99 };
	struct gw_packet packet = { .family = random_chance(r, 60) ? GW_FAMILY_IPV4
								   : GW_FAMILY_IPV6 };
	uint8_t protocol = protocols[random_below(r, GW_COUNT(protocols))];
	uint16_t port = ports[random_below(r, GW_COUNT(ports))];

	*ret_from = random_below(r, N_ZONES);
	*ret_to = random_below(r, N_ZONES + 1);
	packet.source = random_host(r, packet.family, *ret_from);
	packet.dest = random_host(r, packet.family, *ret_to);
	if (random_chance(r, 5))
		*ret_from = random_below(r, N_ZONES);
	if (random_chance(r, 5))
		*ret_to = random_below(r, N_ZONES + 1);
	if (random_chance(r, 15)) {
		protocol = packet.family == GW_FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
		port = packet.family == GW_FAMILY_IPV4 ? 8 << 8 : 128 << 8;
	} else if (protocol == IPPROTO_GRE || protocol == 99) {
		port = 0;
	}
	packet.service = gw_service_key(protocol, port);
	return packet;
}
