#!/bin/bash
# An exported log is verified by a program that knows nothing of gw: the packages of Go's checksum
# database, which implement the same notes and trees. Signature, root over the entries, every tile,
# inclusion of every record, consistency with an older checkpoint, and a proof of `audit prove`.
set -eu
BUILD=${BUILD:-build/release}
command -v go >/dev/null || { echo "needs golang-go: make deps-interop"; exit 77; }
[ -d /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog ] ||
	{ echo "needs golang-golang-x-mod-dev: make deps-interop"; exit 77; }

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
export GOPATH=/usr/share/gocode GO111MODULE=off GOCACHE=$TMP/cache GOFLAGS=-p=1

fail() {
	echo "$*"
	exit 1
}
go build -o "$TMP/tlogverify" tests/support/interop/tlogverify.go

mkdir "$TMP/state"
for size in 1 255 256 257 700; do
	rm -rf "$TMP/state/audit"*
	"$BUILD/tools/audit_trail" "$TMP/state/audit" "$size"
	export GW_STATE_DIR=$TMP/state
	key=$("$BUILD/gwctl" audit key | grep /change+)
	"$BUILD/gwctl" audit export --tlog "$TMP/tlog$size"
	got=$("$TMP/tlogverify" "$key" "$TMP/tlog$size/change")
	[ "$got" = "verified gw/tokyo-01/audit/change $size" ] || fail "$size records: $got"
	[ "$size" -eq 1 ] && continue
	got=$("$TMP/tlogverify" "$key" "$TMP/tlog$size/change" consistent "$TMP/state/audit.note")
	[ "$got" = "consistent $((size / 2)) $size" ] || fail "$size records: $got"
done

"$BUILD/gwctl" audit prove 123 >"$TMP/123.tlog-proof"
got=$("$TMP/tlogverify" "$key" - "$TMP/123.tlog-proof")
case $got in
'gw/tokyo-01/audit/change 122 {"seq":123,'*) ;;
*) fail "proof: $got" ;;
esac
"$BUILD/gwctl" audit verify --key "$key" --checkpoint "$TMP/state/audit.note" >/dev/null

# It does not accept just anything.
printf x | dd of="$TMP/tlog700/change/tile/entries/001" bs=1 seek=100 conv=notrunc status=none
if "$TMP/tlogverify" "$key" "$TMP/tlog700/change" 2>/dev/null; then
	fail "a changed entry was accepted"
fi
echo "5 logs, 1469 records and a proof verified by golang.org/x/mod/sumdb"
