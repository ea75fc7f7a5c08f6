#!/bin/bash
# What a guarded segment loses of what ordinary hosts send: FRAMES (310,000) frames of all kinds that must pass, from
# port to port of a bridge, and the guard's own counters of what it refused. At most 1 of 10,000,000 may be lost;
# FRAMES=10000000 shows it. The rates of ND and MLD are the config's to choose, and here out of the way. What a full
# queue loses between the hosts is not the guard's, so arrivals are shown, not judged.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
. tests/support/segment.sh
BUILD=${BUILD:-build/release}
SEGMENT_TOOL=$BUILD/tools/ether
FRAMES=${FRAMES:-310000}
segment_up
# All hosts are behind one port here: what they say to each other is to cross the bridge all the same.
for port in p1 p2; do
	ip -n "$LAB-gw" link set "$port" type bridge_slave learning off
done
ip -n "$LAB-gw" link set br0 type bridge group_fwd_mask 0xfff8
"$BUILD/tools/frames" list >"$LAB_TMP/labels"
"$BUILD/tools/frames" hex --benign | grep -v ' GUARDED' | cut -d' ' -f1,2 >"$LAB_TMP/benign"
kinds=$(wc -l <"$LAB_TMP/benign")
segment_site guarded <<END
ipv6guard:
  segments:
    lan:
      mode: guarded
      ports: [p1, p2]
      nd_rate: 100000
      mld_rate: 100000
      carriers: [eapol, lldp, stp, priority-tag]
      routers: [{mac: 02:01:01:01:01:01, link_local: "fe80::1", prefixes: ["2001:db8:1::/64"], dns: ["fd00::53"]}, {mac: 02:01:01:01:01:02, link_local: "fe80::2", prefixes: ["fd11::/16"], lifetime: 0s}]
      dhcpv6_servers: [{mac: 02:01:01:01:01:01}]
      ipv4_servers: [{mac: 02:01:01:01:01:01}]
END
lab_apply guarded
lab_in victim nft -f - <<'END'
table netdev sink {
	chain in {
		type filter hook ingress device "eth0" priority 0
		counter drop
	}
}
END
refused() {
	for table in netdev bridge; do lab_in gw nft -j list set "$table" gw frames; done |
		grep -o '"packets": [0-9]*' | awk '{ sum += $2 } END { print sum + 0 }'
}
before=$(refused)
started=$(date +%s%N)
sent=$(lab_in rogue "$SEGMENT_TOOL" repeat eth0 $((FRAMES / kinds)) <"$LAB_TMP/benign")
took=$((($(date +%s%N) - started) / 1000000))
lost=$(($(refused) - before))
arrived=$(lab_in victim nft list table netdev sink | sed -n 's/.*packets \([0-9]*\).*/\1/p')
echo "guarded: $lost of $sent frames of $kinds kinds refused; $arrived arrived; $took ms"
if [ $((lost * 10000000)) -gt "$sent" ] && [ "$lost" -gt 1 ]; then
	lab_in gw nft list set netdev gw frames
	exit 1
fi
