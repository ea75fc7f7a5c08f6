#!/bin/bash
# The agent, confined as it is, forwards its trail to the collector that the config names: records and
# checkpoints, also after the collector was away, and a collector can hold them against the gateway.
set -eu
. tests/support/lab.sh
lab_up
. tests/support/agent.sh
RSYSLOG_NS=$LAB-gw RSYSLOG_DIR=$LAB_TMP/collector
. tests/support/rsyslog.sh
mkdir "$RSYSLOG_DIR"
rsyslog_prepare
# Where the agent may read.
mkdir -p "$LAB_TMP/state"
cp "$RSYSLOG_DIR/ca.pem" "$LAB_TMP/state/ca.pem"
for site in one two; do
	lab_site "$site" <<END
policies: [{id: web, from: hq, to: dmz, services: [tcp/$([ "$site" = one ] && echo 80 || echo 443)], action: accept, $LAB_DUTY}]
change: {confirm: 0s}
audit: {checkpoint: 1s, forward: {host: 127.0.0.1, port: 6514, ca: $LAB_TMP/state/ca.pem, name: logs.example}}
END
done
audit() {
	lab_in gw env GW_STATE_DIR="$LAB_TMP/state" "$BUILD/gwctl" audit "$@"
}
# collected COUNT: so many changes have come to the collector.
collected() {
	[ -e "$RSYSLOG_DIR/received" ] &&
		[ "$(grep '"event":"change.applied"' "$RSYSLOG_DIR/received" | sort -u | wc -l)" -ge "$1" ]
}
not_collected() {
	echo "the collector lacks $1:"
	cat "$RSYSLOG_DIR/received" "$LAB_TMP/gwd.log" | tail -n 20
	exit 1
}

rsyslog_start
agent_start
lab_status 0 agent_ctl -C "$LAB_TMP/one" apply
audit key >"$LAB_TMP/first.key"
agent_until 20 collected 1 || not_collected "the first change"
rsyslog_stop
lab_status 0 agent_ctl -C "$LAB_TMP/two" apply
# That it is away, with how much waits for it, and that it is back again are on record.
recorded() {
	audit search --json -e "audit.collector-$1" >"$LAB_TMP/found" && grep -q '"waiting": *[1-9]' "$LAB_TMP/found"
}
agent_until 30 recorded lost || { cat "$LAB_TMP/found"; not_collected "away, and nobody was told"; }
rsyslog_start
agent_until 30 recorded back || { cat "$LAB_TMP/found"; not_collected "back, and nobody was told"; }
agent_until 60 collected 2 || not_collected "the change made while it was away"

# A checkpoint that covers both changes, as the collector has it.
covers() {
	grep '"schema":"gw.audit.checkpoint/1","class":"change"' "$RSYSLOG_DIR/received" | tail -n 1 |
		sed 's/.*"note":"//; s/\\n"}$//; s/\\n/\n/g' >"$LAB_TMP/held.note"
	[ -s "$LAB_TMP/held.note" ] && [ "$(sed -n 2p "$LAB_TMP/held.note")" -ge 2 ]
}
agent_until 60 covers || not_collected "a checkpoint of both changes"
agent_stop
rsyslog_stop
lab_status 0 audit verify --key "$LAB_TMP/first.key" --checkpoint "$LAB_TMP/held.note"
# The last change is cut off, with all that was signed of it on the gateway.
sed -i '/"subject":"revision 2"/d' "$LAB_TMP"/state/audit/change/0*.log
rm "$LAB_TMP"/state/audit/change/checkpoint*
lab_status 2 audit verify --key "$LAB_TMP/first.key" --checkpoint "$LAB_TMP/held.note"
grep -q GW1235 "$LAB_TMP/out" || { cat "$LAB_TMP/out"; exit 1; }
echo "2 changes and their checkpoint collected; what was cut off afterwards is missed"
