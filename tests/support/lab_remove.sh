#!/bin/bash
# Removes the lab that `make demo KEEP=1` left up.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/lab.sh
[ -f "$LAB_KEPT" ] || exit 0
. "$LAB_KEPT"
lab_down
rm "$LAB_KEPT"
