#!/bin/bash
# A flow in which only the server sends any more lives through applies that narrow and widen its
# policy: the packets that find the new policy are those of the reply direction, and none is lost.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
APPLIES=${APPLIES:-20}
lab_up
lab_site wide <<END
policies:
  - {id: stream, from: hq, to: dmz, services: [udp/7000-7010], action: accept, $LAB_DUTY}
END
lab_site narrow <<END
policies:
  - {id: stream, from: hq, to: dmz, source: [10.20.1.10, "2001:db8:20:1::10"], dest: [203.0.113.5, "2001:db8:10::5"],
     services: [udp/7001], action: accept, $LAB_DUTY}
  - {id: more, from: hq, to: [dmz, wan], services: [tcp/80, udp/7005], action: accept, $LAB_DUTY}
END
# The policy's id is another: what lets the flow through is a different rule each time.
lab_site other <<END
policies:
  - {id: another, from: [hq, guest], to: dmz, services: [udp/7001-7002], action: accept, $LAB_DUTY}
END

survives() { # what, sites...
	local what=$1 address i=0 lost
	shift
	lab_apply wide
	for address in 203.0.113.5 2001:db8:10::5; do
		lab_sequence "$LAB_TMP/pushed-$address" dmz push "$address" 7001 2000 60
	done
	sleep 0.1
	for address in 203.0.113.5 2001:db8:10::5; do
		lab_sequence "$LAB_TMP/pulled-$address" hq pull "$address" 7001 60
	done
	sleep 0.1
	while [ $i -lt "$APPLIES" ]; do
		for site in "$@"; do
			lab_apply "$site"
			i=$((i + 1))
		done
	done
	lab_sequence_end dmz
	sleep 0.2
	lab_sequence_end hq
	wait
	for address in 203.0.113.5 2001:db8:10::5; do
		read -r _ received _ lost <"$LAB_TMP/pulled-$address"
		lab_at_least 100 "$what, $address, packets received" "$received"
		lab_equal 0 "$what, $address, lost of $received packets in $i applies" "$lost"
		lab_expect "sent $received" "$what, $address" "$(cat "$LAB_TMP/pushed-$address")"
		lab_case "$what: $received packets from $address alone through $i applies, 0 lost"
	done
}
survives "narrowed and widened" narrow wide
survives "taken over by another policy" other wide
