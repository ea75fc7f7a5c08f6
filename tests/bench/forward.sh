#!/bin/sh
# Forwarding of small UDP packets of one established flow through a gateway namespace, one core:
# no rules, the hand-written minimum (ct state + one verdict map), gw with 4 zones and 20 policies,
# gw with 64 zones and 10,000 policies, and firewalld where it is installed. Slices of the variants
# are interleaved; the machine's speed drifts, so ratios are taken inside each round.
. "$(dirname "$0")/support/lib.sh"
ROUNDS=${ROUNDS:-40} SLICE=${SLICE:-0.2}
variants="none minimum gw-4-20 gw-64-10000"

bench_triple none
bench_triple minimum
ip netns exec "$BENCH-minimum-g" nft -f - <<'EOF'
table inet minimum {
	map pairs {
		type ifname . ifname : verdict
		elements = { "if1" . "if2" : accept, "if2" . "if1" : drop }
	}
	chain forward {
		type filter hook forward priority 0; policy drop;
		ct state vmap { established : accept, related : accept, invalid : drop }
		iifname . oifname vmap @pairs
	}
}
EOF
for size in 4-20 64-10000; do
	bench_triple "gw-$size"
	"$(dirname "$0")/support/make_site.sh" "$BENCH_TMP/site-$size" "${size%-*}" "${size#*-}"
	bench_gwctl "gw-$size" -C "$BENCH_TMP/site-$size" apply >/dev/null 2>&1
done

if bench_have firewalld && bench_have dbus-daemon; then
	. "$(dirname "$0")/support/firewalld.sh"
	if bench_firewalld; then
		variants="$variants firewalld"
	else
		echo "firewalld: left out, it did not start in the namespace"
	fi
else
	echo "firewalld: left out, not installed (apt-get install firewalld)"
fi

round=0
while [ "$round" -lt "$ROUNDS" ]; do
	for variant in $variants; do
		echo "$variant $(ip netns exec "$BENCH-$variant-a" "$TOOLS/blast" 10.2.0.5 9000 "$SLICE")"
	done
	round=$((round + 1))
done > "$BENCH_TMP/kpps"
echo "Forwarding, small UDP packets, thousands per second, $ROUNDS rounds of $SLICE s"
bench_summary minimum < "$BENCH_TMP/kpps"
echo "gw-64-10000 to gw-4-20:"
awk '$1 == "gw-4-20" || $1 == "gw-64-10000"' "$BENCH_TMP/kpps" | bench_summary gw-4-20
for variant in $variants; do
	arrived=$(ip netns exec "$BENCH-$variant-b" nft list ruleset |
		awk '/counter packets/ { for (i = 1; i < NF; i++) if ($i == "packets") print $(i + 1) }')
	[ "${arrived:-0}" -gt 1000 ] || { echo "$variant: nothing arrived, figures are void"; exit 1; }
done
