#!/bin/bash
# From the first hostile frame to quarantine in the kernel, for as many devices as there are ports: PORTS (40).
# The daemon tells how long each took, from the kernel's own time of the frame to when gwd had the kernel's word.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
if [ "${1:-}" != inside ]; then
	exec unshare -nm "$0" inside
fi
# shellcheck source=tests/support/guard_lab.sh
. "$(dirname "$(realpath "$0")")/../support/guard_lab.sh"
guard_lab_start tools/ask
ports=${PORTS:-40}
ip link add br0 type bridge mcast_snooping 0
ip link set br0 up
ip addr add 10.30.0.1/16 dev br0
ip link add mgmt0 type veth peer name y0
unshare -n sleep 600 & hosts=$!
echo "$hosts" >>holders
until_true "no namespace" is_apart "$hosts"
in_host "$hosts" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
for i in $(seq "$ports"); do
	ip link add "p$i" type veth peer name "e$i" netns "$hosts"
	ip link set "p$i" master br0 up
	in_host "$hosts" ip link set "e$i" up
done
mkdir site
cat >site/gw.yaml <<-EOF
gw: 1
site: {name: guard}
change: {confirm: 0s}
zones:
  guest: {interfaces: [br0], nets: [10.30.0.0/16], ipv6: off}
  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}
ipv6guard:
  segments:
    guest: {mode: off, interfaces: [br0], ports: ["p*"]}
EOF
start_agent
apply
start_guard
count() { "$BUILD/gwctl" --json ipv6 status | sed -n 's/.*"quarantines": \([0-9]*\).*/\1/p'; }
enough() { [ "$(count)" -eq "$1" ]; }
: >times
for i in $(seq "$ports"); do
	mac=$(printf '020000000b%02x' "$i")
	echo "ra 333300000001${mac}86dd6000000000103afffe800000000000000000000000000badff0200000000000000000000000000018600297b400007080000000000000000" |
		in_host "$hosts" "$BUILD/tools/ether" send "e$i" >/dev/null
	until_true "no quarantine" enough "$i"
	"$BUILD/gwctl" --json ipv6 status | sed -n 's/.*"response_us": \([0-9]*\).*/\1/p' >>times
done
sort -n times | awk '{ t[NR] = $1 } END { printf "frame to quarantine, %d devices: p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n",
	NR, t[int((NR + 1) / 2)] / 1000, t[int(NR * .99 + .5)] / 1000, t[NR] / 1000 }'
