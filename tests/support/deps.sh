#!/bin/sh
# Installs the Debian packages named on the command line that are missing, and says so.
#
#	deps.sh PURPOSE PACKAGE...
set -eu
purpose=$1
shift

if ! command -v dpkg-query >/dev/null; then
	echo "not a Debian system: for $purpose, install what corresponds to: $*"
	exit 0
fi
missing=
for package in "$@"; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "For $purpose these Debian packages are missing:$missing" >&2
	echo "Install them as root:  apt-get install --no-install-recommends$missing" >&2
	exit 1
fi
echo "For $purpose: installing$missing"
install() {
	# shellcheck disable=SC2086  # a list of names
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y \
		--no-install-recommends $missing
}
# The lists of a fresh or old machine are empty or out of date: fetch them only if they are needed.
install >/dev/null 2>&1 || { apt-get -qq update && install >/dev/null; }
