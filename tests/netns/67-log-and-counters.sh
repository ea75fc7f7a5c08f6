#!/bin/bash
# Log records name the policy and its line and are capped, drops are not; counters count every packet
# of a flow once, in both directions, whatever is applied meanwhile.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
lab_serve dmz tcp/80
lab_site site <<END
between: {log: drops}
log: {rate: 10}
policies:
  - {id: closed, from: hq, to: dmz, services: [udp/9], action: drop, log: true, $LAB_DUTY}
  - {id: refused, from: hq, to: dmz, services: [tcp/23], action: reject, log: true, $LAB_DUTY}
  - {id: seen, from: hq, to: dmz, services: [tcp/80], action: accept, log: true, $LAB_DUTY}
  - {id: stream, from: hq, to: dmz, services: [udp/7000-7009], action: accept, $LAB_DUTY}
END
# Narrower, so that the rule's number changes; and around it everything is different.
lab_site narrow <<END
policies:
  - {id: stream, from: hq, to: dmz, services: [udp/7001-7002], action: accept, $LAB_DUTY}
  - {id: more, from: [hq, wan], to: [dmz, mgmt], services: [tcp/1-99], action: accept, $LAB_DUTY}
nat: [{id: out, from: hq, to: wan, masquerade: true}]
END
lab_site around <<END
policies:
  - {id: stream, from: hq, to: dmz, services: [udp/7000-7009], action: accept, $LAB_DUTY}
  - {id: before, from: hq, to: [dmz, wan], services: [tcp/1-1000], action: drop, $LAB_DUTY}
END
lab_apply site

# lab_follow FILE ARGUMENT...: gwctl drops -f in the background, once it listens.
lab_follow() {
	local file=$1 tries=0
	shift
	GW_STATE_DIR=$LAB_TMP/state ip netns exec "$LAB-gw" "$BUILD/gwctl" drops -f "$@" >"$file" 2>&1 &
	until lab_in gw grep -q '^ *100 ' /proc/net/netfilter/nfnetlink_log; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || { echo "gwctl drops does not listen:"; cat "$file"; exit 1; }
		sleep 0.05
	done
}

# Other packets may be logged in between: hosts say which multicast groups they listen to.
records() {
	local follow want line tries
	lab_follow "$LAB_TMP/log"
	follow=$!
	lab_try hq -t 100 203.0.113.6 udp/9 >/dev/null
	lab_try hq -t 100 2001:db8:10::6 tcp/23 >/dev/null
	lab_try hq -t 100 203.0.113.6 tcp/80 >/dev/null
	lab_try guest -t 100 203.0.113.6 udp/9 >/dev/null
	lab_try hq -t 100 -s 10.30.0.50 203.0.113.6 udp/9 >/dev/null
	sleep 0.3
	kill $follow
	wait $follow || true
	while IFS= read -r want; do
		line=$(grep -E "$want" "$LAB_TMP/log") || { echo "no record like \`$want\`:"; cat "$LAB_TMP/log"; exit 1; }
		lab_case "logged: ${line#*  }"
	done <<-END
	drop +hq0 -> dmz0  10.20.1.10.* 203.0.113.6 udp/9  by closed, gw.yaml:$(line_of closed)\$
	reject +hq0 -> dmz0  2001:db8:20:1::10.* 2001:db8:10::6 tcp/23  by refused, gw.yaml:$(line_of refused)\$
	accept +hq0 -> dmz0  10.20.1.10.* 203.0.113.6 tcp/80  by seen, gw.yaml:$(line_of seen)\$
	drop +guest0 -> dmz0  10.30.0.50.* 203.0.113.6 udp/9  by between\$
	drop +hq0 -> gateway  10.30.0.50.* 203.0.113.6 udp/9  by spoof\$
	END
	lab_follow "$LAB_TMP/log" -n 3
	follow=$!
	for ((tries = 0; tries < 3; tries++)); do
		lab_try hq -t 50 203.0.113.6 udp/9 >/dev/null
	done
	timeout 3 tail --pid=$follow -f /dev/null || { echo "-n 3 does not end"; exit 1; }
	lab_equal 3 "records with -n 3" "$(wc -l <"$LAB_TMP/log")"
	lab_case "drops -f -n 3 ends after 3 records"
}

line_of() {
	grep -n "id: $1," "$LAB_TMP/site/gw.yaml" | cut -d: -f1
}

rate_cap() {
	local before arrived sent dropped logged
	before=$(lab_count closed) arrived=$(lab_received dmz UdpInDatagrams UdpNoPorts)
	lab_follow "$LAB_TMP/log"
	follow=$!
	lab_sequence "$LAB_TMP/sent" hq send 203.0.113.6 9 2000 2
	wait $!
	sent=$(cut -d' ' -f2 "$LAB_TMP/sent")
	kill $follow
	wait $follow || true
	dropped=$(($(lab_count closed) - before)) logged=$(grep -c 'by closed' "$LAB_TMP/log")
	lab_equal "$sent" "dropped packets counted" "$dropped"
	lab_equal "$arrived" "dropped packets that arrived" "$(lab_received dmz UdpInDatagrams UdpNoPorts)"
	lab_at_least 10 "log records in two seconds" "$logged"
	lab_at_least "$logged" "log records at 10 a second, with a burst" 40
	lab_case "$sent packets in 2 s: all dropped and counted, $logged logged at a rate of 10"
}

# exact WHAT [SITES]: one packet to the server, then its numbers back; 36 bytes each with their headers.
# Applies meanwhile; not one may be missing from the counter.
exact() {
	local before bytes pushed received sites=${2:-} site
	before=$(lab_count stream) bytes=$(lab_count stream bytes)
	lab_sequence "$LAB_TMP/pushed" dmz push 203.0.113.5 7001 1000 20
	sleep 0.1
	lab_sequence "$LAB_TMP/pulled" hq pull 203.0.113.5 7001 20
	pushed=$!
	sleep 0.1
	for site in $sites; do
		lab_apply "$site"
		sleep 0.1
	done
	sleep 0.2
	lab_sequence_end dmz
	sleep 0.1
	lab_sequence_end hq
	wait $pushed
	pushed=$(cut -d' ' -f2 "$LAB_TMP/pushed") received=$(cut -d' ' -f2 "$LAB_TMP/pulled")
	lab_equal "$pushed" "$1: packets back" "$received"
	lab_equal $((pushed + 1)) "$1: packets counted" $(($(lab_count stream) - before))
	lab_equal $(((pushed + 1) * 36)) "$1: bytes counted" $(($(lab_count stream bytes) - bytes))
	lab_case "$1: 1 packet there and $pushed back, all counted"
}
kept() { # what, site
	local before
	before=$(lab_count stream)
	lab_at_least 1 "packets counted so far" "$before"
	lab_apply "$2"
	lab_equal "$before" "counter after $1" "$(lab_count stream)"
	lab_case "counters are kept over $1"
}
records
rate_cap
exact "one flow"
kept "an apply around it" around
kept "a change of the policy's number" narrow
kept "the change back" site
exact "a flow during applies around it" "around site around site"
# The kernel itself says what a number had counted when it ended.
exact "a flow whose policy's number changes" "narrow site narrow site narrow site"
