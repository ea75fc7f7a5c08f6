# shellcheck shell=bash
# The lab with gwd and gw-ratelimitd in its gateway; to be sourced, as root, by a test that has itself started
# anew with `unshare -m`.
#
#	limit_up                 the lab, a user for the daemon, gwd
#	limit_site <<END         $LAB_TMP/site with the usual policies, and more from standard input; applied
#	limit_start              gw-ratelimitd as the user gw-ratelimit, until events come
#	limit_says COMMAND TEXT  true if `gwctl limit COMMAND` prints it
. tests/support/lab.sh
. tests/support/packets.sh

limit_up() {
	local program
	for program in gwctl gwd gw-ratelimitd tools/storm; do
		[ -x "$BUILD/$program" ] || { echo "$BUILD/$program is not there"; exit 77; }
	done
	lab_up
	. tests/support/agent.sh
	chmod 755 "$LAB_TMP"
	{ cat /etc/passwd; echo "gw-ratelimit:x:64904:65534::/:/bin/false"; } >"$LAB_TMP/passwd"
	mount --bind "$LAB_TMP/passwd" /etc/passwd
	mkdir -p "$LAB_TMP/run"
	chmod 755 "$LAB_TMP/run"
	install -d -o 64904 "$LAB_TMP/limit" "$LAB_TMP/run/ratelimit"
	# What nobody answers, and what somebody does.
	ip -n "$LAB-wan" route add blackhole 192.0.2.128/25
	ip -n "$LAB-wan" route add local 192.0.2.64/26 dev lo
	ip -n "$LAB-wan" route add 198.18.0.0/15 via 198.51.100.1
	agent_start
}

limit_site() {
	{
		cat <<-END
		change: {confirm: 0s}
		policies:
		  - {id: web-in, from: wan, to: dmz, services: [tcp/80, udp/443, icmp], action: accept, $LAB_DUTY}
		  - {id: out, from: hq, to: [wan, dmz], action: accept, $LAB_DUTY}
		nat: [{id: hq-snat, from: hq, to: wan, masquerade: true}]
		END
		cat
	} | lab_site site
	lab_status 0 agent_ctl -C "$LAB_TMP/site" apply --confirm 0
}

limit_events() {
	agent_ctl limit status 2>/dev/null | grep -q 'events: *from the kernel'
}

limit_launch() {
	ip netns exec "$LAB-gw" env ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" \
		setpriv --reuid 64904 --regid 65534 --clear-groups --bounding-set=-all \
		"$BUILD/gw-ratelimitd" --run "$AGENT_RUN" --state "$LAB_TMP/limit" 2>>"$LAB_TMP/limit.log" &
	LIMIT=$!
}

limit_start() {
	limit_launch
	agent_until 20 limit_events || { echo "gw-ratelimitd has no events:"; cat "$LAB_TMP/limit.log" "$LAB_TMP/gwd.log"; exit 1; }
}

limit_stop() {
	local status=0
	kill -TERM "$LIMIT"
	wait "$LIMIT" || status=$?
	[ "$status" -eq 0 ] || { echo "gw-ratelimitd ended with $status:"; cat "$LAB_TMP/limit.log"; exit 1; }
}

limit_says() {
	# shellcheck disable=SC2086  # words of a command
	agent_ctl limit $1 2>&1 | grep -q -- "$2"
}

# limit_until COMMAND TEXT: waits for it, for ten seconds.
limit_until() {
	agent_until 10 limit_says "$1" "$2" && return 0
	echo "gwctl limit $1 does not say: $2"
	# shellcheck disable=SC2086
	agent_ctl limit $1 || true
	cat "$LAB_TMP/limit.log"
	exit 1
}

# limit_recorded EVENT: how often it is in the audit trail.
limit_recorded() {
	agent_ctl --json audit search -e "$1" | grep -c "\"event\": \"$1\"" || true
}

storm() {
	local host=$1
	shift
	lab_in "$host" "$BUILD/tools/storm" "$@"
}
