#!/bin/bash
# A full disk under the state directory: apply fails with a diagnostic, the kernel keeps what it held,
# and when there is room again everything works.
set -eu
. tests/support/lab.sh
lab_up
lab_serve dmz tcp/80
lab_site one <<END
policies: [{id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}]
END
lab_site two <<END
policies: [{id: other, from: hq, to: dmz, services: [tcp/443], action: accept, $LAB_DUTY}]
END
mkdir "$LAB_TMP/state"
mount -t tmpfs -o size=1m,mode=700 tmpfs "$LAB_TMP/state"
lab_status 0 lab_gwctl -C "$LAB_TMP/one" apply
history=$(lab_gwctl -C "$LAB_TMP/one" history | wc -l)
dd if=/dev/zero of="$LAB_TMP/state/filler" bs=4k 2>/dev/null || true

lab_status 1 lab_gwctl -C "$LAB_TMP/two" apply
grep -q 'GW[0-9]' "$LAB_TMP/out" || { echo "no diagnostic"; cat "$LAB_TMP/out"; exit 1; }
lab_status 0 lab_gwctl -C "$LAB_TMP/one" plan
lab_expect answered "the old policy" "$(lab_try hq 203.0.113.6 tcp/80)"

rm "$LAB_TMP/state/filler"
[ "$(lab_gwctl -C "$LAB_TMP/one" history | wc -l)" -eq "$history" ] || { echo "a revision was left behind"; exit 1; }
lab_status 0 lab_gwctl -C "$LAB_TMP/two" apply
lab_expect silent "the old policy after the new apply" "$(lab_try hq 203.0.113.6 tcp/80)"
