#!/bin/bash
# gwctl test: the tests of a config repository, decided without a gateway and without root.
set -eu
BUILD=${BUILD:-build/release}
gwctl=$(realpath "$BUILD/gwctl")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r configs/example/. "$work"
cd "$work"

# expect STATUS TEXT COMMAND...
expect() {
	local want=$1 text=$2 got=0
	shift 2
	"$@" >out 2>&1 || got=$?
	if [ "$got" -ne "$want" ] || ! grep -qF -- "$text" out; then
		echo "$* ended with $got instead of $want, or without '$text':"
		cat out
		exit 1
	fi
}
ok() { echo "ok  $*"; }

expect 0 "0 not" "$gwctl" -C . test
expect 0 '"failed": 0' "$gwctl" -C . test --json
ok "the example keeps what it promises"

sed -i 's/services: \[web\]/services: [ssh]/' policies/internet.yaml
expect 2 "tests/promises.yaml:4:" "$gwctl" -C . test
ok "a config that breaks a promise is found, at the test's place"
cp "$OLDPWD/configs/example/policies/internet.yaml" policies/internet.yaml

cat >tests/wrong.yaml <<-'END'
	gw-test: 1
	tests:
	  - {flow: nosuch 10.30.0.50 -> 10.20.1.10 tcp/445, expect: drop}
	  - {flow: guest 10.30.0.50 -> 10.20.1.10 tcp/445, expect: drpo}
	  - {flow: guest 10.30.0.50 -> 10.20.1.10 tcp/445, expect: reject, by: to-mgmt}
	  - {flow: wan 203.0.113.7 -> 203.0.113.6 tcp/443, expect: drop, by: spoof}
END
expect 3 "unknown zone" "$gwctl" -C . test tests/wrong.yaml
grep -qF 'tests/wrong.yaml:4:' out && grep -qF 'did you mean `drop`' out || { cat out; exit 1; }
grep -qF 'expected reject by to-mgmt, but it is reject by guest-inside' out || { cat out; exit 1; }
grep -qF '2 tests in 1 file: 1 as expected, 1 not; what makes no sense is not counted' out || { cat out; exit 1; }
ok "a wrong test says what is wrong with it, and the others run"

echo 'gw-test: 2' >tests/wrong.yaml
expect 3 "tests/wrong.yaml:1:" "$gwctl" -C . test
rm -r tests
expect 3 "GW2103" "$gwctl" -C . test
expect 3 "" "$gwctl" -C . test ../../etc/passwd
ok "no tests are no success, and nothing outside of the repository is read"
