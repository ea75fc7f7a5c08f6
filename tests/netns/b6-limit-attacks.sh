#!/bin/bash
# Attacks from outside on real servers: found, told apart from a crowd, explained, on record from start to end;
# connections that exist go on, and kill -9 of the daemon in the middle changes nothing.
set -eu
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
[ "${1:-}" = inside ] || exec unshare -m "$0" inside
. tests/support/limit_lab.sh
limit_up
limit_site <<END
contacts: [{name: Sato, role: duty officer, phone: "+81 3 0000 0000"}]
limits:
  detection: {syn: 100, udp: 100, icmp: 100, reflected: 40, destinations: 8, quiet: 2s}
  upstream: {interface: wan0, rate: 1, contact: "Carrier NOC, +81 3 1111 1111", ask: "filter our /28"}
END
lab_serve dmz tcp/80 udp/443
limit_start

# ---- a crowd -------------------------------------------------------------------------------------
for round in 1 2 3; do
	for i in $(seq 60); do
		lab_try wan 203.0.113.6 tcp/80 >/dev/null &
		jobs[i]=$!
	done
	wait "${jobs[@]}"
done
limit_until status 'web-in'
limit_says status 'mode:  *peace' || { agent_ctl limit status; exit 1; }
limit_says attacks 'no attack was found' || { agent_ctl limit attacks; exit 1; }
lab_case "newcomers who complete the handshake are a crowd: $round rounds of 60 at once"

# attacked TARGET VECTOR STORM...: found while it lasts, in the right place; on record when it is over.
under_attack() {
	agent_ctl limit attacks 2>/dev/null | grep -q "$1 *$2 .*goes on"
}
over() {
	! agent_ctl limit attacks 2>/dev/null | grep -q 'goes on'
}
attacked() {
	local target=$1 vector=$2 start took
	shift 2
	storm "$@" >/dev/null &
	storm=$!
	start=${EPOCHREALTIME/./}
	agent_until 10 under_attack "$target" "$vector" || { echo "$target: $vector is not found"; agent_ctl limit attacks; agent_ctl limit status; exit 1; }
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	lab_case "$vector at $target: found (seen by gwctl after $took ms)"
}

# ---- SYN flood, with connections that exist ------------------------------------------------------
lab_hold "$LAB_TMP/held" wan -d 60 203.0.113.6 tcp/80
held=$!
attacked web-in syn wan syn 198.18.0.0/16 203.0.113.6 80 1000 2500
agent_ctl limit why web-in >"$LAB_TMP/out"
grep -q 'attack: syn: [0-9]* newcomers a second prove nothing, more than 100' "$LAB_TMP/out" || { cat "$LAB_TMP/out"; exit 1; }
agent_ctl limit top web-in | grep -q '203.0.113.6 ' || { agent_ctl limit top web-in; exit 1; }
kill -9 "$LIMIT"
wait "$LIMIT" 2>/dev/null || true
lab_expect answered "a newcomer while the daemon is dead" "$(lab_try wan 203.0.113.6 tcp/80)"
limit_start
agent_until 10 under_attack web-in syn || { echo "not found again after kill -9"; agent_ctl limit status; exit 1; }
wait "$storm"
lab_expect held "a connection from before the attack" "$(lab_held "$LAB_TMP/held" "$held")"
agent_until 40 over || { agent_ctl limit status; exit 1; }
lab_equal 2 "attacks that started, by the record" "$(limit_recorded attack.started)"
lab_equal 1 "attacks that ended, by the record" "$(limit_recorded attack.ended)"
agent_ctl limit attack 1 >"$LAB_TMP/out"
grep -q 'new connections whose senders do not complete' "$LAB_TMP/out" || { cat "$LAB_TMP/out"; exit 1; }
lab_at_least 100 "the peak" "$(sed -n 's/^peak \([0-9]*\)\/s.*/\1/p' "$LAB_TMP/out")"
lab_case "an attack is on record from start to end, and kill -9 in its middle changes nothing"

# ---- others --------------------------------------------------------------------------------------
attacked web-in reflection wan udp 198.18.0.0/16 203.0.113.6 443 400 1600 123
wait "$storm"
attacked 203.0.113.0/24 carpet wan udp 198.18.0.0/16 203.0.113.0/28 443 1000 4000
wait "$storm"
agent_until 60 limit_says status 'mode:  *peace' || { agent_ctl limit status; exit 1; }
agent_ctl --json limit attacks | grep -q '"vector": "carpet"' || { agent_ctl limit attacks; exit 1; }
lab_case "after all of them there is peace again"

# ---- the line ------------------------------------------------------------------------------------
attacked web-in syn wan syn 198.18.0.0/16 203.0.113.6 80 4000 40000
limit_until status 'It is full'
limit_until status 'Carrier NOC, +81 3 1111 1111'
limit_until status 'web-in *upstream'
kill "$storm" 2>/dev/null || true
wait "$storm" 2>/dev/null || true
lab_at_least 1 "records of the full line" "$(limit_recorded attack.line_full)"
lab_case "where the line is what is full, the carrier is named, and what to ask him for"
limit_stop
agent_stop
