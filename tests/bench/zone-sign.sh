#!/bin/sh
# A zone of NAMES names with ECDSA P-256: signed with NSEC and NSEC3, text to text, by us, ldns-signzone, dnssec-signzone
# and kzonesign; then proved by us, dnssec-verify, kzonecheck and ldns-verify-zone; each where it is installed, on the same
# zone in the same rounds. Seconds of wall clock. Then CHANGES changes in a zone of MANY names, which only we do
# (MANY=1000000 for the bar of 0.3 s; the default is kinder to others on the machine).
. "$(dirname "$0")/support/lib.sh"
ROUNDS=${ROUNDS:-3} NAMES=${NAMES:-100000} MANY=${MANY:-100000} CHANGES=${CHANGES:-1000}
TOOLS=$(realpath "$TOOLS")
cd "$BENCH_TMP"
make_zone() { # NAMES
	awk -v n="$1" 'BEGIN {
		print "$TTL 3600\n@ SOA ns1 hostmaster 1 7200 1800 1209600 900\n@ NS ns1\nns1 A 192.0.2.1"
		for (i = 0; i < n; i++)
			printf "h%07d A 10.%d.%d.%d\n", i, i / 65536, int(i / 256) % 256, i % 256
	}'
}
make_zone "$NAMES" >zone
signers='' verifiers=''
if bench_have ldns-signzone; then
	zsk=$(ldns-keygen -a ECDSAP256SHA256 example.go.jp) ksk=$(ldns-keygen -k -a ECDSAP256SHA256 example.go.jp)
	signers=ldns-signzone
fi
if bench_have dnssec-signzone && bench_have dnssec-keygen; then
	mkdir keys
	dnssec-keygen -q -K keys -a ECDSAP256SHA256 example.go.jp >/dev/null
	dnssec-keygen -q -K keys -f KSK -a ECDSAP256SHA256 example.go.jp >/dev/null
	signers="$signers dnssec-signzone"
fi
if bench_have kzonesign; then
	signers="$signers kzonesign"
	for nsec3 in off on; do
		printf '%s\n' policy: '  - id: p' '    algorithm: ecdsap256sha256' "    nsec3: $nsec3" \
			'    nsec3-iterations: 0' '    nsec3-salt-length: 0' "    signing-threads: $(nproc)" \
			template: '  - id: default' "    storage: $BENCH_TMP/knot" '    file: zone' \
			'    dnssec-signing: on' '    dnssec-policy: p' zone: '  - domain: example.go.jp' >knot.$nsec3
	done
	mkdir knot knot.out
fi
for tool in dnssec-verify kzonecheck ldns-verify-zone; do
	! bench_have $tool || verifiers="$verifiers $tool"
done
[ -n "$signers$verifiers" ] || echo "no peer is installed (make deps-interop)"

seconds() { # LABEL COMMAND...
	label=$1
	shift
	start=$(date +%s%N)
	"$@" >/dev/null 2>"$label.err" || { cat "$label.err" >&2; exit 1; }
	end=$(date +%s%N)
	awk -v l="$label" -v a="$start" -v b="$end" 'BEGIN { print l, (b - a) / 1e9 }'
}
sign_by() { # PEER NSEC
	case $1.$2 in
	ldns-signzone.nsec) seconds "$1" ldns-signzone -f ldns.signed -o example.go.jp zone "$zsk" "$ksk" ;;
	ldns-signzone.nsec3) seconds "$1" ldns-signzone -n -t 0 -f ldns.signed -o example.go.jp zone "$zsk" "$ksk" ;;
	dnssec-signzone.nsec) seconds "$1" dnssec-signzone -q -S -K keys -o example.go.jp -f bind.signed zone ;;
	dnssec-signzone.nsec3) seconds "$1" dnssec-signzone -q -S -3 - -H 0 -K keys -o example.go.jp -f bind.signed zone ;;
	kzonesign.nsec | kzonesign.nsec3)
		cp zone knot/zone
		seconds "$1" kzonesign -c "knot.$([ "$2" = nsec ] && echo off || echo on)" -o knot.out example.go.jp ;;
	esac
}
verify_by() { # PEER
	case $1 in
	dnssec-verify) seconds "$1" dnssec-verify -q -o example.go.jp signed ;;
	kzonecheck) seconds "$1" kzonecheck -d on -o example.go.jp signed ;;
	ldns-verify-zone) seconds "$1" timeout 600 ldns-verify-zone signed ;;
	esac
}
for _ in $(seq "$ROUNDS"); do
	for nsec in nsec nsec3; do
		seconds gw "$TOOLS/zone_sign" $([ $nsec = nsec ] || echo -3) . zone example.go.jp signed >>"figures.$nsec"
		cat gw.err >>"parts.$nsec"
		for peer in $signers; do
			sign_by "$peer" $nsec >>"figures.$nsec"
		done
	done
	# Reading and proving in one program, as the peers do: what signing took is taken off.
	seconds gw "$TOOLS/zone_sign" -v . zone example.go.jp signed >/dev/null
	awk '/^proved/ { print "gw-proof", $2 / 1000 }' gw.err >>figures.verify
	for peer in $verifiers; do
		verify_by "$peer" >>figures.verify
	done
done
for nsec in nsec nsec3; do
	echo "Signing $NAMES names with $nsec, seconds (load $(cut -d' ' -f1 /proc/loadavg)):"
	bench_summary gw <"figures.$nsec"
	echo "ours: records, signatures, ms to read, sign, write, largest size in kB:"
	cat "parts.$nsec"
done
echo "Proving the zone with NSEC, seconds; ours without reading it:"
bench_summary gw-proof <figures.verify
make_zone "$MANY" >many
for nsec in '' -3; do
	"$TOOLS/zone_sign" $nsec -e "$CHANGES" . many example.go.jp 2>&1 >/dev/null |
		awk -v n="$MANY" -v d="${nsec:+3}" '/^changed/ { print $2 " changes in " n " names, NSEC" d ": " $3 " signatures, " $4 " ms" }'
done
openssl speed -seconds 1 -multi "$(nproc)" ecdsap256 2>/dev/null | awk '/nistp256/ { print "the limit by openssl speed: " $(NF - 1) " signatures/s, " $NF " verifications/s" }'
