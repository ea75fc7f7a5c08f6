#!/bin/bash
# `gwctl ipv6 inspect`: needs no privilege, no daemon and no namespace; what is damaged or no capture is said.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
LAB_TMP=$(mktemp -d)
trap 'rm -rf "$LAB_TMP"' EXIT
inspect() {
	"$BUILD/gwctl" -C configs/example ipv6 inspect "$@" >"$LAB_TMP/out" 2>"$LAB_TMP/err"
}
# expect STATUS WHAT: of the last command, in $?, and text of its output or errors
expect() {
	local got=$?
	[ "$got" -eq "$1" ] || { echo "expected $1, got $got"; cat "$LAB_TMP/out" "$LAB_TMP/err"; exit 1; }
	grep -q "$2" "$LAB_TMP/out" "$LAB_TMP/err" || { echo "no \`$2\`:"; cat "$LAB_TMP/out" "$LAB_TMP/err"; exit 1; }
}
all=$LAB_TMP/all.pcap ordinary=$LAB_TMP/ordinary.pcap
"$BUILD/tools/frames" pcap "$all"
"$BUILD/tools/frames" pcap "$ordinary" --case -

inspect "$all" --count 3 || expect 2 "rogue-router  *B01  *hostile"
[ "$(grep -c '^#' "$LAB_TMP/out")" -eq 3 ] || { echo "three findings were asked for"; exit 1; }
inspect "$ordinary" && expect 0 "0 of them stopped"
inspect "$all" --mode open || expect 2 "0 of them stopped"
inspect "$ordinary" --segment guest && expect 0 'segment guest, mode `off`'
inspect - <"$all" || expect 2 "mode .off."
inspect "$all" --json || expect 2 '"class": "rogue-router"'
lab_case "classes, findings, segments, standard input, JSON"

head -c 9000 "$all" >"$LAB_TMP/cut.pcap"
inspect "$LAB_TMP/cut.pcap" || expect 2 GW2402
inspect configs/example/gw.yaml || expect 1 GW2400
inspect "$LAB_TMP/none.pcap" || expect 1 "none.pcap: No such file"
inspect "$all" --segment gest || expect 3 "did you mean .guest."
inspect "$all" --mode shut || expect 64 "off, local, guarded, open"
inspect "$all" --count many || expect 64 "no number"
lab_case "what is cut, no capture, not there or misspelt is said"
