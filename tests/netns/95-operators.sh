#!/bin/bash
# Who may do what through the agent: operators of the group gw everything without any privilege of their
# own, others nothing; and what the agent does without privileges, or with a full disk.
set -eu
. tests/support/lab.sh
lab_up
. tests/support/agent.sh
GROUP=64999 USER=65534
says() {
	grep -qF -- "$1" "$LAB_TMP/out" || { echo "not said: $1"; cat "$LAB_TMP/out"; exit 1; }
}
ssh_works() {
	[[ $(lab_try mgmt -t 300 10.99.0.1 tcp/22) == answered* ]]
}
lab_serve gw tcp/22
lab_serve dmz tcp/80
for name in one two; do
	lab_site $name <<-END
	policies: [{id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}]
	gateway: [{id: ssh, from: mgmt, services: [tcp/22], action: accept, $LAB_DUTY}]
	change: {confirm: 300s}
	END
done
sed -i '/gateway:/d; s/tcp\/80/tcp\/443/' "$LAB_TMP/two/gw.yaml"
one=$LAB_TMP/one two=$LAB_TMP/two
chmod 755 "$LAB_TMP"

# The group exists for the agent alone: its /etc/group is another than the machine's.
{
	cat /etc/group
	echo "gw:x:$GROUP:"
} >"$LAB_TMP/group"
AGENT_GROUP=$GROUP
agent_start
as() { # gid, arguments of gwctl
	local gid=$1
	shift
	GW_STATE_DIR=$LAB_TMP/state GW_RUN_DIR=$AGENT_RUN lab_in gw setpriv --reuid $USER --regid "$gid" \
		--clear-groups --bounding-set -all --inh-caps -all "$BUILD/gwctl" "$@"
}

# ---- an operator --------------------------------------------------------------------------------
lab_status 0 as $GROUP -C "$one" apply -m "by an operator"
says "unless it is confirmed"
lab_status 0 as $GROUP status
says "waits to be confirmed"
lab_status 0 as $GROUP confirm
lab_expect answered "applied" "$(lab_try hq 203.0.113.6 tcp/80)"
lab_status 0 as $GROUP -C "$one" plan
lab_status 2 as $GROUP -C "$two" plan
says "Connections: "
lab_status 0 as $GROUP status
says "no drift"
lab_status 0 as $GROUP drift
lab_status 0 as $GROUP counters
grep -q "^web *accept *[1-9]" "$LAB_TMP/out" || { echo "no packets counted"; cat "$LAB_TMP/out"; exit 1; }
lab_status 0 as $GROUP drops
lab_status 0 as $GROUP history
says "by an operator"
lab_status 0 as $GROUP -C "$two" apply
lab_status 0 as $GROUP abort
lab_status 0 as $GROUP -C "$two" apply --confirm 0
lab_status 0 as $GROUP rollback
lab_status 0 as $GROUP confirm
ssh_works || { echo "the rollback does not hold"; exit 1; }

# ---- somebody else ------------------------------------------------------------------------------
for command in "confirm" "abort" "-C $two apply" "rollback 1"; do
	# shellcheck disable=SC2086  # a command and its arguments
	lab_status 1 as $USER $command
	says GW1040
done
ssh_works || { echo "a stranger changed something"; exit 1; }

# ---- without privileges -------------------------------------------------------------------------
agent_stop
status=0
lab_in gw setpriv --reuid $USER --regid $USER --clear-groups "$BUILD/gwd" --state "$LAB_TMP/state" \
	--run "$AGENT_RUN" >"$LAB_TMP/out" 2>&1 || status=$?
[ "$status" -eq 1 ] || { echo "gwd without privileges ended with $status"; cat "$LAB_TMP/out"; exit 1; }
says GW09
ssh_works || { echo "the kernel was changed"; exit 1; }
lab_in gw "$BUILD/gwd" --version | grep -q '^gwd ' || { echo "no version"; exit 1; }
lab_in gw "$BUILD/gwd" --help | grep -q -- --boot || { echo "no help"; exit 1; }
lab_status 64 lab_in gw "$BUILD/gwd" --nonsense

# ---- a full disk --------------------------------------------------------------------------------
AGENT_STATE=$LAB_TMP/small
mkdir "$AGENT_STATE"
mount -t tmpfs -o size=4m,mode=700 tmpfs "$AGENT_STATE"
trap 'status=$?; umount "$LAB_TMP/small" 2>/dev/null || umount -l "$LAB_TMP/small"; lab_end "$status"' EXIT
fill() {
	dd if=/dev/zero of="$AGENT_STATE/filler" bs=1k 2>/dev/null || true
}
agent_start
lab_status 0 agent_ctl -C "$one" apply --confirm 0
fill
lab_status 1 agent_ctl -C "$two" apply
says GW0903
ssh_works || { echo "a change that could not be noted was made"; exit 1; }
rm "$AGENT_STATE/filler"
# Full while a change waits: it is undone all the same, and noted when there is room again.
lab_status 0 agent_ctl -C "$two" apply --confirm 2s
ssh_works && { echo "the second site lets the managers in"; exit 1; }
fill
agent_until 20 ssh_works || { echo "not undone on a full disk"; tail -n 20 "$LAB_TMP/gwd.log"; exit 1; }
rm "$AGENT_STATE/filler"
noted() {
	[ ! -e "$AGENT_STATE/pending.json" ]
}
agent_until 20 noted || { echo "not noted when there was room"; tail -n 20 "$LAB_TMP/gwd.log"; exit 1; }
lab_status 0 agent_ctl -C "$one" plan
lab_status 0 agent_ctl -C "$two" apply --confirm 300s
lab_status 0 agent_ctl abort
agent_stop
