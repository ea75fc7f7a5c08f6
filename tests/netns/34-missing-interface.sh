#!/bin/bash
# A zone's interface that does not exist is warned about, and the policies hold from the moment it
# appears, without another apply.
set -eu
. tests/support/lab.sh
lab_up
lab_serve dmz tcp/80
lab_site late <<END
  branch: {interfaces: [branch0], nets: [10.50.0.0/24]}
policies:
  - {id: web, from: branch, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
END
lab_status 0 lab_gwctl -C "$LAB_TMP/late" apply
grep -q branch0 "$LAB_TMP/out" || { echo "no warning names branch0"; cat "$LAB_TMP/out"; exit 1; }

# The guest host moves to a new cable.
ip link add branch0 netns "$LAB-gw" type veth peer name eth1 netns "$LAB-guest"
ip -n "$LAB-gw" addr add 10.50.0.1/24 dev branch0
ip -n "$LAB-gw" link set branch0 up
ip -n "$LAB-guest" addr add 10.50.0.9/24 dev eth1
ip -n "$LAB-guest" link set eth1 up
ip -n "$LAB-guest" route replace default via 10.50.0.1
lab_wait
lab_expect answered "permitted from the new interface" "$(lab_try guest -s 10.50.0.9 203.0.113.6 tcp/80)"
lab_expect silent "anything else from it" "$(lab_try guest -s 10.50.0.9 10.20.1.10 tcp/80)"
lab_expect silent "a forged source from it" "$(lab_try guest -s 10.30.0.50 203.0.113.6 tcp/80)"
