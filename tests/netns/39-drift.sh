#!/bin/bash
# Another program changes our table: drift finds it (exit 2), names it, and apply puts it right, whatever
# was done: an element taken out, a rule added, a chain's rules flushed, the table deleted.
set -eu
. tests/support/lab.sh
lab_up
lab_serve dmz tcp/80
lab_site site <<END
policies:
  - {id: web, from: hq, to: dmz, services: [tcp/80], action: accept, $LAB_DUTY}
  - {id: deny, from: guest, to: dmz, services: [tcp/80], action: drop, $LAB_DUTY}
END
lab_status 0 lab_gwctl -C "$LAB_TMP/site" apply
lab_status 0 lab_gwctl -C "$LAB_TMP/site" drift

# Each line is what a foreign hand does to table inet gw.
while IFS= read -r change; do
	lab_in gw nft "$change"
	lab_status 2 lab_gwctl -C "$LAB_TMP/site" drift
	lab_status 0 lab_gwctl -C "$LAB_TMP/site" apply
	lab_status 0 lab_gwctl -C "$LAB_TMP/site" drift
	lab_expect answered "after the repair of: $change" "$(lab_try hq 203.0.113.6 tcp/80)"
	lab_expect silent "after the repair of: $change" "$(lab_try guest 203.0.113.6 tcp/80)"
done <<'END'
insert rule inet gw forward accept
add rule inet gw forward drop
flush chain inet gw forward
flush map inet gw pairs
flush set inet gw live
add element inet gw pairs { "wan0" . "hq0" : accept }
delete table inet gw
END
