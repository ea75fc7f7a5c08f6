#!/bin/sh
# The agent with 10,000 policies in 64 zones and BANS banned addresses: how long a restart after kill -9 takes
# until it is ready, where nobody has touched the kernel (it takes over what is there) and where somebody
# has (it reads and compares everything first), and its size when it has settled.
. "$(dirname "$0")/support/lib.sh"
ROUNDS=${ROUNDS:-5} BANS=${BANS:-100000}
site=$BENCH_TMP/site state=$BENCH_TMP/state run=$BENCH_TMP/run
gateway=$BENCH-agent
agent=
agent_clean() {
	[ -z "$agent" ] || kill -9 "$agent" 2>/dev/null || true
	bench_clean
}
trap agent_clean EXIT
"$(dirname "$0")/support/make_site.sh" "$site" 64 10000
ip netns add "$gateway"
ip -n "$gateway" link set lo up

in_gateway() {
	GW_STATE_DIR=$state GW_RUN_DIR=$run ip netns exec "$gateway" "$@"
}
restart() { # seconds to settle
	rm -f "$run"/*
	in_gateway "$TOOLS/ready" "$1" "$BUILD/gwd" --state "$state" --run "$run" 2>/dev/null
}

in_gateway "$BUILD/gwd" --state "$state" --run "$run" 2>/dev/null &
agent=$!
until in_gateway "$TOOLS/ask" "$run/control" status >/dev/null 2>&1; do sleep 0.05; done
in_gateway "$BUILD/gwctl" -C "$site" apply --confirm 0 >/dev/null 2>&1
in_gateway "$BUILD/gwctl" ban 198.18.0.1 -m "the one that the others are copies of" >/dev/null
pid=$(ip netns pids "$gateway" | head -n 1)
kill -9 "$pid"
wait "$agent" 2>/dev/null || true
agent=
line=$(tail -n 1 "$state/measures.jsonl")
awk -v n="$BANS" -v line="$line" 'BEGIN {
	split(line, part, "198.18.0.1")
	for (i = 0; i < n; i++)
		print part[1] "20." int(i / 65536) "." int(i / 256) % 256 "." i % 256 part[2]
}' >>"$state/measures.jsonl"
echo "first start with $BANS bans that the kernel does not have: $(restart 6 | cut -d' ' -f1) ms"
restart 4 >/dev/null

: >"$BENCH_TMP/figures"
for _ in $(seq "$ROUNDS"); do
	restart 4 | sed 's/^/untouched /' >>"$BENCH_TMP/sizes"
	ip netns exec "$gateway" nft add table inet gw-bench
	ip netns exec "$gateway" nft delete table inet gw-bench
	restart 4 | sed 's/^/touched /' >>"$BENCH_TMP/sizes"
done
echo "Restart of gwd with 10,000 policies and $BANS bans, ms until it is ready (load $(cut -d' ' -f1 /proc/loadavg))"
awk '{ print $1, $2 }' "$BENCH_TMP/sizes" | bench_summary touched
echo "Resident, kB, when it has settled; its peak:"
awk '{ print $1, $3, $4 }' "$BENCH_TMP/sizes" | sort | awk '{ print "  " $0 }'
