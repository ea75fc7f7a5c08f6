#!/bin/bash
# `zone compare` against real NSD, Knot and BIND, and a parent: all is well; one is stale; one has signatures that
# ended, under the same serial; one does not serve the zone; one is silent; another TSIG key; the parent
# has wrong glue, another NS or a DS of no key. Each time exactly the offender is named.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
. tests/support/dns_servers.sh
dns_need nsd knotd named dig ldns-keygen ldns-signzone ldns-key2ds

DNS_NS=gwzone$$
DNS_DIR=$(mktemp -d)
finish() {
	local status=$?
	trap - EXIT
	stop_servers
	ip netns del "$DNS_NS" 2>/dev/null || true
	rm -rf "$DNS_DIR"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
ip netns add "$DNS_NS" || { echo "needs network namespaces"; exit 77; }
ip -n "$DNS_NS" link set lo up
NSD=192.0.2.1 KNOT=192.0.2.2 BIND=192.0.2.3 PARENT=192.0.2.4 NOBODY=192.0.2.9
for address in $NSD $KNOT $BIND $PARENT; do
	ip -n "$DNS_NS" address add "$address/32" dev lo
done
ip -n "$DNS_NS" address add "$NOBODY/32" dev lo
cd "$DNS_DIR"
OLDPWD_=$OLDPWD

# ---- the zone, in several versions ---------------------------------------------------------------

zone() { # SERIAL
	cat <<-EOF
	\$ORIGIN example.go.jp.
	\$TTL 3600
	@ SOA ns1 hostmaster $1 7200 3600 604800 3600
	@ NS ns1
	@ NS ns2
	@ NS ns3
	ns1 A $NSD
	ns2 A $KNOT
	ns3 A $BIND
	www A 203.0.113.5
	EOF
}
KSK=$(ldns-keygen -k -a ECDSAP256SHA256 -r /dev/urandom example.go.jp)
ZSK=$(ldns-keygen -a ECDSAP256SHA256 -r /dev/urandom example.go.jp)
day() { date -u -d "$1" +%Y%m%d%H%M%S; }
sign() { # SERIAL END FILE
	zone "$1" >plain
	ldns-signzone -i "$(day '-30 days')" -e "$(day "$2")" -f "$3" plain "$ZSK" "$KSK"
}
sign 7 '+30 days' zone.7
sign 6 '+30 days' zone.6
sign 7 '-2 days' zone.7.ended
DS=$(cut -f 2- "$KSK.ds")
parent() { # FILE GLUE-OF-NS2 DS
	cat >"$1" <<-EOF
	\$ORIGIN go.jp.
	\$TTL 3600
	@ SOA ns hostmaster 1 7200 3600 604800 3600
	@ NS ns
	ns A $PARENT
	example NS ns1.example
	example NS ns2.example
	example NS ns3.example
	ns1.example A $NSD
	ns2.example A $2
	ns3.example A $BIND
	$3
	EOF
}
parent parent.good "$KNOT" "example.go.jp. $DS"
parent parent.glue 192.0.2.77 "example.go.jp. $DS"
parent parent.ds "$KNOT" "example.go.jp. 3600 IN DS 12345 13 2 $(printf '%064d' 7)"

mkdir repo
cat >repo/gw.yaml <<-EOF
gw: 1
zones: {wan: {interfaces: [wan0], untrusted: true}}
dns:
  zones:
    example.go.jp:
      file: example.go.jp.zone
      owner: dns-team
      review: 2099-12-31
      servers:
        nsd: {addresses: [$NSD], primary: true}
        knot: {addresses: [$KNOT]}
        bind: {addresses: [$BIND]}
      parents: {parent: {addresses: [$PARENT]}}
EOF

# ---- comparing -----------------------------------------------------------------------------------

# compare STATUS FINDINGS: what is found, as `id server` in one line each, sorted.
compare() {
	local status=0 found
	ip netns exec "$DNS_NS" "$OLDPWD_/$BUILD/gwctl" -C repo zone compare --timeout 15s --json \
		>out.json 2>err || status=$?
	found=$(python3 -c '
import json
out = json.load(open("out.json"))
print(" ".join(sorted({f["id"] + "/" + f.get("server", "-") for z in out["zones"] for f in z["findings"]})))')
	if [ "$status" != "$1" ] || [ "$found" != "$2" ]; then
		echo "$3: expected status $1 and findings [$2], got $status and [$found]"
		cat err out.json
		exit 1
	fi
	echo "ok: $3: ${found:-no findings}"
}

start_nsd $NSD example.go.jp "$DNS_DIR/zone.7"
start_knot $KNOT example.go.jp "$DNS_DIR/zone.7"
start_bind $BIND example.go.jp "$DNS_DIR/zone.7"
start_nsd $PARENT go.jp "$DNS_DIR/parent.good"
compare 0 "" "all servers agree"
python3 - <<'EOF'
import json
zone = json.load(open("out.json"))["zones"][0]
assert zone["ds"] == "matches" and zone["serial"] == 7 and zone["signed"], zone
assert 29 < zone["days_to_expiry"] < 31, zone
assert len({s["digest"] for s in zone["servers"] if s["of"] == "zone"}) == 1
EOF

stop_server $KNOT
start_knot $KNOT example.go.jp "$DNS_DIR/zone.6"
compare 2 "GW1874/knot" "one is stale"
stop_server $KNOT
start_knot $KNOT example.go.jp "$DNS_DIR/zone.7"

stop_server $BIND
start_bind $BIND example.go.jp "$DNS_DIR/zone.7.ended"
compare 2 "GW1875/bind GW1876/bind" "one has signatures that ended, under the same serial"

stop_server $BIND
sed 's/^example/other/; s/example.go.jp/other.go.jp/' plain >other
start_bind $BIND other.go.jp "$DNS_DIR/other"
compare 2 "GW1871/bind" "one does not serve the zone"
stop_server $BIND
compare 2 "GW1870/bind" "one is down"
start_bind $BIND example.go.jp "$DNS_DIR/zone.7"

for version in glue:GW1880 ds:"GW1881 GW1882"; do
	stop_server $PARENT
	start_nsd $PARENT go.jp "$DNS_DIR/parent.${version%%:*}"
	expected=
	for id in ${version#*:}; do expected="$expected $id/parent"; done
	compare 2 "${expected# }" "the parent has another ${version%%:*}"
done
stop_server $PARENT
start_nsd $PARENT go.jp "$DNS_DIR/parent.good"

# TSIG: the right key, another secret, an unknown name.
secret=$(printf 'not so secret' | base64)
stop_server $NSD
printf 'key:\n  name: gw.example\n  algorithm: hmac-sha256\n  secret: "%s"\n' "$secret" >$NSD/keys
DNS_TSIG=gw.example start_nsd $NSD example.go.jp "$DNS_DIR/zone.7"
tsig() { # NAME SECRET
	umask 077
	printf 'key "%s" {\n\talgorithm hmac-sha256;\n\tsecret "%s";\n};\n' "$1" "$2" >repo/tsig
}
sed -i "s|nsd: {addresses: \[$NSD\]|&, tsig: tsig|" repo/gw.yaml
tsig gw.example "$secret"
compare 0 "" "TSIG with the right key"
tsig gw.example "$(printf 'another secret' | base64)"
compare 2 "GW1885/nsd" "TSIG with another secret"
tsig gw2.example "$secret"
compare 2 "GW1885/nsd" "TSIG with another name"
tsig gw.example "$secret"

# A server that swallows questions costs the time allowed, and no more.
ip netns exec "$DNS_NS" python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
time.sleep(60)' "$NOBODY" &
DNS_PIDS[$NOBODY]=$!
sed -i "s|bind: {addresses: \[$BIND|&, $NOBODY|" repo/gw.yaml
compare 2 "GW1870/bind" "one address is silent"
echo "all differences were found, and nobody else was blamed"
