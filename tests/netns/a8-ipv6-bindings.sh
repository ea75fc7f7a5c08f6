#!/bin/bash
# Source guard: a host may use an address once it was seen to ask whether it is free, at its port and with its
# MAC; nobody else may use it meanwhile.
#
#	x1 --p1-+
#	x2 --p2-+- br0: gateway; mode guarded, source_guard
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
sysctl -qw net.ipv6.conf.br0.disable_ipv6=0
ip addr add 2001:db8:30::ff/64 dev br0 nodad
ip link add mgmt0 type veth peer name y0
x1='' x2=''
host x1 p1 00:22:72:00:00:01
host x2 p2 00:22:72:00:00:02
mkdir site
cat >site/gw.yaml <<-EOF
gw: 1
site: {name: guard}
change: {confirm: 0s}
zones:
  lan: {interfaces: [br0], nets: [10.30.0.0/24, "2001:db8:30::/64"]}
  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}
ipv6guard:
  segments:
    lan: {mode: guarded, interfaces: [br0], ports: [p1, p2], source_guard: true}
EOF
start_agent
apply
start_guard

bound() { nft list set bridge gw rt_bindings | grep -q "\"$1\" . $2 . $3"; }
# joins HOST ADDRESS: the host takes the address as hosts do, which ask first.
joins() {
	in_host "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.e0.disable_ipv6=0 \
		net.ipv6.conf.e0.accept_ra=0
	in_host "$1" ip addr add "$2" dev e0
}
joins "$x1" 2001:db8:30::1/64
until_true "no binding" bound p1 00:22:72:00:00:01 2001:db8:30::1
joins "$x2" 2001:db8:30::2/64
until_true "no binding of the second host" bound p2 00:22:72:00:00:02 2001:db8:30::2
ok "an address that was asked for is bound to MAC and port"

# reaches HOST ADDRESS: true if the neighbour answers.
reaches() {
	in_host "$1" ip -6 neigh flush dev e0
	for _ in 1 2 3 4 5; do
		in_host "$1" bash -c "echo >/dev/udp/$2/9" 2>/dev/null || true
		sleep 0.1
		! in_host "$1" ip -6 neigh show "$2" | grep -q lladdr || return 0
	done
	return 1
}
sleep 2 # until both have their addresses for good
reaches "$x1" 2001:db8:30::2 || fail "bound hosts do not reach each other"
reaches "$x1" 2001:db8:30::ff || fail "a bound host does not reach the gateway"
ok "hosts with bindings reach each other and the gateway"

# An address that is another's: the host asks without waiting for an answer, and is not heard.
in_host "$x2" ip addr add 2001:db8:30::1/64 dev e0 nodad
in_host "$x2" ip addr del 2001:db8:30::2/64 dev e0
! reaches "$x2" 2001:db8:30::99 || fail "somebody answers for an address that is nobody's"
! bound p2 00:22:72:00:00:02 2001:db8:30::1 || fail "an address was bound to a second host"
bound p1 00:22:72:00:00:01 2001:db8:30::1 || fail "the first host has lost its address"
ok "an address that is in use is not given to another"
