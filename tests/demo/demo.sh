#!/bin/bash
# The demo: builds the lab, applies configs/example to its gateway, sends real traffic in every
# direction and shows, for each flow, what the config promises, what happened and which line decided.
# Exits 1 if any flow did something else. KEEP=1 leaves the lab up. DEMO_AGENT=1 makes every change
# through gwd, confirmed from a session of its own.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/lab.sh
. tests/demo/table.sh

# One kept lab at a time: make demo-clean knows of one.
[ "${KEEP:-}" != 1 ] || tests/support/lab_remove.sh
lab_up
if [ "${DEMO_AGENT:-}" = 1 ]; then
	. tests/support/agent.sh
	agent_start
	lab_gwctl() {
		agent_ctl "$@" || return
		case " $* " in
		*" apply "*) setsid -w ip netns exec "$LAB-gw" env GW_RUN_DIR="$AGENT_RUN" \
			"$BUILD/gwctl" confirm ;;
		esac
	}
fi
SITE=$LAB_TMP/site
cp -r configs/example "$SITE"

echo "One gateway, five zones, in network namespaces $LAB-*. Servers:"
lab_serve wan tcp/22 tcp/25 tcp/80 tcp/443 tcp/3306 udp/53 udp/123
lab_serve dmz tcp/22 tcp/25 tcp/80 tcp/113 tcp/443 tcp/445 tcp/873 tcp/8001 udp/53
lab_serve hq tcp/22 tcp/443 tcp/445 tcp/3389 tcp/8443
lab_serve guest tcp/80
lab_serve mgmt tcp/22 tcp/443
lab_serve gw tcp/22 udp/53 udp/123
echo "  wan, dmz, hq, guest, mgmt and the gateway answer on $(lab_ports) ports, on IPv4 and IPv6"

echo
echo "\$ gwctl -C configs/example check"
lab_gwctl -C "$SITE" check || exit 1
echo
echo "\$ gwctl -C configs/example apply"
lab_gwctl -C "$SITE" apply || exit 1

# A connection through masquerading that has to survive every apply below.
lab_hold "$LAB_TMP/survivor" hq -d 120 192.0.2.10 tcp/80
survivor=$!

table_head
section "from the internet"
flow wan 198.51.100.254 203.0.113.6 tcp/443 pass
flow wan 2001:db8:ff::254 2001:db8:10::6 tcp/443 pass
flow wan 198.51.100.254 203.0.113.5 tcp/25 pass
flow wan 2001:db8:ff::254 2001:db8:10::7 udp/53 pass
flow wan 198.51.100.254 203.0.113.8 icmp pass
flow wan 198.51.100.254 203.0.113.5 tcp/113 reject
flow wan 198.51.100.254 203.0.113.5 tcp/22 drop
flow wan 2001:db8:ff::254 2001:db8:10::8 tcp/445 drop
flow wan 198.18.0.10 203.0.113.6 tcp/443 drop
flow wan 2001:db8:bad:1::1 2001:db8:10::6 tcp/443 drop
flow wan 2001:db8:ff::254 2001:db8:20:1::10 tcp/443 drop
flow wan 198.51.100.254 198.51.100.1 tcp/8443 "pass as 198.51.100.254"
flow wan 10.20.1.10 203.0.113.7 udp/53 drop
flow wan 2001:db8:20:1::10 2001:db8:10::7 udp/53 drop
flow wan 198.51.100.254 198.51.100.1 icmp pass
flow wan 198.51.100.254 198.51.100.1 tcp/22 drop
flow wan 2001:db8:ff::254 2001:db8:ff::1 udp/53 drop

section "from the office"
flow hq 10.20.1.10 192.0.2.10 tcp/80 "pass as 198.51.100.1"
flow hq 2001:db8:20:1::10 2001:db8:ff::254 tcp/443 "pass as 2001:db8:20:1::10"
flow hq 10.20.1.10 192.0.2.10 tcp/25 drop
flow hq 10.20.1.10 192.0.2.10 udp/53 reject
flow hq 10.20.1.10 192.0.2.10 tcp/3306 drop
flow hq 10.20.1.10 198.18.0.10 tcp/443 drop
flow hq 10.20.1.10 203.0.113.8 tcp/445 pass
flow hq 10.20.1.10 203.0.113.8 tcp/22 drop
flow hq 10.20.9.9 203.0.113.8 tcp/22 pass
if hour_between 06 22; then day=pass night=drop; else day=drop night=pass; fi
flow hq 10.20.1.10 203.0.113.8 tcp/873 "$day"
flow hq 10.20.1.10 203.0.113.8 tcp/8001 "$night"
flow hq 10.20.1.10 198.51.100.1 tcp/8443 "pass as 10.20.1.10"
flow hq 10.20.1.10 10.99.0.10 tcp/22 drop
flow hq 10.20.1.10 10.20.0.1 udp/53 pass

section "from guests"
flow guest 10.30.0.50 192.0.2.10 tcp/443 "pass as 198.51.100.1"
flow guest 10.30.0.50 203.0.113.6 tcp/443 pass
flow guest 10.30.0.50 192.0.2.10 udp/53 reject
flow guest 10.30.0.50 10.20.1.10 tcp/445 reject
flow guest 10.30.0.50 10.99.0.10 tcp/443 reject
flow guest 2001:db8:30::50 2001:db8:ff::254 tcp/443 drop
flow guest 10.20.1.10 10.30.0.1 udp/53 drop
flow guest 10.30.0.50 10.30.0.1 udp/53 pass
flow guest 10.30.0.50 10.30.0.1 tcp/22 drop

section "from the servers"
flow dmz 203.0.113.5 192.0.2.10 tcp/25 "pass as 198.51.100.25"
flow dmz 203.0.113.7 192.0.2.10 udp/53 "pass as 203.0.113.7"
flow dmz 203.0.113.5 198.51.100.254 tcp/80 drop
flow dmz 203.0.113.6 10.20.2.20 tcp/8443 pass
flow dmz 2001:db8:10::6 2001:db8:20:1::10 tcp/445 drop
flow dmz 203.0.113.5 198.51.100.1 tcp/8443 "pass as 10.40.0.1"
flow dmz 203.0.113.5 10.99.0.10 tcp/443 drop

section "from administrators"
flow mgmt 10.99.0.10 10.99.0.1 tcp/22 pass
flow mgmt 10.99.0.10 203.0.113.5 tcp/22 pass
flow mgmt 10.99.0.10 10.20.2.20 tcp/3389 pass
flow mgmt 10.99.0.10 192.0.2.10 tcp/443 drop

section "an exception for one hour, then withdrawn"
exception one-hour "$(date -u -d '+1 hour' +%FT%TZ)"
apply_quietly
flow wan 198.51.100.7 203.0.113.5 tcp/22 pass
hold_start wan -s 198.51.100.7 203.0.113.5 tcp/22
rm "$SITE/policies/demo-one-hour.yaml"
apply_quietly
hold_end "wan 198.51.100.7 > 203.0.113.5 tcp/22 (established)" silent "withdrawn: stopped by the apply"
flow wan 198.51.100.7 203.0.113.5 tcp/22 drop

section "an exception that ends by itself"
exception short "$(date -u -d '+5 seconds' +%FT%TZ)"
apply_quietly
hold_start wan -s 198.51.100.7 203.0.113.5 tcp/22
hold_end "wan 198.51.100.7 > 203.0.113.5 tcp/22 (established)" silent "expired: ended by the kernel alone"

last=$(lab_held "$LAB_TMP/survivor" "$survivor")
row "hq 10.20.1.10 > 192.0.2.10 tcp/80 (since the start)" held "${last% *}" "survived 4 applies"
table_end
