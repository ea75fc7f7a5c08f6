#!/bin/sh
# The audit trail on the disk below BENCH_DIR (default /var/tmp): durable records of 300 octets a second,
# beside rsyslog (every batch synced) and journald (one sync at the end, which is less than we promise);
# from append to acknowledgement at 50,000 records a second, beside what a bare fdatasync of 64 KiB
# takes; verifying, beside a bare loop of the same hashes. Ours runs on one core. Rounds are interleaved.
. "$(dirname "$0")/support/lib.sh"
ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-2} RATE=${RATE:-50000} PEER_RECORDS=${PEER_RECORDS:-50000}
disk=$(mktemp -d "${BENCH_DIR:-/var/tmp}/gw-audit-XXXXXX")
peer=
audit_clean() {
	[ -z "$peer" ] || kill "$peer" 2>/dev/null || true
	rm -rf "$disk"
	bench_clean
}
trap audit_clean EXIT
pinned="taskset -c 0"
bench_have taskset || pinned=

now_ms() {
	date +%s%3N
}

# lines_per_second MS: of PEER_RECORDS.
lines_per_second() {
	echo $((PEER_RECORDS * 1000 / ($1 > 0 ? $1 : 1)))
}

# wait_for COMMAND...: until it succeeds; 60 s at most.
wait_for() {
	for _ in $(seq 3000); do
		! "$@" 2>/dev/null || return 0
		sleep 0.02
	done
	return 1
}

has_all() {
	[ "$(wc -l <"$1")" -ge "$PEER_RECORDS" ]
}

messages() {
	awk -v n="$PEER_RECORDS" 'BEGIN {
		filler = sprintf("%250s", ""); gsub(/ /, "x", filler)
		for (i = 0; i < n; i++) printf "%09d %s\n", i, filler
	}' >"$BENCH_TMP/messages"
}

rsyslog_round() {
	cat >"$BENCH_TMP/rsyslog.conf" <<-END
	global(workDirectory="$disk")
	module(load="imuxsock" SysSock.Use="off")
	input(type="imuxsock" Socket="$BENCH_TMP/rsyslog.sock" RateLimit.Interval="0")
	main_queue(queue.type="LinkedList" queue.size="200000" queue.dequeueBatchSize="4096")
	action(type="omfile" file="$disk/rsyslog.out" sync="on")
	END
	rm -f "$disk/rsyslog.out"
	rsyslogd -n -f "$BENCH_TMP/rsyslog.conf" -i "$BENCH_TMP/rsyslog.pid" >"$BENCH_TMP/rsyslog.err" 2>&1 &
	peer=$!
	wait_for test -S "$BENCH_TMP/rsyslog.sock" || return 1
	start=$(now_ms)
	logger -u "$BENCH_TMP/rsyslog.sock" -f "$BENCH_TMP/messages"
	wait_for has_all "$disk/rsyslog.out" || return 1
	end=$(now_ms)
	kill "$peer"
	wait "$peer" 2>/dev/null || true
	peer=
	echo "rsyslog $(lines_per_second $((end - start)))"
}

# In a mount namespace of its own: a journald that is none of the machine's.
journald_round() {
	rm -rf "$disk/journal"
	mkdir "$disk/journal"
	export PEER_RECORDS disk BENCH_TMP
	unshare -m sh -eu <<-'END'
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /var/log
	mkdir -p /var/log/journal /run/systemd/journald.conf.d
	mount --bind "$disk/journal" /var/log/journal
	printf '[Journal]\nStorage=persistent\nRateLimitIntervalSec=0\nCompress=no\n' \
		>/run/systemd/journald.conf.d/bench.conf
	mkdir -p /run/systemd/journal
	touch /run/systemd/journal/flushed # else it keeps records in memory until it is told
	/lib/systemd/systemd-journald >"$BENCH_TMP/journald.err" 2>&1 &
	peer=$!
	tries=0
	until [ -S /run/systemd/journal/dev-log ] && [ -S /run/systemd/journal/io.systemd.journal ]; do
		tries=$((tries + 1))
		if [ "$tries" -gt 250 ] || ! kill -0 "$peer" 2>/dev/null; then
			kill "$peer" 2>/dev/null || true
			exit 1
		fi
		sleep 0.02
	done
	start=$(date +%s%3N)
	logger -u /run/systemd/journal/dev-log -f "$BENCH_TMP/messages"
	journalctl --sync
	end=$(date +%s%3N)
	kill "$peer"
	wait "$peer" || true
	n=$(journalctl -D "$disk/journal" -o cat 2>/dev/null | grep -c xxxxxxxx || true)
	[ "$n" -ge "$PEER_RECORDS" ] || { echo "only $n records" >"$BENCH_TMP/journald.err"; exit 1; }
	echo "journald $((n * 1000 / (end - start)))"
	END
}

peers=
if bench_have rsyslogd && bench_have logger; then
	peers=rsyslog
else
	echo "rsyslog: left out, not installed (apt-get install rsyslog bsdutils)"
fi
if [ -x /lib/systemd/systemd-journald ] && [ "$(id -u)" -eq 0 ] && bench_have logger; then
	peers="$peers journald"
else
	echo "journald: left out, not installed, or this is not root"
fi
messages
: >"$BENCH_TMP/rates"
: >"$BENCH_TMP/latency"
: >"$BENCH_TMP/verify"
for _ in $(seq "$ROUNDS"); do
	rm -rf "$disk/trail" "$disk/latency"
	$pinned "$TOOLS/audit_bench" durable "$disk/trail" "$SECONDS_EACH" >"$BENCH_TMP/figures"
	read -r rate cpu <"$BENCH_TMP/figures"
	echo "gw $rate" >>"$BENCH_TMP/rates"
	echo "$cpu" >>"$BENCH_TMP/cpu"
	for peer_name in $peers; do
		"${peer_name}_round" >>"$BENCH_TMP/rates" || {
			echo "$peer_name: left out, it did not work here: $(cat "$BENCH_TMP/$peer_name.err")"
			peers=$(echo "$peers" | sed "s/$peer_name//")
		}
	done
	"$TOOLS/audit_bench" disk "$disk/bare" "$SECONDS_EACH" | sed 's/^/disk /' >>"$BENCH_TMP/latency"
	$pinned "$TOOLS/audit_bench" latency "$disk/latency" "$RATE" "$SECONDS_EACH" |
		sed 's/^/gw /' >>"$BENCH_TMP/latency"
	$pinned "$TOOLS/audit_bench" verify "$disk/trail" >>"$BENCH_TMP/verify"
done

echo "Durable records a second, 300 octets each, $ROUNDS rounds (gw: ${pinned:-not pinned}; load $(cut -d' ' -f1 /proc/loadavg))"
bench_summary gw <"$BENCH_TMP/rates"
echo "processor time of gw per second: $(sort -n "$BENCH_TMP/cpu" | sed -n "$(((ROUNDS + 1) / 2))p") s"
echo "From append to acknowledgement at $RATE records a second, ms, medians of the rounds:"
for what in disk gw; do
	awk -v what="$what" '$1 == what { print $2 }' "$BENCH_TMP/latency" | sort -n | sed -n "$(((ROUNDS + 1) / 2))p" >"$BENCH_TMP/p50"
	awk -v what="$what" '$1 == what { print $3 }' "$BENCH_TMP/latency" | sort -n | sed -n "$(((ROUNDS + 1) / 2))p" >"$BENCH_TMP/p99"
	case $what in
	disk) label="a bare fdatasync of 64 KiB" ;;
	*) label="gw" ;;
	esac
	printf '%-28s p50 %s  p99 %s\n' "$label" "$(cat "$BENCH_TMP/p50")" "$(cat "$BENCH_TMP/p99")"
done
echo "Verifying, records a second, a bare loop of leaf and node hashes, and the ratio, each round:"
cat "$BENCH_TMP/verify"
