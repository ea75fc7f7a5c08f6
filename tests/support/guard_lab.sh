# shellcheck shell=bash
# A gateway with gwd and gw-ipv6guardd in a network namespace of its own, and hosts behind it; to be sourced, as
# root, by a test that has itself started anew with `unshare -nm`.
#
#	guard_lab_start PROGRAM...     checks that they are built; a folder to work in, the users of modules
#	host NAME PORT MAC [ADDRESS]   a namespace behind a port of br0; its process is in $NAME
#	start_agent; apply             gwd, and site/gw.yaml
#	start_guard [CAPABILITY]       as the user gw-ipv6guard, until events come

dir='' agent='' guard=''
clean() {
	for process in $guard $agent $(cat "$dir"/holders 2>/dev/null); do
		kill "$process" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	umount /etc/passwd 2>/dev/null || true
	rm -rf "$dir"
}
fail() {
	echo "FAILED: $*"
	for log in gwd.log guard.log out; do
		[ ! -s "$log" ] || { echo "-- $log"; tail -n 20 "$log"; }
	done
	exit 1
}
ok() { echo "ok  $*"; }
# until TEXT COMMAND...: for at most 10 s.
until_true() {
	local what=$1
	shift
	for _ in $(seq 200); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		sleep 0.05
	done
	fail "$what"
}


guard_lab_start() {
	local program
	for program in gwctl gwd gw-ipv6guardd tools/ask tools/ether "$@"; do
		[ -x "$BUILD/$program" ] || { echo "$BUILD/$program is not there"; exit 77; }
	done
	BUILD=$(realpath "$BUILD")
	dir=$(mktemp -d)
	trap clean EXIT
	chmod 755 "$dir"
	cd "$dir"
	{ cat /etc/passwd; echo "gw-ipv6guard:x:64903:65534::/:/bin/false"; } >passwd
	mount --bind passwd /etc/passwd
	export GW_STATE_DIR=$dir/state GW_RUN_DIR=$dir/run GW_LEASES=$dir/leases
	mkdir guard-state run
	chmod 755 run
	install -d -o 64903 guard-state run/ipv6guard
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	# What the gateway's own stack says is not what is tested here.
	sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	# Nor what the tables of routed packets make of bridged ones, where br_netfilter is loaded.
	for table in iptables ip6tables arptables; do
		[ ! -e /proc/sys/net/bridge/bridge-nf-call-$table ] ||
			sysctl -qw net.bridge.bridge-nf-call-$table=0
	done
	ip link set lo up
}

# host NAME PORT MAC [ADDRESS]: a network namespace of its own behind the port.
host() {
	local name=$1 port=$2 mac=$3 address=${4:-}
	unshare -n sleep 600 &
	echo $! >>holders
	eval "$name=$!"
	local holder=$!
	until_true "no namespace" is_apart "$holder"
	[ -d "/sys/class/net/$port" ] || {
		ip link add "$port" type veth peer name e0 netns "$holder"
		ip link set "$port" master br0 up
	}
	in_host "$holder" ip link set e0 address "$mac"
	in_host "$holder" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.e0.disable_ipv6=1
	in_host "$holder" ip link set e0 up
	[ -z "$address" ] || in_host "$holder" ip addr add "$address" dev e0
}
is_apart() { [ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$1/ns/net")" ]; }
in_host() {
	local holder=$1
	shift
	nsenter -t "$holder" -n "$@"
}

start_agent() {
	"$BUILD/gwd" 2>>gwd.log & agent=$!
	until_true "gwd does not listen" "$BUILD/tools/ask" run/control status
}
apply() { "$BUILD/gwctl" -C site apply >out 2>&1 || fail "apply"; }
start_guard() {
	setpriv --reuid 64903 --regid 65534 --clear-groups --inh-caps="-all${1:+,+$1}" \
		--ambient-caps="-all${1:+,+$1}" --bounding-set="-all${1:+,+$1}" \
		"$BUILD/gw-ipv6guardd" --run "$dir/run" --state "$dir/guard-state" 2>>guard.log & guard=$!
	until_true "the guard has no events" events_come
}
events_come() { "$BUILD/gwctl" ipv6 status | grep -q 'events: *from the kernel'; }
in_quarantine() { nft list set "$1" gw rt_quarantine | grep -q "\"$2\" . $3"; }
knows() { "$BUILD/gwctl" ipv6 devices | grep -q "$1"; }
# alerts MAC: how many there are on record.
alerts() { "$BUILD/gwctl" --json audit search -e attack.ipv6 | grep -c "\"subject\": \"$1\"" || true; }
# talks HOST [DEVICE]: true if the gateway answers the host's ARP.
talks() {
	in_host "$1" ip neigh flush dev "${2:-e0}"
	in_host "$1" ip route replace 10.30.0.1 dev "${2:-e0}"
	for _ in 1 2 3 4 5; do
		in_host "$1" bash -c 'echo >/dev/udp/10.30.0.1/9' 2>/dev/null || true
		sleep 0.05
		! in_host "$1" ip neigh show 10.30.0.1 | grep -q lladdr || return 0
	done
	return 1
}
# send HOST MAC [TIMES]: a router advertisement of fe80::bad.
send() {
	local frame=333300000001${2//:/}86dd6000000000103afffe800000000000000000000000000badff0200000000000000000000000000018600297b400007080000000000000000
	for _ in $(seq "${3:-1}"); do echo "ra $frame"; done | in_host "$1" "$BUILD/tools/ether" send e0 >/dev/null
}
