#!/bin/bash
# Devices that change their address with every frame: FRAMES (6,000) source addresses in all, as fast as the kernel
# takes them, and between them hostile acts of several kinds. Every alert tells port, IPv4 address and name of the
# device, and none tells another's; each device is one; the daemon's memory stays where it is.
#
#	FRAMES=1000000 BUILD=build/release tests/netns/ac-ipv6-churn.sh      what an hour may bring, in seconds
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
if [ "${1:-}" != inside ]; then
	exec unshare -nm "$0" inside
fi
# shellcheck source=tests/support/guard_lab.sh
. "$(dirname "$(realpath "$0")")/../support/guard_lab.sh"
guard_lab_start tools/frames
FRAMES=${FRAMES:-6000}
DEVICES=4

ip link add br0 type bridge mcast_snooping 0
ip link set br0 up
ip addr add 10.30.0.1/24 dev br0
for i in $(seq $DEVICES); do
	host "x$i" "p$i" "00:22:72:00:00:1$i" "10.30.0.1$i/24"
	echo "1832341600 00:22:72:00:00:1$i 10.30.0.1$i box-$i *"
done >leases
mkdir site
cat >site/gw.yaml <<-EOF
gw: 1
site: {name: guard}
change: {confirm: 0s}
zones:
  guest: {interfaces: [br0], nets: [10.30.0.0/24], ipv6: off}
gateway:
  - {id: ping, from: guest, services: [icmp/echo-request], action: accept, owner: net, ticket: T-1, review: 2037-01-01}
ipv6guard:
  segments:
    guest: {mode: off, ports: ["p*"]}
  response: {quarantine: 0s}
EOF
start_agent
apply
start_guard
for i in $(seq $DEVICES); do
	eval "holder=\$x$i"
	talks "$holder" || fail "no IPv4"
done

# A frame of each kind of act that is hostile in a segment without IPv6; its source MAC is the device's.
"$BUILD/tools/frames" list | awk '$4 == "V01-plain" && $7 ~ /^(rogue-router|redirect|rogue-dhcpv6|6in4|teredo|wpad-answer|6rd-option|isatap)$/ &&
	!seen[$7]++ && n++ < 6 { print $1, $7 }' >kinds
"$BUILD/tools/frames" hex >frames
KINDS=$(wc -l <kinds)
[ "$KINDS" -ge 6 ] || fail "only $KINDS kinds of hostile acts in the list"
each=$((FRAMES / DEVICES / KINDS))

# An echo request to all neighbours from an address of 2001:db8::/64, which `churn` changes.
echo_frame() {
	printf 'e 333300000001%s86dd60000000000c3aff20010db8000000000000000000000000ff02000000000000000000000000000180000000000100010000000000000000' "${1//:/}"
}
started=$(date +%s%N)
while read -r id kind; do
	for i in $(seq $DEVICES); do
		eval "holder=\$x$i"
		echo_frame "00:22:72:00:00:1$i" | in_host "$holder" "$BUILD/tools/ether" churn e0 "$each" >/dev/null
	done
	sleep 0.5 # the kernel tells of five frames a second and device
	for i in $(seq $DEVICES); do
		eval "holder=\$x$i"
		awk -v id="$id" -v mac="00227200001$i" '$1 == id { print "x " substr($2, 1, 12) mac substr($2, 25); exit }' frames |
			in_host "$holder" "$BUILD/tools/ether" send e0 >/dev/null
	done
	seen() { [ "$("$BUILD/gwctl" --json audit search -e attack.ipv6 | grep -c "\"class\": \"$kind\"")" -ge "$DEVICES" ]; }
	until_true "not every device was told as $kind" seen
done <kinds
took=$((($(date +%s%N) - started) / 1000000))

# One line an alert: whose it is and what it says of the device.
"$BUILD/gwctl" --json audit search -e attack.ipv6 | tr -d ' \n' | sed 's/"event":"attack/\n&/g' | grep '^"event"' >alerts
total=$(wc -l <alerts)
full=0 wrong=0
for i in $(seq $DEVICES); do
	grep "\"mac\":\"00:22:72:00:00:1$i\"" alerts >of_device || fail "no alert of device $i"
	full=$((full + $(grep "\"port\":\"p$i\"" of_device | grep "\"address\":\"10.30.0.1$i\"" | grep -c "\"text\":\"box-$i\"" || true)))
	wrong=$((wrong + $(grep -cE "\"(port\":\"p|text\":\"box-|address\":\"10.30.0.1)[^$i]\"" of_device || true)))
done
[ "$total" -ge $((DEVICES * KINDS)) ] || fail "$total alerts"
[ $((full * 100)) -ge $((total * 99)) ] || fail "$full of $total alerts tell port, address and name"
[ "$wrong" -eq 0 ] || fail "$wrong alerts tell another's"
ok "$total alerts of $KINDS kinds between $((each * DEVICES * KINDS)) source addresses in $took ms: $full with full identity, $wrong wrong"

"$BUILD/gwctl" --json ipv6 devices | grep '"mac": "' | sort -u >macs
[ "$(wc -l <macs)" -eq "$DEVICES" ] || fail "$(wc -l <macs) devices: $(cat macs)"
memory=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$guard/status")
grep -q asan "/proc/$guard/maps" || [ "$memory" -le 12288 ] || fail "$memory KiB"
"$BUILD/gwctl" --json ipv6 status | tr -d ' \n' | sed 's/.*"told_us":\([0-9]*\),"told_us_max":\([0-9]*\).*/\1 \2/' >told
ok "each device is one; memory: $memory KiB; from frame to event: last $(cut -d' ' -f1 told) us, longest $(cut -d' ' -f2 told) us"
