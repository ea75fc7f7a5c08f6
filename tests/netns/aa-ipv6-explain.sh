#!/bin/bash
# What `explain` says of flows that the IPv6 guard refuses is what becomes of real packets, and `drops` counts
# them where explain says that they end.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
ETHER=$BUILD/tools/ether
lab_site site <<END
policies: [{id: all, from: any, to: any, action: accept, $LAB_DUTY}]
gateway: [{id: gateway, from: any, action: accept, $LAB_DUTY}]
ipv6guard: {segments: {hq: {mode: guarded}, mgmt: {mode: local}}}
END
lab_apply site

# hex4 ADDRESS
hex4() {
	local IFS=.
	# shellcheck disable=SC2086  # four numbers
	printf '%02x%02x%02x%02x' $1
}

# header4 SOURCE DEST PROTOCOL OCTETS: an IPv4 header in hexadecimal, its checksum right.
header4() {
	local start rest sum=0 i
	start=4500$(printf '%04x' $((20 + $4)))0001000040$(printf '%02x' "$3")
	rest=$(hex4 "$1")$(hex4 "$2")
	for ((i = 0; i < ${#start}; i += 4)); do sum=$((sum + 16#${start:i:4})); done
	for ((i = 0; i < ${#rest}; i += 4)); do sum=$((sum + 16#${rest:i:4})); done
	sum=$(((sum & 0xffff) + (sum >> 16)))
	sum=$(((sum & 0xffff) + (sum >> 16)))
	printf '%s%04x%s' "$start" $((~sum & 0xffff)) "$rest"
}

# payload SERVICE: what follows the header, told by its last four octets.
payload() {
	case $1 in
	udp/*) printf '1234%04x0010000055555555feedbeef' "${1#udp/}" ;;
	*) printf '4500000055555555feedbeef' ;;
	esac
}

# number SERVICE: of the protocol
number() {
	case $1 in
	udp/*) echo 17 ;;
	*) echo "${1#proto/}" ;;
	esac
}

# packet SOURCE DEST SERVICE: kind of frame and packet
packet() {
	local data
	data=$(payload "$3")
	case $1 in
	*:*)
		# Full addresses are given as sixteen-bit groups of four digits.
		printf '86dd60000000%04x%02x40%s%s%s' $((${#data} / 2)) "$(number "$3")" \
			"${1//:/}" "${2//:/}" "$data"
		;;
	*) printf '0800%s%s' "$(header4 "$1" "$2" "$(number "$3")" $((${#data} / 2)))" "$data" ;;
	esac
}

# dropped REASON: packets that `drops` shows for it, all segments together
dropped() {
	lab_gwctl drops | awk -v reason="$1" '$1 == reason { sum += $2 } END { print sum + 0 }'
}

# flow ZONE SOURCE TO-ZONE DEST SERVICE VERDICT: explain says so, and so it is.
flow() {
	local from=$1 source=$2 to=$3 dest=$4 service=$5 verdict=$6 said before mac hears tries=0 want=0 got
	said=$(lab_gwctl -C "$LAB_TMP/site" explain "$from" "$source" '->' "$to" "$dest" "$service" | head -1)
	case $said in
	"$verdict"*) ;;
	*) echo "$from $source > $dest $service: explain says: $said; meant: $verdict"; exit 1 ;;
	esac
	case $verdict in DROP*) before=$(dropped "${verdict#DROP by }") ;; *) want=1 ;; esac
	mac=$(lab_in gw cat "/sys/class/net/${from}0/address")
	rm -f "$LAB_TMP/heard"
	ip netns exec "$LAB-$to" "$ETHER" hear eth0 >"$LAB_TMP/heard" &
	hears=$!
	until [ -s "$LAB_TMP/heard" ] || [ "$tries" -ge 200 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	echo "frame ${mac//:/}$(lab_in "$from" cat /sys/class/net/eth0/address | tr -d :)$(packet "$source" "$dest" "$service")" |
		lab_in "$from" "$ETHER" send eth0 >/dev/null
	sleep 0.15
	kill -TERM "$hears"
	wait "$hears" || true
	got=$(grep -c 'feedbeef' "$LAB_TMP/heard" || true)
	lab_equal "$want" "$from $source > $to $dest $service, arrived" "$got"
	[ "$want" -eq 1 ] || lab_at_least $((before + 1)) "$from $source > $dest $service: ${verdict#DROP by } in drops" \
		"$(dropped "${verdict#DROP by }")"
	lab_case "$from $source > $to $dest $service: $said"
}

# Neighbours know each other before anything is counted.
lab_expect refused "the way there" "$(lab_try guest 203.0.113.6 udp/9)"
lab_expect refused "the way there" "$(lab_try hq 2001:db8:10::6 udp/9)"

flow guest 10.30.0.50 dmz 203.0.113.6 udp/4000 "ACCEPT by all"
flow guest 10.30.0.50 dmz 203.0.113.6 proto/41 "DROP by ipv6-tunnel"
flow guest 10.30.0.50 dmz 203.0.113.6 udp/3544 "DROP by ipv6-tunnel"
flow guest 10.30.0.50 dmz 203.0.113.6 udp/3653 "DROP by ipv6-tunnel"
flow guest 10.30.0.50 dmz 203.0.113.6 udp/3545 "ACCEPT by all"
# What carries other things, too, is for policies to judge.
flow guest 10.30.0.50 dmz 203.0.113.6 proto/47 "ACCEPT by all"
flow dmz 203.0.113.6 guest 10.30.0.50 proto/41 "DROP by ipv6-own"
flow dmz 203.0.113.6 guest 10.30.0.50 udp/3544 "ACCEPT by all"
flow mgmt 10.99.0.10 dmz 203.0.113.6 proto/41 "DROP by ipv6-tunnel"
flow hq 10.20.1.10 dmz 203.0.113.6 proto/41 "DROP by ipv6-tunnel"
HQ6=2001:0db8:0020:0001:0000:0000:0000:0010 DMZ6=2001:0db8:0010:0000:0000:0000:0000:0006
flow hq $HQ6 dmz $DMZ6 udp/4001 "ACCEPT by all"
flow hq $HQ6 dmz $DMZ6 proto/41 "DROP by ipv6-tunnel"
flow hq $HQ6 dmz $DMZ6 udp/546 "DROP by ipv6-dhcpv6"
flow hq $HQ6 dmz $DMZ6 proto/253 "DROP by ipv6-header"
flow guest 2001:0db8:0030:0000:0000:0000:0000:0050 dmz $DMZ6 udp/4002 "DROP by ipv6-off"
lab_gwctl -C "$LAB_TMP/site" explain guest 10.30.0.50 '->' 203.0.113.6 proto/41 >"$LAB_TMP/said"
grep -q 'gw.yaml:[0-9]' "$LAB_TMP/said" && grep -q 'segment guest refuses it' "$LAB_TMP/said" ||
	{ echo "the segment and its line are not named:"; cat "$LAB_TMP/said"; exit 1; }
lab_gwctl drops >"$LAB_TMP/said"
grep -q '^ipv6-tunnel .*segment guest, .*gw.yaml:[0-9]' "$LAB_TMP/said" ||
	{ echo "drops does not name the segment:"; cat "$LAB_TMP/said"; exit 1; }
lab_case "segment and line are named by both"
