/*
 * Every diagnostic of the policy language: a config that has exactly this one fault, and the place
 * where it must be reported. The last test makes sure that none is missing here.
 */

/* cmocka.h needs the headers before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "gw/policy/load.h"

#define NOW 1795392000 /* 2026-11-23T00:00:00Z */

/* Five lines: what a row adds begins at line 6. */
#define BASE                                                                                       \
	"gw: 1\n"                                                                                  \
	"zones:\n"                                                                                 \
	"  wan: {interfaces: [wan0], untrusted: true}\n"                                           \
	"  hq: {interfaces: [hq0], nets: [10.20.0.0/16, \"2001:db8:20::/48\"]}\n"                  \
	"  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28]}\n"
#define DUTIES ", owner: o, ticket: t, review: 2099-12-31}\n"
#define ACCEPT ", action: accept" DUTIES
/* A policy, at line 7; what a row adds begins at column 33. */
#define POLICY(text) BASE "policies:\n  - {id: p1, from: hq, to: wan, " text ACCEPT
/* An exception; what a row adds begins at column 33. */
#define APPROVED        ", ticket: t, reason: r, requested_by: a, approved_by: b"
#define EXCEPTION(text) BASE "exceptions:\n  - {id: e1, from: hq, to: wan, " text "}\n"
#define NAT(text)       BASE "nat:\n  - {id: n1, from: wan, " text "}\n"

/* A register of devices, in the object file. */
#define ADMISSION                                                                                  \
	BASE "  x: {interfaces: [x], nets: [10.1.0.1], admission: {macs: objects/x.txt}}\n"

static const struct row {
	enum gw_diag_id id;
	uint32_t line, column;
	const char *yaml;
	const char *object; /* contents of objects/x.txt */
} rows[] = {
	/* keys and names */
	{ GW_D_UNKNOWN_KEY, 7, 33, POLICY("destination: [hq]"), NULL },
	{ GW_D_UNKNOWN_KEY, 6, 1, BASE "polices: []\n", NULL },
	{ GW_D_MISSING_KEY, 7, 5, BASE "policies:\n  - {id: p1, from: hq" ACCEPT, NULL },
	{ GW_D_MISSING_KEY, 1, 1, "gw: 1\n", NULL },
	{ GW_D_WRONG_KIND, 7, 41, POLICY("source: {a: b}"), NULL },
	{ GW_D_WRONG_KIND, 6, 11, BASE "policies: {id: p1}\n", NULL },
	{ GW_D_WRONG_KIND, 7, 5, BASE "policies:\n  - web-in\n", NULL },
	{ GW_D_BAD_NAME, 6, 9, BASE "hosts: {Web_Servers: [10.20.0.1]}\n", NULL },
	{ GW_D_BAD_NAME, 7, 10, BASE "policies:\n  - {id: 'p 1', from: hq, to: wan" ACCEPT, NULL },
	{ GW_D_NAME_TOO_LONG, 6, 3,
	  BASE "  a-zone-with-a-rather-long-name: {interfaces: [x], untrusted: true}\n", NULL },
	{ GW_D_NAME_TOO_LONG, 6, 12,
	  BASE "services: {a-service-with-a-much-too-long-name: [tcp/1]}\n", NULL },
	{ GW_D_RESERVED_NAME, 6, 3, BASE "  gateway: {interfaces: [x], untrusted: true}\n", NULL },
	{ GW_D_RESERVED_NAME, 6, 9, BASE "hosts: {any: [10.20.0.1]}\n", NULL },
	{ GW_D_RESERVED_NAME, 6, 12, BASE "services: {gre: [tcp/1]}\n", NULL },
	{ GW_D_DUPLICATE_ID, 8, 10, POLICY("log: on") "  - {id: p1, from: hq, to: dmz" ACCEPT,
	  NULL },
	{ GW_D_DUPLICATE_ID, 9, 10, POLICY("log: on") "gateway:\n  - {id: p1, from: hq" ACCEPT,
	  NULL },
	{ GW_D_DUPLICATE_ID, 8, 10,
	  NAT("to: dmz, masquerade: on") "  - {id: n1, from: hq, to: dmz, masquerade: on}\n",
	  NULL },
	{ GW_D_SECTION_UNSUPPORTED, 6, 1, BASE "vpnauth: {x: 120}\n", NULL },
	{ GW_D_BAD_MAC, 2, 3, ADMISSION, "52:54:00:12:34:56\n  52:54:00:12:34\n" },
	{ GW_D_BAD_MAC, 1, 1, ADMISSION, "52:54:00:12-34-56 mixed\n" },
	{ GW_D_BAD_MAC, 1, 1, ADMISSION, "01:00:5e:00:00:01 a group\n" },
	{ GW_D_BAD_MAC, 1, 1, ADMISSION, "00:00:00:00:00:00\n" },
	{ GW_D_MAC_TWICE, 3, 1, ADMISSION, "52:54:00:12:34:56 a\n# b\n52-54-00-12-34-56\n" },
	{ GW_D_INTERFACE_TWICE, 6, 61,
	  BASE "  x: {interfaces: [x], nets: [10.1.0.1], admission: {ports: hq0}}\n", NULL },
	{ GW_D_VERSION_MISSING, 1, 1, "zones: {wan: {interfaces: [w], untrusted: on}}\n", NULL },
	{ GW_D_VERSION_UNKNOWN, 1, 5, "gw: 2\nzones: {wan: {interfaces: [w], untrusted: on}}\n",
	  NULL },
	{ GW_D_EMPTY_LIST, 7, 39, POLICY("dest: []"), NULL },
	{ GW_D_EMPTY_LIST, 2, 8, "gw: 1\nzones: {}\n", NULL },
	{ GW_D_UNKNOWN_ZONE, 7, 28, BASE "policies:\n  - {id: p1, from: hq, to: dmx" ACCEPT, NULL },
	{ GW_D_UNKNOWN_HOST, 7, 40, POLICY("dest: [mail]"), NULL },
	{ GW_D_UNKNOWN_HOST, 6, 13, BASE "hosts: {a: [b]}\n", NULL },
	{ GW_D_UNKNOWN_SERVICE, 7, 44, POLICY("services: [web]"), NULL },
	{ GW_D_HOSTS_CYCLE, 6, 21, BASE "hosts: {a: [b], b: [a]}\n", NULL },
	{ GW_D_HOSTS_CYCLE, 6, 13, BASE "hosts: {a: [a]}\n", NULL },
	{ GW_D_SERVICE_CYCLE, 6, 39, BASE "services: {a: [b, tcp/1], b: [c], c: [a]}\n", NULL },
	{ GW_D_ANY_NOT_ALONE, 7, 44, POLICY("services: [any, tcp/22]"), NULL },
	{ GW_D_GATEWAY_NOT_A_ZONE, 7, 28,
	  BASE "policies:\n  - {id: p1, from: hq, to: gateway" ACCEPT, NULL },
	{ GW_D_GATEWAY_NOT_A_ZONE, 7, 28,
	  BASE "verify:\n  - never: {from: hq, to: [gateway, dmz]}\n", NULL },
	{ GW_D_EMPTY_VALUE, 7, 42, POLICY("purpose: "), NULL },
	{ GW_D_EMPTY_VALUE, 7, 42, POLICY("purpose: ''"), NULL },

	/* values */
	{ GW_D_BAD_BOOL, 7, 38, POLICY("log: maybe"), NULL },
	{ GW_D_BAD_NUMBER, 6, 13, BASE "log: {rate: 10/s}\n", NULL },
	{ GW_D_OUT_OF_BOUNDS, 6, 14, BASE "log: {group: 65536}\n", NULL },
	{ GW_D_OUT_OF_BOUNDS, 6, 13, BASE "log: {rate: 99999999999999999999999}\n", NULL },
	{ GW_D_BAD_CHOICE, 7, 41,
	  BASE "policies:\n  - {id: p1, from: hq, to: wan, action: allow" DUTIES, NULL },
	{ GW_D_BAD_DATE, 7, 76,
	  BASE "policies:\n"
	       "  - {id: p1, from: hq, to: wan, action: drop, owner: o, ticket: t, review: "
	       "2027-02-29}\n",
	  NULL },
	{ GW_D_BAD_TIME, 7, 42, EXCEPTION("expires: 2026-13-01T00:00Z" APPROVED), NULL },
	{ GW_D_TIME_WITHOUT_OFFSET, 7, 42, EXCEPTION("expires: 2026-12-01T18:00" APPROVED), NULL },
	{ GW_D_BAD_CLOCK, 7, 47, POLICY("hours: {from: \"8\"}"), NULL },
	{ GW_D_BAD_OFFSET, 6, 27, BASE "site: {name: x, timezone: Asia/Tokyo}\n", NULL },
	{ GW_D_BAD_DURATION, 6, 19, BASE "change: {confirm: 120}\n", NULL },
	{ GW_D_BAD_DURATION, 6, 28, BASE "change: {warn_before: [1d, 1 h]}\n", NULL },
	{ GW_D_OUT_OF_BOUNDS, 6, 19, BASE "change: {confirm: 2d}\n", NULL },
	{ GW_D_OUT_OF_BOUNDS, 6, 16, BASE "change: {keep: 1}\n", NULL },
	{ GW_D_AUDIT_CLASS_UNKNOWN, 6, 19, BASE "audit: {classes: {changes: {retention: 7y}}}\n",
	  NULL },
	{ GW_D_OUT_OF_BOUNDS, 6, 39, BASE "audit: {classes: {change: {retention: 1h}}}\n", NULL },
	{ GW_D_BAD_URL, 6, 20, BASE "audit: {timestamp: tsa.example.jp}\n", NULL },
	{ GW_D_MISSING_KEY, 6, 18, BASE "audit: {forward: {port: 6514}}\n", NULL },
	{ GW_D_BAD_SERVER_NAME, 6, 25, BASE "audit: {forward: {host: 'log.example:6514'}}\n",
	  NULL },
	{ GW_D_BAD_SERVER_NAME, 6, 25, BASE "audit: {forward: {host: 10.0.0.0/8}}\n", NULL },
	{ GW_D_CONTACT_UNREACHABLE, 6, 12, BASE "contacts: [{name: SOC}]\n", NULL },
	{ GW_D_BAD_SYSCTL_NAME, 6, 17, BASE "host: {sysctl: {kernel.pid_max: 1}}\n", NULL },
	{ GW_D_BAD_SYSCTL_NAME, 6, 17, BASE "host: {sysctl: {net...kernel.pid_max: 1}}\n", NULL },
	{ GW_D_BAD_SYSCTL_NAME, 6, 17, BASE "host: {sysctl: {net.//.kernel: 1}}\n", NULL },
	{ GW_D_SYSCTL_TWICE, 6, 17, BASE "host: {sysctl: {net.ipv4.ip_forward: 1}}\n", NULL },
	{ GW_D_SYSCTL_TWICE, 6, 40,
	  BASE
	  "host: {conntrack: {udp: 30s}, sysctl: {net.netfilter.nf_conntrack_udp_timeout: 9}}\n",
	  NULL },
	{ GW_D_UNKNOWN_ZONE, 6, 19, BASE "host: {accept_ra: wann}\n", NULL },
	{ GW_D_BAD_CHOICE, 6, 19, BASE "crypto: {profile: rsa}\n", NULL },
	{ GW_D_BAD_ADDRESS, 7, 40, POLICY("dest: [mail.example.com]"), NULL },
	{ GW_D_BAD_ADDRESS, 3, 4, BASE "hosts: {a: {file: objects/x.txt}}\n",
	  "10.0.0.1\n# x\n \t 10.0.0.256 # y\n" },
	{ GW_D_BAD_ADDRESS, 1, 10, BASE "hosts: {a: {file: objects/x.txt}}\n",
	  "10.0.0.1 10.0.0.2" },
	{ GW_D_HOST_BITS, 7, 40, POLICY("dest: [10.0.0.5/24]"), NULL },
	{ GW_D_PREFIX_LENGTH, 7, 40, POLICY("dest: [10.0.0.0/33]"), NULL },
	{ GW_D_RANGE_ORDER, 7, 40, POLICY("dest: [10.0.0.9-10.0.0.1]"), NULL },
	{ GW_D_RANGE_ORDER, 7, 44, POLICY("services: [tcp/2000-1000]"), NULL },
	{ GW_D_RANGE_FAMILY, 7, 40, POLICY("dest: ['10.0.0.1-2001:db8::1']"), NULL },
	{ GW_D_BAD_SERVICE, 7, 51, POLICY("services: [tcp/80,443]"), NULL },
	{ GW_D_BAD_SERVICE, 7, 44, POLICY("services: ['tcp/80,443']"), NULL },
	{ GW_D_BAD_SERVICE, 7, 44, POLICY("services: [gre/1]"), NULL },
	{ GW_D_BAD_SERVICE, 7, 44, POLICY("services: [proto/256]"), NULL },
	{ GW_D_BAD_PORT, 7, 44, POLICY("services: [tcp/65536]"), NULL },
	{ GW_D_BAD_PORT, 7, 44, POLICY("services: [tcp/http]"), NULL },
	{ GW_D_BAD_PORT, 7, 44, POLICY("services: [tcp/]"), NULL },
	{ GW_D_UNKNOWN_PROTOCOL, 7, 44, POLICY("services: [tpc/80]"), NULL },
	{ GW_D_UNKNOWN_ICMP_TYPE, 7, 44, POLICY("services: [icmp/echo]"), NULL },
	{ GW_D_ICMP_NOT_A_START, 7, 44, POLICY("services: [icmp/3/4]"), NULL },
	{ GW_D_BAD_INTERFACE, 6, 20, BASE "  x: {interfaces: [internal-network0], untrusted: on}\n",
	  NULL },
	{ GW_D_INTERFACE_WILDCARD, 6, 20, BASE "  x: {interfaces: ['ppp*'], untrusted: on}\n",
	  NULL },
	{ GW_D_INTERFACE_LOOPBACK, 6, 20, BASE "  x: {interfaces: [lo], untrusted: on}\n", NULL },
	{ GW_D_INTERFACE_TWICE, 6, 20, BASE "  x: {interfaces: [hq0], untrusted: on}\n", NULL },
	{ GW_D_INTERFACE_TWICE, 6, 24, BASE "  x: {interfaces: [x0, x0], untrusted: on}\n", NULL },
	{ GW_D_NETS_OVERLAP_WITHIN, 6, 44,
	  BASE "  x: {interfaces: [x], nets: [10.0.0.0/12, 10.1.0.0/16]}\n", NULL },
	{ GW_D_NETS_OVERLAP, 6, 31, BASE "  x: {interfaces: [x], nets: [10.20.30.0/24]}\n", NULL },
	{ GW_D_ZONE_WITHOUT_NETS, 6, 3, BASE "  x: {interfaces: [x]}\n", NULL },
	{ GW_D_OBJECT_EMPTY, 6, 19, BASE "hosts: {a: {file: objects/x.txt}}\n", "# none\n" },
	{ GW_D_IPV6_OFF_WITH_NETS, 6, 42,
	  BASE "  x: {interfaces: [x], ipv6: off, nets: ['2001:db8:1::/48']}\n", NULL },
	{ GW_D_NETS_SPECIAL, 6, 31, BASE "  x: {interfaces: [x], nets: [224.0.0.0/4]}\n", NULL },
	{ GW_D_NETS_SPECIAL, 6, 31, BASE "  x: {interfaces: [x], nets: ['ff02::1']}\n", NULL },
	{ GW_D_BAD_DAY, 7, 48, POLICY("hours: {days: [monday]}"), NULL },
	{ GW_D_EMPTY_WINDOW, 7, 47, POLICY("hours: {from: '08:00', until: '08:00'}"), NULL },
	{ GW_D_MARK_MASK, 6, 15, BASE "marks: {mask: 0x00ff00ff}\n", NULL },
	{ GW_D_TEXT_CONTROL, 7, 42, POLICY("purpose: \"a\\tb\""), NULL },

	/* policies, exceptions and their duties */
	{ GW_D_OWNER_MISSING, 7, 5,
	  BASE "policies:\n  - {id: p, from: hq, to: wan, action: drop, ticket: t, review: "
	       "2099-12-31}\n",
	  NULL },
	{ GW_D_TICKET_MISSING, 7, 5,
	  BASE
	  "policies:\n  - {id: p, from: hq, to: wan, action: drop, owner: o, review: 2099-12-31}\n",
	  NULL },
	{ GW_D_REVIEW_MISSING, 7, 5,
	  BASE "gateway:\n  - {id: p, from: hq, action: drop, owner: o, ticket: t}\n", NULL },
	{ GW_D_REVIEW_OVERDUE, 7, 76,
	  BASE "policies:\n"
	       "  - {id: p1, from: hq, to: wan, action: drop, owner: o, ticket: t, review: "
	       "2026-11-22}\n",
	  NULL },
	{ GW_D_BETWEEN_ACCEPT, 6, 20, BASE "between: {default: accept}\n", NULL },
	{ GW_D_EXPIRY_MISSING, 7, 5,
	  EXCEPTION("reason: r, requested_by: a, approved_by: b, ticket: t"), NULL },
	{ GW_D_EXCEPTION_EXPIRED, 7, 42, EXCEPTION("expires: 2026-11-20T00:00Z" APPROVED), NULL },
	{ GW_D_EXCEPTION_LONG, 7, 42, EXCEPTION("expires: 2028-01-01T00:00Z" APPROVED), NULL },
	{ GW_D_SELF_APPROVED, 7, 117,
	  EXCEPTION("expires: 2026-12-01T00:00Z, ticket: t, reason: r, requested_by: a, "
		    "approved_by: [b, a]"),
	  NULL },
	{ GW_D_REQUESTER_MISSING, 7, 5,
	  EXCEPTION("expires: 2026-12-01T00:00Z, ticket: t, reason: r, approved_by: [b]"), NULL },
	{ GW_D_APPROVER_MISSING, 7, 5,
	  EXCEPTION("expires: 2026-12-01T00:00Z, ticket: t, reason: r, requested_by: a"), NULL },
	{ GW_D_REASON_MISSING, 7, 5,
	  EXCEPTION("expires: 2026-12-01T00:00Z, ticket: t, requested_by: a, approved_by: b"),
	  NULL },
	{ GW_D_APPROVER_TWICE, 7, 113,
	  EXCEPTION("expires: 2026-12-01T00:00Z, ticket: t, reason: r, requested_by: a, "
		    "approved_by: [b, b]"),
	  NULL },
	{ GW_D_LOCKED_ACCEPT, 7, 41, POLICY("locked: true"), NULL },
	{ GW_D_ASSERTION_KIND, 7, 5,
	  BASE "verify:\n  - {never: {from: hq, to: wan}, always: {from: hq, to: wan}}\n", NULL },

	/* NAT */
	{ GW_D_NAT_KIND, 7, 10, NAT("to: dmz"), NULL },
	{ GW_D_NAT_KIND, 7, 10, NAT("to: dmz, masquerade: on, snat: 203.0.113.1"), NULL },
	{ GW_D_NAT_KEY_UNFIT, 7, 59, NAT("to: dmz, masquerade: on, hairpin: true"), NULL },
	{ GW_D_NAT_KEY_UNFIT, 7, 61, NAT("to: dmz, snat: 203.0.113.1, family: ipv4"), NULL },
	{ GW_D_NAT_TO_MISSING, 7, 10, NAT("masquerade: true"), NULL },
	{ GW_D_DNAT_TO, 7, 29, NAT("to: hq, dest: 198.51.100.1, dnat: 203.0.113.5"), NULL },
	{ GW_D_DNAT_DEST_MISSING, 7, 10, NAT("dnat: 203.0.113.5"), NULL },
	{ GW_D_TO_PORT_SERVICES, 7, 73, NAT("dest: 198.51.100.1, dnat: 203.0.113.5, to_port: 80"),
	  NULL },
	{ GW_D_TO_PORT_SERVICES, 7, 87,
	  NAT("dest: 198.51.100.1, dnat: 203.0.113.5, to_port: 80, services: [gre]"), NULL },
	{ GW_D_TO_PORT_RANGE, 7, 87,
	  NAT("dest: 198.51.100.1, dnat: 203.0.113.5, to_port: 80, services: [tcp/80-90]"), NULL },
	{ GW_D_NAT_FAMILY, 7, 31, NAT("dest: '2001:db8::1', dnat: 203.0.113.5"), NULL },
	{ GW_D_NAT_TARGET, 7, 51, NAT("dest: 198.51.100.1, dnat: 203.0.113.0/28"), NULL },
	{ GW_D_NAT_TARGET, 7, 51, NAT("dest: 198.51.100.1, dnat: 203.0.113.1-203.0.113.2"), NULL },
	{ GW_D_NAT_TARGET, 7, 40, NAT("to: dmz, snat: 127.0.0.1"), NULL },
	{ GW_D_DNAT_TARGET_NOWHERE, 7, 51, NAT("dest: 198.51.100.1, dnat: 192.0.2.9"), NULL },
	{ GW_D_DNAT_OVERLAP, 8, 10,
	  NAT("dest: 198.51.100.1, dnat: 203.0.113.5, services: tcp/80") "  - {id: n2, from: [hq, "
									 "wan], dest: "
									 "198.51.100.0/24, dnat: "
									 "203.0.113.6}\n",
	  NULL },
	{ GW_D_SNAT_OVERLAP, 8, 10,
	  NAT("to: dmz, snat: 203.0.113.8-203.0.113.9, source: 198.51.100.0/24") "  - {id: n2, "
										 "from: wan, to: "
										 "[hq, dmz], "
										 "masquerade: "
										 "true}\n",
	  NULL },
};

static struct gw_config *load(const char *yaml, const char *object, struct gw_diags *diags)
{
	const struct gw_conf_file files[] = {
		{ "gw.yaml", yaml, strlen(yaml) },
		{ "objects/x.txt", object ? object : "", object ? strlen(object) : 0 },
	};

	gw_diags_init(diags);
	return gw_config_load_files(files, object ? 2 : 1, NOW, diags);
}

static bool row_holds(const struct row *row)
{
	struct gw_diags diags;
	struct gw_config *config = load(row->yaml, row->object, &diags);
	const struct gw_diag_kind *kind = gw_diag_kind(row->id);
	const struct gw_diagnostic *found = diags.items;
	bool error = kind->severity == GW_SEVERITY_ERROR, ok;

	ok = diags.count == 1 && found->id == row->id && found->loc.line == row->line &&
	     found->loc.column == row->column && error == !config->policy;
	if (!ok) {
		print_error("%s at %u:%u expected of:\n%s", kind->number, row->line, row->column,
			    row->yaml);
		gw_diags_print(&diags, stderr, false);
	}
	gw_config_free(config);
	gw_diags_done(&diags);
	return ok;
}

static void each_fault_is_reported_once_at_its_place(void **state)
{
	bool ok = true;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		ok &= row_holds(&rows[i]);
	assert_true(ok);
}

/* Faults that take too much text for the table. */

static void too_many_zones_are_refused(void **state)
{
	gw_auto_text struct gw_text yaml = { 0 };
	struct row row = { GW_D_ZONES_TOO_MANY, 3, 3, NULL, NULL };

	(void)state;
	gw_text_puts(&yaml, "gw: 1\nzones:\n");
	for (unsigned int i = 0; i <= GW_ZONES_MAX; i++)
		gw_text_printf(&yaml, "  z%u: {interfaces: [if%u], untrusted: true}\n", i, i);
	row.yaml = yaml.bytes;
	assert_true(row_holds(&row));
}

static void names_nested_too_deep_are_refused(void **state)
{
	gw_auto_text struct gw_text yaml = { 0 };
	struct gw_diags diags;
	struct gw_config *config;

	(void)state;
	gw_text_puts(&yaml, BASE "hosts:\n  a-0: [10.20.0.1]\n");
	for (unsigned int i = 1; i < 100000; i++)
		gw_text_printf(&yaml, "  a-%u: [a-%u]\n", i, i - 1);
	config = load(yaml.bytes, NULL, &diags);
	assert_null(config->policy);
	assert_int_equal(diags.items[0].id, GW_D_NESTED_TOO_DEEP);
	gw_config_free(config);
	gw_diags_done(&diags);
}

static void texts_that_are_too_long_are_refused(void **state)
{
	gw_auto_text struct gw_text yaml = { 0 };
	struct row row = { GW_D_TEXT_TOO_LONG, 7, 42, NULL, NULL };

	(void)state;
	gw_text_puts(&yaml, BASE "policies:\n  - {id: p1, from: hq, to: wan, purpose: ");
	for (unsigned int i = 0; i < 1025; i++)
		gw_text_putc(&yaml, 'x');
	gw_text_puts(&yaml, ACCEPT);
	row.yaml = yaml.bytes;
	assert_true(row_holds(&row));
}

static void registers_of_too_many_devices_are_refused(void **state)
{
	gw_auto_text struct gw_text macs = { 0 };
	struct row row = { GW_D_DEVICES_TOO_MANY, 6, 60, ADMISSION, NULL };

	(void)state;
	for (unsigned int i = 0; i <= GW_DEVICES_MAX; i++)
		gw_text_printf(&macs, "02:00:00:%02x:%02x:%02x\n", i >> 16, i >> 8 & 0xff,
			       i & 0xff);
	row.object = macs.bytes;
	assert_true(row_holds(&row));
}

static bool has_row(enum gw_diag_id id)
{
	/* The last one needs two names that collide: compile_test.c. */
	static const enum gw_diag_id elsewhere[] = { GW_D_ZONE_IDS_ALIKE,
						     GW_D_ZONES_TOO_MANY,
						     GW_D_NESTED_TOO_DEEP,
						     GW_D_TEXT_TOO_LONG,
						     GW_D_DEVICES_TOO_MANY,
						     GW_D_MEASURE_LIST /* of the agent's reply */ };

	for (size_t i = 0; i < GW_COUNT(rows); i++)
		if (rows[i].id == id)
			return true;
	for (size_t i = 0; i < GW_COUNT(elsewhere); i++)
		if (elsewhere[i] == id)
			return true;
	return false;
}

static void every_diagnostic_of_the_language_has_a_test(void **state)
{
	(void)state;
	for (int i = 0; i < GW_D_COUNT; i++) {
		const char *number = gw_diag_kind((enum gw_diag_id)i)->number;

		if ((number[2] != '0' || !strchr("2346", number[3])) &&
		    strncmp(number, "GW130", 5) != 0)
			continue;
		if (!has_row((enum gw_diag_id)i))
			fail_msg("%s has no test", number);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_is_reported_once_at_its_place),
		cmocka_unit_test(too_many_zones_are_refused),
		cmocka_unit_test(names_nested_too_deep_are_refused),
		cmocka_unit_test(texts_that_are_too_long_are_refused),
		cmocka_unit_test(registers_of_too_many_devices_are_refused),
		cmocka_unit_test(every_diagnostic_of_the_language_has_a_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
