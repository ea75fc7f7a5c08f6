#!/bin/bash
# Reloads under a running flow: none of its packets is lost, no counter goes back, and a flow that no
# policy permits never gets through.
#
#   a (10.1.0.5) --- if1 gateway if2 --- b (10.2.0.5)
#
# RELOADS (default 100) applies alternate between two sites that differ in policies around the one
# of the flow; the flow's own policy is narrowed and widened too, always still permitting it.
. "$(dirname "$0")/../bench/support/lib.sh"
RELOADS=${RELOADS:-100} RATE=${RATE:-20000}

bench_triple reload
a=$BENCH-reload-a b=$BENCH-reload-b
site() { # name, services of the flow's policy, extra policies
	mkdir -p "$BENCH_TMP/$1"
	cat > "$BENCH_TMP/$1/gw.yaml" <<-EOF
	gw: 1
	site: {name: reload}
	zones:
	  left: {interfaces: [if1], nets: [10.1.0.0/16]}
	  right: {interfaces: [if2], nets: [10.2.0.0/16]}
	policies:
	  - {id: flow, from: left, to: right, services: [$2], action: accept, owner: o, ticket: T-1, review: 2099-12-31}
	$3
	EOF
}
more='  - {id: extra, from: left, to: right, dest: [10.2.7.0/24], services: [tcp/80], action: accept, owner: o, ticket: T-1, review: 2099-12-31}
  - {id: closed, from: right, to: left, services: any, action: drop, owner: o, ticket: T-1, review: 2099-12-31}'
site one "udp/7000-7010, udp/9100" ""
site two "udp/7000-7001" "$more"
site three "udp/7001" ""

bench_gwctl reload -C "$BENCH_TMP/one" apply
ip netns exec "$b" "$TOOLS/sequence" receive 10.2.0.5 7001 > "$BENCH_TMP/good" &
good=$!
ip netns exec "$b" "$TOOLS/sequence" receive 10.2.0.5 7999 > "$BENCH_TMP/bad" &
bad=$!
bench_wait_udp "$b" 7001
bench_wait_udp "$b" 7999
ip netns exec "$a" "$TOOLS/sequence" send 10.2.0.5 7001 "$RATE" 3600 4001 > "$BENCH_TMP/sent" &
sender=$!
ip netns exec "$a" "$TOOLS/sequence" send 10.2.0.5 7999 1000 3600 4002 > "$BENCH_TMP/sent-bad" &
sender_bad=$!
sleep 0.3

counter() {
	bench_gwctl reload -C "$BENCH_TMP/one" counters --json |
		tr -d ' \n' | sed 's/.*"id":"flow"[^}]*"packets":\([0-9]*\).*/\1/'
}
last=0 back=0 reload=0
while [ "$reload" -lt "$RELOADS" ]; do
	for name in two one three one; do
		bench_gwctl reload -C "$BENCH_TMP/$name" apply >"$BENCH_TMP/out" 2>&1 || {
			cat "$BENCH_TMP/out"
			exit 1
		}
		reload=$((reload + 1))
	done
	now=$(counter)
	[ "$now" -ge "$last" ] || back=$((back + 1))
	last=$now
done
kill -TERM "$sender" "$sender_bad"
wait "$sender" "$sender_bad"
sleep 0.3
kill -TERM "$good" "$bad"
wait "$good" "$bad"
echo "$reload reloads: $(cat "$BENCH_TMP/sent"), $(cat "$BENCH_TMP/good"); not permitted: $(cat "$BENCH_TMP/bad"); counter went back $back times"
set -- $(cat "$BENCH_TMP/sent" "$BENCH_TMP/good" "$BENCH_TMP/bad")
sent=$2 received=$4 lost=$6 passed=$8
[ "$lost" -eq 0 ] && [ "$sent" -eq "$received" ] && [ "$passed" -eq 0 ] && [ "$back" -eq 0 ]
