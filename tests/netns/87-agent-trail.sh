#!/bin/bash
# What the agent does is in the audit trail, durable and sealed: through restarts, through kill -9 and
# through a change of hands on the disk.
set -eu
. tests/support/lab.sh
lab_up
. tests/support/agent.sh
says() {
	grep -qF -- "$1" "$LAB_TMP/out" || { echo "not said: $1"; cat "$LAB_TMP/out"; exit 1; }
}
lab_site one <<END
policies: [{id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}]
change: {confirm: 0s}
END
lab_site two <<END
policies: [{id: web, from: hq, to: dmz, services: [tcp/443], action: accept, $LAB_DUTY}]
change: {confirm: 0s}
END
audit() {
	lab_in gw env GW_STATE_DIR="$LAB_TMP/state" "$BUILD/gwctl" audit "$@"
}

agent_start
lab_status 0 agent_ctl -C "$LAB_TMP/one" apply -m first
# Acknowledged, so on record already.
lab_status 0 audit search -e change.applied
says "change.applied  ok"
lab_status 0 audit key
cp "$LAB_TMP/out" "$LAB_TMP/first.key"
grep -q '^gw/lab/audit/keys+' "$LAB_TMP/first.key" || { echo "no key of the site"; exit 1; }
lab_status 0 audit verify --key "$LAB_TMP/first.key"
says "everything is as it was signed"

for round in 1 2 3; do
	if [ "$round" -eq 2 ]; then agent_kill; else agent_stop; fi
	lab_status 0 audit verify --key "$LAB_TMP/first.key"
	agent_start
	lab_status 0 agent_ctl -C "$LAB_TMP/$([ $((round % 2)) -eq 1 ] && echo two || echo one)" apply
done
agent_stop
lab_status 0 audit verify --key "$LAB_TMP/first.key"
lab_status 0 audit export --as csv -c change
[ "$(grep -c '"change.applied"' "$LAB_TMP/out")" -eq 4 ] || { echo "not four changes:"; cat "$LAB_TMP/out"; exit 1; }
lab_status 0 audit key --all
[ "$(wc -l <"$LAB_TMP/out")" -ge 4 ] || { echo "keys were not changed with each start"; exit 1; }
# A letter changed in the log of changes.
sed -i 's/change.applied/change.Applied/' "$LAB_TMP"/state/audit/change/0*.log
lab_status 2 audit verify --key "$LAB_TMP/first.key"
says "class change"
echo "4 changes on record, sealed by several keys, verified after each stop"
