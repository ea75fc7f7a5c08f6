#!/bin/bash
# Addresses that cannot be where they are: dropped before anything else, counted one by one, into the
# gateway and through it, in both families.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
# Everything is permitted: nothing but its address can stop a packet.
lab_site site <<END
policies: [{id: all, from: any, to: any, action: accept, $LAB_DUTY}]
gateway: [{id: gateway, from: any, action: accept, $LAB_DUTY}]
END
lab_apply site
UDP="UdpInDatagrams UdpNoPorts Udp6InDatagrams Udp6NoPorts"

# dropped REASON WHAT HOST SOURCE ADDRESS RECEIVER: one datagram; counted once, arrived nowhere.
dropped() {
	local reason=$1 what=$2 host=$3 source=$4 address=$5 receiver=$6 before arrived said
	before=$(lab_count "$reason")
	# shellcheck disable=SC2086  # a list of counters
	arrived=$(lab_received "$receiver" $UDP)
	said=$(lab_try "$host" -t 100 -s "$source" "$address" udp/9)
	lab_expect silent "$what: $host $source > $address" "$said"
	lab_equal $((before + 1)) "$what: $host $source > $address, counted as $reason" "$(lab_count "$reason")"
	# shellcheck disable=SC2086
	lab_equal "$arrived" "$what: $host $source > $address, arrived" "$(lab_received "$receiver" $UDP)"
	lab_case "$reason: $what: $host $source > $address"
}
DMZ4=203.0.113.6 DMZ6=2001:db8:10::6
# The servers do get what comes from where it should.
for address in $DMZ4 $DMZ6; do
	lab_expect refused "a true source" "$(lab_try hq "$address" udp/9)"
done
dropped spoof "another zone's, through" hq 10.30.0.50 $DMZ4 dmz
dropped spoof "another zone's, through" hq 2001:db8:10::7 $DMZ6 dmz
dropped spoof "another zone's, through" wan 10.99.0.10 $DMZ4 dmz
dropped spoof "the destination's own zone" wan 203.0.113.7 $DMZ4 dmz
dropped spoof "the destination itself" wan $DMZ4 $DMZ4 dmz
dropped spoof "another zone's, into" guest 10.99.0.10 10.30.0.1 gw
dropped spoof "another zone's, into" hq 2001:db8:10::7 2001:db8:20::1 gw
dropped spoof "the internet's, from inside" hq 192.0.2.10 $DMZ4 dmz
dropped spoof "the internet's, from inside" hq 2001:db8:ff::254 $DMZ6 dmz
dropped spoof "nobody's, through" hq 240.1.1.1 $DMZ4 dmz
dropped spoof "nobody's, into" hq 2001:db9::1 2001:db8:20::1 gw
dropped spoof "the gateway's own" hq 10.20.0.1 $DMZ4 dmz
dropped spoof "the gateway's own" hq 2001:db8:20::1 $DMZ6 dmz
lab_in wan sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet'
dropped spoof "loopback" wan 127.0.0.1 $DMZ4 dmz
# From a zone without IPv6 no frame gets as far as routing: not even the question for the gateway's MAC.
refused() {
	lab_gwctl drops | awk '$1 == "ipv6-off" && /segment guest/ { sum += $2 } END { print sum + 0 }'
}
before=$(refused)
lab_expect silent "a zone without IPv6, from" "$(lab_try guest -t 100 -s 2001:db8:30::50 $DMZ6 udp/9)"
lab_at_least $((before + 1)) "frames of a zone without IPv6" "$(refused)"
lab_case "a zone without IPv6, from: refused as it comes in, and shown as ipv6-off"
dropped ipv6-off "a zone without IPv6, to" dmz $DMZ6 2001:db8:30::50 guest

# Routes that lead out of the wrong zone.
ip -n "$LAB-gw" route add 10.20.77.0/24 via 203.0.113.5 dev dmz0
ip -n "$LAB-gw" route add 2001:db8:20:77::/64 via 2001:db8:10::5 dev dmz0
ip -n "$LAB-dmz" addr add 10.20.77.7/32 dev eth0
ip -n "$LAB-dmz" addr add 2001:db8:20:77::7/128 dev eth0 nodad
dropped misrouted "leaves to the wrong zone" mgmt 10.99.0.10 10.20.77.7 dmz
dropped misrouted "leaves to the wrong zone" wan 2001:db8:ff::254 2001:db8:20:77::7 dmz
# And where strict reverse path differs from nets: the address is hq's, its way back is not.
dropped spoof "of its zone, but its way back leads elsewhere" hq 10.20.77.9 $DMZ4 dmz
