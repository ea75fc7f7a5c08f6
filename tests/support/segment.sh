# shellcheck shell=bash
# A segment of the IPv6 guard with real kernels: a gateway with a bridge br0, on it a rogue (port p1) and a
# victim (port p2), and a routed host (interface r0). To be sourced after lab.sh and packets.sh.
#
#	segment_up                    namespaces $LAB-gw, -rogue, -victim, -routed; no rules yet
#	segment_site NAME <<END       a config repository whose section `ipv6guard:` is standard input
#	segment_send HOST FILE        the frames of a list ("NAME HEX …" a line)
#	segment_heard FILE            names of the list's frames that reached the victim
#
# br_netfilter is off for these bridges: it drops some malformed packets by itself, and the rules would
# get the praise.

# shellcheck disable=SC2034  # lab_end's
LAB_HOSTS="rogue victim routed"
SEGMENT_TOOL=$BUILD/tools/ether

segment_up() {
	local host
	[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
	LAB_TMP=$(mktemp -d)
	trap lab_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	for host in gw $LAB_HOSTS; do
		ip netns add "$LAB-$host" || { echo "needs network namespaces"; exit 77; }
		lab_in "$host" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6
			echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
		ip -n "$LAB-$host" link set lo up
	done
	ip -n "$LAB-gw" link add br0 type bridge mcast_snooping 0 || { echo "needs bridges"; exit 77; }
	lab_in gw sh -c 'cd /proc/sys/net/bridge 2>/dev/null && for f in bridge-nf-call-*; do echo 0 >$f; done' ||
		true
	segment_connect rogue p1 02:00:00:00:00:66
	segment_connect victim p2 02:00:00:00:00:77
	segment_connect routed r0 02:00:00:00:00:88
	ip -n "$LAB-gw" link set p1 master br0
	ip -n "$LAB-gw" link set p2 master br0
	ip -n "$LAB-gw" link set br0 up
	ip -n "$LAB-gw" addr add 10.30.0.1/24 dev br0
	ip -n "$LAB-gw" addr add 10.40.0.1/24 dev r0
	ip -n "$LAB-victim" addr add 10.30.0.77/24 dev eth0
	ip -n "$LAB-rogue" addr add 10.30.0.66/24 dev eth0
	lab_in victim sh -c 'cd /proc/sys/net/ipv6/conf/eth0 && echo 2 >accept_ra && echo 1 >accept_ra_rt_info_max_plen'
	segment_ready
}

# segment_connect HOST PORT MAC
segment_connect() {
	ip link add "$2" netns "$LAB-gw" type veth peer name eth0 netns "$LAB-$1" address "$3"
	ip -n "$LAB-gw" link set "$2" addrgenmode none up
	# What a host's own kernel says must not be mistaken for what a test sent.
	ip -n "$LAB-$1" link set eth0 addrgenmode none up
}

# Ports forward at once only when the bridge says so.
segment_ready() {
	local tries=0
	until [ "$(ip -n "$LAB-gw" -d link show master br0 | grep -c 'state forwarding')" -eq 2 ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || { echo "the bridge's ports do not come up"; exit 1; }
		sleep 0.05
	done
}

segment_site() {
	mkdir -p "$LAB_TMP/$1"
	{
		cat <<-'END'
		gw: 1
		site: {name: lab}
		zones:
		  lan: {interfaces: [br0], nets: [10.30.0.0/24, "2001:db8:30::/48"]}
		  routed: {interfaces: [r0], nets: [10.40.0.0/24], ipv6: off}
		END
		cat
	} >"$LAB_TMP/$1/gw.yaml"
}

segment_send() {
	lab_in "$1" "$SEGMENT_TOOL" send eth0 <"$2" >/dev/null
}

# segment_hear: in the background, until segment_heard.
segment_hear() {
	rm -f "$LAB_TMP/heard"
	ip netns exec "$LAB-victim" "$SEGMENT_TOOL" hear eth0 >"$LAB_TMP/heard" &
	SEGMENT_HEARS=$!
	local tries=0
	until [ -s "$LAB_TMP/heard" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || { echo "nobody hears"; exit 1; }
		sleep 0.02
	done
}

# What is sent crosses a veth pair and a bridge at once; the last frame is a mark that always passes.
segment_heard() {
	local tries=0
	printf 'mark 0200000000770200000000660806%s\n' 0001080006040001020000000066ffffffff0000000000000a1e004d \
		>"$LAB_TMP/mark"
	segment_send rogue "$LAB_TMP/mark"
	until grep -q ffffffff0000000000000a1e004d "$LAB_TMP/heard"; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || { echo "the mark does not arrive"; exit 1; }
		sleep 0.02
	done
	kill -TERM "$SEGMENT_HEARS"
	wait "$SEGMENT_HEARS" 2>/dev/null || true # in a pipeline it is no child
	awk 'NR == FNR { heard[$1] = 1; next } !/^#/ && $2 in heard { print $1 }' "$LAB_TMP/heard" "$1"
}

# segment_names FILE [MODE]: of all frames of a list, or those that have this word behind them.
segment_names() {
	awk -v mode="${2:-}" '!/^#/ { for (i = 3; i <= NF; i++) if ($i == mode) { print $1; next }
		if (mode == "") print $1 }' "$1"
}

# segment_forget: the victim is as if nothing had happened.
segment_forget() {
	lab_in victim sh -c 'cd /proc/sys/net/ipv6/conf/eth0 && echo 1 >disable_ipv6 && echo 0 >disable_ipv6'
	ip -n "$LAB-victim" -6 addr add fe80::77/64 dev eth0 nodad
}

# segment_configured: what the victim believes of the rogue; nothing, if all went well.
segment_configured() {
	{
		ip -n "$LAB-victim" -6 route show
		ip -n "$LAB-victim" -6 addr show dev eth0
	} | grep -E '^default|2001:db8:bad' || true
}
