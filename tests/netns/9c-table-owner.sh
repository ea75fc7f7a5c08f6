#!/bin/bash
# The table belongs to the agent: nobody else can change it while the agent lives; it goes on enforcing
# when the agent is killed, and the next agent takes it over without a lost packet.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
. tests/support/agent.sh
lab_serve dmz tcp/80
lab_site site <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
  - {id: stream, from: hq, to: dmz, services: [udp/7000], action: accept, $LAB_DUTY}
END
lab_site more <<END
policies:
  - {id: web, from: [hq, guest], to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
  - {id: stream, from: hq, to: dmz, services: [udp/7000], action: accept, $LAB_DUTY}
END
agent_start
if grep -q drift.unprotected "$LAB_TMP/gwd.log"; then
	echo "needs tables that outlive their owner: Linux 6.9"
	exit 77
fi
lab_status 0 agent_ctl -C "$LAB_TMP/site" apply --confirm 0
rules=$(agent_rules)
lab_sequence "$LAB_TMP/got" dmz receive 203.0.113.5 7000
receiver=$!
lab_sequence "$LAB_TMP/sent" hq send 203.0.113.5 7000 1000 60

# ---- others -------------------------------------------------------------------------------------
while IFS= read -r change; do
	lab_status 1 lab_in gw nft "$change"
	grep -q "not permitted" "$LAB_TMP/out" || { echo "another refusal:"; cat "$LAB_TMP/out"; exit 1; }
	agent_holds "$rules" || { echo "changed something: $change"; exit 1; }
done <<'END'
insert rule inet gw forward accept
flush chain inet gw forward
flush map inet gw pairs
flush set inet gw live
flush table inet gw
add element inet gw live { 99 }
delete element inet gw live { 16 }
add element inet gw pairs { "wan0" . "hq0" : accept }
add chain inet gw mine { type filter hook forward priority -10; policy accept; }
add table inet gw { flags dormant; }
delete table inet gw
END
lab_in gw nft add table inet foreign
lab_status 0 lab_in gw nft flush ruleset
agent_holds "$rules" || { echo "flush ruleset reached our table"; exit 1; }
lab_equal 2 "tables left by another's flush ruleset" "$(lab_in gw nft list tables | grep -c ' gw$')"
lab_equal 2 "tables in all" "$(lab_in gw nft list tables | wc -l)"
lab_status 0 agent_ctl -C "$LAB_TMP/site" drift
grep -q "nobody else can change it" "$LAB_TMP/out" || { cat "$LAB_TMP/out"; exit 1; }
lab_case "11 changes by others are refused, flush ruleset passes us by"

# ---- the agent dies and comes back --------------------------------------------------------------
for ((i = 0; i < 5; i++)); do
	agent_kill
	agent_holds "$rules" || { echo "the table did not outlive the agent"; exit 1; }
	agent_start
	lab_status 1 lab_in gw nft flush table inet gw
done
lab_sequence_end hq
sleep 0.1
lab_sequence_end dmz
wait "$receiver"
lab_equal "$(cut -d' ' -f2 "$LAB_TMP/sent")" "packets over five kills of the agent" "$(cut -d' ' -f2 "$LAB_TMP/got")"
lab_case "$(cut -d' ' -f2 "$LAB_TMP/sent") packets over five kills and takeovers, none lost"
lab_status 0 agent_ctl -C "$LAB_TMP/more" apply --confirm 0
lab_expect answered "after an apply to a table taken over" "$(lab_try guest 203.0.113.6 tcp/80)"

# ---- what happens while no agent lives ----------------------------------------------------------
rules=$(agent_rules)
agent_kill
lab_status 0 lab_in gw nft flush map inet gw pairs
agent_start
agent_holds "$rules" || { echo "the agent's start did not put it right"; exit 1; }
lab_status 1 lab_in gw nft flush map inet gw pairs
agent_kill
lab_status 0 lab_gwctl -C "$LAB_TMP/site" apply
lab_status 0 lab_in gw nft delete table inet gw
lab_case "without an agent, gwctl and nft can change the table; the next start puts it right"

# ---- a table that was made by somebody who did not think of this --------------------------------
lab_in gw nft add table inet gw
agent_start
agent_says drift.unprotected
lab_expect answered "in a table of others" "$(lab_try hq 203.0.113.6 tcp/80)"
lab_in gw nft flush map inet gw pairs
agent_until 10 grep -q '"event":"drift.repaired"' "$LAB_TMP/gwd.log" || { echo "not put right"; exit 1; }
lab_expect answered "put right" "$(lab_try hq 203.0.113.6 tcp/80)"
agent_stop
lab_case "a table that cannot be taken over is watched instead"
