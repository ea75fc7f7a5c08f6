#!/bin/bash
# A zone from its master file to a real server, as an operator does it: keys, backup, plan, publish, with NSEC and
# NSEC3, and delv sees all of it as secure: what exists, what does not, wildcards, delegations. A publish that is killed at
# any moment, and a disk that is full, leave a whole and valid zone in place, and the next publish goes on from there.
#
#	RUNS=100 tests/netns/c1-zone-flow.sh        more kills
set -eu
BUILD=${BUILD:-build/release} RUNS=${RUNS:-6}
[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
. tests/support/dns_servers.sh
dns_need nsd nsd-control dig delv dnssec-verify

DNS_NS=gwflow$$ SERVER=192.0.2.1
DNS_DIR=$(mktemp -d)
GWCTL=$(realpath "$BUILD/gwctl")
finish() {
	local status=$?
	trap - EXIT
	stop_servers
	umount "$DNS_DIR/disk" 2>/dev/null || true
	ip netns del "$DNS_NS" 2>/dev/null || true
	rm -rf "$DNS_DIR"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
ip netns add "$DNS_NS" || { echo "needs network namespaces"; exit 77; }
ip -n "$DNS_NS" link set lo up
ip -n "$DNS_NS" addr add "$SERVER/32" dev lo
chmod 755 "$DNS_DIR"
cd "$DNS_DIR"
export GW_STATE_DIR=$DNS_DIR/state GW_STANDALONE=1
mkdir state repo disk
mount -t tmpfs -o size=256k,mode=755 none disk
fail() {
	echo "$*"
	cat err out 2>/dev/null || true
	exit 1
}
for secret in secret other; do
	(umask 077 && echo "correct horse battery staple, $secret" >$secret)
done

config() { # NSEC SERVER [LINE]
	cat >repo/gw.yaml <<-EOF
	gw: 1
	zones: {wan: {interfaces: [wan0], untrusted: true}}
	dns:
	  keys: {secret: $DNS_DIR/secret}
	  zones:
	    example.go.jp:
	      file: z
	      review: 2099-12-31
	      nsec: $1
	      signatures: {validity: 28d, refresh: 14d, jitter: 1d}
	      servers: {one: {addresses: [$SERVER], primary: true}}
	      owner: dns-team
	      ${3:-}
	      publish: {to: $DNS_DIR/disk/zone, server: $2, control: $DNS_DIR/$SERVER/nsd.conf, timeout: 10s}
	EOF
}
zone() { # LINES
	printf '%s\n' '$TTL 300' '@ SOA ns1 hostmaster 1 7200 1800 1036800 300' '@ NS ns1' '@ NS ns2' \
		'ns1 A 192.0.2.1' 'ns2 A 198.51.100.1' 'www A 192.0.2.7' '*.wild TXT "any"' 'a.b.c A 192.0.2.8' \
		'sub NS ns.sub' 'ns.sub A 192.0.2.9' "$@" >repo/z
}
gwctl() {
	ip netns exec "$DNS_NS" "$GWCTL" -C repo zone "$@" >out 2>err
}
whole() { # WHEN: what is in place is a valid zone
	dnssec-verify -q -o example.go.jp disk/zone >out 2>err || fail "$1: what is served is not valid"
}

# ---- from nothing to a server -----------------------------------------------------------------------------------
config nsec none
zone
gwctl keys --make example.go.jp || fail "keys"
gwctl backup --secret other keys.backup || fail "backup"
gwctl plan && fail "a plan without differences before anything is served"
gwctl publish -m CHG-1 || fail "first publish"
whole "first publish"
start_nsd "$SERVER" example.go.jp "$DNS_DIR/disk/zone"
gwctl export-ds example.go.jp || fail "export-ds"
awk '{ printf "trust-anchors { %s static-ds %s %s %s \"%s\"; };\n", $1, $4, $5, $6, $7 }' out >anchors
[ "$(wc -l <anchors)" -eq 1 ] || fail "one key signs the keys"

secure() { # NAME TYPE [WORDS OF THE ANSWER]
	ip netns exec "$DNS_NS" delv @"$SERVER" -a anchors +root=example.go.jp "$1" "$2" >out 2>err || true
	grep -Eq "^; (negative response, )?fully validated" out || fail "delv: $1 $2 is not secure"
	grep -q "${3:-.}" out || fail "delv: $1 $2 is not $3"
}
all_secure() { # NSEC
	secure example.go.jp SOA
	secure example.go.jp ZONEMD
	secure www.example.go.jp A 192.0.2.7
	secure www.example.go.jp TXT NXRRSET
	[ "$1" != nsec3-opt-out ] || return 0 # which leaves open what is not there (RFC 5155, 9.2)
	secure x.wild.example.go.jp TXT any
	secure nothing.example.go.jp A NXDOMAIN
	secure b.c.example.go.jp A NXRRSET
	secure sub.example.go.jp DS NXRRSET
}
all_secure nsec
for nsec in nsec3 nsec3-opt-out nsec; do
	config $nsec nsd
	gwctl publish -m "CHG-2: $nsec" || fail "publish with $nsec"
	whole $nsec
	all_secure $nsec
done

# ---- a change, and a proof of what is served ---------------------------------------------------------------------
zone 'new A 192.0.2.77'
gwctl plan && fail "a plan without the difference"
grep -q '+ new.example.go.jp' out || fail "the difference is not told"
gwctl publish -m CHG-3 || fail "publish of a change"
grep -q '5 signatures made' out || fail "more was signed than has changed"
secure new.example.go.jp A 192.0.2.77
gwctl verify || fail "verify"

# ---- killed at any moment --------------------------------------------------------------------------------------------
for run in $(seq "$RUNS"); do
	zone "kill$run A 192.0.2.78"
	ip netns exec "$DNS_NS" "$GWCTL" -C repo zone publish -m "kill $run" >out 2>err &
	pid=$! # ip becomes gwctl
	sleep "0.$(printf %03d $((RANDOM % 600)))"
	kill -9 $pid 2>/dev/null || true
	wait $pid 2>/dev/null || true
	whole "kill $run"
	gwctl publish -m "again $run" || fail "publish after kill $run"
	secure "kill$run.example.go.jp" A 192.0.2.78
done

# ---- no room --------------------------------------------------------------------------------------------------------
cp disk/zone before
dd if=/dev/zero of=disk/full bs=1k count=1000 2>/dev/null || true
zone 'late A 192.0.2.79'
gwctl publish && fail "published on a full disk"
grep -q 'still in place' err || fail "a full disk is not told"
cmp -s disk/zone before || fail "a full disk changed what is served"
rm disk/full
gwctl publish || fail "publish when there is room again"
secure late.example.go.jp A 192.0.2.79

# ---- the parent -----------------------------------------------------------------------------------------------------
# Hours later, so last: other verifiers know no other time.
if command -v faketime >/dev/null; then
	later() { # HOURS ARGUMENTS
		hours=$1
		shift
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 ip netns exec "$DNS_NS" \
			faketime -f "+${hours}h" "$GWCTL" -C repo zone "$@" >out 2>err
	}
	parent() { # LINES
		printf '%s\n' '$TTL 300' '@ SOA ns x 1 7200 1800 1036800 300' '@ NS ns' 'ns A 192.0.2.3' \
			'example NS ns1.example' 'ns1.example A 192.0.2.1' "$@" >parent
		stop_server 192.0.2.3
		start_nsd 192.0.2.3 go.jp "$DNS_DIR/parent"
	}
	ip -n "$DNS_NS" addr add 192.0.2.3/32 dev lo
	parent
	config nsec nsd 'parents: {jp: {addresses: [192.0.2.3]}}'
	later 5 publish || fail "publish five hours later"
	grep -q 'example.go.jp. IN DS' out || fail "the parent's DS is not asked for"
	parent "$(sed -n 's/^ *example.go.jp. IN DS/example DS/p' out)"
	later 6 publish || fail "publish with a DS at the parent"
	later 6 status example.go.jp || fail "status"
	grep -q 'ksk .*active' out || fail "that the parent has the DS went unseen"
	later 6 verify || fail "verify with the trust of the parent"
fi
echo "ok: published with NSEC, NSEC3 and opt-out, delv sees it secure; $RUNS kills and a full disk left it so"
