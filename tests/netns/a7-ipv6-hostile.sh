#!/bin/bash
# The IPv6 guard's daemon among the hostile: what overruns it is counted, its memory is bounded, a module that
# was taken over may not ask for more than its own, and on a shared link hosts are told that a rogue router
# has ended.
#
#	x1 (rogue)  --p1-+
#	x2          --p2-+- br0: gateway, IPv6 off
#	r0: gateway, routed ----- lan: a bridge with the rogue and a victim that takes any router
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
if [ "${1:-}" != inside ]; then
	exec unshare -nm "$0" inside
fi
# shellcheck source=tests/support/guard_lab.sh
. "$(dirname "$(realpath "$0")")/../support/guard_lab.sh"
guard_lab_start tools/ask

ip link add br0 type bridge mcast_snooping 0
ip link set br0 up
ip addr add 10.30.0.1/24 dev br0
ip link add mgmt0 type veth peer name y0
x1='' x2=''
host x1 p1 02:00:00:00:0b:ad 10.30.0.11/24
host x2 p2 00:22:72:00:00:02 10.30.0.12/24
# The shared link: a switch of its own, the victim, and the gateway, which does not bridge it.
unshare -n sleep 600 & lan=$!
echo "$lan" >>holders
until_true "no namespace" is_apart "$lan"
unshare -n sleep 600 & victim=$!
echo "$victim" >>holders
until_true "no namespace" is_apart "$victim"
in_host "$lan" ip link add sw type bridge mcast_snooping 0
in_host "$lan" ip link set sw up
ip link add r0 type veth peer name s0 netns "$lan"
in_host "$lan" ip link add s1 type veth peer name rogue
in_host "$lan" ip link add s2 type veth peer name e0 netns "$victim"
for port in s0 s1 s2; do in_host "$lan" ip link set "$port" master sw up; done
in_host "$lan" ip link set rogue up
ip link set r0 up
ip addr add 10.40.0.1/24 dev r0
in_host "$victim" sysctl -qw net.ipv6.conf.e0.accept_ra=1 net.ipv6.conf.e0.router_solicitations=0
in_host "$victim" ip link set e0 up

mkdir site
cat >site/gw.yaml <<-EOF
gw: 1
site: {name: guard}
change: {confirm: 0s}
zones:
  guest: {interfaces: [br0], nets: [10.30.0.0/24], ipv6: off}
  lan: {interfaces: [r0], nets: [10.40.0.0/24], ipv6: off}
  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}
ipv6guard:
  segments:
    guest: {mode: off, interfaces: [br0], ports: [p1, p2]}
    lan: {mode: off, counter_ra: true}
  response: {quarantine: 10m, protect: ["00:22:72:00:00:02"], capture: 1}
EOF

# Without gwd it waits and says so, and works when gwd comes.
setpriv --reuid 64903 --regid 65534 --clear-groups "$BUILD/gw-ipv6guardd" --run "$dir/run" \
	--state "$dir/guard-state" 2>>guard.log & guard=$!
until_true "the guard does not answer without gwd" "$BUILD/gwctl" ipv6 status
"$BUILD/gwctl" ipv6 status | grep -q 'NOT connected' || fail "gwd is missed by nobody"
start_agent
until_true "the guard does not find gwd" events_come
apply
kill -TERM "$guard"
wait "$guard" || fail "the guard ended with $?"
start_guard net_raw
grep -q '^CapEff:	0000000000000000$' "/proc/$guard/status" || fail "the guard has a capability"
grep -q '^Seccomp:	2$' "/proc/$guard/status" || fail "the guard is not confined"
ok "it starts without gwd, and keeps no capability"

# ---- the end of a rogue router -----------------------------------------------------------------
router() { in_host "$victim" ip -6 route show default | grep -q via; }
no_router() { ! router; }
advert=333300000001020000000bad86dd6000000000103afffe800000000000000000000000000badff0200000000000000000000000000018600297b400007080000000000000000
until_true "the victim has no link-local address" sh -c \
	"nsenter -t $victim -n ip -6 addr show dev e0 scope link | grep inet6 | grep -vq tentative"
kill -STOP "$guard"
echo "ra $advert" | in_host "$lan" "$BUILD/tools/ether" send rogue >/dev/null
until_true "the victim does not believe the rogue" router
kill -CONT "$guard"
until_true "the victim still believes the rogue" no_router
until_true "no record" sh -c '"$0" --json audit search -e attack.ipv6_router_ended | grep -q 02:00:00:00:0b:ad' "$BUILD/gwctl"
ok "on a link that is not bridged hosts learn that the rogue router has ended"

[ "$(od -An -tx4 -N4 guard-state/incident.pcap | tr -d ' ')" = a1b2c3d4 ] || fail "the frame was not kept"

# ---- protected devices, and many MACs of one port ----------------------------------------------
talks "$x2" || fail "no IPv4"
send "$x2" 00:22:72:00:00:02
spared() { "$BUILD/gwctl" ipv6 events | grep -q "not put into quarantine: $1"; }
until_true "no word of the protected device" spared "the device is protected"
gone() { ! in_quarantine "$@"; }
gone bridge p2 00:22:72:00:00:02 || fail "a protected device was cut off"
for i in 1 2 3 4 5 6 7 8; do send "$x1" "02:00:00:00:aa:0$i"; sleep 0.05; done
until_true "no word of invented MACs" spared "too many MACs at this port"
talks "$x1" || fail "the port as a whole was cut off"
ok "protected devices and invented MACs lead to no quarantine"

# ---- names ---------------------------------------------------------------------------------------
# The devices have none; what one announces by multicast DNS is heard now, and told.
mdns=01005e0000fb00227200000208004500005000000000ff1100000a1e000ce00000fb14e914e9003c0000
mdns+=0000840000000001000000000770726e7465723705 # an answer: "prnter7"
mdns+=6c6f63616c000001800100000078 # "local", A
mdns+=00040a1e000c
echo "m $mdns" | in_host "$x2" "$BUILD/tools/ether" send e0 >/dev/null
until_true "the name was not heard" sh -c '"$0" ipv6 devices | grep -q "00:22:72:00:00:02.*prnter7"' "$BUILD/gwctl"
until_true "the name was not told" sh -c '"$0" --json audit search -e device.ipv6_identified | grep -q prnter7' "$BUILD/gwctl"
ok "a name is listened for when something was told of a device without"

# ---- overruns and memory -----------------------------------------------------------------------
# A rule that logs without a limit stands for a kernel that is faster than the daemon.
nft -f - <<-EOF
	table netdev flood {
		chain in { type filter hook ingress device p1 priority -500
			ether saddr 06:00:00:00:00:00-06:ff:ff:ff:ff:ff log group 106 prefix "gw6 guest ipv6"
		}
	}
EOF
lost() { "$BUILD/gwctl" --json ipv6 status | sed -n 's/.*"frames_lost": \([0-9]*\).*/\1/p'; }
kill -STOP "$guard"
echo "f 333300000001060000000001$(printf '86dd6000000000003bff%064d%02400d' 0 0)" |
	in_host "$x1" "$BUILD/tools/ether" flood e0 1 >/dev/null
kill -CONT "$guard"
overrun() { [ "$(lost)" -gt 0 ]; }
until_true "no overrun was counted" overrun
ok "an overrun is counted: $(lost) frames"
"$BUILD/tools/ask" run/ipv6guard/control metrics | grep -q '"name":"gw_ipv6guard_frames_lost"' || fail "metrics"

: >macs
for i in $(seq 0 "${MACS:-5000}"); do
	printf 'm 33330000000106%08x%02x86dd6000000000003bff%064d\n' "$i" $((i % 251)) 0 >>macs
done
in_host "$x1" "$BUILD/tools/ether" send e0 <macs >/dev/null
until_true "the guard does not answer" "$BUILD/gwctl" ipv6 status
sleep 0.3
devices=$("$BUILD/gwctl" --json ipv6 devices | grep -c '"mac":')
[ "$devices" -le 100 ] || fail "$devices devices of one port"
"$BUILD/gwctl" ipv6 devices | grep -q '^(many) *p1' || fail "invented MACs are not one device"
memory=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$guard/status")
grep -q asan "/proc/$guard/maps" || [ "$memory" -le 12288 ] || fail "$memory KiB"
nft delete table netdev flood
[ "$(cat guard-state/incident*.pcap | wc -c)" -le 1048576 ] || fail "more was kept than was permitted"
ok "thousands of invented MACs are $devices devices; memory: $memory KiB"

# ---- a module that was taken over --------------------------------------------------------------
# refused TEXT VERB JSON, as the guard's own user
refused() {
	local text=$1
	shift
	! setpriv --reuid 64903 --regid 65534 --clear-groups "$BUILD/tools/ask" run/module "$@" >out 2>&1 || fail "$* was done"
	grep -qF -- "$text" out || fail "$*: not '$text'"
}
refused "of the gateway itself" ipv6-quarantine '{"port": "p1", "mac": "'"$(ip -o link show br0 | sed 's/.*ether \([^ ]*\).*/\1/')"'", "for_s": 60, "reason": "r"}'
refused "in a management zone" ipv6-quarantine '{"port": "mgmt0", "mac": "00:22:72:00:00:09", "for_s": 60, "reason": "r"}'
refused "has an end" ipv6-quarantine '{"port": "p1", "mac": "00:22:72:00:00:09", "for_s": 0, "reason": "r"}'
refused "not the MAC" ipv6-quarantine '{"port": "p1", "mac": "01:00:5e:00:00:01", "for_s": 60, "reason": "r"}'
refused "not the name" ipv6-quarantine '{"port": "a/b", "mac": "00:22:72:00:00:09", "for_s": 60, "reason": "r"}'
refused "is no IPv6 address" ipv6-bind '{"port": "p1", "mac": "00:22:72:00:00:09", "address": "10.0.0.1", "for_s": 60}'
refused "is not for gw-ipv6guard" apply
refused "no module writes" record '{"class": "change", "event": "change.applied"}'
! setpriv --reuid 64999 --regid 65534 --clear-groups "$BUILD/tools/ask" run/ipv6guard/control status >out 2>&1 || fail "a stranger asks the guard"
"$BUILD/tools/ask" run/ipv6guard/control allow '{"mac": "02:00:00:00:0b:ad\u0007"}' >out 2>&1 && fail "a control character in a MAC"
"$BUILD/gwctl" ipv6 allow 00:22:72:00:00:99 >out 2>&1 && fail "an unknown device was allowed"
kill -0 "$guard" || fail "the guard has died"
counted() { "$BUILD/tools/ask" run/ipv6guard/control metrics | grep -o '"name":"gw_ipv6guard_frames".*' | grep -q '"class":"router"'; }
until_true "the kernel's counters are not among the metrics" counted
ok "a module that was taken over gets no more than its own"
