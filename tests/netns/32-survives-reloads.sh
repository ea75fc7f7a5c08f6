#!/bin/bash
# Connections live through 50 applies that change what stands around their policy, and the policy
# itself as long as it still permits them: TCP through masquerading, UDP over IPv6, ping to the gateway.
set -eu
. tests/support/lab.sh
lab_up
lab_serve wan tcp/80 udp/53
lab_site one <<END
policies:
  - {id: web, from: hq, to: wan, services: [tcp/80, udp/53], action: accept, $LAB_DUTY}
nat: [{id: out, from: hq, to: wan, masquerade: true, family: ipv4}]
gateway: [{id: ping, from: hq, services: [icmp/echo-request], action: accept, $LAB_DUTY}]
END
lab_site two <<END
policies:
  - {id: web, from: hq, to: wan, services: [tcp/70-90, udp/53], action: accept, $LAB_DUTY}
  - {id: closed, from: guest, to: [wan, dmz], services: [tcp/1-1000], action: drop, $LAB_DUTY}
  - {id: more, from: [dmz, mgmt], to: [wan, hq], source: [203.0.113.5, 10.99.0.0/24], action: accept, $LAB_DUTY}
nat:
  - {id: out, from: hq, to: wan, masquerade: true, family: ipv4}
  - {id: forward, from: wan, dest: [198.51.100.1], services: [tcp/8080], dnat: 203.0.113.6, to_port: 80}
gateway: [{id: ping, from: [hq, dmz], services: [icmp/echo-request], action: accept, $LAB_DUTY}]
END
lab_status 0 lab_gwctl -C "$LAB_TMP/one" apply
lab_hold "$LAB_TMP/tcp" hq -d 300 192.0.2.10 tcp/80
tcp=$!
lab_hold "$LAB_TMP/udp" hq -d 300 2001:db8:ff::254 udp/53
udp=$!
lab_hold "$LAB_TMP/ping" hq -d 300 10.20.0.1 icmp
ping=$!
for ((i = 0; i < 25; i++)); do
	lab_status 0 lab_gwctl -C "$LAB_TMP/two" apply
	lab_status 0 lab_gwctl -C "$LAB_TMP/one" apply
done
sleep 0.2
lab_expect held "TCP through masquerading" "$(lab_held "$LAB_TMP/tcp" $tcp)"
lab_expect held "UDP over IPv6" "$(lab_held "$LAB_TMP/udp" $udp)"
lab_expect held "ping to the gateway" "$(lab_held "$LAB_TMP/ping" $ping)"

# The same config again changes nothing: no revision is made.
revisions() {
	lab_gwctl -C "$LAB_TMP/one" history | wc -l
}
before=$(revisions)
lab_status 0 lab_gwctl -C "$LAB_TMP/one" apply
[ "$(revisions)" = "$before" ] || { echo "an apply that changed nothing made a revision"; exit 1; }
