#!/bin/bash
# Configurations with the mistakes that people make, and hostile ones: each is refused with its own
# diagnostic at the user's own file:line:col, and with a hint, where there is a fix to name.
#
# tests/golden/bad-input/CASE/repo is a config repository; CASE/expect says what is found in it:
#
#	exit STATUS
#	id GWnnnn            of the first diagnostic
#	place FILE:LINE:COL  of the first diagnostic
#	hint TEXT            part of the message or the hint; may be left out
#	errors NUMBER        left out: one, or none where the exit status is 0
set -eu
BUILD=${BUILD:-build/release}
cases=$PWD/tests/golden/bad-input
gwctl=$(realpath "$BUILD")/gwctl
work=$(mktemp -d)
out=$work/out
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
failed=0 passed=0

field() { # CASE'S EXPECT, FIELD
	sed -n "s/^$2 //p" "$1"
}

wrong() { # case, what
	echo "$1: $2:"
	cat -v "$out"
	failed=$((failed + 1))
}

# expect NAME DIRECTORY EXPECTATION: checks one repository against one file of the form above.
expect() {
	local name=$1 status=0 errors
	(cd "$2" && timeout 20 "${as[@]}" "$gwctl" -C . check) >"$out" 2>&1 || status=$?
	[ "$status" -eq "$(field "$3" exit)" ] || { wrong "$name" "exit status $status"; return; }
	errors=$(field "$3" errors)
	[ -n "$errors" ] || errors=$((status != 0))
	[ "$(grep -c '^error\[' "$out")" -eq "$errors" ] || { wrong "$name" "not $errors errors"; return; }
	grep -m 1 -E '^(error|warning)\[' "$out" | grep -qF "[$(field "$3" id)]" ||
		{ wrong "$name" "not $(field "$3" id)"; return; }
	# An error without a place has none to look for.
	if [ -n "$(field "$3" place)" ]; then
		grep -m 1 -e '--> ' "$out" | grep -qF -e "--> $(field "$3" place)" ||
			{ wrong "$name" "not at $(field "$3" place)"; return; }
	fi
	grep -qF -e "$(field "$3" hint)" "$out" || { wrong "$name" "does not say \`$(field "$3" hint)\`"; return; }
	# What a config holds must not reach the terminal as it is.
	if LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$out"; then
		wrong "$name" "control characters in the output"
		return
	fi
	passed=$((passed + 1))
}

as=()
for case in "$cases"/*/; do
	expect "$(basename "$case")" "$case/repo" "$case/expect"
done
[ "$passed" -ge 60 ] || wrong "all" "only $passed cases"

# ---- what no repository can hold -----------------------------------------------------------------

zones='gw: 1
zones: {wan: {interfaces: [wan0], untrusted: true}, hq: {interfaces: [hq0], nets: [10.20.0.0/16]}}'

# repo NAME INCLUDE: an empty repository with one line after the zones.
repo() {
	mkdir -p "$work/$1"
	printf '%s\n%s\n' "$zones" "$2" >"$work/$1/gw.yaml"
}
# found NAME STATUS ID PLACE [HINT]
found() {
	printf 'exit %s\nid %s\nplace %s\nhint %s\n' "$2" "$3" "$4" "${5:-}" >"$work/expect"
	expect "$1" "$work/$1" "$work/expect"
}

repo fifo 'include: [pipe.yaml]'
mkfifo "$work/fifo/pipe.yaml"
found fifo 3 GW0103 gw.yaml:3:11
repo device 'hosts: {a: {file: zero}}'
if mknod "$work/device/zero" c 1 5 2>/dev/null; then
	found device 3 GW0103 gw.yaml:3:19
fi
repo link-loop 'include: [a.yaml]'
ln -s b.yaml "$work/link-loop/a.yaml"
ln -s a.yaml "$work/link-loop/b.yaml"
found link-loop 3 GW0101 gw.yaml:3:11 'symbolic link'
repo link-out 'include: [a.yaml]'
ln -s /etc/passwd "$work/link-out/a.yaml"
found link-out 3 GW0107 gw.yaml:3:11 'leads out'
repo link-to-proc 'include: [a.yaml]'
ln -s /proc/self/environ "$work/link-to-proc/a.yaml"
found link-to-proc 3 GW0107 gw.yaml:3:11
repo long-name "include: [$(printf 'a%.0s' {1..4096}).yaml]"
found long-name 3 GW0101 gw.yaml:3:11 'too long'
repo control-name 'include: ["*.yaml"]'
mkdir "$work/control-name/p"
sed -i 's/\*/p\/*/' "$work/control-name/gw.yaml"
printf 'hosts: {}\nx: 1\n' >"$work/control-name/p/"$'a\e[2J\n.yaml'
found control-name 3 GW0201 'p/a\x1b[2J\n.yaml:2:1'
repo large 'include: [large.yaml]'
truncate -s 100M "$work/large/large.yaml"
found large 3 GW0104 gw.yaml:3:11 '16 MiB'
repo deep "hosts: $(printf '[%.0s' {1..20000})"
found deep 3 GW0134 gw.yaml:3:
repo deep-maps "hosts: $(printf '{a: %.0s' {1..20000})"
found deep-maps 3 GW0134 gw.yaml:3:
repo deep-includes 'include: [f0.yaml]'
for ((i = 0; i < 40; i++)); do
	echo "include: [f$((i + 1)).yaml]" >"$work/deep-includes/f$i.yaml"
done
echo 'hosts: {}' >"$work/deep-includes/f40.yaml"
found deep-includes 3 GW0112 f31.yaml:1:11
mkdir "$work/no-config"
found no-config 3 GW0102 '' gw.yaml
mkdir -p "$work/directory/gw.yaml"
found directory 3 GW0103 ''

# The same as a user who may not read it.
if [ "$(id -u)" -eq 0 ]; then
	cp "$gwctl" "$work/gwctl"
	gwctl=$work/gwctl
	as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	chmod 755 "$work"
	repo unreadable 'include: [secret.yaml]'
	echo 'hosts: {}' >"$work/unreadable/secret.yaml"
	chmod 600 "$work/unreadable/secret.yaml"
	found unreadable 3 GW0101 gw.yaml:3:11 'Permission denied'
	as=()
fi

# A repository that changes all the time: an error or not, but no crash and nothing half read.
repo changing 'include: [a.yaml]'
(while :; do
	seq 5000 | sed 's/.*/# &/' >"$work/changing/a.yaml"
	echo 'hosts: {h: [10.20.0.1]}' >>"$work/changing/a.yaml"
done) &
writer=$!
for ((i = 0; i < 50; i++)); do
	status=0
	"$gwctl" -C "$work/changing" check >"$out" 2>&1 || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ] || wrong changing "exit status $status"
	[ "$status" -eq 0 ] || grep -q '^error\[GW01' "$out" || wrong changing "no diagnostic of the file"
done
kill "$writer"
wait "$writer" 2>/dev/null || true

echo "$passed bad configurations, $failed not reported as they should be"
[ "$failed" -eq 0 ]
