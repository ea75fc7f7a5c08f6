#!/bin/bash
# Applies at the same time: one waits or is told who holds the lock; the kernel never holds a mixture,
# and history and kernel agree afterwards.
set -eu
. tests/support/lab.sh
lab_up
for name in a b c d; do
	lab_site "$name" <<-END
	policies:
	  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
	  - {id: only-$name, from: wan, to: dmz, services: [tcp/1000-2000], action: accept, $LAB_DUTY}
	END
done
lab_status 0 lab_gwctl -C "$LAB_TMP/a" apply
for ((round = 0; round < 10; round++)); do
	declare -A process=()
	for name in a b c d; do
		lab_gwctl -C "$LAB_TMP/$name" apply >"$LAB_TMP/out-$name" 2>&1 &
		process[$name]=$!
	done
	succeeded=0
	for name in a b c d; do
		status=0
		wait "${process[$name]}" || status=$?
		case $status in
		0) succeeded=$((succeeded + 1)) ;;
		1 | 4) grep -q 'GW[0-9]' "$LAB_TMP/out-$name" || { echo "failed without a diagnostic:"; cat "$LAB_TMP/out-$name"; exit 1; } ;;
		*) echo "exit status $status"; cat "$LAB_TMP/out-$name"; exit 1 ;;
		esac
	done
	[ "$succeeded" -gt 0 ] || { echo "nobody succeeded"; cat "$LAB_TMP"/out-*; exit 1; }
	same=0
	for name in a b c d; do
		if lab_gwctl -C "$LAB_TMP/$name" plan >/dev/null 2>&1; then
			same=$((same + 1))
		fi
	done
	[ "$same" -eq 1 ] || { echo "round $round: the kernel equals $same of the four sites"; exit 1; }
	lab_status 0 lab_gwctl -C "$LAB_TMP/a" drift
done
