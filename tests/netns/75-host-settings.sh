#!/bin/bash
# Settings of the kernel: declared ones are made, in this network namespace only; old values come back
# when a line goes, with --restore, and after kills; what others change is drift.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
if [ -z "${HOST_INSIDE:-}" ]; then
	outside=$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding)
	HOST_INSIDE=1 unshare --net "$0"
	[ "$outside" = "$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding)" ] ||
		{ echo "settings outside of the namespace have changed"; exit 1; }
	exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=$work/out
export GW_STATE_DIR=$work/state GW_STANDALONE=1
gwctl=$(realpath "$BUILD")/gwctl

die() {
	echo "$1"
	cat "$out"
	exit 1
}
wants() { # STATUS COMMAND...
	local status=0 want=$1
	shift
	"$@" >"$out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] || die "exit status $status, not $want: $*"
}
is() { # SETTING VALUE
	[ "$(cat "/proc/sys/net/$1")" = "$2" ] || die "$1 is $(cat "/proc/sys/net/$1"), not $2"
}
site() { # HOST SECTION OR NOTHING
	mkdir -p "$work/site"
	cat >"$work/site/gw.yaml" <<-END
	gw: 1
	site: {name: settings}
	zones:
	  wan: {interfaces: [wan0], untrusted: true, anti_spoof: loose}
	  hq: {interfaces: [hq0], nets: [10.20.0.0/16]}
	$1
	END
}
ip link add wan0 type veth peer name peer0
# What the machine had, unlike any default of ours.
echo 0 >/proc/sys/net/ipv4/ip_forward
echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/wan0/rp_filter
echo 1 >/proc/sys/net/ipv4/conf/all/send_redirects
echo 1 >/proc/sys/net/ipv6/conf/wan0/accept_ra
echo 77 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout

old() {
	is ipv4/ip_forward 0
	is ipv6/conf/all/forwarding 0
	is ipv4/conf/all/rp_filter 1
	is ipv4/conf/wan0/rp_filter 0
	is ipv4/conf/all/send_redirects 1
	is ipv6/conf/wan0/accept_ra 1
	is netfilter/nf_conntrack_udp_timeout 77
}
new() {
	is ipv4/ip_forward 1
	is ipv6/conf/all/forwarding 1
	is ipv4/conf/all/rp_filter 0
	is ipv4/conf/wan0/rp_filter 2
	is ipv4/conf/all/send_redirects 0
	is ipv4/conf/wan0/send_redirects 0
	is ipv6/conf/wan0/accept_ra 0
	is ipv6/conf/wan0/accept_source_route -1
	is netfilter/nf_conntrack_udp_timeout 20
}

# Without the section nothing is touched.
site ''
wants 0 "$gwctl" -C "$work/site" apply
old
[ ! -e "$work/state/host.json" ] || die "host.json without settings"

# Declared, and put back when the section goes: by apply, and by rollback.
site 'host: {conntrack: {udp: 20s}}'
wants 0 "$gwctl" -C "$work/site" apply
new
wants 0 "$gwctl" host
grep -q 'kept *net/ipv4/ip_forward *1 *before: 0' "$out" || die "no old value of ip_forward"
grep -q 'waits *net/ipv4/conf/hq0/rp_filter' "$out" || die "hq0 is not waited for"
wants 0 "$gwctl" rollback
old
wants 0 "$gwctl" -C "$work/site" apply
new

# An interface that comes later: the next apply finds it.
ip link add hq0 type veth peer name peer1
wants 2 "$gwctl" host
wants 0 "$gwctl" -C "$work/site" apply
is ipv4/conf/hq0/rp_filter 1
wants 0 "$gwctl" host

# What others change.
echo 0 >/proc/sys/net/ipv4/ip_forward
wants 2 "$gwctl" host
grep -q 'warning\[GW1513\]: net/ipv4/ip_forward is `0`, not `1`' "$out" || die "drift is not reported"
wants 0 "$gwctl" -C "$work/site" apply
new

# What the kernel does not take is said, at its place; the rest is done.
site 'host: {conntrack: {udp: 20s, max: 4096}, sysctl: {net.ipv4.tcp_ecn: 99, net.ipv4.tcp_nonsense: 1}}'
wants 0 "$gwctl" -C "$work/site" apply
grep -q 'GW1511.*nf_conntrack_max' "$out" || die "nf_conntrack_max was set inside a namespace?"
grep -q 'GW1511.*tcp_ecn' "$out" || die "tcp_ecn: 99 is not reported"
grep -q 'GW1512.*tcp_nonsense' "$out" || die "tcp_nonsense is not reported"
new

# Killed at any moment, old values are never lost.
for ((i = 0; i < 20; i++)); do
	if [ $((i % 2)) -eq 0 ]; then site ''; else site 'host: {conntrack: {udp: 20s}}'; fi
	"$gwctl" -C "$work/site" apply >/dev/null 2>&1 &
	victim=$!
	sleep "0.0$(printf '%03d' $((RANDOM % 300)))"
	kill -9 "$victim" 2>/dev/null || true
	wait "$victim" 2>/dev/null || true
done
site 'host: {conntrack: {udp: 20s}}'
wants 0 "$gwctl" -C "$work/site" apply -m again
new

# Removed from the machine.
wants 0 "$gwctl" host --restore
old
wants 0 "$gwctl" host --restore
grep -q 'nothing to put back' "$out" || die "a second restore does something"

# CAP_NET_ADMIN is all that it takes.
chmod 755 "$work"
cp "$gwctl" "$work/gwctl"
mkdir -m 777 "$work/state-nobody"
GW_STATE_DIR=$work/state-nobody wants 0 setpriv --reuid 65534 --regid 65534 --clear-groups \
	--inh-caps=-all,+net_admin --ambient-caps=-all,+net_admin --bounding-set=-all,+net_admin \
	"$work/gwctl" -C "$work/site" apply
new
GW_STATE_DIR=$work/state-nobody wants 0 "$gwctl" host --restore
old

# What root does in the state directory of a service does not lock the service out.
mkdir -m 750 "$work/state-service"
chown 65534:65534 "$work/state-service"
for round in 1 22; do
	site "host: {conntrack: {udp: 2${#round}s}}"
	GW_STATE_DIR=$work/state-service wants 0 "$gwctl" -C "$work/site" apply
done
find "$work/state-service" ! -uid 65534 -o ! -gid 65534 >"$out"
[ ! -s "$out" ] || die "these belong to root:"
GW_STATE_DIR=$work/state-service wants 0 setpriv --reuid 65534 --regid 65534 --clear-groups \
	--inh-caps=-all,+net_admin --ambient-caps=-all,+net_admin --bounding-set=-all,+net_admin \
	"$work/gwctl" rollback
GW_STATE_DIR=$work/state-service wants 0 "$gwctl" host --restore
find "$work/state-service" ! -uid 65534 -o ! -gid 65534 >"$out"
[ ! -s "$out" ] || die "these belong to root after a restore:"
old

echo "settings come and go with their lines"
