#!/bin/bash
# The lab removes itself, also when it is interrupted: namespaces, processes and files.
set -eu
. tests/support/lab.sh
[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
for signal in INT TERM HUP none; do
	name=gwleft$$$signal
	# In a process group of its own, as on a terminal, where all of them get the signal; a shell's
	# background jobs ignore SIGINT otherwise.
	LAB=$name env --default-signal=INT setsid bash -c '
		set -eu
		. tests/support/lab.sh
		lab_up
		lab_serve dmz tcp/80
		echo "$LAB_TMP" >"$0"
		[ '$signal' = none ] || sleep 30
	' "$here/tmp-$signal" >"$here/out" 2>&1 &
	process=$!
	until [ -s "$here/tmp-$signal" ]; do
		kill -0 "$process" 2>/dev/null || { cat "$here/out"; exit 1; }
		sleep 0.05
	done
	[ "$signal" = none ] || kill "-$signal" -- "-$process"
	wait "$process" || true
	if ip netns list | grep "^$name-"; then
		echo "after $signal: namespaces are left"
		exit 1
	fi
	[ ! -e "$(cat "$here/tmp-$signal")" ] || { echo "after $signal: files are left"; exit 1; }
done
