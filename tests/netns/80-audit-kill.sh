#!/bin/bash
# The audit trail's writer is killed with -9 at arbitrary moments: what was acknowledged is there, and
# what is there verifies. RUNS=500 for more.
set -eu
BUILD=${BUILD:-build/san} RUNS=${RUNS:-30}
tmp=$(mktemp -d)
writer=
trap 'kill -9 $writer 2>/dev/null || true; rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
RANDOM=${SEED:-$$}
echo "seed $RANDOM"

acks() {
	cat "$tmp/acks" 2>/dev/null | wc -l
}

run=0 total=0
while [ "$run" -lt "$RUNS" ]; do
	# A trail is used again and again, as after real crashes; and now and then a new one.
	[ $((run % 10)) -ne 0 ] || rm -rf "$tmp/trail" "$tmp/acks"
	before=$(acks)
	"$BUILD/tools/audit_writer" write "$tmp/trail" "$tmp/acks" &
	writer=$!
	# Some runs are killed while the trail is being opened, most while it is written.
	if [ $((RANDOM % 6)) -ne 0 ]; then
		tries=0
		until [ "$(acks)" -gt $((before + RANDOM % 500)) ]; do
			tries=$((tries + 1))
			[ "$tries" -lt 3000 ] || { echo "run $run: nothing is acknowledged"; exit 1; }
			sleep 0.01
		done
	fi
	sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
	kill -9 "$writer"
	wait "$writer" 2>/dev/null || true
	run=$((run + 1))
	total=$((total + $(acks) - before))
	# Before the first seal of all nothing is acknowledged, and nothing can be proved.
	[ "$(acks)" -gt 0 ] || continue
	# As it was left, and after the next one has picked it up.
	for pass in left opened; do
		"$BUILD/tools/audit_writer" check "$tmp/trail" "$tmp/acks" >"$tmp/out" 2>&1 ||
			{ echo "run $run, as it was $pass:"; cat "$tmp/out"; exit 1; }
		[ "$pass" = opened ] || "$BUILD/tools/audit_writer" write "$tmp/trail" "$tmp/acks" 1
	done
done
echo "$RUNS runs, $total records acknowledged, none lost, no false alarm"
