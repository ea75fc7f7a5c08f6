#!/bin/bash
# New versions of a zone go out to real NSD, Knot and BIND while they are asked all the time: no question stays
# without an answer, and afterwards the new version is served. A control program that refuses, one that
# hangs, and a file that cannot be written leave the old one served, and are said.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
. tests/support/dns_servers.sh
dns_need nsd nsd-control knotd knotc named rndc dig

DNS_NS=gwpublish$$
DNS_DIR=$(mktemp -d)
TOOL=$PWD/$BUILD/tools/zone_publish
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
chmod 755 "$DNS_DIR"
cd "$DNS_DIR"

zone() { # SERIAL
	printf '%s\n' '$ORIGIN example.go.jp.' '$TTL 60' "@ SOA ns x $1 7200 3600 604800 60" \
		'@ NS ns' 'ns A 192.0.2.1' "www TXT \"version $1\""
}
for serial in 7 8 9; do zone $serial >zone.$serial; done

config() { # ADDRESS KIND CONTROL TO
	mkdir -p repo
	cat >repo/gw.yaml <<-EOF
	gw: 1
	zones: {wan: {interfaces: [wan0], untrusted: true}}
	dns:
	  zones:
	    example.go.jp:
	      file: z
	      owner: dns-team
	      review: 2099-12-31
	      servers: {one: {addresses: [$1], primary: true}}
	      publish: {to: $4, server: $2, control: $3, timeout: 10s}
	EOF
}
publish() { # FILE SERIAL
	ip netns exec "$DNS_NS" "$TOOL" repo example.go.jp "$1" "$2" 2>err
}
served() {
	ip netns exec "$DNS_NS" dig +norec +time=2 +tries=1 +short @"$1" www.example.go.jp TXT
}
fail() {
	echo "$*"
	cat err 2>/dev/null || true
	exit 1
}

run() { # NAME ADDRESS CONTROL
	local name=$1 address=$2 control=$3 asker
	cp zone.7 "live.$name"
	chmod 644 "live.$name"
	ip -n "$DNS_NS" address add "$address/32" dev lo
	"start_$name" "$address" example.go.jp "$DNS_DIR/live.$name"
	config "$address" "$name" "$control" "$DNS_DIR/live.$name"
	(while [ ! -e stop ]; do served "$address"; done) >answers 2>&1 &
	asker=$!
	until [ "$(grep -c . answers)" -ge 5 ]; do sleep 0.05; done
	publish zone.8 8 || fail "$name: not published"
	until [ "$(grep -c 'version 8' answers)" -ge 5 ]; do sleep 0.05; done
	: >stop
	wait "$asker"
	rm stop
	[ "$(served "$address")" = '"version 8"' ] || fail "$name serves $(served "$address")"
	[ -s answers ] || fail "$name: nobody asked"
	if grep -qv '^"version [78]"$' answers; then
		fail "$name: a question had no answer: $(grep -v '^"version [78]"$' answers)"
	fi
	# Its control program looks elsewhere: the file is there, the server was not told, and that is said.
	config "$address" "$name" "$DNS_DIR/nothing" "$DNS_DIR/live.$name"
	if publish zone.9 9; then fail "$name: a control program that fails was not noticed"; fi
	grep -q GW1809 err || fail "$name: it was not said"
	# A folder that is not there.
	config "$address" "$name" "$control" "$DNS_DIR/away/live"
	if publish zone.9 9; then fail "$name: published to nowhere"; fi
	grep -q GW1804 err || fail "$name: it was not said"
	[ "$(served "$address")" = '"version 8"' ] || fail "$name serves $(served "$address")"
	stop_server "$address"
	echo "ok: $name, $(grep -c . answers) answers meanwhile"
}
run nsd 192.0.2.1 "$DNS_DIR/192.0.2.1/nsd.conf"
run knot 192.0.2.2 "$DNS_DIR/192.0.2.2/knot.sock"
run bind 192.0.2.3 "$DNS_DIR/192.0.2.3/rndc.conf"

# A control program that does not come to an end costs the time allowed, and is gone afterwards.
mkdir bin
printf '#!/bin/sh\necho $$ >%s/hangs\nexec sleep 600\n' "$DNS_DIR" >bin/nsd-control
chmod 755 bin/nsd-control
config 192.0.2.1 nsd x "$DNS_DIR/live.nsd"
sed -i 's/timeout: 10s/timeout: 1s/' repo/gw.yaml
if PATH="$DNS_DIR/bin:$PATH" publish zone.9 9; then fail "a control program that hangs was not noticed"; fi
grep -q 'does not come to an end' err || fail "it was not said"
[ ! -e "/proc/$(cat hangs)" ] || fail "it is still there"
echo "ok: a control program that hangs"
