#!/bin/bash
# Every case of the catalogue with every way to bend it (tests/support/v6_frames.h: more than 8,000 frames)
# through a bridge of the gateway, in each mode: what the mode stops must not arrive, and what ordinary hosts
# send must. Which is which is written in the frames' labels. Rules of the kernel see a frame alone and only
# headers at fixed places; BEYOND lists the kinds that take more, each of which the daemon has to find.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
. tests/support/segment.sh
segment_up
# Frames in the name of others teach the bridge nothing, and groups of the link are passed on.
for port in p1 p2; do
	ip -n "$LAB-gw" link set "$port" type bridge_slave learning off
done
ip -n "$LAB-gw" link set br0 type bridge group_fwd_mask 0xfff8
TOOL=$BUILD/tools/frames
"$TOOL" hex >"$LAB_TMP/frames"
"$TOOL" list >"$LAB_TMP/labels"
"$TOOL" hex --benign >"$LAB_TMP/benign"

# Classes that the rules of the kernel do not stop, in which modes, and what it would take.
cat >"$LAB_TMP/BEYOND" <<'END'
464xlat               off,local,guarded  ICMP to the translator's own addresses, which lead nowhere
teredo                off,local,guarded  names before the IPv6 header, whose length differs
ayiya                 off,local,guarded  a port of its own choice
mac-mismatch          off,local,guarded  IPv4 to one host in a frame to a group: no IPv6, and hosts ignore it
address-denial        local,guarded      who else is about to take the address
neighbour-mac         local,guarded      options behind the first
6rd-option            guarded            inside of IP in IP
ipv6-only-option      guarded            likewise
dns-on-link           guarded            the gateway's own addresses (in `local` there is no DNS at all)
header-order          guarded            what is in short destination options
covert-options        guarded            likewise
malformed             guarded            likewise
fragment-overlap      guarded            the fragment before
6in4                  guarded            inside of GRE, IP in IP, VXLAN and the like, which are the
tunnelled-ipv6        guarded            operator's to forbid where IPv6 is meant
6to4                  guarded            likewise
6over4                guarded            likewise
isatap                guarded            likewise
gre                   guarded            likewise
ip-in-ip              guarded            likewise
udp-tunnel            guarded            likewise
ppp-ipv6              guarded            likewise
nested-too-deep       guarded            likewise
tunnel-broker         guarded            likewise
END

# try FRAMES: ids of those that get through.
try() {
	segment_hear
	segment_send rogue "$1"
	segment_heard "$1" | sort -u
}

# What a router and hosts of the segment own; the rogue sends from a port that all of them are said to be at.
bindings() {
	local table owner
	for table in netdev bridge; do
		for owner in "02:0a:0a:0a:0a:01 . fe80::a:a1" "02:05:05:05:05:01 . fe80::5:1" \
			"02:05:05:05:05:01 . 2001:db8:1::5" "02:01:01:01:01:01 . fe80::1" \
			"02:01:01:01:01:02 . fe80::2"; do
			lab_in gw nft add element "$table" gw rt_bindings "{ p1 . $owner timeout 1h }"
		done
	done
}

try "$LAB_TMP/frames" >"$LAB_TMP/arrive"
lab_at_least 8000 "frames that arrive without rules" "$(wc -l <"$LAB_TMP/arrive")"
lab_case "without rules, $(wc -l <"$LAB_TMP/arrive") of $(wc -l <"$LAB_TMP/frames") frames arrive"

# site MODE GUARD: the segment whose router and hosts the frames are of.
site() {
	local routers
	routers="routers: [{mac: 02:01:01:01:01:01, link_local: \"fe80::1\", prefixes: [\"2001:db8:1::/64\"], dns: [\"fd00::53\"]}, {mac: 02:01:01:01:01:02, link_local: \"fe80::2\", prefixes: [\"fd11::/16\"], lifetime: 0s}], dhcpv6_servers: [{mac: 02:01:01:01:01:01}],"
	[ "$1" = guarded ] || routers=
	segment_site "$1" <<END
ipv6guard: {segments: {lan: {mode: $1, $routers $2 ports: [p1, p2]}}}
END
	lab_apply "$1"
}

column=6
for mode in off local guarded; do
	column=$((column + 1))
	guard="nd_rate: 100000, mld_rate: 100000, source_guard: true,"
	[ "$mode" != off ] || guard=
	site "$mode" "$guard"
	[ "$mode" = off ] || bindings
	try "$LAB_TMP/frames" >"$LAB_TMP/through"
	word=$(echo "$mode" | tr '[:lower:]' '[:upper:]')
	grep " $word" "$LAB_TMP/frames" | cut -d' ' -f1 | sort >"$LAB_TMP/stop"
	comm -12 "$LAB_TMP/stop" "$LAB_TMP/through" >"$LAB_TMP/leaked"
	# id, class in this mode, name, variant
	awk -v column="$column" 'NR == FNR { leaked[$1] = 1; next } $1 in leaked { print $1, $column, $3, $4 }' \
		"$LAB_TMP/leaked" "$LAB_TMP/labels" >"$LAB_TMP/named"
	awk -v mode="$mode" 'NR == FNR { if ($2 ~ mode) beyond[$1] = 1; next } !($2 in beyond)' "$LAB_TMP/BEYOND" "$LAB_TMP/named" >"$LAB_TMP/wrong"
	if [ -s "$LAB_TMP/wrong" ]; then
		echo "$mode: $(wc -l <"$LAB_TMP/wrong") frames get through that must not:"
		head -n 100 "$LAB_TMP/wrong"
		[ -n "${KEEP_GOING:-}" ] || exit 1
	fi
	case $mode in off) least=8320 ;; local) least=8050 ;; guarded) least=6900 ;; esac
	lab_at_least "$least" "frames that $mode stops" "$(comm -23 "$LAB_TMP/stop" "$LAB_TMP/through" | wc -l)"
	lab_case "$mode: $(comm -23 "$LAB_TMP/stop" "$LAB_TMP/through" | wc -l) of $(wc -l <"$LAB_TMP/stop") stopped; beyond rules: $(
		cut -d' ' -f2 "$LAB_TMP/named" | sort | uniq -c | awk '{ printf "%s%s %s", n++ ? ", " : "", $1, $2 }')"
done

# Ordinary hosts, each in its own time: without the source guard, which is about addresses, not about kinds.
for mode in off local guarded; do
	site "$mode" "carriers: [eapol, lldp, stp, priority-tag],"
	word=$(echo "$mode" | tr '[:lower:]' '[:upper:]')
	# A stub router is heeded in `local` by the daemon alone, which says nothing of it; the kernel refuses it.
	grep -v " $word" "$LAB_TMP/benign" | cut -d' ' -f1 |
		awk 'NR == FNR { if ($3 == "listed-stub") stub[$1] = 1; next } !($1 in stub)' "$LAB_TMP/labels" - | sort >"$LAB_TMP/meant"
	try "$LAB_TMP/benign" >"$LAB_TMP/through"
	lost=$(comm -23 "$LAB_TMP/meant" "$LAB_TMP/through")
	[ -z "$lost" ] || {
		echo "$mode: frames of ordinary hosts that are lost:"
		for id in $lost; do grep "^$id " "$LAB_TMP/labels"; done
		exit 1
	}
	lab_case "$mode: $(wc -l <"$LAB_TMP/meant") kinds of frames of ordinary hosts pass"
done
