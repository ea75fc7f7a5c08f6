#!/bin/bash
# Admission: a zone with a register lets only devices in that it knows, on routed and on bridged ports;
# others are counted, listed with what is known of them, and may be admitted for a time.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
. tests/support/agent.sh
LAB_HOSTS="$LAB_HOSTS hq2"
says() {
	grep -qE -- "$1" "$LAB_TMP/out" || { echo "not said: $1"; cat "$LAB_TMP/out"; exit 1; }
}

# hq0 becomes a bridge of two ports, with a second host that nobody knows.
ip netns add "$LAB-hq2"
ip -n "$LAB-gw" addr flush dev hq0
ip -n "$LAB-gw" link set hq0 down
ip -n "$LAB-gw" -batch - <<'END'
link set hq0 name lan1
link add hq0 type bridge
link set lan1 master hq0 up
END
ip link add lan2 netns "$LAB-gw" type veth peer name eth0 netns "$LAB-hq2"
ip -n "$LAB-gw" -batch - <<'END'
link set lan2 master hq0 up
link set hq0 addrgenmode none up
addr add fe80::1/64 dev hq0 nodad
addr add 10.20.0.1/16 dev hq0
addr add 2001:db8:20::1/48 dev hq0 nodad
END
ip -n "$LAB-hq2" -batch - <<'END'
link set lo up
link set eth0 addrgenmode none up
addr add fe80::7/64 dev eth0 nodad
addr add 10.20.7.7/16 dev eth0
addr add 2001:db8:20:7::7/48 dev eth0 nodad
route add default via 10.20.0.1
route add default via 2001:db8:20::1 dev eth0
END
# Frames between two ports are the bridge's business; some kernels let it ask the IP hooks.
# shellcheck disable=SC2016  # the inner shell's
lab_in gw sh -c 'f=/proc/sys/net/bridge/bridge-nf-call-iptables; [ ! -w $f ] || echo 0 >$f'
known=$(lab_in hq cat /sys/class/net/eth0/address)
unknown=$(lab_in hq2 cat /sys/class/net/eth0/address)

lab_site site <<END
policies:
  - {id: web, from: hq, to: dmz, services: [udp/9000], action: accept, $LAB_DUTY}
  - {id: back, from: dmz, to: hq, services: [udp/9000], action: accept, $LAB_DUTY}
gateway:
  - {id: dns, from: hq, services: [udp/53], action: accept, $LAB_DUTY}
END
sed -i 's|10.20.0.0/16, "2001:db8:20::/48"\]|&, admission: {macs: macs.txt, ports: [lan1, lan2]}|' "$LAB_TMP/site/gw.yaml"
printf '# devices of the office\n%s the office server\n' "$known" >"$LAB_TMP/site/macs.txt"
agent_start
lab_status 0 agent_ctl -C "$LAB_TMP/site" apply --confirm 0
lab_status 0 agent_ctl -C "$LAB_TMP/site" plan
lab_serve dmz udp/9000
lab_serve hq udp/9000
lab_serve gw udp/53

# try WANT HOST: each way, without waiting for neighbour discovery that was refused a moment ago.
try() {
	local time=()
	[ "$1" = answered ] || time=(-t 300)
	ip -n "$LAB-$2" neigh flush all
	lab_expect "$1" "$2 to another zone" "$(lab_try "$2" "${time[@]}" 203.0.113.6 udp/9000)"
	lab_expect "$1" "$2 to another zone, IPv6" "$(lab_try "$2" "${time[@]}" 2001:db8:10::6 udp/9000)"
	lab_expect "$1" "$2 to the gateway" "$(lab_try "$2" "${time[@]}" 10.20.0.1 udp/53)"
}
try answered hq
try silent hq2
lab_expect silent "an unknown device to its neighbour on the bridge" \
	"$(lab_try hq2 -t 300 10.20.1.10 udp/9000)"
lab_at_least 4 "packets of devices that are not admitted" "$(agent_ctl counters --json |
	tr -d ' \n' | sed 's/.*"id":"not-admitted","packets":\([0-9]*\).*/\1/')"
lab_case "only registered devices may send, routed and bridged"

printf '1790000000 %s 10.20.7.7 notebook-of-x 01:%s\n' "$unknown" "$unknown" >"$LAB_TMP/leases"
export GW_LEASES=$LAB_TMP/leases
lab_status 0 agent_ctl devices
says "$unknown +hq +refused +10.20.7.7 +notebook-of-x"
says "$known +hq +registered .*the office server"
agent_says '"event":"device.refused"'
lab_status 0 agent_ctl devices hq --json
says '"lease": "10.20.7.7"'
lab_status 64 agent_ctl devices nowhere
lab_case "unknown devices are listed with address, lease and name"

lab_status 0 agent_ctl admit "$unknown" --for 1h -m "the auditor"
says "gwctl release $unknown"
try answered hq2
lab_expect answered "an admitted device to its neighbour" "$(lab_try hq2 10.20.1.10 udp/9000)"
lab_status 0 agent_ctl devices
says "$unknown +hq +admitted, ends in .*the auditor"
agent_kill
try answered hq2
agent_reboot
agent_start
try answered hq2
lab_case "an admitted device may send, also after a reboot"

lab_status 0 agent_ctl release "$unknown"
try silent hq2
lab_status 0 agent_ctl admit "$unknown" hq --for 2s
lab_status 64 agent_ctl admit "$unknown" dmz
lab_status 64 agent_ctl admit 01:00:5e:00:00:01 hq
agent_kill
over() {
	[[ $(lab_try hq2 -t 200 203.0.113.6 udp/9000) == silent* ]]
}
agent_until 20 over || { echo "the admission does not end without the agent"; exit 1; }
agent_start
lab_status 0 agent_ctl devices
says "$unknown +hq +refused"
lab_case "admissions end at once when lifted, and on time with the agent dead"

# A device that leaves the register stops with the apply.
: >"$LAB_TMP/site/macs.txt"
lab_status 0 agent_ctl -C "$LAB_TMP/site" apply --confirm 0
try silent hq
lab_case "a device that is taken out of the register is refused"
agent_stop
