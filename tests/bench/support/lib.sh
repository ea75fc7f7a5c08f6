# Shared by the benchmarks: a bench is a shell script that sources this, builds what it needs in
# namespaces of its own, interleaves us and the peers in one run and prints medians, ratios and their
# spread. Nothing here passes or fails on time.
set -eu

BUILD=${BUILD:-build/release}
TOOLS=$BUILD/tools
BENCH=gwbench$$
BENCH_TMP=$(mktemp -d)

bench_clean() {
	for ns in $(ip netns list | awk -v p="^$BENCH" '$1 ~ p { print $1 }'); do
		ip netns pids "$ns" | xargs -r kill 2>/dev/null || true
		ip netns del "$ns"
	done
	rm -rf "$BENCH_TMP"
}
trap bench_clean EXIT
trap 'exit 130' INT TERM

# bench_wait_udp NAMESPACE PORT: until somebody listens there; 10 s at most.
bench_wait_udp() {
	for _ in $(seq 100); do
		[ -z "$(ip netns exec "$1" ss -Huln "sport = :$2")" ] || return 0
		sleep 0.1
	done
	echo "nobody listens on UDP port $2" >&2
	return 1
}

bench_have() {
	command -v "$1" >/dev/null 2>&1
}

# bench_triple NAME: namespaces NAME-a, NAME-g, NAME-b in a row; the gateway's interfaces are if1
# (10.1.0.1/16) and if2 (10.2.0.1/16). What arrives at b is counted and dropped at ingress.
bench_triple() {
	a=$BENCH-$1-a g=$BENCH-$1-g b=$BENCH-$1-b
	for ns in "$a" "$g" "$b"; do
		ip netns add "$ns"
		ip -n "$ns" link set lo up
	done
	ip link add if1 netns "$g" type veth peer name e0 netns "$a"
	ip link add if2 netns "$g" type veth peer name e0 netns "$b"
	ip -n "$g" addr add 10.1.0.1/16 dev if1
	ip -n "$g" addr add 10.2.0.1/16 dev if2
	ip -n "$a" addr add 10.1.0.5/16 dev e0
	ip -n "$b" addr add 10.2.0.5/16 dev e0
	ip -n "$g" link set if1 up
	ip -n "$g" link set if2 up
	ip -n "$a" link set e0 up
	ip -n "$b" link set e0 up
	ip -n "$a" route add default via 10.1.0.1
	ip -n "$b" route add default via 10.2.0.1
	ip netns exec "$g" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip netns exec "$b" nft -f - <<-'EOF'
	table netdev sink {
		chain in {
			type filter hook ingress device "e0" priority 0;
			udp dport 9000 counter drop
		}
	}
	EOF
	# Neighbour entries, so that the first packets are not lost.
	mac_g1=$(ip netns exec "$g" cat /sys/class/net/if1/address)
	mac_b=$(ip netns exec "$b" cat /sys/class/net/e0/address)
	ip -n "$a" neigh replace 10.1.0.1 lladdr "$mac_g1" dev e0 nud permanent
	ip -n "$g" neigh replace 10.2.0.5 lladdr "$mac_b" dev if2 nud permanent
}

# bench_gwctl NAME ARGUMENT...: our program in the gateway of that row.
bench_gwctl() {
	name=$1
	shift
	GW_STATE_DIR=$BENCH_TMP/state-$name ip netns exec "$BENCH-$name-g" "$BUILD/gwctl" "$@"
}

# bench_ms NAME LABEL COMMAND...: runs COMMAND in that row's gateway; appends "LABEL ms megabytes".
bench_ms() {
	name=$1 label=$2
	shift 2
	figures=$(GW_STATE_DIR=$BENCH_TMP/state-$name ip netns exec "$BENCH-$name-g" \
		"$TOOLS/measure" "$@" 3>&1 >/dev/null 2>"$BENCH_TMP/stderr") || {
		status=$?
		# gwctl plan exits 2 when there are differences.
		[ "$status" -eq 2 ] || { cat "$BENCH_TMP/stderr" >&2; return 1; }
	}
	echo "$label $figures" >> "$BENCH_TMP/figures"
}

# bench_summary BASE: medians per label with quartiles, and the ratio of each round's figure to that
# of BASE in the same round. Input: lines "label value" on standard input, rounds in order.
bench_summary() {
	awk -v base="$1" '
	{ n[$1]++; v[$1, n[$1]] = $2; if (!($1 in seen)) { seen[$1] = 1; order[++k] = $1 } }
	function sort_into(name, ratio,    i, j, t, m) {
		m = n[name]
		for (i = 1; i <= m; i++) {
			s[i] = v[name, i]
			if (ratio) s[i] = v[base, i] > 0 ? s[i] / v[base, i] : 0
		}
		for (i = 2; i <= m; i++) {
			t = s[i]
			for (j = i - 1; j >= 1 && s[j] > t; j--) s[j + 1] = s[j]
			s[j + 1] = t
		}
		return m
	}
	function q(m, p,    i) { i = int(m * p) + 1; return s[i > m ? m : i] }
	END {
		printf "%-28s %10s %10s %10s   %s\n", "", "median", "quarter", "3/4", "ratio to " base " (quartiles)"
		for (i = 1; i <= k; i++) {
			m = sort_into(order[i], 0)
			printf "%-28s %10.1f %10.1f %10.1f", order[i], q(m, .5), q(m, .25), q(m, .75)
			m = sort_into(order[i], 1)
			printf "   %.3f (%.3f - %.3f)\n", q(m, .5), q(m, .25), q(m, .75)
		}
	}'
}
