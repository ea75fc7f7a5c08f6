#!/bin/bash
# What is withdrawn stops at the next packet, established or not: policies, exceptions, gateway rules,
# in both families; and a drop that is added stops what an accept had let through.
set -eu
. tests/support/lab.sh
lab_up
lab_serve dmz tcp/80 udp/53
lab_serve gw tcp/22
lab_site full <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
  - {id: dns, from: wan, to: dmz, services: [udp/53], action: accept, $LAB_DUTY}
  - {id: keep, from: hq, to: dmz, services: [udp/53], action: accept, $LAB_DUTY}
  - {id: wide, from: guest, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
gateway: [{id: ssh, from: [mgmt, hq], services: [tcp/22], action: accept, $LAB_DUTY}]
END
# `web` goes, `dns` is narrowed to another source, `ssh` loses a zone, `wide` is overruled by a drop.
lab_site less <<END
policies:
  - {id: dns, from: wan, to: dmz, source: [192.0.2.0/24], services: [udp/53], action: accept, $LAB_DUTY}
  - {id: keep, from: hq, to: dmz, services: [udp/53], action: accept, $LAB_DUTY}
  - {id: wide, from: guest, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
  - {id: overruled, from: guest, to: dmz, source: [10.30.0.50], action: drop, $LAB_DUTY}
gateway: [{id: ssh, from: mgmt, services: [tcp/22], action: accept, $LAB_DUTY}]
END
lab_status 0 lab_gwctl -C "$LAB_TMP/full" apply
declare -A held
hold() { # name, then as lab_hold
	local name=$1
	shift
	lab_hold "$LAB_TMP/$name" "$@"
	held[$name]=$!
}
hold web4 hq -d 60 203.0.113.6 tcp/80
hold web6 hq -d 60 2001:db8:10::6 tcp/80
hold dns4 wan -d 60 203.0.113.7 udp/53
hold dns6 wan -d 60 2001:db8:10::7 udp/53
hold inside wan -d 60 -s 192.0.2.10 203.0.113.7 udp/53
hold keep hq -d 60 203.0.113.7 udp/53
hold wide guest -d 60 203.0.113.6 tcp/80
hold ssh-hq hq -d 60 10.20.0.1 tcp/22
hold ssh-mgmt mgmt -d 60 10.99.0.1 tcp/22
lab_status 0 lab_gwctl -C "$LAB_TMP/less" apply
sleep 1.5
for name in web4 web6 dns4 dns6 wide ssh-hq; do
	lab_expect silent "$name, withdrawn" "$(lab_held "$LAB_TMP/$name" "${held[$name]}")"
done
for name in inside keep ssh-mgmt; do
	lab_expect held "$name, still permitted" "$(lab_held "$LAB_TMP/$name" "${held[$name]}")"
done
