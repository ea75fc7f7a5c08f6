#!/bin/bash
# gw-metricsd beside gwd: what it serves is what the kernel has counted, in both formats; counters never go back,
# whatever is applied, killed or started anew; it serves nobody that it should not, and no client can hold it.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
if [ "${1:-}" != inside ]; then
	exec unshare -nm "$0" inside
fi
. tests/support/metrics_lab.sh
metrics_lab

# site METRICS [POLICY...]
site() {
	local metrics=$1
	shift
	cat >site/gw.yaml <<-EOF2
	gw: 1
	site: {name: watch}
	change: {confirm: 0s}
	zones:
	  hq: {interfaces: [hq0], nets: [10.20.0.0/24]}
	  dmz: {interfaces: [dmz0], nets: [10.40.0.0/24]}
	  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}
	  wan: {interfaces: [wan0], untrusted: true}
	policies:
	  - {id: hq-no, from: hq, to: dmz, services: [udp/7], action: drop, owner: net-team, ticket: CHG-2, review: 2030-01-01}
	$(printf '  - %s\n' "$@")
	metrics: $metrics
	EOF2
}
open='{id: hq-dmz, from: hq, to: dmz, services: [udp/9], action: accept, owner: net-team, ticket: CHG-1, review: 2030-01-01}'
wider='{id: hq-dmz, from: hq, to: dmz, services: [udp/9, udp/10], action: accept, owner: net-team, ticket: CHG-1, review: 2030-01-01}'
narrower='{id: hq-dmz, from: hq, to: dmz, source: [10.20.0.10], services: [udp/9], action: accept, owner: net-team, ticket: CHG-1, review: 2030-01-01}'
served='{interval: 1s, listen: [127.0.0.1, "::1", 10.99.0.1], textfile: true, compatible: [nftables]}'
packets='gw_policy_packets_total{policy="hq-dmz",from="hq",to="dmz",action="accept"}'
dropped='gw_policy_packets_total{policy="hq-no",from="hq",to="dmz",action="drop"}'

site "$served" "$open"
start_agent
apply
start_metricsd
send "$hq" 10.40.0.10 7 4
send "$hq" 10.40.0.10 9 5
send "$hq" 10.40.0.10 5 3
until_true "no packets are counted" grown "$dropped" 4
until_true "no packets are counted" grown "$packets" 5
until_true "no drops are counted" grown 'gw_drops_total{reason="between"}' 3
[ "$(value "$dropped")" = 4 ] || fail "$(value "$dropped") dropped packets instead of 4"
[ "$("$BUILD/gwctl" -C site --json counters | tr -d ' \n' | sed 's/.*"id":"hq-dmz","packets":\([0-9]*\).*/\1/')" = "$(value "$packets")" ] ||
	fail "gwctl counters says something else"
ok "what is served is what was counted"

# ---- the formats ---------------------------------------------------------------------------------
get /metrics >text
grep -q '^Content-Type: text/plain; version=0.0.4' head || fail "the type of the text"
grep -qx '# TYPE gw_rollbacks_total counter' text || fail "a counter's type"
! grep -q '^# EOF' text || fail "an end that the text format does not have"
get /metrics 'Accept: application/openmetrics-text;version=1.0.0;q=0.9,text/plain;q=0.1' >open
grep -q '^Content-Type: application/openmetrics-text; version=1.0.0' head || fail "the type of OpenMetrics"
grep -qx '# TYPE gw_rollbacks counter' open || fail "a counter's type in OpenMetrics"
grep -qx '# UNIT gw_policy_bytes bytes' open || fail "a unit"
[ "$(tail -n 1 open)" = '# EOF' ] || fail "no end"
grep -qx 'gw_policy_info{policy="hq-no",owner="net-team",ticket="CHG-2",review="2030-01-01"} 1' text || fail "no owner"
grep -q '^nftables_rule_packets{action="drop",comment="hq-no",' text || fail "no compatible names"
[ "$(grep -vc '^#' text)" -le $((2 * 2 + 500)) ] || fail "more series than there may be"
[ -z "$(grep -v '^#' text | sed 's/ [^ ]*$//' | sort | uniq -d)" ] || fail "a series twice"
! grep -v '^#' text | grep -E '10\.(20|40|99)\.' || fail "an address among the labels"
get /metrics/policies | grep -q '^gw_review_due_timestamp_seconds{policy="hq-no"}' || fail "no details"
grep -v '^#' text | sed 's/ [^ ]*$//' >series
[ -s textfile/gw.prom ] || fail "no textfile"
! grep -v '^#' textfile/gw.prom | sed 's/ [^ ]*$//' | grep -vxF -f series || fail "the textfile has other series"
ok "text, OpenMetrics, details and the textfile"

# ---- counters never go back ----------------------------------------------------------------------
before=0
# never_back WHAT N: after it, and N more datagrams.
never_back() {
	local now
	now=$(value "$packets")
	[ "${now:-0}" -ge "$before" ] || fail "$1: $now packets after $before"
	send "$hq" 10.40.0.10 9 "$2"
	until_true "$1: nothing is counted" grown "$packets" $((before + $2))
	before=$(value "$packets")
}
never_back "at first" 1
site "$served" "$wider"; apply
never_back "a policy that permits more" 2
site "$served" "$narrower"; apply
never_back "a policy that permits less, under another number" 2
"$BUILD/gwctl" -C site rollback >out 2>&1 || fail "rollback"
never_back "a rollback" 2
kill -9 "$agent"
wait "$agent" 2>/dev/null || true
until_true "gwd is not missed" eval '[ "$(value gw_agent_up)" = 0 ]'
[ "$(value "$packets")" = "$before" ] || fail "without gwd the counts are not the last ones"
start_agent
until_true "gwd is not found again" eval '[ "$(value gw_agent_up)" = 1 ]'
never_back "gwd killed and started anew" 2
stop_metricsd
start_metricsd
never_back "gw-metricsd started anew" 2
kill -HUP "$metricsd"
never_back "a reload" 1
# What an exception has counted leaves the kernel with it.
site "$served" "$open"
cat >>site/gw.yaml <<-EOF2
exceptions:
  - {id: exc, from: hq, to: dmz, services: [udp/11], expires: $(date -u -d '+5 seconds' +%Y-%m-%dT%H:%M:%SZ), reason: "repair", requested_by: op-1, approved_by: [op-2], ticket: EXC-1}
EOF2
apply
exc='gw_policy_packets_total{policy="exc",from="hq",to="dmz",action="accept"}'
send "$hq" 10.40.0.10 11 6
until_true "no packets of the exception" grown "$exc" 6
counted=$(value "$exc")
over() {
	[ "$(value "$exc")" -ge "$counted" ] || fail "the exception's count goes back to $(value "$exc")"
	[ "$(value gw_exceptions_expired)" = 1 ] && ! nft list set inet gw live_timed 2>/dev/null | grep -q elements
}
until_true "the exception does not end" over
for _ in $(seq 20); do over; sleep 0.2; done
[ "$(value "$exc")" = "$counted" ] || fail "the exception has counted $(value "$exc") and not $counted"
# A change that nobody confirms, and what is known of it later.
site "$served" "$wider"
"$BUILD/gwctl" -C site apply --confirm 1s >out 2>&1 || fail "apply"
until_true "nothing was undone" eval '[ "$(value gw_rollbacks_total)" = 1 ]'
stop_metricsd
kill -9 "$agent"
wait "$agent" 2>/dev/null || true
start_agent
start_metricsd
[ "$(value gw_rollbacks_total)" = 1 ] || fail "it is forgotten that a change was undone"
# A table that others may flush counts from nothing again.
kill "$agent"
wait "$agent" || fail "gwd ends with $?"
nft delete table inet gw
start_agent --shared
until_true "gwd is not found again" serves
never_back "a table that was made anew" 2
nft flush ruleset
until_true "the table does not come back" nft list set inet gw live
# What was lost with it cannot be told from what came since, but nothing goes back.
send "$hq" 10.40.0.10 9 40
until_true "a table that others have flushed: nothing is counted" grown "$packets" $((before + 1))
never_back "a table that others have flushed" 0
never_back "and after that" 2
ok "counters never go back"

# ---- who it serves -------------------------------------------------------------------------------
site '{listen: [198.51.100.1]}' "$open"
"$BUILD/gwctl" -C site check >out 2>&1 && fail "an untrusted zone may read"
grep -q 'GW2801' out && grep -q 'gw.yaml:12:20' out || fail "no place, or another diagnostic"
for address in 0.0.0.0 '"::"' 10.99.0.0/24 224.0.0.1 nowhere; do
	site "{listen: [$address]}" "$open"
	! "$BUILD/gwctl" -C site check >out 2>&1 || fail "$address is an address to serve on"
	grep -q 'GW2802' out || fail "$address: another diagnostic"
done
AT=10.99.0.1 HOST=10.99.0.1:9630 get /metrics | grep -q '^gw_agent_up 1' || fail "not served in mgmt"
HOST=attacker.example get /metrics >body
grep -q '^HTTP/1.1 421' head || fail "under any name that a web site points here"
site '{interval: 1s, listen: [127.0.0.1], socket: false}' "$open"; apply
until_true "still served in mgmt" eval '! (exec 9<>/dev/tcp/10.99.0.1/9630) 2>/dev/null'
[ ! -S run/metrics/http ] || fail "the socket is left"
sed -i '/^metrics:/d' site/gw.yaml; apply
until_true "still served without a section" eval '! (exec 9<>/dev/tcp/127.0.0.1/9630) 2>/dev/null'
site "$served" "$open"; apply
until_true "not served again" serves
# Another program has the port when gw-metricsd starts, and gives it up.
stop_metricsd
"$BUILD/tools/flow" serve other tcp/9630 >/dev/null 2>&1 & other=$!
echo $other >>holders
until_true "the other program does not listen" eval '(exec 9<>/dev/tcp/127.0.0.1/9630)'
launch_metricsd
until_true "it says nothing of a port that it cannot have" grep -q 'cannot listen on 127.0.0.1 yet: Address already in use' metricsd.log
kill "$other"
until_true "not served when the port is free" serves
ok "served on loopback and trusted zones, as the config in force says"

# ---- hostile clients -----------------------------------------------------------------------------
# raw TEXT: the status line of the answer.
raw() {
	exec 9<>/dev/tcp/127.0.0.1/9630
	printf '%b' "$1" >&9
	head -n 1 <&9 | tr -d '\r'
	exec 9>&-
}
[[ "$(raw 'POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n')" == 'HTTP/1.1 405 '* ]] || fail "POST"
[[ "$(raw 'GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n')" == 'HTTP/1.1 404 '* ]] || fail "a path"
[[ "$(raw 'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n')" == 'HTTP/1.1 400 '* ]] || fail "a body"
[[ "$(raw "GET / HTTP/1.1\r\nX: $(head -c 9000 /dev/zero | tr '\0' x)\r\n\r\n")" == 'HTTP/1.1 431 '* ]] || fail "a long head"
idle=()
for _ in $(seq 90); do
	exec {fd}<>/dev/tcp/127.0.0.1/9630
	printf 'GET /metrics HTTP/1.1\r\n' >&"$fd"
	idle+=("$fd")
done
[ "$(value gw_agent_up)" = 1 ] || fail "clients that never finish keep others out"
[ "$(value gw_http_connections)" -le 64 ] || fail "more connections than there may be"
for fd in "${idle[@]}"; do exec {fd}>&-; done
ok "neither slow nor wrong clients keep others out"

grep -q '^CapEff:	0000000000000000$' "/proc/$metricsd/status" || fail "it has capabilities"
grep -q '^Seccomp:	2$' "/proc/$metricsd/status" || fail "it is not confined"
stop_metricsd
! grep -q 'ERROR: AddressSanitizer\|runtime error' metricsd.log gwd.log || fail "sanitizers"
ok "no capability; it ends well"
