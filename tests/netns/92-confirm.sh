#!/bin/bash
# Apply with confirm through the agent: what waits is undone in time, loudly, or kept by `confirm`; the
# first change of all falls back to lockdown.
set -eu
. tests/support/lab.sh
lab_up
. tests/support/agent.sh
says() {
	grep -qF -- "$1" "$LAB_TMP/out" || { echo "not said: $1"; cat "$LAB_TMP/out"; exit 1; }
}
lab_serve dmz tcp/80 tcp/443
lab_serve gw tcp/22
lab_site one <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
gateway:
  - {id: ssh, from: mgmt, services: [tcp/22], action: accept, $LAB_DUTY}
change: {confirm: 300s}
END
lab_site two <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80, tcp/443], action: accept, $LAB_DUTY}
change: {confirm: 300s}
END
one=$LAB_TMP/one two=$LAB_TMP/two

ssh_works() {
	[[ $(lab_try mgmt -t 300 10.99.0.1 tcp/22) == answered* ]]
}

# holds SITE: the kernel holds exactly its rules.
holds() {
	agent_ctl -C "$LAB_TMP/$1" plan >"$LAB_TMP/plan" 2>&1
}

# ---- the first change of all --------------------------------------------------------------------
agent_start
lab_status 1 agent_ctl confirm
says "no change waits"
lab_status 0 agent_ctl -C "$one" apply --confirm 1s -m "the first"
says "applied revision 1"
says "unless it is confirmed"
lab_expect answered "the first change" "$(lab_try hq 203.0.113.6 tcp/80)"
agent_until 20 grep -q '"event":"change.rolled-back"' "$LAB_TMP/gwd.log" ||
	{ echo "the first change was not undone"; cat "$LAB_TMP/gwd.log"; exit 1; }
lab_expect silent "lockdown" "$(lab_try hq -t 200 203.0.113.6 tcp/80)"
ssh_works || { echo "lockdown keeps the managers out"; exit 1; }

# ---- kept by confirming -------------------------------------------------------------------------
lab_status 0 agent_ctl -C "$one" apply --confirm 60s
lab_status 0 agent_ctl status
says "waits to be confirmed"
# Meanwhile nobody else changes anything.
lab_status 4 agent_ctl -C "$two" apply
says "waits to be confirmed"
lab_status 4 agent_ctl rollback 1
lab_status 4 agent_ctl confirm 1
lab_status 0 agent_ctl confirm
says "is confirmed"
lab_status 1 agent_ctl confirm
lab_status 1 agent_ctl abort
ssh_works || { echo "the confirmed change does not hold"; exit 1; }
lab_status 0 agent_ctl -C "$one" apply
says "nothing to change"
holds one || { cat "$LAB_TMP/plan"; exit 1; }

# ---- taken back ---------------------------------------------------------------------------------
lab_status 0 agent_ctl -C "$two" apply --ticket CHG-7
ssh_works && { echo "the second site lets the managers in"; exit 1; }
lab_status 0 agent_ctl abort
says "is undone"
holds one || { echo "abort left other rules"; exit 1; }
ssh_works || { echo "not reachable after abort"; exit 1; }

# ---- whoever waits learns how it ended ----------------------------------------------------------
lab_status 5 agent_ctl -C "$two" apply --confirm 1s --wait
says "GW1045"
holds one || { echo "not undone when --wait said so"; exit 1; }
agent_ctl -C "$two" apply --confirm 100s --wait >"$LAB_TMP/waiting" 2>&1 &
waiting=$!
agent_until 20 grep -q applied "$LAB_TMP/waiting" || { cat "$LAB_TMP/waiting"; exit 1; }
lab_status 0 agent_ctl confirm
wait "$waiting" || { echo "exit status $? of a confirmed change"; cat "$LAB_TMP/waiting"; exit 1; }
grep -q "is confirmed" "$LAB_TMP/waiting" || { cat "$LAB_TMP/waiting"; exit 1; }

# ---- without confirming; rollback; history ------------------------------------------------------
lab_status 0 agent_ctl -C "$one" apply --confirm 0 --ticket CHG-8
lab_status 1 agent_ctl confirm
holds one || { echo "the same site has other rules now"; exit 1; }
lab_status 0 agent_ctl rollback --confirm 0
lab_expect answered "after rollback" "$(lab_try hq 203.0.113.6 tcp/443)"
lab_status 0 agent_ctl rollback
says "unless it is confirmed"
lab_status 0 agent_ctl abort
lab_status 0 agent_ctl history
says CHG-8
lab_status 64 agent_ctl -C "$one" apply --confirm soon
lab_status 64 agent_ctl -C "$one" apply --confirm 25h

# A boot that undoes a change keeps as many revisions as the config says.
sed -i 's/confirm: 300s/confirm: 300s, keep: 2/' "$one/gw.yaml"
for note in a b; do # the larger number of old and new counts
	lab_status 0 agent_ctl -C "$one" apply --confirm 0 -m "$note"
	sed -i 's/site: {name: lab}/site: {name: lab-2}/' "$one/gw.yaml"
done
[ "$(agent_ctl history | wc -l)" -eq 2 ] || { echo "not two revisions:"; agent_ctl history; exit 1; }
sed 's/keep: 2/keep: 1000/' "$one/gw.yaml" | sed 's/tcp\/22/tcp\/23/' >"$two/gw.yaml"
lab_status 0 agent_ctl -C "$two" apply --confirm 300s
agent_reboot
agent_start
holds one || { echo "not undone by the boot"; cat "$LAB_TMP/plan"; exit 1; }
ssh_works || { echo "not reachable after the boot"; exit 1; }
[ "$(agent_ctl history | wc -l)" -eq 4 ] || { echo "not four revisions:"; agent_ctl history; exit 1; }

# ---- one agent, and nobody beside it ------------------------------------------------------------
status=0
(agent_exec) >"$LAB_TMP/second" 2>&1 || status=$?
[ "$status" -eq 4 ] || { echo "a second gwd ended with $status"; cat "$LAB_TMP/second"; exit 1; }
grep -q GW0902 "$LAB_TMP/second" || { cat "$LAB_TMP/second"; exit 1; }
lab_status 4 env GW_STANDALONE=1 GW_STATE_DIR="$LAB_TMP/state" GW_RUN_DIR="$AGENT_RUN" \
	ip netns exec "$LAB-gw" "$BUILD/gwctl" -C "$one" apply
lab_status 1 env -u GW_STATE_DIR GW_RUN_DIR="$AGENT_RUN" ip netns exec "$LAB-gw" \
	setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/gwctl" -C "$one" apply
says GW1040
agent_stop
agent_ctl -C "$one" apply >"$LAB_TMP/out" 2>&1 || { cat "$LAB_TMP/out"; exit 1; }
