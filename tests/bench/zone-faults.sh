#!/bin/bash
# RUNS damaged zones, every one of which our proof finds wrong, given to other verifiers: how many does each of them
# find? One that any of them finds and ours only warns about fails the run.
#
#	make unit && RUNS=10000 tests/bench/zone-faults.sh
. "$(dirname "$0")/support/lib.sh"
RUNS=${RUNS:-200} SEED=${SEED:-$RANDOM}
TEST=build/san/unit/dns/zone/verify
[ -x "$TEST" ] || { echo "skipped: $TEST is not built (make unit)"; exit 0; }
mkdir "$BENCH_TMP/faults"
RUNS=$RUNS SEED=$SEED FAULTS_DIR=$BENCH_TMP/faults "$TEST" >"$BENCH_TMP/out" 2>&1 ||
	{ cat "$BENCH_TMP/out"; exit 1; }

judge() { # FILE: one line, "ours KIND PEER…" with the peers that found it
	found=
	! bench_have dnssec-verify || timeout 10 dnssec-verify -q -o example.go.jp "$1" >/dev/null 2>&1 || found="$found dnssec-verify"
	! bench_have kzonecheck || timeout 10 kzonecheck -d on -o example.go.jp "$1" >/dev/null 2>&1 || found="$found kzonecheck"
	! bench_have ldns-verify-zone || timeout 10 ldns-verify-zone "$1" >/dev/null 2>&1 || found="$found ldns-verify-zone"
	echo "${1##*.}|$(sed -n '1s/^; //p' "$1")|$found"
}
for file in "$BENCH_TMP"/faults/*; do
	judge "$file"
done >"$BENCH_TMP/judged"
awk -F'|' -v runs="$RUNS" -v seed="$SEED" '
	{ kinds[$2]++; all++ }
	{ n = split($3, peers, " "); for (i = 1; i <= n; i++) { by[peers[i]]++; at[$2, peers[i]]++ } }
	$1 == "warning" && $3 != "" { print "only a warning from us: " $2 ", found by" $3; bad++ }
	END {
		printf "%d faults (seed %s), all found by ours; the %d that can be written down were found by:\n", runs, seed, all
		for (p in by) printf "  %-18s %d (%.1f %%)\n", p, by[p], 100 * by[p] / all
		for (k in kinds) {
			printf "  %-32s %5d", k, kinds[k]
			for (p in by) printf "  %s %d", p, at[k, p]
			print ""
		}
		exit bad > 0
	}' "$BENCH_TMP/judged"
