#!/bin/bash
# What happens to the keys of zones is in the audit trail: told to gwd as it happens, or, where gwd did not run
# then, with the next command that finds it running. None is told twice.
set -eu
. tests/support/lab.sh
lab_up
. tests/support/agent.sh
(umask 077; echo 'correct horse battery staple' >"$LAB_TMP/secret")
lab_site one <<END
policies: [{id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}]
change: {confirm: 0s}
dns:
  keys: {secret: $LAB_TMP/secret}
  zones: {example.go.jp: {file: z, owner: dns-team, review: 2099-12-31}}
END
zone() {
	agent_ctl -C "$LAB_TMP/one" zone "$@"
}
# recorded EVENT COUNT
recorded() {
	# Nothing found is a status of its own.
	lab_status $(($2 ? 0 : 2)) lab_in gw env GW_STATE_DIR="$LAB_TMP/state" "$BUILD/gwctl" audit search -e "$1"
	[ "$(grep -c 'example.go.jp' "$LAB_TMP/out")" -eq "$2" ] ||
		{ echo "not $2 records of $1:"; cat "$LAB_TMP/out"; exit 1; }
}

agent_start
lab_status 0 agent_ctl -C "$LAB_TMP/one" apply -m first
lab_status 0 zone keys --make example.go.jp -m CHG-7
! grep -q 'was not told' "$LAB_TMP/out" || { echo "gwd runs, and was not told"; exit 1; }
recorded zone.key.generated 2
recorded zone.key.introduced 2
agent_stop

zsk=$(zone keys --json | python3 -c '
import json, sys
print([k["key"] for k in json.load(sys.stdin)["zones"][0]["keys"] if k["role"] == "zsk"][0])')
lab_status 0 zone compromise example.go.jp "$zsk" -m INC-7
grep -q 'was not told' "$LAB_TMP/out" || { echo "it is not said that gwd does not run"; exit 1; }
agent_start
recorded zone.key.compromised 0
# Refused: it has its successor. What waited is told all the same.
lab_status 4 zone roll example.go.jp "$zsk"
recorded zone.key.compromised 1
recorded zone.key.generated 3
lab_status 4 zone roll example.go.jp "$zsk"
recorded zone.key.generated 3
agent_stop
echo "keys' lives are on record, each step once"
