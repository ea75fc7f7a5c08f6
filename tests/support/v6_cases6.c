/* Cases of native IPv6: catalogue A to D, G and what of F has no IPv4 around it. */
#include <netinet/in.h>

#include "gw/core/mem.h"
#include "tests/support/v6_cases.h"

#define ATTACKER V6_ADDRESS_ATTACKER
#define VICTIM   V6_ADDRESS_VICTIM
#define ROUTER   V6_ADDRESS_ROUTER
#define GLOBAL   "2001:db8:bad::a"
#define INSIDE   "2001:db8:1::5"
#define NODES    "ff02::1"
#define ROUTERS  "ff02::2"

#define ICMP          IPPROTO_ICMPV6
#define RA(lifetime)  "86 00 0000 40 00 " lifetime " 00000000 00000000 "
#define RA_FLAGS(f)   "86 00 0000 40 " f " 0708 00000000 00000000 "
#define SOURCE        "0101 @A "
#define SOURCE_R      "0101 @R "
#define SOURCE_S      "0101 @S "
#define PIO(flags, p) "0304 40 " flags " 00278d00 00093a80 00000000 [" p "] "
#define RIO(len, p)   "1803 " len " 00 00000e10 [" p "] "
#define RDNSS(a)      "1903 0000 00000e10 [" a "] "
#define DNSSL         "1f03 0000 00000e10 04 \"evil\" 07 \"example\" 00 0000 "
#define MTU(value)    "0501 0000 " value " "
#define PREF64        "2602 0e10 0064ff9b 0000 0000 0000 0000 "
#define PORTAL        "2503 \"https://evil.example/a\" "
#define DNR           "9002 0001 00000e10 0004 \"evil\" 0000 "

#define CLIENT_ID "0001 000e 0001 0001 11223344 @V "
#define OWN_ID    "0001 000e 0001 0001 11223344 @A "
#define SERVER_ID "0002 000a 0003 0001 @A "
#define IA_NA     "0003 0028 00000001 00000000 00000000 0005 0018 [2001:db8:bad::5] 00000e10 00000e10 "
#define IA_EMPTY  "0003 000c 00000001 00000e10 00001518 "
#define DNS       "0017 0010 [" ATTACKER "] "
#define SEARCH    "0018 000e 04 \"evil\" 07 \"example\" 00 "
#define ANSWER(t) t " aabbcc " CLIENT_ID SERVER_ID IA_NA DNS SEARCH
#define SOLICIT   "01 aabbcc " OWN_ID "0008 0002 0000 " IA_EMPTY "0006 0004 0017 0018 "

#define TAKES_ROUTE "takes a default route through the attacker"
#define TAKES_DNS   "asks the attacker for names"
#define SENDS_TO    "sends to the attacker what is meant for others"
#define NOTHING     "nothing: it shows that IPv6 is alive"
#define ANSWERS     "answers"
#define NO_ADDRESS  "gets no address"

#define C(sym) GW_V6_CLASS_##sym

/* clang-format off */
const struct v6_case6 v6_cases6[] = {
	{ "A02", "dad", C(CHATTER), 0, "::", "ff02::1:ff0a:a1", 255, ICMP, 0, 0,
	  "87 00 0000 00000000 [" ATTACKER "]", 0, NOTHING },
	{ "A02", "mld2-report", C(CHATTER), 0, ATTACKER, "ff02::16", 1, ICMP, 0, 0,
	  "8f 00 0000 0000 0001 04 00 0000 [ff02::1:ff0a:a1]", V6_MLD, NOTHING },
	{ "A02", "mld1-report", C(CHATTER), 0, ATTACKER, "ff02::1:ff0a:a1", 1, ICMP, 0, 0,
	  "83 00 0000 0000 0000 [ff02::1:ff0a:a1]", V6_MLD, NOTHING },
	{ "A02", "router-solicit", C(CHATTER), 0, ATTACKER, ROUTERS, 255, ICMP, 0, 0,
	  "85 00 0000 00000000 " SOURCE, 0, "routers answer" },
	{ "A02", "mdns", C(DISCOVERY), 0, ATTACKER, "ff02::fb", 255, IPPROTO_UDP, 5353, 5353,
	  "0000 0000 0001 0000 0000 0000 05 \"_http\" 04 \"_tcp\" 05 \"local\" 00 000c 0001", 0, ANSWERS },
	{ "A02", "llmnr", C(DISCOVERY), 0, ATTACKER, "ff02::1:3", 1, IPPROTO_UDP, 50001, 5355,
	  "1234 0000 0001 0000 0000 0000 07 \"printer\" 00 001c 0001", 0, ANSWERS },
	{ "A02", "ssdp", C(DISCOVERY), 0, ATTACKER, "ff02::c", 1, IPPROTO_UDP, 50002, 1900,
	  "\"M-SEARCH * HTTP/1.1\" 0d0a", 0, ANSWERS },
	{ "A01", "site-multicast", C(MULTICAST_SCOPE), 0, ATTACKER, "ff05::1:3", 8, IPPROTO_UDP, 50003, 9999,
	  "\"hello\"", 0, ANSWERS },
	{ "A03", "echo", C(LINK_LOCAL), 0, ATTACKER, VICTIM, 64, ICMP, 0, 0,
	  "80 00 0000 0001 0001 \"ping\"", 0, ANSWERS },
	{ "A03", "neighbour-solicit", C(LINK_LOCAL), 0, ATTACKER, "ff02::1:ff05:1", 255, ICMP, 0, 0,
	  "87 00 0000 00000000 [" VICTIM "] " SOURCE, 0, ANSWERS },
	{ "A03", "tcp-smb", C(LINK_LOCAL), 0, ATTACKER, VICTIM, 64, IPPROTO_TCP, 50004, 445, "", 0,
	  "accepts the connection" },
	{ "A04", "global-udp", C(GLOBAL), 0, GLOBAL, INSIDE, 64, IPPROTO_UDP, 50005, 443, "\"quic\"", 0, ANSWERS },
	{ "A04", "global-tcp", C(GLOBAL), 0, GLOBAL, "2001:db8:9::9", 64, IPPROTO_TCP, 50006, 443, "", 0,
	  "is reached past IPv4 policy" },
	{ "A04", "ula-tcp", C(GLOBAL), 0, "fd12:3456:789a::a", "fd12:3456:789a::5", 64, IPPROTO_TCP, 50007, 22,
	  "", 0, "accepts the connection" },
	{ "A08", "yggdrasil", C(OVERLAY), 0, ATTACKER, "ff02::114", 1, IPPROTO_UDP, 9001, 9001, "\"peer\"", 0,
	  "joins the mesh" },

	{ "B01", "ra", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE PIO("c0", "2001:db8:bad::"), V6_OPTIONS, TAKES_ROUTE },
	{ "B01", "ra-bare", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA("0708"), V6_OPTIONS, TAKES_ROUTE },
	{ "B01", "ra-high", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA_FLAGS("08") SOURCE, V6_OPTIONS, TAKES_ROUTE },
	{ "B01", "ra-as-router", C(ROUTER_ADVERT), 0, ROUTER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE, V6_OPTIONS, TAKES_ROUTE },
	{ "B01", "ra-global-source", C(ROUTER_ADVERT), 0, GLOBAL, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE, V6_OPTIONS, "ignores it (RFC 4861)" },
	{ "B02", "router-kill", C(ROUTER_KILL), 0, ROUTER, NODES, 255, ICMP, 0, 0,
	  RA("0000"), V6_OPTIONS, "drops its default route" },
	{ "B03", "prefix", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA("0000") SOURCE PIO("40", "2001:db8:bad::"), V6_OPTIONS, "makes itself an address" },
	{ "B04", "on-link", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA("0000") SOURCE PIO("80", "2001:db8:9::"), V6_OPTIONS, SENDS_TO },
	{ "B05", "route", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA("0000") SOURCE RIO("20", "2001:db8::"), V6_OPTIONS, SENDS_TO },
	{ "B05", "stub-router", C(RA_STUB), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA("0000") SOURCE PIO("c0", "fd11:22::") RIO("40", "fd11:33::"), V6_OPTIONS | V6_NO_FAULTS,
	  "takes a route to what is behind it" },
	{ "B06", "rdnss", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA("0000") SOURCE RDNSS(ATTACKER), V6_OPTIONS, TAKES_DNS },
	{ "B06", "dnssl", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA("0000") SOURCE DNSSL, V6_OPTIONS, "searches in the attacker's domain" },
	{ "B07", "mtu", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE MTU("00000400"), V6_OPTIONS, TAKES_ROUTE },
	{ "B07", "hop-limit", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  "86 00 0000 01 00 0000 00000000 00000000", V6_OPTIONS, "reaches nobody beyond the link" },
	{ "B08", "pref64", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE PREF64, V6_OPTIONS, "translates IPv4 towards the attacker" },
	{ "B09", "portal", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE PORTAL, V6_OPTIONS, "opens the attacker's page" },
	{ "B09", "encrypted-dns", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE DNR, V6_OPTIONS, TAKES_DNS },
	{ "B10", "managed", C(ROUTER_ADVERT), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  RA_FLAGS("c0") SOURCE, V6_OPTIONS, "asks for DHCPv6" },
	{ "B12", "ra-unicast", C(ROUTER_ADVERT), 0, ATTACKER, VICTIM, 255, ICMP, 0, 0,
	  RA("0708") SOURCE PIO("c0", "2001:db8:bad::"), V6_OPTIONS, TAKES_ROUTE },
	{ "B13", "redirect", C(REDIRECT), 0, ROUTER, VICTIM, 255, ICMP, 0, 0,
	  "89 00 0000 00000000 [" ATTACKER "] [2001:db8:9::9] 0201 @A", V6_OPTIONS, SENDS_TO },
	{ "B14", "renumbering", C(ICMP_ROUTERS), 0, ATTACKER, ROUTERS, 255, ICMP, 0, 0,
	  "8a 00 0000 00000001 00 00 0000 00000000", 0, "routers change their prefixes" },
	{ "B14", "home-agent", C(ICMP_ROUTERS), 0, GLOBAL, INSIDE, 64, ICMP, 0, 0,
	  "91 00 0000 0001 0000 [" GLOBAL "]", 0, NOTHING },
	{ "B14", "mobile-prefix", C(ICMP_ROUTERS), 0, GLOBAL, INSIDE, 64, ICMP, 0, 0,
	  "93 00 0000 0001 0000 " PIO("c0", "2001:db8:bad::"), 0, "a mobile node takes the prefix" },
	{ "B14", "send-path", C(ICMP_ROUTERS), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  "95 00 0000 0001 0001 0000 0000", 0, NOTHING },
	{ "B14", "multicast-router", C(ICMP_ROUTERS), 0, ATTACKER, "ff02::6a", 1, ICMP, 0, 0,
	  "97 14 0000 0000 0000", 0, "switches send all groups to the attacker" },
	{ "B15", "rs-spoofed", C(RS_SPOOFED), 0, "fe80::5:11", ROUTERS, 255, ICMP, 0, 0,
	  "85 00 0000 00000000 0101 @V", V6_OPTIONS | V6_BY_MAC, "the router answers the wrong one" },

	{ "C01", "dhcpv6-advertise", C(DHCP6_SERVER), 0, ATTACKER, VICTIM, 64, IPPROTO_UDP, 547, 546,
	  ANSWER("02"), 0, "asks the attacker for an address" },
	{ "C01", "dhcpv6-reply", C(DHCP6_SERVER), 0, ATTACKER, VICTIM, 64, IPPROTO_UDP, 547, 546,
	  ANSWER("07"), 0, TAKES_DNS },
	{ "C01", "dhcpv6-other-port", C(DHCP6_SERVER), 0, ATTACKER, VICTIM, 64, IPPROTO_UDP, 50008, 546,
	  ANSWER("07"), 0, TAKES_DNS },
	{ "C01", "dhcpv6-multicast", C(DHCP6_SERVER), 0, ATTACKER, NODES, 64, IPPROTO_UDP, 547, 546,
	  ANSWER("07"), 0, TAKES_DNS },
	{ "C02", "dhcpv6-reconfigure", C(DHCP6_RECONFIGURE), 0, ATTACKER, VICTIM, 64, IPPROTO_UDP, 547, 546,
	  "0a 000000 " CLIENT_ID SERVER_ID "0013 0001 05", 0, "asks again" },
	{ "C03", "dhcpv6-relay-forward", C(DHCP6_RELAY), 0, ATTACKER, "ff02::1:2", 64, IPPROTO_UDP, 547, 547,
	  "0c 00 [2001:db8:bad::] [" VICTIM "] 0009 0004 01 aabbcc", 0, "the server hands out an address" },
	{ "C03", "dhcpv6-relay-reply", C(DHCP6_RELAY), 0, ATTACKER, VICTIM, 64, IPPROTO_UDP, 547, 547,
	  "0d 00 [2001:db8:bad::] [" VICTIM "] 0009 0004 07 aabbcc", 0, "a relay passes it on" },
	{ "C04", "dhcpv6-solicit", C(DHCP6_CLIENT), 0, ATTACKER, "ff02::1:2", 1, IPPROTO_UDP, 546, 547,
	  SOLICIT, 0, "servers answer" },
	{ "C04", "dhcpv6-information", C(DHCP6_CLIENT), 0, ATTACKER, "ff02::1:2", 1, IPPROTO_UDP, 546, 547,
	  "0b aabbcc " OWN_ID "0006 0004 0017 0018", 0, "servers answer" },
	{ "C06", "dhcpv6-aftr", C(DHCP6_SERVER), 0, ATTACKER, VICTIM, 64, IPPROTO_UDP, 547, 546,
	  "07 aabbcc " CLIENT_ID SERVER_ID "0040 000e 04 \"evil\" 07 \"example\" 00", 0, "tunnels IPv4 to the attacker" },
	{ "C06", "dhcpv6-map", C(DHCP6_SERVER), 0, ATTACKER, VICTIM, 64, IPPROTO_UDP, 547, 546,
	  "07 aabbcc " CLIENT_ID SERVER_ID "005e 0004 00590000", 0, "tunnels IPv4 to the attacker" },
	{ "C07", "dhcpv6-delegation", C(DHCP6_DELEGATION), 0, ATTACKER, "ff02::1:2", 1, IPPROTO_UDP, 546, 547,
	  "01 aabbcc " OWN_ID "0019 000c 00000001 00000e10 00001518", 0, "servers delegate a prefix" },

	{ "D01", "na-spoof", C(ND_SPOOF), 0, ATTACKER, "fe80::5:12", 255, ICMP, 0, 0,
	  "88 00 0000 60000000 [" VICTIM "] 0201 @A", V6_OPTIONS, SENDS_TO },
	{ "D01", "na-spoof-all", C(ND_SPOOF), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  "88 00 0000 20000000 [" VICTIM "] 0201 @A", V6_OPTIONS, SENDS_TO },
	{ "D02", "dad-denial-na", C(DAD_DENIAL), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  "88 00 0000 20000000 [" V6_ADDRESS_TAKEN "] 0201 @A", V6_OPTIONS, NO_ADDRESS },
	{ "D02", "dad-denial-ns", C(DAD_DENIAL), 0, "::", "ff02::1:ff05:7", 255, ICMP, 0, 0,
	  "87 00 0000 00000000 [" V6_ADDRESS_TAKEN "]", 0, NO_ADDRESS },
	{ "D04", "na-other-mac", C(ND_LINK_ADDRESS), 0, ATTACKER, VICTIM, 255, ICMP, 0, 0,
	  "88 00 0000 60000000 [" ATTACKER "] 0201 @V", V6_OPTIONS | V6_BY_MAC, SENDS_TO },
	{ "D05", "ns-code", C(ND_INVALID), 0, ATTACKER, "ff02::1:ff05:1", 255, ICMP, 0, 0,
	  "87 01 0000 00000000 [" VICTIM "] " SOURCE, V6_OPTIONS, "ignores it" },
	{ "D05", "ns-far", C(ND_INVALID), 0, ATTACKER, "ff02::1:ff05:1", 64, ICMP, 0, 0,
	  "87 00 0000 00000000 [" VICTIM "] " SOURCE, V6_OPTIONS, "ignores it" },
	{ "D05", "dad-wrong-group", C(ND_INVALID), 0, "::", NODES, 255, ICMP, 0, 0,
	  "87 00 0000 00000000 [" ATTACKER "]", 0, "ignores it" },
	{ "D06", "na-router", C(NA_ROUTER), 0, ATTACKER, NODES, 255, ICMP, 0, 0,
	  "88 00 0000 a0000000 [" ATTACKER "] 0201 @A", V6_OPTIONS, "takes it for a router" },
	{ "D07", "mld-query", C(MLD_QUERY), 0, ATTACKER, NODES, 1, ICMP, 0, 0,
	  "82 00 0000 2710 0000 [::]", V6_MLD, "reports to the attacker" },
	{ "D07", "mld-global", C(MLD_INVALID), 0, GLOBAL, "ff02::16", 1, ICMP, 0, 0,
	  "8f 00 0000 0000 0001 04 00 0000 [ff02::1:ff0a:a1]", V6_MLD, "ignores it" },
	{ "D07", "mld-far", C(MLD_INVALID), 0, ATTACKER, "ff02::16", 64, ICMP, 0, 0,
	  "8f 00 0000 0000 0001 04 00 0000 [ff02::1:ff0a:a1]", V6_MLD, "ignores it" },
	{ "D08", "node-query", C(NODE_INFORMATION), 0, ATTACKER, VICTIM, 64, ICMP, 0, 0,
	  "8b 00 0000 0002 0000 0011223344556677", 0, "tells its name" },
	{ "D08", "node-answer", C(NODE_INFORMATION), 0, ATTACKER, VICTIM, 64, ICMP, 0, 0,
	  "8c 00 0000 0002 0000 0011223344556677 \"evil\"", 0, NOTHING },
	{ "D08", "inverse-solicit", C(NODE_INFORMATION), 0, ATTACKER, VICTIM, 255, ICMP, 0, 0,
	  "8d 00 0000 00000000 " SOURCE "0201 @V", 0, "tells its addresses" },
	{ "D09", "source-spoof", C(SOURCE_SPOOF), 0, VICTIM, "fe80::5:13", 64, IPPROTO_UDP, 50009, 161, "\"get\"",
	  V6_BY_ADDRESS, "answers the wrong one" },
	{ "D12", "from-loopback", C(MARTIAN), 0, "::1", VICTIM, 64, IPPROTO_UDP, 50010, 123, "\"x\"", V6_BY_ADDRESS,
	  "may take it for its own" },
	{ "D12", "from-mapped", C(MARTIAN), 0, "::ffff:10.0.0.1", VICTIM, 64, IPPROTO_TCP, 50011, 22, "", V6_BY_ADDRESS,
	  "programs see an IPv4 peer" },
	{ "D12", "from-group", C(MARTIAN), 0, "ff02::1", VICTIM, 64, ICMP, 0, 0, "80 00 0000 0001 0001",
	  V6_BY_ADDRESS, "answers to all" },
	{ "I04", "icmp-unknown", C(HEADER_UNKNOWN), 0, ATTACKER, VICTIM, 64, ICMP, 0, 0, "c8 00 0000 00000000", 0,
	  NOTHING },

	{ "F16", "4in6", C(FOUR_IN_SIX), 0, GLOBAL, "2001:db8:9::9", 64, IPPROTO_IPIP, 0, 0,
	  "45000014 00000000 40010000 (10.0.0.1) (198.51.100.1)", 0, "takes IPv4 from the tunnel" },
	{ "F11", "6in6", C(SIX_IN_SIX), 0, GLOBAL, "2001:db8:9::9", 64, IPPROTO_IPV6, 0, 0,
	  "60000000 0000 3b 40 [2001:db8:bad::b] [2001:db8:9::b]", 0, "takes IPv6 from the tunnel" },
	{ "F10", "gre-ipv6", C(TUNNELLED), 0, GLOBAL, "2001:db8:9::9", 64, IPPROTO_GRE, 0, 0,
	  "0000 86dd 60000000 0000 3b 40 [2001:db8:bad::b] [2001:db8:9::b]", 0, "takes IPv6 from the tunnel" },
	{ "F19", "nat64", C(NAT64), 0, GLOBAL, "64:ff9b::c633:6401", 64, IPPROTO_TCP, 50012, 443, "", V6_BY_ADDRESS,
	  "a translator makes it IPv4" },
	{ "G01", "llmnr-wpad", C(WPAD_ANSWER), 0, ATTACKER, VICTIM, 1, IPPROTO_UDP, 5355, 50013,
	  "1234 8000 0001 0001 0000 0000 04 \"wpad\" 00 0001 0001 c00c 0001 0001 0000001e 0004 (10.0.0.66)", 0,
	  "uses the attacker as its proxy" },
	{ "G04", "dns-on-link", C(DNS_ON_LINK), 0, ATTACKER, "fe80::bad", 64, IPPROTO_UDP, 50014, 53,
	  "1234 0100 0001 0000 0000 0000 07 \"example\" 00 0001 0001", 0, "its names are answered by a rogue" },
};
/* clang-format on */
const size_t v6_cases6_n = GW_COUNT(v6_cases6);

#define HOST   VICTIM
#define HOST_G "2001:db8:1::5"

/* What ordinary hosts and the listed routers send; nothing in it may be stopped where it is meant. */
/* clang-format off */
const struct v6_case6 v6_benign6[] = {
	{ "B01", "router", C(ROUTER_ADVERT), 0, ROUTER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE_R PIO("c0", "2001:db8:1::") MTU("000005dc") RDNSS("fd00::53"),
	  V6_PLAIN | V6_ROUTER | V6_FINE, "takes a default route" },
	{ "B03", "router-other-prefix", C(ROUTER_ADVERT), C(RA_PREFIX), ROUTER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE_R PIO("40", "2001:db8:bad::"), V6_PLAIN | V6_ROUTER, "makes itself an address" },
	{ "B04", "router-other-link", C(ROUTER_ADVERT), C(RA_ON_LINK), ROUTER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE_R PIO("80", "2001:db8:9::"), V6_PLAIN | V6_ROUTER, SENDS_TO },
	{ "B05", "router-other-route", C(ROUTER_ADVERT), C(RA_ROUTE), ROUTER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE_R RIO("20", "2001:db8::"), V6_PLAIN | V6_ROUTER, SENDS_TO },
	{ "B06", "router-other-dns", C(ROUTER_ADVERT), C(RA_DNS), ROUTER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE_R RDNSS(ATTACKER), V6_PLAIN | V6_ROUTER, TAKES_DNS },
	{ "B07", "router-small-mtu", C(ROUTER_ADVERT), C(RA_LINK), ROUTER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE_R MTU("00000400"), V6_PLAIN | V6_ROUTER, "ignores the MTU" },
	{ "B08", "router-pref64", C(ROUTER_ADVERT), C(RA_PREF64), ROUTER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE_R PREF64, V6_PLAIN | V6_ROUTER, "translates IPv4" },
	{ "B09", "router-portal", C(ROUTER_ADVERT), C(RA_PORTAL), ROUTER, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE_R PORTAL, V6_PLAIN | V6_ROUTER, "opens a page" },
	{ "B10", "router-managed", C(ROUTER_ADVERT), C(RA_FLAGS), ROUTER, NODES, 255, ICMP, 0, 0,
	  RA_FLAGS("c0") SOURCE_R, V6_PLAIN | V6_ROUTER, "asks for DHCPv6" },
	{ "B05", "listed-stub", C(RA_STUB), 0, V6_ADDRESS_STUB, NODES, 255, ICMP, 0, 0,
	  RA("0000") SOURCE_S RIO("40", "fd11:33::"), V6_PLAIN | V6_STUB | V6_FINE, "takes a route to Thread devices" },
	{ "B01", "listed-stub-default", C(ROUTER_ADVERT), 0, V6_ADDRESS_STUB, NODES, 255, ICMP, 0, 0,
	  RA("0708") SOURCE_S, V6_PLAIN | V6_STUB, TAKES_ROUTE },
	{ "C01", "server", C(DHCP6_SERVER), 0, ROUTER, HOST, 64, IPPROTO_UDP, 547, 546,
	  "07 aabbcc " CLIENT_ID SERVER_ID IA_NA, V6_PLAIN | V6_ROUTER | V6_FINE, "takes an address" },
	{ "A02", "host-dad", C(CHATTER), 0, "::", "ff02::1:ff05:1", 255, ICMP, 0, 0,
	  "87 00 0000 00000000 [" HOST "] 0e01 112233445566", V6_PLAIN | V6_VICTIM, NOTHING },
	{ "A02", "host-dad-global", C(CHATTER), 0, "::", "ff02::1:ff00:5", 255, ICMP, 0, 0,
	  "87 00 0000 00000000 [" HOST_G "]", V6_PLAIN | V6_VICTIM, NOTHING },
	{ "A02", "host-mld2", C(CHATTER), 0, "::", "ff02::16", 1, ICMP, 0, 0,
	  "8f 00 0000 0000 0001 04 00 0000 [ff02::1:ff05:1]", V6_PLAIN | V6_VICTIM | V6_MLD, NOTHING },
	{ "A02", "host-mld-done", C(CHATTER), 0, HOST, "ff02::2", 1, ICMP, 0, 0,
	  "84 00 0000 0000 0000 [ff02::fb]", V6_PLAIN | V6_VICTIM | V6_MLD, NOTHING },
	{ "A02", "host-rs", C(CHATTER), 0, HOST, ROUTERS, 255, ICMP, 0, 0,
	  "85 00 0000 00000000 0101 @V", V6_PLAIN | V6_VICTIM, "the router answers" },
	{ "A03", "host-ns", C(LINK_LOCAL), 0, HOST, "ff02::1:ff00:1", 255, ICMP, 0, 0,
	  "87 00 0000 00000000 [" ROUTER "] 0101 @V", V6_PLAIN | V6_VICTIM, ANSWERS },
	{ "A04", "host-na", C(GLOBAL), 0, HOST_G, "2001:db8:1::1", 255, ICMP, 0, 0,
	  "88 00 0000 60000000 [" HOST_G "] 0201 @V", V6_PLAIN | V6_VICTIM, NOTHING },
	{ "C04", "host-solicit", C(DHCP6_CLIENT), 0, HOST, "ff02::1:2", 1, IPPROTO_UDP, 546, 547,
	  "01 aabbcc " CLIENT_ID "0008 0002 0000 " IA_EMPTY "0006 0004 0017 0018", V6_PLAIN | V6_VICTIM, NOTHING },
	{ "A02", "host-mdns", C(DISCOVERY), 0, HOST, "ff02::fb", 255, IPPROTO_UDP, 5353, 5353,
	  "0000 8400 0000 0001 0000 0000 04 \"host\" 05 \"local\" 00 001c 8001 00000078 0010 [" HOST "]",
	  V6_PLAIN | V6_VICTIM, NOTHING },
	{ "A02", "matter-commissioning", C(DISCOVERY), 0, HOST, "ff02::fb", 255, IPPROTO_UDP, 5353, 5353,
	  "0000 0000 0001 0000 0000 0000 07 \"_matter\" 04 \"_tcp\" 05 \"local\" 00 000c 0001", V6_PLAIN | V6_VICTIM,
	  ANSWERS },
	{ "A03", "matter-udp", C(LINK_LOCAL), 0, HOST, "fe80::5:9", 64, IPPROTO_UDP, 5540, 5540,
	  "00 0000 00 01020304 *40{5a}", V6_PLAIN | V6_VICTIM, NOTHING },
	{ "A04", "thread-coap", C(GLOBAL), 0, "fd11:22::5", "fd11:33::9", 64, IPPROTO_UDP, 5683, 5683,
	  "40 01 1234 \"b3st\"", V6_PLAIN | V6_VICTIM, NOTHING },
	{ "A04", "too-big", C(GLOBAL), 0, "2001:db8:1::1", HOST_G, 64, ICMP, 0, 0,
	  "02 00 0000 00000500 60000000 0000 3b 40 [" HOST_G "] [2001:db8:9::9]", V6_PLAIN | V6_VICTIM,
	  "sends smaller packets" },
	{ "A04", "happy-eyeballs", C(GLOBAL), 0, HOST_G, "2001:db8:9::9", 64, IPPROTO_TCP, 50020, 443, "",
	  V6_PLAIN | V6_VICTIM, ANSWERS },
	{ "A04", "quic", C(GLOBAL), 0, HOST_G, "2001:db8:9::9", 64, IPPROTO_UDP, 50021, 443, "c0 00000001 *200{a5}",
	  V6_PLAIN | V6_VICTIM, ANSWERS },
	{ "A04", "esp", C(ENCRYPTED), 0, HOST_G, "2001:db8:9::9", 64, IPPROTO_ESP, 0, 0, "00001234 00000001 *40{a5}",
	  V6_PLAIN | V6_VICTIM, ANSWERS },
	{ "A04", "sctp", C(GLOBAL), 0, HOST_G, "2001:db8:9::9", 64, IPPROTO_SCTP, 0, 0, "1234 0050 00000000 00000000",
	  V6_PLAIN | V6_VICTIM, ANSWERS },
	{ "A04", "echo", C(GLOBAL), 0, HOST_G, "2001:db8:9::9", 64, ICMP, 0, 0, "80 00 0000 0001 0001 \"ping\"",
	  V6_PLAIN | V6_VICTIM, ANSWERS },
};
/* clang-format on */
const size_t v6_benign6_n = GW_COUNT(v6_benign6);
