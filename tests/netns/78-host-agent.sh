#!/bin/bash
# The agent and the kernel's settings: made at its start, put back when others change them, made for
# interfaces that appear; with CAP_NET_ADMIN alone, confined, and each thing recorded once.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
if [ -z "${HOST_INSIDE:-}" ]; then
	HOST_INSIDE=1 exec unshare --net "$0"
fi
work=$(mktemp -d)
gwd=
# shellcheck disable=SC2317  # run by the trap
clean() {
	[ -z "$gwd" ] || kill "$gwd" 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT
log=$work/log
export GW_STATE_DIR=$work/state GW_RUN_DIR=$work/run GW_STANDALONE=1
chmod 755 "$work"
mkdir -m 777 "$work/state" "$work/run"
cp "$BUILD/gwctl" "$BUILD/gwd" "$work"
as=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,+net_admin
	--ambient-caps=-all,+net_admin --bounding-set=-all,+net_admin)

die() {
	echo "$1"
	cat "$log"
	exit 1
}
becomes() { # SETTING VALUE
	for ((i = 0; i < 400; i++)); do
		[ "$(cat "/proc/sys/net/$1" 2>/dev/null)" != "$2" ] || return 0
		sleep 0.05
	done
	die "$1 is $(cat "/proc/sys/net/$1"), not $2"
}
recorded() { # EVENT SETTING: how often
	for ((i = 0; i < 400; i++)); do
		[ "$(grep -c "\"event\":\"$1\".*\"subject\":\"net/$2\"" "$log")" -eq 0 ] || return 0
		sleep 0.05
	done
	die "$1 of $2 was not recorded"
}
start() {
	"${as[@]}" "$work/gwd" >>"$log" 2>&1 &
	gwd=$!
	for ((i = 0; i < 400; i++)); do
		[ ! -S "$work/run/control" ] || return 0
		kill -0 "$gwd" 2>/dev/null || die "gwd has ended"
		sleep 0.05
	done
	die "gwd does not listen"
}
stop() {
	kill "$gwd"
	wait "$gwd" || true
	gwd=
	rm -f "$work/run/control"
}
site() { # more of change
	mkdir -p "$work/site"
	cat >"$work/site/gw.yaml" <<-END
	gw: 1
	site: {name: settings}
	zones:
	  wan: {interfaces: [wan0], untrusted: true, anti_spoof: loose}
	  hq: {interfaces: [hq0], nets: [10.20.0.0/16]}
	host: {conntrack: {udp: 20s}}
	change: {drift_interval: 1s$1}
	END
}
ip link add wan0 type veth peer name peer0
echo 0 >/proc/sys/net/ipv4/ip_forward
echo 0 >/proc/sys/net/ipv4/conf/wan0/rp_filter
site ''
"${as[@]}" "$work/gwctl" -C "$work/site" apply >"$log" 2>&1 || die "apply failed"
becomes ipv4/ip_forward 1

# At the start: whatever others did while no agent lived.
echo 0 >/proc/sys/net/ipv4/ip_forward
start
becomes ipv4/ip_forward 1
becomes ipv4/conf/wan0/rp_filter 2
recorded drift.repaired ipv4/ip_forward

# While it lives, confined.
grep -q '^Seccomp:[[:space:]]*2' "/proc/$gwd/status" || die "gwd is not confined"
: >"$log"
echo 0 >/proc/sys/net/ipv4/conf/wan0/rp_filter
becomes ipv4/conf/wan0/rp_filter 2
recorded drift.repaired ipv4/conf/wan0/rp_filter

# An interface that appears, goes, and comes again.
for round in 1 2; do
	: >"$log"
	ip link add hq0 type veth peer name peer1
	becomes ipv4/conf/hq0/rp_filter 1
	becomes ipv6/conf/hq0/accept_ra 0
	recorded host.set ipv4/conf/hq0/rp_filter
	! grep -q 'drift' "$log" || die "round $round: a new interface is taken for drift"
	ip link del hq0
done
stop
becomes ipv4/ip_forward 1 # they stay without it

# With `drift: report` changes are left, and recorded once.
site ', drift: report'
"${as[@]}" "$work/gwctl" -C "$work/site" apply >"$log" 2>&1 || die "apply failed"
start
: >"$log"
echo 77 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout
recorded drift.found netfilter/nf_conntrack_udp_timeout
sleep 2.5 # two intervals more
[ "$(grep -c drift.found "$log")" -eq 1 ] || die "one change is recorded more than once"
[ "$(cat /proc/sys/net/netfilter/nf_conntrack_udp_timeout)" = 77 ] || die "it was repaired all the same"
stop
"${as[@]}" "$work/gwctl" host --restore >>"$log" 2>&1 || die "restore failed"
becomes ipv4/ip_forward 0
becomes ipv4/conf/wan0/rp_filter 0

# Through the agent: a change that is not confirmed takes its settings back with it.
unset GW_STANDALONE
rm -rf "$work/state"
mkdir -m 777 "$work/state"
echo 99 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout
nft delete table inet gw 2>/dev/null || true
start
site ''
sed -i '/^host:/d' "$work/site/gw.yaml"
"$work/gwctl" -C "$work/site" apply --confirm 0 >>"$log" 2>&1 || die "apply without settings failed"
[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ] || die "settings nobody has declared"
site ''
"$work/gwctl" -C "$work/site" apply --confirm 3s >>"$log" 2>&1 || die "apply with settings failed"
becomes ipv4/ip_forward 1
becomes netfilter/nf_conntrack_udp_timeout 20
becomes ipv4/ip_forward 0
becomes netfilter/nf_conntrack_udp_timeout 99
recorded host.restored ipv4/ip_forward
# A backup does not disturb the agent; a restore would.
"$work/gwctl" backup "$work/gw.tar" >>"$log" 2>&1 || die "no backup beside the agent"
status=0
"$work/gwctl" restore "$work/gw.tar" >>"$log" 2>&1 || status=$?
[ "$status" -eq 4 ] || die "a restore under a live agent: exit status $status"
"$work/gwctl" --json doctor >"$work/doctor" || true
grep -A 2 '"check": "agent"' "$work/doctor" | grep -q '"verdict": "sound"' || die "doctor does not see the agent"
stop
if grep -q 'Sanitizer\|runtime error' "$log"; then
	die "a sanitizer has found something"
fi
echo "settings are looked after"
