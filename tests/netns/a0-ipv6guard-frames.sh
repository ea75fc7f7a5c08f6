#!/bin/bash
# Frames of a rogue and of ordinary hosts through a bridge of the gateway, in every mode: every encoding
# is stopped where it must be and nothing else is, judged by what arrives at the victim and by what its
# kernel makes of it.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
. tests/support/segment.sh
segment_up
LISTS=tests/support
NFT=${NFT_DUMP:-}

# try LIST MODE: names of the list's frames that get through.
try() {
	segment_forget
	segment_hear
	segment_send rogue "$1"
	segment_heard "$1" >"$LAB_TMP/through"
	[ -z "$NFT" ] || lab_in gw nft list ruleset >"$NFT"
}

# expect LIST NAMES WHAT: exactly these got through.
expect() {
	try "$1"
	sort "$LAB_TMP/through" >"$LAB_TMP/got"
	sort "$2" >"$LAB_TMP/want"
	cmp -s "$LAB_TMP/got" "$LAB_TMP/want" || {
		echo "$3: through but not meant to (<), meant to but not through (>):"
		diff "$LAB_TMP/got" "$LAB_TMP/want" || true
		lab_in gw nft list set netdev gw frames
		exit 1
	}
}

# ---- without rules, to know that the frames are dangerous ----------------------------------------
try "$LISTS/rogue_frames.txt"
lab_at_least 50 "frames of a rogue through a bridge without rules" "$(wc -l <"$LAB_TMP/through")"
[ -n "$(segment_configured)" ] || { echo "the victim does not believe the rogue: this test shows nothing"; exit 1; }
lab_case "without rules, $(wc -l <"$LAB_TMP/through") of $(segment_names "$LISTS/rogue_frames.txt" | wc -l) arrive and are believed"

segment_names "$LISTS/rogue_frames.txt" >"$LAB_TMP/all"
: >"$LAB_TMP/none"
for mode in off local guarded; do
	segment_site "$mode" <<END
ipv6guard: {segments: {lan: {mode: $mode, ports: [p1, p2]}}}
END
	[ "$mode" != off ] || sed -i 's/, "2001:db8:30::.48"\]/], ipv6: off/' "$LAB_TMP/$mode/gw.yaml"
	lab_apply "$mode"
	cp "$LAB_TMP/none" "$LAB_TMP/allowed"
	# GRE, IPIP and EtherIP carry many things; a segment with IPv6 does not refuse them.
	[ "$mode" != guarded ] || printf '%s\n' F10-gre F11-ipip F11-etherip >"$LAB_TMP/allowed"
	expect "$LISTS/rogue_frames.txt" "$LAB_TMP/allowed" "frames of a rogue, $mode"
	[ -z "$(segment_configured)" ] || { echo "$mode: the victim believes the rogue:"; segment_configured; exit 1; }
	segment_names "$LISTS/benign_frames.txt" "$mode" >"$LAB_TMP/meant"
	expect "$LISTS/benign_frames.txt" "$LAB_TMP/meant" "frames of ordinary hosts, $mode"
	expect "$LISTS/guarded_frames.txt" "$LAB_TMP/none" "what hosts may not send, $mode"
	lab_case "$mode: $(wc -l <"$LAB_TMP/all") frames of a rogue, $(wc -l <"$LAB_TMP/meant") of hosts that must pass"
done

# ---- a router that is listed ----------------------------------------------------------------------
segment_site router <<END
ipv6guard:
  segments:
    lan:
      mode: guarded
      ports: [p1, p2]
      vlans: [7]
      routers:
        - {port: p1, mac: 02:00:00:00:00:11, link_local: "fe80::11", prefixes: "2001:db8:30::/48",
           dns: "2001:db8:30::53", lifetime: 1800s}
END
lab_apply router
segment_names "$LISTS/router_frames.txt" pass >"$LAB_TMP/meant"
expect "$LISTS/router_frames.txt" "$LAB_TMP/meant" "advertisements of a listed router"
expect "$LISTS/rogue_frames.txt" "$LAB_TMP/allowed" "frames of a rogue beside a listed router"
lab_case "advertisements of a listed router: $(wc -l <"$LAB_TMP/meant") pass, the others are stopped"

# ---- the frames are counted -----------------------------------------------------------------------
counted=$(lab_in gw nft -j list set netdev gw frames | grep -o '"packets": [0-9]*' | awk '{ sum += $2 } END { print sum }')
lab_at_least 150 "frames counted by segment and class" "$counted"
lab_case "$counted frames counted by class"
