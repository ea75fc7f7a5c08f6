#!/bin/bash
# Stepping stones: an inside host that looks for machines that are not there is put into quarantine within a
# second; others, busy as they may be, are left alone. From quarantine it reaches what the config names, and
# it comes out by itself.
set -eu
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
[ "${1:-}" = inside ] || exec unshare -m "$0" inside
. tests/support/limit_lab.sh
limit_up
limit_site <<END
gateway:
  - {id: dns, from: hq, services: [udp/53], action: accept, $LAB_DUTY}
limits:
  stepping_stones:
    response: quarantine
    for: 10s
    mail: [10.20.2.20]
    exempt: [10.20.9.9]
    reach: [203.0.113.7]
END
lab_serve wan tcp/80 tcp/25 tcp/8080
lab_serve dmz tcp/80
limit_start

# ---- whoever is answered is left alone -----------------------------------------------------------
ip -n "$LAB-wan" route add local 198.18.4.0/24 dev lo
for i in $(seq 24); do # a browser: two dozen hosts at once, all of them there
	lab_try hq "192.0.2.$((64 + i))" tcp/80 >/dev/null &
	jobs[i]=$!
done
wait "${jobs[@]}"
for _ in $(seq 30); do # a dead server, again and again
	lab_try hq -t 20 192.0.2.130 tcp/80 >/dev/null
done
limit_until status 'first contacts, [1-9]'
limit_says hosts "no inside host" || { agent_ctl limit hosts; exit 1; }
lab_case "busy hosts are left alone"

# ---- a scanner -----------------------------------------------------------------------------------
(storm hq syn 10.20.1.10 192.0.2.128/25 8081 20 60 >/dev/null) &
scanner=$!
agent_until 10 limit_says hosts 'in quarantine until' || { agent_ctl limit hosts; agent_ctl limit status; exit 1; }
agent_ctl limit hosts >"$LAB_TMP/out"
grep -q '10.20.1.10: it looks for machines that are not there' "$LAB_TMP/out" || { cat "$LAB_TMP/out"; exit 1; }
took=$(sed -n 's/.*failed within \([0-9]*\) ms.*/\1/p' "$LAB_TMP/out" | head -n 1)
failures=$(sed -n 's/^ *\([0-9]*\) of [0-9]* first contacts failed.*/\1/p' "$LAB_TMP/out" | head -n 1)
lab_at_least 4 "failures" "$failures"
lab_at_least "$failures" "10, more than the failures that decided" 10
echo "decided after $failures failures, $took ms"
lab_expect silent "the scanner's next connection" "$(lab_try hq -s 10.20.1.10 198.51.100.7 tcp/80)"
lab_expect silent "the scanner and the gateway" "$(lab_try hq -s 10.20.1.10 10.20.0.1 udp/53)"
lab_expect answered "what the config lets it reach" "$(lab_try hq -s 10.20.1.10 203.0.113.7 tcp/80)"
lab_expect silent "a neighbour of that" "$(lab_try hq -s 10.20.1.10 203.0.113.6 tcp/80)"
lab_expect answered "another host of its zone" "$(lab_try hq -s 10.20.2.20 198.51.100.7 tcp/80)"
limit_says "why 10.20.1.10" "first contacts failed" || { agent_ctl limit why 10.20.1.10; exit 1; }
lab_equal 1 "records of the scan" "$(limit_recorded stone.scan)"
agent_ctl measures | grep -q '10.20.1.10.*gw-ratelimit' || { agent_ctl measures; exit 1; }
wait "$scanner"
lab_case "a scanner is in quarantine, and reaches what the config names"

# ---- exempt, mail --------------------------------------------------------------------------------
storm hq syn 10.20.9.9 192.0.2.128/25 8082 50 30 >/dev/null
limit_until hosts 'not in quarantine: the config exempts it'
lab_expect answered "a scanner by profession" "$(lab_try hq -s 10.20.9.9 198.51.100.7 tcp/80)"
lab_try hq -s 10.20.2.20 198.51.100.7 tcp/25 >/dev/null
lab_try hq -s 10.20.9.9 198.51.100.7 tcp/25 >/dev/null
limit_until hosts '10.20.9.9: it sends mail'
! limit_says hosts '10.20.2.20' || { agent_ctl limit hosts; exit 1; }
lab_case "hosts that are exempt are told of; mail is for those who are named"

# ---- its end -------------------------------------------------------------------------------------
released() { [ "$(lab_try hq -s 10.20.1.10 198.51.100.7 tcp/80 | cut -d' ' -f1)" = answered ]; }
agent_until 20 released || { echo "the quarantine does not end"; agent_ctl measures; exit 1; }
lab_case "quarantine ends by itself"

# ---- killed in the middle ------------------------------------------------------------------------
kill -9 "$LIMIT"
wait "$LIMIT" 2>/dev/null || true
lab_status 0 agent_ctl quarantine 10.20.1.10 --for 1h -m "while the daemon is dead"
lab_expect silent "a quarantine without the daemon" "$(lab_try hq -s 10.20.1.10 198.51.100.7 tcp/80)"
lab_expect answered "what it reaches without the daemon" "$(lab_try hq -s 10.20.1.10 203.0.113.7 tcp/80)"
lab_status 0 agent_ctl release 10.20.1.10
limit_start
lab_case "what the kernel holds goes on without the daemon, which comes back"
limit_stop
agent_stop
