#!/bin/bash
# The socket of the modules: each user may ask for what its module needs, and for nothing else; what is
# recorded for a module is durable when it is answered.
set -eu
BUILD=${BUILD:-build/release}
gwctl=$(realpath "$BUILD/gwctl") gwd=$(realpath "$BUILD/gwd") ask=$(realpath "$BUILD/tools/ask")
[ "$(id -u)" -eq 0 ] || { echo "root is needed to run the agent"; exit 77; }
if [ "${1:-}" != inside ]; then
	exec unshare -nm "$0" inside
fi

dir=$(mktemp -d) agent=
clean() {
	[ -z "$agent" ] || kill "$agent" 2>/dev/null || true
	wait
	umount /etc/passwd 2>/dev/null || true
	rm -rf "$dir"
}
trap clean EXIT
chmod 755 "$dir"
cd "$dir"
# The users of the modules, in this mount namespace alone.
{ cat /etc/passwd; echo "gw-ratelimit:x:64901:65534::/:/bin/false"
  echo "gw-vpnauth:x:64902:65534::/:/bin/false"; } > passwd
mount --bind passwd /etc/passwd
cp "$ask" ask
export GW_STATE_DIR=$dir/state GW_RUN_DIR=$dir/run
ip link set lo up
ip link add hq0 type veth peer name x0
ip link add mgmt0 type veth peer name y0
mkdir site
cat > site/gw.yaml <<-EOF
gw: 1
site: {name: modules}
change: {confirm: 0s}
zones:
  hq: {interfaces: [hq0], nets: [10.1.0.0/16], admission: {identities: [taro@example.net]}}
  mgmt: {interfaces: [mgmt0], nets: [10.99.0.0/24]}
EOF
"$gwd" 2>log & agent=$!
for _ in $(seq 100); do [ ! -S run/module ] || break; sleep 0.1; done
"$gwctl" -C site apply >/dev/null

# expect STATUS TEXT USER VERB [JSON]
expect() {
	local want=$1 text=$2 user=$3 got=0
	shift 3
	setpriv --reuid "$user" --regid 65534 --clear-groups ./ask run/module "$@" >out 2>&1 || got=$?
	if [ "$got" -ne "$want" ] || ! grep -qF -- "$text" out; then
		echo "$user: $* ended with $got instead of $want, or without '$text':"
		cat out log
		exit 1
	fi
}
ok() { echo "ok  $*"; }

expect 4 "may not use the socket" 64999 status
expect 4 "may not use the socket" 0 status
ok "who is no module is turned away, root too"

expect 4 'is not for gw-ratelimit' 64901 apply
expect 4 'is not for gw-ratelimit' 64901 confirm
expect 4 'is not for gw-ratelimit' 64901 suspend '{"user": "op-1", "addresses": ["10.1.0.5"]}'
expect 4 'is not for gw-vpnauth' 64902 isolate '{"zone": "hq", "reason": "r"}'
ok "verbs of operators and of other modules are refused"

expect 0 '"n":1' 64901 ban '{"target": "198.51.100.7", "reason": "flood", "for_s": 600}'
"$gwctl" bans | grep -q 198.51.100.7
"$gwctl" audit search -e 'measure.*' -a gw-ratelimit >/dev/null
expect 4 'for operators' 64901 ban '{"target": "10.99.0.9", "reason": "r", "force": true}'
ok "a module bans for itself, on record under its name, and never by force"

mac=02:00:00:00:00:17
admitted() { nft list set inet gw rt_admitted_hq | grep -q $mac; }
expect 4 "not for gw-ratelimit" 64901 admit '{"mac": "'$mac'", "identity": "taro@example.net", "for_s": 60}'
expect 4 "whom it has authenticated" 64902 admit '{"mac": "'$mac'", "for_s": 60}'
expect 4 "not in the register" 64902 admit '{"mac": "'$mac'", "identity": "Taro@example.net", "for_s": 60}'
expect 4 "a day at most" 64902 admit '{"mac": "'$mac'", "identity": "taro@example.net"}'
expect 0 '"n":1' 64902 admit '{"mac": "'$mac'", "identity": "taro@example.net", "for_s": 60}'
admitted || { echo "the device was not admitted"; exit 1; }
"$gwctl" --json audit search -e device.admitted | grep -q '"identity": "taro@example.net"'
expect 0 '"n":1' 64902 dismiss '{"mac": "'$mac'", "reason": "logged off"}'
! admitted || { echo "the device is still admitted"; exit 1; }
"$gwctl" admit $mac hq -m "for the day" >/dev/null
expect 1 "has not admitted that device" 64902 dismiss '{"mac": "'$mac'"}'
admitted || { echo "what an operator admitted was ended by a module"; exit 1; }
ok "an authenticated identity of the register brings its device in, for the time of its session"

expect 0 '"seq":' 64902 record '{"class": "access", "event": "login.failed", "actor": "op-9", "failed": true, "detail": {"n": 3}}'
kill -9 "$agent"
wait "$agent" 2>/dev/null || true
"$gwctl" --json audit search -e login.failed | grep -q '"module": "gw-vpnauth"'
ok "a record that was answered survives kill -9"
agent=
"$gwd" 2>>log & agent=$!
for _ in $(seq 100); do ! ./ask run/control status >/dev/null 2>&1 || break; sleep 0.1; done
expect 4 'no module writes' 64902 record '{"class": "change", "event": "change.applied"}'
expect 64 'is missing' 64902 record '{"class": "access"}'
ok "modules do not write the agent's records"

# Everything that gwd gives up is given up by every thread of it.
for task in /proc/"$agent"/task/*; do
	grep -q '^Seccomp:	2$' "$task/status" || { echo "$task is not confined"; exit 1; }
	grep -q '^NoNewPrivs:	1$' "$task/status" || { echo "$task may gain privileges"; exit 1; }
	grep -q '^CapEff:	0000000000001000$' "$task/status" || { echo "$task has more than CAP_NET_ADMIN"; grep Cap "$task/status"; exit 1; }
done
[ "$(ls /proc/"$agent"/task | wc -l)" -ge 3 ] || { echo "fewer threads than expected"; exit 1; }
ok "every thread is confined"

"$gwctl" ban 192.0.2.77 -m "by an operator" >/dev/null
expect 4 "ends its own alone" 64901 unban '{"target": "192.0.2.77"}'
expect 0 '"n":1' 64901 unban '{"target": "198.51.100.7"}'
ok "a module ends its own measures alone"

expect 0 '"revision":1' 64901 config
expect 0 '"status":0' 64901 descriptor '{"kind": "nflog", "group": 7001}'
expect 0 '"status":0' 64901 descriptor '{"kind": "nflog", "group": 7001}'
expect 0 '"status":0' 64902 descriptor '{"kind": "conntrack"}'
expect 4 "is not for gw-vpnauth" 64902 descriptor '{"kind": "nflog", "group": 7001}'
expect 4 "gwctl drops" 64901 descriptor '{"kind": "nflog", "group": 100}'
expect 64 "is missing" 64901 descriptor '{"kind": "nflog"}'
expect 64 "there is no kind" 64901 descriptor '{"kind": "packet"}'
ok "sockets that need privileges are handed to the modules that need them"
