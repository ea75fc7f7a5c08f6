#!/bin/bash
# How long from the first packet of an attack until it is on record, and from the first contact of a scanner until
# the kernel refuses it. RUNS of each, fresh targets each time; median and longest, in milliseconds.
set -eu
RUNS=${RUNS:-8}
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
[ "${1:-}" = inside ] || exec unshare -m "$0" inside
. tests/support/limit_lab.sh
limit_up
limit_site <<END
limits:
  detection: {quiet: 1s}
  stepping_stones: {response: quarantine, for: 1h}
END
lab_serve dmz tcp/80
lab_serve wan tcp/80
limit_start
ip -n "$LAB-hq" -batch - < <(for i in $(seq "$RUNS"); do echo "addr add 10.20.3.$i/16 dev eth0"; done)

# summary WHAT FILE
summary() {
	sort -n "$2" | awk -v what="$1" '{ v[NR] = $1 } END {
		printf "%s: median %d ms, longest %d ms, of %d\n", what, v[int((NR + 1) / 2)], v[NR], NR }'
}

peace() { limit_says status 'mode:  *peace'; }
started() { agent_ctl --json audit search -e attack.started | grep -c '"event"' || true; }
for i in $(seq "$RUNS"); do
	sleep 7 # so that no attack is taken for the one before
	agent_until 30 peace
	before=$(started)
	start=${EPOCHREALTIME/./}
	storm wan syn 198.18.0.0/16 203.0.113.6 80 1000 1500 >/dev/null
	[ "$(started)" -gt "$before" ] || { echo "attack $i was not found"; exit 1; }
	at=$(agent_ctl --json audit search -e attack.started | sed -n 's/.*"t": "\([^"]*\)".*/\1/p' | tail -n 1)
	echo $(($(date -d "$at" +%s%6N) - start)) | awk '{ print int($1 / 1000) }' >>"$LAB_TMP/attacks"
done
summary "SYN flood, 1,000 a second, until it is on record" "$LAB_TMP/attacks"

for i in $(seq "$RUNS"); do
	start=${EPOCHREALTIME/./}
	storm hq syn "10.20.3.$i" 192.0.2.128/25 8081 100 200 >/dev/null &
	storm=$!
	agent_until 10 limit_says "why 10.20.3.$i" 'in quarantine until' || { echo "scanner $i is not in quarantine"; exit 1; }
	at=$(agent_ctl --json audit search -e measure.quarantined | sed -n 's/.*"t": "\([^"]*\)".*/\1/p' | tail -n 1)
	echo $(($(date -d "$at" +%s%6N) - start)) | awk '{ print int($1 / 1000) }' >>"$LAB_TMP/scanners"
	wait "$storm"
done
summary "scanner, 100 contacts a second, until it is in quarantine" "$LAB_TMP/scanners"
limit_stop
agent_stop
