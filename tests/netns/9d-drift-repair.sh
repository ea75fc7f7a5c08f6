#!/bin/bash
# A gwd that shares the table: hundreds of random changes by nft are found, put right and named with who
# made them; `report` only records; a program that does not stop is put right ten times a minute, and
# then the alarm is raised.
#
#	SEED=4711 tests/netns/9d-drift-repair.sh
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
. tests/support/agent.sh
lab_serve dmz tcp/80
SEED=${SEED:-$RANDOM}
RANDOM=$SEED
for response in repair report; do
	lab_site $response <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80, tcp/443], action: accept, $LAB_DUTY}
  - {id: deny, from: guest, to: dmz, services: [tcp/80], action: drop, $LAB_DUTY}
  - {id: dns, from: [hq, guest], to: wan, services: [udp/53, tcp/53], action: accept, $LAB_DUTY}
nat: [{id: out, from: hq, to: wan, masquerade: true}]
change: {drift: $response}
END
done
failed() {
	echo "$1 (SEED=$SEED)"
	tail -n 5 "$LAB_TMP/gwd.log"
	exit 1
}
# events NAME: how many of them are on record.
events() {
	grep -c "\"event\":\"$1\"" "$LAB_TMP/gwd.log" || true
}

# pick FILE: a random line of it.
pick() {
	local n
	n=$(wc -l <"$1")
	sed -n "$((RANDOM % n + 1))p" "$1"
}

# look: what there is to be changed, by kind, in files.
look() {
	lab_in gw nft -a list table inet gw >"$LAB_TMP/table"
	awk '$1 == "chain" { chain = $2 } /# handle/ && $1 != "chain" && chain {
		sub(/.*# handle /, ""); print chain, "handle", $0 }
		/^\t}/ { chain = "" }' "$LAB_TMP/table" >"$LAB_TMP/rules"
	awk '$1 == "chain" { print $2 }' "$LAB_TMP/table" >"$LAB_TMP/chains"
	# Sets that a program may change while rules use them, and that are the config's.
	awk '$1 == "set" || $1 == "map" { name = $2; kind = $1; ok = name !~ /^(rt_|hosts)/; full = 0 }
		/elements = / { if (ok) print kind, name }' "$LAB_TMP/table" >"$LAB_TMP/sets"
}

# change: one random change, as a line for nft -f. A rule is deleted once at most in a transaction.
change() {
	local rule chain
	case $((RANDOM % 6)) in
	0 | 1)
		rule=$(pick "$LAB_TMP/rules")
		grep -vxF "$rule" "$LAB_TMP/rules" >"$LAB_TMP/left" || true
		mv "$LAB_TMP/left" "$LAB_TMP/rules"
		echo "delete rule inet gw $rule"
		;;
	2) echo "insert rule inet gw $(pick "$LAB_TMP/chains") counter accept" ;;
	3) echo "add rule inet gw $(pick "$LAB_TMP/chains") ip saddr 10.0.0.$((RANDOM % 250)) drop" ;;
	4) echo "flush $(pick "$LAB_TMP/sets" | sed 's/ / inet gw /')" ;;
	5) echo "add chain inet gw mine$((RANDOM % 9))" ;;
	esac
}

# round N: that many changes in one transaction; all must be found and put right.
round() {
	local i before
	before=$(events drift.repaired)
	look
	for ((i = 0; i < $1; i++)); do
		change
	done >"$LAB_TMP/changes"
	lab_in gw nft -f "$LAB_TMP/changes" || { cat "$LAB_TMP/changes"; failed "nft refuses the changes"; }
	agent_until 20 more drift.repaired "$before" || failed "not put right: $(cat "$LAB_TMP/changes")"
	agent_holds "$rules" || failed "put right otherwise: $(cat "$LAB_TMP/changes")"
	lab_status 0 agent_ctl -C "$LAB_TMP/repair" plan
}
more() {
	[ "$(events "$1")" -gt "$2" ]
}

# ---- put right ----------------------------------------------------------------------------------
agent_start --shared
lab_status 0 agent_ctl -C "$LAB_TMP/repair" apply --confirm 0
rules=$(agent_rules)
for ((start = 0; start < 3; start++)); do
	for ((i = 0; i < 5; i++)); do
		round 20
	done
	agent_stop
	agent_start --shared
done
lab_equal 15 "findings" "$(events drift.found)"
lab_equal 15 "repairs" "$(events drift.repaired)"
lab_equal 15 "findings with nft named" \
	"$(grep '"event":"drift.found"' "$LAB_TMP/gwd.log" | grep -c '"process":"nft"')"
named=$(grep '"event":"drift.found"' "$LAB_TMP/gwd.log" | grep -c '"uid":0' || true)
lab_at_least 1 "findings with the user of the process" "$named"
grep -q '# web gw.yaml:[0-9]' "$LAB_TMP/gwd.log" || failed "no line of the config is named"
lab_expect answered "after the repairs" "$(lab_try hq 203.0.113.6 tcp/80)"
lab_case "300 random changes in 15 transactions found and put right, the user named $named times"

# ---- a program that does not stop ---------------------------------------------------------------
for ((i = 0; i < 200; i++)); do
	lab_in gw nft insert rule inet gw forward accept
	[ "$(events drift.alarm)" -eq 0 ] || break
done
lab_equal 1 "alarms" "$(events drift.alarm)"
lab_equal 25 "repairs of a storm, and those before" "$(events drift.repaired)"
lab_status 2 agent_ctl drift
# The limit is for what comes by itself; people are not limited.
lab_status 0 agent_ctl -C "$LAB_TMP/repair" apply
lab_status 0 agent_ctl drift
lab_case "a program that does not stop: 10 repairs, then the alarm, after $i changes"

# ---- only recorded ------------------------------------------------------------------------------
lab_status 0 agent_ctl -C "$LAB_TMP/report" apply --confirm 0
before=$(events drift.found) repairs=$(events drift.repaired)
lab_in gw nft insert rule inet gw forward tcp dport 9 accept
agent_until 20 more drift.found "$before" || failed "not found"
lab_equal "$repairs" "repairs" "$(events drift.repaired)"
lab_status 2 agent_ctl drift
grep -q "^Last change by others: .* nft\[[0-9]*\]" "$LAB_TMP/out" || { cat "$LAB_TMP/out"; failed "nobody is named"; }
grep -q "delete.*rule\|- rule" "$LAB_TMP/out" || { cat "$LAB_TMP/out"; failed "the difference is not shown"; }
agent_stop
lab_case "drift: report records and changes nothing"
