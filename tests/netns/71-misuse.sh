#!/bin/bash
# gwctl used as it should not be: broken configs applied, no privileges, a state directory that cannot be
# used or was damaged, kills, several writers, an output that nobody takes. Each time there is one clear
# diagnostic with the right exit status, and kernel and state directory are as they were.
#
# What needs a kernel that lacks a feature cannot be provoked here: tests/gw/nft/check_netns_test.c
# (GW0804) and tests/gw/compile/numbers_test.c (GW0810) have it.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
# In a namespace of its own, which ends with the test and takes rules and mounts with it.
if [ -z "${MISUSE_INSIDE:-}" ]; then
	MISUSE_INSIDE=1 exec unshare --net --mount "$0"
fi
cases=$PWD/tests/golden/bad-input
work=$(mktemp -d)
out=$work/out
export GW_STATE_DIR=$work/state
busy=
# shellcheck disable=SC2317  # run by the trap
clean() {
	[ -z "$busy" ] || kill "$busy" 2>/dev/null || true
	umount "$work/small" 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT
chmod 755 "$work"
# Where a user without privileges can run it, too.
cp "$BUILD/gwctl" "$work/gwctl"
gwctl=$work/gwctl

die() {
	echo "$1"
	cat -v "$out"
	exit 1
}
# wants STATUS ID COMMAND...: the exit status and the first diagnostic; - for none.
wants() {
	local status=0 want=$1 id=$2
	shift 2
	timeout 60 "$@" >"$out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] || die "exit status $status, not $want: $*"
	if grep -q 'Sanitizer\|runtime error' "$out"; then
		die "a sanitizer has found something: $*"
	fi
	[ "$id" = - ] || grep -q "\[$id\]" "$out" || die "not $id: $*"
}
site() { # name, port
	mkdir -p "$work/$1"
	cat >"$work/$1/gw.yaml" <<-END
	gw: 1
	site: {name: misuse}
	zones:
	  wan: {interfaces: [wan0], untrusted: true}
	  hq: {interfaces: [hq0], nets: [10.20.0.0/16]}
	policies:
	  - {id: web, from: hq, to: wan, services: [tcp/$2], action: accept, owner: o, ticket: T-1, review: 2099-12-31}
	END
}
kernel() {
	nft list ruleset | sha256sum
}
store() { # everything but the lock, whose text is the last holder's
	(cd "$work/state" && find . -type f ! -name lock -exec sha256sum {} + | sort)
}
remember() {
	kernel_before=$(kernel)
	store_before=$(store)
}
unchanged() { # what
	[ "$(kernel)" = "$kernel_before" ] || die "$1: the kernel has changed"
	[ "$(store)" = "$store_before" ] || die "$1: the state directory has changed"
}
# gwctl without any privilege.
as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$gwctl")
ip link add wan0 type veth peer name hq0
site a 80
site b 443

# Before anything was applied: who only looks leaves nothing behind.
wants 1 GW0906 "$gwctl" status
wants 0 - "$gwctl" history
wants 2 - "$gwctl" -C "$work/a" plan
[ ! -e "$work/state" ] || die "looking has made the state directory"
wants 1 GW0905 "$gwctl" rollback
wants 0 - "$gwctl" -C "$work/a" apply

# ---- broken configs --------------------------------------------------------------------------------
remember
for case in "$cases"/*/; do
	status=$(sed -n 's/^exit //p' "$case/expect")
	[ "$status" -ne 0 ] || continue
	wants "$status" "$(sed -n 's/^id //p' "$case/expect")" "$gwctl" -C "$case/repo" apply
done
unchanged "broken configs"

# ---- usage -----------------------------------------------------------------------------------------
wants 64 - "$gwctl" aply
grep -qF "did you mean \`apply\`" "$out" || die "no suggestion for a command"
wants 64 - "$gwctl" -C "$work/b" apply --confrim
wants 64 - "$gwctl" -C
wants 64 - "$gwctl" rollback one
wants 64 - "$gwctl" rollback 99999999999999999999
wants 64 - "$gwctl" reach --from nowhere --to hq -C "$work/a"
wants 1 GW0905 "$gwctl" rollback 77
wants 3 GW0102 "$gwctl" -C "$work/nowhere" apply
unchanged "usage errors"

# ---- an output that takes nothing ------------------------------------------------------------------
for command in status history counters help schema "-C $work/a check" "--json -C $work/a plan"; do
	# shellcheck disable=SC2016,SC2086  # the inner shell's; words
	wants 1 - sh -c 'out=$1; shift; "$@" >"$out"' sh /dev/full "$gwctl" $command
	grep -q 'standard output: No space left' "$out" || die "$command: a full output is not said"
	# shellcheck disable=SC2016,SC2086
	wants 1 - sh -c '"$@" >&-' sh "$gwctl" $command
	grep -q 'standard output' "$out" || die "$command: a closed output is not said"
done
unchanged "full output"
# A change that was made is one, whether it can be printed or not.
wants 1 - sh -c '"$@" >/dev/full' sh "$gwctl" -C "$work/b" apply
grep -q 'No space left on device; revision 2 is in force all the same' "$out" || die "nobody says that it was applied"
wants 0 - "$gwctl" -C "$work/a" apply
remember

# ---- no privileges ---------------------------------------------------------------------------------
mkdir -m 777 "$work/state-nobody"
wants 1 GW0901 "${as_nobody[@]}" -C "$work/b" apply
GW_STATE_DIR=$work/state-nobody wants 1 GW0802 "${as_nobody[@]}" -C "$work/b" apply
GW_STATE_DIR=$work/state-nobody wants 1 GW0802 "${as_nobody[@]}" status
unchanged "no privileges"

# ---- a state directory that cannot be used ----------------------------------------------------------
touch "$work/file"
GW_STATE_DIR=$work/file wants 1 GW0901 "$gwctl" -C "$work/b" apply
GW_STATE_DIR=$work/no/such/directory wants 1 GW0901 "$gwctl" -C "$work/b" apply
mkdir "$work/small"
mount -t tmpfs -o size=1m,mode=700 tmpfs "$work/small"
cp -a "$work/state/." "$work/small/"
dd if=/dev/zero of="$work/small/filler" bs=4k 2>/dev/null || true
GW_STATE_DIR=$work/small wants 1 GW0903 "$gwctl" -C "$work/b" apply
unchanged "full disk"
rm "$work/small/filler"
mount -o remount,ro "$work/small"
GW_STATE_DIR=$work/small wants 1 - "$gwctl" -C "$work/b" apply
grep -q 'GW090[13].*Read-only' "$out" || die "a read-only directory is not said"
unchanged "read-only state directory"
umount "$work/small"

# ---- a damaged state directory ----------------------------------------------------------------------
cp -a "$work/state" "$work/saved"
latest=revisions/$(printf %06d "$(cat "$work/state/current")")
while IFS= read -r file; do
	for damage in empty half junk gone; do
		rm -rf "$work/state"
		cp -a "$work/saved" "$work/state"
		case $damage in
		empty) : >"$work/state/$file" ;;
		half) truncate -s $(($(stat -c %s "$work/saved/$file") / 2)) "$work/state/$file" ;;
		junk) head -c 300 /dev/urandom >"$work/state/$file" ;;
		gone) rm "$work/state/$file" ;;
		esac
		for command in status drift history counters rollback "-C $work/b plan" "-C $work/b apply"; do
			remember
			status=0
			# shellcheck disable=SC2086  # words
			timeout 60 "$gwctl" $command >"$out" 2>&1 || status=$?
			[ "$status" -le 2 ] || die "$file $damage: $command: exit status $status"
			if grep -q 'Sanitizer\|runtime error' "$out"; then
				die "$file $damage: $command: a sanitizer has found something"
			fi
			if [ "$status" -eq 1 ]; then
				grep -q '^error\[GW09' "$out" || die "$file $damage: $command: no diagnostic"
				unchanged "$file $damage: $command"
			fi
		done
		# Back to site a, whatever was applied.
		rm -rf "$work/state"
		cp -a "$work/saved" "$work/state"
		wants 0 - "$gwctl" -C "$work/a" apply
		rm -rf "$work/state"
		cp -a "$work/saved" "$work/state"
	done
done < <(cd "$work/saved" && find . -maxdepth 1 -type f ! -name lock &&
	find "./$latest" -type f)

# What is damaged is named.
damaged() { # FILE, WHAT THE OUTPUT HOLDS, STATUS, ID, COMMAND...
	local file=$1 text=$2
	shift 2
	echo junk >"$work/state/$file"
	wants "$@"
	grep -qF "$text" "$out" || die "$file: the output does not hold: $text"
	rm -rf "$work/state"
	cp -a "$work/saved" "$work/state"
}
damaged "$latest/carried.json" "$latest/carried.json is damaged" 0 GW1510 "$gwctl" -C "$work/b" apply
wants 0 - "$gwctl" -C "$work/a" apply
rm -rf "$work/state"
cp -a "$work/saved" "$work/state"
damaged "$latest/numbers.json" "$latest/numbers.json is damaged" 1 GW0904 "$gwctl" -C "$work/b" apply
damaged "$latest/config/gw.yaml" "$latest/config/gw.yaml is damaged" 1 GW0904 "$gwctl" -C "$work/b" apply
damaged revisions/000001/meta.json "DAMAGED" 0 - "$gwctl" history
damaged revisions/000001/meta.json "000001/meta.json is damaged" 1 GW0904 "$gwctl" rollback 1

# ---- kill -9 ---------------------------------------------------------------------------------------
# After each, the next apply works, the kernel is what it says, and history names it once, at the top.
for ((i = 0; i < ${KILLS:-50}; i++)); do
	"$gwctl" -C "$work/b" apply >/dev/null 2>&1 &
	victim=$!
	sleep "0.0$(printf '%03d' $((RANDOM % 400)))"
	kill -9 "$victim" 2>/dev/null || true
	wait "$victim" 2>/dev/null || true
	next=$([ $((i % 2)) -eq 0 ] && echo a || echo b)
	wants 0 - "$gwctl" -C "$work/$next" apply
	wants 0 - "$gwctl" -C "$work/$next" plan
	wants 0 - "$gwctl" drift
	wants 0 - "$gwctl" history
	[ "$(find "$work/state/revisions" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tail -n 1)" -eq "$(cat "$work/state/current")" ] ||
		die "after kill $i the newest revision is not the current one"
done

# ---- several writers -------------------------------------------------------------------------------
wants 0 - "$gwctl" -C "$work/a" apply
remember
flock --no-fork "$work/state/lock" sleep 60 &
busy=$!
until ! flock --nonblock "$work/state/lock" true; do
	sleep 0.02
done
wants 4 GW0902 "$gwctl" -C "$work/b" apply
wants 4 GW0902 "$gwctl" rollback
wants 0 - "$gwctl" status
kill "$busy"
wait "$busy" 2>/dev/null || true
busy=
unchanged "a locked gateway"

# A program that changes a table of its own all the time: apply gets through, or says who is busy.
nft add table inet foreign
(while :; do
	nft 'add chain inet foreign c; delete chain inet foreign c'
done) 2>/dev/null &
busy=$!
for site in b a b a b a b a; do
	status=0
	"$gwctl" -C "$work/$site" apply >"$out" 2>&1 || status=$?
	[ "$status" -eq 0 ] || { [ "$status" -eq 1 ] && grep -q 'GW0909\|GW0803' "$out"; } ||
		die "beside a busy program: exit status $status"
done
kill "$busy"
wait "$busy" 2>/dev/null || true
busy=
wants 0 - "$gwctl" -C "$work/a" apply
wants 0 - "$gwctl" drift
# And one that takes rules out of ours.
chain=$(nft -a list table inet gw | sed -n 's/^\tchain \([a-z0-9_-]*\) {.*/\1/p' | head -n 1)
nft insert rule inet gw "$chain" counter
wants 2 - "$gwctl" drift
grep -q "$chain" "$out" || die "drift does not name the chain $chain"
wants 0 - "$gwctl" -C "$work/a" apply
wants 0 - "$gwctl" drift

# ---- an interface that is not there ----------------------------------------------------------------
ip link set hq0 name hq9
wants 0 GW0907 "$gwctl" -C "$work/b" apply
grep -q 'gw.yaml:5:21' "$out" || die "the interface's place is not named"
echo "nothing misused has broken anything"
