#!/bin/bash
# Zones that we have signed, judged by others: dnssec-verify, kzonecheck and ldns-verify-zone find nothing, with every
# algorithm, NSEC and NSEC3 with and without opt-out, ZONEMD and CDS, signed as a whole and after changes.
set -eu
SIGN=$(realpath "${BUILD:-build/san}/tools/zone_sign")
for tool in dnssec-verify kzonecheck ldns-verify-zone; do
	command -v $tool >/dev/null || { echo "skipped: $tool is not installed (make deps-interop)"; exit 77; }
done
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
cd "$TMP"

cat >mixed <<'ZONE'
$TTL 3600
@ SOA ns1 hostmaster 1 7200 1800 1036800 900
@ NS NS1
@ NS ns.sub
@ MX 10 mail
ns1 A 203.0.113.1
mail 300 A 203.0.113.5
mail 600 A 203.0.113.4
* TXT "wild"
*.a.b TXT "wild too"
a.b.c TXT "below an empty name"
sub NS ns.sub
sub DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ns.sub A 203.0.113.9
open NS ns.open
ns.open AAAA 2001:db8::9
deep.in.the.open2 NS ns1
old DNAME new.go.jp.
www CNAME mail
_443._tcp.www TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
TYPE65280 TYPE65280 \# 3 010203
ZONE
cat >small <<'ZONE'
@ 60 SOA . . 4294967295 7200 1800 1036800 900
@ 60 NS ns.example.net.
ZONE
{ cat small; seq -f 'h%g 300 A 192.0.2.7' 1 200; seq -f 'd%g 300 NS ns.example.net.' 1 50; } >wide

judge() { # ZONE OPTIONS
	zone=$1
	shift
	"$SIGN" "$@" . "$zone" example.go.jp signed >ds 2>figures || { cat figures; exit 1; }
	dnssec-verify -q -o example.go.jp signed || { echo "dnssec-verify: $zone $*"; exit 1; }
	kzonecheck -d on -o example.go.jp signed >out 2>&1 || { cat out; echo "kzonecheck: $zone $*"; exit 1; }
	case $* in
	*-z*) timeout 20 ldns-verify-zone -Z signed >out 2>&1 ;;
	*) timeout 20 ldns-verify-zone signed >out 2>&1 ;;
	esac || { cat out; echo "ldns-verify-zone: $zone $*"; exit 1; }
	judged=$((judged + 1))
}
judged=0
for zone in mixed small wide; do
	for denial in '' -3 -o; do
		for more in '' '-z -c' '-e 1' '-z -e 3'; do
			# shellcheck disable=SC2086 # options are words
			judge "$zone" $denial $more
		done
	done
done
for algorithm in RSASHA256 ECDSAP384SHA384 ED25519 ED448; do
	judge mixed -a $algorithm -z -c
done
echo "ok: $judged signed zones, and nobody finds anything"
