#!/bin/bash
# kill -9 at any moment of an apply leaves the kernel with the old or the new ruleset, never a part
# of one, and the next apply works.
set -eu
. tests/support/lab.sh
KILLS=${KILLS:-30}
lab_up
lab_serve dmz tcp/80
many() { # id prefix, port: enough policies that a kill meets every stage
	local i
	echo "policies:"
	echo "  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}"
	for ((i = 1; i <= 500; i++)); do
		echo "  - {id: $1-$i, from: wan, to: dmz, dest: [203.0.113.$((i % 16))], services: [tcp/$(($2 + i))], action: accept, $LAB_DUTY}"
	done
}
many a 1000 | lab_site a
many b 9000 | lab_site b
lab_status 0 lab_gwctl -C "$LAB_TMP/a" apply
lab_hold "$LAB_TMP/flow" hq -d 300 203.0.113.6 tcp/80
flow=$!

# holds SITE: the kernel holds exactly this site's ruleset: nothing to do.
holds() {
	lab_gwctl -C "$LAB_TMP/$1" plan >"$LAB_TMP/plan" 2>&1
}
old=0 new=0
for ((i = 0; i < KILLS; i++)); do
	GW_STATE_DIR=$LAB_TMP/state ip netns exec "$LAB-gw" "$BUILD/gwctl" -C "$LAB_TMP/b" apply >/dev/null 2>&1 &
	victim=$!
	sleep "0.$(printf '%03d' $((i * 400 / KILLS)))"
	kill -9 "$victim" 2>/dev/null || true
	wait "$victim" 2>/dev/null || true
	if holds b; then
		new=$((new + 1))
	elif holds a; then
		old=$((old + 1))
	elif sleep 2.5 && holds b; then
		# Killed beside the change itself: the numbers that were written down for a moment
		# have ended by themselves.
		new=$((new + 1))
	elif holds a; then
		old=$((old + 1))
	else
		echo "after kill $i the kernel holds neither the old nor the new ruleset"
		cat "$LAB_TMP/plan"
		exit 1
	fi
	lab_status 0 lab_gwctl -C "$LAB_TMP/b" apply
	lab_status 0 lab_gwctl -C "$LAB_TMP/a" apply
done
lab_expect held "a connection that both permit" "$(lab_held "$LAB_TMP/flow" $flow)"
echo "$KILLS kills: $old times the old ruleset, $new times the new one"
