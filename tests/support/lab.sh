# shellcheck shell=bash
# The lab: five zones around one gateway, each a network namespace, to be sourced by the demo and by
# tests that need root.
#
#	. tests/support/lab.sh
#	lab_up                                  removed again when the shell ends, however it ends
#	lab_gwctl -C configs/example apply      gwctl inside the gateway
#	lab_serve dmz tcp/80 udp/53             real servers
#	lab_try hq 203.0.113.6 tcp/80           prints "answered NAME SEEN-ADDRESS", "refused", "silent"
#
#	host    addresses (all on eth0)                             gateway's interface and addresses
#	wan     198.51.100.254 .7, 192.0.2.10, 2001:db8:ff::254 ::7 wan0    198.51.100.1 .25, 2001:db8:ff::1
#	        on block lists: 198.18.0.10, 2001:db8:bad:1::1
#	dmz     203.0.113.5 .6 .7 .8, 10.40.0.80, 2001:db8:10::5 …  dmz0    203.0.113.1, 10.40.0.1, 2001:db8:10::1
#	hq      10.20.1.10 10.20.2.20 10.20.9.9, 2001:db8:20:1::10  hq0     10.20.0.1, 2001:db8:20::1
#	guest   10.30.0.50, 2001:db8:30::50                         guest0  10.30.0.1
#	mgmt    10.99.0.10                                          mgmt0   10.99.0.1
#	MACs: 02:00:5e:00:00:01 of wan to :05 of mgmt
#
# The host in wan is the internet: the gateway's default route, with ways back to the public
# networks alone. A reply to a private address does not get through it, so only what was translated
# can be answered.

LAB=${LAB:-gwlab$$}
BUILD=${BUILD:-build/release}
LAB_HOSTS="wan dmz hq guest mgmt"
LAB_FLOW=$BUILD/tools/flow

# lab_up: builds everything and waits until it is usable.
lab_up() {
	[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
	LAB_TMP=$(mktemp -d)
	trap lab_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	for host in gw $LAB_HOSTS; do
		ip netns add "$LAB-$host" || { echo "needs network namespaces"; exit 77; }
		lab_in "$host" sh -c 'cd /proc/sys/net/ipv6/conf && echo 0 > all/accept_dad &&
			echo 0 > default/accept_dad && echo 0 > all/disable_ipv6'
		ip -n "$LAB-$host" link set lo up
	done
	lab_in gw sh -c 'cd /proc/sys/net && echo 1 > ipv4/ip_forward && echo 1 > ipv6/conf/all/forwarding &&
		echo 0 > ipv4/conf/all/rp_filter && echo 0 > ipv4/conf/default/rp_filter'
	for host in $LAB_HOSTS; do
		lab_connect "$host"
	done
	lab_addresses wan 198.51.100.254/24 198.51.100.7/24 192.0.2.10/32 198.18.0.10/32 \
		2001:db8:ff::254/64 2001:db8:ff::7/64 2001:db8:bad:1::1/128
	lab_addresses dmz 203.0.113.5/28 203.0.113.6/28 203.0.113.7/28 203.0.113.8/28 10.40.0.80/24 \
		2001:db8:10::5/64 2001:db8:10::6/64 2001:db8:10::7/64 2001:db8:10::8/64
	lab_addresses hq 10.20.1.10/16 10.20.2.20/16 10.20.9.9/16 2001:db8:20:1::10/48
	lab_addresses guest 10.30.0.50/24 2001:db8:30::50/64
	lab_addresses mgmt 10.99.0.10/24
	lab_gateway_addresses
	lab_routes
	lab_wait
}

# lab_connect HOST: eth0 in the host, HOST0 in the gateway.
lab_connect() {
	# Known MACs, for registers of devices.
	ip link add "$1"0 netns "$LAB-gw" type veth peer name eth0 netns "$LAB-$1" \
		address "02:00:5e:00:00:0$(lab_number "$1")"
	# Link-local addresses are given by hand, so that they are usable at once and known.
	ip -n "$LAB-gw" link set "$1"0 addrgenmode none up
	ip -n "$LAB-$1" link set eth0 addrgenmode none up
	ip -n "$LAB-gw" addr add fe80::1/64 dev "$1"0 nodad
	ip -n "$LAB-$1" addr add fe80::2/64 dev eth0 nodad
}

# lab_number HOST: its place among the hosts, from 1.
lab_number() {
	local host number=0
	for host in $LAB_HOSTS; do
		number=$((number + 1))
		[ "$host" != "$1" ] || echo "$number"
	done
}

# lab_addresses HOST ADDRESS/LENGTH...
lab_addresses() {
	local host=$1 address
	shift
	for address in "$@"; do
		case $address in
		*:*) ip -n "$LAB-$host" addr add "$address" dev eth0 nodad ;;
		*) ip -n "$LAB-$host" addr add "$address" dev eth0 ;;
		esac
	done
}

lab_gateway_addresses() {
	ip -n "$LAB-gw" -batch - <<-'END'
	addr add 198.51.100.1/24 dev wan0
	addr add 198.51.100.25/24 dev wan0
	addr add 2001:db8:ff::1/64 dev wan0 nodad
	addr add 203.0.113.1/28 dev dmz0
	addr add 10.40.0.1/24 dev dmz0
	addr add 2001:db8:10::1/64 dev dmz0 nodad
	addr add 10.20.0.1/16 dev hq0
	addr add 2001:db8:20::1/48 dev hq0 nodad
	addr add 10.30.0.1/24 dev guest0
	addr add 10.99.0.1/24 dev mgmt0
	route add default via 198.51.100.254 dev wan0
	route add default via 2001:db8:ff::254 dev wan0
	route add 2001:db8:30::/64 via fe80::2 dev guest0
	END
}

lab_routes() {
	ip -n "$LAB-wan" -batch - <<-'END'
	route add 203.0.113.0/28 via 198.51.100.1 dev eth0
	route add 2001:db8::/32 via 2001:db8:ff::1 dev eth0
	END
	ip -n "$LAB-dmz" route add default via 203.0.113.1 src 203.0.113.5
	ip -n "$LAB-hq" route add default via 10.20.0.1 src 10.20.1.10
	ip -n "$LAB-guest" route add default via 10.30.0.1
	ip -n "$LAB-mgmt" route add default via 10.99.0.1
	for host in dmz hq guest mgmt; do
		ip -n "$LAB-$host" -6 route add default via fe80::1 dev eth0
	done
}

# lab_wait: until every link has carrier and no address is tentative.
lab_wait() {
	local host tries=0
	for host in gw $LAB_HOSTS; do
		while [ -n "$(ip -n "$LAB-$host" -6 addr show tentative)" ] ||
			ip -n "$LAB-$host" link show | grep -q LOWERLAYERDOWN; do
			tries=$((tries + 1))
			[ "$tries" -lt 100 ] || { echo "the lab's links do not come up"; exit 1; }
			sleep 0.05
		done
	done
}

# lab_in HOST COMMAND...: runs a command in a namespace.
lab_in() {
	local host=$1
	shift
	ip netns exec "$LAB-$host" "$@"
}

# lab_gwctl ARGUMENT...: gwctl on the gateway, with a state directory of its own.
lab_gwctl() {
	GW_STATE_DIR=${GW_STATE_DIR:-$LAB_TMP/state} lab_in gw "$BUILD/gwctl" "$@"
}

# lab_serve HOST PROTO/PORT...: a server that answers to its host's name.
lab_serve() {
	local host=$1 ready="$LAB_TMP/serve-$1"
	shift
	lab_in "$host" "$LAB_FLOW" serve "$host" "$@" >"$ready" 2>&1 &
	# Listening is what counts, not that the process was started.
	local tries=0
	while ! lab_listening "$host" "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || { echo "no server in $host:"; cat "$ready"; exit 1; }
		sleep 0.02
	done
}

# lab_listening HOST PROTO/PORT...: true if the last TCP or UDP port named is open.
lab_listening() {
	local host=$1 service last=
	shift
	for service in "$@"; do
		case $service in
		tcp/* | udp/*) last=$service ;;
		esac
	done
	[ -n "$last" ] || return 0
	lab_in "$host" grep -qi ":$(printf '%04x' "${last#*/}") " "/proc/net/${last%/*}6"
}

# lab_try HOST [OPTION...] ADDRESS SERVICE: one exchange; see tests/tools/flow.c.
lab_try() {
	local host=$1
	shift
	lab_in "$host" "$LAB_FLOW" try "$@" || true
}

# lab_questions ADDRESS: how many questions from this address the servers have seen.
lab_questions() {
	cat "$LAB_TMP"/serve-* | grep -c " $1\$" || true
}

# lab_site NAME: a config repository in $LAB_TMP/NAME with the lab's zones; its other sections come
# from standard input.
lab_site() {
	mkdir -p "$LAB_TMP/$1"
	{
		cat <<-'END'
		gw: 1
		site: {name: lab}
		zones:
		  wan: {interfaces: [wan0], untrusted: true}
		  dmz: {interfaces: [dmz0], nets: [203.0.113.0/28, 10.40.0.0/24, "2001:db8:10::/64"]}
		  hq: {interfaces: [hq0], nets: [10.20.0.0/16, "2001:db8:20::/48"]}
		  guest: {interfaces: [guest0], nets: [10.30.0.0/24], ipv6: off}
		  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}
		END
		cat
	} >"$LAB_TMP/$1/gw.yaml"
}
# What every policy has to have and these tests do not care about.
LAB_DUTY="owner: o, ticket: T-1, review: 2099-12-31"

# lab_expect WANT WHAT GOT: ends the test if GOT does not begin with WANT.
lab_expect() {
	case $3 in
	"$1"*) ;;
	*) echo "$2: expected \`$1\`, got \`$3\`"; exit 1 ;;
	esac
}

# lab_status WANT COMMAND...: ends the test if the exit status is another; output in $LAB_TMP/out.
lab_status() {
	local want=$1 status=0
	shift
	"$@" >"$LAB_TMP/out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] && return 0
	echo "exit status $status, not $want: $*"
	cat "$LAB_TMP/out"
	exit 1
}

# lab_hold FILE HOST [OPTION...] ADDRESS SERVICE: opens a connection in the background and waits for
# its first answer; $! is its process. SIGTERM ends it as `held`.
lab_hold() {
	local file=$1 host=$2 tries=0
	shift 2
	rm -f "$file"
	ip netns exec "$LAB-$host" "$LAB_FLOW" hold "$@" >"$file" &
	until [ -s "$file" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || break
		sleep 0.02
	done
	lab_expect open "a connection from $host to $*" "$(head -n 1 "$file")"
}

# lab_held FILE PROCESS: ends such a connection; prints its last line.
lab_held() {
	local tries=0
	kill -TERM "$2" 2>/dev/null || true
	# Not by wait: this runs in subshells too, whose child it is not.
	while [ "$(tail -n 1 "$1")" = open ] && [ "$tries" -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	tail -n 1 "$1"
}

# lab_end [STATUS]: with KEEP=1 says how to go on, otherwise removes everything. Ends with that status, else
# with that of the last command: a trap that does something before it must hand it on.
lab_end() {
	local status=${1:-$?}
	trap - EXIT
	trap '' INT TERM HUP
	if [ "${KEEP:-}" = 1 ] && [ "$status" -lt 128 ]; then
		printf 'LAB=%s\nLAB_TMP=%s\n' "$LAB" "$LAB_TMP" >"$LAB_KEPT"
		echo
		echo "The lab is left up. A shell on the gateway, or in hq, wan, dmz, guest, mgmt:"
		echo "  export GW_STATE_DIR=$LAB_TMP/state"
		echo "  ip netns exec $LAB-gw bash        ip netns exec $LAB-hq bash"
		echo "Remove it with: make demo-clean"
	else
		lab_down
	fi
	exit "$status"
}
LAB_KEPT=build/lab.kept

# lab_down: removes namespaces, what runs in them, and files.
lab_down() {
	local host pids
	for host in $LAB_HOSTS gw; do
		[ -e "/run/netns/$LAB-$host" ] || continue
		pids=$(ip netns pids "$LAB-$host")
		# shellcheck disable=SC2086  # a list of process ids
		[ -z "$pids" ] || kill $pids 2>/dev/null || true
		# shellcheck disable=SC2086  # one that was stopped ends when it goes on
		[ -z "$pids" ] || kill -CONT $pids 2>/dev/null || true
		ip netns del "$LAB-$host" 2>/dev/null || true
	done
	if mountpoint -q "$LAB_TMP/state"; then
		umount "$LAB_TMP/state"
	fi
	rm -rf "${LAB_TMP:?}"
}
