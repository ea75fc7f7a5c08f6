#!/bin/bash
# ICMP errors of live flows reach those who sent them, others pass nowhere; SYNs are clamped to what
# the path takes.
#
#   hq --- gateway --- wan --- far (MTU 1300; 192.0.2.98 .99, 2001:db8:fe::99)
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
lab_serve dmz tcp/80
ip -n "$LAB-wan" link add far type veth peer name far-end
ip -n "$LAB-wan" link set far mtu 1300 up
ip -n "$LAB-wan" link set far-end up
ip -n "$LAB-wan" route add 192.0.2.98/31 dev far
ip -n "$LAB-wan" route add 2001:db8:fe::/64 dev far
lab_in wan sh -c 'cd /proc/sys/net && echo 1 >ipv4/ip_forward && echo 1 >ipv6/conf/all/forwarding'
lab_site site <<END
policies:
  - {id: out, from: hq, to: wan, services: [udp/9000, tcp/80, icmp/echo-request, icmpv6/echo-request], action: accept, $LAB_DUTY}
  - {id: web, from: [hq, wan], to: dmz, services: [tcp/80, udp/7001], action: accept, $LAB_DUTY}
nat: [{id: hq-out, from: hq, to: wan, masquerade: true, family: ipv4}]
END
lab_apply site

path_mtu() { # address
	lab_in hq bash -c "head -c 1400 /dev/zero >/dev/udp/$1/9000" 2>/dev/null || true
	sleep 0.1
	case $(ip -n "$LAB-hq" route get "$1") in
	*"mtu 1300"*) lab_case "path MTU towards $1: its sender learns 1300" ;;
	*) echo "path MTU towards $1 is not learnt: $(ip -n "$LAB-hq" route get "$1")"; exit 1 ;;
	esac
}
path_mtu 192.0.2.99
path_mtu 2001:db8:fe::99

# A hop limit that ends at the gateway, and one that ends behind it.
time_exceeded() { # destination, next hop, source, counter
	local hops before
	for hops in 1 2; do
		ip -n "$LAB-hq" route replace "$1" via "$2" dev eth0 src "$3" hoplimit $hops
		before=$(lab_received hq "$4")
		lab_try hq -t 200 "$1" tcp/80 >/dev/null
		lab_at_least $((before + 1)) "$1 with $hops hops, time exceeded" "$(lab_received hq "$4")"
		lab_case "time exceeded after $hops hops towards $1"
	done
}
time_exceeded 192.0.2.98 10.20.0.1 10.20.1.10 IcmpInTimeExcds
time_exceeded 2001:db8:fe::98 fe80::1 2001:db8:20:1::10 Icmp6InTimeExcds
for address in 192.0.2.10 2001:db8:ff::254; do
	lab_expect answered "ping $address" "$(lab_try hq $address icmp)"
	lab_case "ping to $address and back"
done

# The server goes on sending to a client that is gone: the error goes from client to server.
error_to_server() { # address, counter
	local before
	lab_sequence "$LAB_TMP/pushed" dmz push "$1" 7001 100 10
	sleep 0.1
	lab_sequence "$LAB_TMP/pulled" hq pull "$1" 7001 10
	sleep 0.2
	before=$(lab_received dmz "$2")
	lab_sequence_end hq
	sleep 0.4
	lab_at_least $((before + 1)) "port unreachable to the server $1" "$(lab_received dmz "$2")"
	lab_sequence_end dmz
	lab_case "port unreachable from a client reaches the server $1"
}
error_to_server 203.0.113.5 IcmpInDestUnreachs
error_to_server 2001:db8:10::5 Icmp6InDestUnreachs

# wan answers a forged datagram inside itself with an error to somebody who never sent anything.
unknown_error() { # forged source, closed port of wan, counter of dmz
	local before invalid
	before=$(lab_received dmz "$3") invalid=$(lab_count invalid)
	lab_try wan -t 100 -s "$1" "$2" udp/9 >/dev/null
	sleep 0.2
	lab_equal "$before" "errors of unknown flows at $1" "$(lab_received dmz "$3")"
	lab_at_least $((invalid + 1)) "errors of unknown flows counted as invalid" "$(lab_count invalid)"
	lab_case "an error about a flow that never was does not reach $1"
}
unknown_error 203.0.113.6 192.0.2.10 IcmpInDestUnreachs
unknown_error 2001:db8:10::6 2001:db8:ff::254 Icmp6InDestUnreachs

# Both hosts believe in 1500; the gateway knows that its link to dmz takes 1400.
clamped() { # address, largest segment
	local flow host mss
	lab_hold "$LAB_TMP/flow" hq -d 10 "$1" tcp/80
	flow=$!
	for host in dmz hq; do
		mss=$(lab_in $host ss -Htin state established | grep -o ' mss:[0-9]*' | head -n 1)
		# With time stamps a segment is 12 smaller than the option says.
		case ${mss#*:} in
		"$2" | "$(($2 - 12))") ;;
		*) echo "$host's segments to $1 are$mss, not $2, or with time stamps $(($2 - 12))"; exit 1 ;;
		esac
	done
	kill $flow
	wait $flow || true
	lab_case "SYN and SYN-ACK of a connection to $1 are clamped to $2"
}
ip -n "$LAB-gw" link set dmz0 mtu 1400
clamped 203.0.113.6 1360
clamped 2001:db8:10::6 1340
