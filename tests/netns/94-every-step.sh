#!/bin/bash
# gwd dies at every single step of applying, confirming and undoing a change. Whatever step it was, the
# kernel holds the old rules or the new ones; new ones are never there without their deadline on disk;
# and the gwd that is started next finishes what the one before it has begun.
#
#	STRIDE=1 tests/netns/94-every-step.sh        every step; otherwise every few, others each time
set -eu
. tests/support/lab.sh
STRIDE=${STRIDE:-11}
lab_up
. tests/support/agent.sh
for name in old new; do
	lab_site "$name" <<-END
	policies:
	  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
	  - {id: $name, from: wan, to: dmz, services: [tcp/443], action: accept, $LAB_DUTY}
	gateway: [{id: ssh, from: mgmt, services: [tcp/22], action: accept, $LAB_DUTY}]
	change: {keep: 10}
	END
done
old=$LAB_TMP/old new=$LAB_TMP/new pending=$LAB_TMP/state/pending.json

failed() {
	echo "$task, killed at step $step ($verdict): $1"
	tail -n 20 "$LAB_TMP/gwd.log"
	exit 1
}
holds() { # old|new: exactly these rules, and all that belongs to them
	agent_ctl -C "$LAB_TMP/$1" plan >"$LAB_TMP/plan" 2>&1
}

# die_at STEP COMMAND...: gwctl while gwd dies at a step of it. $status, $verdict.
die_at() {
	rm -f "$LAB_TMP/killat"
	ip netns exec "$LAB-gw" "$BUILD/tools/killat" "$AGENT" "$1" >"$LAB_TMP/killat" 2>&1 &
	local tracer=$!
	shift
	agent_until 10 test -s "$LAB_TMP/killat" || { echo "killat does not answer"; exit 1; }
	grep -q ready "$LAB_TMP/killat" || { echo "needs ptrace: $(cat "$LAB_TMP/killat")"; exit 77; }
	status=0
	agent_ctl "$@" >"$LAB_TMP/out" 2>&1 || status=$?
	kill -TERM "$tracer" 2>/dev/null || true
	wait "$tracer" || true
	verdict=$(tail -n 1 "$LAB_TMP/killat")
	case $verdict in
	killed*)
		wait "$AGENT" 2>/dev/null || true
		[ "$status" -ne 0 ] || acknowledged=$((acknowledged + 1))
		;;
	*) [ "$status" -eq 0 ] || failed "refused: $(cat "$LAB_TMP/out")" ;;
	esac
}

# Whatever the kernel held at the death is what some stored revision says, and stays known.
known() {
	"$BUILD/tools/rules" stored "$LAB_TMP"/state/revisions/0*/compiled >"$LAB_TMP/known" 2>&1
	grep -qxF "$1" "$LAB_TMP/known"
}

# After a death while $new was being applied.
check_apply() {
	local at_death
	at_death=$(agent_rules)
	if [ "$at_death" != "$before" ] && [ ! -e "$pending" ]; then
		failed "the new rules are in the kernel without a deadline"
	fi
	agent_start
	known "$at_death" || failed "the kernel had rules of no revision: $at_death"
	if [ -e "$pending" ]; then
		holds new || failed "a change waits that the kernel does not hold"
		agent_ctl abort >"$LAB_TMP/out" 2>&1 || failed "$(cat "$LAB_TMP/out")"
	elif [ "$status" -eq 0 ]; then
		failed "an acknowledged change does not wait"
	fi
	holds old || failed "not the old rules: $(cat "$LAB_TMP/plan")"
}

# After a death while the change was being undone.
check_abort() {
	local at_death
	at_death=$(agent_rules)
	if [ "$at_death" = "$before" ] && [ ! -e "$pending" ]; then
		failed "the new rules are in the kernel without a deadline"
	fi
	agent_start
	known "$at_death" || failed "the kernel had rules of no revision: $at_death"
	if [ -e "$pending" ]; then
		[ "$status" -ne 0 ] || failed "it waits still, after it was undone"
		holds new || failed "a change waits that the kernel does not hold"
		agent_ctl abort >"$LAB_TMP/out" 2>&1 || failed "$(cat "$LAB_TMP/out")"
	fi
	holds old || failed "not the old rules: $(cat "$LAB_TMP/plan")"
}

# After a death while it was being confirmed.
check_confirm() {
	[ "$(agent_rules)" = "$before" ] || failed "confirming changed the kernel"
	agent_start
	if [ -e "$pending" ] && [ "$status" -eq 0 ]; then
		failed "it waits still, after it was confirmed"
	fi
	holds new || failed "not the new rules: $(cat "$LAB_TMP/plan")"
	[ ! -e "$pending" ] || agent_ctl confirm >"$LAB_TMP/out" 2>&1 || failed "$(cat "$LAB_TMP/out")"
	agent_ctl -C "$old" apply --confirm 0 >"$LAB_TMP/out" 2>&1 || failed "$(cat "$LAB_TMP/out")"
}

# run_task NAME STRIDE: until a step is beyond its end.
run_task() {
	task=$1 deaths=0 acknowledged=0
	for ((step = 1 + RANDOM % $2; ; step += $2)); do
		verdict=preparing
		[ "$task" = apply ] || agent_ctl -C "$new" apply --confirm 300s >"$LAB_TMP/out" 2>&1 ||
			failed "$(cat "$LAB_TMP/out")"
		before=$(agent_rules)
		case $task in
		apply) die_at "$step" -C "$new" apply --confirm 300s ;;
		*) die_at "$step" "$task" ;;
		esac
		case $verdict in
		killed*)
			deaths=$((deaths + 1))
			"check_$task"
			;;
		*) break ;;
		esac
	done
	echo "$task: died $deaths times in $verdict, $acknowledged times after it was acknowledged"
	if [ "$deaths" -lt 2 ]; then
		failed "too few"
	fi
	case $task in
	apply) agent_ctl abort >"$LAB_TMP/out" ;;
	confirm) agent_ctl -C "$old" apply --confirm 0 >"$LAB_TMP/out" ;;
	esac
	holds old || failed "not the old rules at the end"
}

agent_start
lab_status 0 agent_ctl -C "$old" apply --confirm 0
run_task apply "$STRIDE"
run_task abort "$STRIDE"
run_task confirm 1
agent_stop
