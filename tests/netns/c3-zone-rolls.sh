#!/bin/bash
# Keys of a zone roll for real: a root and a zone on two servers (Knot DNS, and NSD, which gets every zone
# a step later), validators of three kinds that ask them (unbound, BIND, Knot Resolver), two of them through
# a cache that does not validate, so that old RRsets meet new keys. Their clocks go 10 seconds a step. In
# every step each validator is asked for names that it has, names that only the cache has, and names that
# nobody has asked for. Not one SERVFAIL, and everything is secure while the parent has a DS; and where
# the operator ignores the times that caches live, there are some.
#
#	ROLLS='zsk ksk csk' tests/netns/c3-zone-rolls.sh      those kinds; see `roll` for all
set -eu
BUILD=${BUILD:-build/release}
ROLLS=${ROLLS:-zsk ksk hasty}
[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
for program in knotd knotc nsd nsd-control unbound named kresd dig dnssec-dsfromkey cc; do
	command -v "$program" >/dev/null || { echo "needs $program: make deps-interop"; exit 77; }
done
NS=gwrolls$$
TMP=$(mktemp -d)
PIDS=
finish() {
	local status=$?
	trap - EXIT
	# shellcheck disable=SC2086  # numbers
	[ -z "$PIDS" ] || kill -9 $PIDS 2>/dev/null || true
	wait
	ip netns del "$NS" 2>/dev/null || true
	rm -rf "$TMP"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

fail() {
	echo "$*"
	tail -n 5 "$TMP"/*.log 2>/dev/null || true
	[ -z "${DEBUG:-}" ] || cp -r "$TMP" "$DEBUG"
	exit 1
}

inside() {
	ip netns exec "$NS" "$@"
}

# ---- time ------------------------------------------------------------------------------------------------

AHEAD=$((86400 * 60))
set_clock() {
	printf '%016d' "$AHEAD" 1<>"$TMP/clock"
}
now() {
	echo $(($(date +%s) + AHEAD))
}

# ---- servers ---------------------------------------------------------------------------------------------

ROLL="$BUILD/tools/zone_roll $TMP/state"

start() { # LOG COMMAND...
	local log=$1
	shift
	CLOCK_AHEAD=$TMP/clock LD_PRELOAD=$TMP/clock.so ip netns exec "$NS" "$@" >"$TMP/$log.log" 2>&1 </dev/null &
	PIDS="$PIDS $!"
}

# The servers need no clock; they keep to files.
start_servers() {
	cat >"$TMP/knot.conf" <<-END
	server:
	  rundir: $TMP/knot
	  listen: 192.0.2.1@53
	database:
	  storage: $TMP/knot
	template:
	  - id: default
	    storage: $TMP/first
	    journal-content: none
	    zonefile-sync: -1
	zone:
	  - domain: .
	    file: root.zone
	  - domain: example.
	    file: example.zone
	END
	cat >"$TMP/nsd.conf" <<-END
	server:
	  ip-address: 192.0.2.2
	  username: root
	  zonesdir: $TMP/second
	  database: ""
	  pidfile: $TMP/nsd.pid
	  xfrdfile: $TMP/nsd.xfrd
	  zonelistfile: $TMP/nsd.zones
	  cookie-secret-file: ""
	remote-control:
	  control-enable: yes
	  control-interface: $TMP/nsd.sock
	zone:
	  name: .
	  zonefile: root.zone
	zone:
	  name: example.
	  zonefile: example.zone
	END
	mkdir "$TMP/knot"
	inside knotd -c "$TMP/knot.conf" >"$TMP/knotd.log" 2>&1 &
	PIDS="$PIDS $!"
	inside nsd -d -c "$TMP/nsd.conf" >"$TMP/nsd.log" 2>&1 &
	PIDS="$PIDS $!"
}

# answers ADDRESS NAME TYPE: true once the server does.
answers() {
	inside dig @"$1" "$2" "$3" +tries=1 +time=1 +noall +comments 2>/dev/null | grep -q 'status: NOERROR'
}

wait_for() {
	local tries=100
	until answers "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "$1 does not answer for $2"
		sleep 0.1
	done
}

start_validators() {
	local anchor digest
	anchor=$(inside dig @192.0.2.1 . DNSKEY +short | head -1)
	printf '. IN DNSKEY %s\n' "$anchor" >"$TMP/anchor"
	digest=$(printf '. 60 IN DNSKEY %s\n' "$anchor" | dnssec-dsfromkey -2 -f - . | sed 's/.* DS //')
	printf '. 3600 NS ns1.\n. 3600 NS ns2.\nns1. 3600 A 192.0.2.1\nns2. 3600 A 192.0.2.2\n' >"$TMP/hints"
	unbound_config cache 127.0.2.1 iterator ''
	unbound_config direct 127.0.2.2 'validator iterator' ''
	unbound_config behind 127.0.2.5 'validator iterator' 127.0.2.1
	cat >"$TMP/named.conf" <<-END
	options {
		directory "$TMP/bind"; pid-file none; session-keyfile none; listen-on-v6 { none; };
		listen-on { 127.0.2.3; }; forwarders { 127.0.2.1; }; forward only; dnssec-validation yes;
		empty-zones-enable no; prefetch 0; lock-file none;
	};
	controls { };
	trust-anchors { . static-ds $(echo "$digest" | awk '{ printf "%s %s %s \"%s\"", $1, $2, $3, $4 }'); };
	END
	cat >"$TMP/kresd.conf" <<-END
	net.ipv6 = false
	net.listen('127.0.2.4', 53, { kind = 'dns' })
	for _, module in ipairs({ 'ta_update', 'ta_signal_query', 'priming', 'detect_time_skew', 'detect_time_jump' }) do
		modules.unload(module)
	end
	modules.load('hints')
	hints.root({ ['ns1.'] = '192.0.2.1', ['ns2.'] = '192.0.2.2' })
	trust_anchors.add('. IN DS $digest')
	cache.size = 10 * MB
	END
	mkdir "$TMP/bind"
	start unbound-cache unbound -d -c "$TMP/cache.conf"
	start unbound-direct unbound -d -c "$TMP/direct.conf"
	start unbound-behind unbound -d -c "$TMP/behind.conf"
	start named named -g -n 1 -c "$TMP/named.conf"
	start_kresd
}

start_kresd() {
	rm -rf "$TMP/kresd"
	mkdir "$TMP/kresd"
	start kresd kresd -n -c "$TMP/kresd.conf" "$TMP/kresd"
	KRESD=$!
}

unbound_config() { # NAME ADDRESS MODULES FORWARDER
	cat >"$TMP/$1.conf" <<-END
	server:
	  interface: $2
	  module-config: "$3"
	  trust-anchor-file: $TMP/anchor
	  root-hints: $TMP/hints
	  do-not-query-localhost: no
	  do-ip6: no
	  username: ""
	  chroot: ""
	  directory: $TMP
	  pidfile: ""
	  use-syslog: no
	  num-threads: 1
	  val-log-level: 2
	END
	[ -z "$4" ] || printf 'forward-zone:\n  name: .\n  forward-addr: %s\n' "$4" >>"$TMP/$1.conf"
}

# reload ZONE FILE: at once at the first server; the second gets it when `catch_up` says so.
reload() {
	cp "$2" "$TMP/first/$1.new" && mv "$TMP/first/$1.new" "$TMP/first/$1.zone"
	inside knotc -s "$TMP/knot/knot.sock" -b zone-reload "$(zone_name "$1")" >/dev/null 2>&1 ||
		fail "knotc does not reload $1"
}
zone_name() {
	[ "$1" = root ] && echo . || echo "$1."
}
catch_up() { # ZONE
	cmp -s "$TMP/first/$1.zone" "$TMP/second/$1.zone" && return 0
	cp "$TMP/first/$1.zone" "$TMP/second/$1.new" && mv "$TMP/second/$1.new" "$TMP/second/$1.zone"
	inside nsd-control -c "$TMP/nsd.conf" reload "$(zone_name "$1")" >/dev/null || fail "nsd does not reload $1"
}

# ---- one step --------------------------------------------------------------------------------------------

STEP=0 ASKED='' ASKED_FOR='' STYLE=double-ksk SERVFAILS=0 SILENT=0 ANSWERS=0 OLD=none

# tags ADDRESS: of the DS that a server of the parent shows.
tags() {
	local shown
	inside dig @"$1" example. DS +norecurse +short +tries=5 >"$TMP/ds" || fail "$1 does not answer"
	shown=$(awk '{ print $1 }' "$TMP/ds" | sort -n | paste -sd,)
	echo "${shown:--}"
}

host() {
	printf 'n%03d.example.' $((($1 + 240) % 240))
}

# The parent acts two steps after it was asked; its second server follows in the step after.
parent() {
	catch_up root
	[ -n "$ASKED" ] || return 0
	ASKED=$((ASKED - 1))
	[ "$ASKED" -eq 0 ] || return 0
	ASKED=
	# shellcheck disable=SC2086  # one record a word
	$ROLL root "$(now)" "$TMP/root.zone" $ASKED_FOR
	reload root "$TMP/root.zone"
}

operator() {
	local out
	catch_up example
	DS=$(tags 192.0.2.1)
	out=$($ROLL step example. "$(now)" "$TMP/example.zone" "$STYLE" "$DS" "$(tags 192.0.2.2)")
	case $out in *ask*)
		ASKED=2 ASKED_FOR=$(sed -n 's/^ask *//p' <<<"$out")
	esac
	case $out in *publish*) reload example "$TMP/example.zone" ;; esac
	IDLE=1
	case $out in *publish* | *wait* | *ask*) IDLE=0 ;; esac
	KEYS=$(sed -n 's/^keys //p' <<<"$out")
}

# Queries and what came of them. What only the cache has: names that it was asked for 3, 5 and 8 steps ago.
ask() {
	local validator queries=() age all
	inside dig @127.0.2.1 "$(host $STEP)" A +dnssec +cd +tries=2 +time=5 >/dev/null || true
	for validator in 127.0.2.2 127.0.2.3 127.0.2.4 127.0.2.5; do
		# dig takes the server behind the question; one before the first would be for all.
		queries+=(example. SOA @"$validator" example. DNSKEY @"$validator" "x$STEP.example." A @"$validator")
		for age in 0 3 5 8; do
			queries+=("$(host $((STEP - age)))" A @"$validator")
		done
	done
	inside dig +noall +comments +question +stats +tries=2 +time=5 "${queries[@]}" >"$TMP/answers" 2>&1 || true
	all=$(grep -c 'status:' "$TMP/answers" || true)
	GOOD=$(grep -cE 'status: (NOERROR|NXDOMAIN)' "$TMP/answers" || true)
	# A machine that is too busy to answer is not what is looked for, unless it happens often.
	ANSWERS=$((ANSWERS + GOOD)) SERVFAILS=$((SERVFAILS + all - GOOD)) SILENT=$((SILENT + 28 - all))
	[ $((SILENT * 20)) -le $((28 * (STEP + 5))) ] || fail "$SILENT of $((28 * STEP)) queries had no answer"
	SECURE=$(grep -cE 'flags:.* ad' "$TMP/answers" || true)
	[ "$GOOD" -eq 28 ] || awk -v step="$STEP" -v keys="$KEYS" '
		/status:/ { bad = $0 !~ /NOERROR|NXDOMAIN/ } /^;[^;]/ { name = $0 } /no servers|timed out/ { print step, $0 }
		/SERVER:/ && bad { print "step", step, "keys", keys, name, $0 }' "$TMP/answers" >>"$TMP/bad"
}

step() {
	STEP=$((STEP + 1))
	AHEAD=$((AHEAD + 10))
	set_clock
	parent
	operator
	ask
}

# ---- rolls -----------------------------------------------------------------------------------------------

# settle WHAT CALM: steps until nothing is left to do, and so many more.
settle() {
	local calm=0 start=$STEP
	while [ "$calm" -lt "$2" ]; do
		step
		[ "$IDLE" = 1 ] && calm=$((calm + 1)) || calm=0
		# What waits for a cache to forget is calm, too: it is over when nobody shows the old key.
		case " $KEYS ${DS//,/ } " in *" $OLD "*) calm=0 ;; esac
		[ $((STEP - start)) -lt 120 ] || fail "$1: it does not end"
	done
	echo "$1: $((STEP - start)) steps, $ANSWERS answers so far, $SERVFAILS others"
}

roll() {
	STYLE=double-ksk
	case $1 in
	zsk | ksk | csk) OLD=$($ROLL roll example. "$1" "$(now)") ;;
	double-ds) STYLE=double-ds; OLD=$($ROLL roll example. ksk "$(now)") ;;
	unsigned) STYLE=unsigned; OLD=${KEYS##* } ;; # both keys go at a time
	compromised) OLD=$($ROLL compromise example. zsk "$(now)") ;;
	*) fail "no such roll: $1" ;;
	esac
	OLD=${OLD%% *}
	settle "$1" 7
	[ "$SERVFAILS" -eq 0 ] || fail "$1: $(cat "$TMP/bad")"
	[ "$SECURE" -eq "$([ "$1" = unsigned ] && echo 0 || echo "$GOOD")" ] ||
		fail "$1: $SECURE of $GOOD answers are secure"
}

ip netns add "$NS" || { echo "needs network namespaces"; exit 77; }
inside ip link set lo up
# BIND takes no address that no interface has; Knot Resolver believes in no server at 127.0.0.0/8.
for address in 127.0.2.3 192.0.2.1 192.0.2.2; do
	inside ip address add $address/32 dev lo
done
cc -O1 -shared -fPIC -o "$TMP/clock.so" tests/support/preload/clock_ahead.c
mkdir "$TMP/state" "$TMP/first" "$TMP/second"
chmod 755 "$TMP"
set_clock
kind="split"
case " $ROLLS " in *" csk "*) kind=csk ;; esac
$ROLL begin . csk "$(now)"
$ROLL root "$(now)" "$TMP/first/root.zone"
$ROLL begin example. $kind "$(now)"
$ROLL step example. "$(now)" "$TMP/first/example.zone" "$STYLE" - - >/dev/null
cp "$TMP"/first/*.zone "$TMP/second"
start_servers
for zone in . example.; do
	wait_for 192.0.2.1 "$zone" SOA
	wait_for 192.0.2.2 "$zone" SOA
done
start_validators
for validator in 127.0.2.1 127.0.2.2 127.0.2.3 127.0.2.4 127.0.2.5; do
	wait_for "$validator" example. SOA
done
# From insecure to secure; the DS is asked for once no cache has the unsigned zone.
while [ -z "$ASKED" ]; do
	step
	[ "$STEP" -lt 60 ] || fail "the parent is never asked"
done
settle "first keys" 10
# Knot Resolver holds a zone for insecure as long as queries keep the delegation in its cache.
kill "$KRESD" && wait "$KRESD" || true
start_kresd
wait_for 127.0.2.4 example. SOA
step
while [ "$SECURE" -lt "$GOOD" ]; do
	step
	[ "$STEP" -lt 90 ] || fail "not all is secure: $(awk '/^;; flags:/ { ad = / ad/ } /^;[^;]/ { name = $0 }
		/SERVER:/ && !ad { print name, $0 }' "$TMP/answers")"
done
[ "$SERVFAILS" -eq 0 ] || fail "first keys: $(cat "$TMP/bad")"
for kind in $ROLLS; do
	[ "$kind" = hasty ] || { roll "$kind"; continue; }
	# What was given out before is on record with its TTLs, and has to go first.
	STYLE=double-ksk,hasty
	settle 'before haste' 9
	OLD=$($ROLL roll example. zsk "$(now)")
	OLD=${OLD%% *}
	settle hasty 5
	[ "$SERVFAILS" -gt 0 ] || fail "an operator who ignores all times broke nothing"
	SERVFAILS=0
done
echo "$STEP steps, $ANSWERS answers, $SILENT queries without one"
