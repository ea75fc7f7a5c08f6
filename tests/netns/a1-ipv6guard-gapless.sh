#!/bin/bash
# No gap: while a rogue sends advertisements as fast as it can, the agent is killed and started, the config
# is changed to and fro (modes, ports, segments), and others flush what they can. Not one IPv6 frame gets
# through. RUNS=1000 for the long proof.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
. tests/support/segment.sh
segment_up
. tests/support/agent.sh
RUNS=${RUNS:-12}

# Modes that all refuse the rogue; ports in another order, by pattern and with one more.
segment_site a <<END
ipv6guard: {segments: {lan: {mode: guarded, ports: [p1, p2]}}}
END
segment_site b <<END
ipv6guard: {segments: {lan: {mode: local, ports: [p1, p2, p3]}}}
END
segment_site c <<END
ipv6guard: {segments: {lan: {interfaces: [br0], mode: local}, ports: {mode: guarded, ports: [p2, p1]}}}
END
agent_start
agent_ctl -C "$LAB_TMP/a" apply --confirm 0 >/dev/null
segment_hear
grep '^V01-plain ' tests/support/rogue_frames.txt >"$LAB_TMP/rogue"
segment_forget
ip netns exec "$LAB-rogue" "$SEGMENT_TOOL" flood eth0 600 <"$LAB_TMP/rogue" >"$LAB_TMP/sent" &
flood=$!

for ((run = 1; run <= RUNS; run++)); do
	case $((run % 4)) in
	0) site=a ;;
	1) site=b ;;
	2) site=c ;;
	3) site= ;;
	esac
	if [ -n "$site" ]; then
		lab_status 0 agent_ctl -C "$LAB_TMP/$site" apply --confirm 0
	else
		agent_kill
		lab_in gw ip link set p1 nomaster
		lab_in gw ip link set p1 master br0
		agent_start
	fi
	# The owner of the tables lives: they are passed by.
	lab_in gw nft flush ruleset
done
kill -TERM "$flood"
wait "$flood" 2>/dev/null || true
counted=$(lab_in gw nft -j list set netdev gw frames | grep -o '"packets": [0-9]*' | awk '{ sum += $2 } END { print sum }')
segment_heard tests/support/rogue_frames.txt >"$LAB_TMP/through"
lab_equal 0 "kinds of IPv6 frames through" "$(wc -l <"$LAB_TMP/through")"
# The gateway itself may speak IPv6 there; the rogue may not.
lab_equal 0 "frames of the rogue through" "$(grep -c "^.\{12\}020000000bad" "$LAB_TMP/heard" || true)"
[ -z "$(segment_configured)" ] || { echo "the victim believes the rogue"; exit 1; }
lab_at_least $((RUNS * 100)) "frames that were refused meanwhile" "$counted"
lab_case "$RUNS kills, reloads and flushes during $counted frames of a rogue: none got through"
agent_stop
