#!/bin/bash
# Forwarding to a real rsyslog over TLS, in a network namespace: it is down, comes up, goes away and comes
# back. Every record must be there byte for byte, and once; only where it went away in the middle of a
# stream, what was on its way may be there twice, as the protocol has no acknowledgements.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
for program in rsyslogd openssl; do
	command -v "$program" >/dev/null || { echo "needs $program"; exit 77; }
done
[ -e /usr/lib/"$(uname -m)"-linux-gnu/rsyslog/lmnsd_ossl.so ] || { echo "needs rsyslog-openssl"; exit 77; }

NS=gwsyslog$$
TMP=$(mktemp -d)
RSYSLOG= FORWARD=
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

certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
		-keyout "$TMP/ca.key" -out "$TMP/ca.pem" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=logs.example \
		-keyout "$TMP/server.key" -out "$TMP/server.csr" 2>/dev/null
	openssl x509 -req -in "$TMP/server.csr" -CA "$TMP/ca.pem" -CAkey "$TMP/ca.key" -days 2 \
		-extfile <(echo subjectAltName=DNS:logs.example) -out "$TMP/server.pem" 2>/dev/null
}

config() {
	cat >"$TMP/rsyslog.conf" <<-END
	global(workDirectory="$TMP" maxMessageSize="64k" defaultNetstreamDriver="ossl"
	       defaultNetstreamDriverCAFile="$TMP/ca.pem" defaultNetstreamDriverCertFile="$TMP/server.pem"
	       defaultNetstreamDriverKeyFile="$TMP/server.key")
	module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
	template(name="raw" type="string" string="%msg%\n")
	template(name="head" type="string" string="%app-name% %msgid% %structured-data%\n")
	input(type="imtcp" port="6514" address="127.0.0.1")
	action(type="omfile" file="$TMP/received" template="raw")
	action(type="omfile" file="$TMP/heads" template="head")
	END
}

start_rsyslog() {
	ip netns exec "$NS" rsyslogd -n -f "$TMP/rsyslog.conf" -i "$TMP/rsyslog.pid" >>"$TMP/rsyslog.err" 2>&1 5>&- &
	RSYSLOG=$!
	# 6514 is 1972 in hex.
	until_true 10 "rsyslog listening" ip netns exec "$NS" grep -q ':1972 00000000:0000 0A' /proc/net/tcp
}

stop_rsyslog() {
	kill -TERM "$RSYSLOG"
	wait "$RSYSLOG" 2>/dev/null || true
	RSYSLOG=
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
certificates
config
mkdir -p "$TMP/trail/change" "$TMP/trail/access"
: >"$TMP/sent"
add 1 100

mkfifo "$TMP/input"
ip netns exec "$NS" "$BUILD/tools/audit_forward" "$TMP/trail" 127.0.0.1 6514 "$TMP/ca.pem" logs.example \
	<"$TMP/input" >"$TMP/forward.out" 2>&1 &
FORWARD=$!
exec 5>"$TMP/input"
until_true 10 "a receiver that is down is noticed" grep -q ^down "$TMP/forward.out"

start_rsyslog
until_true 20 "what waited arrives" received 100
add 101 200
until_true 20 "new records arrive" received 200
stop_rsyslog
add 201 300
start_rsyslog
until_true 20 "what waited while it was away arrives" received 300

[ "$(wc -l <"$TMP/received")" -eq 300 ] || fail "$(wc -l <"$TMP/received") records, not 300"

# Away in the middle of a stream.
add 301 1300 5>&- &
ADDER=$!
until_true 20 "the stream runs" received 350
stop_rsyslog
wait "$ADDER"
start_rsyslog
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
stop_rsyslog

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
