#!/bin/bash
# The life of an exception on record: begun, first used, about to end, ended; withdrawn before its time.
# No packet passes after the end, with the agent alive or dead, and a restart gives no time back. Its
# counts outlive it. Its end is nobody's drift.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
. tests/support/agent.sh
# exceptions NAME ID...: a site with those, until $until.
exceptions() {
	local name=$1 id port=7000
	shift
	{
		echo "policies:"
		echo "  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}"
		echo "change: {warn_before: [1h, 60s]}"
		[ $# -eq 0 ] || echo "exceptions:"
		for id in "$@"; do
			echo "  - {id: $id, from: hq, to: dmz, services: [udp/$port], expires: $until, $LAB_LEAVE}"
			port=$((port + 1))
		done
	} | lab_site "$name"
}
# event NAME SUBJECT: how many of those are on record.
event() {
	grep "\"event\":\"$1\"" "$LAB_TMP/gwd.log" | grep -c "\"subject\":\"$2\"" || true
}
has() {
	[ "$(event "$1" "$2")" -ge 1 ]
}
failed() {
	echo "$1"
	tail -n 8 "$LAB_TMP/gwd.log"
	exit 1
}

# ---- with the agent alive -----------------------------------------------------------------------
agent_start
until=$(lab_in_future 3600)
exceptions base
lab_status 0 agent_ctl -C "$LAB_TMP/base" apply --confirm 0
exceptions withdrawn other
lab_status 0 agent_ctl -C "$LAB_TMP/withdrawn" apply --confirm 0
has exception.started other || failed "the start is not on record"
until=$(lab_in_future 8)
end=$(date -d "$until" +%s)
exceptions site stream
lab_status 0 agent_ctl -C "$LAB_TMP/site" apply --confirm 0
grep '"subject":"other"' "$LAB_TMP/gwd.log" | grep -q "withdrawn before its time" || failed "no early end"
lab_sequence "$LAB_TMP/got" dmz receive 203.0.113.5 7000
receiver=$!
lab_sequence "$LAB_TMP/sent" hq send 203.0.113.5 7000 500 60
sender=$!
agent_until 10 has exception.used stream || failed "the first use is not on record"
agent_until 20 has exception.ended stream || failed "the end is not on record"
lab_at_least "$end" "the end, as Unix time" "$(date +%s)"
# Whatever arrives from now on came through after the end.
late=$(lab_received dmz UdpInDatagrams)
sleep 1
lab_equal "$late" "packets that arrived, a second after the end" "$(lab_received dmz UdpInDatagrams)"
kill "$sender"
wait "$sender"
lab_sequence_end dmz
wait "$receiver"
got=$(cut -d' ' -f2 "$LAB_TMP/got")
count=$(agent_ctl counters --json | tr -d ' \n' | sed 's/.*"id":"stream","packets":\([0-9]*\).*/\1/')
# Of the last 50 ms, at 500 packets a second, the kernel tells nobody.
lab_at_least "$((got - 50))" "packets still counted after the end, of $got" "$count"
lab_at_least "$count" "packets" "$got"
lab_case "start, use and end on record; 0 packets after it; $count of $got packets still counted"
lab_status 0 agent_ctl drift
lab_equal 0 "findings of drift" "$(grep -c '"event":"drift.found"' "$LAB_TMP/gwd.log" || true)"
lab_in gw nft list set inet gw match_timed 2>/dev/null | grep -q expires && failed "something is left"
lab_case "the end leaves nothing behind and is nobody's drift"

# ---- with the agent dead ------------------------------------------------------------------------
until=$(lab_in_future 15)
end=$(date -d "$until" +%s)
exceptions site again
lab_status 0 agent_ctl -C "$LAB_TMP/site" apply --confirm 0
lab_sequence "$LAB_TMP/got" dmz receive 203.0.113.5 7000
receiver=$!
lab_sequence "$LAB_TMP/sent" hq send 203.0.113.5 7000 500 60
sender=$!
agent_until 10 has exception.used again || failed "the first use is not on record"
# A restart, and one over an empty kernel: neither gives time back.
agent_kill
agent_start
agent_reboot
agent_start
left=$(lab_in gw nft list set inet gw live_timed | sed -n 's/.*expires \([0-9]*\)s.*/\1/p')
lab_at_least "${left:-99}" "seconds left in the kernel after a reboot" "$((end - $(date +%s) + 1))" ||
	failed "time was given back"
agent_kill
while [ "$(date +%s)" -le "$end" ]; do
	sleep 0.1
done
late=$(lab_received dmz UdpInDatagrams)
sleep 1
lab_equal "$late" "packets that arrived after the end, the agent dead" "$(lab_received dmz UdpInDatagrams)"
kill "$sender"
wait "$sender"
lab_sequence_end dmz
wait "$receiver"
agent_start
has exception.ended again || failed "the end in absence is not on record"
lab_status 0 agent_ctl drift
lab_case "0 packets after the end with the agent dead; the end is on record when it is back"

# ---- warnings -----------------------------------------------------------------------------------
until=$(lab_in_future 62)
exceptions site long
lab_status 0 agent_ctl -C "$LAB_TMP/site" apply --confirm 0
lab_equal 0 "warnings" "$(event exception.ending long)"
agent_until 20 has exception.ending long || failed "no warning"
agent_kill
agent_start
lab_equal 1 "warnings, over a restart" "$(event exception.ending long)"
lab_equal 1 "starts, over a restart" "$(event exception.started long)"
agent_stop
lab_case "a warning a minute before the end, once"
