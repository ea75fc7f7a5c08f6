#!/bin/bash
# Traffic to and from the gateway itself, and rejects, which answer at once and say what they are.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
export LC_ALL=C
lab_up
lab_serve gw tcp/22 udp/53
lab_serve wan tcp/80 udp/53
lab_serve dmz tcp/80
lab_site closed <<END
policies: []
END
lab_site open <<END
gateway:
  - {id: ssh, from: mgmt, services: [tcp/22], action: accept, $LAB_DUTY}
  - {id: dns, from: hq, services: [udp/53], action: accept, $LAB_DUTY}
  - {id: no-ssh, from: hq, services: [tcp/22, udp/9], action: reject, $LAB_DUTY}
policies: [{id: no-web, from: hq, to: dmz, services: [tcp/80, udp/53], action: reject, $LAB_DUTY}]
END

# With everything closed: neighbours find each other, and the gateway's own connections work.
closed() {
	local host address
	lab_apply closed
	for host in gw hq wan; do
		ip -n "$LAB-$host" neigh flush all
	done
	lab_expect silent "hq to the gateway" "$(lab_try hq 2001:db8:20::1 udp/53)"
	case $(ip -n "$LAB-hq" neigh show to 2001:db8:20::1) in
	*lladdr*) ;;
	*) echo "hq does not find the gateway's IPv6 address"; exit 1 ;;
	esac
	lab_case "neighbour discovery of a host works with everything closed"
	lab_expect silent "hq to dmz" "$(lab_try hq 2001:db8:10::6 tcp/80)"
	for address in 192.0.2.10 2001:db8:ff::254; do
		for service in tcp/80 udp/53 icmp; do
			lab_expect answered "the gateway to $address $service" "$(lab_try gw $address $service)"
		done
		lab_case "the gateway's own TCP, UDP and ping to $address work"
	done
	lab_at_least 10 "packets of the gateway's own" "$(lab_count gateway-out)"
}

permitted() {
	lab_apply open
	lab_expect answered "ssh from mgmt" "$(lab_try mgmt 10.99.0.1 tcp/22)"
	lab_expect answered "dns from hq, IPv6" "$(lab_try hq 2001:db8:20::1 udp/53)"
	before=$(lab_count gateway)
	lab_expect silent "ssh from guest" "$(lab_try guest -t 200 10.30.0.1 tcp/22)"
	lab_expect silent "another address of the gateway" "$(lab_try guest -t 200 10.99.0.1 tcp/22)"
	lab_equal $((before + 2)) "what no gateway rule permits, counted" "$(lab_count gateway)"
	lab_case "ssh to the gateway: mgmt yes, guest no, by none of its addresses"
}

# The server on the gateway holds its answer back until the rule is gone.
withdrawn_answers() {
	local host before flow
	while read -r host address service counter; do
		lab_apply open
		lab_hold "$LAB_TMP/flow" "$host" -d 20 "$address" "$service"
		flow=$!
		lab_servers gw STOP
		sleep 0.2
		lab_apply closed
		before=$(lab_received "$host" "$counter") withdrawn=$(lab_count withdrawn)
		lab_servers gw CONT
		sleep 0.4
		lab_equal "$before" "answers of the gateway's $service after the apply" "$(lab_received "$host" "$counter")"
		lab_at_least $((withdrawn + 1)) "answers of the gateway's $service counted as withdrawn" "$(lab_count withdrawn)"
		kill $flow 2>/dev/null || true
		wait $flow || true
		lab_case "answers of the gateway's $service to $host stop with their rule"
	done <<-END
	mgmt 10.99.0.1 tcp/22 TcpInSegs
	hq 2001:db8:20::1 udp/53 Udp6InDatagrams
	hq 10.20.0.1 udp/53 UdpInDatagrams
	END
}

# error HOST ADDRESS PORT: what the second datagram to a port is told.
error() {
	lab_in "$1" bash -c "exec 3<>/dev/udp/$2/$3; echo >&3; sleep 0.1; echo >&3" 2>&1 | sed 's/.*: //'
}

# rejects WHAT ADDRESS TCP-PORT UDP-PORT COUNTER ERROR: of administratively prohibited
rejects() {
	local before start said
	before=$(lab_received hq "$5") start=${EPOCHREALTIME/./}
	lab_expect refused "$1, TCP" "$(lab_try hq -t 3000 "$2" "tcp/$3")"
	[ $((${EPOCHREALTIME/./} - start)) -lt 1000000 ] || { echo "$1, TCP: not at once"; exit 1; }
	lab_equal "$before" "$1, TCP: ICMP errors" "$(lab_received hq "$5")"
	said=$(error hq "$2" "$4")
	lab_expect "$6" "$1, UDP" "$said"
	lab_case "$1: TCP reset at once, UDP told \`$said\`"
}
closed
permitted
withdrawn_answers
lab_apply open
rejects "reject between zones" 203.0.113.6 80 53 IcmpInDestUnreachs "No route to host"
rejects "reject between zones, IPv6" 2001:db8:10::6 80 53 Icmp6InDestUnreachs "Permission denied"
rejects "reject by the gateway" 10.20.0.1 22 9 IcmpInDestUnreachs "No route to host"
rejects "reject by the gateway, IPv6" 2001:db8:20::1 22 9 Icmp6InDestUnreachs "Permission denied"
