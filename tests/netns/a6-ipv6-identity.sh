#!/bin/bash
# The IPv6 guard's daemon with real hosts at ports of a bridge: the first hostile frame leads to quarantine in the
# kernel, and the record says whose it was; what the kernel enforces does not depend on the daemon.
#
#	x1 (rogue)  --p1-+
#	x2 (honest) --p2-+- br0: gateway, 10.30.0.1, IPv6 off
#	x3, x4      --p3-+  two MACs at one port
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
if [ "${1:-}" != inside ]; then
	exec unshare -nm "$0" inside
fi
# shellcheck source=tests/support/guard_lab.sh
. "$(dirname "$(realpath "$0")")/../support/guard_lab.sh"
guard_lab_start

ip link add br0 type bridge mcast_snooping 0
ip link set br0 up
ip addr add 10.30.0.1/24 dev br0
ip link add mgmt0 type veth peer name y0
host x1 p1 02:00:00:00:0b:ad 10.30.0.11/24
host x2 p2 00:22:72:00:00:02 10.30.0.12/24
host x3 p3 00:22:72:00:00:03 10.30.0.13/24
in_host "$x3" ip link add e1 link e0 address 02:00:00:00:0b:ae type macvlan mode bridge
in_host "$x3" sysctl -qw net.ipv6.conf.e1.disable_ipv6=1
in_host "$x3" ip addr add 10.30.0.14/24 dev e1
in_host "$x3" ip link set e1 up
echo "1832341600 02:00:00:00:0b:ad 10.30.0.11 rogue-box *" >leases
mkdir site
cat >site/gw.yaml <<-EOF
gw: 1
site: {name: guard}
change: {confirm: 0s}
zones:
  guest: {interfaces: [br0], nets: [10.30.0.0/24], ipv6: off}
  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}
gateway:
  - {id: ping, from: guest, services: [icmp/echo-request], action: accept, owner: net, ticket: T-1, review: 2037-01-01}
ipv6guard:
  segments:
    guest: {mode: off, interfaces: [br0], ports: [p1, p2, p3]}
  response: {quarantine: 10m}
EOF
start_agent
apply
start_guard

# Neighbours and forwarding tables, as hosts that talk fill them.
for holder in $x1 $x2 $x3; do
	talks "$holder" || fail "no IPv4"
done
talks "$x3" e1 || fail "no IPv4 by the second MAC"

# nothing_passes WHAT: while the advertisement of a MAC at p3 is sent, the host at p2 hears no IPv6.
nothing_passes() {
	in_host "$x2" timeout 10 "$BUILD/tools/ether" hear e0 >heard & local hear=$!
	sleep 0.3
	send "$2" "$3"
	talks "$x3" || true # whose broadcast is heard
	sleep 0.2
	kill "$hear" 2>/dev/null || true
	{ wait "$hear"; } 2>/dev/null || true
	grep -q '' heard || fail "nothing was heard at all"
	! grep 86dd heard >passed || fail "$1: a frame has passed: $(cat passed)"
}

kill -STOP "$guard"
nothing_passes "the daemon is stopped" "$x1" 02:00:00:00:0b:ad
ok "a stopped daemon lets nothing pass"
kill -CONT "$guard"

until_true "no quarantine" in_quarantine bridge p1 02:00:00:00:0b:ad
! talks "$x1" || fail "the device is not cut off"
talks "$x2" || fail "another device is cut off"
ok "the first hostile frame puts the device at its port into quarantine, and no other"

recorded() { [ "$(alerts 02:00:00:00:0b:ad)" -eq 1 ]; }
until_true "no record" recorded
"$BUILD/gwctl" --json audit search -e attack.ipv6 >out
for fact in '"port": "p1"' '"segment": "guest"' '"address": "10.30.0.11"' '"text": "rogue-box"' \
	'"source": "lease"' '"random": true' '"quarantine": true' '"address": "fe80::bad"' '"source": "bridge"'; do
	grep -qF "$fact" out || fail "the record lacks $fact"
done
"$BUILD/gwctl" ipv6 devices >out
grep -q '02:00:00:00:0b:ad  p1 .*10.30.0.11 .*rogue-box .*random .*quarantined' out || fail "devices"
"$BUILD/gwctl" drops >out
grep -q '^ipv6-off .*segment guest (router), ' out || fail "drops does not tell of the refused advertisement"
ok "the record says whose it was, with source and age of each fact; drops shows what was refused"

# The same at a port with two devices: one might have forged the other's MAC.
send "$x3" 02:00:00:00:0b:ae
shared() { "$BUILD/gwctl" ipv6 events | grep -q 'not put into quarantine: other devices are at this port'; }
until_true "no word of the shared port" shared
! in_quarantine bridge p3 02:00:00:00:0b:ae || fail "a device at a shared port was cut off"
# In another's name at one's own port: the forger is cut off there, the owner of the MAC is not.
send "$x2" 00:22:72:00:00:03
until_true "no quarantine of the forger" in_quarantine bridge p2 00:22:72:00:00:03
talks "$x3" || fail "the owner of a forged MAC was cut off"
ok "nobody is cut off by a forged MAC"

send "$x3" 02:00:00:00:0b:ae 40
sleep 0.5
[ "$(alerts 02:00:00:00:0b:ae)" -eq 1 ] || fail "$(alerts 02:00:00:00:0b:ae) alerts of one device and class"
ok "a flood is one alert"

# Ended and started again: devices are known, and nothing is told twice.
kill -TERM "$guard"
wait "$guard" || fail "the guard ended with $?"
start_guard
knows rogue-box || fail "devices did not survive a restart"
kill -9 "$guard"
{ wait "$guard"; } 2>/dev/null || true
in_quarantine bridge p1 02:00:00:00:0b:ad || fail "the quarantine ended with the daemon"
nothing_passes "the daemon is dead" "$x3" 02:00:00:00:0b:af
start_guard
send "$x3" 02:00:00:00:0b:ae
sleep 0.5
[ "$(alerts 02:00:00:00:0b:ae)" -eq 1 ] || fail "$(alerts 02:00:00:00:0b:ae) alerts after a restart"
ok "kill -9 of the daemon changes nothing that is enforced, nor is anything told twice"

# An operator lets it back, and it stays in whatever it does.
"$BUILD/gwctl" ipv6 allow 02:00:00:00:0b:ad -m ours >out || fail "allow"
gone() { ! in_quarantine "$@"; }
until_true "allow does not release" gone bridge p1 02:00:00:00:0b:ad
talks "$x1" || fail "still cut off"
send "$x1" 02:00:00:00:0b:ad
sleep 0.3
! in_quarantine bridge p1 02:00:00:00:0b:ad || fail "an allowed device was cut off"
ok "allow ends the quarantine and keeps the device out of it"

"$BUILD/gwctl" ipv6 coverage >out
grep -q 'p3: several devices share the port' out || fail "coverage"
"$BUILD/gwctl" --json ipv6 coverage | grep -q '"gap": "switch-behind-port"' || fail "coverage --json"
ok "coverage names the switch behind a port"

# gwd is restarted: the quarantine stays, the guard finds the new one.
kill -9 "$agent"
{ wait "$agent"; } 2>/dev/null || true
start_agent
finds_gwd() { "$BUILD/gwctl" ipv6 status | grep -q 'gwd: *connected'; }
until_true "the guard does not find gwd again" finds_gwd
in_quarantine bridge p2 00:22:72:00:00:03 || fail "the quarantine did not survive gwd"
ok "gwd is restarted beneath the guard"

# Interfaces that go and come.
ip link del p1
ip link add p1 type veth peer name e0 netns "$x1"
ip link set p1 name p9
ip link del p9
send "$x2" 02:00:00:00:0b:b1
until_true "no events after an interface went" knows 02:00:00:00:0b:b1
kill -0 "$guard" || fail "the guard has died"
ok "interfaces are removed and renamed beneath it"
