#!/bin/bash
# gwctl from end to end on a real kernel: plan, apply, status, counters, drops, history, diff, rollback,
# drift, each as text and as JSON.
set -eu
. tests/support/lab.sh
lab_up
lab_serve dmz tcp/80 tcp/443
lab_site one <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
  - {id: closed, from: guest, to: dmz, action: drop, log: true, $LAB_DUTY}
between: {default: drop, log: drops}
END
lab_site two <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80, tcp/443], action: accept, $LAB_DUTY}
  - {id: closed, from: guest, to: dmz, action: drop, log: true, $LAB_DUTY}
between: {default: drop, log: drops}
END
one=$LAB_TMP/one two=$LAB_TMP/two

# says TEXT: the last command's output holds it.
says() {
	grep -qF -- "$1" "$LAB_TMP/out" || { echo "not said: $1"; cat "$LAB_TMP/out"; exit 1; }
}

# Before anything was applied.
lab_status 1 lab_gwctl status
says GW0906
lab_status 0 lab_gwctl history
lab_status 1 lab_gwctl review
says GW0906
lab_status 1 lab_gwctl rollback
lab_status 2 lab_gwctl -C "$one" plan
says "hq (IPv4) -> dmz (IPv4) tcp/80"
lab_status 0 lab_gwctl -C "$one" check --kernel

# The first revision.
lab_status 0 lab_gwctl -C "$one" apply -m "the first one"
says "applied revision 1"
lab_status 0 lab_gwctl -C "$one" apply
says "nothing to change"
lab_status 0 lab_gwctl review
says "nothing has to be reviewed within 30 days"
lab_status 0 lab_gwctl -C "$one" plan
lab_status 0 lab_gwctl status
says "by root: the first one"
says "no drift"
lab_expect answered "permitted" "$(lab_try hq 203.0.113.6 tcp/80)"
lab_expect silent "not permitted" "$(lab_try hq -t 200 203.0.113.6 tcp/443)"

# A log record for each drop, with the policy and its line.
GW_STATE_DIR=$LAB_TMP/state ip netns exec "$LAB-gw" "$BUILD/gwctl" drops -f >"$LAB_TMP/drops" 2>&1 &
drops=$!
tries=0
until lab_in gw grep -q '^ *100 ' /proc/net/netfilter/nfnetlink_log; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || { echo "drops does not listen"; cat "$LAB_TMP/drops"; exit 1; }
	sleep 0.02
done
lab_expect silent "denied" "$(lab_try guest -t 200 203.0.113.6 tcp/80)"
lab_expect silent "not permitted" "$(lab_try hq -t 200 203.0.113.6 tcp/443)"
# Others' packets may be logged in between (multicast listener reports, say).
kill "$drops"
wait "$drops" || true
grep -q "guest0 -> dmz0  10.30.0.50 [0-9]* -> 203.0.113.6 tcp/80  by closed, gw.yaml:11" "$LAB_TMP/drops" ||
	{ echo "no record of the denied packet:"; cat "$LAB_TMP/drops"; exit 1; }
grep -q "tcp/443  by between" "$LAB_TMP/drops" || { echo "no record of the default:"; cat "$LAB_TMP/drops"; exit 1; }
lab_status 0 lab_gwctl drops
says closed
says between

# Counts, and that they never go back.
packets() { # id
	lab_gwctl counters --json | tr -d '\n ' | sed "s/.*\"id\":\"$1\",\"packets\":\([0-9]*\).*/\1/"
}
before=$(packets web)
[ "$before" -gt 4 ] || { echo "web has counted $before packets"; exit 1; }
closed=$(packets closed)
[ "$closed" -gt 0 ] || { echo "closed has counted nothing"; exit 1; }
lab_status 0 lab_gwctl -C "$two" apply
says "applied revision 2"
lab_status 0 lab_gwctl -C "$one" apply
says "applied revision 3"
after=$(packets web)
[ "$after" -ge "$before" ] || { echo "web went back from $before to $after packets"; exit 1; }
[ "$(packets closed)" -ge "$closed" ] || { echo "closed went back"; exit 1; }

# History, differences, rollback.
lab_status 2 lab_gwctl diff 1 2
says "~ policy web"
says "Newly reachable"
lab_status 0 lab_gwctl diff 1 3
lab_status 2 lab_gwctl -C "$two" diff 3
lab_status 1 lab_gwctl diff 1 77
says GW0905
lab_status 0 lab_gwctl rollback 2
says "applied revision 4"
lab_expect answered "after the rollback" "$(lab_try hq 203.0.113.6 tcp/443)"
lab_status 0 lab_gwctl history
[ "$(wc -l <"$LAB_TMP/out")" -eq 4 ] || { echo "not four revisions"; cat "$LAB_TMP/out"; exit 1; }
lab_status 0 lab_gwctl drift
lab_status 0 lab_gwctl rollback
lab_status 0 lab_gwctl -C "$one" plan

# An exception that ends by itself is no drift.
lab_site timed <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
exceptions:
  - {id: short, from: wan, to: dmz, source: [198.51.100.7], services: [tcp/443], reason: test, ticket: T-1,
     expires: $(date -u -d '+2 seconds' +%FT%TZ), requested_by: a, approved_by: [b]}
END
lab_status 0 lab_gwctl -C "$LAB_TMP/timed" apply
lab_status 0 lab_gwctl drift
sleep 2.2
lab_status 0 lab_gwctl drift
lab_status 0 lab_gwctl status
says "ended"

# Every live command speaks JSON.
for command in status counters drops drift history "plan -v" "diff 1 2"; do
	# shellcheck disable=SC2086  # options
	lab_gwctl -C "$one" $command --json >"$LAB_TMP/json" 2>&1 || [ $? -eq 2 ]
	grep -qF "\"schema\": \"gw.${command%% *}/1\"" "$LAB_TMP/json" ||
		{ echo "$command: no JSON"; cat "$LAB_TMP/json"; exit 1; }
done

# Nobody else gets in while an apply holds the lock.
exec 9>>"$LAB_TMP/state/lock"
flock -n 9
lab_status 4 lab_gwctl -C "$two" apply
says GW0902
exec 9>&-

# Policies whose day has come, or comes soon.
lab_site due <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, owner: web-team, ticket: CHG-1, review: 2026-01-31}
  - {id: soon, from: hq, to: dmz, services: [tcp/443], action: accept, owner: web-team, ticket: CHG-2,
     review: $(date -d '+10 days' +%F)}
  - {id: later, from: guest, to: dmz, action: drop, $LAB_DUTY}
END
lab_status 0 lab_gwctl -C "$LAB_TMP/due" apply
lab_status 2 lab_gwctl review
says "OVERDUE"
grep -q "^soon .*web-team *CHG-2" "$LAB_TMP/out" || { echo "nothing of what comes soon"; cat "$LAB_TMP/out"; exit 1; }
! grep -q "^later " "$LAB_TMP/out" || { echo "what is far away is listed"; exit 1; }
lab_status 2 lab_gwctl review --json
says '"overdue": true'
