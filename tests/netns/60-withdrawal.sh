#!/bin/bash
# A policy that is withdrawn stops its flows at their next packet, in both directions: after `apply`
# has returned not one packet of theirs arrives anywhere, and each of them is counted.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
lab_serve dmz tcp/80
lab_site open <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
  - {id: numbers, from: hq, to: dmz, services: [udp/7000-7009], action: accept, $LAB_DUTY}
END
lab_site closed <<END
policies: [{id: other, from: hq, to: dmz, services: [tcp/22], action: accept, $LAB_DUTY}]
END
UDP="UdpInDatagrams UdpNoPorts Udp6InDatagrams Udp6NoPorts"

# Replies of what is gone are counted as withdrawn, its other packets as those of any new flow.
dropped() {
	echo $(($(lab_count withdrawn) + $(lab_count between)))
}

# nothing_after HOST WHAT COUNTERS: applies `closed` and sees whether these counters of a host stand.
nothing_after() {
	local host=$1 what=$2 before after dropped
	shift 2
	before=$(lab_received "$host" "$@")
	sleep 0.2
	lab_at_least $((before + 1)) "$what, before" "$(lab_received "$host" "$@")"
	dropped=$(dropped)
	lab_apply closed
	before=$(lab_received "$host" "$@")
	sleep 0.4
	after=$(lab_received "$host" "$@")
	lab_equal 0 "$what, packets after the apply" $((after - before))
	lab_stopped=$(($(dropped) - dropped))
}

udp_from_client() { # address
	local sender
	lab_apply open
	lab_sequence "$LAB_TMP/received" dmz receive "$1" 7001
	lab_sequence "$LAB_TMP/sent" hq send "$1" 7001 1000 20
	sender=$!
	sleep 0.1
	# shellcheck disable=SC2086  # a list of counters
	nothing_after dmz "UDP to $1" $UDP
	kill "$sender"
	lab_sequence_end dmz
	lab_at_least 100 "UDP to $1, stopped packets counted" "$lab_stopped"
	lab_case "UDP to $1 from its client stops: $lab_stopped packets dropped and counted, 0 passed"
}

udp_from_server() { # address
	lab_apply open
	lab_sequence "$LAB_TMP/pushed" dmz push "$1" 7002 1000 20
	sleep 0.1
	lab_sequence "$LAB_TMP/pulled" hq pull "$1" 7002 20
	sleep 0.1
	# shellcheck disable=SC2086  # a list of counters
	nothing_after hq "UDP from $1" $UDP
	lab_sequence_end dmz
	lab_sequence_end hq
	lab_at_least 100 "UDP from $1, stopped packets counted" "$lab_stopped"
	lab_case "UDP from the server $1 stops: $lab_stopped packets dropped and counted, 0 passed"
}

tcp_from_client() { # address
	local flow
	lab_apply open
	lab_hold "$LAB_TMP/flow" hq -d 20 "$1" tcp/80
	flow=$!
	nothing_after dmz "TCP to $1" TcpInSegs
	lab_expect silent "TCP to $1" "$(lab_held "$LAB_TMP/flow" $flow)"
	lab_at_least 1 "TCP to $1, stopped packets counted" "$lab_stopped"
	lab_case "TCP to $1 from its client stops"
}

# The server holds its answer back until the policy is gone.
tcp_from_server() { # address
	local flow before
	lab_apply open
	lab_hold "$LAB_TMP/flow" hq -d 20 "$1" tcp/80
	flow=$!
	lab_servers dmz STOP
	sleep 0.2
	lab_apply closed
	before=$(lab_received hq TcpInSegs) lab_stopped=$(lab_count withdrawn)
	lab_servers dmz CONT
	sleep 0.5
	lab_equal "$before" "TCP answers of $1 after the apply" "$(lab_received hq TcpInSegs)"
	lab_at_least $((lab_stopped + 1)) "TCP answers of $1, counted as withdrawn" "$(lab_count withdrawn)"
	kill "$flow" 2>/dev/null || true
	lab_case "TCP answers of the server $1 stop"
}

for address in 203.0.113.6 2001:db8:10::6; do
	udp_from_client $address
	udp_from_server $address
	tcp_from_client $address
	tcp_from_server $address
done
