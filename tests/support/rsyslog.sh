# shellcheck shell=bash
# A real rsyslog as receiver of records over TLS, on 127.0.0.1 port 6514 of network namespace $RSYSLOG_NS,
# with its certificates, config and output in $RSYSLOG_DIR. Its name is logs.example.
#
#	rsyslog_prepare              ends the test with 77 where there is none
#	rsyslog_start, rsyslog_stop  the message of each record goes to $RSYSLOG_DIR/received, a line each

RSYSLOG=

rsyslog_prepare() {
	for program in rsyslogd openssl; do
		command -v "$program" >/dev/null || { echo "needs $program: make deps-interop"; exit 77; }
	done
	[ -e /usr/lib/"$(uname -m)"-linux-gnu/rsyslog/lmnsd_ossl.so ] ||
		{ echo "needs rsyslog-openssl: make deps-interop"; exit 77; }
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
		-keyout "$RSYSLOG_DIR/ca.key" -out "$RSYSLOG_DIR/ca.pem" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=logs.example \
		-keyout "$RSYSLOG_DIR/server.key" -out "$RSYSLOG_DIR/server.csr" 2>/dev/null
	openssl x509 -req -in "$RSYSLOG_DIR/server.csr" -CA "$RSYSLOG_DIR/ca.pem" -CAkey "$RSYSLOG_DIR/ca.key" \
		-days 2 -extfile <(echo subjectAltName=DNS:logs.example) -out "$RSYSLOG_DIR/server.pem" 2>/dev/null
	cat >"$RSYSLOG_DIR/rsyslog.conf" <<-END
	global(workDirectory="$RSYSLOG_DIR" maxMessageSize="64k" defaultNetstreamDriver="ossl"
	       defaultNetstreamDriverCAFile="$RSYSLOG_DIR/ca.pem"
	       defaultNetstreamDriverCertFile="$RSYSLOG_DIR/server.pem"
	       defaultNetstreamDriverKeyFile="$RSYSLOG_DIR/server.key")
	module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
	template(name="raw" type="string" string="%msg%\n")
	template(name="head" type="string" string="%app-name% %msgid% %structured-data%\n")
	input(type="imtcp" port="6514" address="127.0.0.1")
	action(type="omfile" file="$RSYSLOG_DIR/received" template="raw")
	action(type="omfile" file="$RSYSLOG_DIR/heads" template="head")
	END
}

rsyslog_start() {
	local tries=0
	# Nothing of the test's stays open in it.
	ip netns exec "$RSYSLOG_NS" rsyslogd -n -f "$RSYSLOG_DIR/rsyslog.conf" -i "$RSYSLOG_DIR/rsyslog.pid" \
		>>"$RSYSLOG_DIR/rsyslog.err" 2>&1 5>&- &
	RSYSLOG=$!
	# 6514 is 1972 in hex.
	until ip netns exec "$RSYSLOG_NS" grep -q ':1972 00000000:0000 0A' /proc/net/tcp; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || { echo "rsyslog does not listen"; tail "$RSYSLOG_DIR/rsyslog.err"; exit 1; }
		sleep 0.05
	done
}

rsyslog_stop() {
	[ -n "$RSYSLOG" ] || return 0
	kill -TERM "$RSYSLOG" 2>/dev/null || true
	wait "$RSYSLOG" 2>/dev/null || true
	RSYSLOG=
}
