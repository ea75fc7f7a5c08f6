#!/bin/bash
# What is not a frame of a rogue at a port that was there before: devices that appear later are covered
# from their first frame, the gateway itself keeps to its segments' modes, quarantine and the source guard
# know port and MAC.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
. tests/support/segment.sh
segment_up


# ---- devices that come later -----------------------------------------------------------------------
segment_site later <<END
ipv6guard: {segments: {lan: {mode: guarded, ports: [p1, p2, "late*"]}, soon: {mode: local, interfaces: [soon0]}}}
END
lab_status 0 lab_gwctl -C "$LAB_TMP/later" apply
# The rogue moves to a cable that nobody has seen yet; it sends from the moment that there is carrier.
lab_in gw ip link del p1
ip -n "$LAB-rogue" link add eth0 type veth peer name late7 netns "$LAB-gw"
ip -n "$LAB-rogue" link set eth0 addrgenmode none address 02:00:00:00:00:66 up
grep '^V01-plain ' tests/support/rogue_frames.txt >"$LAB_TMP/rogue"
segment_forget
segment_hear
ip netns exec "$LAB-rogue" "$SEGMENT_TOOL" flood eth0 600 <"$LAB_TMP/rogue" >"$LAB_TMP/sent" &
flood=$!
ip -n "$LAB-gw" link set late7 master br0 addrgenmode none up
segment_ready
sleep 0.3
kill -TERM "$flood"
wait "$flood" 2>/dev/null || true
segment_heard tests/support/rogue_frames.txt >"$LAB_TMP/through"
lab_equal 0 "frames through a port that appeared later" "$(wc -l <"$LAB_TMP/through")"
lab_at_least 100 "frames refused at it" "$(lab_in gw nft -j list set netdev gw frames |
	grep -o '"packets": [0-9]*' | awk '{ sum += $2 } END { print sum }')"
lab_status 0 lab_gwctl -C "$LAB_TMP/later" plan
lab_case "a port that a pattern means, and that appeared later: not one frame; nothing to change"

# ---- the gateway itself ----------------------------------------------------------------------------
# hear_routed COMMAND...: what the host at r0 hears meanwhile, in $LAB_TMP/routed
hear_routed() {
	rm -f "$LAB_TMP/routed"
	ip netns exec "$LAB-routed" "$SEGMENT_TOOL" hear eth0 >"$LAB_TMP/routed" &
	local hears=$! tries=0
	until [ -s "$LAB_TMP/routed" ] || [ "$tries" -ge 200 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	"$@" || true
	sleep 0.1
	kill -TERM "$hears"
	wait "$hears" || true
}
own_traffic() {
	lab_in gw "$SEGMENT_TOOL" send r0 <tests/support/rogue_frames.txt >/dev/null
	# The gateway's own stack: neighbour discovery, and a datagram over IPv4.
	lab_in gw bash -c 'echo x >/dev/udp/fe80::88%r0/9; echo x >/dev/udp/10.40.0.88/9' 2>/dev/null
}
ip -n "$LAB-gw" -6 addr add fe80::1/64 dev r0 nodad
ip -n "$LAB-routed" addr add 10.40.0.88/24 dev eth0
hear_routed own_traffic
lab_equal 0 "IPv6 frames of the gateway into a segment that is off" "$(grep -c '^.\{24\}86dd' "$LAB_TMP/routed" || true)"
# Tunnels over UDP, and those that carry other things, are for policies to judge on the way out.
lab_equal 0 "frames of the list" "$(awk 'NR == FNR { heard[$1] = 1; next } !/^#/ && $2 in heard && !/^F(0[6789]|1[01])/' \
	"$LAB_TMP/routed" tests/support/rogue_frames.txt | wc -l)"
lab_at_least 1 "IPv4 frames of the gateway" "$(grep -c '^.\{24\}0800' "$LAB_TMP/routed" || true)"
lab_case "off: the gateway sends IPv4 and ARP there, and nothing else"

segment_site neighbours <<END
ipv6guard: {segments: {lan: {mode: guarded, ports: [p2, late7]}, routed: {mode: local}}}
END
lab_status 0 lab_gwctl -C "$LAB_TMP/neighbours" apply
ip -n "$LAB-routed" -6 addr add fe80::88/64 dev eth0 nodad
hear_routed own_traffic
lab_at_least 2 "neighbour discovery of the gateway, and what follows" "$(grep -c '^.\{24\}86dd6' "$LAB_TMP/routed" || true)"
lab_equal 0 "advertisements of the gateway" "$(awk 'NR == FNR { heard[$1] = 1; next } /^V01/ && $2 in heard' \
	"$LAB_TMP/routed" tests/support/rogue_frames.txt | wc -l)"
lab_case "local: the gateway is a neighbour, and no router"

segment_site ports <<END
ipv6guard: {segments: {lan: {mode: off, ports: [p2, late7]}}}
END
sed -i 's/, "2001:db8:30::.48"\]/], ipv6: off/' "$LAB_TMP/ports/gw.yaml"
lab_status 0 lab_gwctl -C "$LAB_TMP/ports" apply
segment_hear
lab_in gw "$SEGMENT_TOOL" send p2 <tests/support/rogue_frames.txt >/dev/null
segment_heard tests/support/rogue_frames.txt >"$LAB_TMP/through"
lab_equal 0 "IPv6 frames of the gateway out of a port" "$(grep -vc '^F' "$LAB_TMP/through" || true)"
lab_case "off: ports of the gateway's bridge are silent, too"
lab_status 0 lab_gwctl -C "$LAB_TMP/later" apply

# ---- quarantine ------------------------------------------------------------------------------------
lab_in gw nft add element netdev gw rt_guard '{ 1, 6, 17 }'
lab_in gw nft add element netdev gw rt_quarantine '{ "late7" . 02:00:00:00:00:66 timeout 1h }'
segment_names tests/support/benign_frames.txt guarded >"$LAB_TMP/meant"
segment_hear
segment_send rogue tests/support/benign_frames.txt
lab_in gw nft delete element netdev gw rt_quarantine '{ "late7" . 02:00:00:00:00:66 }'
segment_heard tests/support/benign_frames.txt >"$LAB_TMP/through"
lab_equal 0 "frames of a device in quarantine" "$(wc -l <"$LAB_TMP/through")"
lab_in gw nft add element netdev gw rt_quarantine '{ "p2" . 02:00:00:00:00:66 timeout 1h, "late7" . 02:00:00:00:00:67 timeout 1h }'
segment_hear
segment_send rogue tests/support/benign_frames.txt
segment_heard tests/support/benign_frames.txt | sort >"$LAB_TMP/through"
sort "$LAB_TMP/meant" | cmp -s - "$LAB_TMP/through" || { echo "quarantine of others:"; diff "$LAB_TMP/meant" "$LAB_TMP/through"; exit 1; }
lab_case "quarantine stops all of a device at its port, and nobody else"

# ---- source guard ----------------------------------------------------------------------------------
segment_site source <<END
ipv6guard: {segments: {lan: {mode: guarded, source_guard: true, ports: [p2, late7]}}}
END
lab_status 0 lab_gwctl -C "$LAB_TMP/source" apply
segment_hear
segment_send rogue tests/support/benign_frames.txt
segment_heard tests/support/benign_frames.txt | sort >"$LAB_TMP/through"
{
	segment_names tests/support/benign_frames.txt off
	# DAD, and groups joined before there is an address; GRE over IPv4
	printf '%s\n' dad mld2-unspecified ipv4-gre
} | sort >"$LAB_TMP/meant"
cmp -s "$LAB_TMP/meant" "$LAB_TMP/through" || { echo "without a binding:"; diff "$LAB_TMP/meant" "$LAB_TMP/through"; exit 1; }
for family in netdev bridge; do
	lab_in gw nft add element "$family" gw rt_bindings '{ "late7" . 02:00:00:00:00:66 . fe80::66 timeout 1h,
		"late7" . 02:00:00:00:00:66 . 2001:db8:30::66 timeout 1h }'
done
segment_hear
segment_send rogue tests/support/benign_frames.txt
segment_heard tests/support/benign_frames.txt | sort >"$LAB_TMP/through"
segment_names tests/support/benign_frames.txt guarded | sort >"$LAB_TMP/meant"
cmp -s "$LAB_TMP/meant" "$LAB_TMP/through" || { echo "with bindings:"; diff "$LAB_TMP/meant" "$LAB_TMP/through"; exit 1; }
lab_case "source guard: only addresses that are bound to port and MAC"
