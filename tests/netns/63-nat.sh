#!/bin/bash
# Translations beyond the demo: IPv6, UDP, ping, pools, hairpin; the source that the server sees; that
# they permit nothing; and that a withdrawn policy ends translated flows too.
set -eu
. tests/support/lab.sh
. tests/support/packets.sh
lab_up
lab_serve wan tcp/80 udp/53
lab_serve dmz tcp/80 tcp/81 udp/53
translations() {
	cat <<-'END'
	nat:
	  - {id: hq-out, from: hq, to: wan, masquerade: true, family: both}
	  - {id: guest-out, from: guest, to: wan, services: [tcp/80], snat: 198.51.100.25}
	  - {id: dmz-out, from: dmz, to: wan, source: [10.40.0.0/24], services: [tcp/80], snat: 198.51.100.40-198.51.100.41}
	  - {id: in4, from: [wan, dmz], dest: [198.51.100.1], services: [tcp/8080], dnat: 10.40.0.80, to_port: 80, hairpin: true}
	  - {id: in6, from: [wan, dmz], dest: ["2001:db8:ff::1"], services: [tcp/8080], dnat: "2001:db8:10::6", to_port: 80, hairpin: true}
	  - {id: in-dns, from: wan, dest: [198.51.100.1], services: [udp/5353], dnat: 203.0.113.7, to_port: 53}
	  - {id: not-permitted, from: wan, dest: [198.51.100.1], services: [tcp/8081], dnat: 10.40.0.80, to_port: 81}
	END
}
{
	translations
	cat <<-END
	policies:
	  - {id: out, from: [hq, guest, dmz], to: wan, services: [tcp/80, udp/53, icmp/echo-request], action: accept, $LAB_DUTY}
	  - {id: in, from: [wan, dmz], to: dmz, dest: [10.40.0.80, "2001:db8:10::6"], services: [tcp/80], action: accept, $LAB_DUTY}
	  - {id: dns, from: wan, to: dmz, dest: [203.0.113.7], services: [udp/53], action: accept, $LAB_DUTY}
	END
} | lab_site full
{
	translations
	cat <<-END
	policies: [{id: other, from: mgmt, to: wan, services: [tcp/80], action: accept, $LAB_DUTY}]
	END
} | lab_site withdrawn
ip -n "$LAB-gw" addr add 198.51.100.40/32 dev wan0
ip -n "$LAB-gw" addr add 198.51.100.41/32 dev wan0
lab_apply full

sees() { # what, server and address it sees, then as lab_try
	local what=$1 want=$2
	shift 2
	lab_expect "answered $want" "$what" "$(lab_try "$@")"
	lab_case "$what: seen as ${want#* }"
}
sees "masquerade, UDP" "wan 198.51.100.1" hq 192.0.2.10 udp/53
sees "masquerade, IPv6" "wan 2001:db8:ff::1" hq 2001:db8:ff::254 tcp/80
lab_expect answered "masquerade, ping" "$(lab_try hq 192.0.2.10 icmp)"
lab_case "masquerade, ping: answered"
sees "snat to an address" "wan 198.51.100.25" guest 192.0.2.10 tcp/80
sees "snat to a pool" "wan 198.51.100.4" dmz -s 10.40.0.80 192.0.2.10 tcp/80
sees "dnat with to_port" "dmz 198.51.100.7" wan -s 198.51.100.7 198.51.100.1 tcp/8080
sees "dnat with to_port, IPv6" "dmz 2001:db8:ff::7" wan -s 2001:db8:ff::7 2001:db8:ff::1 tcp/8080
sees "dnat with to_port, UDP" "dmz 198.51.100.7" wan -s 198.51.100.7 198.51.100.1 udp/5353
sees "hairpin" "dmz 10.40.0.1" dmz -s 203.0.113.5 198.51.100.1 tcp/8080
sees "hairpin, IPv6" "dmz 2001:db8:10::1" dmz -s 2001:db8:10::5 2001:db8:ff::1 tcp/8080
lab_expect silent "a translation without a policy" "$(lab_try wan 198.51.100.1 tcp/8081)"
lab_expect silent "the server's own port at the public address" "$(lab_try wan 198.51.100.1 tcp/80)"
lab_case "a translation permits nothing by itself, and no other port"

declare -A held
for flow in "masq4 hq 192.0.2.10 tcp/80" "masq6 hq 2001:db8:ff::254 udp/53" "ping hq 192.0.2.10 icmp" \
	"snat guest 192.0.2.10 tcp/80" "dnat4 wan 198.51.100.1 tcp/8080" "dnat6 wan 2001:db8:ff::1 tcp/8080" \
	"dns wan 198.51.100.1 udp/5353" "hairpin4 dmz 198.51.100.1 tcp/8080" "hairpin6 dmz 2001:db8:ff::1 tcp/8080"; do
	read -r name host address service <<<"$flow"
	lab_hold "$LAB_TMP/$name" "$host" -d 30 "$address" "$service"
	held[$name]=$!
done
lab_apply withdrawn
for name in "${!held[@]}"; do
	wait "${held[$name]}" || true
	lab_expect silent "$name after its policy was withdrawn" "$(tail -n 1 "$LAB_TMP/$name")"
done
lab_case "a withdrawn policy ends ${#held[@]} translated flows: ${!held[*]}"

# The last translation goes: what was translated before must not leave with its inside address.
{
	translations
	echo "policies: [{id: out, from: [hq, guest, dmz], to: wan, services: [tcp/80, udp/53], action: accept, $LAB_DUTY}]"
} | lab_site one
echo "policies: [{id: out, from: [hq, guest, dmz], to: wan, services: [tcp/80, udp/53], action: accept, $LAB_DUTY}]" |
	lab_site none
lab_apply one
lab_hold "$LAB_TMP/last" hq -d 30 192.0.2.10 tcp/80
last=$!
lab_apply none
sleep 0.3
lab_expect held "a masqueraded flow after the last translation was withdrawn" "$(lab_held "$LAB_TMP/last" $last)"
lab_case "a translated flow goes on when the last translation is withdrawn"
