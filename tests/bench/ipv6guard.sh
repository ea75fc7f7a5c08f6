#!/bin/sh
# What the IPv6 guard costs IPv4: small UDP packets of one established flow from a segment through a gateway
# with 4 zones and 20 policies, one core. `open`: no guard; `off`, `local`, `guarded`: the segment's modes;
# `hook`: no guard, but a chain without a rule at the same place, which is what the kernel asks for the right to
# look; `hand`: no guard, but the careful allow-list of a dozen nftables rules that people write by hand. Slices
# are short, many and interleaved; ratios are taken inside each round. The sender, on whose time all the work is done,
# has a core to itself as far as the scheduler goes, so that what else runs takes no part.
. "$(dirname "$0")/support/lib.sh"
ROUNDS=${ROUNDS:-200} SLICE=${SLICE:-0.02}
alone="chrt --fifo 1 taskset --cpu-list $(($(nproc) - 1))"
$alone true 2>/dev/null || alone=
variants="open hook off local guarded hand"

for variant in $variants; do
	bench_triple "$variant"
	site=$BENCH_TMP/site-$variant
	"$(dirname "$0")/support/make_site.sh" "$site" 4 20
	case $variant in
	off) sed -i 's/if1\], nets: .*/if1], nets: [10.1.0.0\/16], ipv6: off}/' "$site/gw.yaml" ;;
	local | guarded) echo "ipv6guard: {segments: {z1: {mode: $variant}}}" >>"$site/gw.yaml" ;;
	esac
	bench_gwctl "$variant" -C "$site" apply >/dev/null 2>&1
done
ip netns exec "$BENCH-hook-g" nft -f - <<'EOF'
table netdev empty {
	chain in {
		type filter hook ingress device "if1" priority -500; policy accept;
	}
}
EOF
ip netns exec "$BENCH-hand-g" nft -f - <<'EOF'
table netdev hand {
	chain in {
		type filter hook ingress device "if1" priority -500; policy drop;
		ether type arp accept
		ether type ip ip version 4 ip protocol != { 4, 41, 47, 55, 94, 97, 98, 115, 137, 17 } accept
		ether type ip ip version 4 udp dport != { 3544, 3653, 5072 } accept
		ether type ip ip version 4 ip frag-off & 0x1fff != 0 accept
	}
}
EOF

round=0
while [ "$round" -lt "$ROUNDS" ]; do
	for variant in $variants; do
		# shellcheck disable=SC2086  # a command with its arguments, or nothing
		echo "$variant $(ip netns exec "$BENCH-$variant-a" $alone "$TOOLS/blast" 10.2.0.5 9000 "$SLICE")"
	done
	round=$((round + 1))
done >"$BENCH_TMP/kpps"
echo "IPv4 forwarded from a segment, thousands of packets per second, $ROUNDS rounds of $SLICE s"
bench_summary open <"$BENCH_TMP/kpps"
for variant in $variants; do
	arrived=$(ip netns exec "$BENCH-$variant-b" nft list ruleset |
		awk '/counter packets/ { for (i = 1; i < NF; i++) if ($i == "packets") print $(i + 1) }')
	[ "${arrived:-0}" -gt 1000 ] || { echo "$variant: nothing arrived, figures are void"; exit 1; }
done
