#!/bin/bash
# Runs test programs one after the other and sums up.
#
#	run.sh TEST...
#
# A test passes with exit status 0, is skipped with 77 (its last line says why) and fails otherwise;
# then all its output is shown. Programs of cmocka count as many tests as they have cases.
# A fuzzer linked for replay gets the folder of its corpus. Exits 1 if anything failed.
set -u
TEST_SECONDS=${TEST_SECONDS:-600}
passed=0 failed=0 skipped=0
output=$(mktemp)
trap 'rm -f "$output"' EXIT
trap 'exit 130' INT TERM
export BUILD=${BUILD:-build/san}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

report() { # result, name, detail
	printf '%-5s %-44s %s\n' "$1" "$2" "$3"
}

# count_cases: adds up what a cmocka program printed; false if it printed no case at all.
count_cases() {
	local ok bad skip
	ok=$(grep -c '^\[       OK \] ' "$output")
	bad=$(grep -c '^\[  FAILED  \] [a-z0-9_]*$' "$output")
	skip=$(grep -c '^\[  SKIPPED \] [a-z0-9_]*$' "$output")
	[ $((ok + bad + skip)) -gt 0 ] || return 1
	cases="$ok cases"
	[ "$skip" -eq 0 ] || cases="$cases, $skip skipped"
	passed=$((passed + ok)) skipped=$((skipped + skip))
}

run_one() {
	local test=$1 name status start cases=
	shift
	name=${test#"$BUILD"/}
	start=$EPOCHREALTIME
	timeout --foreground -k 30 "$TEST_SECONDS" "$test" "$@" >"$output" 2>&1 </dev/null
	status=$?
	took=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", b - a }')
	case $status in
	0)
		count_cases || passed=$((passed + 1))
		report ok "$name" "$took${cases:+, $cases}"
		;;
	77)
		skipped=$((skipped + 1))
		report skip "$name" "$(tail -n 1 "$output")"
		;;
	*)
		failed=$((failed + 1))
		[ "$status" -ne 124 ] || echo "no end after $TEST_SECONDS s" >>"$output"
		report FAIL "$name" "$took, exit status $status"
		sed 's/^/    /' "$output"
		;;
	esac
}

for test in "$@"; do
	case $test in
	*/replay/fuzz_*) run_one "$test" "tests/fuzz/corpus/${test##*/fuzz_}" ;;
	*) run_one "$test" ;;
	esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
