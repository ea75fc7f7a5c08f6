#include "gw/policy/service.h"

#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

#include "gw/conf/schema.h"
#include "gw/core/mem.h"

static const struct gw_protocol protocols[] = {
	{ "icmp", IPPROTO_ICMP, false },
	{ "igmp", IPPROTO_IGMP, false },
	{ "ipip", IPPROTO_IPIP, false },
	{ "tcp", IPPROTO_TCP, true },
	{ "udp", IPPROTO_UDP, true },
	{ "dccp", IPPROTO_DCCP, true },
	{ "ipv6", IPPROTO_IPV6, false },
	{ "rsvp", IPPROTO_RSVP, false },
	{ "gre", IPPROTO_GRE, false },
	{ "esp", IPPROTO_ESP, false },
	{ "ah", IPPROTO_AH, false },
	{ "icmpv6", IPPROTO_ICMPV6, false },
	{ "eigrp", 88, false },
	{ "ospf", 89, false },
	{ "pim", IPPROTO_PIM, false },
	{ "vrrp", 112, false },
	{ "l2tp", 115, false },
	{ "sctp", IPPROTO_SCTP, true },
	{ "udplite", IPPROTO_UDPLITE, true },
};

/* A query may begin a connection; see icmp_error and icmpv6_error of the kernel's conntrack. */
struct icmp_type {
	const char *name;
	uint8_t number;
	bool query;
};

static const struct icmp_type icmp_types[] = {
	{ "echo-reply", 0, false },           { "destination-unreachable", 3, false },
	{ "source-quench", 4, false },        { "redirect", 5, false },
	{ "echo-request", 8, true },          { "router-advertisement", 9, false },
	{ "router-solicitation", 10, false }, { "time-exceeded", 11, false },
	{ "parameter-problem", 12, false },   { "timestamp-request", 13, true },
	{ "timestamp-reply", 14, false },     { "info-request", 15, true },
	{ "info-reply", 16, false },          { "address-mask-request", 17, true },
	{ "address-mask-reply", 18, false },
};

static const struct icmp_type icmpv6_types[] = {
	{ "destination-unreachable", 1, false },
	{ "packet-too-big", 2, false },
	{ "time-exceeded", 3, false },
	{ "parameter-problem", 4, false },
	{ "echo-request", 128, true },
	{ "echo-reply", 129, false },
	{ "mld-listener-query", 130, false },
	{ "mld-listener-report", 131, false },
	{ "mld-listener-done", 132, false },
	{ "nd-router-solicit", 133, false },
	{ "nd-router-advert", 134, false },
	{ "nd-neighbor-solicit", 135, false },
	{ "nd-neighbor-advert", 136, false },
	{ "nd-redirect", 137, false },
	{ "router-renumbering", 138, false },
	{ "node-information-query", 139, true },
	{ "node-information-reply", 140, false },
	{ "ind-neighbor-solicit", 141, false },
	{ "ind-neighbor-advert", 142, false },
	{ "mld2-listener-report", 143, false },
};

const struct gw_protocol *gw_protocol_by_name(const char *name)
{
	for (size_t i = 0; i < GW_COUNT(protocols); i++)
		if (strcmp(protocols[i].name, name) == 0)
			return &protocols[i];
	return NULL;
}

const struct gw_protocol *gw_protocol_by_number(uint8_t number)
{
	for (size_t i = 0; i < GW_COUNT(protocols); i++)
		if (protocols[i].number == number)
			return &protocols[i];
	return NULL;
}

static const struct icmp_type *icmp_table(uint8_t protocol, size_t *ret_n)
{
	*ret_n = 0;
	if (protocol == IPPROTO_ICMP) {
		*ret_n = GW_COUNT(icmp_types);
		return icmp_types;
	}
	if (protocol == IPPROTO_ICMPV6) {
		*ret_n = GW_COUNT(icmpv6_types);
		return icmpv6_types;
	}
	return NULL;
}

const char *gw_icmp_type_name(uint8_t protocol, uint8_t type)
{
	size_t n;
	const struct icmp_type *types = icmp_table(protocol, &n);

	for (size_t i = 0; i < n; i++)
		if (types[i].number == type)
			return types[i].name;
	return NULL;
}

bool gw_is_service_name(const char *text)
{
	return !strchr(text, '/') && !isdigit((unsigned char)*text) && !gw_protocol_by_name(text);
}

/* Decimal digits up to `end`, at most `max`. */
static bool parse_number(const char *text, const char *end, uint32_t max, uint32_t *ret)
{
	uint32_t value = 0;

	if (text == end || end - text > 5)
		return false;
	for (; text < end; text++) {
		if (!isdigit((unsigned char)*text))
			return false;
		value = value * 10 + (uint32_t)(*text - '0');
	}
	*ret = value;
	return value <= max;
}

static struct gw_range key_range(uint8_t protocol, uint32_t lo, uint32_t hi)
{
	return (struct gw_range){ gw_service_key(protocol, (uint16_t)lo),
				  gw_service_key(protocol, (uint16_t)hi) };
}

static bool parse_ports(struct gw_diags *diags, struct gw_loc loc, const char *text,
			const char *ports, uint8_t protocol, struct gw_range *ret)
{
	const char *dash = strchr(ports, '-'), *end = ports + strlen(ports);
	uint32_t lo, hi;

	if (!parse_number(ports, dash ? dash : end, 65535, &lo) ||
	    !parse_number(dash ? dash + 1 : ports, end, 65535, &hi)) {
		if (strchr(ports, ',')) {
			gw_diag(diags, GW_D_BAD_SERVICE, loc, "`%s` holds several ports", text);
			gw_diag_hint(diags, "write a list with one item for each");
			return false;
		}
		gw_diag(diags, GW_D_BAD_PORT, loc,
			"`%s` in `%s` is not a port from 0 to 65535 or a range of them", ports,
			text);
		gw_diag_hint(diags, "write ports as numbers: `tcp/443` or `tcp/8000-8010`");
		return false;
	}
	if (lo > hi) {
		gw_diag(diags, GW_D_RANGE_ORDER, loc, "the range `%s` ends before it starts", text);
		gw_diag_hint(diags, "write `%.*s/%u-%u`", (int)(ports - 1 - text), text, hi, lo);
		return false;
	}
	*ret = key_range(protocol, lo, hi);
	return true;
}

static void report_icmp_type(struct gw_diags *diags, struct gw_loc loc, const char *text,
			     const char *type, const struct icmp_type *types, size_t n)
{
	const char *names[GW_COUNT(icmpv6_types)];

	for (size_t i = 0; i < n; i++)
		names[i] = types[i].name;
	gw_diag(diags, GW_D_UNKNOWN_ICMP_TYPE, loc, "`%s` in `%s` is not a type from 0 to 255",
		type, text);
	if (gw_nearest_name(type, names, n))
		gw_schema_suggest(diags, type, names, n);
	else
		gw_diag_hint(diags, "a ping is `echo-request`; others are known by name or number");
}

/* "echo-request", "3" or "3/4". */
static bool parse_icmp(struct gw_diags *diags, struct gw_loc loc, const char *text,
		       const char *type, uint8_t protocol, struct gw_range *ret)
{
	const char *slash = strchr(type, '/'), *end = slash ? slash : type + strlen(type);
	size_t n, len = (size_t)(end - type);
	const struct icmp_type *types = icmp_table(protocol, &n), *known = NULL;
	uint32_t number, lo = 0, hi = 255;

	for (size_t i = 0; i < n && !known; i++)
		if (strlen(types[i].name) == len && memcmp(types[i].name, type, len) == 0)
			known = &types[i];
	if (known) {
		number = known->number;
	} else if (!parse_number(type, end, 255, &number)) {
		report_icmp_type(diags, loc, text, type, types, n);
		return false;
	}
	for (size_t i = 0; i < n && !known; i++)
		if (types[i].number == number)
			known = &types[i];
	if (slash) {
		if (!parse_number(slash + 1, slash + strlen(slash), 255, &lo)) {
			gw_diag(diags, GW_D_BAD_SERVICE, loc,
				"`%s` in `%s` is not a code from 0 to 255", slash + 1, text);
			return false;
		}
		hi = lo;
	}
	if (!known || !known->query) {
		gw_diag(diags, GW_D_ICMP_NOT_A_START, loc, "`%s` never starts a connection", text);
		gw_diag_hint(diags, "replies and errors pass with the connection they belong to");
	}
	*ret = key_range(protocol, number << 8 | lo, number << 8 | hi);
	return true;
}

static bool parse_protocol_number(struct gw_diags *diags, struct gw_loc loc, const char *text,
				  const char *number, struct gw_range *ret)
{
	uint32_t value;

	if (!parse_number(number, number + strlen(number), 255, &value)) {
		gw_diag(diags, GW_D_BAD_SERVICE, loc,
			"`%s` in `%s` is not a protocol from 0 to 255", number, text);
		return false;
	}
	*ret = key_range((uint8_t)value, 0, 65535);
	return true;
}

static bool unknown_protocol(struct gw_diags *diags, struct gw_loc loc, const char *text,
			     const char *name)
{
	const char *names[GW_COUNT(protocols)];

	for (size_t i = 0; i < GW_COUNT(protocols); i++)
		names[i] = protocols[i].name;
	gw_diag(diags, GW_D_UNKNOWN_PROTOCOL, loc, "unknown protocol `%s` in `%s`", name, text);
	gw_schema_suggest(diags, name, names, GW_COUNT(protocols));
	return false;
}

bool gw_service_parse(struct gw_diags *diags, struct gw_loc loc, const char *text,
		      struct gw_range *ret)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	const struct gw_protocol *protocol;
	char name[16];

	if (!slash && isdigit((unsigned char)*text)) {
		gw_diag(diags, GW_D_BAD_SERVICE, loc, "`%s` does not say which protocol", text);
		gw_diag_hint(diags, "write `tcp/%s`; commas separate the items of a list", text);
		return false;
	}
	/* A name that does not fit is longer than any that we know. */
	if (len >= sizeof(name))
		return unknown_protocol(diags, loc, text, text);
	memcpy(name, text, len);
	name[len] = '\0';
	if (slash && strcmp(name, "proto") == 0)
		return parse_protocol_number(diags, loc, text, slash + 1, ret);
	protocol = gw_protocol_by_name(name);
	if (!protocol)
		return unknown_protocol(diags, loc, text, name);
	if (!slash) {
		*ret = key_range(protocol->number, 0, 65535);
		return true;
	}
	if (protocol->ports)
		return parse_ports(diags, loc, text, slash + 1, protocol->number, ret);
	if (protocol->number == IPPROTO_ICMP || protocol->number == IPPROTO_ICMPV6)
		return parse_icmp(diags, loc, text, slash + 1, protocol->number, ret);
	gw_diag(diags, GW_D_BAD_SERVICE, loc, "`%s` has no ports or types: write `%s`", name, name);
	return false;
}
