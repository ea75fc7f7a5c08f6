#!/bin/bash
# Forwarding to a real rsyslog over TLS, in a network namespace: it is down, comes up, goes away and comes
# back. Every record must be there byte for byte, and once; only where it went away in the middle of a
# stream, what it was sent last may be there twice, as the protocol has no acknowledgements.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
NS=gwsyslog$$
TMP=$(mktemp -d)
RSYSLOG_NS=$NS RSYSLOG_DIR=$TMP FORWARD=
. tests/support/rsyslog.sh
finish() {
	local status=$?
	trap - EXIT
	[ -z "$FORWARD" ] || kill "$FORWARD" 2>/dev/null || true
	[ -z "$RSYSLOG" ] || kill -9 "$RSYSLOG" 2>/dev/null || true
	wait
	ip netns del "$NS" 2>/dev/null || true
	rm -rf "$TMP"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

fail() {
	echo "$*"
	echo "-- forwarder:"; cat "$TMP/forward.out" 2>/dev/null || true
	echo "-- rsyslog:"; tail -n 20 "$TMP/rsyslog.err" 2>/dev/null || true
	exit 1
}

# until_true SECONDS WHAT COMMAND...
until_true() {
	local tries=$(($1 * 20)) what=$2
	shift 2
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "$what: not in time"
		sleep 0.05
	done
}

# add FIRST LAST: records with these numbers; odd ones are of class change.
add() {
	local i log
	for ((i = $1; i <= $2; i++)); do
		log=$([ $((i % 2)) -eq 1 ] && echo change || echo access)
		printf '{"seq":%d,"t":"2026-11-23T03:00:00.000000001Z","gw":"tokyo-01","class":"%s","module":"gwd","event":"change.applied","result":"ok","detail":"%0200d"}\n' \
			"$i" "$log" 0 | tee -a "$TMP/sent" >>"$TMP/trail/$log/0000000000000000.log"
	done
}

# received COUNT: so many different records are there.
received() {
	[ -e "$TMP/received" ] && [ "$(sort -u "$TMP/received" | wc -l)" -ge "$1" ]
}

ip netns add "$NS" || { echo "needs network namespaces"; exit 77; }
ip -n "$NS" link set lo up
rsyslog_prepare
mkdir -p "$TMP/trail/change" "$TMP/trail/access"
: >"$TMP/sent"
add 1 100

mkfifo "$TMP/input"
ip netns exec "$NS" "$BUILD/tools/audit_forward" "$TMP/trail" 127.0.0.1 6514 "$TMP/ca.pem" logs.example \
	<"$TMP/input" >"$TMP/forward.out" 2>&1 &
FORWARD=$!
exec 5>"$TMP/input"
until_true 10 "a receiver that is down is noticed" grep -q ^down "$TMP/forward.out"

rsyslog_start
until_true 20 "what waited arrives" received 100
add 101 200
until_true 20 "new records arrive" received 200
until_true 20 "they are settled" grep -q '^settled 200' "$TMP/forward.out"
rsyslog_stop
add 201 300
rsyslog_start
until_true 20 "what waited while it was away arrives" received 300

[ "$(wc -l <"$TMP/received")" -eq 300 ] || fail "$(wc -l <"$TMP/received") records, not 300"

# Away in the middle of a stream.
add 301 1300 5>&- &
ADDER=$!
until_true 20 "the stream runs" received 350
rsyslog_stop
wait "$ADDER"
rsyslog_start
until_true 20 "the rest arrives" received 1300

# The forwarder starts again where it was.
exec 5>&-
wait "$FORWARD" || fail "the forwarder failed"
FORWARD=
mkfifo "$TMP/again"
ip netns exec "$NS" "$BUILD/tools/audit_forward" "$TMP/trail" 127.0.0.1 6514 "$TMP/ca.pem" logs.example \
	<"$TMP/again" >"$TMP/forward.out" 2>&1 &
FORWARD=$!
exec 5>"$TMP/again"
add 1301 1310
until_true 20 "records after a new start arrive" received 1310
exec 5>&-
wait "$FORWARD" || fail "the forwarder failed"
FORWARD=
rsyslog_stop

# The receiver's message keeps the blank before it; some versions do, some do not.
sed 's/^ //' "$TMP/received" | sort -u >"$TMP/received.sorted"
sort "$TMP/sent" >"$TMP/sent.sorted"
cmp -s "$TMP/received.sorted" "$TMP/sent.sorted" || {
	diff "$TMP/received.sorted" "$TMP/sent.sorted" | cut -c1-60 | head
	fail "what was received is not what was sent: $(wc -l <"$TMP/received") of $(wc -l <"$TMP/sent")"
}
grep -q '^gwd change.applied \[gwAudit@32473 seq="1" class="change" index="0"\]$' "$TMP/heads" ||
	fail "no structured data: $(head -n 1 "$TMP/heads")"
echo "1310 records over four connections, $(($(wc -l <"$TMP/received") - 1310)) of them twice"
