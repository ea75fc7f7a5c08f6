#!/bin/bash
# Without privileges: check and explain work, apply says what is missing and changes nothing.
set -eu
. tests/support/lab.sh
lab_up
lab_site site <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
END
lab_status 0 lab_gwctl -C "$LAB_TMP/site" apply
chmod -R a+rX "$LAB_TMP"
cp "$BUILD/gwctl" "$LAB_TMP/gwctl"
mkdir -m 777 "$LAB_TMP/state-nobody"
nobody() {
	GW_STATE_DIR=$LAB_TMP/state-nobody lab_in gw setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps=-all "$LAB_TMP/gwctl" "$@"
}
lab_site site <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/443], action: accept, $LAB_DUTY}
END
lab_status 0 nobody -C "$LAB_TMP/site" check
lab_status 0 nobody -C "$LAB_TMP/site" explain hq 10.20.1.10 "->" 203.0.113.6 tcp/443
lab_status 1 nobody -C "$LAB_TMP/site" apply
grep -q 'GW08\|GW09' "$LAB_TMP/out" || { echo "no diagnostic"; cat "$LAB_TMP/out"; exit 1; }
# The kernel still holds what root applied.
lab_status 0 lab_gwctl -C "$LAB_TMP/site" drift
lab_status 2 lab_gwctl -C "$LAB_TMP/site" plan
