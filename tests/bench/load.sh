#!/bin/sh
# Checking, planning and loading: 10,000 policies, a change of one, large address lists; nft -f
# with equal content (the listing of what we loaded) beside it in the same rounds. Milliseconds of
# wall clock and the largest resident size in megabytes.
. "$(dirname "$0")/support/lib.sh"
ROUNDS=${ROUNDS:-9}
here=$(dirname "$0")
site=$BENCH_TMP/site changed=$BENCH_TMP/changed

"$here/support/make_site.sh" "$site" 64 10000
cp -r "$site" "$changed"
sed -i 's/id: p-5000, \(.*\)services: \[[^]]*\]/id: p-5000, \1services: [tcp\/7]/' "$changed/gw.yaml"

fresh() {
	ip netns add "$BENCH-$1-g"
	rm -rf "$BENCH_TMP/state-$1"
}
remove() {
	ip netns del "$BENCH-$1-g"
}

# nft's language has no registers, so it prints some of our rules in words that it cannot read. Each
# becomes a rule of its own language with no more expressions and the same look-ups; sets, elements
# and chains are the same.
in_nft_words() {
	sed -E 's/0x[0-9a-f]{20,} \[invalid type\] map @match/meta mark . meta mark . meta mark . meta mark map @match/
		s/ 0x[0-9a-f]+ \[invalid type\]//
		s/ct state untracked .* @live accept.*/ct mark @live accept/
		/(established|new).*ct mark set 0x0*1 @live/s/@live/ct mark @live/
		s/meta mark set (0x[0-9a-f]+) @deny/meta mark set \1 meta mark @deny/
		s/oif exists\/8/oif exists/'
}

round=0
while [ "$round" -lt "$ROUNDS" ]; do
	fresh gw
	bench_ms gw check-10000 "$BUILD/gwctl" -C "$site" check
	bench_ms gw apply-10000 "$BUILD/gwctl" -C "$site" apply
	bench_ms gw plan-10000-equal "$BUILD/gwctl" -C "$site" plan
	bench_ms gw plan-10000-one "$BUILD/gwctl" -C "$changed" plan
	bench_ms gw apply-10000-one "$BUILD/gwctl" -C "$changed" apply
	if [ "$round" -eq 0 ]; then
		ip netns exec "$BENCH-gw-g" nft list ruleset | in_nft_words > "$BENCH_TMP/equal.nft"
	fi
	remove gw
	fresh nft
	bench_ms nft nft-f-10000 nft -f "$BENCH_TMP/equal.nft" ||
		echo "nft -f: the listing does not load again, left out"
	remove nft
	round=$((round + 1))
done
echo "10,000 policies in 64 zones, ms, $ROUNDS rounds"
bench_summary apply-10000 < "$BENCH_TMP/figures"

# Address lists of one host or prefix a line.
list_site() { # name, awk expression for line i, count
	mkdir -p "$BENCH_TMP/$1/objects"
	awk -v n="$3" "BEGIN { for (i = 0; i < n; i++) print $2 }" > "$BENCH_TMP/$1/objects/list.txt"
	cat > "$BENCH_TMP/$1/gw.yaml" <<-EOF
	gw: 1
	site: {name: lists}
	zones:
	  wan: {interfaces: [if1], untrusted: true}
	  dmz: {interfaces: [if2], nets: [203.0.113.0/28]}
	hosts: {list: {file: objects/list.txt}}
	policies:
	  - {id: blocked, from: wan, to: dmz, source: [list], services: any, action: drop, owner: o, ticket: T-1, review: 2099-12-31}
	EOF
	{
		echo "table inet lists {"
		case $1 in
		prefixes*) echo "set addrs { type ipv4_addr; flags interval;" ;;
		*) echo "set addrs { type ipv4_addr;" ;;
		esac
		echo "elements = {"
		sed 's/$/,/' "$BENCH_TMP/$1/objects/list.txt"
		printf "}\n}\n}\n"
	} > "$BENCH_TMP/$1.nft"
}
# Every second address, every second /24: adjacent ones would be merged.
host='"11." int(i / 32768) % 256 "." int(i / 128) % 256 "." i % 128 * 2'
prefix='"1" int(i / 32768) + 1 "." int(i / 128) % 256 "." i % 128 * 2 ".0/24"'
list_site hosts-100k "$host" 100000
list_site prefixes-100k "$prefix" 100000
list_site hosts-1m "$host" 1000000
for list in hosts-100k prefixes-100k hosts-1m; do
	: > "$BENCH_TMP/figures"
	round=0 rounds=5
	[ "$list" = hosts-1m ] && rounds=3
	while [ "$round" -lt "$rounds" ]; do
		fresh gw
		bench_ms gw "gw-$list" "$BUILD/gwctl" -C "$BENCH_TMP/$list" apply
		remove gw
		fresh nft
		bench_ms nft "nft-$list" nft -f "$BENCH_TMP/$list.nft"
		remove nft
		round=$((round + 1))
	done
	echo "$list, ms"
	bench_summary "nft-$list" < "$BENCH_TMP/figures"
	awk '{ if ($3 > m[$1]) m[$1] = $3 } END { for (k in m) print "  largest resident size", k, m[k], "MB" }' \
		"$BENCH_TMP/figures"
done
