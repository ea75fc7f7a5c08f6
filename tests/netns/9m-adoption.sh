#!/bin/bash
# An agent that is started again takes the kernel as it is only if nobody has changed it since.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
. tests/support/agent.sh
lab_serve dmz tcp/80
echo "policies: [{id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}]" | lab_site one
agent_start
agent_ctl -C "$LAB_TMP/one" apply --confirm 0 >/dev/null
agent_ctl ban 198.18.0.1 -m "of before" >/dev/null
before=$(agent_rules)
noted() { # the note is that of this moment: the generation in it stays
	local was now
	was=$(cat "$LAB_TMP/state/kernel-state")
	sleep 0.3
	now=$(cat "$LAB_TMP/state/kernel-state")
	[ -n "$was" ] && [ "$was" = "$now" ]
}
agent_until 10 grep -q "gw.kernel/1 .* 1 " "$LAB_TMP/state/kernel-state"
agent_until 10 noted

agent_kill
agent_start
agent_holds "$before" || { echo "the kernel changed by a mere restart"; exit 1; }
lab_expect answered "what was permitted before" "$(lab_try hq 203.0.113.5 tcp/80)"
lab_case "nobody has touched it: it is taken over"

# With the agent dead, the table belongs to nobody.
agent_kill
lab_in gw nft flush set inet gw rt_banned4
lab_in gw nft flush chain inet gw forward
agent_start
agent_holds "$before" || { echo "what was changed meanwhile is not put right before the agent listens"; exit 1; }
banned() {
	lab_in gw nft list set inet gw rt_banned4 | grep -q 198.18.0.1
}
agent_until 5 banned || { echo "the ban did not come back"; exit 1; }
lab_case "rules and bans that somebody took out meanwhile come back"

# A measure that was written down, and whose agent died before the kernel had it.
agent_until 10 noted
agent_kill
sed -n '$p' "$LAB_TMP/state/measures.jsonl" | sed 's/198\.18\.0\.1/198.18.0.2/' >>"$LAB_TMP/state/measures.jsonl"
agent_start
banned() {
	lab_in gw nft list set inet gw rt_banned4 | grep -q 198.18.0.2
}
agent_until 5 banned || { echo "a ban that was acknowledged to nobody is not in force"; exit 1; }
lab_case "a measure that was written down before the kill is put in force"
agent_stop
