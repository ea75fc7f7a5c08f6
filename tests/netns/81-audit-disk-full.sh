#!/bin/bash
# The disk below the audit trail fills up, on a real small filesystem: what was acknowledged stays, the
# trail says that it fails, goes on by itself when there is room, and has on record how many
# records it had to give up. RUNS=200 for more.
set -eu
BUILD=${BUILD:-build/san} RUNS=${RUNS:-8}
[ "$(id -u)" -eq 0 ] || { echo "needs root: a filesystem of its own"; exit 77; }
tmp=$(mktemp -d)
writer=
cleanup() {
	[ -z "$writer" ] || kill -9 "$writer" 2>/dev/null || true
	umount "$tmp/disk" 2>/dev/null || true
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
RANDOM=${SEED:-$$}
echo "seed $RANDOM"
mkdir "$tmp/disk"

# saw TEXT: the writer has said so; waits for it.
saw() {
	local tries=0
	until grep -q "^$1" "$tmp/acks" 2>/dev/null; do
		tries=$((tries + 1))
		[ "$tries" -lt 6000 ] || { echo "run $run: the writer does not say '$1'"; exit 1; }
		sleep 0.01
	done
}

run=0 lost=0 acknowledged=0
while [ "$run" -lt "$RUNS" ]; do
	run=$((run + 1))
	rm -f "$tmp/acks"
	mount -t tmpfs -o "size=$((3200 + RANDOM % 3000))k,mode=700" tmpfs "$tmp/disk" ||
		{ echo "cannot mount a tmpfs"; exit 77; }
	"$BUILD/tools/audit_writer" write "$tmp/disk/trail" "$tmp/acks" &
	writer=$!
	saw failing
	# Half of the runs wait until records have been given up; in some the writer is killed while it is full.
	[ $((RANDOM % 2)) -eq 0 ] || saw lost
	if [ $((RANDOM % 4)) -eq 0 ]; then
		kill -9 "$writer"
		wait "$writer" 2>/dev/null || true
		mount -o remount,size=64m "$tmp/disk"
		"$BUILD/tools/audit_writer" write "$tmp/disk/trail" "$tmp/acks" 10
	else
		mount -o remount,size=64m "$tmp/disk"
		until [ "$(grep -E '^(failing|writing)' "$tmp/acks" | tail -n 1)" = writing ]; do
			sleep 0.01
		done
		kill -TERM "$writer"
		wait "$writer" || { echo "run $run: the writer failed"; exit 1; }
		gave_up=$(grep -c '^lost' "$tmp/acks" || true)
		lost=$((lost + gave_up))
	fi
	writer=
	"$BUILD/tools/audit_writer" check "$tmp/disk/trail" "$tmp/acks" >"$tmp/out" 2>&1 ||
		{ echo "run $run:"; cat "$tmp/out"; exit 1; }
	if [ -n "${gave_up:-}" ] && ! grep -q " $gave_up lost, $gave_up of them on record" "$tmp/out"; then
		echo "run $run: not all that was lost is on record:"
		cat "$tmp/out"
		exit 1
	fi
	gave_up=
	acknowledged=$((acknowledged + $(grep -c '^ack' "$tmp/acks")))
	umount "$tmp/disk"
done
echo "$RUNS runs, $acknowledged records acknowledged, $lost given up and on record, no false alarm"
