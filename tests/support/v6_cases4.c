/* Cases around IPv4 (catalogue F, G, H), and of frames that are neither. */
#include <netinet/in.h>
#include <string.h>

#include "gw/core/mem.h"
#include "tests/support/v6_cases.h"

#define C(sym)     GW_V6_CLASS_##sym
#define BROKER     "198.51.100.41"
#define TAKES_SIX  "takes IPv6 from the tunnel"
#define TAKES_FOUR "takes IPv4 from the tunnel"

#define BOOTP                                                                                      \
	"02 01 06 00 11223344 0000 8000 (0.0.0.0) (10.0.0.5) (10.0.0.66) (0.0.0.0) @V *10{00} "    \
	"*192{00} "                                                                                \
	"63825363 35 01 05 36 04 (10.0.0.66) "
#define AYIYA         "44 52 11 29 65000000 *16{11} *20{22} "
#define TEREDO_AUTH   "0001 04 04 \"user\" aabbccdd 0011223344556677 00 "
#define TEREDO_ORIGIN "0000 1234 55667788 "

/* clang-format off */
const struct v6_case4 v6_cases4[] = {
	{ "F01", "6in4", C(SIX_IN_FOUR), 41, NULL, 0, 0, "", V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F01", "6in4-ra", C(SIX_IN_FOUR), 41, NULL, 0, 0, "", V6_INNER_RA, "", 0, TAKES_SIX },
	{ "F02", "6to4", C(SIX_TO_FOUR), 41, NULL, 0, 0, "", V6_INNER_6TO4, "", 0, TAKES_SIX },
	{ "F02", "6to4-relay", C(SIX_TO_FOUR), 41, "192.88.99.1", 0, 0, "", V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F04", "isatap", C(ISATAP), 41, NULL, 0, 0, "", V6_INNER_ISATAP, "", 0, TAKES_SIX },
	{ "F05", "6over4", C(SIX_OVER_FOUR), 41, "239.192.0.1", 0, 0, "", V6_INNER_RA, "", 0, TAKES_SIX },
	{ "F06", "teredo", C(TEREDO), 17, BROKER, 50100, 3544, "", V6_INNER_TEREDO, "", 0, TAKES_SIX },
	{ "F06", "teredo-auth", C(TEREDO), 17, BROKER, 50100, 3544, TEREDO_AUTH, V6_INNER_TEREDO, "", 0, TAKES_SIX },
	{ "F06", "teredo-solicit", C(TEREDO), 17, BROKER, 50100, 3544,
	  TEREDO_AUTH "60000000 0008 3a ff [fe80::ffff:ffff:ffff] [ff02::2] 85 00 7d38 00000000", V6_INNER_NONE, "", 0,
	  "a server answers" },
	{ "F06", "teredo-bubble", C(TEREDO), 17, BROKER, 50100, 3544,
	  "60000000 0000 3b 15 [2001:0:4136:e378:8000:63bf:3fff:fdd2] [2001:0:4136:e378::1]", V6_INNER_NONE, "", 0,
	  TAKES_SIX },
	{ "F06", "teredo-noise", C(TEREDO_PORT), 17, BROKER, 50100, 3544, "\"not teredo at all\"", V6_INNER_NONE, "", 0,
	  "ignores it" },
	{ "F06", "teredo-discovery", C(TEREDO_PORT), 17, "224.0.0.253", 50100, 50100, "\"bubble\"", V6_INNER_NONE, "", 0,
	  "answers" },
	{ "F07", "teredo-port-443", C(TEREDO), 17, BROKER, 50101, 443, "", V6_INNER_TEREDO, "", 0, TAKES_SIX },
	{ "F07", "teredo-port-53", C(TEREDO), 17, BROKER, 50101, 53, TEREDO_ORIGIN, V6_INNER_TEREDO, "", 0, TAKES_SIX },
	{ "F07", "teredo-port-high", C(TEREDO), 17, BROKER, 50101, 61234, TEREDO_AUTH TEREDO_ORIGIN, V6_INNER_TEREDO, "",
	  0, TAKES_SIX },
	{ "F07", "teredo-trailer", C(TEREDO), 17, BROKER, 50101, 5353, "", V6_INNER_TEREDO, "01 04 aabbccdd", 0, TAKES_SIX },
	{ "F07", "teredo-padded", C(TEREDO), 17, BROKER, 50101, 123, "", V6_INNER_TEREDO, "*7{fe}", 0, TAKES_SIX },
	{ "F08", "ayiya", C(AYIYA), 17, BROKER, 50102, 5072, AYIYA, V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F08", "ayiya-other-port", C(AYIYA), 17, BROKER, 50102, 8374, AYIYA, V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F08", "ayiya-tcp", C(TUNNEL_BROKER), 6, BROKER, 50102, 5072, "", V6_INNER_NONE, "", 0, TAKES_SIX },
	{ "F09", "tsp", C(TUNNEL_BROKER), 17, BROKER, 50103, 3653, "f0000001 00000001 \"VERSION=2.0.0\"", V6_INNER_NONE,
	  "", 0, "the broker sets up a tunnel" },
	{ "F09", "tsp-tcp", C(TUNNEL_BROKER), 6, BROKER, 50103, 3653, "", V6_INNER_NONE, "", 0,
	  "the broker sets up a tunnel" },
	{ "F09", "tic", C(TUNNEL_BROKER), 6, BROKER, 50103, 3874, "", V6_INNER_NONE, "", 0, "the broker sets up a tunnel" },
	{ "F09", "heartbeat", C(TUNNEL_BROKER), 17, BROKER, 50103, 3740, "\"HEARTBEAT TUNNEL\"", V6_INNER_NONE, "", 0,
	  "the broker keeps a tunnel up" },
	{ "F10", "gre-ipv6", C(TUNNELLED), 47, NULL, 0, 0, "0000 86dd", V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F10", "gre-all-fields", C(TUNNELLED), 47, NULL, 0, 0, "b000 86dd 00000000 00000007 00000001", V6_INNER_SIX, "", 0,
	  TAKES_SIX },
	{ "F10", "gre-bridged", C(TUNNELLED), 47, NULL, 0, 0, "2000 6558 00000100", V6_INNER_ETHER6, "", 0, TAKES_SIX },
	{ "F10", "gre-ppp", C(PPP_IPV6), 47, NULL, 0, 0, "0000 880b ff03 0057", V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F10", "gre-ipv4", C(GRE), 47, NULL, 0, 0, "0000 0800", V6_INNER_FOUR, "", 0, TAKES_FOUR },
	{ "F11", "ipip", C(IPIP), 4, NULL, 0, 0, "", V6_INNER_FOUR, "", 0, TAKES_FOUR },
	{ "F11", "ipip-six", C(TUNNELLED), 4, NULL, 0, 0, "", V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F11", "ipip-94", C(TUNNELLED), 94, NULL, 0, 0, "", V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F11", "etherip", C(TUNNELLED), 97, NULL, 0, 0, "3000", V6_INNER_ETHER6, "", 0, TAKES_SIX },
	{ "F11", "etherip-ipv4", C(IPIP), 97, NULL, 0, 0, "3000", V6_INNER_ETHER4, "", 0, TAKES_FOUR },
	{ "F11", "l2tpv3", C(TUNNELLED), 115, NULL, 0, 0, "00000001", V6_INNER_ETHER6, "", 0, TAKES_SIX },
	{ "F11", "l2tpv3-cookie", C(TUNNELLED), 115, NULL, 0, 0, "00000001 1122334455667788", V6_INNER_ETHER6, "", 0,
	  TAKES_SIX },
	{ "F11", "mpls-in-ip", C(TUNNELLED), 137, NULL, 0, 0, "000021ff", V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F11", "mobile", C(IPIP), 55, NULL, 0, 0, "2900 0000 (10.0.0.1)", V6_INNER_NONE, "", 0, TAKES_SIX },
	{ "F11", "ipcomp", C(IPIP), 108, NULL, 0, 0, "2900 0002 *20{a5}", V6_INNER_NONE, "", 0, TAKES_SIX },
	{ "F12", "vxlan", C(TUNNELLED), 17, NULL, 50104, 4789, "08000000 00000100", V6_INNER_ETHER6, "", 0, TAKES_SIX },
	{ "F12", "vxlan-no-flag", C(TUNNELLED), 17, NULL, 50104, 8472, "00000000 00000100", V6_INNER_ETHER6, "", 0,
	  "may take IPv6 from the tunnel" },
	{ "F12", "vxlan-ipv4", C(UDP_TUNNEL), 17, NULL, 50104, 4789, "08000000 00000100", V6_INNER_ETHER4, "", 0,
	  TAKES_FOUR },
	{ "F12", "vxlan-gpe", C(TUNNELLED), 17, NULL, 50104, 4790, "0c000002 00000100", V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F12", "geneve", C(TUNNELLED), 17, NULL, 50104, 6081, "0200 86dd 00000100 0102 80 01 aabbccdd", V6_INNER_SIX, "", 0,
	  TAKES_SIX },
	{ "F12", "gue", C(TUNNELLED), 17, NULL, 50104, 6080, "01 29 0000 00000000", V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F12", "gue-direct", C(TUNNELLED), 17, NULL, 50104, 6080, "", V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F12", "gre-in-udp", C(TUNNELLED), 17, NULL, 50104, 4754, "0000 86dd", V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F12", "mpls-in-udp", C(TUNNELLED), 17, NULL, 50104, 6635, "000021ff", V6_INNER_SIX, "", 0, TAKES_SIX },
	{ "F12", "l2tp", C(PPP_IPV6), 17, NULL, 1701, 1701, "4802 0000 0001 0002 00000000 ff03 0057", V6_INNER_SIX, "", 0,
	  TAKES_SIX },
	{ "F12", "gtp", C(TUNNELLED), 17, NULL, 2152, 2152, "34 ff 0040 00000001 0000 00 85 01 0000 00", V6_INNER_SIX, "", 0,
	  TAKES_SIX },
	{ "F13", "pptp", C(PPP_IPV6), 47, NULL, 0, 0, "3081 880b 0040 0001 00000001 00000001 57", V6_INNER_SIX, "", 0,
	  TAKES_SIX },
	{ "F13", "pptp-ipv6cp", C(PPP_IPV6), 47, NULL, 0, 0, "3001 880b 000e 0001 00000001 8057 01 01 000e 010a 1122334455667788",
	  V6_INNER_NONE, "", 0, "agrees to speak IPv6" },
	{ "F15", "wireguard", C(VPN_OPAQUE), 17, BROKER, 50105, 51820, "01000000 *144{a5}", V6_INNER_NONE, "", 0,
	  "not known" },
	{ "F15", "openvpn", C(VPN_OPAQUE), 17, BROKER, 50105, 1194, "38 1122334455667788 00 00000000", V6_INNER_NONE, "", 0,
	  "not known" },
	{ "F15", "esp", C(VPN_OPAQUE), 50, BROKER, 0, 0, "00001234 00000001 *40{a5}", V6_INNER_NONE, "", 0, "not known" },
	{ "F15", "esp-in-udp", C(VPN_OPAQUE), 17, BROKER, 4500, 4500, "00001234 00000001 *40{a5}", V6_INNER_NONE, "", 0,
	  "not known" },
	{ "F15", "ah-6in4", C(SIX_IN_FOUR), 51, NULL, 0, 0, "29 04 0000 00001234 00000001 *12{a5}", V6_INNER_SIX, "", 0,
	  TAKES_SIX },
	{ "F18", "clat", C(CLAT), 1, "192.0.0.1", 0, 0, "0800 f7ff 0000 0000", V6_INNER_NONE, "", 0, "a translator answers" },
	{ "F19", "nat64-query", C(NAT64_QUERY), 17, "10.0.0.1", 50106, 53,
	  "1234 0100 0001 0000 0000 0000 08 \"ipv4only\" 04 \"arpa\" 00 001c 0001", V6_INNER_NONE, "", 0,
	  "the resolver answers" },
	{ "F04", "isatap-query", C(TRANSITION_QUERY), 17, "10.0.0.1", 50106, 53,
	  "1234 0100 0001 0000 0000 0000 06 \"ISATAP\" 04 \"corp\" 07 \"example\" 00 0001 0001", V6_INNER_NONE, "", 0,
	  "the resolver answers" },
	{ "F06", "teredo-query", C(TRANSITION_QUERY), 17, "10.0.0.1", 50106, 53,
	  "1234 0100 0001 0000 0000 0000 06 \"teredo\" 04 \"ipv6\" 09 \"microsoft\" 03 \"com\" 00 0001 0001", V6_INNER_NONE,
	  "", 0, "the resolver answers" },
	{ "F04", "isatap-answer", C(TRANSITION_ANSWER), 17, "10.0.0.5", 5355, 50106,
	  "1234 8000 0001 0001 0000 0000 06 \"isatap\" 00 0001 0001 c00c 0001 0001 0000001e 0004 (10.0.0.66)",
	  V6_INNER_NONE, "", 0, "tunnels to the attacker" },
	{ "F03", "dhcpv4-6rd", C(DHCP4_6RD), 17, "10.0.0.5", 67, 68,
	  BOOTP "d4 16 20 20 [2001:db8::] (10.0.0.66) ff", V6_INNER_NONE, "", 0, "sets up 6rd" },
	{ "F20", "dhcpv4-v6only", C(DHCP4_V6ONLY), 17, "255.255.255.255", 67, 68, BOOTP "6c 04 00000e10 ff", V6_INNER_NONE,
	  "", 0, "switches IPv4 off" },
	{ "F20", "dhcpv4-v6only-in-file", C(DHCP4_V6ONLY), 17, "255.255.255.255", 67, 68,
	  "02 01 06 00 11223344 0000 8000 (0.0.0.0) (10.0.0.5) (10.0.0.66) (0.0.0.0) @V *10{00} *64{00} "
	  "6c 04 00000e10 ff *121{00} 63825363 35 01 05 34 01 01 ff", V6_INNER_NONE, "", 0, "switches IPv4 off" },
	{ "G01", "dhcpv4-wpad", C(WPAD_ANSWER), 17, "255.255.255.255", 67, 68,
	  BOOTP "fc 14 \"http://evil/wpad.dat\" ff", V6_INNER_NONE, "", 0, "uses the attacker as its proxy" },
	{ "H03", "dhcpv4-routes", C(DHCP4_ROUTES), 17, "255.255.255.255", 67, 68,
	  BOOTP "79 08 18 c63364 (10.0.0.66) ff", V6_INNER_NONE, "", 0, "routes past its VPN" },
	{ "G01", "wpad-query", C(WPAD_QUERY), 17, "224.0.0.252", 50107, 5355,
	  "1234 0000 0001 0000 0000 0000 04 \"wpad\" 00 0001 0001", V6_INNER_NONE, "", 0, "whoever has the name answers" },
	{ "G01", "wpad-answer-llmnr", C(WPAD_ANSWER), 17, "10.0.0.5", 5355, 50107,
	  "1234 8000 0001 0001 0000 0000 04 \"wpad\" 00 0001 0001 c00c 0001 0001 0000001e 0004 (10.0.0.66)",
	  V6_INNER_NONE, "", 0, "uses the attacker as its proxy" },
	{ "G01", "wpad-answer-mdns", C(WPAD_ANSWER), 17, "224.0.0.251", 5353, 5353,
	  "0000 8400 0000 0001 0000 0000 04 \"wpad\" 05 \"local\" 00 0001 8001 0000001e 0004 (10.0.0.66)", V6_INNER_NONE, "", 0,
	  "uses the attacker as its proxy" },
	{ "G01", "wpad-answer-nbns", C(WPAD_ANSWER), 17, "10.0.0.5", 137, 137,
	  "1234 8500 0000 0001 0000 0000 20 \"FHFAEBEECACACACACACACACACACACAAA\" 00 0020 0001 00000e10 0006 0000 (10.0.0.66)",
	  V6_INNER_NONE, "", 0, "uses the attacker as its proxy" },
	{ "G01", "wpad-fetch", C(WPAD_QUERY), 6, "10.0.0.66", 50108, 80, "\"GET /wpad.dat HTTP/1.1\" 0d0a", V6_INNER_NONE, "",
	  0, "gets a proxy" },
	{ "A07", "mdns-aaaa", C(REVEALED), 17, "224.0.0.251", 5353, 5353,
	  "0000 8400 0000 0001 0000 0000 04 \"host\" 05 \"local\" 00 001c 8001 00000078 0010 [fe80::5:1]", V6_INNER_NONE, "", 0,
	  "learns an IPv6 address" },
	{ "-", "ipv4-echo", C(NONE), 1, "10.0.0.1", 0, 0, "0800 f7ff 0000 0000", V6_INNER_NONE, "", V6_PLAIN, "answers" },
	{ "-", "ipv4-tcp", C(NONE), 6, NULL, 50109, 443, "", V6_INNER_NONE, "", V6_PLAIN, "answers" },
	{ "-", "ipv4-quic", C(NONE), 17, NULL, 50109, 443, "c0 00000001 *200{a5}", V6_INNER_NONE, "", V6_PLAIN, "answers" },
	{ "-", "ipv4-dns", C(NONE), 17, "10.0.0.1", 50109, 53, "1234 0100 0001 0000 0000 0000 07 \"example\" 00 0001 0001",
	  V6_INNER_NONE, "", V6_PLAIN, "answers" },
	{ "-", "ipv4-ntp", C(NONE), 17, NULL, 123, 123, "23 *47{00}", V6_INNER_NONE, "", V6_PLAIN, "answers" },
	{ "-", "dhcpv4-request", C(NONE), 17, "255.255.255.255", 68, 67,
	  "01 01 06 00 11223344 0000 0000 *16{00} @V *10{00} *192{00} 63825363 35 01 03 37 06 01 03 06 6c 79 fc ff",
	  V6_INNER_NONE, "", V6_PLAIN, "the server answers" },
};
/* clang-format on */
const size_t v6_cases4_n = GW_COUNT(v6_cases4);

/* `head` is behind the MACs: type and content. */
/* clang-format off */
const struct v6_case2 v6_cases2[] = {
	{ "-", "arp", C(NONE), "ffffffffffff @V 0806 0001 0800 06 04 0001 @V (10.0.0.5) 000000000000 (10.0.0.1)",
	  V6_INNER_NONE, "answers" },
	{ "-", "eapol", C(NONE), "0180c2000003 @V 888e 01 01 0000", V6_INNER_NONE, "answers" },
	{ "-", "lldp", C(NONE), "0180c200000e @V 88cc 0207 04 @V 0000", V6_INNER_NONE, "notes it" },
	{ "-", "stp", C(NONE), "0180c2000000 @V 0026 424203 0000 00 00 *30{00}", V6_INNER_NONE, "notes it" },
	{ "-", "ipv4-vlan-0", C(NONE),
	  "@R @V 8100 0000 0800 45000028 00000000 40060000 (10.0.0.5) (198.51.100.1) 1234 0050 *8{00} 5002 *6{00}",
	  V6_INNER_NONE, "answers" },
	{ "A05", "group-mac-ipv4", C(MAC_MISMATCH), "333300000001 @A 0800", V6_INNER_FOUR, "answers" },
	{ "A05", "group-mac-arp", C(MAC_MISMATCH), "333300000001 @A 0806 *28{00}", V6_INNER_NONE, "ignores it" },
	{ "A06", "unknown-type", C(CARRIER_UNKNOWN), "@V @A 9999 *46{00}", V6_INNER_NONE, "ignores it" },
	{ "A06", "snap-ipv4", C(CARRIER_UNKNOWN), "@V @A 0024 aaaa03 000000 0800", V6_INNER_FOUR, "answers, if Windows" },
	{ "A06", "macsec", C(CARRIER_OPAQUE), "@V @A 88e5 2c 00 00000001 @A 0001 *48{a5}", V6_INNER_NONE, "not known" },
	{ "A06", "batman-ogm", C(CARRIER_OPAQUE), "ffffffffffff @A 4305 00 0f 32 *40{00}", V6_INNER_NONE, "joins the mesh" },
	{ "A06", "prp-supervision", C(CARRIER_UNKNOWN), "01154e000100 @A 88fb *46{00}", V6_INNER_NONE, "notes it" },
	{ "A06", "homeplug", C(CARRIER_UNKNOWN), "00b052000001 @A 88e1 *46{00}", V6_INNER_NONE, "answers" },
	{ "A06", "pppoe-discovery", C(CARRIER_UNKNOWN), "ffffffffffff @A 8863 11 09 0000 0004 0101 0000", V6_INNER_NONE,
	  "answers" },
	{ "A06", "pppoe-ipv6cp", C(PPP_IPV6), "@V @A 8864 11 00 0001 0010 8057 01 01 000e 010a 1122334455667788",
	  V6_INNER_NONE, "agrees to speak IPv6" },
	{ "A08", "cjdns", C(OVERLAY), "ffffffffffff @A fc00 0014 fc00 *40{a5}", V6_INNER_NONE, "joins the mesh" },
	{ "A08", "6lowpan", C(OVERLAY), "@V @A a0ed 7b 33 *40{00}", V6_INNER_NONE, "joins the mesh" },
	{ "A06", "nested-tags", C(TAG_STACK),
	  "@R @A 88a8 0007 8100 0008 8100 0009 0800", V6_INNER_FOUR, "answers on VLAN 9" },
	{ "V26", "version-0", C(DISGUISED), "@V @A 86dd 00000000 *40{00}", V6_INNER_NONE, "ignores it" },
	{ "V27", "nibble-5", C(DISGUISED), "@V @A 0800 55000014 *16{00}", V6_INNER_NONE, "ignores it" },
	{ "I04", "short", C(MALFORMED), "@V @A 86dd 60000000 0000", V6_INNER_NONE, "ignores it" },
	{ "I04", "no-payload", C(MALFORMED), "@V @A 86dd", V6_INNER_NONE, "ignores it" },
	{ "I04", "ipv4-short", C(MALFORMED), "@V @A 0800 4500", V6_INNER_NONE, "ignores it" },
	{ "I04", "ipv4-small-header", C(MALFORMED), "@V @A 0800 44000014 *16{00}", V6_INNER_NONE, "ignores it" },
};
/* clang-format on */
const size_t v6_cases2_n = GW_COUNT(v6_cases2);

/* ---- packets ----------------------------------------------------------------------------------- */

static void set_macs(const struct v6_case6 *from, struct v6_packet *packet)
{
	if (packet->dst[0] == 0xff) {
		packet->eth_dst[0] = packet->eth_dst[1] = 0x33;
		memcpy(packet->eth_dst + 2, packet->dst + 12, 4);
	} else {
		memcpy(packet->eth_dst, v6_mac_victim, 6);
	}
	if (from->flags & V6_ROUTER)
		memcpy(packet->eth_src, v6_mac_router, 6);
	else if (from->flags & V6_STUB)
		memcpy(packet->eth_src, v6_mac_stub, 6);
	else if (from->flags & V6_VICTIM)
		memcpy(packet->eth_src, v6_mac_victim, 6);
	else
		memcpy(packet->eth_src, v6_mac_attacker, 6);
}

void v6_packet_of(const struct v6_case6 *from, struct v6_packet *ret)
{
	static struct v6_bytes payload;

	payload.len = ret->n_ext = 0;
	ret->ext_bytes.len = ret->upper.len = 0;
	v6_address(ret->src, from->src);
	v6_address(ret->dst, from->dst);
	set_macs(from, ret);
	ret->hop = from->hop;
	ret->next = from->next;
	v6_hex(&payload, from->payload);
	if (from->next == IPPROTO_UDP)
		v6_udp(&ret->upper, from->src_port, from->dst_port, &payload);
	else if (from->next == IPPROTO_TCP)
		v6_tcp(&ret->upper, from->src_port, from->dst_port, &payload);
	else
		v6_put(&ret->upper, payload.at, payload.len);
	if (from->flags & V6_MLD)
		v6_extend(ret, IPPROTO_HOPOPTS, "00 00 0502 0000 0100");
	v6_seal(ret);
}

static void inner_six(const char *src, const char *dst, struct v6_bytes *out)
{
	static struct v6_packet packet;
	const struct v6_case6 tcp = { .src = src,
				      .dst = dst,
				      .hop = 64,
				      .next = IPPROTO_TCP,
				      .src_port = 50200,
				      .dst_port = 443,
				      .payload = "" };

	v6_packet_of(&tcp, &packet);
	v6_assemble(&packet, out);
}

static void inner_four(struct v6_bytes *out)
{
	v6_hex(out, "4500001c 00000000 40010000 (10.9.9.1) (198.51.100.1) 0800 f7ff 0000 0000");
}

void v6_inner_packet(enum v6_inner inner, struct v6_bytes *out)
{
	switch (inner) {
	case V6_INNER_NONE:
		return;
	case V6_INNER_SIX:
		inner_six("2001:db8:bad::b", "2001:db8:9::9", out);
		return;
	case V6_INNER_RA:
		for (size_t i = 0; i < v6_cases6_n; i++)
			if (strcmp(v6_cases6[i].name, "ra") == 0) {
				static struct v6_packet packet;

				v6_packet_of(&v6_cases6[i], &packet);
				v6_assemble(&packet, out);
			}
		return;
	case V6_INNER_TEREDO:
		inner_six("2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8:9::9", out);
		return;
	case V6_INNER_6TO4:
		inner_six("2002:a00:5::1", "2001:db8:9::9", out);
		return;
	case V6_INNER_ISATAP:
		inner_six("fe80::5efe:a00:5", "fe80::5efe:c633:6429", out);
		return;
	case V6_INNER_FOUR:
		inner_four(out);
		return;
	case V6_INNER_ETHER6:
		v6_ethernet(out, v6_mac_victim, v6_mac_attacker, 0x86dd);
		inner_six("2001:db8:bad::b", "2001:db8:9::9", out);
		return;
	case V6_INNER_ETHER4:
		v6_ethernet(out, v6_mac_victim, v6_mac_attacker, 0x0800);
		inner_four(out);
		return;
	}
}

void v6_ipv4_payload(const struct v6_case4 *from, struct v6_bytes *out)
{
	static struct v6_bytes payload;

	payload.len = 0;
	v6_hex(&payload, from->head);
	v6_inner_packet(from->inner, &payload);
	v6_hex(&payload, from->tail);
	if (from->protocol == IPPROTO_UDP)
		v6_udp(out, from->src_port, from->dst_port, &payload);
	else if (from->protocol == IPPROTO_TCP)
		v6_tcp(out, from->src_port, from->dst_port, &payload);
	else
		v6_put(out, payload.at, payload.len);
}

void v6_ipv4_of(const struct v6_case4 *from, const struct v6_ipv4 *bent, struct v6_bytes *out)
{
	static struct v6_bytes payload;
	struct v6_ipv4 header = bent ? *bent : (struct v6_ipv4){ 0 };

	header.src = "10.0.0.66";
	header.dst = from->dst ? from->dst : "198.51.100.9";
	header.protocol = from->protocol;
	payload.len = 0;
	v6_ipv4_payload(from, &payload);
	v6_ipv4(out, &header, &payload);
}
