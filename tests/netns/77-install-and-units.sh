#!/bin/bash
# make install: programs, manual pages, schema and units arrive where they belong. The units are ones that
# systemd understands, and are locked up well enough: an exposure of at most 1.5 of 10, also with the
# drop-ins that are shipped (1.7 with the one that lets gwd reach a collector).
set -eu
BUILD=${BUILD:-build/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
variant=
[ "$BUILD" != build/san ] || variant=SAN=1

die() {
	echo "$1"
	exit 1
}

# The programs are built already; an install in the middle of a parallel make must not build.
make --no-print-directory -o all $variant install DESTDIR="$work/root" PREFIX=/opt/gw >"$work/out" 2>&1 ||
	{ cat "$work/out"; die "make install failed"; }
for file in opt/gw/sbin/gwctl opt/gw/sbin/gwd opt/gw/share/man/man8/gwd.8 opt/gw/share/man/man7/gw-protocol.7 opt/gw/share/man/man8/gwctl.8 opt/gw/share/man/man5/gw.yaml.5 \
	opt/gw/share/man/ja/man5/gw.yaml.5 opt/gw/share/gw/gw.schema.json usr/lib/systemd/system/gwd.service \
	usr/lib/systemd/system/gw-early.service usr/lib/sysusers.d/gw.conf usr/lib/tmpfiles.d/gw.conf \
	opt/gw/share/doc/gw/examples/gw.yaml opt/gw/share/doc/gw/gwd-forward.conf \
	opt/gw/sbin/gw-metricsd opt/gw/share/man/man8/gw-metricsd.8 usr/lib/systemd/system/gw-metricsd.service \
	opt/gw/share/gw/prometheus/gw.rules.yml opt/gw/share/gw/grafana/gateway.json \
	opt/gw/sbin/gw-ipv6guardd usr/lib/systemd/system/gw-ipv6guardd.service \
	opt/gw/share/doc/gw/gw-ipv6guardd-raw.conf \
	opt/gw/sbin/gw-ratelimitd usr/lib/systemd/system/gw-ratelimitd.service; do
	[ -s "$work/root/$file" ] || die "$file was not installed"
done
# Every option of the agent is in its manual.
"$work/root/opt/gw/sbin/gwd" --help | sed -n 's/^  --\([a-z]*\) .*/\1/p' >"$work/options"
[ -s "$work/options" ] || die "gwd has no options"
while read -r option; do
	grep -q "^\.It Fl .-$option" gw/man/gwd.8 || die "gwd(8) says nothing of --$option"
done <"$work/options"
[ ! -e "$work/root/etc" ] || die "something was installed to /etc"
grep -q '^\.Nm gwctl' "$work/root/opt/gw/share/man/man8/gwctl.8" || die "gwctl.8 is no manual page"
grep -q '設定リポジトリ' "$work/root/opt/gw/share/man/ja/man5/gw.yaml.5" || die "gw.yaml(5) is not in Japanese"
grep -q '"\$defs"' "$work/root/opt/gw/share/gw/gw.schema.json" || die "the schema is none"
! grep -rq '/usr/sbin/gw' "$work/root/usr/lib/systemd" || die "a unit starts another program than was installed"

if ! command -v systemd-analyze >/dev/null; then
	echo "installed; units are not judged: systemd-analyze is missing"
	exit 77
fi
units=$work/root/usr/lib/systemd/system
# judge UNIT-FILE NAME LIMIT: drop-ins beside the file count.
judge() {
	systemd-analyze security --offline=true --no-pager "$1" >"$work/out" 2>&1 ||
		{ cat "$work/out"; die "systemd-analyze does not take $2"; }
	level=$(sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p' "$work/out")
	[ -n "$level" ] || { cat "$work/out"; die "no level for $2"; }
	awk -v level="$level" -v limit="$3" 'BEGIN { exit !(level <= limit) }' ||
		{ grep '✗' "$work/out"; die "$2 has an exposure of $level, more than $3"; }
	echo "$2: exposure $level"
}
# spelt UNIT-FILE NAME: what is misspelt is ignored by systemd, with a message here that names the file.
spelt() {
	! systemd-analyze verify --man=no "$1" 2>&1 | grep "$2:[0-9]" || die "$2 has lines that systemd does not know"
}
# plain UNIT: a copy in which program and manual, which are not in place, are not looked for.
plain() {
	mkdir -p "$work/units/$1.service.d"
	sed -e 's|^ExecStart=.*|ExecStart=/bin/true|' -e '/^Documentation=/d' "$units/$1.service" >"$work/units/$1.service"
}
judged=0
for file in configs/systemd/*.service; do
	unit=$(basename "$file" .service)
	[ -e "$units/$unit.service" ] || die "$unit.service is not installed"
	judge "$units/$unit.service" "$unit.service" 1.5
	plain "$unit"
	spelt "$work/units/$unit.service" "$unit.service"
	judged=$((judged + 1))
done
[ "$judged" -ge 3 ] || die "only $judged units were found"
# UNIT-PURPOSE.conf is a drop-in that administrators may add.
for file in configs/systemd/*-*.conf; do
	name=$(basename "$file")
	unit=${name%-*}
	plain "$unit"
	rm -f "$work/units/$unit.service.d"/*
	[ -s "$work/root/opt/gw/share/doc/gw/$name" ] || die "$name is not installed"
	cp "$file" "$work/units/$unit.service.d/$name"
	# Sockets of the internet cost 0.3; what else gwd needs is what it has without them.
	limit=1.5
	[ "$name" != gwd-forward.conf ] || limit=1.7
	judge "$work/units/$unit.service" "$unit.service with $name" "$limit"
	spelt "$work/units/$unit.service" "$name"
done
if command -v systemd-sysusers >/dev/null; then
	mkdir -p "$work/users/etc"
	systemd-sysusers --root="$work/users" "$work/root/usr/lib/sysusers.d/gw.conf" >"$work/out" 2>&1 ||
		{ cat "$work/out"; die "sysusers.d/gw.conf is wrong"; }
	grep -q '^gw:.*gw agent' "$work/users/etc/passwd" || die "no user gw"
	grep -q '^gw-audit:.*gw$' "$work/users/etc/group" || die "gw does not belong to gw-audit"
fi
echo "installed as it should be"
