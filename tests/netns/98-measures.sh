#!/bin/bash
# Emergency measures: established flows of UDP and TCP, both families and both directions, stop with the
# acknowledgement; others go on; management gets through; the measure outlives apply, rollback, kill -9
# and reboot, and ends by itself with every program dead.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
. tests/support/agent.sh
says() {
	grep -qF -- "$1" "$LAB_TMP/out" || { echo "not said: $1"; cat "$LAB_TMP/out"; exit 1; }
}

for site in one two; do
	lab_site $site <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80, udp/9001-9004], action: accept, $LAB_DUTY}
  - {id: repair, from: mgmt, to: hq, services: [tcp/80], action: accept, $LAB_DUTY}
  - {id: news, from: wan, to: guest, services: [udp/9005], action: accept, $LAB_DUTY}
  - {id: $site, from: guest, to: dmz, services: [tcp/81], action: accept, $LAB_DUTY}
gateway:
  - {id: dns, from: [hq, mgmt], services: [udp/53], action: accept, $LAB_DUTY}
hosts: {office: [10.20.1.10, "2001:db8:20:1::10"]}
contacts: [{name: Sato, role: duty officer, phone: "+81 3 0000 0000"}]
change: {confirm: 0s}
END
done
agent_start
lab_status 0 agent_ctl -C "$LAB_TMP/one" apply --confirm 0
lab_serve dmz tcp/80
lab_serve hq tcp/80
lab_serve gw udp/53

# ---- flows: four of hq, two of them from servers that talk while their client is silent ----------
lab_sequence "$LAB_TMP/r1" dmz receive 203.0.113.6 9001
lab_sequence "$LAB_TMP/r2" dmz receive 2001:db8:10::6 9002
lab_sequence "$LAB_TMP/p3" dmz push 203.0.113.7 9003 300 300
lab_sequence "$LAB_TMP/p4" dmz push 2001:db8:10::7 9004 300 300
lab_sequence "$LAB_TMP/r5" guest receive 10.30.0.50 9005
lab_in wan ip route add 10.30.0.0/24 via 198.51.100.1
lab_sequence "$LAB_TMP/s1" hq send 203.0.113.6 9001 300 300
lab_sequence "$LAB_TMP/s2" hq send 2001:db8:10::6 9002 300 300
lab_sequence "$LAB_TMP/l3" hq pull 203.0.113.7 9003 300
lab_sequence "$LAB_TMP/l4" hq pull 2001:db8:10::7 9004 300
lab_sequence "$LAB_TMP/s5" wan send 10.30.0.50 9005 300 300

# flows: what has arrived of the flows of hq in each family and direction.
flows() {
	echo "$(lab_received dmz UdpInDatagrams) $(lab_received dmz Udp6InDatagrams)" \
		"$(lab_received hq UdpInDatagrams) $(lab_received hq Udp6InDatagrams)"
}
# all_flow SINCE: true if every one of them has moved on.
all_flow() {
	local now k
	read -ra since <<<"$1"
	read -ra now <<<"$(flows)"
	for k in 0 1 2 3; do
		[ "${now[$k]}" -gt "${since[$k]}" ] || return 1
	done
}
flow_again() {
	agent_until 20 all_flow "$(flows)" || { echo "$1: the flows of hq do not go on: $(flows)"; exit 1; }
}
# stopped WHAT: not a packet more of hq's, while the others' go on.
stopped() {
	local before after others
	before=$(flows)
	others=$(lab_received guest UdpInDatagrams)
	sleep 0.7
	after=$(flows)
	[ "$before" = "$after" ] || { echo "$1: packets after the acknowledgement: $before, then $after"; exit 1; }
	lab_at_least $((others + 20)) "$1: the flow of others" "$(lab_received guest UdpInDatagrams)"
}
flow_again "at first"

# measured WHAT LIFT-COMMAND... -- COMMAND...: takes it, with a TCP connection of each family at work.
measured() {
	local what=$1 lift=() pid4 pid6
	shift
	while [ "$1" != -- ]; do
		lift+=("$1")
		shift
	done
	shift
	lab_hold "$LAB_TMP/tcp4" hq -d 60 203.0.113.6 tcp/80
	pid4=$!
	lab_hold "$LAB_TMP/tcp6" hq -d 60 2001:db8:10::6 tcp/80
	pid6=$!
	lab_status 0 agent_ctl "$@"
	stopped "$what"
	says "Undo it with: gwctl ${lift[*]}"
	says "+81 3 0000 0000"
	sleep 0.8
	lab_expect silent "$what: TCP over IPv4" "$(lab_held "$LAB_TMP/tcp4" "$pid4")"
	lab_expect silent "$what: TCP over IPv6" "$(lab_held "$LAB_TMP/tcp6" "$pid6")"
	lab_status 0 agent_ctl "${lift[@]}" -m over
	flow_again "$what, lifted"
	lab_expect answered "$what, lifted" "$(lab_try hq 203.0.113.6 tcp/80)"
	lab_case "$what stops established flows at once, and lifting it lets them go on"
}
measured "isolation" release hq -- isolate hq -m worm
measured "quarantine" release office -- quarantine office -m beacons
measured "suspension" resume taro -- suspend taro 10.20.1.10 2001:db8:20:1::10 -m stolen
measured "ban" unban office -- ban office -m scans
lab_gwctl_drops() {
	agent_ctl counters --json | tr -d ' \n' | sed "s/.*\"id\":\"$1\",\"packets\":\([0-9]*\).*/\1/"
}
for reason in isolated quarantined suspended banned; do
	lab_at_least 100 "packets counted as $reason" "$(lab_gwctl_drops $reason)"
done
lab_case "each reason counts what it has dropped"
lab_sequence_end wan
lab_sequence_end guest
lab_sequence_end hq
lab_sequence_end dmz

# ---- who is cut from whom ------------------------------------------------------------------------
lab_status 0 agent_ctl isolate hq -m worm
lab_expect answered "from management to an isolated zone" "$(lab_try mgmt 10.20.1.10 tcp/80)"
lab_expect silent "from an isolated zone to the gateway" "$(lab_try hq 10.20.0.1 udp/53)"
lab_expect answered "from management to the gateway" "$(lab_try mgmt 10.99.0.1 udp/53)"
lab_status 0 agent_ctl release hq
lab_expect answered "from a released zone to the gateway" "$(lab_try hq 10.20.0.1 udp/53)"
lab_status 0 agent_ctl isolate dmz --untrusted -m "only from outside"
lab_expect answered "between trusted zones" "$(lab_try hq 203.0.113.6 tcp/80)"
lab_status 0 agent_ctl release dmz
lab_status 0 agent_ctl isolate wan -m "the provider is hostile"
lab_expect answered "zones beside the isolated one" "$(lab_try hq 203.0.113.6 tcp/80)"
lab_status 0 agent_ctl release wan
mac=$(lab_in hq cat /sys/class/net/eth0/address)
lab_status 0 agent_ctl quarantine "$mac" -m "unknown notebook"
lab_expect silent "a device in quarantine" "$(lab_try hq -s 10.20.2.20 203.0.113.6 tcp/80)"
lab_expect answered "from management to the device" "$(lab_try mgmt 10.20.1.10 tcp/80)"
lab_status 0 agent_ctl release "$mac"
lab_case "management zones keep their ways, and nobody else is cut off"

# ---- explain knows of them -----------------------------------------------------------------------
explains() { # WHAT FLOW...
	local what=$1
	shift
	agent_ctl -C "$LAB_TMP/one" explain "$@" >"$LAB_TMP/out"
	says "$what"
}
flow=(10.20.1.10 to 203.0.113.6 tcp/80)
agent_ctl -C "$LAB_TMP/one" explain "${flow[@]}" | grep -q "at present" && exit 1
lab_status 0 agent_ctl isolate dmz -m worm
explains "but dmz is isolated at present, by root: DROP" "${flow[@]}"
lab_status 0 agent_ctl release dmz
lab_status 0 agent_ctl quarantine office -m beacons
explains "but office is in quarantine" "${flow[@]}"
agent_ctl -C "$LAB_TMP/one" explain 10.99.0.10 to 10.20.1.10 tcp/80 | grep -q "at present" && exit 1
lab_status 0 agent_ctl release office
lab_status 0 agent_ctl ban 203.0.113.6 -m test
explains "but 203.0.113.6 is banned" "${flow[@]}"
lab_status 0 agent_ctl unban 203.0.113.6
lab_case "explain names the measure that stops a packet"

# ---- whoever would cut himself off is told -------------------------------------------------------
lab_status 4 agent_ctl isolate mgmt -m oops
lab_status 4 agent_ctl ban 10.99.0.0/16 -m oops
lab_status 4 agent_ctl ban 10.20.0.1 -m oops
SSH_CONNECTION="10.20.9.9 50000 10.20.0.1 22" lab_status 4 agent_ctl isolate hq -m oops
SSH_CONNECTION="10.20.9.9 50000 10.20.0.1 22" lab_status 4 agent_ctl ban 10.20.9.0/24 -m oops
lab_status 64 agent_ctl isolate nowhere -m oops
lab_status 64 agent_ctl quarantine 10.20.0.0/16 -m oops
lab_status 1 agent_ctl release hq
lab_status 0 agent_ctl measures
says "no measure is in force"
lab_case "what cuts off management or the own session needs --force"

# ---- bans that overlap ---------------------------------------------------------------------------
lab_status 0 agent_ctl ban 10.20.0.0/17 --force -m wide --for 1h
lab_status 0 agent_ctl ban 10.20.1.0/24 -m narrow
lab_status 0 agent_ctl ban 10.20.1.10 -m one
lab_status 0 agent_ctl unban 10.20.0.0/17
lab_expect answered "outside the narrow ban" "$(lab_try hq -s 10.20.2.20 203.0.113.6 tcp/80)"
lab_status 0 agent_ctl unban 10.20.1.0/24
lab_expect silent "a ban that is left" "$(lab_try hq 203.0.113.6 tcp/80)"
lab_status 0 agent_ctl unban 10.20.1.10
lab_expect answered "no ban is left" "$(lab_try hq 203.0.113.6 tcp/80)"
lab_case "bans that overlap end each for itself"

# ---- what a measure outlives ---------------------------------------------------------------------
cut() {
	lab_expect silent "isolated, after $1" "$(lab_try hq -t 300 203.0.113.6 tcp/80)"
	agent_ctl measures | grep -q "isolate .*worm" || { echo "not listed after $1"; exit 1; }
}
lab_status 0 agent_ctl isolate hq -m worm --for 1h
lab_status 0 agent_ctl ban 192.0.2.0/24 -m scans
lab_status 0 agent_ctl -C "$LAB_TMP/two" apply --confirm 0
cut apply
lab_status 0 agent_ctl rollback --confirm 0
cut rollback
agent_kill
lab_expect silent "isolated, without the agent" "$(lab_try hq -t 300 203.0.113.6 tcp/80)"
agent_start
cut "kill -9"
agent_kill
lab_in gw nft flush set inet gw rt_isolated
lab_in gw nft flush set inet gw rt_guard
lab_expect answered "isolation that another program has removed" "$(lab_try hq 203.0.113.6 tcp/80)"
agent_start
cut "another program's change"
# Half a line at the end of the journal was never acknowledged.
agent_kill
printf '{"op":"add","kind":"ban","subject":"","addr' >>"$LAB_TMP/state/measures.jsonl"
agent_start
cut "half a line"
agent_reboot
agent_start
cut reboot
lab_in gw nft list set inet gw rt_banned_nets4 | grep -q 192.0.2.0/24 || { echo "the ban is gone"; exit 1; }
lab_status 0 agent_ctl release hq
lab_expect answered "released after all that" "$(lab_try hq 203.0.113.6 tcp/80)"
lab_case "measures outlive apply, rollback, kill -9, other programs and a reboot"

# ---- the end by itself ---------------------------------------------------------------------------
passes() {
	[[ $(lab_try hq -t 200 203.0.113.6 tcp/80) == answered* ]]
}
lab_status 0 agent_ctl ban 10.20.1.10 -m short --for 5s
passes && { echo "the short ban does not hold"; exit 1; }
agent_kill
agent_until 20 passes || { echo "the ban does not end without the agent"; exit 1; }
agent_start
agent_ctl bans >"$LAB_TMP/out"
grep -q short "$LAB_TMP/out" && { echo "the ban that is over is listed"; exit 1; }
agent_says '"event":"measure.ended"'
lab_case "a measure ends on time with every program dead"
agent_stop
