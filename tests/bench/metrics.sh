#!/bin/sh
# A scrape and the status page of a gateway with 10,000 policies in 64 zones and a list of 1,000,000 addresses, each
# after a new snapshot, so that nothing is ready; beside it what exporters of nftables do for every scrape, `nft -j list
# ruleset` (once, and not with LIST=0). What the snapshot costs gwd stands below, and a gateway with 10
# policies shows what grows with what.
[ "${1:-}" = inside ] || exec unshare -m "$0" inside
. "$(dirname "$0")/support/lib.sh"
ROUNDS=${ROUNDS:-7} ADDRESSES=${ADDRESSES:-1000000} LIST=${LIST:-1}
bench_have curl || { echo "needs curl"; exit 1; }
gateway=$BENCH-metrics
# gwd knows the module by its user, which is there in this mount namespace alone.
{ cat /etc/passwd; echo "gw-metrics:x:64904:65534::/:/bin/false"; } >"$BENCH_TMP/passwd"
mount --bind "$BENCH_TMP/passwd" /etc/passwd
chmod 755 "$BENCH_TMP"
ip netns add "$gateway"
ip -n "$gateway" link set lo up

in_gateway() {
	GW_STATE_DIR=$BENCH_TMP/state GW_RUN_DIR=$BENCH_TMP/run ip netns exec "$gateway" "$@"
}
# list_of N: addresses, a line each.
list_of() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print "11." int(i / 32768) % 256 "." int(i / 128) % 256 "." i % 128 * 2 }'
}
# start NAME ZONES POLICIES ADDRESSES: gwd and gw-metricsd with that site.
start() {
	site=$BENCH_TMP/$1
	"$(dirname "$0")/support/make_site.sh" "$site" "$2" "$3"
	mkdir -p "$site/objects"
	list_of "$4" >"$site/objects/list.txt"
	cat >"$site/metrics.yaml" <<-END
	metrics: {interval: 3s, listen: [127.0.0.1]}
	hosts: {list: {file: objects/list.txt}}
	zones: {listed: {interfaces: [listed0], untrusted: true}, inner: {interfaces: [inner0], nets: [203.0.113.0/28]}}
	policies:
	  - {id: listed, from: listed, to: inner, source: [list], services: any, action: drop, owner: o, ticket: T-1, review: 2099-12-31}
	END
	grep -q '^include:' "$site/gw.yaml" && { echo "the site has includes of its own"; exit 1; }
	sed -i '1a include: [metrics.yaml]' "$site/gw.yaml"
	install -d -o 64904 "$BENCH_TMP/run/metrics" "$BENCH_TMP/metrics-state"
	in_gateway "$BUILD/gwd" --state "$BENCH_TMP/state" --run "$BENCH_TMP/run" 2>/dev/null &
	until in_gateway "$TOOLS/ask" "$BENCH_TMP/run/control" status >/dev/null 2>&1; do sleep 0.05; done
	in_gateway "$BUILD/gwctl" -C "$site" apply --confirm 0 >/dev/null 2>"$BENCH_TMP/stderr" || { cat "$BENCH_TMP/stderr"; exit 1; }
	in_gateway setpriv --reuid 64904 --regid 65534 --clear-groups "$BUILD/gw-metricsd" --state "$BENCH_TMP/metrics-state" --run "$BENCH_TMP/run" 2>/dev/null &
	for _ in $(seq 300); do
		! fetch /metrics >/dev/null 2>&1 || [ "$(value gw_agent_up 2>/dev/null)" != 1 ] || break
		sleep 0.2
	done
	sleep 2
}
stop() {
	ip netns pids "$gateway" | xargs -r kill 2>/dev/null || true
	wait
	ip netns exec "$gateway" nft flush ruleset
	rm -rf "$BENCH_TMP/state" "$BENCH_TMP/run"
}
# fetch PATH: milliseconds and octets, as the client sees it.
fetch() {
	in_gateway curl -sS -o "$BENCH_TMP/body" -w '%{time_total} %{size_download}\n' "http://127.0.0.1:9630$1" |
		awk '{ print $1 * 1000, $2 }'
}
value() {
	fetch /metrics >/dev/null
	sed -n "s/^$1 //p" "$BENCH_TMP/body"
}
# next: a snapshot is a moment old, and nobody has asked for what is written from it.
next() {
	before=$(value gw_snapshot_timestamp_seconds)
	while [ "$(value gw_snapshot_timestamp_seconds)" = "$before" ]; do sleep 0.1; done
	sleep 0.5
}
# figures LABEL
figures() {
	next
	echo "scrape-$1 $(fetch /metrics)" >>"$BENCH_TMP/figures"
	next
	echo "page-$1 $(fetch '/?lang=ja')" >>"$BENCH_TMP/figures"
	echo "read-$1 $(value gw_snapshot_duration_seconds | awk '{ print $1 * 1000 }')" >>"$BENCH_TMP/figures"
}
# listing LABEL: it takes minutes where there is a million.
listing() {
	start_ns=$(date +%s%N)
	in_gateway nft -j list ruleset 2>/dev/null | wc -c >"$BENCH_TMP/listed"
	echo "nft-list-$1 $((($(date +%s%N) - start_ns) / 1000000)) $(cat "$BENCH_TMP/listed")" >>"$BENCH_TMP/figures"
}
: >"$BENCH_TMP/figures"
start large 64 10000 "$ADDRESSES"
for _ in $(seq "$ROUNDS"); do figures 10000; done
[ "$LIST" = 0 ] || listing 10000
fetch /metrics >/dev/null
series=$(grep -vc '^#' "$BENCH_TMP/body")
stop
start small 4 10 10
for _ in $(seq "$ROUNDS"); do figures 10; done
[ "$LIST" = 0 ] || listing 10
stop
echo "ms, as a client sees it (load $(cut -d' ' -f1 /proc/loadavg)); read: what gwd took for the snapshot"
bench_summary scrape-10000 <"$BENCH_TMP/figures"
echo "$series series at 10,000 policies; octets:"
awk '{ size[$1] = $3 } END { for (l in size) if (size[l]) print "  " l, size[l] }' "$BENCH_TMP/figures" | sort
