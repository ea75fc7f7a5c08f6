#!/bin/bash
# Takeovers that come by IPv4, from hosts at ports of a bridge: a DHCPv4 server that hands out 6rd, an IPv6-only
# network or a proxy, and answers about `wpad` and `isatap`. None of them reaches the victim, each leads to
# quarantine under its own name, in every mode; what a listed server says passes, and so do ordinary answers.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
if [ "${1:-}" != inside ]; then
	exec unshare -nm "$0" inside
fi
# shellcheck source=tests/support/guard_lab.sh
. "$(dirname "$(realpath "$0")")/../support/guard_lab.sh"
guard_lab_start tools/frames

ip link add br0 type bridge mcast_snooping 0
ip link set br0 up
ip addr add 10.30.0.1/24 dev br0
number=10
# rogue NAME PORT: a host whose MAC ends as its address does
rogue() {
	number=$((number + 1))
	host "$1" "$2" "02:00:00:00:00:$number" "10.30.0.$number/24"
}
rogue victim p0
rogue server p1
rogue off1 p2
rogue off2 p3
rogue off3 p4
rogue local1 p5
rogue guarded1 p6
rogue guarded2 p7
mkdir site
cat >site/gw.yaml <<-EOF
gw: 1
site: {name: guard}
change: {confirm: 0s}
zones:
  lan: {interfaces: [br0], nets: [10.30.0.0/24]}
gateway:
  - {id: ping, from: lan, services: [icmp/echo-request], action: accept, owner: net, ticket: T-1, review: 2037-01-01}
ipv6guard:
  segments:
    quiet: {mode: off, ports: [p0, p1, p2, p3, p4], ipv4_servers: [{mac: "02:00:00:00:00:12", port: p1}]}
    near: {mode: local, ports: [p5]}
    meant: {mode: guarded, ports: [p6, p7]}
  response: {quarantine: 10m}
EOF
start_agent
apply
start_guard
for holder in $victim $server $off1 $off2 $off3 $local1 $guarded1 $guarded2; do
	talks "$holder" || fail "no IPv4"
done

"$BUILD/tools/frames" list >labels
"$BUILD/tools/frames" hex >frames
# frame NAME MAC: the plain one of that name, from this MAC to all
frame() {
	local id
	id=$(awk -v name="$1" '$3 == name && $4 == "V01-plain" { print $1; exit }' labels)
	awk -v id="$id" -v mac="${2//:/}" '$1 == id { print "x ffffffffffff" mac substr($2, 25); exit }' frames
}
# mdns MAC NAME: an mDNS answer of two records, about `note` and about NAME, a label in hexadecimal.
mdns() {
	local records=046e617331056c6f63616c0000010001000000780004c0a80a01${2}c01100010001000000780004c0a80a01 len
	len=$((8 + 12 + ${#records} / 2))
	printf 'x 01005e0000fb%s0800' "${1//:/}"
	printf '4500%04x0000400001110000c0a80a01e00000fb' $((20 + len))
	printf '14e914e9%04x0000000084000000000200000000%s\n' $len "$records"
}
# heard MARK: how many frames with these octets the victim has got
heard() { grep -c "$1" heard || true; }
in_host "$victim" timeout 60 "$BUILD/tools/ether" hear e0 >heard & hear=$!
until_true "the victim does not hear" test -s heard

# takes_over HOST PORT MAC CLASS: once the frames in `sent` are sent it is in quarantine, under that name.
takes_over() {
	in_host "$1" "$BUILD/tools/ether" send e0 <sent >/dev/null
	until_true "$2: no quarantine for $4" in_quarantine bridge "$2" "$3"
	recorded() { [ "$(alerts "$1")" -eq 1 ]; }
	until_true "$2: no record" recorded "$3"
	"$BUILD/gwctl" --json audit search -e attack.ipv6 >out
	grep -q "\"class\": \"$4\"" out || fail "$2: not told as $4"
	! talks "$1" || fail "$2: the device is not cut off"
	ok "$4 from $2 leads to quarantine"
}
frame dhcpv4-6rd 02:00:00:00:00:13 >sent
takes_over "$off1" p2 02:00:00:00:00:13 6rd-option
frame wpad-answer-llmnr 02:00:00:00:00:14 >sent
takes_over "$off2" p3 02:00:00:00:00:14 wpad-answer
mdns 02:00:00:00:00:15 0477706164 >sent
takes_over "$off3" p4 02:00:00:00:00:15 wpad-answer
frame wpad-answer-nbns 02:00:00:00:00:16 >sent
takes_over "$local1" p5 02:00:00:00:00:16 wpad-answer
frame dhcpv4-v6only 02:00:00:00:00:17 >sent
takes_over "$guarded1" p6 02:00:00:00:00:17 ipv6-only-option
frame isatap-answer 02:00:00:00:00:18 >sent
takes_over "$guarded2" p7 02:00:00:00:00:18 transition-answer

# Nothing of it came to the victim but the mDNS answer, whose second record no rule can find.
for last in 3 4 6 7 8; do
	[ "$(heard "ffffffffffff02000000001${last}0800")" -eq 0 ] || fail "an answer of 02:00:00:00:00:1$last reached the victim"
done
ok "none of the answers reached the victim"

# A listed server, and an ordinary answer.
frame dhcpv4-wpad 02:00:00:00:00:12 >sent
frame isatap-answer 02:00:00:00:00:12 >>sent
mdns 02:00:00:00:00:12 046e6f7465 >>sent
in_host "$server" "$BUILD/tools/ether" send e0 <sent >/dev/null
arrived() { [ "$(heard 'ffffffffffff0200000000120800')" -ge 2 ] && [ "$(heard '01005e0000fb020000000012')" -ge 1 ]; }
until_true "what the listed server says does not arrive" arrived
mdns 02:00:00:00:00:11 046e6f7465 >sent
in_host "$victim" "$BUILD/tools/ether" send e0 <sent >/dev/null
sleep 0.5
[ "$(alerts 02:00:00:00:00:12)" -eq 0 ] || fail "the listed server is accused"
[ "$(alerts 02:00:00:00:00:11)" -eq 0 ] || fail "an ordinary answer is told as an attack"
talks "$server" || fail "the listed server is cut off"
"$BUILD/gwctl" drops >out
grep -q '^ipv6-dhcpv4 .*segment quiet, ' out || fail "DHCPv4 is not in drops"
grep -q '^ipv6-names .*segment quiet, ' out || fail "names are not in drops"
ok "a listed server may, and ordinary answers pass"
kill "$hear" 2>/dev/null || true
