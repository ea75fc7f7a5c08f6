#!/bin/sh
# Keys and ledgers of 1,000 zones (ZONES): writing a backup with its proof, the drill, and a restore on
# another machine's empty disk from the file alone, every file synced. The bar is 60 seconds.
set -eu
BUILD=${BUILD:-build/release}
dir=$(mktemp -d -p "${STATE_PARENT:-/var/tmp}")
trap 'rm -rf "$dir"' EXIT
"$BUILD/tools/zone_restore" "$dir" "${ZONES:-1000}"
