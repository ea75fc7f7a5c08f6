#!/bin/bash
# gwctl doctor on a real kernel: nothing to find where there is nothing; tables, flowtables, marks and
# translations of others, missing interfaces, a damaged state; and what it says without privileges.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
if [ -z "${DOCTOR_INSIDE:-}" ]; then
	DOCTOR_INSIDE=1 exec unshare --net "$0"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=$work/out
export GW_STATE_DIR=$work/state GW_RUN_DIR=$work/run GW_STANDALONE=1
chmod 755 "$work"
cp "$BUILD/gwctl" "$work/gwctl"
gwctl=$work/gwctl

die() {
	echo "$1"
	cat "$out"
	exit 1
}
doctor() { # as JSON in $out: exit status 0 or 2
	local status=0
	"$@" "$gwctl" -C "$work/site" --json doctor >"$out" 2>&1 || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 2 ] || die "exit status $status"
	if grep -q 'Sanitizer\|runtime error' "$out"; then
		die "a sanitizer has found something"
	fi
}
says() { # CHECK VERDICT TEXT: some result of the check is so
	grep -A 2 "\"check\": \"$1\"" "$out" | grep -A 1 "\"verdict\": \"$2\"" | grep -qF -- "$3" ||
		die "$1 is not: $2, $3"
}
mkdir -p "$work/site"
cat >"$work/site/gw.yaml" <<-END
gw: 1
site: {name: doctor}
zones:
  wan: {interfaces: [wan0], untrusted: true}
  hq: {interfaces: [hq0], nets: [10.20.0.0/16]}
END
ip link add wan0 type veth peer name hq0
"$gwctl" -C "$work/site" apply >"$out" 2>&1 || die "apply failed"
chmod 750 "$work/state"

# Nothing but ours: no table of others is found. Forwarding is off, as in any new namespace.
doctor
says nf-tables sound answers
says foreign-filter sound 'no other program'
says foreign-flowtable sound ''
says foreign-mark sound ''
says interfaces sound '0 of 2'
says forwarding finding 'IPv4 is off'
says agent finding 'does not answer'
says state-directory sound 0750
says disk sound 'MiB free'

# Others move in.
nft -f - <<-END
table inet other {
	chain through { type filter hook forward priority -5; policy drop; tcp dport 22 accept; ct state established accept; }
	chain idle { type filter hook output priority 0; policy accept; }
	chain unhooked { counter; }
}
table ip tables {
	chain post { type nat hook postrouting priority 100; masquerade; }
	chain marks { type filter hook prerouting priority -150; ct mark set 7; }
}
table ip gw {
	chain c { type filter hook input priority 0; counter; }
}
END
flowtables=1
nft 'add flowtable inet other fast { hook ingress priority 0; devices = { wan0, hq0 }; }' 2>/dev/null || flowtables=
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
ip link set hq0 name hq9
doctor
says foreign-filter finding 'table inet other: forward (priority -5, policy drop, 2 rules)'
says foreign-filter finding 'table ip gw: input (priority 0, 1 rule)'
says foreign-nat finding 'table ip tables: postrouting (priority 100, 1 rule)'
if [ -n "$flowtables" ]; then
	says foreign-flowtable finding 'flowtable fast in table inet other'
else
	echo "not tested: this kernel has no flowtables"
	says foreign-flowtable sound ''
fi
says foreign-mark finding 'table ip tables writes the connection mark'
says interfaces finding 'hq0 (zone hq)'
says forwarding sound 'IPv4 is on'
! grep -q 'table inet gw' "$out" || die "our own table is foreign"
# Each finding has its price and its remedy, in the operator's language.
LC_ALL=ja_JP.UTF-8 "$gwctl" -C "$work/site" doctor >"$out" 2>&1 && die "no exit status 2"
grep -q 'ポリシー' "$out" || die "nothing in Japanese"
"$gwctl" -C "$work/site" doctor -v >"$out" 2>&1 && die "no exit status 2"
grep -q '^foreign-filter: table inet other' "$out" || die "no text"
grep -q '^  = ' "$out" || die "no remedy"
grep -q '^sound *nf-tables' "$out" || die "-v does not show what is sound"

# A damaged state is a finding, no failure.
cp -a "$work/state" "$work/saved"
echo junk >"$work/state/current"
doctor
says revision finding 'does not name a revision'
rm -rf "$work/state"
cp -a "$work/saved" "$work/state"

# Without privileges: what it cannot look at it says.
doctor setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all
says nf-tables not-looked-at root
says foreign-filter not-looked-at permitted
says state-directory not-looked-at 'may not be read'
# And nothing was changed or left behind.
[ ! -e "$work/run" ] || die "doctor has made the run directory"
"$gwctl" drift >"$out" || die "doctor has changed something"
echo "the doctor finds what there is"
