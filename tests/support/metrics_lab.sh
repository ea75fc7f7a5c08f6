# shellcheck shell=bash
# A gateway with gwd and gw-metricsd in a network namespace of its own, and a host in each of its zones; to be
# sourced, as root, by a test that has itself started anew with `unshare -nm`.
#
#	metrics_lab NAME...     checks that programs are built; a folder to work in, users, zones hq, dmz, mgmt, wan
#	start_agent [OPTION...]; apply   gwd, and site/gw.yaml
#	start_metricsd          as the user gw-metrics, until it serves
#	get PATH [FIELD...]     an answer's body; its head is in `head`
#	value SERIES            the value of a series in /metrics
#	send HOST ADDRESS PORT N   datagrams

dir='' agent='' metricsd=''
clean() {
	for process in $metricsd $agent $(cat "$dir"/holders 2>/dev/null); do
		kill "$process" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	umount /etc/passwd 2>/dev/null || true
	cd /
	rm -rf "$dir"
}
fail() {
	echo "FAILED: $*"
	for log in gwd.log metricsd.log out; do
		[ ! -s "$log" ] || { echo "-- $log"; tail -n 20 "$log"; }
	done
	exit 1
}
ok() { echo "ok  $*"; }
# until_true TEXT COMMAND...: for at most 15 s.
until_true() {
	local what=$1
	shift
	for _ in $(seq 150); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		sleep 0.1
	done
	fail "$what"
}

metrics_lab() {
	local program
	for program in gwctl gwd gw-metricsd tools/ask tools/flow "$@"; do
		[ -x "$BUILD/$program" ] || { echo "$BUILD/$program is not there"; exit 77; }
	done
	BUILD=$(realpath "$BUILD")
	dir=$(mktemp -d)
	trap clean EXIT
	chmod 755 "$dir"
	cd "$dir"
	{ cat /etc/passwd; echo "gw-metrics:x:64904:65534::/:/bin/false"
	  echo "gw-ipv6guard:x:64903:65534::/:/bin/false"
	  echo "gw-ratelimit:x:64901:65534::/:/bin/false"; } >passwd
	mount --bind passwd /etc/passwd
	export GW_STATE_DIR=$dir/state GW_RUN_DIR=$dir/run GW_TEXTFILE_DIR=$dir/textfile
	mkdir run site
	chmod 755 run
	install -d -o 64904 run/metrics metrics-state textfile
	install -d -o 64903 run/ipv6guard ipv6guard-state
	install -d -o 64901 run/ratelimit ratelimit-state
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	ip link set lo up
	echo 1 >/proc/sys/net/ipv4/ip_forward
	zone hq 10.20.0 ; zone dmz 10.40.0 ; zone mgmt 10.99.0 ; zone wan 198.51.100
}
is_apart() { [ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$1/ns/net")" ]; }
# zone NAME PREFIX: the gateway is .1, the host .10.
zone() {
	unshare -n sleep 900 &
	echo $! >>holders
	eval "$1=$!"
	local holder=$!
	until_true "no namespace" is_apart "$holder"
	ip link add "$1"0 type veth peer name e0 netns "$holder"
	ip addr add "$2.1/24" dev "$1"0
	ip link set "$1"0 up
	nsenter -t "$holder" -n sh -c "ip addr add $2.10/24 dev e0; ip link set e0 up; ip link set lo up
		ip route add default via $2.1"
}
in_host() {
	local holder=$1
	shift
	nsenter -t "$holder" -n "$@"
}
send() {
	in_host "$1" bash -c "for i in \$(seq $4); do echo x >/dev/udp/$2/$3; done" 2>/dev/null || true
}

start_agent() {
	"$BUILD/gwd" "$@" 2>>gwd.log & agent=$!
	until_true "gwd does not listen" "$BUILD/tools/ask" run/control status
}
apply() { "$BUILD/gwctl" -C site apply >out 2>&1 || fail "apply"; }
launch_metricsd() {
	setpriv --reuid 64904 --regid 65534 --clear-groups --inh-caps=-all --ambient-caps=-all \
		--bounding-set=-all "$BUILD/gw-metricsd" --run "$dir/run" --state "$dir/metrics-state" \
		2>>metricsd.log & metricsd=$!
}
start_metricsd() {
	launch_metricsd
	until_true "gw-metricsd does not serve" serves
}
# start_module NAME UID: its daemon; its process in $NAME
start_module() {
	setpriv --reuid "$2" --regid 65534 --clear-groups --inh-caps=-all --ambient-caps=-all --bounding-set=-all \
		"$BUILD/gw-$1d" --run "$dir/run" --state "$dir/$1-state" 2>>"$1.log" &
	eval "$1=$!"
	echo $! >>holders
}
stop_metricsd() {
	kill "$metricsd"
	wait "$metricsd" || fail "gw-metricsd ended with $?"
	metricsd=
}
serves() { [ "$(value gw_agent_up)" = 1 ]; }

# get PATH [FIELD...]: from 127.0.0.1, or from $AT as $HOST.
get() {
	local path=$1
	shift
	exec 9<>"/dev/tcp/${AT:-127.0.0.1}/9630" || return 1
	{ printf 'GET %s HTTP/1.1\r\nHost: %s\r\n' "$path" "${HOST:-localhost:9630}"
	  [ $# -eq 0 ] || printf '%s\r\n' "$@"
	  printf '\r\n'; } >&9
	cat <&9 >answer
	exec 9>&-
	sed -n '1,/^\r$/p' answer >head
	sed '1,/^\r$/d' answer
}
value() { get /metrics 2>/dev/null | sed -n "s/^$1 //p"; }
# grown SERIES N: it is at least N.
grown() { local now; now=$(value "$1"); [ "${now:-0}" -ge "$2" ]; }
