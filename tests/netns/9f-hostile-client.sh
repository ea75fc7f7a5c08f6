#!/bin/bash
# An operator's account in wrong hands cannot keep others from the agent: wrong messages, attachments, a
# thousand connections, and clients that never read, stopped ones too. What asks meanwhile is answered,
# and the agent's memory stays within bounds.
set -eu
. tests/support/lab.sh
lab_up
. tests/support/agent.sh
GROUP=64999 USER=65534
lab_site site <<END
policies: [{id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}]
END
chmod 755 "$LAB_TMP"
{
	cat /etc/group
	echo "gw:x:$GROUP:"
} >"$LAB_TMP/group"
AGENT_GROUP=$GROUP
# Memory that was given back counts, not what the sanitizer keeps of it.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1:thread_local_quarantine_size_kb=64
ulimit -n 4096
cp "$BUILD/tools/hostile" "$LAB_TMP/hostile"
agent_start
lab_status 0 agent_ctl -C "$LAB_TMP/site" apply --confirm 0
pids=
end_all() {
	local pid
	for pid in $pids; do
		kill -CONT "$pid" 2>/dev/null || true
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	pids=
}
trap 'status=$?; end_all; lab_end "$status"' EXIT
failed() {
	echo "$1"
	tail -n 20 "$LAB_TMP/gwd.log"
	exit 1
}
hostile() { # becomes it; in a subshell
	exec ip netns exec "$LAB-gw" setpriv --reuid $USER --regid $GROUP --clear-groups \
		"$LAB_TMP/hostile" "$AGENT_RUN/control" "$@"
}
launch() { # OUTPUT MODE N
	local out=$LAB_TMP/$1
	shift
	(hostile "$@") >"$out" 2>&1 &
	pids="$pids $!"
	agent_until 60 test -s "$out" || failed "$*: it does not get on"
	echo "$*: $(cat "$out")"
}
rss_kb() {
	awk '/^VmRSS/ { print $2 }' "/proc/$AGENT/status"
}
# What others ask is answered, and what they change is made.
answered() { # WHEN
	local start=${EPOCHREALTIME/./}
	timeout 60 ip netns exec "$LAB-gw" "$BUILD/tools/ask" "$AGENT_RUN/control" status >"$LAB_TMP/out" ||
		failed "$1: not answered: $(cat "$LAB_TMP/out")"
	lab_status 0 agent_ctl ban 192.0.2.66 -m "$1"
	lab_status 0 agent_ctl unban 192.0.2.66
	echo "$1: three requests of somebody else took $(((${EPOCHREALTIME/./} - start) / 1000)) ms, $(rss_kb) KiB resident"
}

answered "before"
(hostile wrong) || failed "a wrong message was not refused"
(hostile files) || failed "an attachment was not refused"
answered "after wrong messages"
before=$(rss_kb)

launch crowd crowd 1000
grep -q " 64 are in$" "$LAB_TMP/crowd" || failed "not as many as one user may have"
answered "with a thousand connections"
end_all

launch deaf deaf 60
answered "with 60 that never read"
for pid in $pids; do
	kill -STOP "$pid"
done
answered "with 60 that are stopped"
grown=$(($(rss_kb) - before))
[ "$grown" -lt 65536 ] || failed "$grown KiB more than before"
end_all
# Their places are free again.
launch again crowd 80
grep -q " 64 are in$" "$LAB_TMP/again" || failed "places of those who have gone are not given back"
end_all
agent_stop
