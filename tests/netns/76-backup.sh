#!/bin/bash
# The state directory in one file, and back: the same bytes, on a machine that never had them and on one
# that has moved on; any tar can read it; damage, locks and kills change nothing.
set -eu
BUILD=${BUILD:-build/release}
[ "$(id -u)" -eq 0 ] || { echo "needs root: network namespaces"; exit 77; }
if [ -z "${BACKUP_INSIDE:-}" ]; then
	BACKUP_INSIDE=1 exec unshare --net --mount "$0"
fi
work=$(mktemp -d)
busy=
# shellcheck disable=SC2317  # run by the trap
clean() {
	[ -z "$busy" ] || kill "$busy" 2>/dev/null || true
	umount "$work/small" 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT
out=$work/out
state=$work/state
export GW_STATE_DIR=$state GW_STANDALONE=1
gwctl=$(realpath "$BUILD")/gwctl

die() {
	echo "$1"
	cat -v "$out"
	exit 1
}
wants() { # STATUS ID COMMAND...: the exit status and the first diagnostic; - for none.
	local status=0 want=$1 id=$2
	shift 2
	timeout 60 "$@" >"$out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] || die "exit status $status, not $want: $*"
	if grep -q 'Sanitizer\|runtime error' "$out"; then
		die "a sanitizer has found something: $*"
	fi
	[ "$id" = - ] || grep -q "\[$id\]" "$out" || die "not $id: $*"
}
content() { # DIRECTORY: names, modes and bytes of all but the lock
	(cd "$1" && find . ! -name lock ! -name '*.pem' -printf '%p %m %y\n' | sort &&
		find . -type f ! -name lock ! -name '*.pem' -exec sha256sum {} + | sort)
}
unchanged() { # what
	[ "$(content "$state")" = "$before" ] || die "$1: the state directory has changed"
	[ ! -e "$state.replaced" ] || [ -n "${replaced_ok:-}" ] || die "$1: something was left behind"
}
site() { # port
	mkdir -p "$work/site/policies"
	cat >"$work/site/gw.yaml" <<-END
	gw: 1
	site: {name: backup}
	include: [policies/*.yaml]
	zones:
	  wan: {interfaces: [wan0], untrusted: true}
	  hq: {interfaces: [hq0], nets: [10.20.0.0/16]}
	END
	cat >"$work/site/policies/a-policy-in-a-file-with-quite-a-long-name-so-that-it-does-not-fit-into-one-field-of-the-header.yaml" <<-END
	policies:
	- {id: web-$1, from: hq, to: wan, services: [tcp/$1], action: accept, owner: o, ticket: T-1, review: 2099-12-31}
	END
}
site 80
wants 1 GW0901 "$gwctl" backup "$work/none.tar"
[ ! -e "$work/none.tar" ] || die "a backup of nothing"
wants 0 - "$gwctl" -C "$work/site" apply
site 443
wants 0 - "$gwctl" -C "$work/site" apply
mkdir -p "$state/audit/keys"
head -c 200000 /dev/urandom >"$state/audit/segment"
echo secret >"$state/audit/keys/signer.pem"
echo chain >"$state/audit/keys/chain"
: >"$state/audit/empty"
touch "$state/revisions/.new" "$state/current.new"
before=$(content "$state")

# ---- writing -----------------------------------------------------------------------------------------
wants 0 - "$gwctl" backup "$work/gw.tar"
grep -q '1 private key was left out' "$out" || die "the key is not mentioned"
[ "$(stat -c %a "$work/gw.tar")" = 600 ] || die "others can read the backup"
unchanged backup
# Any tar reads it, and sha256sum proves it.
mkdir "$work/by-tar"
tar -xf "$work/gw.tar" -C "$work/by-tar" || die "tar cannot read it"
(cd "$work/by-tar" && sha256sum --quiet -c MANIFEST) || die "the manifest is wrong"
rm -f "$state/revisions/.new" "$state/current.new"
before=$(content "$state")
[ "$(content "$work/by-tar/state")" = "$before" ] || die "tar unpacks something else"
[ ! -e "$work/by-tar/state/audit/keys/signer.pem" ] || die "the key is in the backup"
wants 0 - "$gwctl" restore --check "$work/gw.tar"
wants 0 - "$gwctl" backup --keys "$work/keys.tar"
tar -tf "$work/keys.tar" | grep -q signer.pem || die "--keys does nothing"
wants 0 - "$gwctl" backup --no-audit "$work/small.tar"
! tar -tf "$work/small.tar" | grep -q audit || die "--no-audit does nothing"
# What cannot be written leaves nothing, and keeps an older backup.
mkdir "$work/small"
mount -t tmpfs -o size=64k tmpfs "$work/small"
echo old >"$work/small/gw.tar"
wants 1 GW1520 "$gwctl" backup "$work/small/gw.tar"
[ "$(cat "$work/small/gw.tar")" = old ] && [ ! -e "$work/small/gw.tar.new" ] || die "half a backup"
wants 1 GW0910 "$gwctl" backup "$work/no/such/directory/gw.tar"

# ---- a machine that never had it ---------------------------------------------------------------------
export GW_STATE_DIR=$work/new
wants 0 - "$gwctl" restore "$work/keys.tar"
[ "$(content "$work/new")" = "$before" ] || die "another state on a new machine"
[ "$(cat "$work/new/audit/keys/signer.pem")" = secret ] || die "the key is not back"
wants 0 - "$gwctl" history
rm -rf "$work/new" "$work/new.replaced"
# A trail without its key is put aside.
wants 0 - "$gwctl" restore "$work/gw.tar"
[ ! -e "$work/new/audit" ] && cmp -s "$work/new"/audit-until-*/segment "$state/audit/segment" ||
	die "a trail without its key is not aside"
rm -rf "$work/new" "$work/new.replaced"
export GW_STATE_DIR=$state

# ---- a machine that has moved on ---------------------------------------------------------------------
site 8080
wants 0 - "$gwctl" -C "$work/site" apply
next=$(grep -o '"next": *[0-9]*' "$state/revisions/000003/numbers.json")
echo 'a later record' >>"$state/audit/segment"
later=$(sha256sum <"$state/audit/segment")
before=$(content "$state")
# Not while somebody is at work, and not what is damaged.
flock --no-fork "$state/lock" sleep 60 &
busy=$!
until ! flock --nonblock "$state/lock" true; do
	sleep 0.02
done
wants 4 GW0902 "$gwctl" restore "$work/gw.tar"
kill "$busy"
wait "$busy" 2>/dev/null || true
busy=
unchanged "a locked state"
size=$(stat -c %s "$work/gw.tar")
for ((i = 0; i < 40; i++)); do
	cp "$work/gw.tar" "$work/bad.tar"
	if [ $((i % 2)) -eq 0 ]; then
		truncate -s $((size * i / 41)) "$work/bad.tar"
	else
		# A byte of some file or header; padding is nobody's.
		at=$((size * i / 41))
		printf '\xa5' | dd of="$work/bad.tar" bs=1 seek=$at conv=notrunc status=none
		! cmp -s "$work/gw.tar" "$work/bad.tar" || continue
		mkdir -p "$work/bad"
		if tar -xf "$work/bad.tar" -C "$work/bad" 2>/dev/null && (cd "$work/bad" && sha256sum --status -c MANIFEST); then
			rm -rf "$work/bad"
			continue
		fi
		rm -rf "$work/bad"
	fi
	wants 1 GW1521 "$gwctl" restore "$work/bad.tar"
	unchanged "damaged backup $i"
done
echo junk >"$work/bad.tar"
wants 1 GW1521 "$gwctl" restore "$work/bad.tar"
tar -cf "$work/bad.tar" -C "$work" site
wants 1 GW1521 "$gwctl" restore "$work/bad.tar"
wants 1 GW0910 "$gwctl" restore "$work/nothing.tar"
wants 1 GW1521 "$gwctl" restore /dev/null
# Links and paths that lead out, in an archive that is otherwise one of ours.
mkdir "$work/evil"
tar -xf "$work/gw.tar" -C "$work/evil"
ln -s /etc "$work/evil/state/link"
tar -cf "$work/bad.tar" --format=ustar -C "$work/evil" ABOUT state MANIFEST
wants 1 GW1521 "$gwctl" restore "$work/bad.tar"
unchanged "archives of others"
# Killed at any moment: the old state or the new one.
replaced_ok=1
for ((i = 0; i < 20; i++)); do
	"$gwctl" restore "$work/gw.tar" >/dev/null 2>&1 &
	victim=$!
	sleep "0.0$(printf '%03d' $((RANDOM % 100)))"
	kill -9 "$victim" 2>/dev/null || true
	wait "$victim" 2>/dev/null || true
	wants 0 - "$gwctl" history
	case $(cat "$state/current") in
	2 | 3) ;;
	*) die "after kill $i the state is neither" ;;
	esac
done
wants 0 - "$gwctl" restore "$work/gw.tar"
grep -q 'the audit trail that is here stays' "$out" || die "what happens to the trail is not said"
[ "$(cat "$state/current")" = 2 ] || die "revision 2 is not in force"
[ "$(sha256sum <"$state/audit/segment")" = "$later" ] || die "the trail was turned back"
[ "$(cat "$state/audit/keys/signer.pem")" = secret ] || die "the key is gone"
[ -e "$state.replaced/revisions" ] || die "the old state is not kept"
grep -q "$next" "$state/revisions/000002/numbers.json" || die "numbers could be given out twice"
# The kernel still holds what it held; a rollback makes it the restored one.
wants 2 - "$gwctl" drift
wants 0 - "$gwctl" rollback 2
wants 0 - "$gwctl" drift
# A damaged state is what backups are for.
: >"$state/current"
wants 1 GW0904 "$gwctl" history
wants 0 - "$gwctl" restore "$work/gw.tar"
wants 0 - "$gwctl" history
echo "what was saved came back"
