#!/bin/bash
# A segment with `monitor: true`: every frame of a rogue arrives as without rules, each is counted and told by
# its class, nobody is put into quarantine, and `explain` does not say that anything is refused.
#
#	x1 (rogue)  --p1-+
#	x2 (victim) --p2-+- br0: gateway, IPv6 judged as `off`, and only watched
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
if [ "${1:-}" != inside ]; then
	exec unshare -nm "$0" inside
fi
# shellcheck source=tests/support/guard_lab.sh
. "$(dirname "$(realpath "$0")")/../support/guard_lab.sh"
LISTS=$(realpath "$(dirname "$0")/../support")
guard_lab_start tools/ask
ip link add br0 type bridge mcast_snooping 0
ip link set br0 up
ip addr add 10.30.0.1/24 dev br0
ip link add mgmt0 type veth peer name y0
x1='' x2=''
host x1 p1 02:00:00:00:00:66 10.30.0.66/24
host x2 p2 02:00:00:00:00:77 10.30.0.77/24
mkdir site
cat >site/gw.yaml <<-EOF
gw: 1
site: {name: guard}
change: {confirm: 0s}
zones:
  guest: {interfaces: [br0], nets: [10.30.0.0/24]}
  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}
ipv6guard:
  segments: {guest: {mode: off, monitor: true, ports: [p1, p2]}}
  response: {quarantine: 10m}
EOF

# heard: names of the rogue's frames that reach the victim, in order of name.
rogue=$LISTS/rogue_frames.txt
heard() {
	local hears
	: >frames
	in_host "$x2" "$BUILD/tools/ether" hear e0 >frames & hears=$!
	until_true "nobody hears" test -s frames
	in_host "$x1" "$BUILD/tools/ether" send e0 <"$rogue" >/dev/null
	echo "mark 0200000000770200000000660806$(printf '0001080006040001020000000066ffffffff0000000000000a1e004d')" |
		in_host "$x1" "$BUILD/tools/ether" send e0 >/dev/null
	until_true "the mark does not arrive" grep -q ffffffff0000000000000a1e004d frames
	kill -TERM "$hears"
	wait "$hears" 2>/dev/null || true
	awk 'NR == FNR { heard[$1] = 1; next } !/^#/ && $2 in heard { print $1 }' frames "$rogue" | sort
}
heard >before
[ "$(wc -l <before)" -ge 50 ] || fail "without rules only $(wc -l <before) frames arrive"

start_agent
apply
start_guard
heard >after
cmp -s before after || fail "not all that arrived before does: $(diff before after)"
ok "$(wc -l <after) frames of a rogue arrive as without rules"

told() { "$BUILD/gwctl" --json ipv6 events | grep -q '"passed": true'; }
until_true "nothing was told" told
spared() { "$BUILD/gwctl" ipv6 events | grep -q "not put into quarantine: the segment is only watched"; }
until_true "no word of why there is no quarantine" spared
[ "$(nft -j list set bridge gw rt_quarantine | grep -c 02:00:00:00:00:66)" -eq 0 ] || fail "the rogue is in quarantine"
ok "what they were is told, and nobody is put into quarantine"

counted() {
	"$BUILD/tools/ask" run/ipv6guard/control metrics >metrics &&
		grep -q '"verdict": *"pass"' metrics && ! grep -q '"verdict": *"drop"' metrics
}
until_true "the frames are not counted as passed: $(cat metrics 2>/dev/null | head -c 600)" counted
"$BUILD/gwctl" ipv6 coverage | grep -q "none is stopped" || fail "coverage does not say so"
ok "they are counted with the verdict pass, and coverage says that nothing is stopped"
