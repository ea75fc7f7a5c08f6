#!/bin/sh
# Signing a zone of NAMES names with ECDSA P-256 and NSEC, text to text: ours, ldns-signzone and dnssec-signzone
# (each where it is installed) on the same zone in the same rounds. Seconds of wall clock; ours also in
# parts. What ours wrote must satisfy dnssec-verify.
. "$(dirname "$0")/support/lib.sh"
ROUNDS=${ROUNDS:-3} NAMES=${NAMES:-100000}
TOOLS=$(realpath "$TOOLS")
cd "$BENCH_TMP"
awk -v n="$NAMES" 'BEGIN {
	print "$TTL 3600\n@ SOA ns1 hostmaster 1 7200 1800 1209600 900\n@ NS ns1\nns1 A 192.0.2.1"
	for (i = 0; i < n; i++)
		printf "h%07d A 10.%d.%d.%d\n", i, i / 65536, int(i / 256) % 256, i % 256
}' >zone
peers=
if bench_have ldns-signzone; then
	zsk=$(ldns-keygen -a ECDSAP256SHA256 example.go.jp) ksk=$(ldns-keygen -k -a ECDSAP256SHA256 example.go.jp)
	peers=ldns-signzone
fi
if bench_have dnssec-signzone && bench_have dnssec-keygen; then
	mkdir keys
	dnssec-keygen -q -K keys -a ECDSAP256SHA256 example.go.jp >/dev/null
	dnssec-keygen -q -K keys -f KSK -a ECDSAP256SHA256 example.go.jp >/dev/null
	peers="$peers dnssec-signzone"
fi
[ -n "$peers" ] || echo "no peer is installed (apt-get install ldnsutils bind9-utils)"

seconds() { # LABEL COMMAND...
	label=$1
	shift
	start=$(date +%s%N)
	"$@" >/dev/null 2>"$label.err" || { cat "$label.err" >&2; exit 1; }
	end=$(date +%s%N)
	awk -v l="$label" -v a="$start" -v b="$end" 'BEGIN { print l, (b - a) / 1e9 }'
}
for _ in $(seq "$ROUNDS"); do
	seconds gw "$TOOLS/zone_sign" . zone example.go.jp signed >>figures
	cat gw.err >>parts
	for peer in $peers; do
		case $peer in
		ldns-signzone) seconds "$peer" ldns-signzone -f ldns.signed -o example.go.jp zone "$zsk" "$ksk" >>figures ;;
		*) seconds "$peer" dnssec-signzone -q -S -K keys -o example.go.jp -f bind.signed zone >>figures ;;
		esac
	done
done
bench_have dnssec-verify && dnssec-verify -q -o example.go.jp signed
echo "Signing $NAMES names, seconds (load $(cut -d' ' -f1 /proc/loadavg)):"
bench_summary gw <figures
echo "ours: records, what signing adds, ms to read, sign, write, largest size in kB:"
cat parts
openssl speed -seconds 1 -multi "$(nproc)" ecdsap256 2>/dev/null | awk '/nistp256/ { print "the limit by openssl speed, signatures/s:", $(NF - 1) }'
