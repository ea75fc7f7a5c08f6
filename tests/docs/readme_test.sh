#!/bin/bash
# Runs every ```sh block of the README, in order, as a reader would: on the gateway of a lab with a
# copy of the example in /etc/gw's place. The block with the two make commands is run apart: `make
# demo` here, `make check` not, since this is a part of it.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/lab.sh
lab_up
lab_serve wan tcp/80 udp/53
lab_serve dmz tcp/25 tcp/443

# One file for each block, and the line that it begins at.
awk -v dir="$LAB_TMP" '
/^```sh$/ { n++; file = sprintf("%s/block-%02d", dir, n); print NR + 1 > (file ".line"); on = 1; next }
/^```/ { on = 0 }
on { print > file }' README.md

cp -r configs/example "$LAB_TMP/site"
BUILD=$(realpath "$BUILD")
export GW_STATE_DIR=$LAB_TMP/state
count=0
for block in "$LAB_TMP"/block-[0-9][0-9]; do
	at="README.md:$(cat "$block.line")"
	if grep -q '^make ' "$block"; then
		# The goals exist and would do something; running them is this very test's caller.
		for goal in $(sed -n 's/^make \([a-z-]*\).*/\1/p' "$block"); do
			make -n "$goal" >/dev/null || { echo "$at: make $goal does not exist"; exit 1; }
		done
		continue
	fi
	count=$((count + 1))
	# A command may say by a comment at its end which exit status it has: "# exit 2".
	while IFS= read -r line; do
		want=$(printf '%s\n' "$line" | sed -n 's/.*# exit \([0-9]*\)$/\1/p')
		status=0
		(cd "$LAB_TMP/site" && PATH=$BUILD:$PATH ip netns exec "$LAB-gw" bash -c "$line") \
			>"$LAB_TMP/out" 2>&1 || status=$?
		if [ "$status" -ne "${want:-0}" ]; then
			echo "$at: exit status $status, not ${want:-0}: $line"
			cat "$LAB_TMP/out"
			exit 1
		fi
	done <"$block"
done
[ "$count" -gt 0 ] || { echo "no blocks found"; exit 1; }
echo "$count blocks"
